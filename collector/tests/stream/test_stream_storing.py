"""From the spool into the store: batches, crashes between any two steps, outages and healing."""

from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from oxo_collector.intake import Intake
from oxo_collector.receipt import FetchedFile, Piece, Source, Stored, Wire
from oxo_collector.report import Level, Report
from oxo_collector.standing import SourceStatus
from oxo_collector.store import Reading, StoreUnusable, open_for_writing
from oxo_collector.stream.chunk import Chunk, Kind
from oxo_collector.stream.pieces import Decoding
from oxo_collector.stream.spool import Spool
from oxo_collector.stream.storing import UNHEALED, Storing

VECTORS = Path(__file__).resolve().parents[3] / "vectors" / "oxe-stream"
CDR = (VECTORS / "tv-07-cdr-frame.bin").read_bytes()
LATER = (VECTORS / "tv-14-concatenation.bin").read_bytes()[-774:]
MAO = (VECTORS / "tv-13-mao-frame.bin").read_bytes()
STREAM, ACCOUNT = Source("site", Wire.STREAM), Source("site", Wire.ACCOUNT)
NOON = datetime(2020, 2, 12, 12, 0, tzinfo=UTC)
DECODING = Decoding("Europe/Paris", 2)


class Crash(BaseException):
    """The process is gone."""


class Site:
    """A store and a spool that outlive the processes of a test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.told: list[Report] = []
        self.seconds = 0

    def spool(self) -> Spool:
        one = Spool(self.folder / "spool", 1_000_000, 3000)
        one.open()
        return one

    def chunk(self, kind: Kind, epoch: str, first: int, *frames: bytes) -> Chunk:
        self.seconds += 1
        when = int((NOON + timedelta(seconds=self.seconds)).timestamp() * 1000)
        count = len(frames) if kind in (Kind.FRAMES, Kind.ASIDE) else 0
        if kind is Kind.ASIDE and not first:
            count = 0
        return Chunk(kind, epoch, first, count, when, b"".join(frames))

    def spooled(self, *chunks: Chunk) -> None:
        with closing(self.spool()) as spool:
            for one in chunks:
                spool.append(one)

    def stored(
        self,
        door: Callable[[Intake], Intake] = lambda intake: intake,
        *,
        heals: bool = True,
        attempts: int = 1,
    ) -> None:
        """Let a process store all that is spooled, and end."""
        connection = open_for_writing(self.folder / "tickets.db")
        with closing(connection), closing(self.spool()) as spool:
            intake = door(Intake(connection, lambda: NOON + timedelta(hours=1)))
            one = Storing(
                STREAM, spool, intake, DECODING.pieces, self.told.append, heals=heals,
                rest_seconds=0.001,
            )  # fmt: skip
            one.finish()
            for _ in range(attempts):
                one.run()

    def file(self, name: str, *frames: bytes) -> None:
        """Keep an account file with the records of these frames."""
        pieces = list(DECODING.pieces(b"".join(frames), 1))
        fetched = FetchedFile(name, 1, sha256(name.encode()).hexdigest(), None, len(pieces))
        with closing(open_for_writing(self.folder / "tickets.db")) as connection:
            door = Intake(connection, lambda: NOON + timedelta(hours=2))
            door.keep_account_file(ACCOUNT, fetched, pieces, b"", None)

    def ordinals(self) -> list[tuple[str, int]]:
        with Reading(self.folder / "tickets.db") as store:
            return [(row.epoch, row.sequence) for row in store.tickets(wire=Wire.STREAM)]

    def status(self) -> SourceStatus:
        with Reading(self.folder / "tickets.db") as store:
            return next(one for one in store.status() if one.wire == Wire.STREAM)

    def texts(self, level: Level) -> list[str]:
        return [one.text for one in self.told if one.level is level]

    def segments(self) -> list[Path]:
        return sorted((self.folder / "spool").glob("*.spool"))


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def whole(site: Site) -> list[Chunk]:
    """Return what one good connection spools."""
    return [
        site.chunk(Kind.BEGUN, "e", 1, b"peer"),
        site.chunk(Kind.FRAMES, "e", 1, CDR, CDR),
        site.chunk(Kind.FRAMES, "e", 3, MAO, CDR),
        site.chunk(Kind.ASIDE, "e", 5, b"a reason\0raw"),
        site.chunk(Kind.FRAMES, "e", 6, *[CDR] * 13),
        site.chunk(Kind.ENDED, "e", 19),
    ]


def test_everything_is_stored_once_in_order_and_the_spool_is_emptied(site: Site) -> None:
    site.spooled(*whole(site))
    site.stored()
    numbers = [1, 2, 4, *range(6, 19)]
    assert site.ordinals() == [("e", number) for number in numbers]
    status = site.status()
    assert (status.events, status.quarantined, status.missing) == (1, 1, 0)
    assert status.outages == ()
    assert site.segments() == []


def test_what_is_no_frame_is_shown_with_its_reason_and_bytes(site: Site) -> None:
    site.spooled(
        site.chunk(Kind.ASIDE, "d", 0, b"no role\0\xff\xff"),
        site.chunk(Kind.ASIDE, "d", 0, b"no role\0\xff\xff"),
        *whole(site),
    )
    site.stored()
    with Reading(site.folder / "tickets.db") as store:
        first, second = store.quarantine()
        assert (first.reason, first.seen_count, first.epoch) == ("no role", 2, "")
        assert store.quarantined_bytes(first.id) == b"\xff\xff"
        assert (second.reason, second.place, second.sequence) == ("a reason", "frame 5", 5)
        assert store.quarantined_bytes(second.id) == b"raw"


def test_consecutive_chunks_are_one_batch_and_a_gap_divides_them(site: Site) -> None:
    site.spooled(
        site.chunk(Kind.FRAMES, "e", 1, CDR),
        site.chunk(Kind.FRAMES, "e", 2, CDR),
        site.chunk(Kind.FRAMES, "e", 5, CDR),
        site.chunk(Kind.ENDED, "e", 6),
    )
    site.stored()
    assert [one.fields["new"] for one in site.told if one.text == "frames stored"] == [2, 1]
    assert site.status().missing == 2


class Refusing(Intake):
    """A door that refuses, or at which the process dies, at a given call."""

    calls = 0
    at = 0
    before = True
    why: BaseException = StoreUnusable("locked")

    def keep_stream(
        self, source: Source, epoch: str, first: int, pieces: Sequence[Piece], raw: bytes
    ) -> Stored:
        type(self).calls += 1
        now = type(self).calls == type(self).at
        if now and self.before:
            raise self.why
        stored = super().keep_stream(source, epoch, first, pieces, raw)
        if now:
            raise self.why
        return stored


def refusing(at: int, why: BaseException, *, before: bool) -> Callable[[Intake], Intake]:
    kind = type("At", (Refusing,), {"at": at, "why": why, "before": before})

    def door(intake: Intake) -> Intake:
        intake.__class__ = kind
        return intake

    return door


def test_a_store_that_refuses_once_costs_nothing_and_is_told_once(site: Site) -> None:
    site.spooled(*whole(site))
    site.stored(refusing(1, StoreUnusable("the store is locked"), before=True))
    assert len(site.texts(Level.WARNING)) >= 1
    assert "what came is safe in the spool" in site.texts(Level.WARNING)[0]
    site.stored()
    assert len(site.ordinals()) == 16


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("at", [1, 2])
def test_a_crash_around_a_commit_stores_nothing_twice_and_loses_nothing(
    at: int, site: Site, *, before: bool
) -> None:
    """Before the commit: the batch is in the spool alone. After it: in both, and is known."""
    site.spooled(
        site.chunk(Kind.BEGUN, "e", 1),
        *(site.chunk(Kind.FRAMES, "e", 1 + 2 * n, CDR, CDR) for n in range(4)),
        site.chunk(Kind.ENDED, "e", 9),
    )
    with pytest.raises(Crash):
        site.stored(refusing(at, Crash(), before=before))  # two segments, a batch of each
    site.stored()
    assert site.ordinals() == [("e", number) for number in range(1, 9)]
    assert site.segments() == []


def test_a_crash_before_a_segment_is_removed_finds_it_known(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.spooled(*whole(site))

    def crash(*_: object) -> None:
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(Spool, "release", crash)
        with pytest.raises(Crash):
            site.stored()
    assert site.segments() != []
    site.stored()
    assert len(site.ordinals()) == 16


def test_of_what_is_partly_stored_the_rest_is_stored(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.spooled(site.chunk(Kind.BEGUN, "e", 1), site.chunk(Kind.FRAMES, "e", 1, CDR))
    with monkeypatch.context() as patched:
        patched.setattr(Spool, "release", lambda *_: None)
        site.stored()
    site.spooled(site.chunk(Kind.FRAMES, "e", 2, CDR), site.chunk(Kind.ENDED, "e", 3))
    site.stored()
    assert site.ordinals() == [("e", 1), ("e", 2)]


def test_a_batch_that_was_refused_in_the_middle_is_no_lost_connection(site: Site) -> None:
    site.spooled(
        site.chunk(Kind.BEGUN, "e", 1),
        site.chunk(Kind.FRAMES, "e", 1, CDR),
        site.chunk(Kind.ENDED, "e", 2),
        site.chunk(Kind.BEGUN, "f", 1),
        site.chunk(Kind.FRAMES, "f", 1, CDR),
        site.chunk(Kind.ENDED, "f", 2),
    )
    site.stored(refusing(2, StoreUnusable("locked"), before=True), attempts=2)
    assert site.ordinals() == [("e", 1), ("f", 1)]
    assert site.status().outages == ()


def test_a_store_put_back_to_an_older_state_gets_what_the_spool_has(site: Site) -> None:
    chunks = whole(site)
    site.spooled(*chunks[:-1])
    site.stored(refusing(99, Crash(), before=True))
    for path in site.folder.glob("tickets.db*"):
        path.unlink()
    site.spooled(*chunks)
    site.stored()
    assert len(site.ordinals()) == 16


def test_a_defect_in_reading_frames_is_told_and_the_spool_keeps_them(site: Site) -> None:
    site.spooled(site.chunk(Kind.BEGUN, "e", 1), site.chunk(Kind.FRAMES, "e", 1, CDR[:-1]))
    site.stored()
    assert "defect of the collector" in site.texts(Level.ERROR)[0]
    assert site.segments() != []


def test_a_torn_tail_is_told(site: Site) -> None:
    site.spooled(site.chunk(Kind.BEGUN, "e", 1), site.chunk(Kind.FRAMES, "e", 1, CDR))
    path = site.segments()[-1]
    path.write_bytes(path.read_bytes()[:-1])
    site.stored()
    assert "a write of" in site.texts(Level.WARNING)[0]
    assert "was broken off" in site.texts(Level.WARNING)[0]
    assert len(list((site.folder / "spool").glob("*.torn"))) == 1


def test_damage_in_the_middle_is_an_alarm(site: Site) -> None:
    site.spooled(*whole(site))
    path = site.segments()[0]
    data = bytearray(path.read_bytes())
    data[200] ^= 1
    path.write_bytes(data)
    site.stored()
    assert "bytes of the spool are damaged" in site.texts(Level.ERROR)[0]


# --- outages


def broken(site: Site, epoch: str, first: int) -> Chunk:
    return site.chunk(Kind.BROKEN, epoch, first, b"the connection was cut")


def test_a_lost_connection_is_noted_once_with_its_time(site: Site) -> None:
    chunks = [*whole(site)[:-1], broken(site, "e", 19)]
    site.spooled(*chunks)
    site.stored()
    site.spooled(*chunks)
    site.stored()
    (lost,) = site.status().outages
    assert lost.why == "the connection was cut"
    assert lost.last_heard == "2020-02-12T12:00:05.000+00:00"
    assert lost.ended == "2020-02-12T12:00:07.000+00:00"
    assert (lost.resumed, lost.healed_by) == (None, None)
    assert len([text for text in site.texts(Level.WARNING) if "may be missing" in text]) == 1


def test_a_killed_collector_left_a_connection_open(site: Site) -> None:
    site.spooled(*whole(site)[:-1])
    site.stored()
    (lost,) = site.status().outages
    assert "killed" in lost.why
    assert site.segments() == []


def test_a_connection_left_open_is_noted_also_where_the_next_one_follows(site: Site) -> None:
    site.spooled(*whole(site)[:-1])
    site.spooled(
        site.chunk(Kind.BEGUN, "f", 1),
        site.chunk(Kind.FRAMES, "f", 1, CDR),
        site.chunk(Kind.ENDED, "f", 2),
    )
    site.stored()
    (lost,) = site.status().outages
    assert lost.resumed is not None


def test_without_account_files_it_says_once_that_nothing_can_be_fetched_again(site: Site) -> None:
    site.spooled(*whole(site)[:-1], broken(site, "e", 19), site.chunk(Kind.BEGUN, "f", 1))
    site.spooled(broken(site, "f", 1))
    site.stored(heals=False)
    assert site.texts(Level.ERROR) == [UNHEALED]
    site.told.clear()
    site.spooled(site.chunk(Kind.BEGUN, "g", 1), broken(site, "g", 1))
    site.stored(heals=True)
    assert site.texts(Level.ERROR) == []


def test_an_account_file_heals_when_it_tells_a_call_that_came_after_the_outage(
    site: Site,
) -> None:
    site.spooled(
        site.chunk(Kind.BEGUN, "e", 1),
        site.chunk(Kind.FRAMES, "e", 1, CDR),
        broken(site, "e", 2),
        site.chunk(Kind.BEGUN, "f", 1),
        site.chunk(Kind.FRAMES, "f", 1, LATER),
        site.chunk(Kind.ENDED, "f", 2),
    )
    site.stored()
    site.file("TAXAAAAA.DAT", CDR)
    assert site.status().outages[0].healed_by is None
    site.file("TAXAAAAB.DAT", CDR, LATER)
    assert site.status().outages[0].healed_by == "TAXAAAAB.DAT"
    site.file("TAXAAAAC.DAT", LATER)
    assert site.status().outages[0].healed_by == "TAXAAAAB.DAT"


def test_without_a_call_after_it_our_own_clock_tells(site: Site) -> None:
    """Connected again at 12:00:04 UTC, 13:00:04 there; the files' calls end 2009 and at 13:14."""
    site.spooled(
        site.chunk(Kind.BEGUN, "e", 1), broken(site, "e", 1), site.chunk(Kind.BEGUN, "f", 1)
    )
    site.stored()
    site.file("TAXAAAAA.DAT", CDR)
    assert site.status().outages[0].healed_by is None
    site.file("TAXAAAAB.DAT", LATER)
    assert site.status().outages[0].healed_by == "TAXAAAAB.DAT"


def test_an_account_file_without_any_stream_makes_none(site: Site) -> None:
    site.file("TAXAAAAA.DAT", CDR)
    with Reading(site.folder / "tickets.db") as store:
        assert [one.wire for one in store.status()] == [Wire.ACCOUNT]
