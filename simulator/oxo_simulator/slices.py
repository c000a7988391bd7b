"""Long orders cut in slices, so that the wires and everybody else have their turn in between.

An order that takes long is a generator that yields where it may be interrupted; what it returns is
its result. Orders are carried out one after the other, each to its end, in the order in which they
came: a load never mixes with another one, and no installation comes into its middle.
"""

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from twisted.internet.defer import CancelledError, Deferred, DeferredLock
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

if TYPE_CHECKING:
    from oxo_simulator.control.messages import CallsPlaced
    from oxo_simulator.exchange.placed import Placed

_Result = TypeVar("_Result")


class GoOn(Protocol):
    """Moves exchange time to the tickets of an order, if asked."""

    def __call__(self, placed: "Placed", *, advance: bool) -> Generator[None, None, "CallsPlaced"]:
        """Go on, and answer."""


class Slices:
    """Carries out orders, one slice a turn of the reactor.

    Args:
        real: real time; its `callLater` gives the next turn.
    """

    def __init__(self, real: IReactorTime) -> None:
        self._real = real
        self._one_order: Any = DeferredLock()
        self._stopped = False

    def stop(self) -> None:
        """Carry out nothing more: the order in hand and those behind fail (`CancelledError`)."""
        self._stopped = True

    def _go_on(self) -> None:
        if self._stopped:
            raise CancelledError

    def alone(self, order: Callable[[], _Result]) -> "Deferred[_Result]":
        """Carry out a short order when those before it are done."""

        def carried_out() -> _Result:
            self._go_on()
            return order()

        done: Deferred[_Result] = self._one_order.run(carried_out)
        return done

    def play(self, order: Callable[[], Generator[None, None, _Result]]) -> "Deferred[_Result]":
        """Carry out a long order when those before it are done.

        An order without a yield is done when this returns, if nobody is before it.
        """
        done: Deferred[_Result] = self._one_order.run(lambda: self._go(order()))
        return done

    def _go(self, slices: Generator[None, None, _Result]) -> "Deferred[_Result]":
        done: Deferred[_Result] = Deferred()

        def turn() -> None:
            try:
                self._go_on()
                next(slices)
            except StopIteration as end:
                done.callback(end.value)
            except Exception:  # noqa: BLE001 -- whatever it is, it is the order's answer
                done.errback(Failure())  # type: ignore[no-untyped-call]
            else:
                self._real.callLater(0, turn)

        turn()
        return done
