"""Frames as the transcript shows them: of a stranger's no more than its beginning."""

from oxo_simulator.stream.codec import Kind

SHOWN_BYTES_MAX = 64


def body_words(kind: Kind, body: bytes) -> str:
    """Return what a ticket frame of the exchange says; the body of a VoIP ticket is binary."""
    if kind is Kind.VOIP:
        return f"VoIP ticket {body.hex()}"
    return f"{kind} ticket {body.decode('ascii').rstrip()}"


def payload_words(payload: bytes) -> str:
    """Return what a collector says: its words, and whatever else it is in hexadecimal."""
    if payload.isascii() and payload.decode("ascii").isprintable():
        return payload[:SHOWN_BYTES_MAX].decode("ascii")
    shown = payload[:SHOWN_BYTES_MAX].hex(" ")
    more = "" if len(payload) <= SHOWN_BYTES_MAX else f" and {len(payload) - SHOWN_BYTES_MAX} more"
    return f"<{shown}>{more}"
