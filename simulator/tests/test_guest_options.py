"""Each option of a guest becomes the field of its name, in all three commands that take them."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock, patch

import msgspec
import pytest
from oxo_simulator.cli import app
from oxo_simulator.control.client import ControlClient
from oxo_simulator.control.hotel_messages import Guest
from oxo_simulator.control.messages import CallsPlaced, CheckIn, GuestChange, HotelEvent
from typer.testing import CliRunner

SAID = {
    "--guest-name": "Smith", "--language": "3", "--direct-number": "0388112233",
    "--barring": "5", "--deposit": "12.50",
}  # fmt: skip
FIELDS = {
    "guest_name": "Smith", "language": "3", "direct_number": "0388112233", "password": "2468",
    "barring": "5", "do_not_disturb": True,
}  # fmt: skip
NOTHING_WRITTEN = CallsPlaced(ids=[], exchange_time=datetime(2020, 2, 24, 14))  # noqa: DTZ001


@pytest.fixture
def client() -> Iterator[MagicMock]:
    """Return the client of an exchange that obeys and writes no ticket."""
    found = MagicMock()
    found.__enter__.return_value = found
    for order in (found.check_in, found.modify_guest):
        order.return_value = NOTHING_WRITTEN
    with patch.object(ControlClient, "from_state", return_value=found):
        yield found


def _run(password: Path, *words: str) -> str:
    password.write_text("2468\n", "utf-8")
    password.chmod(0o600)
    options = [word for pair in SAID.items() for word in pair]
    done = CliRunner().invoke(
        app, [*words, *options, "--do-not-disturb", "--password-file", str(password)]
    )
    assert done.exit_code == 0, done.output
    return done.output


def test_of_a_check_in(client: MagicMock, tmp_path: Path) -> None:
    said = _run(tmp_path / "p", "check-in", "106", "107", "--wake-up", "07:00", "--no-advance")
    assert said == "2 checked in\n"
    assert client.check_in.call_args.args == (
        msgspec.convert(
            {**FIELDS, "rooms": ["106", "107"], "deposit": Decimal("12.50"), "wake_up": "07:00",
             "advance": False},
            CheckIn,
        ),
    )  # fmt: skip


def test_of_a_change(client: MagicMock, tmp_path: Path) -> None:
    assert _run(tmp_path / "p", "guest", "106", "--wake-up", "07:00") == (
        "the guest of 106 is changed\n"
    )
    assert client.modify_guest.call_args.args == (
        msgspec.convert(
            {**FIELDS, "room": "106", "deposit": Decimal("12.50"), "wake_up": "07:00"}, GuestChange
        ),
    )


def test_of_an_event_of_the_hotel_link(client: MagicMock, tmp_path: Path) -> None:
    more = ("--reminder-time", "07:00", "--room-status", "cleaned", "--problem", "7")
    assert _run(tmp_path / "p", "hotel", "check-in", "106", *more) == (
        "check-in of room 106 has happened\n"
    )
    assert client.hotel.call_args.args == (
        msgspec.convert(
            {**FIELDS, "event": "check-in", "room": "106", "deposit": "12.50",
             "reminder_time": "07:00", "room_status": "cleaned", "problem": 7},
            HotelEvent,
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        (Guest, {}),
        (CheckIn, {"rooms": ["106"]}),
        (GuestChange, {"room": "106"}),
        (HotelEvent, {"event": "check-in", "room": "106"}),
    ],
)
def test_the_password_is_not_shown(kind: Any, more: dict[str, Any]) -> None:
    message = msgspec.convert({**FIELDS, **more}, kind)
    assert message.password == "2468"
    assert kind.__name__ in repr(message)
    assert "2468" not in repr(message)
