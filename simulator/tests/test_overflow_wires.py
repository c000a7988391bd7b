"""Every wire's buffer from empty over its threshold to overflow and back, as its profile has it.

One exchange with every wire open, in memory: what the ledger says of each step, what the control
API and the living screen show, and which tickets are let go.
"""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from oxo_simulator.account import filing
from oxo_simulator.account.filing import shelf_terms
from oxo_simulator.account.terms import terms as account_terms
from oxo_simulator.clock import VirtualClock, WallClock
from oxo_simulator.commands.life import _described
from oxo_simulator.control.messages import WireName, WireState
from oxo_simulator.exchange.core import Exchange
from oxo_simulator.exchange.orders import CallOrder
from oxo_simulator.exchange.outlet import Outlet
from oxo_simulator.nmc.terms import terms as nmc_terms
from oxo_simulator.ohl.reception import outlet_terms as ohl_terms
from oxo_simulator.profile import load_profile
from oxo_simulator.screen.drawing import _wire as screen_line
from oxo_simulator.stream.reception import outlet_terms as stream_terms
from oxo_simulator.taxation import outlet_terms as taxation_terms
from oxo_simulator.v24.wire import outlet_terms as v24_terms
from oxo_simulator.views import exchange_state, wire_state
from oxo_tickets import CommunicationType, Direction, Kind, Ticket

OPEN = {f"{wire}.open": True for wire in ("nmc", "v24", "ohl", "account", "stream")}
OUT = CallOrder(direction="outgoing", user="128", number="0390670000", call_seconds=3)
SESSION = ("x1", "c1")
NMC = "NMC_THRESHOLD_METERING_TBL"
ROOMY = {f"{wire}.capacity": 2_000 for wire in ("buffer", "v24", "ohl", "stream")}
ROOMY["nmc.licence_tickets"] = 2_000
ROOM = {"nmc": 1_000}
"""Its capacity is the licence's, which comes in thousands (facts: oxo 1.2, documented)."""
ALARMS: dict[str, tuple[int, str | None, str | None]] = {
    "taxation": (70, None, None),
    "nmc": (80, NMC, None),
    "v24": (70, None, None),
    "ohl": (70, None, None),
    "stream": (70, "OTF_BUFFER_70", "OTF_BUFFER_FULL"),
}
"""Threshold by default, and the names of the alarms there and when it is full (facts: oxo 1.5)."""


class House:
    """An exchange whose every wire is open; one of them has few places."""

    def __init__(self, wire: str, **keys: Any) -> None:
        self.wire, self.room = wire, ROOM.get(wire, 10)
        section = "buffer" if wire == "taxation" else wire
        own = {f"{section}.{key}": value for key, value in keys.items()}
        if wire != "account":
            own["nmc.licence_tickets" if wire == "nmc" else f"{section}.capacity"] = self.room
        self.profile = load_profile("certify", {**OPEN, **ROOMY, **own})
        self.clock = VirtualClock()
        self.lines: list[tuple[str, Any]] = []
        self.wall = WallClock(self.clock, self.profile.start, ZoneInfo(self.profile.zone))
        profile, manner = self.profile, self.profile.ed52.manner
        every = (
            taxation_terms(profile),
            nmc_terms(profile.nmc),
            v24_terms(profile.v24),
            ohl_terms(profile.ohl),
            account_terms(profile.account, manner),
            stream_terms(profile.stream, manner),
        )
        self.exchange = Exchange(
            profile=profile,
            seed=1,
            epoch="e",
            clock=self.wall,
            record=lambda event, detail: self.lines.append((event, detail)),
            outlets=[terms for terms in every if terms is not None],
        )

    @property
    def outlet(self) -> Outlet:
        return self.exchange.outlets[self.wire]

    def fill(self, count: int) -> None:
        """Let so many more tickets come."""
        made = self.exchange.tickets_made
        tickets = [
            Ticket(
                kind=Kind.CALL,
                direction=Direction.OUTGOING,
                communication_type=CommunicationType.OUTGOING,
                local_time=self.profile.start,
                charged_user="128",
                dialled_number=f"0390{number:05}",
                trunk="7",
                call_seconds=3,
            )
            for number in range(made, made + count)
        ]
        for _ in self.exchange.loading(tickets, 0):
            pass

    def empty(self, count: int) -> None:
        """Let a collector take the oldest."""
        self.outlet.consumed(self.outlet.waiting(count)[-1].sequence, *SESSION, "printed")

    def told(self, event: str) -> list[Any]:
        """Return what the ledger has of it, of this wire."""
        of = None if self.wire == "taxation" else self.wire
        return [each for name, each in self.lines if name == event and each.get("wire") == of]

    def waiting(self) -> list[int]:
        return [each.id for each in self.outlet.waiting(9_999)]

    # What is shown.

    def shown(self) -> tuple[bool, bool, bool, bool]:
        """Tell who shows the alarm: the wire, the whole exchange, its command, the screen."""
        name = ALARMS.get(self.wire, (0, None, None))[1]
        words = " ".join(filter(None, (self.wire, name)))
        wire, state = self.wire_state(), self.state()
        assert wire.alarm_name == name
        listed = [line for line in _described(state).splitlines() if line.startswith("alarms")]
        return (
            wire.alarm,
            words in state.alarms,
            any(words in line for line in listed),
            "ALARM" in screen_line(wire, 20, 0).plain,
        )

    def wire_state(self) -> WireState:
        port: Any = SimpleNamespace(
            name=self.wire,
            open_ports=lambda _profile: (self.wire,),
            outward=lambda _profile: {},
            sessions=tuple,
        )
        return wire_state(self.wire, port, self.premises(), self.exchange)  # type: ignore[arg-type]

    def premises(self) -> Any:
        return SimpleNamespace(
            name="oxo", address="127.0.0.1", ports={self.wire: 1}, wires={self.wire: self.wire},
            user="u", ca_file="ca", fingerprint="f",
        )  # fmt: skip

    def state(self, *, opening: bool = False) -> Any:
        order: Any = SimpleNamespace(profile="certify", profile_content=None, seed=1, overrides={})
        installed: Any = SimpleNamespace(
            exchange=self.exchange, profile=self.profile, order=order, wall=self.wall,
            ledger=SimpleNamespace(last=len(self.lines)),
        )  # fmt: skip
        link: Any = SimpleNamespace(disturbed=False, opening=opening)
        return exchange_state(self.premises(), installed, link, {}, 0)


def test_no_wire_is_forgotten() -> None:
    assert {*ALARMS, "account"} == set(get_args(WireName))
    assert set(House("nmc").exchange.outlets) == set(get_args(WireName))


def test_who_reads_that_the_exchange_serves_may_connect_at_once() -> None:
    house = House("nmc")
    assert (house.state(opening=True).phase, house.state().phase) == ("busy", "serving")


@pytest.mark.parametrize("wire", ALARMS)
def test_the_alarm_is_raised_named_shown_and_cleared(wire: str) -> None:
    house, (percent, name, _) = House(wire), ALARMS[wire]
    threshold = -(-house.room * percent // 100)
    house.fill(threshold - 1)
    assert (house.told("alarm"), house.shown()) == ([], (False,) * 4)
    house.fill(1)
    own = {} if wire == "taxation" else {"wire": wire}
    named = {} if name is None else {"name": name}
    raised = {"buffered": threshold, "capacity": house.room, "percent": percent, **named, **own}
    assert (house.told("alarm"), house.shown()) == ([raised], (True,) * 4)
    house.fill(1)
    assert house.told("alarm") == [raised], "once, however it goes on"
    house.empty(2)
    assert house.shown() == (False,) * 4, "there is room again"
    house.fill(1)
    assert (house.told("alarm"), house.shown()) == ([raised] * 2, (True,) * 4)
    house.empty(house.room)
    assert (house.waiting(), house.shown()) == ([], (False,) * 4)


@pytest.mark.parametrize("wire", ALARMS)
def test_a_threshold_of_the_profiles_own_is_kept(wire: str) -> None:
    house = House(wire, alarm_percent=50)
    house.fill(house.room)
    assert house.told("alarm")[0]["buffered"] == house.room // 2


@pytest.mark.parametrize("wire", [wire for wire in ALARMS if wire != "taxation"])
def test_a_threshold_of_zero_raises_none(wire: str) -> None:
    house = House(wire, alarm_percent=0)
    house.fill(house.room + 1)
    names = [each["name"] for each in house.told("alarm")]
    assert names == [full for _, _, full in [ALARMS[wire]] if full]
    assert house.shown() == (False,) * 4


@pytest.mark.parametrize("overflow", [None, "newest", "oldest"])
@pytest.mark.parametrize("wire", ALARMS)
def test_a_full_buffer_lets_go_what_its_profile_says(wire: str, overflow: str | None) -> None:
    house = House(wire, **({} if overflow is None else {"overflow": overflow}))
    house.fill(house.room + 3)
    last = house.room + 3
    gone = [1, 2, 3] if overflow == "oldest" else [last - 2, last - 1, last]
    assert house.waiting() == [each for each in range(1, last + 1) if each not in gone]
    own = {} if wire == "taxation" else {"wire": wire}
    assert house.told("dropped") == [{"id": each, "reason": "buffer full", **own} for each in gone]
    full = ALARMS[wire][2]
    assert [each.get("name") for each in house.told("alarm")[1:]] == ([full] if full else [])
    assert house.wire_state().waiting == house.room
    others = [each for event, each in house.lines if event == "dropped"]
    assert len(others) == 3, "no other wire has lost anything"
    house.empty(1)
    house.fill(1)
    assert house.waiting()[-1] == last + 1, "it takes what comes as soon as there is room"
    assert len(house.told("dropped")) == 3


@pytest.mark.parametrize("wire", ["nmc", "v24", "ohl", "stream"])
def test_only_the_taxation_buffer_can_block(wire: str) -> None:
    # A buffer that blocks is known of the IP buffer alone (facts: oxo 7.3).
    with pytest.raises(Exception, match=f"{wire}.overflow"):
        House(wire, overflow="block")


def test_a_buffer_that_blocks_loses_nothing_of_new_calls() -> None:
    house = House("taxation", overflow="block")
    house.fill(house.room)
    assert house.exchange.place([OUT]).outcomes == ["barred"]
    house.clock.advance(60)
    assert (house.told("dropped"), house.shown()) == ([], (True,) * 4)
    house.empty(1)
    assert house.exchange.place([OUT]).outcomes == ["answered"]
    house.clock.advance(60)
    assert (house.told("dropped"), len(house.waiting())) == ([], house.room)


def test_a_full_account_file_is_closed_so_that_wire_never_runs_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    of_three = lambda settings: replace(shelf_terms(settings), file_tickets_max=3)  # noqa: E731
    monkeypatch.setattr(filing, "shelf_terms", of_three)
    house = House("account")
    assert not hasattr(house.profile.account, "overflow")
    assert (house.outlet.buffer.capacity, house.outlet.buffer.overflow) == (30_000, "newest")
    filing.Filing(house.outlet, house.wall, house.profile.account, house.profile.ed52.manner)
    house.fill(8)
    assert [(each["first"], each["last"]) for each in house.told("filed")] == [(1, 3), (4, 6)]
    assert house.waiting() == [7, 8]
    assert (house.told("dropped"), house.told("alarm"), house.shown()) == ([], [], (False,) * 4)
