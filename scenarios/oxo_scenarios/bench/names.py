"""The name by which a subject reaches the exchange: of those that this machine resolves."""

import socket

from oxo_scenarios.bench.trouble import BenchBroken, UsageWrong

NAMES = ("oxo-connect.localhost", "localhost")
"""Names tried for the exchange, in this order; the first that this machine resolves is taken."""


def resolved_name(wanted: str | None, address: str) -> str:
    """Return the name by which this machine reaches the address.

    Raises:
        UsageWrong: the wanted name does not.
        BenchBroken: none was asked for, and no name does.
    """
    known = [name for name in NAMES if address in addresses(name)]
    if wanted is None:
        if known:
            return known[0]
        raise BenchBroken(
            f"{' and '.join(NAMES)} do not resolve to {address} on this machine; "
            "add one to /etc/hosts or give another name by --name"
        )
    if address in addresses(wanted):
        return wanted
    allowed = f"names that do: {', '.join(known)}" if known else "add it to /etc/hosts"
    raise UsageWrong(f"{wanted} does not resolve to {address} on this machine; {allowed}")


def addresses(name: str) -> set[str]:
    """Return the IPv4 addresses of a name; none when it does not resolve."""
    try:
        found = socket.getaddrinfo(name, None, socket.AF_INET, socket.SOCK_STREAM)
    except OSError:
        return set()
    return {str(entry[4][0]) for entry in found}


def naming(wanted: str | None) -> list[str]:
    """Return the options that put every name which may be used into the certificate."""
    names = NAMES if wanted is None else (wanted,)
    return [part for name in names for part in ("--name", name)]
