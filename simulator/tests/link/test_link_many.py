"""Hundreds of faults, one upon another: nothing of them is left when the link is whole again."""

from collections.abc import Callable
from random import Random
from typing import Any, get_args, get_type_hints

import pytest
from oxo_simulator.control.messages import Fault

FAULTS = 500
KINDS = get_args(get_type_hints(Fault)["kind"])
WORDS = ("standard", "alternate", "nmc", "nmc-data", "v24", "ohl", "account", "stream", "stream-a")


def parameters(dice: Random, kind: str) -> dict[str, int]:
    """Draw what a fault of a kind needs."""
    drawn = {
        "carry then cut": {"carry_bytes": dice.randrange(60)},
        "carry then reset": {"carry_bytes": dice.randrange(60)},
        "delay": {"latency_ms": dice.randrange(1, 900), "jitter_ms": dice.randrange(900)},
        "throttle": {"bytes_per_second": dice.randrange(1, 500)},
        "slice": {"slice_bytes": dice.randrange(1, 9)},
        "corrupt": {"corrupt_every_bytes": dice.randrange(1, 50)},
    }
    return drawn.get(kind, {})


class Traffic:
    """Collectors and the exchange, who talk, hang up and come back whatever the link does."""

    def __init__(self, paper: Any, dice: Random) -> None:
        self.paper, self.dice = paper, dice
        self.pairs: list[Any] = []

    def go_on(self) -> None:
        """Let one thing happen."""
        outward = self.dice.random() < 0.1
        port = self.dice.choice(list(self.paper.link.doors))
        door = self.paper.link.doors[port]
        if outward and self.paper.link.outward_doors["v24"]._listening is not None:
            self.pairs.append(self.paper.lead())
        elif not outward and door._listening is not None and len(self.pairs) < 30:
            self.pairs.append(self.paper.connect(port))
        for pair in self.pairs:
            for end in (pair._collector, pair._exchange):
                self.act(end)
        self.paper.advance(self.dice.random())
        self.paper.answer()

    def act(self, end: Callable[[], Any]) -> None:
        """Let one end say something, or leave."""
        try:
            wire = end()
        except AssertionError:
            return  # was not dialled
        if wire.protocol is None or (wire.end is not None and wire.end[1] != "half"):
            return
        if wire.reading and self.dice.random() < 0.6:
            wire.say(bytes(self.dice.randrange(1, 40)))
        elif self.dice.random() < 0.1:
            wire.leave(orderly=self.dice.random() < 0.5)


@pytest.mark.parametrize("seed", range(2))
def test_nothing_is_left_of_five_hundred_faults(make_link: Callable[..., Any], seed: int) -> None:
    paper, dice = make_link(), Random(seed)  # noqa: S311 - a seed
    traffic = Traffic(paper, dice)
    for _ in range(FAULTS):
        kind = dice.choice(KINDS)
        heal = 0 if kind == "reset" else dice.choice((0, 0.5, 3))
        ports = dice.choice(([], [dice.choice(WORDS)], dice.sample(WORDS, 2)))
        towards = dice.choice(("exchange", "collector", "both"))
        fields = {"towards": towards, "ports": ports, "heal_after_seconds": heal}
        paper.strike(kind, **fields, **parameters(dice, kind))
        traffic.go_on()
        if dice.random() < 0.05:
            paper.restore(reset_connections=dice.random() < 0.5)
    paper.restore(reset_connections=True)
    paper.advance(60)
    assert paper.link.state().in_force == []
    assert paper.link.state().connections == []
    assert paper.reactor.getDelayedCalls() == []
    assert (paper.link._diallings, paper.link._names, paper.link._waited_for) == ({}, {}, {})
    assert all(not each._holders for each in paper.link._places.values())
