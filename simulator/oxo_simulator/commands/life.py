"""`oxo-sim state | install | profile | reset | licence | openapi`: who and how the exchange is."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import chain
from typing import Annotated, Any, NamedTuple

import msgspec
import typer

from oxo_simulator.commands.console import (
    DEFAULT_STATE,
    WRONG_USAGE,
    Json,
    State,
    checked,
    fail,
    pair,
    say,
    table,
)
from oxo_simulator.commands.telephony import instant, pace_name
from oxo_simulator.control.client import ControlClient
from oxo_simulator.control.messages import (
    ExchangeState,
    FirmwareOrder,
    Installation,
    ProfileState,
    Reset,
)

FOLLOW_SECONDS = 20.0
OPEN, CLOSED = "open", "closed"
DATA_PORT = "-data-"
"""In the name of a port that a wire opens for itself, and nobody connects to on his own."""

app = typer.Typer()


@app.command("state")
def show_state(*, json: Json = False, state: State = DEFAULT_STATE) -> None:
    """Show who and how the exchange is."""
    with ControlClient.from_state(state) as client:
        found = client.state()
    say(found, _described(found), json=json)


@app.command()
def install(  # noqa: PLR0913 - one parameter per option
    *,
    profile: Annotated[
        str | None,
        typer.Option(
            help="Packaged profile, or a .toml file, without what was set before; else the present "
            "one, with it."
        ),
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="Profile key, e.g. session.idle_seconds=5.")
    ] = None,
    tag_set: Annotated[str | None, typer.Option(help="observed or extended.")] = None,
    seed: Annotated[int, typer.Option(help="Of every random choice.")] = 1,
    start: Annotated[
        str | None, typer.Option(help="Exchange time to begin at, without offset.")
    ] = None,
    json: Json = False,
    state: State = DEFAULT_STATE,
) -> None:
    """Put a fresh exchange behind the same ports: empty, whole, with a new ledger.

    Without --profile what the exchange was started with, or has now (--set, --tag-set), is kept;
    with it the profile begins plain.
    """
    typed = dict(pair("--set", text) for text in set_ or ())
    begin = {"seed": seed, "start": _wall_clock(start)}
    with ControlClient.from_state(state) as client:
        wanted = _wanted(client.profile(), profile, typed, tag_set)
        found = client.install(checked(Installation, {**wanted.fields, **begin}))
    told = f"{wanted.fate:<10}{wanted.words}" if wanted.words else ""
    say(found, "\n".join(filter(None, (_described(found), told))), json=json)


@app.command()
def profile(
    words: Annotated[
        list[str] | None, typer.Argument(help="Only keys with one of these words in their name.")
    ] = None,
    *,
    json: Json = False,
    state: State = DEFAULT_STATE,
) -> None:
    """Show every key of the profile with its value and its standing."""
    with ControlClient.from_state(state) as client:
        found = client.profile()
    keys = [each for each in found.keys if not words or any(word in each.key for word in words)]
    found = msgspec.structs.replace(found, keys=keys)
    rows = [(each.key, each.value, each.standing) for each in keys]
    say(found, lambda: table((f"key of {found.name}", "value", "standing"), rows), json=json)


@app.command()
def reset(
    *,
    kind: Annotated[str, typer.Option(help="warm, cold or 'power cut'.")] = "warm",
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until the exchange serves again.")
    ] = False,
    json: Json = False,
    state: State = DEFAULT_STATE,
) -> None:
    """Reset the exchange: sessions end; a warm one keeps what waits, a cold one loses it."""
    order: Reset = checked(Reset, {"kind": kind})
    with ControlClient.from_state(state) as client:
        now = _until_it_serves(client, lambda: client.reset(order), wait=wait)
    say(now, f"phase {now.phase}", json=json)


@app.command("firmware")
def upgrade(  # noqa: PLR0913 - one parameter per option
    profile: Annotated[
        str | None,
        typer.Argument(
            help="Packaged profile, or a .toml file, without what was set before; else the present "
            "one, with it."
        ),
    ] = None,
    *,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="Profile key, e.g. v24.open=true.")
    ] = None,
    tag_set: Annotated[str | None, typer.Option(help="observed or extended.")] = None,
    reset: Annotated[str, typer.Option(help="warm keeps what waits, cold does not.")] = "warm",
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until the exchange serves again.")
    ] = False,
    json: Json = False,
    state: State = DEFAULT_STATE,
) -> None:
    """Reset the exchange; it comes back as another release, with the same tickets.

    Without a profile what the exchange was started with, or has now (--set, --tag-set), is kept;
    a profile that is named begins plain.
    """
    typed = dict(pair("--set", text) for text in set_ or ())
    with ControlClient.from_state(state) as client:
        wanted = _wanted(client.profile(), profile, typed, tag_set)
        order: FirmwareOrder = checked(FirmwareOrder, {**wanted.fields, "reset": reset})
        now = _until_it_serves(client, lambda: client.upgrade(order), wait=wait)
    told = f"{wanted.fate} {wanted.words}" if wanted.words else ""
    phase = f"phase {now.phase}, profile {now.profile}, {now.release}"
    say(now, "\n".join(filter(None, (phase, told))), json=json)


@app.command("address")
def move(
    wanted: Annotated[
        str | None, typer.Argument(help="Such as 127.0.0.3; shows it when not given.")
    ] = None,
    *,
    json: Json = False,
    state: State = DEFAULT_STATE,
) -> None:
    """Show the address for collectors, or give the exchange another, with a certificate for it."""
    with ControlClient.from_state(state) as client:
        now = client.state() if wanted is None else client.move(wanted)
    say(now, f"address {now.ports[0].address}", json=json)


@app.command()
def licence(
    wanted: Annotated[
        str | None, typer.Argument(help="open or closed; shows it when not given.")
    ] = None,
    *,
    json: Json = False,
    state: State = DEFAULT_STATE,
) -> None:
    """Show the licence Call Accounting over IP, or open or close it."""
    if wanted not in (None, OPEN, CLOSED):
        fail(f"licence {wanted}: open or closed is expected", WRONG_USAGE)
    with ControlClient.from_state(state) as client:
        if wanted is None:
            now = client.state()
        else:
            now = client.licence(call_accounting_over_ip=wanted == OPEN)
    say(now, f"licence {OPEN if now.licence else CLOSED}", json=json)


@app.command()
def openapi(*, json: Json = False) -> None:
    """Print the control API as an OpenAPI 3.1 document; no exchange has to run."""
    from oxo_simulator.control.openapi import document  # noqa: PLC0415 - only here

    encoded = msgspec.json.encode(document())
    typer.echo((encoded if json else msgspec.json.format(encoded, indent=2)).decode())


class _Wanted(NamedTuple):
    """The profile that is ordered, and what becomes of what was set before it."""

    fields: Mapping[str, Any]
    fate: str
    words: str


def _wanted(
    present: ProfileState, profile: str | None, typed: Mapping[str, str], tag_set: str | None
) -> _Wanted:
    """Keep what was set before, unless a profile is named."""
    tagged = {} if present.tag_set is None else {"tag_set": present.tag_set}
    before = {**present.overrides, **tagged}
    if profile is not None:
        fields = {"profile": profile, "overrides": dict(typed), "tag_set": tag_set}
        left = {key: value for key, value in before.items() if typed.get(key) != value}
        return _Wanted(fields, "not kept", _pairs(left))
    fields = {
        "profile": present.source,
        "overrides": {**present.overrides, **typed},
        "tag_set": tag_set or present.tag_set,
    }
    again = {*typed, *(() if tag_set is None else ("tag_set",))}
    kept = {key: value for key, value in before.items() if key not in again}
    return _Wanted(fields, "kept", _pairs(kept))


def _pairs(found: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}={value}" for key, value in sorted(found.items()))


def _until_it_serves(
    client: ControlClient, order: Callable[[], ExchangeState], *, wait: bool
) -> ExchangeState:
    """Give an order that begins a reset; if wanted, wait for the end of the reset."""
    since = client.state().ledger_last
    now = order()
    phase: str = now.phase
    while wait and phase != "serving":
        for line in client.ledger(since, FOLLOW_SECONDS):
            since = line.n
            phase = line.detail["phase"] if line.event == "phase" else phase
    return client.state() if wait else now


def _wall_clock(text: str | None) -> str | None:
    try:
        return None if text is None else datetime.fromisoformat(text).isoformat()
    except ValueError:
        fail(f"--start {text}: a time is expected, as 2020-02-24T14:00", WRONG_USAGE)


def _described(found: ExchangeState) -> str:
    ports = ", ".join(
        f"{port.name} {port.address}:{port.port}{'' if port.open else ' (closed)'}"
        for port in found.ports
        if DATA_PORT not in port.name
    )
    licensed = OPEN if found.licence else CLOSED
    rows = {
        "exchange": f"{found.name}, {found.mode} mode, {found.release}, "
        f"profile {found.profile}, {found.tag_set}",
        "time": f"{instant(found)} {found.zone}, {pace_name(found)}",
        "phase": f"{found.phase}; link {found.link}; licence {licensed}",
        "buffer": f"{found.buffered} of {found.capacity}{', alarm' if found.alarm else ''}",
        **({"alarms": ", ".join(found.alarms)} if found.alarms else {}),
        "tickets": f"{found.tickets_made} made; {found.sessions} sessions; epoch {found.epoch}",
        "ports": ports,
        "account": found.user,
        "authority": found.ca_file,
    }
    lines = [f"{name:<10}{text}" for name, text in rows.items()]
    return "\n".join([*lines, *chain.from_iterable(map(_unknown, found.unknown_operations))])


def _unknown(asked: Mapping[str, str | int]) -> Iterator[str]:
    """Show an operation that the profile does not know, and the lines that would make it known."""
    action = f", SOAPAction {asked['soap_action']}" if asked["soap_action"] else ""
    times = "once" if asked["count"] == 1 else f"{asked['count']} times"
    place = f" of {asked['namespace']}" if asked["namespace"] else ""
    yield f"unknown   {asked['operation']}{place}{action}, {times}; to be mapped by"
    for line in str(asked["profile_lines"]).splitlines():
        yield f"{'':<10}{line}"
