"""Who has a connection when there are too many: strangers go, proven ones stay."""

import random

import pytest
from oxo_simulator.link.places import Grant, Places

GRANTED = Grant(granted=True)


def test_within_the_limits_everybody_has_one() -> None:
    places = Places(4, 3)
    assert [places.take(f"c{n}", "a") for n in range(3)] == [GRANTED] * 3
    assert places.take("c3", "b") == GRANTED


def test_a_peer_at_its_limit_pays_with_its_own_oldest_stranger() -> None:
    places = Places(10, 3)
    for n in range(3):
        places.take(f"c{n}", "a")
    places.take("b", "b")
    places.prove("c0")
    assert places.take("c3", "a") == Grant(granted=True, instead_of="c1")
    assert places.take("c4", "a") == Grant(granted=True, instead_of="c2")
    places.prove("c3")
    places.prove("c4")
    assert places.take("c5", "a") == Grant(granted=False)
    assert places.take("b2", "b") == GRANTED
    places.leave("c0")
    assert places.take("c6", "a") == GRANTED


def test_when_all_are_taken_the_peer_with_most_pays() -> None:
    places = Places(4, 3)
    for name, address in (("b", "b"), ("a1", "a"), ("a2", "a"), ("a3", "a")):
        places.take(name, address)
    assert places.take("d", "d") == Grant(granted=True, instead_of="a1")
    for name in ("a2", "a3", "b"):
        places.prove(name)
    assert places.take("e", "e") == Grant(granted=True, instead_of="d")
    places.prove("e")
    assert places.take("f", "f") == Grant(granted=False)
    places.clear()
    assert places.take("f", "f") == GRANTED


def test_a_proven_one_survives_a_thousand_strangers_from_its_own_address() -> None:
    places = Places()
    places.take("collector", "a")
    places.prove("collector")
    for n in range(1000):
        assert places.take(f"c{n}", "a").instead_of != "collector"
    assert places.take("elsewhere", "b") == GRANTED


def test_what_is_unknown_changes_nothing() -> None:
    places = Places(1, 1)
    places.prove("x")
    places.leave("x")
    assert places.take("x", "a") == GRANTED
    places.leave("x")
    places.leave("x")
    assert places.take("y", "a") == GRANTED


@pytest.mark.parametrize("seed", range(5))
def test_whatever_comes_the_limits_hold_and_no_proven_one_goes(seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311 - a crowd
    places, living, proven = Places(8, 4), dict[str, str](), set[str]()
    for n in range(500):
        name, address = f"c{n}", draw.choice("abcd")
        grant = places.take(name, address)
        if grant.instead_of is not None:
            assert grant.instead_of not in proven
            del living[grant.instead_of]
        if grant.granted:
            living[name] = address
        if living and draw.random() < 0.2:
            chosen = draw.choice(sorted(living))
            places.prove(chosen)
            proven.add(chosen)
        if living and draw.random() < 0.3:
            chosen = draw.choice(sorted(living))
            places.leave(chosen)
            del living[chosen]
        counts = [list(living.values()).count(each) for each in "abcd"]
        assert sum(counts) <= 8
        assert max(counts) <= 4
