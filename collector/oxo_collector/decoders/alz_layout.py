"""The record of an ALZ file: where its fields stand, and what its codes and bits mean.

Typed from the manual of the management centre that fetches such files (facts: oxo 5.2,
documented). A record has 122 bytes; places count from 1. Inferred there, and marked below: numbers
of several bytes begin with the highest byte, bit 1 is worth 1, names stand on the right. Ours:
characters beyond ASCII are ISO-8859-1; a half-byte A is `*` and B is `#`.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

RECORD_BYTES = 122
"""One ticket (facts: oxo 5.2, documented)."""

ENCODING = "ISO-8859-1"

DIGITS = "0123456789*#"
"""What a half-byte stands for; the manual knows 0-9, the last two are ours."""

UNKNOWN = "unknown"

Coding = Literal["number", "code", "bits", "text", "name", "characters", "digits"]


class Field(msgspec.Struct, frozen=True):
    """One field of the record.

    Attributes:
        name: its name in `AlzRecord`, or a part of a value there (day, cost_whole).
        first: its first byte, from 1.
        last: its last byte.
        coding: `number` and `code` are binary, `bits` a number whose bits mean something each,
            `text` printable ASCII padded with blanks, blank: none; `name` any text padded with
            blanks; `characters` kept as they are; `digits` a count in one byte, then two digits in
            each byte; all blanks: no number.
        side: where a text or the digits stand; the padding is on the other side, or on either.
        order: which byte of a number comes first.
    """

    name: str
    first: int
    last: int
    coding: Coding
    side: Literal["left", "right", "either"] = "right"
    order: Literal["big", "little"] = "big"


FIELDS: tuple[Field, ...] = (
    Field("charged_user_type", 1, 1, "code"),
    Field("charged_user", 2, 9, "text"),
    Field("call_type", 10, 10, "code"),
    Field("trunk_type", 11, 11, "code"),
    Field("trunk", 12, 14, "characters"),
    Field("day", 15, 15, "number"),
    Field("month", 16, 16, "number"),
    Field("year", 17, 17, "number"),
    Field("second", 18, 18, "number"),
    Field("minute", 19, 19, "number"),
    Field("hour", 20, 20, "number"),
    Field("duration_hours", 21, 21, "number"),
    Field("duration_minutes", 22, 22, "number"),
    Field("duration_seconds", 23, 23, "number"),
    Field("units", 24, 25, "number"),
    Field("service", 26, 26, "code"),
    Field("complementary_services", 27, 27, "bits"),
    Field("dialled_number", 28, 41, "digits"),
    Field("dialling_mode", 42, 42, "code"),
    Field("ring_seconds", 43, 43, "number"),
    Field("ring_minutes", 44, 44, "number"),
    Field("cost_whole", 45, 46, "number"),
    Field("cost_fraction", 47, 48, "number"),
    Field("account_code", 49, 57, "digits"),
    Field("subscriber_name", 58, 73, "name", side="either"),  # on the right: inferred
    Field("initial_user_type", 74, 74, "code"),
    Field("initial_user", 75, 82, "text"),
    Field("initial_user_networked", 83, 96, "digits"),
    Field("charged_user_networked", 97, 110, "digits"),
    Field("network_services", 111, 111, "bits"),
    Field("node", 112, 112, "code"),
    Field("carrier", 113, 113, "text"),
    Field("ticket_mode", 114, 114, "code"),
    Field("uui_sent", 115, 118, "number"),
    Field("uui_received", 119, 122, "number"),
)
"""The record from its first byte to its last (facts: oxo 5.2)."""

COST_DECIMALS = 4
"""The fraction of the cost counts ten-thousandths of the local currency (facts: oxo 5.2)."""

CENTURY_TURNS_AT_YEAR = 70
"""Years 00-69 are 20YY, 70-99 are 19YY (ours)."""

_USER_TYPES = {
    0: "subscriber",
    1: "analogue line",
    2: "T0",
    3: "T2",
    4: "group",
    5: "T1",
    6: "IP trunk",
}

CODES: Mapping[str, Mapping[int, str]] = {
    "charged_user_type": _USER_TYPES,
    "initial_user_type": {**_USER_TYPES, 255: "none"},
    "call_type": {
        0: "outgoing",
        1: "incoming",
        2: "transfer of outgoing",
        3: "transfer of incoming",
        4: "outgoing in transit",
        5: "incoming in transit",
        6: "trunk and tie line joined after transfer of incoming",
        7: "trunk and tie line joined after transfer of outgoing",
        8: "facility requested",
        9: "facility cancelled",
        10: "outgoing data",
        11: "incoming data",
        12: "outgoing joining",
        13: "outgoing private",
        14: "incoming private",
        15: "break-out",
        16: "break-in",
        255: "undefined",
    },
    "trunk_type": {1: "analogue", 2: "T0", 3: "T2", 4: "T1", 5: "IP trunk"},
    "service": {0: "voice-like", 1: "data-like", 255: "undefined"},
    "dialling_mode": {
        0: "manual",
        1: "individual short code",
        2: "short code",
        255: "undefined",
    },
    "ticket_mode": {1: "written proof", 2: "ticket", 3: "network"},
    # 32 is the blank of a system without network: inferred from the manual's sample.
    "node": {**dict.fromkeys(range(128), "node"), 32: "none", 255: "unanswered incoming"},
}
"""Field -> code -> word (facts: oxo 5.2); any other code is `unknown` and keeps its number."""

BITS: Mapping[str, Mapping[int, str]] = {
    "complementary_services": {
        1: "user-to-user signalling",
        2: "external diversion",
        3: "on-line metering",
        4: "unused",
        5: "PBX forwarding",
        6: "transfer",
        7: "DISA transit",
        8: "unused",
    },
    "network_services": {
        1: "user-to-user signalling",
        2: "VPN",
        3: "ARS",
        4: "overflow",
        5: "forced on-net",
    },
}
"""Field -> bit, 1 being the lowest -> word (facts: oxo 5.2; the numbering is inferred)."""
