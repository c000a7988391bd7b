"""The matrix at the end of a run: a row a case, a column a wire, the published one in each mode."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from oxo_scenarios.bundle import Play
from oxo_scenarios.verdict import Verdict, of_chapter
from oxo_scenarios.wires import BUSINESS, HOME

WORDS = {
    Verdict.OK: ("OK", "green"),
    Verdict.NOK: ("NOK", "bold red"),
    Verdict.ERROR: ("error", "bold magenta"),
    Verdict.UNDECIDED: ("?", "yellow"),
    Verdict.NOT_OBSERVABLE: ("n/o", "cyan"),
    Verdict.NOT_APPLICABLE: ("N/A", "dim"),
}
LEGEND = "n/o: not observable on the wire; N/A: not applicable; ?: undecided"


def column_of(play: Play) -> str:
    """Return the column of a play: its wire, and for the wire of the published report its mode."""
    return play.mode if play.wire == HOME else play.wire


def crosstable(plays: Sequence[Play]) -> Table:
    """Return the matrix of what was played; several plays of a cell come to one verdict."""
    columns = dict.fromkeys(column_of(play) for play in plays)
    order = sorted(columns, key=lambda name: (name not in (BUSINESS, "hotel"), name != BUSINESS))
    table = Table("case", *order, box=None, pad_edge=False)
    for case in dict.fromkeys(play.case for play in plays):
        cells = []
        for name in order:
            words = [p.verdict for p in plays if p.case == case and column_of(p) == name]
            cells.append(Text(*WORDS[of_chapter(words)]) if words else Text(""))
        table.add_row(case, *cells)
    return table
