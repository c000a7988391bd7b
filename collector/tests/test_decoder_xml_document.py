"""Hostile and broken documents: nothing expanded, nothing fetched, everything kept."""

import pytest
from lxml import etree
from oxo_collector.decoders import xml_document
from oxo_collector.decoders.outcome import Malformed
from oxo_collector.decoders.xml_document import originals, parse

HOSTILE = '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'


@pytest.mark.parametrize(
    "document",
    [
        HOSTILE.encode(),
        b"\xef\xbb\xbf" + HOSTILE.encode(),
        HOSTILE.encode("utf-16"),
        b"<?xml version='1.0' encoding='windows-1252'?>" + HOSTILE.encode(),
        b"<?xml version='1.0'?><!-- c --><?p i?>\n" + HOSTILE.encode(),
        b"<!DOCTYPE a><a/>",
        b"<!DOCTYPE a SYSTEM 'http://127.0.0.1:1/a.dtd'><a/>",
        b"<!DOCTYPE a PUBLIC 'p' 'file:///etc/hostname'><a/>",
        b"<!DOCTYPE a [<!ENTITY % p SYSTEM 'file:///etc/hostname'> %p;]><a/>",
        b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/hostname'>]><a b='&x;'/>",
    ],
)
def test_a_document_type_is_refused(document: bytes) -> None:
    assert parse(document) == Malformed("document type refused", document, "document")


def test_it_is_refused_before_anything_of_it_is_read() -> None:
    unfinished = b"<!DOCTYPE a [<!ENTITY"
    assert parse(unfinished) == Malformed("document type refused", unfinished, "document")


def test_where_expat_knows_the_encoding_not_lxml_sees_the_document_type() -> None:
    document = b"<?xml version='1.0' encoding='EUC-JP'?>" + HOSTILE.encode()
    assert parse(document) == Malformed("document type refused", document, "document")


def test_the_word_in_a_comment_is_no_declaration() -> None:
    assert not isinstance(parse(b"<!-- <!DOCTYPE a> --><a>&lt;!DOCTYPE a></a>"), Malformed)


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"   ",
        b"\x00",
        b"\xff\xfe",
        b"<a>",
        b"<a></b>",
        b"<a/><a/>",
        b"<a>&unknown;</a>",
        b"<a>\x01</a>",
        b"<a>\xe9</a>",
        b"<?xml version='1.0' encoding='no-such'?><a/>",
        b"<a>" * 300 + b"</a>" * 300,
        b"<p:a/>",
    ],
)
def test_what_is_not_well_formed_is_kept_whole(document: bytes) -> None:
    found = parse(document)
    assert isinstance(found, Malformed)
    assert found.reason.startswith("not well formed: ")
    assert (found.raw, found.place) == (document, "document")


def test_a_document_beyond_the_limit_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_document, "DOCUMENT_BYTES_MAX", 8)
    assert not isinstance(parse(b"<a>1</a>"), Malformed)
    found = parse(b"<a>12</a>")
    assert isinstance(found, Malformed)
    assert found.reason == "document of 9 bytes; at most 8 are read"


@pytest.mark.parametrize("piece", [b"<a/>", b"<a b='' c='' d=''/>"])
def test_a_document_that_is_all_markup_is_not_parsed(piece: bytes) -> None:
    document = b"<x>" + piece * 300_000 + b"</x>"
    found = parse(document)
    assert isinstance(found, Malformed)
    assert " tags and attributes in " in found.reason
    assert not isinstance(parse(b"<x>" + piece * 20_000 + b"</x>"), Malformed)


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1", "utf-16", "windows-1252"])
def test_originals_are_the_bytes_of_the_document(encoding: str) -> None:
    pieces = ["<t>é</t>", "<t a='>'/>", "<t><u/></t>", "<t></t>"]
    text = f"<?xml version='1.0' encoding='{encoding}'?>\n<l> {pieces[0]}x{pieces[1]}"
    text += f"<!-- c -->{pieces[2]}{pieces[3]}</l>\n"
    document = text.encode(encoding)
    root = parse(document)
    assert isinstance(root, etree._Element)
    plain = "utf-16-le" if encoding == "utf-16" else encoding
    found = originals(document, root, list(root))
    assert found == [piece.encode(plain) for piece in pieces]


def test_where_expat_cannot_follow_the_element_is_written_anew() -> None:
    document = "<?xml version='1.0' encoding='EUC-JP'?><l><t>日</t></l>".encode("euc-jp")
    root = parse(document)
    assert isinstance(root, etree._Element)
    assert originals(document, root, list(root)) == ["<t>日</t>".encode()]
