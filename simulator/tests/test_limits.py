"""Limits of the control port, in memory: what a body may cost."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from oxo_simulator.control.limits import ControlSite
from oxo_simulator.exchange.placed import OrderError
from oxo_simulator.simulation import Simulation
from twisted.internet.address import IPv4Address
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.web.resource import Resource

HERE = IPv4Address("TCP", "127.0.0.1", 1)
LONG = b"x" * 200_000


class Length(Resource):
    """Answers how long a body was."""

    isLeaf = True  # noqa: N815 - Twisted's interface

    def render_POST(self, request: Any) -> bytes:  # noqa: N802 - Twisted's interface
        return json.dumps(len(request.content.read())).encode()


def test_a_long_body_needs_no_room_on_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", full)
    clock: Any = Clock()
    site: Any = ControlSite(Length(), clock)  # type: ignore[no-untyped-call]
    channel = site.buildProtocol(HERE)
    transport: Any = StringTransport(HERE, HERE)  # type: ignore[no-untyped-call]
    channel.makeConnection(transport)
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(LONG)
    channel.dataReceived(head + LONG)
    clock.advance(0)
    assert transport.value().startswith(b"HTTP/1.1 200 ")
    assert transport.value().endswith(b"\r\n\r\n200000")


def test_exchange_time_is_not_moved_beyond_what_a_date_can_say() -> None:
    moment = SimpleNamespace(utc=SimpleNamespace(year=9001))
    late: Any = SimpleNamespace(installed=SimpleNamespace(wall=SimpleNamespace(now=lambda: moment)))
    with pytest.raises(OrderError, match="has come to the year 9000; install afresh"):
        Simulation.advance(late, 1)
