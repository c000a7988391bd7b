"""The stream of a running exchange through the link: raw bytes, netcat, crowds."""

import json
import os
import select
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import datetime
from typing import Any

import pytest
from oxo_simulator.control.client import OrderRefused
from oxo_simulator.control.messages import ArmedFault, Fault, Installation, StreamNotice
from oxo_simulator.ephemeral import EphemeralExchange
from oxo_tickets import CommunicationType, Direction, Kind, Ticket

OPEN = {
    "stream.open": True,
    "stream.voip": False,
    "reset.refused_seconds": 0,
    "reset.busy_seconds": 0,
}
pytestmark = [pytest.mark.process, pytest.mark.oxo(overrides=OPEN)]

SECONDS_MAX = 20.0
OPENING, START = bytes.fromhex("000153"), bytes.fromhex("00020000")
MAIN, EMPTY = bytes.fromhex("000150"), bytes.fromhex("030401000100") + bytes(768)
CDR, MAO = bytes.fromhex("030401000200") + b"ED5.2", bytes.fromhex("030401000600")
FRAME_BYTES = 774
TICKETS = 9_000
"""More than the systems' buffers take of who does not read."""


class Collector:
    """A collector of a few raw bytes."""

    def __init__(
        self, oxo: EphemeralExchange, port: str = "stream-a", buffer_bytes: int = 0
    ) -> None:
        self.socket = socket.socket()
        if buffer_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
        self.socket.settimeout(SECONDS_MAX)
        try:
            self.socket.connect(("127.0.0.1", oxo.ports[port]))
        except OSError:
            self.socket.close()
            raise

    def close(self) -> None:
        self.socket.close()

    def say(self, octets: bytes) -> None:
        self.socket.sendall(octets)

    def read(self, count: int) -> bytes:
        found = b""
        while len(found) < count:
            data = self.socket.recv(count - len(found))
            assert data, found
            found += data
        return found

    def rest(self) -> bytes:
        """Return what comes until the connection ends."""
        found = b""
        while data := self.socket.recv(65536):
            found += data
        return found

    def start(self) -> None:
        self.say(OPENING)
        assert self.read(777) == MAIN + EMPTY
        self.say(START)


def started(oxo: EphemeralExchange, collector: Collector) -> Collector:
    """Go through the handshake, until the exchange has taken the start."""
    before = len(oxo.ledger("session opened"))
    collector.start()
    latest = time.monotonic() + SECONDS_MAX
    while len(oxo.ledger("session opened")) == before:
        assert time.monotonic() < latest
    return collector


Connect = Callable[..., Collector]


@pytest.fixture
def connect(oxo: EphemeralExchange) -> Iterator[Connect]:
    """Return what connects a collector; all are closed at the end."""
    made: list[Collector] = []

    def collector(port: str = "stream-a", buffer_bytes: int = 0) -> Collector:
        made.append(Collector(oxo, port, buffer_bytes))
        return made[-1]

    yield collector
    for each in made:
        each.close()


def install(oxo: EphemeralExchange, **settings: Any) -> None:
    own = {f"stream.{key}": value for key, value in settings.items()}
    oxo.control.install(Installation(overrides={**OPEN, **own}))


def tickets(count: int) -> list[Ticket]:
    return [
        Ticket(
            kind=Kind.CALL,
            direction=Direction.OUTGOING,
            communication_type=CommunicationType.OUTGOING,
            local_time=datetime(2020, 2, 24, 14),  # noqa: DTZ001 - wall clock
            charged_user="128",
            dialled_number=f"{number:08}",
        )
        for number in range(count)
    ]


def number_of(frame: bytes) -> str:
    return frame[11:41].decode("ascii").rstrip()


def refused(connect: Connect, port: str) -> bool:
    try:
        connect(port)
    except ConnectionRefusedError:
        return True
    return False


@pytest.mark.needs("nc")
def test_netcat_is_served(oxo: EphemeralExchange) -> None:
    oxo.call(number="0390670000")
    command = ["nc", "127.0.0.1", str(oxo.ports["stream-a"])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as netcat:
        assert netcat.stdin is not None
        assert netcat.stdout is not None
        netcat.stdin.write(OPENING + START)
        netcat.stdin.flush()
        heard, latest = b"", time.monotonic() + SECONDS_MAX
        while len(heard) < 777 + FRAME_BYTES:
            ready, _, _ = select.select([netcat.stdout], [], [], latest - time.monotonic())
            assert ready
            heard += os.read(netcat.stdout.fileno(), 65536)
        netcat.kill()
    assert heard[:777] == MAIN + EMPTY
    assert heard[777:].startswith(CDR + b"0390670000")
    assert heard.endswith(bytes(772 - 4 - 525))


def test_a_backlog_and_what_comes_then(oxo: EphemeralExchange, connect: Connect) -> None:
    oxo.load(tickets(300))
    one = started(oxo, connect())
    backlog = one.read(300 * FRAME_BYTES)
    oxo.load(tickets(5))
    whole = backlog + one.read(5 * FRAME_BYTES)
    frames = [whole[place : place + FRAME_BYTES] for place in range(0, len(whole), FRAME_BYTES)]
    assert all(frame.startswith(CDR) for frame in frames)
    expected = [f"{number:08}" for number in (*range(300), *range(5))]
    assert [number_of(frame) for frame in frames] == expected
    (session,) = oxo.control.sessions()
    assert (session.name, session.wire, session.port) == ("e1", "stream", "stream-a")
    oxo.control.end_session("e1")
    assert one.rest() == b""


def test_a_switch_over_and_its_doors(oxo: EphemeralExchange, connect: Connect) -> None:
    first = started(oxo, connect())
    assert refused(connect, "stream-b")
    oxo.control.switch_over()
    assert first.rest() == b""
    assert refused(connect, "stream-a")
    second = started(oxo, connect("stream-b"))
    assert second.read(FRAME_BYTES).startswith(MAO + b"MAO_ACTION=SET;OBJECT=CPU;MAIN=B;\n")
    oxo.control.switch_over(ordered=False)
    with pytest.raises(ConnectionResetError):
        second.rest()
    assert [line.detail["main"] for line in oxo.ledger("switch-over")] == ["stream-b", "stream-a"]
    shown = next(wire for wire in oxo.control.wires() if wire.name == "stream")
    assert shown.main == "stream-a"
    oxo.control.switch_over()
    install(oxo)  # a fresh exchange: CPU A is main again
    started(oxo, connect("stream-a"))
    assert refused(connect, "stream-b")


def test_standby_and_second_client_at_the_doors(oxo: EphemeralExchange, connect: Connect) -> None:
    install(oxo, standby="role-then-close", second_client="refuse")
    standby = connect("stream-b")
    standby.say(OPENING)
    assert standby.rest() == bytes.fromhex("000153")
    first = started(oxo, connect())
    assert refused(connect, "stream-a")
    first.close()
    oxo.wait_for("session closed", wire="stream")
    latest = time.monotonic() + SECONDS_MAX
    while refused(connect, "stream-a"):
        assert time.monotonic() < latest


def test_who_does_not_read_fills_the_buffer_and_not_the_memory(
    oxo: EphemeralExchange, connect: Connect
) -> None:
    install(oxo, capacity=100, separate_writes=False)
    one = connect(buffer_bytes=4096)
    one.say(OPENING + START)
    oxo.wait_for("session opened", wire="stream")
    oxo.load(tickets(TICKETS))
    lines = oxo.ledger()
    dropped = sum(line.event == "dropped" for line in lines)
    assert dropped > 0
    assert {line.detail["reason"] for line in lines if line.event == "dropped"} == {"buffer full"}
    names = [line.detail.get("name") for line in oxo.ledger("alarm")]
    assert {"OTF_BUFFER_70", "OTF_BUFFER_FULL"} <= set(names)
    # What was not dropped comes, whole and in order, as soon as somebody reads.
    assert one.read(777) == MAIN + EMPTY
    kept = TICKETS - dropped
    whole = one.read(kept * FRAME_BYTES)
    frames = [whole[place : place + FRAME_BYTES] for place in range(0, len(whole), FRAME_BYTES)]
    numbers = [int(number_of(frame)) for frame in frames]
    assert numbers == sorted(set(numbers))
    oxo.load(tickets(1))
    assert number_of(one.read(FRAME_BYTES)) == "00000000"


def test_a_crowd_does_not_push_out_who_is_served(oxo: EphemeralExchange, connect: Connect) -> None:
    one = started(oxo, connect())
    crowd = [connect() for _ in range(100)]
    oxo.wait_for("refused", reason="second client")
    for stranger in crowd:
        with suppress(OSError):
            stranger.say(b"\xff" * 100)
        stranger.close()
    oxo.call(number="0390670000")
    assert number_of(one.read(FRAME_BYTES)) == "0390670000"
    assert len(oxo.control.sessions()) == 1


def test_silent_strangers_are_pushed_out_by_a_collector(
    oxo: EphemeralExchange, connect: Connect
) -> None:
    install(oxo, open_seconds=0.2)
    connect()  # says nothing, and goes after the limit
    oxo.wait_for("refused", reason="not opened")
    started(oxo, connect())
    assert len(oxo.control.sessions()) == 1


def test_garbage_is_no_collector(oxo: EphemeralExchange, connect: Connect) -> None:
    for garbage in (b"\xff\xff", b"GET / HTTP/1.0\r\n\r\n", bytes(1000), b"\0\x01P"):
        one = connect()
        one.say(garbage)
        with suppress(ConnectionResetError):
            assert one.rest() == b""
    started(oxo, connect())
    assert len(oxo.ledger("refused")) == 4


def test_an_armed_fault_strikes_when_a_ticket_is_sent(
    oxo: EphemeralExchange, connect: Connect
) -> None:
    one = started(oxo, connect())
    reset = Fault(kind="reset", ports=["stream-a"])
    oxo.control.arm(ArmedFault(when="sent", wire="stream", fault=reset))
    oxo.load(tickets(2))
    with pytest.raises(ConnectionResetError):
        one.rest()
    oxo.wait_for("session closed", wire="stream", reason="peer left")
    sent = [line.detail["first"] for line in oxo.ledger("sent")]
    two = started(oxo, connect())
    # What was sent is gone with the connection; what was not is told to the next one.
    if sent == [1]:
        assert number_of(two.read(FRAME_BYTES)) == "00000001"


def test_notices_and_a_warm_reset(oxo: EphemeralExchange, connect: Connect) -> None:
    one = started(oxo, connect())
    oxo.control.licence(call_accounting_over_ip=False)
    assert b"OBJECT=LICENCE;CALL_ACCOUNTING_OVER_IP=CLOSED;\n" in one.read(FRAME_BYTES)
    oxo.call()
    assert one.read(FRAME_BYTES).startswith(CDR)
    oxo.control.stream_say(StreamNotice(kind="mao", items={"OBJECT": "USER"}))
    assert one.read(FRAME_BYTES).startswith(MAO + b"OBJECT=USER;\n")
    with pytest.raises(OrderRefused, match="the profile says no such notice"):
        oxo.control.stream_say(StreamNotice(kind="voip", user="128"))
    with pytest.raises(OrderRefused, match="mao: 'A;': a key has no"):
        oxo.control.stream_say(StreamNotice(kind="mao", items={"A;": "B"}))
    oxo.control.reset()
    with suppress(ConnectionResetError):
        one.rest()
    oxo.wait_for("phase", phase="serving")
    oxo.call(number="0390670001")
    latest = time.monotonic() + SECONDS_MAX
    while True:
        assert time.monotonic() < latest
        with suppress(ConnectionError, AssertionError), closing(Collector(oxo)) as two:
            two.start()
            assert number_of(two.read(FRAME_BYTES)) == "0390670001"
            return


def test_licensed_flipped(oxo: EphemeralExchange, connect: Connect) -> None:
    install(oxo, licensed=True, mao=False)
    one = started(oxo, connect())
    oxo.control.licence(call_accounting_over_ip=False)
    oxo.call(number="1")
    oxo.control.licence(call_accounting_over_ip=True)
    oxo.call(number="2")
    assert number_of(one.read(FRAME_BYTES)) == "2"
    dropped = [line.detail for line in oxo.ledger("dropped") if "wire" in line.detail]
    assert dropped == [{"id": 1, "reason": "no licence", "wire": "stream"}]


def test_voip_tickets_come_at_the_end_of_a_call(oxo: EphemeralExchange, connect: Connect) -> None:
    install(oxo, voip=True)
    one = started(oxo, connect())
    oxo.call(number="0390670000", trunk="V01")
    assert number_of(one.read(FRAME_BYTES)) == "0390670000"
    voip = one.read(FRAME_BYTES)
    assert voip[:9] == bytes.fromhex("030401000700010004")
    oxo.call(number="0390670000", trunk="N01")
    assert one.read(FRAME_BYTES).startswith(CDR)
    with pytest.raises(OrderRefused, match="call_seconds is not negative"):
        oxo.control.stream_say(StreamNotice(kind="voip", user="128", number="0390", seconds=-1))
    oxo.control.stream_say(StreamNotice(kind="voip", user="128", number="0390", seconds=7))
    assert one.read(FRAME_BYTES)[:9] == bytes.fromhex("030401000700010004")
    described = json.loads((oxo.folder / "exchange.json").read_text())
    assert [port["name"] for port in described["ports"] if port["wire"] == "stream"] == [
        "stream-a", "stream-b",
    ]  # fmt: skip
