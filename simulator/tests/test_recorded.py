"""What a recorded ticket must be: every limit at its edge, named when it is passed."""

from collections.abc import Callable
from pathlib import Path

import pytest
from oxo_simulator.commands.tickets import batch
from oxo_simulator.control.client import ControlClient, OrderRefused
from oxo_simulator.exchange.recorded import unsayable
from oxo_simulator.taxation.answers import can_render
from oxo_tickets import from_json

CALL = '{"kind":"call","local_time":"2020-02-24T14:00:00",%s}'
EDGES = [
    ('"call_seconds":359999', '"call_seconds":360000', "call_seconds 360000; less than a hundred"),
    ('"ring_seconds":359999', '"ring_seconds":360000', "ring_seconds 360000; less than a hundred"),
    ('"units":4294967295', '"units":4294967296', "units 4294967296; at most 4294967295"),
    ('"units":1', f'"units":{"9" * 4000}', "units of more than 20 digits; at most"),
    ('"zone":"Europe/Paris"', '"zone":"Europe"', "zone 'Europe'; an IANA zone is expected"),
    (
        '"local_end":"9999-12-30T23:59:59"',
        '"local_end":"9999-12-31T00:00:00"',
        "local_end 9999-12-31T00:00:00; 0001-01-02 to 9999-12-30 is expected",
    ),
    *(
        (
            f'"{name}":"{"x" * 128}"',
            f'"{name}":"{"x" * 129}"',
            f"{name} of 129 characters; at most 128 are expected",
        )
        for name in (
            "account_code",
            "subscriber_name",
            "charged_user",
            "initial_user",
            "dialled_number",
            "trunk",
            "currency",
        )
    ),
]


@pytest.mark.parametrize(("right", "wrong", "words"), EDGES, ids=[edge[2][:30] for edge in EDGES])
def test_a_limit_holds_at_its_edge(right: str, wrong: str, words: str) -> None:
    passed = from_json(CALL % right)
    assert unsayable(passed) is None
    assert can_render(passed, "extended")
    assert (unsayable(from_json(CALL % wrong)) or "").startswith(words)


@pytest.mark.parametrize(
    ("local_time", "seconds", "words"),
    [
        ("9999-12-31T23:59:59", 86400, "local_time 9999-12-31T23:59:59; 0001-01-02 to"),
        ("0001-01-01T23:59:59", 0, "local_time 0001-01-01T23:59:59; 0001-01-02 to"),
        ("9999-12-30T23:59:59", 1, "call_seconds 1; the call would end after 9999-12-30"),
        ("9999-12-30T23:59:58", 1, ""),
        ("0001-01-02T00:00:00", 0, ""),
    ],
)
@pytest.mark.parametrize("kind", ["call", "local call"])
def test_times_stay_within_the_calendar(
    kind: str, local_time: str, seconds: int, words: str
) -> None:
    line = f'{{"kind":"{kind}","local_time":"{local_time}","call_seconds":{seconds}}}'
    assert (unsayable(from_json(line)) or "").startswith(words)
    if not words:
        assert unsayable(from_json(line)) is None
        assert can_render(from_json(line), "extended")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (CALL % '"call_seconds":360000', "line 3: call_seconds 360000; less than"),
        (CALL % '"cost":"NaN"', "line 3: cost is "),
        (CALL % '"cost":"-Infinity"', "line 3: cost is "),
        (CALL % '"cost":"-1"', "line 3: cost is "),
        (CALL % '"cost":"1E-99999999"', "line 3: cost is "),
    ],
)
def test_a_load_names_line_and_field(wrong: str, words: str) -> None:
    right = from_json(CALL % '"units":1')
    lines = [(1, (CALL % '"units":1').encode()), (3, wrong.encode()), (4, b"not read")]
    found, said = batch(iter(lines))
    assert found == [right]
    assert (said or "").startswith(words)


@pytest.mark.process
def test_the_control_port_names_ticket_and_field(start_exchange: Callable[..., Path]) -> None:
    right = from_json(CALL % '"call_seconds":1')
    wrong = from_json('{"kind":"call","local_time":"9999-12-31T23:59:59"}')
    with ControlClient.from_state(start_exchange()) as client:
        with pytest.raises(OrderRefused, match="ticket 2: local_time 9999"):
            client.load([right, wrong], 0)
        assert client.state().tickets_made == 0
