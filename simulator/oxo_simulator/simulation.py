"""One running exchange with everything around it, as its operator steers it.

The process, its ports, certificate and account live from start to end. What stands behind the
ports is an *installation*: exchange, exchange time, ledger and transcript are made anew with each.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, get_args
from zoneinfo import ZoneInfo

import msgspec
from oxo_tickets import Ticket
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from oxo_simulator.call_orders import CallOrders
from oxo_simulator.clock import Pacer, VirtualClock, WallClock
from oxo_simulator.control.messages import (
    BufferState,
    CallRequest,
    CallsPlaced,
    ExchangeState,
    FirmwareOrder,
    Installation,
    ProfileState,
    Reset,
    SessionState,
    UnreadLoad,
    WireName,
    WireState,
)
from oxo_simulator.exchange.core import Exchange
from oxo_simulator.exchange.life import ResetKind
from oxo_simulator.exchange.loading import LOAD_TICKETS_MAX
from oxo_simulator.exchange.outlet import OutletTerms
from oxo_simulator.exchange.placed import OrderError, Placed
from oxo_simulator.hotel_orders import HotelOrders
from oxo_simulator.installation import (
    Installed,
    epoch_name,
    fresh_ledger_file,
    profile_name,
    profile_of,
)
from oxo_simulator.ledger import Ledger
from oxo_simulator.link.relay import Link
from oxo_simulator.premises import Premises
from oxo_simulator.profile import FURTHER_WIRES, Profile, fixed_keys
from oxo_simulator.profile_section import ProfileError
from oxo_simulator.resets import Resets
from oxo_simulator.site import Site
from oxo_simulator.slices import Slices
from oxo_simulator.traffic_orders import TrafficOrders
from oxo_simulator.transcript import Transcript
from oxo_simulator.views import (
    buffer_state,
    exchange_state,
    profile_state,
    wire_state,
)
from oxo_simulator.wire import Wire
from oxo_simulator.wire_orders import WireOrders

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

ADVANCE_SECONDS_MAX = 366 * 24 * 3600
FACTOR_MAX = 100_000
YEAR_MAX = 9000
"""Exchange time is moved no farther: a date has four digits, and tickets are to come."""
READ_TICKETS = 1_000
"""So many tickets of an order are read without a pause."""
FIXED = fixed_keys()


class SessionUnknown(ValueError):
    """No such session lives (the operator's fault); says which do."""


class Simulation:
    """Steers link, wires and exchange together; `orders` are those to one wire.

    Args:
        site: what stays.
        real: real time.
        link: in front of the wires.
        wires: by name, those whose ports the process holds.
        transcript: of the wires.
        utc_now: the real instant, for the ledger.
        factor: exchange seconds per real second; 0 is manual.
        broken: told when exchange time or the ledger cannot go on.
        new_token: makes each epoch unlike any other.
    """

    installed: Installed

    def __init__(  # noqa: PLR0913 - the place where everything meets
        self,
        *,
        site: Site,
        real: IReactorTime,
        link: Link,
        wires: Mapping[str, Wire],
        transcript: Transcript,
        utc_now: Callable[[], datetime],
        factor: float,
        broken: Callable[[Failure], None],
        new_token: Callable[[], str],
    ) -> None:
        self.site = site
        self.link = link
        self.transcript = transcript
        self._real = real
        self._utc_now = utc_now
        self._broken = broken
        self._wires = wires
        self._new_token = new_token
        self._installations = 0
        self.resets = Resets(
            real=real,
            link=link,
            wires=wires,
            ports=site.premises.wires,
            new_epoch=lambda: epoch_name(self._installations, new_token()),
            broken=broken,
        )
        self.orders = WireOrders(wires, lambda: self.exchange)
        self.slices = Slices(real)
        self.pacer = Pacer(real, factor, self._tick, broken)
        self.calls = CallOrders(lambda: self.exchange, self.slices, self._go_on)
        self.hotel = HotelOrders(lambda: self.exchange, self.slices, self._go_on, self.orders.say)
        self.traffic = TrafficOrders(lambda: self.installed, lambda: self.pacer.manual)

    @property
    def premises(self) -> Premises:
        """What outlives installations, as it is now."""
        return self.site.premises

    @property
    def ledger(self) -> Ledger:
        """The present installation's ledger."""
        return self.installed.ledger

    @property
    def exchange(self) -> Exchange:
        """The present installation's exchange."""
        return self.installed.exchange

    def install(self, order: Installation) -> None:
        """Put a fresh exchange behind the same ports.

        Raises:
            ProfileError, StartUnknown, OrderError, FaultUnknown: the old one stays.
            OSError: there is no place for its ledger; the old one stays.
        """
        profile = self._checked(order)
        # Whatever can be wrong with the order is found before the old exchange goes.
        WallClock(VirtualClock(), profile.start, ZoneInfo(profile.zone))
        self.link.plug_in()
        installed = Installed(
            order,
            profile,
            number=self._installations + 1,
            token=self._new_token(),
            ledger_file=fresh_ledger_file(self.premises.folder),
            outlets=self._terms(profile),
            utc_now=self._utc_now,
            broken=self._broken,
        )
        self._leave()
        self._installations += 1
        self.installed = installed
        self.ledger.watch(self.link.ledger_line)
        self.link.renew(self.ledger.append, order.seed)
        self.transcript.clear()
        for wire in self._wires.values():
            wire.install(self.exchange, profile)
        self._open_doors()
        self.resets.install(self.exchange)

    def place(self, request: CallRequest) -> "Deferred[CallsPlaced]":
        """Place calls, and go on to their tickets if asked."""
        return self.slices.play(
            lambda: self._go_on(self.exchange.place(request.calls), advance=request.advance)
        )

    def load(self, order: UnreadLoad) -> "Deferred[CallsPlaced]":
        """Write tickets as they are, in slices.

        Raises:
            OrderError: there are too many.
        """
        if len(order.tickets) > LOAD_TICKETS_MAX:
            raise OrderError(f"{len(order.tickets)} tickets; at most {LOAD_TICKETS_MAX} at once")
        return self.slices.play(lambda: self._load(order))

    def advance(self, seconds: float) -> "Deferred[None]":
        """Move exchange time, in slices.

        Raises:
            OrderError: there is no such time.
        """
        if not 0 <= seconds <= ADVANCE_SECONDS_MAX:
            raise OrderError(f"advance by {seconds} s; 0 to {ADVANCE_SECONDS_MAX} is expected")
        if self.installed.wall.now().utc.year > YEAR_MAX:
            raise OrderError(f"exchange time has come to the year {YEAR_MAX}; install afresh")
        return self.slices.play(lambda: self._pass(seconds))

    def pace(self, factor: float) -> None:
        """Let exchange time stand (0), go with real time (1), or go so many times as fast.

        Raises:
            OrderError: time stays as it goes.
        """
        if not 0 <= factor <= FACTOR_MAX:
            raise OrderError(f"factor {factor}; 0 (manual) to {FACTOR_MAX} is expected")
        self.pacer.stop()
        self.pacer.factor = factor
        self.pacer.start()

    def end_session(self, name: str) -> None:
        """End a session, on whichever wire it lives.

        Raises:
            SessionUnknown: no such session lives.
        """
        if not any(wire.end_session(name) for wire in self._wires.values()):
            living = ", ".join(session.name for session in self.sessions()) or "none"
            raise SessionUnknown(f"session {name[:64]!r} does not live; living: {living}")

    def reset(self, order: Reset) -> None:
        """Begin a reset."""
        self.resets.begin(ResetKind(order.kind))

    def upgrade(self, order: FirmwareOrder) -> None:
        """Begin a reset out of which the exchange comes with another profile.

        Raises:
            ProfileError, OrderError: nothing has changed.
        """
        installation = msgspec.structs.replace(
            self.installed.order,
            profile=order.profile,
            overrides=order.overrides,
            tag_set=order.tag_set,
        )
        profile = self._checked(installation)
        if profile.mode != self.installed.profile.mode and order.reset != "cold":
            raise OrderError(
                f'mode: {profile.mode} mode needs a cold reset; "reset": "cold" is expected'
            )
        terms = self._terms(profile)
        self.exchange.record(
            "firmware",
            profile=profile_name(installation),
            release=profile.release,
            tag_set=profile.tag_set,
            zone=profile.zone,
        )
        self.resets.upgrade(
            ResetKind(order.reset), lambda: self.installed.upgrade(installation, profile, terms)
        )
        self._open_doors()

    def profile(self) -> ProfileState:
        """Say every key of the profile."""
        return profile_state(self.installed)

    def buffer(self, after: int, count: int) -> BufferState:
        """Say what waits, with at most `count` tickets behind the sequence `after`."""
        return buffer_state(self.exchange.buffer, after, count)

    def sessions(self) -> list[SessionState]:
        """Say who is in a session, wire by wire."""
        return [session for wire in self._wires.values() for session in wire.sessions()]

    def wires(self) -> list[WireState]:
        """Say of every wire how it is reached, and what waits there."""
        return [
            wire_state(name, self._wires.get(name), self.premises, self.exchange)
            for name in get_args(WireName)
        ]

    def state(self) -> ExchangeState:
        """Say who and how the exchange is."""
        return exchange_state(
            self.premises, self.installed, self.link, self._wires, self.pacer.factor
        )

    def stop(self) -> None:
        """Stand still: no timer, no ledger."""
        self.pacer.stop()
        self.slices.stop()
        self._leave()

    def _load(self, order: UnreadLoad) -> Generator[None, None, CallsPlaced]:
        tickets = yield from _read(order.tickets)
        placed = yield from self.exchange.loading(tickets, order.pace, continues=order.continues)
        return (yield from self._go_on(placed, advance=False))

    def _go_on(self, placed: Placed, *, advance: bool) -> Generator[None, None, CallsPlaced]:
        # Paced time comes to the tickets by itself.
        if advance and self.pacer.manual:
            yield from self._pass(placed.seconds)
        now = self.installed.wall.now().local
        return CallsPlaced(ids=placed.ids, exchange_time=now, outcomes=placed.outcomes)

    def _pass(self, seconds: float) -> Generator[None, None, None]:
        yield from self.installed.clock.passing(seconds)

    def _tick(self, seconds: float) -> None:
        self.installed.clock.advance(seconds)

    def _leave(self) -> None:
        self.resets.stop()
        if self._installations:
            self.ledger.close()

    def _open_doors(self) -> None:
        """Open the doors that the profile opens, on every wire, and close the others."""
        profile, wires = self.installed.profile, self.resets.open_wires(self.exchange)
        ports = [port for wire in wires for port in wire.open_ports(profile)]
        targets = {port: to for wire in wires for port, to in wire.outward(profile).items()}
        self.link.open(ports, targets)

    def _checked(self, order: Installation) -> Profile:
        """Return the profile of an order.

        Raises:
            ProfileError, OrderError: this process cannot have it.
        """
        if fixed := [key for key in order.overrides if key in FIXED and self._installations]:
            raise OrderError(f"{fixed[0]} stays while the exchange runs; give it to `oxo-sim run`")
        profile = profile_of(order)
        self._check(profile)
        return profile

    def _terms(self, profile: Profile) -> list[OutletTerms]:
        """Return what the wires that a profile opens ask of their outlets."""
        terms = (wire.terms(profile) for wire in self._wires.values())
        return [each for each in terms if each is not None]

    def _check(self, profile: Profile) -> None:
        """Look for what this process cannot do.

        Raises:
            ProfileError: names the key.
        """
        for name in FURTHER_WIRES:
            if getattr(profile, name).open and name not in self._wires:
                raise ProfileError(
                    f"{name}.open: the process holds no port for that wire; start it with "
                    f"`oxo-sim run --port {name}=NUMBER` (0 is a free one), or with a profile that "
                    "opens it"
                )
        for wire in self._wires.values():
            wire.check(profile)


def _read(tickets: Sequence[msgspec.Raw]) -> Generator[None, None, list[Ticket]]:
    """Read the tickets of an order.

    Raises:
        msgspec.DecodeError: names the first that is none, by its place.
    """
    read = []
    for place, ticket in enumerate(tickets):
        try:
            read.append(msgspec.json.decode(ticket, type=Ticket))
        except msgspec.DecodeError as error:
            where = f"`$.tickets[{place}]"
            words = str(error)
            raise type(error)(
                words.replace("`$", where) if "`$" in words else f"{words} - at {where}`"
            ) from error
        if place % READ_TICKETS == READ_TICKETS - 1:
            yield
    return read
