"""Traffic as an operator orders it: one stretch at a time, at the pace of exchange time."""

from collections.abc import Callable, Generator
from datetime import timedelta

from oxo_simulator.control.life_messages import TrafficOrder, TrafficState
from oxo_simulator.exchange.placed import OrderError
from oxo_simulator.installation import Installed
from oxo_simulator.traffic.feed import NO_LINE, NO_SERVICE, REFUSED, Feed
from oxo_simulator.traffic.plan import Plan, plan

SETTLING_SECONDS = 60.0
"""Behind the last event: its ticket is written then, if its call was not long."""


class TrafficOrders:
    """Begins, shows and ends traffic.

    Args:
        installed: the present installation; traffic ends with it.
        manual: whether exchange time moves on command alone.
    """

    def __init__(self, installed: Callable[[], Installed], manual: Callable[[], bool]) -> None:
        self._installed = installed
        self._manual = manual
        self._running: tuple[Installed, TrafficOrder, Plan, Feed] | None = None

    def begin(self, order: TrafficOrder) -> Generator[None, None, TrafficState]:
        """Begin traffic, and go on to its end if asked; in slices.

        Raises:
            OrderError: this exchange cannot have it, or has some already.
        """
        installed = self._installed()
        if self.state().running:
            raise OrderError("traffic goes on already; end it first, or wait for its end")
        seed = installed.order.seed if order.seed is None else order.seed
        exchange = installed.exchange
        directory, open_hotel = exchange.calls.directory, exchange.hotel.open
        planned = plan(order, installed.wall, seed, directory, open_hotel=open_hotel)
        feed = Feed(planned.events, lambda: installed.exchange, installed.clock)
        installed.exchange.record(
            "traffic",
            day=order.day,
            seed=seed,
            sets=planned.sets,
            erlang=round(planned.load.erlang, 3),
            holding_seconds=planned.load.holding_seconds,
            hours=planned.span.hours,
        )
        self._running = installed, order, planned, feed
        # Paced time comes to the events by itself.
        if order.advance and self._manual():
            seconds = planned.span.hours * 3600.0 + SETTLING_SECONDS
            for _ in installed.clock.passing(seconds):
                if feed.stopped:
                    break
                yield
        return self.state()

    def end(self) -> TrafficState:
        """End it, and say what it was; calls in progress go on, and time stays where it is."""
        if self._running is not None:
            self._running[-1].stop()
        return self.state()

    def state(self) -> TrafficState:
        """Say what there is, or was last."""
        if self._running is None or self._running[0] is not self._installed():
            return TrafficState(running=False)
        installed, order, planned, feed = self._running
        tally, span = feed.tally, planned.span
        begins = span.begin.astimezone(span.zone)
        ends = (span.begin + timedelta(hours=span.hours)).astimezone(span.zone)
        return TrafficState(
            running=feed.running,
            day=order.day,
            sets=planned.sets,
            erlang=round(planned.load.erlang, 3),
            busy_hour_calls=round(planned.load.busy_hour_calls, 3),
            begins=begins.replace(tzinfo=None),
            ends=ends.replace(tzinfo=None),
            exchange_time=installed.wall.now().local,
            calls=tally["calls"],
            no_line=tally[NO_LINE],
            no_service=tally[NO_SERVICE],
            refused=tally[REFUSED],
            appointments=tally["appointments"],
            arrivals=tally["arrivals"],
            departures=tally["departures"],
            room_statuses=tally["room statuses"],
            tickets_made=installed.exchange.tickets_made,
        )
