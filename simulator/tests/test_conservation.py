"""Each call leads to the tickets prescribed and no others, whatever is ordered and set up.

What is prescribed is said a second time here, as the manual says it and as far from the code as can
be: by who talks to whom, from when till when.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from oxo_simulator.clock import VirtualClock, WallClock
from oxo_simulator.exchange.core import Exchange
from oxo_simulator.exchange.orders import CallOrder
from oxo_simulator.exchange.sets import SetState
from oxo_simulator.exchange.trunks import TrunkUnavailable
from oxo_simulator.profile import load_profile
from oxo_simulator.taxation import outlet_terms

SETS = ("101", "106", "120", "130", "131")
GROUP = ("130", "131", "132", "133")
DATA, OUTSIDE = "140", "0388551122"
DAY = 86_399

states = st.builds(
    SetState,
    condition=st.sampled_from(["free", "free", "free", "busy", "out of service", "do not disturb"]),
    # One diversion, so that who answers can be told at a glance; chains are in test_calls.
    diverted_to=st.sampled_from([None, None, None, OUTSIDE, "100"]),
    monitoring=st.sampled_from([None, None, "none", "all", "outgoing"]),
)
answered = st.integers(0, 3) | st.just(90_000)
somebody = st.sampled_from([*SETS, "500", DATA])


@st.composite
def orders(draw: st.DrawFn) -> CallOrder:
    """Draw an order that is in order."""
    direction = draw(st.sampled_from(["outgoing", "incoming", "internal", "break-in"]))
    talk = draw(answered)
    order: dict[str, Any] = {
        "direction": "incoming" if direction == "break-in" else direction,
        "number": draw(st.sampled_from(["0390", "00390"])),
        "user": draw(st.sampled_from(SETS) if direction != "incoming" else somebody),
        "ring_seconds": draw(st.integers(0, 9)),
        "call_seconds": talk,
        "units": draw(st.none() | st.integers(0, 3)),
        "network": draw(st.booleans()),
        "times": draw(st.integers(1, 2)),
    }
    if direction == "internal":
        order |= {"number": draw(somebody), "network": False}
    if order["network"]:
        order |= {"units": None}
    if direction == "break-in":
        return CallOrder(**{**order, "user": "P01", "break_in": True})
    extra = draw(st.sampled_from(["plain", "transfer", "conference"]))
    if extra == "transfer" and talk > 1:
        order |= {"transfer_to": draw(somebody)}
        order |= {"transfer_after_seconds": draw(st.integers(1, talk - 1))}
    if extra == "conference" and talk:
        parties = st.sampled_from([*SETS, DATA, "0199", "0198"])
        order |= {"conference_with": draw(st.lists(parties, min_size=1, max_size=2))}
        order |= {"conference_after_seconds": draw(st.integers(0, talk - 1))}
    return CallOrder(**order)


metering = st.fixed_dictionaries(
    {
        "metering.unanswered_incoming": st.booleans(),
        "metering.monitoring": st.sampled_from(["all", "all", "none", "outgoing"]),
        "metering.duration_minutes": st.sampled_from([0, 1]),
        "metering.international_prefix": st.sampled_from(["", "00"]),
        "metering.long_calls": st.sampled_from(["continue", "grow"]),
        "metering.write_delay_seconds": st.sampled_from([0, 1, 40]),
        "metering.mask_last_four": st.booleans(),
        "licence.local_calls": st.booleans(),
        "charging.advice_seconds": st.sampled_from([0, 7]),
    }
)


class Part(NamedTuple):
    """Somebody is connected: who pays, which way, whether it is public, from when till when."""

    user: str
    way: str
    public: bool
    since: int
    until: int
    number: str


World = Mapping[str, SetState]


def meets(number: str, world: World, *talking: str) -> tuple[str, str]:
    """Say who takes a call to a number, and what the caller meets: free, outside, refused ...

    Who is `talking` in that call already is as good as busy.
    """
    first = number
    target = world.get(number, SetState()).diverted_to
    if target == OUTSIDE:
        return number, "outside"
    number = target or number
    if number == DATA:
        return number, "refused"
    if number in talking:
        return first, "busy"
    if number != "500":
        return number, world.get(number, SetState()).condition
    conditions = [
        "busy" if member in talking else world.get(member, SetState()).condition for member in GROUP
    ]
    if "free" in conditions:
        return GROUP[conditions.index("free")], "free"
    return number, conditions[0]


def talks(order: CallOrder, world: World) -> Iterator[Part]:
    """Say who is connected to whom during a call."""
    length, public = order.call_seconds, not order.network
    if order.break_in:
        yield Part("01", "in", False, 0, length, "")
        yield Part("01", "out", public, 0, length, order.number)
        return
    if order.direction != "incoming" and world.get(order.user, SetState()).condition == (
        "out of service"
    ):
        return
    if order.direction == "outgoing":
        yield from joined(order, world, order.user, "out", [(order.user, order.number)])
        return
    called = order.number if order.direction == "internal" else order.user
    talking = [order.user] if order.direction == "internal" else []
    party, met = meets(called, world, *talking)
    if met == "refused":
        return
    if met == "outside":
        if order.direction == "incoming":
            yield Part(party, "in", False, 0, length, order.number)
        yield Part(party, "out", public, 0, length, OUTSIDE)
        return
    ways = [(order.user, party), (party, order.user)]
    if order.direction == "incoming":
        ways = [(party, order.number)]
    way = "in" if order.direction == "incoming" else "local"
    if met != "free" or not length:
        alone = ways[:1] if way == "local" and party == order.user else ways
        yield from (Part(user, way, False, 0, 0, number) for user, number in alone)
        return
    yield from joined(order, world, order.user if way == "local" else party, way, ways)


def joined(
    order: CallOrder, world: World, mine: str, way: str, ways: list[tuple[str, str]]
) -> Iterator[Part]:
    """Say the same of a conversation that may be handed over, or that others join."""
    length, public = order.call_seconds, not order.network and way == "out"
    at, present = length, [user for user, _ in ways]
    if order.transfer_to is not None:
        other, met = meets(order.transfer_to, world, *present)
        if met == "free":
            at = order.transfer_after_seconds
            for user, number in ways:
                heir = (other, number) if user == mine else (user, other)
                yield Part(heir[0], way, public, at, length, heir[1])
    yield from (Part(user, way, public, 0, at, number) for user, number in ways)
    for party in order.conference_with:
        if party.startswith("0"):
            begin = order.conference_after_seconds
            yield Part(mine, "out", not order.network, begin, length, party)
        elif meets(party, world, *present)[1] == "free":
            who = meets(party, world, *present)[0]
            present.append(who)
            for user, number in ((mine, who), (who, mine)):
                yield Part(user, "local", False, order.conference_after_seconds, length, number)


def ticketed(part: Part, world: World, keys: Mapping[str, Any]) -> bool:
    """Say whether the settings let a ticket of it be."""
    if part.way == "local" and not keys["licence.local_calls"]:
        return False
    if part.way != "out" and part.since == part.until and not keys["metering.unanswered_incoming"]:
        return False
    monitoring = world.get(part.user, SetState()).monitoring or keys["metering.monitoring"]
    if monitoring != "outgoing":
        return bool(monitoring == "all")
    if part.way != "out" or not part.public:
        return False
    minutes, prefix = keys["metering.duration_minutes"], keys["metering.international_prefix"]
    if not minutes and not prefix:
        return True
    long = minutes and part.until - part.since >= 60 * minutes
    return bool(long or (prefix and part.number.startswith(prefix)))


def prescription(order: CallOrder, world: World, keys: Mapping[str, Any]) -> Counter[Any]:
    """Say who gets tickets of which way, and how long each is."""
    found: Counter[Any] = Counter()
    for part in talks(order, world):
        if not ticketed(part, world, keys):
            continue
        length = part.until - part.since
        while keys["metering.long_calls"] == "continue" and length > DAY:
            found[part.user, part.way, DAY] += 1
            length -= DAY
        found[part.user, part.way, length] += 1
    return found


def played(
    placed: list[CallOrder], world: World, keys: Mapping[str, Any]
) -> tuple[Exchange, list[tuple[str, dict[str, Any]]]]:
    """Let an exchange carry the orders out; one that finds no line is none."""
    profile = load_profile("certify", keys)
    lines: list[tuple[str, dict[str, Any]]] = []
    clock = VirtualClock()
    exchange = Exchange(
        profile=profile,
        seed=1,
        epoch="e",
        clock=WallClock(clock, profile.start, ZoneInfo(profile.zone)),
        record=lambda event, detail: lines.append((event, detail)),
        outlets=[outlet_terms(profile)],
    )
    for number, state in world.items():
        exchange.calls.set_up(number, state)
    for order in placed:
        try:
            exchange.place([order])
        except TrunkUnavailable:
            lines.append(("no line", {}))
        clock.advance(5)
    clock.advance(400_000)
    return exchange, lines


@given(
    st.lists(orders(), min_size=1, max_size=4),
    st.dictionaries(st.sampled_from(SETS), states),
    metering,
)
@settings(max_examples=200, deadline=None)
def test_each_call_leads_to_the_tickets_prescribed_and_no_others(
    placed: list[CallOrder], world: World, keys: Mapping[str, Any]
) -> None:
    exchange, lines = played(placed, world, keys)
    made: dict[str, Counter[Any]] = defaultdict(Counter)
    ways = {"outgoing": "out", "incoming": "in", "local": "local"}
    for event, detail in lines:
        if event == "made":
            ticket = detail["ticket"]
            made[detail["call"]][
                ticket.charged_user, ways[ticket.direction], ticket.call_seconds
            ] += 1
    expected = [prescription(order, world, keys) for order in placed for _ in range(order.times)]
    begun = [detail["call"] for event, detail in lines if event == "call"]
    assert [made[call] for call in begun] == expected
    ended = {detail["call"]: detail for event, detail in lines if event == "call ended"}
    assert sorted(ended) == sorted(begun)
    told = [number for detail in ended.values() for number in detail["tickets"]]
    assert sorted(told) == list(range(1, exchange.tickets_made + 1))
    for detail in ended.values():
        assert ("why" in detail) == (not detail["tickets"])
    assert not any(trunk.occupied for trunk in exchange.calls.trunks.occupation())
    assert not any(exchange.calls.talking(number) for number in SETS)


@given(st.lists(orders(), min_size=1, max_size=3), st.dictionaries(st.sampled_from(SETS), states))
@settings(deadline=None)
def test_what_is_told_at_once_is_what_the_ledger_tells(
    placed: list[CallOrder], world: World
) -> None:
    exchange, _ = played([], world, {})
    outcomes = exchange.place(placed).outcomes
    calls = [order for order in placed for _ in range(order.times)]
    for order, outcome in zip(calls, outcomes, strict=True):
        if outcome in ("answered", "unanswered"):
            assert (outcome == "answered") == bool(order.call_seconds)
