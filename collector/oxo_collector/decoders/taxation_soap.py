"""Answers of the taxation service: what stands inside the SOAP envelope.

Operations and names by the contract (docs/taxation.md: ours, or a foreign one). An answer is taken
whole or not at all: half a document, a count that does not fit the sequence numbers or a figure
that cannot be read is one `Malformed` with all its bytes, so that nothing of it is ever
acknowledged. Only a single ticket that cannot be read stays alone: its place gives its sequence,
and the others are good.

An answer of another contract is refused as a whole, too: taken for unreadable tickets one by one,
it would be acknowledged. The reason says what was found, what was expected, and which key of the
contract would map it. Namespaces are asked of the envelope, the answer and its tickets; members
are found by their names, whether they are qualified or not.
"""

import re
from collections.abc import Callable, Mapping

import msgspec
from lxml import etree

from oxo_collector.decoders.outcome import Decoded, Malformed, quoted
from oxo_collector.decoders.taxation_fault import FaultAnswer, fault
from oxo_collector.decoders.taxation_members import child, mapped_by, names_in, number, text
from oxo_collector.decoders.taxation_xml import decode_elements
from oxo_collector.decoders.values import Unreadable
from oxo_collector.decoders.xml_document import DOCUMENT, XML_BLANKS, local_name, namespace, parse
from oxo_collector.taxation.contract import ENVELOPES, OWN, Contract, Operation

_DECLARATION = re.compile(r"\ufeff?\s*<\?xml\s[^>]{0,200}\?>")
"""Of a document that came as text: the encoding it tells is that of the sender's own memory."""


class LoginAnswer(msgspec.Struct, frozen=True):
    """The session is open: which numbering of tickets runs, and how long it stays idle."""

    epoch: str
    release: str
    session_seconds: int


class TicketsAnswer(msgspec.Struct, frozen=True):
    """The oldest tickets not acknowledged; the i-th has the sequence `first + i`.

    Attributes:
        first: sequence of the first ticket; 0 when there is none.
        last: sequence of the last; `last - first + 1` is their number.
        remaining: how many are buffered beyond this answer.
        tickets: in order; one that cannot be read keeps its place.
        epoch: which numbering runs, where there is no login to tell it; else empty.
    """

    first: int
    last: int
    remaining: int
    tickets: tuple[Decoded, ...]
    epoch: str = ""


class AcknowledgeAnswer(msgspec.Struct, frozen=True):
    """How many tickets left the buffer."""

    acknowledged: int


class RestartAnswer(msgspec.Struct, frozen=True):
    """The session stays open for so many idle seconds more."""

    session_seconds: int


class LogoutAnswer(msgspec.Struct, frozen=True):
    """The session is closed."""


Answer = (
    LoginAnswer
    | TicketsAnswer
    | AcknowledgeAnswer
    | RestartAnswer
    | LogoutAnswer
    | FaultAnswer
    | Malformed
)


def decode_answer(
    body: bytes, zone: str | None, contract: Contract = OWN, asked: Operation | None = None
) -> Answer:
    """Read the body of one HTTP answer.

    Args:
        body: all of it.
        zone: IANA name of the exchange's zone, for the tickets.
        contract: names and shape.
        asked: what was asked, for the reason where the answer is none to it.
    """
    root = parse(body)
    return root if isinstance(root, Malformed) else answer_of(body, root, zone, contract, asked)


def answer_of(
    body: bytes,
    root: etree._Element,
    zone: str | None,
    contract: Contract = OWN,
    asked: Operation | None = None,
) -> Answer:
    """Read an answer that is parsed already."""
    try:
        element = _operation(root, contract)
        if local_name(element) == "Fault":
            return fault(element)
        operation = _answered(element, contract, asked)
        if operation == "logout":  # its result is empty and may be left out
            return LogoutAnswer()
        result = _result(element, operation, contract)
        if operation == "get_tickets":
            return _tickets(result, body, root, zone, contract)
        return ANSWERS[operation](result, contract)
    except Unreadable as reason:
        return Malformed(str(reason), body, DOCUMENT)


def _operation(root: etree._Element, contract: Contract) -> etree._Element:
    """Return what stands in the Body; a fault is understood in either version of SOAP."""
    if local_name(root) != "Envelope":
        raise Unreadable(f"wrong root: {quoted(local_name(root))} instead of Envelope")
    inside = list(child(root, "Body"))
    if len(inside) != 1:
        raise Unreadable(f"{len(inside)} elements in the SOAP body instead of one")
    found = namespace(root)
    faulty = local_name(inside[0]) == "Fault" and found in ENVELOPES.values()
    if found != contract.envelope and not faulty:
        known = next((version for version, name in ENVELOPES.items() if name == found), "")
        what = f"SOAP {known}" if known else f"an Envelope in the namespace {quoted(found)}"
        raise Unreadable(f"{what} instead of SOAP {contract.soap}{mapped_by('soap')}")
    return inside[0]


def _answered(element: etree._Element, contract: Contract, asked: Operation | None) -> Operation:
    """Return the operation to which this is an answer."""
    name = local_name(element)
    for operation in contract.spoken:
        if name == contract.response(operation):
            break
    else:
        expected = (asked,) if asked else contract.spoken
        names = ", ".join(repr(contract.response(one)) for one in expected)
        keys = mapped_by(*(f"operations.{one}" for one in expected), "response_suffix")
        raise Unreadable(f"unknown answer {quoted(name)} instead of {names}{keys}")
    if (found := namespace(element)) != contract.namespace:
        raise Unreadable(
            f"{name} is in the namespace {quoted(found)} instead of"
            f" {contract.namespace!r}{mapped_by('namespace')}"
        )
    return operation


def _result(response: etree._Element, operation: Operation, contract: Contract) -> etree._Element:
    if not contract.result_suffix:
        return response
    return child(response, contract.name(operation) + contract.result_suffix, "result_suffix")


def _epoch(result: etree._Element, contract: Contract) -> str:
    """Without an epoch no cold reset would ever be seen: numbers would be taken for old ones."""
    epoch = text(result, contract.elements.epoch, "elements.epoch")
    if not epoch.strip(XML_BLANKS):
        raise Unreadable(f"{contract.elements.epoch} is empty")
    return epoch


def _login(result: etree._Element, contract: Contract) -> LoginAnswer:
    epoch = _epoch(result, contract)
    release = text(result, contract.elements.release, "elements.release")
    return LoginAnswer(epoch, release, _session_seconds(result, contract))


def _acknowledge(result: etree._Element, contract: Contract) -> AcknowledgeAnswer:
    name = contract.elements.acknowledged
    return AcknowledgeAnswer(number(result, name, "elements.acknowledged"))


def _restart(result: etree._Element, contract: Contract) -> RestartAnswer:
    return RestartAnswer(_session_seconds(result, contract))


def _session_seconds(result: etree._Element, contract: Contract) -> int:
    return number(result, contract.elements.session_seconds, "elements.session_seconds")


ANSWERS: Mapping[Operation, Callable[[etree._Element, Contract], Answer]] = {
    "login": _login,
    "acknowledge": _acknowledge,
    "restart_timer": _restart,
}
"""Answers that are one figure or three; tickets, faults and the empty logout stand apart."""


def _tickets(
    result: etree._Element,
    body: bytes,
    root: etree._Element,
    zone: str | None,
    contract: Contract,
) -> TicketsAnswer:
    """The count is compared before a single ticket is read."""
    names = contract.elements
    epoch = _epoch(result, contract) if contract.login == "none" else ""
    first = number(result, names.first_sequence, "elements.first_sequence")
    last = number(result, names.last_sequence, "elements.last_sequence")
    remaining = number(result, names.remaining, "elements.remaining")
    listed = child(result, names.list, "elements.list")
    if contract.ticket_list == "text":
        if len(listed) or (listed.text or "").strip(XML_BLANKS):  # blanks are an empty list
            body, root = _document(listed, names.list)
            listed = root
    elif not len(listed) and (listed.text or "").strip(XML_BLANKS):
        raise Unreadable(f"{names.list} holds text, no elements{mapped_by('ticket_list')}")
    none = (first, last) == (0, 0)
    told = 0 if none else last - first + 1
    if len(listed) != told or not (none or 1 <= first <= last):
        raise Unreadable(f"{len(listed)} tickets in an answer of sequence {first} to {last}")
    if told:
        _refuse_foreign(listed, contract)
    tickets = decode_elements(body, root, listed, zone, names.ticket)
    if len(tickets) != told:
        raise Unreadable("text between the tickets")
    return TicketsAnswer(first, last, remaining, tuple(tickets), epoch)


def _document(listed: etree._Element, name: str) -> tuple[bytes, etree._Element]:
    """Return bytes and root of the list that came as escaped text."""
    if len(listed):
        raise Unreadable(f"{name} holds elements, no text{mapped_by('ticket_list')}")
    written = listed.text or ""
    if declaration := _DECLARATION.match(written):
        written = written[declaration.end() :]
    document = written.encode()
    root = parse(document)
    if isinstance(root, Malformed):
        raise Unreadable(f"the text of {name}: {root.reason}")
    if local_name(root) != name:
        found = quoted(local_name(root))
        raise Unreadable(f"the text of {name} has the root {found}{mapped_by('elements.list')}")
    return document, root


def _refuse_foreign(listed: etree._Element, contract: Contract) -> None:
    """Refuse a list in which nothing is a ticket by this contract; one stray element may be."""
    name, expected = contract.elements.ticket, contract.tickets_in
    ticket = next((one for one in listed if local_name(one) == name), None)
    if ticket is None:
        key = mapped_by("elements.ticket")
        raise Unreadable(f"no {name} in {local_name(listed)}{key}; {names_in(listed)}")
    if (found := namespace(ticket)) not in ("", expected):
        raise Unreadable(
            f"{name} is in the namespace {quoted(found)} instead of"
            f" {expected!r}{mapped_by('ticket_namespace')}"
        )
