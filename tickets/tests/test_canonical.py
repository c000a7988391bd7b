"""Canonical JSON: one spelling, a published schema, and errors that name line and field."""

import json
import string
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import jsonschema
import oxo_tickets
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oxo_tickets import (
    Kind,
    Ticket,
    TicketUnreadable,
    from_json,
    from_ndjson,
    schema,
    to_json,
    to_ndjson,
)
from oxo_tickets.canonical import LINE_BYTES_MAX

CANONICAL = (
    b'{"account_code":"123456","call_seconds":50,"charged_user":"128","charged_user_kind":"set",'
    b'"communication_type":"outgoing","cost":"1.70","currency":"EUR",'
    b'"dialled_number":"0039067****","dialling_mode":"redial","direction":"outgoing",'
    b'"extras":{"taxation":{"FutureThing":"42"},"v24":{"NOD":"3"}},'
    b'"facilities":["online metering","transfer"],"fold":1,"initial_user":"G9",'
    b'"initial_user_kind":"attendant group","kind":"call","local_time":"2020-10-25T02:30:07",'
    b'"masked":{"dialled_number":4},"reminder_time":"07:00:00","ring_seconds":5,'
    b'"service":"telephony","subscriber_name":"M. ORVELLE","trunk":"01","trunk_kind":"T0",'
    b'"units":2,"zone":"Europe/Paris"}'
)

texts = st.none() | st.text(alphabet=string.printable + "éß€", max_size=26)
seconds = st.none() | st.integers(0, 90_000)
tickets = st.builds(
    Ticket,
    kind=st.sampled_from(Kind),
    local_time=st.datetimes(min_value=datetime(1970, 1, 1)).map(  # noqa: DTZ001 (wall clock)
        lambda at: at.replace(microsecond=0)
    ),
    charged_user=texts,
    dialled_number=texts,
    subscriber_name=texts,
    ring_seconds=seconds,
    call_seconds=seconds,
    cost=st.none() | st.decimals(0, 65_535, places=4),
)


def test_the_bytes_of_a_full_ticket_are_known(full_call: Ticket) -> None:
    assert to_json(full_call) == CANONICAL


def test_the_known_bytes_read_back(full_call: Ticket) -> None:
    assert from_json(CANONICAL) == full_call


def test_the_order_of_keys_does_not_matter(full_call: Ticket) -> None:
    shuffled = json.dumps(dict(reversed(json.loads(CANONICAL).items())))
    assert from_json(shuffled) == full_call


@given(tickets)
def test_every_ticket_reads_back_and_obeys_the_schema(ticket: Ticket) -> None:
    line = to_json(ticket)
    assert from_json(line) == ticket
    jsonschema.validate(json.loads(line), schema())


def test_money_keeps_the_decimals_of_its_source() -> None:
    ticket = Ticket(kind=Kind.CALL, local_time=datetime(2020, 2, 24), cost=Decimal("0.5000"))  # noqa: DTZ001
    assert b'"cost":"0.5000"' in to_json(ticket)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (b"", "truncated"),
        (b"[]", "Expected `object`, got `array`"),
        (b'{"kind":"call"}', "missing required field `local_time`"),
        (b'{"kind":"walk","local_time":"2020-02-24T00:00:00"}', r"'walk' - at `\$.kind`"),
        (b'{"kind":"call","local_time":"24/02/2020"}', r"at `\$.local_time`"),
        (b'{"kind":"call","local_time":"2020-02-24T00:00:00Z"}', "without an offset"),
        (
            b'{"kind":"call","local_time":"2020-02-24T00:00:00","caler":"1"}',
            "unknown field `caler`",
        ),
        (b'{"kind":"call\xff"}', r"UTF-8|utf-8"),
        (b" " * (LINE_BYTES_MAX + 1), f"at most {LINE_BYTES_MAX}"),
    ],
)
def test_a_line_that_is_no_ticket_is_refused_with_its_reason(line: bytes, complaint: str) -> None:
    with pytest.raises(TicketUnreadable, match=complaint):
        from_json(line)


def test_a_file_names_the_line_that_is_no_ticket(full_call: Ticket) -> None:
    lines = [to_json(full_call), b"\n", b"garbage"]
    read = from_ndjson(lines)
    assert next(read) == full_call
    with pytest.raises(TicketUnreadable, match=r"^line 3: "):
        next(read)


def test_ndjson_keeps_identical_neighbours(full_call: Ticket) -> None:
    data = to_ndjson([full_call, full_call])
    assert [full_call, full_call] == list(from_ndjson(data.splitlines(keepends=True)))


def test_the_published_schema_is_the_models_own() -> None:
    published = Path(oxo_tickets.__file__).with_name("ticket-1.schema.json")
    assert json.loads(published.read_text("utf-8")) == schema()


def test_the_schema_refuses_a_misspelt_key() -> None:
    with pytest.raises(jsonschema.ValidationError, match="caler"):
        jsonschema.validate(
            {"kind": "call", "local_time": "2020-02-24T00:00:00", "caler": "1"}, schema()
        )
