"""`oxo-sim link | cut | restore | certificate`: the line to the collectors and who answers it."""

from datetime import datetime
from math import isfinite
from typing import Annotated, get_args, get_type_hints

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
from oxo_simulator.control.client import ControlClient
from oxo_simulator.control.messages import (
    ArmedFault,
    CertificateOrder,
    CertificateState,
    Fault,
    LinkState,
)

EVENT = get_type_hints(ArmedFault)["when"]
"""Events that a fault can be armed for."""
WIRE = get_type_hints(ArmedFault)["wire"]
KINDS = get_args(get_type_hints(Fault)["kind"])
AMOUNTS = (
    ("carry_bytes", "after {} bytes"),
    ("latency_ms", "{} ms"),
    ("jitter_ms", "give or take {} ms"),
    ("bytes_per_second", "{} bytes a second"),
    ("slice_bytes", "{} bytes a write"),
    ("corrupt_every_bytes", "one byte in {}"),
)
"""Parameters of a fault in words."""

MEETS = {"half-open": "struck", "reset": "struck", "carry then reset": "carried so far"}
"""Kinds of fault that are nothing without a connection, and what is said of those there are."""

app = typer.Typer()


@app.command()
def link(*, json: Json = False, state: State = DEFAULT_STATE) -> None:
    """Show the link: faults in force, faults armed, connections."""
    with ControlClient.from_state(state) as client:
        found = client.link()
    say(found, lambda: _show_link(found), json=json)


@app.command()
def cut(  # noqa: PLR0913 - one parameter per option
    *,
    kind: Annotated[str, typer.Option(help=f"{', '.join(KINDS[:-1])} or {KINDS[-1]}.")] = "cut",
    towards: Annotated[str, typer.Option(help="exchange, collector or both.")] = "both",
    carry_bytes: Annotated[int, typer.Option(min=0, help="For the two that carry.")] = 0,
    latency_ms: Annotated[int, typer.Option(min=0, help="For delay.")] = 0,
    jitter_ms: Annotated[int, typer.Option(min=0, help="For delay: give or take.")] = 0,
    bytes_per_second: Annotated[int, typer.Option(min=0, help="For throttle.")] = 0,
    slice_bytes: Annotated[int, typer.Option(min=0, help="For slice: of each write.")] = 0,
    corrupt_every_bytes: Annotated[int, typer.Option(min=0, help="For corrupt: one in each.")] = 0,
    heal_after_seconds: Annotated[
        float, typer.Option(min=0, help="Ends by itself; 0 is not before `restore`.")
    ] = 0,
    port: Annotated[list[str] | None, typer.Option(help="Only these ports.")] = None,
    when: Annotated[
        str | None,
        typer.Option(help="offered, acknowledged, consumed, sent, filed, fetched ...; else now."),
    ] = None,
    wire: Annotated[
        str | None,
        typer.Option(help="Of the event: nmc, v24, ohl, account, stream; else taxation."),
    ] = None,
    json: Json = False,
    state: State = DEFAULT_STATE,
) -> None:
    """Disturb the link, now or at the next such event."""
    if not isfinite(heal_after_seconds):
        fail(
            f"--heal-after-seconds {heal_after_seconds}: a number of seconds is expected",
            WRONG_USAGE,
        )
    wanted = {
        "kind": kind,
        "towards": towards,
        "carry_bytes": carry_bytes,
        "latency_ms": latency_ms,
        "jitter_ms": jitter_ms,
        "bytes_per_second": bytes_per_second,
        "slice_bytes": slice_bytes,
        "corrupt_every_bytes": corrupt_every_bytes,
        "heal_after_seconds": heal_after_seconds,
    }
    fault = checked(Fault, {**wanted, "ports": list(port or ())})
    event = None if when is None else checked(EVENT, when)
    of_wire = checked(WIRE, wire)
    if event is None and of_wire is not None:
        fail(f"--wire {wire}: it belongs to --when", WRONG_USAGE)
    with ControlClient.from_state(state) as client:
        if event is None:
            struck = client.strike(fault)
            say(struck, f"link {struck.link}{_met(kind, struck.struck)}", json=json)
        else:
            armed = client.arm(ArmedFault(when=event, fault=fault, wire=of_wire))
            say(armed, f"armed for {when}", json=json)


@app.command()
def restore(
    *,
    reset_connections: Annotated[
        bool, typer.Option(help="Reset those that lived through it.")
    ] = False,
    json: Json = False,
    state: State = DEFAULT_STATE,
) -> None:
    """Make the link whole."""
    with ControlClient.from_state(state) as client:
        now = client.restore(reset_connections=reset_connections)
    say(now, f"link {now.link}", json=json)


@app.command()
def certificate(  # noqa: PLR0913 - one parameter per option
    *,
    name: Annotated[
        list[str] | None, typer.Option(help="Name or address that it is good for; more than once.")
    ] = None,
    new_authority: Annotated[
        bool, typer.Option("--new-authority", help="Signed by an authority nobody knows yet.")
    ] = False,
    expired: Annotated[bool, typer.Option("--expired", help="It ended a day ago.")] = False,
    not_before: Annotated[
        str | None, typer.Option(help="With offset, as 2026-01-01T00:00Z.")
    ] = None,
    not_after: Annotated[str | None, typer.Option(help="With offset.")] = None,
    renew: Annotated[bool, typer.Option("--renew", help="A new key, all else as it is.")] = False,
    json: Json = False,
    state: State = DEFAULT_STATE,
) -> None:
    """Show the certificate; with any other option, show a new one to new connections from now on.

    It lasts as long as the exchange runs; a new authority replaces `ca.pem` for good.
    """
    order = CertificateOrder(
        names=list(name) if name else None,
        authority="new" if new_authority else "kept",
        expired=expired,
        not_before=_instant("--not-before", not_before),
        not_after=_instant("--not-after", not_after),
    )
    wanted = renew or order != CertificateOrder()
    with ControlClient.from_state(state) as client:
        found = client.renew_certificate(order) if wanted else client.certificate()
    say(found, _described(found), json=json)


def _met(kind: str, count: int | None) -> str:
    """Say how many connections a fault met that needs some: of none it waits, or does nothing."""
    if kind not in MEETS or count is None:
        return ""
    return f"; {count} connection{'' if count == 1 else 's'} {MEETS[kind]}"


def _instant(option: str, text: str | None) -> datetime | None:
    try:
        return None if text is None else datetime.fromisoformat(text)
    except ValueError:
        fail(f"{option} {text}: an instant is expected, as 2026-01-01T00:00Z", WRONG_USAGE)


def _described(found: CertificateState) -> str:
    rows = {
        "names": ", ".join(found.names),
        "fingerprint": found.fingerprint,
        "good": f"{found.not_before:%Y-%m-%d %H:%M} to {found.not_after:%Y-%m-%d %H:%M} UTC",
        "authority": f"{found.authority_fingerprint} in {found.ca_file}",
    }
    return "\n".join(f"{name:<13}{text}" for name, text in rows.items())


def _show_link(found: LinkState) -> None:
    typer.echo(f"link {found.state}{', real' if found.real else ''}")
    for each in found.in_force:
        heals = each.heals_in_seconds
        left = "" if heals is None else f", heals in {heals:.1f} s"
        typer.echo(f"in force: {each.id} {fault_words(each.fault)}{left}")
    for armed in found.armed:
        on = "" if armed.wire is None else f" on {armed.wire}"
        typer.echo(f"armed for {armed.when}{on}: {fault_words(armed.fault)}")
    if found.connections:
        table(
            ("connection", "port", "collector"),
            ((one.name, one.port, one.peer) for one in found.connections),
        )


def fault_words(fault: Fault) -> str:
    """Say a fault in words."""
    amounts = [words.format(getattr(fault, name)) for name, words in AMOUNTS if _told(fault, name)]
    ports = [f"ports {', '.join(fault.ports)}"] if fault.ports else []
    return ", ".join([fault.kind, f"towards {fault.towards}", *amounts, *ports])


def _told(fault: Fault, name: str) -> bool:
    counted = name == "carry_bytes" and fault.kind.startswith("carry")
    return counted or bool(getattr(fault, name))
