"""How the process goes through a reset: the link, the wires and the exchange, in their order.

    warm, cold    the wires end their conversations, then the connections die
    power cut     the connections die first: nobody says a word any more. They are reset at once,
                  or (`power_cut_connections = "silent"`) collectors are told nothing, until there
                  is power again and somebody says something that nobody knows of

Then the exchange forgets what it forgets (`exchange.life`), and after the phases of the profile the
doors open again, each wire's in its own phase.
"""

from collections.abc import Callable, Collection, Mapping

from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from oxo_simulator.exchange.core import Exchange
from oxo_simulator.exchange.life import Life, Phase, ResetKind
from oxo_simulator.exchange.reset_settings import ResetSettings
from oxo_simulator.link.lane import Towards
from oxo_simulator.link.ports import Ports
from oxo_simulator.link.relay import Link
from oxo_simulator.wire import Wire

_LEFT: tuple[Towards, ...] = ("collector",)
"""The ends of connections that outlive a power cut for a while."""
_REASON = "reset"
"""For which the doors refuse."""


class Resets:
    """Takes one exchange after the other through its resets.

    Args:
        real: real time, of the phases.
        link: in front of the wires.
        wires: by name, those whose ports the process holds.
        ports: name of a port -> its wire.
        new_epoch: names an epoch, unlike any other.
        broken: told when it cannot go on.
    """

    def __init__(  # noqa: PLR0913 - whatever a reset goes through
        self,
        *,
        real: IReactorTime,
        link: Link,
        wires: Mapping[str, Wire],
        ports: Mapping[str, str],
        new_epoch: Callable[[], str],
        broken: Callable[[Failure], None],
    ) -> None:
        self._real = real
        self._link = link
        self._wires = wires
        self._ports = ports
        self._new_epoch = new_epoch
        self._broken = broken
        self._exchange: Exchange | None = None
        self._life: Life | None = None

    def install(self, exchange: Exchange) -> None:
        """Watch over a fresh exchange, which serves."""
        self._exchange = exchange
        self._life = self._new_life(exchange.profile.reset)
        self._link.admit_again(_REASON, tuple(self._link.doors))
        self._serve_when_settled(exchange)

    def begin(self, kind: ResetKind) -> None:
        """Begin a reset; the phases follow."""
        exchange, life = self._exchange, self._life
        assert exchange is not None  # nobody orders before the first installation
        assert life is not None
        exchange.record("reset", kind=kind.value)
        life.begin()
        self._go_down(exchange, kind)
        if exchange.reset(kind, self._new_epoch()):
            for wire in self.open_wires(exchange):
                wire.restart(exchange, exchange.profile, lost=True)

    def upgrade(self, kind: ResetKind, other: Callable[[], Exchange]) -> None:
        """Begin a reset out of which another release of the exchange comes (`other` makes it)."""
        before, life = self._exchange, self._life
        assert before is not None  # nobody orders before the first installation
        assert life is not None
        before.record("reset", kind=kind.value)
        life.stop()
        self._go_down(before, kind)
        lost = before.reset(kind, self._new_epoch())
        self._exchange = exchange = other()
        self._life = self._new_life(exchange.profile.reset)
        for wire in self._wires.values():
            wire.restart(exchange, exchange.profile, lost=lost)
        self._life.begin()

    def stop(self) -> None:
        """Stand still in the present phase; the exchange goes."""
        if self._life is not None:
            self._life.stop()

    def open_wires(self, exchange: Exchange) -> list[Wire]:
        """Return the wires that the exchange's profile opens."""
        return [wire for wire in self._wires.values() if wire.name in exchange.outlets]

    def _new_life(self, settings: ResetSettings) -> Life:
        seconds = {
            Phase.REFUSED: settings.refused_seconds,
            Phase.BUSY: settings.busy_seconds,
        }
        return Life(seconds, self._real.callLater, self._enter)

    def _go_down(self, exchange: Exchange, kind: ResetKind) -> None:
        self._link.refuse_all(_REASON)
        settings = exchange.profile.reset
        silent = kind is ResetKind.POWER_CUT and settings.power_cut_connections == "silent"
        if silent:
            for connection in self._link.connections(Ports()):
                connection.abandon(self, _LEFT)
        elif kind is ResetKind.POWER_CUT:
            self._link.reset_connections()
        for wire in self.open_wires(exchange):
            wire.reset()
        if not silent:
            self._link.reset_connections()

    def _enter(self, phase: Phase) -> None:
        exchange = self._exchange
        assert exchange is not None  # a phase is of an exchange
        exchange.enter(phase)
        if phase is Phase.REFUSED:
            return
        if phase is Phase.BUSY:
            self._answer_the_abandoned()
        for wire in self.open_wires(exchange):
            if phase in (wire.admitted_from, Phase.SERVING):
                self._link.admit_again(_REASON, self._ports_of(wire.name))
        if phase is Phase.SERVING:
            self._serve_when_settled(exchange)

    def _answer_the_abandoned(self) -> None:
        """There is power again, and nobody knows the connections of before."""
        for connection in self._link.connections(Ports()):
            connection.forget(self, repeated=True)

    def _serve_when_settled(self, exchange: Exchange) -> None:
        """Let the wires serve once the doors are as they are wanted, if they still are then."""

        def serve(_settled: object) -> None:
            if exchange is self._exchange and exchange.serving:
                for wire in self.open_wires(exchange):
                    wire.serve()

        self._link.settled().addCallback(serve).addErrback(self._broken)

    def _ports_of(self, wire: str) -> Collection[str]:
        return [port for port, found in self._ports.items() if found == wire]
