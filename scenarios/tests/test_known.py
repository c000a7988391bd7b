"""Known failures: what an issue means in a run, and the exit status that may follow."""

from datetime import date
from typing import Any

import pytest
from oxo_scenarios.known import IssueNote, Known, Outcome, allowed_status, known_failures
from oxo_scenarios.verdict import Verdict

TODAY = date(2026, 11, 23)
GOOD = IssueNote("CIC1", "PART-17", TODAY)


def states(plays: list[Outcome], *issues: IssueNote) -> list[Known]:
    return [found.state for found in known_failures(plays, issues, TODAY)]


@pytest.mark.parametrize(
    ("words", "expires", "state"),
    [
        ([Verdict.NOK], TODAY, Known.KNOWN),
        ([Verdict.NOK], date(2026, 11, 22), Known.EXPIRED),
        ([Verdict.NOK], None, Known.NO_EXPIRY),
        ([Verdict.OK], TODAY, Known.PASSES),
        ([Verdict.OK], None, Known.PASSES),
        ([Verdict.OK, Verdict.NOT_OBSERVABLE], TODAY, Known.PASSES),
        ([Verdict.OK, Verdict.NOK], TODAY, Known.KNOWN),
        ([Verdict.OK, Verdict.ERROR], TODAY, Known.OTHERWISE),
        ([Verdict.UNDECIDED], TODAY, Known.OTHERWISE),
        ([Verdict.NOT_APPLICABLE], TODAY, Known.OTHERWISE),
        ([], TODAY, Known.NOT_PLAYED),
    ],
)
def test_an_issue_means(words: list[Verdict], expires: date | None, state: Known) -> None:
    plays = [Outcome("CIC1", word) for word in words] + [Outcome("BU1", Verdict.NOK)]
    assert states(plays, GOOD._replace(expires=expires)) == [state]


@pytest.mark.parametrize(
    ("others", "status"),
    [
        ([], 0),
        ([Verdict.OK], 0),
        ([Verdict.NOT_OBSERVABLE, Verdict.NOT_APPLICABLE], 0),
        ([Verdict.OK, Verdict.NOK], 1),
        ([Verdict.UNDECIDED], 4),
        ([Verdict.ERROR, Verdict.UNDECIDED], 3),
    ],
)
def test_a_known_failure_lets_the_others_decide(others: list[Verdict], status: int) -> None:
    plays = [Outcome("CIC1", Verdict.NOK)] + [
        Outcome(f"BU{n}", word) for n, word in enumerate(others)
    ]
    assert allowed_status(plays, known_failures(plays, [GOOD], TODAY)) == status


@pytest.mark.parametrize("expires", [None, date(2026, 11, 22)])
def test_without_a_good_date_a_known_failure_fails(expires: date | None) -> None:
    plays = [Outcome("CIC1", Verdict.NOK), Outcome("BU1", Verdict.OK)]
    known = known_failures(plays, [GOOD._replace(expires=expires)], TODAY)
    assert allowed_status(plays, known) == 1
    assert "expire" in known[0].sentence() or "expiry" in known[0].sentence()


@pytest.mark.parametrize(
    ("words", "status"),
    [([Verdict.OK], 0), ([Verdict.NOT_APPLICABLE], 4), ([], 4), ([Verdict.NOK], 1)],
)
def test_without_known_failures_nothing_changes(words: list[Verdict], status: int) -> None:
    plays = [Outcome("BU1", word) for word in words]
    assert allowed_status(plays, known_failures(plays, [GOOD], TODAY)) == status


def test_one_good_issue_of_two_is_enough() -> None:
    plays = [Outcome("CIC1", Verdict.NOK)]
    old = IssueNote("CIC1", "PART-3", date(2020, 1, 1))
    known = known_failures(plays, [old, GOOD], TODAY)
    assert [found.state for found in known] == [Known.EXPIRED, Known.KNOWN]
    assert allowed_status(plays, known) == 0


def test_each_meaning_has_its_sentence() -> None:
    plays = [Outcome("CIC1", Verdict.OK)]
    (found,) = known_failures(plays, [GOOD], TODAY)
    assert found.sentence() == "CIC1 [PART-17]: passes now; take it out of issues.toml"
    assert len({found._replace(state=state).sentence() for state in Known}) == len(Known)


# --- An issue of one mode, or of one play ---

BUSINESS = Outcome("CIC1", Verdict.NOK, mode="business", play="cic1")
HOTEL = Outcome("CIC1", Verdict.NOK, mode="hotel", play="cic1.hotel")
NMC = Outcome("CIC1", Verdict.NOK, mode="business", play="cic1.nmc")


@pytest.mark.parametrize(
    ("named", "excused"),
    [
        ({}, [BUSINESS, HOTEL, NMC]),
        ({"mode": "business"}, [BUSINESS, NMC]),
        ({"mode": "hotel"}, [HOTEL]),
        ({"play": "cic1.nmc"}, [NMC]),
        ({"play": "cic1"}, [BUSINESS]),
    ],
)
def test_an_issue_of_one_mode_or_play_excuses_no_other(
    named: dict[str, Any], excused: list[Outcome]
) -> None:
    issue = GOOD._replace(**named)
    for play in (BUSINESS, HOTEL, NMC):
        known = known_failures([play], [issue], TODAY)
        assert allowed_status([play], known) == (0 if play in excused else 1)
        assert known[0].state == (Known.KNOWN if play in excused else Known.NOT_PLAYED)
    everything = [BUSINESS, HOTEL, NMC]
    assert allowed_status(everything, known_failures(everything, [issue], TODAY)) == (
        0 if excused == everything else 1
    )


def test_an_issue_of_one_mode_passes_when_that_mode_does() -> None:
    plays = [BUSINESS, HOTEL._replace(verdict=Verdict.OK)]
    issues = [GOOD._replace(mode="business"), GOOD._replace(mode="hotel")]
    found = known_failures(plays, issues, TODAY)
    assert [one.state for one in found] == [Known.KNOWN, Known.PASSES]
    assert found[1].sentence() == "CIC1 (hotel) [PART-17]: passes now; take it out of issues.toml"
    one = known_failures(plays, [GOOD._replace(play="cic1.hotel")], TODAY)[0]
    assert one.sentence().startswith("CIC1 (cic1.hotel) [PART-17]: passes now")
