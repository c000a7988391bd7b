"""What the command delivers and how it ends when the store, the disk or the reader fails it."""

import csv
import io
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from oxo_collector.cli import app
from oxo_collector.decoders.taxation_soap import TicketsAnswer
from oxo_collector.intake import Intake
from oxo_collector.store import open_for_writing
from oxo_tickets import Kind, Ticket, from_ndjson
from typer.testing import CliRunner

OXO_COLLECT = (sys.executable, "-c", "from oxo_collector.cli import main; main()")
SECONDS_MAX = 20
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
VECTORS = Path(__file__).resolve().parents[2] / "vectors"
TICKETS_COUNT = 3000
"""More than are fetched at once, and more than a pipe holds."""


def keep(folder: Path, count: int) -> None:
    """Fill a store with so many tickets of two exchanges, in turn."""
    stamp = datetime.fromisoformat("2026-11-22T20:45:00")
    with closing(open_for_writing(folder / "tickets.db")) as connection:
        intake = Intake(connection, lambda: NOON)
        for number in range(0, count, 500):
            tickets = tuple(
                Ticket(kind=Kind.CALL, local_time=stamp, charged_user=str(number + n), zone="UTC")
                for n in range(1, min(500, count - number) + 1)
            )
            answer = TicketsAnswer(number + 1, number + len(tickets), 0, tickets)
            intake.keep_batch("north" if number % 1000 == 0 else "south", "E1", answer, b"x")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    text = 'store = "tickets.db"\n'
    for name in ("north", "south"):
        text += f"""
            [[exchange]]
            name = "{name}"
            address = "192.0.2.1"
            user = "administrator"
            password_env = "SECRET"
            fingerprint = "{"0" * 64}"
            zone = "UTC"
        """
    path = tmp_path / "collector.toml"
    path.write_text(text, "utf-8")
    return path


def call(*words: str | Path) -> tuple[int, bytes, str]:
    result = CliRunner().invoke(app, [str(word) for word in words])
    return result.exit_code, result.stdout_bytes, result.stderr


def users(data: bytes) -> list[str | None]:
    return [ticket.charged_user for ticket in from_ndjson(data.splitlines())]


def test_an_export_continues_where_the_last_one_ended(config: Path, tmp_path: Path) -> None:
    keep(tmp_path, 3)
    status, out, errors = call("export", "-c", config, "--since", "1")
    assert (status, users(out), errors) == (0, ["2", "3"], "2 tickets, last id 3\n")
    assert call("export", "-c", config, "--since", "3") == (0, b"", "0 tickets, last id 3\n")


def test_an_export_of_one_exchange(config: Path, tmp_path: Path) -> None:
    keep(tmp_path, TICKETS_COUNT)
    _, out, errors = call("export", "-c", config, "-e", "south")
    assert users(out)[::499] == ["501", "1000", "1999", "2998"]
    assert errors == "1500 tickets, last id 3000\n"
    status, _, errors = call("export", "-c", config, "-e", "west")
    assert status == 2
    assert "no exchange 'west'; configured: north, south" in errors


def test_an_export_into_a_file(config: Path, tmp_path: Path) -> None:
    keep(tmp_path, 3)
    target = tmp_path / "out.ndjson"
    assert call("export", "-c", config, "-o", target) == (0, b"", "3 tickets, last id 3\n")
    assert users(target.read_bytes()) == ["1", "2", "3"]
    status, _, errors = call("export", "-c", config, "-o", tmp_path / "nowhere" / "out")
    assert status == 2
    assert "nowhere/out: cannot be written: No such file or directory" in errors


def test_an_export_as_csv(config: Path, tmp_path: Path) -> None:
    keep(tmp_path, 3)
    status, out, _ = call("export", "-c", config, "--format", "csv", "--since", "2")
    (row,) = csv.DictReader(io.StringIO(out.decode("utf-8"), newline=""))
    assert status == 0
    assert (row["id"], row["exchange"], row["sequence"], row["charged_user"]) == (
        "3", "north", "3", "3",
    )  # fmt: skip


@pytest.mark.parametrize("form", ["ndjson", "csv"])
def test_a_full_disk_ends_the_export_with_a_sentence(
    config: Path, tmp_path: Path, form: str
) -> None:
    keep(tmp_path, TICKETS_COUNT)
    status, _, errors = call("export", "-c", config, "-f", form, "-o", "/dev/full")
    assert status == 2
    assert errors == "oxo-collect: /dev/full: cannot be written: No space left on device\n"


@pytest.mark.parametrize(
    "words",
    [
        ("export",),
        ("status",),
        ("status", "--json"),
        ("quarantine", "list"),
        ("export", "-f", "csv"),
    ],
)
def test_a_damaged_store_ends_every_command_with_a_sentence(
    config: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    keep(tmp_path, TICKETS_COUNT)
    path = tmp_path / "tickets.db"
    data = path.read_bytes()
    path.write_bytes(data[:4096] + b"\xa5" * (len(data) - 4096))
    status, _, errors = call(*words, "-c", config)
    assert status == 3
    assert errors.startswith(f"oxo-collect: {path}: cannot be read: ")
    assert errors.count("\n") == 1


def test_a_damaged_ticket_ends_the_csv_with_a_sentence(config: Path, tmp_path: Path) -> None:
    keep(tmp_path, 3)
    with closing(sqlite3.connect(tmp_path / "tickets.db")) as connection, connection:
        connection.execute("UPDATE ticket SET canonical = x'a5' WHERE id = 2")
    status, _, errors = call("export", "-c", config, "-f", "csv")
    assert status == 3
    assert errors.startswith("oxo-collect: the ticket with id 2 is damaged: ")


@pytest.mark.process
def test_a_reader_that_goes_away_ends_the_export_quietly(config: Path, tmp_path: Path) -> None:
    keep(tmp_path, TICKETS_COUNT)
    process = subprocess.Popen(
        (*OXO_COLLECT, "export", "-c", str(config)),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stdout as out, process.stderr as errors:
        assert users(out.readline()) == ["1"]
        out.close()
        assert errors.read() == b""
    assert process.wait(SECONDS_MAX) == -signal.SIGPIPE


@pytest.mark.process
@pytest.mark.parametrize("words", [("export", "-c"), ("decode",)])
def test_a_full_disk_behind_standard_output_is_told_once(
    config: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    keep(tmp_path, 3)
    source = config if words[0] == "export" else VECTORS / "oxo-xml" / "names.xml"
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            (*OXO_COLLECT, *words, str(source)),
            env={**os.environ, "PYTHONUNBUFFERED": ""},  # what is buffered is tried again
            stdout=full, stderr=subprocess.PIPE, timeout=SECONDS_MAX, check=False,
        )  # fmt: skip
    assert ended.stderr == (
        b"oxo-collect: standard output: cannot be written: No space left on device\n"
    )
    assert ended.returncode == 2


@pytest.mark.process
def test_a_folder_that_cannot_be_written_ends_the_run_with_a_sentence(tmp_path: Path) -> None:
    """The store's place is taken by a file: a folder without rights does not stop root."""
    (tmp_path / "place").write_text("")
    config = tmp_path / "collector.toml"
    config.write_text(
        f"""
        store = "place/tickets.db"
        [[exchange]]
        name = "site"
        address = "192.0.2.1"
        user = "administrator"
        password_env = "SECRET"
        fingerprint = "{"0" * 64}"
        zone = "UTC"
        """,
        "utf-8",
    )
    ended = subprocess.run(
        (*OXO_COLLECT, "run", "-c", str(config)),
        env={**os.environ, "SECRET": "x"}, stderr=subprocess.PIPE, timeout=SECONDS_MAX, check=False,
    )  # fmt: skip
    assert ended.returncode == 3
    lock = tmp_path / "place" / "tickets.db.lock"
    assert ended.stderr.decode() == f"oxo-collect: {lock}: cannot be written: Not a directory\n"


def test_the_answer_of_a_ticket_is_given_as_it_came(config: Path, tmp_path: Path) -> None:
    keep(tmp_path, 3)
    assert call("answer", "-c", config, "2") == (0, b"x", "")
    status, out, errors = call("answer", "-c", config, "4")
    assert (status, out, errors) == (2, b"", "oxo-collect: the store has no ticket 4\n")


@pytest.mark.parametrize(
    "file", ["collector.toml", "tickets.db", "tickets.db-wal", "tickets.db.lock", "link"]
)
def test_an_export_does_not_overwrite_what_it_comes_from(
    config: Path, tmp_path: Path, file: str
) -> None:
    keep(tmp_path, 1)
    (tmp_path / "tickets.db-wal").touch()
    (tmp_path / "tickets.db.lock").touch()
    (tmp_path / "link").symlink_to(tmp_path / "tickets.db")
    before = (tmp_path / file).read_bytes()
    output = tmp_path / file
    told = f"oxo-collect: {output}: in use by the collection itself; not overwritten\n"
    assert call("export", "-c", config, "-o", output) == (2, b"", told)
    assert (tmp_path / file).read_bytes() == before


@pytest.mark.parametrize(
    "words", [("export", "--since"), ("answer",), ("quarantine", "show")], ids=lambda w: w[0]
)
def test_a_number_that_no_store_holds_is_refused(
    config: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    keep(tmp_path, 1)
    status, _, errors = call(words[0], *words[1:2], str(2**63), "-c", config)
    assert (status, errors.startswith("Usage: ")) == (2, True)


@pytest.mark.parametrize("form", [(), ("--json",)])
@pytest.mark.parametrize("command", [("status",), ("quarantine", "list")], ids=lambda w: w[0])
@pytest.mark.process
def test_a_full_disk_behind_a_table_is_told_in_a_sentence(
    config: Path, tmp_path: Path, command: tuple[str, ...], form: tuple[str, ...]
) -> None:
    keep(tmp_path, 1)
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            (*OXO_COLLECT, *command, "-c", str(config), *form),
            stdout=full, stderr=subprocess.PIPE, timeout=SECONDS_MAX, check=False,
        )  # fmt: skip
    told = b"oxo-collect: standard output: cannot be written: No space left on device\n"
    assert (ended.returncode, ended.stderr) == (2, told)
