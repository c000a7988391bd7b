"""What went wrong, where, and whose fault it is.

Nothing that a peer, a network or a configuration does is an exception here: it becomes a
`Failure`, a value that travels to the log. Whoever reads the line at night learns whom to call.
"""

from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """Who has to act."""

    EXCHANGE = "the exchange"
    PROXY = "the proxy"
    NETWORK = "the network"
    OPERATOR = "the operator's configuration"
    MACHINE = "this machine"


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that did not work.

    Attributes:
        what: the event in plain words, without credentials.
        where: the operation, address or file.
        fault: who has to act.
        other_port_may_help: nothing answered as an exchange, so that a second port is worth a try.
        alarm: somebody else may be answering in the exchange's place; told louder than the rest.
    """

    what: str
    where: str
    fault: Fault
    other_port_may_help: bool = False
    alarm: bool = False

    def __str__(self) -> str:
        """Return the line for the log."""
        return f"{self.what} ({self.where}); at fault: {self.fault}"
