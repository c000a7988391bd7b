"""What is read of a request before spyne sees it: is this a SOAP 1.1 body with one operation?

A request is a hostile document until shown otherwise (facts: tech 2.2). No entity is expanded
and nothing is fetched; a document type declaration is refused whatever it holds; comments and
processing instructions are dropped. What goes on is one parsed envelope.
"""

from lxml import etree

from oxo_simulator.taxation.faults import unreadable

SOAP_NAMESPACE = "http://schemas.xmlsoap.org/soap/envelope/"
_ENVELOPE, _BODY = (f"{{{SOAP_NAMESPACE}}}{name}" for name in ("Envelope", "Body"))


def read_envelope(body: bytes) -> etree._Element:
    """Parse a request body.

    Raises:
        SoapFault: `Client.Request`, saying what of the document is not as docs/taxation.md has it.
    """
    if not body.strip():
        raise unreadable("the request has no body")
    envelope = _parse(body)
    if envelope.tag != _ENVELOPE:
        raise unreadable(f"the root is {envelope.tag!s}; a SOAP 1.1 Envelope is expected")
    bodies = envelope.findall(_BODY)
    if len(bodies) != 1:
        raise unreadable(f"the envelope has {len(bodies)} Body elements; one is expected")
    if len(bodies[0]) != 1:
        raise unreadable(f"the Body holds {len(bodies[0])} operations; one a request is expected")
    return envelope


def _parse(body: bytes) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    if b"<!DOCTYPE" in body:
        raise unreadable("a document type declaration is refused")
    try:
        envelope = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise unreadable(f"the body is not well-formed XML: {error}") from error
    # An encoding that is no superset of ASCII hides the declaration from the search above.
    if envelope.getroottree().docinfo.internalDTD is not None:
        raise unreadable("a document type declaration is refused")
    return envelope
