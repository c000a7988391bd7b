"""Where the conversations take place."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from oxo_simulator.wire import Place


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """Where the conversations take place.

    Attributes:
        address: returns that of the link, which the reply to PASV names.
        behind: where data connections are listened for.
        data_ports: name -> number of the data ports.
        name_of: from a connection's two ends (peer, own) to the link's name of it and the
            collector's address.
        delivered: whether the collector's system has all that was sent on a connection.
        tls_context: what a new connection is shown.
    """

    address: Callable[[], str]
    behind: str
    data_ports: Mapping[str, int]
    name_of: Callable[[Place, Place], tuple[str, str]]
    delivered: Callable[[str], bool]
    tls_context: Callable[[], Any]
