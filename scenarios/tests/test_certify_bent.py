"""A bench that is broken on purpose says so: it never convicts, and no play is lost."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.process

Foreign = Callable[..., Path]
PLAYED = "played as written"


HOME = ("--wire", "taxation")


def incidents(found: Any, play: str) -> list[dict[str, str]]:
    return [dict(each) for each in found.play(play)["facts"]["incidents"]]


def test_an_assertion_of_the_bench_is_its_error_and_convicts_nobody(certify: Any) -> None:
    found = certify(*HOME, "--case", "BU1", "--case", "BU3", bends=["assertion_in_start"])
    assert found.verdicts() == {"bu1": "error", "bu3": "error"}
    assert found.status == 3
    assert "AssertionError: the bench forgot bu1 on None" in found.play("bu1")["reason"]
    assert [each["fault"] for each in incidents(found, "bu1")] == ["bench"]
    steps = {step["name"]: step["outcome"] for step in found.lines("bu1", "steps.ndjson")}
    assert steps["the collector is started"] == "broken"


def test_who_collects_after_the_limit_is_nok(certify: Any, foreign: Foreign) -> None:
    """Although everything is delivered in the end, while the delivery settles."""
    late = foreign("sleep 2; exec $C", settle_seconds=10)
    found = certify("--subject", late, "--case", "BU1", bends=["limit=1"])
    assert found.verdicts() == {"bu1": "nok"}
    assert found.status == 1
    (incident,) = incidents(found, "bu1")
    assert incident["fault"] == "subject"
    assert incident["text"] == (
        "25 tickets, the first with sequence 1, are not acknowledged after 1 s"
    )
    verdicts = {each["demand"]: each["verdict"] for each in found.play("bu1")["findings"]}
    assert verdicts == {
        PLAYED: "nok", "buffered first": "ok", "received": "ok", "exactly once": "ok"
    }  # fmt: skip
    assert found.play("bu1")["limit_seconds"] == 1


def test_who_opens_no_session_within_the_limit_is_nok(certify: Any, foreign: Foreign) -> None:
    found = certify("--subject", foreign("exec sleep 60"), "--case", "BU3", bends=["limit=1"])
    assert found.verdicts() == {"bu3": "nok"}
    assert incidents(found, "bu3")[0] == {
        "fault": "subject", "text": "the subject did not open a session within 1 s"
    }  # fmt: skip
    assert found.play("bu3")["seconds"] < 10


@pytest.mark.parametrize("bend", ["judge_fails=CIC3", "ledger_without=made"])
def test_a_play_that_cannot_be_judged_is_an_error_and_stays(certify: Any, bend: str) -> None:
    found = certify(*HOME, "--case", "CIC3", "--case", "BU1", bends=[bend])
    assert found.verdicts() == {"cic3": "error", "bu1": "ok"}
    assert found.status == 3
    play = found.play("cic3")
    assert play["comment"] == "not judged: the bench broke"
    assert "ledger.ndjson" in play["evidence"]
    assert (found.bundle / "report.html").exists()


def test_what_lives_on_makes_the_play_an_error(certify: Any) -> None:
    found = certify("--case", "CIC3", bends=["survivor"])
    assert found.verdicts() == {"cic3": "error"}
    assert "process 1 of the subject cannot be ended" in found.play("cic3")["reason"]


def test_a_case_that_was_not_reached_is_no_matter_of_selection(certify: Any) -> None:
    found = certify("--case", "CIC3")
    gaps = {gap["case"]: gap for gap in found.run["gaps"]}
    assert "CIC3" not in gaps
    assert gaps["BU1"]["reason"] == "left out by the selection of this run"


def test_a_wish_to_end_holds_though_what_its_signal_raised_was_lost(
    certify: Any, foreign: Foreign
) -> None:
    subject = foreign("kill -TERM $PPID; exec $C")
    found = certify("--subject", subject, "--case", "CIC3", "--case", "BU1", bends=["deaf"])
    assert found.verdicts() == {"cic3": "ok"}
    assert found.status == 4
    assert "interrupted" in found.out


@pytest.mark.parametrize(("log_bytes", "verdict"), [(20_000, "undecided"), (4_000_000, "ok")])
def test_a_log_that_was_cut_convicts_nobody(
    certify: Any, foreign: Foreign, log_bytes: int, verdict: str
) -> None:
    """It has the failure message, but behind the place where the log ends."""
    chatty = foreign("head -c 30000 /dev/zero | tr '\\0' x; echo; exec $C")
    found = certify("--subject", chatty, "--case", "DIS104", bends=[f"log_bytes={log_bytes}"])
    assert found.verdicts() == {"dis104": verdict}, found.out
    told = [(each["fault"], each["text"]) for each in incidents(found, "dis104")]
    cut = [("nobody", "the log of the subject was cut at 20000 bytes")]
    assert told == (cut if verdict == "undecided" else [])
