"""A file is told by its content: list, answer, listing, or nothing we know."""

import json
from pathlib import Path

import pytest
from oxo_collector.decoders.files import FORMATS, decode_file
from oxo_collector.decoders.outcome import Malformed
from oxo_collector.decoders.taxation_xml import decode_list
from oxo_collector.decoders.v24 import Layout, LayoutInvalid
from oxo_collector.receipt import Piece
from oxo_tickets import Ticket

VECTORS = Path(__file__).resolve().parents[2] / "vectors"

ENVELOPE = (
    b"<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'"
    b" xmlns='urn:oxo-sim:taxation:1'><e:Body>%s</e:Body></e:Envelope>"
)
TICKET = b"<CallAccounting><Date>2020-02-24</Date><Time>14:32:00</Time></CallAccounting>"
ANSWER = ENVELOPE % (
    b"<GetTicketsResponse><GetTicketsResult><firstSequence>1</firstSequence>"
    b"<lastSequence>1</lastSequence><remaining>0</remaining><CallAccountingList>%s"
    b"</CallAccountingList></GetTicketsResult></GetTicketsResponse>" % TICKET
)


def decode(data: bytes, layout: str | Layout | None = None) -> list[Piece]:
    return list(decode_file(data, layout=layout, zone="Europe/Paris"))


def test_a_list_is_read_as_a_list() -> None:
    no_lists = ("wrong-root", "not-xml")
    lists = [path for path in (VECTORS / "oxo-xml").glob("*.xml") if path.stem not in no_lists]
    assert lists, "no vectors"
    for path in lists:
        data = path.read_bytes()
        assert decode(data) == decode_list(data, "Europe/Paris"), path.stem


def test_byte_order_marks_and_blanks_before_a_list() -> None:
    inside = b"<CallAccountingList>" + TICKET + b"</CallAccountingList>"
    (expected,) = decode(inside)
    assert isinstance(expected, Ticket)
    assert decode(b"\xef\xbb\xbf" + inside) == [expected]
    assert decode(inside.decode().encode("utf-16")) == [expected]
    assert decode(b"\r\n " + inside) == [expected]


def test_an_answer_gives_its_tickets() -> None:
    (ticket,) = decode(ANSWER)
    assert isinstance(ticket, Ticket)
    assert ticket.zone == "Europe/Paris"


def test_an_answer_without_tickets_is_kept() -> None:
    data = ENVELOPE % b"<LogoutResponse/>"
    (kept,) = decode(data)
    assert isinstance(kept, Malformed)
    assert "a SOAP answer without tickets" in kept.reason
    assert kept.raw == data


@pytest.mark.parametrize("data", [ANSWER[:-1], ENVELOPE % b"", b"<other/>", b"<html><p></html>"])
def test_broken_and_foreign_documents_are_kept(data: bytes) -> None:
    (kept,) = decode(data)
    assert isinstance(kept, Malformed)
    assert (kept.raw, kept.place) == (data, "document")


@pytest.mark.parametrize("path", sorted((VECTORS / "oxo-v24").glob("*.txt")), ids=lambda p: p.stem)
def test_a_listing_is_read_in_the_layout_that_fits(path: Path) -> None:
    told = json.loads(path.with_suffix(".json").read_text("utf-8"))
    width = told["layout"]["line_width"]
    layout = None if width in (79, 132) else Layout.from_mapping(told["layout"])
    events = [event["event"] for event in told["meaning"]["events"]]
    found = decode(path.read_bytes(), layout)
    assert sum(isinstance(piece, Ticket) for piece in found) == events.count("statement")
    kept = [piece.raw.hex() for piece in found if isinstance(piece, Malformed)]
    assert kept == [e["raw"] for e in told["meaning"]["events"] if e["event"] == "undecodable line"]


def test_a_layout_by_name_is_not_overruled() -> None:
    data = (VECTORS / "oxo-v24" / "three-lines-132.txt").read_bytes()
    found = decode(data, "79")
    assert [type(piece) for piece in found] == [Ticket, Malformed, Malformed]
    assert [type(piece) for piece in decode(data, "132")] == [Ticket] * 3


def test_of_layouts_that_read_as_much_the_one_with_least_left_over_is_taken() -> None:
    data = (VECTORS / "oxo-v24" / "default-79.txt").read_bytes()
    for width in (79, 132):
        found = decode(data + b"3".rjust(width) + b"\r\n")
        assert [type(piece) for piece in found] == [Ticket] * 3


def test_an_unknown_layout_is_the_operators_fault() -> None:
    with pytest.raises(LayoutInvalid, match="layout '80' is unknown; known: 79, 132"):
        decode_file(b"", layout="80", zone=None)


@pytest.mark.parametrize("data", [b"", b"\f\r\n", b"hello\n", b"\x00\x01", b"<", b"<-- "])
def test_unknown_content_is_one_malformed(data: bytes) -> None:
    (kept,) = decode(data)
    assert isinstance(kept, Malformed)
    assert "no account file, ALZ, XML or hotel link, nor a V24 listing" in kept.reason
    assert kept.raw == data


def test_every_format_is_told_from_every_other() -> None:
    """Each vector is read by the decoder of its own family, whatever stands before it."""
    families = ("oxe-file", "ohl", "oxo-alz", "oxo-xml", "oxo-v24")
    for number, family in enumerate(families):
        for path in sorted((VECTORS / family).iterdir()):
            if path.suffix == ".json" or path.stem in NO_MARK:
                continue
            data = path.read_bytes()
            found = next(n for n, one in enumerate(FORMATS) if one.recognises(data))
            assert found == number, path


NO_MARK = ("account-lis", "control-characters", "not-xml")
"""What bears no mark of its own: a list of names, control characters, text that is no XML."""


@pytest.mark.parametrize(
    ("name", "count"),
    [("taxaaaaa.dat", 3), ("taxaaaaa-plain.txt", 3), ("comma-rendering.txt", 5)],
)
def test_an_account_file_gives_its_tickets(name: str, count: int) -> None:
    found = decode((VECTORS / "oxe-file" / name).read_bytes())
    assert [type(piece) for piece in found] == [Ticket] * count
    assert all(isinstance(piece, Ticket) and piece.zone == "Europe/Paris" for piece in found)


def test_records_without_a_header_are_an_account_file() -> None:
    record = (VECTORS / "oxe-record" / "tv-07-vendor-example.bin").read_bytes()
    assert [type(piece) for piece in decode(record + b"\n" + record + b"\n")] == [Ticket] * 2


def test_an_account_file_that_was_cut_is_kept_whole() -> None:
    data = (VECTORS / "oxe-file" / "truncated.dat").read_bytes()
    (kept,) = decode(data)
    assert isinstance(kept, Malformed)
    assert kept.reason.startswith("last line incomplete: 203 characters")
    assert (kept.raw, kept.place) == (data, "document")


def test_a_hotel_link_gives_tickets_events_and_what_is_neither() -> None:
    call = (VECTORS / "ohl" / "smdr-outgoing.bin").read_bytes()
    check_in = (VECTORS / "ohl" / "check-in.bin").read_bytes()
    wrong = (VECTORS / "ohl" / "wrong-lrc.bin").read_bytes()
    pieces = list(decode_file(call + check_in + b"login: " + wrong, layout=None, zone="UTC"))
    kinds = [type(piece).__name__ for piece in pieces]
    assert kinds[:2] == ["Ticket", "WireEvent"]
    stray = [one for one in pieces if isinstance(one, Malformed) and one.raw == b"login: "]
    assert [one.reason for one in stray] == ["bytes that belong to no frame"]
    assert any("LRC wrong" in one.reason for one in pieces if isinstance(one, Malformed))


def test_an_alz_file_gives_its_tickets() -> None:
    (first, *_) = decode((VECTORS / "oxo-alz" / "six-kinds.alz").read_bytes())
    assert isinstance(first, Ticket)
    assert first.zone == "Europe/Paris"
