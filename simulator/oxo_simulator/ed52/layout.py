"""Where the values of a record of the account files stand (facts: oxe 2.1).

A record is a row of printable ASCII characters in fixed columns that touch each other: 48 columns
and 525 characters in version `ED5.2`. Both wires that carry it, account files and Ethernet on the
fly, carry the same characters. The table is typed from the facts (documented, and the header of
real files) and read by nobody but this encoder.

Positions count from 1 and include the last, as in the header line of a file. `L` fills up with
blanks on the right, `R` on the left; `N` is always full.

The layout `OLDER` is invented, but for the widths 26 and 20 of its numbers, which one author tells
of older releases (facts: oxe 2.5): something to try readers on that take their columns from the
header, never the layout of a real release.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

Justification = Literal["L", "R", "N"]
Coding = Literal["text", "name", "number", "flags", "instant"]
"""A `name` alone is cut off where its column ends; flags are numbers of those that are set,
counted from 0 at the left; an instant is `YYYYMMDD HH:MM:SS`."""

NO_TRUNK = 65_535
NO_TRUNK_GROUP = 65_535
NO_NODE = 9_999
NO_TRANSIT_GROUP = 32_767


class LayoutImpossible(ValueError):
    """Columns of a layout do not touch each other (an error of the table)."""


class Column(NamedTuple):
    """One line of the table: what stands from character `first` to `last`, and how."""

    name: str
    first: int
    last: int
    justification: Justification
    coding: Coding

    @property
    def width(self) -> int:
        """Characters of the column."""
        return self.last - self.first + 1


_PERCENT: Mapping[Justification, str] = {"L": "%-{0}s", "R": "%{0}s", "N": "%-{0}s"}


@dataclass(frozen=True)
class Layout:
    """Columns of one version.

    Attributes:
        version: what the first column says.
        columns: in their order, as the header line of a file tells them.
        width: characters of a record.
        template: writes all values of a record at once.
        coded: place in the record, column: those whose value is no text or number yet.
        widths: characters by the column's name.

    Raises:
        LayoutImpossible: the columns do not follow on each other.
    """

    version: str
    columns: Sequence[Column]
    width: int = field(init=False)
    template: str = field(init=False)
    coded: Sequence[tuple[int, Column]] = field(init=False)
    widths: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        """Look whether the columns fill the record, and prepare its writing."""
        place = 1
        for column in self.columns:
            if column.first != place or column.width < 1:
                raise LayoutImpossible(f"{column.name}: column {place} is expected to begin there")
            place = column.last + 1
        coded = [
            (number, column)
            for number, column in enumerate(self.columns)
            if column.coding in ("flags", "instant")
        ]
        for name, value in (
            ("width", place - 1),
            ("template", "".join(map(_percent, self.columns))),
            ("coded", tuple(coded)),
            ("widths", {column.name: column.width for column in self.columns}),
        ):
            object.__setattr__(self, name, value)


def _percent(column: Column) -> str:
    cut = f".{column.width}" if column.coding == "name" else ""
    return _PERCENT[column.justification].format(f"{column.width}{cut}")


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One record in the wire's own words, in the order of the columns.

    Numbers of users and names are text, durations whole seconds, codes as on the wire. A value
    that is not given is the one that is most common in real files (facts: oxe 2.4, field).
    """

    ticket_version: str = "ED5.2"
    called_number: str = ""
    charged_number: str = ""
    charged_user_name: str = ""
    charged_cost_center: str = ""
    charged_company: str = ""
    charged_party_node: int = 0
    subaddress: str = ""
    calling_number: str = ""
    call_type: int = 0
    cost_type: int = 2
    end_date_time: datetime
    charge_units: int = 0
    cost_info: int = 0
    duration: int = 0
    trunk_identity: int = NO_TRUNK
    trunk_group_identity: int = NO_TRUNK_GROUP
    trunk_node: int = NO_NODE
    personal_or_business: int = 2
    access_code: str = ""
    specific_charge_info: tuple[int, ...] = ()
    bearer_capability: int = 0
    high_level_comp: int = 0
    data_volume: int = 0
    user_to_user_volume: int = 0
    external_facilities: tuple[int, ...] = ()
    internal_facilities: tuple[int, ...] = ()
    call_reference: int = 0
    segments_rate1: int = 0
    segments_rate2: int = 0
    segments_rate3: int = 0
    com_type: int = 1
    x25_incoming_flow_rate: int = 0
    x25_outgoing_flow_rate: int = 0
    carrier: int = 0
    initial_dialled_number: str = ""
    waiting_duration: int = 0
    effective_call_duration: int = 0
    redirected_call_indicator: int = 0
    start_date_time: datetime
    acting_extension_number: str = ""
    called_number_node: int = NO_NODE
    calling_number_node: int = NO_NODE
    initial_dialled_number_node: int = NO_NODE
    acting_extension_number_node: int = NO_NODE
    transit_trunk_group_identity: int = NO_TRANSIT_GROUP
    node_time_offset: int = 0
    time_dlt: int = 0


ED52 = Layout(
    "ED5.2",
    (
        Column("TicketVersion", 1, 5, "L", "text"),
        Column("CalledNumber", 6, 35, "L", "text"),
        Column("ChargedNumber", 36, 65, "L", "text"),
        Column("ChargedUserName", 66, 85, "L", "name"),
        Column("ChargedCostCenter", 86, 95, "L", "text"),
        Column("ChargedCompany", 96, 111, "L", "text"),
        Column("ChargedPartyNode", 112, 116, "R", "number"),
        Column("Subaddress", 117, 136, "L", "text"),
        Column("CallingNumber", 137, 166, "L", "text"),
        Column("CallType", 167, 168, "R", "number"),
        Column("CostType", 169, 169, "R", "number"),
        Column("EndDateTime", 170, 186, "N", "instant"),
        Column("ChargeUnits", 187, 191, "R", "number"),
        Column("CostInfo", 192, 201, "R", "number"),
        Column("Duration", 202, 211, "R", "number"),
        Column("TrunkIdentity", 212, 216, "R", "number"),
        Column("TrunkGroupIdentity", 217, 221, "R", "number"),
        Column("TrunkNode", 222, 226, "R", "number"),
        Column("PersonalOrBusiness", 227, 227, "N", "number"),
        Column("AccessCode", 228, 243, "L", "text"),
        Column("SpecificChargeInfo", 244, 250, "N", "flags"),
        Column("BearerCapability", 251, 251, "L", "number"),
        Column("HighLevelComp", 252, 253, "R", "number"),
        Column("DataVolume", 254, 263, "R", "number"),
        Column("UserToUserVolume", 264, 268, "R", "number"),
        Column("ExternalFacilities", 269, 308, "N", "flags"),
        Column("InternalFacilities", 309, 348, "N", "flags"),
        Column("CallReference", 349, 358, "R", "number"),
        Column("SegmentsRate1", 359, 368, "R", "number"),
        Column("SegmentsRate2", 369, 378, "R", "number"),
        Column("SegmentsRate3", 379, 388, "R", "number"),
        Column("ComType", 389, 389, "N", "number"),
        Column("X25IncomingFlowRate", 390, 391, "R", "number"),
        Column("X25OutgoingFlowRate", 392, 393, "R", "number"),
        Column("Carrier", 394, 395, "R", "number"),
        Column("InitialDialledNumber", 396, 425, "L", "text"),
        Column("WaitingDuration", 426, 430, "R", "number"),
        Column("EffectiveCallDuration", 431, 440, "R", "number"),
        Column("RedirectedCallIndicator", 441, 441, "R", "number"),
        Column("StartDateTime", 442, 458, "N", "instant"),
        Column("ActingExtensionNumber", 459, 488, "L", "text"),
        Column("CalledNumberNode", 489, 493, "R", "number"),
        Column("CallingNumberNode", 494, 498, "R", "number"),
        Column("InitialDialledNumberNode", 499, 503, "R", "number"),
        Column("ActingExtensionNumberNode", 504, 508, "R", "number"),
        Column("TransitTrunkGroupIdentity", 509, 513, "R", "number"),
        Column("NodeTimeOffset", 514, 519, "R", "number"),
        Column("TimeDlt", 520, 525, "R", "number"),
    ),
)
"""Version ED5.2 (facts: oxe 2.1, documented and field)."""

OLDER = Layout(
    "ED5.1",
    (
        Column("TicketVersion", 1, 5, "L", "text"),
        Column("CalledNumber", 6, 31, "L", "text"),
        Column("ChargedNumber", 32, 51, "L", "text"),
        Column("ChargedUserName", 52, 71, "L", "name"),
        Column("ChargedCostCenter", 72, 81, "L", "text"),
        Column("ChargedCompany", 82, 97, "L", "text"),
        Column("ChargedPartyNode", 98, 102, "R", "number"),
        Column("Subaddress", 103, 122, "L", "text"),
        Column("CallingNumber", 123, 142, "L", "text"),
        Column("CallType", 143, 144, "R", "number"),
        Column("CostType", 145, 145, "R", "number"),
        Column("EndDateTime", 146, 162, "N", "instant"),
        Column("ChargeUnits", 163, 167, "R", "number"),
        Column("CostInfo", 168, 177, "R", "number"),
        Column("Duration", 178, 187, "R", "number"),
        Column("TrunkIdentity", 188, 192, "R", "number"),
        Column("TrunkGroupIdentity", 193, 197, "R", "number"),
        Column("TrunkNode", 198, 202, "R", "number"),
        Column("PersonalOrBusiness", 203, 203, "N", "number"),
        Column("AccessCode", 204, 219, "L", "text"),
        Column("SpecificChargeInfo", 220, 226, "N", "flags"),
        Column("BearerCapability", 227, 227, "L", "number"),
        Column("HighLevelComp", 228, 229, "R", "number"),
        Column("DataVolume", 230, 239, "R", "number"),
        Column("UserToUserVolume", 240, 244, "R", "number"),
        Column("ExternalFacilities", 245, 284, "N", "flags"),
        Column("InternalFacilities", 285, 324, "N", "flags"),
        Column("CallReference", 325, 334, "R", "number"),
        Column("SegmentsRate1", 335, 344, "R", "number"),
        Column("SegmentsRate2", 345, 354, "R", "number"),
        Column("SegmentsRate3", 355, 364, "R", "number"),
        Column("ComType", 365, 365, "N", "number"),
        Column("X25IncomingFlowRate", 366, 367, "R", "number"),
        Column("X25OutgoingFlowRate", 368, 369, "R", "number"),
        Column("Carrier", 370, 371, "R", "number"),
        Column("InitialDialledNumber", 372, 397, "L", "text"),
        Column("WaitingDuration", 398, 402, "R", "number"),
        Column("EffectiveCallDuration", 403, 412, "R", "number"),
        Column("RedirectedCallIndicator", 413, 413, "R", "number"),
        Column("StartDateTime", 414, 430, "N", "instant"),
        Column("ActingExtensionNumber", 431, 450, "L", "text"),
    ),
)
"""Fewer and narrower columns; invented (facts: oxe 2.5)."""

LAYOUTS: Mapping[str, Layout] = {"ED5.2": ED52, "older": OLDER}
"""By the word of the profile."""

RECORD_BYTES = ED52.width
