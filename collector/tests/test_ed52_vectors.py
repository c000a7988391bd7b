"""The record ED5.2 against every vector of the three families, and bent in every column."""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from oxo_collector.decoders.account_file import AccountFile, read_account_file, recognises
from oxo_collector.decoders.compress import expand, is_compressed
from oxo_collector.decoders.ed52_layout import CODES, COLUMNS, FLAGS, SPECIAL, Column
from oxo_collector.decoders.ed52_record import (
    ED52,
    Code,
    Flags,
    Layout,
    LayoutRefused,
    Record,
    read_header,
    read_record,
    special_numbers,
)
from oxo_collector.decoders.ed52_stream import (
    KEEP_ALIVE_ANSWER,
    OPEN,
    START,
    BadLength,
    CallTicket,
    EmptyTicket,
    EndOfStream,
    Event,
    FrameReader,
    KeepAliveRequest,
    MaoTicket,
    NotAPbx,
    Role,
    UnknownTicket,
    VoipFrame,
)
from oxo_collector.decoders.ed52_voip import Item, VoipCode, VoipTicket
from oxo_collector.decoders.outcome import Malformed, Recorded, record_digest
from oxo_collector.decoders.values import Unreadable

VECTORS = Path(__file__).resolve().parents[2] / "vectors"


def vector(family: str, name: str) -> tuple[bytes, dict[str, Any]]:
    told = json.loads((VECTORS / family / f"{name}.json").read_text("utf-8"))
    data = (VECTORS / family / told["file"]).read_bytes()
    assert hashlib.sha256(data).hexdigest() == told["sha256"]
    return data, told["meaning"]


def names(family: str) -> list[str]:
    return sorted(path.stem for path in (VECTORS / family).glob("*.json"))


def plain(value: object) -> object:
    """Spell a value as the vectors do."""
    if isinstance(value, Code):
        return {"code": value.code, "word": value.word}
    if isinstance(value, Flags):
        return {"raw": value.raw, "set": [plain(flag) for flag in value.set]}
    return value.isoformat() if isinstance(value, datetime) else value


def meaning_of(record: Record) -> dict[str, object]:
    meaning: dict[str, object] = {"fields": {name: plain(value) for name, value in record.items()}}
    if special := dict(special_numbers(record)):
        meaning["special_numbers"] = special
    return meaning


def told_by(meaning: dict[str, Any]) -> dict[str, Any]:
    """Return what a record alone tells; masks and the instants of a zone are the ticket's."""
    return {key: meaning[key] for key in ("fields", "special_numbers") if key in meaning}


# Records.


@pytest.mark.parametrize("name", names("oxe-record"))
def test_record(name: str) -> None:
    data, told = vector("oxe-record", name)
    record = read_record(data.decode("latin-1"), ED52)
    assert meaning_of(record) == told_by(told)
    assert list(record) == list(told["fields"])


# Files.

FILES = [name for name in names("oxe-file") if name not in ("account-lis", "tv-11-tiny")]


def records_of(file: AccountFile, data: bytes) -> Iterator[dict[str, object]]:
    """Read the lines of the pieces again, as records of the file's columns."""
    text = expand(data, 1_000_000) if is_compressed(data) else data
    assert isinstance(text, bytes)
    lines = text.decode("latin-1").split("\n")
    layout = Layout(file.columns or COLUMNS)
    for number in file.lines:
        line = lines[number - 1]
        if file.form == "comma rendering":
            line = "".join(
                line[one.first + place : one.last + place + 1] for place, one in enumerate(COLUMNS)
            )
        yield meaning_of(read_record(line, layout))


@pytest.mark.parametrize("name", FILES)
def test_file(name: str) -> None:
    data, told = vector("oxe-file", name)
    assert recognises(data)
    file = read_account_file(data, told["file_name"], "Europe/Paris")
    assert file.form == told["form"]
    assert (file.text_bytes, file.text_digest) == (told["text_size"], told["text_sha256"])
    assert len(file.pieces) == told["record_count"]
    assert all(isinstance(piece, Recorded) for piece in file.pieces)
    assert list(records_of(file, data)) == [told_by(one) for one in told["records"]]
    if told["verdict"] == "accepted":
        assert file.refused is None
    else:
        assert file.refused is not None
        assert file.refused.reason.startswith(told["verdict"].removeprefix("refused: "))
        assert str(told["last_line_size"]) in file.refused.reason
    if "columns" in told and file.refused is None:
        assert [[one.name, one.first, one.last, one.side] for one in file.columns] == told[
            "columns"
        ]


def test_the_smallest_compressed_text_is_expanded_and_is_no_account_file() -> None:
    data, told = vector("oxe-file", "tv-11-tiny")
    assert expand(data, 6) == told["text"].encode()
    file = read_account_file(data, "tiny.Z", None)
    assert file.refused is not None
    assert file.refused.reason == "no account file: the line has 5 characters; a record has 525"


def test_the_forms_of_one_record_have_one_digest() -> None:
    plain_file = read_account_file(vector("oxe-file", "taxaaaaa-plain")[0], "a", None)
    comma = read_account_file(vector("oxe-file", "comma-rendering")[0], "b", None)
    thirteen = read_account_file(vector("oxe-file", "tv-15-thirteen-identical")[0], "c", None)
    stream, _ = vector("oxe-stream", "tv-15-thirteen-identical")
    calls = [one for one in FrameReader().receive(stream) if isinstance(one, CallTicket)]
    shared = {one.record for one in plain_file.pieces if isinstance(one, Recorded)} & {
        one.record for one in comma.pieces if isinstance(one, Recorded)
    }
    assert len(shared) == 2
    assert [one.record for one in thirteen.pieces if isinstance(one, Recorded)] == [
        record_digest(one.record) for one in calls
    ]
    assert len(calls) == 13


# Streams.

STREAMS = [
    name for name in names("oxe-stream") if vector("oxe-stream", name)[1]["reader"] == "collector"
]


def value_of(value: object) -> object:
    if isinstance(value, VoipCode):
        code = list(value.code) if isinstance(value.code, tuple) else value.code
        return {"code": code, "word": value.word}
    return value.isoformat() if isinstance(value, datetime) else value


def item(one: Item) -> dict[str, object]:
    told = {"id": f"{one.id:02X}", "name": one.name, "value": value_of(one.value)}
    return told if one.filler is None else {**told, "filler": one.filler}


def words(event: Event) -> dict[str, object]:  # noqa: PLR0911 - one row for each event
    """Say an event in the words of the vectors."""
    if isinstance(event, Role):
        role = "main" if event.main else "not main"
        return {"event": "role", "role": role, "byte": f"{event.byte:02x}"}
    if isinstance(event, EmptyTicket):
        return {"event": "ticket", "kind": "empty"}
    if isinstance(event, CallTicket):
        record = read_record(event.record.decode("latin-1"), ED52)
        return {"event": "ticket", "kind": "CDR", **meaning_of(record)}
    if isinstance(event, MaoTicket):
        mao = event.mao
        return {"event": "ticket", "kind": "MAO", "text": mao.text, "items": dict(mao.items)}
    if isinstance(event, VoipFrame):
        (ticket,) = event.tickets
        assert isinstance(ticket, VoipTicket)
        return {"event": "ticket", "kind": "VoIP", "items": [item(one) for one in ticket.items]}
    if isinstance(event, UnknownTicket):
        digest = hashlib.sha256(event.raw).hexdigest()
        told = {"kind": "unknown", "type": event.kind, "payload_sha256": digest}
        return {"event": "ticket", **told}
    if isinstance(event, BadLength):
        return {"event": "bad length", "length": event.length}
    if isinstance(event, EndOfStream):
        unfinished = {"bytes": event.unfinished_bytes, "length": event.length}
        return {"event": "end of stream", "unfinished": unfinished}
    names = {NotAPbx: "not a PBX", KeepAliveRequest: "keep-alive request"}
    return {"event": names[type(event)]}


def reader_of(told: dict[str, Any]) -> FrameReader:
    return FrameReader(opened=told["state_before"] == "active")


def all_events(told: dict[str, Any], *pieces: bytes) -> list[Event]:
    reader = reader_of(told)
    events = [event for piece in pieces for event in reader.receive(piece)]
    return events + (reader.end() if told["peer_closes_at_end"] else [])


def expected(told: dict[str, Any]) -> list[dict[str, object]]:
    return [{k: v for k, v in one.items() if k != "reply"} for one in told["events"]]


@pytest.mark.parametrize("name", STREAMS)
def test_stream_whole(name: str) -> None:
    data, told = vector("oxe-stream", name)
    events = all_events(told, data)
    assert [{**words(one), "after": one.after_bytes} for one in events] == expected(told)


@pytest.mark.parametrize("name", STREAMS)
def test_stream_byte_by_byte(name: str) -> None:
    data, told = vector("oxe-stream", name)
    assert all_events(told, *(bytes([byte]) for byte in data)) == all_events(told, data)


@pytest.mark.parametrize("name", STREAMS)
def test_an_event_comes_with_its_last_byte(name: str) -> None:
    data, told = vector("oxe-stream", name)
    reader = reader_of(told)
    for place, byte in enumerate(data, 1):
        for event in reader.receive(bytes([byte])):
            assert event.after_bytes == place


@pytest.mark.parametrize("name", STREAMS)
def test_stream_cut_at_every_offset(name: str) -> None:
    data, told = vector("oxe-stream", name)
    whole = all_events(told, data)
    for cut in range(len(data) + 1):
        assert all_events(told, data[:cut], data[cut:]) == whole, cut


def reply(event: Event) -> bytes:
    """Return what the collector says at an event."""
    if isinstance(event, Role) and event.main:
        return START
    return KEEP_ALIVE_ANSWER if isinstance(event, KeepAliveRequest) else b""


@pytest.mark.parametrize("name", STREAMS)
def test_what_the_collector_says(name: str) -> None:
    data, told = vector("oxe-stream", name)
    said = [reply(event) for event in all_events(told, data)]
    assert [one.hex() for one in said] == [one.get("reply", "") for one in told["events"]]
    assert b"".join(said).hex() == told["reply"]


def test_the_opening() -> None:
    assert vector("oxe-stream", "tv-01-open")[0] == OPEN


@pytest.mark.parametrize("name", STREAMS)
def test_the_state_after_a_stream(name: str) -> None:
    data, told = vector("oxe-stream", name)
    reader = reader_of(told)
    reader.receive(data)
    if told["peer_closes_at_end"]:
        reader.end()
    assert (reader.opened and not reader.closed) == (told["state_after"] == "active")
    assert reader.closed == (told["state_after"] != "active")


# Bend and see red.


def bends() -> Iterator[tuple[str, int, Column]]:
    """Yield what was done, the place in the table, and the bent column."""
    for place, column in enumerate(COLUMNS):
        first, last = column.first, column.last
        moved = {
            "moved left": (first - 1, last - 1),
            "moved right": (first + 1, last + 1),
            "widened left": (first - 1, last),
            "widened right": (first, last + 1),
            "narrowed left": (first + 1, last),
            "narrowed right": (first, last - 1),
        }
        for how, (begin, end) in moved.items():
            if 1 <= begin <= end <= 525:
                yield how, place, msgspec.structs.replace(column, first=begin, last=end)
        if column.side != "N" and first != last:
            other = "L" if column.side == "R" else "R"
            yield "other side", place, msgspec.structs.replace(column, side=other)


class Bent(Layout):
    """A table that nobody checked."""

    def __init__(self, columns: tuple[Column, ...]) -> None:
        self.columns, self.line_characters = columns, 525
        self._by_name = {column.name: column for column in columns}


def verdict(layout: Layout) -> bool:
    """Tell whether every record vector still means what it should."""
    for name in names("oxe-record"):
        data, told = vector("oxe-record", name)
        try:
            record = read_record(data.decode("latin-1"), layout)
        except Unreadable:
            return False
        if meaning_of(record) != told_by(told):
            return False
    return True


NOT_PINNED: dict[str, tuple[str, ...]] = {
    "other side": (
        "TicketVersion",
        "ChargedCompany",
        "TransitTrunkGroupIdentity",
    ),
    "widened right": (
        "ChargedCostCenter",
        "ChargedCompany",
        "CallingNumber",
        "InitialDialledNumber",
        "ActingExtensionNumber",
    ),
    "moved right": ("ChargedCompany",),
    "narrowed left": (
        "ChargedCompany",
        "ChargedPartyNode",
        "CallType",
        "ChargeUnits",
        "CostInfo",
        "Duration",
        "TrunkIdentity",
        "TrunkGroupIdentity",
        "TrunkNode",
        "DataVolume",
        "UserToUserVolume",
        "CallReference",
        "SegmentsRate1",
        "SegmentsRate2",
        "SegmentsRate3",
        "X25IncomingFlowRate",
        "X25OutgoingFlowRate",
        "Carrier",
        "WaitingDuration",
        "EffectiveCallDuration",
        "CalledNumberNode",
        "CallingNumberNode",
        "InitialDialledNumberNode",
        "ActingExtensionNumberNode",
        "NodeTimeOffset",
        "TimeDlt",
    ),
    "narrowed right": (
        "ChargedCompany",
        "Subaddress",
        "AccessCode",
    ),
    "widened left": (
        "ChargedPartyNode",
        "BearerCapability",
        "ComType",
    ),
}
"""What no record's values show, because the character in question is always blank, or the value
always full or at its left; `test_the_header_line_of_a_file_is_our_table` shows these too."""


def test_the_header_line_of_a_file_is_our_table() -> None:
    line = vector("oxe-file", "taxaaaaa-plain")[0].split(b"\n")[0].decode()
    assert read_header(line).columns == COLUMNS
    for _, place, column in bends():
        assert read_header(line).columns != (*COLUMNS[:place], column, *COLUMNS[place + 1 :])


@pytest.mark.parametrize(
    ("how", "place", "column"),
    [
        pytest.param(how, place, column, id=f"{column.name} {how}".replace(" ", "-"))
        for how, place, column in bends()
    ],
)
def test_a_bent_column_is_noticed(how: str, place: int, column: Column) -> None:
    bent = Bent((*COLUMNS[:place], column, *COLUMNS[place + 1 :]))
    assert verdict(bent) == (column.name in NOT_PINNED.get(how, ()))


def test_a_column_over_another_is_refused() -> None:
    for how, place, column in bends():
        if how.startswith("widened"):
            with pytest.raises(LayoutRefused, match=column.name):
                Layout((*COLUMNS[:place], column, *COLUMNS[place + 1 :]))


PINNED_CODES = {
    (name, value["code"])
    for one in names("oxe-record")
    for name, value in vector("oxe-record", one)[1]["fields"].items()
    if isinstance(value, dict) and "code" in value
}
PINNED_FLAGS = {
    (name, flag["code"])
    for one in names("oxe-record")
    for name, value in vector("oxe-record", one)[1]["fields"].items()
    if isinstance(value, dict) and "set" in value
    for flag in value["set"]
}


@pytest.mark.parametrize(("name", "code"), sorted(PINNED_CODES))
def test_a_code_without_its_word_is_noticed(
    name: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    bent = {**CODES, name: {c: w for c, w in CODES[name].items() if c != code}}
    monkeypatch.setattr("oxo_collector.decoders.ed52_record.CODES", bent)
    assert not verdict(ED52)


@pytest.mark.parametrize(("name", "flag"), sorted(PINNED_FLAGS))
def test_a_flag_without_its_word_is_noticed(
    name: str, flag: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    bent = {**FLAGS, name: {f: w for f, w in FLAGS[name].items() if f != flag}}
    monkeypatch.setattr("oxo_collector.decoders.ed52_record.FLAGS", bent)
    assert not verdict(ED52)


def test_a_code_or_a_flag_that_nobody_knows_is_told_as_it_came() -> None:
    data, _ = vector("oxe-record", "tv-07-vendor-example")
    line = data.decode("latin-1")
    record = read_record(line[:166] + "99" + line[168:346] + "11" + line[348:], ED52)
    assert record["CallType"] == Code(99, "unknown")
    internal = record["InternalFacilities"]
    assert isinstance(internal, Flags)
    assert internal.set[-2:] == (Code(38, "unknown"), Code(39, "unknown"))


def test_the_table_covers_the_record_once() -> None:
    places = [place for one in COLUMNS for place in range(one.first, one.last + 1)]
    assert places == list(range(1, 526))
    assert set(SPECIAL) <= {one.name for one in COLUMNS}


def test_a_bad_record_of_a_vector_is_malformed_and_kept() -> None:
    data, _ = vector("oxe-file", "taxaaaaa-plain")
    lines = data.split(b"\n")
    lines[2] = lines[2][:166] + b"xx" + lines[2][168:]
    file = read_account_file(b"\n".join(lines), "x", None)
    good, bad, other = file.pieces
    assert isinstance(good, Recorded)
    assert isinstance(other, Recorded)
    assert isinstance(bad, Malformed)
    assert (bad.place, bad.raw) == ("line 3", lines[2])
    assert bad.reason == "CallType 'xx' is no number there"
