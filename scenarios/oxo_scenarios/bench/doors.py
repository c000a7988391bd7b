"""The doors of the exchange: where a subject meets it on each wire, and what it is told there.

One play may open several; then it is told of all of them, and `OXO_WIRE` names the judged one.
"""

import socket
from collections.abc import Callable, Mapping
from pathlib import Path

from oxo_scenarios.bench.connect import Account, Target
from oxo_scenarios.bench.environment import (
    AccountPlace,
    account_door,
    nmc_door,
    ohl_door,
    stream_door,
    taxation_door,
    v24_door,
)
from oxo_scenarios.bench.exchange import Exchange
from oxo_scenarios.bench.trouble import BenchBroken
from oxo_scenarios.subject import Settings
from oxo_scenarios.wires import HOME, doors_of

LISTENER_ADDRESS = "127.0.0.1"
"""Where a subject of this machine awaits the exchange, if it listens."""
WITH_ACCOUNT = ("nmc", "account")
"""Wires besides taxation with an account of their own."""


class Doors:
    """What the subject of a run is told of the exchange, wire by wire."""

    def __init__(
        self, exchange: Exchange, settings: Settings, contract_file: Path, known_hosts: Path
    ) -> None:
        """Learn the accounts; `known_hosts` is written where the exchange has an SSH host key."""
        self._exchange = exchange
        self._settings = settings
        self._contract_file = contract_file
        self._known_hosts = known_hosts
        self.taxation = exchange.account()
        found = {wire: exchange.wire_account(wire) for wire in WITH_ACCOUNT}
        self.accounts: Mapping[str, Account] = {
            wire: account for wire, account in found.items() if account is not None
        }

    def listens_on(self, wire: str) -> bool:
        """Tell whether the exchange connects to the subject on this wire."""
        return self._settings.claim.is_called(wire)

    def target(self, wire: str, address: str, ports: Mapping[str, int]) -> Target:
        """Return where exchange and subject meet on a wire besides taxation.

        Raises:
            BenchBroken: the exchange does not hold a port for the wire.
        """
        if self.listens_on(wire):
            told = self._settings.v24.target
            if told is None:
                return Target(LISTENER_ADDRESS, free_port(LISTENER_ADDRESS))
            name, _, number = told.rpartition(":")
            return Target(name, int(number))
        port = self._port(wire)
        if port not in ports:
            raise BenchBroken(f"the simulated exchange holds no port {port} for the {wire} wire")
        return Target(address, ports[port])

    def _port(self, wire: str) -> str:
        transport = self._settings.claim.transport
        return {"account": f"account-{transport}", "stream": "stream-a"}.get(wire, wire)

    def beside(
        self, wire: str, host: str, ports: Mapping[str, int]
    ) -> tuple[tuple[str, Target], ...]:
        """Return where the doors are that a play on this wire has besides its own."""
        return tuple((door, self.target(door, host, ports)) for door in doors_of(wire)[1:])

    def told(self, wire: str, target: Target, ports: Mapping[str, int]) -> dict[str, str]:
        """Return the variables of every door of a play on this wire, met at `target`."""
        told = {"OXO_WIRE": wire, "OXO_DOORS": " ".join(doors_of(wire))}
        for door, where in ((wire, target), *self.beside(wire, target.host, ports)):
            told |= self._told_of(door, where, ports)
        return told

    def _told_of(self, door: str, target: Target, ports: Mapping[str, int]) -> dict[str, str]:
        tellers: Mapping[str, Callable[[], dict[str, str]]] = {
            HOME: lambda: taxation_door(target, self.taxation, str(self._contract_file)),
            "nmc": lambda: nmc_door(
                target, self._account("nmc"), self._exchange.profile_value("nmc.tls")
            ),
            "v24": lambda: v24_door(
                target, self._settings.v24.columns, listens=self.listens_on("v24")
            ),
            "ohl": lambda: ohl_door(target),
            "account": lambda: account_door(target, self._account("account"), self._place(target)),
            "stream": lambda: stream_door(target, ports["stream-b"]),
        }
        return tellers[door]()

    def _account(self, wire: str) -> Account:
        if wire not in self.accounts:
            raise BenchBroken(f"the simulated exchange has no account for the {wire} wire")
        return self.accounts[wire]

    def _place(self, target: Target) -> AccountPlace:
        transport = self._settings.claim.transport
        folder = self._exchange.profile_value("account.directory")
        key = self._exchange.host_key()
        line = f"[{target.host}]:{target.port} {key.public}\n"
        self._known_hosts.write_text(line, "ascii")
        return AccountPlace(transport, folder, key.fingerprint, str(self._known_hosts))


def free_port(address: str) -> int:
    """Return a number on which nobody listens just now."""
    with socket.socket() as found:
        found.bind((address, 0))
        number: int = found.getsockname()[1]
    return number
