"""The paper: whole pages as the vectors have them, form feeds, days, headings, blocks."""

import re
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from oxo_simulator.v24.codec import DEFAULT_FIELDS
from oxo_simulator.v24.language import LANGUAGES
from oxo_simulator.v24.page import DAY_COUNT_MAX, Paper, sheet
from oxo_simulator.v24.settings import V24Settings
from oxo_tickets import CommunicationType, Direction, Kind, RoomStatus, Ticket, TrunkKind, UserKind

VECTORS = Path(__file__).parents[2] / "vectors" / "oxo-v24"
FIFTEEN = ("SUB", "TYP", "TRK", "DAT", "TIM", "DUR", "TAX", "SER", "FAC", "DNU", "DMO", "RIN",
           "CST", "ACC", "SUN")  # fmt: skip
BEGIN = datetime.fromisoformat("2020-02-24T14:32:00")


def call(number: int = 1, *, days: int = 0, **changed: Any) -> Ticket:
    said: dict[str, Any] = {
        "kind": Kind.CALL,
        "direction": Direction.OUTGOING,
        "communication_type": CommunicationType.OUTGOING,
        "charged_user": str(100 + number),
        "charged_user_kind": UserKind.SET,
        "dialled_number": "01990",
        "call_seconds": number,
        "local_time": BEGIN + timedelta(days=days, minutes=number),
    }
    return Ticket(**{**said, **changed})


def printed(settings: V24Settings, *tickets: Ticket, begin: bool = True) -> bytes:
    """Print tickets one behind the other."""
    paper, page, written = Paper(), sheet(settings), b""
    if begin:
        written, paper = page.begin(paper)
    for ticket in tickets:
        more, paper = page.ticket(paper, ticket)
        written += more
    return written


def lines(written: bytes) -> list[str]:
    """Show where lines end, and form feeds, and which line is whose."""
    text = written.decode("latin-1").replace("\x0c", "<FF>\r\n").removesuffix("\r\n")
    return [line.split()[0] if line.strip() else "" for line in text.split("\r\n")]


def frame(name: str) -> list[str]:
    """Return what stands around the statements of a vector, each statement as one word."""
    return [
        "statement" if line[14:22].count("/") == 2 else line
        for line in (VECTORS / f"{name}.txt").read_bytes().decode("latin-1").split("\r\n")
    ]


def framed(settings: V24Settings, *tickets: Ticket, begin: bool = True) -> list[str]:
    written = printed(settings, *tickets, begin=begin).decode("latin-1")
    return ["statement" if line[14:22].count("/") == 2 else line for line in written.split("\r\n")]


def test_the_page_of_the_vector() -> None:
    settings = V24Settings(company="HOTEL SANDMEER", form_feed=True, statements_per_page=3)
    assert framed(settings, call(1), call(2), call(3)) == frame("page")


def test_the_two_pages_of_the_vector() -> None:
    settings = V24Settings(
        company="GASTHOF KIEFELAU", form_feed=True, statements_per_page=2, fields=FIFTEEN
    )
    page = sheet(settings)
    written = framed(settings, call(1), call(2), call(3), begin=False)[:-1]
    ended = (page.day_count(3) + page.feed()).decode().split("\r\n")
    assert [*written, *ended] == frame("two-pages-132")


def test_the_end_of_a_day() -> None:
    settings = V24Settings(form_feed=True, header="none")
    written = printed(settings, call(1), call(2), call(3, days=1), call(4, days=1))
    assert lines(written) == ["A101", "A102", "2", "<FF>", "A103", "A104"]
    assert b"\r\n" + b" " * 78 + b"2\r\n\x0c" in written


def test_a_day_that_ends_with_a_full_page() -> None:
    settings = V24Settings(form_feed=True, header="none", statements_per_page=2)
    written = printed(settings, call(1), call(2), call(3, days=1))
    assert lines(written) == ["A101", "A102", "<FF>", "2", "<FF>", "A103"]


def test_a_statement_of_the_day_before_ends_no_day() -> None:
    settings = V24Settings(form_feed=True, header="none")
    written = printed(settings, call(1, days=1), call(2), call(3, days=1), call(4, days=2))
    assert lines(written) == ["A101", "A102", "A103", "3", "<FF>", "A104"]


def test_without_form_feed_there_is_none_and_no_count() -> None:
    settings = V24Settings(header="none", statements_per_page=1)
    assert lines(printed(settings, call(1), call(2, days=1))) == ["A101", "A102"]


def test_the_form_feed_at_the_start_belongs_to_the_header() -> None:
    assert printed(V24Settings(form_feed=True)).startswith(b"\x0cUSER ")
    assert printed(V24Settings()).startswith(b"USER ")
    assert printed(V24Settings(form_feed=True, header="none")) == b""


def test_the_day_has_at_most_five_digits() -> None:
    page = sheet(V24Settings(form_feed=True, header="none"))
    many = Paper(begun=True, headed=True, day=BEGIN.date(), day_count=DAY_COUNT_MAX + 5)
    written, after = page.ticket(many, call(1, days=1))
    assert written.startswith(b"99999\r\n\x0c".rjust(79 + 3))
    assert after.day_count == 1


@pytest.mark.parametrize(
    ("header", "shown"),
    [("every", ["USER", "TYPE", "A101", "A102", "USER", "TYPE", "A103"]),
     ("first", ["USER", "TYPE", "A101", "A102", "A103"]),
     ("none", ["A101", "A102", "A103"])],
)  # fmt: skip
def test_headings(header: Any, shown: list[str]) -> None:
    settings = V24Settings(header=header, statements_per_page=2)
    assert lines(printed(settings, call(1), call(2), call(3))) == shown


def test_fifty_statements_fill_a_page() -> None:
    shown = lines(printed(V24Settings(), *map(call, range(1, 52))))
    assert [place for place, word in enumerate(shown) if word == "USER"] == [0, 52]


def test_titles_that_touch_move_to_the_other_row() -> None:
    first, second = sheet(V24Settings(fields=("IUS", *FIFTEEN))).headings()
    assert first.startswith("INITIAL USER    LINE         TIME ")
    assert second.startswith("      USER  TYPE    DATE           DURATION ")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_title_stands_over_its_column(language: Any) -> None:
    settings = V24Settings(
        fields=("IUS", *DEFAULT_FIELDS, "NOD", "CAR", "IU8", "SU8", "TR4"),
        mode="network",
        language=language,
    )
    page = sheet(settings)
    rows = page.headings()
    for column in page.columns:
        title = LANGUAGES[language].titles[column.key]
        places = [row[column.first - 1 :] for row in rows]
        assert any(place == title or place.startswith(f"{title} ") for place in places), column


def test_a_title_without_room_loses_its_end() -> None:
    assert sheet(V24Settings(fields=("TYP", "TIM", "DMO", "CAR", "IU8"))).headings() == (
        "TYPE      MOD INITIAL USER",
        "    TIME    OPE.",
    )


BLOCK = b"""TICKET HOTEL SANDMEER\r
USER : A101\r
TYPE : -->\r
LINE :\r
DATE : 24/02/20\r
TIME : 14:33\r
DURATION : 00:00:01\r
TAXES : 0\r
SERV : ST\r
ADD. SERVICES :\r
DIALLED NUMBER : 01990\r
\r
"""


def test_a_block() -> None:
    settings = V24Settings(mode="ticket", company="HOTEL SANDMEER")
    assert printed(settings, call(1)) == BLOCK
    assert printed(settings, call(1), call(1)) == BLOCK * 2


ROOM = Ticket(
    kind=Kind.ROOM_STATUS,
    local_time=BEGIN,
    charged_user="117",
    room_status=RoomStatus.NOT_CLEANED,
    room_problem=42,
    subscriber_name="SANDMEER",
)
ROOM_BLOCK = b"""TICKET\r
USER : A117\r
LINE : RST\r
DATE : 24/02/20\r
TIME : 14:32\r
DIALLED NUMBER : 1042\r
USER NAME : SANDMEER\r
\r
"""


def test_a_block_of_a_room_status() -> None:
    fields = ("SUB", "TRK", "DAT", "TIM", "DNU", "SUN")
    assert printed(V24Settings(mode="ticket", fields=fields), ROOM) == ROOM_BLOCK


def test_a_page_of_blocks_has_no_headings() -> None:
    settings = V24Settings(mode="ticket", form_feed=True, statements_per_page=1, lines_between=0)
    written = printed(settings, call(1), call(2))
    assert written.count(b"\x0c") == 3
    assert written.count(b"USER :") == 2
    assert b"\r\n\r\n" not in written


@pytest.mark.parametrize(
    ("encoding", "octets"),
    [("iso-8859-1", b"\xfc?"), ("iso-8859-15", b"\xfc\xa4"), ("cp850", b"\x81?"),
     ("utf-8", "\u00fc\u20ac".encode())],
)  # fmt: skip
def test_a_letter_that_the_set_does_not_have(encoding: Any, octets: bytes) -> None:
    settings = V24Settings(fields=("SUN",), header="none", encoding=encoding)
    assert printed(settings, call(1, subscriber_name="\u00fc\u20ac")) == octets + b"\r\n"


# docs/wires/v24.md.

DOCUMENTED = re.findall(
    r"```text\n(.*?)```",
    (Path(__file__).parents[2] / "docs" / "wires" / "v24.md").read_text("utf-8"),
    re.DOTALL,
)


def shown(written: bytes) -> str:
    """Show bytes as `cat -A` does."""
    text = written.decode("latin-1").replace("\x0c", "^L")
    return text.replace("\r", "^M").replace("\n", "$\n")


def documented() -> list[Ticket]:
    at = datetime.fromisoformat("2020-02-24T14:00:00")
    line: dict[str, Any] = {"trunk": "01", "trunk_kind": TrunkKind.T2, "local_time": at}
    return [
        call(28, dialled_number="00390670000", call_seconds=50, units=2, **line),
        Ticket(kind=Kind.REMINDER, local_time=at, charged_user="117", reminder_time=time(7)),
        call(4, dialled_number="0346057124", call_seconds=0, direction=Direction.INCOMING, **line),
    ]


def test_the_page_in_the_documentation() -> None:
    settings = V24Settings(company="HOTEL SANDMEER", form_feed=True)
    assert shown(printed(settings, *documented())) == DOCUMENTED[0]


def test_the_block_in_the_documentation() -> None:
    settings = V24Settings(company="HOTEL SANDMEER", mode="ticket", language="french")
    assert shown(printed(settings, documented()[1])) == DOCUMENTED[1]


def test_the_room_status_in_the_documentation() -> None:
    at = ROOM.local_time.replace(hour=14, minute=0)
    told = replace(ROOM, local_time=at)
    ten, fifteen = (V24Settings(header="none", fields=fields) for fields in ((), FIFTEEN))
    assert shown(printed(ten, told) + printed(fifteen, told)) == DOCUMENTED[2]
