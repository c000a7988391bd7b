"""The command `import`: account files in every form, as if they had been fetched, once."""

import json
from pathlib import Path

import pytest
from oxo_collector.cli import app
from oxo_collector.importing import NAMELESS, name_on_the_exchange
from oxo_collector.store import Ownership, Reading
from typer.testing import CliRunner

VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "oxe-file"
THIRTEEN = VECTORS / "tv-15-thirteen-identical.dat"
COMPRESSED, PLAIN = VECTORS / "taxaaaaa.dat", VECTORS / "taxaaaaa-plain.txt"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "collector.toml"
    path.write_text(
        'store = "t.db"\n[[exchange]]\nname = "site"\nzone = "Europe/Paris"\n'
        '[exchange.stream]\naddress = "10.0.0.1"\n'
    )
    return path


def call(*words: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(word) for word in words])
    return result.exit_code, result.stdout, result.stderr


def imported(config: Path, *files: Path) -> tuple[int, list[dict[str, object]]]:
    status, out, _ = call("import", "-c", config, "-e", "site", "--json", *files)
    return status, json.loads(out)["files"]


def tickets(config: Path) -> int:
    with Reading(config.parent / "t.db") as store:
        return len(list(store.tickets()))


def laid(config: Path, name: str, source: Path) -> Path:
    """Copy a vector to a name."""
    path = config.parent / name
    path.write_bytes(source.read_bytes())
    return path


def test_a_file_in_two_forms_is_one_file(config: Path) -> None:
    status, told = imported(config, laid(config, "TAXAAAAA.DAT", COMPRESSED))
    (one,) = told
    assert (status, one["name"], one["form"]) == (0, "TAXAAAAA.DAT", "Unix compress")
    many = one["records"]
    assert tickets(config) == many
    status, told = imported(config, laid(config, "taxaaaaa.txt", PLAIN))
    (one,) = told
    assert (status, one["name"], one["form"]) == (0, "TAXAAAAA.DAT", "plain text")
    assert one["stored"] == {
        "new": 0, "known": many, "quarantined": 0, "events": 0, "same": 0,
    }  # fmt: skip
    assert tickets(config) == many


def test_thirteen_identical_lines_are_thirteen_tickets(config: Path) -> None:
    assert imported(config, laid(config, "TAXAAAAB.DAT", THIRTEEN))[0] == 0
    assert tickets(config) == 13


def test_the_comma_rendering_is_imported(config: Path) -> None:
    status, (one,) = imported(config, laid(config, "TAXAXBGT", VECTORS / "comma-rendering.txt"))
    assert (status, one["name"], one["form"]) == (0, "TAXAXBGT.DAT", "comma rendering")
    assert tickets(config) == one["records"]


def test_what_is_refused_is_named_and_the_others_are_stored(config: Path) -> None:
    letter = config.parent / "TAXAAAAD.txt"
    letter.write_text("Dear Sir or Madam,\n")
    (config.parent / "TAXAAAAF").mkdir()
    files = (
        laid(config, "TAXAAAAC.DAT", VECTORS / "truncated.dat"),
        letter,
        config.parent / "TAXAAAAE.DAT",
        config.parent / "TAXAAAAF",
        laid(config, "TAXAAAAA (1).DAT", COMPRESSED),
        laid(config, "TAXAAAAA.DAT", COMPRESSED),
    )
    status, told = imported(config, *files)
    assert status == 1
    assert [one["stored"] is None for one in told] == [True] * 5 + [False]
    assert [one["refused"] for one in told][2:] == [
        "cannot be read: No such file or directory", "cannot be read: Is a directory", NAMELESS,
        None,
    ]  # fmt: skip
    assert tickets(config) == told[-1]["records"]


def test_people_are_shown_a_table(config: Path) -> None:
    status, out, _ = call("import", "-c", config, "-e", "site", COMPRESSED, config.parent / "TAXA")
    assert status == 1
    assert "not named as an exchange names its files" in " ".join(out.split())
    assert "new tickets of 1 file, 1 refused" in out


def test_the_status_tells_files_and_what_waits_in_the_spool(config: Path) -> None:
    imported(config, laid(config, "TAXAAAAA.DAT", COMPRESSED))
    imported(config, laid(config, "TAXAAAAC.DAT", PLAIN))
    segment = config.parent / "t.db.spool" / "site" / "00000001.spool"
    segment.parent.mkdir(parents=True)
    segment.write_bytes(bytes(1_200_000))
    _, out, _ = call("status", "-c", config, "--json")
    account, stream = json.loads(out)["exchanges"]
    assert (account["wire"], account["files"], account["missing_files"]) == ("account", 2, 1)
    assert (stream["wire"], stream["spool_bytes"]) == ("stream", 1_200_000)
    _, out, _ = call("status", "-c", config)
    shown = " ".join(out.split())
    assert "2 files" in shown
    assert "spool 1.2 MB" in shown
    assert "1 account file between TAXAAAAA.DAT and TAXAAAAC.DAT not stored" in shown


def test_a_store_in_use_and_an_unknown_exchange_are_named(config: Path) -> None:
    status, _, errors = call("import", "-c", config, "-e", "nowhere", COMPRESSED)
    assert (status, "no exchange 'nowhere'; configured: site" in errors) == (2, True)
    with Ownership(config.parent / "t.db"):
        status, _, errors = call("import", "-c", config, "-e", "site", COMPRESSED)
    assert (status, "another oxo-collect" in errors) == (3, True)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("TAXAXBGT", "TAXAXBGT.DAT"),
        ("taxaxbgt.dat.Z", "TAXAXBGT.DAT"),
        ("TAXAAAAA_ac199e64.DAT", "TAXAAAAA_AC199E64.DAT"),
        ("TAXAAAAA_copy.DAT", None),
        ("march.txt", None),
    ],
)
def test_a_file_is_called_as_the_exchange_calls_it(name: str, told: str | None) -> None:
    assert name_on_the_exchange(name) == told
