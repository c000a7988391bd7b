"""The stream's shell in memory: dialogue, backlog, time and notices, every key flipped."""

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace
from oxo_simulator.ed52.codec import render
from oxo_simulator.ed52.settings import Ed52Settings
from oxo_simulator.stream.codec import Kind, ticket
from oxo_simulator.stream.machine import JOINED_FRAMES_MAX

OPEN, START = b"\0\x01S", b"\0\x02\0\0"
ANSWER, REQUEST = b"\0\x08TEST_RSP", b"\0\x08TEST_REQ"
MAIN, EMPTY = b"\0\x01P", ticket(Kind.EMPTY).octets
MAO_FRAME = ticket(Kind.MAO, b"OBJECT=LICENCE;\n").octets
FRAME_BYTES = 774
MANNER = Ed52Settings().manner


def frames(octets: bytes) -> Iterator[bytes]:
    assert len(octets) % FRAME_BYTES == 0
    for place in range(0, len(octets), FRAME_BYTES):
        yield octets[place : place + FRAME_BYTES]


def test_a_collector_starts_and_is_told_what_waits_and_what_comes(houses: Any) -> None:
    house = houses()
    house.put(houses.call(1), houses.call(2))
    peer = house.connect()
    assert peer.heard() == b""
    assert peer.say(OPEN) == MAIN + EMPTY
    assert house.proved == ["c1"]
    assert peer.say(START) == houses.cdr(houses.call(1)) + houses.cdr(houses.call(2))
    house.put(houses.call(3))
    assert peer.heard() == houses.cdr(houses.call(3))
    assert house.outlet.waiting_count() == 0
    one = {"session": "e1", "connection": "c1"}
    assert house.events("session opened", "sent") == [
        ("session opened", {**one, "reason": "started"}),
        ("sent", {"first": 1, "last": 1, **one}),
        ("sent", {"first": 2, "last": 2, **one}),
        ("sent", {"first": 3, "last": 3, **one}),
    ]
    assert peer.wire.nodelay
    assert not peer.wire.streaming
    assert house.transcript[:4] == [
        ("stream-a", "collector", "S"),
        ("stream-a", "exchange", "role P: main"),
        ("stream-a", "exchange", "empty ticket"),
        ("stream-a", "collector", "<00 00>"),
    ]
    said = house.transcript[4]
    assert said[:2] == ("stream-a", "exchange")
    assert said[2] == f"CDR ticket {render(houses.call(1), MANNER).decode().rstrip()}"
    assert all(text.isprintable() for _, _, text in house.transcript)


def test_separate_writes_flipped(houses: Any) -> None:
    house = houses()
    house.put(houses.call(1))
    peer = house.connect()
    peer.line.dataReceived(OPEN + START)
    assert [len(piece) for piece in peer.wire.take()] == [2, 1, 2, 772, 2, 772]

    house = houses(separate_writes=False)
    house.put(*map(houses.call, range(70)))
    peer = house.connect()
    peer.line.dataReceived(OPEN + START)
    pieces = peer.wire.take()
    assert [len(piece) for piece in pieces] == [777, JOINED_FRAMES_MAX * 774, 6 * 774]
    assert b"".join(pieces) == MAIN + EMPTY + b"".join(
        houses.cdr(houses.call(number)) for number in range(70)
    )
    assert [(one["first"], one["last"]) for _, one in house.events("sent")] == [(1, 64), (65, 70)]


def test_empty_first_flipped(houses: Any) -> None:
    assert houses(empty_first=False).connect().say(OPEN) == MAIN


def test_line_feed_flipped(houses: Any) -> None:
    house = houses(line_feed=True)
    house.put(houses.CALL)
    assert house.started().heard() == ticket(Kind.CDR, render(houses.CALL, MANNER) + b"\n").octets


def test_who_does_not_read_leaves_the_tickets_in_the_buffer(houses: Any) -> None:
    house = houses(capacity=10)
    peer = house.started()
    peer.wire.producer.resumeProducing()
    house.put(*map(houses.call, range(12)))
    # One piece is on its way; nothing of the others has left the outlet.
    assert len(peer.wire.value()) == 2
    assert house.outlet.waiting_count() == 10
    assert [one["id"] for _, one in house.events("dropped")] == [12]
    assert [one["first"] for _, one in house.events("sent")] == [1]
    assert peer.heard() == b"".join(houses.cdr(houses.call(number)) for number in range(11))


def test_the_buffers_alarms_have_names_and_the_newest_is_dropped(houses: Any) -> None:
    house = houses(capacity=10, alarm_percent=50)
    house.put(*map(houses.call, range(13)))
    alarm = {"capacity": 10, "percent": 50}
    assert house.events("alarm", "dropped") == [
        ("alarm", {"name": "OTF_BUFFER_70", "buffered": 5, **alarm}),
        ("dropped", {"id": 11, "reason": "buffer full"}),
        ("alarm", {"name": "OTF_BUFFER_FULL", "buffered": 10, **alarm}),
        ("dropped", {"id": 12, "reason": "buffer full"}),
        ("dropped", {"id": 13, "reason": "buffer full"}),
    ]
    peer = house.started()
    assert len(list(frames(peer.heard()))) == 10
    peer.leave()
    house.put(*map(houses.call, range(11)))
    assert house.alarms()[-2:] == ["OTF_BUFFER_70", "OTF_BUFFER_FULL"]


def test_alarm_percent_flipped(houses: Any) -> None:
    house = houses(capacity=2, alarm_percent=0)
    house.put(houses.CALL, houses.CALL)
    assert house.alarms() == []


def test_what_was_sent_is_not_told_again_and_the_rest_is(houses: Any) -> None:
    house = houses()
    peer = house.started()
    peer.heard()
    house.put(houses.call(1))
    peer.heard()
    peer.leave()
    house.put(houses.call(2))
    assert house.started(2).heard() == houses.cdr(houses.call(2))
    assert [detail["reason"] for _, detail in house.events("session closed")] == ["peer left"]
    assert house.alarms() == ["OTF_LINK_UP", "OTF_LINK_DOWN", "OTF_LINK_UP"]


def test_a_ticket_whose_frame_had_begun_is_sent_whatever_becomes_of_it(houses: Any) -> None:
    house = houses()
    peer = house.started()
    peer.heard()
    house.put(houses.call(1))
    peer.leave()
    assert [one["first"] for _, one in house.events("sent")] == [1]
    assert house.started(2).heard() == b""


# Time.


def test_keep_alive_seconds_and_answer_seconds_flipped(houses: Any) -> None:
    house = houses(keep_alive_seconds=8, answer_seconds=3)
    peer = house.started()
    peer.heard()
    house.clock.advance(7.9)
    assert peer.heard() == b""
    house.clock.advance(0.1)
    assert peer.heard() == REQUEST
    house.clock.advance(2.9)
    assert peer.say(ANSWER) == b""
    house.clock.advance(5.1)
    assert peer.heard() == REQUEST
    house.clock.advance(3)
    assert peer.ended
    assert house.alarms() == ["OTF_LINK_UP", "OTF_KEEPALIVE_LOST", "OTF_LINK_DOWN"]
    ((_, closed),) = house.events("session closed")
    assert closed["reason"] == "no answer"
    house.put(houses.CALL)
    assert house.outlet.waiting_count() == 1


def test_the_defaults_are_half_a_minute(houses: Any) -> None:
    house = houses()
    peer = house.started()
    peer.heard()
    for _ in range(10):
        house.clock.advance(30)
        assert peer.heard() == REQUEST
        assert peer.say(ANSWER) == b""
    house.clock.advance(30)
    peer.heard()
    house.clock.advance(30)
    assert peer.ended


def test_a_keep_alive_comes_inside_a_burst(houses: Any) -> None:
    house = houses(keep_alive_seconds=5, capacity=100)
    house.put(*map(houses.call, range(20)))
    peer = house.started()
    for _ in range(9):  # some pieces
        peer.wire.producer.resumeProducing()
    house.clock.advance(5)
    heard = peer.heard()
    assert heard.count(REQUEST) == 1
    told = heard.replace(REQUEST, b"")
    assert told == b"".join(houses.cdr(houses.call(number)) for number in range(20))
    assert 0 < heard.index(REQUEST) < len(told)


def test_open_seconds_and_start_seconds_flipped(houses: Any) -> None:
    house = houses(open_seconds=2, start_seconds=3)
    silent = house.connect(1)
    house.clock.advance(2)
    assert silent.ended
    opened = house.connect(2)
    opened.say(OPEN)
    ended = []
    for seconds in (2.9, 0.1):
        house.clock.advance(seconds)
        ended.append(opened.ended)
    assert ended == [False, True]
    assert [detail for _, detail in house.events("refused")] == [
        {"connection": "c1", "reason": "not opened"},
        {"connection": "c2", "reason": "not started"},
    ]
    assert house.events("session opened", "alarm") == []


def test_first_ticket_seconds_flipped(houses: Any) -> None:
    house = houses(first_ticket_seconds=120)
    house.put(houses.CALL)
    peer = house.started()
    assert peer.heard() == b""
    for _ in range(3):
        house.clock.advance(30)
        assert peer.heard() == REQUEST
        peer.say(ANSWER)
    house.clock.advance(30)
    heard = peer.heard()
    assert REQUEST in heard
    assert houses.cdr(houses.CALL) in heard


# Notices.


@pytest.mark.parametrize("separate_writes", [True, False])
def test_notices_and_tickets_come_in_one_order(
    houses: Any,
    separate_writes: bool,  # noqa: FBT001
) -> None:
    house = houses(separate_writes=separate_writes)
    house.outlet.put_notice(houses.MAO)
    house.put(houses.call(1), houses.call(2))
    house.outlet.put_notice(houses.VOIP)
    house.outlet.put_notice(houses.MAO)
    house.put(houses.call(3))
    voip, mao, *rest = (house.outlet.notices[place].notice for place in (1, 2))
    assert (voip, mao, rest) == (houses.VOIP, houses.MAO, [])
    heard = list(frames(house.started().heard()))
    assert [frame[4] for frame in heard] == [6, 2, 2, 7, 6, 2]
    assert heard[0] == heard[4] == MAO_FRAME
    told = [event for event, _ in house.events("notice", "sent")]
    sent = ["sent", "sent"] if separate_writes else ["sent"]
    assert told == ["notice", *sent, "notice", "notice", "sent"]
    one = {"session": "e1", "connection": "c1"}
    assert house.events("notice")[1] == ("notice", {"kind": "voip", **one})
    assert "MAO ticket OBJECT=LICENCE;" in [text for _, _, text in house.transcript]


def test_a_notice_that_comes_goes_at_once(houses: Any) -> None:
    house = houses()
    peer = house.started()
    peer.heard()
    house.outlet.put_notice(houses.MAO)
    assert peer.heard() == MAO_FRAME


@pytest.mark.parametrize("key", ["mao", "voip"])
def test_mao_and_voip_flipped(houses: Any, key: str) -> None:
    house = houses(**{key: False})
    house.outlet.put_notice(getattr(houses, key.upper()))
    assert house.started().heard() == b""
    assert not house.outlet.notices


def test_a_notice_that_cannot_be_said_is_not_taken(houses: Any) -> None:
    house = houses()
    house.outlet.put_notice(houses.VOIP._replace(call=replace(houses.CALL, charged_user="1" * 31)))
    house.outlet.put_notice(houses.MAO._replace(items=(("A;", "B"),)))
    assert not house.outlet.notices


def test_notices_find_no_more_room_than_tickets_and_take_none_of_theirs(houses: Any) -> None:
    house = houses(capacity=2)
    for _ in range(3):
        house.outlet.put_notice(houses.MAO)
    assert house.events("notice dropped") == [
        ("notice dropped", {"kind": "mao", "reason": "buffer full"}),
    ]
    house.put(houses.CALL, houses.CALL)
    assert house.outlet.waiting_count() == 2
