"""What an operator is shown of the exchange: messages made from what there is, changing nothing."""

from collections.abc import Collection, Mapping
from typing import Any

from oxo_simulator.control.messages import (
    BufferState,
    ExchangeState,
    PortState,
    ProfileKey,
    ProfileState,
    WaitingTicket,
    WireName,
    WireState,
)
from oxo_simulator.exchange.buffer import TicketBuffer
from oxo_simulator.exchange.core import Exchange
from oxo_simulator.exchange.life import Phase
from oxo_simulator.exchange.outlet import Outlet
from oxo_simulator.installation import Installed, profile_name
from oxo_simulator.link.relay import Link
from oxo_simulator.premises import Premises
from oxo_simulator.profile import choices, described, fixed_keys
from oxo_simulator.wire import ClosesFiles, MeetsUnknown, SwitchesOver, Wire


def profile_state(installed: Installed) -> ProfileState:
    """Show every key of the profile."""
    keys = [ProfileKey(**each) for each in described(installed.profile)]
    order = installed.order
    fixed = fixed_keys()
    return ProfileState(
        name=profile_name(order),
        source=order.profile,
        keys=keys,
        overrides={key: value for key, value in order.overrides.items() if key not in fixed},
        tag_set=order.tag_set,
    )


def buffer_state(buffer: TicketBuffer, after: int, count: int) -> BufferState:
    """Show what waits, with at most `count` tickets behind the sequence `after`."""
    waiting = buffer.oldest(len(buffer))
    return BufferState(
        count=len(buffer),
        capacity=buffer.capacity,
        alarm_percent=buffer.alarm_percent,
        alarm=buffer.alarm,
        oldest=waiting[0].sequence if waiting else None,
        newest=waiting[-1].sequence if waiting else None,
        tickets=[WaitingTicket(**one._asdict()) for one in buffer.after(after, count)],
    )


def wire_state(
    name: WireName, wire: Wire | None, premises: Premises, exchange: Exchange
) -> WireState:
    """Show one wire; it is `None` where the process holds no port for it."""
    buffer = exchange.outlets[name].buffer if name in exchange.outlets else TicketBuffer(0, 0)
    reached = [] if wire is None else _reached(wire, exchange)
    ports = [port for port in port_states(premises, reached) if port.wire == name]
    return WireState(
        name=name,
        open=bool(reached),
        port=ports[0].port if ports else None,
        ports=ports,
        waiting=len(buffer),
        capacity=buffer.capacity,
        alarm_percent=buffer.alarm_percent,
        alarm=buffer.alarm,
        alarm_name=alarm_name(exchange.outlets[name]) if name in exchange.outlets else None,
        sessions=0 if wire is None else len(wire.sessions()),
        **(_own(wire) if wire is not None and reached else {}),
    )


def alarm_name(outlet: Outlet) -> str | None:
    """Return what the wire calls the alarm at its threshold; `None`: it has no name."""
    names = outlet.terms.alarm_names
    return None if names is None else names.threshold


def alarms(exchange: Exchange) -> list[str]:
    """Return the wires whose alarm is raised, each with its name where it has one."""
    raised = [outlet for outlet in exchange.outlets.values() if outlet.buffer.alarm]
    return [" ".join(filter(None, (outlet.wire, alarm_name(outlet)))) for outlet in raised]


def _own(wire: Wire) -> dict[str, Any]:
    """Show what only some wires have."""
    if isinstance(wire, ClosesFiles):
        kept = wire.kept_files()
        return {"files": kept.files, "file_bytes": kept.total_bytes}
    return {"main": wire.main_port} if isinstance(wire, SwitchesOver) else {}


def _reached(wire: Wire, exchange: Exchange) -> list[str]:
    """Return the ports on which there is a way between collectors and this wire."""
    if wire.name not in exchange.outlets:
        return []
    return [*wire.open_ports(exchange.profile), *wire.outward(exchange.profile)]


def port_states(premises: Premises, reached: Collection[str]) -> list[PortState]:
    """Show every port; `reached` are those that the profile opens."""
    return [
        PortState(
            name=name,
            address=premises.address,
            port=number,
            open=name in reached,
            wire=premises.wires[name],
        )
        for name, number in premises.ports.items()
    ]


def _phase(exchange: Exchange, link: Link) -> Phase:
    """Return the phase as a client meets it: who reads that it serves may connect at once."""
    return Phase.BUSY if exchange.serving and link.opening else exchange.phase


def exchange_state(
    premises: Premises,
    installed: Installed,
    link: Link,
    wires: Mapping[str, Wire],
    factor: float,
) -> ExchangeState:
    """Show who and how the exchange is."""
    exchange, profile = installed.exchange, installed.profile
    reached = [port for wire in wires.values() for port in _reached(wire, exchange)]
    return ExchangeState(
        name=premises.name,
        release=profile.release,
        profile=profile_name(installed.order),
        tag_set=profile.tag_set,
        mode=profile.mode,
        zone=profile.zone,
        epoch=exchange.epoch,
        seed=installed.order.seed,
        exchange_time=installed.wall.now().local,
        phase=_phase(exchange, link).value,
        licence=exchange.licence,
        link="disturbed" if link.disturbed else "whole",
        buffered=exchange.waiting_count(),
        capacity=exchange.buffer.capacity,
        alarm=exchange.buffer.alarm,
        alarms=alarms(exchange),
        sessions=sum(len(wire.sessions()) for wire in wires.values()),
        tickets_made=exchange.tickets_made,
        ledger_last=installed.ledger.last,
        ports=port_states(premises, reached),
        user=premises.user,
        ca_file=str(premises.ca_file),
        fingerprint=premises.fingerprint,
        profile_choices=choices(profile),
        time_factor=factor,
        unknown_operations=[
            each
            for wire in wires.values()
            if isinstance(wire, MeetsUnknown)
            for each in wire.unknown_operations
        ],
    )
