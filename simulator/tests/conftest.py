"""What several tests of the simulator share: a paper exchange, and a reactor in a thread."""

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from oxo_simulator.exchange.port import Buffered
from oxo_tickets import CommunicationType, Direction, Kind, Ticket
from twisted.internet.epollreactor import EPollReactor

REACTOR_SECONDS_MAX = 10


class PaperExchange:
    """The taxation buffer on paper: tickets put in by hand, every ledger word in `journal`."""

    def __init__(self, count: int = 0) -> None:
        self.epoch = "e-1"
        self.release = "R3.2"
        self.serving = True
        self.journal: list[tuple[Any, ...]] = []
        self.strike: Callable[[str], None] = lambda _event: None
        self._highest = 0
        self._next = 1
        self.buffer: list[Buffered] = []
        for _ in range(count):
            self.put(ticket(self._next))

    def put(self, *tickets: Ticket) -> None:
        for one in tickets:
            self.buffer.append(Buffered(self._next, self._next, one))
            self._next += 1

    def waiting(self, count_max: int) -> Sequence[Buffered]:
        return self.buffer[:count_max]

    def waiting_count(self) -> int:
        return len(self.buffer)

    def highest_offered(self) -> int:
        return self._highest

    def offered(self, first: int, last: int, session: str, connection: str) -> None:
        self._highest = max(self._highest, last)
        self.journal.append(("offered", first, last, session, connection))
        self.strike("offered")

    def acknowledge(self, last: int, session: str, connection: str) -> int:
        left = [one for one in self.buffer if one.sequence <= last]
        self.buffer = self.buffer[len(left) :]
        self.journal.append(("acknowledged", last, session, connection))
        self.strike("acknowledged")
        return len(left)

    def record(self, event: str, **detail: Any) -> None:
        self.journal.append((event, detail))
        self.strike(event)


def ticket(number: int) -> Ticket:
    """Return a plain call; each has another user, number and second."""
    return Ticket(
        kind=Kind.CALL,
        direction=Direction.OUTGOING,
        communication_type=CommunicationType.OUTGOING,
        local_time=datetime.fromisoformat("2026-11-22T09:00:00") + timedelta(seconds=number),
        charged_user=str(100 + number),
        dialled_number=f"0199{number:06}",
        ring_seconds=0,
        call_seconds=number,
        subscriber_name="Zoë & Söhne <RdC>",
    )


@pytest.fixture
def paper_exchange() -> Callable[..., PaperExchange]:
    """Return the class, to fill with as many tickets as a test needs."""
    return PaperExchange


@pytest.fixture(scope="session")
def network() -> Iterator[Any]:
    """Return a reactor of our own, running in a thread for the whole test run."""
    reactor: Any = EPollReactor()  # type: ignore[no-untyped-call]
    running = threading.Event()
    reactor.callWhenRunning(running.set)
    thread = threading.Thread(target=reactor.run, kwargs={"installSignalHandlers": False})
    thread.start()
    assert running.wait(REACTOR_SECONDS_MAX)
    yield reactor
    reactor.callFromThread(reactor.stop)
    thread.join(REACTOR_SECONDS_MAX)
    assert not thread.is_alive()
