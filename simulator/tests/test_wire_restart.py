"""What a wire makes of a reset that lost what waited, or of another release, without a socket."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from oxo_simulator.account.filing import Filing
from oxo_simulator.account.settings import AccountSettings
from oxo_simulator.account.terms import terms as account_terms
from oxo_simulator.clock import VirtualClock, WallClock
from oxo_simulator.control.messages import HotelEvent
from oxo_simulator.ed52.mapping import MANNER
from oxo_simulator.exchange.outlet import Outlet, OutletTerms
from oxo_simulator.nmc.service import new_shelf
from oxo_simulator.nmc.settings import NmcSettings
from oxo_simulator.nmc.terms import terms as nmc_terms
from oxo_simulator.ohl.reception import Reception as HotelReception
from oxo_simulator.ohl.reception import outlet_terms as ohl_terms
from oxo_simulator.ohl.settings import OhlSettings
from oxo_simulator.stream.reception import Reception as StreamReception
from oxo_simulator.stream.reception import outlet_terms as stream_terms
from oxo_simulator.stream.settings import StreamSettings
from oxo_tickets import CommunicationType, Direction, Kind, Ticket

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2020, 2, 24, 12)  # noqa: DTZ001 - wall clock
CALL = Ticket(
    kind=Kind.CALL,
    direction=Direction.OUTGOING,
    communication_type=CommunicationType.OUTGOING,
    local_time=NOON,
    charged_user="128",
    dialled_number="0390",
    trunk="7",
    call_seconds=6,
)
Lines = list[tuple[str, dict[str, Any]]]


def outlet(terms: OutletTerms | None, lines: Lines) -> Outlet:
    assert terms is not None
    return Outlet(terms, lambda event, detail: lines.append((event, detail)))


class AccountFiles:
    """A wire's files, over several lives of the exchange."""

    def __init__(self) -> None:
        self.lines: Lines = []
        self.settings = AccountSettings(open=True, hourly=False, close_minutes_idle=1440)
        self.clock = VirtualClock()
        self.wall = WallClock(self.clock, NOON, BERLIN)
        self.outlet = outlet(account_terms(self.settings, MANNER), self.lines)
        self.filing = Filing(self.outlet, self.wall, self.settings, MANNER)
        self.made = 0

    def put(self, count: int) -> None:
        for _ in range(count):
            self.made += 1
            self.outlet.put(self.made, CALL)

    def restart(self, *, lost: bool) -> None:
        before = self.filing.shelf
        if lost:
            self.outlet = self.outlet.emptied("cold reset", counts_anew=True)
            before.lose(self.wall.now())
        self.filing.stop()
        self.filing = Filing(self.outlet, self.wall, self.settings, MANNER, before)

    @property
    def names(self) -> list[str]:
        return [file.name for file in self.filing.shelf.files if file.name.startswith("TAX")]


def test_files_and_the_tickets_of_the_open_one_outlive_an_upgrade() -> None:
    site = AccountFiles()
    site.put(2)
    site.filing.close()
    site.put(3)
    version = site.filing.shelf.version
    site.restart(lost=False)
    assert site.names == ["TAXAAAAA.DAT"]
    assert site.filing.shelf.version > version, "who looks from another thread sees it"
    closed = site.filing.close()
    assert closed is not None
    assert (closed.name, closed.first, closed.last) == ("TAXAAAAB.DAT", 3, 5)
    assert site.filing.shelf.count == 2


def test_a_file_that_outlived_an_upgrade_ages_out_in_its_time() -> None:
    site = AccountFiles()
    site.put(1)
    site.filing.close()
    site.restart(lost=False)
    site.clock.advance(timedelta(days=site.settings.retention_days, hours=1).total_seconds())
    assert site.names == []
    assert [event for event, _ in site.lines].count("expired") == 1


def test_a_cold_reset_loses_files_with_a_word_for_each_and_names_go_on() -> None:
    site = AccountFiles()
    for _ in range(2):
        site.put(1)
        site.filing.close()
    site.put(1)
    site.restart(lost=True)
    told = [(event, each.get("file")) for event, each in site.lines if event == "expired"]
    assert told == [("expired", "TAXAAAAA.DAT"), ("expired", "TAXAAAAB.DAT")]
    assert [each["id"] for event, each in site.lines if event == "dropped"] == [3]
    assert site.names == []
    assert site.filing.shelf.bytes_count == 0
    site.put(1)
    closed = site.filing.close()
    assert closed is not None
    assert (closed.name, closed.first) == ("TAXAAAAC.DAT", 1)
    site.clock.advance(timedelta(days=40).total_seconds())
    assert site.names == [], "the timers of before are gone, those of now come"


def test_the_counter_of_nmc_files_goes_on() -> None:
    settings = NmcSettings(open=True, licence_tickets=1000)
    waiting = outlet(nmc_terms(settings), [])
    waiting.put(1, CALL)
    first = new_shelf(settings, waiting, "R3", lambda: NOON)
    first.appear()
    second = new_shelf(settings, waiting, "R3", lambda: NOON, first.counter)
    second.appear()
    assert [file.name for file in (*first.files, *second.files)] == ["ALZ0001.ALZ", "ALZ0002.ALZ"]


@pytest.mark.parametrize("lost", [False, True])
def test_sessions_and_events_of_the_hotel_link_go_on_being_counted(lost: bool) -> None:  # noqa: FBT001
    lines: Lines = []
    settings = OhlSettings(open=True)
    before = HotelReception(outlet(ohl_terms(settings), lines), settings)
    before.open("c1")
    before.say(HotelEvent(event="check-in", room="107", guest_name="Guest"))
    after = HotelReception(outlet(ohl_terms(settings), lines), settings)
    after.follow(before, lost=lost)
    assert after.open("c2").name == "o2"
    assert (after.rooms is before.rooms) == (not lost)
    assert after.backlog.events_count == (0 if lost else 1)
    told = [each["number"] for event, each in lines if event == "hotel event lost"]
    assert told == ([1] if lost else [])
    after.say(HotelEvent(event="check-out", room="107"))
    numbers = [each["number"] for event, each in lines if event == "hotel event"]
    assert numbers == [1, 2]


def test_sessions_of_the_stream_go_on_being_counted() -> None:
    settings = StreamSettings(open=True)
    waiting = outlet(stream_terms(settings, MANNER), [])
    before = StreamReception(waiting, settings, MANNER)
    assert before.open("c1").name == "e1"
    after = StreamReception(waiting, settings, MANNER, before.sessions)
    assert after.open("c2").name == "e2"
