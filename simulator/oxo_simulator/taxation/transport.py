"""spyne without its own servers: one request body in, one answer's bytes out.

spyne's Twisted server does not work on Python 3 and its WSGI server needs a thread a request
(facts: tech 2.1); this transport runs the same steps, synchronously, on a body already read.
"""

import functools
import re
import traceback
from types import SimpleNamespace
from typing import Any, NamedTuple

import structlog

from oxo_simulator.contract_table import Contract, OperationNames
from oxo_simulator.taxation import contract as contract_
from oxo_simulator.taxation.contract import Operations, spyne_fault
from oxo_simulator.taxation.envelope import SOAP_VERSIONS, Asked, read_envelope, soap_action
from oxo_simulator.taxation.faults import SoapFault, internal, unreadable
from oxo_simulator.taxation.wsdl import Wsdl

from spyne.server.http import HttpBase, HttpMethodContext, HttpTransportContext  # isort: skip

CONTRACTS_KEPT_MAX = 16
"""Contracts ready to answer; making one takes some hundredths of a second."""

_PLAIN_NUMBER = re.compile("[0-9]{1,9}")
_log = structlog.get_logger()


class SoapRequest(NamedTuple):
    """A request as HTTP brought it: body, and the two headers that matter to SOAP."""

    body: bytes
    content_type: str | None
    soap_action: str | None


class SoapAnswer(NamedTuple):
    """What goes back, and which operation was asked for, where one could be read.

    `operation` is the name that docs/taxation.md has for it, whatever the contract calls it; of an
    operation that the contract does not have, its own local name.
    """

    body: bytes
    operation: str | None
    fault: SoapFault | None


class _TransportContext(HttpTransportContext):  # type: ignore[misc]
    def get_request_method(self) -> str:
        return "POST"

    def get_request_content_type(self) -> str:
        return "text/xml"


class _MethodContext(HttpMethodContext):  # type: ignore[misc]
    HttpTransportContext = _TransportContext


class SoapTransport(HttpBase):  # type: ignore[misc]
    """The contract, ready to answer; `wsdl` is its description."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.schema = contract_.schema_of(contract)
        super().__init__(contract_.application(contract, self.schema))
        self.wsdl = Wsdl(self.app, contract)
        contract_.plain_answers(self.app, contract)

    @property
    def content_type(self) -> str:
        """What an answer's body is."""
        return f"{SOAP_VERSIONS[self.contract.soap].media_type}; charset=utf-8"

    def answer(self, request: SoapRequest, operations: Operations) -> SoapAnswer:
        """Answer one request; every failure becomes a fault, none escapes."""
        try:
            _check_soap(request)
            asked = read_envelope(request.body)
        except SoapFault as fault:
            return SoapAnswer(self.fault_bytes(fault), None, fault)
        operation = self._meant(asked)
        try:
            self._check_known(asked, request, operations)
            plain = self._plain_get_tickets(asked)
            if plain is not None:
                answered, met = operations.get_tickets(plain), None
            else:
                answered, met = self._run(asked.envelope, operations)
        except SoapFault as fault:
            answered, met = self.fault_bytes(fault), fault
        except Exception:  # noqa: BLE001 -- any break is our own, and is logged
            _log.error("taxation.answer_failed", operation=operation, trace=traceback.format_exc())
            met = internal()
            answered = self.fault_bytes(met)
        return SoapAnswer(answered, operation, met)

    def _meant(self, asked: Asked) -> str:
        for key, name in self.contract.operation_names.items():
            if (asked.namespace, asked.operation) == (self.contract.namespace, name):
                return str(OperationNames.model_fields[key].default)
        return asked.operation

    def fault_bytes(self, fault: SoapFault) -> bytes:
        """Render a fault that was met outside spyne."""
        return self._finished(self._context(), spyne_fault(fault))

    def _check_known(self, asked: Asked, request: SoapRequest, operations: Operations) -> None:
        """Refuse what the contract does not have; the exchange keeps what was asked for."""
        version = SOAP_VERSIONS[self.contract.soap]
        action = soap_action(asked.soap, request.soap_action, request.content_type)
        known = self.contract.operation_names.values()
        named = f"{{{asked.namespace}}}{asked.operation}"
        if asked.soap != version.number:
            operations.unknown(asked, action)
            raise unreadable(f"SOAP {asked.soap}; this exchange speaks SOAP {version.number}")
        if asked.namespace != self.contract.namespace or asked.operation not in known:
            operations.unknown(asked, action)
            raise unreadable(f"unknown operation {named}; known: {', '.join(known)}")
        if _media_type(request.content_type) != version.media_type:
            expected = f"a SOAP {version.number} request is {version.media_type}"
            raise unreadable(f"Content-Type is {_media_type(request.content_type)}; {expected}")
        if action not in (None, self.contract.soap_action + asked.operation):
            operations.unknown(asked, action)
            raise unreadable(f"SOAPAction {action} is not that of the operation {named}")

    def _plain_get_tickets(self, asked: Asked) -> int | None:
        """Return what a GetTickets asks for, if it is written as nearly everybody writes it.

        spyne then has nothing to say: the request is valid and its answer comes rendered. Anything
        unusual, be it an attribute, goes to spyne.
        """
        if asked.operation != self.contract.operations.get_tickets:
            return None
        body = asked.envelope[-1]
        children = [*body[0]]
        named, space = self.contract.elements, f"{{{self.contract.namespace}}}"
        if [child.tag for child in children] != [
            space + named.max_tickets,
            space + named.wait_seconds,
        ]:
            return None
        if len(asked.envelope) != 1 or any(part.attrib for part in (body, body[0], *children)):
            return None
        between = [body[0].text, *(child.tail for child in children)]
        if any(len(child) for child in children) or any((each or "").strip() for each in between):
            return None
        numbers = [child.text or "" for child in children]
        if not all(_PLAIN_NUMBER.fullmatch(number) for number in numbers):
            return None
        return int(numbers[0]) or None

    def _context(self, **own: Any) -> Any:
        context = _MethodContext(self, None, "text/xml")
        context.udc = SimpleNamespace(fault=None, **own)
        return context

    def _run(self, envelope: Any, operations: Operations) -> tuple[bytes, SoapFault | None]:
        context = self._read(self._context(envelope=envelope, operations=operations))
        if context.in_error is None:
            self.get_out_object(context)
        met = context.out_error or context.in_error
        if met is None:
            return self._finished(context, None), None
        # What spyne itself finds wrong with a document is the collector's fault.
        fault = context.udc.fault or unreadable(_spyne_words(met))
        return self._finished(context, spyne_fault(fault)), fault

    def _read(self, context: Any) -> Any:
        """Find the operation and its arguments: validation, hence the collector's part."""
        try:
            (context,) = self.generate_contexts(context)
            if context.in_error is None:
                self.get_in_object(context)
        except Exception as error:  # spyne meets some documents with errors of any class
            raise unreadable(f"the request cannot be read: {error}") from error
        return context

    def _finished(self, context: Any, fault: Any) -> bytes:
        if fault is not None:
            context.out_error, context.out_object, context.out_document = fault, None, None
        self.get_out_string(context)
        body = b"".join(context.out_string)
        context.close()
        return body


@functools.lru_cache(maxsize=CONTRACTS_KEPT_MAX)
def soap_transport(contract: Contract) -> SoapTransport:
    """Return the contract ready to answer; it keeps nothing between requests, so it is shared."""
    return SoapTransport(contract)


def _media_type(content_type: str | None) -> str:
    return (content_type or "").partition(";")[0].strip().lower()


def _check_soap(request: SoapRequest) -> None:
    found = _media_type(request.content_type)
    if found not in {version.media_type for version in SOAP_VERSIONS.values()}:
        said = f"Content-Type is {found}" if found else "Content-Type is missing"
        raise unreadable(f"{said}; SOAP 1.1 requests are text/xml, 1.2 application/soap+xml")


def _spyne_words(error: Any) -> str:
    """Return what spyne says of a document, without the validator's place and error class."""
    words = error.faultstring
    if isinstance(words, bytes):  # a validation error's text is, whatever a fault's type says
        words = words.decode("utf-8", errors="replace")
    return re.sub(r"^\S*:ERROR:\w+:\w+: ", "", str(words))
