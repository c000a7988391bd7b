"""Deliveries in fixed columns: rsyslog's map held to statements of known meaning, and mistakes."""

import json
from pathlib import Path
from typing import Any

import pytest
from oxo_scenarios.catalogue import load_catalogue
from oxo_scenarios.checking import FOLDERS
from oxo_scenarios.delivery import read_delivery
from oxo_scenarios.subject import DeliveryDoor, SubjectUnreadable, load_subject
from oxo_tickets import Kind

CASES = [case.id for case in load_catalogue().cases]
VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "oxo-v24"
RSYSLOG = load_subject(FOLDERS / "rsyslog", CASES).settings
LINE = b"A128  --> N01 24/02/20 14:32 00:00:50     2 ST XT    00390670000                M"


def read(raw: bytes, door: DeliveryDoor = RSYSLOG.delivery) -> Any:
    return read_delivery(raw, door)


def test_the_example_listens_for_fifteen_columns() -> None:
    assert RSYSLOG.claim == (["v24"], "fifteen", True, "sftp")


@pytest.mark.parametrize(
    "vector", ["default-79", "default-79-padded", "three-lines-132", "two-identical", "unanswered"]
)
def test_the_columns_of_the_example_are_those_of_the_vectors(vector: str) -> None:
    meaning = json.loads((VECTORS / f"{vector}.json").read_text("utf-8"))["meaning"]
    found = read((VECTORS / f"{vector}.txt").read_bytes())
    assert not found.unreadable
    statements = [event for event in meaning["events"] if event["event"] == "statement"]
    for ticket, told in zip(found.tickets, statements, strict=True):
        assert ticket.charged_user == told["charged_user"]["number"]
        assert ticket.dialled_number == told["dialled_number"]
        assert ticket.call_seconds == told["duration_s"]
        assert f"{ticket.local_time:%Y-%m-%dT%H:%M}" == told["date_time"]


def test_headings_and_blank_lines_are_no_tickets_and_no_mistakes() -> None:
    found = read((VECTORS / "page.txt").read_bytes())
    assert (len(found.tickets), found.unreadable) == (3, ())
    assert found.lines == (4, 5, 6)


def test_a_wake_up_line_is_a_reminder_with_the_time_in_the_number_column() -> None:
    (wake,) = read((VECTORS / "wake-up-english.txt").read_bytes()).tickets[:1]
    assert (wake.kind, wake.charged_user, str(wake.reminder_time)) == (
        Kind.REMINDER, "117", "07:00:00",
    )  # fmt: skip
    assert (wake.trunk_kind, wake.trunk) == (None, None)


def test_masked_digits_are_counted() -> None:
    calls = read((VECTORS / "masked.txt").read_bytes()).tickets
    assert [dict(call.masked) for call in calls[:1]] == [{"dialled_number": 4}]


def test_letters_stand_each_for_itself() -> None:
    (call,) = read(LINE).tickets
    assert call.facilities == ("online metering", "transfer")
    assert call.dialling_mode == "manual"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (b"24/02/20", b"34/02/20", "local_time: '34/02/20 14:32' cannot be read"),
        (b"00:00:50", b"00:0x:50", "call_seconds: '00:0x:50' cannot be read"),
        (b"N01", b"Q01", "trunk_kind: 'Q' cannot be read"),
        (b"    2", b"  two", "units: 'two' cannot be read"),
        (b"XT", b"XZ", "facilities: 'transfer;Z' cannot be read"),
        (b"A128", b"A128" + b" " * 5000, "longer than 4096 characters"),
    ],
)
def test_a_statement_that_cannot_be_read_is_kept_with_its_reason(
    old: bytes, new: bytes, told: str
) -> None:
    found = read(LINE + b"\r\n" + LINE.replace(old, new) + b"\r\n" + LINE)
    assert len(found.tickets) == 2
    ((line, reason),) = [(one.line, one.reason) for one in found.unreadable]
    assert line == 2
    assert told in reason


def test_a_statement_cut_at_any_place_is_never_read_as_another_number_of_seconds() -> None:
    for end in range(len(LINE)):
        for ticket in read(LINE[:end]).tickets:
            assert ticket.call_seconds in (None, 50)


SUBJECT = """
[subject]
name = "x"
version = "1"
wires = ["v24"]
[start]
command = ["x"]
[delivery]
format = "columns"
file = "x"
[delivery.columns]
local_time = { first = 1, last = 8 }
"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("last = 8", "last = 0", "greater than or equal to 1"),
        ("first = 1", "first = 9", "'last' 8 is before 'first' 9"),
        (", last = 8", "", "'first' and 'last' belong together"),
        ("first = 1, last = 8", 'column = "x"', "needs 'first' and 'last'"),
        ('format = "columns"', 'format = "csv"', "needs 'column' or 'columns'"),
        ('format = "columns"', 'format = "columns"\nline = "("', "no regular expression"),
        ('format = "columns"', 'format = "columns"\nencoding = "ebcdic"', "'utf-8', 'iso-8859-1'"),
        ("local_time =", "masked =", "'masked' is no field that can be mapped"),
        ("[start]", '[v24]\nside = "both"\n[start]', "'connect' or 'listen'"),
        ("[start]", '[v24]\ntarget = "here:1"\n[start]', "for a remote subject that listens"),
        ('["v24"]', '["telex"]', "'taxation', 'nmc', 'v24', 'ohl', 'account' or 'stream'"),
        ('["v24"]\n', '["nmc"]\n[v24]\ncolumns = "ten"\n', "whose 'wires' name \"v24\""),
        ('[start]\ncommand = ["x"]', '[remote]\n[v24]\nside = "listen"', "and needed there"),
    ],
)
def test_a_wrong_map_or_claim_names_file_key_and_what_is_allowed(
    old: str, new: str, told: str, tmp_path: Path
) -> None:
    path = tmp_path / "subject.toml"
    path.write_text(SUBJECT, "utf-8")
    load_subject(tmp_path, CASES)
    assert old in SUBJECT
    path.write_text(SUBJECT.replace(old, new), "utf-8")
    with pytest.raises(SubjectUnreadable) as caught:
        load_subject(tmp_path, CASES)
    assert str(caught.value).startswith(f"{path}: ")
    assert told in str(caught.value)


LFTP = load_subject(FOLDERS / "lftp", CASES).settings
FILES = VECTORS.parent / "oxe-file"


def test_the_columns_of_ed52_are_those_of_the_vectors() -> None:
    told = json.loads((FILES / "taxaaaaa-plain.json").read_text("utf-8"))["meaning"]["records"]
    found = read((FILES / "taxaaaaa-plain.txt").read_bytes(), LFTP.delivery)
    assert not found.unreadable  # the line of headings is passed over
    assert len(found.tickets) == len(told)
    for ticket, record in zip(found.tickets, told, strict=True):
        fields = record["fields"]
        assert ticket.local_time.isoformat() == fields["StartDateTime"]
        assert ticket.local_end.isoformat() == fields["EndDateTime"]
        assert (ticket.charged_user or "") == fields["ChargedNumber"]
        assert (ticket.dialled_number or "") == fields["CalledNumber"]
        assert (ticket.subscriber_name or "") == fields["ChargedUserName"]
        assert (ticket.call_seconds, ticket.units) == (fields["Duration"], fields["ChargeUnits"])
        assert ticket.cost * 100 == fields["CostInfo"]
        trunk = fields["TrunkIdentity"]
        assert ticket.trunk == (None if trunk == NO_TRUNK else str(trunk))
        assert (ticket.trunk_kind == "analogue") == (fields["CostType"]["code"] == 1)


NO_TRUNK = 65535


def test_a_cost_in_hundredths_is_a_whole_number() -> None:
    line = (FILES / "taxaaaaa-plain.txt").read_bytes().splitlines()[1]
    found = read(line[:191] + b"       340" + line[201:], LFTP.delivery)
    assert str(found.tickets[0].cost) == "3.40"
    wrong = read(line[:191] + b"      3.40" + line[201:], LFTP.delivery)
    assert "cost: '3.40' cannot be read" in wrong.unreadable[0].reason
