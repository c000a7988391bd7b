"""The subject's process: started through the door, watched, stopped, killed.

Each start is a session and process group of its own; a kill takes the group, and whatever the
subject started that has left it. What it prints goes into the play's log.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from oxo_scenarios.bench.mortal import dies_with_bench, signals_to_main_thread, threads_known
from oxo_scenarios.bench.offspring import KILL_SECONDS_MAX, Offspring
from oxo_scenarios.bench.output import Output
from oxo_scenarios.bench.trouble import BenchBroken, SubjectFailed
from oxo_scenarios.delivery import DELIVERY_BYTES_MAX
from oxo_scenarios.subject import Subject

COMMAND_SECONDS_MAX = 20.0
STDERR_BYTES_MAX = 500
COMMAND_OUTPUT_BYTES_MAX = DELIVERY_BYTES_MAX + 1
"""Who prints more, on standard output or on standard error, is ended."""
COMMAND_LOOK_SECONDS = 0.02
"""How often the bench looks how much a command has printed."""


class Program:
    """One start of the subject."""

    def __init__(
        self,
        subject: Subject,
        environment: Mapping[str, str],
        output: Output,
        offspring: Offspring,
    ) -> None:
        """Start it; `offspring` was made before and knows what it starts itself.

        Raises:
            SubjectFailed: its command cannot be started.
        """
        self._subject = subject
        self._environment = dict(environment)
        self._output = output
        self._offspring = offspring
        self._status: int | None = None
        self.ended = threading.Event()
        self._process = self._start()
        assert self._process.stdout is not None
        self._reading = output.follow(self._process.stdout)
        with signals_to_main_thread():
            threading.Thread(target=self._bury, name="subject end", daemon=True).start()

    @property
    def running(self) -> bool:
        """Tell whether the process lives."""
        return not self.ended.is_set()

    @property
    def status(self) -> int | None:
        """Return the exit status; negative is the signal that ended it."""
        return self._status

    def wait_ready(self) -> None:
        """Wait until the subject says that it collects, by its `ready_log`.

        Raises:
            SubjectFailed: it ended, or did not say so within `ready_seconds_max`.
        """
        start = self._subject.settings.start
        assert start is not None
        if start.ready_log is None:
            return
        ready = self._output.wait_for(
            re.compile(start.ready_log, re.MULTILINE), self.ended, start.ready_seconds_max
        )
        if not ready and not self.running:
            raise SubjectFailed(f"the subject ended with status {self.status} before it was ready")
        if not ready:
            raise SubjectFailed(
                f"the subject did not print {start.ready_log!r} within {start.ready_seconds_max} s"
            )

    def stop(self) -> str | None:
        """End the subject as its folder says; return what was wrong with its end, if anything."""
        if not self.running:
            # It may have left others behind, which would go on collecting.
            self.kill()
            return f"the subject had ended by itself, with status {self.status}"
        stop = self._subject.settings.stop
        if stop.command:
            trouble = self._run_stop_command(stop.command, stop.seconds_max)
        else:
            trouble = None
            self._signal(getattr(signal, f"SIG{stop.signal or 'TERM'}"), group=False)
        if trouble is None and not self.ended.wait(stop.seconds_max):
            trouble = f"the subject did not end within {stop.seconds_max:g} s"
        # Whatever the subject itself started and left behind ends here too.
        self.kill()
        return f"{trouble}; it was killed" if trouble else None

    def kill(self) -> None:
        """End everything the subject started at once, as a power cut would.

        Raises:
            BenchBroken: the machine does not end it.
        """
        if self._process.returncode is None:
            self._signal(signal.SIGKILL, group=True)
        if not self.ended.wait(KILL_SECONDS_MAX):
            raise BenchBroken(f"process {self._process.pid} of the subject cannot be ended")
        self._process.wait()
        self._offspring.end()

    def _start(self) -> subprocess.Popen[bytes]:
        assert self._subject.settings.start is not None
        command = self._subject.settings.start.command
        try:
            with threads_known():
                return subprocess.Popen(  # noqa: S603 - the subject's, on purpose
                    resolved(command, self._subject.folder, self._environment),
                    cwd=self._subject.folder,
                    env=self._environment,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    preexec_fn=dies_with_bench(signal.SIGKILL),  # noqa: PLW1509 - see there
                )
        except OSError as error:
            raise SubjectFailed(f"cannot start {command[0]!r} of the subject: {error}") from error

    def _bury(self) -> None:
        # It is left unburied: until then its number, by which its group is killed, stays its own.
        end = os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT)
        assert end is not None
        self._status = end.si_status if end.si_code == os.CLD_EXITED else -end.si_status
        # What the process printed last is read before its end is told.
        self._reading.join(0.2)
        self.ended.set()
        self._output.wake()

    def _run_stop_command(self, command: Sequence[str], seconds_max: float) -> str | None:
        try:
            run_command(command, self._subject.folder, self._environment, seconds_max)
        except SubjectFailed as failure:
            return str(failure)
        return None

    def _signal(self, number: int, *, group: bool) -> None:
        try:
            (os.killpg if group else os.kill)(self._process.pid, number)
        except ProcessLookupError:
            return
        except PermissionError as error:
            raise BenchBroken(f"may not signal process {self._process.pid}: {error}") from error


def one_line(told: bytes) -> str:
    """Return what a subject printed as harmless text of one line: it ends on terminals."""
    text = told.decode("utf-8", "replace")
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def resolved(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> list[str]:
    """Return the command with its program found: in the folder, or on the subject's PATH."""
    program = command[0]
    if "/" in program:
        return [str(folder / program), *command[1:]]
    beside = folder / program
    found = shutil.which(program, path=environment.get("PATH"))
    return [found or str(beside), *command[1:]]


def run_command(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], seconds_max: float
) -> bytes:
    """Run one of the subject's short commands (version, stop, deliver) and return its output.

    Raises:
        SubjectFailed: it cannot be started, fails, takes longer than `seconds_max`, or prints
            more than `COMMAND_OUTPUT_BYTES_MAX`.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        try:
            with threads_known():
                process = subprocess.Popen(  # noqa: S603 - the subject's, on purpose
                    resolved(command, folder, environment),
                    cwd=folder,
                    env=dict(environment),
                    stdin=subprocess.DEVNULL,
                    # Files, not pipes: what a command leaves running cannot keep the bench waiting.
                    stdout=out,
                    stderr=err,
                    start_new_session=True,
                    preexec_fn=dies_with_bench(signal.SIGKILL),  # noqa: PLW1509 - see there
                )
        except OSError as error:
            raise SubjectFailed(f"cannot start {command[0]!r} of the subject: {error}") from error
        try:
            status = _wait(process, command[0], (out, err), seconds_max)
        finally:
            _kill_group(process)
        if status != 0:
            told = one_line(_read(err, STDERR_BYTES_MAX))
            raise SubjectFailed(f"{command[0]!r} of the subject ended with {status}: {told}")
        return _read(out, COMMAND_OUTPUT_BYTES_MAX)


def _wait(
    process: subprocess.Popen[bytes], name: str, printed: Sequence[IO[bytes]], seconds_max: float
) -> int:
    """Wait for the end of a command and return its status; it may print into files up to a limit.

    Raises:
        SubjectFailed: it takes too long or prints too much.
    """
    deadline = time.monotonic() + seconds_max
    status = None
    while status is None:
        if time.monotonic() >= deadline:
            raise SubjectFailed(f"{name!r} of the subject took over {seconds_max:g} s")
        with contextlib.suppress(subprocess.TimeoutExpired):
            status = process.wait(COMMAND_LOOK_SECONDS)
        if any(os.fstat(file.fileno()).st_size > COMMAND_OUTPUT_BYTES_MAX for file in printed):
            raise SubjectFailed(
                f"{name!r} of the subject printed over {COMMAND_OUTPUT_BYTES_MAX} bytes"
            )
    return status


def _read(file: IO[bytes], bytes_max: int) -> bytes:
    file.seek(0)
    return file.read(bytes_max)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(KILL_SECONDS_MAX)
