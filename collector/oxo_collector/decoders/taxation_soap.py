"""Answers of the taxation service: what stands inside the SOAP envelope.

Operations and names by docs/taxation.md (ours). An answer is taken whole or not at all: half a
document, a count that does not fit the sequence numbers or a figure that cannot be read is one
`Malformed` with all its bytes, so that nothing of it is ever acknowledged. Only a single ticket
that cannot be read stays alone: its place gives its sequence, and the others are good.
"""

from collections.abc import Callable, Mapping

import msgspec
from lxml import etree

from oxo_collector.decoders.outcome import Decoded, Malformed, quoted
from oxo_collector.decoders.taxation_xml import LIST, decode_elements
from oxo_collector.decoders.values import Unreadable, count
from oxo_collector.decoders.xml_document import DOCUMENT, local_name, parse

_XML_BLANKS = " \t\r\n"


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
    """

    first: int
    last: int
    remaining: int
    tickets: tuple[Decoded, ...]


class AcknowledgeAnswer(msgspec.Struct, frozen=True):
    """How many tickets left the buffer."""

    acknowledged: int


class RestartAnswer(msgspec.Struct, frozen=True):
    """The session stays open for so many idle seconds more."""

    session_seconds: int


class LogoutAnswer(msgspec.Struct, frozen=True):
    """The session is closed."""


class FaultAnswer(msgspec.Struct, frozen=True):
    """The exchange refused: `Client.Session`, `Server.Busy`, ... without prefix, and its words."""

    code: str
    text: str


Answer = (
    LoginAnswer
    | TicketsAnswer
    | AcknowledgeAnswer
    | RestartAnswer
    | LogoutAnswer
    | FaultAnswer
    | Malformed
)


def decode_answer(body: bytes, zone: str | None) -> Answer:
    """Read the body of one HTTP answer."""
    root = parse(body)
    return root if isinstance(root, Malformed) else answer_of(body, root, zone)


def answer_of(body: bytes, root: etree._Element, zone: str | None) -> Answer:
    """Read an answer that is parsed already."""
    try:
        return _answer(_operation(root), body, root, zone)
    except Unreadable as fault:
        return Malformed(str(fault), body, DOCUMENT)


def _answer(element: etree._Element, body: bytes, root: etree._Element, zone: str | None) -> Answer:
    name = local_name(element)
    if name == "Fault":
        return _fault(element)
    if name == "GetTicketsResponse":
        return _tickets(_result(element), body, root, zone)
    if name == "LogoutResponse":  # its result is empty and may be left out
        return LogoutAnswer()
    if name not in ANSWERS:
        raise Unreadable(f"unknown answer {quoted(name)}")
    return ANSWERS[name](_result(element))


def _operation(root: etree._Element) -> etree._Element:
    if local_name(root) != "Envelope":
        raise Unreadable(f"wrong root: {quoted(local_name(root))} instead of Envelope")
    inside = list(_child(root, "Body"))
    if len(inside) != 1:
        raise Unreadable(f"{len(inside)} elements in the SOAP body instead of one")
    return inside[0]


def _result(response: etree._Element) -> etree._Element:
    name = local_name(response).removesuffix("Response") + "Result"
    return _child(response, name)


def _login(result: etree._Element) -> LoginAnswer:
    """Without an epoch no cold reset would ever be seen: numbers would be taken for old ones."""
    epoch = _text(result, "epoch")
    if not epoch.strip(_XML_BLANKS):
        raise Unreadable("epoch is empty")
    return LoginAnswer(epoch, _text(result, "release"), _number(result, "sessionSeconds"))


def _acknowledge(result: etree._Element) -> AcknowledgeAnswer:
    return AcknowledgeAnswer(_number(result, "acknowledged"))


def _restart(result: etree._Element) -> RestartAnswer:
    return RestartAnswer(_number(result, "sessionSeconds"))


ANSWERS: Mapping[str, Callable[[etree._Element], Answer]] = {
    "LoginResponse": _login,
    "AckTicketsResponse": _acknowledge,
    "RestartSessionTimerResponse": _restart,
}
"""Answers that are one figure or three; tickets, faults and the empty logout stand apart."""


def _tickets(
    result: etree._Element, body: bytes, root: etree._Element, zone: str | None
) -> TicketsAnswer:
    """The count is compared before a single ticket is read."""
    first, last = _number(result, "firstSequence"), _number(result, "lastSequence")
    listed = _child(result, LIST)
    none = (first, last) == (0, 0)
    told = 0 if none else last - first + 1
    if len(listed) != told or not (none or 1 <= first <= last):
        raise Unreadable(f"{len(listed)} tickets in an answer of sequence {first} to {last}")
    tickets = decode_elements(body, root, listed, zone)
    if len(tickets) != told:
        raise Unreadable("text between the tickets")
    return TicketsAnswer(first, last, _number(result, "remaining"), tuple(tickets))


def _fault(element: etree._Element) -> FaultAnswer:
    code = _text(element, "faultcode").strip(_XML_BLANKS)
    return FaultAnswer(code.rpartition(":")[2], _text(element, "faultstring"))


def _child(parent: etree._Element, name: str) -> etree._Element:
    found = [child for child in parent if local_name(child) == name]
    if len(found) != 1:
        raise Unreadable(f"{name} stands {len(found)} times in {local_name(parent)}, not once")
    return found[0]


def _text(parent: etree._Element, name: str) -> str:
    return _child(parent, name).text or ""


def _number(parent: etree._Element, name: str) -> int:
    text = _text(parent, name).strip(_XML_BLANKS)
    try:
        return count(text)
    except Unreadable as fault:
        raise Unreadable(f"{name} {quoted(text)} {fault}") from None
