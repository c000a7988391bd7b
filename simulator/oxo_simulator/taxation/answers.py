"""The fast path: answers of `GetTickets`, joined from tickets rendered once.

spyne needs about 300 us to serialise a ticket, a join of rendered bytes about 4 (facts: tech
2.3). The bytes are the same for every contract, a test compares them with spyne's own, envelope
and all. A ticket is rendered when it is first asked for and kept while it waits.
"""

from collections.abc import Iterator, Sequence
from typing import cast

import structlog
from oxo_tickets import Ticket

from oxo_simulator.contract_table import Contract
from oxo_simulator.exchange.port import Buffered
from oxo_simulator.taxation.codec import ListNames, list_bytes, text, ticket_bytes
from oxo_simulator.taxation.contract import TICKETS_PREFIX
from oxo_simulator.taxation.envelope import SOAP_VERSIONS
from oxo_simulator.taxation.mapping import TagSet, wire_ticket

_PLACE = b"\0"
"""Stands for the tickets while the frame is made; no document holds it."""

_log = structlog.get_logger()


def can_render(ticket: Ticket, tag_set: TagSet) -> bool:
    """Tell whether the wire can say a ticket; what breaks is logged, for it is our own fault."""
    try:
        ticket_bytes(wire_ticket(ticket, tag_set))
    except Exception:  # noqa: BLE001 -- whatever it is, it must not stand before other tickets
        _log.exception("taxation.ticket_not_renderable")
        return False
    return True


class Answers:
    """Renders answers of one contract in one tag set; remembers the bytes of tickets that wait."""

    def __init__(self, tag_set: TagSet, contract: Contract) -> None:
        self._tag_set = tag_set
        self._frame = _Frame(contract)
        self._rendered: dict[int, bytes] = {}
        self._forgotten = 0

    def get_tickets(self, tickets: Sequence[Buffered], remaining: int, epoch: str) -> bytes:
        """Render the answer with these tickets, oldest first."""
        first, last = (tickets[0].sequence, tickets[-1].sequence) if tickets else (0, 0)
        kept = [self._rendered.get(one.sequence) for one in tickets]
        if all(kept):  # the usual case, and a quick look
            rendered = cast("list[bytes]", kept)
        else:
            rendered = [
                octets or self._render(one) for octets, one in zip(kept, tickets, strict=True)
            ]
        return self._frame.answer(first, last, remaining, epoch, rendered)

    def forget(self, last: int) -> None:
        """Drop the bytes of tickets that have left the buffer."""
        for sequence in range(self._forgotten + 1, last + 1):
            self._rendered.pop(sequence, None)
        self._forgotten = max(self._forgotten, last)

    def _render(self, buffered: Buffered) -> bytes:
        rendered = self._frame.ticket(buffered.ticket, self._tag_set)
        self._rendered[buffered.sequence] = rendered
        return rendered


class _Frame:
    """What stands around the tickets, and how they are spelled, by contract."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._as_text = contract.ticket_list == "text"
        self._apart = contract.tickets_in != contract.namespace and not self._as_text
        prefix = f"{TICKETS_PREFIX}:" if self._apart else ""
        self._names = ListNames(contract.elements.list, contract.elements.ticket, prefix)
        self._full, self._empty = self._parts(full=True), self._parts(full=False)

    def ticket(self, ticket: Ticket, tag_set: TagSet) -> bytes:
        """Render one ticket, escaped where the list is text."""
        rendered = ticket_bytes(wire_ticket(ticket, tag_set), names=self._names)
        return _escaped(rendered) if self._as_text else rendered

    def answer(
        self, first: int, last: int, remaining: int, epoch: str, rendered: list[bytes]
    ) -> bytes:
        """Render the whole answer: one join, whatever its length."""
        named = self._contract.elements
        told = [
            (named.first_sequence, str(first)),
            (named.last_sequence, str(last)),
            (named.remaining, str(remaining)),
        ]
        if self._contract.login == "none":
            told.insert(0, (named.epoch, epoch))
        members = "".join(f"<{name}>{text(value)}</{name}>" for name, value in told).encode()
        before, opened, closed, behind = self._full if rendered else self._empty
        return b"".join([before, members, opened, *rendered, closed, behind])

    def _parts(self, *, full: bool) -> tuple[bytes, bytes, bytes, bytes]:
        """Return what stands before the members, before and behind the tickets, and at the end."""
        before, behind = self._around(full=full)
        marked = self._list([_PLACE] if full else [])
        opened, _, closed = marked.partition(_PLACE)
        return before, opened, closed, behind

    def _around(self, *, full: bool) -> tuple[bytes, bytes]:
        names = [*self._wrappers()]
        opened = "".join(f"<{name}>" for name in names)
        closed = "".join(f"</{name}>" for name in reversed(names))
        soap = SOAP_VERSIONS[self._contract.soap]
        declared = f'xmlns="{_attribute(self._contract.namespace)}" '
        declared += f'xmlns:{soap.prefix}="{soap.namespace}"'
        if self._apart and full:  # spyne declares what is used, and nothing else
            tickets_in = _attribute(self._contract.tickets_in)
            declared += f' xmlns:{TICKETS_PREFIX}="{tickets_in}"'
        envelope, body = f"{soap.prefix}:Envelope", f"{soap.prefix}:Body"
        head = f"<?xml version='1.0' encoding='UTF-8'?>\n<{envelope} {declared}><{body}>{opened}"
        return head.encode(), f"{closed}</{body}></{envelope}>".encode()

    def _wrappers(self) -> Iterator[str]:
        name = self._contract.operations.get_tickets
        yield name + self._contract.response_suffix
        if self._contract.result_suffix:
            yield name + self._contract.result_suffix

    def _list(self, rendered: list[bytes]) -> bytes:
        if not self._as_text:
            return list_bytes(rendered, self._names)
        name = self._names.tickets
        root = f'{name} xmlns="{_attribute(self._contract.tickets_in)}"'.encode()
        if not rendered:
            return list_bytes([_escaped(b"<%b/>" % root)], self._names)
        opened, closed = _escaped(b"<%b>" % root), _escaped(f"</{name}>".encode())
        return list_bytes([opened, *rendered, closed], self._names)


def _escaped(document: bytes) -> bytes:
    return text(document.decode()).encode()


def _attribute(namespace: str) -> str:
    """Spell a namespace in quotes; of what needs an escape, the table allows the ampersand."""
    return namespace.replace("&", "&amp;")
