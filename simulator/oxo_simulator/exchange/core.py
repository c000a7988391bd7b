"""One exchange: telephony in front, the taxation buffer behind it, the ledger beside it.

The path of a ticket is one function, `_write`: made, and then buffered or dropped with its reason.
Every step is in the ledger before anybody can see its effect.
"""

from collections.abc import Callable, Generator, Sequence
from typing import Any, Protocol

from oxo_tickets import CommunicationType, Ticket

from oxo_simulator.exchange.buffer import TicketBuffer
from oxo_simulator.exchange.directory import Directory
from oxo_simulator.exchange.life import Phase
from oxo_simulator.exchange.metering import Tariff
from oxo_simulator.exchange.moment import ExchangeTime
from oxo_simulator.exchange.orders import Appointment, CallOrder
from oxo_simulator.exchange.port import Buffered, NeverOffered
from oxo_simulator.exchange.telephony import Placed, Source, Telephony
from oxo_simulator.exchange.trunks import TrunkGroup
from oxo_simulator.profile import Profile


class Record(Protocol):
    """Where the exchange writes down what happens."""

    def __call__(self, event: str, detail: dict[str, Any]) -> None:
        """Append one event."""


class Exchange:
    """The exchange as its wires see it (`TicketPort`) and as its operator orders it.

    Args:
        profile: what it does where exchanges differ.
        seed: of the names.
        epoch: name of the count that the sequences belong to; unique to this exchange.
        clock: exchange time.
        record: the ledger.
        renderable: whether the wire can say a ticket; one that it cannot say never waits, for it
            would stand before all others.
    """

    def __init__(  # noqa: PLR0913 - what an exchange is made of
        self,
        *,
        profile: Profile,
        seed: int,
        epoch: str,
        clock: ExchangeTime,
        record: Record,
        renderable: Callable[[Ticket], bool],
    ) -> None:
        self.profile = profile
        self.phase = Phase.SERVING
        self.licence = profile.licence.call_accounting_over_ip
        self.buffer = TicketBuffer(profile.buffer.capacity, profile.buffer.alarm_percent)
        self.tickets_made = 0
        self._epoch = epoch
        self._record = record
        self._renderable = renderable
        self._offered = 0
        self._telephony = Telephony(
            directory=Directory.from_seed(seed),
            trunks=TrunkGroup(),
            tariff=Tariff(profile.charging.currency, profile.charging.unit_value),
            write_delay_seconds=profile.metering.write_delay_seconds,
            clock=clock,
            write=self._write,
        )

    # What its operator orders.

    def place(self, orders: Sequence[CallOrder]) -> Placed:
        """Place calls, all now."""
        return self._telephony.place(orders)

    def program(self, order: Appointment) -> Placed:
        """Program an appointment."""
        return self._telephony.program(order)

    def load(self, tickets: Sequence[Ticket], pace: float, *, continues: bool = False) -> Placed:
        """Write tickets as they are."""
        return self._telephony.load(tickets, pace, continues=continues)

    def loading(
        self, tickets: Sequence[Ticket], pace: float, *, continues: bool = False
    ) -> Generator[None, None, Placed]:
        """Write tickets as they are, in slices."""
        return self._telephony.loading(tickets, pace, continues=continues)

    def set_licence(self, *, call_accounting_over_ip: bool) -> None:
        """Open or close the licence; tickets that wait already stay."""
        self.licence = call_accounting_over_ip
        self.record("licence", call_accounting_over_ip=call_accounting_over_ip)

    def enter(self, phase: Phase) -> None:
        """Go into a phase of the exchange's life."""
        self.phase = phase
        self.record("phase", phase=phase.value)

    # What its wires ask (TicketPort).

    @property
    def epoch(self) -> str:
        """Name of the count that sequences belong to."""
        return self._epoch

    @property
    def release(self) -> str:
        """Software release, shown at login."""
        return self.profile.release

    @property
    def serving(self) -> bool:
        """False while a reset keeps the exchange busy."""
        return self.phase is Phase.SERVING

    def waiting(self, count_max: int) -> Sequence[Buffered]:
        """Return the oldest tickets not acknowledged; they stay."""
        return self.buffer.oldest(count_max)

    def waiting_count(self) -> int:
        """Return how many tickets wait."""
        return len(self.buffer)

    def offered(self, first: int, last: int, session: str, connection: str) -> None:
        """Write down that these sequences were rendered into an answer."""
        self._offered = max(self._offered, last)
        self._span("offered", first, last, session, connection)

    def acknowledge(self, last: int, session: str, connection: str) -> int:
        """Remove every ticket up to `last` and return how many left.

        Raises:
            NeverOffered: nothing was removed.
        """
        if not 0 <= last <= self._offered:
            raise NeverOffered(last, self._offered)
        gone = self.buffer.remove_through(last)
        if gone:
            self._span("acknowledged", gone[0].sequence, gone[-1].sequence, session, connection)
        return len(gone)

    def record(self, event: str, **detail: Any) -> None:
        """Append any other line to the ledger."""
        self._record(event, detail)

    # The path of a ticket.

    def _write(self, ticket: Ticket, source: Source) -> int:
        self.tickets_made += 1
        number = self.tickets_made
        self.record("made", id=number, ticket=ticket, source=source)
        if reason := self._withheld(ticket, source):
            self.record("dropped", id=number, reason=reason)
        else:
            self._buffer(number, ticket)
        return number

    def _withheld(self, ticket: Ticket, source: Source) -> str | None:
        if not self.licence:
            return "no licence"
        unanswered = (
            source == "call"
            and ticket.communication_type is CommunicationType.INCOMING
            and ticket.call_seconds == 0
        )
        if unanswered and not self.profile.metering.unanswered_incoming:
            return "unanswered call not ticketed"
        return None if self._renderable(ticket) else "cannot be rendered"

    def _buffer(self, number: int, ticket: Ticket) -> None:
        placed = self.buffer.put(number, ticket)
        if placed.sequence is None:
            self.record("dropped", id=number, reason="buffer full")
            return
        self.record("buffered", id=number, sequence=placed.sequence)
        if placed.alarm:
            self.record(
                "alarm",
                buffered=len(self.buffer),
                capacity=self.buffer.capacity,
                percent=self.buffer.alarm_percent,
            )

    def _span(self, event: str, first: int, last: int, session: str, connection: str) -> None:
        self.record(event, first=first, last=last, session=session, connection=connection)
