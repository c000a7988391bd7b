"""What goes into the taxation session and what comes out: events and commands.

Events tell the machine what happened; commands tell its shell what to do. Every command but
`Report` is followed by exactly one event, and while one is under way no other is given.
"""

from dataclasses import dataclass

from oxo_collector.decoders.taxation_soap import Answer, TicketsAnswer
from oxo_collector.failure import Failure
from oxo_collector.receipt import SetAside, Stored
from oxo_collector.report import Report
from oxo_collector.turns import Started, StopAsked, TimeUp, Wait

# Events


@dataclass(frozen=True, slots=True)
class Answered:
    """The exchange answered the last request; `body` is the answer as it came."""

    answer: Answer
    body: bytes


@dataclass(frozen=True, slots=True)
class Failed:
    """The last command did not work."""

    failure: Failure


Event = Started | Answered | Failed | Stored | SetAside | TimeUp | StopAsked


# Commands


@dataclass(frozen=True, slots=True)
class SendLogin:
    """Open a session on a fresh connection without cookies; `port` is the TCP port."""

    port: int


@dataclass(frozen=True, slots=True)
class SendGet:
    """Ask for the oldest tickets, `tickets_max` at most."""

    tickets_max: int


@dataclass(frozen=True, slots=True)
class SendFirstGet:
    """Ask for tickets on a fresh connection without cookies; where there is no login, it opens.

    Attributes:
        port: the TCP port.
        tickets_max: how many at most.
    """

    port: int
    tickets_max: int


@dataclass(frozen=True, slots=True)
class SendAcknowledge:
    """Tell the exchange that everything up to `last_sequence` is durable."""

    last_sequence: int


@dataclass(frozen=True, slots=True)
class SendRestartTimer:
    """Keep the session open while there is nothing to fetch."""


@dataclass(frozen=True, slots=True)
class SendLogout:
    """Close the session."""


@dataclass(frozen=True, slots=True)
class SendLogoutLeft:
    """Close the session that was open before the last Login, with its own cookie."""


@dataclass(frozen=True, slots=True)
class Keep:
    """Make a batch durable: the answer's bytes, its tickets and the cursor."""

    epoch: str
    batch: TicketsAnswer
    body: bytes


@dataclass(frozen=True, slots=True)
class KeepUnreadable:
    """Make an answer durable that cannot be read, with the reason."""

    reason: str
    place: str
    body: bytes


Command = (
    SendLogin
    | SendGet
    | SendFirstGet
    | SendAcknowledge
    | SendRestartTimer
    | SendLogout
    | SendLogoutLeft
    | Keep
    | KeepUnreadable
    | Wait
    | Report
)
