"""The shelf: the open account file, the closed ones, and their index (facts: oxe 3.1, 3.2).

A ticket becomes a record in the open file as soon as it is there. Closing makes a closed file of
compressed text, with the next name of the count; its tickets leave the outlet then, and are bytes
from there on. Nobody who fetches changes anything: a file stays until it ages out. So what has been
fetched is only written down: each time that every byte of a file has gone over, in one transfer or
in several without a gap between them, the last of which ended in order.

Beside the files there are two more names:

`ACCOUNT.LIS`, a line for each file in the order in which they were closed: name, date, time (the
name is documented, the rest ours). It is there from the first file on.

`tax.tmp`, what has been spilled of the open file (its name and the 500 records that stay in memory
are secondary; that its text is plain and begins with the header line is ours). What is fetched of
it counts nothing.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Literal, NamedTuple, Protocol

from oxo_simulator.account.closing import Rules, ages_out_at, closes_at, reached, stamp
from oxo_simulator.account.content import Whole
from oxo_simulator.account.names import INDEX, OPEN, file_name
from oxo_simulator.exchange.moment import Moment
from oxo_simulator.ftp.files import NoSuchFile, Visitor

FILE_TICKETS_MAX = 30_000
"""A file with so many tickets is closed, and the next one begins (ours; the largest seen in the
field has 6,038). To write and compress it takes some 0.2 s, in which nobody else is served."""
FILES_MAX = 10_000
FILES_BYTES_MAX = 1024**3
"""Beyond either the oldest file ages out before its time (ours: a disk is finite)."""

OpenShown = Literal["hidden", "spilled", "shown"]
"""What of the open file there is to see."""


class TicketStore(Protocol):
    """The outlet as the shelf sees it."""

    def filed(self, last: int, file: str) -> object:
        """Remove every ticket up to `last`: they are in that file now."""

    def file_offered(self, first: int, last: int, file: str, session: str, connection: str) -> None:
        """Write down that a transfer of the file begins."""

    def file_fetched(self, first: int, last: int, file: str, session: str, connection: str) -> None:
        """Write down that the file went over whole."""

    def file_expired(self, first: int, last: int, file: str, *, fetched: bool) -> None:
        """Write down that the file aged out, and whether anybody had fetched it."""


Write = Callable[[Sequence[bytes]], bytes]
"""Makes bytes of records."""


@dataclass(frozen=True)
class Terms:
    """What a profile says about the shelf.

    Attributes:
        rules: when files are closed and age out.
        index: whether there is one.
        open_shown: what of the open file there is to see.
        memory_records: so many of its records stay in memory before they are spilled.
        first_count: count of the first file's name.
        file_tickets_max: a file is closed when it has so many.
        files_max: so many closed files at most.
        files_bytes_max: so many bytes of closed files at most.
    """

    rules: Rules
    index: bool = True
    open_shown: OpenShown = "spilled"
    memory_records: int = 500
    first_count: int = 0
    file_tickets_max: int = FILE_TICKETS_MAX
    files_max: int = FILES_MAX
    files_bytes_max: int = FILES_BYTES_MAX


@dataclass
class AccountFile:
    """A closed file.

    Attributes:
        name: as clients see it.
        content: its bytes, compressed.
        closed: when it was.
        first: sequence of its first ticket.
        last: sequence of its last ticket.
        handed_bytes: so many bytes from its beginning have been handed over without a gap since it
            went over whole the last time.
        fetched: whether it ever did.
    """

    name: str
    content: Whole
    closed: Moment
    first: int
    last: int
    handed_bytes: int = 0
    fetched: bool = False

    @property
    def at(self) -> datetime:
        """Its date, wall clock of the exchange."""
        return stamp(self.closed)


class PlainFile(NamedTuple):
    """The index or the open file, as it was when somebody looked."""

    name: str
    content: Whole
    changed: Moment

    @property
    def at(self) -> datetime:
        """Its date, wall clock of the exchange."""
        return stamp(self.changed)


class Seen(NamedTuple):
    """A file of a snapshot: its bytes, and its date (of `File`, and in seconds since 1970)."""

    data: bytes
    at: datetime
    mtime: float


def seen(file: AccountFile | PlainFile) -> Seen:
    """Return a file as it is now; that never changes, and may be looked at from any thread."""
    changed = file.closed if isinstance(file, AccountFile) else file.changed
    return Seen(file.content.data, file.at, changed.utc.timestamp())


@dataclass
class _Open:
    """The file that tickets go into."""

    opened: Moment
    last_put: Moment
    first: int
    last: int
    records: list[bytes] = field(default_factory=list)


class Transfer:
    """A file on its way to somebody."""

    def __init__(
        self, shelf: "Shelf", file: AccountFile | PlainFile, visitor: Visitor, begin_bytes: int
    ) -> None:
        self.file = file
        self.visitor = visitor
        self.begin_bytes = begin_bytes
        self.over = False
        self._shelf = shelf

    def end(self, sent_bytes: int, *, in_order: bool) -> bool:
        """End it, with so many bytes handed over; no file ever leaves with that.

        Args:
            sent_bytes: from its beginning on. Ending it again does nothing.
            in_order: every byte was handed over and the connection's end says so.
        """
        if not self.over:
            self.over = True
            self._shelf.ended(self, sent_bytes, in_order=in_order)
        return False


class Shelf:
    """The files of one exchange (`Files` of FTP).

    Args:
        store: what has not been filed yet.
        text: writes records as the text of a file.
        compress: compresses a text.
        terms: of the profile.

    Attributes:
        version: another one as soon as anything is changed; any thread may read it.
    """

    def __init__(
        self, store: TicketStore, text: Write, compress: Callable[[bytes], bytes], terms: Terms
    ) -> None:
        self._store = store
        self._text = text
        self._compress = compress
        self._terms = terms
        self._count = terms.first_count
        self._open: _Open | None = None
        self._closed: dict[str, AccountFile] = {}
        self._order: deque[AccountFile] = deque()
        self._changed: Moment | None = None
        self._index: PlainFile | None = None
        self._spilled: tuple[int, PlainFile] | None = None
        self.bytes_count = 0
        self.version = 0

    # What the exchange does.

    def put(self, sequence: int, record: bytes, now: Moment) -> AccountFile | None:
        """Put a ticket's record into the open file; return the file if that was full and closed."""
        if self._open is None:
            self._open = _Open(now, now, sequence, sequence)
        self._open.records.append(record)
        self.version += 1
        self._open.last, self._open.last_put = sequence, now
        full = len(self._open.records) >= self._terms.file_tickets_max
        return self.close(now) if full else None

    def close(self, now: Moment) -> AccountFile | None:
        """Close the open file, and return it; `None` where there is none."""
        opened, self._open, self._spilled = self._open, None, None
        if opened is None:
            return None
        self.version += 1
        content = Whole(self._compress(self._text(opened.records)))
        file = AccountFile(self._next_name(), content, now, opened.first, opened.last)
        self._store.filed(file.last, file.name)
        self._closed[file.name] = file
        self._order.append(file)
        self.bytes_count += len(content)
        self._changed, self._index = now, None
        self._make_room(now)
        return file

    def age(self, now: Moment) -> None:
        """Let go of files whose time is over."""
        while self._order and reached(ages_out_at(self._order[0].closed, self._terms.rules), now):
            self._expire(now)

    def closes_at(self) -> datetime | None:
        """Return when the open file is to be closed (UTC); `None` where there is none."""
        if self._open is None:
            return None
        return closes_at(self._open.opened, self._open.last_put, self._terms.rules)

    def ages_at(self) -> datetime | None:
        """Return when the oldest file ages out (UTC); `None` where there is none."""
        return ages_out_at(self._order[0].closed, self._terms.rules) if self._order else None

    def lose(self, now: Moment) -> None:
        """Lose every file: the exchange has forgotten them."""
        self._open = self._spilled = None
        while self._order:
            self._expire(now)

    def follow(self, before: "Shelf") -> None:
        """Take the place of a shelf: its closed files are here now, and its count goes on."""
        self._count, self._changed = before._count, before._changed  # noqa: SLF001 - of our own
        self._order = deque(before._order)  # noqa: SLF001
        self._closed = {file.name: file for file in self._order}
        self.bytes_count, self.version = before.bytes_count, before.version + 1

    # What a client sees.

    @property
    def count(self) -> int:
        """How many closed files there are."""
        return len(self._order)

    @property
    def files(self) -> Sequence[AccountFile | PlainFile]:
        """Every file: the closed ones, the oldest first, then the index and the open one."""
        beside = (self._indexed(), self._shown())
        return (*self._order, *(each for each in beside if each is not None))

    def file(self, name: str) -> AccountFile | PlainFile:
        """Return a file.

        Raises:
            NoSuchFile: there is none of that name.
        """
        special = {INDEX: self._indexed, OPEN: self._shown}.get(name)
        found = self._closed.get(name) if special is None else special()
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
        if isinstance(file, AccountFile):
            self._store.file_offered(file.first, file.last, file.name, *visitor)
        return Transfer(self, file, visitor, begin_bytes)

    def ended(self, transfer: Transfer, sent_bytes: int, *, in_order: bool) -> None:
        """Write down how far a transfer has come; see `Transfer.end`."""
        file = transfer.file
        if not isinstance(file, AccountFile):
            return
        reached_bytes = transfer.begin_bytes + sent_bytes
        if transfer.begin_bytes <= file.handed_bytes:
            file.handed_bytes = max(file.handed_bytes, reached_bytes)
        if in_order and file.handed_bytes == reached_bytes == len(file.content):
            file.handed_bytes, file.fetched = 0, True
            self._store.file_fetched(file.first, file.last, file.name, *transfer.visitor)

    def delete(self, name: str, visitor: Visitor) -> None:
        """Delete nothing: files are the exchange's, and leave by their age.

        Raises:
            NoSuchFile: always; nobody is let through to here.
        """
        raise NoSuchFile(f"{name[:64]!r} is not {visitor.session}'s to delete")

    def snapshot(self) -> Mapping[str, Seen]:
        """Return what is there now, name -> bytes and date; it never changes."""
        return MappingProxyType({file.name: seen(file) for file in self.files})

    # Inside.

    def _next_name(self) -> str:
        name = file_name(self._count)
        self._count += 1
        return name

    def _make_room(self, now: Moment) -> None:
        terms = self._terms
        while len(self._order) > 1 and (
            len(self._order) > terms.files_max or self.bytes_count > terms.files_bytes_max
        ):
            self._expire(now)

    def _expire(self, now: Moment) -> None:
        file = self._order.popleft()
        self.version += 1
        del self._closed[file.name]
        self.bytes_count -= len(file.content)
        self._changed, self._index = now, None
        self._store.file_expired(file.first, file.last, file.name, fetched=file.fetched)

    def _indexed(self) -> PlainFile | None:
        """Return the index, written when somebody looks."""
        if self._index is None and self._changed is not None and self._terms.index:
            lines = (f"{each.name} {each.at:%d/%m/%y %H:%M:%S}\n" for each in self._order)
            self._index = PlainFile(INDEX, Whole("".join(lines).encode("ascii")), self._changed)
        return self._index

    def _shown(self) -> PlainFile | None:
        """Return what is to be seen of the open file."""
        if self._open is None or self._terms.open_shown == "hidden":
            return None
        count = len(self._open.records)
        if self._terms.open_shown == "spilled":
            count -= count % self._terms.memory_records
        if count == 0:
            return None
        if self._spilled is None or self._spilled[0] != count:
            content = Whole(self._text(self._open.records[:count]))
            self._spilled = count, PlainFile(OPEN, content, self._open.last_put)
        return self._spilled[1]
