"""The record ED5.2: where its 48 columns stand, how they are filled, and what its codes mean.

Typed from the maker's field table as it agrees with the header line of real files (facts: oxe 2.1
to 2.3, documented and field). A record has 525 characters and no separator; positions count from 1
and include the last. Account files and the on-the-fly stream carry the same record.

A file names its own columns in its first line, and other versions have other ones (facts: oxe 2.5):
there the *names* below say what a column means, the header where it stands.
"""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

VERSION: Final = "ED5.2"
RECORD_CHARACTERS: Final = 525
"""One record, without the line feed that ends it in files."""

ENCODING: Final = "latin-1"
"""Only ASCII was ever seen; what is beyond it is read so (ours)."""

MOMENT_CHARACTERS: Final = 17
"""`YYYYMMDD HH:MM:SS`."""

Side = Literal["L", "R", "N"]
"""Where a value stands in its column: left, right, or in the whole of it."""

Content = Literal["text", "number", "code", "flags", "moment"]


class Column(msgspec.Struct, frozen=True):
    """One column, as a header line tells it.

    Attributes:
        name: as in the header line of a file.
        first: its first character, from 1.
        last: its last character.
        side: where the value stands; the rest is blanks.
    """

    name: str
    first: int
    last: int
    side: Side


COLUMNS: Final[tuple[Column, ...]] = (
    Column("TicketVersion", 1, 5, "L"),
    Column("CalledNumber", 6, 35, "L"),
    Column("ChargedNumber", 36, 65, "L"),
    Column("ChargedUserName", 66, 85, "L"),
    Column("ChargedCostCenter", 86, 95, "L"),
    Column("ChargedCompany", 96, 111, "L"),
    Column("ChargedPartyNode", 112, 116, "R"),
    Column("Subaddress", 117, 136, "L"),
    Column("CallingNumber", 137, 166, "L"),
    Column("CallType", 167, 168, "R"),
    Column("CostType", 169, 169, "R"),
    Column("EndDateTime", 170, 186, "N"),
    Column("ChargeUnits", 187, 191, "R"),
    Column("CostInfo", 192, 201, "R"),
    Column("Duration", 202, 211, "R"),
    Column("TrunkIdentity", 212, 216, "R"),
    Column("TrunkGroupIdentity", 217, 221, "R"),
    Column("TrunkNode", 222, 226, "R"),
    Column("PersonalOrBusiness", 227, 227, "N"),
    Column("AccessCode", 228, 243, "L"),
    Column("SpecificChargeInfo", 244, 250, "N"),
    Column("BearerCapability", 251, 251, "L"),
    Column("HighLevelComp", 252, 253, "R"),
    Column("DataVolume", 254, 263, "R"),
    Column("UserToUserVolume", 264, 268, "R"),
    Column("ExternalFacilities", 269, 308, "N"),
    Column("InternalFacilities", 309, 348, "N"),
    Column("CallReference", 349, 358, "R"),
    Column("SegmentsRate1", 359, 368, "R"),
    Column("SegmentsRate2", 369, 378, "R"),
    Column("SegmentsRate3", 379, 388, "R"),
    Column("ComType", 389, 389, "N"),
    Column("X25IncomingFlowRate", 390, 391, "R"),
    Column("X25OutgoingFlowRate", 392, 393, "R"),
    Column("Carrier", 394, 395, "R"),
    Column("InitialDialledNumber", 396, 425, "L"),
    Column("WaitingDuration", 426, 430, "R"),
    Column("EffectiveCallDuration", 431, 440, "R"),
    Column("RedirectedCallIndicator", 441, 441, "R"),
    Column("StartDateTime", 442, 458, "N"),
    Column("ActingExtensionNumber", 459, 488, "L"),
    Column("CalledNumberNode", 489, 493, "R"),
    Column("CallingNumberNode", 494, 498, "R"),
    Column("InitialDialledNumberNode", 499, 503, "R"),
    Column("ActingExtensionNumberNode", 504, 508, "R"),
    Column("TransitTrunkGroupIdentity", 509, 513, "R"),
    Column("NodeTimeOffset", 514, 519, "R"),
    Column("TimeDlt", 520, 525, "R"),
)

NEEDED: Final = (
    "CalledNumber",
    "ChargedNumber",
    "CallType",
    "EndDateTime",
    "Duration",
    "StartDateTime",
)
"""Without one of these columns a record tells no call."""

NEVER_BLANK: Final = ("CallType", "EndDateTime", "StartDateTime")
"""A record that leaves one of them blank is unreadable; any other blank is a value not told."""

OTHER_NAMES: Final[Mapping[str, str]] = {
    "ChargedPartySubaddress": "Subaddress",
    "ExternFacilities": "ExternalFacilities",
    "InternFacilities": "InternalFacilities",
}
"""Names in the maker's table that differ from those of a header line."""

TEXTS: Final = frozenset(
    {
        "TicketVersion",
        "CalledNumber",
        "ChargedNumber",
        "ChargedUserName",
        "ChargedCostCenter",
        "ChargedCompany",
        "Subaddress",
        "CallingNumber",
        "AccessCode",
        "InitialDialledNumber",
        "ActingExtensionNumber",
    }
)
SIGNED: Final = frozenset({"NodeTimeOffset", "TimeDlt"})
MOMENTS: Final = frozenset({"StartDateTime", "EndDateTime"})

_RATES: Final[Mapping[int, str]] = {
    0: "unspecified",
    1: "75",
    2: "150",
    3: "300",
    4: "600",
    5: "1200",
    6: "2400",
    7: "4800",
    8: "6900",  # printed so
    9: "19200",
    10: "48000",
    11: "64000",
    12: "above",
}

CODES: Final[Mapping[str, Mapping[int, str]]] = {
    "CallType": {
        0: "public outgoing",
        1: "public outgoing through private network",
        2: "private network outgoing",
        3: "local network call",
        4: "public incoming",
        5: "public incoming through private network",
        6: "unspecified",
        7: "private outgoing to public",
        8: "private outgoing to private",
        9: "public incoming to private",
        10: "private incoming to private",
        11: "public or private outgoing through private",
        12: "public or private incoming through private",
        13: "private incoming",
        14: "local",
        15: "local transit",
    },
    "CostType": {
        0: "unspecified or ABC-F trunk",
        1: "analogue trunk",
        2: "ISDN circuit",
        3: "ISDN X.25 B",
        4: "ISDN X.25 D",
        5: "X.25",
        6: "digital, not ISDN",
    },
    "PersonalOrBusiness": {0: "personal", 1: "business", 2: "normal", 3: "guest"},
    "BearerCapability": {
        0: "unspecified",
        1: "unrestricted",
        2: "speech",
        3: "audio 3.1 kHz",
        4: "audio 7 kHz",
        5: "audio 15 kHz",
        6: "video",
    },
    "HighLevelComp": {
        0: "unspecified",
        1: "telephony",
        2: "fax G3",
        3: "mixed",
        4: "fax G4",
        5: "teletex",
        6: "videotex",
        7: "telex",
        8: "MHS",
        9: "OSI",
        10: "sound",
        11: "sound-videotex",
        12: "slow-scan video",
        13: "non-standard application",
    },
    "ComType": {
        0: "not specified",
        1: "voice",
        2: "data",
        3: "facility activation",
        4: "facility deactivation",
    },
    "X25IncomingFlowRate": _RATES,
    "X25OutgoingFlowRate": _RATES,
    "RedirectedCallIndicator": {0: "not redirected", 1: "redirected"},
}
"""Code -> word; a code that stands nowhere keeps its number and reads `unknown`."""

FACILITIES: Final[Mapping[int, str]] = {
    0: "calling line identification presentation",
    1: "connected line identification presentation",
    2: "calling line identification restriction",
    3: "connected line identification restriction",
    4: "malicious call identification",
    5: "forwarding unconditional",
    6: "forwarding on busy",
    7: "forwarding on no reply",
    8: "transfer",
    9: "advice of charge at setup",
    10: "advice of charge during call",
    11: "advice of charge at end",
    12: "closed user group",
    13: "call waiting",
    14: "user-to-user signalling",
    15: "user-user facility",
    16: "terminal portability",
    17: "interception",
    18: "booking",
    19: "camp-on",
    20: "conference",
    21: "mini-messaging",
    22: "sub-addressing",
    23: "basic call",
    24: "operator facility",
    25: "substitution",
    26: "priority incoming",
    27: "transit",
    28: "overflow from private to public",
    29: "rerouting from public to private",
    30: "fax server",
    31: "voice mail",
    32: "central abbreviated numbering",
    33: "individual abbreviated numbering",
    34: "integrated-service VPN",
    35: "overflow VPN",
    36: "ARS",
    37: "DISA",
}
"""Flag, from the left, from 0 -> word (facts: oxe 2.3; 16 to 20 and 33 inferred)."""

FLAGS: Final[Mapping[str, Mapping[int, str]]] = {
    "SpecificChargeInfo": {
        0: "SIO priority trunk group",
        2: "PBX generated charge units",
        3: "analogue without charge units",
        4: "Transcom",
        5: "accurate duration",
        6: "Transgroup",
    },
    "ExternalFacilities": FACILITIES,
    "InternalFacilities": FACILITIES,
}

COST_DECIMALS: Final = 2
"""`CostInfo` is in hundredths where nobody says otherwise (ours)."""

NO_TRUNK: Final = 65535
NO_NODE: Final = 9999
NO_TRANSIT: Final = 32767

SPECIAL: Final[Mapping[str, Mapping[int, str]]] = {
    "TrunkIdentity": {NO_TRUNK: "none"},
    "TrunkGroupIdentity": {NO_TRUNK: "none"},
    "TrunkNode": {NO_NODE: "none"},
    "CalledNumberNode": {NO_NODE: "not applicable"},
    "CallingNumberNode": {NO_NODE: "not applicable"},
    "InitialDialledNumberNode": {NO_NODE: "not applicable"},
    "ActingExtensionNumberNode": {NO_NODE: "not applicable"},
    "TransitTrunkGroupIdentity": {NO_TRANSIT: "none"},
}
"""Numbers that mean none."""


def content_of(name: str) -> Content:
    """Return what a column of this name holds; one that nobody knows holds text."""
    if name in CODES:
        return "code"
    if name in FLAGS:
        return "flags"
    if name in MOMENTS:
        return "moment"
    return "number" if name in KNOWN_NAMES and name not in TEXTS else "text"


KNOWN_NAMES: Final = frozenset(column.name for column in COLUMNS)
