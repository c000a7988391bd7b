"""The processes of a subject: all that it started in one play, however they went away from it.

A process group is not enough: who calls setsid leaves it. So the bench takes in the orphans of
its own descendants (Linux: prctl, PR_SET_CHILD_SUBREAPER). What then descends from the bench and
was not there before the play is the subject's; so is whatever carries the play's working folder
in its environment. On a machine without /proc only process groups are ended.
"""

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Collection, Mapping
from pathlib import Path

from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from oxo_scenarios.bench.trouble import BenchBroken

KILL_SECONDS_MAX = 10.0
"""How long the machine may take to end a killed process; longer is the bench's trouble."""
LOOK_SECONDS = 0.01
ENVIRONMENT_BYTES_MAX = 1024 * 1024

_PROC = Path("/proc")
_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Let processes whose parent ends become children of this process and not of init."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


class Offspring:
    """What a subject starts in one play. Made before its first process."""

    def __init__(self, work: Path) -> None:
        """Remember who is there already; `work` is the play's own working folder."""
        self._mark = b"OXO_WORK=" + os.fsencode(work)
        self._others = frozenset(_descendants(_parents(), ()))

    def living(self) -> frozenset[int]:
        """Return the processes of the subject that live."""
        parents = _parents()
        own = _descendants(parents, self._others)
        marked = {pid for pid in parents if pid != os.getpid() and _told(pid, self._mark)}
        return frozenset(own | (marked - self._others))

    def end(self) -> None:
        """Kill all of them, until none is left.

        Raises:
            BenchBroken: one cannot be ended; the text names it.
        """
        kill_again = Retrying(
            stop=stop_after_delay(KILL_SECONDS_MAX),
            wait=wait_fixed(LOOK_SECONDS),
            retry=retry_if_result(bool),
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else (),
        )
        if left := kill_again(self._kill_living):
            shown = ", ".join(map(str, sorted(left)))
            raise BenchBroken(f"process {shown} of the subject cannot be ended")
        self._bury()

    def _kill_living(self) -> frozenset[int]:
        """Kill what lives now and return it: a killed process lives on for an instant."""
        living = self.living()
        for pid in living:
            _kill(pid)
        return living

    def _bury(self) -> None:
        """Take note of the end of adopted orphans; nobody else would."""
        for pid in _zombies() - self._others:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    except PermissionError as error:
        raise BenchBroken(f"may not end process {pid} of the subject: {error}") from error


def _parents() -> Mapping[int, int]:
    """Return every process that lives, with its parent."""
    return {pid: parent for pid, (state, parent) in _states().items() if state != "Z"}


def _zombies() -> frozenset[int]:
    """Return this process's children that have ended and were not taken note of."""
    return frozenset(
        pid for pid, (state, parent) in _states().items() if state == "Z" and parent == os.getpid()
    )


def _states() -> dict[int, tuple[str, int]]:
    """Return every process with its state letter and its parent (proc(5), stat)."""
    found = {}
    for folder in _PROC.glob("[0-9]*"):
        # Who ends while we look has ended.
        with contextlib.suppress(OSError):
            state, parent = (folder / "stat").read_bytes().rpartition(b")")[2].split()[:2]
            found[int(folder.name)] = (state.decode("ascii"), int(parent))
    return found


def _descendants(parents: Mapping[int, int], without: Collection[int]) -> set[int]:
    """Return what descends from this process, leaving out `without` and what descends from it."""
    found: set[int] = set()
    generation = {os.getpid()}
    while generation:
        generation = {
            pid
            for pid, parent in parents.items()
            if parent in generation and pid not in without and pid not in found
        }
        found |= generation
    return found


def _told(pid: int, mark: bytes) -> bool:
    """Tell whether a process was started with this variable; of another user's we may not know."""
    try:
        with (_PROC / str(pid) / "environ").open("rb") as file:
            return mark in file.read(ENVIRONMENT_BYTES_MAX).split(b"\0")
    except OSError:
        return False
