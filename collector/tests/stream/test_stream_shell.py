"""The stream on sockets, with spool and store: raw peers say what no exchange should."""

import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.stream.conftest import Collecting, Exchange

pytestmark = pytest.mark.process

VECTORS = Path(__file__).resolve().parents[3] / "vectors" / "oxe-stream"
CDR = (VECTORS / "tv-07-cdr-frame.bin").read_bytes()
MAIN = (VECTORS / "tv-02-role-main.bin").read_bytes()
STANDBY = (VECTORS / "tv-06c-not-main.bin").read_bytes()
ASK = (VECTORS / "tv-04-test-request.bin").read_bytes()
ANSWER = (VECTORS / "tv-05-test-response.bin").read_bytes()
ANSWER_SECONDS_MAX = 1.0

Start = Callable[..., "Collecting"]
Frame = Callable[[int], bytes]


def test_a_burst_is_stored_and_the_keep_alive_inside_answered_within_a_second(
    exchange: "Exchange", start_collecting: Start, frame: Frame
) -> None:
    one = start_collecting(exchange)
    with exchange.active() as peer:
        burst = list(map(frame, range(5000)))
        peer.say(b"".join(burst[:2500]) + ASK)
        asked = time.monotonic()
        peer.say(b"".join(burst[2500:]))
        peer.hear(ANSWER)
        assert time.monotonic() - asked < ANSWER_SECONDS_MAX
        one.wait_stored(5000)
        assert one.called() == [str(number) for number in range(5000)]


def test_keep_alives_are_answered_while_the_store_is_locked_and_nothing_is_lost(
    exchange: "Exchange", start_collecting: Start
) -> None:
    one = start_collecting(exchange)
    with exchange.active() as peer:
        peer.say(CDR)
        one.wait_stored(1)
        with closing(sqlite3.connect(one.store, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            for _ in range(3):
                peer.say(CDR * 10)
                assert peer.ask_alive() < ANSWER_SECONDS_MAX
            other.execute("ROLLBACK")
        one.wait_stored(31)


@pytest.mark.parametrize("length", [b"\0\0", b"\xff\xff"])
def test_a_bad_length_closes_and_connects_anew(
    length: bytes, exchange: "Exchange", start_collecting: Start, frame: Frame
) -> None:
    one = start_collecting(exchange)
    with exchange.active() as peer:
        peer.say(frame(1) + length + CDR)
        peer.await_end()
    with exchange.active() as peer:
        peer.tickets(2)
        one.wait_stored(2)
    status = one.status()
    assert (one.called(), status.quarantined) == (["1", "2"], 1)
    assert f"length {int.from_bytes(length, 'big')}" in status.outages[0].why


def test_what_is_no_exchange_is_an_alarm_and_left(
    exchange: "Exchange", start_collecting: Start
) -> None:
    one = start_collecting(exchange)
    for _ in range(2):
        with exchange.accept() as peer:
            peer.say(b"\xff\xff")
            peer.await_end()
    one.wait_told("whoever listens there is no exchange")
    with exchange.active() as peer:
        peer.say(CDR)
        one.wait_stored(1)
    (alarm,) = (each for each in one.status().alarms if "no exchange" in each.text)
    assert alarm.seen_count == 1


def test_a_frame_that_the_end_cuts_is_set_aside(
    exchange: "Exchange", start_collecting: Start
) -> None:
    one = start_collecting(exchange)
    with exchange.active() as peer:
        peer.say(CDR + CDR[:400])
    one.wait_told("connection lost")
    status = one.status()
    assert (status.tickets, status.quarantined, status.missing) == (1, 1, 0)


def test_a_standby_is_left_for_the_second_address(
    exchange: "Exchange", start_exchange: Callable[[], "Exchange"], start_collecting: Start
) -> None:
    other = start_exchange()
    one = start_collecting(exchange, other)
    with exchange.accept() as standby:
        standby.say(STANDBY)
        with other.active() as peer:
            peer.tickets(1)
            one.wait_stored(1)
            standby.await_end()
    # Switched over: the one is dead, the other became main.
    other.close()
    with exchange.active() as peer:
        peer.tickets(2)
        one.wait_stored(2)
    assert one.called() == ["1", "2"]


def test_a_silent_peer_is_left(exchange: "Exchange", start_collecting: Start) -> None:
    one = start_collecting(exchange, more="silence_seconds_max = 0.2\nopen_seconds_max = 0.2")
    with exchange.accept() as silent:
        silent.await_end()
    with exchange.active() as peer:
        peer.ask_alive()
        peer.await_end()  # 0.2 s later; before something came it would be 180 s
    one.wait_told("nothing came for 0.2 seconds")


def test_a_stop_takes_what_is_under_way_and_leaves_no_outage(
    exchange: "Exchange", start_collecting: Start
) -> None:
    one = start_collecting(exchange)
    with exchange.active() as peer:
        peer.tickets(1)
        one.wait_stored(1)
        one.ask_stop()
        peer.await_end()  # of our side; what the exchange has on its way follows
        peer.tickets(2, 3)
    one.stop()
    assert one.called() == ["1", "2", "3"]
    assert one.status().outages == ()
    assert list((one.store.parent / "tickets.db.spool" / "site").glob("*.spool")) == []


def test_a_stop_is_not_held_up_by_an_exchange_that_says_nothing(
    exchange: "Exchange", start_collecting: Start
) -> None:
    one = start_collecting(exchange)
    with exchange.accept():
        begun = time.monotonic()
        one.stop()
        assert time.monotonic() - begun < 5


def test_a_full_spool_holds_back_and_goes_on_when_there_is_room(
    exchange: "Exchange", start_collecting: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = os.fdatasync, count()

    def full(file: int) -> None:
        if next(calls) < 2:
            raise OSError(28, "No space left on device")
        real(file)

    one = start_collecting(exchange)
    with exchange.active() as peer:
        peer.tickets(1)
        one.wait_stored(1)
        monkeypatch.setattr(os, "fdatasync", full)
        peer.tickets(2)
        peer.ask_alive()
        peer.tickets(3)
        one.wait_stored(3)
    assert one.called() == ["1", "2", "3"]
    assert any("No space left on device" in text for text in one.texts())


def test_tickets_may_come_with_the_role_before_the_start(
    exchange: "Exchange", start_collecting: Start
) -> None:
    one = start_collecting(exchange)
    with exchange.accept() as peer:
        peer.say(MAIN + CDR * 13)
        one.wait_stored(13)
    assert len(one.called()) == 13
