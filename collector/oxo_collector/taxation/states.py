"""Where the taxation session can stand, and the few values that its steps are given and give."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

from oxo_collector.taxation.contract import OWN, Contract, Operation
from oxo_collector.taxation.messages import Command


class State(Enum):
    """Where the conversation stands; the comment says which event it waits for."""

    IDLE = auto()  # Started
    LOGGING_IN = auto()  # answer to Login
    OPENING = auto()  # answer to the GetTickets that opens the session, where there is no Login
    LEAVING = auto()  # answer to the Logout of a session left behind
    GETTING = auto()  # answer to GetTickets
    KEEPING = auto()  # the store, about a batch
    ACKNOWLEDGING = auto()  # answer to AckTickets
    POLLING = auto()  # time, between two fetches
    RESTARTING = auto()  # answer to RestartSessionTimer
    SETTING_ASIDE = auto()  # the store, about an unreadable answer
    HOLDING = auto()  # time, to keep again what the exchange does not have any more
    RESTING = auto()  # time, after a failure
    LOGGING_OUT = auto()  # answer to Logout
    ENDED = auto()  # nothing


class Move(NamedTuple):
    """The state in which a step ends, and what is to be done, in order."""

    state: State
    commands: list[Command]

    def after(self, *reports: Command) -> "Move":
        """Return the same move with these reports in front."""
        return Move(self.state, [*reports, *self.commands])


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast the session goes. All times are in seconds.

    Attributes:
        batch_tickets_max: tickets asked for at once.
        poll_seconds: wait between a fetch that emptied the buffer and the next.
        rest_seconds_first: longest rest after a first failure.
        rest_seconds_max: bound of the growing rest.
    """

    batch_tickets_max: int
    poll_seconds: float
    rest_seconds_first: float
    rest_seconds_max: float


@dataclass(frozen=True, slots=True)
class Place:
    """Which exchange is spoken to.

    Attributes:
        exchange: its name, for reports.
        url: its address by port, for reports.
        ports: in the order in which they are tried.
        contract: how a session begins, what acknowledges, and what the operations are called.
    """

    exchange: str
    url: Callable[[int], str]
    ports: tuple[int, ...]
    contract: Contract = OWN


OPERATIONS: Mapping[State, Operation] = {
    State.LOGGING_IN: "login",
    State.OPENING: "get_tickets",
    State.LEAVING: "logout",
    State.GETTING: "get_tickets",
    State.ACKNOWLEDGING: "acknowledge",
    State.RESTARTING: "restart_timer",
    State.LOGGING_OUT: "logout",
}
"""What is asked in the states that wait for an answer."""

FAULTS: Mapping[str, str] = {
    "Client.Session": "the session is lost: the exchange does not know our cookie (any more)",
    "Client.Acknowledgement": "the exchange says that it never offered what we acknowledge",
    "Client.Request": (
        "the exchange does not understand the request (the contract tells its operation, namespace,"
        " elements and SOAPAction)"
    ),
    "VersionMismatch": "the exchange speaks another SOAP than the contract's key soap says",
    "Server.Busy": "the exchange is unavailable: busy",
    "Server": "the exchange has an error of its own",
}
"""docs/taxation.md, Faults (ours); `VersionMismatch` is of SOAP itself."""

CONTRACT_FAULTS = frozenset({"Client.Request", "VersionMismatch"})
"""Faults that another contract in the configuration mends."""
