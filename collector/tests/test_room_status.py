"""Room status and wake-up lines of a print-out, typed by hand: lines and blocks."""

from datetime import datetime, time

import pytest
from oxo_collector.decoders.v24 import LAYOUTS, Layout, Statement, V24Decoder, to_ticket
from oxo_collector.decoders.v24_block import BlockDecoder, BlockLayout
from oxo_tickets import Kind, Resolution, RoomStatus, Ticket, UserKind, carriage, project

TEN = b"A117      RST 24/02/20 10:05 00:00:00     0 ST       1042"
FIFTEEN = TEN.ljust(116) + b"SANDMEER"
WITHOUT_PROBLEM = b"A117      RST 24/02/20 10:05 00:00:00     0 ST       0"
BARE = b"A117      RST 24/02/20 10:05 00:00:00                1042"
"""The same from an exchange that leaves the columns of a call blank."""

CLEANED_LATER = Ticket(
    kind=Kind.ROOM_STATUS,
    local_time=datetime.fromisoformat("2020-02-24T10:05"),
    resolution=Resolution.MINUTE,
    zone="Europe/Paris",
    charged_user="117",
    charged_user_kind=UserKind.SET,
    room_status=RoomStatus.NOT_CLEANED,
    room_problem=42,
)


def tickets(data: bytes, decoder: V24Decoder | BlockDecoder) -> list[Ticket]:
    events = decoder.receive(data) + decoder.close()
    return [to_ticket(one, "Europe/Paris") for one in events if isinstance(one, Statement)]


def line(data: bytes, layout: Layout = LAYOUTS["79"]) -> Ticket:
    (ticket,) = tickets(data + b"\r\n", V24Decoder(layout))
    return ticket


def test_the_ten_columns_tell_room_status_and_problem() -> None:
    assert line(TEN) == CLEANED_LATER
    assert line(BARE) == CLEANED_LATER


def test_the_fifteen_columns_tell_the_guest_too() -> None:
    told = line(FIFTEEN, LAYOUTS["132"])
    assert told.subscriber_name == "SANDMEER"
    assert project(told, carriage("v24", "ten")) == project(CLEANED_LATER, carriage("v24", "ten"))


def test_a_status_without_a_problem_tells_none() -> None:
    told = line(WITHOUT_PROBLEM)
    assert (told.room_status, told.room_problem) == (RoomStatus.CLEANED, None)
    assert (told.dialled_number, told.call_seconds, told.units, told.service) == (None,) * 4


def test_a_block_tells_the_same() -> None:
    block = (
        b"TICKET\r\nUSER : A117\r\nTYPE :\r\nLINE : RST\r\nDATE : 24/02/20\r\nTIME : 10:05\r\n"
        b"DURATION : 00:00:00\r\nTAXES : 0\r\nSERV : ST\r\nADD. SERVICES :\r\n"
        b"DIALLED NUMBER : 1042\r\n\r\n"
    )
    assert tickets(block, BlockDecoder(BlockLayout())) == [CLEANED_LATER]


@pytest.mark.parametrize("text", [b"2042", b"7", b"10", b"1042 ", b"10425", b"****"])
def test_a_number_column_that_tells_no_status_keeps_its_text(text: bytes) -> None:
    told = line(TEN[:-4] + text)
    expected = None if text == b"1042 " else text.decode().strip()
    assert told.kind is Kind.ROOM_STATUS
    assert told.dialled_number == expected
    assert (told.room_status is None) == (expected is not None)


def test_a_wake_up_beside_it_is_none() -> None:
    told = line(b"A117      R   24/02/20 10:05 00:00:00     0 ST       0700")
    assert (told.kind, told.reminder_time) == (Kind.REMINDER, time(7, 0))
    assert (told.room_status, told.room_problem) == (None, None)


def test_every_cut_of_a_page_gives_the_same() -> None:
    page = TEN + b"\r\n" + WITHOUT_PROBLEM + b"\r\n" + BARE + b"\r\n"
    whole = tickets(page, V24Decoder(LAYOUTS["79"]))
    assert len(whole) == 3
    for place in range(len(page)):
        decoder = V24Decoder(LAYOUTS["79"])
        events = decoder.receive(page[:place]) + decoder.receive(page[place:]) + decoder.close()
        told = [to_ticket(one, "Europe/Paris") for one in events if isinstance(one, Statement)]
        assert told == whole


def test_a_byte_that_was_damaged_spoils_the_line_or_shows() -> None:
    """No check value stands on this wire: a digit that became another is not to be known."""
    for place in range(len(TEN)):
        events = V24Decoder(LAYOUTS["79"]).receive(TEN[:place] + b"\x1e" + TEN[place + 1 :] + b"\n")
        assert not any(isinstance(one, Statement) for one in events)
