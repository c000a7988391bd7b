"""The operator's door inside the exchange's process: HTTP on loopback, a bearer token, JSON.

One route per row of docs/control.md. What the operator gets wrong is 400 with a `Problem` that says
what would be allowed; nothing has changed then.
"""

import hmac
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
import structlog
from klein import Klein
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure
from twisted.web.resource import IResource

from oxo_simulator.clock import StartUnknown
from oxo_simulator.control.client import LEDGER_LINES_MAX
from oxo_simulator.control.messages import (
    Advance,
    AppointmentOrder,
    ArmedFault,
    CallRequest,
    ExchangeState,
    Fault,
    Installation,
    LedgerLine,
    Licence,
    Load,
    Message,
    Problem,
    Reset,
    Restore,
)
from oxo_simulator.exchange.directory import SubscriberUnknown
from oxo_simulator.exchange.telephony import OrderError
from oxo_simulator.exchange.trunks import TrunkUnavailable
from oxo_simulator.link.faults import FaultUnknown
from oxo_simulator.profile import ProfileError
from oxo_simulator.simulation import Simulation

WAIT_SECONDS_MAX = 60.0

REFUSALS = (
    OrderError,
    SubscriberUnknown,
    TrunkUnavailable,
    FaultUnknown,
    ProfileError,
    StartUnknown,
    msgspec.DecodeError,
)
"""What an operator can get wrong."""

_Order = TypeVar("_Order", bound=Message)
_log = structlog.get_logger()


class ControlServer:
    """Answers the operator.

    Args:
        simulation: what is steered.
        token: that every request must show.
        real: real time, for waiting.
    """

    app = Klein()

    def __init__(self, simulation: Simulation, token: str, real: IReactorTime) -> None:
        self._simulation = simulation
        self._expected = f"Bearer {token}".encode()
        self._real = real

    def resource(self) -> IResource:
        """Return what a site serves."""
        found: IResource = self.app.resource()
        return found

    @app.route("/state", methods=["GET"])
    def _state(self, request: Any) -> "Deferred[bytes]":
        return self._answer(request, self._simulation.state)

    @app.route("/installation", methods=["POST"])
    def _installation(self, request: Any) -> "Deferred[bytes]":
        return self._steer(request, Installation, self._simulation.install)

    @app.route("/calls", methods=["POST"])
    def _calls(self, request: Any) -> "Deferred[bytes]":
        return self._obey(request, CallRequest, self._simulation.place)

    @app.route("/appointments", methods=["POST"])
    def _appointments(self, request: Any) -> "Deferred[bytes]":
        return self._obey(request, AppointmentOrder, self._simulation.program)

    @app.route("/tickets", methods=["POST"])
    def _tickets(self, request: Any) -> "Deferred[bytes]":
        return self._obey(request, Load, self._simulation.load)

    @app.route("/time", methods=["POST"])
    def _time(self, request: Any) -> "Deferred[bytes]":
        return self._steer(request, Advance, lambda order: self._simulation.advance(order.seconds))

    @app.route("/link/fault", methods=["POST"])
    def _fault(self, request: Any) -> "Deferred[bytes]":
        return self._steer(request, Fault, self._simulation.link.strike)

    @app.route("/link/armed", methods=["POST"])
    def _armed(self, request: Any) -> "Deferred[bytes]":
        return self._steer(request, ArmedFault, self._simulation.link.arm)

    @app.route("/link/restore", methods=["POST"])
    def _restore(self, request: Any) -> "Deferred[bytes]":
        link = self._simulation.link
        return self._steer(
            request,
            Restore,
            lambda order: link.restore(reset_connections=order.reset_connections),
        )

    @app.route("/reset", methods=["POST"])
    def _reset(self, request: Any) -> "Deferred[bytes]":
        return self._steer(request, Reset, lambda _order: self._simulation.warm_reset())

    @app.route("/licence", methods=["POST"])
    def _licence(self, request: Any) -> "Deferred[bytes]":
        return self._steer(
            request,
            Licence,
            lambda order: self._simulation.exchange.set_licence(
                call_accounting_over_ip=order.call_accounting_over_ip
            ),
        )

    @app.route("/ledger", methods=["GET"])
    def _ledger(self, request: Any) -> "Deferred[bytes]":
        return self._answer(request, lambda: self._ledger_lines(request))

    @app.route("/transcript", methods=["GET"])
    def _transcript(self, request: Any) -> "Deferred[bytes]":
        return self._answer(
            request, lambda: self._simulation.transcript.lines(int(_number(request, "since")))
        )

    def _steer(
        self, request: Any, kind: type[_Order], carry_out: Callable[[_Order], None]
    ) -> "Deferred[bytes]":
        """Carry out an order whose answer is the exchange's state, once every door has followed."""

        def work(order: _Order) -> "Deferred[ExchangeState]":
            carry_out(order)
            settled = self._simulation.link.settled()
            return settled.addCallback(lambda _: self._simulation.state())

        return self._obey(request, kind, work)

    def _obey(
        self, request: Any, kind: type[_Order], carry_out: Callable[[_Order], Any]
    ) -> "Deferred[bytes]":
        def work() -> Any:
            return carry_out(msgspec.json.decode(request.content.read(), type=kind))

        return self._answer(request, work)

    def _answer(self, request: Any, work: Callable[[], Any]) -> "Deferred[bytes]":
        request.setHeader("Content-Type", "application/json")
        shown = request.getHeader(b"authorization") or b""
        if not hmac.compare_digest(shown, self._expected):
            work = _stranger
        answered: Deferred[Any] = maybeDeferred(work)
        return answered.addCallbacks(
            msgspec.json.encode, lambda failure: _problem(request, failure)
        )

    def _ledger_lines(self, request: Any) -> "list[LedgerLine] | Deferred[list[LedgerLine]]":
        ledger, since = self._simulation.ledger, int(_number(request, "since"))
        seconds = min(_number(request, "wait_seconds"), WAIT_SECONDS_MAX)
        lines = ledger.since(since, LEDGER_LINES_MAX)
        if lines or not seconds:
            return lines
        waited = ledger.next_line().addTimeout(seconds, self._real)
        return waited.addCallback(lambda _: ledger.since(since, LEDGER_LINES_MAX))


class _Stranger(Exception):
    pass


def _stranger() -> None:
    raise _Stranger


def _number(request: Any, name: str) -> float:
    text = request.args.get(name.encode(), [b"0"])[0].decode("latin-1")
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 2**53:
        raise OrderError(f"{name} {text!r}; a number from 0 is expected")
    return value


def _problem(request: Any, failure: Failure) -> bytes:
    if isinstance(failure.value, _Stranger):
        request.setResponseCode(401)
        return msgspec.json.encode(Problem(error="the bearer token is missing or wrong"))
    if isinstance(failure.value, REFUSALS):
        request.setResponseCode(400)
        return msgspec.json.encode(Problem(error=str(failure.value)))
    _log.error("control.broken", path=request.path.decode(), failure=failure.getTraceback())
    request.setResponseCode(500)
    return msgspec.json.encode(Problem(error=f"the simulator broke: {failure.value!r}"))
