"""Rubbish from the collector's side in every state of a conversation: hotel link, stream, V24.

Each wire stands as the process builds it, on a network in memory. Whatever comes, nothing crashes
and nothing is waited for without end; what was wrong, and that it was the peer's, is in ledger and
transcript; no ticket goes without a line; and the next one who speaks rightly is served.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import xor
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from oxo_simulator.exchange.outlet import Outlet
from oxo_simulator.ohl.wire import build as build_ohl
from oxo_simulator.profile import load_profile
from oxo_simulator.stream.wire import build as build_stream
from oxo_simulator.v24.wire import build as build_v24
from oxo_simulator.wire import Parts
from oxo_tickets import CommunicationType, Direction, Kind, Ticket
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure

ACK, NAK, XON, XOFF = b"\x06", b"\x15", b"\x11", b"\x13"
OPEN, START, ANSWER = b"\0\x01S", b"\0\x02\0\0", b"\0\x08TEST_RSP"
BUILD: Mapping[str, Callable[[Parts], Any]] = {
    "ohl": build_ohl,
    "stream": build_stream,
    "v24": build_v24,
}
KEYS: Mapping[str, Any] = {
    "ohl.open": True,
    "stream.open": True,
    "stream.second_client": "replace",
    "stream.standby": "role-then-close",
    "v24.open": True,
    "v24.ready": "xon",
    "v24.header": "none",
}
PROFILE = load_profile("certify", KEYS)
PORTS: Mapping[str, Mapping[str, int]] = {
    "ohl": {"ohl": 5010},
    "stream": {"stream-a": 2533, "stream-b": 2534},
    "v24": {"v24": 6970},
}
SECONDS_MAX = 200
"""Longer than any patience of a wire."""
PIECES_MAX = 1_000
WRONG = ("reason", "result", "strange_frames", "stray_bytes")
"""Keys of ledger lines that say what was wrong with what a peer said."""


def call(number: int) -> Ticket:
    return Ticket(
        kind=Kind.CALL,
        direction=Direction.OUTGOING,
        communication_type=CommunicationType.OUTGOING,
        local_time=datetime(2020, 2, 24, 14) + timedelta(seconds=number),  # noqa: DTZ001
        charged_user="128",
        dialled_number=f"0390{number:06}",
        trunk="7",
        call_seconds=3,
    )


class End(StringTransport):
    """The collector's end of a connection in memory."""

    aborted = False

    def setTcpNoDelay(self, enabled: bool) -> None:  # noqa: FBT001, N802
        """A real one does."""

    setTcpKeepAlive = setTcpNoDelay  # noqa: N815

    def abortConnection(self) -> None:  # noqa: N802
        self.aborted = True

    def unregisterProducer(self) -> None:  # noqa: N802
        self.producer = None


class Peer:
    """One connection to a port of the wire."""

    def __init__(self, site: "Site", port: int, number: int) -> None:
        self.wire: Any = End(  # type: ignore[no-untyped-call]
            hostAddress=IPv4Address("TCP", "127.0.0.2", port),
            peerAddress=IPv4Address("TCP", "127.0.0.1", 4_000 + number),
        )
        factory = next(each[1] for each in site.reactor.tcpServers if each[0] == port)
        self.line = factory.buildProtocol(None)
        self.line.makeConnection(self.wire)

    @property
    def gone(self) -> bool:
        return bool(self.wire.disconnecting or self.wire.aborted)

    def heard(self) -> bytes:
        """Take what the exchange says, as far as it says it by itself."""
        heard = b""
        for _ in range(PIECES_MAX):
            piece: bytes = self.wire.value()
            self.wire.clear()
            heard += piece
            if self.wire.producer is None or self.wire.streaming:
                return heard
            self.wire.producer.resumeProducing()
            if not self.wire.value():
                return heard
        raise AssertionError("there is no end to what the exchange says")

    def say(self, octets: bytes) -> bytes:
        """Say bytes, until the exchange has let go, and return what comes back."""
        for begin in range(0, len(octets), 4_096):
            if self.gone:
                break
            self.line.dataReceived(octets[begin : begin + 4_096])
        return self.heard()

    def leave(self) -> None:
        self.line.connectionLost(Failure(ConnectionDone()))  # type: ignore[no-untyped-call]


class Site:
    """A wire with outlet, ledger and transcript."""

    def __init__(self, wire: str) -> None:
        self.name = wire
        self.reactor: Any = MemoryReactorClock()  # type: ignore[no-untyped-call]
        self.ledger: list[tuple[str, dict[str, Any]]] = []
        self.transcript: list[tuple[str, str]] = []
        self._peers = self._made = 0
        parts: dict[str, Any] = {each.name: None for each in fields(Parts)}
        parts |= {
            "reactor": self.reactor,
            "address": lambda: "192.0.2.7",
            "behind": "127.0.0.2",
            "ports": PORTS[wire],
            "connection_name": lambda peer, _own: (f"c{peer[1] - 4_000}", f"{peer[0]}:{peer[1]}"),
            "prove": lambda _connection: None,
            "said": lambda **line: self.transcript.append((line["sender"], line["text"])),
            "utc_now": lambda: datetime.now(UTC),
            "door": lambda _port, _open: None,
        }
        self.wire = BUILD[wire](Parts(**parts))
        terms = self.wire.terms(PROFILE)
        self.outlet = Outlet(terms, lambda event, detail: self.ledger.append((event, detail)))
        exchange: Any = SimpleNamespace(outlets={wire: self.outlet})
        self.wire.install(exchange, PROFILE)
        self.wire.serve()

    def put(self, count: int = 1) -> None:
        for _ in range(count):
            self._made += 1
            self.outlet.put(self._made, call(self._made))

    def connect(self, port: str | None = None) -> Peer:
        self._peers += 1
        return Peer(self, PORTS[self.name][port or next(iter(PORTS[self.name]))], self._peers)

    def wait(self, seconds: float) -> None:
        for _ in range(int(seconds)):
            self.reactor.advance(1)

    def wrong(self) -> str:
        """Return what the exchange wrote down about its peer, a line each."""
        told = [
            (event, {name: each[name] for name in WRONG if name in each})
            for event, each in self.ledger
            if event in ("refused", "session closed", "hotel order")
        ]
        return "\n".join(f"{event}: {detail}" for event, detail in told)

    def conserved(self) -> bool:
        """Tell whether every ticket waits, or has a line that says how it left."""
        left = max(
            (d["last"] for event, d in self.ledger if event in ("consumed", "sent")), default=0
        )
        waiting = [each.sequence for each in self.outlet.waiting(PIECES_MAX)]
        return waiting == list(range(left + 1, self._made + 1))


# How each state is reached.


def _ohl(begun: bytes = ACK, *, tickets: int = 0, then: bytes = b"") -> Callable[[Site], Peer]:
    def reach(site: Site) -> Peer:
        site.put(tickets)
        peer = site.connect()
        peer.say(begun)
        peer.say(then)
        return peer

    return reach


def _stream(
    *said: bytes, tickets: int = 0, port: str = "stream-a", wait: float = 0
) -> Callable[[Site], Peer]:
    def reach(site: Site) -> Peer:
        site.put(tickets)
        peer = site.connect(port)
        for each in said:
            peer.line.dataReceived(each)
        site.wait(wait)
        return peer

    return reach


def _v24(*said: bytes, tickets: int = 0, take: bool = True) -> Callable[[Site], Peer]:
    def reach(site: Site) -> Peer:
        peer = site.connect()
        for each in said:
            peer.line.dataReceived(each)
        site.put(tickets)
        if take:
            peer.heard()
        return peer

    return reach


STATES: Mapping[str, Mapping[str, Callable[[Site], Peer]]] = {
    "ohl": {
        "opening not acknowledged": _ohl(b""),
        "free": _ohl(),
        "asked": _ohl(tickets=2),
        "held": _ohl(then=XOFF),
        "waiting": _ohl(tickets=2, then=XOFF),
        "refused": _ohl(tickets=2, then=XOFF + NAK),
        "in a frame": _ohl(then=b"\x02A217"),
        "one bad frame before the end": _ohl(then=b"\x02D117     00\x03" * 19),
    },
    "stream": {
        "not opened": _stream(),
        "opened": _stream(OPEN),
        "started": _stream(OPEN, START),
        "an answer is awaited": _stream(OPEN, START, wait=31),
        "tickets under way": _stream(OPEN, START, tickets=3),
        "in a frame": _stream(OPEN, START, b"\x00\x08TEST"),
        "standby": _stream(OPEN, port="stream-b"),
    },
    "v24": {
        "before XON": _v24(tickets=2),
        "ready": _v24(XON),
        "stopped": _v24(XON, XOFF, tickets=2),
        "lines under way": _v24(XON, tickets=12, take=False),
    },
}


# What comes.


def framed(letter: str, body: str) -> bytes:
    content = (letter + body).encode("iso-8859-1")
    return b"\x02" + content + f"{reduce(xor, content):02X}".encode() + b"\x03"


def _random(seed: int, count: int = 3_000) -> bytes:
    return Random(seed).randbytes(count)  # noqa: S311 - rubbish, the same each time


ANY: Mapping[str, bytes] = {
    **{f"random bytes, seed {seed}": _random(seed) for seed in range(3)},
    "random text": bytes(Random(9).choices(range(0x20, 0x7F), k=5_000)),  # noqa: S311
    "a line without end": b"A" * 70_000 + b"\r\n",
    "NULs": bytes(5_000),
    "blank lines": b"\r\n" * 2_500,
    "another protocol": b"GET / HTTP/1.1\r\nHost: oxo\r\n\r\n" * 200,
}
RUBBISH: Mapping[str, Mapping[str, bytes]] = {
    "ohl": {
        **ANY,
        "half a frame": b"\x02J217     O0000062",
        "a frame that only the exchange sends": framed("R", "117         00") * 25,
        "wrong check values": b"\x02D117     00\x03" * 25,
        "an unknown letter": b"\x02x117\x03" * 25,
        "a frame in a frame": b"\x02A217\x02A217\x02A217" * 10,
        "answers to nothing": (ACK + NAK) * 2_500,
        "holding and letting go": (XOFF + XON) * 2_500,
        "an order about no room": framed("D", "\xff" * 8) * 25,
        "an order that says nothing possible": framed("A", "217".ljust(48) + "99:9".ljust(8)) * 25,
    },
    "stream": {
        **ANY,
        "half a frame": b"\x00\x08TES",
        "an answer before any request": ANSWER,
        "the start twice": START * 2,
        "the opening twice": OPEN * 2,
        "all at once, and again": (OPEN + START + ANSWER) * 60,
        "a ticket of its own": b"\x03\x06" + b"\x01" + bytes(773),
        "an empty frame": b"\0\0",
        "the longest length": b"\xff\xff" + b"A" * 3_000,
    },
    "v24": {
        **ANY,
        "XON and XOFF": (XOFF + XON) * 3_000,
        "XOFF for ever": XOFF * 3_000,
        "a statement": b"  128 OG  N01 24/02/20 14:32 00:00:50    2  0390670000\r\n" * 50,
        "half a letter of UTF-8": b"\xc3",
    },
}
CASES = [
    pytest.param(wire, state, name, id=f"{wire}, {state}: {name}")
    for wire, states in STATES.items()
    for state in states
    for name in RUBBISH[wire]
]


# What a right collector does.


def _frames(peer: Peer, heard: bytes) -> Iterator[bytes]:
    while heard:
        yield heard
        heard = peer.say(ACK)


def served(site: Site) -> bytes:
    """Return what the next collector hears, who speaks rightly, until nothing more waits."""
    peer = site.connect()
    if site.name == "ohl":
        return b"".join(_frames(peer, peer.heard()))
    if site.name == "stream":
        return peer.say(OPEN) + peer.say(START)
    return peer.say(XON)


NOISE = "noise"
FRAMES = "type unknown|ETX missing|too many bad frames"
SAID: Mapping[str, Mapping[str, str]] = {
    "ohl": {
        **{name: FRAMES if name.startswith("random bytes") else NOISE for name in ANY},
        "half a frame": "ETX missing",
        "a frame that only the exchange sends": "hotel system's to send|too many bad frames",
        "wrong check values": "LRC wrong",
        "an unknown letter": "type unknown",
        "a frame in a frame": "ETX missing",
        "answers to nothing": "noise|no answer",
        "holding and letting go": NOISE,
        "an order about no room": "'result': 'vacant'",
        "an order that says nothing possible": "'result': 'unreadable'",
    },
    "stream": {
        **dict.fromkeys(ANY, "no frame has length|no collector|strange_frames|standby"),
        "half a frame": "not opened|not started|no answer|standby",
        "an answer before any request": "no collector|strange|no frame has|no answer|standby",
        "the start twice": "no collector|strange_frames|standby",
        "the opening twice": "no collector|strange_frames|not started|no frame has|standby",
        "all at once, and again": "no collector|strange_frames|no frame has|standby",
        "a ticket of its own": "no collector|strange_frames|no frame has|standby",
        "an empty frame": "no frame has length|no answer|standby",
        "the longest length": "no frame has length|standby",
    },
    "v24": dict.fromkeys(RUBBISH["v24"], "session closed"),
}
"""What the ledger has to say of it, in whatever state."""


def test_of_all_rubbish_it_is_known_what_is_said() -> None:
    assert {wire: {*SAID[wire]} for wire in SAID} == {wire: {*RUBBISH[wire]} for wire in RUBBISH}


@pytest.mark.parametrize(("wire", "state", "name"), CASES)
def test_rubbish_harms_nobody_but_who_says_it(wire: str, state: str, name: str) -> None:
    site = Site(wire)
    peer = STATES[wire][state](site)
    lines = len(site.transcript)
    peer.say(RUBBISH[wire][name])
    assert site.conserved()
    site.wait(SECONDS_MAX if not peer.gone else 0)
    peer.leave()
    assert site.conserved()
    # What has no length of a frame is in the ledger alone, with the length.
    assert wire == "stream" or "collector" in [sender for sender, _ in site.transcript[lines:]]
    assert re.search(SAID[wire][name], site.wrong()), site.wrong()
    if wire == "v24":
        strange = sum(each not in XON + XOFF for each in RUBBISH[wire][name])
        assert (f"'stray_bytes': {strange}" in site.wrong()) == bool(strange)
    site.put()
    number = call(site._made).dialled_number or ""
    assert number.encode() in served(site)
    assert site.outlet.waiting_count() == 0
