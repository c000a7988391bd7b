"""Tickets on their way out, and the words of peers on their way to a screen."""

import csv
import io
import logging
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from oxo_collector.cli import app
from oxo_collector.decoders.v24 import LayoutInvalid
from oxo_collector.delivery import write_csv, write_ndjson
from oxo_collector.journal import start
from oxo_collector.store import Row
from oxo_collector.v24.settings import layout_of
from oxo_collector.wording import clipped, one_line
from oxo_tickets import Facility, Kind, Ticket, from_json, to_json
from typer.testing import CliRunner

VECTORS = Path(__file__).resolve().parents[2] / "vectors"
TICKET = Ticket(
    kind=Kind.CALL,
    local_time=datetime.fromisoformat("2026-11-22T20:45:00"),
    charged_user="",
    dialled_number="0123....",
    masked={"dialled_number": 4},
    facilities=(Facility.FORWARDING, Facility.TRANSFER),
    cost=Decimal("1.70"),
    subscriber_name='Ø, "quoted"\nline',
    extras={"taxation": {"Odd": "x"}},
)
ROWS = [
    Row(4, "site", "taxation", "E1", 12, to_json(TICKET)),
    Row(9, "site", "taxation", "E1", 13, to_json(TICKET)),
]


def test_ndjson_is_what_was_stored() -> None:
    out = io.BytesIO()
    assert write_ndjson(ROWS, out) == (2, 9)
    assert out.getvalue() == (to_json(TICKET) + b"\n") * 2
    assert write_ndjson([], io.BytesIO()) == (0, 0)


def test_csv_has_a_column_for_every_field() -> None:
    out = io.BytesIO()
    assert write_csv(ROWS, out) == (2, 9)
    first, _ = csv.DictReader(io.StringIO(out.getvalue().decode("utf-8"), newline=""))
    told = {name: value for name, value in first.items() if value}
    assert told == {
        "id": "4",
        "exchange": "site",
        "wire": "taxation",
        "epoch": "E1",
        "sequence": "12",
        "kind": "call",
        "local_time": "2026-11-22T20:45:00",
        "resolution": "second",
        "dialled_number": "0123....",
        "masked": '{"dialled_number":4}',
        "facilities": "forwarding;transfer",
        "cost": "1.70",
        "subscriber_name": 'Ø, "quoted"\nline',
        "extras": '{"taxation":{"Odd":"x"}}',
    }


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("plain Ø", "plain Ø"),
        ("two\nlines", "two\\x0alines"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("left\u202eright", "left\\x202eright"),
    ],
)
def test_a_peer_cannot_write_lines_of_its_own(text: str, line: str) -> None:
    assert one_line(text) == line


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ""),
        ("two\nlines", "two\\x0alines"),
        ("x" * 200, "x" * 200),
        ("x" * 201, "x" * 200 + "... (201 characters)"),
        ("\n" * 51, "\\x0a" * 50 + "... (51 characters)"),
        ("x" * 10**6, "x" * 200 + "... (1000000 characters)"),
    ],
)
def test_a_peer_cannot_fill_the_log(text: str, told: str) -> None:
    assert clipped(text) == told


@pytest.mark.parametrize("form", ["text", "json"])
def test_one_event_is_one_line(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    log = start("json" if form == "json" else "text")
    log.log(logging.WARNING, "fault\n2026 [info] forged", text="a\nb")
    log.info("second")
    first, second = capsys.readouterr().err.splitlines()
    assert "warning" in first
    assert "forged" in first
    assert "second" in second


def decode(*words: str, data: bytes | None = None) -> tuple[int, list[bytes], str]:
    result = CliRunner().invoke(app, ["decode", *words], input=data)
    return result.exit_code, result.stdout_bytes.splitlines(), result.stderr


def test_decode_writes_canonical_tickets_with_the_zone() -> None:
    path = VECTORS / "oxo-xml" / "names.xml"
    status, lines, errors = decode(str(path), "--zone", "Europe/Paris")
    assert (status, errors) == (0, "")
    assert {from_json(line).zone for line in lines} == {"Europe/Paris"}
    assert decode("-", "--zone", "Europe/Paris", data=path.read_bytes()) == (0, lines, "")


def test_decode_names_what_cannot_be_read_and_reads_the_rest() -> None:
    path = VECTORS / "oxo-xml" / "bad-values.xml"
    status, lines, errors = decode(str(path))
    assert status == 1
    assert lines
    assert errors.startswith(f"{path}: ticket 2: Date '24/02/2020' is no date")


@pytest.mark.parametrize(
    "name", ["entity-bomb", "external-entity", "not-xml", "not-well-formed-cut"]
)
def test_decode_names_a_document_that_cannot_be_read(name: str) -> None:
    path = VECTORS / "oxo-xml" / f"{name}.xml"
    status, _, errors = decode(str(path))
    assert status == 1
    assert errors.startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nowhere.xml",), "nowhere.xml: cannot be read: No such file"),
        (("-", "--zone", "Mars/Base"), "'Mars/Base' is no IANA time zone"),
        (("-", "--layout", "none"), "layout 'none' is "),
    ],
)
def test_decode_refuses_what_the_operator_got_wrong(words: tuple[str, ...], said: str) -> None:
    status, lines, errors = decode(*words, data=b"")
    assert (status, lines) == (2, [])
    assert said in errors


def test_the_version_is_one_line() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert result.exit_code == 0
    assert result.output.startswith("oxo-collect ")
    assert result.output.count("\n") == 1


def test_an_answer_of_a_foreign_contract_is_decoded_by_its_table(tmp_path: Path) -> None:
    table = tmp_path / "contract.toml"
    table.write_text(
        '[contract]\nsoap = "1.2"\nnamespace = "urn:n"\nresult_suffix = ""\n'
        '[contract.operations]\nget_tickets = "Fetch"\n[contract.elements]\nticket = "Record"\n'
    )
    answer = (
        b'<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body>'
        b'<FetchResponse xmlns="urn:n"><firstSequence>1</firstSequence>'
        b"<lastSequence>1</lastSequence><remaining>0</remaining><CallAccountingList><Record>"
        b"<Date>2026-11-22</Date><Time>10:00:00</Time></Record></CallAccountingList>"
        b"</FetchResponse></e:Body></e:Envelope>"
    )
    ours = CliRunner().invoke(app, ["decode", "-"], input=answer)
    assert ours.exit_code == 1
    assert "SOAP 1.2 instead of SOAP 1.1 (contract key: soap)" in ours.stderr
    theirs = CliRunner().invoke(app, ["decode", "-", "--contract", str(table)], input=answer)
    assert theirs.exit_code == 0, theirs.stderr
    assert b'"local_time":"2026-11-22T10:00:00"' in theirs.stdout_bytes
    table.write_text("[contract]\nsoap = 3\n")
    refused = CliRunner().invoke(app, ["decode", "-", "--contract", str(table)], input=answer)
    assert refused.exit_code == 2
    assert f"{table}: contract.soap" in refused.stderr


def test_a_layout_nested_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "layout.json"
    path.write_text("[" * 60_000, "utf-8")
    with pytest.raises(LayoutInvalid, match=r"layout\.json' is neither known"):
        layout_of(str(path), Path())
