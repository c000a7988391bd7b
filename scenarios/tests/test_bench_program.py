"""The subject's process: readiness, end, kill of its whole group, its log, its delivery."""

import base64
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from oxo_scenarios.bench import offspring as offspring_module
from oxo_scenarios.bench import output as output_module
from oxo_scenarios.bench import program as program_module
from oxo_scenarios.bench.connect import Account
from oxo_scenarios.bench.delivered import DeliveryReader
from oxo_scenarios.bench.offspring import Offspring, adopt_orphans
from oxo_scenarios.bench.output import Output
from oxo_scenarios.bench.program import Program, one_line, run_command
from oxo_scenarios.bench.redaction import Redaction
from oxo_scenarios.bench.trouble import BenchBroken, SubjectFailed
from oxo_scenarios.subject import Subject, load_subject

pytestmark = pytest.mark.process

TICKET = b'{"kind":"call","local_time":"2020-02-24T14:00:00"}\n'
Start = Callable[..., Program]


def subject(folder: Path, script: str, **tables: str) -> Subject:
    """Return a subject that runs a shell script; `tables` replace the lines of a table."""
    (folder / "start.sh").write_text(script, "utf-8")
    delivery = 'format = "ndjson"\nfile = "${OXO_WORK}/tickets"\nsettle_seconds = 0.3'
    (folder / "subject.toml").write_text(
        f"""
[subject]
name = "Shell"
version = "1"
wires = ["taxation"]
[start]
command = ["sh", "start.sh"]
ready_log = "^ready$"
ready_seconds_max = 5
[stop]
{tables.get("stop", "seconds_max = 5")}
[delivery]
{tables.get("delivery", delivery)}
""",
        "utf-8",
    )
    return load_subject(folder, [])


@pytest.fixture
def output(tmp_path: Path) -> Iterator[Output]:
    made = Output(tmp_path / "subject.log")
    yield made
    made.close()


@pytest.fixture
def start(tmp_path: Path, output: Output) -> Iterator[Start]:
    adopt_orphans()
    offspring = Offspring(tmp_path)
    started: list[Program] = []

    def run(script: str, **tables: str) -> Program:
        found = subject(tmp_path, script, **tables)
        environment = {"PATH": os.environ["PATH"], "OXO_WORK": str(tmp_path)}
        started.append(Program(found, environment, output, offspring))
        return started[-1]

    yield run
    for program in started:
        program.kill()


def log(output: Output) -> str:
    return output.path.read_text("utf-8")


def test_ready_is_what_the_log_says(start: Start, output: Output) -> None:
    program = start("echo not yet ready; echo ready; exec sleep 60")
    program.wait_ready()
    assert program.running
    assert program.stop() is None
    assert program.status == -signal.SIGTERM
    assert log(output) == "not yet ready\nready\n"


def test_a_second_start_is_not_ready_by_the_words_of_the_first(start: Start) -> None:
    first = start("echo ready; exec sleep 60")
    first.wait_ready()
    first.kill()
    second = start("echo going down >&2; exit 3")
    with pytest.raises(SubjectFailed, match="ended with status 3 before it was ready"):
        second.wait_ready()


PARTINGS = {
    "in its group": "sleep 60 & echo $! > child",
    "in a session of its own": "setsid sh -c 'echo $$ > child; exec sleep 60' &",
    "an orphan without the variables": (
        "(setsid env -i PATH=$PATH sh -c 'echo $$ > child; exec sleep 60' &) &"
    ),
}


@pytest.mark.parametrize("end", ["kill", "stop"])
@pytest.mark.parametrize("then", ["exec sleep 60", "exit 0"])
@pytest.mark.parametrize("parting", PARTINGS.values(), ids=PARTINGS)
def test_what_the_subject_started_ends_with_it(
    start: Start, tmp_path: Path, parting: str, then: str, end: str
) -> None:
    """However it left its parent, and also when the parent has ended long ago."""
    wait = "until test -s child; do :; done; echo ready"
    program = start(f"{parting}\n{wait}; {then}")
    if then == "exit 0":
        assert program.ended.wait(5)
    else:
        program.wait_ready()
    child = int((tmp_path / "child").read_text("ascii"))
    assert alive(child)
    getattr(program, end)()
    assert not alive(child)
    assert not program.running


def test_who_was_there_before_and_who_is_not_the_subjects_lives_on(
    start: Start, tmp_path: Path
) -> None:
    with subprocess.Popen(["sleep", "60"]) as bystander:
        offspring = Offspring(tmp_path)
        program = start("sleep 60 & echo ready; wait")
        program.wait_ready()
        assert bystander.pid not in offspring.living()
        assert len(offspring.living()) >= 2
        offspring.end()
        assert alive(bystander.pid)
        assert not offspring.living()
        bystander.kill()


def test_what_cannot_be_ended_is_the_benchs_error(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offspring = Offspring(tmp_path)
    start("echo ready; exec sleep 60").wait_ready()
    with monkeypatch.context() as held:
        held.setattr(offspring_module, "KILL_SECONDS_MAX", 0.05)
        held.setattr(offspring_module, "_kill", lambda _pid: None)
        with pytest.raises(BenchBroken, match=r"process \d+ of the subject cannot be ended"):
            offspring.end()


def alive(pid: int) -> bool:
    """Tell whether a process lives; a killed orphan that init has not buried yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_who_does_not_stop_is_killed_and_the_report_says_so(start: Start) -> None:
    program = start('trap "" TERM; echo ready; while :; do sleep 1; done', stop="seconds_max = 0.2")
    program.wait_ready()
    assert program.stop() == "the subject did not end within 0.2 s; it was killed"
    assert not program.running


def test_a_stop_command_that_fails_is_told_and_the_subject_ends(start: Start) -> None:
    program = start(
        "echo ready; exec sleep 60", stop='command = ["sh", "-c", "echo no >&2; exit 9"]'
    )
    program.wait_ready()
    assert program.stop() == "'sh' of the subject ended with 9: no; it was killed"
    assert not program.running


def test_a_log_is_kept_up_to_its_limit_and_the_subject_is_never_blocked(
    start: Start, output: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output_module, "LOG_BYTES_MAX", 1000)
    program = start("head -c 3000000 /dev/zero | tr '\\0' x; echo; echo ready; exec sleep 60")
    program.wait_ready()
    assert len(log(output)) < 1000 + output_module.CHUNK_BYTES + 100
    assert log(output).endswith("[bench] log ends here, at 1000 bytes\n")
    assert output.cut_at == 1000


def test_a_pattern_that_would_search_for_years_has_the_limit_too(output: Output) -> None:
    inward, outward = os.pipe()
    reading = output.follow(os.fdopen(inward, "rb"))
    os.write(outward, b"a" * 4000 + b"\n")
    os.close(outward)
    reading.join(5)
    begun = time.monotonic()
    assert not output.wait_for(re.compile("(a+)+b"), threading.Event(), 0.3)
    assert time.monotonic() - begun < 5


def test_what_was_told_in_secret_is_redacted_however_it_is_cut(output: Output) -> None:
    account = Account("u", "s3cret@pass")
    output.redaction = Redaction([account])
    login = base64.b64encode(b"u:s3cret@pass")
    for cut in range(1, 11):
        inward, outward = os.pipe()
        reading = output.follow(os.fdopen(inward, "rb"))
        size = output.size
        os.write(outward, b"a s3cret@pass"[: 2 + cut])
        assert output.wait_for(re.compile("a"), threading.Event(), 5)
        os.write(outward, b"s3cret@pass"[cut:] + b" s3cret%40pass " + login + b" s3c")
        os.close(outward)
        reading.join(5)
        assert output.path.read_bytes()[size:] == b"a [redacted] [redacted] [redacted] s3c"


def test_a_delivery_and_the_words_of_its_command_are_redacted(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "OXO_WORK": str(tmp_path)}
    for script, status in (("echo s3cret@pass", 0), ("echo s3cret@pass >&2; exit 4", 4)):
        door = f'format = "ndjson"\ncommand = ["sh", "-c", "{script}"]'
        found = DeliveryReader(
            subject(tmp_path, "exit 0", delivery=door),
            environment,
            Redaction([Account("u", "s3cret@pass")]),
        )
        if status:
            with pytest.raises(SubjectFailed, match=r"ended with 4: \[redacted\]$"):
                found.read()
        else:
            assert found.read() == b"[redacted]\n"


def reader(tmp_path: Path, **tables: str) -> DeliveryReader:
    environment = {"PATH": os.environ["PATH"], "OXO_WORK": str(tmp_path)}
    return DeliveryReader(subject(tmp_path, "exit 0", **tables), environment)


def test_a_delivery_that_repeats_itself_from_its_second_call_on_is_seen(tmp_path: Path) -> None:
    """Complete at the first reading: what counts is the last one."""
    (tmp_path / "t").write_bytes(TICKET)
    repeating = (
        'format = "ndjson"\nsettle_seconds = 0.1\n'
        'command = ["sh", "-c", "cat $OXO_WORK/t; cp $OXO_WORK/t $OXO_WORK/u; '
        'cat $OXO_WORK/u >> $OXO_WORK/t"]'
    )
    assert reader(tmp_path, delivery=repeating).settled() == TICKET * 2


def test_a_delivery_that_settles_at_once_is_read_once(tmp_path: Path) -> None:
    counting = (
        'format = "ndjson"\nsettle_seconds = 0\n'
        'command = ["sh", "-c", "echo >> $OXO_WORK/read; cat $OXO_WORK/read"]'
    )
    assert reader(tmp_path, delivery=counting).settled() == b"\n"


@pytest.mark.parametrize(
    ("readings", "stands"),
    [
        ((b"h\n1\n2\n", b"never read"), b"h\n1\n2\n"),
        ((b"h\n0\n2\n1\n", b"never read"), b"h\n0\n2\n1\n"),
        ((b"", b"h\n1\n2\n"), b"h\n1\n2\n"),
        ((b"h\n1\n", b"h\n1\n2\n"), b"h\n1\n2\n"),
        ((b"h\n", b"h\n"), b"h\n"),
    ],
    ids=["as it was", "grown", "empty while written", "half while written", "cleared away"],
)
def test_a_file_caught_while_it_is_written_anew_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, readings: tuple[bytes, ...], stands: bytes
) -> None:
    """Its old lines would count as delivered twice in the play that begins."""
    door = 'format = "csv"\nfile = "x"\nsettle_seconds = 0\ncolumns = { charged_user = "h" }'
    found, waiting = reader(tmp_path, delivery=door), iter(readings)
    monkeypatch.setattr(found, "_read", lambda: {"": next(waiting)})
    assert found.standing({"": b"h\n1\n2\n"}) == {"": stands}


def test_after_a_play_that_was_broken_off_the_delivery_is_given_time_to_settle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the subject got in it is no phantom of the next."""
    door = 'format = "ndjson"\nfile = "x"\nsettle_seconds = 0'
    found, waiting = reader(tmp_path, delivery=door), iter((b"1\n", b"1\n2\n"))
    monkeypatch.setattr(found, "_read", lambda: {"": next(waiting)})
    assert found.standing(None) == {"": b"1\n2\n"}


def test_a_delivery_file_is_read_again_when_the_subject_has_stopped(tmp_path: Path) -> None:
    (tmp_path / "tickets").write_bytes(TICKET)
    found = reader(tmp_path)
    assert found.settled() == TICKET
    (tmp_path / "tickets").write_bytes(TICKET * 2)
    raw, delivery = found.final(TICKET)
    assert raw == TICKET * 2
    assert len(delivery.tickets) == 2


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "folder"])
def test_a_delivery_that_is_no_regular_file_is_refused(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    make(tmp_path / "tickets")
    with pytest.raises(SubjectFailed, match=r"no regular file|Is a directory"):
        reader(tmp_path).read()


def test_a_delivery_that_is_not_there_is_empty_and_one_that_fails_says_why(tmp_path: Path) -> None:
    assert reader(tmp_path).settled() == b""
    failing = 'format = "ndjson"\ncommand = ["sh", "-c", "echo broken >&2; exit 4"]'
    with pytest.raises(SubjectFailed, match="'sh' of the subject ended with 4: broken"):
        reader(tmp_path, delivery=failing).read()
    unknown = 'format = "ndjson"\nfile = "${NOT_TOLD}/tickets"'
    with pytest.raises(SubjectFailed, match="names an unknown variable"):
        reader(tmp_path, delivery=unknown).read()


def test_a_command_has_its_limit(tmp_path: Path) -> None:
    with pytest.raises(SubjectFailed, match=r"took over 0\.1 s"):
        run_command(["sh", "-c", "sleep 60; true"], tmp_path, {"PATH": os.environ["PATH"]}, 0.1)


@pytest.mark.parametrize("stream", [1, 2])
@pytest.mark.parametrize("then", ["sleep 60", "exit 0"])
def test_what_a_command_prints_is_bounded_while_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stream: int, then: str
) -> None:
    monkeypatch.setattr(program_module, "COMMAND_OUTPUT_BYTES_MAX", 1000)
    script = f"head -c 1001 /dev/zero >&{stream}; {then}"
    with pytest.raises(SubjectFailed, match="'sh' of the subject printed over 1000 bytes"):
        run_command(["sh", "-c", script], tmp_path, {"PATH": os.environ["PATH"]}, 30)
    kept = run_command(
        ["sh", "-c", "head -c 1000 /dev/zero"], tmp_path, {"PATH": os.environ["PATH"]}, 30
    )
    assert kept == bytes(1000)


def test_what_a_subject_prints_cannot_steer_a_terminal() -> None:
    assert one_line(b"\x1b[31mred\x1b[0m\r\nnext\x00\xff") == "[31mred [0m next \ufffd"
