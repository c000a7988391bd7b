"""The shelf: which ticket files the management centre can see, and when each is emptied.

What waits at the outlet becomes a file at a login, or at a listing. From then on the file is as it
is: whoever comes back for the rest of it finds the same bytes. Tickets made later go into the next
file. A file is emptied, and gone with its tickets, when a complete transfer of it has come to its
end in order, or when it is deleted (facts: oxo 5.2, emptied when synchronised; the rest is ours).

A transfer may begin in the middle (`REST`). The file counts as transferred when every byte of it
has been handed over once, over one or several transfers without a gap between them, and the last
one ended in order. A transfer that breaks off empties nothing.

A store that lets its oldest go when it is full takes them out of a file that nobody has begun
to fetch: that file is withdrawn, and what still waits appears as another.

Tickets leave the outlet in their order. A file that is emptied before an older one is gone from
the shelf at once; its tickets leave when those before them have left.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple, Protocol

from oxo_simulator.exchange.outlet import How
from oxo_simulator.exchange.port import Buffered
from oxo_simulator.ftp.files import FileInTransfer, NoSuchFile, Visitor
from oxo_simulator.nmc.content import Content

COUNTER_MAX = 10**9


class TicketStore(Protocol):
    """The outlet as the shelf sees it."""

    def waiting(self, count_max: int) -> Sequence[Buffered]:
        """Return the oldest tickets; they stay."""

    def waiting_count(self) -> int:
        """Return how many wait."""

    def offered(self, first: int, last: int, session: str, connection: str) -> None:
        """Write down that these leave next."""

    def consumed(self, last: int, session: str, connection: str, how: How) -> int:
        """Remove every ticket up to `last`."""


class Rendered(NamedTuple):
    """What a file is made of.

    Attributes:
        name: of the file.
        content: its bytes.
        at: its date, wall clock of the exchange.
    """

    name: str
    content: Content
    at: datetime


Render = Callable[[int, Sequence[Buffered]], Rendered]
"""Makes a file of tickets; told the counter."""


@dataclass
class TicketFile:
    """One file of the shelf.

    Attributes:
        name: as clients see it.
        content: its bytes, the same for ever.
        at: its date.
        first: sequence of its first ticket; 0 when it has none.
        last: sequence of its last ticket; 0 when it has none.
        begun: whether anybody has begun to fetch it.
        handed_bytes: so many bytes from its beginning have been handed over without a gap.
        transfers: how many are under way.
    """

    name: str
    content: Content
    at: datetime
    first: int
    last: int
    begun: bool = False
    handed_bytes: int = 0
    transfers: int = 0


class _Emptied(NamedTuple):
    """Tickets that leave when those before them have left."""

    last: int
    visitor: Visitor
    how: How


class Transfer:
    """One `RETR`: from `begin_bytes` to the end of the file."""

    def __init__(
        self, shelf: "Shelf", file: TicketFile, visitor: Visitor, begin_bytes: int
    ) -> None:
        self.file = file
        self.visitor = visitor
        self.begin_bytes = begin_bytes
        self.over = False
        self._shelf = shelf

    def end(self, sent_bytes: int, *, in_order: bool) -> bool:
        """End it; see `Shelf.end`."""
        return self._shelf.end(self, sent_bytes, in_order=in_order)


class Shelf:
    """The files of one exchange.

    Args:
        store: what waits.
        render: makes a file.
        emptied_by: whether a complete transfer empties a file, or only its deletion.
        empty_file: whether there is a file when nothing waits.
        counter: number of the last file before this shelf's first one.
    """

    def __init__(
        self,
        store: TicketStore,
        render: Render,
        *,
        emptied_by: Literal["transfer", "deletion"] = "transfer",
        empty_file: bool = False,
        counter: int = 0,
    ) -> None:
        self._store = store
        self._render = render
        self._emptied_by = emptied_by
        self._empty_file = empty_file
        self._files: dict[str, TicketFile] = {}
        self.counter = counter
        self._filed = 0
        self._emptied: list[_Emptied] = []

    @property
    def files(self) -> Sequence[TicketFile]:
        """Every file, the oldest first."""
        return tuple(self._files.values())

    def appear(self) -> None:
        """Make a file of what waits and is in none yet."""
        waiting = self._store.waiting(self._store.waiting_count())
        self._withdraw(waiting)
        begin = next((n for n, each in enumerate(waiting) if each.sequence > self._filed), None)
        tickets = () if begin is None else waiting[begin:]
        if not tickets and (not self._empty_file or self._files):
            return
        self.counter = self.counter % COUNTER_MAX + 1
        made = self._render(self.counter, tickets)
        first, last = (tickets[0].sequence, tickets[-1].sequence) if tickets else (0, 0)
        self._filed = max(self._filed, last)
        self._files[made.name] = TicketFile(made.name, made.content, made.at, first, last)

    def _withdraw(self, waiting: Sequence[Buffered]) -> None:
        """Take files back that hold what the store has let go since, if nobody has seen inside."""
        oldest = waiting[0].sequence if waiting else self._filed + 1
        lost = any(0 < file.first < oldest for file in self._files.values())
        if lost and not self._emptied and not any(file.begun for file in self._files.values()):
            self._files.clear()
            self._filed = oldest - 1

    def file(self, name: str) -> TicketFile:
        """Return a file.

        Raises:
            NoSuchFile: there is none of that name.
        """
        found = self._files.get(name)
        if found is None:
            raise NoSuchFile(f"no file {name[:64]!r} is here, or no longer")
        return found

    def begin(self, name: str, visitor: Visitor, begin_bytes: int = 0) -> Transfer:
        """Begin a transfer, from that byte on.

        Raises:
            NoSuchFile: there is none of that name.
            ValueError: it does not have so many bytes.
        """
        file = self.file(name)
        if not 0 <= begin_bytes <= len(file.content):
            raise ValueError(f"byte {begin_bytes}; the file has {len(file.content)}")
        file.begun = True
        file.transfers += 1
        if file.last:
            self._store.offered(file.first, file.last, *visitor)
        return Transfer(self, file, visitor, begin_bytes)

    def end(self, transfer: Transfer, sent_bytes: int, *, in_order: bool) -> bool:
        """End a transfer that has handed over so many bytes; tell whether the file is emptied.

        Args:
            transfer: which; ended once.
            sent_bytes: from its beginning on.
            in_order: every byte was handed over and the data connection closed in order.
        """
        if transfer.over:
            return False
        transfer.over = True
        file = transfer.file
        file.transfers -= 1
        reached = transfer.begin_bytes + sent_bytes
        if transfer.begin_bytes <= file.handed_bytes:
            file.handed_bytes = max(file.handed_bytes, reached)
        whole = file.handed_bytes == reached == len(file.content)
        if not (in_order and whole and self._emptied_by == "transfer"):
            return False
        return self._empty(file, transfer.visitor, "transfer complete")

    def delete(self, name: str, visitor: Visitor) -> None:
        """Empty a file.

        Raises:
            NoSuchFile: there is none of that name.
            FileInTransfer: it is on its way to somebody.
        """
        file = self.file(name)
        if file.transfers:
            raise FileInTransfer(f"{name} is being transferred")
        self._empty(file, visitor, "deleted")

    def _empty(self, file: TicketFile, visitor: Visitor, how: How) -> bool:
        if self._files.get(file.name) is not file:
            return False  # another one had it first
        del self._files[file.name]
        if file.last:
            self._emptied.append(_Emptied(file.last, visitor, how))
        self._leave()
        return True

    def _leave(self) -> None:
        """Let tickets leave the outlet as far as no file is left before them."""
        oldest = min((file.first for file in self._files.values() if file.first), default=None)
        for each in sorted(self._emptied):
            if oldest is not None and each.last >= oldest:
                return
            self._emptied.remove(each)
            self._store.consumed(each.last, *each.visitor, each.how)
