"""Every wire's outlet when nothing is fetched: one alarm, and what is let go by its profile."""

from datetime import datetime
from typing import Any

import msgspec
import pytest
from oxo_simulator.account.shelf import FILE_TICKETS_MAX
from oxo_simulator.account.terms import terms as account_terms
from oxo_simulator.exchange.outlet import Outlet, OutletTerms
from oxo_simulator.nmc.terms import terms as nmc_terms
from oxo_simulator.ohl.reception import outlet_terms as ohl_terms
from oxo_simulator.profile import Profile, load_profile
from oxo_simulator.stream.reception import outlet_terms as stream_terms
from oxo_simulator.taxation import outlet_terms as taxation_terms
from oxo_simulator.v24.wire import outlet_terms as v24_terms
from oxo_tickets import CommunicationType, Direction, Kind, Ticket

CALL = Ticket(
    kind=Kind.CALL,
    direction=Direction.OUTGOING,
    communication_type=CommunicationType.OUTGOING,
    local_time=datetime(2020, 2, 24, 14),  # noqa: DTZ001 - wall clock
    charged_user="128",
    dialled_number="0390670000",
    trunk="7",
    call_seconds=3,
)
SECTIONS = {"taxation": "buffer"}
OPEN = {f"{wire}.open": True for wire in ("nmc", "v24", "ohl", "account", "stream")}
SMALLEST = {"nmc": 1_000}
"""Its capacity is the licence's, which comes in thousands (facts: oxo 1.2, documented)."""


def terms(wire: str, profile: Profile) -> OutletTerms:
    every = (
        taxation_terms(profile),
        nmc_terms(profile.nmc),
        v24_terms(profile.v24),
        ohl_terms(profile.ohl),
        account_terms(profile.account, profile.ed52.manner),
        stream_terms(profile.stream, profile.ed52.manner),
    )
    return next(each for each in every if each is not None and each.wire == wire)


def filled(wire: str, more: int, **keys: Any) -> tuple[Outlet, list[tuple[str, Any]], int]:
    """Put `more` tickets than there is room for into a wire's outlet, as its profile makes it."""
    room = SMALLEST.get(wire, 10)
    section = SECTIONS.get(wire, wire)
    capacity = {"nmc.licence_tickets": room} if wire == "nmc" else {f"{section}.capacity": room}
    own = {f"{section}.{key}": value for key, value in keys.items()}
    profile = load_profile("certify", {**OPEN, **capacity, **own})
    lines: list[tuple[str, Any]] = []
    outlet = Outlet(terms(wire, profile), lambda event, detail: lines.append((event, detail)))
    for number in range(1, room + more + 1):
        outlet.put(number, msgspec.structs.replace(CALL, call_seconds=number % 60))
    return outlet, lines, room


def dropped(lines: list[tuple[str, Any]]) -> list[int]:
    assert {each["reason"] for event, each in lines if event == "dropped"} <= {"buffer full"}
    return [each["id"] for event, each in lines if event == "dropped"]


@pytest.mark.parametrize(
    ("wire", "percent"), [("taxation", 70), ("nmc", 80), ("v24", 70), ("ohl", 70), ("stream", 70)]
)
def test_a_full_outlet_loses_the_newest_and_has_raised_one_alarm(wire: str, percent: int) -> None:
    # The thresholds are the documented defaults (facts: oxo 1.5), on the other wires ours.
    outlet, lines, room = filled(wire, 3)
    assert [each.id for each in outlet.waiting(room + 3)] == list(range(1, room + 1))
    assert dropped(lines) == [room + 1, room + 2, room + 3]
    alarms = [each for event, each in lines if event == "alarm"]
    assert alarms[0]["buffered"] == -(-room * percent // 100)
    assert alarms[0]["capacity"] == room
    if wire == "stream":
        assert [each["name"] for each in alarms] == ["OTF_BUFFER_70", "OTF_BUFFER_FULL"]
    else:
        assert len(alarms) == 1


@pytest.mark.parametrize("wire", ["taxation", "nmc", "v24", "ohl"])
def test_the_profile_lets_the_oldest_go_instead(wire: str) -> None:
    outlet, lines, room = filled(wire, 3, overflow="oldest")
    assert [each.id for each in outlet.waiting(room + 3)] == list(range(4, room + 4))
    assert dropped(lines) == [1, 2, 3]


@pytest.mark.parametrize("wire", ["taxation", "nmc", "v24", "ohl", "stream"])
def test_a_threshold_of_the_profiles_own_is_kept_and_comes_again_from_below(wire: str) -> None:
    outlet, lines, room = filled(wire, 0, alarm_percent=50)
    assert [each["buffered"] for event, each in lines if event == "alarm"] == [room // 2]
    outlet.consumed(room, "s", "c", "printed")
    lines.clear()
    for number in range(room // 2):
        outlet.put(room + 1 + number, CALL)
    assert [each["buffered"] for event, each in lines if event == "alarm"] == [room // 2]


def test_a_full_account_file_is_closed_so_that_wire_never_runs_over() -> None:
    found = terms("account", load_profile("certify", OPEN))
    assert (found.capacity, found.alarm_percent) == (FILE_TICKETS_MAX, 0)
