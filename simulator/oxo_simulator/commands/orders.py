"""`oxo-sim nmc-password | account-... | switch-over | stream-say | hotel`: orders to one wire."""

from pathlib import Path
from typing import Annotated, Any, get_args, get_type_hints

import typer

from oxo_simulator.commands.console import (
    DEFAULT_STATE,
    Json,
    State,
    checked,
    pair,
    say,
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
from oxo_simulator.commands.secret import STANDARD_INPUT, secret
from oxo_simulator.control.client import ControlClient
from oxo_simulator.control.messages import ClosedFile, HotelEvent, StreamNotice

EVENTS = "One of: " + ", ".join(get_args(get_type_hints(HotelEvent)["event"])) + "."

NewPasswordFile = Annotated[
    Path, typer.Argument(help="Its first line is the password; - reads standard input.")
]

app = typer.Typer()


@app.command("nmc-password")
def nmc_password(
    file: NewPasswordFile = Path(STANDARD_INPUT),
    *,
    json: Json = False,
    state: State = DEFAULT_STATE,
) -> None:
    """Give the account of the NMC wire another password, valid when the profile says."""
    password = secret(file)
    with ControlClient.from_state(state) as client:
        found = client.nmc_password(password)
    say(found, "the password is taken; nmc.password_valid says when it is valid", json=json)


@app.command("account-password")
def account_password(
    file: NewPasswordFile = Path(STANDARD_INPUT),
    *,
    json: Json = False,
    state: State = DEFAULT_STATE,
) -> None:
    """Give the account of the account files another password, valid when the profile says."""
    password = secret(file)
    with ControlClient.from_state(state) as client:
        found = client.account_password(password)
    say(found, "the password is taken", json=json)


@app.command("account-close")
def account_close(*, json: Json = False, state: State = DEFAULT_STATE) -> None:
    """Close the open account file now."""
    with ControlClient.from_state(state) as client:
        found = client.close_account_file()
    say(found, _closed(found), json=json)


@app.command("account-host-key")
def account_host_key(
    *,
    renew: Annotated[bool, typer.Option("--renew", help="Another key from now on.")] = False,
    json: Json = False,
    state: State = DEFAULT_STATE,
) -> None:
    """Show the SSH host key that new connections meet; with --renew make another first."""
    with ControlClient.from_state(state) as client:
        found = client.renew_account_host_key() if renew else client.account_host_key()
    say(found, f"{found.kind} {found.fingerprint}", json=json)


@app.command("switch-over")
def switch_over(
    *,
    hard: Annotated[bool, typer.Option("--hard", help="The main CPU fails.")] = False,
    json: Json = False,
    state: State = DEFAULT_STATE,
) -> None:
    """Make the other CPU of the stream main, in order unless it is --hard."""
    with ControlClient.from_state(state) as client:
        client.switch_over(ordered=not hard)
        found = next(wire for wire in client.wires() if wire.name == "stream")
    say(found, f"{found.main} is main", json=json)


@app.command("stream-say")
def stream_say(  # noqa: PLR0913 - one parameter per field
    kind: Annotated[str, typer.Argument(help="mao or voip.")],
    *,
    item: Annotated[
        list[str] | None, typer.Option(help="Of mao: NAME=VALUE; more than once.")
    ] = None,
    user: Annotated[str, typer.Option(help="Of voip: the set.")] = "",
    number: Annotated[str, typer.Option(help="Of voip: the other party.")] = "",
    seconds: Annotated[int, typer.Option(min=0, help="Of voip: how long they talked.")] = 0,
    json: Json = False,
    state: State = DEFAULT_STATE,
) -> None:
    """Say a notice on the stream: a change of the configuration, or the end of a VoIP call."""
    items = dict(pair("--item", text) for text in item or ())
    wanted: dict[str, Any] = {
        "kind": kind,
        "items": items,
        "user": user,
        "number": number,
        "seconds": seconds,
    }
    notice: StreamNotice = checked(StreamNotice, wanted)
    with ControlClient.from_state(state) as client:
        found = client.stream_say(notice)
    say(found, f"{notice.kind} is said on the stream", json=json)


@app.command()
def hotel(  # noqa: PLR0913 - one parameter per field
    event: Annotated[str, typer.Argument(help=EVENTS)],
    room: Annotated[str, typer.Argument(help="Number of the room.")],
    *,
    guest_name: GuestName = None,
    language: Language = None,
    direct_number: DirectNumber = None,
    password_file: PasswordFile = None,
    barring: Barring = None,
    do_not_disturb: Disturb = None,
    deposit: Deposit = None,
    reminder_time: WakeUp = None,
    room_status: Annotated[str | None, typer.Option(help="cleaned or not cleaned.")] = None,
    problem: Annotated[
        int | None, typer.Option(min=0, max=999, help="Number of what was found.")
    ] = None,
    json: Json = False,
    state: State = DEFAULT_STATE,
) -> None:
    """Let an event happen that the hotel link tells; in hotel mode to the rooms."""
    fields = {
        "event": event,
        "room": room,
        **of_guest(
            guest_name, language, direct_number, password_file, barring, do_not_disturb, deposit
        ),
        "reminder_time": reminder_time,
        "room_status": room_status,
        "problem": problem,
    }
    said: HotelEvent = checked(HotelEvent, fields)
    with ControlClient.from_state(state) as client:
        found = client.hotel(said)
    say(found, f"{said.event} of room {said.room} has happened", json=json)


def _closed(found: ClosedFile) -> str:
    if found.file is None:
        return "no ticket waits for a file"
    return f"{found.file} is closed, sequences {found.first} to {found.last}"
