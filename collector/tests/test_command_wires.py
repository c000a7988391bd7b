"""The commands where an exchange has several wires: count once, compare, hotel events, status."""

import json
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from oxo_collector import tables
from oxo_collector.cli import app
from oxo_collector.decoders.outcome import Malformed, Recorded
from oxo_collector.intake import Intake
from oxo_collector.receipt import Piece, Source, Wire, WireEvent
from oxo_collector.store import open_for_writing
from oxo_tickets import Direction, Kind, Resolution, Ticket, from_ndjson
from typer.testing import CliRunner

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def ticket(user: str, *, second: int = 0, number: str | None = None) -> Ticket:
    """A call of minute 20:45; a statement prints no seconds."""
    return Ticket(
        kind=Kind.CALL,
        local_time=datetime.fromisoformat(f"2026-11-22T20:45:{second:02}"),
        resolution=Resolution.SECOND if second else Resolution.MINUTE,
        direction=Direction.OUTGOING,
        charged_user=user,
        dialled_number=number,
        call_seconds=50,
    )


def keep(folder: Path, *told: tuple[str, Wire, Iterable[Piece]]) -> None:
    with closing(open_for_writing(folder / "t.db")) as connection:
        intake = Intake(connection, lambda: NOON)
        for number, (exchange, wire, pieces) in enumerate(told, 1):
            source = Source(exchange, wire)
            intake.keep_stream(source, f"{wire}:{number}", 1, list(pieces), b"raw")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    text = 'store = "t.db"\n'
    for name, port in (("site", 6970), ("other", 6971)):
        text += f'[[exchange]]\nname = "{name}"\nzone = "UTC"\n'
        text += f'[exchange.v24]\nlisten = "127.0.0.1:{port}"\n'
        text += '[exchange.ohl]\naddress = "10.0.0.1"\n'
    path = tmp_path / "collector.toml"
    path.write_text(text, "utf-8")
    return path


def call(*words: str | Path) -> tuple[int, bytes, str]:
    result = CliRunner().invoke(app, [str(word) for word in words])
    return result.exit_code, result.stdout_bytes, result.stderr


def told(data: bytes) -> list[tuple[str | None, str | None]]:
    return [(one.charged_user, one.dialled_number) for one in from_ndjson(data.splitlines())]


BOTH = (
    ("site", Wire.V24, [ticket("101"), ticket("101"), ticket("102")]),
    ("site", Wire.TAXATION, [ticket("101", second=7, number="1"), ticket("103", second=9)]),
    ("other", Wire.V24, [ticket("101")]),
)


def test_an_export_counts_once_and_prefers_the_wire_that_tells_most(
    config: Path, tmp_path: Path
) -> None:
    keep(tmp_path, *BOTH)
    status, out, errors = call("export", "-c", config)
    assert (status, errors) == (0, "5 tickets, last id 6\n")
    assert told(out) == [("101", None), ("102", None), ("101", "1"), ("103", None), ("101", None)]
    _, out, _ = call("export", "-c", config, "-e", "other")
    assert told(out) == [("101", None)]


def test_an_export_that_goes_on_tells_nothing_again(config: Path, tmp_path: Path) -> None:
    keep(tmp_path, BOTH[0])
    _, out, errors = call("export", "-c", config)
    assert (len(told(out)), errors) == (3, "3 tickets, last id 3\n")
    keep(tmp_path, BOTH[1], BOTH[2])
    _, out, errors = call("export", "-c", config, "--since", "3")
    assert told(out) == [("103", None), ("101", None)]
    assert call("export", "-c", config, "--since", "6") == (0, b"", "0 tickets, last id 6\n")


def test_an_export_of_one_wire_is_everything_of_it(config: Path, tmp_path: Path) -> None:
    keep(tmp_path, *BOTH)
    _, out, _ = call("export", "-c", config, "--wire", "v24")
    assert told(out) == [("101", None), ("101", None), ("102", None), ("101", None)]
    _, out, _ = call("export", "-c", config, "-w", "taxation", "--format", "csv")
    assert out.decode().splitlines()[1].startswith("4,site,taxation,taxation:2,1,")
    status, _, errors = call("export", "-c", config, "--wire", "isdn")
    assert status == 2
    assert "'taxation', 'account', 'stream', 'nmc'" in errors


def test_reconcile_shows_what_only_one_wire_had(config: Path, tmp_path: Path) -> None:
    keep(tmp_path, *BOTH)
    _, out, _ = call("reconcile", "-c", config, "--json")
    assert [tuple(one.values()) for one in json.loads(out)] == [
        ("site", "taxation", 2, 1, 2, 0, 0), ("site", "v24", 3, 2, 1, 0, 0),
        ("other", "v24", 1, 0, 0, 0, 0),
    ]  # fmt: skip
    _, out, _ = call("reconcile", "-c", config, "-e", "site")
    shown = " ".join(out.decode().replace("│", " ").split())
    assert "site taxation 2 1 2" in shown
    assert "`--differences` tells which tickets" in shown


def test_reconcile_names_each_ticket_that_a_wire_missed(config: Path, tmp_path: Path) -> None:
    keep(tmp_path, *BOTH)
    _, out, _ = call("reconcile", "-c", config, "--differences")
    lines = [json.loads(line) for line in out.splitlines()]
    assert [(one["id"], one["on"], one["missing_on"]) for one in lines] == [
        (2, ["v24"], ["taxation"]), (3, ["v24"], ["taxation"]), (5, ["taxation"], ["v24"]),
    ]  # fmt: skip
    assert lines[2]["ticket"]["charged_user"] == "103"
    file = tmp_path / "differences.ndjson"
    call("reconcile", "-c", config, "--differences", "-o", file)
    assert file.read_bytes() == out
    assert call("reconcile", "-c", config, "--differences", "-o", tmp_path / "t.db")[0] == 2


def test_wires_that_agree_say_so(config: Path, tmp_path: Path) -> None:
    keep(tmp_path, ("site", Wire.V24, [ticket("101")]), ("site", Wire.NMC, [ticket("101")]))
    _, out, _ = call("reconcile", "-c", config)
    assert "the wires agree" in out.decode()
    assert call("reconcile", "-c", config, "--differences") == (0, b"", "")


def test_words_of_the_status_stay_whole_in_a_narrow_terminal(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(tmp_path, ("site", Wire.V24, [ticket("101")]), ("site", Wire.NMC, [ticket("101")]))
    monkeypatch.setattr(tables, "PIPED_WIDTH", 80)
    _, out, _ = call("status", "-c", config)
    words = set(out.decode().split())
    assert {"exchange", "sequence", "tickets", "missing", "12:00:00"} <= words


def test_hotel_events_are_shown_to_people_and_programs(config: Path, tmp_path: Path) -> None:
    check_in = WireEvent("check-in", {"room": "217", "name": None, "x": "\x1b[2J"}, b"\x02A\x03")
    keep(tmp_path, ("site", Wire.OHL, [check_in, ticket("101")]))
    _, out, _ = call("events", "-c", config)
    shown = " ".join(out.decode().replace("│", " ").split())
    assert "1 site ohl 2026-11-22 12:00:00 check-in room 217, x \\x1b[2J" in shown
    _, out, _ = call("events", "-c", config, "--json")
    (line,) = (json.loads(one) for one in out.splitlines())
    assert (line["kind"], line["fields"]["room"], line["sequence"]) == ("check-in", "217", 1)
    assert call("events", "-c", config, "--json", "--since", "1")[1] == b""
    assert call("events", "-c", config, "--json", "-e", "other")[1] == b""


def test_what_the_stream_told_besides_tickets_is_shown(config: Path, tmp_path: Path) -> None:
    mao = WireEvent("MAO", {"OBJECT": "Subscriber"}, b"OBJECT=Subscriber;")
    keep(tmp_path, ("site", Wire.STREAM, [mao, WireEvent("unknown frame", {"type": 3}, b"\x03")]))
    _, out, _ = call("events", "-c", config, "--json")
    rows = [json.loads(one) for one in out.splitlines()]
    assert [(one["wire"], one["kind"], one["fields"]) for one in rows] == [
        ("stream", "MAO", {"OBJECT": "Subscriber"}), ("stream", "unknown frame", {"type": 3}),
    ]  # fmt: skip


def test_account_files_and_the_stream_count_once_by_their_records(
    config: Path, tmp_path: Path
) -> None:
    """Calls that look alike to any other wire are told apart here, and the printer had one."""
    one, two = (Recorded(ticket("101"), bytes([n]) * 16) for n in (1, 2))
    keep(
        tmp_path,
        ("site", Wire.STREAM, [one]),
        ("site", Wire.ACCOUNT, [two, one]),
        ("site", Wire.V24, [ticket("101")]),
    )
    _, out, errors = call("export", "-c", config)
    assert len(out.splitlines()) == 2
    assert errors.strip() == "2 tickets, last id 2"
    for wire, many in (("stream", 1), ("account", 2), ("v24", 1)):
        assert len(call("export", "-c", config, "--wire", wire)[1].splitlines()) == many
    _, out, _ = call("reconcile", "-c", config, "--json")
    rows = [(r["wire"], r["tickets"], r["only_here"], r["paired"]) for r in json.loads(out)]
    assert rows == [("account", 2, 1, 1), ("stream", 1, 0, 1), ("v24", 1, 0, 0)]
    _, out, _ = call("reconcile", "-c", config, "--differences")
    (line,) = (json.loads(one) for one in out.splitlines())
    assert (line["id"], line["on"], line["missing_on"]) == (2, ["account"], ["stream", "v24"])
    _, out, _ = call("reconcile", "-c", config)
    assert "same record" in " ".join(out.decode().split())


def test_the_status_has_a_line_for_every_configured_wire(config: Path, tmp_path: Path) -> None:
    keep(tmp_path, ("site", Wire.V24, [ticket("101"), Malformed("bad", b"x", "line 2")]))
    _, out, _ = call("status", "-c", config, "--json")
    rows = json.loads(out)["exchanges"]
    assert [(one["exchange"], one["wire"], one["tickets"]) for one in rows] == [
        ("site", "v24", 1), ("site", "ohl", 0), ("other", "v24", 0), ("other", "ohl", 0),
    ]  # fmt: skip
    assert (rows[0]["quarantined"], rows[0]["missing"]) == (1, 0)
    _, out, _ = call("quarantine", "list", "-c", config, "--json")
    assert json.loads(out)[0]["wire"] == "v24"
