"""A running subject: handed on whole from play to play, and ended whole."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from oxo_scenarios.bench.output import Output
from oxo_scenarios.bench.redaction import Redaction
from oxo_scenarios.bench.running import Handover, RunningSubject
from oxo_scenarios.bench.stand import Conditions, Stand
from oxo_scenarios.bench.trouble import BenchBroken

NOTE = Handover("bu1", "bu2", {"": b"1\n"})


class Process:
    """A program that is ended as told."""

    def __init__(self, *, running: bool = True, trouble: str | None = None) -> None:
        self.running, self.status = running, None if running else 3
        self.trouble = trouble
        self.ends: list[str] = []

    def stop(self) -> str | None:
        self.ends.append("stop")
        return self.trouble

    def kill(self) -> None:
        self.ends.append("kill")
        if self.trouble:
            raise BenchBroken(self.trouble)


@pytest.fixture
def subject(tmp_path: Path) -> Iterator[RunningSubject]:
    made = RunningSubject(tmp_path / "work", Output(tmp_path / "first.log"))
    ends: list[str] = []
    made.offspring = SimpleNamespace(end=lambda: ends.append("end"), ends=ends)  # type: ignore[assignment]
    yield made
    made.output.close()


def put(subject: RunningSubject, **keys: Any) -> Any:
    process: Any = Process(**keys)
    subject.program = process
    return process


def has_log(subject: RunningSubject) -> bool:
    """Tell whether what it prints is written down."""
    before = subject.output.size
    subject.output.note("printed")
    return subject.output.size > before


def test_it_runs_or_has_ended_by_itself_or_was_not_started(subject: RunningSubject) -> None:
    def told() -> tuple[bool, bool, int | None]:
        return subject.running, subject.gone, subject.status

    assert told() == (False, False, None)
    put(subject)
    assert told() == (True, False, None)
    put(subject, running=False)
    assert told() == (False, True, 3)


def test_its_end_is_that_of_all_it_started_and_closes_its_log(subject: RunningSubject) -> None:
    process = put(subject)
    subject.end()
    assert (process.ends, subject.offspring.ends) == (["kill"], ["end"])  # type: ignore[attr-defined]
    assert subject.program is None
    assert not has_log(subject)


@pytest.mark.parametrize("who", ["process", "offspring"])
def test_its_log_is_closed_though_it_cannot_be_ended(subject: RunningSubject, who: str) -> None:
    def lives_on() -> None:
        raise BenchBroken("it lives on")

    if who == "process":
        put(subject, trouble="it lives on")
    else:
        subject.offspring.end = lives_on  # type: ignore[method-assign]
    with pytest.raises(BenchBroken, match="it lives on"):
        subject.end()
    assert not has_log(subject)


def test_a_stop_in_peace_writes_down_what_was_wrong_with_it(subject: RunningSubject) -> None:
    assert subject.stop() is None, "it was not started"
    process = put(subject, trouble="it did not end")
    found = (subject.stop(), process.ends, subject.program)
    assert found == ("it did not end", ["stop"], None)
    assert subject.output.path.read_text("utf-8") == "[bench] it did not end\n"


def test_what_a_play_leaves_running_the_next_one_has_whole(
    subject: RunningSubject, tmp_path: Path
) -> None:
    process = put(subject)
    subject.environment = {"OXO_HOST": "127.0.0.2"}
    subject.leave(NOTE)
    subject.output.note("between")
    subject.move(tmp_path / "second.log", Redaction())
    assert (subject.program is process) is True
    assert (subject.handover, subject.environment) == (NOTE, {"OXO_HOST": "127.0.0.2"})
    assert (tmp_path / "first.log").read_text("utf-8") == ""
    assert (tmp_path / "second.log").read_text("utf-8") == (
        "[bench] between\n[bench] the subject goes on running since the play bu1\n"
    )
    assert process.ends == []


@pytest.mark.parametrize("end", [RunningSubject.stop, RunningSubject.kill])
def test_what_the_bench_has_ended_is_nothing_that_was_handed_over(
    subject: RunningSubject, end: Any
) -> None:
    put(subject)
    subject.handover = NOTE
    end(subject)
    assert subject.handover is None


def test_one_that_is_begun_anew_has_another_folder_and_the_same_log(
    subject: RunningSubject, tmp_path: Path
) -> None:
    process = put(subject)
    subject.leave(NOTE)
    subject.move(tmp_path / "second.log", Redaction())
    fresh = subject.anew(tmp_path / "other")
    assert process.ends == ["stop"]
    assert (fresh.work, fresh.output) == (tmp_path / "other", subject.output)
    assert fresh.offspring is not subject.offspring
    assert (fresh.program, fresh.target, fresh.handover) == (None, None, None)
    assert has_log(fresh)


@pytest.mark.parametrize(("play", "ends"), [("bu2", []), ("bu3", ["kill"]), ("", ["kill"])])
def test_a_stand_hands_it_to_the_play_that_the_note_names_and_ends_it_otherwise(
    subject: RunningSubject, play: str, ends: list[str]
) -> None:
    folder: Any = SimpleNamespace(settings=SimpleNamespace(remote=None))
    stand = Stand(folder, Conditions("mine.toml", 1))
    process = put(subject)
    subject.leave(NOTE)
    stand.leave_running(subject)
    assert stand.take_over(play) is (None if ends else subject)
    assert process.ends == ends
    assert stand.take_over(play) is None, "it is handed on once"
