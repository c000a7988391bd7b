"""Fetching what a subject delivered: its file, or the output of its command, until it settles."""

import string
import time
from collections.abc import Mapping
from pathlib import Path

from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from oxo_scenarios.bench.program import COMMAND_SECONDS_MAX, run_command
from oxo_scenarios.bench.trouble import SubjectFailed
from oxo_scenarios.delivery import DELIVERY_BYTES_MAX, read_delivery
from oxo_scenarios.judge import Delivery
from oxo_scenarios.subject import Subject

LOOK_SECONDS = 0.05
"""How often a delivery that is not complete is looked at again."""


class DeliveryReader:
    """Reads the delivery of one play."""

    def __init__(self, subject: Subject, environment: Mapping[str, str]) -> None:
        """Find the delivery as the subject's folder says, in this environment."""
        self._subject = subject
        self._environment = environment

    def settled(self, tickets: int) -> bytes:
        """Read until so many tickets are delivered, or until `settle_seconds` have passed.

        Raises:
            SubjectFailed: its delivery command does not work, or its file cannot be read.
        """
        door = self._subject.settings.delivery
        deadline = time.monotonic() + door.settle_seconds
        raw = self.read()

        def growing(found: bytes) -> bool:
            return len(read_delivery(found, door).tickets) < tickets

        if not growing(raw):
            return raw
        look_again = Retrying(
            stop=stop_after_delay(max(0.0, deadline - time.monotonic())),
            wait=wait_fixed(LOOK_SECONDS),
            retry=retry_if_result(growing),
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else b"",
        )
        return look_again(self.read)

    def final(self, raw: bytes) -> tuple[bytes, Delivery]:
        """Read for the last time, after the subject has stopped.

        A file is read again; a command may need the running subject, so its `raw` answer stands.
        """
        door = self._subject.settings.delivery
        last = self.read() if door.file is not None else raw
        return last, read_delivery(last, door)

    def read(self) -> bytes:
        """Read the delivery as it is now; a file that is not there yet is an empty delivery."""
        door = self._subject.settings.delivery
        if door.command is not None:
            return run_command(
                door.command, self._subject.folder, self._environment, COMMAND_SECONDS_MAX
            )
        assert door.file is not None
        path = self._path(door.file)
        try:
            with path.open("rb") as file:
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
