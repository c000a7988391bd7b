"""Columns out of rows of titles: exact ones, shifted ones, and lines that came before them."""

import json
from pathlib import Path

import pytest
from oxo_collector.decoders import v24_headings
from oxo_collector.decoders.v24 import (
    COLUMNS_UNKNOWN,
    LAYOUTS,
    Headings,
    LayoutInvalid,
    Malformed,
    Statement,
    V24Decoder,
    layout_of_headings,
    read_again,
)

VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "oxo-v24"
LINE = b"A128  --> N01 24/02/20 14:32 00:00:50     2 ST       00390670000"
TEN = (
    "USER      LINE         TIME           TAXES    ADD. SERVICES",
    "      TYPE    DATE           DURATION       SERV     DIALLED NUMBER",
)
FIFTEEN = (
    TEN[0] + " " * 20 + "MODE    COST                        USER NAME",
    TEN[1] + " " * 15 + "RING             BUSIN. CODE",
)


def columns(rows: tuple[str, ...]) -> list[tuple[str, int, int, str]]:
    return [(c.field, c.first, c.last, c.justified) for c in layout_of_headings(rows).columns]


@pytest.mark.parametrize(("rows", "name"), [(TEN, "79"), (FIFTEEN, "132")])
def test_titles_over_their_columns_tell_the_known_layouts(rows: tuple[str, ...], name: str) -> None:
    known = [(c.field, c.first, c.last, c.justified) for c in LAYOUTS[name].columns]
    assert columns(rows) == known
    assert columns(rows[::-1]) == known
    assert layout_of_headings(rows).line_width == int(name)


def test_the_manuals_own_extract_tells_the_order() -> None:
    """facts: oxo 6.2, text as extracted: the titles do not stand over the fields."""
    rows = (
        "USER      LINE          TIME            TAXES       ADD. SERVICES",
        "     TYPE      DATE           DURATION        SERV               DIALLED NUMBER",
    )
    assert columns(rows) == columns(TEN)


def test_an_inferred_width_is_taken_from_the_titles() -> None:
    wider = (TEN[0].replace("TAXES    ", "TAXES       "), TEN[1].replace("SERV", "   SERV"))
    found = {c[0]: c[1:3] for c in columns(wider)}
    assert (found["units"], found["service"]) == ((39, 46), (48, 49))


def test_eight_digit_users_are_told_by_the_room_they_take() -> None:
    eight = tuple(" " * 4 * (row[0] == " ") + row.replace("USER", "USER    ") for row in TEN)
    assert columns(eight)[0] == ("charged_user_8", 1, 9, "left")
    assert columns(TEN)[0] == ("charged_user", 1, 5, "left")


def test_the_initial_user_in_front() -> None:
    rows = ("INITIAL USER" + TEN[1][6:], "      " + TEN[0])
    assert [column[0] for column in columns(rows)][:3] == ["initial_user", "charged_user", "type"]


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        (("USER  TYPE  LINE",), "a ticket needs the columns date, time, duration"),
        (("USER  TYPE  DATE  DATE",), "the same title stands twice"),
        (("USER " * 200,), "the same title stands twice"),
        (("USER CHARGED USER INITIAL USER " * 2,), "the same title stands twice"),
        (("USER", "TYPE"), "two titles begin at the same place"),
        (("",), "there is no title"),
    ],
)
def test_rows_that_can_stand_over_no_statement(rows: tuple[str, ...], fault: str) -> None:
    with pytest.raises(LayoutInvalid, match=fault):
        layout_of_headings(rows)


@pytest.mark.parametrize("name", ["page", "two-pages-132"])
def test_a_stream_tells_its_own_columns(name: str) -> None:
    data = (VECTORS / f"{name}.txt").read_bytes()
    told = json.loads((VECTORS / f"{name}.json").read_text("utf-8"))["meaning"]["events"]
    expected = sum(event["event"] == "statement" for event in told)
    whole = V24Decoder(None).receive(data)
    assert sum(isinstance(event, Statement) for event in whole) == expected > 0
    assert not any(isinstance(event, Malformed) for event in whole)
    for cut in range(len(data)):
        decoder = V24Decoder(None)
        assert decoder.receive(data[:cut]) + decoder.receive(data[cut:]) == whole


def test_lines_before_the_titles_wait_and_are_read_again() -> None:
    decoder = V24Decoder(None)
    (waiting,) = decoder.receive(LINE + b"\r\n")
    assert isinstance(waiting, Malformed)
    assert (waiting.reason, waiting.raw) == (COLUMNS_UNKNOWN, LINE)
    rows = "\r\n".join(TEN).encode()
    assert decoder.receive(rows + b"\r\n") == [Headings(TEN)]
    assert decoder.layout is not None
    (again,) = read_again(waiting.raw, decoder.layout)
    (after,) = decoder.receive(LINE + b"\r\n")
    assert isinstance(again, Statement)
    assert isinstance(after, Statement)
    assert (again.charged_user, again.date_time) == (after.charged_user, after.date_time)


def test_a_single_row_of_titles_is_enough_if_it_has_all() -> None:
    row = b"USER TYPE LINE DATE TIME DURATION"
    decoder = V24Decoder(None)
    line = b"A128  --> N01 24/02/20 14:32 00:00:50\r\n"
    headings, statement = decoder.receive(row + b"\r\n" + line)
    assert isinstance(headings, Headings)
    assert isinstance(statement, Statement)


def test_columns_known_before_hold_until_other_titles_come() -> None:
    decoder = V24Decoder(None, LAYOUTS["79"])
    assert isinstance(decoder.receive(LINE + b"\n")[0], Statement)
    decoder.receive("\n".join(FIFTEEN).encode() + b"\n")
    assert decoder.layout == layout_of_headings(FIFTEEN)


def test_titles_that_tell_nothing_are_kept_and_change_nothing() -> None:
    decoder = V24Decoder(None, LAYOUTS["79"])
    (kept, statement) = decoder.receive(b"USER  TYPE  LINE\n" + LINE + b"\n")
    assert isinstance(kept, Malformed)
    assert kept.reason.startswith("the rows of titles tell no columns: a ticket needs")
    assert isinstance(statement, Statement)
    assert decoder.layout == LAYOUTS["79"]


BENT = [
    (title, place, form._replace(**change))
    for title, forms in v24_headings.FORMS.items()
    for place, form in enumerate(forms)
    for change in (
        {"width": form.width + 1},
        {"width": form.width - 1},
        {"justified": "left" if form.justified == "right" else "right"},
        {"field": "subscriber_name" if form.field == "carrier" else "carrier"},
    )
]
"""Every form of the table, wider, narrower, on the other side, and of another field."""

UNPINNED_TITLES = {
    *("INITIAL USER", "CHARGED USER", "LINE 4", "BUSIN CODE", "SUBSCRIBER NAME", "NODE", "OPE."),
    "ACCOUNT CODE NAME",
}
"""No vector has rows of titles with these."""

UNPINNED_WIDTHS = {"units", "service", "facilities"}
"""Their widths are inferred, and taken from the places of the titles."""


@pytest.mark.parametrize(("title", "place", "bent"), BENT)
def test_the_vectors_notice_every_bending_of_a_title(
    title: str, place: int, bent: v24_headings.Form, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = v24_headings.FORMS[title][place]
    unpinned = title in UNPINNED_TITLES or place == 1
    unpinned |= form.field in UNPINNED_WIDTHS and bent.width != form.width
    unpinned |= form.field == "dialled_number" and bent.width != form.width
    table = dict(v24_headings.FORMS)
    table[title] = (*table[title][:place], bent, *table[title][place + 1 :])
    monkeypatch.setattr(v24_headings, "FORMS", table)
    assert noticed() or unpinned


def noticed() -> bool:
    """Tell whether one of the vectors with titles gives other statements than it means."""
    for name in ("page", "two-pages-132"):
        told = json.loads((VECTORS / f"{name}.json").read_text("utf-8"))
        wanted = [
            (c["field"], c["first"], c["last"], c["justified"]) for c in told["layout"]["columns"]
        ]
        rows = next(e["rows"] for e in told["meaning"]["events"] if e["event"] == "headings")
        try:
            if columns(tuple(rows)) != wanted:
                return True
        except LayoutInvalid:
            return True
    return False
