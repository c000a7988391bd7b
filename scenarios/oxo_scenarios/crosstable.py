"""The matrix at the end of a run: a row a case, a column a wire, the published one in each mode."""

from collections.abc import Mapping, Sequence

from rich.table import Table
from rich.text import Text

from oxo_scenarios.bundle import Play
from oxo_scenarios.verdict import Verdict, of_chapter
from oxo_scenarios.wires import BUSINESS, HOME

HOTEL = "hotel"
WORDS = {
    Verdict.OK: ("OK", "green"),
    Verdict.NOK: ("NOK", "bold red"),
    Verdict.ERROR: ("error", "bold magenta"),
    Verdict.UNDECIDED: ("?", "yellow"),
    Verdict.NOT_OBSERVABLE: ("n/o", "cyan"),
    Verdict.NOT_APPLICABLE: ("N/A", "dim"),
}
LEGEND = "n/o: not observable on the wire; N/A: not applicable; ?: undecided"


def column_of(play: Play, own_wire: str) -> str:
    """Return the column of a play: its wire, and for the wire of the published report its mode.

    A case that is published for another wire stands there, and in hotel mode beside the others.
    """
    if play.wire == HOME:
        return play.mode
    return HOTEL if (play.wire, play.mode) == (own_wire, HOTEL) else play.wire


def crosstable(plays: Sequence[Play], own_wires: Mapping[str, str]) -> Table:
    """Return the matrix of what was played; several plays of a cell come to one verdict.

    Args:
        plays: of a run.
        own_wires: case -> the wire that it is published for; of others it is that of the report.
    """
    placed = [(play, column_of(play, own_wires.get(play.case, HOME))) for play in plays]
    columns = dict.fromkeys(column for _, column in placed)
    order = sorted(columns, key=lambda name: (name not in (BUSINESS, HOTEL), name != BUSINESS))
    table = Table("case", *order, box=None, pad_edge=False)
    for case in dict.fromkeys(play.case for play in plays):
        cells = []
        for name in order:
            words = [p.verdict for p, column in placed if (p.case, column) == (case, name)]
            cells.append(Text(*WORDS[of_chapter(words)]) if words else Text(""))
        table.add_row(case, *cells)
    return table
