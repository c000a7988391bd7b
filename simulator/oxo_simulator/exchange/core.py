"""One exchange: telephony in front, an outlet per open wire behind it, the ledger beside it.

The path of a ticket is one function, `_write`: made, and then at each outlet buffered or dropped
with its reason. Every step is in the ledger before anybody can see its effect.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from oxo_tickets import Kind, Ticket, TrunkKind

from oxo_simulator.exchange.appointment_orders import Appointment
from oxo_simulator.exchange.buffer import TicketBuffer
from oxo_simulator.exchange.calls import Calls
from oxo_simulator.exchange.directory import Directory
from oxo_simulator.exchange.hotel import Hotel, House
from oxo_simulator.exchange.life import Phase, ResetKind
from oxo_simulator.exchange.loading import Loading
from oxo_simulator.exchange.moment import Cancellable, ExchangeTime, Moment
from oxo_simulator.exchange.notices import Notice
from oxo_simulator.exchange.orders import CallOrder
from oxo_simulator.exchange.outlet import TAXATION, Outlet, OutletTerms
from oxo_simulator.exchange.placed import Placed
from oxo_simulator.exchange.port import Buffered, Part, Record, Source
from oxo_simulator.exchange.prescribed import CallSettings
from oxo_simulator.exchange.reminders import Reminders, Telephone
from oxo_simulator.exchange.rooms import Room
from oxo_simulator.exchange.trunks import TrunkGroup
from oxo_simulator.exchange.unwritten import Unwritten
from oxo_simulator.profile import Profile


class Exchange:
    """The exchange as its wires see it and as its operator orders it.

    The taxation wire sees its outlet through the exchange itself (`TicketPort`).

    Args:
        profile: what it does where exchanges differ.
        seed: of the names.
        epoch: name of the count that the sequences belong to; unique to this exchange.
        clock: exchange time.
        record: the ledger.
        outlets: what each open wire asks for; the taxation wire is always among them.

    Attributes:
        outlets: name of an open wire -> its outlet.
        reminders: the appointments.
        hotel: the guest rooms, in hotel mode.
    """

    def __init__(  # noqa: PLR0913 - what an exchange is made of
        self,
        *,
        profile: Profile,
        seed: int,
        epoch: str,
        clock: ExchangeTime,
        record: Record,
        outlets: Sequence[OutletTerms],
    ) -> None:
        self.profile = profile
        self.phase = Phase.SERVING
        self.licence = profile.licence.call_accounting_over_ip
        self.outlets: Mapping[str, Outlet] = MappingProxyType(
            {terms.wire: Outlet(terms, record) for terms in outlets}
        )
        self.tickets_made = 0
        self._taxation = self.outlets[TAXATION]
        self._epoch = epoch
        self._clock = clock
        self._record = record
        plan = profile.numbering
        directory = plan.directory(seed) if plan else Directory.from_seed(seed)
        self._unwritten = Unwritten(clock, self._write, profile.metering.write_delay_seconds)
        self.reminders = Reminders(
            profile.appointments,
            hotel=profile.mode == "hotel",
            clock=clock,
            telephone=Telephone(
                directory.__getitem__,
                self._talks,
                self._is_dead,
                directory.subscribers.__contains__,
            ),
            unwritten=self._unwritten,
            record=record,
            notify=self.notify,
            failed=lambda *failed: self.hotel.wake_up_failed(*failed),  # noqa: PLW0108 - made later
        )
        self.hotel = Hotel(
            profile.hotel,
            House.of(profile, directory),
            clock=clock,
            reminders=self.reminders,
            unwritten=self._unwritten,
            notify=self.notify,
            record=record,
            is_silent=lambda room: self.calls.states[room].condition == "do not disturb",
            silence=lambda room, silent: self.calls.silence(room, silent=silent),
        )
        self._loading = Loading(clock, self._write, self._unwritten)
        self.calls = Calls(
            directory=directory,
            trunks=TrunkGroup(plan.channels()) if plan else TrunkGroup(),
            settings=CallSettings(profile.metering, profile.charging, profile.licence.local_calls),
            clock=clock,
            write=self._write,
            record=record,
            allowance=self.hotel.allowance,
            blocked=self._is_blocked,
            serving=lambda: self.serving,
        )

    # What its operator orders.

    def place(self, orders: Sequence[CallOrder]) -> Placed:
        """Place calls, all now."""
        return self.calls.place(orders)

    def program(self, order: Appointment) -> Placed:
        """Program an appointment."""
        return self.reminders.program(order)

    def load(self, tickets: Sequence[Ticket], pace: float, *, continues: bool = False) -> Placed:
        """Write tickets as they are."""
        return self._loading.load(tickets, pace, continues=continues)

    def loading(
        self, tickets: Sequence[Ticket], pace: float, *, continues: bool = False
    ) -> Generator[None, None, Placed]:
        """Write tickets as they are, in slices."""
        return self._loading.loading(tickets, pace, continues=continues)

    def set_licence(self, *, call_accounting_over_ip: bool) -> None:
        """Open or close the licence; tickets that wait already stay."""
        self.licence = call_accounting_over_ip
        self.record("licence", call_accounting_over_ip=call_accounting_over_ip)
        state = "OPEN" if call_accounting_over_ip else "CLOSED"
        self.changed(
            ("MAO_ACTION", "SET"), ("OBJECT", "LICENCE"), ("CALL_ACCOUNTING_OVER_IP", state)
        )

    def reset(self, kind: ResetKind, epoch: str) -> bool:
        """Forget what a reset of this kind forgets; tell whether that is all that waited.

        Every outlet is another one then, and wires are to stand in front of it.
        """
        counts_anew = kind is ResetKind.COLD
        kept = kind.keeps(self.profile.reset)
        self.calls.hang_up(kind.reason, kept=kept)
        if kept:
            self._unwritten.write_all()
        else:
            if lost := self._unwritten.forget():
                self.record("not written", tickets=lost, reason=kind.reason)
            self.outlets = MappingProxyType(
                {
                    name: outlet.emptied(kind.reason, counts_anew=counts_anew)
                    for name, outlet in self.outlets.items()
                }
            )
            self._taxation = self.outlets[TAXATION]
            self.hotel.forget()
            self.reminders.forget()
        if counts_anew and not kept:
            self.calls.forget_states()
        if counts_anew:
            self._epoch = epoch
            self.record("epoch", epoch=epoch)
        return not kept

    def follow(self, before: "Exchange") -> None:
        """Take the place of another release of itself, with what that remembers."""
        self.tickets_made, self.licence = before.tickets_made, before.licence
        self.calls.follow(before.calls)
        self.reminders.follow(before.reminders)
        self.hotel.follow(before.hotel)
        for name, outlet in before.outlets.items():
            if name in self.outlets:
                self.outlets[name].follow(outlet)
            else:
                outlet.lose("wire closed")

    def enter(self, phase: Phase) -> None:
        """Go into a phase of the exchange's life."""
        self.phase = phase
        self.record("phase", phase=phase.value)
        if self.serving:
            self.reminders.serve()
            self.hotel.serve()
        else:
            self.reminders.go_down()
            self.hotel.go_down()

    # What its wires ask.

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

    @property
    def rooms(self) -> Mapping[str, Room]:
        """The guest rooms by number, as they stand now; `hotel` orders what becomes of them."""
        return self.hotel.rooms

    def now(self) -> Moment:
        """Return the instant that the exchange's own clock shows."""
        return self._clock.now()

    def later(self, seconds: float, what: Callable[[], None]) -> Cancellable:
        """Do something after so many exchange seconds, unless it is cancelled before.

        It never happens once another exchange is installed.
        """
        return self._clock.later(seconds, what)

    def changed(self, *items: tuple[str, str]) -> None:
        """Report a change of the configuration to the wires that have words for it."""
        self.notify(Notice("mao", self.now(), items=items))

    def notify(self, notice: Notice) -> None:
        """Let every outlet take a notice or leave it."""
        for outlet in self.outlets.values():
            outlet.put_notice(notice)

    def record(self, event: str, **detail: Any) -> None:
        """Append a line that concerns the taxation wire, or all of them, to the ledger."""
        self._record(event, detail)

    # What the taxation wire asks besides (TicketPort).

    @property
    def buffer(self) -> TicketBuffer:
        """What waits for the taxation client."""
        return self._taxation.buffer

    def waiting(self, count_max: int) -> Sequence[Buffered]:
        """Return the oldest tickets not acknowledged; they stay."""
        return self._taxation.waiting(count_max)

    def waiting_count(self) -> int:
        """Return how many tickets wait."""
        return self._taxation.waiting_count()

    def offered(self, first: int, last: int, session: str, connection: str) -> None:
        """Write down that these sequences were rendered into an answer."""
        self._taxation.offered(first, last, session, connection)

    def acknowledge(self, last: int, session: str, connection: str) -> int:
        """Remove every ticket up to `last` and return how many left.

        Raises:
            NeverOffered: nothing was removed.
        """
        return self._taxation.acknowledge(last, session, connection)

    def _talks(self, user: str) -> bool:
        return self.calls.talking(user) or self.calls.states[user].condition == "busy"

    def _is_dead(self, user: str) -> bool:
        return self.calls.states[user].condition == "out of service"

    def _is_blocked(self) -> bool:
        return self.buffer.full and self.profile.buffer.overflow == "block"

    # The path of a ticket.

    def _write(self, ticket: Ticket, source: Source, part: Part | None = None) -> int:
        self.tickets_made += 1
        number = self.tickets_made
        of_call = {} if part is None else {"call": part.call}
        self.record("made", id=number, ticket=ticket, source=source, **of_call)
        for outlet in self.outlets.values():
            # Each reason has its own scope: the licence of some wires, the exchange, the wire.
            unlicensed = "no licence" if outlet.terms.licensed and not self.licence else None
            if reason := unlicensed or outlet.terms.accepts(ticket):
                outlet.drop(number, reason)
            else:
                outlet.put(number, ticket)
        if source == "call" and ticket.kind is Kind.CALL and ticket.trunk_kind is TrunkKind.VOIP:
            self.notify(Notice("voip", self.now(), call=ticket))
        self.hotel.heard(ticket, source, self.now() if part is None else part.ended)
        return number
