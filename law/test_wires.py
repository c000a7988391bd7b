"""The pages of the wires: written from the carriage table; one name for a wire everywhere."""

import re
from pathlib import Path
from typing import get_args

from oxo_collector.receipt import Wire
from oxo_reports.wires import INTERFACES, TRANSPORTS
from oxo_reports.wires import WIRE_TITLES as TITLES_OF_REPORTS
from oxo_scenarios.wires import TELLINGS
from oxo_scenarios.wires import WIRES as WIRES_OF_SCENARIOS
from oxo_scenarios.wires import Wire as Claimed
from oxo_simulator.control.messages import WireName
from oxo_simulator.profile import FURTHER_WIRES
from oxo_simulator.wiring import WIRES as WIRES_OF_THE_EXCHANGE
from oxo_tickets import FIELDS, WIRE_TITLES, Carriage, carriages, wires

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "wires.md").read_text("utf-8")
DASH = "\N{EN DASH}"
BEGIN, END = "<!-- carriage: begin -->\n", "<!-- carriage: end -->"


def carriage_table() -> str:
    """Write the carriage table as the page has it; a block tells what fifteen columns tell."""
    rows = [row for (_, tag_set), row in carriages().items() if tag_set != "block"]
    names = [f"{row.wire}, {row.tag_set}" for row in rows]
    lines = [["field", *names], ["---"] * (len(rows) + 1)]
    lines += [[f"`{field}`", *(_told(row, field) for row in rows)] for field in FIELDS]
    shown = [line for line in lines if set(line[1:]) != {DASH}]
    return "".join(f"| {' | '.join(line)} |\n" for line in shown)


def _told(row: Carriage, field: str) -> str:
    if not row.carries(field):
        return DASH
    words = row.rules.get(field, "yes")
    return f"{words} ({row.only[field]})" if field in row.only else words


def test_the_page_shows_the_carriage_table_as_it_is() -> None:
    """Whoever changes the table runs `python law/test_wires.py`, which writes the page again."""
    assert PAGE.split(BEGIN)[1].split(END)[0] == carriage_table()


def test_a_wire_has_one_name_and_one_title_in_every_room() -> None:
    assert dict(WIRE_TITLES) == TITLES_OF_REPORTS
    assert set(INTERFACES) == set(TRANSPORTS) == set(wires())
    head = re.findall(r"^\| name \|(.*)\|$", PAGE, re.MULTILINE)[0]
    assert [name.strip(" `") for name in head.split("|")] == list(wires())
    titles = re.findall(r"^\| \|(.*)\|$", PAGE, re.MULTILINE)[0]
    assert [title.strip() for title in titles.split("|")] == list(WIRE_TITLES.values())


def test_every_room_knows_the_same_wires() -> None:
    known = set(wires())
    assert [str(wire) for wire in Wire] == list(wires()), "in the order in which they are trusted"
    assert set(get_args(WireName)) == known
    assert {kind.name for kind in WIRES_OF_THE_EXCHANGE} == known
    assert {"taxation", *FURTHER_WIRES} == known
    assert set(WIRES_OF_SCENARIOS) == set(get_args(Claimed)) == set(TELLINGS) == known


def main() -> None:
    """Write the carriage table into the page."""
    before, rest = PAGE.split(BEGIN)
    text = before + BEGIN + carriage_table() + END + rest.split(END)[1]
    (ROOT / "docs" / "wires.md").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
