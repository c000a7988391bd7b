"""What is read of a request before spyne sees it: is this a SOAP body with one operation?

A request is a hostile document until shown otherwise (facts: tech 2.2). No entity is expanded
and nothing is fetched; a document type declaration is refused whatever it holds; comments and
processing instructions are dropped. What goes on is one parsed envelope.
"""

from email.message import Message
from typing import NamedTuple

from lxml import etree

from oxo_simulator.taxation.faults import unreadable


class SoapVersion(NamedTuple):
    """What differs between the two: envelope, media type, and the prefix that we write."""

    number: str
    namespace: str
    media_type: str
    prefix: str


SOAP_VERSIONS = {
    version.number: version
    for version in (
        SoapVersion("1.1", "http://schemas.xmlsoap.org/soap/envelope/", "text/xml", "soap11env"),
        SoapVersion(
            "1.2", "http://www.w3.org/2003/05/soap-envelope", "application/soap+xml", "soap12env"
        ),
    )
}


class Asked(NamedTuple):
    """A request's envelope, and the operation that its Body holds."""

    envelope: etree._Element
    soap: str
    namespace: str
    operation: str


def read_envelope(body: bytes) -> Asked:
    """Parse a request body, of either SOAP version.

    Raises:
        SoapFault: `Client.Request`, saying what of the document is not as docs/taxation.md has it.
    """
    if not body.strip():
        raise unreadable("the request has no body")
    envelope = _parse(body)
    soap = _version(envelope)
    bodies = envelope.findall(f"{{{soap.namespace}}}Body")
    if len(bodies) != 1:
        raise unreadable(f"the envelope has {len(bodies)} Body elements; one is expected")
    if len(bodies[0]) != 1:
        raise unreadable(f"the Body holds {len(bodies[0])} operations; one a request is expected")
    asked = etree.QName(bodies[0][0])
    return Asked(envelope, soap.number, asked.namespace or "", asked.localname)


def soap_action(soap: str, header: str | None, content_type: str | None) -> str | None:
    """Return the action that a request names, without quotes; `None` where it names none.

    Raises:
        SoapFault: `Client.Request`, the parameters of the content type are no parameters.
    """
    if soap == "1.1":
        return _utf8((header or "").strip().strip('"')) or None
    parsed = Message()
    parsed["Content-Type"] = content_type or ""
    try:
        action = parsed.get_param("action")
    except (TypeError, ValueError) as error:  # a parameter in parts that do not go together
        raise unreadable("the parameters of Content-Type cannot be read") from error
    return _utf8(action.strip()) or None if isinstance(action, str) else None


def _utf8(header: str) -> str:
    """Read a header as UTF-8 where it can be that: HTTP hands all over as ISO-8859-1."""
    try:
        return header.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return header


def _version(envelope: etree._Element) -> SoapVersion:
    for version in SOAP_VERSIONS.values():
        if envelope.tag == f"{{{version.namespace}}}Envelope":
            return version
    raise unreadable(f"the root is {envelope.tag!s}; a SOAP Envelope is expected")


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
