"""`oxo-sim load`: recorded tickets into the exchange, at once, in original or in scaled speed."""

import io
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from oxo_simulator.commands.tickets import batch, numbered
from oxo_simulator.control.client import ControlClient, OrderRefused
from oxo_simulator.control.messages import LedgerLine
from oxo_tickets import Kind, Ticket, to_json, to_ndjson
from oxo_tickets.canonical import LINE_BYTES_MAX

OXO_SIM = str(Path(sys.executable).with_name("oxo-sim"))
SECONDS_MAX = 60
LOCAL = datetime(2020, 2, 24, 14)  # noqa: DTZ001
StartExchange = Callable[..., Path]


def tickets(count: int, apart_seconds: int) -> list[Ticket]:
    """Return calls so far apart; each is told by its duration."""
    return [
        Ticket(
            kind=Kind.CALL,
            local_time=LOCAL + timedelta(seconds=number * apart_seconds),
            call_seconds=number,
        )
        for number in range(count)
    ]


def load(state: Path, given: bytes, *words: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [OXO_SIM, "load", "-", *words, "--state", state],
        input=given,
        capture_output=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def made(client: ControlClient, count: int) -> list[LedgerLine]:
    """Wait until so many tickets are made; return their lines."""
    lines = client.ledger()
    while sum(line.event == "made" for line in lines) < count:
        found = client.ledger(lines[-1].n, 20)
        assert found, f"no ticket came behind {lines[-1]}"
        lines += found
    return [line for line in lines if line.event == "made"]


# reading


def read(octets: bytes) -> list[tuple[int, bytes]]:
    return list(numbered(io.BytesIO(octets)))


def test_lines_are_counted_and_blank_ones_passed_over() -> None:
    assert read(b"one\n\n \r\ntwo\r\nthree") == [(1, b"one"), (4, b"two"), (5, b"three")]
    assert read(b"") == []


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_the_longest_line_is_read_and_a_longer_one_refused(end: bytes) -> None:
    ticket = to_json(tickets(1, 0)[0])
    longest = ticket + b" " * (LINE_BYTES_MAX - len(ticket))
    found, wrong = batch(iter(read(longest + end)))
    assert (found, wrong) == (tickets(1, 0), None)
    found, wrong = batch(iter(read(ticket + b"\n" + longest + b" " + end)))
    assert found == tickets(1, 0)
    assert wrong is not None
    assert wrong.startswith("line 2: line of ")


def test_a_line_without_end_is_not_read_whole() -> None:
    endless = io.BytesIO(b"x" * 10 * LINE_BYTES_MAX)
    _, wrong = batch(numbered(endless))
    assert wrong is not None
    assert wrong.startswith("line 1: ")
    assert endless.tell() <= LINE_BYTES_MAX + 2


def test_a_bad_line_ends_the_batch_behind_the_good_ones() -> None:
    good = tickets(2, 0)
    lines = iter(read(to_ndjson(good) + b'{"kind": "banana"}\n' + to_ndjson(good)))
    found, wrong = batch(lines)
    assert found == good
    assert wrong is not None
    assert wrong.startswith("line 3: Invalid enum value 'banana'")


# loading


@pytest.mark.process
def test_many_tickets_are_loaded_at_once(start_exchange: StartExchange) -> None:
    state = start_exchange()
    status, said, more = load(state, to_ndjson(tickets(1500, 0)))
    assert (status, said) == (0, "1500 tickets written\n")
    assert more == "1000 of 1000 wait in the buffer\n"


@pytest.mark.process
@pytest.mark.parametrize(
    ("pace", "written"),
    [("0", "2 tickets written"), ("1", "1 tickets written, 1 to come as exchange time goes on")],
)
def test_tickets_before_a_bad_line_are_written_and_told(
    start_exchange: StartExchange, pace: str, written: str
) -> None:
    state = start_exchange()
    bad = to_ndjson(tickets(2, 10)) + b'\n{"kind": "banana"}\n' + to_ndjson(tickets(2, 10))
    status, said, log = load(state, bad, "--pace", pace)
    assert (status, said) == (1, f"{written}\n")
    assert log.splitlines()[1].startswith("oxo-sim: -, line 4: Invalid enum value 'banana'")
    with ControlClient.from_state(state) as client:
        client.advance(10)
        assert [line.detail["ticket"].get("call_seconds") for line in made(client, 2)] == [0, 1]
        assert client.state().tickets_made == 2


@pytest.mark.process
def test_a_pace_waits_for_exchange_time(start_exchange: StartExchange) -> None:
    state = start_exchange()
    status, said, _ = load(state, to_ndjson(tickets(3, 10)), "--pace", "2")
    assert (status, said) == (0, "1 tickets written, 2 to come as exchange time goes on\n")
    with ControlClient.from_state(state) as client:
        assert client.advance(5).tickets_made == 2
        assert client.advance(5).tickets_made == 3


@pytest.mark.process
@pytest.mark.parametrize(("pace", "seconds"), [("1", 600), ("100", 6)])
def test_original_and_scaled_speed_while_exchange_time_runs(
    start_exchange: StartExchange, pace: str, seconds: int
) -> None:
    state = start_exchange("--time", "2000")
    assert load(state, to_ndjson(tickets(5, 600)), "--pace", pace)[0] == 0
    with ControlClient.from_state(state) as client:
        found = made(client, 5)
    assert [line.detail["ticket"]["call_seconds"] for line in found] == list(range(5))
    instants = [datetime.fromisoformat(line.exchange_time) for line in found]
    assert [each - instants[0] for each in instants] == [
        timedelta(seconds=seconds * number) for number in range(5)
    ]


@pytest.mark.process
def test_a_pace_holds_over_any_number_of_tickets(start_exchange: StartExchange) -> None:
    state = start_exchange("--set", "buffer.capacity=30000")
    count = 12_000
    status, said, _ = load(state, to_ndjson(tickets(count, 3)), "--pace", "3")
    assert (status, said) == (
        0, f"1 tickets written, {count - 1} to come as exchange time goes on\n",
    )  # fmt: skip
    with ControlClient.from_state(state) as client:
        for second in (998, 999, 1000, 1001, count - 2):
            passed = client.state().tickets_made - 1
            assert client.advance(second - passed).tickets_made == second + 1
        assert client.advance(1).tickets_made == count
        durations = [line.detail["ticket"]["call_seconds"] for line in made(client, count)]
    assert durations == list(range(count))


@pytest.mark.process
def test_a_date_beyond_reason_is_refused(start_exchange: StartExchange) -> None:
    far = [tickets(1, 0)[0], Ticket(kind=Kind.CALL, local_time=LOCAL.replace(year=2999))]
    with (
        ControlClient.from_state(start_exchange()) as client,
        pytest.raises(OrderRefused, match=r"would come in \d+ exchange seconds; at most"),
    ):
        client.load(far, 1)
