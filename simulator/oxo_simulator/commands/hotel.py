"""`oxo-sim appointments | cancel-appointment | rooms | check-in ...`: reminders and guests."""

from typing import Annotated, Any

import typer

from oxo_simulator.commands.console import (
    DEFAULT_STATE,
    WRONG_USAGE,
    Json,
    State,
    checked,
    fail,
    say,
    table,
)
from oxo_simulator.commands.guest_options import (
    Barring,
    Deposit,
    DirectNumber,
    Disturb,
    GuestName,
    Language,
    PasswordFile,
    WakeUp,
    of_guest,
)
from oxo_simulator.commands.placing import Advance, place
from oxo_simulator.control.client import ControlClient
from oxo_simulator.control.messages import (
    AppointmentOrder,
    AppointmentState,
    BoothState,
    CheckIn,
    CheckOut,
    GuestChange,
    Prepayment,
    RoomState,
    RoomStatusOrder,
)

Rooms = Annotated[list[str], typer.Argument(help="Numbers of the rooms.")]
Room = Annotated[str, typer.Argument(help="Number of the room.")]

app = typer.Typer()


@app.command()
def appointment(  # noqa: PLR0913 - one parameter per option
    *,
    user: Annotated[str, typer.Argument(help="The set that rings.")],
    time: Annotated[str, typer.Argument(help="When, as HH:MM.")],
    kind: Annotated[str, typer.Option(help="temporary (once) or permanent.")] = "temporary",
    by: Annotated[str, typer.Option(help="user, or in hotel mode operator.")] = "user",
    answered_at: Annotated[
        int | None, typer.Option(help="The attempt that is acknowledged; else it fails.")
    ] = None,
    advance: Advance = True,
    json: Json = False,
    state: State = DEFAULT_STATE,
) -> None:
    """Program an appointment and print its activation ticket."""
    wanted = {
        "user": user,
        "time": time,
        "kind": kind,
        "by": by,
        "answered_at": answered_at,
        "advance": advance,
    }
    order = checked(AppointmentOrder, wanted)
    place(state, lambda client: client.program_appointment(order), json=json)


@app.command("cancel-appointment")
def cancel_appointment(
    user: Annotated[str, typer.Argument(help="The set.")],
    time: Annotated[str | None, typer.Argument(help="Only those for HH:MM.")] = None,
    *,
    json: Json = False,
    state: State = DEFAULT_STATE,
) -> None:
    """Cancel a set's appointments and print the tickets."""
    place(state, lambda client: client.cancel_appointment(user, time), json=json)


@app.command()
def appointments(*, json: Json = False, state: State = DEFAULT_STATE) -> None:
    """Show the appointments, in the order in which they ring."""
    with ControlClient.from_state(state) as client:
        found = client.appointments()
    say(found, lambda: _show_appointments(found), json=json)


@app.command()
def rooms(*, json: Json = False, state: State = DEFAULT_STATE) -> None:
    """Show the guest rooms."""
    with ControlClient.from_state(state) as client:
        found = client.rooms()
    say(found, lambda: _show_rooms(found), json=json)


@app.command("check-in")
def check_in(  # noqa: PLR0913 - one parameter per field
    rooms: Rooms,
    *,
    guest_name: Annotated[str, typer.Option(help="Up to 20 characters.")],
    language: Language = None,
    direct_number: DirectNumber = None,
    password_file: PasswordFile = None,
    barring: Barring = None,
    do_not_disturb: Disturb = None,
    deposit: Deposit = None,
    wake_up: WakeUp = None,
    advance: Advance = True,
    json: Json = False,
    state: State = DEFAULT_STATE,
) -> None:
    """Check a guest into a room, or a group into several; print the tickets."""
    wanted = {
        "rooms": rooms,
        **of_guest(
            guest_name, language, direct_number, password_file, barring, do_not_disturb, deposit
        ),
        "wake_up": wake_up,
        "advance": advance,
    }
    order: CheckIn = checked(CheckIn, wanted)
    words = f"{len(rooms)} checked in"
    place(state, lambda client: client.check_in(order), json=json, words=words)


@app.command("guest")
def guest(  # noqa: PLR0913 - one parameter per field
    room: Room,
    *,
    guest_name: GuestName = None,
    language: Language = None,
    direct_number: DirectNumber = None,
    password_file: PasswordFile = None,
    barring: Barring = None,
    do_not_disturb: Disturb = None,
    deposit: Deposit = None,
    wake_up: WakeUp = None,
    advance: Advance = True,
    json: Json = False,
    state: State = DEFAULT_STATE,
) -> None:
    """Change what is known of a guest: what is left out stays."""
    wanted = {
        "room": room,
        **of_guest(
            guest_name, language, direct_number, password_file, barring, do_not_disturb, deposit
        ),
        "wake_up": wake_up,
        "advance": advance,
    }
    if all(value is None for name, value in wanted.items() if name not in ("room", "advance")):
        fail(f"guest {room}: nothing to change; an option is expected", WRONG_USAGE)
    order: GuestChange = checked(GuestChange, wanted)
    words = f"the guest of {room} is changed"
    place(state, lambda client: client.modify_guest(order), json=json, words=words)


@app.command("check-out")
def check_out(
    rooms: Rooms, *, advance: Advance = True, json: Json = False, state: State = DEFAULT_STATE
) -> None:
    """Check guests out; print the tickets of the wake-ups that are cancelled."""
    order, words = CheckOut(rooms=rooms, advance=advance), f"{len(rooms)} checked out"
    place(state, lambda client: client.check_out(order), json=json, words=words)


@app.command("room-status")
def room_status(  # noqa: PLR0913 - one parameter per field
    room: Room,
    status: Annotated[str, typer.Argument(help="cleaned, or 'not cleaned'.")],
    *,
    problem: Annotated[
        int | None, typer.Option(min=0, max=999, help="What was found; 0 clears it.")
    ] = None,
    by: Annotated[str, typer.Option(help="room or operator.")] = "operator",
    advance: Advance = True,
    json: Json = False,
    state: State = DEFAULT_STATE,
) -> None:
    """Tell a room's status and print its ticket, where the profile prints them."""
    wanted: dict[str, Any] = {"room": room, "status": status, "problem": problem, "by": by}
    order: RoomStatusOrder = checked(RoomStatusOrder, {**wanted, "advance": advance})
    words = f"{room} is {status}"
    place(state, lambda client: client.room_status(order), json=json, words=words)


@app.command()
def acknowledge(room: Room, *, json: Json = False, state: State = DEFAULT_STATE) -> None:
    """Take notice, at the reception, of a room's wake-up that failed: it is rung no more."""
    with ControlClient.from_state(state) as client:
        found = client.acknowledge_alarm(room)
    say(found, lambda: typer.echo(f"the alarm of room {room} is acknowledged"), json=json)


@app.command()
def booths(*, json: Json = False, state: State = DEFAULT_STATE) -> None:
    """Show the phone booths, and what was paid there in advance."""
    with ControlClient.from_state(state) as client:
        found = client.booths()
    say(found, lambda: _show_booths(found), json=json)


@app.command()
def prepay(
    booth: Annotated[str, typer.Argument(help="Number of the booth.")],
    amount: Annotated[
        str | None, typer.Argument(help="Money; without it what is left is paid back.")
    ] = None,
    *,
    json: Json = False,
    state: State = DEFAULT_STATE,
) -> None:
    """Take money in advance at a phone booth: calls are cut off when it is used up."""
    order: Prepayment = checked(Prepayment, {"booth": booth, "amount": amount})
    with ControlClient.from_state(state) as client:
        found = client.prepay(order)
    say(found, lambda: _show_booths(found), json=json)


def _show_appointments(found: list[AppointmentState]) -> None:
    if not found:
        typer.echo("no appointment is programmed")
        return
    table(
        ("user", "time", "kind", "by", "state", "attempt", "rings at"),
        (
            (one.user, one.time, one.kind, one.by, one.state, one.attempt, f"{one.rings_at}")
            for one in found
        ),
    )


def _show_rooms(found: list[RoomState]) -> None:
    table(
        ("room", "guest", "status", "problem", "wake-up", "calls", "cost", "balance"),
        (
            (
                one.room,
                (one.guest_name or "somebody") if one.occupied else "",
                one.room_status,
                "" if one.problem is None else one.problem,
                one.reminder_time or (one.failed_wake_up and f"{one.failed_wake_up} failed") or "",
                one.calls,
                one.cost,
                _balance(one),
            )
            for one in found
        ),
    )


def _show_booths(found: list[BoothState]) -> None:
    rows = ((one.booth, "" if one.deposit is None else one.deposit, _balance(one)) for one in found)
    table(("booth", "deposit", "balance"), rows)


def _balance(room: RoomState | BoothState) -> str:
    if room.balance is None:
        return ""
    return f"{room.balance}, lines closed" if room.lines_closed else str(room.balance)
