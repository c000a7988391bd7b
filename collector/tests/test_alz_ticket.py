"""What an ALZ record says in the words of the model, and files that are damaged in odd ways."""

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from oxo_collector.decoders.alz import HEADER_BYTES_MAX, decode_alz, read_alz
from oxo_collector.decoders.alz_ticket import CALLS
from oxo_collector.decoders.outcome import Malformed
from oxo_tickets import (
    CommunicationType,
    DiallingMode,
    Direction,
    Facility,
    Kind,
    Resolution,
    Service,
    Ticket,
    TrunkKind,
    UserKind,
)

VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "oxo-alz"
RECORD = (VECTORS / "manual-record.bin").read_bytes()


def tickets(name: str) -> list[Ticket]:
    decoded = list(decode_alz((VECTORS / f"{name}.alz").read_bytes(), "Europe/Paris"))
    assert not [one for one in decoded if isinstance(one, Malformed)]
    return [one for one in decoded if isinstance(one, Ticket)]


def with_bytes(place: int, *values: int) -> bytes:
    """Put other bytes into the manual's record, the first at `place` (from 1)."""
    return RECORD[: place - 1] + bytes(values) + RECORD[place - 1 + len(values) :]


def only(data: bytes) -> Ticket | Malformed:
    (decoded,) = decode_alz(data, None)
    return decoded


def ticket(data: bytes) -> Ticket:
    decoded = only(data)
    assert isinstance(decoded, Ticket), decoded
    return decoded


def reason(data: bytes) -> str:
    decoded = only(data)
    assert isinstance(decoded, Malformed)
    assert decoded.raw == data
    return decoded.reason


def test_six_kinds() -> None:
    manual, answered, unanswered, transferred, facility, over_ip = tickets("six-kinds")
    assert manual == Ticket(
        kind=Kind.CALL,
        local_time=datetime(2020, 2, 24, 14, 32, 7),  # noqa: DTZ001 - wall clock
        direction=Direction.OUTGOING,
        communication_type=CommunicationType.OUTGOING,
        resolution=Resolution.SECOND,
        zone="Europe/Paris",
        charged_user="128",
        charged_user_kind=UserKind.SET,
        dialled_number="00199001234",
        dialling_mode=DiallingMode.MANUAL,
        service=Service.TELEPHONY,
        trunk="1",
        trunk_kind=TrunkKind.T0,
        ring_seconds=0,
        call_seconds=50,
        units=2,
        cost=Decimal("1.7000"),
        subscriber_name="M. ORVELLE",
    )
    assert (answered.direction, answered.ring_seconds) == (Direction.INCOMING, 75)
    assert (answered.initial_user, answered.initial_user_kind) == ("9", UserKind.ATTENDANT_GROUP)
    assert unanswered.call_seconds == 0
    assert unanswered.extras == {
        "nmc": {"ticket_mode": "3", "node": "255", "initial_user_networked": "26106"}
    }
    assert transferred.communication_type is CommunicationType.OUTGOING_TRANSFER
    assert transferred.facilities == (Facility.TRANSFER,)
    assert transferred.dialling_mode is DiallingMode.COLLECTIVE_SPEED_DIAL
    assert (facility.kind, facility.dialled_number) == (Kind.FACILITY, None)
    assert facility.communication_type is CommunicationType.FACILITY_REQUEST
    assert (facility.service, facility.dialling_mode) == (None, None)
    assert (over_ip.trunk_kind, over_ip.account_code) == (TrunkKind.VOIP, "20460715")


def test_every_call_type_has_its_word_or_keeps_its_code() -> None:
    told = [
        (one.communication_type, one.extras.get("nmc", {}).get("call_type"))
        for one in tickets("call-types")
    ]
    unknown = CommunicationType.UNKNOWN
    assert told == [
        (CommunicationType.OUTGOING, None),
        (CommunicationType.INCOMING, None),
        (CommunicationType.OUTGOING_TRANSFER, None),
        (CommunicationType.INCOMING_TRANSFER, None),
        (CommunicationType.OUTGOING_TRANSIT, None),
        (CommunicationType.INCOMING_TRANSIT, None),
        (unknown, "6"),
        (unknown, "7"),
        (CommunicationType.FACILITY_REQUEST, None),
        (CommunicationType.FACILITY_CANCELLED, None),
        (CommunicationType.OUTGOING, "10"),
        (CommunicationType.INCOMING, "11"),
        (unknown, "12"),
        (CommunicationType.OUTGOING_PRIVATE, None),
        (CommunicationType.INCOMING_PRIVATE, None),
        (CommunicationType.BREAK_OUT, None),
        (CommunicationType.BREAK_IN, None),
        (unknown, "255"),
    ]
    incoming = {code for code, (_, direction) in CALLS.items() if direction is Direction.INCOMING}
    assert incoming == {1, 3, 5, 6, 11, 14, 16}


def test_every_code_and_bit_has_its_word_or_keeps_its_number() -> None:
    told = tickets("codes-and-bits")
    assert [one.charged_user_kind for one in told] == [
        UserKind.SET,
        UserKind.ANALOGUE_LINE,
        UserKind.T0,
        UserKind.T2,
        UserKind.HUNTING_GROUP,
        None,
        UserKind.VOIP,
        UserKind.VOIP,
    ]
    assert [one.trunk_kind for one in told[:5]] == [
        TrunkKind.ANALOGUE,
        TrunkKind.T0,
        TrunkKind.T2,
        None,
        TrunkKind.VOIP,
    ]
    assert [one.facilities for one in told] == [
        (Facility.USER_TO_USER,),
        (Facility.EXTERNAL_FORWARDING,),
        (Facility.ONLINE_METERING,),
        (),
        (Facility.FORWARDING,),
        (Facility.TRANSFER,),
        (Facility.REMOTE_SUBSTITUTION,),
        (),
    ]
    extras = [one.extras.get("nmc", {}) for one in told]
    assert [one.get("charged_user_type") for one in extras] == [*[None] * 5, "5", None, None]
    assert [one.get("trunk_type") for one in extras[:5]] == [None, None, None, "4", None]
    services = [one.get("complementary_services") for one in extras]
    assert services == [None, None, None, "8", None, None, None, "128"]
    networked = [one.get("network_services") for one in extras[:6]]
    assert networked == ["1", "2", "4", "8", "16", None]
    assert [one.service for one in told[:3]] == [Service.TELEPHONY, Service.DATA, None]


def test_what_only_a_network_fills_is_kept() -> None:
    first, second = tickets("every-field")
    assert first.extras["nmc"] == {
        "trunk_type": "4",
        "ticket_mode": "3",
        "node": "101",
        "network_services": "22",
        "uui_sent": "439041101",
        "uui_received": "1584361601",
        "initial_user_networked": "13579135791357913579135791",
        "charged_user_networked": "86420864208642086420864208",
        "carrier": "7",
    }
    assert (first.trunk, second.trunk) == ("6 5", "35")
    assert (second.charged_user, second.subscriber_name) == ("*#ABCD12", "Zoë Lüdeling")


def test_an_unknown_code_costs_neither_its_ticket_nor_a_neighbour() -> None:
    before, odd, after = tickets("unknown-call-type")
    assert (odd.kind, odd.communication_type) == (Kind.UNKNOWN, CommunicationType.UNKNOWN)
    assert (odd.extras, odd.direction) == ({"nmc": {"call_type": "200"}}, None)
    assert (before.kind, after.kind) == (Kind.CALL, Kind.CALL)


def test_our_own_code_of_a_reminder_is_read_where_the_record_is_no_call() -> None:
    silent = with_bytes(10, 200)[:20] + bytes(7) + bytes(14) + RECORD[41:]
    told = ticket(silent)
    assert (told.kind, told.charged_user, told.direction) == (Kind.REMINDER, "226", None)
    assert (told.communication_type, told.extras["nmc"]["call_type"]) == (None, "200")
    assert ticket(with_bytes(10, 200)).kind is Kind.UNKNOWN


def test_equal_neighbours_are_two() -> None:
    first, second, _ = tickets("line-feeds-inside")
    assert first == second


def test_star_and_hash_in_packed_digits() -> None:
    assert ticket(with_bytes(28, 4, *[0] * 11, 0xA2, 0x1B)).dialled_number == "*21#"


@pytest.mark.parametrize(
    ("place", "values", "words"),
    [
        (28, (27,), "dialled_number (bytes 28-41) tells 27 digits; at most 26"),
        (28, (1, *[0] * 12, 0x0C), "half-bytes that are no digits"),
        (49, (17,), "account_code"),
        (16, (13,), "date impossible"),
        (17, (100,), "date impossible: year 100"),
        (20, (24,), "date impossible"),
        (18, (60,), "date impossible"),
        (21, (24,), "duration of 24 h"),
        (22, (60,), "duration of 0 h 60 min"),
        (23, (255,), "duration"),
        (43, (60,), "ring time"),
        (47, (0x27, 0x10), "fraction of 10000"),
        (9, (0,), "charged_user (bytes 2-9)"),
        (75, (10,), "initial_user (bytes 75-82)"),
    ],
)
def test_impossible_values_are_named(place: int, values: tuple[int, ...], words: str) -> None:
    assert words in reason(with_bytes(place, *values))


def test_a_name_may_stand_on_either_side() -> None:
    assert ticket(with_bytes(58, *b"TEST            ")).subscriber_name == "TEST"
    assert ticket(with_bytes(58, *b"            TEST")).subscriber_name == "TEST"
    assert ticket(with_bytes(58, *b" " * 16)).subscriber_name is None


def test_a_blank_number_of_digits_is_none() -> None:
    assert ticket(with_bytes(28, *[0x20] * 14)).dialled_number is None


def test_any_single_byte_may_be_anything() -> None:
    """Whatever one byte holds, there is one ticket or one entry with the bytes as they came."""
    for place in range(1, 123):
        for value in range(256):
            data = with_bytes(place, value)
            decoded = only(data)
            assert isinstance(decoded, Ticket) or decoded.raw == data


HEADER = b"#PabxRelease=X  \n#TicketSize=122\n#TicketNumber=1\n#DataBegin\n"


def test_a_header_may_have_carriage_returns_no_padding_and_lines_that_nobody_knows() -> None:
    odd = b"PabxRelease=X\r\n#Colour=blue\r\nTicketNumber=1   \r\nDataBegin\r\n"
    file = read_alz(odd + RECORD)
    assert file.header is not None
    assert (file.header.ticket_number, file.header.ticket_size) == (1, None)
    assert (len(file.pieces), file.faults) == (1, ())


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (HEADER.replace(b"122", b"1x2"), "TicketSize '1x2' in the header is no figure"),
        (HEADER.replace(b"=1\n", b"=-1\n"), "is no figure"),
        (HEADER.replace(b"#TicketNumber=1\n", b"#TicketSize=122\n"), "TicketSize stands twice"),
        (HEADER.replace(b"#TicketNumber", b"Ticket Number"), "a line that is none"),
    ],
)
def test_a_faulty_header_is_kept_and_the_records_are_read(header: bytes, words: str) -> None:
    good, bad = decode_alz(header + RECORD, None)
    assert isinstance(bad, Malformed)
    assert (bad.raw, bad.place) == (header, "header")
    assert words in bad.reason
    assert isinstance(good, Ticket)


def test_a_header_without_an_end_is_kept_whole() -> None:
    data = b"#PabxRelease=" + b"x" * HEADER_BYTES_MAX + b"\n#DataBegin\n" + RECORD
    assert "does not end" in reason(data)


@pytest.mark.parametrize("size", ["0", "1", "121", "123", "999999999"])
def test_an_absurd_ticket_size_reads_no_ticket_and_keeps_the_bytes(size: str) -> None:
    data = HEADER.replace(b"122", size.encode()) + RECORD
    (bad,) = decode_alz(data, None)
    assert isinstance(bad, Malformed)
    assert bad.raw == RECORD
    assert f"tells {size} bytes" in bad.reason


def test_nothing_is_nothing() -> None:
    assert list(decode_alz(b"", None)) == []
    told = json.loads((VECTORS / "empty.json").read_text("utf-8"))
    assert told["meaning"]["tickets"] == []
    assert tickets("empty") == []
