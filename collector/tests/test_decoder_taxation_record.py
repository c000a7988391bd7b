"""Codec of the taxation wire against the vectors, and against one ticket with every own tag."""

import hashlib
import json
from collections.abc import Iterator
from datetime import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from oxo_collector.decoders import taxation_record
from oxo_collector.decoders.outcome import Malformed
from oxo_collector.decoders.taxation_record import CallAccounting, read_record
from oxo_collector.decoders.taxation_xml import decode_list
from oxo_collector.decoders.values import Coded, Unreadable
from oxo_collector.decoders.xml_document import parse

VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "oxo-xml"
IDS = sorted(path.stem for path in VECTORS.glob("*.json"))

OWN_TAGS = b"""<CallAccountingList><CallAccounting>
  <TicketType>Reminder</TicketType><InitialUserID>G9</InitialUserID><TrunkID>N01</TrunkID>
  <Units>8</Units><Cost>14.50</Cost><Currency>EUR</Currency><DialMode>Redial</DialMode>
  <Service>Data</Service><Facilities>Transfer UserToUser</Facilities>
  <ReminderTime>07:05</ReminderTime><ReminderState>Failed</ReminderState>
  <RoomStatus>1</RoomStatus><RoomProblem>042</RoomProblem>
  <CommunicationType>FacilityCancelled</CommunicationType>
</CallAccounting></CallAccountingList>"""
OWN_RECORD = CallAccounting(
    ticket_type="Reminder",
    initial_user="G9",
    line="N01",
    units=8,
    cost=Decimal("14.50"),
    currency="EUR",
    dialling_mode="Redial",
    service="Data",
    facilities="Transfer UserToUser",
    reminder_time=time(7, 5),
    reminder_state="Failed",
    room_status="1",
    room_problem=42,
    communication_type=Coded("FacilityCancelled", "facility cancelled"),
)


def vector(name: str) -> tuple[bytes, dict[str, Any]]:
    """Return bytes and meaning of a vector; a damaged copy fails at once."""
    told = json.loads((VECTORS / f"{name}.json").read_text("utf-8"))
    data = (VECTORS / told["file"]).read_bytes()
    assert hashlib.sha256(data).hexdigest() == told["sha256"]
    return data, told["meaning"]


def coded(value: Coded | None) -> dict[str, str] | None:
    return None if value is None else {"code": value.code, "word": value.word}


def meaning_of(record: CallAccounting) -> dict[str, Any]:
    """Spell a record as the vectors do."""
    if record.begin is not None:  # the shape of a local call
        assert record.begin is not None
        assert record.end is not None
        return {
            "shape": "local call",
            "ticket_type": record.ticket_type,
            "begin": record.begin.isoformat(),
            "end": record.end.isoformat(),
            "own_number": record.own_number,
            "correspondent": record.correspondent,
        }
    return {
        "shape": "call",
        "ticket_type": record.ticket_type,
        "charged_user": record.charged_user,
        "subscriber_name": record.subscriber_name,
        "communication_type": coded(record.communication_type),
        "dialled_number": record.dialled_number,
        "account_code": record.account_code,
        "date_time": record.date_time.isoformat() if record.date_time else None,
        "ring_s": record.ring_s,
        "duration_s": record.duration_s,
        "other_tags": dict(record.other_tags),
    }


def read(data: bytes) -> Iterator[CallAccounting | str]:
    """Read every ticket of a document at the codec's level; a fault is its text."""
    root = parse(data)
    assert isinstance(root, etree._Element)
    for element in root:
        try:
            yield read_record(element)
        except Unreadable as fault:
            yield str(fault)


def check(name: str) -> None:
    """Hold the codec to one vector."""
    data, meaning = vector(name)
    if meaning["verdict"] != "well formed":
        check_refusal(data, meaning)
        return
    results = list(read(data))
    tickets = [meaning_of(result) for result in results if not isinstance(result, str)]
    assert tickets == meaning["tickets"]
    faults = {place: result for place, result in enumerate(results, 1) if isinstance(result, str)}
    assert sorted(faults) == [fault["ticket"] for fault in meaning["faults"]]
    for fault in meaning["faults"]:
        told = faults[fault["ticket"]]
        assert all(tag in told and repr(text) in told for tag, text in fault["fields"].items())


def check_refusal(data: bytes, meaning: dict[str, Any]) -> None:
    """No ticket, the whole document kept, the fault named."""
    (result,) = decode_list(data, None)
    assert isinstance(result, Malformed)
    assert (result.raw, result.place) == (data, "document")
    (fault,) = meaning["faults"]
    assert fault["fault"] in result.reason
    assert fault.get("root", "") in result.reason
    assert meaning["tickets"] == []


@pytest.mark.parametrize("name", IDS)
def test_vector(name: str) -> None:
    check(name)


def check_own_tags() -> None:
    assert list(read(OWN_TAGS)) == [OWN_RECORD]


def test_own_tags() -> None:
    check_own_tags()


def is_red() -> bool:
    """Tell whether some vector, or the ticket with our own tags, notices a bent table."""
    try:
        for name in IDS:
            check(name)
        check_own_tags()
    except AssertionError:
        return True
    return False


@pytest.mark.parametrize("tag", list(taxation_record.TAGS))
def test_a_renamed_tag_is_noticed(tag: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(taxation_record.TAGS, tag + "s", taxation_record.TAGS[tag])
    monkeypatch.delitem(taxation_record.TAGS, tag)
    assert is_red()


@pytest.mark.parametrize("tag", list(taxation_record.TAGS))
def test_two_exchanged_tags_are_noticed(tag: str, monkeypatch: pytest.MonkeyPatch) -> None:
    names = list(taxation_record.TAGS)
    other = names[(names.index(tag) + 1) % len(names)]
    ours, theirs = taxation_record.TAGS[tag], taxation_record.TAGS[other]
    monkeypatch.setitem(taxation_record.TAGS, tag, theirs)
    monkeypatch.setitem(taxation_record.TAGS, other, ours)
    assert is_red()


@pytest.mark.parametrize("code", list(taxation_record.COMMUNICATION_TYPES))
def test_a_forgotten_communication_type_is_noticed(
    code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(taxation_record.COMMUNICATION_TYPES, code)
    assert is_red()


def test_the_straight_table_is_green() -> None:
    assert not is_red()


def one(inside: bytes) -> CallAccounting | str:
    (result,) = read(b"<l><CallAccounting>%s</CallAccounting></l>" % inside)
    return result


@pytest.mark.parametrize(
    ("inside", "named"),
    [
        (b"<Date>2020-02-30</Date><Time>10:00:00</Time>", ["Date '2020-02-30'"]),
        (b"<Date>2020-02-24</Date><Time>24:00:00</Time>", ["Time '24:00:00'"]),
        (b"<Date>20200224</Date><Time>10:00</Time>", ["Date '20200224'", "Time '10:00'"]),
        (b"<Date> 2020-02-24</Date><Time>10:00:00</Time>", ["Date ' 2020-02-24'"]),
        (b"<Date>2020-02-24</Date>", ["Time is absent"]),
        (b"<Time>10:00:00</Time>", ["Date is absent"]),
        (b"<DateOfBegin>2020-02-24 10:00:00</DateOfBegin>", ["DateOfBegin"]),
        (b"<DateOfEnd>2020-02-24T10:00:00+01:00</DateOfEnd>", ["DateOfEnd"]),
        (b"<CallDuration>00:60:00</CallDuration>", ["CallDuration '00:60:00'"]),
        (b"<RingingDuration>-0:00:01</RingingDuration>", ["RingingDuration"]),
        (b"<Units>-1</Units><Cost>1,70</Cost>", ["Units '-1'", "Cost '1,70'"]),
        ("<Units>٣</Units>".encode(), ["Units"]),
        (b"<Cost>NaN</Cost>", ["Cost 'NaN'"]),
        (b"<ReminderTime>7:00</ReminderTime>", ["ReminderTime '7:00'"]),
        (b"<RoomProblem>1000</RoomProblem>", ["RoomProblem '1000' is no problem from 0 to 999"]),
        (b"<RoomProblem>-1</RoomProblem>", ["RoomProblem '-1'"]),
        (b"<Units>1</Units><Units>2</Units>", ["Units stands twice"]),
        (b"<Later>1</Later><Later>2</Later>", ["'Later' stands twice"]),
        (b"lost<Units>1</Units>", ["'lost' between the tags"]),
        (b"<Units>1</Units>lost", ["'lost' between the tags"]),
        (b"<SubscriberName>M.<b>O.</b></SubscriberName>", ["SubscriberName has tags inside"]),
        (b"<SubscriberName>%s</SubscriberName>" % (b"n" * 129), ["SubscriberName has 129 char"]),
        (b"<Later>%s</Later>" % (b"n" * 129), ["Later has 129 characters; at most 128"]),
        (b"<%s/>" % (b"n" * 129), ["more than 128 characters"]),
        (b"".join(b"<A%d/>" % n for n in range(49)), ["49 tags; at most 48"]),
    ],
)
def test_what_cannot_be_read_is_named(inside: bytes, named: list[str]) -> None:
    result = one(inside)
    assert isinstance(result, str)
    assert all(words in result for words in named)


def test_every_tag_is_optional() -> None:
    assert one(b"") == CallAccounting()


def test_an_empty_text_is_told_and_an_empty_figure_is_not() -> None:
    found = one(
        b"<ChargedUserID/><BusinessCode></BusinessCode><Units/><CallDuration></CallDuration>"
    )
    assert found == CallAccounting(charged_user="", account_code="")


def test_nil_is_absent() -> None:
    nil = b'<ChargedUserID xmlns:x="http://www.w3.org/2001/XMLSchema-instance" x:nil="true"/>'
    assert one(nil) == CallAccounting()


def test_longest_values_are_read() -> None:
    found = one(b"<SubscriberName>%s</SubscriberName>" % (b"n" * 128))
    assert found == CallAccounting(subscriber_name="n" * 128)


def test_comments_and_cdata_do_not_cut_a_value() -> None:
    found = one(
        b"<ChargedUserID>1<!-- x -->2<?y z?>8</ChargedUserID>"
        b"<BusinessCode><![CDATA[<7>]]></BusinessCode>"
    )
    assert found == CallAccounting(charged_user="128", account_code="<7>")


def test_an_unknown_tag_keeps_what_is_inside_it() -> None:
    found = one(b"<Leg>a<From>1</From>b<To/></Leg>")
    assert found == CallAccounting(other_tags={"Leg": "a<From>1</From>b<To/>"})
