"""What is told first happened first; what was acknowledged is told no more."""

from datetime import datetime
from typing import Any

from oxo_simulator.exchange.outlet import Outlet, OutletTerms
from oxo_simulator.ohl.backlog import REPLIES_MAX, Backlog, Message
from oxo_tickets import Kind, Ticket

ANY = Ticket(kind=Kind.CALL, local_time=datetime.fromisoformat("2026-11-22T09:00:00"))


class Queue:
    """A backlog in front of a real outlet; frames are named by the tickets' sequences."""

    def __init__(self, events_max: int = 10, **terms: Any) -> None:
        terms = {"wire": "ohl", "capacity": 100, "alarm_percent": 0, **terms}
        self.outlet = Outlet(OutletTerms(**terms), lambda _event, _detail: None)
        self.backlog = Backlog(self.outlet, events_max)

    def put(self) -> None:
        self.outlet.put(1, ANY)

    def next(self) -> Message | None:
        return self.backlog.next(lambda _ticket: b"ticket")

    def take(self) -> tuple[str, int] | None:
        message = self.next()
        if message is None:
            return None
        if message.origin == "ticket":
            self.outlet.consumed(message.number, "o1", "c1", "acknowledged")
        self.backlog.taken(message)
        return message.origin, message.number

    def all(self) -> list[tuple[str, int]]:
        taken = []
        while (one := self.take()) is not None:
            taken.append(one)
        return taken


def test_events_and_tickets_are_told_in_the_order_in_which_they_happened() -> None:
    queue = Queue()
    queue.backlog.put_event(b"first")
    queue.put()
    queue.put()
    queue.backlog.put_event(b"second")
    queue.backlog.put_event(b"third")
    queue.put()
    assert queue.all() == [
        ("event", 1), ("ticket", 1), ("ticket", 2), ("event", 2), ("event", 3), ("ticket", 3)
    ]  # fmt: skip


def test_an_event_keeps_its_turn_when_tickets_before_it_were_let_go() -> None:
    queue = Queue(capacity=1, overflow="oldest")
    queue.put()
    queue.backlog.put_event(b"between")
    queue.put()
    assert queue.all() == [("event", 1), ("ticket", 2)]


def test_what_is_not_taken_is_told_again() -> None:
    queue = Queue()
    queue.backlog.put_event(b"one")
    assert queue.next() == queue.next() == Message("event", 1, b"one")


def test_replies_come_first_and_go_with_their_conversation() -> None:
    queue = Queue()
    queue.put()
    queue.backlog.put_reply(b"one")
    queue.backlog.put_reply(b"two")
    assert queue.take() == ("reply", 0)
    assert queue.next() == Message("reply", 0, b"two")
    queue.backlog.forget_replies()
    assert queue.all() == [("ticket", 1)]


def test_only_so_many_events_and_replies_wait() -> None:
    queue = Queue(events_max=2)
    assert [queue.backlog.put_event(b"") for _ in range(3)] == [1, 2, None]
    queue.take()
    assert queue.backlog.put_event(b"") == 3
    assert all(queue.backlog.put_reply(b"") for _ in range(REPLIES_MAX))
    assert not queue.backlog.put_reply(b"")


def test_an_acknowledgement_of_what_is_gone_takes_nothing_else() -> None:
    queue = Queue()
    queue.backlog.put_event(b"one")
    queue.backlog.taken(Message("event", 7, b""))
    queue.backlog.taken(Message("reply", 0, b""))
    queue.backlog.taken(Message("own", 0, b""))
    assert queue.all() == [("event", 1)]
