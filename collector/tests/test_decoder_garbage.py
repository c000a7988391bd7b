"""Any bytes give values, never an exception, and nothing of the input is lost.

Every piece that is no ticket is in some `Malformed.raw`.
"""

import json
import re
from itertools import pairwise
from pathlib import Path
from xml.sax.saxutils import escape

from hypothesis import given, settings
from hypothesis import strategies as st
from oxo_collector.decoders.files import decode_file
from oxo_collector.decoders.outcome import Malformed
from oxo_collector.decoders.taxation_record import TAGS
from oxo_collector.decoders.taxation_soap import TicketsAnswer, decode_answer
from oxo_collector.decoders.taxation_xml import decode_list
from oxo_collector.decoders.v24 import (
    LAYOUTS,
    Company,
    DayCount,
    Document,
    Event,
    FormFeed,
    Headings,
    Layout,
    Statement,
    V24Decoder,
    to_ticket,
)
from oxo_collector.decoders.v24_block import BlockDecoder, BlockLayout
from oxo_collector.decoders.v24_document import event_of
from oxo_tickets import Ticket, from_json, to_json

VECTORS = Path(__file__).resolve().parents[2] / "vectors"
DOCUMENTS = sorted(path.read_bytes() for path in VECTORS.glob("oxo-xml/*.xml"))
LISTINGS = sorted(path.read_bytes() for path in VECTORS.glob("oxo-v24/*.txt"))

moderate = settings(settings.get_profile("collector"))


@st.composite
def damaged(draw: st.DrawFn, originals: list[bytes]) -> bytes:
    """Take an original and damage a few places of it."""
    data = bytearray(draw(st.sampled_from(originals)))
    for _ in range(draw(st.integers(1, 4))):
        begin = draw(st.integers(0, len(data)))
        end = draw(st.integers(begin, min(len(data), begin + 12)))
        data[begin:end] = draw(st.binary(max_size=12))
    return bytes(data)


def listing() -> st.SearchStrategy[bytes]:
    """Draw lines good and bad, furniture, and ends of every kind, in any order."""
    lines = [line for data in LISTINGS for line in re.split(rb"\r\n|\f", data)]
    pieces = st.one_of(
        st.sampled_from(lines),
        st.sampled_from([b"\r\n", b"\n", b"\r", b"\f", b"HOTEL", b"TYPE  DATE", b"3".rjust(79)]),
        st.sampled_from(
            [b"PHONE BOOTH BILL", b"Cost".ljust(24) + b" : 1.70", b"THANKS FOR COMING"]
        ),
        st.binary(max_size=20),
        st.binary(min_size=1020, max_size=1030),
    )
    return st.lists(pieces, max_size=12).map(b"\r\n".join) | st.lists(pieces).map(b"".join)


def substance(data: bytes) -> bytes:
    """Return the bytes that mean something in a listing: no blanks, line ends, form feeds."""
    return re.sub(rb"[ \r\n\f]+", b"", data)


def bytes_of(event: Event) -> bytes:
    match event:
        case Statement(raw=raw) | Malformed(raw=raw) | Document(raw=raw):
            return raw
        case FormFeed():
            return b""
        case Company(text):
            return text.encode("iso-8859-1")
        case Headings(rows):
            return "".join(rows).encode("iso-8859-1")
        case DayCount(count):
            return str(count).encode()


@moderate
@given(
    data=st.binary(max_size=300) | damaged(LISTINGS) | listing(),
    layout=st.sampled_from(sorted(LAYOUTS.values(), key=lambda layout: layout.line_width)),
    cuts=st.lists(st.integers(0, 400), max_size=5),
)
def test_v24(data: bytes, layout: Layout, cuts: list[int]) -> None:
    whole = V24Decoder(layout)
    events = whole.receive(data) + whole.close()
    assert b"".join(substance(bytes_of(event)) for event in events) == substance(data)
    for event in events:
        if isinstance(event, Statement):
            ticket = to_ticket(event, None)
            assert from_json(to_json(ticket)) == ticket
        if isinstance(event, Document):
            check_document(event)
    in_pieces = V24Decoder(layout)
    places = [0, *sorted(cuts), len(data)]
    pieces = [data[begin:end] for begin, end in pairwise(places)]
    found = [event for piece in pieces for event in in_pieces.receive(piece)]
    if max(cuts, default=0) <= len(data):
        assert found + in_pieces.close() == events


def check_document(document: Document) -> None:
    """Everything that was told has a name of its own, but for a password."""
    event = event_of(document)
    told = len(document.items) + len(document.unread) + (document.footnote is not None)
    kept_back = sum("password" in heading.casefold() for heading, _ in document.items)
    assert len(event.fields) >= told - kept_back + (document.cut is not None)
    json.dumps(dict(event.fields))


BLOCK = (
    b"TICKET HOTEL\r\nUSER : A117\r\nTYPE : -->\r\nLINE : N01\r\nDATE : 24/02/20\r\n"
    b"TIME : 10:05\r\nDURATION : 00:00:50\r\nTAXES : 2\r\nSERV : ST\r\nADD. SERVICES : X\r\n"
    b"DIALLED NUMBER : 0388\r\n\r\n"
)
BLOCKS = [
    BLOCK,
    b"GUEST GLOBAL BILL\r\nRoom                     : 117\r\nTHANKS FOR COMING\r\n\r\n",
    b"GUEST INFORMATION\r\nRoom                     : 117\r\n\r\n",
]


@moderate
@given(
    data=st.lists(st.sampled_from(BLOCKS) | damaged(BLOCKS) | st.binary(max_size=30)).map(b"".join),
    cuts=st.lists(st.integers(0, 400), max_size=4),
)
def test_v24_blocks(data: bytes, cuts: list[int]) -> None:
    whole = BlockDecoder(BlockLayout())
    events = whole.receive(data) + whole.close()
    told = b"".join(substance(bytes_of(event)) for event in events)
    assert told == substance(data)
    in_pieces = BlockDecoder(BlockLayout())
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    pieces = [data[begin:end] for begin, end in pairwise(places)]
    found = [event for piece in pieces for event in in_pieces.receive(piece)]
    assert found + in_pieces.close() == events


@moderate
@given(data=st.binary(max_size=200) | damaged(DOCUMENTS))
def test_xml_documents(data: bytes) -> None:
    found = decode_list(data, None)
    whole = [piece for piece in found if isinstance(piece, Malformed) and piece.raw == data]
    assert whole == found or all(isinstance(piece, Ticket) or piece.raw in data for piece in found)
    for piece in found:
        if isinstance(piece, Ticket):
            assert from_json(to_json(piece)) == piece


names = st.sampled_from([*TAGS, "Later", "Entity"])
texts = st.text(
    st.characters(
        codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"
    ),
    max_size=140,
)


@moderate
@given(tags=st.lists(st.tuples(names, texts), max_size=10), timed=st.booleans())
def test_xml_tickets(tags: list[tuple[str, str]], timed: bool) -> None:  # noqa: FBT001
    inside = "".join(f"<{tag}>{escape(text)}</{tag}>" for tag, text in tags)
    if timed:
        inside += "<Date>2020-02-24</Date><Time>10:00:00</Time>"
    ticket = f"<CallAccounting>{inside}</CallAccounting>".encode()
    (found,) = decode_list(b"<CallAccountingList>" + ticket + b"</CallAccountingList>", None)
    if isinstance(found, Malformed):
        assert found.raw == ticket
        return
    kept = to_json(found).decode()
    assert from_json(kept) == found
    wanted = [text for tag, text in tags if TAGS.get(tag, ("", None))[1] is None and text]
    values = [*found.extras.get("taxation", {}).values(), found.charged_user, found.initial_user]
    values += [found.dialled_number, found.currency, found.account_code, found.subscriber_name]
    coded = ("TicketType", "DialMode", "Service", "Facilities", "ReminderState", "TrunkID")
    lost = [text for text in wanted if text not in values]
    assert all(any(tag in coded for tag, said in tags if said == text) for text in lost)


@moderate
@given(data=st.binary(max_size=200) | damaged([*DOCUMENTS, *LISTINGS]))
def test_files(data: bytes) -> None:
    for piece in decode_file(data, layout=None, zone="Europe/Paris"):
        assert isinstance(piece, Ticket | Malformed)


ANSWER = (
    b"<E><Body><GetTicketsResponse><GetTicketsResult><firstSequence>7</firstSequence>"
    b"<lastSequence>8</lastSequence><remaining>0</remaining><CallAccountingList>"
    b"<CallAccounting><Date>2020-02-24</Date><Time>10:00:00</Time></CallAccounting>"
    b"<CallAccounting><Date>2020-02-24</Date><Time>10:00:01</Time></CallAccounting>"
    b"</CallAccountingList></GetTicketsResult></GetTicketsResponse></Body></E>"
).replace(b"E>", b"Envelope>")


@moderate
@given(data=st.binary(max_size=200) | damaged([ANSWER]))
def test_answers(data: bytes) -> None:
    found = decode_answer(data, None)
    if isinstance(found, Malformed):
        assert found.raw == data
    if isinstance(found, TicketsAnswer):
        assert len(found.tickets) == (found.last - found.first + 1 if found.last else 0)
