"""What a play orders of the exchange and of the link in front of it."""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from oxo_simulator.control.messages import (
    AppointmentOrder,
    CallOrder,
    Fault,
    FirmwareOrder,
    Installation,
    Reset,
    RoomStatusOrder,
    SetOrder,
)
from oxo_tickets import Ticket

from oxo_scenarios.bench.installing import Moment, armed, in_transfer
from oxo_scenarios.bench.running import RunningSubject
from oxo_scenarios.bench.stand import Stand
from oxo_scenarios.bench.trouble import BenchBroken
from oxo_scenarios.bench.waits import LOOK_SECONDS, Waits
from oxo_scenarios.judge.demands.stream import REQUEST

if TYPE_CHECKING:
    from oxo_scenarios.bench.proxy import Proxy

Programmer = Literal["user", "operator"]


class Orders(Waits):
    """The orders of a play, which says on which stand and on which wire they are given."""

    _stand: Stand
    _subject: RunningSubject
    _away_from: int | None
    _began: datetime | None = None
    _after: str
    _installed: Installation
    _host: str
    _proxy: "Proxy | None"

    def call(self, *orders: CallOrder) -> None:
        """Place calls at one instant; exchange time moves until their tickets are written."""
        self._stand.exchange.control.place_calls(*orders)

    def appoint(
        self, user: str, time: str, *, answered_at: int | None = None, by: Programmer = "user"
    ) -> None:
        """Program an appointment; its activation ticket is written.

        It rings when exchange time goes on to it, and is answered at the attempt `answered_at`.
        """
        self._stand.exchange.control.program_appointment(
            AppointmentOrder(user=user, time=time, answered_at=answered_at, by=by)
        )

    def cancel_appointment(self, user: str) -> None:
        """Cancel the appointments of a set."""
        self._stand.exchange.control.cancel_appointment(user)

    def set_up(self, user: str, order: SetOrder) -> None:
        """Let a set be busy, out of service, diverted, or free again."""
        self._stand.exchange.control.set_up(user, order)

    def tell_room_status(self, order: RoomStatusOrder) -> None:
        """Tell the status of a room; its ticket is written."""
        self._stand.exchange.control.room_status(order)

    def load(self, tickets: Sequence[Ticket]) -> None:
        """Let the exchange write tickets as they are, such as calls seldom are."""
        self._stand.exchange.control.load(list(tickets))

    def pass_until(self, clock: str) -> None:
        """Let exchange time go on until the wall clock shows `HH:MM` next; what is due happens."""
        now = self._now()
        then = datetime.combine(now.date(), datetime.strptime(clock, "%H:%M").time())  # noqa: DTZ007 - wall clock
        if then <= now:
            then += timedelta(days=1)
        self.pass_seconds((then - now).total_seconds())

    def pass_seconds(self, seconds: float) -> None:
        """Let so many exchange seconds go by; what is due happens."""
        self._stand.exchange.control.advance(seconds)

    def repeat_hour(self) -> None:
        """Let exchange time go on to an hour after the installation."""
        assert self._began is not None, "the exchange was not installed at an instant of its own"
        self.pass_seconds(3600 - (self._now() - self._began).total_seconds())

    def _now(self) -> datetime:
        """Return what the wall clock of the exchange shows."""
        return self._stand.exchange.state().exchange_time.replace(tzinfo=None)

    def cut(self) -> None:
        """Cut the link in both directions."""
        fault = Fault(kind="cut")
        self._note_fault(fault)
        self._away_from = self._subject.output.size
        self._stand.exchange.control.strike(fault)

    def break_down(self) -> None:
        """Take the link away: its connections are reset and new ones refused."""
        self._away_from = self._subject.output.size
        self._stand.exchange.control.strike(Fault(kind="refuse"))
        self._stand.exchange.control.strike(Fault(kind="reset"))
        self.await_session_closed()

    def cut_on(self, moment: Moment, *, towards_exchange_alone: bool = False) -> None:
        """Let the link be cut at the next such event, before any byte of an answer leaves."""
        fault = (
            Fault(kind="cut", towards="exchange") if towards_exchange_alone else Fault(kind="cut")
        )
        self._arm(moment, fault)

    def cut_in_transfer(self) -> None:
        """Let the link be cut in the middle of what the wire carries next, whatever its length."""
        self._arm("offered", in_transfer(self.wire, "carry then cut"))

    def reset_in_transfer(self) -> None:
        """Let the connection be reset in the middle of what the wire carries next."""
        self._arm("offered", in_transfer(self.wire, "carry then reset"))

    def close_account_file(self) -> None:
        """Let the exchange close its open account file now, and not at the full hour."""
        self._stand.exchange.control.close_account_file()

    def await_asked(self, times: int) -> None:
        """Wait until the exchange has asked so often for a sign of life on the stream."""
        deadline = time.monotonic() + self.limit_seconds
        while self._asked() < times:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the exchange did not ask for a sign of life {times} times")
            self._ledger.refresh(LOOK_SECONDS)

    def _asked(self) -> int:
        said = self._stand.exchange.control.transcript()
        return sum(one.get("sender") == "exchange" and REQUEST in str(one["text"]) for one in said)

    def strike(self, fault: Fault) -> None:
        """Disturb the link; a fault that heals by itself needs no restoring."""
        self._note_fault(fault)
        self._note_away()
        self._stand.exchange.control.strike(fault)

    def _note_away(self) -> None:
        """Remember how long the subject's log is when the exchange first goes away."""
        if self._away_from is None:
            self._away_from = self._subject.output.size

    def _arm(self, moment: Moment, fault: Fault) -> None:
        self._note_fault(fault, armed=True)
        self._stand.exchange.control.arm(armed(self.wire, moment, fault))

    def restore(self, *, reset_connections: bool = True) -> None:
        """Make the link whole; connections that lived through the disturbance may be reset."""
        self._stand.exchange.control.restore(reset_connections=reset_connections)

    def reset(self, order: Reset | None = None) -> None:
        """Reset the exchange, warm if nothing else is said."""
        self._note_away()
        self._stand.exchange.control.reset(order)

    def upgrade(self, profile: str) -> None:
        """Reset the exchange warm into another release, which keeps the play's own settings.

        A subject that was told of the other release is not one for the next play.
        """
        self._after = ""
        self._note_away()
        overrides = {**self._stand.reset_keys, **self._installed.overrides}
        tags = self._installed.tag_set
        order = FirmwareOrder(profile=profile, overrides=overrides, tag_set=tags)
        self._stand.exchange.control.upgrade(order)

    def move(self) -> None:
        """Let the exchange be at another address; the subject is told when it is started again.

        Raises:
            BenchBroken: the subject reaches it by a name or a proxy, which stay with the old one.
        """
        if self._proxy is not None or self._host != self._stand.address:
            raise BenchBroken("a name or a proxy does not follow the exchange to another address")
        self._note_away()
        self._stand.move()
        self._host = self._stand.address
        if not self._stand.doors.listens_on(self.wire):
            self._subject.target = None

    def licence(self, *, opened: bool) -> None:
        """Open or close the licence for call accounting over IP."""
        self._stand.exchange.control.licence(call_accounting_over_ip=opened)
