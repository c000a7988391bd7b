"""The frame of a record: what kind of ticket it is, and which of its columns are as usual.

The frame is every column whose values are few: codes, flags, trunk group, nodes, figures that are
nearly always zero. `extras` holds those that differ from what an exchange fills in for a call of
that direction (facts: oxe 2.4, field), so that what is left out can be told from the call type.
"""

from collections.abc import Mapping
from typing import Final

from oxo_tickets import (
    CommunicationType,
    DiallingMode,
    Direction,
    Facility,
    Kind,
    Service,
    TrunkKind,
)

from oxo_collector.decoders.ed52_layout import NO_NODE, NO_TRANSIT, NO_TRUNK, VERSION
from oxo_collector.decoders.ed52_record import Code, Flags, Layout, Value, value_of

FRAME: Final = (
    "TicketVersion",
    "ChargedPartyNode",
    "CallType",
    "CostType",
    "TrunkGroupIdentity",
    "TrunkNode",
    "PersonalOrBusiness",
    "SpecificChargeInfo",
    "BearerCapability",
    "HighLevelComp",
    "DataVolume",
    "UserToUserVolume",
    "ExternalFacilities",
    "InternalFacilities",
    "CallReference",
    "SegmentsRate1",
    "SegmentsRate2",
    "SegmentsRate3",
    "ComType",
    "X25IncomingFlowRate",
    "X25OutgoingFlowRate",
    "Carrier",
    "RedirectedCallIndicator",
    "CalledNumberNode",
    "CallingNumberNode",
    "InitialDialledNumberNode",
    "ActingExtensionNumberNode",
    "TransitTrunkGroupIdentity",
    "NodeTimeOffset",
    "TimeDlt",
)
"""The columns of the frame."""

_OUT, _IN, _LOCAL = Direction.OUTGOING, Direction.INCOMING, Direction.LOCAL
_PRIVATE_OUT = (Kind.CALL, _OUT, CommunicationType.OUTGOING_PRIVATE)
_PRIVATE_IN = (Kind.CALL, _IN, CommunicationType.INCOMING_PRIVATE)

Call = tuple[Kind, Direction | None, CommunicationType | None]

CALLS: Final[Mapping[int, Call]] = {
    0: (Kind.CALL, _OUT, CommunicationType.OUTGOING),
    1: (Kind.CALL, _OUT, CommunicationType.OUTGOING),
    2: _PRIVATE_OUT,
    3: (Kind.LOCAL_CALL, _LOCAL, None),
    4: (Kind.CALL, _IN, CommunicationType.INCOMING),
    5: (Kind.CALL, _IN, CommunicationType.INCOMING),
    6: (Kind.CALL, None, CommunicationType.UNKNOWN),
    7: _PRIVATE_OUT,
    8: _PRIVATE_OUT,
    9: _PRIVATE_IN,
    10: _PRIVATE_IN,
    11: _PRIVATE_OUT,
    12: _PRIVATE_IN,
    13: _PRIVATE_IN,
    14: (Kind.LOCAL_CALL, _LOCAL, None),
    15: (Kind.CALL, _OUT, CommunicationType.OUTGOING_TRANSIT),
}
"""CallType -> kind, direction and the nearest word; the code itself stays in the extras."""

_NO_CALL: Final[Call] = (Kind.UNKNOWN, None, CommunicationType.UNKNOWN)

TRANSFERRED: Final[Mapping[CommunicationType | None, CommunicationType]] = {
    CommunicationType.OUTGOING: CommunicationType.OUTGOING_TRANSFER,
    CommunicationType.INCOMING: CommunicationType.INCOMING_TRANSFER,
    CommunicationType.OUTGOING_PRIVATE: CommunicationType.OUTGOING_TRANSFER_PRIVATE,
    CommunicationType.INCOMING_PRIVATE: CommunicationType.INCOMING_TRANSFER_PRIVATE,
    CommunicationType.OUTGOING_TRANSIT: CommunicationType.OUTGOING_TRANSFER_TRANSIT,
}

SERVICES: Final[Mapping[int, Service]] = {1: Service.TELEPHONY, 2: Service.DATA}
FACILITY_CALLS: Final[Mapping[int, CommunicationType]] = {
    3: CommunicationType.FACILITY_REQUEST,
    4: CommunicationType.FACILITY_CANCELLED,
}
"""ComType of a facility asked of the public network."""

INTERNAL: Final[Mapping[int, Facility]] = {
    5: Facility.FORWARDING,
    6: Facility.FORWARDING,
    7: Facility.FORWARDING,
    8: Facility.TRANSFER,
    25: Facility.REMOTE_SUBSTITUTION,
}
EXTERNAL: Final[Mapping[int, Facility]] = {
    5: Facility.EXTERNAL_FORWARDING,
    10: Facility.ONLINE_METERING,
    14: Facility.USER_TO_USER,
}
COLLECTIVE, INDIVIDUAL = 32, 33
CALLER_PRESENTED, TRANSFER, BASIC_CALL = 0, 8, 23
ANALOGUE = 1

_TOLD_INTERNAL = frozenset({5, 8, 25})
"""Flags that a word tells alone; 6 and 7 share the word of 5 and stay in the extras besides."""


class Frame:
    """What a frame means. Compared by identity, so that it is cheap to look up by."""

    __slots__ = (
        "communication_type",
        "dialling_mode",
        "direction",
        "extras",
        "facilities",
        "incoming",
        "kind",
        "local",
        "service",
        "trunk_kind",
    )

    def __init__(self, line: str, layout: Layout) -> None:
        """Read the frame's columns of a line.

        Raises:
            Unreadable: one of them cannot be read.
        """
        values = {name: value_of(layout[name], line) for name in FRAME if name in layout}
        internal, external = _set(values, "InternalFacilities"), _set(values, "ExternalFacilities")
        call, com = _code(values, "CallType"), _code(values, "ComType")
        kind, self.direction, told = CALLS.get(-1 if call is None else call, _NO_CALL)
        if TRANSFER in internal:
            told = TRANSFERRED.get(told, told) if told is not None else None
        self.kind = Kind.FACILITY if com in FACILITY_CALLS else kind
        self.communication_type = told if com is None else FACILITY_CALLS.get(com, told)
        self.incoming = self.direction is Direction.INCOMING
        self.local = self.direction is Direction.LOCAL
        found = {INTERNAL[flag] for flag in internal if flag in INTERNAL}
        found |= {EXTERNAL[flag] for flag in external if flag in EXTERNAL}
        self.facilities = tuple(sorted(found))
        self.service = None if com is None else SERVICES.get(com)
        analogue = _code(values, "CostType") == ANALOGUE
        self.trunk_kind = TrunkKind.ANALOGUE if analogue else None
        self.dialling_mode = _dialling_mode(internal) if self.direction is _OUT else None
        usual = _usual(self, values)
        self.extras = {
            name: plain(value)
            for name, value in values.items()
            if name not in usual or plain(value) != usual[name]
        }


def plain(value: Value) -> str:
    """Spell a value as text, as it stands in the extras; blank is empty."""
    if isinstance(value, Code):
        return str(value.code)
    if isinstance(value, Flags):
        return value.raw
    return "" if value is None else str(value)


def _code(values: Mapping[str, Value], name: str) -> int | None:
    value = values.get(name)
    return value.code if isinstance(value, Code) else None


def _set(values: Mapping[str, Value], name: str) -> frozenset[int]:
    value = values.get(name)
    return frozenset(flag.code for flag in value.set) if isinstance(value, Flags) else frozenset()


def _dialling_mode(internal: frozenset[int]) -> DiallingMode:
    if COLLECTIVE in internal:
        return DiallingMode.COLLECTIVE_SPEED_DIAL
    return DiallingMode.INDIVIDUAL_SPEED_DIAL if INDIVIDUAL in internal else DiallingMode.MANUAL


def _usual(frame: Frame, values: Mapping[str, Value]) -> Mapping[str, str]:
    """Return what the columns say in an ordinary ticket of that direction that means the same.

    `CallType` and `ChargedPartyNode` are not among them, nor is the trunk group of a trunk call.
    """
    own, none = plain(values.get("ChargedPartyNode")), str(NO_NODE)
    cost_type = ANALOGUE if frame.trunk_kind is not None else 0 if frame.local else 2
    bearer, high_layer = (0, 0) if frame.local else (3, 0) if frame.incoming else (2, 1)
    usual = {
        "TicketVersion": VERSION,
        "CostType": str(cost_type),
        "TrunkNode": none if frame.local else own,
        "PersonalOrBusiness": "2",
        "SpecificChargeInfo": _row(values, "SpecificChargeInfo", frozenset()),
        "BearerCapability": str(bearer),
        "HighLevelComp": str(high_layer),
        "ExternalFacilities": _row(values, "ExternalFacilities", _told_external(frame)),
        "InternalFacilities": _row(values, "InternalFacilities", _told_internal(frame)),
        "ComType": _com_type(frame),
        "CalledNumberNode": own if frame.local else none,
        "CallingNumberNode": none,
        "InitialDialledNumberNode": own if frame.local else none,
        "ActingExtensionNumberNode": none if frame.incoming else own,
        "TransitTrunkGroupIdentity": "0" if frame.local else str(NO_TRANSIT),
    }
    usual.update(dict.fromkeys(_NEARLY_ALWAYS_ZERO, "0"))
    if frame.local:
        usual["TrunkGroupIdentity"] = str(NO_TRUNK)
    return usual


_NEARLY_ALWAYS_ZERO = (
    "DataVolume",
    "UserToUserVolume",
    "CallReference",
    "SegmentsRate1",
    "SegmentsRate2",
    "SegmentsRate3",
    "X25IncomingFlowRate",
    "X25OutgoingFlowRate",
    "Carrier",
    "RedirectedCallIndicator",
    "NodeTimeOffset",
    "TimeDlt",
)


def _row(values: Mapping[str, Value], name: str, told: frozenset[int]) -> str:
    """Return the row of flags that the ticket's words tell, as wide as the one that came."""
    value = values.get(name)
    width = len(value.raw) if isinstance(value, Flags) else 0
    return "".join("1" if place in told else "0" for place in range(width))


def _told_external(frame: Frame) -> frozenset[int]:
    told = {flag for flag, word in EXTERNAL.items() if word in frame.facilities}
    if frame.direction is _OUT:
        told.add(CALLER_PRESENTED)
    return frozenset(told)


def _told_internal(frame: Frame) -> frozenset[int]:
    told = {flag for flag in _TOLD_INTERNAL if INTERNAL[flag] in frame.facilities}
    if not frame.local:
        told.add(BASIC_CALL)
    if frame.dialling_mode is DiallingMode.COLLECTIVE_SPEED_DIAL:
        told.add(COLLECTIVE)
    if frame.dialling_mode is DiallingMode.INDIVIDUAL_SPEED_DIAL:
        told.add(INDIVIDUAL)
    return frozenset(told)


def _com_type(frame: Frame) -> str:
    for code, service in SERVICES.items():
        if frame.service is service:
            return str(code)
    for code, word in FACILITY_CALLS.items():
        if frame.communication_type is word:
            return str(code)
    return "1"
