"""The command's manners: side by side, interrupted, broken, misused."""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest
from oxo_scenarios.cli import OWN_SUBJECT

pytestmark = pytest.mark.process

COMMAND = Path(sys.executable).with_name("oxo-certify")
BUSINESS = [str(COMMAND), "run", "--no-pdf", "--mode", "business"]
SUBJECTS = Path(__file__).resolve().parent / "subjects"
CURL = SUBJECTS / "curl-shell"
SECONDS_MAX = 120
LOOK_SECONDS = 0.02


@contextmanager
def running(out: Path, *options: str | Path) -> Iterator[subprocess.Popen[str]]:
    """A run in the background; whatever the test finds, it ends."""
    process = subprocess.Popen(
        [*BUSINESS, "--out", str(out), *map(str, options)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def run(*options: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*BUSINESS, *map(str, options)],
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )


def wait_for_verdict(stream: IO[str], play: str) -> None:
    """Read on until the verdict line of that play."""
    for line in stream:
        if line.startswith(play + " "):
            return
    raise AssertionError(f"no verdict on {play}")


def bundle_of(out: Path) -> dict[str, Any]:
    (path,) = out.glob("*/run.json")
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def wait_for_exchanges(pid: int, number: int) -> list[int]:
    """Wait until a run has started so many exchanges, which do not listen yet."""
    deadline = time.monotonic() + SECONDS_MAX
    while time.monotonic() < deadline:
        found = [child for child, line in descendants(pid).items() if "oxo-sim" in line]
        if len(found) == number:
            return found
        threading.Event().wait(LOOK_SECONDS)
    raise AssertionError("no exchange was started")


def descendants(pid: int) -> dict[int, str]:
    """Return the processes that a process has started, and those that they have."""
    found: dict[int, str] = {}
    for child, line in children(pid).items():
        # One that has ended meanwhile has none.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found |= {child: line} | descendants(child)
    return found


def tickets_of(out: Path) -> dict[str, list[Any]]:
    """Return what the exchange made in each play."""
    made = {}
    for path in out.glob("*/evidence/*/ledger.ndjson"):
        lines = [json.loads(line) for line in path.read_bytes().splitlines()]
        made[path.parent.name] = [line["ticket"] for line in lines if line["event"] == "made"]
    return made


def children(pid: int) -> dict[int, str]:
    """Return the processes that a process has started: pid -> command line."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    found = {}
    for child in listed:
        # A short command may have ended meanwhile.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            line = Path(f"/proc/{child}/cmdline").read_bytes().decode()
            found[int(child)] = line.replace("\0", " ")
    return found


def alive(pid: int) -> bool:
    """Tell whether a process lives; one that nobody has buried yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_for_end(pid: int) -> None:
    """Wait until a process that nobody waits for has ended."""
    with contextlib.suppress(ProcessLookupError):
        end = os.pidfd_open(pid)
        try:
            readable, _, _ = select.select([end], [], [], 60)
            assert readable, f"process {pid} lives on"
        finally:
            os.close(end)


def wait_for_number(path: Path, bench: subprocess.Popen[str]) -> int:
    """Wait until a subject has written its number there."""
    deadline = time.monotonic() + 30
    while not (path.exists() and path.read_text("ascii").strip()):
        assert bench.poll() is None, bench.communicate()
        assert time.monotonic() < deadline, f"nobody wrote {path}"
        threading.Event().wait(LOOK_SECONDS)
    return int(path.read_text("ascii"))


@pytest.mark.parametrize(
    "subject",
    [pytest.param(CURL, marks=pytest.mark.needs("curl")), OWN_SUBJECT],
    ids=["curl", "own"],
)
def test_two_runs_side_by_side_do_not_disturb_each_other(tmp_path: Path, subject: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    options: tuple[str | Path, ...] = (
        "--subject", subject, "--wire", "taxation", "--case", "BU1", "--case", "BU2",
        "--case", "DIS101",
    )  # fmt: skip
    if subject == OWN_SUBJECT:
        options += ("--wire", "account", "--wire", "stream")
    with running(first, *options) as one, running(second, *options) as other:
        assert one.wait(SECONDS_MAX) == 0, one.communicate()
        assert other.wait(SECONDS_MAX) == 0, other.communicate()
    assert bundle_of(first)["run"] != bundle_of(second)["run"]
    assert bundle_of(first)["exchange"]["ports"] != bundle_of(second)["exchange"]["ports"]


def test_a_seed_makes_the_same_tickets_again_and_another_one_others(tmp_path: Path) -> None:
    made = []
    for n, seed in enumerate(["11", "11", "12"]):
        out = tmp_path / str(n)
        done = run(
            "--out",
            out,
            "--seed",
            seed,
            "--wire",
            "taxation",
            "--mode",
            "business",
            "--case",
            "BU1",
            "--case",
            "BU3",
            "--case",
            "SMDR1",
        )
        assert done.returncode == 0, done.stdout + done.stderr
        made.append(tickets_of(out))
    assert made[0] == made[1]
    assert {play: len(tickets) for play, tickets in made[0].items()} == {
        "bu1": 25, "bu3": 20, "smdr1.observed": 1, "smdr1": 1
    }  # fmt: skip
    for play in ("bu1", "bu3", "smdr1"):
        assert made[0][play] != made[2][play]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.needs("curl")
def test_an_interrupted_run_leaves_a_valid_bundle_and_nothing_behind(
    tmp_path: Path, number: signal.Signals
) -> None:
    with running(tmp_path, "--subject", CURL) as process:
        assert process.stdout is not None
        wait_for_verdict(process.stdout, "cic2")
        started = children(process.pid)
        process.send_signal(number)
        out, err = process.communicate(timeout=SECONDS_MAX)
        assert process.returncode == 4, out + err
    assert "interrupted" in out
    assert any("oxo-sim" in command for command in started.values())
    assert not [command for pid, command in started.items() if alive(pid)]
    plays = bundle_of(tmp_path)["plays"]
    assert [play["play"] for play in plays][:2] == ["cic1", "cic2"]
    assert len(plays) < 5
    assert list(tmp_path.glob("*/report.html"))
    gaps = {gap["case"]: gap["reason"] for gap in bundle_of(tmp_path)["gaps"]}
    assert gaps["DIS104"] == "the run broke off"


@pytest.mark.parametrize(
    ("number", "stands"), [(signal.SIGINT, 1), (signal.SIGTERM, 2), (signal.SIGHUP, 2)]
)
def test_an_interruption_before_the_first_case_leaves_no_exchange_behind(
    tmp_path: Path, number: signal.Signals, stands: int
) -> None:
    with running(tmp_path, "-n", str(stands)) as process:
        exchanges = wait_for_exchanges(process.pid, stands)
        process.send_signal(number)
        out, err = process.communicate(timeout=SECONDS_MAX)
        assert process.returncode == 4, out + err
    assert "interrupted" in err
    assert "Traceback" not in err
    for exchange in exchanges:
        wait_for_end(exchange)
    assert not list(tmp_path.iterdir())


def test_a_killed_bench_leaves_neither_exchange_nor_subject_running(
    tmp_path: Path, foreign: Callable[..., Path]
) -> None:
    """It can tidy up nothing; the machine ends what it has started."""
    subject = foreign("echo $$ > $OXO_SUBJECT/number; exec sleep 600")
    with running(tmp_path / "out", "--subject", subject, "--case", "CIC3") as process:
        number = wait_for_number(subject / "number", process)
        started = children(process.pid)
        assert number in started
        assert any("oxo-sim" in command for command in started.values())
        process.kill()
        process.wait(SECONDS_MAX)
        for pid in started:
            wait_for_end(pid)


def test_a_killed_bench_leaves_none_of_its_stands_behind(tmp_path: Path) -> None:
    with running(tmp_path, "-n", "2") as process:
        wait_for_exchanges(process.pid, 2)
        started = descendants(process.pid)
        process.kill()
        process.wait(SECONDS_MAX)
        for pid in started:
            wait_for_end(pid)


@pytest.mark.needs("curl")
def test_a_dying_exchange_is_the_benchs_error_and_never_the_subjects(tmp_path: Path) -> None:
    cases = [word for case in ("CIC1", "CIC2", "CIC3", "BU1") for word in ("--case", case)]
    with running(tmp_path, "--subject", CURL, *cases) as process:
        assert process.stdout is not None
        wait_for_verdict(process.stdout, "cic1")
        (simulator,) = [p for p, command in children(process.pid).items() if "oxo-sim" in command]
        os.kill(simulator, signal.SIGKILL)
        out, err = process.communicate(timeout=SECONDS_MAX)
        assert process.returncode == 3, out + err
    verdicts = [play["verdict"] for play in bundle_of(tmp_path)["plays"]]
    assert len(verdicts) == 4
    assert verdicts[0] == "ok"
    assert verdicts[-1] == "error"
    assert "nok" not in verdicts
    assert "simulated exchange ended" in bundle_of(tmp_path)["plays"][-1]["reason"]


@pytest.mark.needs("curl")
def test_last_failures_plays_just_those(tmp_path: Path) -> None:
    wrong = ("--subject", SUBJECTS / "wrong" / "drops-identical-neighbours", "--out", tmp_path)
    first = run(*wrong, "--case", "BU1", "--case", "BU3")
    assert first.returncode == 1, first.stdout + first.stderr
    second = run("--subject", CURL, "--out", tmp_path, "--last-failures")
    assert second.returncode == 0, second.stdout + second.stderr
    newest = max(tmp_path.glob("*/run.json"), key=lambda path: path.stat().st_mtime_ns)
    assert [play["play"] for play in json.loads(newest.read_text("utf-8"))["plays"]] == ["bu3"]
    third = run("--subject", CURL, "--out", tmp_path, "--last-failures")
    assert third.returncode == 2
    assert "nothing failed in" in third.stderr


@pytest.mark.parametrize(
    ("options", "status", "told"),
    [
        (["--case", "CIC99"], 2, "no case CIC99; there are CIC1"),
        (["--chapter", "BU", "--case", "CIC1"], 2, "no case matches"),
        (["--subject", "/not/there"], 2, "subject.toml"),
        (["--seed", "many"], 2, "Usage"),
        (
            ["--profile", "not-there"],
            2,
            "oxo-certify: no profile 'not-there'; packaged are certify",
        ),
        (["--profile", "not-there.toml"], 2, "not-there.toml"),
        (["--name", "exchange.invalid"], 2, "exchange.invalid does not resolve to 127.0.0.1"),
    ],
)
def test_what_cannot_be_run_says_so_in_one_sentence(
    tmp_path: Path, options: list[str], status: int, told: str
) -> None:
    done = run("--out", tmp_path, *options)
    assert done.returncode == status, done.stdout + done.stderr
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def made_plain(folder: Path) -> Path:
    path = folder / "plain"
    path.write_text("mine", "utf-8")
    return path


@pytest.mark.parametrize(
    ("option", "place", "told"),
    [
        ("--out", "plain", "takes no bundle: File exists"),
        ("--out", "plain/below", "takes no bundle: Not a directory"),
        ("--out", "/proc/nope", "takes no bundle: No such file or directory"),
        ("--junit", "", "is no regular file"),
        ("--junit", "/dev/full", "is no regular file"),
        ("--junit", "not/there.xml", "there is no folder"),
        ("--junit", "plain/below.xml", "there is no folder"),
        ("--junit", "/proc/nope.xml", "cannot be written: No such file or directory"),
    ],
)
def test_what_cannot_be_written_is_the_operators_and_told_before_the_run(
    tmp_path: Path, option: str, place: str, told: str
) -> None:
    plain = made_plain(tmp_path)
    done = run("--out", tmp_path / "out", option, tmp_path / place, "--case", "CIC3")
    assert done.returncode == 2, done.stdout + done.stderr
    assert told in done.stderr
    assert done.stderr.startswith("oxo-certify: --")
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""
    assert not (tmp_path / "not").exists()
    assert plain.read_text("utf-8") == "mine"


def test_an_output_that_takes_no_json_is_the_operators(tmp_path: Path) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [*BUSINESS, "--out", str(tmp_path), "--case", "CIC3", "--json"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=SECONDS_MAX,
            check=False,
        )
    assert done.returncode == 2, done.stderr
    assert "standard output takes no --json: No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    assert bundle_of(tmp_path)["verdict"] == "ok"


@pytest.mark.needs("curl")
def test_a_run_away_from_a_checkout_writes_to_oxo_out_and_heeds_no_foreign_configuration(
    tmp_path: Path,
) -> None:
    """A partner's folder: a conftest that fails, a pytest.ini of theirs, options in variables."""
    (tmp_path / "conftest.py").write_text("raise RuntimeError('not ours')", "utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n", "utf-8")
    done = subprocess.run(
        [*BUSINESS, "--subject", str(CURL), "--case", "CIC3"],
        cwd=tmp_path,
        env={**os.environ, "PYTEST_ADDOPTS": "-k nothing", "PYTEST_PLUGINS": "not_there"},
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert [play["play"] for play in bundle_of(tmp_path / "oxo-out")["plays"]] == ["cic3"]
