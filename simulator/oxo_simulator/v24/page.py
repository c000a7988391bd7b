"""The paper: headings in two staggered rows, pages, days, blocks; and their bytes.

`Sheet` is how this exchange prints, `Paper` is where the print-out has come to. Nothing here knows
whether bytes arrived: whoever prints keeps the paper of the last bytes that did, so that a line
that was not printed is printed at the same place again.

A form feed has three occasions, if it is on (facts: oxo 6.1, documented): behind the last statement
of a page; at the end of a day, behind a line with the day's number of statements at the right; at
start-up, when there are headings. That a day ends when a statement of a later one is to be
printed is ours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from oxo_tickets import Ticket

from oxo_simulator.exchange.notices import Notice
from oxo_simulator.v24.codec import Column, Statement, cell, layout, line
from oxo_simulator.v24.document import rows
from oxo_simulator.v24.language import LANGUAGES
from oxo_simulator.v24.mapping import statement
from oxo_simulator.v24.settings import LINE_ENDS, V24Settings

FORM_FEED = b"\x0c"
DAY_COUNT_MAX = 99_999
"""The day's number of statements has at most five digits (facts: oxo 6.1, documented)."""

BLOCK_TITLE = "TICKET"


class Paper(NamedTuple):
    """Where the print-out has come to.

    Attributes:
        begun: whether anything was printed at all.
        on_page: statements of the present page.
        headed: whether this page needs no headings any more.
        day: the latest day of a statement.
        day_count: its statements.
    """

    begun: bool = False
    on_page: int = 0
    headed: bool = False
    day: date | None = None
    day_count: int = 0


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """How lines become bytes.

    Attributes:
        columns: of a line.
        titles: key -> title of the column.
        settings: everything else.
    """

    columns: Sequence[Column]
    titles: Mapping[str, str]
    settings: V24Settings

    @property
    def width(self) -> int:
        """Characters of a full line."""
        return self.columns[-1].last

    def begin(self, paper: Paper) -> tuple[bytes, Paper]:
        """Begin a page at the start, or for a printer just connected."""
        if self.settings.header == "none":
            return b"", paper._replace(begun=True, on_page=0, headed=True)
        feed = FORM_FEED if self.settings.form_feed else b""
        return feed + self._header(), paper._replace(begun=True, on_page=0, headed=True)

    def ticket(self, paper: Paper, ticket: Ticket) -> tuple[bytes, Paper]:
        """Print a ticket, and what belongs before and behind it.

        Raises:
            CellTooLong: `unprintable` was not asked.
        """
        before, paper = self._day(paper, ticket.local_time.date())
        if not paper.headed:
            before += self._header()
        said = before + self._body(statement(ticket, self.settings))
        paper = paper._replace(
            headed=True, on_page=paper.on_page + 1, day_count=paper.day_count + 1
        )
        if paper.on_page < self.settings.statements_per_page:
            return said, paper
        return said + self.feed(), self._turned(paper)

    def document(self, paper: Paper, notice: Notice) -> tuple[bytes, Paper]:
        """Print a document; with form feeds it has a page to itself.

        It is no statement: neither the page nor the day counts it (ours).
        """
        said = b"".join(map(self._line, rows(notice, self.settings)))
        if not self.settings.form_feed:
            return said, paper
        return self.feed() + said + self.feed(), self._turned(paper)

    def feed(self) -> bytes:
        """Return what ends a page."""
        return FORM_FEED if self.settings.form_feed else b""

    def headings(self) -> tuple[str, str]:
        """Return the two rows of titles (facts: oxo 6.2).

        Each title begins with its column, on the other row than the one before it, unless there is
        no room on that row; where there is none on either it loses its end.
        """
        rows, last = ["", ""], 1
        for column in self.columns:
            other = 1 - last
            fits = [
                row for row in (other, last) if len(rows[row]) < column.first - 1 or not rows[row]
            ]
            last = fits[0] if fits else other
            row = rows[last].ljust(column.first - 1)
            if not fits:
                row = row[: column.first - 2] + " "
            rows[last] = row + self.titles[column.key]
        return rows[0], rows[1]

    def statement(self, told: Statement) -> bytes:
        """Print one line."""
        text = line(told, self.columns)
        return self._line(text if self.settings.padded else text.rstrip(" "))

    def block(self, told: Statement) -> bytes:
        """Print a block: its title with the company, and a line a field (facts: oxo 7.3, ours)."""
        title = f"{BLOCK_TITLE} {self.settings.company}".rstrip()
        rows = [f"{self.titles[c.key]} : {cell(told, c.key)}".rstrip() for c in self.columns]
        between = [""] * self.settings.lines_between
        return b"".join(map(self._line, [title, *rows, *between]))

    def day_count(self, count: int) -> bytes:
        """Print the day's number of statements at the right."""
        return self._line(str(min(count, DAY_COUNT_MAX)).rjust(self.width))

    def company(self) -> bytes:
        """Print the company's name on a line of its own."""
        return self._line(self.settings.company)

    def _header(self) -> bytes:
        if self.settings.header == "none" or self.settings.mode == "ticket":
            return b""
        company = self.company() if self.settings.company else b""
        return company + b"".join(map(self._line, self.headings()))

    def _body(self, told: Statement) -> bytes:
        return self.block(told) if self.settings.mode == "ticket" else self.statement(told)

    def _day(self, paper: Paper, day: date) -> tuple[bytes, Paper]:
        """End the day before, if the next statement is of a later one."""
        if paper.day is not None and day <= paper.day:
            return b"", paper
        ended = paper.day is not None and self.settings.form_feed
        said = self.day_count(paper.day_count) + FORM_FEED if ended else b""
        paper = self._turned(paper) if ended else paper
        return said, paper._replace(day=day, day_count=0)

    def _turned(self, paper: Paper) -> Paper:
        return paper._replace(on_page=0, headed=self.settings.header != "every")

    def _line(self, text: str) -> bytes:
        encoded = text.encode(self.settings.encoding, errors="replace")
        return encoded + LINE_ENDS[self.settings.line_end]


def sheet(settings: V24Settings) -> Sheet:
    """Return the sheet of a profile."""
    return Sheet(
        columns=layout(settings.fields),
        titles=LANGUAGES[settings.language].titles,
        settings=settings,
    )
