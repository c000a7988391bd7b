"""`oxo-collect appointments`, `rooms` and `tickets`: what they show of a store."""

import json
from contextlib import closing
from datetime import UTC, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from oxo_collector.cli import app
from oxo_collector.decoders.taxation_soap import TicketsAnswer
from oxo_collector.intake import Intake
from oxo_collector.receipt import Source, Wire, WireEvent
from oxo_collector.store import open_for_writing
from oxo_tickets import (
    Direction,
    Kind,
    ReminderState,
    Resolution,
    RoomStatus,
    Ticket,
    from_ndjson,
)
from typer.testing import CliRunner

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
STATES = ReminderState


def stamp(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-22T{clock}")


def reminder(clock: str, state: ReminderState | None, user: str = "106", **more: Any) -> Ticket:
    return Ticket(
        kind=Kind.REMINDER,
        local_time=stamp(clock),
        charged_user=user,
        reminder_time=time(7, 0),
        reminder_state=state,
        **more,
    )


def room(clock: str, status: RoomStatus, problem: int | None = None, user: str = "117") -> Ticket:
    return Ticket(
        kind=Kind.ROOM_STATUS,
        local_time=stamp(clock),
        charged_user=user,
        subscriber_name="SANDMEER",
        room_status=status,
        room_problem=problem,
    )


CALL = Ticket(
    kind=Kind.CALL,
    local_time=stamp("10:00:00"),
    direction=Direction.OUTGOING,
    charged_user="128",
    dialled_number="00390670000",
    call_seconds=50,
    units=8,
    cost=Decimal("14.50"),
    currency="EUR",
    subscriber_name='"kind":"reminder"',  # what looks like another kind is none
)
TAXATION = (
    reminder("06:00:00", STATES.ACTIVATION),
    CALL,
    reminder("06:01:00", STATES.ACTIVATION, "107"),
    room("10:05:00", RoomStatus.NOT_CLEANED, 42),
    reminder("07:02:45", STATES.FAILED),
    reminder("07:00:12", STATES.COMPLETE, "107"),
    room("11:00:00", RoomStatus.CLEANED),
)
PRINTED = (
    reminder("06:00:00", None, resolution=Resolution.MINUTE),
    reminder("09:30:00", None, "110", resolution=Resolution.MINUTE),
    room("08:00:00", RoomStatus.NOT_CLEANED, 7, "118"),
)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "collector.toml"
    path.write_text(
        f"""
        store = "tickets.db"
        [[exchange]]
        name = "north"
        address = "192.0.2.1"
        user = "administrator"
        password_env = "SECRET"
        fingerprint = "{"0" * 64}"
        zone = "Europe/Paris"
        [exchange.v24]
        connect = "192.0.2.1:6970"
        [exchange.ohl]
        address = "192.0.2.1"
        """,
        "utf-8",
    )
    return path


@pytest.fixture
def filled(config: Path) -> Path:
    """Return the configuration of a store with tickets of two wires and an event of a third."""
    with closing(open_for_writing(config.parent / "tickets.db")) as connection:
        door = Intake(connection, lambda: NOON)
        answer = TicketsAnswer(1, len(TAXATION), 0, TAXATION)
        door.keep_batch("north", "E1", answer, b"x")
        door.keep_stream(Source("north", Wire.V24), "v24:1", 1, PRINTED, b"y")
        events = tuple(
            WireEvent(kind, {"room": number, "room_status": status, "problem": problem}, b"C")
            for kind, number, status, problem in (
                ("check-in", "117", None, None),
                ("room status", "117", "not cleaned", 9),
                ("room status", "118", "3", 1000),
                ("room status", None, "cleaned", None),
            )
        )
        door.keep_stream(Source("north", Wire.OHL), "ohl:1", 1, events, b"z")
    return config


def call(*words: str | Path) -> tuple[int, bytes, str]:
    result = CliRunner().invoke(app, [str(word) for word in words])
    return result.exit_code, result.stdout_bytes, result.stderr


def lines(*words: str | Path) -> list[Any]:
    status, out, _ = call(*words)
    assert status == 0
    return [json.loads(line) for line in out.splitlines()]


def test_every_reminder_as_it_came_is_a_canonical_ticket_and_stands_once(filled: Path) -> None:
    status, out, _ = call("appointments", "-c", filled, "--json", "--all")
    found = list(from_ndjson(out.splitlines()))
    assert status == 0
    assert [(one.charged_user, one.reminder_state) for one in found] == [
        ("106", STATES.ACTIVATION),
        ("107", STATES.ACTIVATION),
        ("106", STATES.FAILED),
        ("107", STATES.COMPLETE),
        ("110", None),
    ]


def test_how_appointments_stand(filled: Path) -> None:
    found = lines("appointments", "-c", filled, "--json")
    assert [(one["charged_user"], one["reminder_state"], one["wire"]) for one in found] == [
        ("106", "failed", "taxation"),
        ("107", "complete", "taxation"),
        ("110", None, "v24"),
    ]
    assert found[0]["reminder_time"] == "07:00:00"
    assert found[0]["local_time"] == "2026-11-22T07:02:45"


def test_every_room_status_as_it_came(filled: Path) -> None:
    _, out, _ = call("rooms", "-c", filled, "--json", "--all")
    found = list(from_ndjson(out.splitlines()))
    assert [(one.charged_user, one.room_status, one.room_problem) for one in found] == [
        ("117", RoomStatus.NOT_CLEANED, 42),
        ("117", RoomStatus.CLEANED, None),
        ("118", RoomStatus.NOT_CLEANED, 7),
        ("117", RoomStatus.NOT_CLEANED, 9),
        ("118", None, None),
    ]
    of_the_link = found[3]
    assert of_the_link.local_time == stamp("13:00:00")  # our clock, in the exchange's zone
    assert of_the_link.extras == {"ohl": {"local_time": "of its receipt"}}
    assert found[4].extras["ohl"]["room_status"] == "3"


def test_how_rooms_stand(filled: Path) -> None:
    found = lines("rooms", "-c", filled, "--json")
    told = [(one["charged_user"], one["room_status"], one["room_problem"]) for one in found]
    assert told == [("117", "not cleaned", 9), ("118", None, None)]
    assert {one["exchange"] for one in found} == {"north"}


def test_tables_for_people(filled: Path) -> None:
    _, out, _ = call("appointments", "-c", filled)
    text = out.decode()
    assert "07:00" in text
    assert "failed" in text
    assert "not told" in text
    _, out, _ = call("rooms", "-c", filled, "--all")
    text = out.decode()
    assert "SANDMEER" in text
    assert "42" in text


def test_the_exchange_s_own_cost_stands_beside_the_ticket(filled: Path) -> None:
    _, out, _ = call("tickets", "-c", filled, "--last", "9")
    row = next(line for line in out.decode().splitlines() if "00390670000" in line)
    assert row.split()[-4:] == ["00:00:50", "8", "14.50", "EUR"]
    _, out, _ = call("tickets", "-c", filled, "--json", "-n", "3", "--wire", "taxation")
    assert [one.kind for one in from_ndjson(out.splitlines())] == [
        Kind.REMINDER,
        Kind.REMINDER,
        Kind.ROOM_STATUS,
    ]


def test_one_exchange_alone_and_none_of_that_name(filled: Path) -> None:
    for command in ("appointments", "rooms", "tickets"):
        assert call(command, "-c", filled, "-e", "north")[0] == 0
        status, _, errors = call(command, "-c", filled, "-e", "south")
        assert status == 2
        assert "no exchange 'south'" in errors


def test_an_empty_store_shows_nothing(config: Path) -> None:
    open_for_writing(config.parent / "tickets.db").close()
    assert lines("appointments", "-c", config, "--json", "--all") == []
    assert lines("rooms", "-c", config, "--json") == []
    assert b"0 tickets" in call("tickets", "-c", config)[1]


def test_a_damaged_ticket_is_told(filled: Path) -> None:
    with closing(open_for_writing(filled.parent / "tickets.db")) as connection:
        connection.execute("UPDATE ticket SET canonical = ? WHERE id = 1", (b'{"kind":"reminder"',))
    status, _, errors = call("appointments", "-c", filled)
    assert status == 3
    assert "damaged" in errors


BILL = (
    b"A128  --> N01 24/02/20 14:32 00:00:50     2 ST       00390670000\r\n"
    b"GUEST GLOBAL BILL\r\n"
    b"Room                     : 117\r\n"
    b"Password                 : 4711\r\n"
    b"Cost                     : 14.50\r\n"
    b"THANKS FOR COMING\r\n\r\n"
    b"PHONE BOOTH BILL\r\n"
    b"Cost                     : 1.70\r\n"
)


def test_documents_of_a_file_are_named_beside_its_tickets(tmp_path: Path) -> None:
    listing = tmp_path / "listing.txt"
    listing.write_bytes(BILL)
    status, out, errors = call("decode", listing)
    assert status == 0
    assert [one.charged_user for one in from_ndjson(out.splitlines())] == ["128"]
    whole, cut = errors.splitlines()
    assert "guest bill, no ticket" in whole
    assert '"cost":"14.50","footnote":"THANKS FOR COMING"' in whole
    assert "4711" not in whole
    assert '"cut":"the connection ended inside"' in cut


def test_documents_and_accounts_stand_among_the_events(filled: Path) -> None:
    account: dict[str, str | int | None] = {"room": "117", "calls": 3, "units": 8, "cost": "14.50"}
    bill: dict[str, str | int | None] = {
        "room": "117",
        "cost": "14.50",
        "cut": "a page ended",
    }
    with closing(open_for_writing(filled.parent / "tickets.db")) as connection:
        door = Intake(connection, lambda: NOON)
        door.keep_stream(
            Source("north", Wire.V24), "v24:2", 1, [WireEvent("guest bill", bill, b"x")], b"x"
        )
        door.keep_stream(
            Source("north", Wire.OHL), "ohl:2", 1, [WireEvent("guest account", account, b"T")], b"T"
        )
    _, out, _ = call("events", "-c", filled)
    text = " ".join(out.decode().split())
    assert "guest bill room 117, cost 14.50, cut a page ended" in text
    assert "guest account room 117, calls 3, units 8, cost 14.50" in text
    kinds = [one["kind"] for one in lines("events", "-c", filled, "--json")]
    assert kinds[-2:] == ["guest bill", "guest account"]
