"""A document of a peer that is not trusted, parsed without expanding or fetching anything.

The vocabulary needs no document type, so every declaration of one is refused. Expat meets
`<!DOCTYPE` before it reads a single entity, and stops there; lxml then parses what has none, with
its limits on depth, text and amplification left in place. After lxml the declaration is looked
for a second time, for encodings that expat does not know.
"""

from collections.abc import Sequence
from xml.parsers import expat

from lxml import etree

from oxo_collector.decoders.outcome import Malformed

DOCUMENT_BYTES_MAX = 64 * 1024 * 1024
"""A longer document is kept and reported, not parsed (some 150,000 tickets)."""

MARKUP_COUNT_BASE = 100_000
MARKUP_BYTES_MIN = 8
"""A document may have so many tags and attributes, and one more for each so many bytes.

Each takes over a hundred bytes of memory and, in a document made to fill it, four on the wire.
In tickets there is one for some twenty bytes.
"""

DOCUMENT = "document"
"""The place of a fault that spoils the whole document."""

XML_BLANKS = " \t\r\n"
"""What XML 1.0 calls white space; Python's own idea of it is wider."""

XSI_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


class _PrologueEnds(Exception):
    """Expat has seen enough: a document type, or the root."""


def parse(document: bytes) -> etree._Element | Malformed:
    """Return the root, or the whole document with the reason why it cannot be read."""
    if len(document) > DOCUMENT_BYTES_MAX:
        reason = f"document of {len(document)} bytes; at most {DOCUMENT_BYTES_MAX} are read"
        return Malformed(reason, document, DOCUMENT)
    markup = document.count(b"<") + document.count(b"=")
    if markup > (most := MARKUP_COUNT_BASE + len(document) // MARKUP_BYTES_MIN):
        reason = f"{markup} tags and attributes in {len(document)} bytes; at most {most} are read"
        return Malformed(reason, document, DOCUMENT)
    if _declares_document_type(document):
        return Malformed("document type refused", document, DOCUMENT)
    try:
        root: etree._Element = etree.fromstring(document, _parser())
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        return Malformed(f"not well formed: {error}", document, DOCUMENT)
    if root.getroottree().docinfo.internalDTD is not None:
        return Malformed("document type refused", document, DOCUMENT)
    return root


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        dtd_validation=False,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
    )


def local_name(element: etree._Element) -> str:
    """Return the tag without its namespace."""
    return str(element.tag).rpartition("}")[2]


def namespace(element: etree._Element) -> str:
    """Return the namespace of the tag; empty where it has none."""
    return str(element.tag).rpartition("}")[0][1:]


def originals(
    document: bytes, root: etree._Element, elements: Sequence[etree._Element]
) -> list[bytes]:
    """Return the bytes of the document from which each element was read.

    lxml keeps no offsets; a second pass by expat is worth its time, because it is made only for
    tickets that are put aside. Where expat knows the encoding not, the element is written anew.
    """
    wanted = {id(element) for element in elements}
    places = {id(element): n for n, element in enumerate(root.iter("*")) if id(element) in wanted}
    try:
        spans = _spans(document)
    except (expat.ExpatError, ValueError, LookupError):
        return [etree.tostring(element, encoding="utf-8", with_tail=False) for element in elements]
    return [document[slice(*spans[places[id(element)]])] for element in elements]


def _declares_document_type(document: bytes) -> bool:
    """Tell whether `<!DOCTYPE` stands before the root; nothing behind it is read."""
    found = False

    def document_type(*_: object) -> None:
        nonlocal found
        found = True
        raise _PrologueEnds

    def root_element(*_: object) -> None:
        raise _PrologueEnds

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = document_type
    parser.StartElementHandler = root_element
    try:
        parser.Parse(document, True)
    except _PrologueEnds:
        return found
    except (expat.ExpatError, ValueError, LookupError):
        return False  # lxml says what is wrong with it
    return False


def _spans(document: bytes) -> list[list[int]]:
    """Return begin and end of every element, in document order.

    Expat tells only where an event begins. An element ends where the event behind its end tag
    begins; the root runs to the end of the document.
    """
    spans: list[list[int]] = []
    opened: list[list[int]] = []
    closed: list[list[int]] = []
    parser = expat.ParserCreate()

    def settle(*_: object) -> None:
        while closed:
            closed.pop()[1] = parser.CurrentByteIndex

    def start(*_: object) -> None:
        settle()
        span = [parser.CurrentByteIndex, len(document)]
        spans.append(span)
        opened.append(span)

    def end(*_: object) -> None:
        settle()
        closed.append(opened.pop())

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.DefaultHandler = settle
    parser.Parse(document, True)
    return spans
