"""Which ports of the link a word means: a port, a group of them, or all.

The name of a group is that of its ports up to a hyphen: `nmc` means the control port of that name
and its data ports `nmc-data-1` and so on, `nmc-data` the data ports alone.
"""

from collections.abc import Iterable


class Ports:
    """The ports that a fault concerns, asked by name: also those that open later.

    Args:
        names: of ports and groups; none means all.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = tuple(names)

    def __contains__(self, port: object) -> bool:
        return not self._names or any(
            port == name or str(port).startswith(f"{name}-") for name in self._names
        )


def words(ports: Iterable[str]) -> list[str]:
    """Return every word that means some of these ports: the groups stand before their members."""
    found: dict[str, None] = {}
    for port in ports:
        parts = port.split("-")
        for count in range(1, len(parts) + 1):
            found["-".join(parts[:count])] = None
    return list(found)
