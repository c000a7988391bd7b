"""The requests of the taxation wire as bytes (contract: docs/taxation.md; ours, or a foreign one).

SOAP 1.1 or 1.2, document/literal wrapped. No value is text that could need escaping: all are whole
numbers, and the contract's names are names of XML, so that a template is enough.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import quoteattr

from oxo_collector.taxation.contract import OWN, Contract, Operation

PATH: Final = "/services/taxation"

_ENVELOPE: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    "<soap:Envelope xmlns:soap={soap} xmlns:tax={tax}>"
    "<soap:Body><tax:{operation}>{inner}</tax:{operation}></soap:Body></soap:Envelope>"
)


@dataclass(frozen=True, slots=True)
class Request:
    """One request, ready to be posted.

    Attributes:
        operation: what is asked.
        name: its name on the wire, for messages.
        headers: what the head says about the body.
        body: the SOAP envelope.
    """

    operation: Operation
    name: str
    headers: Mapping[str, bytes]
    body: bytes


def login(contract: Contract = OWN) -> Request:
    """Open a session; the account goes with HTTP Basic."""
    return _request(contract, "login")


def get_tickets(tickets_max: int, contract: Contract = OWN) -> Request:
    """Ask for at most `tickets_max` tickets (at least 1), to be answered at once."""
    if tickets_max < 1:
        raise ValueError(f"at least one ticket is asked for, not {tickets_max}")
    return _request(contract, "get_tickets", max_tickets=tickets_max, wait_seconds=0)


def acknowledge(last_sequence: int, contract: Contract = OWN) -> Request:
    """Acknowledge every ticket up to `last_sequence`."""
    return _request(contract, "acknowledge", last_sequence=last_sequence)


def restart_session_timer(contract: Contract = OWN) -> Request:
    """Keep the session open."""
    return _request(contract, "restart_timer")


def logout(contract: Contract = OWN) -> Request:
    """Close the session."""
    return _request(contract, "logout")


def _request(contract: Contract, operation: Operation, **members: int) -> Request:
    names = {key: getattr(contract.elements, key) for key in members}
    inner = "".join(f"<tax:{names[k]}>{value}</tax:{names[k]}>" for k, value in members.items())
    body = _ENVELOPE.format(
        soap=quoteattr(contract.envelope),
        tax=quoteattr(contract.namespace),
        operation=contract.name(operation),
        inner=inner,
    )
    name = contract.name(operation)
    return Request(
        operation, name, _headers(f"{contract.soap_action}{name}", contract), body.encode()
    )


def _headers(action: str, contract: Contract) -> dict[str, bytes]:
    if contract.soap == "1.2":
        kind = f'application/soap+xml; charset=utf-8; action="{action}"'
        return {"Content-Type": kind.encode()}
    return {"Content-Type": b"text/xml; charset=utf-8", "SOAPAction": f'"{action}"'.encode()}
