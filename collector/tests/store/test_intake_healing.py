"""The healing as a model: whatever order, split, loss and crash, each record counts as it should.

The exchange makes records; each is said on the stream, where it may be lost, and stands in an
account file. In every instant a record counts as often as the files that are stored have it, or the
stream brought it, whichever is more; when all files are stored, as often as it was made. Exports
that go on where the last one ended tell the same, each ticket once.
"""

import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from oxo_collector.decoders.outcome import Recorded, record_digest
from oxo_collector.intake import Intake
from oxo_collector.receipt import FetchedFile, Marker, Source, Wire
from oxo_collector.store import Reading, open_for_writing
from oxo_tickets import Kind, Ticket, from_json

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
FILES, STREAM = Source("site", Wire.ACCOUNT), Source("site", Wire.STREAM)
USERS = st.text("abc", min_size=1, max_size=6)
STEP = st.integers(1, 30)
"""At which statement a crash comes; beyond the last there is none."""


class Crash(BaseException):
    """The process ends here, as by SIGKILL: what was begun is not committed."""


class Mortal(sqlite3.Connection):
    """A connection that dies before its n-th statement."""

    steps_left: int | None = None

    def _step(self) -> None:
        if self.steps_left is not None:
            self.steps_left -= 1
            if self.steps_left <= 0:
                self.steps_left = None
                raise Crash

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        self._step()
        return super().execute(*arguments)

    def executemany(self, *arguments: Any) -> sqlite3.Cursor:
        self._step()
        return super().executemany(*arguments)


def record(user: str) -> Recorded:
    stamp = datetime.fromisoformat("2026-11-22T20:45:00")
    ticket = Ticket(kind=Kind.CALL, local_time=stamp, charged_user=user)
    return Recorded(ticket, record_digest(user.encode()))


class Healing(RuleBasedStateMachine):
    """The exchange, its two wires, and what the store should say of them."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "tickets.db"
        self.made = Counter[str]()
        self.unsaid: list[str] = []
        self.spool: list[str] = []
        self.epoch, self.ordinal = 1, 1
        self.open: list[str] = []
        self.files: dict[str, list[str]] = {}
        self.fetched: dict[str, Counter[str]] = {}
        self.streamed = Counter[str]()
        self.told = Counter[str]()
        self.since = 0

    @initialize()
    def begin(self) -> None:
        opened = open_for_writing(self.path, Mortal)
        assert isinstance(opened, Mortal)
        self.connection = opened
        self.connection.execute("PRAGMA synchronous = OFF")  # the disk is not what is tried here
        self.door = Intake(self.connection, lambda: NOON)

    def teardown(self) -> None:
        if hasattr(self, "connection"):
            self.close_file()
            for name in self.files:
                self.fetch_name(name, crash=None)
            self.export()
            assert self.counted() == self.made
            assert self.told == self.made
            self.connection.close()
        self.folder.cleanup()

    @rule(users=USERS)
    def make(self, users: str) -> None:
        self.made.update(users)
        self.unsaid += users
        self.open += users

    @precondition(lambda self: self.unsaid)
    @rule(many=st.integers(1, 5))
    def say(self, many: int) -> None:
        """The stream brings some, and they are spooled."""
        self.spool += self.unsaid[:many]
        del self.unsaid[:many]

    @precondition(lambda self: self.unsaid)
    @rule(many=st.integers(1, 5))
    def lose(self, many: int) -> None:
        """A cut takes some; what is spooled is kept first, then a connection has a new epoch."""
        self.keep(len(self.spool), None)
        del self.unsaid[:many]
        self.epoch, self.ordinal = self.epoch + 1, 1

    @precondition(lambda self: self.spool)
    @rule(many=st.integers(1, 8), crash=STEP)
    def keep(self, many: int, crash: int | None) -> None:
        """Some of the spool goes into the store; after a crash, it is read back from the cursor."""
        some = self.spool[:many]
        if some and self.survives(crash, lambda: self.keep_stream(some)):
            self.spooled(some)

    @precondition(lambda self: self.spool)
    @rule(many=st.integers(1, 8))
    def keep_twice(self, many: int) -> None:
        """A crash after the commit: the same is handed in again."""
        some = self.spool[:many]
        self.keep_stream(some)
        assert self.keep_stream(some) == (0, len(some))
        self.spooled(some)

    def keep_stream(self, users: Sequence[str]) -> tuple[int, int]:
        pieces = [record(user) for user in users]
        stored = self.door.keep_stream(
            STREAM, f"stream:{self.epoch}", self.ordinal, pieces, b"".join(map(str.encode, users))
        )
        return stored.new, stored.known

    def spooled(self, users: Sequence[str]) -> None:
        del self.spool[: len(users)]
        self.ordinal += len(users)
        self.streamed.update(users)

    @precondition(lambda self: self.open)
    @rule()
    def close_file(self) -> None:
        if self.open:
            self.files[f"TAXAAA{len(self.files):02}.DAT"] = self.open
            self.open = []

    @precondition(lambda self: self.files)
    @rule(data=st.data(), crash=STEP)
    def fetch(self, data: st.DataObject, crash: int) -> None:
        self.fetch_name(data.draw(st.sampled_from(sorted(self.files))), crash)

    @precondition(lambda self: self.files)
    @rule(data=st.data(), more=st.text("abc", max_size=3))
    def rewrite(self, data: st.DataObject, more: str) -> None:
        """The exchange writes a file anew: in another order, with what came late."""
        name = data.draw(st.sampled_from(sorted(self.files)))
        self.files[name] = data.draw(st.permutations(self.files[name])) + list(more)
        self.made.update(more)

    def fetch_name(self, name: str, crash: int | None) -> None:
        users = self.files[name]
        raw = b"compressed in one of many ways"
        file = FetchedFile(name, len(raw), "", None, len(users))
        marker = Marker(name, len(raw), "00" * 32)
        pieces = [record(user) for user in users]
        before = self.door.marker(FILES)

        def work() -> None:
            self.door.keep_account_file(FILES, file, pieces, raw, marker)

        if self.survives(crash, work):
            self.fetched[name] = self.fetched.get(name, Counter()) | Counter(users)
            assert self.door.marker(FILES) == marker
        else:
            assert self.door.marker(FILES) == before

    def survives(self, crash: int | None, work: Callable[[], object]) -> bool:
        """Do some work; tell whether no crash came before it was done."""
        self.connection.steps_left = crash
        done = False
        with suppress(Crash):
            work()
            done = True
        self.connection.steps_left = None
        if not done:
            self.door = Intake(self.connection, lambda: NOON)
        return done

    @rule()
    def export(self) -> None:
        with Reading(self.path) as store:
            for row in store.tickets_once(since=self.since):
                self.told.update(from_json(row.canonical).charged_user or "")
                self.since = row.id

    def counted(self) -> Counter[str]:
        with Reading(self.path) as store:
            rows = list(store.tickets_once())
        return Counter(from_json(row.canonical).charged_user or "" for row in rows)

    @invariant()
    def counts_what_the_richer_wire_had(self) -> None:
        if hasattr(self, "connection"):
            filed = sum(self.fetched.values(), Counter[str]())
            assert self.counted() == filed | self.streamed


PROFILE = settings.get_profile("collector")
Healing.TestCase.settings = settings(
    PROFILE, max_examples=max(1, PROFILE.max_examples // 4), stateful_step_count=30
)
TestHealing = Healing.TestCase
