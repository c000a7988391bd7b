"""What an operator is shown of the exchange: messages made from what there is, changing nothing."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from oxo_simulator.control.messages import (
    BufferState,
    ExchangeState,
    PortState,
    ProfileKey,
    ProfileState,
    SessionState,
    WaitingTicket,
)
from oxo_simulator.exchange.buffer import TicketBuffer
from oxo_simulator.installation import Installed, profile_name
from oxo_simulator.link.relay import Link
from oxo_simulator.premises import Premises
from oxo_simulator.profile import choices, described
from oxo_simulator.taxation import Taxation
from oxo_simulator.taxation.desk import Living


class Opening(NamedTuple):
    """When the session that was opened last was opened, and on which port of the wire."""

    at: datetime
    port: str


def profile_state(installed: Installed) -> ProfileState:
    """Show every key of the profile."""
    keys = [ProfileKey(**each) for each in described(installed.profile)]
    order = installed.order
    return ProfileState(name=profile_name(order), source=order.profile, keys=keys)


def buffer_state(buffer: TicketBuffer, after: int, count: int) -> BufferState:
    """Show what waits, with at most `count` tickets behind the sequence `after`."""
    oldest = next((one.sequence for one in buffer.oldest(1)), None)
    return BufferState(
        count=len(buffer),
        capacity=buffer.capacity,
        alarm_percent=buffer.alarm_percent,
        alarm=buffer.alarm,
        oldest=oldest,
        newest=None if oldest is None else oldest + len(buffer) - 1,
        tickets=[WaitingTicket(**one._asdict()) for one in buffer.after(after, count)],
    )


def session_states(
    living: Living | None, opening: Opening | None, now: datetime
) -> list[SessionState]:
    """Show who is logged in; the value of the cookie is nobody's business."""
    if living is None or opening is None:
        return []
    idle = timedelta(seconds=round(living.idle_seconds, 3))
    return [
        SessionState(
            name=living.session.name,
            user=living.session.user,
            port=opening.port,
            connection=living.session.connection,
            since=opening.at,
            last_call=now.astimezone(UTC) - idle,
            idle_seconds=idle.total_seconds(),
        )
    ]


def exchange_state(
    premises: Premises, installed: Installed, link: Link, taxation: Taxation, factor: float
) -> ExchangeState:
    """Show who and how the exchange is."""
    exchange, profile = installed.exchange, installed.profile
    return ExchangeState(
        name=premises.name,
        release=profile.release,
        profile=profile_name(installed.order),
        tag_set=profile.tag_set,
        mode="business",
        zone=profile.zone,
        epoch=exchange.epoch,
        seed=installed.order.seed,
        exchange_time=installed.wall.now().local,
        phase=exchange.phase.value,
        licence=exchange.licence,
        link="disturbed" if link.disturbed else "whole",
        buffered=exchange.waiting_count(),
        capacity=exchange.buffer.capacity,
        alarm=exchange.buffer.alarm,
        sessions=taxation.session_count,
        tickets_made=exchange.tickets_made,
        ledger_last=installed.ledger.last,
        ports=[
            PortState(
                name=name,
                address=premises.address,
                port=number,
                open=getattr(profile.ports, name).open,
            )
            for name, number in premises.ports.items()
        ],
        user=premises.user,
        ca_file=str(premises.ca_file),
        fingerprint=premises.fingerprint,
        profile_choices=choices(profile),
        time_factor=factor,
        unknown_operations=taxation.unknown_operations,
    )
