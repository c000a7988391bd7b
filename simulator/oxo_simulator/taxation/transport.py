"""spyne without its own servers: one request body in, one answer's bytes out.

spyne's Twisted server does not work on Python 3 and its WSGI server needs a thread a request
(facts: tech 2.1); this transport runs the same steps, synchronously, on a body already read.
"""

import re
import traceback
from types import SimpleNamespace
from typing import Any, NamedTuple

import structlog
from lxml import etree

from oxo_simulator.taxation import contract
from oxo_simulator.taxation.contract import NAMESPACE, OPERATIONS, Operations, Wsdl, spyne_fault
from oxo_simulator.taxation.envelope import read_envelope
from oxo_simulator.taxation.faults import SoapFault, internal, unreadable

from spyne.server.http import HttpBase, HttpMethodContext, HttpTransportContext  # isort: skip

_log = structlog.get_logger()


class SoapAnswer(NamedTuple):
    """What goes back: `operation` is the local name asked for, where one could be read."""

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

    def __init__(self) -> None:
        super().__init__(contract.application())
        self.wsdl = Wsdl(self.app)
        contract.plain_answers(self.app)

    def answer(self, body: bytes, operations: Operations) -> SoapAnswer:
        """Answer one request body; every failure becomes a fault, none escapes."""
        try:
            envelope = read_envelope(body)
        except SoapFault as fault:
            return SoapAnswer(self.fault_bytes(fault), None, fault)
        asked = etree.QName(envelope.findall("{*}Body")[0][0])
        operation = asked.localname
        try:
            _check_known(asked)
            answered, met = self._run(envelope, operations)
        except SoapFault as fault:
            answered, met = self.fault_bytes(fault), fault
        except Exception:  # noqa: BLE001 -- any break is our own, and is logged
            _log.error("taxation.answer_failed", operation=operation, trace=traceback.format_exc())
            met = internal()
            answered = self.fault_bytes(met)
        return SoapAnswer(answered, operation, met)

    def fault_bytes(self, fault: SoapFault) -> bytes:
        """Render a fault that was met outside spyne."""
        return self._finished(self._context(), spyne_fault(fault))

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


def _check_known(asked: etree.QName) -> None:
    if asked.namespace != NAMESPACE or asked.localname not in OPERATIONS:
        raise unreadable(f"unknown operation {asked.text}; known: {', '.join(OPERATIONS)}")


def _spyne_words(error: Any) -> str:
    """Return what spyne says of a document, without the validator's place and error class."""
    words = error.faultstring
    if isinstance(words, bytes):  # a validation error's text is, whatever a fault's type says
        words = words.decode("utf-8", errors="replace")
    return re.sub(r"^\S*:ERROR:\w+:\w+: ", "", str(words))
