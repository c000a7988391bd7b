"""The requests of the taxation wire as bytes (contract: docs/taxation.md, Operations; ours).

SOAP 1.1, document/literal wrapped. No value is text that could need escaping: all are whole
numbers, so that a template is enough and nothing of an operator's can enter the XML.
"""

from typing import Final

NAMESPACE: Final = "urn:oxo-sim:taxation:1"
PATH: Final = "/services/taxation"
CONTENT_TYPE: Final = "text/xml; charset=utf-8"

_ENVELOPE: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"'
    f' xmlns:tax="{NAMESPACE}"><soap:Body>%s</soap:Body></soap:Envelope>'
)


def login() -> bytes:
    """Open a session; the account goes with HTTP Basic."""
    return _request("Login")


def get_tickets(tickets_max: int) -> bytes:
    """Ask for at most `tickets_max` tickets (at least 1), to be answered at once."""
    if tickets_max < 1:
        raise ValueError(f"at least one ticket is asked for, not {tickets_max}")
    return _request("GetTickets", maxTickets=tickets_max, waitSeconds=0)


def acknowledge(last_sequence: int) -> bytes:
    """Acknowledge every ticket up to `last_sequence`."""
    return _request("AckTickets", lastSequence=last_sequence)


def restart_session_timer() -> bytes:
    """Keep the session open."""
    return _request("RestartSessionTimer")


def logout() -> bytes:
    """Close the session."""
    return _request("Logout")


def _request(operation: str, **parts: int) -> bytes:
    inner = "".join(f"<tax:{name}>{value}</tax:{name}>" for name, value in parts.items())
    return (_ENVELOPE % f"<tax:{operation}>{inner}</tax:{operation}>").encode("ascii")
