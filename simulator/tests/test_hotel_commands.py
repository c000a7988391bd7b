"""Appointments and rooms as an operator orders them: control API and command line, one process."""

import io
import json
from collections.abc import Callable
from decimal import Decimal

import pytest
from oxo_simulator.cli import main
from oxo_simulator.control.client import OrderRefused
from oxo_simulator.control.messages import (
    AppointmentOrder,
    CallOrder,
    CheckIn,
    CheckOut,
    GuestChange,
    HotelEvent,
    Installation,
    RoomStatusOrder,
)
from oxo_simulator.ephemeral import EphemeralExchange
from oxo_tickets import RoomStatus

pytestmark = [pytest.mark.process, pytest.mark.oxo(overrides={"mode": "hotel"})]
OxoSim = Callable[..., tuple[int, str, str]]


@pytest.fixture
def oxo_sim(
    oxo: EphemeralExchange,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> OxoSim:
    """Return what runs the command line in this process: its status, what it said, its errors."""

    def run(*words: str, given: bytes = b"") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["oxo-sim", *words, "--state", str(oxo.folder)])
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(given)))
        status = 0
        try:
            main()
        except SystemExit as end:
            status = int(end.code or 0)
        return status, *capsys.readouterr()

    return run


def states(oxo: EphemeralExchange) -> list[str]:
    return [
        line.detail["ticket"]["reminder_state"]
        for line in oxo.control.ledger()
        if line.event == "made" and line.detail["source"] == "appointment"
    ]


def test_an_appointment_rings_when_time_is_advanced(oxo: EphemeralExchange) -> None:
    client = oxo.control
    assert client.program_appointment(AppointmentOrder(user="128", time="15:00")).ids == [1]
    answered = AppointmentOrder(user="128", time="15:10", by="operator", answered_at=2)
    client.program_appointment(answered)
    client.program_appointment(AppointmentOrder(user="128", time="16:00", kind="permanent"))
    assert [each.time for each in client.appointments()] == ["15:00", "15:10", "16:00"]
    client.advance(1.5 * 3600)
    (left,) = client.appointments()
    assert (left.kind, left.state, f"{left.rings_at:%H:%M}") == ("permanent", "waiting", "16:00")
    assert client.cancel_appointment("128", "16:00").ids == [6]
    assert states(oxo) == ["activation"] * 3 + ["failed", "complete", "cancellation"]
    with pytest.raises(OrderRefused, match="user 128 has no appointment; there are: none"):
        client.cancel_appointment("128")
    with pytest.raises(OrderRefused, match="user '99' is no set"):
        client.cancel_appointment("99")


def test_a_guest_calls_until_the_deposit_is_used_up(oxo: EphemeralExchange) -> None:
    client = oxo.control
    guest = CheckIn(rooms=["106", "107"], guest_name="Garcia", deposit=Decimal("3.40"))
    assert client.check_in(guest).ids == []
    call = CallOrder(direction="outgoing", user="106", number="0390", units=2)
    client.place_calls(call)
    room = next(each for each in client.rooms() if each.room == "106")
    assert (room.calls, room.units, room.cost) == (1, 2, Decimal("3.40"))
    assert room.balance == 0
    assert room.lines_closed
    assert client.place_calls(call).outcomes == ["barred"]
    client.modify_guest(GuestChange(room="106", deposit=Decimal(20), wake_up="07:00"))
    assert client.place_calls(call).outcomes == ["answered"]
    assert client.room_status(
        RoomStatusOrder(room="107", status=RoomStatus.NOT_CLEANED, problem=7, by="room")
    ).ids == [4]
    client.check_out(CheckOut(rooms=["106", "107"]))
    assert not any(each.occupied for each in client.rooms())
    kinds = [line.detail["kind"] for line in client.ledger() if line.event == "document"]
    assert kinds == ["guest information"] * 2 + ["guest bill"] * 2


def test_events_of_the_hotel_link_happen_to_the_rooms(oxo: EphemeralExchange) -> None:
    oxo.control.hotel(HotelEvent(event="check-in", room="106", guest_name="G", password="4711"))
    oxo.control.hotel(HotelEvent(event="modification", room="106", reminder_time="07:00"))
    oxo.control.hotel(HotelEvent(event="room status", room="106", room_status="cleaned"))
    (room,) = [each for each in oxo.control.rooms() if each.occupied]
    assert (room.room, room.reminder_time, room.room_status) == ("106", "07:00", "cleaned")
    oxo.control.hotel(HotelEvent(event="check-out", room="106"))
    assert not any(each.occupied for each in oxo.control.rooms())
    assert states(oxo) == ["activation", "cancellation"]
    for told in ("voice mail", "guest account"):
        with pytest.raises(OrderRefused, match="the wire ohl is closed"):
            oxo.control.hotel(HotelEvent(event=told, room="106"))


def test_business_mode_refuses_rooms(oxo: EphemeralExchange) -> None:
    oxo.control.install(Installation(overrides={"mode": "business"}))
    with pytest.raises(OrderRefused, match="business mode; rooms are ordered with mode"):
        oxo.control.check_in(CheckIn(rooms=["106"], guest_name="Garcia"))
    with pytest.raises(OrderRefused, match="the operator programs reminders in hotel mode only"):
        oxo.control.program_appointment(AppointmentOrder(user="106", time="07:00", by="operator"))


def test_the_command_line_does_all_of_it(oxo: EphemeralExchange, oxo_sim: OxoSim) -> None:
    told = ("--guest-name", "Garcia", "--deposit", "50", "--wake-up", "07:00")
    status, out, _ = oxo_sim("check-in", "106", *told, "--password-file", "-", given=b"4711\n")
    assert (status, json.loads(out)["reminder_state"]) == (0, "activation")
    assert oxo_sim("guest", "106", "--may-disturb")[1] == "the guest of 106 is changed\n"
    status, _, error = oxo_sim("guest", "106")
    assert (status, "nothing to change" in error) == (2, True)
    assert "hotel mode" in oxo_sim("state")[1]
    error = oxo_sim("guest", "106", "--password-file", "/nowhere")[2]
    assert error == "oxo-sim: /nowhere: No such file or directory\n"

    assert "Garcia" in oxo_sim("rooms")[1]
    assert "07:00" in oxo_sim("appointments")[1]
    out = oxo_sim("room-status", "106", "not cleaned", "--problem", "42", "--by", "room")[1]
    assert json.loads(out)["room_problem"] == 42
    out = oxo_sim("appointment", "128", "15:00", "--kind", "permanent", "--answered-at", "1")[1]
    assert json.loads(out)["reminder_time"] == "15:00:00"
    out = oxo_sim("cancel-appointment", "128", "15:00")[1]
    assert json.loads(out)["reminder_state"] == "cancellation"
    assert oxo_sim("check-out", "106", "--no-advance")[1] == "1 checked out\n"
    assert oxo_sim("appointments")[1] == "no appointment is programmed\n"
    status, _, error = oxo_sim("check-out", "106")
    assert (status, error) == (1, "oxo-sim: room 106 is vacant; check a guest in first\n")
    assert json.loads(oxo_sim("rooms", "--json")[1])[0]["room"] == "106"

    oxo_sim("appointment", "106", "14:30", "--by", "operator")
    oxo.control.advance(2000)
    assert "14:30 failed" in oxo_sim("rooms")[1]
    assert oxo_sim("acknowledge", "106")[1] == "the alarm of room 106 is acknowledged\n"
    status, _, error = oxo_sim("acknowledge", "106")
    assert (status, "no wake-up of room 106 has failed" in error) == (1, True)
    assert "2.50" in oxo_sim("prepay", "120", "2.50")[1]
    assert json.loads(oxo_sim("prepay", "120", "0", "--json")[1])[0]["lines_closed"]
    assert oxo_sim("prepay", "120", "much")[0] == 2
    assert json.loads(oxo_sim("prepay", "120", "--json")[1])[0]["deposit"] is None
    assert "120" in oxo_sim("booths")[1]
    transcript = (oxo.folder / "ledger.ndjson").read_text("utf-8")
    assert "4711" not in transcript
