"""Carries out the commands of the taxation session: HTTP, store, waiting, log."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, assert_never

from oxo_collector.decoders.taxation_soap import TicketsAnswer, decode_answer
from oxo_collector.failure import Failure, Fault
from oxo_collector.receipt import SetAside, Stored
from oxo_collector.report import Level, Report
from oxo_collector.store import StoreUnusable
from oxo_collector.taxation import encoder
from oxo_collector.taxation.contract import OWN, Contract
from oxo_collector.taxation.encoder import Request
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
from oxo_collector.turns import Started, StopAsked, TimeUp, Wait


class Wire(Protocol):
    """What the shell needs of a transport."""

    def begin(self, port: int) -> None:
        """Forget connections and cookies; post to this port from now on."""

    def recall(self) -> bool:
        """Post with the cookies of the session left behind; False when none is known."""

    def post(self, request: Request) -> bytes | Failure:
        """Send a request; return the whole answer, or what prevented it."""

    def close(self) -> None:
        """Close every connection."""


class Door(Protocol):
    """What the shell needs of the intake."""

    def keep_batch(self, exchange: str, epoch: str, batch: TicketsAnswer, body: bytes) -> Stored:
        """Make a batch durable."""

    def keep_unreadable(self, exchange: str, reason: str, place: str, body: bytes) -> SetAside:
        """Make an unreadable answer durable."""

    def contact(self, exchange: str) -> None:
        """Note that the exchange answered."""


@dataclass
class Shell:
    """Drives one session to its end, in the calling thread.

    Attributes:
        exchange: its name in the store.
        zone: its IANA time zone, given to every ticket.
        session: the machine.
        wire: the transport.
        door: the intake.
        stop: set when the collection is to end; breaks waits off.
        report: takes each report, for the log.
        contract: names and shape of requests and answers.
    """

    exchange: str
    zone: str
    session: TaxationSession
    wire: Wire
    door: Door
    stop: threading.Event
    report: Callable[[Report], None]
    contract: Contract = OWN
    _stop_told: bool = field(default=False, init=False)

    def run(self) -> None:
        """Collect until the session has ended."""
        try:
            event: Event = Started()
            while not self.session.ended:
                event = self._carry_out(self._told_stop() or self.session.receive(event))
        finally:
            self.wire.close()

    def _told_stop(self) -> list[Command]:
        """Say once that a stop is asked; what it commands takes the place of the event at hand."""
        if self._stop_told or not self.stop.is_set():
            return []
        self._stop_told = True
        return self.session.receive(StopAsked())

    def _carry_out(self, commands: list[Command]) -> Event:
        """Do what is commanded; the last command but reports gives the next event."""
        event: Event = Started()
        for command in commands:
            if isinstance(command, Report):
                self.report(command)
            else:
                event = self._one(command)
        return event

    def _one(self, command: Command) -> Event:  # noqa: C901, PLR0911 - one line for each command
        match command:
            case SendLogin(port):
                self.wire.begin(port)
                return self._ask(encoder.login(self.contract))
            case SendGet(tickets_max):
                return self._ask(encoder.get_tickets(tickets_max, self.contract))
            case SendFirstGet(port, tickets_max):
                self.wire.begin(port)
                return self._ask(encoder.get_tickets(tickets_max, self.contract))
            case SendAcknowledge(last_sequence):
                return self._ask(encoder.acknowledge(last_sequence, self.contract))
            case SendRestartTimer():
                return self._ask(encoder.restart_session_timer(self.contract))
            case SendLogout():
                return self._ask(encoder.logout(self.contract))
            case SendLogoutLeft():
                return self._leave()
            case Keep(epoch, batch, body):
                return self._keep(lambda: self.door.keep_batch(self.exchange, epoch, batch, body))
            case KeepUnreadable(reason, place, body):
                return self._keep(
                    lambda: self.door.keep_unreadable(self.exchange, reason, place, body)
                )
            case Wait(seconds):
                return self._wait(seconds)
            case Report():
                raise AssertionError("reports give no event")
            case _:
                assert_never(command)

    def _ask(self, request: Request) -> Event:
        answer = self.wire.post(request)
        if isinstance(answer, Failure):
            return Failed(answer)
        try:
            self.door.contact(self.exchange)
        except StoreUnusable as error:
            # The answer goes on: where reading removes, it is the only copy of its tickets.
            self.report(Report(Level.WARNING, str(_store_failed(error).failure)))
        decoded = decode_answer(answer, self.zone, self.contract, request.operation)
        return Answered(decoded, answer)

    def _leave(self) -> Event:
        if self.wire.recall():
            return self._ask(encoder.logout(self.contract))
        what = (
            "the open session is not ours to close: of another client, or of a process that was"
            " killed; it ends by the exchange's idle limit"
        )
        return Failed(Failure(what, f"the session of {self.exchange}", Fault.OPERATOR))

    def _keep(self, keep: Callable[[], Event]) -> Event:
        try:
            return keep()
        except StoreUnusable as error:
            return _store_failed(error)

    def _wait(self, seconds: float) -> Event:
        if not self.stop.wait(seconds):
            return TimeUp()
        self._stop_told = True
        return StopAsked()


def _store_failed(error: StoreUnusable) -> Failed:
    return Failed(Failure(str(error), "the collector's store", Fault.MACHINE))
