"""What an operator orders of sets and facilities, and what he sees of sets and trunks."""

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from oxo_simulator.control.call_messages import FacilityOrder, SetOrder, SetState, TrunkState
from oxo_simulator.exchange.core import Exchange
from oxo_simulator.exchange.directory import Party, Subscriber
from oxo_simulator.exchange.orders import FacilityRequest
from oxo_simulator.exchange.sets import SetState as State
from oxo_simulator.slices import GoOn, Slices

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

    from oxo_simulator.control.messages import CallsPlaced


class CallOrders:
    """Brings each order to the exchange's calls.

    Args:
        exchange: the present installation's.
        slices: plays what takes long.
        go_on: moves exchange time to the tickets of an order.
    """

    def __init__(self, exchange: Callable[[], Exchange], slices: Slices, go_on: GoOn) -> None:
        self._exchange = exchange
        self._slices = slices
        self._go_on = go_on

    def set_up(self, number: str, order: SetOrder) -> SetState:
        """Let a set or group be otherwise from now on.

        Raises:
            OrderError, SubscriberUnknown: it stays as it is.
        """
        calls = self._exchange().calls
        calls.set_up(number, State(order.state, order.diverted_to, order.monitoring))
        return self._shown(calls.directory.party(number), calls.all_talking())

    def request(self, order: FacilityOrder) -> "Deferred[CallsPlaced]":
        """Ask the public network for a service, and go on to the ticket if asked."""
        wanted = FacilityRequest(order.user, order.facility, order.cancelled)
        return self._slices.play(
            lambda: self._go_on(self._exchange().calls.request(wanted), advance=order.advance)
        )

    def sets(self) -> list[SetState]:
        """Say of every set and group how it is."""
        calls = self._exchange().calls
        directory, talking = calls.directory, calls.all_talking()
        return [
            self._shown(party, talking)
            for parties in (directory.subscribers, directory.groups)
            for party in parties.values()
        ]

    def trunks(self) -> list[TrunkState]:
        """Say of every access what it carries."""
        return [TrunkState(*each) for each in self._exchange().calls.trunks.occupation()]

    def _shown(self, party: Party, talking: Collection[str]) -> SetState:
        calls = self._exchange().calls
        state = calls.states[party.number]
        own: dict[str, Any] = (
            {"kind": party.set_class, "monitoring": state.monitoring or party.monitoring}
            if isinstance(party, Subscriber)
            else {
                "kind": party.kind,
                "monitoring": state.monitoring,
                "members": list(party.members),
            }
        )
        return SetState(
            number=party.number,
            name=party.name,
            state=state.condition,
            diverted_to=state.diverted_to,
            talking=party.number in talking,
            **own,
        )
