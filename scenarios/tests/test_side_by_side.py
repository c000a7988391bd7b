"""Several stands: who plays what, when there may be several, and one record in order."""

import os
import signal
import subprocess
import sys
from multiprocessing import Pipe
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from oxo_scenarios.bench.stand import Conditions
from oxo_scenarios.bench.trouble import BenchBroken, UsageWrong
from oxo_scenarios.catalogue import load_catalogue
from oxo_scenarios.cli import OWN_SUBJECT
from oxo_scenarios.options import stands_of
from oxo_scenarios.play.part import Next
from oxo_scenarios.play.side_by_side import Hand, Parts
from oxo_scenarios.subject import Subject, load_subject

CATALOGUE = load_catalogue()
CASES = [case.id for case in CATALOGUE.cases]
OWN = load_subject(OWN_SUBJECT, CASES)
COMMAND = Path(sys.executable).with_name("oxo-certify")
FREE = Conditions("certify", 1)


def test_every_play_is_handed_out_once_and_a_stand_stays_on_its_wire() -> None:
    planned = [each for each in CATALOGUE.plays() if each.wire in ("taxation", "nmc", "v24")]
    wires = {each.play: each.wire for each in planned}
    hand = Hand(planned)
    on: list[str | None] = [None, None]
    given: list[str] = []
    changes = 0
    while name := hand.take(on[len(given) % 2]):
        changes += wires[name] != on[len(given) % 2]
        on[len(given) % 2] = wires[name]
        given.append(name)
    assert sorted(given) == sorted(wires)
    assert hand.take("nmc") is None
    assert changes <= 6  # each stand comes to each wire once at most


def subject(**changed: Any) -> Subject:
    settings = OWN.settings.model_copy(update=changed)
    return Subject(OWN.folder, settings, ())


def test_two_stands_play_where_the_subject_allows_it_and_there_are_cores(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    assert stands_of(None, OWN, FREE, 100) == 2
    assert stands_of(None, OWN, FREE, 1) == 1
    assert stands_of(None, OWN, FREE._replace(keep=Path("x")), 100) == 1
    assert OWN.settings.start is not None
    alone = OWN.settings.start.model_copy(update={"side_by_side": False})
    assert stands_of(None, subject(start=alone), FREE, 100) == 1
    assert stands_of(3, subject(start=alone), FREE, 100) == 3
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    assert stands_of(None, OWN, FREE, 100) == 1


@pytest.mark.parametrize(
    ("changed", "conditions", "told"),
    [
        ({}, FREE._replace(ports={"standard": 10443}), "-n 2: ports that are asked for"),
        ({}, FREE._replace(keep=Path("x")), "--keep is the folder of one exchange"),
        ({"remote": SimpleNamespace()}, FREE, "a remote subject is one"),
        ({"delivery": SimpleNamespace(file="tickets.csv", folder=None, url=None)}, FREE,
         "the subject has one delivery for all, tickets.csv"),
    ],
)  # fmt: skip
def test_several_are_refused_where_there_can_be_one_alone(
    changed: dict[str, Any], conditions: Conditions, told: str
) -> None:
    with pytest.raises(UsageWrong, match=told):
        stands_of(2, subject(**changed), conditions, 100)
    assert stands_of(1, subject(**changed), conditions, 100) == 1


def test_a_stand_that_ends_with_an_answer_unread_is_told_like_any_other() -> None:
    """The machine says then that the connection was reset, and not that it has ended."""
    options: Any = SimpleNamespace(stands=0, planned=[])
    parts = Parts(subject(), options, FREE)
    process: Any = SimpleNamespace(join=lambda _seconds: None, exitcode=-9)
    nobody: Any = None
    for asked in (False, True):
        ours, theirs = Pipe()
        parts._processes[ours] = process
        if asked:
            theirs.send(Next(None))
        else:
            ours.send("the last answer")
        theirs.close()
        with ours:
            if asked:
                assert parts._take(ours, nobody, nobody), "it had asked, and nobody hears"
            with pytest.raises(BenchBroken, match="a stand ended with status -9"):
                parts._take(ours, nobody, nobody)


@pytest.mark.process
def test_two_stands_leave_one_bundle_in_the_catalogues_order(certify: Any) -> None:
    found = certify("-n", "2", "--case", "BU3", "--wire", "taxation", "--wire", "ohl")
    assert list(found.verdicts().items()) == [("bu3", "ok"), ("bu3.ohl", "ok")]
    results = list((found.bundle / "allure-results").glob("*-result.json"))
    assert len(results) == 2
    assert found.status == 0


def begun(out: Path) -> "subprocess.Popen[str]":
    """Start a run of two stands, and return it when the first play was judged."""
    command = [str(COMMAND), "run", "--no-pdf", "--out", str(out), "--mode", "business", "-n", "2"]
    running = subprocess.Popen(
        [*command, "--case", "BU1", "--case", "BU3"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert running.stdout is not None
    assert any(" ok " in line for line in running.stdout)
    return running


def ended(running: "subprocess.Popen[str]", out: Path) -> tuple[int, str]:
    """Return status and last words; the bundle is there, and nothing else lives on."""
    assert running.stdout is not None
    with running:
        told = running.stdout.read()
    (bundle,) = out.glob("*/report.html")
    assert bundle.with_name("run.json").exists()
    return running.returncode, told


@pytest.mark.process
def test_an_interrupted_run_of_two_leaves_a_valid_bundle(tmp_path: Path) -> None:
    running = begun(tmp_path)
    running.send_signal(signal.SIGTERM)
    status, told = ended(running, tmp_path)
    assert status == 4, told
    assert "interrupted; the cases played so far stand" in told


@pytest.mark.process
def test_a_stand_that_breaks_is_told_and_the_other_ends(tmp_path: Path) -> None:
    running = begun(tmp_path)
    children = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text("ascii").split()
    os.kill(int(children[0]), signal.SIGKILL)
    status, told = ended(running, tmp_path)
    assert status == 3, told
    assert "a stand ended with status -9" in told
