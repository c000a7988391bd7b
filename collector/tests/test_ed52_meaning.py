"""What each code, flag and column of a record ED5.2 means, and what of it cannot be read."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from oxo_collector.decoders import ed52_ticket
from oxo_collector.decoders.ed52_layout import COLUMNS, content_of
from oxo_collector.decoders.ed52_record import ED52, read_header
from oxo_collector.decoders.ed52_ticket import RecordReader
from oxo_collector.decoders.outcome import Malformed, Recorded
from oxo_tickets import (
    CommunicationType,
    DiallingMode,
    Direction,
    Facility,
    Kind,
    Service,
    Ticket,
    TrunkKind,
)

VECTORS = Path(__file__).resolve().parents[2] / "vectors"
ZONE = "Europe/Paris"
CT = CommunicationType


def flags(*places: int) -> str:
    return "".join("1" if place in places else "0" for place in range(40))


def record(name: str) -> bytes:
    return (VECTORS / "oxe-record" / f"{name}.bin").read_bytes()


NAMES = sorted(path.stem for path in (VECTORS / "oxe-record").glob("*.bin"))


def put(raw: bytes, **values: str) -> bytes:
    """Write values into columns, on their side."""
    line = raw.decode("latin-1")
    for one in ED52.columns:
        if one.name in values:
            width = one.last - one.first + 1
            value = values.pop(one.name)
            text = value.rjust(width) if one.side == "R" else value.ljust(width)
            line = line[: one.first - 1] + text + line[one.last :]
    assert values == {}
    assert len(line) == 525
    return line.encode("latin-1")


def ticket_of(raw: bytes, reader: RecordReader | None = None) -> Ticket:
    piece = (reader or RecordReader(zone=ZONE)).piece(raw)
    assert isinstance(piece, Recorded), piece
    return piece.ticket


def reason_of(raw: bytes, reader: RecordReader | None = None) -> str:
    piece = (reader or RecordReader()).piece(raw)
    assert isinstance(piece, Malformed)
    assert piece.raw == raw
    return piece.reason


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def local_call() -> bytes:
    lines = (VECTORS / "oxe-file" / "taxaaaaa-plain.txt").read_bytes().split(b"\n")
    return lines[2]


CALL_TYPES = {
    0: (Kind.CALL, Direction.OUTGOING, CT.OUTGOING),
    1: (Kind.CALL, Direction.OUTGOING, CT.OUTGOING),
    2: (Kind.CALL, Direction.OUTGOING, CT.OUTGOING_PRIVATE),
    3: (Kind.LOCAL_CALL, Direction.LOCAL, None),
    4: (Kind.CALL, Direction.INCOMING, CT.INCOMING),
    5: (Kind.CALL, Direction.INCOMING, CT.INCOMING),
    6: (Kind.CALL, None, CT.UNKNOWN),
    7: (Kind.CALL, Direction.OUTGOING, CT.OUTGOING_PRIVATE),
    8: (Kind.CALL, Direction.OUTGOING, CT.OUTGOING_PRIVATE),
    9: (Kind.CALL, Direction.INCOMING, CT.INCOMING_PRIVATE),
    10: (Kind.CALL, Direction.INCOMING, CT.INCOMING_PRIVATE),
    11: (Kind.CALL, Direction.OUTGOING, CT.OUTGOING_PRIVATE),
    12: (Kind.CALL, Direction.INCOMING, CT.INCOMING_PRIVATE),
    13: (Kind.CALL, Direction.INCOMING, CT.INCOMING_PRIVATE),
    14: (Kind.LOCAL_CALL, Direction.LOCAL, None),
    15: (Kind.CALL, Direction.OUTGOING, CT.OUTGOING_TRANSIT),
    16: (Kind.UNKNOWN, None, CT.UNKNOWN),
    99: (Kind.UNKNOWN, None, CT.UNKNOWN),
}
TRANSFERS = {
    CT.OUTGOING: CT.OUTGOING_TRANSFER,
    CT.INCOMING: CT.INCOMING_TRANSFER,
    CT.OUTGOING_PRIVATE: CT.OUTGOING_TRANSFER_PRIVATE,
    CT.INCOMING_PRIVATE: CT.INCOMING_TRANSFER_PRIVATE,
    CT.OUTGOING_TRANSIT: CT.OUTGOING_TRANSFER_TRANSIT,
}


@pytest.mark.parametrize("code", CALL_TYPES)
def test_call_type(code: int) -> None:
    raw = put(record("tv-08-outgoing-node-102"), CallType=str(code))
    ticket = ticket_of(raw)
    told = (ticket.kind, ticket.direction, ticket.communication_type)
    assert told == CALL_TYPES[code]
    assert ticket.extras["ed52"]["CallType"] == str(code)
    transferred = ticket_of(put(raw, InternalFacilities=flags(8, 23)))
    assert Facility.TRANSFER in transferred.facilities
    word = CALL_TYPES[code][2]
    assert transferred.communication_type == (TRANSFERS.get(word, word) if word else None)


@pytest.mark.parametrize(
    ("code", "kind", "word", "service"),
    [
        (0, Kind.CALL, CT.OUTGOING, None),
        (1, Kind.CALL, CT.OUTGOING, Service.TELEPHONY),
        (2, Kind.CALL, CT.OUTGOING, Service.DATA),
        (3, Kind.FACILITY, CT.FACILITY_REQUEST, None),
        (4, Kind.FACILITY, CT.FACILITY_CANCELLED, None),
        (5, Kind.CALL, CT.OUTGOING, None),
    ],
)
def test_communication(
    code: int, kind: Kind, word: CommunicationType, service: Service | None
) -> None:
    ticket = ticket_of(put(record("tv-08-outgoing-node-102"), ComType=str(code)))
    told = (ticket.kind, ticket.communication_type, ticket.service, ticket.direction)
    assert told == (kind, word, service, Direction.OUTGOING)
    assert ("ComType" in ticket.extras["ed52"]) == (code in (0, 5))


@pytest.mark.parametrize(
    ("name", "flag", "facility"),
    [
        ("InternalFacilities", 5, Facility.FORWARDING),
        ("InternalFacilities", 6, Facility.FORWARDING),
        ("InternalFacilities", 7, Facility.FORWARDING),
        ("InternalFacilities", 8, Facility.TRANSFER),
        ("InternalFacilities", 25, Facility.REMOTE_SUBSTITUTION),
        ("ExternalFacilities", 5, Facility.EXTERNAL_FORWARDING),
        ("ExternalFacilities", 10, Facility.ONLINE_METERING),
        ("ExternalFacilities", 14, Facility.USER_TO_USER),
    ],
)
def test_facility(name: str, flag: int, facility: Facility) -> None:
    usual = 23 if name == "InternalFacilities" else 0
    raw = put(record("tv-08-outgoing-node-102"), **{name: flags(flag, usual)})
    ticket = ticket_of(raw)
    assert ticket.facilities == (facility,)
    assert (name in ticket.extras["ed52"]) == (flag in (6, 7))
    for other in set(range(40)) - {5, 6, 7, 8, 10, 14, 25}:
        assert ticket_of(put(raw, **{name: flags(other)})).facilities == ()


@pytest.mark.parametrize(
    ("flag", "mode"),
    [
        (32, DiallingMode.COLLECTIVE_SPEED_DIAL),
        (33, DiallingMode.INDIVIDUAL_SPEED_DIAL),
        (34, DiallingMode.MANUAL),
    ],
)
def test_dialling_mode(flag: int, mode: DiallingMode) -> None:
    raw = put(record("tv-08-outgoing-node-102"), InternalFacilities=flags(flag, 23))
    assert ticket_of(raw).dialling_mode is mode
    assert ticket_of(put(raw, CallType="4")).dialling_mode is None
    assert ticket_of(put(raw, CallType="14")).dialling_mode is None


@pytest.mark.parametrize(("code", "kind"), [(0, None), (1, TrunkKind.ANALOGUE), (2, None)])
def test_trunk_kind(code: int, kind: TrunkKind | None) -> None:
    ticket = ticket_of(put(record("tv-08-outgoing-node-102"), CostType=str(code)))
    assert ticket.trunk_kind is kind


@pytest.mark.parametrize(("text", "trunk"), [("0", "0"), ("97", "97"), ("65535", None), ("", None)])
def test_trunk(text: str, trunk: str | None) -> None:
    raw = put(record("tv-08-outgoing-node-102"), TrunkIdentity=text)
    assert ticket_of(raw).trunk == trunk


@pytest.mark.parametrize(
    ("decimals", "cost"), [(0, "15360"), (1, "1536.0"), (2, "153.60"), (4, "1.5360")]
)
def test_cost(decimals: int, cost: str) -> None:
    reader = RecordReader(zone=ZONE, cost_decimals=decimals)
    assert str(ticket_of(record("project-account-code"), reader).cost) == cost


@pytest.mark.parametrize(
    ("number", "hidden"), [("12--", 2), ("-", 1), ("-12-", 1), ("1-2", 0), ("12**", 0)]
)
def test_a_dialled_number_is_masked_by_dashes(number: str, hidden: int) -> None:
    ticket = ticket_of(put(record("tv-08-outgoing-node-102"), CalledNumber=number))
    assert ticket.dialled_number == number
    assert ticket.masked == ({"dialled_number": hidden} if hidden else {})


@pytest.mark.parametrize(("number", "hidden"), [("20**", 2), ("20--", 0)])
def test_a_charged_user_is_masked_by_stars(number: str, hidden: int) -> None:
    ticket = ticket_of(put(record("tv-08-outgoing-node-102"), ChargedNumber=number))
    assert ticket.charged_user == number
    assert ticket.masked == ({"charged_user": hidden} if hidden else {})


def test_the_number_first_called_is_masked_by_dashes() -> None:
    ticket = ticket_of(put(record("tv-09a-unanswered-incoming"), InitialDialledNumber="50--"))
    assert (ticket.initial_user, ticket.masked) == ("50--", {"initial_user": 2})


def test_a_name_beyond_ascii_is_latin_1() -> None:
    ticket = ticket_of(put(record("tv-08-outgoing-node-102"), ChargedUserName="Zoé"))
    assert ticket.subscriber_name == "Zoé"


# Nothing is lost: whatever a column says, another value of it is another ticket.


def others(name: str, stretch: str) -> Iterator[str]:
    """Yield other values of a column as it stands, in its own form."""
    content = content_of(name)
    if content == "moment":
        yield "19990101 01:02:03"
        yield stretch[:-1] + ("1" if stretch[-1] != "1" else "2")
    elif content == "flags":
        for place, flag in enumerate(stretch):
            yield stretch[:place] + ("1" if flag == "0" else "0") + stretch[place + 1 :]
    elif content == "text":
        yield "X"
        yield ""
    else:
        yield from ("1", "3", "7")
        yield ""


@pytest.mark.parametrize("column", [one.name for one in COLUMNS])
def test_every_column_can_be_told_from_the_ticket(column: str) -> None:
    for raw in (*(record(name) for name in NAMES), local_call()):
        before = ticket_of(raw)
        stretch = ED52.stretch(raw.decode("latin-1"), column)
        for value in others(column, stretch):
            changed = put(raw, **{column: value})
            if changed == raw or (value == "" and column in ("CallType", *MOMENTS)):
                continue
            if column == "TrunkIdentity" and value == "" and before.trunk is None:
                continue
            assert ticket_of(changed) != before, (column, value)


MOMENTS = ("StartDateTime", "EndDateTime")


# What cannot be read.


@pytest.mark.parametrize("column", [one.name for one in COLUMNS if content_of(one.name) != "text"])
def test_a_column_that_cannot_be_read_is_named(column: str) -> None:
    stretch = ED52.stretch(record("tv-07-vendor-example").decode(), column)
    raw = put(record("tv-07-vendor-example"), **{column: "x" * len(stretch)})
    assert reason_of(raw).startswith(f"{column} '{'x' * min(40, len(stretch))}'")


def test_every_bad_column_is_named() -> None:
    raw = put(record("tv-07-vendor-example"), CallType="x", Duration="1x", StartDateTime="")
    assert reason_of(raw) == (
        "CallType ' x' is no number there; Duration '        1x' is no number there;"
        " StartDateTime is blank"
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("20200230 13:14:04", "is a time that does not exist"),
        ("20200212 24:14:04", "is a time that does not exist"),
        ("20200212 13:14:60", "is a time that does not exist"),
        ("20200212 13:60:04", "is a time that does not exist"),
        ("00000101 13:14:04", "is a time that does not exist"),
        ("20200212T13:14:04", "is no date and time YYYYMMDD HH:MM:SS"),
        ("2020021213:14:04", "is no date and time YYYYMMDD HH:MM:SS"),
        ("20200212 13:14:4 ", "is no date and time YYYYMMDD HH:MM:SS"),
    ],
)
@pytest.mark.parametrize("column", MOMENTS)
def test_a_bad_time(column: str, text: str, reason: str) -> None:
    raw = put(record("tv-08-outgoing-node-102"), **{column: text})
    assert reason_of(raw) == f"{column} {text.ljust(17)!r} {reason}"


@pytest.mark.parametrize("length", [0, 1, 524, 526])
def test_another_length(length: int) -> None:
    raw = (record("tv-08-outgoing-node-102") * 2)[:length]
    assert reason_of(raw) == f"the line has {length} characters; a record has 525"


def test_a_number_on_the_other_side_is_not_guessed() -> None:
    line = record("tv-08-outgoing-node-102").decode()
    left = line[:201] + "12".ljust(10) + line[211:]
    assert reason_of(left.encode()) == "Duration '12        ' is no number there"


NARROW = read_header(
    "#CalledNumber,1,6,L,ChargedNumber,7,10,R,CallType,11,12,R,EndDateTime,13,29,N,"
    "StartDateTime,30,46,N,Duration,47,50,L,CostInfo,51,68,R,Wing,70,73,L"
)
NARROW_LINE = b"0388402005 020200212 13:14:0420200212 13:13:5212  %18s EAST"


def test_a_table_of_few_columns_tells_what_it_has() -> None:
    ticket = ticket_of(NARROW_LINE % b"1250", RecordReader(NARROW))
    assert ticket == Ticket(
        kind=Kind.CALL,
        direction=Direction.OUTGOING,
        communication_type=CT.OUTGOING,
        dialling_mode=DiallingMode.MANUAL,
        local_time=at("2020-02-12T13:13:52"),
        local_end=at("2020-02-12T13:14:04"),
        charged_user="2005",
        dialled_number="038840",
        call_seconds=12,
        cost=Decimal("12.50"),
        extras={"ed52": {"CallType": "0", "Wing": "EAST"}},
    )


def test_a_cost_beyond_every_call_is_refused() -> None:
    assert reason_of(NARROW_LINE % b"123456789012345", RecordReader(NARROW)) == (
        "CostInfo '   123456789012345' has more than 12 digits before the point"
    )
    assert ticket_of(NARROW_LINE % b"99999999999999", RecordReader(NARROW)).cost == Decimal(
        "999999999999.99"
    )


@pytest.mark.parametrize("offset", ["-2", "-10", "10", "86400"])
@pytest.mark.parametrize("column", ["NodeTimeOffset", "TimeDlt"])
def test_clocks_may_differ_either_way(column: str, offset: str) -> None:
    raw = put(record("tv-08-outgoing-node-102"), **{column: offset})
    assert ticket_of(raw).extras["ed52"][column] == offset


def test_nothing_else_is_negative() -> None:
    raw = put(record("tv-08-outgoing-node-102"), Duration="-2")
    assert reason_of(raw) == "Duration '        -2' is no number there"


# What is known is bounded and changes nothing.


def test_a_reader_that_forgets_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    raws = [record(name) for name in NAMES] + [local_call()]
    expected = [ticket_of(raw) for raw in raws]
    monkeypatch.setattr(ed52_ticket, "KNOWN_COUNT_MAX", 1)
    reader = RecordReader(zone=ZONE)
    for _ in range(3):
        assert [ticket_of(raw, reader) for raw in raws] == expected
        known = (reader._frames, reader._subscribers, reader._extras, reader._minutes)
        assert all(len(one) <= 1 for one in known)


def test_one_reader_reads_each_record_as_a_fresh_one_does() -> None:
    reader = RecordReader(zone=ZONE)
    for raw in [record(name) for name in NAMES] * 2:
        assert ticket_of(raw, reader) == ticket_of(raw)
