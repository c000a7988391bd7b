"""Steps on calls."""

from datetime import datetime, time
from decimal import Decimal
from typing import Any

from msgspec.structs import replace
from oxo_simulator.control.messages import CallOrder, SetOrder
from oxo_tickets import (
    CommunicationType,
    DiallingMode,
    Direction,
    Facility,
    Kind,
    ReminderState,
    Service,
    Ticket,
    TrunkKind,
)
from pytest_bdd import parsers, when

from oxo_scenarios.bench.play import Play

EXTERNAL = "0388551122"
ANOTHER = "0388551133"
DIALLING = {
    "by hand": DiallingMode.MANUAL,
    "by redial": DiallingMode.REDIAL,
    "by speed dial": DiallingMode.COLLECTIVE_SPEED_DIAL,
}


@when(parsers.parse("{number:d} call is made"))
@when(parsers.parse("{number:d} calls are made"))
def calls(play: Play, number: int) -> None:
    """Outgoing calls one after the other, none like another."""
    for order in different_calls(number):
        play.call(order)


@when(parsers.parse("{number:d} calls are made in one moment"))
def calls_in_one_moment(play: Play, number: int) -> None:
    """Calls that differ, and whose tickets are there together: they make one file."""
    play.call(*different_calls(number))


@when(parsers.parse("{number:d} calls are made at the same instant, several of them alike"))
def calls_at_once(play: Play, number: int) -> None:
    """A quarter of the calls are alike, the others come in pairs; they last the same time."""
    alike = number // 4
    orders = [CallOrder(direction="outgoing", user="104", number=EXTERNAL, units=3, times=alike)]
    orders += [
        CallOrder(
            direction="outgoing",
            user=str(110 + first),
            number=EXTERNAL,
            units=first,
            times=min(2, number - alike - first),
        )
        for first in range(0, number - alike, 2)
    ]
    play.call(*orders)


@when(
    parsers.re(
        r"extension (?P<user>\d+) dials an external number (?P<how>by .+)"
        r" and talks (?P<seconds>\d+) seconds"
    )
)
def dialled_call(play: Play, user: str, how: str, seconds: str) -> None:
    """One charged call in this dialling mode."""
    play.call(
        CallOrder(
            direction="outgoing",
            user=user,
            number=EXTERNAL,
            dialling_mode=DIALLING[how],
            call_seconds=int(seconds),
            units=2,
        )
    )


@when(
    parsers.parse(
        "extension {user} dials an external number on line {line} and talks {seconds:d} seconds"
    )
)
def call_on_line(play: Play, user: str, line: str, seconds: int) -> None:
    """One charged call on this line."""
    play.call(
        CallOrder(
            direction="outgoing", user=user, number=EXTERNAL, trunk=line, call_seconds=seconds,
            units=2,
        )
    )  # fmt: skip


@when(
    parsers.parse(
        "extension {user} dials an external number and transfers it to extension {other}"
        " after {at:d} of {seconds:d} seconds"
    )
)
def transferred_call(play: Play, user: str, other: str, at: int, seconds: int) -> None:
    """Each of the two is charged his own part."""
    play.call(
        CallOrder(
            direction="outgoing", user=user, number=EXTERNAL, call_seconds=seconds, units=4,
            transfer_to=other, transfer_after_seconds=at,
        )
    )  # fmt: skip


@when(
    parsers.parse(
        "extension {user} dials an external number and brings in another one"
        " after {at:d} of {seconds:d} seconds"
    )
)
def conference(play: Play, user: str, at: int, seconds: int) -> None:
    """Three talk on two lines, until the end."""
    play.call(
        CallOrder(
            direction="outgoing", user=user, number=EXTERNAL, call_seconds=seconds, units=2,
            conference_with=[ANOTHER], conference_after_seconds=at,
        )
    )  # fmt: skip


@when(parsers.parse("extension {user} diverts its calls to an external number"))
def diverted(play: Play, user: str) -> None:
    """Each call for it leaves the exchange again."""
    play.set_up(user, SetOrder(diverted_to=ANOTHER))


@when(parsers.re(r"extension (?P<user>\d+) is (?P<state>busy|out of service|do not disturb|free)"))
def set_state(play: Play, user: str, state: Any) -> None:
    """What a caller meets there from now on."""
    play.set_up(user, SetOrder(state=state))


@when(parsers.parse("extension {user} is called from outside and talks {seconds:d} seconds"))
def called(play: Play, user: str, seconds: int) -> None:
    """One call that comes in."""
    play.call(_incoming(user, seconds))


@when(
    parsers.parse(
        "extension {user} is called from outside, rings {ring:d} seconds"
        " and talks {seconds:d} seconds"
    )
)
def called_and_rung(play: Play, user: str, ring: int, seconds: int) -> None:
    """One call that comes in, and is not answered at once."""
    play.call(_incoming(user, seconds, ring))


@when(parsers.parse("extensions {users} are called from outside"))
def all_called(play: Play, users: str) -> None:
    """One after the other; who can be reached talks."""
    for user in users.split(", "):
        play.call(_incoming(user, 50))


def _incoming(user: str, seconds: int, ring: int = 5) -> CallOrder:
    return CallOrder(
        direction="incoming", user=user, number=EXTERNAL, ring_seconds=ring, call_seconds=seconds
    )


@when("the exchange closes its account file")
def closes_account_file(play: Play) -> None:
    """As it does at every full hour: what was written since then is a file from now on."""
    play.close_account_file()


def different_calls(number: int) -> list[CallOrder]:
    """Return outgoing calls that differ in set, number, duration and units."""
    return [
        CallOrder(
            direction="outgoing",
            user=f"{101 + n % 9}",
            number=f"03885510{n:02d}",
            call_seconds=10 + n,
            units=n % 5,
        )
        for n in range(number)
    ]


@when(parsers.parse("extension {user} makes {number:d} calls of {seconds:d} seconds"))
def calls_of_one_set(play: Play, user: str, number: int, seconds: int) -> None:
    """Outgoing calls one after the other, each to a number of its own."""
    for n in range(number):
        play.call(
            CallOrder(
                direction="outgoing",
                user=user,
                number=f"03885512{n:02d}",
                call_seconds=seconds,
                units=2,
            )
        )


@when("tickets are written that a naive reader does not expect")
def odd_tickets_written(play: Play) -> None:
    """Each is legal; behind them comes a plain one, which is lost to whoever stops before it."""
    play.load(odd_tickets())
    play.call(*different_calls(1))


def odd_tickets() -> list[Ticket]:
    """Return tickets that are legal and rare, and tell what no other case makes.

    An empty user, marks of XML in a name, a private call, a facility without a number; a call with
    an account code that lasts over an hour, costs thousands in another currency and used two
    facilities; a reminder in the evening.
    """
    call = Ticket(
        kind=Kind.CALL,
        direction=Direction.OUTGOING,
        communication_type=CommunicationType.OUTGOING,
        local_time=datetime.fromisoformat("2020-02-24T13:30:00"),
        charged_user="128",
        dialled_number=EXTERNAL,
        service=Service.TELEPHONY,
        trunk_kind=TrunkKind.T2,
        trunk="01",
        call_seconds=30,
        units=1,
        cost=Decimal("1.70"),
        currency="EUR",
    )
    marks = replace(call, subscriber_name="Kraus & <Sons>")
    empty = replace(call, charged_user="", subscriber_name=None)
    private = replace(call, communication_type=CommunicationType.OUTGOING_PRIVATE, units=0,
                      cost=Decimal(0), dialled_number="7201")  # fmt: skip
    rich = replace(
        call,
        subscriber_name="Freifrau von Löwenstein-Wertheim-Rosenberg",
        initial_user="104",
        account_code="0047110815",
        service=Service.DATA,
        dialling_mode=DiallingMode.INDIVIDUAL_SPEED_DIAL,
        trunk_kind=TrunkKind.VOIP,
        trunk="112",
        facilities=(Facility.FORWARDING, Facility.ONLINE_METERING),
        call_seconds=4521,
        units=1137,
        cost=Decimal("2274.56"),
        currency="CHF",
    )
    evening = Ticket(
        kind=Kind.REMINDER,
        local_time=datetime.fromisoformat("2020-02-24T13:50:00"),
        charged_user="109",
        reminder_time=time(18, 45),
        reminder_state=ReminderState.CANCELLATION,
    )
    facility = Ticket(
        kind=Kind.FACILITY,
        direction=Direction.OUTGOING,
        communication_type=CommunicationType.FACILITY_REQUEST,
        local_time=datetime.fromisoformat("2020-02-24T13:40:00"),
        charged_user="128",
        facilities=(Facility.USER_TO_USER,),
    )
    return [marks, empty, private, facility, rich, evening]
