"""Traffic through an exchange in virtual time: at any pace, over resets, with its wake-up peak."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from oxo_simulator.control.messages import Installation, TrafficOrder, TrafficState
from oxo_simulator.exchange.directory import Directory, Subscriber
from oxo_simulator.exchange.life import Phase
from oxo_simulator.exchange.placed import OrderError
from oxo_simulator.installation import Installed, profile_of
from oxo_simulator.taxation import outlet_terms
from oxo_simulator.traffic.terms import blocking
from oxo_simulator.traffic_orders import TrafficOrders

HOTEL = {"mode": "hotel", "hotel.print_room_status": True, "buffer.capacity": 30_000}


class Bench:
    """An exchange without wires, in manual time, and the traffic that it has."""

    def __init__(self, folder: Path, **overrides: Any) -> None:
        folder.mkdir()
        order = Installation(overrides=overrides)
        profile = profile_of(order)
        self.installed = Installed(
            order,
            profile,
            number=1,
            token="a",
            ledger_file=folder / "ledger.ndjson",
            outlets=[outlet_terms(profile)],
            utc_now=lambda: datetime(2026, 1, 1, tzinfo=UTC),
            broken=print,
        )
        self.traffic = TrafficOrders(lambda: self.installed, lambda: True)

    def let(self, **order: Any) -> TrafficState:
        slices = self.traffic.begin(TrafficOrder(**order))
        while True:
            try:
                next(slices)
            except StopIteration as end:
                found: TrafficState = end.value
                return found

    def lines(self, event: str) -> list[Any]:
        ledger = self.installed.ledger
        found = ledger.since(0, 1_000_000)
        while found[-1].n < ledger.last:
            found += ledger.since(found[-1].n, 1_000_000)
        return [line for line in found if line.event == event]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Any]:
    made: list[Bench] = []

    def make(**overrides: Any) -> Bench:
        made.append(Bench(tmp_path / str(len(made)), **overrides))
        return made[-1]

    yield make
    for each in made:
        each.installed.ledger.close()


def test_an_office_day_leads_to_its_tickets_and_the_same_seed_to_the_same_ones(bench: Any) -> None:
    one, other, third = bench(), bench(), bench()
    told = one.let(day="office", busy_hour_calls=60, seed=7)
    assert (told.running, told.day, told.erlang) == (False, "office", 1.82)
    assert told.calls > 200
    assert told.no_line == told.no_service == told.refused == 0
    assert told.calls - 20 < told.tickets_made <= told.calls, "some still talk"
    other.let(day="office", busy_hour_calls=60, seed=7)
    third.let(day="office", busy_hour_calls=60, seed=8)
    made = [[line.detail["ticket"] for line in each.lines("made")] for each in (one, other, third)]
    assert made[0] == made[1] != made[2]


def test_rooms_are_woken_in_groups_of_five_two_seconds_apart(bench: Any) -> None:
    one = bench()
    told = one.let(day="hotel-morning")
    assert told.appointments == 11
    begun: dict[str, Any] = {}
    for line in one.lines("reminder"):
        if line.detail["state"] in ("ringing", "busy"):
            begun.setdefault(line.detail["user"], line.exchange_time)
    assert Counter(begun.values()) == {
        "2020-02-25T07:00:00": 5,
        "2020-02-25T07:00:02": 5,
        "2020-02-25T07:00:04": 1,
    }


def test_a_hotel_month_is_carried_out_whole_and_nobody_is_refused(bench: Any) -> None:
    one = bench(**HOTEL)
    told = one.let(day="hotel-month", hours=24 * 10, erlang=0.5)
    assert told.refused == told.no_service == told.no_line == 0
    assert told.arrivals > 10
    assert told.room_statuses == told.departures
    kinds = Counter(line.detail["ticket"]["kind"] for line in one.lines("made"))
    assert kinds["room status"] == told.room_statuses
    assert kinds["reminder"] >= told.appointments
    assert kinds["call"] >= told.calls * 0.9


def test_a_load_beyond_the_lines_loses_what_erlang_says(bench: Any) -> None:
    one = bench()
    lines = sum(trunk.channels for trunk in one.installed.exchange.calls.trunks.occupation())
    hour = {"hours": 1.0, "holding_seconds": 600, "seed": 3}
    one.installed.clock.advance(20 * 3600)  # ten o'clock, the busy hour
    told = one.let(day="office", erlang=4.0 * lines, **hour)
    # The hour begins with free lines, so less is lost than in a busy hour that lasts.
    assert 0.3 < told.no_line / told.calls < blocking(4.0 * lines, lines)
    one.installed.clock.advance(24 * 3600)  # whoever still talked has ended
    trunks = one.installed.exchange.calls.trunks.occupation()
    assert [trunk.occupied for trunk in trunks] == [0] * len(trunks)


def test_traffic_waits_for_its_own_instants_and_ends_when_it_is_ended(bench: Any) -> None:
    one = bench()
    assert one.traffic.state() == TrafficState(running=False)
    begun = one.let(day="office", busy_hour_calls=600, advance=False)
    assert (begun.running, begun.calls) == (True, 0)
    one.installed.clock.advance(600)
    after = one.traffic.state()
    assert 50 < after.calls < 150
    with pytest.raises(OrderError, match="traffic goes on already"):
        one.let(day="office")
    assert not one.traffic.end().running
    one.installed.clock.advance(600)
    assert one.traffic.state().calls == after.calls
    another = one.let(day="office", busy_hour_calls=600, hours=0.1, advance=False)
    assert another.running, "and another may begin"
    one.installed.clock.advance(360)
    assert 10 < one.traffic.state().calls < after.calls, "with a count of its own"


def test_time_stays_where_traffic_is_ended(bench: Any) -> None:
    one = bench()
    order = TrafficOrder(day="office", busy_hour_calls=3_000, hours=24 * 300)
    slices, begin = one.traffic.begin(order), one.installed.clock.seconds()
    for _ in range(3):
        next(slices)
    one.traffic.end()
    with pytest.raises(StopIteration) as ended:
        next(slices)
    assert not ended.value.value.running
    assert 0 < one.installed.clock.seconds() - begin < 3600


def test_who_is_not_installed_any_more_is_refused_and_time_goes_on(bench: Any) -> None:
    one = bench()
    one.let(day="office", busy_hour_calls=600, advance=False)
    one.installed.exchange.calls.directory = Directory({"200": Subscriber("200", "Somebody")})
    one.installed.clock.advance(600)
    told = one.traffic.state()
    assert told.refused == told.calls > 50


def test_nobody_gets_through_while_a_reset_keeps_the_exchange_down(bench: Any) -> None:
    one = bench()
    one.let(day="office", busy_hour_calls=600, advance=False)
    one.installed.exchange.enter(Phase.REFUSED)
    one.installed.clock.advance(600)
    down = one.traffic.state()
    assert down.no_service == down.calls > 50
    one.installed.exchange.enter(Phase.SERVING)
    one.installed.clock.advance(600)
    up = one.traffic.state()
    assert up.no_service == down.no_service
    assert up.calls > down.calls


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ({"day": "hotel-month"}, 'hotel mode only; this exchange has mode = "business"'),
        ({"day": "hotel-morning", "rooms": 300}, "rooms 300; this exchange has 11 sets"),
        ({"day": "office", "rooms": 0}, "rooms 0; this exchange has"),
        ({"day": "office", "hours": -1}, "hours -1; more than 0"),
        ({"day": "office", "hours": float("nan")}, "hours nan"),
        ({"day": "office", "erlang": 1, "busy_hour_calls": 1}, "one of them is expected"),
        ({"day": "office", "holding_seconds": 0}, "holding_seconds 0"),
    ],
)
def test_an_order_that_cannot_be_is_named_and_nothing_begins(
    bench: Any, order: dict[str, Any], words: str
) -> None:
    one = bench()
    with pytest.raises(OrderError, match=words):
        one.let(**order)
    assert one.traffic.state() == TrafficState(running=False)


def test_traffic_ends_with_its_installation(bench: Any) -> None:
    one, next_one = bench(), bench()
    one.let(day="office", advance=False)
    assert one.traffic.state().running
    one.installed, next_one.installed = next_one.installed, one.installed
    assert not one.traffic.state().running


def test_a_month_of_a_hotel_leads_to_guests_wake_ups_and_bills(bench: Any) -> None:
    one = bench(mode="hotel")
    told = one.let(day="hotel-month", hours=5 * 24, seed=3)
    assert told.arrivals > 3
    assert told.refused == told.no_service == 0
    assert told.departures > 5
    documents = [line.detail["kind"] for line in one.lines("document")]
    checked_in = [line for line in one.lines("room") if line.detail["what"] == "checked in"]
    checked_out = [line for line in one.lines("room") if line.detail["what"] == "checked out"]
    assert documents.count("guest information") == len(checked_in) >= told.arrivals
    assert documents.count("guest bill") == len(checked_out) >= told.departures
    woken = Counter(
        line.detail["ticket"]["reminder_state"]
        for line in one.lines("made")
        if line.detail["source"] == "appointment"
    )
    assert woken["activation"] > 10
    assert woken["complete"] > woken["failed"]
    statuses = [line for line in one.lines("made") if line.detail["source"] == "room status"]
    assert len(statuses) == told.room_statuses


def test_no_slice_takes_long(bench: Any) -> None:
    one = bench(**HOTEL)
    steps = sum(1 for _ in one.traffic.begin(TrafficOrder(day="hotel-month", erlang=1)))
    # The clock yields after every hundred events; a month of this load has thousands.
    assert steps > 50
