"""Fetching what a subject delivered: its file, or the output of its command, once it has settled.

Complete is not final: who delivers a ticket twice does so after it was complete. So the reading
that counts is the last one, at the end of the settle time that the subject's folder declares.
"""

import os
import stat
import string
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from oxo_scenarios.bench.program import COMMAND_SECONDS_MAX, run_command
from oxo_scenarios.bench.redaction import Redaction
from oxo_scenarios.bench.trouble import SubjectFailed
from oxo_scenarios.delivery import DELIVERY_BYTES_MAX, read_delivery
from oxo_scenarios.judge import Delivery
from oxo_scenarios.subject import Subject


class DeliveryReader:
    """Reads the delivery of one play."""

    def __init__(
        self,
        subject: Subject,
        environment: Mapping[str, str],
        redaction: Redaction | None = None,
    ) -> None:
        """Find the delivery as the subject's folder says, in this environment."""
        self._redaction = redaction or Redaction()
        self._subject = subject
        self._environment = environment

    def settled(self) -> bytes:
        """Read at once, and again when `settle_seconds` have passed; return what was read last.

        The first reading is not judged. It is there because a delivery must not change by being
        asked for. With `settle_seconds` of 0 it is the only one.

        Raises:
            SubjectFailed: its delivery command does not work, or its file cannot be read.
        """
        settle_seconds = self._subject.settings.delivery.settle_seconds
        deadline = time.monotonic() + settle_seconds
        raw = self.read()
        if settle_seconds <= 0:
            return raw
        # No event tells that a delivery is final: the declared time is all there is.
        threading.Event().wait(max(0.0, deadline - time.monotonic()))
        return self.read()

    def final(self, raw: bytes) -> tuple[bytes, Delivery]:
        """Read for the last time, after the subject has stopped.

        A file is read again; a command may need the running subject, so its `raw` answer stands.
        """
        door = self._subject.settings.delivery
        last = self.read() if door.file is not None else raw
        return last, read_delivery(last, door)

    def read(self) -> bytes:
        """Read the delivery as it is now, without the bench's secrets."""
        try:
            return self._redaction.of(self._read())
        except SubjectFailed as failure:
            raise SubjectFailed(self._redaction.text(str(failure))) from None

    def _read(self) -> bytes:
        """Read it as it stands; a file that is not there yet is an empty delivery."""
        door = self._subject.settings.delivery
        if door.command is not None:
            return run_command(
                door.command, self._subject.folder, self._environment, COMMAND_SECONDS_MAX
            )
        assert door.file is not None
        path = self._path(door.file)
        try:
            # Without waiting: a pipe that nobody writes to would keep the bench for ever.
            with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY), "rb") as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise SubjectFailed(f"its delivery {path} is no regular file")
                # One byte more than is read tells the reader that the limit was met.
                return file.read(DELIVERY_BYTES_MAX + 1)
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise SubjectFailed(f"its delivery {path} cannot be read: {error.strerror}") from error

    def _path(self, file: str) -> Path:
        try:
            told = string.Template(file).substitute(self._environment)
        except (KeyError, ValueError) as error:
            raise SubjectFailed(
                f"its delivery file {file!r} names an unknown variable: {error}"
            ) from error
        return self._subject.folder / told
