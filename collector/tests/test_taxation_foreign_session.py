"""The session under every contract, against an exchange that is a few lines of arithmetic.

The exchange gives, removes and forgets as docs/taxation.md says; requests, answers and stores fail
at random. Whatever happens, a ticket is removed only once it is stored (where reading removes: or
once its answer was lost), and in the end each is stored once.
"""

import random
from dataclasses import dataclass, field

import pytest
from oxo_collector.decoders.outcome import Malformed
from oxo_collector.decoders.taxation_fault import FaultAnswer
from oxo_collector.decoders.taxation_soap import (
    AcknowledgeAnswer,
    Answer,
    LoginAnswer,
    LogoutAnswer,
    RestartAnswer,
    TicketsAnswer,
)
from oxo_collector.failure import Failure, Fault
from oxo_collector.receipt import SetAside, Stored
from oxo_collector.report import Report
from oxo_collector.taxation.contract import Contract
from oxo_collector.taxation.machine import TaxationSession
from oxo_collector.taxation.messages import (
    Answered,
    Command,
    Event,
    Failed,
    Keep,
    KeepUnreadable,
    SendAcknowledge,
    SendFirstGet,
    SendGet,
    SendLogin,
    SendLogout,
    SendLogoutLeft,
    SendRestartTimer,
)
from oxo_collector.taxation.states import Pace, Place, State
from oxo_collector.turns import Started, StopAsked, TimeUp, Wait

BODY = b"<answer/>"
TICKET = Malformed("a ticket like another", b"<x/>", "ticket 1")
NO_SESSION = FaultAnswer("Client.Session", "no such session")
CUT = Failure("the connection was reset", "there", Fault.NETWORK)
CLOSED = Failure("connection refused", "there", Fault.EXCHANGE, other_port_may_help=True)
FULL = Failure("the disk is full", "tickets.db", Fault.MACHINE)
Identity = tuple[int, int]


@dataclass
class Exchange:
    """Gives and removes by the contract; `gone` is the last sequence removed in this epoch."""

    contract: Contract
    refuses_second: bool
    epoch: int = 1
    written: int = 0
    gone: int = 0
    given: int = 0
    session: int = 0
    sessions: int = 0
    removed: set[Identity] = field(default_factory=set)

    def open(self) -> FaultAnswer | None:
        """Open a session in place of the one before, or refuse it."""
        if self.session and self.refuses_second:
            return FaultAnswer("Client.Session", "a session is open")
        self.sessions += 1
        self.session, self.given = self.sessions, 0
        return None

    def forget(self) -> None:
        """End the session; what it gave is removed by nothing."""
        self.session = 0

    def reset(self) -> None:
        """Count anew: what was not delivered is gone, and nobody's loss but the exchange's."""
        self.epoch, self.gone, self.written = self.epoch + 1, 0, 3
        self.forget()

    def remove(self, last: int) -> int:
        """Take tickets out of the buffer; return how many."""
        count = max(0, last - self.gone)
        self.removed |= {(self.epoch, n) for n in range(self.gone + 1, last + 1)}
        self.gone += count
        return count

    def give(self, tickets_max: int) -> TicketsAnswer:
        """Answer a GetTickets."""
        if self.contract.acknowledgement == "next-request":
            self.remove(self.given)
        last = min(self.written, self.gone + tickets_max)
        count = last - self.gone
        first = self.gone + 1
        self.given = last if count else 0
        left = self.written - last
        if self.contract.acknowledgement == "on-read":
            self.remove(last)
        epoch = str(self.epoch) if self.contract.login == "none" else ""
        if not count:
            return TicketsAnswer(0, 0, 0, (), epoch)
        return TicketsAnswer(first, last, left, (TICKET,) * count, epoch)

    def answer(self, command: Command, cookie: int) -> Answer:
        """Answer any request."""
        if isinstance(command, SendLogin):
            return self.open() or LoginAnswer(str(self.epoch), "R", 300)
        if isinstance(command, SendFirstGet):
            return self.open() or self.give(command.tickets_max)
        return self.inside(command) if cookie == self.session != 0 else NO_SESSION

    def inside(self, command: Command) -> Answer:
        """Answer a request of the open session."""
        if isinstance(command, SendGet):
            return self.give(command.tickets_max)
        if isinstance(command, SendAcknowledge):
            assert command.last_sequence <= self.given, "never offered"
            return AcknowledgeAnswer(self.remove(command.last_sequence))
        if isinstance(command, SendRestartTimer):
            return RestartAnswer(300)
        if self.contract.acknowledgement == "next-request":
            self.remove(self.given)
        self.session = 0
        return LogoutAnswer()


@dataclass
class World:
    """One session, its store, its cookies and the exchange, with or without accidents."""

    contract: Contract
    dice: random.Random
    calm: bool = False
    cookie: int = 0
    left: int = 0
    stored: set[Identity] = field(default_factory=set)
    lost: set[Identity] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.exchange = Exchange(self.contract, self.dice.random() < 0.3)
        self.session = TaxationSession(
            Place("site", lambda port: f"https://pbx:{port}/", (443, 30443), self.contract),
            Pace(3, 5.0, rest_seconds_first=1.0, rest_seconds_max=8.0),
            chance=self.dice.random,
        )

    def chance(self, probability: float) -> bool:
        return not self.calm and self.dice.random() < probability

    def step(self, event: Event) -> Event:
        """Let the session take an event; carry out what it commands."""
        commands = [one for one in self.session.receive(event) if not isinstance(one, Report)]
        if not commands:
            return StopAsked()
        (command,) = commands
        if isinstance(command, Keep):
            return self.keep(command)
        if isinstance(command, KeepUnreadable):
            return Failed(FULL) if self.chance(0.2) else SetAside(1)
        if isinstance(command, Wait):
            return self.wait()
        return self.ask(command)

    def keep(self, command: Keep) -> Event:
        if self.chance(0.2):
            return Failed(FULL)
        offered = range(command.batch.first, command.batch.last + 1)
        batch = {(int(command.epoch), n) for n in offered}
        known = batch & self.stored
        self.stored |= batch
        return Stored(len(batch) - len(known), len(known), 0)

    def wait(self) -> Event:
        if self.chance(0.3):
            self.exchange.written += self.dice.randrange(8)
        if self.chance(0.05):
            self.exchange.reset()
        if self.chance(0.1) or (self.calm and self.session.state is State.RESTING):
            self.exchange.forget()  # by its idle limit
        return TimeUp()

    def ask(self, command: Command) -> Event:
        if isinstance(command, SendLogin | SendFirstGet):
            self.left, self.cookie = self.cookie or self.left, 0
        if isinstance(command, SendLogoutLeft):
            if not self.left:
                return Failed(CUT)
            self.cookie, self.left = self.left, 0
        if self.chance(0.1):
            return Failed(CLOSED if self.dice.random() < 0.5 else CUT)  # it never arrived
        epoch, before = self.exchange.epoch, self.exchange.gone
        answer = self.exchange.answer(command, self.cookie)
        self.removed_safely()
        if self.chance(0.15):
            return self.spoil(command, answer, epoch, before)
        self.take_cookie(command, answer)
        if isinstance(command, SendLogout | SendLogoutLeft):
            self.cookie = 0
        return Answered(answer, BODY)

    def take_cookie(self, command: Command, answer: Answer) -> None:
        opens = isinstance(command, SendLogin | SendFirstGet)
        if opens and not isinstance(answer, FaultAnswer):
            self.cookie = self.exchange.session

    def spoil(self, command: Command, answer: Answer, epoch: int, before: int) -> Event:
        """Lose an answer: all of it, its body, or its sense."""
        if isinstance(answer, TicketsAnswer) and self.contract.acknowledgement == "on-read":
            self.lost |= {(epoch, n) for n in range(before + 1, self.exchange.gone + 1)}
        how = self.dice.randrange(3)
        if how:
            self.take_cookie(command, answer)
        return Failed(CUT) if how < 2 else Answered(Malformed("half", BODY, "document"), BODY)

    def removed_safely(self) -> None:
        """Check that nothing is removed that is not stored."""
        if self.contract.acknowledgement != "on-read":
            assert self.exchange.removed <= self.stored

    def run(self, event: Event, steps_max: int, until: State | None = None) -> Event:
        for _ in range(steps_max):
            event = self.step(event)
            if self.session.state is until:
                return event
        assert until is None, self.session.state
        return event


@pytest.mark.parametrize("login", ["operation", "none"])
@pytest.mark.parametrize("acknowledgement", ["explicit", "next-request", "on-read"])
def test_nothing_is_removed_unstored_and_in_the_end_all_is_stored(
    login: str, acknowledgement: str
) -> None:
    contract = Contract.model_validate({"login": login, "acknowledgement": acknowledgement})
    for seed in range(150):
        world = World(contract, random.Random(seed))  # noqa: S311 - repeatable on purpose
        world.exchange.written = 5
        event = world.run(Started(), 200)
        world.calm = True
        event = world.run(event, 300, until=State.POLLING)
        world.run(event, 300, until=State.POLLING)  # what came while a batch was held
        told = f"seed {seed}"
        assert world.exchange.gone == world.exchange.written, told
        everything = {(world.exchange.epoch, n) for n in range(1, world.exchange.written + 1)}
        assert everything - world.stored <= world.lost, told
        assert acknowledgement == "on-read" or not world.lost, told
        world.run(StopAsked(), 3, until=State.ENDED)
        assert not world.exchange.session, told
