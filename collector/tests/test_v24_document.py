"""Hotel documents on a print-out, typed by hand: whole, in pieces, cut, and between statements."""

import random
from collections.abc import Callable, Iterator, Sequence

import pytest
from oxo_collector.decoders import v24_document
from oxo_collector.decoders.outcome import Malformed
from oxo_collector.decoders.v24 import (
    LAYOUTS,
    Company,
    Document,
    Event,
    FormFeed,
    Headings,
    Statement,
    V24Decoder,
)
from oxo_collector.decoders.v24_block import BlockDecoder, BlockLayout
from oxo_collector.decoders.v24_document import LINES_COUNT_MAX, event_of
from oxo_collector.receipt import Stored
from oxo_collector.turns import StopAsked
from oxo_collector.v24.machine import UNDECODED_BYTES_MAX, V24Conversation
from oxo_collector.v24.messages import Closed, Keep, Kept, Received

STATEMENT = b"A128  --> N01 24/02/20 14:32 00:00:50     2 ST       00390670000\r\n"
BILL = (
    b"GUEST GLOBAL BILL\r\n"
    b"Room                     : 117\r\n"
    b"Guest name               : L\xdcDELING\r\n"
    b"From                     : 24/02/20 14:00\r\n"
    b"Calls                    : 3\r\n"
    b"VAT rate                 : 20.00\r\n"
    b"Cost                     : 14.50\r\n"
    b"Deposit                  :\r\n"
    b"THANKS FOR COMING\r\n"
    b"\r\n"
)
VALUES = {
    "room": "117",
    "guest_name": "LÜDELING",
    "from": "24/02/20 14:00",
    "calls": "3",
    "vat_rate": "20.00",
    "cost": "14.50",
    "deposit": "",
    "footnote": "THANKS FOR COMING",
}
INFORMATION = (
    b"GUEST INFORMATION\r\n"
    b"Room                     : 117\r\n"
    b"Password                 : 4711\r\n"
    b"Do not disturb           : no\r\n"
    b"\r\n"
)
DAMAGED = (b"Passw\xb7rd", b"Mot de passe", b"Kennwort", b"")
BOOTH = (
    b"PHONE BOOTH BILL\r\n"
    b"Number                   : 00390670000\r\n"
    b"Duration                 : 00:00:50\r\n"
    b"CALL US: 0388\r\n"
)


def decode(pieces: Sequence[bytes]) -> list[Event]:
    decoder = V24Decoder(LAYOUTS["79"])
    events = [event for piece in pieces for event in decoder.receive(piece)]
    return events + decoder.close()


def documents(data: bytes) -> list[Document]:
    events = decode([data])
    assert all(isinstance(one, Document) for one in events), events
    return [one for one in events if isinstance(one, Document)]


def told(document: Document) -> tuple[str, dict[str, str | int | None]]:
    event = event_of(document)
    assert event.raw == document.raw
    return event.kind, dict(event.fields)


def test_a_bill_is_one_event_with_its_values_and_its_bytes() -> None:
    (bill,) = documents(BILL)
    assert told(bill) == ("guest bill", VALUES)
    assert bill.raw == BILL.strip()
    assert (bill.place, bill.cut) == ("line 1", None)


@pytest.mark.parametrize("password", [b"4711", b"471108"])
@pytest.mark.parametrize("heading", DAMAGED)
def test_a_password_under_a_heading_that_nobody_knows_is_held_back(
    heading: bytes, password: bytes
) -> None:
    """Another language, or a letter that the way there damaged."""
    item = heading.ljust(24) + b" : " + password
    raw = b"GUEST INFORMATION\r\nRoom                     : 1170\r\n" + item + b"\r\nBYE\r\n"
    (document,) = documents(raw)
    event = event_of(document)
    assert (event.fields["room"], event.fields["footnote"]) == ("1170", "BYE")
    assert password.decode() not in str(event.fields)
    assert "*" * len(password) in event.fields.values()
    assert event.raw == document.raw


@pytest.mark.parametrize(
    "line",
    [b"Password                 \x0b 4711", b"Password                ;: 4711", b"Passwrd  4711"],
)
def test_a_password_in_a_line_that_is_no_item_is_held_back(line: bytes) -> None:
    (document,) = documents(
        b"GUEST INFORMATION\r\nRoom                     : 117\r\n" + line + b"\r\n"
    )
    fields = event_of(document).fields
    assert "4711" not in str(fields)
    assert "****" in str(fields)


def test_a_footnote_of_words_and_figures_stays_as_it_is() -> None:
    (document,) = documents(b"GUEST INFORMATION\r\nRoom : 117\r\nCALL 4711, OPEN SINCE 1984\r\n")
    assert event_of(document).fields["footnote"] == "CALL 4711, OPEN SINCE 1984"


def test_guest_information_holds_the_password_back_and_ends_with_a_blank_line() -> None:
    (information,) = documents(INFORMATION)
    assert told(information) == ("guest information", {"room": "117", "do_not_disturb": "no"})
    assert information.footnote is None


def test_a_colon_in_a_footnote_makes_no_item_of_it() -> None:
    (booth,) = documents(BOOTH)
    expected = {"number": "00390670000", "duration": "00:00:50", "footnote": "CALL US: 0388"}
    assert told(booth) == ("booth bill", expected)


def test_they_stand_between_statements() -> None:
    page = STATEMENT + BILL + STATEMENT + b"\f" + INFORMATION + b"\f" + BOOTH + STATEMENT
    kinds = [type(one) for one in decode([page])]
    assert kinds == [
        Statement, Document, Statement, FormFeed, Document, FormFeed, Document, Statement,
    ]  # fmt: skip


def test_byte_by_byte_and_cut_in_two_at_every_offset() -> None:
    page = STATEMENT + BILL + INFORMATION + BOOTH + STATEMENT
    whole = decode([page])
    assert len(whole) == 5
    assert decode([page[n : n + 1] for n in range(len(page))]) == whole
    for place in range(len(page) + 1):
        assert decode([page[:place], page[place:]]) == whole, place


def test_what_the_end_of_the_connection_cuts_is_kept_and_said() -> None:
    for place in range(len(b"GUEST GLOBAL BILL\r\n"), len(BILL) - 4):
        (cut,) = documents(BILL[:place])
        assert cut.cut == "the connection ended inside"
        assert cut.raw.replace(b"\r\n", b"") == BILL[:place].replace(b"\r\n", b"").rstrip(b"\r")
        whole_lines = BILL[:place].replace(b"\r\n", b"\n").count(b"\n") - 1
        assert len(cut.items) in (whole_lines, whole_lines + BILL[:place].endswith(b"\r"))
        kind, fields = told(cut)
        assert (kind, fields["cut"]) == ("guest bill", "the connection ended inside")
        assert {**VALUES, **fields} == {**VALUES, "cut": fields["cut"]}


@pytest.mark.parametrize(
    ("inside", "why", "then"),
    [
        (STATEMENT, "a statement came inside", [Statement]),
        (b"\f", "a form feed came inside", [FormFeed]),
        (b"USER  LINE\r\nTYPE\r\n", "rows of titles came inside", [Headings]),
        (BOOTH, "the next document began inside", [Document]),
        (b"x" * 1100 + b"\r\n", "a line came inside that is too long", [Malformed, Malformed]),
    ],
)
def test_what_comes_inside_cuts_it_and_is_read(inside: bytes, why: str, then: list[type]) -> None:
    begin = BILL[: BILL.index(b"Cost")]
    first, *rest = decode([begin + inside])
    assert isinstance(first, Document)
    assert first.cut == why
    assert first.raw == begin.strip()
    assert [type(one) for one in rest] == then


def test_a_title_that_was_lost_or_is_of_another_language_is_told() -> None:
    (lost,) = documents(BILL[BILL.index(b"Room") :])
    assert told(lost) == ("printed document", {**VALUES, "cut": "its title is missing"})
    for title in (b"NOTE DE TELEPHONE", b"FACTURE", b"GUEST GLOBA\x01 BILL"):
        events = decode([BILL.replace(b"GUEST GLOBAL BILL", title)])
        kinds = [one.kind if isinstance(one, Document) else one.raw for one in events]  # type: ignore[union-attr]
        if b"\x01" in title:  # noise is no title: it is set aside by itself
            assert kinds == [title, "printed document"]
        else:
            assert kinds == ["printed document"]
            assert told(events[0])[1]["title"] == title.decode()  # type: ignore[arg-type]


def test_a_company_above_headings_is_still_one_and_a_long_line_is_not() -> None:
    assert decode([b"HOTEL SANDMEER\r\nUSER  LINE\r\n"])[0] == Company("HOTEL SANDMEER")
    first, _ = decode([b"HOTEL SANDMEER AND BEACH\r\nUSER  LINE\r\n"])
    assert isinstance(first, Malformed)


def test_a_document_without_end_is_told_in_pieces() -> None:
    line = b"Room                     : 117\r\n"
    first, second = documents(b"GUEST INFORMATION\r\n" + line * (LINES_COUNT_MAX + 2))
    assert (first.cut, len(first.items)) == ("it has more than 64 lines", 63)
    assert (second.kind, second.cut) == ("printed document", "the connection ended inside")
    assert len(second.items) == 3


def test_equal_headings_and_lines_that_are_neither_lose_nothing() -> None:
    long = b"x" * 60
    line = b"Cost                     : 1.70\r\n"
    (one,) = documents(b"PHONE BOOTH BILL\r\n" + line + long + b"\r\n" + line + b"\r\n")
    assert told(one)[1] == {"cost": "1.70", "cost_2": "1.70", "unread": long.decode()}


def test_headings_that_are_not_padded_are_read_where_all_are_so() -> None:
    (one,) = documents(b"GUEST GLOBAL BILL\r\nRoom : 117\r\nCost: 1.70\r\nBYE\r\n")
    assert told(one)[1] == {"room": "117", "cost": "1.70", "footnote": "BYE"}


def test_a_damaged_statement_is_no_item() -> None:
    for place in range(len(STATEMENT) - 2):
        for byte in (b" ", b":", b"x", b"\x00"):
            damaged = STATEMENT[:place] + byte + STATEMENT[place + 1 :]
            assert not any(isinstance(one, Document) for one in decode([damaged, STATEMENT]))


def test_columns_that_are_not_known_yet_do_not_hide_a_document() -> None:
    decoder = V24Decoder(None)
    events = decoder.receive(STATEMENT + BILL)
    assert [type(one) for one in events] == [Malformed, Document]


def test_documents_stand_between_blocks() -> None:
    block = (
        b"TICKET\r\nUSER : A117\r\nTYPE : -->\r\nLINE : N01\r\nDATE : 24/02/20\r\nTIME : 10:05\r\n"
        b"DURATION : 00:00:50\r\nTAXES : 2\r\nSERV : ST\r\nADD. SERVICES :\r\n"
        b"DIALLED NUMBER : 00390670000\r\n\r\n"
    )
    page = block + BILL + block + INFORMATION + BOOTH + block
    decoder = BlockDecoder(BlockLayout())
    whole = decoder.receive(page) + decoder.close()
    kinds = [one.kind for one in whole if isinstance(one, Document)]
    assert kinds == ["guest bill", "guest information", "booth bill"]
    assert sum(isinstance(one, Statement) for one in whole) == 3
    assert not any(isinstance(one, Malformed) for one in whole)
    for place in range(len(page)):
        decoder = BlockDecoder(BlockLayout())
        events = decoder.receive(page[:place]) + decoder.receive(page[place:]) + decoder.close()
        assert events == whole, place
    decoder = BlockDecoder(BlockLayout())
    first, *_ = decoder.receive(BILL[: BILL.index(b"Cost")] + block[8:])
    assert isinstance(first, Document)
    assert first.cut == "a block came inside"


# The conversation keeps a document as one event.


def conversation() -> V24Conversation:
    return V24Conversation(
        V24Decoder(LAYOUTS["79"]), zone="UTC", where="x", flow=False,
        rest_seconds=float, waiting_bytes_max=65536,
    )  # fmt: skip


def kept(commands: Sequence[object]) -> list[Keep]:
    return [one for one in commands if isinstance(one, Keep)]


def test_a_document_is_kept_whole_with_its_bytes() -> None:
    talk = conversation()
    half = len(BILL) // 2
    assert kept(talk.receive(Received(BILL[:half]))) == []
    (keep,) = kept(talk.receive(Received(BILL[half:])))
    assert [getattr(one, "kind", None) for one in keep.pieces] == ["guest bill"]
    assert BILL.rstrip() in keep.raw


@pytest.mark.parametrize("end", [Closed("the peer closed the connection"), StopAsked()])
def test_a_document_that_is_cut_is_kept(end: Closed | StopAsked) -> None:
    talk = conversation()
    talk.receive(Received(BILL[:60]))
    commands = talk.receive(end)
    if isinstance(end, StopAsked):  # the rest is waited for shortly
        commands = talk.receive(Closed("broken off"))
    (keep,) = kept(commands)
    (piece,) = keep.pieces
    assert getattr(piece, "kind", None) == "guest bill"
    assert keep.raw == BILL[:60]


# Bend and see red.


@pytest.mark.parametrize("title", sorted(v24_document.TITLES))
def test_a_forgotten_title_is_noticed(title: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rest = {name: kind for name, kind in v24_document.TITLES.items() if name != title}
    monkeypatch.setattr(v24_document, "TITLES", rest)
    page = BILL + INFORMATION + BOOTH
    kinds = [one.kind for one in documents(page)]
    assert kinds != ["guest bill", "guest information", "booth bill"]


def rubbish() -> Iterator[bytes]:
    noise = random.Random(5)  # noqa: S311 - noise
    while True:
        yield noise.randbytes(50_000)


def titles() -> Iterator[bytes]:
    while True:
        yield b"GUEST INFORMATION\r\nPHONE BOOTH BILL\r\n\f" * 1000


@pytest.mark.parametrize("peer", [rubbish, titles])
def test_what_resembles_a_document_now_and_then_is_no_listing(
    peer: Callable[[], Iterator[bytes]],
) -> None:
    talk = conversation()
    sent = 0
    for piece in peer():
        commands = talk.receive(Received(piece))
        sent += len(piece)
        while isinstance(commands[-1], Keep):
            commands = talk.receive(Kept(Stored(0, 0, 1)))
        if talk.ended:
            break
        assert sent < 3 * UNDECODED_BYTES_MAX


def test_documents_without_a_statement_between_are_a_listing() -> None:
    talk = conversation()
    for _ in range(UNDECODED_BYTES_MAX // len(BILL * 100) + 2):
        talk.receive(Received(BILL * 100))
        talk.receive(Kept(Stored(0, 0, 0, events=100)))
        assert not talk.ended
