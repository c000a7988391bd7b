"""The WSDL of a contract, as spyne describes it, for whatever address a request came to."""

from typing import Any

from lxml import etree

from oxo_simulator.contract_table import Contract
from oxo_simulator.taxation import compat as compat  # noqa: PLC0414 -- before any spyne

from spyne.interface.wsdl import Wsdl11  # isort: skip

_PLACE = "http://address.invalid/"
_XS = "{http://www.w3.org/2001/XMLSchema}"
_SOAP_OPERATIONS = (
    "{http://schemas.xmlsoap.org/wsdl/soap/}operation",
    "{http://schemas.xmlsoap.org/wsdl/soap12/}operation",
)


class Wsdl:
    """The WSDL of an application.

    spyne builds the address of the first request into it and keeps it (facts: tech 2.1); here the
    document is built once for a place holder, which each answer replaces.
    """

    def __init__(self, app: Any, contract: Contract) -> None:
        wsdl = Wsdl11(app.interface)
        wsdl.build_interface_document(_PLACE)
        root = etree.fromstring(wsdl.get_interface_document())
        if contract.ticket_list == "elements":
            _allow_unknown_tags(root, contract.elements.ticket)
        for operation in root.iter(*_SOAP_OPERATIONS):
            operation.set("soapAction", contract.soap_action + operation.get("soapAction", ""))
        self._document = etree.tostring(root, xml_declaration=True, encoding="UTF-8")

    def at(self, address: str) -> bytes:
        """Return the document for a service at this URL (characters of a URL only)."""
        return self._document.replace(_PLACE.encode(), address.encode("ascii"))


def _allow_unknown_tags(root: etree._Element, ticket: str) -> None:
    """Allow unqualified tags behind the known ones, which no type of spyne can say."""
    (sequence,) = root.iterfind(f".//{_XS}complexType[@name='{ticket}']/{_XS}sequence")
    etree.SubElement(
        sequence,
        f"{_XS}any",
        {
            "namespace": "##local",
            "processContents": "lax",
            "minOccurs": "0",
            "maxOccurs": "unbounded",
        },
    )
