"""The contract as a spyne application: operations, types and faults, built from the table.

Names and shape are those of the table `[contract]` (docs/taxation.md, Foreign contracts): a
`Schema` holds the types that a table leads to, `application` the service over them. What an
operation does stands behind `Operations`, in our own words.

spyne has no type information; only this module, `wsdl`, `transport` and `compat` touch it.
Members have keys of ours and show the table's names as `sub_name`: whatever they are called on
the wire, spyne's own attributes stay out of their way.
"""

import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import structlog

from oxo_simulator.contract_table import Contract
from oxo_simulator.taxation import compat as compat  # noqa: PLC0414 -- before any spyne
from oxo_simulator.taxation.codec import LAYOUT, visible
from oxo_simulator.taxation.envelope import SOAP_VERSIONS, Asked
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
from spyne.protocol.soap import Soap11, Soap12  # isort: skip

FAULT_TEXT_MAX = 500
"""Longest fault text, in characters: a fault may quote a hostile request."""

TICKETS_PREFIX = "tickets"
"""Prefix of the tickets' namespace, where it is their own."""

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

    def unknown(self, asked: Asked, action: str | None) -> None:
        """Keep an operation that the contract does not have; no session is asked for."""


def _required(model: Any, **limits: Any) -> Any:
    return model.customize(min_occurs=1, nillable=False, **limits)


def _type(name: str, namespace: str, members: Sequence[tuple[str, Any]]) -> Any:
    own = {"__namespace__": namespace, "__type_name__": name, "_type_info": list(members)}
    return type(ComplexModel)(name, (ComplexModel,), own)


@dataclass(frozen=True)
class Schema:
    """The types that a table leads to.

    Attributes:
        ticket: one ticket; every tag is optional.
        ticket_list: what the list element holds: tickets, or text.
        members: of each operation's answer, by operation and by their own keys, in order.
        results: type of each operation's result element; empty where there are none.
    """

    ticket: Any
    ticket_list: Any
    members: Mapping[str, Sequence[tuple[str, Any]]]
    results: Mapping[str, Any]


def schema_of(contract: Contract) -> Schema:
    """Build the types."""
    named = contract.elements
    tags = [(tag.name, Unicode.customize(min_occurs=0, nillable=False)) for tag in LAYOUT]
    ticket = _type(named.ticket, contract.tickets_in, tags)
    tickets = ticket.customize(
        min_occurs=0, max_occurs="unbounded", nillable=False, sub_name=named.ticket
    )
    as_text = contract.ticket_list == "text"
    listed = Unicode if as_text else _type(named.list, contract.tickets_in, [("tickets", tickets)])
    members = _members(contract, listed)
    results = {
        key: _type(name + contract.result_suffix, contract.namespace, members[key])
        for key, name in contract.operation_names.items()
        if contract.result_suffix
    }
    return Schema(ticket, listed, members, results)


def _members(contract: Contract, listed: Any) -> Mapping[str, Sequence[tuple[str, Any]]]:
    def member(key: str, model: Any) -> tuple[str, Any]:
        return key, _required(model, sub_name=getattr(contract.elements, key))

    epoch = member("epoch", Unicode)
    session_seconds = member("session_seconds", Integer32)
    tickets = [
        member("first_sequence", Integer64),
        member("last_sequence", Integer64),
        member("remaining", Integer32),
        member("list", listed),
    ]
    return {
        "login": [epoch, member("release", Unicode), session_seconds],
        "get_tickets": [epoch, *tickets] if contract.login == "none" else tickets,
        "acknowledge": [member("acknowledged", Integer32)],
        "restart_timer": [session_seconds],
        "logout": [],
    }


class _Bodies:
    """What the operations do: each asks `Operations` and returns its members' values."""

    @staticmethod
    def login(ctx: Any) -> tuple[Any, ...]:
        """Open a session; the cookie of the answer is to be returned by later requests."""
        return tuple(ctx.udc.operations.login())

    @staticmethod
    def get_tickets(ctx: Any, max_tickets: int, _wait_seconds: int) -> tuple[Any, ...]:
        """Return the oldest tickets not acknowledged; what waiting asks is answered at once."""
        ctx.out_string = [ctx.udc.operations.get_tickets(max_tickets)]
        return ()

    @staticmethod
    def acknowledge(ctx: Any, last_sequence: int) -> tuple[Any, ...]:
        """Remove every ticket up to the sequence."""
        return (ctx.udc.operations.acknowledge(last_sequence),)

    @staticmethod
    def restart_timer(ctx: Any) -> tuple[Any, ...]:
        """Restart the idle timer, as every call does."""
        return (ctx.udc.operations.restart_timer(),)

    @staticmethod
    def logout(ctx: Any) -> tuple[Any, ...]:
        """End the session."""
        ctx.udc.operations.logout()
        return ()


def _arguments(contract: Contract) -> Mapping[str, Sequence[tuple[str, Any]]]:
    def argument(key: str, model: Any, **limits: int) -> tuple[str, Any]:
        return key, _required(model, sub_name=getattr(contract.elements, key), **limits)

    asked = [argument("max_tickets", Integer32, ge=1), argument("wait_seconds", Integer32, ge=0)]
    return {"get_tickets": asked, "acknowledge": [argument("last_sequence", Integer64)]}


def _operation(contract: Contract, schema: Schema, key: str) -> Any:
    """Return spyne's descriptor of one operation."""
    body: Callable[..., tuple[Any, ...]] = getattr(_Bodies, key)
    members, result = schema.members[key], schema.results.get(key)

    def answer(ctx: Any, *arguments: Any) -> Any:
        values = body(ctx, *arguments)
        if result is not None:
            return result(**dict(zip([name for name, _ in members], values, strict=False)))
        return values[0] if len(members) == 1 and values else list(values)

    answer.__name__, answer.__doc__ = key, body.__doc__
    name = contract.operation_names[key]
    arguments = _arguments(contract).get(key, ())
    return rpc(
        *(model for _, model in arguments),
        _args=[argument for argument, _ in arguments],
        _operation_name=name,
        _out_message_name=name + contract.response_suffix,
        **_returned(members, result, name + contract.result_suffix),
    )(answer)


def _returned(members: Sequence[tuple[str, Any]], result: Any, name: str) -> dict[str, Any]:
    """Say what the response holds: one result element, the members themselves, or nothing."""
    if result is not None:
        return {"_returns": _required(result, sub_name=name), "_out_variable_name": "result"}
    if not members:
        return {}
    keys, models = zip(*members, strict=True)
    return {"_returns": list(models), "_out_variable_names": list(keys)}


class _Taxation(ServiceBase):  # type: ignore[misc]
    """What every contract's service has. `ctx.udc.operations` is the request's `Operations`."""

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


class _Parsed:
    """Takes the envelope that `envelope.read_envelope` has parsed and checked."""

    def create_in_document(self, ctx: Any, _charset: str | None = None) -> None:
        """Hand on the parsed document; no ids, hence no references to resolve."""
        ctx.in_document = (ctx.udc.envelope, {})


class _ParsedSoap11(_Parsed, Soap11):  # type: ignore[misc]
    pass


class _ParsedSoap12(_Parsed, Soap12):  # type: ignore[misc]
    pass


def spyne_fault(fault: SoapFault) -> Any:
    """Return the fault as spyne serialises it, its text within limits."""
    words = visible(fault.text)
    if len(words) > FAULT_TEXT_MAX:
        words = f"{words[: FAULT_TEXT_MAX // 2]} … {words[-FAULT_TEXT_MAX // 2 :]}"
    return Fault(faultcode=fault.code, faultstring=words)


def application(contract: Contract, schema: Schema) -> Any:
    """Return a fresh spyne application of the contract."""
    operations = {key: _operation(contract, schema, key) for key in contract.operation_names}
    of_service: Any = type(_Taxation)
    service = of_service("Taxation", (_Taxation,), operations)
    reader, writer = (_ParsedSoap11, Soap11) if contract.soap == "1.1" else (_ParsedSoap12, Soap12)
    return Application(
        [service],
        contract.namespace,
        name="Taxation",
        in_protocol=reader(validator="lxml"),
        out_protocol=writer(),
    )


def plain_answers(app: Any, contract: Contract) -> None:
    """Let answers stand in the default namespace: `<CallAccounting>`, as public readers know it.

    To be called when the WSDL is built, which needs the other prefixes.
    """
    version = SOAP_VERSIONS[contract.soap]
    app.interface.nsmap = {None: contract.namespace, version.prefix: version.namespace}
    if contract.tickets_in != contract.namespace:
        app.interface.nsmap[TICKETS_PREFIX] = contract.tickets_in
