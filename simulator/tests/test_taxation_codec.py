"""The encoder against known-right documents, and each line of its table bent until one notices."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from oxo_simulator.taxation import codec
from oxo_simulator.taxation.codec import LAYOUT, Tag, WireTicket, document, ticket_bytes

VECTORS = Path(__file__).parents[2] / "vectors" / "oxo-xml"

Elements = list[list[tuple[str, str]]]


def read_vector(name: str) -> dict[str, Any]:
    vector: dict[str, Any] = json.loads((VECTORS / f"{name}.json").read_text("utf-8"))
    return vector


ENCODED = sorted(
    path.stem for path in VECTORS.glob("*.json") if read_vector(path.stem)["use"]["encode"]
)


def record_of(meaning: Mapping[str, Any]) -> WireTicket:
    """Read a vector's meaning as a wire record: the names are the wire's, not the model's."""
    if meaning["shape"] == "local call":
        return WireTicket(
            ticket_type=meaning["ticket_type"],
            begin=datetime.fromisoformat(meaning["begin"]),
            end=datetime.fromisoformat(meaning["end"]),
            own_number=meaning["own_number"],
            correspondent=meaning["correspondent"],
        )
    return WireTicket(
        ticket_type=meaning["ticket_type"],
        charged_user=meaning["charged_user"],
        subscriber_name=meaning["subscriber_name"],
        communication_type=meaning["communication_type"]["code"],
        dialled_number=meaning["dialled_number"],
        account_code=meaning["account_code"],
        date_time=datetime.fromisoformat(meaning["date_time"]),
        ring_seconds=meaning["ring_s"],
        call_seconds=meaning["duration_s"],
        other_tags=meaning["other_tags"],
    )


def elements(xml: bytes) -> Elements:
    """Return tags and texts in document order, without white space between elements."""
    root = etree.fromstring(xml)
    assert root.tag == "CallAccountingList"
    assert all(ticket.tag == "CallAccounting" for ticket in root)
    return [[(str(tag.tag), tag.text or "") for tag in ticket] for ticket in root]


def encoded(name: str, layout: Sequence[Tag] = LAYOUT) -> Elements:
    meanings = read_vector(name)["meaning"]["tickets"]
    return elements(document([record_of(meaning) for meaning in meanings], layout))


def expected(name: str) -> Elements:
    return elements((VECTORS / f"{name}.xml").read_bytes())


EVERY_TAG = WireTicket(
    ticket_type="Reminder",
    charged_user="128",
    subscriber_name="ORVELLE",
    communication_type="Outgoing",
    dialled_number="00199",
    account_code="0123",
    date_time=datetime.fromisoformat("2020-02-24T18:05:09"),
    ring_seconds=7,
    call_seconds=3723,
    begin=datetime.fromisoformat("2021-03-04T05:06:07"),
    end=datetime.fromisoformat("2022-04-05T06:07:08"),
    own_number="106",
    correspondent="131",
    initial_user="500",
    trunk="N01",
    units=17,
    cost=Decimal("1.70"),
    currency="EUR",
    dial_mode="CollectiveSpeedDial",
    service="Data",
    facilities=("Forwarding", "Transfer"),
    reminder_time=time(7, 5),
    reminder_state="Activation",
    room_status="1",
    room_problem=7,
    other_tags={"NodeID": "3"},
)
EVERY_TAG_BYTES = (
    b"<CallAccounting><TicketType>Reminder</TicketType><ChargedUserID>128</ChargedUserID>"
    b"<SubscriberName>ORVELLE</SubscriberName><CommunicationType>Outgoing</CommunicationType>"
    b"<DialledNumber>00199</DialledNumber><BusinessCode>0123</BusinessCode>"
    b"<Date>2020-02-24</Date><Time>18:05:09</Time>"
    b"<RingingDuration>00:00:07</RingingDuration><CallDuration>01:02:03</CallDuration>"
    b"<DateOfBegin>2021-03-04T05:06:07</DateOfBegin><DateOfEnd>2022-04-05T06:07:08</DateOfEnd>"
    b"<DirNumber>106</DirNumber><CorrNumber>131</CorrNumber><InitialUserID>500</InitialUserID>"
    b"<TrunkID>N01</TrunkID><Units>17</Units><Cost>1.70</Cost><Currency>EUR</Currency>"
    b"<DialMode>CollectiveSpeedDial</DialMode><Service>Data</Service>"
    b"<Facilities>Forwarding Transfer</Facilities><ReminderTime>07:05</ReminderTime>"
    b"<ReminderState>Activation</ReminderState><RoomStatus>1</RoomStatus>"
    b'<RoomProblem>7</RoomProblem><NodeID xmlns="">3</NodeID></CallAccounting>'
)
"""Typed by hand from docs/taxation.md: no vector has the extended tags, and no real ticket all."""


def test_there_are_vectors_to_encode() -> None:
    assert len(ENCODED) >= 20


@pytest.mark.parametrize("name", ENCODED)
def test_same_elements_texts_and_order_as_the_vector(name: str) -> None:
    assert encoded(name) == expected(name)


def test_tags_without_a_vector() -> None:
    assert ticket_bytes(EVERY_TAG) == EVERY_TAG_BYTES


def bent_elsewhere(tag: Tag) -> Tag:
    return tag._replace(name=tag.name + "X")


def any_text(value: object) -> str:
    return codec.text(str(value))


def bent_to_a_neighbour(tag: Tag) -> Tag:
    values = [line.value for line in LAYOUT]
    return tag._replace(value=values[(values.index(tag.value) + 3) % len(values)], spell=any_text)


def bent_spelling(tag: Tag) -> Tag:
    return tag._replace(spell=lambda value: f"{tag.spell(value)} ")


BENDS: dict[str, Callable[[int], Sequence[Tag]]] = {
    "left out": lambda i: [*LAYOUT[:i], *LAYOUT[i + 1 :]],
    "another name": lambda i: [*LAYOUT[:i], bent_elsewhere(LAYOUT[i]), *LAYOUT[i + 1 :]],
    "another value": lambda i: [*LAYOUT[:i], bent_to_a_neighbour(LAYOUT[i]), *LAYOUT[i + 1 :]],
    "another spelling": lambda i: [*LAYOUT[:i], bent_spelling(LAYOUT[i]), *LAYOUT[i + 1 :]],
    "written last": lambda i: [*LAYOUT[:i], *LAYOUT[i + 1 :], LAYOUT[i]],
}


@pytest.mark.parametrize("line", range(len(LAYOUT)), ids=[tag.name for tag in LAYOUT])
@pytest.mark.parametrize("bend", BENDS)
def test_every_bend_of_the_table_is_noticed(bend: str, line: int) -> None:
    layout = BENDS[bend](line)
    if bend == "written last" and line == len(LAYOUT) - 1:
        assert layout == list(LAYOUT)
        return
    noticed = [name for name in ENCODED if encoded(name, layout) != expected(name)]
    assert noticed or ticket_bytes(EVERY_TAG, layout) != EVERY_TAG_BYTES


@pytest.mark.parametrize(
    ("seconds", "spelled"),
    [(0, "00:00:00"), (59, "00:00:59"), (3600, "01:00:00"), (45296, "12:34:56"),
     (86400, "24:00:00"), (359_999, "99:59:59"), (360_000, "100:00:00")],
)  # fmt: skip
def test_durations(seconds: int, spelled: str) -> None:
    assert codec.duration(seconds) == spelled


@pytest.mark.parametrize("cost", ["0.0000", "1E+3", "1E-7", "123456789.01"])
def test_cost_has_no_exponent(cost: str) -> None:
    spelled = codec.decimal(Decimal(cost))
    assert "E" not in spelled
    assert Decimal(spelled) == Decimal(cost)


FORBIDDEN = "\x00\x01\x08\x0b\x0c\x0e\x1f\ud800\udfff\ufffe\uffff"


@pytest.mark.parametrize("character", list(FORBIDDEN))
def test_what_xml_cannot_carry_becomes_visible(character: str) -> None:
    xml = document([WireTicket(subscriber_name=f"A{character}B")])
    assert elements(xml) == [[("SubscriberName", "A\ufffdB")]]


@pytest.mark.parametrize("name", ["\r\n\t", "]]>", "<!--", "&#x41;", "\x7f\x85", "\U0001f4de", " "])
def test_what_xml_can_carry_arrives_unchanged(name: str) -> None:
    assert elements(document([WireTicket(subscriber_name=name)])) == [[("SubscriberName", name)]]


@pytest.mark.parametrize(
    ("name", "tag"),
    [("Entity", "Entity"), ("Größe", "Größe"), ("two words", "two\ufffdwords"), ("", "\ufffd"),
     ("7th", "\ufffd7th"), ("a:b", "a\ufffdb"), ("x><y", "x\ufffd\ufffdy"), ("-a", "\ufffd-a")],
)  # fmt: skip
def test_an_unknown_tag_never_breaks_the_document(name: str, tag: str) -> None:
    assert elements(document([WireTicket(other_tags={name: "1"})])) == [[(tag, "1")]]


def test_an_empty_text_is_an_empty_tag_and_nothing_is_no_tag() -> None:
    assert ticket_bytes(WireTicket(charged_user="")) == (
        b"<CallAccounting><ChargedUserID></ChargedUserID></CallAccounting>"
    )
