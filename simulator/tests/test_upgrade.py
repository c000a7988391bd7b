"""Another release on the same tickets: what goes on, and what the other one does not keep."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from msgspec.structs import replace
from oxo_simulator.clock import VirtualClock, WallClock
from oxo_simulator.control.client import OrderRefused
from oxo_simulator.control.messages import FirmwareOrder, Installation
from oxo_simulator.ephemeral import EphemeralExchange
from oxo_simulator.exchange.buffer import TicketBuffer
from oxo_simulator.exchange.era import Era
from oxo_simulator.exchange.life import ResetKind
from oxo_simulator.exchange.moment import Moment
from oxo_simulator.exchange.notices import Notice
from oxo_simulator.exchange.outlet import Outlet, OutletTerms
from oxo_simulator.installation import Installed, profile_of
from oxo_simulator.taxation import outlet_terms
from oxo_tickets import CommunicationType, Direction, Kind, Ticket

CALL = Ticket(kind=Kind.CALL, local_time=datetime(2020, 2, 24, 14), call_seconds=3)  # noqa: DTZ001
NOW = Moment(datetime(2020, 2, 24, 14), 0, datetime(2020, 2, 24, 13, tzinfo=UTC), "Europe/Berlin")  # noqa: DTZ001
ODD = Ticket(kind=Kind.CALL, local_time=datetime(2020, 2, 24, 14), call_seconds=4)  # noqa: DTZ001
QUICK = {"reset.refused_seconds": 0.1, "reset.busy_seconds": 0.1}


def outlet(lines: list[tuple[str, Any]], **terms: Any) -> Outlet:
    asked = OutletTerms(**{"wire": "nmc", "capacity": 9, "alarm_percent": 0, **terms})
    return Outlet(asked, lambda event, detail: lines.append((event, detail)))


def filled(count: int) -> Outlet:
    found = outlet([])
    for number in range(1, count + 1):
        found.put(number, ODD if number == 2 else CALL)
    return found


def test_what_waits_keeps_its_sequence_and_what_was_offered_may_be_acknowledged() -> None:
    before, lines = filled(3), []  # type: ignore[var-annotated]
    before.offered(1, 2, "s1", "c1")
    after = outlet(lines)
    after.follow(before)
    assert lines == []
    assert [(each.sequence, each.id) for each in after.waiting(9)] == [(1, 1), (2, 2), (3, 3)]
    assert after.acknowledge(2, "s2", "c2") == 2
    after.put(4, CALL)
    assert after.waiting(9)[-1].sequence == 4


def test_documents_take_the_room_of_tickets_in_the_other_release_too() -> None:
    printing = {"notices": lambda _: True, "notices_count": True}
    for overflow, waiting in (("newest", [1]), ("oldest", [1, 2])):
        before, lines = outlet([], **printing), []  # type: ignore[var-annotated]
        before.put_notice(Notice("guest bill", NOW))
        before.put(1, CALL)
        before.put(2, CALL)
        after = outlet(lines, **printing, capacity=2, overflow=overflow)
        after.follow(before)
        assert [each.id for each in after.waiting(9)] == waiting
        assert len(after.notices) == (overflow == "newest")
        assert len(lines) == 1
        assert lines[0][1]["reason"] == "buffer full"


def test_what_the_other_release_does_not_keep_leaves_a_gap_that_nobody_falls_into() -> None:
    lines: list[tuple[str, Any]] = []
    after = outlet(lines, accepts=lambda ticket: "odd" if ticket is ODD else None)
    after.follow(filled(5))
    assert lines == [("dropped", {"id": 2, "reason": "odd", "wire": "nmc"})]
    for behind, expected in (
        (0, [1, 3, 4, 5]),
        (1, [3, 4, 5]),
        (2, [3, 4, 5]),
        (3, [4, 5]),
        (5, []),
    ):
        assert [each.sequence for each in after.buffer.after(behind, 9)] == expected
    assert [each.sequence for each in after.buffer.after(1, 2)] == [3, 4]


@pytest.mark.parametrize(("overflow", "kept"), [("newest", [1, 2]), ("oldest", [3, 4])])
def test_a_smaller_buffer_lets_go_what_its_profile_says(overflow: Any, kept: list[int]) -> None:
    lines: list[tuple[str, Any]] = []
    after = outlet(lines, capacity=2, overflow=overflow)
    after.follow(filled(4))
    assert [each.id for each in after.waiting(9)] == kept
    assert {detail["id"] for _, detail in lines} == {1, 2, 3, 4} - set(kept)
    after.consumed(9, "s", "c", "printed")
    after.put(5, CALL)
    assert after.waiting(9)[0].sequence == 5, "and the sequence goes on behind all of them"


def test_a_buffer_without_room_at_all_takes_nothing_over() -> None:
    empty = TicketBuffer(0, 0, "oldest")
    assert empty.take_over(filled(1).waiting(1)[0]) == 1
    assert len(empty) == 0


def test_what_an_exchange_had_planned_does_not_outlive_it() -> None:
    clock, seen = VirtualClock(), []
    wall = WallClock(clock, datetime(2020, 2, 24), ZoneInfo("UTC"))  # noqa: DTZ001
    old, new = Era(wall), Era(wall)
    old.later(5, lambda: seen.append("old"))
    new.later(5, lambda: seen.append("new"))
    old.end()
    clock.advance(9)
    assert seen == ["new"]


def test_an_upgrade_goes_on_where_the_release_before_it_was(tmp_path: Path) -> None:
    order = Installation()
    profile = profile_of(order)
    installed = Installed(
        order,
        profile,
        number=1,
        token="a",
        ledger_file=tmp_path / "ledger.ndjson",
        outlets=[outlet_terms(profile)],
        utc_now=lambda: datetime(2026, 1, 1),  # noqa: DTZ001
        broken=print,
    )
    installed.exchange.load([CALL], 0)
    installed.exchange.load([CALL, CALL], 1)
    installed.clock.advance(3600)
    later = replace(CALL, local_time=CALL.local_time + timedelta(hours=1))
    installed.exchange.load([CALL, later], 1)
    instant = installed.wall.now().utc
    other = Installation(profile="r3.2-iwr", overrides={"zone": "America/New_York"})
    profile = profile_of(other)
    installed.exchange.reset(ResetKind.WARM, "1-b")
    exchange = installed.upgrade(other, profile, [outlet_terms(profile)])
    assert exchange is installed.exchange
    assert (exchange.epoch, exchange.tickets_made) == ("1-a", 5)
    assert exchange.release == profile.release
    assert [each.sequence for each in exchange.waiting(9)] == [1, 2, 3, 4, 5]
    assert installed.wall.now().utc == instant
    assert installed.wall.now().zone == "America/New_York"
    installed.ledger.close()


@pytest.mark.process
@pytest.mark.oxo(overrides={**QUICK, "v24.open": True, "account.open": True})
def test_a_process_upgrades_opens_a_wire_closes_another_and_keeps_the_tickets(
    oxo: EphemeralExchange, ask_exchange: Any
) -> None:
    whole = msgspec.structs.replace(
        CALL,
        direction=Direction.OUTGOING,
        communication_type=CommunicationType.OUTGOING,
        charged_user="128",
        dialled_number="0390",
        trunk="7",
    )
    oxo.load([whole])
    assert oxo.control.close_account_file().file == "TAXAAAAA.DAT"
    oxo.load([whole])
    before = ask_exchange(oxo, "<Login/>")
    epoch = oxo.control.state().epoch
    with pytest.raises(OrderRefused, match="user stays while the exchange runs"):
        oxo.control.upgrade(FirmwareOrder(profile="certify", overrides={"user": "x"}))
    with pytest.raises(OrderRefused, match="hotel mode needs a cold reset"):
        oxo.control.upgrade(FirmwareOrder(profile="certify", overrides={"mode": "hotel"}))
    overrides: dict[str, Any] = {
        **QUICK,
        "nmc.open": True,
        "nmc.licence_tickets": 1000,
        "account.open": True,
    }
    overrides["release"] = "R6.2"
    order = FirmwareOrder(profile="certify", overrides=overrides, tag_set="observed")
    assert oxo.control.upgrade(order).phase == "refused"
    oxo.wait_for("phase", phase="serving")
    state = oxo.control.state()
    assert (state.release, state.tag_set, state.epoch) == ("R6.2", "observed", epoch)
    assert (state.buffered, state.tickets_made) == (2, 2)
    told = [line for line in oxo.ledger() if line.event in ("firmware", "reset", "epoch")]
    assert [line.event for line in told] == ["firmware", "reset"]
    dropped = {(line.detail["wire"], line.detail["reason"]) for line in oxo.ledger("dropped")}
    assert dropped == {("v24", "wire closed")}
    after = ask_exchange(oxo, "<Login/>")
    assert "R6.2" in after.text
    assert "R6.2" not in before.text
    oxo.load([whole])
    assert [(wire.name, wire.waiting) for wire in oxo.control.wires() if wire.open] == [
        ("taxation", 3),
        ("nmc", 1),
        ("account", 2),
    ]
    closed = oxo.control.close_account_file()
    assert (closed.file, closed.first, closed.last) == ("TAXAAAAB.DAT", 2, 3)
    assert oxo.control.wires()[4].files == 2, "the one of before is there still"
    opened = [line.detail["session"] for line in oxo.ledger("session opened")]
    assert opened == ["s1", "s2"]
