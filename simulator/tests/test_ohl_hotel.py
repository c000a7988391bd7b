"""A hotel system on the wire: netcat with raw bytes, and a small one of our own for what is long.

Neither knows the exchange's codec: frames are typed out, or cut from the vectors.
"""

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, time
from functools import reduce
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from oxo_simulator.control.client import ControlClient, OrderRefused
from oxo_simulator.control.messages import ArmedFault, CallOrder, Fault, HotelEvent, Installation
from oxo_tickets import Kind, ReminderState, Ticket

pytestmark = pytest.mark.process

VECTORS = Path(__file__).parents[2] / "vectors" / "ohl"
SECONDS_MAX = 20
ACK, NAK = b"\x06", b"\x15"
OPENING = b"\x02@FFFF\x03"
WAKE_UP = Ticket(
    kind=Kind.REMINDER,
    local_time=datetime.fromisoformat("2020-02-24T04:54:00"),
    charged_user="1031",
    reminder_time=time(7, 45),
    reminder_state=ReminderState.COMPLETE,
)
"""The last frame of the vector `wake-up`."""


@pytest.fixture
def exchange(start_exchange: Callable[..., Path]) -> Path:
    """Return the state folder of an exchange whose hotel link is open."""
    keys = ("ohl.open=true", "reset.refused_seconds=0.1", "reset.busy_seconds=0")
    return start_exchange("--port", "ohl=0", *(word for key in keys for word in ("--set", key)))


def address(folder: Path) -> tuple[str, int]:
    described = json.loads((folder / "exchange.json").read_text())
    (port,) = [each for each in described["ports"] if each["name"] == "ohl"]
    return port["address"], port["port"]


def ledger(folder: Path, *events: str) -> list[dict[str, Any]]:
    lines = ControlClient.from_state(folder).ledger()
    return [
        {"event": line.event, **line.detail}
        for line in lines
        if line.event in events and line.detail.get("wire") == "ohl"
    ]


def waiting(folder: Path) -> int:
    (wire,) = [each for each in ControlClient.from_state(folder).wires() if each.name == "ohl"]
    return wire.waiting


def frame(letter: str, body: str) -> bytes:
    """Write a frame as the facts have it; not by the exchange's own hand."""
    content = (letter + body).encode("iso-8859-1")
    check = f"{reduce(lambda value, byte: value ^ byte, content):02X}"
    return b"\x02" + content + check.encode() + b"\x03"


class HotelSystem:
    """A hotel system: hears one frame or control character at a time, and says what it is told."""

    def __init__(self, to: tuple[str, int]) -> None:
        self._socket = socket.create_connection(to, SECONDS_MAX)

    def hear(self) -> bytes:
        """Return the next frame, or the next control character, or nothing at the end."""
        heard = self._socket.recv(1)
        while heard[:1] == b"\x02" and heard[-1:] != b"\x03":
            if not (more := self._socket.recv(1)):
                break
            heard += more
        return heard

    def say(self, octets: bytes) -> None:
        self._socket.sendall(octets)

    def take(self) -> bytes:
        """Hear a frame and acknowledge it."""
        heard = self.hear()
        self.say(ACK)
        return heard

    def order(self, octets: bytes) -> bytes:
        """Give an order and return the reply to it, acknowledged."""
        self.say(octets)
        assert self.hear() == ACK
        return self.take()

    def gone(self) -> bool:
        """Tell whether the exchange has ended the connection."""
        with suppress(ConnectionError):
            return self.hear() == b""
        return True

    def close(self) -> None:
        self._socket.close()


@contextmanager
def hotel_system(folder: Path) -> Iterator[HotelSystem]:
    """Connect, and acknowledge the connection message."""
    system = HotelSystem(address(folder))
    try:
        assert system.take() == OPENING
        yield system
    finally:
        system.close()


class Netcat:
    """`nc` towards the exchange; bytes in, bytes out."""

    def __init__(self, to: tuple[str, int]) -> None:
        command = ["nc", to[0], str(to[1])]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in, self._out = self._process.stdin, self._process.stdout

    def hear(self, count: int) -> bytes:
        heard = b""
        while len(heard) < count and (more := self._out.read(count - len(heard))):
            heard += more
        return heard

    def say(self, octets: bytes) -> None:
        self._in.write(octets)

    def close(self) -> None:
        self._process.kill()
        self._process.wait(SECONDS_MAX)
        self._in.close()
        self._out.close()


def oxo_sim(folder: Path, *words: str) -> str:
    command = [str(Path(sys.executable).with_name("oxo-sim")), *words, "--state", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout


@pytest.mark.needs("nc")
def test_netcat_hears_and_is_heard(exchange: Path) -> None:
    """A call, a wake-up, a room status; then the facts' raw bytes from the other side."""
    client = ControlClient.from_state(exchange)
    client.place_calls(CallOrder(direction="outgoing", user="104", number="00199", units=6))
    client.load([WAKE_UP])
    status = ("--room-status", "not cleaned", "--problem", "42")
    assert "1031" in oxo_sim(exchange, "hotel", "room status", "1031", *status)
    netcat = Netcat(address(exchange))
    try:
        assert netcat.hear(7) == OPENING
        netcat.say(ACK)
        assert netcat.hear(74)[:35] == b"\x02J104     O000006240220140000000050"
        netcat.say(ACK)
        assert netcat.hear(49) == (VECTORS / "wake-up.bin").read_bytes()[-49:]
        netcat.say(NAK)
        assert netcat.hear(49) == (VECTORS / "wake-up.bin").read_bytes()[-49:]
        netcat.say(ACK)
        assert netcat.hear(17) == (VECTORS / "room-status.bin").read_bytes()[17:34]
        netcat.say(ACK + (VECTORS / "wrong-lrc.bin").read_bytes())
        assert netcat.hear(2 + 19) == NAK + ACK + frame("R", "117         01")
        netcat.say(ACK + (VECTORS / "check-in.bin").read_bytes()[:61])
        assert netcat.hear(1 + 19) == ACK + frame("R", "217     041700")
        assert waiting(exchange) == 0
    finally:
        netcat.close()
    consumed = ledger(exchange, "consumed")
    assert [line["last"] for line in consumed] == [1, 2]
    assert [line["reason"] for line in ledger(exchange, "refused")] == ["LRC wrong"]
    said = [line["text"] for line in client.transcript()]
    assert "<STX>A217      LÜDELING            28540****31000123450645    **<ETX>" in said
    assert "0417" not in "".join(said)


def test_a_stay_in_a_hotel(exchange: Path) -> None:
    stay = "217      SANDMEER            2854104172000020000      "
    with hotel_system(exchange) as hotel:
        assert hotel.order(frame("A", f"{stay}  ")) == frame("R", "217     041700")
        changed = frame("M", f"{'217':29}5{'':26}")
        assert hotel.order(changed) == frame("R", "217     041700")
        assert hotel.order(frame("I", "217     ")) == frame("R", "217     041700")
        hotel.say(frame("Z", "        F"))
        assert hotel.hear() == ACK
        told = hotel.take()
        assert (len(told), told[:31]) == (96, b"\x02U217      SANDMEER            5"[:31])
        assert hotel.take() == frame("R", "            00")
        ControlClient.from_state(exchange).hotel(HotelEvent(event="check-out", room="217"))
        assert hotel.take() == frame("D", "217     ")
        assert hotel.order(frame("I", "217     ")) == frame("R", "217         01")
    orders = [(line["order"], line["result"]) for line in ledger(exchange, "hotel order")]
    assert [result for _, result in orders] == [*["done"] * 4, "vacant"]


def test_what_is_not_acknowledged_is_told_again(exchange: Path) -> None:
    client = ControlClient.from_state(exchange)
    call = CallOrder(direction="incoming", user="104", number="00199", times=2)
    client.place_calls(call)
    with hotel_system(exchange) as hotel:
        first = hotel.hear()
    with hotel_system(exchange) as hotel:
        assert hotel.take() == first
        second = hotel.hear()
        with hotel_system(exchange) as other:
            assert hotel.gone()
            assert other.hear() == second
            client.reset()
            assert other.gone()
    end = monotonic() + SECONDS_MAX
    while client.state().phase != "serving":
        assert monotonic() < end
    with hotel_system(exchange) as hotel:
        assert hotel.take() == second
        assert hotel.order(frame("I", "104     "))[:1] == b"\x02"
    assert waiting(exchange) == 0
    reasons = [line["reason"] for line in ledger(exchange, "session closed")]
    assert reasons[0] in ("peer left", "taken over")  # whichever of both reached it first
    assert reasons[1:3] == ["taken over", "reset"]
    assert [line["first"] for line in ledger(exchange, "offered")] == [1, 1, 2, 2, 2]


def test_a_cut_link_loses_nothing(exchange: Path) -> None:
    client = ControlClient.from_state(exchange)
    with hotel_system(exchange):
        client.strike(Fault(kind="cut", ports=["ohl"]))
        client.place_calls(CallOrder(direction="outgoing", user="104", number="00199"))
        client.restore(reset_connections=True)
    with hotel_system(exchange) as hotel:
        assert hotel.take()[:2] == b"\x02J"
        client.arm(ArmedFault(fault=Fault(kind="reset", ports=["ohl"]), when="offered", wire="ohl"))
        client.place_calls(CallOrder(direction="outgoing", user="105", number="00199"))
        assert hotel.gone()
    with hotel_system(exchange) as hotel:
        assert hotel.take()[:5] == b"\x02J105"
        assert hotel.order(frame("I", "105     "))[:2] == b"\x02R"
    assert [line["last"] for line in ledger(exchange, "offered", "consumed")] == [1, 1, 1, 2, 2, 2]


def flood(to: tuple[str, int]) -> None:
    with socket.create_connection(to, SECONDS_MAX) as peer:
        while True:
            peer.sendall(b"\x02$0000\x03" * 1_000)


def test_who_sends_without_end_and_reads_nothing_is_let_go(
    start_exchange: Callable[..., Path],
) -> None:
    keys = ("ohl.open=true", "ohl.answer_seconds=0.2", "ohl.attempts=2")
    sets = (word for key in keys for word in ("--set", key))
    folder = start_exchange("--port", "ohl=0", *sets)
    with pytest.raises(ConnectionError):
        flood(address(folder))
    (closed,) = ledger(folder, "session closed")
    assert closed["reason"] == "no answer"
    with hotel_system(folder):
        assert ControlClient.from_state(folder).state().phase == "serving"


def test_an_installation_closes_and_opens_the_wire(exchange: Path) -> None:
    client = ControlClient.from_state(exchange)
    with hotel_system(exchange) as hotel:
        client.install(Installation(profile="certify"))
        assert hotel.gone()
    with pytest.raises(OrderRefused, match=r"ohl\.open opens it"):
        client.hotel(HotelEvent(event="check-out", room="217"))
    opened = {"ohl.open": True, "ohl.connection_text": "0001"}
    client.install(Installation(profile="certify", overrides=opened))
    again = HotelSystem(address(exchange))
    assert again.hear() == b"\x02@0001\x03"
    again.close()
    with pytest.raises(OrderRefused, match="room_status: is missing"):
        client.hotel(HotelEvent(event="room status", room="217"))
    with pytest.raises(OrderRefused, match="rooms have an account in hotel mode only"):
        client.hotel(HotelEvent(event="guest account", room="217"))
