"""The living screen as text: what stands where, on terminals of every size."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oxo_simulator.screen.drawing import drawn
from oxo_simulator.screen.view import Line, Said, View
from rich.cells import cell_len

MakeView = Callable[..., View]
TYPED = Line("call 128 03", 8)
SAID = [Said("event=exchange.started"), Said("> sets"), Said("nothing special", "bold red")]


def lines(view: View | None, width: int, height: int, line: Line = TYPED) -> list[str]:
    found = drawn(view, line, SAID, width, height).plain.split("\n")
    return [each.rstrip() for each in found]


SMALL = """\
2020-02-24 14:01:43 Europe/Berlin, manual   oxo-connect, hotel, R3.2 (034.001),
serving   link disturbed   licence open   2 tickets made, 1 session   epoch 1-4a
wire      buffer           waiting  of it  alarm connections sessions
taxation  #######|..   712 of 1000   71 %  ALARM           1        1
nmc       #......|..     1 of 4000    0 %                  2        0  3 files
v24       ###....|..     50 of 200   25 %                  0        0
ohl       .......|..      0 of 400    0 %                  0        1
account   closed by the profile
stream    #......|..     12 of 200    6 %                  0        0  main stre
sets      30; in use 2, ringing 1, busy 1, do not disturb 1, out of service 1, d
  in use          100, 128
  ringing         106
trunks    4 of 31 channels in use
  P01 T2 3/30, L01 analogue 1/1
link      disturbed, 3 connections
  f1 delay, towards both, 200 ms, give or take 50 ms, ports v24, heals in 12 s
tickets   the last ones first
      2  2020-02-24 14:00:51  106  reminder 07:00 activation
      1  2020-02-24 14:00:51  128 -> 0388112233  50 s  0.60 EUR  outgoing
event=exchange.started
> sets
nothing special
> call 128 03"""


def test_an_ordinary_terminal_shows_the_weightiest_of_everything(make_view: MakeView) -> None:
    found = lines(make_view(), 80, 24)
    assert found[-1] == SMALL.splitlines()[-1]
    assert [each for each in SMALL.splitlines() if each not in found] == []
    assert len(found) == 24


def test_a_large_terminal_shows_all_of_it(make_view: MakeView) -> None:
    found = lines(make_view(), 120, 40)
    assert len(found) == 40
    for wanted in (
        "taxation  " + "#" * 28 + "|" + "." * 11,
        "  busy            121",
        "  do not disturb  107",
        "  out of service  120",
        "  diverted        108 to 0388112233",
        "  appointments    106 at 07:00, 110 at 07:30",
        "  armed for offered: cut, towards both",
        "  c1 standard 127.0.0.1:5000, c2 nmc 127.0.0.1:5001, c3 nmc-data-1 127.0.0.1:5002",
    ):
        assert [each for each in found if each.startswith(wanted)], wanted
    assert "" in found, "a roomy one has blank lines between the parts"
    assert found[-4:] == ["event=exchange.started", "> sets", "nothing special", "> call 128 03"]


def test_before_the_first_look_there_is_the_line_for_orders() -> None:
    found = lines(None, 80, 5)
    assert found == ["", "event=exchange.started", "> sets", "nothing special", "> call 128 03"]


@pytest.mark.parametrize("height", [1, 2, 3, 5, 10, 16, 23, 31, 32, 33, 200])
@pytest.mark.parametrize("width", [1, 2, 5, 20, 59, 79, 300])
def test_no_terminal_is_too_small(make_view: MakeView, width: int, height: int) -> None:
    for view in (make_view(), None):
        found = drawn(view, TYPED, SAID, width, height).plain.split("\n")
        assert len(found) == height
        assert max(map(cell_len, found)) <= width
        assert found[-1].strip()


def test_what_is_most_urgent_is_seen_first_on_a_low_one(make_view: MakeView) -> None:
    found = lines(make_view(), 80, 6)
    assert found[0].startswith("2020-02-24 14:01:43")
    assert found[1].startswith("serving   link disturbed")
    assert found[3:] == ["> sets", "nothing special", "> call 128 03"]


def test_an_answer_is_shown_whole_as_far_as_the_head_leaves_room(make_view: MakeView) -> None:
    said = [Said(f"line {n}") for n in range(30)]
    found = drawn(make_view(), Line(answer_lines=30), said, 80, 24).plain.split("\n")
    assert found[1].startswith("serving   link disturbed")
    assert [each.strip() for each in found[2:-1]] == [f"line {n}" for n in range(9, 30)]
    found = drawn(make_view(), Line(answer_lines=9), said, 80, 24).plain.split("\n")
    assert [each.strip() for each in found[-10:-1]] == [f"line {n}" for n in range(21, 30)]
    assert found[-11].startswith(("wire", "taxation", "link", "tickets", "trunks", "  ", "sets"))


def test_an_answer_of_long_lines_is_shown_from_its_order_on(make_view: MakeView) -> None:
    said = [Said("> before"), Said("> order"), Said("allowed: " + ", ".join(["so-so"] * 60))]
    found = drawn(make_view(), Line(answer_lines=2), said, 80, 24).plain.split("\n")
    rows = [each.strip() for each in found]
    assert "> order" in rows
    assert "> before" not in rows
    assert all(not each.endswith("-") for each in rows[rows.index("> order") : -1])


def test_a_long_answer_goes_on_in_the_next_line(make_view: MakeView) -> None:
    said = [Said("allowed: " + ", ".join(["word"] * 30))]
    found = drawn(make_view(), Line(), said, 80, 24).plain.split("\n")
    assert found[-4].startswith("allowed: word,")
    assert found[-3].startswith(" word,")


def test_what_a_terminal_would_obey_is_only_shown(make_view: MakeView) -> None:
    """Names and log lines may hold anything that a peer has sent."""
    said = [Said("\x1b]0;gone\x07\x9b2J [red]tag[/red]"), Said("zwei\tDinge")]
    view = make_view()
    state: Any = view.state
    view = view._replace(state=type(state)(**{**_fields(state), "name": "\x1b[2J\u202eevil"}))
    found = drawn(view, Line("a\x1b[2Jb", 3), said, 80, 24).plain
    assert "\x1b" not in found
    assert "?[2J" in found
    assert "[red]tag[/red]" in found
    assert all(each.isprintable() for each in found.split("\n"))


def _fields(message: Any) -> dict[str, Any]:
    return {name: getattr(message, name) for name in message.__struct_fields__}


def test_the_cursor_is_always_on_the_line(make_view: MakeView) -> None:
    for cursor in (0, 50, 200):
        text = "".join(chr(ord("a") + n % 26) for n in range(200))
        shown = drawn(make_view(), Line(text, cursor), [], 40, 10)
        (span,) = [each for each in shown.spans if "reverse" in str(each.style)]
        under = shown.plain[span.start : span.end]
        assert under == (text + " ")[cursor]


def test_nothing_special_is_said_in_a_few_words(make_view: MakeView) -> None:
    view = make_view(appointments=[], tickets=[], sets=[], trunks=[])
    found = lines(view, 80, 24, Line())
    assert "sets      0; all are quiet" in found
    assert "trunks    0 of 0 channels in use" in found
    assert "tickets   none yet" in found
    assert found[-1].startswith(">  call, appointment")


def test_an_order_under_way_is_seen(make_view: MakeView) -> None:
    assert lines(make_view(), 80, 24, Line("x", 1, busy=True))[-1] == "... x"


@pytest.mark.parametrize(
    ("ticket", "shown"),
    [
        ({"direction": "incoming", "dialled_number": "0390"}, "128 <- 0390  call"),
        ({"charged_user": None, "dialled_number": None}, "-  call"),
        ({"cost": "1.20"}, "128  1.20  call"),
        ({"kind": "room status", "room_status": "cleaned"}, "128  room status cleaned"),
        (
            {"kind": "room status", "room_status": "not cleaned", "room_problem": 42},
            "128  room status not cleaned, problem 42",
        ),
        ({"charged_user": "日本語"}, "日本語  call"),
    ],
)
def test_a_ticket_is_a_line(
    make_view: MakeView, make_made: Callable[..., Any], ticket: dict[str, Any], shown: str
) -> None:
    found = lines(make_view(tickets=[make_made(7, **ticket)]), 80, 24)
    assert f"      7  2020-02-24 14:00:51  {shown}" in found


@given(
    st.lists(st.text(max_size=200), max_size=10), st.text(max_size=60),
    st.integers(1, 130), st.integers(1, 45), st.integers(0, 60),
)  # fmt: skip
def test_whatever_is_said_and_typed_the_screen_has_its_size(
    said: list[str], typed: str, width: int, height: int, cursor: int
) -> None:
    line = Line(typed, min(cursor, len(typed)), answer_lines=len(said))
    found = drawn(None, line, [Said(each) for each in said], width, height).plain.split("\n")
    assert len(found) == height
    assert max(map(cell_len, found)) <= width
