"""Tickets that several tests use, typed by hand, and the strategy that draws any ticket."""

from datetime import datetime, time
from decimal import Decimal

import pytest
from oxo_tickets import (
    CommunicationType,
    DiallingMode,
    Direction,
    Facility,
    Kind,
    Service,
    Ticket,
    TrunkKind,
    UserKind,
)


@pytest.fixture
def full_call() -> Ticket:
    """Return a call that fills every field a call may fill."""
    return Ticket(
        kind=Kind.CALL,
        direction=Direction.OUTGOING,
        communication_type=CommunicationType.OUTGOING,
        local_time=datetime(2020, 10, 25, 2, 30, 7),  # noqa: DTZ001 (wall clock)
        zone="Europe/Paris",
        fold=1,
        charged_user="128",
        charged_user_kind=UserKind.SET,
        initial_user="G9",
        initial_user_kind=UserKind.ATTENDANT_GROUP,
        dialled_number="0039067****",
        masked={"dialled_number": 4},
        dialling_mode=DiallingMode.REDIAL,
        facilities=(Facility.ONLINE_METERING, Facility.TRANSFER),
        service=Service.TELEPHONY,
        trunk="01",
        trunk_kind=TrunkKind.T0,
        ring_seconds=5,
        call_seconds=50,
        units=2,
        cost=Decimal("1.70"),
        currency="EUR",
        account_code="123456",
        subscriber_name="M. ORVELLE",
        reminder_time=time(7, 0),
        extras={"taxation": {"FutureThing": "42"}, "v24": {"NOD": "3"}},
    )
