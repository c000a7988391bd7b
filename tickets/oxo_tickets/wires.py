"""The wires of an exchange by name, in the order in which they are trusted.

Where several wires told the same ticket, the first of this order counts: it tells most. The name
is the one in configurations, ledgers and bundles; the title is for a person.
"""

from collections.abc import Mapping
from types import MappingProxyType

WIRE_TITLES: Mapping[str, str] = MappingProxyType(
    {
        "taxation": "taxation service",
        "account": "account files",
        "stream": "Ethernet on the fly",
        "nmc": "NMC FTP",
        "v24": "V24 statement",
        "ohl": "hotel link",
    }
)
"""Wire name -> title, in order."""


def wires() -> tuple[str, ...]:
    """Return the names of all wires, in order."""
    return tuple(WIRE_TITLES)


def wire_title(wire: str) -> str:
    """Return a wire's title; a wire nobody knows keeps its name."""
    return WIRE_TITLES.get(wire, wire)
