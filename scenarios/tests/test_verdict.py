"""The order of gravity, and what follows from it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oxo_scenarios.verdict import (
    GRAVITY,
    ExitStatus,
    Mark,
    Played,
    Result,
    Verdict,
    exit_status,
    gravest,
    of_chapter,
    of_play,
    of_run,
    overall_result,
    weakest,
)
from oxo_tickets import Standing

OK, NOK, ERROR = Verdict.OK, Verdict.NOK, Verdict.ERROR
UNDECIDED, NOT_OBSERVABLE = Verdict.UNDECIDED, Verdict.NOT_OBSERVABLE
NOT_APPLICABLE = Verdict.NOT_APPLICABLE


def test_the_order_of_gravity_is_that_of_the_contract() -> None:
    assert [word.value for word in GRAVITY] == [
        "error",
        "nok",
        "undecided",
        "not observable",
        "not applicable",
        "ok",
    ]


@given(st.lists(st.sampled_from(Verdict), min_size=1))
def test_the_gravest_is_one_of_them_and_none_is_graver(words: list[Verdict]) -> None:
    worst = gravest(words)
    assert worst in words
    assert all(GRAVITY.index(worst) <= GRAVITY.index(word) for word in words)


@pytest.mark.parametrize(
    ("findings", "verdict"),
    [
        ([], UNDECIDED),
        ([("received", OK)], OK),
        ([("received", OK), ("exactly once", NOK)], NOK),
        ([("received", UNDECIDED), ("exactly once", NOK)], NOK),
        ([("played as written", ERROR), ("exactly once", NOK)], ERROR),
        ([("received", OK), ("field currency", NOT_OBSERVABLE)], NOT_OBSERVABLE),
        ([("received", OK), ("failure message", NOT_OBSERVABLE)], OK),
        ([("received", OK), ("exactly once", NOT_APPLICABLE)], OK),
        ([("exactly once", NOT_APPLICABLE)], UNDECIDED),
    ],
)
def test_a_play_is_the_gravest_of_what_weighs(
    findings: list[tuple[str, Verdict]], verdict: Verdict
) -> None:
    assert of_play(findings) is verdict


@pytest.mark.parametrize(
    ("plays", "chapter", "run"),
    [
        ([OK, NOT_OBSERVABLE, NOT_APPLICABLE], OK, OK),
        ([NOT_OBSERVABLE, NOT_APPLICABLE], NOT_OBSERVABLE, UNDECIDED),
        ([NOT_APPLICABLE], NOT_APPLICABLE, UNDECIDED),
        ([OK, UNDECIDED], UNDECIDED, UNDECIDED),
        ([OK, NOK, UNDECIDED], NOK, NOK),
        ([NOK, NOT_OBSERVABLE], NOK, NOK),
        ([OK, NOK, ERROR], ERROR, ERROR),
        ([], UNDECIDED, UNDECIDED),
    ],
)
def test_silent_words_do_not_outweigh_ok(
    plays: list[Verdict], chapter: Verdict, run: Verdict
) -> None:
    assert of_chapter(plays) is chapter
    assert of_run(plays) is run


@pytest.mark.parametrize(
    ("verdict", "status"),
    [
        (OK, 0),
        (NOK, 1),
        (ERROR, 3),
        (UNDECIDED, 4),
    ],
)
def test_the_exit_status_tells_the_verdict(verdict: Verdict, status: int) -> None:
    assert exit_status(verdict) == status
    assert int(ExitStatus.USAGE) == 2


def _played(*verdicts: Verdict, processed: Mark = Mark.YES) -> list[Played]:
    return [Played(f"C{n}", verdict, processed) for n, verdict in enumerate(verdicts)]


@pytest.mark.parametrize(
    ("plays", "result"),
    [
        (_played(OK, OK), Result.PASSED),
        (_played(OK, NOK), Result.REFUSED),
        (_played(NOK, ERROR), Result.POSTPONED),
        (_played(OK, UNDECIDED), Result.POSTPONED),
        (_played(OK, NOT_APPLICABLE), Result.RESTRICTED),
        (_played(OK, NOT_OBSERVABLE), Result.RESTRICTED),
        (_played(OK, OK, processed=Mark.NOT_ASKED), Result.RESTRICTED),
        (_played(NOT_APPLICABLE), Result.POSTPONED),
        ([], Result.POSTPONED),
        ([*_played(OK), Played("C0", NOT_OBSERVABLE, Mark.YES)], Result.PASSED),
    ],
)
def test_the_box_on_the_cover_is_derived(plays: list[Played], result: Result) -> None:
    assert overall_result(plays, complete=True) is result


def test_a_case_left_out_postpones_the_result_but_never_softens_a_refusal() -> None:
    assert overall_result(_played(OK), complete=False) is Result.POSTPONED
    assert overall_result(_played(NOK), complete=False) is Result.REFUSED


def test_a_verdict_is_as_firm_as_its_weakest_ground() -> None:
    assert weakest([Standing.DOCUMENTED, Standing.FIELD]) is Standing.FIELD
    assert weakest([Standing.OURS, Standing.INFERRED]) is Standing.OURS
    assert weakest([]) is Standing.OURS
