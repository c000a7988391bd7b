"""What became of each ticket: hand-typed ledgers and deliveries, and properties over many."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oxo_scenarios.catalogue import load_catalogue
from oxo_scenarios.judge import Delivery, Evidence, Judgement, Restart, Unreadable, judge
from oxo_scenarios.judge.chronicle import LedgerUnreadable
from oxo_scenarios.verdict import Mark, Verdict
from oxo_tickets import DiallingMode, Direction, Kind, ReminderState, Ticket

CATALOGUE = load_catalogue()
NOON = datetime(2026, 11, 23, 12, 0, 0)  # noqa: DTZ001 - wall clock of the exchange
CALL = Ticket(
    kind=Kind.CALL,
    local_time=NOON,
    direction=Direction.OUTGOING,
    charged_user="128",
    dialled_number="0390677001",
    dialling_mode=DiallingMode.MANUAL,
    call_seconds=50,
    cost=Decimal("1.70"),
    currency="EUR",
)
WAKE = Ticket(
    kind=Kind.REMINDER,
    local_time=NOON,
    charged_user="106",
    reminder_time=time(7, 0),
    reminder_state=ReminderState.ACTIVATION,
)


def call(number: int, **changes: Any) -> Ticket:
    """Return a call that differs from all others in number and time."""
    own = {"dialled_number": f"0390677{number:03}", "local_time": NOON + timedelta(minutes=number)}
    return msgspec.structs.replace(CALL, **{**own, **changes})


def ledger(*events: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Number the lines."""
    return [{"n": n, "event": event} | keys for n, (event, keys) in enumerate(events, 1)]


def made(*tickets: Ticket, first: int = 1) -> list[tuple[str, dict[str, Any]]]:
    """Write tickets that wait for the client."""
    events: list[tuple[str, dict[str, Any]]] = []
    for number, ticket in enumerate(tickets, first):
        events += [
            ("made", {"id": number, "ticket": msgspec.to_builtins(ticket), "source": "call"}),
            ("buffered", {"id": number, "sequence": number}),
        ]
    return events


def collected(first: int, last: int) -> list[tuple[str, dict[str, Any]]]:
    """Offer and acknowledge a batch."""
    batch = {"first": first, "last": last, "session": "s1", "connection": "c1"}
    return [("offered", batch), ("acknowledged", batch)]


SESSION = ("session opened", {"session": "s1", "connection": "c1", "reason": "login"})


def judged(
    tickets: Sequence[Ticket],
    delivered: Sequence[Ticket],
    *,
    case: str = "BU3",
    tag_set: str = "extended",
    shown: Sequence[str] | None = None,
    **evidence: Any,
) -> Judgement:
    """Judge a session that collected everything and delivered this."""
    lines = ledger(SESSION, *made(*tickets), *collected(1, len(tickets)))
    delivery = Delivery(tickets=tuple(delivered), unreadable=evidence.pop("unreadable", ()))
    if shown is not None:
        delivery = msgspec.structs.replace(delivery, shown=frozenset(shown), blank_is_absent=True)
    return judge(
        CATALOGUE.case(case), tag_set, Evidence(ledger=lines, delivery=delivery, **evidence)
    )


def fates(judgement: Judgement) -> list[tuple[int | None, str, tuple[int, ...]]]:
    """Return (ledger id, fate, places) of every ticket."""
    return [(found.id, found.fate.value, found.delivered) for found in judgement.tickets]


A, B, C = call(1), call(2), call(3)
B_SHORT = call(2, call_seconds=49)
ONCE, LOST = "exactly once", "lost"

TABLE: list[tuple[str, list[Ticket], list[Ticket], list[tuple[int | None, str, tuple[int, ...]]]]]
TABLE = [
    ("all there", [A, B], [A, B], [(1, ONCE, (1,)), (2, ONCE, (2,))]),
    ("other order", [A, B], [B, A], [(1, ONCE, (2,)), (2, ONCE, (1,))]),
    ("nothing", [A], [], [(1, LOST, ())]),
    ("last lost", [A, B], [A], [(1, ONCE, (1,)), (2, LOST, ())]),
    ("twice", [A, B], [A, B, A], [(1, "duplicated", (1, 3)), (2, ONCE, (2,))]),
    ("three times", [A], [A, A, A], [(1, "duplicated", (1, 2, 3))]),
    ("alike, both there", [A, A], [A, A], [(1, ONCE, (1,)), (2, ONCE, (2,))]),
    ("alike, one lost", [A, A], [A], [(1, ONCE, (1,)), (2, LOST, ())]),
    ("alike, one more", [A, A], [A, A, A], [(1, "duplicated", (1, 3)), (2, ONCE, (2,))]),
    ("altered", [A, B], [A, B_SHORT], [(1, ONCE, (1,)), (2, "altered", (2,))]),
    (
        "altered behind a loss",
        [A, B, C],
        [B_SHORT, C],
        [(1, LOST, ()), (2, "altered", (1,)), (3, ONCE, (2,))],
    ),
    (
        "foreign",
        [A],
        [A, WAKE],
        [(1, ONCE, (1,)), (None, "phantom", (2,))],
    ),
    (
        "lost and foreign have nothing in common",
        [A],
        [WAKE],
        [(1, LOST, ()), (None, "phantom", (1,))],
    ),
]


@pytest.mark.parametrize(
    ("tickets", "delivered", "expected"),
    [row[1:] for row in TABLE],
    ids=[row[0] for row in TABLE],
)
def test_fates(
    tickets: list[Ticket],
    delivered: list[Ticket],
    expected: list[tuple[int | None, str, tuple[int, ...]]],
) -> None:
    judgement = judged(tickets, delivered)
    assert fates(judgement) == expected
    good = all(fate == ONCE for _, fate, _ in expected)
    assert judgement.verdict is (Verdict.OK if good else Verdict.NOK)
    assert judgement.processed is (Mark.YES if good else Mark.NO)
    assert judgement.received is Mark.YES


def test_an_altered_ticket_names_its_fields() -> None:
    judgement = judged([B], [call(2, call_seconds=49, currency=None)])
    (found,) = judgement.tickets
    assert [(d.field, d.expected, d.found) for d in found.differences] == [
        ("call_seconds", 50, 49),
        ("currency", "EUR", None),
    ]
    assert judgement.reason == (
        "1 altered (ticket 1: call_seconds: expected '50', found '49', "
        "currency: expected 'EUR', found nothing)"
    )


def test_money_compares_by_value() -> None:
    assert judged([A], [call(1, cost=Decimal("1.7"))]).verdict is Verdict.OK


def test_what_the_wire_does_not_carry_is_neither_right_nor_wrong() -> None:
    bare = call(1, currency=None, cost=None, dialling_mode=None)
    assert judged([A], [bare], tag_set="observed").verdict is Verdict.OK
    assert judged([A], [bare]).verdict is Verdict.NOK


def test_what_the_subject_does_not_show_is_neither_right_nor_wrong() -> None:
    wrong = call(1, currency="USD", subscriber_name="")
    shown = ["kind", "local_time", "dialled_number", "subscriber_name"]
    assert judged([A], [wrong], shown=shown).verdict is Verdict.OK
    assert judged([A], [wrong], shown=[*shown, "currency"]).verdict is Verdict.NOK


def test_a_ticket_that_the_exchange_dropped_is_never_the_subjects_loss() -> None:
    lines = ledger(
        SESSION,
        *made(A),
        ("made", {"id": 2, "ticket": msgspec.to_builtins(B), "source": "call"}),
        ("dropped", {"id": 2, "reason": "buffer full"}),
        *collected(1, 1),
    )
    judgement = judge(
        CATALOGUE.case("BU3"), "extended", Evidence(ledger=lines, delivery=Delivery(tickets=(A,)))
    )
    assert fates(judgement) == [(1, ONCE, (1,)), (2, "dropped by the exchange", ())]
    assert judgement.tickets[1].sequence is None
    assert judgement.verdict is Verdict.OK
    assert judgement.comment == (
        "1 ticket received and processed; 1 ticket dropped by the exchange itself"
    )


def test_a_ticket_that_the_wire_tells_otherwise_is_not_said_to_be_dropped() -> None:
    lines = ledger(
        SESSION,
        *made(A),
        ("made", {"id": 2, "ticket": msgspec.to_builtins(B), "source": "room status"}),
        ("dropped", {"id": 2, "reason": "not carried by this wire"}),
        *collected(1, 1),
    )
    judgement = judge(
        CATALOGUE.case("BU3"), "extended", Evidence(ledger=lines, delivery=Delivery(tickets=(A,)))
    )
    assert judgement.verdict is Verdict.OK
    assert judgement.comment == "1 ticket received and processed; 1 ticket not carried by this wire"


def test_a_ticket_not_acknowledged_is_not_received() -> None:
    lines = ledger(SESSION, *made(A, B, C), *collected(1, 1), *collected(2, 2)[:1])
    judgement = judge(
        CATALOGUE.case("BU3"), "extended", Evidence(ledger=lines, delivery=Delivery(tickets=(A,)))
    )
    assert judgement.received is Mark.NO
    assert judgement.verdict is Verdict.NOK
    assert judgement.reason == (
        "1 of 3 tickets never fetched, 1 of 3 tickets never acknowledged; 2 lost (ticket 2; 3)"
    )
    assert judgement.comment == "1 of 3 tickets received"


def test_without_any_ticket_nothing_is_proved() -> None:
    judgement = judge(CATALOGUE.case("BU3"), "extended", Evidence(ledger=ledger(SESSION)))
    assert judgement.verdict is Verdict.UNDECIDED
    assert judgement.received is judgement.processed is Mark.NOT_OBSERVABLE
    assert judgement.comment == "no ticket was made"


# --- Appointments ---


def test_a_declared_receiver_of_appointments_passes_without_showing_them() -> None:
    judgement = judged([WAKE], [], case="APP1", appointments="received")
    assert judgement.verdict is Verdict.OK
    assert (judgement.received, judgement.processed) == (Mark.YES, Mark.NOT_ASKED)
    assert fates(judgement) == [(1, "not asked", ())]
    assert judgement.comment == (
        "not shown by the collector; "
        "1 appointment ticket received, not processed (declared by the subject)"
    )


def test_one_that_says_nothing_must_process_them() -> None:
    judgement = judged([WAKE], [], case="APP1")
    assert judgement.verdict is Verdict.NOK
    assert (judgement.received, judgement.processed) == (Mark.YES, Mark.NO)
    assert fates(judgement) == [(1, LOST, ())]
    shown = judged([WAKE], [WAKE], case="APP1")
    assert (shown.verdict, shown.processed) == (Verdict.OK, Mark.YES)
    assert shown.comment == (
        "not shown by the collector; "
        "1 ticket received and processed; kind of ticket, reminder time and reminder state read"
    )


def test_a_declared_receiver_that_shows_them_all_the_same_makes_no_phantoms() -> None:
    judgement = judged([A, WAKE], [WAKE, A], appointments="received")
    assert fates(judgement) == [(1, ONCE, (2,)), (2, ONCE, (1,))]
    silent = judged([A, WAKE], [A], appointments="received")
    assert (silent.verdict, silent.processed) == (Verdict.OK, Mark.IN_PART)
    assert "1 appointment ticket received, not processed" in silent.comment
    assert judged([A, WAKE], [], appointments="received").processed is Mark.NO


def test_an_appointment_that_need_not_be_shown_and_is_shown_wrongly_is_a_phantom() -> None:
    wrong = msgspec.structs.replace(WAKE, charged_user="107")
    judgement = judged([WAKE], [wrong], appointments="received")
    assert fates(judgement) == [(1, "not asked", ()), (None, "phantom", (1,))]
    assert judgement.verdict is Verdict.NOK


# --- Fields under test ---


def test_fields_under_test_are_read_or_not_observable() -> None:
    extended = judged([CALL], [CALL], case="SMDR1")
    assert extended.verdict is Verdict.OK
    assert extended.comment == (
        "1 ticket received and processed; dialling mode, currency and duration read"
    )
    observed = judged([CALL], [CALL], case="SMDR1", tag_set="observed")
    assert observed.verdict is Verdict.NOT_OBSERVABLE
    assert observed.reason == (
        "dialling mode: the wire does not carry it with the observed tags; "
        "currency: the wire does not carry it with the observed tags"
    )
    assert observed.comment == (
        "1 ticket received and processed; duration read; dialling mode and currency not observable"
    )
    assert {finding.demand: finding.verdict.value for finding in observed.findings} == {
        "received": "ok",
        "exactly once": "ok",
        "field dialling_mode": "not observable",
        "field currency": "not observable",
        "field call_seconds": "ok",
    }


def test_a_field_read_otherwise_is_nok_with_both_values() -> None:
    redial = msgspec.structs.replace(CALL, dialling_mode=DiallingMode.REDIAL)
    judgement = judged([redial], [CALL], case="SMDR2")
    finding = next(f for f in judgement.findings if f.demand == "field dialling_mode")
    assert finding.verdict is Verdict.NOK
    assert finding.reason == "ticket 1: dialling_mode: expected 'redial', found 'manual'"


def test_a_field_that_the_subject_does_not_show_is_never_ok() -> None:
    shown = ["local_time", "dialled_number", "call_seconds", "dialling_mode"]
    judgement = judged([CALL], [CALL], case="SMDR1", shown=shown)
    assert judgement.verdict is Verdict.NOT_OBSERVABLE
    assert judgement.reason == "currency: the subject's delivery does not show it"


def test_an_exchange_that_made_no_such_ticket_proves_nothing() -> None:
    judgement = judged([CALL], [CALL], case="SMDR2")
    assert judgement.verdict is Verdict.UNDECIDED
    assert "no ticket with the dialling mode that the case asks for" in str(judgement.reason)


def test_the_field_of_a_lost_ticket_is_unread() -> None:
    judgement = judged([CALL], [], case="SMDR1")
    assert "ticket 1 is lost, its currency unread" in str(judgement.reason)


# --- Disturbed tickets, unreadable lines, wrong ledgers ---


def test_a_ticket_that_waited_under_a_disturbance_is_recovered() -> None:
    fault = {"fault": {"kind": "cut"}}
    lines = ledger(
        SESSION,
        *made(A),
        *collected(1, 1),
        ("fault", fault),
        *made(B, first=2),
        ("restored", {"reset_connections": True}),
        *made(C, first=3),
        *collected(2, 3),
    )
    evidence = Evidence(ledger=lines, delivery=Delivery(tickets=(A, B, C)))
    judgement = judge(CATALOGUE.case("BU3"), "extended", evidence)
    assert [found.fate.value for found in judgement.tickets] == [ONCE, "recovered", ONCE]
    assert judgement.verdict is Verdict.OK
    assert judgement.comment == (
        "3 tickets received and processed, 1 of them recovered after the disturbance"
    )


@pytest.mark.parametrize(("signal", "fate"), [("KILL", "recovered"), ("TERM", ONCE)])
def test_only_a_sudden_death_disturbs(signal: str, fate: str) -> None:
    restarts = [Restart(after_line=3, signal=signal)]
    judgement = judged([A], [A], restarts=restarts)
    assert [found.fate.value for found in judgement.tickets] == [fate]
    told = "1 ticket received and processed"
    recovered = fate == "recovered"
    assert judgement.comment == (f"{told}, recovered after the disturbance" if recovered else told)
    several = judged([A, B], [A, B], restarts=restarts).comment
    assert several.endswith(", all recovered after the disturbance") == recovered


def test_a_batch_whose_acknowledgement_set_the_fault_off_is_recovered() -> None:
    cut = {"kind": "cut", "towards": "both"}
    lines = ledger(
        SESSION,
        *made(A),
        *collected(1, 1),
        ("fault armed", {"fault": cut, "when": "acknowledged"}),
        *made(B, first=2),
        *collected(2, 2),
        ("fault", {"id": "f1", "fault": cut, "cause": 10}),
        *made(C, first=3),
        ("restored", {"reset_connections": True}),
        SESSION,
        *collected(3, 3),
    )
    evidence = Evidence(
        ledger=lines,
        delivery=Delivery(tickets=(A, B, C)),
        restarts=[Restart(after_line=11, signal="KILL")],
    )
    judgement = judge(CATALOGUE.case("BU2"), "extended", evidence)
    assert [found.fate.value for found in judgement.tickets] == [ONCE, "recovered", "recovered"]
    assert judgement.verdict is Verdict.OK


def test_unreadable_lines_are_the_subjects_fault() -> None:
    judgement = judged([A], [A], unreadable=(Unreadable(7, "no such thing"),))
    assert judgement.verdict is Verdict.NOK
    assert judgement.reason == "unreadable in the delivery: line 7: no such thing"


@pytest.mark.parametrize(
    "line",
    [
        {"n": 1, "event": "made", "id": 1},
        {"n": 1, "event": "made", "id": 1, "ticket": {"kind": "call"}},
        {"n": 1, "event": "buffered", "id": 9, "sequence": 1},
        {"n": 1, "event": "acknowledged", "first": 1, "last": 1},
    ],
)
def test_a_ledger_that_contradicts_itself_is_the_benchs_fault(line: dict[str, Any]) -> None:
    with pytest.raises(LedgerUnreadable, match="ledger line 1: "):
        judge(CATALOGUE.case("BU3"), "extended", Evidence(ledger=[line]))


# --- Properties ---

TICKETS = st.lists(
    st.builds(call, st.integers(1, 4), call_seconds=st.integers(0, 2)), min_size=1, max_size=12
)


@given(TICKETS, st.randoms(use_true_random=False))
def test_order_of_delivery_never_matters(tickets: list[Ticket], chance: Any) -> None:
    delivered = list(tickets)
    chance.shuffle(delivered)
    judgement = judged(tickets, delivered)
    assert judgement.verdict is Verdict.OK
    assert {found.fate.value for found in judgement.tickets} == {ONCE}
    places = [place for found in judgement.tickets for place in found.delivered]
    assert sorted(places) == list(range(1, len(tickets) + 1))


@given(TICKETS, st.data())
def test_removing_any_delivered_ticket_loses_exactly_one(
    tickets: list[Ticket], data: st.DataObject
) -> None:
    gone = data.draw(st.integers(0, len(tickets) - 1))
    judgement = judged(tickets, [*tickets[:gone], *tickets[gone + 1 :]])
    counts = Counter(found.fate.value for found in judgement.tickets)
    assert counts == Counter({ONCE: len(tickets) - 1, LOST: 1})
    assert judgement.verdict is Verdict.NOK


@given(TICKETS, st.data())
def test_adding_a_copy_duplicates_exactly_one(tickets: list[Ticket], data: st.DataObject) -> None:
    copied = data.draw(st.sampled_from(tickets))
    place = data.draw(st.integers(0, len(tickets)))
    judgement = judged(tickets, [*tickets[:place], copied, *tickets[place:]])
    counts = Counter(found.fate.value for found in judgement.tickets)
    assert counts == Counter({ONCE: len(tickets) - 1, "duplicated": 1})


@given(TICKETS, TICKETS)
def test_every_ticket_and_every_place_is_accounted_for_once(
    tickets: list[Ticket], delivered: list[Ticket]
) -> None:
    judgement = judged(tickets, delivered)
    ids = [found.id for found in judgement.tickets if found.id is not None]
    places = [place for found in judgement.tickets for place in found.delivered]
    assert ids == list(range(1, len(tickets) + 1))
    assert sorted(places) == list(range(1, len(delivered) + 1))
    same = Counter(map(repr, tickets)) == Counter(map(repr, delivered))
    assert (judgement.verdict is Verdict.OK) == same
