"""What a person sees while the cases run: one line a verdict, and a bar on a terminal."""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from oxo_scenarios import bundle
from oxo_scenarios.catalogue import Planned
from oxo_scenarios.verdict import Verdict

STYLES = {
    Verdict.OK: "green",
    Verdict.NOK: "bold red",
    Verdict.ERROR: "bold magenta",
    Verdict.UNDECIDED: "yellow",
    Verdict.NOT_OBSERVABLE: "cyan",
    Verdict.NOT_APPLICABLE: "dim",
}
WIDTH_PLAY = 17
WIDTH_VERDICT = 14


class Progressing:
    """Watches a run; plain lines where the output is no terminal."""

    def __init__(self, console: Console, total: int, *, bar: bool = True) -> None:
        """Show the progress of `total` plays on `console`."""
        self._console = console
        self._bar = Progress(
            BarColumn(20),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}", markup=False),
            console=console,
            transient=True,
            disable=not (bar and console.is_terminal),
        )
        self._task = self._bar.add_task("", total=total)

    def __enter__(self) -> Self:
        """Show the bar."""
        self._bar.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Take it away."""
        self._bar.stop()

    def begins(self, planned: Planned) -> None:
        """Name the play at hand."""
        self._bar.update(self._task, description=f"{planned.play}  {planned.case.title}")

    def step(self, name: str) -> None:
        """Name the step at hand."""
        self._bar.update(self._task, description=name)

    def ended(self, play: bundle.Play) -> None:
        """Print the verdict."""
        self._bar.advance(self._task)
        told = play.comment if play.verdict is Verdict.NOT_OBSERVABLE else play.reason
        told = told or play.comment
        if play.verdict is Verdict.NOK and play.reference:
            told = f"{told} [{play.reference}]"
        cells = (
            Text(f"{play.play:<{WIDTH_PLAY}}"),
            Text(f"{play.verdict.value:<{WIDTH_VERDICT}}", STYLES[play.verdict]),
            Text(f"{play.seconds:6.1f} s ", "dim"),
            Text(told),
        )
        if self._console.is_terminal:
            self._print_wrapped(cells)
        else:
            self._console.print(Text(" ").join(cells), soft_wrap=True)

    def _print_wrapped(self, cells: Sequence[Text]) -> None:
        """Wrap a long comment below its own beginning."""
        row = Table.grid(padding=(0, 1, 0, 0))
        for cell in cells[:-1]:
            row.add_column(no_wrap=True, width=cell.cell_len)
        row.add_column(overflow="fold")
        row.add_row(*cells)
        self._console.print(row)
