"""Two CPUs: who is served where, and what a switch-over leaves."""

from typing import Any

import pytest
from oxo_simulator.stream.cpus import Arrival, Cpus, Meets
from oxo_simulator.stream.settings import StreamSettings


def pair(**settings: Any) -> Cpus:
    return Cpus(StreamSettings(open=True, **settings))


def test_cpu_a_is_main_at_first_and_serves_one() -> None:
    cpus = pair()
    assert cpus.main == "stream-a"
    assert cpus.arrives(1, "stream-a") == Arrival(Meets.DIALOGUE)
    assert cpus.arrives(2, "stream-a") == Arrival(Meets.SECOND_CLIENT)
    cpus.leaves(2)
    assert cpus.client == 1
    cpus.leaves(1)
    assert cpus.arrives(3, "stream-a") == Arrival(Meets.DIALOGUE)


def test_a_second_client_takes_the_place_of_the_first() -> None:
    cpus = pair(second_client="replace")
    cpus.arrives(1, "stream-a")
    assert cpus.arrives(2, "stream-a") == Arrival(Meets.DIALOGUE, instead_of=1)
    cpus.leaves(1)
    assert cpus.client == 2


def test_a_second_client_is_refused_at_the_door_as_long_as_one_is_served() -> None:
    cpus = pair(second_client="refuse")
    assert list(cpus.closed_doors()) == ["stream-b"]
    cpus.arrives(1, "stream-a")
    assert list(cpus.closed_doors()) == ["stream-b", "stream-a"]
    # One that was on its way when the door closed.
    assert cpus.arrives(2, "stream-a") == Arrival(Meets.SECOND_CLIENT)
    cpus.leaves(1)
    assert list(cpus.closed_doors()) == ["stream-b"]


@pytest.mark.parametrize(
    ("standby", "meets", "closed"),
    [
        ("refuse", Meets.ROLE, ["stream-b"]),
        ("role-then-close", Meets.ROLE, []),
        ("silent", Meets.SILENCE, []),
    ],
)
def test_what_the_standby_cpu_does(standby: str, meets: Meets, closed: list[str]) -> None:
    cpus = pair(standby=standby)
    assert list(cpus.closed_doors()) == closed
    assert cpus.arrives(1, "stream-b") == Arrival(meets)
    assert cpus.client is None


@pytest.mark.parametrize(
    ("ordered", "settings", "keeps"),
    [
        (True, {}, True),
        (True, {"buffer_on_switch_over": "lost"}, False),
        (False, {}, False),
        (False, {"buffer_on_failure": "kept"}, True),
        (False, {"buffer_on_switch_over": "kept"}, False),
    ],
)
def test_a_switch_over(ordered: bool, settings: dict[str, str], keeps: bool) -> None:  # noqa: FBT001
    cpus = pair(standby="silent", **settings)
    cpus.arrives(1, "stream-a")
    cpus.arrives(2, "stream-b")
    switched = cpus.switch_over(ordered=ordered)
    assert (switched.ends, switched.keeps) == ((1, 2), keeps)
    assert switched.reason == ("switch-over" if ordered else "CPU failed")
    assert (cpus.main, cpus.client) == ("stream-b", None)
    cpus.leaves(1)
    assert cpus.arrives(3, "stream-b") == Arrival(Meets.DIALOGUE)
    assert cpus.switch_over(ordered=ordered).ends == (3,)
    assert cpus.main == "stream-a"
