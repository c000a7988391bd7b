"""The stream's shell in memory: second clients, two CPUs, switch-over, and hostile peers."""

from typing import Any

import pytest
from oxo_simulator.stream.machine import STRANGE_FRAMES_MAX
from oxo_simulator.stream.shell import CLOSE_SECONDS_MAX

OPEN, START, ANSWER = b"\0\x01S", b"\0\x02\0\0", b"\0\x08TEST_RSP"
MAIN = b"\0\x01P"


# Clients and CPUs.


def test_a_second_client_is_closed_without_a_byte(houses: Any) -> None:
    house = houses()
    first, second, third = house.started(1), house.connect(2), house.connect(3)
    assert (second.ended, third.ended, first.ended) == (True, True, False)
    assert second.say(OPEN) == b""
    assert [detail for _, detail in house.events("refused")] == [
        {"connection": "c2", "reason": "second client"},
        {"connection": "c3", "reason": "second client"},
    ]
    assert house.alarms() == ["OTF_LINK_UP", "OTF_SECOND_CLIENT"]
    house.put(houses.CALL)
    assert first.heard() == houses.cdr(houses.CALL)
    second.leave()
    assert not house.connect(4).line.session
    first.leave()
    house.put(houses.CALL)
    assert house.started(5).heard() == houses.cdr(houses.CALL)
    # The alarm is one of this session again.
    house.connect(6)
    assert house.alarms()[-1] == "OTF_SECOND_CLIENT"


def test_second_client_flipped_to_replace(houses: Any) -> None:
    house = houses(second_client="replace")
    first = house.started(1)
    second = house.started(2)
    assert first.ended
    ((_, closed),) = house.events("session closed")
    assert (closed["connection"], closed["reason"]) == ("c1", "replaced")
    first.leave()
    house.put(houses.CALL)
    assert second.heard() == houses.cdr(houses.CALL)


def test_second_client_flipped_to_refuse(houses: Any) -> None:
    house = houses(second_client="refuse", standby="silent")
    assert list(house.servers.cpus.closed_doors()) == []
    before = house.doors
    peer = house.connect()
    assert list(house.servers.cpus.closed_doors()) == ["stream-a"]
    assert house.doors > before
    peer.leave()
    assert list(house.servers.cpus.closed_doors()) == []


def test_standby_flipped(houses: Any) -> None:
    assert list(houses().servers.cpus.closed_doors()) == ["stream-b"]

    house = houses(standby="role-then-close")
    peer = house.connect(1, "stream-b")
    assert peer.say(OPEN) == b"\0\x01S"
    assert peer.ended
    assert house.events("refused") == [("refused", {"connection": "c1", "reason": "standby"})]

    house = houses(standby="silent", open_seconds=1)
    peer = house.connect(1, "stream-b")
    house.clock.advance(60)
    assert peer.say(OPEN + START) == b""
    assert not peer.ended
    peer.leave()
    assert house.ledger == []


def test_standby_role_flipped(houses: Any) -> None:
    house = houses(standby="role-then-close", standby_role=0x55)
    assert house.connect(1, "stream-b").say(OPEN) == b"\0\x01U"


def test_an_ordered_switch_over_keeps_what_waits(houses: Any) -> None:
    house = houses()
    peer = house.started(1)
    peer.heard()
    house.servers.switch_over(ordered=True)
    assert (peer.ended, peer.wire.aborted) == (True, False)
    peer.leave()
    house.put(houses.CALL)
    assert house.connect(2, "stream-a").say(OPEN) != MAIN
    assert house.started(3, "stream-b").heard() == houses.cdr(houses.CALL)
    assert house.events("switch-over", "session closed") == [
        ("switch-over", {"main": "stream-b", "ordered": True}),
        ("session closed", {"session": "e1", "connection": "c1", "reason": "switch-over"}),
    ]


def test_a_cpu_that_fails_takes_what_waits_along(houses: Any) -> None:
    house = houses()
    peer = house.started(1)
    peer.wire.producer.resumeProducing()
    house.put(houses.call(1), houses.call(2), houses.call(3))
    house.outlet.put_notice(houses.MAO)
    house.servers.switch_over(ordered=False)
    assert peer.wire.aborted
    # The first was on its way: it is sent, wherever it came to.
    assert house.events("sent", "dropped", "notice dropped") == [
        ("sent", {"first": 1, "last": 1, "session": "e1", "connection": "c1"}),
        ("dropped", {"id": 2, "reason": "lost with the CPU"}),
        ("dropped", {"id": 3, "reason": "lost with the CPU"}),
        ("notice dropped", {"kind": "mao", "reason": "lost with the CPU"}),
    ]
    house.put(houses.call(4))
    assert house.started(2, "stream-b").heard() == houses.cdr(houses.call(4))


@pytest.mark.parametrize(
    ("ordered", "settings", "kept"),
    [
        (True, {"buffer_on_switch_over": "lost"}, 0),
        (False, {"buffer_on_failure": "kept"}, 1),
    ],
)
def test_buffer_on_switch_over_and_on_failure_flipped(
    houses: Any,
    ordered: bool,  # noqa: FBT001
    settings: dict[str, str],
    kept: int,
) -> None:
    house = houses(**settings)
    house.put(houses.CALL)
    house.servers.switch_over(ordered=ordered)
    assert house.outlet.waiting_count() == kept


def test_a_silent_connection_ends_with_a_switch_over_too(houses: Any) -> None:
    house = houses(standby="silent")
    peer = house.connect(1, "stream-b")
    house.servers.switch_over(ordered=True)
    assert peer.ended
    assert house.started(2, "stream-b").line.session


def test_a_warm_reset_keeps_the_buffer_and_the_main_cpu(houses: Any) -> None:
    house = houses()
    house.servers.switch_over(ordered=True)
    peer = house.started(1, "stream-b")
    peer.heard()
    house.servers.serving = False
    house.servers.end("reset")
    assert peer.ended
    house.put(houses.CALL)
    late = house.connect(2, "stream-b")
    assert late.ended
    assert house.events("refused")[-1] == ("refused", {"connection": "c2", "reason": "busy"})
    house.servers.serving = True
    assert house.started(3, "stream-b").heard() == houses.cdr(houses.CALL)


def test_a_fresh_installation_forgets_everybody_without_a_word(houses: Any) -> None:
    house = houses()
    peer = house.started()
    house.ledger.clear()
    house.install()
    assert peer.ended
    peer.leave()
    assert house.ledger == []
    house.put(houses.CALL)
    assert house.started(2).heard() == houses.cdr(houses.CALL)


def test_while_the_wire_is_closed_nobody_is_served(houses: Any) -> None:
    house = houses()
    house.servers.install(None)
    assert house.connect().ended
    house.servers.switch_over(ordered=True)
    assert house.servers.line is None


# Hostile peers.


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"\xff\xff", "no frame has length 65535"),
        (b"GET / HTTP/1.1\r\n\r\n", "no frame has length 18245"),
        (b"\0\0", "no frame has length 0"),
        (b"\0\x02\0\0", "no collector"),
        (ANSWER, "no collector"),
        (b"\0\x01s", "no collector"),
    ],
)
def test_who_is_no_collector_is_told_nothing(houses: Any, octets: bytes, reason: str) -> None:
    house = houses()
    house.put(houses.CALL)
    peer = house.connect()
    assert peer.say(octets) == b""
    assert peer.ended
    assert house.events("refused") == [("refused", {"connection": "c1", "reason": reason})]
    assert house.outlet.waiting_count() == 1
    assert house.started(2).heard() == houses.cdr(houses.CALL)


def test_half_a_frame_is_waited_for_no_longer_than_for_none(houses: Any) -> None:
    house = houses(open_seconds=5)
    peer = house.connect()
    peer.say(b"\0")
    house.clock.advance(4)
    peer.say(b"\x01")
    house.clock.advance(1)
    assert peer.ended


def test_what_is_strange_in_a_session_is_counted_and_told_once(houses: Any) -> None:
    house = houses()
    peer = house.started()
    peer.heard()
    strange = b"\0\x05\x01abc\xff"
    for _ in range(3):
        assert peer.say(strange) == b""
    peer.leave()
    ((_, closed),) = house.events("session closed")
    assert closed["strange_frames"] == 3
    assert [text for _, sender, text in house.transcript if sender == "collector"] == [
        "S", "<00 00>", "<01 61 62 63 ff>",
    ]  # fmt: skip


def test_a_flood_of_strange_frames_ends_the_session(houses: Any) -> None:
    house = houses()
    peer = house.started()
    peer.heard()
    house.put(houses.CALL)
    peer.line.dataReceived(b"\0\x01x" * (STRANGE_FRAMES_MAX + 1))
    assert peer.ended
    assert house.started(2).line.session


def test_a_connection_that_does_not_close_is_aborted(houses: Any) -> None:
    house = houses()
    peer = house.started()
    house.servers.end("operator")
    assert (peer.ended, peer.wire.aborted) == (True, False)
    house.clock.advance(CLOSE_SECONDS_MAX)
    assert peer.wire.aborted


def test_a_connection_that_closes_leaves_no_timer(houses: Any) -> None:
    house = houses()
    peer = house.started()
    house.servers.end("operator")
    peer.leave()
    assert house.clock.getDelayedCalls() == []


def test_connections_that_the_link_does_not_know_any_more_are_not_mixed_up(houses: Any) -> None:
    house = houses(second_client="replace")
    house.servers.connection_name = lambda _peer, _own: ("unknown", "127.0.0.1:1")
    first, second = house.started(1), house.started(2)
    assert (first.ended, second.ended) == (True, False)
    first.leave()
    house.put(houses.CALL)
    assert second.heard() == houses.cdr(houses.CALL)


def test_a_hundred_connections_disturb_nobody(houses: Any) -> None:
    house = houses()
    peer = house.started(1)
    peer.heard()
    crowd = [house.connect(number) for number in range(2, 102)]
    assert all(each.ended for each in crowd)
    for each in crowd:
        each.leave()
    house.put(houses.CALL)
    assert peer.heard() == houses.cdr(houses.CALL)
    assert house.alarms() == ["OTF_LINK_UP", "OTF_SECOND_CLIENT"]
