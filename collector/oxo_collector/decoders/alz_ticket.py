"""Mapping of an ALZ record onto the model (facts: oxo 5.2; carriage `nmc.alz`).

The file knows no redial, no reminder and no currency. A code or bit that the model has no word for
stays in `extras["nmc"]` under its name in the record, as the number that came; so do values that
only a network of exchanges fills.
"""

from collections.abc import Mapping

from oxo_tickets import (
    CommunicationType,
    DiallingMode,
    Direction,
    Facility,
    Kind,
    Service,
    Ticket,
    TrunkKind,
    UserKind,
)

from oxo_collector.decoders.alz_record import AlzRecord, Code

WIRE = "nmc"

ATTENDANTS = "9"
"""The group that is the attendants', as the statement prints it (facts: oxo 2.1, documented)."""

_OUT, _IN = Direction.OUTGOING, Direction.INCOMING

CALLS: Mapping[int, tuple[CommunicationType, Direction | None]] = {
    0: (CommunicationType.OUTGOING, _OUT),
    1: (CommunicationType.INCOMING, _IN),
    2: (CommunicationType.OUTGOING_TRANSFER, _OUT),
    3: (CommunicationType.INCOMING_TRANSFER, _IN),
    4: (CommunicationType.OUTGOING_TRANSIT, _OUT),
    5: (CommunicationType.INCOMING_TRANSIT, _IN),
    6: (CommunicationType.UNKNOWN, _IN),
    7: (CommunicationType.UNKNOWN, _OUT),
    8: (CommunicationType.FACILITY_REQUEST, _OUT),
    9: (CommunicationType.FACILITY_CANCELLED, _OUT),
    10: (CommunicationType.OUTGOING, _OUT),
    11: (CommunicationType.INCOMING, _IN),
    12: (CommunicationType.UNKNOWN, _OUT),
    13: (CommunicationType.OUTGOING_PRIVATE, _OUT),
    14: (CommunicationType.INCOMING_PRIVATE, _IN),
    15: (CommunicationType.BREAK_OUT, _OUT),
    16: (CommunicationType.BREAK_IN, _IN),
}
"""Call type -> word and direction; 6, 7 and 12 (joined lines) have no word in the model."""

CALLS_OF_DATA = (10, 11)
"""Call types that say the service besides; the model says it apart."""

FACILITY_CALLS = (8, 9)

REMINDER = 200
"""The call type of a reminder, where an exchange is told to keep some: ours, in no document."""

USERS: Mapping[int, UserKind] = {
    0: UserKind.SET,
    1: UserKind.ANALOGUE_LINE,
    2: UserKind.T0,
    3: UserKind.T2,
    4: UserKind.HUNTING_GROUP,
    6: UserKind.VOIP,
}
TRUNKS: Mapping[int, TrunkKind] = {
    1: TrunkKind.ANALOGUE,
    2: TrunkKind.T0,
    3: TrunkKind.T2,
    5: TrunkKind.VOIP,
}
SERVICES: Mapping[int, Service] = {0: Service.TELEPHONY, 1: Service.DATA}
FACILITIES: Mapping[int, Facility] = {
    1: Facility.USER_TO_USER,
    2: Facility.EXTERNAL_FORWARDING,
    3: Facility.ONLINE_METERING,
    5: Facility.FORWARDING,
    6: Facility.TRANSFER,
    7: Facility.REMOTE_SUBSTITUTION,
}
"""Bit -> word (facts: oxo 2.1 and 5.2)."""

DIALLING_MODES: Mapping[int, DiallingMode] = {
    0: DiallingMode.MANUAL,
    1: DiallingMode.INDIVIDUAL_SPEED_DIAL,
    2: DiallingMode.COLLECTIVE_SPEED_DIAL,
}
UNDEFINED = 255
"""What several fields say where they have nothing to say."""

WITHOUT_NETWORK = 32
WRITTEN_PROOF = 1
"""Node and ticket mode of a single exchange; they tell nothing."""


def to_ticket(record: AlzRecord, zone: str | None) -> Ticket:
    """Map a record."""
    extras = _extras(record)
    if _is_reminder(record):
        return Ticket(
            kind=Kind.REMINDER,
            local_time=record.date_time,
            zone=zone,
            charged_user=record.charged_user,
            charged_user_kind=_user_kind(record.charged_user, record.charged_user_type),
            subscriber_name=record.subscriber_name or None,
            extras={WIRE: extras},
        )
    call = record.call_type.code
    communication_type, direction = CALLS.get(call, (CommunicationType.UNKNOWN, None))
    return Ticket(
        kind=_kind(call),
        local_time=record.date_time,
        direction=direction,
        communication_type=communication_type,
        zone=zone,
        charged_user=record.charged_user,
        charged_user_kind=_user_kind(record.charged_user, record.charged_user_type),
        initial_user=record.initial_user,
        initial_user_kind=_user_kind(record.initial_user, record.initial_user_type),
        dialled_number=record.dialled_number,
        dialling_mode=DIALLING_MODES.get(record.dialling_mode.code),
        facilities=_facilities(record),
        service=SERVICES.get(record.service.code),
        trunk=record.trunk.rstrip(" ") or None,
        trunk_kind=TRUNKS.get(record.trunk_type.code),
        ring_seconds=record.ring_s,
        call_seconds=record.duration_s,
        units=record.units,
        cost=record.cost,
        account_code=record.account_code,
        subscriber_name=record.subscriber_name or None,
        extras={WIRE: extras} if extras else {},
    )


def _kind(call: int) -> Kind:
    """A code that no source knows may be anything; an undefined call is a call."""
    if call in FACILITY_CALLS:
        return Kind.FACILITY
    return Kind.CALL if call in CALLS or call == UNDEFINED else Kind.UNKNOWN


def _is_reminder(record: AlzRecord) -> bool:
    """Tell whether it has our own code, and nothing of a call."""
    called = record.dialled_number is not None or record.duration_s > 0
    return record.call_type.code == REMINDER and not called


def _user_kind(number: str | None, kind: Code) -> UserKind | None:
    if number is None:
        return None
    known = USERS.get(kind.code)
    if known is UserKind.HUNTING_GROUP and number == ATTENDANTS:
        return UserKind.ATTENDANT_GROUP
    return known


def _facilities(record: AlzRecord) -> tuple[Facility, ...]:
    if not record.complementary_services.raw:
        return ()
    bits = record.complementary_services.set
    return tuple(sorted({FACILITIES[bit.code] for bit in bits if bit.code in FACILITIES}))


def _extras(record: AlzRecord) -> dict[str, str]:
    """Return what the model has no word for, under its name in the record."""
    extras: dict[str, str] = {}
    call = record.call_type.code
    _keep_unless(extras, "call_type", call, call in CALLS and _is_told(call))
    _keep_unless(extras, "charged_user_type", *_known(record.charged_user_type, USERS))
    _keep_unless(extras, "initial_user_type", *_known(record.initial_user_type, USERS))
    _keep_unless(extras, "trunk_type", *_known(record.trunk_type, TRUNKS))
    _keep_unless(extras, "service", *_known(record.service, SERVICES))
    _keep_unless(extras, "dialling_mode", *_known(record.dialling_mode, DIALLING_MODES))
    bits = record.complementary_services
    told = all(bit.code in FACILITIES for bit in bits.set)
    _keep_unless(extras, "complementary_services", bits.raw, told)
    _keep_network(extras, record)
    return extras


def _keep_network(extras: dict[str, str], record: AlzRecord) -> None:
    """Keep what a network of exchanges and user-to-user signalling fill."""
    mode, node = record.ticket_mode.code, record.node.code
    _keep_unless(extras, "ticket_mode", mode, mode == WRITTEN_PROOF)
    _keep_unless(extras, "node", node, node == WITHOUT_NETWORK)
    services = record.network_services.raw
    _keep_unless(extras, "network_services", services, not services)
    _keep_unless(extras, "uui_sent", record.uui_sent, not record.uui_sent)
    _keep_unless(extras, "uui_received", record.uui_received, not record.uui_received)
    for name in ("initial_user_networked", "charged_user_networked", "carrier"):
        value = getattr(record, name)
        if value is not None:
            extras[name] = value


def _is_told(call: int) -> bool:
    """Tell whether word and direction say all that the call type says."""
    return CALLS[call][0] is not CommunicationType.UNKNOWN and call not in CALLS_OF_DATA


def _known(code: Code, words: Mapping[int, object]) -> tuple[int, bool]:
    return code.code, code.code in words or code.code == UNDEFINED


def _keep_unless(extras: dict[str, str], name: str, value: int, told: bool) -> None:  # noqa: FBT001 - one row of a list
    if not told:
        extras[name] = str(value)
