"""`oxo-sim`: run a simulated exchange, and steer one that runs.

Everything slow (Twisted, the SOAP library, certificates) is loaded by `run` alone, inside it.
"""

import contextlib
import sys
from collections.abc import Iterator
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import Annotated, Any, BinaryIO, get_type_hints

import msgspec
import typer
from oxo_tickets import DiallingMode, Ticket, TicketUnreadable, from_json, to_json
from oxo_tickets.canonical import LINE_BYTES_MAX

from oxo_simulator.control.client import ControlClient, ControlError
from oxo_simulator.control.messages import (
    ArmedFault,
    CallOrder,
    CallsPlaced,
    ExchangeState,
    Fault,
    LedgerLine,
)
from oxo_simulator.exchange.recorded import unsayable

LOAD_AT_ONCE_MAX = 1_000
LINE_END_BYTES_MAX = 2
FOLLOW_SECONDS = 20.0
RUN_FAILED, WRONG_USAGE = 1, 2
"""Exit statuses: what fails at run time; what is wrongly typed, as Typer gives it too."""
EVENT = get_type_hints(ArmedFault)["when"]
"""Events that a fault can be armed for."""

app = typer.Typer(
    name="oxo-sim",
    help="A simulated OXO Connect: run one, place calls, disturb its link, read its ledger.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

State = Annotated[Path, typer.Option("--state", help="Folder of the exchange.", show_default=True)]
DEFAULT_STATE = Path(".oxo-sim")


def main() -> None:
    """Run the command line; an operator's error is one line, and status 1 or 2."""
    try:
        app()
    except ControlError as error:
        _fail(str(error))


def _show_version(value: bool) -> None:  # noqa: FBT001 - Typer's callback
    if value:
        typer.echo(f"oxo-sim {version('oxo-interop')}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Steer a simulated exchange."""


@app.command()
def run(  # noqa: PLR0913 - one parameter per option
    *,
    state: State = DEFAULT_STATE,
    profile: Annotated[str, typer.Option(help="Packaged profile, or a .toml file.")] = "certify",
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="Profile key, e.g. session.idle_seconds=5.")
    ] = None,
    tag_set: Annotated[str | None, typer.Option(help="observed or extended.")] = None,
    seed: Annotated[int, typer.Option(help="Of every random choice.")] = 1,
    time: Annotated[
        str, typer.Option(help="Exchange time: manual, real, or so many times as fast.")
    ] = "manual",
    listen: Annotated[str, typer.Option(help="Address for collectors.")] = "127.0.0.1",
    port: Annotated[
        list[str] | None, typer.Option(help="standard=443 or alternate=0; 0 is a free one.")
    ] = None,
    name: Annotated[list[str] | None, typer.Option(help="Further name in the certificate.")] = None,
    control_port: Annotated[int, typer.Option(min=0, max=65535, help="0 is a free one.")] = 0,
    password_file: Annotated[
        Path | None,
        typer.Option(
            envvar="OXO_SIM_PASSWORD_FILE",
            help="First line is the password; else that of the folder is kept, or one is made.",
        ),
    ] = None,
) -> None:
    """Run an exchange until SIGTERM or SIGINT."""
    from twisted.internet import reactor  # noqa: PLC0415, TID251 - the real one, and slow

    from oxo_simulator.running import Start, run_until_signal  # noqa: PLC0415 - slow

    order = Start(
        folder=state,
        profile=profile,
        overrides=dict(_pair("--set", text) for text in set_ or ()),
        tag_set=tag_set,
        seed=seed,
        time=time,
        listen=listen,
        ports=dict(_pair("--port", text) for text in port or ()),
        names=tuple(name or ()),
        control_port=control_port,
        password_file=password_file,
    )
    if wrong := run_until_signal(order, reactor):
        _fail(wrong.text, WRONG_USAGE if wrong.usage else RUN_FAILED)


@app.command()
def call(  # noqa: PLR0913 - one parameter per option
    *,
    user: Annotated[str, typer.Argument(help="The set that calls or is called.")],
    number: Annotated[str, typer.Argument(help="The other party.")],
    direction: Annotated[str, typer.Option(help="outgoing or incoming.")] = "outgoing",
    mode: Annotated[DiallingMode, typer.Option(help="How it is dialled.")] = DiallingMode.MANUAL,
    duration: Annotated[int, typer.Option(help="Conversation in seconds; 0 is unanswered.")] = 50,
    ring: Annotated[int, typer.Option(help="Ringing in seconds.")] = 0,
    units: Annotated[int, typer.Option(help="Metering units.")] = 0,
    account: Annotated[str | None, typer.Option(help="Account code.")] = None,
    trunk: Annotated[str | None, typer.Option(help="Line, e.g. N01.")] = None,
    times: Annotated[int, typer.Option(help="So many such calls at once.")] = 1,
    advance: Annotated[bool, typer.Option(help="Move exchange time to the tickets.")] = True,
    state: State = DEFAULT_STATE,
) -> None:
    """Place calls and print their tickets."""
    wanted = {
        "direction": direction,
        "user": user,
        "number": number,
        "dialling_mode": mode,
        "ring_seconds": ring,
        "call_seconds": duration,
        "units": units,
        "account_code": account,
        "trunk": trunk,
        "times": times,
    }
    order = _checked(CallOrder, wanted)
    with ControlClient.from_state(state) as client:
        before = client.state().ledger_last
        placed = client.place_calls(order, advance=advance)
        _print_tickets(client, before, placed)


@app.command()
def load(
    *,
    file: Annotated[Path, typer.Argument(help="NDJSON of canonical tickets; - is the input.")],
    pace: Annotated[
        float, typer.Option(min=0, help="0 at once; 1 in original spacing; N times as fast.")
    ] = 0,
    state: State = DEFAULT_STATE,
) -> None:
    """Write tickets as they are into the exchange.

    Any number: they go in orders of a thousand, and a pace goes on from one to the next. Behind a
    line that is no ticket nothing is read; those before it are written.
    """
    with ControlClient.from_state(state) as client, _opened(file) as lines:
        written = ordered = 0
        wrong = None
        while not wrong:
            batch, wrong = _batch(lines)
            if not batch:
                break
            written += len(client.load(batch, pace, continues=ordered > 0).ids)
            ordered += len(batch)
        now = client.state()
    later = f", {ordered - written} to come as exchange time goes on" if ordered > written else ""
    typer.echo(f"{written} tickets written{later}")
    typer.echo(f"{now.buffered} of {now.capacity} wait in the buffer", err=True)
    if wrong:
        _fail(f"{file}, {wrong}")


@app.command()
def advance(
    seconds: Annotated[float, typer.Argument(min=0, help="Exchange seconds.")],
    state: State = DEFAULT_STATE,
) -> None:
    """Move exchange time."""
    with ControlClient.from_state(state) as client:
        typer.echo(client.advance(seconds).exchange_time.isoformat(sep=" ", timespec="seconds"))


@app.command()
def cut(  # noqa: PLR0913 - one parameter per option
    *,
    kind: Annotated[
        str, typer.Option(help="cut, refuse, reset, 'carry then cut' or 'carry then reset'.")
    ] = "cut",
    towards: Annotated[str, typer.Option(help="exchange, collector or both.")] = "both",
    carry_bytes: Annotated[int, typer.Option(min=0, help="For the two that carry.")] = 0,
    port: Annotated[list[str] | None, typer.Option(help="Only these ports.")] = None,
    when: Annotated[
        str | None, typer.Option(help="offered, acknowledged or 'session opened'; else now.")
    ] = None,
    state: State = DEFAULT_STATE,
) -> None:
    """Disturb the link, now or at the next such event."""
    wanted = {"kind": kind, "towards": towards, "carry_bytes": carry_bytes}
    fault = _checked(Fault, {**wanted, "ports": list(port or ())})
    with ControlClient.from_state(state) as client:
        if when is None:
            typer.echo(f"link {client.strike(fault).link}")
        else:
            client.arm(ArmedFault(when=_checked(EVENT, when), fault=fault))
            typer.echo(f"armed for {when}")


@app.command()
def restore(
    *,
    reset_connections: Annotated[
        bool, typer.Option(help="Reset those that lived through it.")
    ] = False,
    state: State = DEFAULT_STATE,
) -> None:
    """Make the link whole."""
    with ControlClient.from_state(state) as client:
        typer.echo(f"link {client.restore(reset_connections=reset_connections).link}")


@app.command()
def reset(
    *,
    wait: Annotated[bool, typer.Option(help="Wait until the exchange serves again.")] = False,
    state: State = DEFAULT_STATE,
) -> None:
    """Reset the exchange (warm): tickets are kept, sessions end."""
    with ControlClient.from_state(state) as client:
        since = client.state().ledger_last
        phase = client.reset().phase
        while wait and phase != "serving":
            for line in client.ledger(since, FOLLOW_SECONDS):
                since = line.n
                phase = line.detail["phase"] if line.event == "phase" else phase
        typer.echo(f"phase {phase}")


@app.command()
def ledger(
    *,
    since: Annotated[int, typer.Option(min=0, help="Only lines after this number.")] = 0,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with new lines.")] = False,
    state: State = DEFAULT_STATE,
) -> None:
    """Print the ledger as NDJSON."""
    with ControlClient.from_state(state) as client, contextlib.suppress(KeyboardInterrupt):
        while True:
            for line in client.ledger(since, FOLLOW_SECONDS if follow else 0):
                since = line.n
                typer.echo(_flat(line))
            if not follow:
                return


@app.command("state")
def show_state(
    *,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    state: State = DEFAULT_STATE,
) -> None:
    """Show who and how the exchange is."""
    with ControlClient.from_state(state) as client:
        found = client.state()
    typer.echo(msgspec.json.encode(found).decode() if json else _described(found))


def _described(found: ExchangeState) -> str:
    ports = ", ".join(
        f"{port.name} {port.address}:{port.port}{'' if port.open else ' (closed)'}"
        for port in found.ports
    )
    licence = "open" if found.licence else "closed"
    rows = {
        "exchange": f"{found.name}, {found.release}, profile {found.profile}, {found.tag_set}",
        "time": f"{found.exchange_time.isoformat(sep=' ', timespec='seconds')} {found.zone}",
        "phase": f"{found.phase}; link {found.link}; licence {licence}",
        "buffer": f"{found.buffered} of {found.capacity}{', alarm' if found.alarm else ''}",
        "tickets": f"{found.tickets_made} made; {found.sessions} sessions; epoch {found.epoch}",
        "ports": ports,
        "account": found.user,
        "authority": found.ca_file,
    }
    return "\n".join(f"{name:<10}{text}" for name, text in rows.items())


def _print_tickets(client: ControlClient, before: int, placed: CallsPlaced) -> None:
    wanted = set(placed.ids)
    for line in client.ledger(before):
        if line.event == "made" and line.detail["id"] in wanted:
            ticket = msgspec.convert(line.detail["ticket"], Ticket)
            typer.echo(to_json(ticket).decode())
    if not wanted:
        typer.echo("the tickets are written when the calls have ended", err=True)


def _flat(line: LedgerLine) -> str:
    common = {"n": line.n, "at": line.at, "exchange_time": line.exchange_time, "event": line.event}
    return msgspec.json.encode(common | line.detail).decode()


_Lines = Iterator[tuple[int, bytes]]


def _batch(lines: _Lines) -> tuple[list[Ticket], str | None]:
    """Read the next tickets, at most `LOAD_AT_ONCE_MAX`, and what ended them too early, if so."""
    found: list[Ticket] = []
    for number, line in lines:
        try:
            ticket = from_json(line)
        except TicketUnreadable as error:
            return found, f"line {number}: {error}"
        if wrong := unsayable(ticket):
            return found, f"line {number}: {wrong}"
        found.append(ticket)
        if len(found) == LOAD_AT_ONCE_MAX:
            break
    return found, None


def _numbered(opened: BinaryIO) -> _Lines:
    """Read lines that are not blank; of one that is too long, enough for the refusal."""
    for number in count(1):
        line = opened.readline(LINE_BYTES_MAX + LINE_END_BYTES_MAX)
        if not line:
            return
        content = line.rstrip(b"\r\n")
        if content.strip() or len(content) > LINE_BYTES_MAX:
            yield number, content


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[_Lines]:
    if str(file) == "-":
        yield _numbered(sys.stdin.buffer)
        return
    try:
        opened = file.open("rb")
    except OSError as error:
        _fail(f"{file}: {error.strerror}")
    with opened:
        yield _numbered(opened)


def _checked(kind: Any, value: Any) -> Any:
    """Build a message, or say which option is wrong and what is allowed."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        _fail(str(error), WRONG_USAGE)


def _pair(option: str, text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        _fail(f"{option} {text}: key=value is expected", WRONG_USAGE)
    return key.strip(), value.strip()


def _fail(text: str, status: int = RUN_FAILED) -> Any:
    typer.echo(f"oxo-sim: {text}", err=True)
    raise SystemExit(status)
