"""Chunks of the spool as bytes: cut at every byte, with every byte flipped, among any garbage."""

from hypothesis import given
from hypothesis import strategies as st
from oxo_collector.stream.chunk import HEAD, Chunk, Damage, Kind, read, written

ONE = Chunk(Kind.BEGUN, "stream:a", 1, 0, 1_700_000_000_000, b"exchange:2533")
TWO = Chunk(Kind.FRAMES, "stream:a", 1, 2, 1_700_000_000_001, b"\0\1P\0\2ab")
THREE = Chunk(Kind.ASIDE, "stream:a", 3, 1, 1_700_000_000_002, b"why\0OXCH")
ALL = (ONE, TWO, THREE)
WHOLE = b"".join(map(written, ALL))
ENDS = [len(b"".join(map(written, ALL[:count]))) for count in range(len(ALL) + 1)]


def pieces(data: bytes) -> list[Chunk | Damage]:
    return [piece for _, piece in read(data)]


def covered(data: bytes) -> bytes:
    """Put together again what every piece stands for."""
    return b"".join(
        piece.data if isinstance(piece, Damage) else written(piece) for piece in pieces(data)
    )


def test_a_chunk_is_laid_out_as_the_page_says() -> None:
    data = written(TWO)
    assert data[:12] == b"OXCH\x02\x08\x00\x00\x00\x00\x00\x07"
    assert data[12:24] == b"\0\0\0\0\0\0\0\1" + b"\0\0\0\2"
    assert data[24:32] == (1_700_000_000_001).to_bytes(8, "big")
    assert data[36:] == b"stream:a\0\1P\0\2ab"


def test_what_was_written_is_read() -> None:
    assert pieces(WHOLE) == list(ALL)
    assert [end for end, _ in read(WHOLE)] == ENDS[1:]


def test_it_is_read_on_from_any_chunk() -> None:
    assert [piece for _, piece in read(WHOLE, ENDS[1])] == [TWO, THREE]


def test_cut_anywhere_the_whole_ones_are_read_and_the_rest_is_a_torn_tail() -> None:
    for cut in range(len(WHOLE) + 1):
        count = sum(end <= cut for end in ENDS[1:])
        found = pieces(WHOLE[:cut])
        assert found[:count] == list(ALL[:count])
        rest = WHOLE[ENDS[count] : cut]
        assert found[count:] == ([Damage(ENDS[count], rest, torn=True)] if rest else [])


def test_a_flipped_bit_takes_one_chunk_and_no_other() -> None:
    for place in range(len(WHOLE)):
        for bit in range(8):
            data = bytearray(WHOLE)
            data[place] ^= 1 << bit
            hurt = sum(end <= place for end in ENDS[1:])
            begin, end = ENDS[hurt], ENDS[hurt + 1]
            damage = Damage(begin, bytes(data[begin:end]), torn=end == len(WHOLE))
            assert pieces(bytes(data)) == [*ALL[:hurt], damage, *ALL[hurt + 1 :]]


def test_damage_between_two_is_no_torn_tail() -> None:
    found = pieces(written(ONE) + b"\0" * 50 + written(TWO))
    assert found == [ONE, Damage(ENDS[1], b"\0" * 50, torn=False), TWO]


def test_a_kind_that_is_none_is_damage() -> None:
    strange = Chunk(9, "stream:a", 1, 0, 0, b"")  # type: ignore[arg-type]
    assert isinstance(pieces(written(strange))[0], Damage)


def test_a_length_beyond_reason_is_not_waited_for() -> None:
    data = bytearray(written(TWO))
    data[8] = 0xFF
    assert pieces(bytes(data) + written(ONE))[1:] == [ONE]


@given(st.binary(max_size=200), st.binary(max_size=HEAD.size))
def test_every_byte_is_in_exactly_one_piece(before: bytes, after: bytes) -> None:
    data = before + WHOLE + after
    assert covered(data) == data
    assert set(ALL) <= {piece for piece in pieces(data) if isinstance(piece, Chunk)}
