"""Unix compress: whole, cut, damaged, and more text than anybody asked for."""

import io
import subprocess
import sys
import tracemalloc
from pathlib import Path

import ncompress
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oxo_collector.decoders.compress import expand, is_compressed
from oxo_collector.decoders.outcome import Malformed

VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "oxe-file"
PACKED = (VECTORS / "taxaaaaa.dat").read_bytes()
TEXT = (VECTORS / "taxaaaaa-plain.txt").read_bytes()
MEBIBYTE = 1024 * 1024
BOMB: bytes = ncompress.compress(b"a" * 20 * MEBIBYTE)

moderate = settings(settings.get_profile("collector"))


def reason(data: bytes, limit_bytes: int = MEBIBYTE) -> str:
    found = expand(data, limit_bytes)
    assert isinstance(found, Malformed)
    assert (found.raw, found.place) == (data, "document")
    return found.reason


def test_a_stream_reads_as_its_text() -> None:
    assert is_compressed(PACKED)
    assert expand(PACKED, len(TEXT)) == TEXT


@pytest.mark.parametrize("limit", [0, 1, 1023, 1024, 1025, 2048, 2791])
def test_a_text_beyond_the_limit_is_refused(limit: int) -> None:
    """The library flushes where nothing may raise, so each place of its last piece is tried."""
    assert (
        reason(PACKED, limit) == f"expands to more than {limit} bytes from 1197; no more are read"
    )


def test_every_limit_around_a_piece() -> None:
    for size in range(1020, 1030):
        packed = ncompress.compress(bytes(range(256)) * 4 + b"x" * (size - 1024))
        text = bytes(range(256)) * 4 + b"x" * (size - 1024)
        for limit in range(size - 3, size + 3):
            found = expand(packed, limit)
            assert found == text if limit >= len(text) else isinstance(found, Malformed)


def test_a_bomb_is_refused_at_the_limit_and_takes_no_memory() -> None:
    assert len(BOMB) < 16 * 1024
    tracemalloc.start()
    try:
        assert reason(BOMB, MEBIBYTE).startswith("expands to more than 1048576 bytes")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * MEBIBYTE


class Endless(io.RawIOBase):
    """So many bytes, made while they are read."""

    def __init__(self, size_bytes: int) -> None:
        self.left_bytes = size_bytes

    def read(self, size: int = -1) -> bytes:
        given = min(size, self.left_bytes)
        self.left_bytes -= given
        return b"a" * given


@pytest.mark.process
def test_a_bomb_leaves_the_process_alive_and_small() -> None:
    """A text of 300 MiB, beside an address space that does not hold it."""
    program = (
        "import resource, sys;"
        "from oxo_collector.decoders.compress import expand;"
        "resource.setrlimit(resource.RLIMIT_AS, (300 * 1024 * 1024, -1));"
        "print(expand(sys.stdin.buffer.read(), 1_000_000).reason)"
    )
    bomb = io.BytesIO()
    ncompress.compress(Endless(300 * MEBIBYTE), bomb)
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=bomb.getvalue(),
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.startswith(b"expands to more than 1000000 bytes")


def test_a_long_stream_is_refused_unread() -> None:
    found = expand(PACKED, MEBIBYTE, compressed_bytes_max=1196)
    assert isinstance(found, Malformed)
    assert found.reason == "compressed to 1197 bytes; at most 1196 are read"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the compressed file is empty"),
        (b"\x1f", "not Unix compress, or damaged: not in LZW-compressed format"),
        (b"\x1f\x9d", "not Unix compress, or damaged: not in LZW-compressed format"),
        (b"\x1f\x8b\x08", "not Unix compress, or damaged: not in LZW-compressed format"),
        (b"ED5.2", "not Unix compress, or damaged: not in LZW-compressed format"),
        (b"\x1f\x9d\x9f00", "not Unix compress, or damaged: compressed with 31 bits"),
        (b"\x1f\x9d\x90\xff\xff\xff\xff", "not Unix compress, or damaged: corrupt input"),
    ],
)
def test_what_is_no_stream(data: bytes, said: str) -> None:
    assert reason(data) == said


def test_a_cut_stream_is_a_shorter_text_or_refused() -> None:
    for cut in range(len(PACKED)):
        found = expand(PACKED[:cut], len(TEXT))
        assert isinstance(found, Malformed) or TEXT.startswith(found)


@moderate
@given(text=st.binary(max_size=3000))
def test_any_text(text: bytes) -> None:
    assert expand(ncompress.compress(text), len(text)) == (text or b"")


@moderate
@given(data=st.data())
def test_damage(data: st.DataObject) -> None:
    damaged = bytearray(PACKED)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    limit = data.draw(st.sampled_from([100, 2000, MEBIBYTE]))
    found = expand(bytes(damaged), limit)
    assert isinstance(found, Malformed) or len(found) <= limit


@moderate
@given(data=st.binary(max_size=300), magic=st.booleans())
def test_garbage(data: bytes, magic: bool) -> None:  # noqa: FBT001 - drawn
    packed = b"\x1f\x9d\x90" + data if magic else data
    found = expand(packed, 5000)
    assert isinstance(found, Malformed) or len(found) <= 5000
