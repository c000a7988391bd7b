"""The operator's door inside the exchange's process: HTTP on loopback, a bearer token, JSON.

One operation per row of `ROUTES`. What the operator gets wrong is 400 with a `Problem` that says
what would be allowed; nothing has changed then.
"""

import hmac
from collections.abc import Callable, Mapping
from functools import cache
from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec
import structlog
from klein import Klein
from twisted.internet.defer import CancelledError, Deferred, maybeDeferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure
from twisted.web.resource import IResource, Resource
from twisted.web.server import NOT_DONE_YET
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from oxo_simulator.clock import StartUnknown
from oxo_simulator.control.limits import BODY_BYTES_MAX, ORDER_BYTES_MAX
from oxo_simulator.control.messages import (
    LEDGER_LINES_MAX,
    ExchangeState,
    Fault,
    LinkDisturbed,
    Load,
    Problem,
    UnreadLoad,
)
from oxo_simulator.control.openapi import document
from oxo_simulator.control.routes import ROUTES, Parameter, Route
from oxo_simulator.exchange.directory import SubscriberUnknown
from oxo_simulator.exchange.placed import OrderError
from oxo_simulator.exchange.trunks import TrunkUnavailable
from oxo_simulator.identity import CertificateOrderWrong
from oxo_simulator.lines import Page
from oxo_simulator.link.faults import FaultUnknown
from oxo_simulator.profile_section import ProfileError
from oxo_simulator.simulation import SessionUnknown, Simulation

REFUSALS = (
    OrderError,
    SubscriberUnknown,
    TrunkUnavailable,
    FaultUnknown,
    ProfileError,
    StartUnknown,
    CertificateOrderWrong,
    msgspec.DecodeError,
)
"""What an operator can get wrong."""

_log = structlog.get_logger()


class Asked(NamedTuple):
    """A request as read: the message in its body, what its query says, the path's value."""

    order: Any
    query: Mapping[str, float]
    place: str
    texts: Mapping[str, str]


Works = dict[str, Callable[[Asked], Any]]
"""Name of a route -> what it does."""


class ControlServer:
    """Answers the operator.

    Args:
        simulation: what is steered.
        token: that every request must show.
        real: real time, for waiting.
    """

    def __init__(self, simulation: Simulation, token: str, real: IReactorTime) -> None:
        self._simulation = simulation
        self._expected = f"Bearer {token}".encode()
        self._real = real
        self.app = Klein()
        works = self._works()
        for route in ROUTES:
            self._serve(route, works[route.name])
        # Else `/sets//128` would be sent elsewhere, in HTML.
        self.app.url_map.merge_slashes = False
        self.app.handle_errors(NotFound, MethodNotAllowed)(self._nothing_here)

    def resource(self) -> IResource:
        """Return what a site serves."""
        return _Readable(self.app.resource(), self._unreadable)

    def _works(self) -> Works:
        """Return what each operation does; one that returns nothing answers the state."""
        simulation = self._simulation
        return {
            **_of_exchange(simulation),
            **_of_calls(simulation),
            **_of_guests(simulation),
            **_of_wires(simulation),
            **_of_link(simulation),
            **_of_time(simulation),
            "ledger": self._ledger_lines,
            "transcript": lambda asked: simulation.transcript.page(int(asked.query["since"])),
            "openapi": lambda _: _described(),
        }

    def _serve(self, route: Route, work: Callable[[Asked], Any]) -> None:
        def answer(request: Any, **places: str) -> "Deferred[bytes]":
            def carry_out() -> Any:
                found: Deferred[Any] = maybeDeferred(work, _asked(route, request, places))
                return found.addCallback(lambda told: self._settled() if told is None else told)

            return self._answer(request, carry_out)

        path = route.path.replace("{", "<").replace("}", ">")
        self.app.route(path, methods=[route.method], endpoint=route.name)(answer)

    def _settled(self) -> "Deferred[ExchangeState]":
        """Return the exchange's state, once every door has followed an order."""
        settled = self._simulation.link.settled()
        return settled.addCallback(lambda _: self._simulation.state())

    def _answer(self, request: Any, work: Callable[[], Any]) -> "Deferred[bytes]":
        request.setHeader("Content-Type", "application/json")
        shown = request.getHeader(b"authorization") or b""
        if not hmac.compare_digest(shown, self._expected):
            work = _stranger
        answered: Deferred[Any] = maybeDeferred(work)
        return answered.addCallbacks(
            lambda found: _encoded(request, found), lambda failure: _problem(request, failure)
        )

    def _nothing_here(self, request: Any, failure: Failure) -> "Deferred[bytes]":
        return self._answer(request, lambda: failure)

    def _unreadable(self, request: Any) -> None:
        def refuse() -> None:
            raise OrderError("the path is no UTF-8 text")

        def say(answer: bytes) -> None:
            request.write(answer)
            request.finish()

        self._answer(request, refuse).addCallback(say)

    def _ledger_lines(self, asked: Asked) -> "Page | Deferred[Page]":
        ledger, since = self._simulation.ledger, int(asked.query["since"])
        seconds = asked.query["wait_seconds"]
        page = ledger.page(since, LEDGER_LINES_MAX)
        if page.lines or not seconds:
            return page
        waited = ledger.next_line().addTimeout(seconds, self._real)
        return waited.addCallback(lambda _: ledger.page(since, LEDGER_LINES_MAX))


def _of_exchange(simulation: Simulation) -> Works:
    return {
        "state": lambda _: simulation.state(),
        "install": lambda asked: simulation.slices.alone(lambda: simulation.install(asked.order)),
        "profile": lambda _: simulation.profile(),
        "reset": lambda asked: simulation.reset(asked.order),
        "upgrade": lambda asked: simulation.slices.alone(lambda: simulation.upgrade(asked.order)),
        "licence": lambda asked: simulation.exchange.set_licence(
            call_accounting_over_ip=asked.order.call_accounting_over_ip
        ),
        "certificate": lambda _: simulation.site.certificate(),
        "renew_certificate": lambda asked: simulation.site.renew_certificate(asked.order),
        "move": lambda asked: simulation.site.move(asked.order),
    }


def _of_calls(simulation: Simulation) -> Works:
    calls = simulation.calls
    return {
        "place_calls": lambda asked: simulation.place(asked.order),
        "load": lambda asked: simulation.load(asked.order),
        "sets": lambda _: calls.sets(),
        "set_up": lambda asked: calls.set_up(asked.place, asked.order),
        "trunks": lambda _: calls.trunks(),
        "request_facility": lambda asked: calls.request(asked.order),
    }


def _of_guests(simulation: Simulation) -> Works:
    hotel = simulation.hotel
    return {
        "program_appointment": lambda asked: hotel.program(asked.order),
        "appointments": lambda _: hotel.appointments(),
        "cancel_appointment": lambda asked: hotel.cancel(asked.place, asked.texts.get("time")),
        "hotel": lambda asked: hotel.event(asked.order),
        "check_in": lambda asked: hotel.check_in(asked.order),
        "modify_guest": lambda asked: hotel.modify(asked.order),
        "check_out": lambda asked: hotel.check_out(asked.order),
        "room_status": lambda asked: hotel.tell_status(asked.order),
        "rooms": lambda _: hotel.rooms(),
        "acknowledge_alarm": lambda asked: hotel.acknowledge_alarm(asked.place),
        "prepay": lambda asked: hotel.prepay(asked.order),
        "booths": lambda _: hotel.booths(),
    }


def _of_wires(simulation: Simulation) -> Works:
    orders = simulation.orders
    return {
        "buffer": lambda asked: simulation.buffer(
            int(asked.query["after"]), int(asked.query["count"])
        ),
        "wires": lambda _: simulation.wires(),
        "sessions": lambda _: simulation.sessions(),
        "end_session": lambda asked: simulation.end_session(asked.place),
        "nmc_password": lambda asked: orders.change_password(asked.order, "nmc"),
        "account_password": lambda asked: orders.change_password(asked.order, "account"),
        "close_account_file": lambda _: orders.close_account_file(),
        "account_host_key": lambda _: simulation.site.host_key(),
        "renew_account_host_key": lambda _: simulation.site.renew_host_key(),
        "switch_over": lambda asked: orders.switch_over(asked.order),
        "stream_say": lambda asked: orders.say_notice(asked.order),
    }


def _of_link(simulation: Simulation) -> Works:
    link = simulation.link
    return {
        "link": lambda _: link.state(),
        "strike": lambda asked: _disturbed(simulation, asked.order),
        "arm": lambda asked: link.arm(asked.order),
        "restore": lambda asked: link.restore(reset_connections=asked.order.reset_connections),
    }


def _disturbed(simulation: Simulation, fault: Fault) -> "Deferred[LinkDisturbed]":
    """Let a fault strike, and say what it met once every door has followed it."""
    struck = simulation.link.strike(fault)

    def told(_settled: object) -> LinkDisturbed:
        return LinkDisturbed(**msgspec.structs.asdict(simulation.state()), struck=struck)

    return simulation.link.settled().addCallback(told)


def _of_time(simulation: Simulation) -> Works:
    traffic = simulation.traffic
    return {
        "advance": lambda asked: simulation.advance(asked.order.seconds),
        "pace": lambda asked: simulation.pace(asked.order.factor),
        "begin_traffic": lambda asked: simulation.slices.play(lambda: traffic.begin(asked.order)),
        "traffic": lambda _: traffic.state(),
        "end_traffic": lambda _: traffic.end(),
    }


class _Readable(Resource):
    """Passes on requests whose path is text; Klein would answer others in words of its own.

    Args:
        served: takes those.
        refuse: answers the others.
    """

    isLeaf = True  # noqa: N815 - Twisted's interface

    def __init__(self, served: Any, refuse: Callable[[Any], None]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._served = served
        self._refuse = refuse

    def render(self, request: Any) -> Any:
        """Serve a request."""
        try:
            b"/".join(request.postpath).decode("utf-8")
        except UnicodeDecodeError:
            self._refuse(request)
            return NOT_DONE_YET
        return self._served.render(request)


@cache
def _described() -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(document()))


class _TooLong(Exception):
    pass


class _Stranger(Exception):
    pass


_REFUSED_WITH = (
    (_TooLong, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (SessionUnknown, HTTPStatus.NOT_FOUND),
    (REFUSALS, HTTPStatus.BAD_REQUEST),
)


def _stranger() -> None:
    raise _Stranger


def _asked(route: Route, request: Any, places: Mapping[str, str]) -> Asked:
    """Read a request.

    Raises:
        msgspec.DecodeError, OrderError: it is not what the route takes.
        _TooLong: there is too much of it.
    """
    known = [parameter.name for parameter in route.query]
    for name in request.args:
        if name.decode("latin-1") not in known:
            allowed = ", ".join(known) or "none"
            raise OrderError(f"parameter {name.decode('latin-1')!r}; allowed here: {allowed}")
    body: Any = UnreadLoad if route.body is Load else route.body
    most = BODY_BYTES_MAX if route.body is Load else ORDER_BYTES_MAX
    return Asked(
        order=_order(request.content.read(), body, most) if body else None,
        query={each.name: _number(request, each) for each in route.query if not each.text},
        place=places.get(route.place or "", ""),
        texts={
            each.name: request.args[each.name.encode()][0].decode("latin-1")
            for each in route.query
            if each.text and each.name.encode() in request.args
        },
    )


def _order(body: bytes, message: Any, bytes_max: int) -> Any:
    if len(body) > bytes_max:
        raise _TooLong(f"{len(body)} bytes; the body of this order has at most {bytes_max}")
    try:
        # All of it at once: what msgspec leaves for later would break what it is left to.
        return msgspec.json.decode(body.decode("utf-8"), type=message)
    except UnicodeDecodeError as error:
        raise OrderError(f"the body is no UTF-8 text: byte {error.start} is wrong") from error
    except RecursionError as error:
        raise OrderError("the body is nested too deeply to be any order") from error


def _number(request: Any, parameter: Parameter) -> float:
    given = request.args.get(parameter.name.encode())
    if given is None:
        return parameter.default
    text = given[0].decode("latin-1")
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 2**53:
        raise OrderError(f"{parameter.name} {text!r}; a number from 0 is expected")
    return min(value, parameter.most)


def _encoded(request: Any, found: Any) -> bytes:
    """Write an answer; of a page that others follow, say where (RFC 8288)."""
    if not isinstance(found, Page):
        return msgspec.json.encode(found)
    if found.more:
        following = f"<{request.path.decode()}?since={found.last}>"
        request.setHeader("Link", f'{following}; rel="next"')
    return msgspec.json.encode(found.lines)


def _problem(request: Any, failure: Failure) -> bytes:
    status, words = _judged(request, failure)
    request.setResponseCode(status)
    return msgspec.json.encode(Problem(error=words))


def _judged(request: Any, failure: Failure) -> tuple[int, str]:
    error = failure.value
    if isinstance(error, _Stranger):
        return HTTPStatus.UNAUTHORIZED, "the bearer token is missing or wrong"
    for kinds, status in _REFUSED_WITH:
        if isinstance(error, kinds):
            return status, str(error)
    if isinstance(error, HTTPException):
        if isinstance(error, MethodNotAllowed) and error.valid_methods:
            request.setHeader("Allow", ", ".join(sorted(error.valid_methods)))
        asked = f"{request.method.decode('latin-1')} {request.path.decode('latin-1')}"
        words = f"nothing answers {asked[:200]!r}; GET /openapi.json describes what does"
        return error.code or HTTPStatus.NOT_FOUND, words
    if isinstance(error, CancelledError):
        return HTTPStatus.SERVICE_UNAVAILABLE, "the exchange ends; the order was not finished"
    return HTTPStatus.INTERNAL_SERVER_ERROR, _own_trouble(request, failure)


def _own_trouble(request: Any, failure: Failure) -> str:
    """Say what the operator can do nothing about; what nobody expected is logged whole."""
    error = failure.value
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'this machine'}: {error.strerror}"
    _log.error("control.broken", path=request.path.decode(), failure=failure.getTraceback())
    return f"the simulator broke: {error!r}"
