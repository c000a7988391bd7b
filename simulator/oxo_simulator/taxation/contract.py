"""The contract of docs/taxation.md as a spyne application: operations, types, faults, WSDL.

spyne has no type information; only this module, `transport` and `compat` touch it. What
an operation does stands behind `Operations`, in our own words.
"""

# ruff: noqa: N802, N805 -- spyne takes an operation's name and its context from the method
import traceback
from typing import Any, NamedTuple, Protocol

import structlog
from lxml import etree

from oxo_simulator.taxation import compat as compat  # noqa: PLC0414 -- before any spyne
from oxo_simulator.taxation.codec import LAYOUT, visible
from oxo_simulator.taxation.envelope import SOAP_NAMESPACE
from oxo_simulator.taxation.faults import SoapFault, internal

from spyne import (  # isort: skip
    Application,
    ComplexModel,
    Fault,
    Integer32,
    Integer64,
    ServiceBase,
    Unicode,
    rpc,
)
from spyne.interface.wsdl import Wsdl11  # isort: skip
from spyne.protocol.soap import Soap11  # isort: skip

NAMESPACE = "urn:oxo-sim:taxation:1"
OPERATIONS = ("Login", "GetTickets", "AckTickets", "RestartSessionTimer", "Logout")
FAULT_TEXT_MAX = 500
"""Longest fault text, in characters: a fault may quote a hostile request."""

_PLACE = "http://address.invalid/"
_XS = "{http://www.w3.org/2001/XMLSchema}"

_log = structlog.get_logger()


class LoginAnswer(NamedTuple):
    """What `Login` tells: the count that sequences belong to, the release, the idle limit."""

    epoch: str
    release: str
    session_seconds: int


class Operations(Protocol):
    """One request's way to the exchange. Each may raise `SoapFault`."""

    def login(self) -> LoginAnswer:
        """Open a session."""

    def get_tickets(self, tickets_max: int) -> bytes:
        """Return the whole answer, rendered: the fast path past spyne's serialisation."""

    def acknowledge(self, last: int) -> int:
        """Remove tickets up to `last`, return how many left."""

    def restart_timer(self) -> int:
        """Restart the session's timer, return its seconds."""

    def logout(self) -> None:
        """End the session."""


def _required(model: Any, **limits: int) -> Any:
    return model.customize(min_occurs=1, nillable=False, **limits)


_text = _required(Unicode)
_int = _required(Integer32)
_long = _required(Integer64)


class CallAccounting(ComplexModel):  # type: ignore[misc]
    """One ticket; every tag is optional. Tags that no source knows follow, unqualified."""

    __namespace__ = NAMESPACE
    _type_info = [  # noqa: RUF012
        (tag.name, Unicode.customize(min_occurs=0, nillable=False)) for tag in LAYOUT
    ]


class CallAccountingList(ComplexModel):  # type: ignore[misc]
    """The tickets of one answer, in the order of their sequence."""

    __namespace__ = NAMESPACE
    _type_info = [  # noqa: RUF012
        (
            "CallAccounting",
            CallAccounting.customize(min_occurs=0, max_occurs="unbounded", nillable=False),
        )
    ]


class LoginResult(ComplexModel):  # type: ignore[misc]
    """Answer of `Login`."""

    __namespace__ = NAMESPACE
    _type_info = [("epoch", _text), ("release", _text), ("sessionSeconds", _int)]  # noqa: RUF012


class GetTicketsResult(ComplexModel):  # type: ignore[misc]
    """Answer of `GetTickets`."""

    __namespace__ = NAMESPACE
    _type_info = [  # noqa: RUF012
        ("firstSequence", _long),
        ("lastSequence", _long),
        ("remaining", _int),
        ("CallAccountingList", _required(CallAccountingList)),
    ]


class AckTicketsResult(ComplexModel):  # type: ignore[misc]
    """Answer of `AckTickets`."""

    __namespace__ = NAMESPACE
    _type_info = [("acknowledged", _int)]  # noqa: RUF012


class RestartSessionTimerResult(ComplexModel):  # type: ignore[misc]
    """Answer of `RestartSessionTimer`."""

    __namespace__ = NAMESPACE
    _type_info = [("sessionSeconds", _int)]  # noqa: RUF012


class LogoutResult(ComplexModel):  # type: ignore[misc]
    """Answer of `Logout`: nothing."""

    __namespace__ = NAMESPACE


class Taxation(ServiceBase):  # type: ignore[misc]
    """The five operations. `ctx.udc.operations` is the request's `Operations`."""

    @rpc(_returns=_required(LoginResult))  # type: ignore[untyped-decorator]
    def Login(ctx: Any) -> Any:
        """Open a session; the cookie of the answer is to be returned by later requests."""
        answer = ctx.udc.operations.login()
        return LoginResult(
            epoch=answer.epoch, release=answer.release, sessionSeconds=answer.session_seconds
        )

    @rpc(  # type: ignore[untyped-decorator]
        _required(Integer32, ge=1),
        _required(Integer32, ge=0),
        _args=["maxTickets", "waitSeconds"],
        _returns=_required(GetTicketsResult),
    )
    def GetTickets(ctx: Any, max_tickets: int, _wait_seconds: int) -> None:
        """Return the oldest tickets not acknowledged; `waitSeconds` is answered at once."""
        ctx.out_string = [ctx.udc.operations.get_tickets(max_tickets)]

    @rpc(_long, _args=["lastSequence"], _returns=_required(AckTicketsResult))  # type: ignore[untyped-decorator]
    def AckTickets(ctx: Any, last_sequence: int) -> Any:
        """Remove every ticket up to the sequence."""
        return AckTicketsResult(acknowledged=ctx.udc.operations.acknowledge(last_sequence))

    @rpc(_returns=_required(RestartSessionTimerResult))  # type: ignore[untyped-decorator]
    def RestartSessionTimer(ctx: Any) -> Any:
        """Restart the idle timer, as every call does."""
        return RestartSessionTimerResult(sessionSeconds=ctx.udc.operations.restart_timer())

    @rpc(_returns=_required(LogoutResult))  # type: ignore[untyped-decorator]
    def Logout(ctx: Any) -> Any:
        """End the session."""
        ctx.udc.operations.logout()
        return LogoutResult()

    @classmethod
    def call_wrapper(cls, ctx: Any) -> Any:
        """Turn our faults into spyne's; what else breaks is the exchange's own failure."""
        try:
            return super().call_wrapper(ctx)
        except SoapFault as fault:
            ctx.udc.fault = fault
        except Exception:  # noqa: BLE001 -- any break of an operation is our own, and is logged
            trace = traceback.format_exc()  # not the renderer's: it would show locals, secrets too
            _log.error("taxation.operation_failed", operation=ctx.descriptor.name, trace=trace)
            ctx.udc.fault = internal()
        raise spyne_fault(ctx.udc.fault)


class _ParsedSoap11(Soap11):  # type: ignore[misc]
    """Takes the envelope that `envelope.read_envelope` has parsed and checked."""

    def create_in_document(self, ctx: Any, _charset: str | None = None) -> None:
        """Hand on the parsed document; no ids, hence no references to resolve."""
        ctx.in_document = (ctx.udc.envelope, {})


def spyne_fault(fault: SoapFault) -> Any:
    """Return the fault as spyne serialises it, its text within limits."""
    words = visible(fault.text)
    if len(words) > FAULT_TEXT_MAX:
        words = f"{words[: FAULT_TEXT_MAX // 2]} … {words[-FAULT_TEXT_MAX // 2 :]}"
    return Fault(faultcode=fault.code, faultstring=words)


def application() -> Any:
    """Return a fresh spyne application of the contract."""
    return Application(
        [Taxation],
        NAMESPACE,
        name="Taxation",
        in_protocol=_ParsedSoap11(validator="lxml"),
        out_protocol=Soap11(),
    )


def plain_answers(app: Any) -> None:
    """Let answers stand in the default namespace: `<CallAccounting>`, as public readers know it.

    To be called when the WSDL is built, which needs the other prefixes.
    """
    app.interface.nsmap = {None: NAMESPACE, "soap11env": SOAP_NAMESPACE}


class Wsdl:
    """The WSDL of an application, for whatever address the request came to.

    spyne builds the address of the first request into it and keeps it (facts: tech 2.1); here the
    document is built once for a place holder, which each answer replaces.
    """

    def __init__(self, app: Any) -> None:
        wsdl = Wsdl11(app.interface)
        wsdl.build_interface_document(_PLACE)
        self._document = _with_unknown_tags(wsdl.get_interface_document())

    def at(self, address: str) -> bytes:
        """Return the document for a service at this URL (characters of a URL only)."""
        return self._document.replace(_PLACE.encode(), address.encode("ascii"))


def _with_unknown_tags(document: bytes) -> bytes:
    """Allow unqualified tags behind the known ones, which no type of spyne can say."""
    root = etree.fromstring(document)
    (sequence,) = root.iterfind(f".//{_XS}complexType[@name='CallAccounting']/{_XS}sequence")
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
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")
