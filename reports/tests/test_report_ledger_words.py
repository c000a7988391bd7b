"""What the wire log says of the lines that account files and the on-the-fly stream leave."""

from typing import Any

import pytest
from oxo_reports.evidence import Records
from oxo_reports.wire_log import wire_log

SPAN = {"first": 1, "last": 3}
OF_A_SESSION = {**SPAN, "session": "a1", "connection": "c2"}


@pytest.mark.parametrize(
    ("wire", "line", "text"),
    [
        ("stream", {"event": "sent", **OF_A_SESSION}, "tickets 1 to 3 sent, session a1"),
        (
            "account",
            {"event": "filed", **SPAN, "file": "TAXAAAAA.DAT"},
            "tickets 1 to 3 closed into TAXAAAAA.DAT",
        ),
        (
            "account",
            {"event": "fetched", **OF_A_SESSION, "file": "TAXAAAAA.DAT"},
            "tickets 1 to 3 fetched whole as TAXAAAAA.DAT, session a1",
        ),
        (
            "account",
            {"event": "expired", **SPAN, "file": "TAXAAAAA.DAT", "fetched": False},
            "tickets 1 to 3 aged out with TAXAAAAA.DAT",
        ),
        ("stream", {"event": "notice", "kind": "MAO"}, "notice sent: MAO"),
        ("stream", {"event": "alarm", "name": "OTF_BUFFER_70"}, "alarm OTF_BUFFER_70"),
        ("stream", {"event": "alarm", "percent": 70}, "buffer at 70 %"),
        (
            "stream",
            {"event": "alarm", "percent": 70, "name": "OTF_BUFFER_70"},
            "buffer at 70 %, alarm OTF_BUFFER_70",
        ),
        (
            "stream",
            {"event": "switch-over", "main": "b", "ordered": True},
            "CPU b is main now, in order",
        ),
        (
            "stream",
            {"event": "switch-over", "main": "b", "ordered": False},
            "CPU b is main now, the other one failed",
        ),
    ],
)
def test_a_line_is_told_with_its_wire(wire: str, line: dict[str, Any], text: str) -> None:
    title = {"account": "account files", "stream": "Ethernet on the fly"}[wire]
    row = {"n": 1, "at": "2026-01-01T00:00:00.000Z", "wire": wire, **line}
    (entry,) = wire_log(None, Records("ledger.ndjson", [row]), None, None, wire)
    assert entry.text == f"{title}: {text}"


def test_a_switch_over_stands_out() -> None:
    row = {"event": "switch-over", "main": "b", "ordered": True, "wire": "stream"}
    (entry,) = wire_log(None, Records("ledger.ndjson", [row]), None, None, "stream")
    assert entry.troubled


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (
            {"event": "call", "call": "c1", "direction": "outgoing", "user": "106",
             "number": "0388", "trunk": "T01", "outcome": "answered"},
            "call c1 outgoing, user 106, number 0388, line T01: answered",
        ),
        (
            {"event": "call ended", "call": "c1", "tickets": [4, 5]},
            "call c1 ended with 2 tickets",
        ),
        (
            {"event": "call ended", "call": "c2", "tickets": [], "why": "monitoring none"},
            "call c2 ended with 0 tickets: monitoring none",
        ),
        (
            {"event": "set", "user": "128", "state": "do not disturb", "diverted_to": None,
             "monitoring": "all"},
            "set 128: do not disturb, monitoring all",
        ),
        (
            {"event": "reminder", "user": "110", "time": "14:05", "kind": "permanent",
             "by": "operator", "state": "not acknowledged", "attempt": 3},
            "permanent appointment of 110 at 14:05, by the operator: not acknowledged, attempt 3",
        ),
        (
            {"event": "room", "room": "110", "what": "lines closed", "by": "exchange"},
            "room 110: lines closed, by the exchange",
        ),
        (
            {"event": "healed", "id": "f2", "kind": "corrupt", "corrupted_bytes": 1},
            "fault f2 (corrupt) healed by itself, 1 byte corrupted",
        ),
        (
            {"event": "corrupted", "offset": 7, "towards": "collector", "was": "41",
             "became": "be"},
            "byte 7 towards collector corrupted from 41 to be",
        ),
        (
            {"event": "licence", "call_accounting_over_ip": False},
            "licence of call accounting over IP closed",
        ),
        ({"event": "reception"}, "reception, room \u2013's wake-up at \u2013 failed: \u2013"),
    ],
)  # fmt: skip
def test_what_the_exchange_lived_through_is_told_in_words(line: dict[str, Any], text: str) -> None:
    (entry,) = wire_log(None, Records("ledger.ndjson", [line]), None, None, "taxation")
    assert entry.text == text
