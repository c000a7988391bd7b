"""Fetching what a subject delivered: its file, folder or URL, or the output of its command.

Complete is not final: who delivers a ticket twice does so after it was complete. So the reading
that counts is the last one, at the end of the settle time that the subject's folder declares.
"""

import string
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from oxo_scenarios.bench.fresh import Holding, fresh
from oxo_scenarios.bench.places import fetch, read_file, read_folder
from oxo_scenarios.bench.program import COMMAND_SECONDS_MAX, run_command
from oxo_scenarios.bench.redaction import Redaction
from oxo_scenarios.bench.trouble import SubjectFailed
from oxo_scenarios.delivery import read_delivery
from oxo_scenarios.judge import Delivery
from oxo_scenarios.subject import DeliveryDoor, Subject

ONLY = ""
"""Name of the only place of a delivery that is no folder."""


class DeliveryReader:
    """Reads the delivery of one play."""

    def __init__(
        self,
        subject: Subject,
        environment: Mapping[str, str],
        redaction: Redaction | None = None,
        before: Holding | None = None,
        door: DeliveryDoor | None = None,
    ) -> None:
        """Find the delivery, or another `door`, as the subject's folder says.

        `before` is what stood there when the play began, where it outlives a play.
        """
        self._redaction = redaction or Redaction()
        self._subject = subject
        self._environment = environment
        self._before = before
        self._door = door or subject.settings.delivery
        self.seen: Holding = {}
        """Everything that the last reading found, what stood there before included."""

    def standing(self, last: Holding | None) -> Holding:
        """Return what stands there when a play begins; `last` is what the play before found.

        `None`: that play was broken off before it was read, and the subject may still write down
        what it got there; it is given `settle_seconds`.

        A file that is just being written anew is caught short, and its old lines would count as
        delivered twice. So where something of `last` is missing it is read again when
        `settle_seconds` have passed. What is missing then was cleared away by the subject.

        Raises:
            SubjectFailed: as `read`.
        """
        found = self.holding()
        if last is None or fresh(found, last, header=False):
            threading.Event().wait(self._door.settle_seconds)
            found = self.holding()
        return found

    def settled(self) -> bytes:
        """Read at once, and again when `settle_seconds` have passed; return what was read last.

        The first reading is not judged. It is there because a delivery must not change by being
        asked for. With `settle_seconds` of 0 it is the only one.

        Raises:
            SubjectFailed: its delivery command does not work, or its file cannot be read.
        """
        settle_seconds = self._door.settle_seconds
        deadline = time.monotonic() + settle_seconds
        raw = self.read()
        if settle_seconds <= 0:
            return raw
        # No event tells that a delivery is final: the declared time is all there is.
        threading.Event().wait(max(0.0, deadline - time.monotonic()))
        return self.read()

    def final(self, raw: bytes) -> tuple[bytes, Delivery]:
        """Read for the last time, after the subject has stopped.

        Files are read again; a command or a URL may need the running subject, so its `raw` answer
        stands.
        """
        door = self._door
        in_files = door.file is not None or door.folder is not None
        last = self.read() if in_files else raw
        return last, read_delivery(last, door)

    def read(self) -> bytes:
        """Read the delivery as it is now, without the bench's secrets."""
        self.seen = found = self.holding()
        if self._before is None and list(found) == [ONLY]:
            return found[ONLY]
        header = self._door.format == "csv"
        return fresh(self._before or {}, found, header=header)

    def holding(self) -> Holding:
        """Read everything that lies there, place by place, without the bench's secrets."""
        try:
            return {name: self._redaction.of(raw) for name, raw in self._read().items()}
        except SubjectFailed as failure:
            raise SubjectFailed(self._redaction.text(str(failure))) from None

    def _read(self) -> Mapping[str, bytes]:
        """Read it as it stands; a file that is not there yet is an empty delivery."""
        door = self._door
        if door.command is not None:
            told = run_command(
                door.command, self._subject.folder, self._environment, COMMAND_SECONDS_MAX
            )
            return {ONLY: told}
        if door.url is not None:
            return {ONLY: fetch(door.url, door.url_seconds_max, door.url_bytes_max)}
        if door.folder is not None:
            return read_folder(self._path(door.folder), door.pattern, door.take)
        assert door.file is not None
        return {ONLY: read_file(self._path(door.file))}

    def _path(self, file: str) -> Path:
        try:
            told = string.Template(file).substitute(self._environment)
        except (KeyError, ValueError) as error:
            raise SubjectFailed(
                f"its delivery file {file!r} names an unknown variable: {error}"
            ) from error
        return self._subject.folder / told
