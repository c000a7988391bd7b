"""A subject that goes on running from play to play: what convicts it all the same.

The subjects are the foreign collector with one thing wrong in its delivery, so that nothing but
the bench tells the plays apart.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from oxo_scenarios.bench.output import Output
from oxo_scenarios.bench.redaction import Redaction

pytestmark = pytest.mark.process

CASES = ("--case", "SMDR3", "--case", "SMDR2", "--mode", "business", "--mode", "hotel")
PLAYS = ["smdr2.observed", "smdr2", "smdr2.hotel", "smdr3.observed", "smdr3", "smdr3.hotel"]


@pytest.fixture
def lasting(foreign: Callable[..., Path]) -> Callable[[str], Path]:
    """Return a function that lets the delivery of a collector that is kept pass a shell filter."""

    def write(twist: str) -> Path:
        folder = foreign("exec $C", settle_seconds=0)
        path = folder / "subject.toml"
        told = path.read_text("utf-8")
        (folder / "deliver.sh").write_text(
            'python3 "$1" --deliver > $OXO_WORK/told || exit 1\n' + twist, "utf-8"
        )
        told = told.replace('["sh", "start.sh"]', '["sh", "start.sh"]\nkept = true')
        told = told.replace('["python3", ', '["sh", "deliver.sh", ').replace(', "--deliver"', "")
        path.write_text(told, "utf-8")
        return folder

    return write


def words(found: Any) -> list[str]:
    verdicts = found.verdicts()
    assert list(verdicts) == PLAYS
    return ["." if word in ("ok", "not observable") else word for word in verdicts.values()]


def went_on(found: Any) -> list[bool]:
    """Tell of each play whether its subject went on running from the play before."""
    told = [found.evidence(play, "subject.log").read_text("utf-8") for play in PLAYS]
    return ["the subject goes on running since the play" in text for text in told]


def test_one_process_serves_all_plays_of_a_wire(certify: Any, lasting: Callable[..., Path]) -> None:
    found = certify("--subject", lasting("cat $OXO_WORK/told"), *CASES)
    assert words(found) == ["."] * 6, found.out
    assert went_on(found) == [False] + [True] * 5
    days = [found.lines(play, "ledger.ndjson")[0]["exchange_time"][:10] for play in PLAYS]
    assert days == sorted(set(days))
    for play in PLAYS:
        assert len(found.evidence(play, "delivery.ndjson").read_bytes().splitlines()) == 1


def test_a_ticket_of_an_earlier_play_that_comes_again_is_a_phantom(
    certify: Any, lasting: Callable[..., Path]
) -> None:
    """From its third ticket on it delivers the first one again: the third play is convicted."""
    twist = "cat $OXO_WORK/told; [ $(wc -l < $OXO_WORK/told) -lt 3 ] || head -1 $OXO_WORK/told"
    found = certify("--subject", lasting(twist), *CASES)
    assert words(found) == [".", ".", "nok", ".", ".", "nok"], found.out
    assert "phantom" in found.play("smdr2.hotel")["reason"]
    assert went_on(found) == [False, True, True, False, True, True]


def test_what_comes_between_two_plays_convicts_the_next(
    certify: Any, lasting: Callable[..., Path]
) -> None:
    """Each reading shows one line more than the one before, and nothing new was made."""
    twist = """
        cat $OXO_WORK/told
        head -1 $OXO_WORK/told >> $OXO_WORK/more
        [ ! -e $OXO_WORK/once ] || cat $OXO_WORK/more
        touch $OXO_WORK/once
        """
    found = certify("--subject", lasting(twist), *CASES)
    assert words(found)[:2] == [".", "nok"], found.out
    assert "after everything of the play smdr2.observed had stood there" in str(
        found.play("smdr2")["reason"]
    )


def test_one_that_ends_between_two_plays_is_started_anew(
    certify: Any, lasting: Callable[..., Path]
) -> None:
    """No case asks it to outlive an exchange that is installed anew."""
    folder = lasting("cat $OXO_WORK/told; touch $OXO_WORK/read")
    start = folder / "start.sh"
    dies = "$C & while [ ! -e $OXO_WORK/read ]; do sleep 0.02; done; kill -9 $!; exit 3"
    start.write_text(start.read_text("utf-8").replace("exec $C", dies), "utf-8")
    found = certify("--subject", folder, *CASES)
    assert words(found) == ["."] * 6, found.out


def test_one_that_does_not_come_back_to_a_new_exchange_is_convicted(
    certify: Any, foreign: Callable[..., Path]
) -> None:
    """It says of itself that it may be kept; the play after that is begun with another process."""
    folder = foreign("exec $C --defect gives-up-when-cut", settle_seconds=0)
    path = folder / "subject.toml"
    kept = '["sh", "start.sh"]\nkept = true'
    path.write_text(path.read_text("utf-8").replace('["sh", "start.sh"]', kept), "utf-8")
    found = certify("--subject", folder, *CASES, bends=["limit=2"])
    assert words(found) == [".", "nok", ".", "nok", ".", "nok"], found.out


def test_a_log_that_moves_on_keeps_what_came_between(tmp_path: Path) -> None:
    output = Output(tmp_path / "first")
    output.note("one")
    output.leave()
    output.note("two")
    output.move(tmp_path / "second", Redaction())
    output.note("three")
    output.close()
    output.note("four")
    assert (tmp_path / "first").read_text("utf-8") == "[bench] one\n"
    assert (tmp_path / "second").read_text("utf-8") == "[bench] two\n[bench] three\n"
    assert output.size == len("[bench] two\n[bench] three\n")
