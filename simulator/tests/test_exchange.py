"""The exchange on paper: orders in, ledger lines and waiting tickets out, no socket anywhere."""

from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from oxo_simulator.clock import VirtualClock, WallClock
from oxo_simulator.exchange.appointment_orders import Appointment
from oxo_simulator.exchange.core import Exchange
from oxo_simulator.exchange.directory import Directory, SubscriberUnknown
from oxo_simulator.exchange.life import ResetKind
from oxo_simulator.exchange.loading import CHECKED_TICKETS, SLICE_TICKETS
from oxo_simulator.exchange.orders import CallOrder
from oxo_simulator.exchange.placed import OrderError
from oxo_simulator.exchange.port import NeverOffered, TicketPort
from oxo_simulator.exchange.trunks import TrunkUnavailable
from oxo_simulator.profile import load_profile
from oxo_simulator.taxation import outlet_terms
from oxo_tickets import (
    CommunicationType,
    DiallingMode,
    Direction,
    Kind,
    ReminderState,
    Service,
    Ticket,
    TrunkKind,
    UserKind,
)

OUT = CallOrder(direction="outgoing", user="128", number="0390670000", call_seconds=50, units=2)
IN = CallOrder(
    direction="incoming", user="106", number="0346057124", ring_seconds=18, call_seconds=6
)
MISSED = CallOrder(
    direction="incoming", user="106", number="0346057124", ring_seconds=20, call_seconds=0
)


class Bench:
    """An exchange with a clock and a ledger on paper."""

    def __init__(self, **overrides: Any) -> None:
        dotted = {key.replace("__", "."): value for key, value in overrides.items()}
        profile = load_profile("certify", dotted)
        self.clock = VirtualClock()
        self.wall = WallClock(self.clock, profile.start, ZoneInfo(profile.zone))
        self.lines: list[tuple[str, dict[str, Any]]] = []
        self.exchange = Exchange(
            profile=profile,
            seed=1,
            epoch="e",
            clock=self.wall,
            record=lambda event, detail: self.lines.append((event, detail)),
            outlets=[outlet_terms(profile)],
        )

    def place(self, *orders: CallOrder) -> list[int]:
        placed = self.exchange.place(orders)
        self.clock.advance(placed.seconds)
        return placed.ids

    def tickets(self) -> list[Ticket]:
        return [each.ticket for each in self.exchange.waiting(10_000)]

    def events(self) -> list[str]:
        return [event for event, _ in self.lines]


def test_an_outgoing_call_leaves_the_ticket_it_should() -> None:
    bench = Bench()
    assert bench.place(OUT) == [1]
    assert bench.tickets() == [
        Ticket(
            kind=Kind.CALL,
            direction=Direction.OUTGOING,
            communication_type=CommunicationType.OUTGOING,
            local_time=datetime(2020, 2, 24, 14),  # noqa: DTZ001
            zone="Europe/Berlin",
            fold=0,
            charged_user="128",
            charged_user_kind=UserKind.SET,
            dialled_number="0390670000",
            dialling_mode=DiallingMode.MANUAL,
            service=Service.TELEPHONY,
            trunk="01",
            trunk_kind=TrunkKind.T2,
            ring_seconds=0,
            call_seconds=50,
            units=2,
            cost=Decimal("3.40"),
            currency="EUR",
            subscriber_name=Directory.from_seed(1)["128"].name,
        )
    ]


def test_an_incoming_call_names_the_caller_the_called_and_its_ringing() -> None:
    bench = Bench()
    bench.place(IN)
    (ticket,) = bench.tickets()
    assert ticket.direction is Direction.INCOMING
    assert ticket.communication_type is CommunicationType.INCOMING
    assert (ticket.charged_user, ticket.initial_user) == ("106", "106")
    assert (ticket.dialled_number, ticket.ring_seconds, ticket.call_seconds) == (
        "0346057124",
        18,
        6,
    )
    assert ticket.dialling_mode is None


@pytest.mark.parametrize("mode", DiallingMode)
def test_the_ticket_tells_how_the_number_was_dialled(mode: DiallingMode) -> None:
    bench = Bench()
    bench.place(CallOrder(direction="outgoing", user="128", number="0390", dialling_mode=mode))
    assert bench.tickets()[0].dialling_mode is mode


def test_the_ticket_is_written_the_delay_after_the_call_and_not_before() -> None:
    bench = Bench(metering__write_delay_seconds=3)
    placed = bench.exchange.place([IN])
    bench.clock.advance(18 + 6 + 2.9)
    assert placed.ids == []
    bench.clock.advance(0.1)
    assert placed.ids == [1]
    assert bench.wall.now().local == datetime(2020, 2, 24, 14, 0, 27)  # noqa: DTZ001


def test_calls_of_one_request_begin_together_and_neighbours_may_be_identical() -> None:
    bench = Bench()
    twice = CallOrder(direction="outgoing", user="128", number="0390", times=2)
    assert bench.place(twice, OUT, IN) == [1, 2, 3, 4]
    tickets = bench.tickets()
    assert len({ticket.local_time for ticket in tickets}) == 1
    # The short one first, the others in the order of the request.
    assert [ticket.charged_user for ticket in tickets] == ["106", "128", "128", "128"]
    assert tickets[1] == tickets[2]


def test_lines_are_free_again_when_their_calls_have_ended() -> None:
    bench = Bench()
    line = CallOrder(direction="outgoing", user="128", number="0390", trunk="N01", times=2)
    assert bench.place(line) == [1, 2]
    assert bench.place(line) == [3, 4]
    assert {(t.trunk, t.trunk_kind) for t in bench.tickets()} == {("01", TrunkKind.T0)}


def test_a_request_that_finds_no_line_places_no_call_at_all() -> None:
    bench = Bench()
    order = CallOrder(direction="outgoing", user="128", number="0390", trunk="N01", times=3)
    with pytest.raises(TrunkUnavailable, match="N01 is busy; 2 calls at once"):
        bench.exchange.place([OUT, order])
    bench.clock.advance(1000)
    assert bench.lines == []
    assert bench.place(CallOrder(direction="outgoing", user="128", number="0", times=155))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"user": "999"}, "user '999' is no set of this exchange; there are 100 to 149"),
        ({"number": "hello"}, "call 2: number 'hello'; at most 26 of"),
        ({"number": "1" * 27}, "at most 26"),
        ({"call_seconds": -1}, "call 2: call_seconds -1; 0 to 359999 is expected"),
        ({"ring_seconds": 86_400}, "ring_seconds 86400"),
        ({"times": 0}, "times 0; 1 to 1000"),
        ({"units": 65_536}, "units 65536"),
        ({"account_code": "x" * 17}, "account_code of 17 characters; at most 16"),
        ({"trunk": "Q7"}, "trunk 'Q7' does not exist; there are P01"),
    ],
)
def test_a_wrong_order_is_named_and_nothing_happens(wrong: dict[str, Any], words: str) -> None:
    bench = Bench()
    good = {"direction": "outgoing", "user": "128", "number": "0390"}
    with pytest.raises((OrderError, SubscriberUnknown, TrunkUnavailable), match=words):
        bench.exchange.place([OUT, CallOrder(**{**good, **wrong})])
    bench.clock.advance(1000)
    assert bench.lines == []


def test_an_appointment_leaves_its_activation_ticket() -> None:
    bench = Bench()
    placed = bench.exchange.program(Appointment(user="106", time="07:00"))
    bench.clock.advance(placed.seconds)
    (ticket,) = bench.tickets()
    assert ticket.kind is Kind.REMINDER
    assert ticket.charged_user == "106"
    assert ticket.reminder_time == time(7)
    assert ticket.reminder_state is ReminderState.ACTIVATION
    assert [event for event, _ in bench.lines] == ["reminder", "made", "buffered"]
    assert bench.lines[1][1]["source"] == "appointment"


@pytest.mark.parametrize(
    "wrong", ["7:00", "24:00", "07:60", "0700", "07:00\n", "\u0660\u0667:\u0660\u0660"]
)
def test_an_appointment_at_no_time_is_refused(wrong: str) -> None:
    with pytest.raises(OrderError, match="HH:MM is expected"):
        Bench().exchange.program(Appointment(user="106", time=wrong))


def loaded(*seconds: int) -> list[Ticket]:
    return [
        Ticket(kind=Kind.CALL, local_time=datetime(2020, 1, 1, 0, 0, second))  # noqa: DTZ001
        for second in seconds
    ]


def test_loaded_tickets_are_written_as_they_are_at_once() -> None:
    bench = Bench()
    tickets = loaded(9, 2, 5)
    assert bench.exchange.load(tickets, 0).ids == [1, 2, 3]
    assert bench.tickets() == tickets
    assert bench.lines[0] == ("made", {"id": 1, "ticket": tickets[0], "source": "loaded"})


@pytest.mark.parametrize(("pace", "expected"), [(1, [0, 4, 4, 10]), (2, [0, 2, 2, 5])])
def test_loaded_tickets_keep_their_spacing_scaled(pace: float, expected: list[float]) -> None:
    bench = Bench()
    seen: list[float] = []
    placed = bench.exchange.load(loaded(3, 7, 1, 7), pace)
    while bench.exchange.tickets_made < 4:
        seen += [bench.clock.seconds()] * (len(placed.ids) - len(seen))
        bench.clock.advance(0.5)
    seen += [bench.clock.seconds()] * (len(placed.ids) - len(seen))
    assert seen == expected


def test_spacing_is_of_instants_so_the_repeated_hour_counts() -> None:
    bench = Bench()
    at = datetime(2020, 10, 25, 2, 30)  # noqa: DTZ001
    pair = [Ticket(kind=Kind.CALL, local_time=at, zone="Europe/Berlin", fold=f) for f in (0, 1)]
    assert bench.exchange.load(pair, 1).seconds == 3600


def test_a_ticket_of_no_zone_is_refused_before_any_is_written() -> None:
    bench = Bench()
    with pytest.raises(OrderError, match="ticket 2: zone 'Mars/Base'; an IANA zone is expected"):
        bench.exchange.load(
            [*loaded(1), Ticket(kind=Kind.CALL, local_time=datetime(2020, 1, 1), zone="Mars/Base")],  # noqa: DTZ001
            0,
        )
    assert bench.lines == []


def test_a_full_buffer_drops_the_newest_and_the_sequence_has_no_gap() -> None:
    bench = Bench(buffer__capacity=3, buffer__alarm_percent=70)
    bench.exchange.load(loaded(1, 2, 3, 4), 0)
    assert bench.lines[-1] == ("dropped", {"id": 4, "reason": "buffer full"})
    bench.exchange.offered(1, 2, "s", "c")
    assert bench.exchange.acknowledge(2, "s", "c") == 2
    bench.exchange.load(loaded(5), 0)
    assert [(each.sequence, each.id) for each in bench.exchange.waiting(9)] == [(3, 3), (4, 5)]


def test_the_alarm_is_told_once_per_crossing() -> None:
    bench = Bench(buffer__capacity=10, buffer__alarm_percent=70)
    bench.exchange.load(loaded(*range(9)), 0)
    assert bench.events().count("alarm") == 1
    position = bench.events().index("alarm")
    assert bench.lines[position - 1] == ("buffered", {"id": 7, "sequence": 7})
    assert bench.lines[position][1] == {"buffered": 7, "capacity": 10, "percent": 70}
    bench.exchange.offered(1, 9, "s", "c")
    bench.exchange.acknowledge(5, "s", "c")
    bench.exchange.load(loaded(*range(3)), 0)
    assert bench.events().count("alarm") == 2


def test_the_alarm_follows_the_profile() -> None:
    bench = Bench(buffer__capacity=10, buffer__alarm_percent=20)
    bench.exchange.load(loaded(1, 2), 0)
    assert bench.lines[-1][1] == {"buffered": 2, "capacity": 10, "percent": 20}


def test_without_the_licence_nothing_waits() -> None:
    bench = Bench(licence__call_accounting_over_ip=False)
    bench.place(OUT)
    assert bench.lines[-2] == ("dropped", {"id": 1, "reason": "no licence"})
    assert bench.lines[-1] == ("call ended", {"call": "c1", "tickets": [1]})
    bench.exchange.licence = True
    bench.place(OUT)
    assert [(each.sequence, each.id) for each in bench.exchange.waiting(9)] == [(1, 2)]


def test_an_unanswered_incoming_call_is_ticketed_where_the_profile_says_so() -> None:
    asked, silent = Bench(), Bench(metering__unanswered_incoming=False)
    asked.place(MISSED)
    assert (asked.tickets()[0].call_seconds, asked.tickets()[0].ring_seconds) == (0, 20)
    assert silent.place(MISSED, IN) == [1]
    why = {"call": "c1", "tickets": [], "why": "unanswered call not ticketed"}
    assert ("call ended", why) in silent.lines


def test_cost_and_currency_follow_the_profile() -> None:
    bench = Bench(charging__currency="CHF", charging__unit_value="0.05")
    bench.place(OUT)
    assert (bench.tickets()[0].cost, bench.tickets()[0].currency) == (Decimal("0.10"), "CHF")


def test_tickets_of_the_repeated_hour_tell_its_pass() -> None:
    bench = Bench(start=datetime(2020, 10, 25, 2, 30))  # noqa: DTZ001
    bench.place(OUT)
    bench.clock.advance(3600)
    bench.place(OUT)
    assert [(t.local_time.hour, t.fold) for t in bench.tickets()] == [(2, 0), (2, 1)]


def never_offered(bench: Bench, last: int, highest: int) -> None:
    with pytest.raises(NeverOffered) as met:
        bench.exchange.acknowledge(last, "s", "c")
    assert (met.value.last, met.value.highest) == (last, highest)


def test_what_was_never_offered_is_not_removed() -> None:
    bench = Bench()
    bench.exchange.load(loaded(1, 2, 3), 0)
    never_offered(bench, 3, highest=0)
    bench.exchange.offered(1, 2, "s1", "c1")
    for last in (3, -1, 2**63 - 1):
        never_offered(bench, last, highest=2)
    assert bench.exchange.acknowledge(0, "s1", "c1") == 0
    assert bench.exchange.waiting_count() == 3
    assert bench.exchange.acknowledge(2, "s1", "c2") == 2
    assert bench.lines[-1] == (
        "acknowledged",
        {"first": 1, "last": 2, "session": "s1", "connection": "c2"},
    )
    assert bench.exchange.acknowledge(2, "s1", "c2") == 0
    assert bench.events()[-1] == "acknowledged"
    assert bench.events().count("acknowledged") == 1


def test_names_come_from_the_seed_and_fit_the_field() -> None:
    def names(seed: int) -> list[str]:
        return [Directory.from_seed(seed)[str(number)].name for number in range(100, 150)]

    assert names(1) == names(1)
    assert names(1) != names(2)
    assert all(0 < len(name) <= 16 for name in names(1) + names(2))


def test_the_exchange_is_the_port_that_wires_ask_for() -> None:
    def epoch_of(port: TicketPort) -> tuple[str, str, bool]:
        return port.epoch, port.release, port.serving

    assert epoch_of(Bench().exchange) == ("e", "R3.2 (034.001)", True)


def test_a_ticket_that_no_wire_can_say_is_dropped_and_blocks_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("oxo_simulator.exchange.loading.unsayable", lambda _ticket: None)
    local_time = datetime(9999, 12, 31, 12, 59, 59)  # noqa: DTZ001 - wall clock
    poison = Ticket(kind=Kind.LOCAL_CALL, local_time=local_time, call_seconds=86400)
    good = Ticket(kind=Kind.CALL, local_time=local_time, call_seconds=1)
    bench = Bench()
    assert bench.exchange.load([good, poison, good], 0).ids == [1, 2, 3]
    assert [(line, detail.get("reason")) for line, detail in bench.lines] == [
        ("made", None),
        ("buffered", None),
        ("made", None),
        ("dropped", "cannot be rendered"),
        ("made", None),
        ("buffered", None),
    ]
    assert [(each.sequence, each.id) for each in bench.exchange.waiting(9)] == [(1, 1), (2, 3)]


def test_a_load_with_one_ticket_that_no_wire_can_say_writes_nothing() -> None:
    bench = Bench()
    local_time = datetime(2020, 2, 24)  # noqa: DTZ001 - wall clock
    call = Ticket(kind=Kind.CALL, local_time=local_time)
    wrong = Ticket(kind=Kind.CALL, local_time=local_time, call_seconds=360_000)
    with pytest.raises(OrderError, match=r"ticket 2: call_seconds 360000; less than a hundred"):
        bench.exchange.load([call, wrong], 0)
    assert bench.lines == []


# loads in slices


def plain(count: int) -> list[Ticket]:
    begin = datetime(2020, 2, 24, 14)  # noqa: DTZ001 - wall clock
    return [Ticket(kind=Kind.CALL, local_time=begin, charged_user=str(n)) for n in range(count)]


def test_a_load_is_written_slice_by_slice_and_whole() -> None:
    bench, many = Bench(buffer__capacity=5000), plain(2 * CHECKED_TICKETS + SLICE_TICKETS // 2)
    made = [bench.exchange.tickets_made for _ in bench.exchange.loading(many, 0)]
    assert made == [0, 0, *range(SLICE_TICKETS, len(many), SLICE_TICKETS)]
    assert bench.tickets() == many


def test_a_wrong_ticket_in_the_last_slice_keeps_all_of_them_out() -> None:
    bench, many = Bench(), plain(CHECKED_TICKETS + 2)
    many[-1] = Ticket(kind=Kind.CALL, local_time=many[0].local_time, charged_user="1" * 200)
    with pytest.raises(OrderError, match=f"ticket {CHECKED_TICKETS + 2}: charged_user"):
        bench.exchange.load(many, 0)
    assert bench.exchange.tickets_made == 0


def test_a_paced_load_keeps_its_spacing_while_time_goes_on_between_slices() -> None:
    bench, begin = Bench(buffer__capacity=5000), datetime(2020, 2, 24, 14)  # noqa: DTZ001
    many = [Ticket(kind=Kind.CALL, local_time=begin + timedelta(seconds=n)) for n in range(250)]
    for _ in bench.exchange.loading(many, 1):
        bench.clock.advance(30)
    assert len(bench.tickets()) == 61
    bench.clock.advance(100)
    assert len(bench.tickets()) == 161


def test_a_full_buffer_that_blocks_gives_no_line_that_would_be_charged() -> None:
    bench = Bench(buffer__capacity=2, buffer__overflow="block")
    placed = [bench.exchange.place([OUT]) for _ in range(3)]
    bench.clock.advance(60)
    assert [each.outcomes for each in placed] == [["answered"]] * 3
    assert bench.exchange.place([OUT, IN]).outcomes == ["barred", "answered"]
    bench.exchange.offered(1, 2, "s", "c")
    bench.exchange.acknowledge(1, "s", "c")
    assert bench.exchange.place([OUT]).outcomes == ["answered"]
    usual = Bench(buffer__capacity=2)
    assert usual.place(OUT, OUT, OUT) == [1, 2, 3]
    assert usual.exchange.place([OUT]).outcomes == ["answered"]


def test_a_reset_ends_the_calls_in_progress() -> None:
    bench = Bench()
    bench.exchange.place([OUT])
    bench.clock.advance(10)
    bench.exchange.reset(ResetKind.WARM, "e2")
    bench.clock.advance(1000)
    assert bench.tickets() == []
    assert bench.lines[-1] == (
        "call ended", {"call": "c1", "tickets": [], "why": "warm reset"}
    )  # fmt: skip
