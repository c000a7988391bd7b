"""The spool on a disk that is full, fails, tears, and on one that does as it is told."""

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oxo_collector.store import StoreUnusable
from oxo_collector.stream.chunk import Chunk, Kind, written
from oxo_collector.stream.spool import ASIDE, TORN_COUNT_MAX, Place, Spool, SpoolRefused, Torn

EPOCH = "stream:a"
BEGUN = Chunk(Kind.BEGUN, EPOCH, 1, 0, 7, b"peer")
FRAME = b"\0\3abc"


def frames(first: int, count: int = 1) -> Chunk:
    return Chunk(Kind.FRAMES, EPOCH, first, count, 7, FRAME * count)


SIZE = len(written(frames(1)))


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    one = opened(tmp_path)
    yield one
    one.close()


def opened(folder: Path, bytes_max: int = 10_000, segment: int = 3 * SIZE) -> Spool:
    one = Spool(folder / "spool" / "site", bytes_max, segment)
    one.open()
    return one


def all_of(spool: Spool, place: Place | None = None) -> list[Chunk | Torn]:
    place = place or spool.start()
    found: list[Chunk | Torn] = []
    while True:
        some, place = spool.read(place, SIZE)
        if not some:
            return found
        found += some


def end_of(spool: Spool) -> Place:
    place = spool.start()
    while True:
        some, after = spool.read(place)
        if not some:
            return after
        place = after


def segments(folder: Path) -> list[Path]:
    return sorted((folder / "spool" / "site").glob("*.spool"))


def test_what_is_appended_is_read(spool: Spool) -> None:
    for ordinal in range(1, 9):
        spool.append(frames(ordinal))
    assert all_of(spool) == [frames(ordinal) for ordinal in range(1, 9)]


def test_it_is_its_owners_alone(spool: Spool, tmp_path: Path) -> None:
    spool.append(BEGUN)
    files = [path for path in (tmp_path / "spool").rglob("*") if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    for folder in (tmp_path / "spool", tmp_path / "spool" / "site"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_that_is_removed_is_noticed_and_made_again(spool: Spool, tmp_path: Path) -> None:
    spool.append(frames(1))
    shutil.rmtree(tmp_path / "spool")
    with pytest.raises(SpoolRefused, match="was removed"):
        spool.append(frames(2))
    spool.append(frames(2))
    assert all_of(spool) == [Torn(SIZE, None, end=False), frames(2)]
    with pytest.raises(StoreUnusable, match="another process spools there"):
        opened(tmp_path)
    spool.end()
    spool.release(end_of(spool))
    assert spool.used_bytes == 0


@pytest.mark.usefixtures("spool")
def test_two_cannot_have_it(tmp_path: Path) -> None:
    with pytest.raises(StoreUnusable, match="another process spools there"):
        opened(tmp_path)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("a file")
    with pytest.raises(StoreUnusable, match="the spool cannot be written"):
        opened(tmp_path)


def test_segments_go_when_all_of_them_is_stored(spool: Spool, tmp_path: Path) -> None:
    for ordinal in range(1, 9):
        spool.append(frames(ordinal))
    before = len(segments(tmp_path))
    end = end_of(spool)
    spool.release(Place(end.segment, 0))
    assert len(segments(tmp_path)) == 1 < before
    spool.append(frames(9))
    spool.end()
    spool.release(end_of(spool))
    assert segments(tmp_path) == []
    assert spool.used_bytes == 0


def test_the_present_segment_is_never_removed(spool: Spool, tmp_path: Path) -> None:
    spool.append(frames(1))
    spool.release(end_of(spool))
    assert len(segments(tmp_path)) == 1


def test_after_a_crash_everything_is_read_again_and_nothing_appended_behind_it(
    tmp_path: Path,
) -> None:
    first = opened(tmp_path)
    first.append(frames(1))
    first.close()  # as a crash would: the files stay
    again = opened(tmp_path)
    again.append(frames(2))
    assert [one for one in all_of(again) if isinstance(one, Chunk)] == [frames(1), frames(2)]
    assert len(segments(tmp_path)) == 2
    again.close()


def test_a_write_cut_anywhere_is_set_aside_and_what_was_before_it_stays(tmp_path: Path) -> None:
    """What a crash in the write leaves: any part of it."""
    last = written(frames(3))
    for cut in range(1, len(last)):
        folder = tmp_path / str(cut)
        first = opened(folder)
        first.append(frames(1))
        first.append(frames(2))
        first.close()
        path = segments(folder)[0]
        path.write_bytes(path.read_bytes() + last[:cut])
        again = opened(folder)
        again.append(frames(3))
        *good, torn, new = all_of(again)
        assert good == [frames(1), frames(2)]
        assert isinstance(torn, Torn)
        assert torn.end
        assert torn.copy is not None
        assert torn.copy.read_bytes() == last[:cut]
        assert stat.S_IMODE(torn.copy.stat().st_mode) == 0o600
        assert new == frames(3)
        again.close()


def test_a_flipped_byte_costs_its_chunk_alone(tmp_path: Path) -> None:
    first = opened(tmp_path, segment=10_000)
    for ordinal in range(1, 4):
        first.append(frames(ordinal))
    first.close()
    path = segments(tmp_path)[0]
    data = bytearray(path.read_bytes())
    data[SIZE + 40] ^= 1
    path.write_bytes(data)
    again = opened(tmp_path)
    one, damaged, three = all_of(again)
    assert (one, three) == (frames(1), frames(3))
    assert isinstance(damaged, Torn)
    assert not damaged.end
    assert damaged.copy is not None
    assert damaged.copy.read_bytes() == data[SIZE : 2 * SIZE]
    again.close()


def test_damaged_pieces_are_kept_the_latest_and_so_many(tmp_path: Path) -> None:
    folder = tmp_path / "spool" / "site"
    folder.mkdir(parents=True)
    for number in range(1, TORN_COUNT_MAX + 5):
        (folder / f"{number:012}.spool").write_bytes(b"torn")
    spool = opened(tmp_path)
    assert len(all_of(spool)) == TORN_COUNT_MAX + 4
    kept = sorted(folder.glob("*" + ASIDE))
    assert len(kept) == TORN_COUNT_MAX
    assert kept[-1].name.startswith(f"{TORN_COUNT_MAX + 4:012}")
    spool.close()


def test_at_its_limit_it_refuses_and_takes_again_when_there_is_room(tmp_path: Path) -> None:
    spool = opened(tmp_path, bytes_max=5 * SIZE, segment=2 * SIZE)
    for ordinal in range(1, 6):
        spool.append(frames(ordinal))
    with pytest.raises(SpoolRefused, match="spool_bytes_max"):
        spool.append(frames(6))
    found, place = spool.read(spool.start())
    assert found == [frames(1), frames(2)]
    spool.release(place)
    spool.append(frames(6))
    assert all_of(spool) == [frames(ordinal) for ordinal in range(3, 7)]
    spool.close()


Call = str


@pytest.mark.parametrize("step", ["open", "fsync", "pwrite", "fdatasync"])
@pytest.mark.parametrize("truncates", [True, False])
def test_what_a_full_disk_refuses_was_never_there(
    step: Call, *, truncates: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = opened(tmp_path)
    if step in ("pwrite", "fdatasync"):
        spool.append(frames(1))

    def full(*_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, step, full)
        if not truncates:
            patched.setattr(os, "ftruncate", full)
        with pytest.raises(SpoolRefused, match="No space left"):
            spool.append(frames(2))
    before = [frames(1)] if step in ("pwrite", "fdatasync") else []
    assert all_of(spool) == before
    spool.append(frames(2))
    spool.append(frames(3))
    assert all_of(spool) == [*before, frames(2), frames(3)]
    spool.close()
    # The next start may find it twice (written, not synchronised, not taken back); never less.
    again = opened(tmp_path)
    assert [one for one in all_of(again) if one in (frames(2), frames(3))][-2:] == [
        frames(2),
        frames(3),
    ]
    again.close()


def test_a_write_in_pieces_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.pwrite

    def slow(file: int, data: bytes, place: int) -> int:
        return real(file, data[:5], place)

    monkeypatch.setattr(os, "pwrite", slow)
    spool = opened(tmp_path)
    spool.append(frames(1))
    assert all_of(spool) == [frames(1)]
    spool.close()


def test_nothing_is_shown_before_it_is_synchronised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = opened(tmp_path)
    seen: list[int] = []
    real = os.fdatasync

    def look(file: int) -> None:
        seen.append(len(all_of(spool)))
        real(file)

    monkeypatch.setattr(os, "fdatasync", look)
    spool.append(frames(1))
    spool.append(frames(2))
    assert seen == [0, 1]
    spool.close()


def test_a_segment_that_vanished_is_told(spool: Spool, tmp_path: Path) -> None:
    spool.append(frames(1))
    segments(tmp_path)[0].unlink()
    with pytest.raises(StoreUnusable, match="cannot be read"):
        spool.read(spool.start())


def test_a_chunk_longer_than_what_is_read_at_once_is_read(tmp_path: Path) -> None:
    spool = opened(tmp_path, bytes_max=100_000)
    spool.append(frames(1, 1000))
    found, _ = spool.read(spool.start(), 100)
    assert found == [frames(1, 1000)]
    spool.close()


Step = tuple[str, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["append", "append", "refuse", "read", "release", "crash"]),
        st.integers(1, 4),
    ),
    max_size=25,
)


@given(STEPS)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_is_a_queue_whatever_happens(
    tmp_path_factory: pytest.TempPathFactory, steps: list[Step]
) -> None:
    """Model: a list. What was appended is read once, in order, from the last release on."""
    folder = tmp_path_factory.mktemp("queue")
    spool = opened(folder, segment=2 * SIZE)
    appended, next_ordinal = [], 1
    place = spool.start()
    got: list[Chunk | Torn] = []
    for what, count in steps:
        if what == "append":
            chunk = frames(next_ordinal, count)
            spool.append(chunk)
            appended.append(chunk)
            next_ordinal += count
        elif what == "refuse":
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr(os, "fdatasync", _refuse)
                with pytest.raises(SpoolRefused):
                    spool.append(frames(next_ordinal, count))
        elif what == "read":
            some, place = spool.read(place, count * SIZE)
            got += some
        elif what == "release":
            spool.release(place)
        else:
            spool.close()
            spool = opened(folder, segment=2 * SIZE)
            # All that is still there is read again; what is in the store is known by its ordinal.
            place = spool.start()
            left = all_of(spool)
            assert left == appended[len(appended) - len(left) :]
            got = got[: len(appended) - len(left)]
    rest = all_of(spool, place)
    assert got + rest == appended
    spool.close()


def _refuse(_: int) -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))
