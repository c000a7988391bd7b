"""An exchange's clock, its outlet and the account files together, without a socket."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import ncompress
import pytest
from oxo_simulator.account import filing
from oxo_simulator.account.filing import Filing, shelf_terms
from oxo_simulator.account.settings import AccountSettings
from oxo_simulator.account.terms import terms
from oxo_simulator.clock import VirtualClock, WallClock
from oxo_simulator.ed52.account_file import header
from oxo_simulator.ed52.layout import OLDER
from oxo_simulator.ed52.mapping import MANNER
from oxo_simulator.exchange.outlet import Outlet
from oxo_tickets import CommunicationType, Direction, Kind, Ticket

DAY = 24 * 3600
VECTORS = Path(__file__).parents[2] / "vectors/oxe-file"


class Site:
    """One exchange's account files."""

    def __init__(
        self, start: str = "2020-02-24T09:10:00", zone: str = "Europe/Paris", **keys: Any
    ) -> None:
        settings = AccountSettings(open=True, **keys)
        asked = terms(settings, MANNER)
        assert asked is not None
        self.ledger: list[tuple[str, dict[str, Any]]] = []
        self.outlet = Outlet(asked, lambda event, detail: self.ledger.append((event, detail)))
        self.clock = VirtualClock()
        self.wall = WallClock(self.clock, datetime.fromisoformat(start), ZoneInfo(zone))
        self.filing = Filing(self.outlet, self.wall, settings, MANNER)
        self.accepts = asked.accepts
        self.made = 0

    def call(self, after: float = 0) -> None:
        self.clock.advance(after)
        self.made += 1
        self.outlet.put(self.made, ticket(self.wall.now().local))

    def filed(self) -> list[tuple[str, int, int]]:
        return [
            (line["file"][3:8], line["first"], line["last"])
            for event, line in self.ledger
            if event == "filed"
        ]

    def dates(self) -> list[str]:
        index = self.filing.shelf.file("ACCOUNT.LIS").content.data.decode()
        return [line.partition(" ")[2] for line in index.splitlines()]


def ticket(at: datetime) -> Ticket:
    return Ticket(
        kind=Kind.CALL,
        direction=Direction.OUTGOING,
        communication_type=CommunicationType.OUTGOING,
        local_time=at.replace(microsecond=0),
        charged_user="120",
        dialled_number="0199000001",
        trunk="7",
        call_seconds=6,
    )


def test_the_full_hour_closes_a_file_of_what_came_in_it() -> None:
    site = Site()
    site.call()
    site.call(1200)
    site.clock.advance(1799)
    assert site.filed() == []
    assert site.outlet.waiting_count() == 2
    site.clock.advance(1)
    assert site.filed() == [("AAAAA", 1, 2)]
    assert site.outlet.waiting_count() == 0
    site.call(60)
    site.clock.advance(3600)
    assert site.filed() == [("AAAAA", 1, 2), ("AAAAB", 3, 3)]
    assert site.dates() == ["24/02/20 10:00:00", "24/02/20 11:00:00"]


def test_the_file_is_compressed_text_with_the_header_and_a_line_for_each_ticket() -> None:
    site = Site()
    site.call()
    site.call()
    closed = site.filing.close()
    assert closed is not None
    plain = ncompress.decompress(closed.content.data)
    assert closed.content.data[:3] == b"\x1f\x9d\x90"
    begin, *records, rest = plain.split(b"\n")
    assert (begin + b"\n", rest) == (header(), b"")
    assert [len(record) for record in records] == [525, 525]
    assert records[0] == records[1]
    assert records[0].startswith(b"ED5.20199000001 ")


@pytest.mark.parametrize(
    ("dat", "plain"), [("taxaaaaa.dat", "taxaaaaa-plain.txt"), ("tv-11-two-records.dat", None)]
)
def test_records_of_a_vector_are_closed_to_its_very_bytes(dat: str, plain: str | None) -> None:
    wanted = (VECTORS / dat).read_bytes()
    whole = ncompress.decompress(wanted)
    assert plain is None or whole == (VECTORS / plain).read_bytes()
    site = Site()
    for number, record in enumerate(whole.splitlines()[1:], start=1):
        site.filing.shelf.put(number, record, site.wall.now())
    closed = site.filing.close()
    assert closed is not None
    assert closed.content.data == wanted


def test_the_older_layout_has_its_own_header_and_width() -> None:
    site = Site(layout="older", open_file="shown")
    site.call()
    plain = site.filing.shelf.file("tax.tmp").content.data
    assert plain.startswith(header(OLDER))
    assert len(plain) == len(header(OLDER)) + OLDER.width + 1


def test_an_hour_without_a_ticket_makes_no_file_and_no_timer_runs() -> None:
    site = Site()
    site.clock.advance(366 * DAY)
    assert not site.clock.getDelayedCalls()
    site.call()
    assert len(site.clock.getDelayedCalls()) == 1
    site.clock.advance(3600)
    (ageing,) = site.clock.getDelayedCalls()
    site.clock.advance(100 * DAY)
    assert not site.clock.getDelayedCalls(), ageing
    assert site.filed() == [("AAAAA", 1, 1)]
    assert [event for event, _ in site.ledger] == ["buffered", "filed", "expired"]


def test_without_hourly_closing_it_takes_ninety_quiet_minutes() -> None:
    site = Site(hourly=False)
    site.call()
    site.call(80 * 60)
    site.call(80 * 60)
    site.clock.advance(90 * 60 - 1)
    assert site.filed() == []
    site.clock.advance(1)
    assert site.filed() == [("AAAAA", 1, 3)]


def test_a_shorter_quiet_of_the_profile_closes_before_the_hour() -> None:
    site = Site(close_minutes_idle=5)
    site.call()
    site.call(240)
    site.clock.advance(299)
    assert site.filed() == []
    site.clock.advance(1)
    assert site.filed() == [("AAAAA", 1, 2)]


def test_on_demand_closes_now_and_what_comes_after_goes_into_the_next() -> None:
    site = Site()
    assert site.filing.close() is None
    site.call()
    closed = site.filing.close()
    assert closed is not None
    assert (closed.name, closed.first, closed.last) == ("TAXAAAAA.DAT", 1, 1)
    assert site.filing.close() is None
    site.call(60)
    site.clock.advance(3600)
    assert site.filed() == [("AAAAA", 1, 1), ("AAAAB", 2, 2)]


def test_the_repeated_hour_makes_two_files_and_the_missing_hour_one_before_it() -> None:
    autumn = Site("2020-10-25T01:50:00")
    for _ in range(4):
        autumn.call()
        autumn.clock.advance(3600)
    autumn.clock.advance(3600)
    assert autumn.dates() == [
        "25/10/20 02:00:00", "25/10/20 02:00:00", "25/10/20 03:00:00", "25/10/20 04:00:00",
    ]  # fmt: skip
    assert len(autumn.filed()) == 4
    spring = Site("2020-03-29T01:50:00")
    for _ in range(2):
        spring.call()
        spring.clock.advance(3600)
    assert spring.dates() == ["29/03/20 03:00:00", "29/03/20 04:00:00"]


def test_files_age_out_after_the_days_of_the_profile() -> None:
    site = Site(retention_days=2)
    site.call()
    site.clock.advance(3600)
    site.call()
    site.clock.advance(2 * DAY - 600)
    assert [line["file"] for event, line in site.ledger if event == "expired"] == ["TAXAAAAA.DAT"]
    site.clock.advance(3600)
    expired = [line for event, line in site.ledger if event == "expired"]
    assert expired[1] == {
        "first": 2, "last": 2, "file": "TAXAAAAB.DAT", "fetched": False, "wire": "account",
    }  # fmt: skip


def test_a_file_that_is_full_is_closed_without_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        filing, "shelf_terms", lambda settings: replace(shelf_terms(settings), file_tickets_max=3)
    )
    site = Site()
    for _ in range(4):
        site.call()
    assert site.filed() == [("AAAAA", 1, 3)]
    assert site.outlet.waiting_count() == 1
    site.clock.advance(3600)
    assert site.filed()[1:] == [("AAAAB", 4, 4)]
    assert "dropped" not in {event for event, _ in site.ledger}


def test_a_month_of_calls_passes_in_seconds_and_stays_744_files() -> None:
    """A call every minute for 32 days, the last of which lets the first day's files age out."""
    site = Site("2020-03-02T00:00:00", zone="UTC")
    for _ in range(32 * 24 * 6):
        site.call(600)
    shelf = site.filing.shelf
    assert shelf.count == 31 * 24
    names = [file.name for file in shelf.files][:-1]
    assert names == sorted(names)
    expired = [line for event, line in site.ledger if event == "expired"]
    assert len(expired) == 24
    spans = [(first, last) for _, first, last in site.filed()]
    assert all(before[1] + 1 == after[0] for before, after in pairwise(spans))


def test_there_is_one_timer_for_all_that_ages() -> None:
    site = Site()
    for _ in range(3):
        site.call()
        site.filing.close()
    assert len(site.clock.getDelayedCalls()) == 1


def test_timers_end_with_the_exchange() -> None:
    site = Site()
    site.call()
    site.filing.close()
    site.call()
    assert len(site.clock.getDelayedCalls()) == 2
    site.filing.stop()
    assert not site.clock.getDelayedCalls()


def test_what_the_record_has_no_code_for_is_not_kept() -> None:
    site = Site()
    reminder = Ticket(kind=Kind.REMINDER, local_time=site.wall.now().local)
    assert site.accepts(reminder) == "cannot be rendered"
    assert site.accepts(ticket(site.wall.now().local)) is None
    long = Ticket(
        kind=Kind.CALL,
        direction=Direction.OUTGOING,
        communication_type=CommunicationType.OUTGOING,
        local_time=site.wall.now().local,
        dialled_number="0" * 28,
    )
    assert site.accepts(long) is None
    assert Site(layout="older").accepts(long) == "cannot be rendered"


def test_a_ticket_of_the_full_hour_belongs_to_the_next_one() -> None:
    site = Site("2020-02-24T09:00:00")
    for hour in range(4):  # all set before any timer of a file
        site.clock.callLater(3600 * hour, site.call)
    site.clock.advance(3 * 3600 + 3600)
    assert site.filed() == [
        ("AAAAA", 1, 1), ("AAAAB", 2, 2), ("AAAAC", 3, 3), ("AAAAD", 4, 4),
    ]  # fmt: skip
    assert site.dates()[0] == "24/02/20 10:00:00"


@pytest.mark.parametrize("start", ["2020-02-24T09:59:59.999999", "2020-02-24T10:00:00"])
def test_a_ticket_at_the_edge_of_an_hour_is_filed_once(start: str) -> None:
    site = Site(start)
    site.call()
    site.clock.advance(timedelta(hours=2).total_seconds())
    assert site.filed() == [("AAAAA", 1, 1)]
