"""A file of unknown kind: told by its content, never by its name."""

import codecs
import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from oxo_collector.decoders import account_file, alz
from oxo_collector.decoders.ohl import BadFrame, Frame, OhlDecoder, StrayBytes
from oxo_collector.decoders.ohl_ticket import piece_of
from oxo_collector.decoders.outcome import Decoded, Malformed, Recorded
from oxo_collector.decoders.taxation_soap import TicketsAnswer, answer_of
from oxo_collector.decoders.taxation_xml import decode_elements
from oxo_collector.decoders.v24 import (
    LAYOUTS,
    Document,
    Event,
    Layout,
    LayoutInvalid,
    Statement,
    V24Decoder,
    to_ticket,
)
from oxo_collector.decoders.v24_document import event_of
from oxo_collector.decoders.xml_document import DOCUMENT, local_name, parse
from oxo_collector.receipt import Piece
from oxo_collector.taxation.contract import OWN, Contract

SAMPLE_BYTES_MAX = 64 * 1024
"""The layout of a listing is chosen by its beginning."""

_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

_FRAME_BEGINS = re.compile(rb"[\x05\x06\x11\x13\x15\r\n -~]{0,64}\x02[@$A-Z]")
"""STX and a letter, perhaps behind an answer or a terminal's greeting. In an ALZ record without a
header STX may stand first, too, but blanks follow it."""

_XML_BEGINS = re.compile(rb"\s*\x00?<\x00?[?!A-Za-z_]")
"""A listing may begin with `<` too: the arrow of an incoming call."""


class Terms(NamedTuple):
    """What a file does not tell by itself.

    Attributes:
        layout: of a V24 listing, a name of `LAYOUTS` or a table; None tries the known ones.
        zone: IANA name of the exchange's zone, for the tickets.
        contract: names and shape of a SOAP answer, and names of a list.
    """

    layout: str | Layout | None
    zone: str | None
    contract: Contract


class Format(NamedTuple):
    """A kind of file: how it is told, and how it is read."""

    recognises: Callable[[bytes], bool]
    decode: Callable[[bytes, Terms], Iterable[Piece]]


def decode_file(
    data: bytes, *, layout: str | Layout | None, zone: str | None, contract: Contract = OWN
) -> Iterator[Piece]:
    """Read a file of any kind that an exchange's wire brings: the first of `FORMATS` that fits.

    Args:
        data: the whole file.
        layout: as in `Terms`.
        zone: as in `Terms`.
        contract: as in `Terms`.

    Raises:
        LayoutInvalid: there is no layout of that name (the operator's fault).
    """
    terms = Terms(_layout(layout), zone, contract)
    fitting = next(one for one in FORMATS if one.recognises(data))
    return iter(fitting.decode(data, terms))


def _decode_account(data: bytes, terms: Terms) -> Iterator[Decoded]:
    """Read an account file; its records need no digest where nothing is stored."""
    file = account_file.read_account_file(data, "", terms.zone)
    for piece in file.pieces:
        yield piece.ticket if isinstance(piece, Recorded) else piece
    if file.refused is not None:
        yield file.refused


def _decode_frames(data: bytes, terms: Terms) -> Iterator[Piece]:
    """Read what was recorded of a hotel link; controls and keep-alive mean nothing here."""
    decoder = OhlDecoder()
    for number, event in enumerate(decoder.receive(data) + decoder.give_up(), 1):
        if isinstance(event, Frame):
            piece = piece_of(event, terms.zone)
            if piece is not None:
                yield piece
        elif isinstance(event, BadFrame):
            yield Malformed(f"{event.fault}: {event.detail}", event.raw, f"frame {number}")
        elif isinstance(event, StrayBytes):
            yield Malformed("bytes that belong to no frame", event.raw, f"frame {number}")


def _decode_text(data: bytes, terms: Terms) -> Iterable[Piece]:
    chosen = _layout(terms.layout) or _best_layout(data)
    if chosen is None:
        names = ", ".join(LAYOUTS)
        reason = (
            f"no account file, ALZ, XML or hotel link, nor a V24 listing in a layout of {names}"
        )
        return [Malformed(reason, data, DOCUMENT)]
    return _decode_listing(data, chosen, terms.zone)


def _layout(layout: str | Layout | None) -> Layout | None:
    if not isinstance(layout, str):
        return layout
    if layout not in LAYOUTS:
        raise LayoutInvalid(f"layout {layout!r} is unknown; known: {', '.join(LAYOUTS)}")
    return LAYOUTS[layout]


def _is_xml(data: bytes) -> bool:
    return data.startswith(_MARKS) or _XML_BEGINS.match(data) is not None


def _decode_xml(data: bytes, terms: Terms) -> list[Decoded]:
    zone, contract = terms.zone, terms.contract
    root = parse(data)
    if isinstance(root, Malformed):
        return [root]
    name, names = local_name(root), contract.elements
    if name == names.list:
        return decode_elements(data, root, root, zone, names.ticket)
    if name != "Envelope":
        return [Malformed(f"neither {names.list} nor a SOAP answer: {name!r}", data, DOCUMENT)]
    answer = answer_of(data, root, zone, contract)
    if isinstance(answer, TicketsAnswer):
        return list(answer.tickets)
    if isinstance(answer, Malformed):
        return [answer]
    return [Malformed(f"a SOAP answer without tickets: {answer}", data, DOCUMENT)]


def _best_layout(data: bytes) -> Layout | None:
    """Return the layout that reads most of the beginning, or None where none reads a line."""
    sample = data[:SAMPLE_BYTES_MAX]
    scores = [(*_score(sample, layout), layout) for layout in LAYOUTS.values()]
    statements, _, best = max(scores, key=lambda score: score[:2])
    return best if statements else None


def _score(sample: bytes, layout: Layout) -> tuple[int, int]:
    events = _events(sample, layout)
    statements = sum(isinstance(event, Statement) for event in events)
    return statements, -sum(isinstance(event, Malformed) for event in events)


def _events(data: bytes, layout: Layout) -> list[Event]:
    decoder = V24Decoder(layout)
    return decoder.receive(data) + decoder.close()


def _decode_listing(data: bytes, layout: Layout, zone: str | None) -> Iterator[Piece]:
    for event in _events(data, layout):
        if isinstance(event, Statement):
            yield to_ticket(event, zone)
        elif isinstance(event, Document):
            yield event_of(event)
        elif isinstance(event, Malformed):
            yield event


FORMATS: tuple[Format, ...] = (
    Format(account_file.recognises, _decode_account),
    Format(lambda data: _FRAME_BEGINS.match(data) is not None, _decode_frames),
    Format(alz.recognises, lambda data, terms: alz.decode_alz(data, terms.zone)),
    Format(_is_xml, _decode_xml),
    Format(lambda _: True, _decode_text),
)
"""Asked in order; the last takes what is left, and says so where it cannot read it either."""
