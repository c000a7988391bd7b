"""What an operator orders of one wire: it is for that wire alone, and only while it is open."""

from collections.abc import Callable, Mapping

from oxo_simulator.control.messages import (
    ClosedFile,
    HotelEvent,
    NewPassword,
    StreamNotice,
    SwitchOver,
    WireName,
)
from oxo_simulator.exchange.core import Exchange
from oxo_simulator.exchange.placed import OrderError
from oxo_simulator.wire import (
    ClosesFiles,
    SaysHotelEvents,
    SaysNotices,
    SwitchesOver,
    TakesPassword,
    Wire,
)


class WireOrders:
    """Brings each order to its wire.

    Args:
        wires: by name, those whose ports the process holds.
        exchange: the present installation's.
    """

    def __init__(self, wires: Mapping[str, Wire], exchange: Callable[[], Exchange]) -> None:
        self._wires = wires
        self._exchange = exchange

    def change_password(self, order: NewPassword, name: WireName) -> None:
        """Give the account of a wire another password.

        Raises:
            OrderError: there is no such account, or it cannot be one.
        """
        wire = self._opened(name)
        assert isinstance(wire, TakesPassword)  # the wire of that name
        wire.change_password(order.password)

    def say(self, event: HotelEvent) -> None:
        """Say an event on the hotel link.

        Raises:
            OrderError: the wire is closed, or cannot say it.
        """
        wire = self._opened("ohl")
        assert isinstance(wire, SaysHotelEvents)  # the wire of that name
        wire.say(event)

    def close_account_file(self) -> ClosedFile:
        """Close the open account file, and say which it was.

        Raises:
            OrderError: the wire is closed.
        """
        wire = self._opened("account")
        assert isinstance(wire, ClosesFiles)  # the wire of that name
        return wire.close_file()

    def switch_over(self, order: SwitchOver) -> None:
        """Make the other CPU main.

        Raises:
            OrderError: the wire is closed.
        """
        wire = self._opened("stream")
        assert isinstance(wire, SwitchesOver)  # the wire of that name
        wire.switch_over(ordered=order.ordered)

    def say_notice(self, notice: StreamNotice) -> None:
        """Say a notice on the stream.

        Raises:
            OrderError: the wire is closed, or has no such notice.
        """
        wire = self._opened("stream")
        assert isinstance(wire, SaysNotices)  # the wire of that name
        wire.say_notice(notice)

    def _opened(self, name: WireName) -> Wire:
        """Return a wire that the profile opens.

        Raises:
            OrderError: it is closed.
        """
        if name not in self._exchange().outlets:
            raise OrderError(f"the wire {name} is closed; the profile key {name}.open opens it")
        return self._wires[name]
