"""The stream walked at random: each ticket is sent once, dropped with a reason, or waits."""

import random
from typing import Any

import pytest

OPEN, START, ANSWER = b"\0\x01S", b"\0\x02\0\0", b"\0\x08TEST_RSP"
FRAME_BYTES, STEPS = 774, 150
PORTS = ("stream-a", "stream-b")


class Walk:
    """One exchange, its collectors, and what each of them heard."""

    def __init__(self, houses: Any, seed: int) -> None:
        self.dice = random.Random(seed)  # noqa: S311 - no secret
        self.houses = houses
        self.house = houses(
            capacity=15,
            separate_writes=self.dice.random() < 0.5,
            second_client=self.dice.choice(("close", "replace")),
            standby=self.dice.choice(("role-then-close", "silent")),
            buffer_on_failure=self.dice.choice(("kept", "lost")),
        )
        self.peers: dict[int, Any] = {}
        self.heard: dict[int, bytes] = {}
        self.made = self.connections = 0

    def step(self) -> None:
        move = self.dice.choice(
            (self.make, self.make, self.connect, self.read, self.read, self.say, self.leave,
             self.wait, self.switch_over, self.reset)
        )  # fmt: skip
        move()

    def make(self) -> None:
        for _ in range(self.dice.randrange(8)):
            self.made += 1
            self.house.put(self.houses.call(self.made))

    def connect(self) -> None:
        self.connections += 1
        self.peers[self.connections] = self.house.connect(self.connections, self.dice.choice(PORTS))
        self.heard[self.connections] = b""

    def _peer(self) -> int | None:
        living = [number for number, peer in self.peers.items() if not peer.ended]
        return self.dice.choice(living) if living else None

    def read(self) -> None:
        if (number := self._peer()) is not None:
            self.heard[number] += self.peers[number].heard()

    def say(self) -> None:
        if (number := self._peer()) is not None:
            words = self.dice.choice((OPEN, START, OPEN + START, ANSWER, b"\0\x01x"))
            self.peers[number].line.dataReceived(words)

    def leave(self) -> None:
        if (number := self._peer()) is not None:
            self.peers.pop(number).leave()

    def wait(self) -> None:
        for seconds in self.dice.choice(((1,), (30,), (30, 30))):
            self.house.clock.advance(seconds)

    def switch_over(self) -> None:
        self.house.servers.switch_over(ordered=self.dice.random() < 0.5)

    def reset(self) -> None:
        self.house.servers.end("reset")

    def sent(self) -> list[int]:
        """Return the ledger ids of what was sent, in its order."""
        ids = {one["sequence"]: one["id"] for _, one in self.house.events("buffered")}
        spans = [(one["first"], one["last"]) for _, one in self.house.events("sent")]
        return [ids[place] for first, last in spans for place in range(first, last + 1)]


@pytest.mark.parametrize("seed", range(40))
def test_every_ticket_is_sent_once_or_dropped_or_waits(houses: Any, seed: int) -> None:
    walk = Walk(houses, seed)
    for _ in range(STEPS):
        walk.step()
        assert len([peer for peer in walk.peers.values() if peer.line.session]) <= 1
    sent = walk.sent()
    dropped = [one["id"] for _, one in walk.house.events("dropped")]
    waiting = [each.id for each in walk.house.outlet.waiting(100)]
    assert sorted(sent + dropped + waiting) == list(range(1, walk.made + 1))
    assert sent == sorted(sent)
    frames = {walk.houses.cdr(walk.houses.call(number)): number for number in sent}
    told = [numbers(octets, frames) for octets in walk.heard.values()]
    heard = [number for connection in told for number in connection]
    assert len(set(heard)) == len(heard)
    assert all(connection == sorted(connection) for connection in told)
    opened, closed = walk.house.events("session opened"), walk.house.events("session closed")
    assert len(opened) - len(closed) in (0, 1)


def numbers(octets: bytes, frames: dict[bytes, int]) -> list[int]:
    """Return which tickets stand in what a collector heard, whole."""
    found, place = [], 0
    while place + 2 <= len(octets):
        end = place + 2 + int.from_bytes(octets[place : place + 2], "big")
        if octets[place:end] in frames:
            found.append(frames[octets[place:end]])
        place = end
    return found


def test_the_walks_go_everywhere(houses: Any) -> None:
    """What the walks are to show is shown by some of them."""
    reasons: set[str] = set()
    for seed in range(40):
        walk = Walk(houses, seed)
        for _ in range(STEPS):
            walk.step()
        events = walk.house.events("session closed", "refused", "dropped")
        reasons |= {detail["reason"] for _, detail in events}
    assert reasons >= {
        "peer left", "reset", "no answer", "switch-over", "CPU failed", "replaced", "second client",
        "buffer full", "lost with the CPU", "no collector", "not opened", "not started", "standby",
    }  # fmt: skip
