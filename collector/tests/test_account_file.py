"""Account files in every form and every damage: whole, cut, foreign, hostile."""

import contextlib
import itertools
from pathlib import Path

import ncompress
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oxo_collector.decoders.account_file import (
    AccountFile,
    Limits,
    read_account_file,
    recognises,
)
from oxo_collector.decoders.ed52_layout import COLUMNS, RECORD_CHARACTERS
from oxo_collector.decoders.ed52_record import (
    ED52,
    LINE_CHARACTERS_MAX,
    LayoutRefused,
    is_header,
    read_header,
)
from oxo_collector.decoders.outcome import Malformed, Recorded

VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "oxe-file"
PLAIN = (VECTORS / "taxaaaaa-plain.txt").read_bytes()
COMMA = (VECTORS / "comma-rendering.txt").read_bytes()
HEADER, *RECORDS = PLAIN.removesuffix(b"\n").split(b"\n")
COMMA_LINES = COMMA.removesuffix(b"\n").split(b"\n")
HEADER_TEXT = HEADER.decode()
VECTOR_FILES = [path.read_bytes() for path in sorted(VECTORS.iterdir()) if path.suffix != ".json"]

moderate = settings(settings.get_profile("collector"))


def read(data: bytes, limits: Limits | None = None) -> AccountFile:
    return read_account_file(data, "TAXAAAAA.DAT", "Europe/Paris", 2, limits or Limits())


def text(*lines: bytes) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def refusal(data: bytes, limits: Limits | None = None) -> str:
    """Return why a file is refused, and check that it is so as a whole."""
    file = read(data, limits)
    assert file.refused is not None, file.pieces
    assert (tuple(file.pieces), tuple(file.lines)) == ((), ())
    assert (file.refused.raw, file.refused.place) == (data, "document")
    return file.refused.reason


def bad(file: AccountFile) -> list[tuple[str, str]]:
    assert file.refused is None
    return [(one.place, one.reason) for one in file.pieces if isinstance(one, Malformed)]


# Forms.


def test_a_compressed_file_reads_as_its_text() -> None:
    plain, packed = read(PLAIN), read(ncompress.compress(PLAIN))
    assert packed.pieces == plain.pieces
    assert packed.text_digest == plain.text_digest
    assert (plain.form, packed.form) == ("plain text", "Unix compress")


def test_a_compressed_comma_rendering() -> None:
    assert read(ncompress.compress(COMMA)).pieces == read(COMMA).pieces


def test_records_without_a_header() -> None:
    file = read(text(*RECORDS))
    assert file.pieces == read(PLAIN).pieces
    assert list(file.lines) == [1, 2, 3]
    assert file.columns == COLUMNS


def test_carriage_returns_of_a_copy_are_let_pass() -> None:
    assert read(PLAIN.replace(b"\n", b"\r\n")).pieces == read(PLAIN).pieces
    assert read(COMMA.replace(b"\n", b"\r\n")).pieces == read(COMMA).pieces


def test_a_header_alone_is_an_hour_without_tickets() -> None:
    file = read(text(HEADER))
    assert (file.refused, tuple(file.pieces), file.columns) == (None, (), COLUMNS)


def test_remarks_are_never_records() -> None:
    file = read(text(b"# remark", HEADER, b"#", RECORDS[0], b"#,,,", b"# a, b, c", RECORDS[1]))
    assert [type(piece) for piece in file.pieces] == [Recorded, Recorded]
    assert list(file.lines) == [4, 7]


def test_a_second_header_tells_how_to_read_on() -> None:
    narrow = (
        b"#CalledNumber,1,6,L,ChargedNumber,7,10,L,CallType,11,12,R,EndDateTime,13,29,N,"
        b"StartDateTime,30,46,N,Duration,47,50,R"
    )
    line = b"0388402005 020200212 13:14:0420200212 13:13:52  12"
    file = read(text(HEADER, RECORDS[0], narrow, line, HEADER, RECORDS[1]))
    assert [type(piece) for piece in file.pieces] == [Recorded] * 3
    assert file.columns == COLUMNS


def test_a_record_of_an_unknown_version_is_read_by_its_header_and_needs_one() -> None:
    older = b"ED5.1" + RECORDS[0][5:]
    (piece,) = read(text(HEADER, older)).pieces
    assert isinstance(piece, Recorded)
    assert piece.ticket.extras["ed52"]["TicketVersion"] == "ED5.1"
    assert bad(read(text(RECORDS[0], older))) == [
        ("line 2", "without a header, a record begins with ED5.2, not with 'ED5.15031 '")
    ]


def test_equal_neighbours_are_as_many_as_they_were() -> None:
    file = read(text(HEADER, *[RECORDS[0]] * 13))
    assert len(file.pieces) == 13
    assert len(set(map(repr, file.pieces))) == 1


# A line that cannot be read.


@pytest.mark.parametrize(
    "line", [b"", b" ", b"ED5.2", RECORDS[0][:-1], RECORDS[0] + b"0", b"\0" * 525, b"\xff" * 525]
)
def test_a_bad_line_spoils_no_neighbour(line: bytes) -> None:
    for header in ([HEADER], []):
        file = read(text(*header, RECORDS[0], line, RECORDS[1]))
        one, kept, other = file.pieces
        assert isinstance(kept, Malformed)
        assert (kept.raw, kept.place) == (line, f"line {len(header) + 2}")
        assert (one, other) == tuple(read(text(*header, RECORDS[0], RECORDS[1])).pieces)


def test_a_bad_line_of_the_comma_rendering() -> None:
    for broken in (
        COMMA_LINES[1].replace(b",", b";", 1),
        COMMA_LINES[1][:-1],
        COMMA_LINES[1] + b" ",
        RECORDS[0],
        b"",
    ):
        file = read(text(COMMA_LINES[0], broken, COMMA_LINES[2]))
        assert [type(piece) for piece in file.pieces].count(Malformed) == (broken != RECORDS[0])
        assert isinstance(file.pieces[0], Recorded)
        assert isinstance(file.pieces[2], Recorded)


def test_a_comma_in_a_name_is_no_separator() -> None:
    line = COMMA_LINES[2].replace(b"CL5031", b"A,B,CD")
    (piece,) = read(text(line)).pieces
    assert isinstance(piece, Recorded)
    assert piece.ticket.subscriber_name == "A,B,CD"


# A file that was cut, or is none.


def test_cut_at_every_offset_nothing_of_it_counts_unless_a_line_ends_there() -> None:
    whole = read(PLAIN).pieces
    for cut in range(len(PLAIN)):
        if cut and PLAIN[cut - 1 : cut] == b"\n":
            assert whole[: len(read(PLAIN[:cut]).pieces)] == read(PLAIN[:cut]).pieces
        else:
            assert "incomplete" in refusal(PLAIN[:cut]) or not cut


@pytest.mark.parametrize("cut", range(0, 1197, 7))
def test_a_compressed_file_cut_anywhere_gives_no_half_record(cut: int) -> None:
    packed = (VECTORS / "taxaaaaa.dat").read_bytes()[:cut]
    file = read(packed)
    assert file.refused is not None or all(isinstance(one, Recorded) for one in file.pieces)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty"),
        (b"\n", "no account file: without a header, a record begins with ED5.2, not with ''"),
        (b"hello\n", "no account file: without a header, a record begins with ED5.2, not with 'he"),
        (b"# remark\n", "no account file: there is no line"),
        (b"hello", "last line incomplete: 5 characters and no line feed; the file was cut"),
        (RECORDS[0], "last line incomplete: 525 characters and no line feed; the file was cut"),
        (b"\x1f\x9d", "not Unix compress, or damaged: not in LZW-compressed format"),
        (b"\x1f\x9d\x90", "the file is empty"),
        (b"\x1f\x9d\x90\xff\xff\xff", "not Unix compress, or damaged: corrupt input"),
        (b"PK\3\4\n", "no account file: "),
    ],
)
def test_what_is_no_account_file_is_refused(data: bytes, reason: str) -> None:
    assert refusal(data).startswith(reason)


# Headers.


def bent(old: str, new: str) -> str:
    assert old in HEADER_TEXT
    return HEADER_TEXT.replace(old, new)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (bent("CallType,167,168", "CallType,165,168"), "CallingNumber and CallType overlap"),
        (bent("CallType,167,168", "CallType,167,169"), "CallType and CostType overlap"),
        (bent("CallType,167,168", "CallType,168,167"), "CallType stands from 168 to 167"),
        (bent("TicketVersion,1,5", "TicketVersion,0,5"), "TicketVersion stands from 0 to 5"),
        (
            bent("TimeDlt,520,525", "TimeDlt,520,5250"),
            "TimeDlt ends at 5250; a record ends at 4096",
        ),
        (bent("CallType,167,168,R,", ""), "no column CallType; without it a record tells no call"),
        (
            bent("StartDateTime,442,458", "StartDateTime,443,458"),
            "StartDateTime has 16 characters; a date and time has 17",
        ),
        (bent("TimeDlt", "CallType"), "CallType stands twice among the columns"),
        (bent("TimeDlt,520,525,R", "TimeDlt,520,525,X"), "TimeDlt: 'X' is no side"),
        (bent("TimeDlt,520,525,R", "TimeDlt,520,525"), "the header has 191 words"),
        (bent("TimeDlt,520", "TimeDlt,x"), "TimeDlt: 'x' is no position"),
        (bent("TimeDlt,520", "TimeDlt,-1"), "TimeDlt: '-1' is no position"),
        (bent("TimeDlt,520", "Time Dlt,520"), "'Time Dlt' is no name of a column"),
        (bent("TimeDlt,520", "x" * 65 + ",520"), "'xxxxxxxxx"),
        (bent("CallType,", "calltype,"), "no column CallType"),
        ("#" + "A,1,1,L," * 257, "the header has more than 256 columns"),
    ],
)
def test_a_header_that_cannot_be_used_is_refused_by_name(header: str, reason: str) -> None:
    with pytest.raises(LayoutRefused) as refused:
        read_header(header)
    assert str(refused.value).startswith(reason)
    said = refusal(text(header.encode(), RECORDS[0]))
    assert said.startswith(f"the header in line 1 cannot be used: {reason}")


@pytest.mark.parametrize(
    "header",
    [
        HEADER_TEXT.replace("#", "# "),
        HEADER_TEXT.replace("#", "#\t "),
        HEADER_TEXT + ",",
        HEADER_TEXT + " , ",
        HEADER_TEXT.replace(",", ", "),
        HEADER_TEXT.replace(",", " ,"),
        HEADER_TEXT + "\r",
        HEADER_TEXT.replace("Subaddress", "ChargedPartySubaddress")
        .replace("ExternalF", "ExternF")
        .replace("InternalF", "InternF"),
    ],
)
def test_the_spelling_of_a_header_is_tolerated(header: str) -> None:
    assert is_header(header)
    assert read_header(header).columns == COLUMNS
    assert recognises(text(header.encode()))
    assert read(text(header.encode(), *RECORDS)).pieces == read(PLAIN).pieces


def test_columns_in_any_order_and_with_room_between() -> None:
    quads = [HEADER_TEXT[1:].split(",")[at : at + 4] for at in range(0, 192, 4)]
    shuffled = "#" + ",".join(itertools.chain(*reversed(quads)))
    assert read_header(shuffled).columns == COLUMNS
    without = "#" + ",".join(itertools.chain(*(one for one in quads if one[0] != "ChargedCompany")))
    assert read(text(without.encode(), *RECORDS)).pieces == read(PLAIN).pieces


def test_columns_that_nobody_knows_are_kept() -> None:
    header = HEADER_TEXT + ",Wing,526,530,L,Floor,531,532,R"
    one, other = read(
        text(header.encode(), RECORDS[0] + b"EAST  7", RECORDS[0] + b"       ")
    ).pieces
    assert isinstance(one, Recorded)
    assert isinstance(other, Recorded)
    extras = one.ticket.extras["ed52"]
    assert (extras["Wing"], extras["Floor"]) == ("EAST", "7")
    assert {"Wing", "Floor"}.isdisjoint(other.ticket.extras["ed52"])


def test_the_sides_of_a_header_are_obeyed() -> None:
    header = bent("Duration,202,211,R", "Duration,202,211,L").encode()
    line = RECORDS[0][:201] + b"12".ljust(10) + RECORDS[0][211:]
    (piece,) = read(text(header, line)).pieces
    assert isinstance(piece, Recorded)
    assert piece.ticket.call_seconds == 12
    assert bad(read(text(header, RECORDS[0])))[0][0] == "line 2"
    right = bent("CalledNumber,6,35,L", "CalledNumber,6,35,R").encode()
    moved = RECORDS[0][:5] + b"5031".rjust(30) + RECORDS[0][35:]
    (piece,) = read(text(right, moved)).pieces
    assert isinstance(piece, Recorded)
    assert piece.ticket.dialled_number == "5031"


# Limits.


def test_limits() -> None:
    packed = ncompress.compress(PLAIN)
    assert refusal(PLAIN, Limits(text_bytes_max=2791)) == (
        "2792 bytes of text; at most 2791 are read"
    )
    assert "expands to more than 2791 bytes" in refusal(packed, Limits(text_bytes_max=2791))
    assert "at most 10 are read" in refusal(packed, Limits(compressed_bytes_max=10))
    noise = text(HEADER, RECORDS[0], *[b"x"] * 5)
    assert len(bad(read(noise, Limits(malformed_count_max=5)))) == 5
    assert refusal(noise, Limits(malformed_count_max=4)) == (
        "more than 4 bad lines; line 7: the line has 1 characters; a record has 525"
    )


# Garbage.


def whole(data: bytes, file: AccountFile) -> None:
    """Check that nothing is lost: a ticket for each good line, the bytes of every other one."""
    assert len(file.pieces) == len(file.lines)
    if file.refused is not None:
        assert file.refused.raw == data
        return
    assert list(file.lines) == sorted(set(file.lines))
    if data.startswith(b"\x1f\x9d"):
        return
    lines = data.split(b"\n")
    for number, piece in zip(file.lines, file.pieces, strict=True):
        if isinstance(piece, Malformed):
            assert (piece.raw, piece.place) == (lines[number - 1], f"line {number}")
    told = {number for number, line in enumerate(lines[:-1], 1) if not line.startswith(b"#")}
    assert told == set(file.lines)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Damage a few places of a vector."""
    data = bytearray(draw(st.sampled_from(VECTOR_FILES)))
    for _ in range(draw(st.integers(1, 4))):
        begin = draw(st.integers(0, len(data)))
        end = draw(st.integers(begin, min(len(data), begin + 12)))
        data[begin:end] = draw(st.binary(max_size=12))
    return bytes(data)


@moderate
@given(data=damaged() | st.binary(max_size=300))
def test_garbage(data: bytes) -> None:
    whole(data, read(data))


LINES = [HEADER, *RECORDS, COMMA_LINES[0], b"# remark", b"", RECORDS[0][:-1]]


@moderate
@given(lines=st.lists(st.sampled_from(LINES) | st.binary(max_size=20), max_size=8))
def test_lines_in_any_order(lines: list[bytes]) -> None:
    whole(text(*lines), read(text(*lines)))


@moderate
@given(
    words=st.lists(st.sampled_from(HEADER_TEXT[1:].split(",")) | st.text(max_size=6), max_size=40)
)
def test_any_header(words: list[str]) -> None:
    line = "#" + ",".join(words).replace("\n", "")
    with contextlib.suppress(LayoutRefused):
        assert read_header(line).line_characters <= LINE_CHARACTERS_MAX


@moderate
@given(
    place=st.integers(0, 524),
    byte=st.integers(0, 255).filter(lambda byte: byte != 10),
    record=st.sampled_from(RECORDS),
)
def test_one_other_character_is_another_record_or_none(
    place: int, byte: int, record: bytes
) -> None:
    changed = record[:place] + bytes([byte]) + record[place + 1 :]
    for piece in read(text(HEADER, changed)).pieces:
        (before,) = read(text(HEADER, record)).pieces
        assert isinstance(before, Recorded)
        if isinstance(piece, Recorded):
            assert (piece.record == before.record) == (changed == record)
        else:
            assert piece.raw == changed


def test_the_table_is_the_layout() -> None:
    assert ED52.columns == COLUMNS
    assert ED52.line_characters == RECORD_CHARACTERS
