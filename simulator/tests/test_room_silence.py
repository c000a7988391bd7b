"""Whether a room's set is silent: reception, the set itself and resets tell one truth."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from oxo_simulator.clock import VirtualClock, WallClock
from oxo_simulator.exchange.core import Exchange
from oxo_simulator.exchange.life import ResetKind
from oxo_simulator.exchange.rooms import Stay
from oxo_simulator.exchange.sets import Condition, SetState
from oxo_simulator.profile import load_profile
from oxo_simulator.taxation import outlet_terms


class House:
    """An exchange in hotel mode and one of its rooms."""

    def __init__(self) -> None:
        profile = load_profile("certify", {"mode": "hotel"})
        start = datetime(2020, 2, 24, 14)  # noqa: DTZ001 - wall clock
        self.lines: list[tuple[str, dict[str, Any]]] = []
        self.exchange = Exchange(
            profile=profile,
            seed=1,
            epoch="e",
            clock=WallClock(VirtualClock(), start, ZoneInfo(profile.zone)),
            record=lambda event, detail: self.lines.append((event, detail)),
            outlets=[outlet_terms(profile)],
        )
        self.hotel = self.exchange.hotel

    def silent(self) -> bool | None:
        return self.exchange.rooms["106"].do_not_disturb

    def condition(self) -> Condition:
        return self.exchange.calls.states["106"].condition

    def set_up(self, condition: Condition) -> None:
        self.exchange.calls.set_up("106", SetState(condition))


def test_a_room_is_as_silent_as_its_set() -> None:
    house = House()
    assert house.silent() is None, "nobody told"
    house.hotel.check_in(["106"], Stay(guest_name="G", do_not_disturb=True))
    assert (house.silent(), house.condition()) == (True, "do not disturb")
    house.set_up("free")
    assert house.silent() is False
    house.hotel.modify("106", Stay(do_not_disturb=True))
    assert (house.silent(), house.condition()) == (True, "do not disturb")
    house.hotel.modify("106", Stay(do_not_disturb=False))
    house.set_up("do not disturb")
    assert house.silent() is True
    house.hotel.check_out(["106"])
    assert (house.silent(), house.condition()) == (None, "free")


def test_a_set_that_is_silenced_by_itself_is_freed_by_reception() -> None:
    house = House()
    house.hotel.check_in(["106"], Stay(guest_name="G"))
    house.set_up("do not disturb")
    house.hotel.modify("106", Stay(do_not_disturb=False))
    assert (house.silent(), house.condition()) == (False, "free")


def test_a_set_that_was_silenced_in_a_vacant_room_is_as_the_next_guest_wants() -> None:
    house = House()
    house.set_up("do not disturb")
    assert house.silent() is True
    house.hotel.check_in(["106"], Stay(guest_name="G", do_not_disturb=False))
    assert (house.silent(), house.condition()) == (False, "free")


def test_nothing_is_told_of_a_set_twice() -> None:
    house = House()
    house.hotel.check_in(["106"], Stay(guest_name="G", do_not_disturb=True))
    house.hotel.modify("106", Stay(do_not_disturb=True))
    assert [detail["state"] for event, detail in house.lines if event == "set"] == [
        "do not disturb"
    ]


@pytest.mark.parametrize("kind", list(ResetKind))
def test_no_reset_leaves_two_truths(kind: ResetKind) -> None:
    house = House()
    house.hotel.check_in(["106"], Stay(guest_name="G", do_not_disturb=True))
    house.exchange.reset(kind, "e2")
    assert bool(house.silent()) == (house.condition() == "do not disturb")
