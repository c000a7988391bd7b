"""Which ticket files are to be seen when, and what empties them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
from oxo_simulator.exchange.port import Buffered
from oxo_simulator.ftp.files import FileInTransfer, NoSuchFile, Visitor
from oxo_simulator.nmc.content import Content
from oxo_simulator.nmc.shelf import Rendered, Shelf, Transfer
from oxo_tickets import Kind, Ticket

AT = datetime(2020, 2, 24, 14, 32)  # noqa: DTZ001 - wall clock
ONE, TWO = Visitor("n1", "c1"), Visitor("n2", "c2")


class Store:
    """An outlet on paper."""

    def __init__(self, count: int = 0) -> None:
        self.journal: list[tuple[Any, ...]] = []
        self._waiting: list[Buffered] = []
        self._last = 0
        self.put(count)

    def put(self, count: int = 1) -> None:
        for _ in range(count):
            self._last += 1
            self._waiting.append(
                Buffered(self._last, self._last, Ticket(kind=Kind.CALL, local_time=AT))
            )

    def let_go(self) -> None:
        del self._waiting[0]

    def waiting(self, count_max: int) -> Sequence[Buffered]:
        return tuple(self._waiting[:count_max])

    def waiting_count(self) -> int:
        return len(self._waiting)

    def offered(self, first: int, last: int, session: str, connection: str) -> None:
        self.journal.append(("offered", first, last, session, connection))

    def consumed(self, last: int, session: str, connection: str, how: str) -> int:
        left = [each for each in self._waiting if each.sequence > last]
        gone = len(self._waiting) - len(left)
        self._waiting = left
        self.journal.append(("consumed", last, session, connection, how))
        return gone


def render(counter: int, tickets: Sequence[Buffered]) -> Rendered:
    """Make ten bytes of each ticket."""
    content = b"".join(b"%010d" % each.sequence for each in tickets)
    return Rendered(f"F{counter}", Content(content), AT)


def names(shelf: Shelf) -> list[str]:
    return [file.name for file in shelf.files]


def whole(shelf: Shelf, transfer: Transfer) -> bool:
    left = len(transfer.file.content) - transfer.begin_bytes
    return shelf.end(transfer, left, in_order=True)


def test_a_file_appears_of_what_waits() -> None:
    shelf = Shelf(Store(2), render)
    assert names(shelf) == []
    shelf.appear()
    (file,) = shelf.files
    assert (file.name, file.first, file.last) == ("F1", 1, 2)
    assert bytes(file.content) == b"00000000010000000002"


def test_nothing_waiting_is_no_file_unless_the_profile_wants_one() -> None:
    shelf = Shelf(Store(), render)
    shelf.appear()
    assert names(shelf) == []
    shelf = Shelf(Store(), render, empty_file=True)
    shelf.appear()
    shelf.appear()
    assert names(shelf) == ["F1"]


def test_an_empty_file_is_fetched_and_gone_without_a_ticket() -> None:
    store = Store()
    shelf = Shelf(store, render, empty_file=True)
    shelf.appear()
    assert whole(shelf, shelf.begin("F1", ONE))
    assert names(shelf) == []
    assert store.journal == []


def test_later_tickets_go_into_the_next_file() -> None:
    store = Store(2)
    shelf = Shelf(store, render)
    shelf.appear()
    store.put()
    assert bytes(shelf.file("F1").content) == b"00000000010000000002"
    shelf.appear()
    shelf.appear()
    assert names(shelf) == ["F1", "F2"]
    assert bytes(shelf.file("F2").content) == b"0000000003"


def test_a_complete_transfer_empties_the_file() -> None:
    store = Store(2)
    shelf = Shelf(store, render)
    shelf.appear()
    transfer = shelf.begin("F1", ONE)
    assert store.journal == [("offered", 1, 2, "n1", "c1")]
    assert whole(shelf, transfer)
    assert store.journal[1:] == [("consumed", 2, "n1", "c1", "transfer complete")]
    assert names(shelf) == []
    assert store.waiting_count() == 0
    with pytest.raises(NoSuchFile):
        shelf.begin("F1", ONE)


@pytest.mark.parametrize(("sent_bytes", "in_order"), [(0, True), (19, True), (20, False)])
def test_a_broken_transfer_empties_nothing(sent_bytes: int, in_order: bool) -> None:  # noqa: FBT001
    store = Store(2)
    shelf = Shelf(store, render)
    shelf.appear()
    assert not shelf.end(shelf.begin("F1", ONE), sent_bytes, in_order=in_order)
    assert names(shelf) == ["F1"]
    assert store.waiting_count() == 2
    assert whole(shelf, shelf.begin("F1", ONE))


def test_the_rest_after_a_broken_transfer_completes_it() -> None:
    store = Store(2)
    shelf = Shelf(store, render)
    shelf.appear()
    shelf.end(shelf.begin("F1", ONE), 12, in_order=False)
    # The client received less than was handed over.
    assert whole(shelf, shelf.begin("F1", TWO, 7))
    assert store.journal[-1] == ("consumed", 2, "n2", "c2", "transfer complete")


@pytest.mark.parametrize("begin_bytes", [13, 20])
def test_a_rest_behind_a_gap_completes_nothing(begin_bytes: int) -> None:
    store = Store(2)
    shelf = Shelf(store, render)
    shelf.appear()
    shelf.end(shelf.begin("F1", ONE), 12, in_order=False)
    assert not whole(shelf, shelf.begin("F1", ONE, begin_bytes))
    assert store.waiting_count() == 2


@pytest.mark.parametrize("begin_bytes", [-1, 21])
def test_no_transfer_begins_outside_the_file(begin_bytes: int) -> None:
    store = Store(2)
    shelf = Shelf(store, render)
    shelf.appear()
    with pytest.raises(ValueError, match="the file has 20"):
        shelf.begin("F1", ONE, begin_bytes)
    assert store.journal == []
    assert shelf.file("F1").transfers == 0


def test_a_transfer_ends_once() -> None:
    shelf = Shelf(Store(1), render)
    shelf.appear()
    transfer = shelf.begin("F1", ONE)
    shelf.end(transfer, 0, in_order=False)
    assert not whole(shelf, transfer)
    assert shelf.file("F1").transfers == 0


def test_of_two_who_fetch_the_same_file_the_first_empties_it() -> None:
    store = Store(1)
    shelf = Shelf(store, render)
    shelf.appear()
    first, second = shelf.begin("F1", ONE), shelf.begin("F1", TWO)
    assert whole(shelf, second)
    assert second.file.content is first.file.content
    assert not whole(shelf, first)
    assert [line[0] for line in store.journal] == ["offered", "offered", "consumed"]


def test_a_listing_during_a_transfer_shows_file_and_next_file() -> None:
    store = Store(1)
    shelf = Shelf(store, render)
    shelf.appear()
    transfer = shelf.begin("F1", ONE)
    store.put()
    shelf.appear()
    assert names(shelf) == ["F1", "F2"]
    assert whole(shelf, transfer)
    assert names(shelf) == ["F2"]
    assert [each.sequence for each in store.waiting(9)] == [2]


def test_a_later_file_leaves_no_older_ticket() -> None:
    store = Store(1)
    shelf = Shelf(store, render)
    shelf.appear()
    store.put(2)
    shelf.appear()
    assert whole(shelf, shelf.begin("F2", TWO))
    assert names(shelf) == ["F1"]
    assert store.waiting_count() == 3
    assert [line for line in store.journal if line[0] == "consumed"] == []
    # What waits still is in no other file.
    shelf.appear()
    assert names(shelf) == ["F1"]
    assert whole(shelf, shelf.begin("F1", ONE))
    assert store.journal[-2:] == [
        ("consumed", 1, "n1", "c1", "transfer complete"),
        ("consumed", 3, "n2", "c2", "transfer complete"),
    ]
    assert store.waiting_count() == 0


def test_only_a_deletion_empties_where_the_profile_keeps() -> None:
    store = Store(1)
    shelf = Shelf(store, render, emptied_by="deletion")
    shelf.appear()
    assert not whole(shelf, shelf.begin("F1", ONE))
    assert names(shelf) == ["F1"]
    shelf.delete("F1", TWO)
    assert names(shelf) == []
    assert store.journal[-1] == ("consumed", 1, "n2", "c2", "deleted")


def test_a_file_in_transfer_is_not_deleted() -> None:
    store = Store(1)
    shelf = Shelf(store, render)
    shelf.appear()
    transfer = shelf.begin("F1", ONE)
    with pytest.raises(FileInTransfer):
        shelf.delete("F1", TWO)
    shelf.end(transfer, 0, in_order=False)
    shelf.delete("F1", TWO)
    with pytest.raises(NoSuchFile):
        shelf.delete("F1", TWO)


def test_the_counter_goes_on() -> None:
    store = Store(1)
    shelf = Shelf(store, render)
    for number in range(1, 4):
        shelf.appear()
        assert names(shelf) == [f"F{number}"]
        whole(shelf, shelf.begin(f"F{number}", ONE))
        store.put()


def test_what_the_store_let_go_is_in_no_file_that_nobody_began() -> None:
    store = Store(2)
    shelf = Shelf(store, render)
    shelf.appear()
    store.let_go()
    store.put()
    shelf.appear()
    (file,) = shelf.files
    assert (file.name, file.first, file.last) == ("F2", 2, 3)
    assert whole(shelf, shelf.begin("F2", ONE))
    assert store.waiting_count() == 0


def test_a_file_that_somebody_began_stays_as_it_is() -> None:
    store = Store(2)
    shelf = Shelf(store, render)
    shelf.appear()
    shelf.end(shelf.begin("F1", ONE), 5, in_order=False)
    store.let_go()
    store.put()
    shelf.appear()
    assert names(shelf) == ["F1", "F2"]
    assert bytes(shelf.file("F1").content) == b"00000000010000000002"
    assert bytes(shelf.file("F2").content) == b"0000000003"
