"""What an operator changes of what outlives installations: certificate, SSH host key, address.

A real exchange that is given another address makes its server certificate anew, under the same root
(facts: oxo 1.7, documented). So does this one: all ports move to the other address at once, under
their numbers, and the connections that there were are dead.
"""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from ipaddress import IPv4Address
from socket import socket

from twisted.internet.defer import Deferred, DeferredLock

from oxo_simulator.control.messages import (
    AddressOrder,
    CertificateOrder,
    CertificateState,
    HostKey,
)
from oxo_simulator.exchange.core import Exchange
from oxo_simulator.exchange.placed import OrderError
from oxo_simulator.identity import Identity, Prepared
from oxo_simulator.link.door import PortOccupied, reserve
from oxo_simulator.link.relay import Link
from oxo_simulator.premises import Premises
from oxo_simulator.wire import ChangesHostKey, Wire


class Site:
    """Keeps the premises, and changes them as ordered.

    Args:
        premises: as the process starts with them.
        behind: where the exchange itself listens.
        link: in front of the wires.
        wires: by name, those whose ports the process holds.
        identity: the certificate that they show.
        exchange: the present one, for its ledger.
        utc_now: the real instant.
        describe: told of the premises when they have changed.
        in_thread: does what is slow beside everything else.

    Attributes:
        premises: as they are now.
    """

    def __init__(  # noqa: PLR0913 - what stands on it
        self,
        premises: Premises,
        *,
        behind: str,
        link: Link,
        wires: Mapping[str, Wire],
        identity: Identity,
        exchange: Callable[[], Exchange],
        utc_now: Callable[[], datetime],
        describe: Callable[[Premises], None],
        in_thread: Callable[[Callable[[], Prepared]], "Deferred[Prepared]"],
    ) -> None:
        self.premises = premises
        self._first_address = premises.address
        self._behind = behind
        self._link = link
        self._wires = wires
        self._identity = identity
        self._exchange = exchange
        self._utc_now = utc_now
        self._describe = describe
        self._in_thread = in_thread
        self._one_order = DeferredLock()

    # The certificate.

    def certificate(self) -> CertificateState:
        """Say which certificate new connections meet."""
        return self._identity.state()

    def renew_certificate(self, order: CertificateOrder) -> "Deferred[CertificateState]":
        """Show another certificate to new connections, one order after the other.

        Its failure is a `CertificateOrderWrong`; the present one stays then.
        """
        return self._one_order.run(self._renew_certificate, order)

    def _renew_certificate(self, order: CertificateOrder) -> "Deferred[CertificateState]":
        return self._prepared(order).addCallback(self._show_certificate, order)

    def _prepared(self, order: CertificateOrder) -> "Deferred[Prepared]":
        # A key takes long to make, and the wires are to be served meanwhile.
        return self._in_thread(lambda: self._identity.prepare(order, self._utc_now()))

    def _show_certificate(self, prepared: Prepared, order: CertificateOrder) -> CertificateState:
        shown = prepared.state()
        name = self.premises.name if order.names is None else shown.names[0]
        self._change(name=name, fingerprint=shown.fingerprint)
        self._show(prepared, order)
        return shown

    def _show(self, prepared: Prepared, order: CertificateOrder) -> None:
        shown = prepared.state()
        self._identity.show(prepared)
        self._exchange().record(
            "certificate",
            fingerprint=shown.fingerprint,
            names=shown.names,
            not_before=shown.not_before,
            not_after=shown.not_after,
            authority=order.authority,
        )

    # The address.

    def move(self, order: AddressOrder) -> "Deferred[None]":
        """Move all ports to another address of this machine, with a certificate for it.

        Its failure is an `OrderError`; everything is where it was then.
        """
        return self._one_order.run(self._move, order)

    def _move(self, order: AddressOrder) -> "Deferred[None]":
        address = self._usable(order.address)
        renewal = CertificateOrder(names=self._names_at(address))
        return self._prepared(renewal).addCallback(self._move_to, renewal, address)

    def _move_to(self, prepared: Prepared, renewal: CertificateOrder, address: str) -> None:
        previous = self.premises.address
        with ExitStack() as undo:
            reserved = self._reserved(address, undo)
            self._change(address=address, fingerprint=prepared.state().fingerprint)
            undo.pop_all()
        self._exchange().record("address", address=address, previous=previous)
        self._show(prepared, renewal)
        self._link.move(reserved)

    def _reserved(self, address: str, undo: ExitStack) -> dict[str, socket]:
        """Hold every port's number at the other address.

        Raises:
            OrderError: one is not free there.
        """
        reserved: dict[str, socket] = {}
        for name, number in self.premises.ports.items():
            try:
                reserved[name] = undo.enter_context(reserve(address, number))
            except PortOccupied as error:
                raise OrderError(f"{name}: {error}") from error
        return reserved

    def _usable(self, text: str) -> str:
        """Return the address, if the exchange can be there.

        Raises:
            OrderError: it cannot.
        """
        try:
            found = IPv4Address(text)
        except ValueError:
            raise OrderError(f"address {text[:64]!r}; an IPv4 address is expected") from None
        if str(found) == self._behind:
            raise OrderError(f"address {text}: the exchange itself listens there, behind the link")
        if str(found) == self.premises.address:
            raise OrderError(f"address {text}: the exchange has it already")
        if self._link.cable.is_real:
            raise OrderError(f"address {text}: with --real-link it stays {self._first_address}")
        if not found.is_loopback and str(found) != self._first_address:
            raise OrderError(
                f"address {text}; one of 127.0.0.0/8 is expected, "
                f"or {self._first_address}, where the exchange started"
            )
        return str(found)

    def _names_at(self, address: str) -> list[str]:
        """Return the certificate's names with the other address in place of the present one."""
        names = [
            address if name == self.premises.address else name
            for name in self._identity.state().names
        ]
        return [*names, *([] if address in names else [address])]

    # The SSH host key.

    def host_key(self) -> HostKey:
        """Say which SSH host key new connections meet.

        Raises:
            OrderError: the process does not hold the wire.
        """
        return self._keyed()[1].host_key()

    def renew_host_key(self) -> HostKey:
        """Show another SSH host key to new connections.

        Raises:
            OrderError: the process does not hold the wire.
            OSError: it cannot be kept; the present one stays.
        """
        name, wire = self._keyed()
        made = wire.change_host_key()
        self._change(host_key=made.fingerprint)
        self._exchange().record("host key", wire=name, fingerprint=made.fingerprint)
        return made

    def _keyed(self) -> tuple[str, ChangesHostKey]:
        """Return the wire that shows an SSH host key, and its name.

        Raises:
            OrderError: the process does not hold it.
        """
        for name, wire in self._wires.items():
            if isinstance(wire, ChangesHostKey):
                return name, wire
        raise OrderError(
            "this process shows no SSH host key; start it with `oxo-sim run --port account=0`"
        )

    def _change(self, **changed: str) -> None:
        """Describe the premises first: where that finds no room, they stay as they are."""
        premises = replace(self.premises, **changed)  # type: ignore[arg-type]
        self._describe(premises)
        self.premises = premises
