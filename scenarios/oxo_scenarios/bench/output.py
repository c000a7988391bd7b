"""A subject's output: kept, bounded, and waited upon."""

import re
import threading
import time
from pathlib import Path
from typing import IO

from oxo_scenarios.bench.limit import at_most
from oxo_scenarios.bench.mortal import signals_to_main_thread
from oxo_scenarios.bench.redaction import Redaction

LOG_BYTES_MAX = 4 * 1024 * 1024
"""More output of one play is read, so that the subject never blocks, and let go with a note."""
WATCHED_BYTES_MAX = 256 * 1024
"""The ready pattern is looked for in so many last bytes."""
LINE_CHARACTERS_MAX = 1024
"""The ready pattern is looked for in so many last characters of each line."""
CHUNK_BYTES = 16 * 1024
BETWEEN_BYTES_MAX = 256 * 1024
"""So much of what a subject prints between two plays goes into the log of the next."""


class Output:
    """The log of one play. Several processes in a row (after a kill) write into the same one."""

    def __init__(self, path: Path, redaction: Redaction | None = None) -> None:
        """Write to `path`, which is made anew; `redaction` may be set before a process starts."""
        self.path = path
        self.redaction = redaction or Redaction()
        self._news = threading.Condition()
        self._watched = b""
        self._kept = 0
        self._cut_at: int | None = None
        self._between: bytes | None = None
        self._file = path.open("wb", buffering=0)

    def follow(self, pipe: IO[bytes]) -> threading.Thread:
        """Read a process's pipe until it ends, in a thread; the watched text starts anew."""
        with self._news:
            self._watched = b""
        thread = threading.Thread(target=self._read, args=(pipe,), name="subject log", daemon=True)
        with signals_to_main_thread():
            thread.start()
        return thread

    def note(self, text: str) -> None:
        """Write a line of the bench's own between the subject's."""
        self._append(f"[bench] {text}\n".encode(), watch=False)

    def wait_for(
        self, pattern: re.Pattern[str], ended: threading.Event, seconds_max: float
    ) -> bool:
        """Wait until the pattern stands in the output since `follow`.

        False at the limit, or when the process has ended without it.
        """
        deadline = time.monotonic() + seconds_max

        def has() -> bool:
            found = False
            # A pattern such as `(a+)+b` may else search for years.
            with at_most(max(0.001, deadline - time.monotonic())):
                found = self._has(pattern)
            return found  # noqa: RET504 - a search that was broken off comes here too

        with self._news:
            return self._news.wait_for(lambda: has() or ended.is_set(), seconds_max) and has()

    @property
    def size(self) -> int:
        """Return how many bytes of output the log holds."""
        with self._news:
            return self._kept

    @property
    def cut_at(self) -> int | None:
        """Return after how many bytes output was let go; `None` while the log is whole."""
        with self._news:
            return self._cut_at

    def wake(self) -> None:
        """Let a waiting reader look again."""
        with self._news:
            self._news.notify_all()

    def close(self) -> None:
        """Close the file; later output is let go."""
        with self._news:
            self._file.close()

    def leave(self) -> None:
        """Close the file of a play; what is printed until `move` goes into the next one."""
        with self._news:
            self._file.close()
            self._between = b""

    def move(self, path: Path, redaction: Redaction) -> None:
        """Write to another file from here on: the log of the next play."""
        with self._news:
            self.path, self.redaction = path, redaction
            self._kept, self._cut_at = 0, None
            self._file = path.open("wb", buffering=0)
            between, self._between = self._between or b"", None
        self._append(between, watch=False)

    def _has(self, pattern: re.Pattern[str]) -> bool:
        lines = self._watched.decode("utf-8", "replace").split("\n")
        return any(pattern.search(line[-LINE_CHARACTERS_MAX:]) for line in lines)

    def _read(self, pipe: IO[bytes]) -> None:
        with pipe:
            # read1 answers with what is there: a ready line must not wait for a full buffer.
            held = b""
            while chunk := pipe.read1(CHUNK_BYTES):  # type: ignore[attr-defined]
                told = self.redaction.of(held + chunk)
                # What may be half a secret waits for its other half.
                end = len(told) - self.redaction.held_back(told)
                held = told[end:]
                self._append(told[:end], watch=True)
            self._append(self.redaction.of(held), watch=True)

    def _append(self, chunk: bytes, *, watch: bool) -> None:
        with self._news:
            if watch:
                self._watched = (self._watched + chunk)[-WATCHED_BYTES_MAX:]
            if self._between is not None:
                self._between = (self._between + chunk)[:BETWEEN_BYTES_MAX]
            if not self._file.closed and self._cut_at is None:
                self._file.write(chunk)
                self._kept += len(chunk)
                if self._kept >= LOG_BYTES_MAX:
                    self._cut_at = LOG_BYTES_MAX
                    self._file.write(
                        f"\n[bench] log ends here, at {LOG_BYTES_MAX} bytes\n".encode()
                    )
            self._news.notify_all()
