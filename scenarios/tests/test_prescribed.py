"""What a case prescribes of its tickets: matched one by one, and looked for where it stands."""

from datetime import datetime, time
from itertools import permutations
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from oxo_scenarios.catalogue import Case, load_catalogue
from oxo_scenarios.judge import Delivery, Evidence
from oxo_scenarios.judge.demands import demand_of
from oxo_scenarios.judge.prescription import answered, answers, worded
from oxo_scenarios.judge.sight import look
from oxo_tickets import Direction, Facility, Kind, ReminderState, Ticket

NOON = datetime.fromisoformat("2020-02-24T12:00:00")
CASE = load_catalogue().case("BU1")


def call(user: str = "128", *facilities: Facility, **more: Any) -> Ticket:
    told: dict[str, Any] = {"direction": Direction.OUTGOING, "call_seconds": 50} | more
    return Ticket(kind=Kind.CALL, local_time=NOON, charged_user=user, facilities=facilities, **told)


FIRST = call("120")
SECOND = call("106", Facility.TRANSFER)
IN = call("128", Facility.EXTERNAL_FORWARDING, direction=Direction.INCOMING)
OUT = call("128", Facility.EXTERNAL_FORWARDING)
TWO = ({"charged_user": "120"}, {"charged_user": "106", "facilities": "transfer"})
DIVERTED = (
    {"direction": "incoming", "facilities": "external forwarding"},
    {"direction": "outgoing", "facilities": "external forwarding"},
)


def ledger(*tickets: Ticket, dropped: tuple[int, ...] = ()) -> list[dict[str, Any]]:
    """Return a ledger in which all but the dropped were collected."""
    lines: list[dict[str, Any]] = []
    for n, ticket in enumerate(tickets, 1):
        lines.append({"event": "made", "id": n, "ticket": msgspec.to_builtins(ticket)})
        if n in dropped:
            lines.append({"event": "dropped", "id": n, "reason": "unanswered"})
        else:
            lines.append({"event": "buffered", "id": n, "sequence": n})
            lines.append({"event": "offered", "session": "s1", "first": n, "last": n})
            lines.append({"event": "acknowledged", "session": "s1", "first": n, "last": n})
    return [{"n": n} | line for n, line in enumerate(lines, 1)]


def ask(  # noqa: PLR0913 - what a demand may hang on
    words: str,
    made: list[Ticket],
    *,
    prescribed: tuple[dict[str, str], ...] = TWO,
    found: list[Ticket] | None = None,
    dropped: tuple[int, ...] = (),
    case: Case = CASE,
) -> tuple[str, str | None]:
    asked = demand_of(words)
    evidence = Evidence(
        ledger=ledger(*made, dropped=dropped),
        delivery=Delivery(tickets=tuple(made if found is None else found)),
    )
    sight = look(replace(case, prescribed=prescribed), "extended", evidence)
    told = asked.demand.decide(sight, asked.argument)
    return told.verdict.value, told.reason


def test_a_value_is_asked_for_by_its_word() -> None:
    assert worded(Facility.TRANSFER) == {"transfer"}
    assert worded((Facility.FORWARDING, Facility.TRANSFER)) == {"forwarding", "transfer"}
    assert worded(None) == worded(()) == {""}
    assert worded(time(7)) == {"07:00", "07:00:00"}
    assert worded(50) == {"50"}


def test_one_of_several_facilities_is_enough_and_no_other_word_is() -> None:
    both = call("106", Facility.FORWARDING, Facility.TRANSFER)
    assert answers(both, {"facilities": "transfer"})
    assert not answers(both, {"facilities": "external forwarding"})
    assert not answers(FIRST, {"facilities": "transfer"})
    assert answers(FIRST, {"facilities": ""})


def test_each_prescription_has_a_ticket_of_its_own_whatever_the_order() -> None:
    """The wide prescription leaves the one ticket that the narrow one needs."""
    wide, narrow = {"charged_user": "128"}, {"charged_user": "128", "direction": "incoming"}
    for made in permutations([IN, OUT, FIRST]):
        for wanted in permutations([wide, narrow, {"charged_user": "120"}]):
            found = answered(wanted, made)
            assert sorted(found) == [0, 1, 2]
            assert sorted(found.values()) == [0, 1, 2]
            assert all(answers(made[at], wanted[place]) for place, at in found.items())
    assert answered([wide, wide], [OUT]) == {0: 0}


def test_the_tickets_prescribed_and_no_others() -> None:
    assert ask("prescribed", [SECOND, FIRST]) == ("ok", None)
    assert ask("prescribed", [FIRST]) == (
        "undecided",
        "the exchange made no ticket with charged_user '106', facilities 'transfer'",
    )
    assert ask("prescribed", [FIRST, SECOND, SECOND]) == (
        "undecided",
        "the exchange made 3 tickets, 2 are prescribed",
    )


def test_a_ticket_that_no_door_kept_was_not_made() -> None:
    """By a metering setting, say: it is prescribed that there is none."""
    assert ask("prescribed", [FIRST, SECOND, OUT], dropped=(3,)) == ("ok", None)
    assert ask("prescribed", [FIRST, SECOND], dropped=(2,))[0] == "undecided"


def test_a_play_of_dropped_tickets_alone_proves_nothing() -> None:
    """It is no appointment ticket that the subject only receives, either."""
    verdict = ask("exactly once", [FIRST], dropped=(1,), found=[])
    assert verdict == ("undecided", "the exchange kept no ticket")


def test_a_field_is_looked_for_in_every_ticket_that_is_prescribed_with_it() -> None:
    assert ask("field charged_user", [FIRST, SECOND]) == ("ok", None)
    wrong = replace(SECOND, charged_user="120")
    assert ask("field charged_user", [FIRST, SECOND], found=[FIRST, wrong])[0] == "nok"
    assert ask("field charged_user", [FIRST])[0] == "undecided"  # one ticket proves half
    # The facility stands in one of them alone, so that the other one may lose it.
    assert ask("field facilities", [FIRST, SECOND], found=[wrong, SECOND])[0] == "ok"


@pytest.mark.parametrize("lost", [IN, OUT])
def test_a_facility_that_is_not_read_convicts(lost: Ticket) -> None:
    made = [IN, OUT]
    found = [replace(one, facilities=()) if one is lost else one for one in made]
    assert ask("field facilities", made, prescribed=DIVERTED)[0] == "ok"
    verdict, reason = ask("field facilities", made, prescribed=DIVERTED, found=found)
    assert verdict == "nok"
    assert "facilities" in str(reason)


def test_without_a_prescription_a_value_of_the_case_is_found_among_several() -> None:
    case = replace(CASE, values={"facilities": ("transfer",), "reminder_time": ("07:00",)})
    assert ask("field facilities", [FIRST, SECOND], prescribed=(), case=case)[0] == "ok"
    assert ask("field facilities", [FIRST], prescribed=(), case=case)[0] == "undecided"
    wake_up = Ticket(
        kind=Kind.REMINDER, local_time=NOON, charged_user="106",
        reminder_time=time(7), reminder_state=ReminderState.CANCELLATION,
    )  # fmt: skip
    assert ask("field reminder_time", [wake_up], prescribed=(), case=case)[0] == "ok"


def test_the_outcome_of_a_call_is_read_in_the_ledger() -> None:
    lines = [{"n": 1, "event": "call", "call": "c1", "outcome": "do not disturb"}]
    sight = look(CASE, "extended", Evidence(ledger=lines))
    asked = demand_of("outcome do not disturb")
    assert asked.argument == "do not disturb"
    assert asked.demand.decide(sight, asked.argument).verdict.value == "ok"
    assert asked.demand.decide(sight, "busy").reason == "no call was busy"
