"""A wire of one exchange as the collection drives it: a conversation in a thread of its own.

A wire's folder offers `source.make(exchange, key)`, a `Maker`. It reads the secrets and nothing
else: no socket is opened and no store is there yet. `run` does the rest, in the calling thread.
"""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from oxo_collector.receipt import Source
from oxo_collector.report import Report
from oxo_collector.secrecy import Secrets

if TYPE_CHECKING:
    from oxo_collector.configuration import Exchange
    from oxo_collector.intake import Intake


class Conversation(Protocol):
    """One wire of one exchange, as the collection drives it."""

    @property
    def source(self) -> Source:
        """The exchange and the wire."""

    @property
    def secrets(self) -> Secrets:
        """What must not come back from the peer; `Secrets()` where there is none."""

    @property
    def rest_seconds_max(self) -> float:
        """How long to rest after a defect of ours before `run` is called again."""

    def run(self, door: "Intake", stop: threading.Event, report: Callable[[Report], None]) -> None:
        """Collect until `stop` is set and what is in hand is kept and acknowledged; then return.

        It may be called again after it raised: then it begins anew. A peer or a network that fails
        is told by `report` and rested upon, not raised.

        Raises:
            StoreUnusable: the store cannot be read or written; it is called again after a rest.
        """

    def break_off(self) -> None:
        """End what the peer still holds, from another thread: `run` returns soon after."""


Maker = Callable[["Exchange", str], Conversation]
"""Makes the conversation of an exchange whose table for this wire is there.

The text is the key of the table in the configuration, such as `exchange[1].nmc`, for errors.
Raises ConfigurationRefused where a secret cannot be read.
"""
