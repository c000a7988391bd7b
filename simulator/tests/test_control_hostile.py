"""What strangers and wrong programs say to the control port, in memory: each gets a `Problem`.

Nothing is obeyed here, so the exchange behind the port is none.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple
from unittest.mock import create_autospec

import pytest
from oxo_simulator.control.limits import BODY_BYTES_MAX, ORDER_BYTES_MAX, ControlSite
from oxo_simulator.control.openapi import document
from oxo_simulator.control.routes import ROUTES, Route
from oxo_simulator.control.server import ControlServer
from oxo_simulator.simulation import Simulation
from twisted.internet.address import IPv4Address
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.logger import globalLogPublisher
from twisted.python.failure import Failure

HERE = IPv4Address("TCP", "127.0.0.1", 1)
SHOWN = b"Authorization: Bearer token\r\n"
NO_TEXT = "the path is no UTF-8 text"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
PARTS = b"Content-Type: multipart/form-data\r\n"


class Answer(NamedTuple):
    """What came back; `error` is the problem's words, empty where the body is no problem."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def error(self) -> str:
        assert self.headers["content-type"] == "application/json"
        found = json.loads(self.body)
        assert list(found) == ["error"]
        return str(found["error"])


class Port:
    """The control port on a network in memory."""

    def __init__(self) -> None:
        self.clock: Any = Clock()
        simulation = create_autospec(Simulation, instance=True)
        for part in ("link", "orders", "calls", "hotel", "traffic"):
            setattr(simulation, part, None)
        server = ControlServer(simulation, "token", self.clock)
        self.site: Any = ControlSite(server.resource(), self.clock)

    def connect(self) -> tuple[Any, Any]:
        transport: Any = StringTransport(HERE, HERE)  # type: ignore[no-untyped-call]
        channel = self.site.buildProtocol(HERE)
        channel.makeConnection(transport)
        return channel, transport

    def ask(  # noqa: PLR0913 - every part of a request that a test bends
        self,
        method: bytes,
        path: bytes,
        body: bytes = b"",
        *,
        headers: bytes = b"",
        shown: bytes = SHOWN,
        host: bytes = b"x",
    ) -> Answer:
        channel, transport = self.connect()
        length = b"Content-Length: %d\r\n" % len(body)
        head = b"%b %b HTTP/1.0\r\nHost: %b\r\n" % (method, path, host)
        channel.dataReceived(head + shown + headers + length + b"\r\n" + body)
        self.clock.advance(0)
        return _answer(transport.value())


def _answer(written: bytes) -> Answer:
    head, _, body = written.partition(b"\r\n\r\n")
    first, *rest = head.decode().split("\r\n")
    pairs = (line.partition(": ")[::2] for line in rest)
    return Answer(int(first.split()[1]), {name.lower(): value for name, value in pairs}, body)


@pytest.fixture
def port() -> Iterator[Port]:
    """Return a port; nothing that is said to it leaves a trace in the log."""
    traces: list[Failure] = []

    def note(event: Any) -> None:
        if event.get("log_failure") is not None:
            traces.append(event["log_failure"])

    log: Any = globalLogPublisher
    log.addObserver(note)
    yield Port()
    log.removeObserver(note)
    assert traces == []


def _path(route: Route) -> bytes:
    return re.sub(r"\{\w+\}", "1", route.path).encode()


@pytest.mark.parametrize("path", [b"/sets/%ff", b"/%ff", b"/sessions/%ed%a0%80", b"/a/%c3%28/b"])
def test_a_path_that_is_no_text_is_a_problem(port: Port, path: bytes) -> None:
    for method in (b"GET", b"POST", b"DELETE", b"PUT"):
        answer = port.ask(method, path)
        assert (answer.status, answer.error) == (400, NO_TEXT)
        stranger = port.ask(method, path, shown=b"")
        assert (stranger.status, stranger.error) == (401, "the bearer token is missing or wrong")


def test_a_host_that_is_no_text_is_nobodys_business(port: Port) -> None:
    assert port.ask(b"GET", b"/openapi.json", host=b"\xff\xfe").status == 200


@pytest.mark.parametrize("route", [route for route in ROUTES if route.body], ids=lambda r: r.name)
def test_a_body_that_is_no_text_is_a_problem(port: Port, route: Route) -> None:
    for body in (b'{"\xff":1}', b'{"a":"\xc3("}', b'{"tickets":[{"kind":"\xff"}]}', b"\xff\xfe{"):
        answer = port.ask(b"POST", _path(route), body)
        assert (answer.status, "the body is no UTF-8 text: byte " in answer.error) == (400, True)


@pytest.mark.parametrize("route", ROUTES, ids=lambda r: f"{r.method} {r.path}")
def test_every_answer_is_one_that_is_described(port: Port, route: Route) -> None:
    described: Any = document()["paths"][route.path][route.method.lower()]["responses"]
    method = route.method.encode()
    for answer, status in (
        (port.ask(method, _path(route) + b"?no-such=1"), 400),
        (port.ask(method, _path(route), shown=b""), 401),
    ):
        assert answer.status == status
        assert answer.error
        assert str(status) in described
    assert ("503" in described) == (route.method != "GET")


def test_only_a_load_of_tickets_is_long(port: Port) -> None:
    for path, body, status in (
        (b"/calls", b" " * (ORDER_BYTES_MAX + 1), 413),
        (b"/calls", b" " * ORDER_BYTES_MAX, 400),
        (b"/tickets", b" " * (ORDER_BYTES_MAX + 1), 400),
        (b"/tickets", b" " * (BODY_BYTES_MAX + 1), 413),
    ):
        answer = port.ask(b"POST", path, body)
        assert (answer.status, answer.error != "") == (status, True)


def test_slashes_too_many_are_no_way_elsewhere(port: Port) -> None:
    answer = port.ask(b"POST", b"/sets//128", b"{}")
    assert (answer.status, "nothing answers 'POST /sets//128'" in answer.error) == (404, True)


@pytest.mark.parametrize("headers", [FORM, PARTS, PARTS[:-2] + b"; boundary=\xff\r\n"])
def test_a_body_is_json_whatever_its_type_is_called(port: Port, headers: bytes) -> None:
    answer = port.ask(b"POST", b"/time", b'{"seconds":"a=b&c=d"}', headers=headers)
    assert (answer.status, "Expected `float`, got `str`" in answer.error) == (400, True)


def test_a_wrong_method_is_told_the_right_ones(port: Port) -> None:
    answer = port.ask(b"PUT", b"/traffic")
    assert (answer.status, answer.headers["allow"]) == (405, "DELETE, GET, HEAD, POST")
    assert "nothing answers 'PUT /traffic'" in answer.error
    assert "allow" not in port.ask(b"PUT", b"/traffic", shown=b"").headers


def test_a_head_has_no_body(port: Port) -> None:
    for path, status in ((b"/openapi.json", 200), (b"/nothing", 404), (b"/calls", 405)):
        answer = port.ask(b"HEAD", path)
        assert (answer.status, answer.body) == (status, b"")


def test_requests_in_one_piece_are_served_a_turn_each(port: Port) -> None:
    turns: list[Callable[[], None]] = []
    later = port.clock.callLater

    def call_later(seconds: float, work: Callable[[], None], *told: Any) -> Any:
        if seconds:
            return later(seconds, work, *told)
        turns.append(work)
        return None

    port.clock.callLater = call_later
    channel, transport = port.connect()
    channel.dataReceived(b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n" * 10)
    for served in range(10):
        assert transport.value().count(b"HTTP/1.1 401 ") == served
        (turn,) = turns
        turns.clear()
        turn()
    assert transport.value().count(b"HTTP/1.1 401 ") == 10


def test_who_is_gone_before_his_turn_is_not_served(port: Port) -> None:
    channel, transport = port.connect()
    channel.dataReceived(b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n")
    channel.connectionLost(Failure(ConnectionError()))  # type: ignore[no-untyped-call]
    port.clock.advance(0)
    assert transport.value() == b""
