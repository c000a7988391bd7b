"""Guessed passwords: the guesser waits, nobody else does, and nobody is locked out."""

import base64
from collections.abc import Callable
from typing import Any

import pytest
from oxo_simulator.taxation import TaxationSettings
from oxo_simulator.taxation.guesses import (
    ADDRESSES_MAX,
    DELAY_SECONDS_FIRST,
    DELAY_SECONDS_MAX,
    FORGET_SECONDS,
    GUESSES_FREE,
    Guesses,
)
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

MakeWire = Callable[..., Any]
LOGIN = (
    b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">'
    b'<s:Body><Login xmlns="urn:oxo-sim:taxation:1"/></s:Body></s:Envelope>'
)


def basic(password: str) -> str:
    return "Basic " + base64.b64encode(f"collector:{password}".encode()).decode()


def test_the_wait_grows_to_its_limit_and_no_further() -> None:
    guesses = Guesses()
    waits = []
    for _ in range(10):
        waits.append(guesses.delay_seconds("a", 0))
        guesses.wrong("a", 0)
    grown = [DELAY_SECONDS_FIRST * 2**n for n in range(4)]
    assert waits == [0.0] * GUESSES_FREE + grown + [DELAY_SECONDS_MAX] * (6 - GUESSES_FREE)
    for _ in range(5000):
        guesses.wrong("a", 0)
    assert guesses.delay_seconds("a", 0) == DELAY_SECONDS_MAX


def test_it_concerns_one_address_and_is_forgotten() -> None:
    guesses = Guesses()
    for _ in range(GUESSES_FREE):
        guesses.wrong("a", 100)
    assert guesses.delay_seconds("b", 100) == 0
    assert guesses.delay_seconds("a", 100 + FORGET_SECONDS - 1) == DELAY_SECONDS_FIRST
    assert guesses.delay_seconds("a", 100 + FORGET_SECONDS) == 0
    assert guesses.wrong("a", 100 + FORGET_SECONDS) == 1


def test_the_addresses_remembered_are_bounded_and_the_quiet_ones_go_first() -> None:
    guesses = Guesses()
    for n in range(ADDRESSES_MAX):
        guesses.wrong(f"a{n}", 0)
    guesses.wrong("a0", 0)
    guesses.wrong("one more", 0)
    assert guesses.wrong("a0", 0) == 3
    assert guesses.wrong("a1", 0) == 1


# on the wire


def guess(wire: Any, times: int) -> None:
    """Bring so many wrong passwords, and wait each one's delay."""
    for _ in range(times):
        channel, transport = wire.connect()
        channel.dataReceived(wire.request(LOGIN, authorization=basic("wrong")))
        wire.clock.advance(DELAY_SECONDS_MAX)
        assert transport.value().startswith(b"HTTP/1.1 401 ")
        channel.connectionLost(Failure(ConnectionDone()))  # type: ignore[no-untyped-call]


def test_a_guesser_waits_the_longer_the_more_it_guessed(make_wire: MakeWire) -> None:
    wire = make_wire()
    guess(wire, GUESSES_FREE)
    for wait in (DELAY_SECONDS_FIRST, 2 * DELAY_SECONDS_FIRST):
        channel, transport = wire.connect()
        channel.dataReceived(wire.request(LOGIN, authorization=basic("wrong")))
        wire.clock.advance(wait * 0.99)
        assert transport.value() == b""
        wire.clock.advance(wait * 0.01)
        assert transport.value().startswith(b"HTTP/1.1 401 ")
    told = [detail.get("delay_seconds", 0) for _, detail in wire.exchange.journal]
    assert told == [0, 0, 0.5, 1, 2]
    assert {detail["reason"] for _, detail in wire.exchange.journal} == {"wrong credentials"}


def test_the_right_password_waits_as_long_and_comes_in(make_wire: MakeWire) -> None:
    wire = make_wire(1)
    guess(wire, 20)
    channel, transport = wire.connect()
    channel.dataReceived(wire.request(LOGIN))
    wire.clock.advance(DELAY_SECONDS_MAX * 0.99)
    assert transport.value() == b""
    wire.clock.advance(DELAY_SECONDS_MAX * 0.01)
    (reply,) = wire.replies(transport.value())
    assert reply.status == 200
    # From now on neither this connection nor this session waits.
    transport.clear()
    channel.dataReceived(wire.request(LOGIN))
    (again,) = wire.replies(transport.value())
    assert again.status == 200
    wire.cookie = again.headers["Set-Cookie"].split(";")[0]
    assert wire.get().status == 200


def test_who_comes_from_elsewhere_does_not_wait(make_wire: MakeWire) -> None:
    wire = make_wire(1)
    guess(wire, 20)
    wire.taxation._connection_name = lambda _peer, _here: ("c9", "192.0.2.7:5000")
    assert wire.login().status == 200


def test_a_proven_connection_is_not_punished_for_its_neighbours(make_wire: MakeWire) -> None:
    wire = make_wire(1)
    channel, transport = wire.connect()
    channel.dataReceived(wire.request(LOGIN))
    for _ in range(20):
        wire.taxation._guesses.wrong("127.0.0.9", wire.clock.seconds())
    transport.clear()
    channel.dataReceived(wire.request(LOGIN))
    assert transport.value().startswith(b"HTTP/1.1 200 ")


def test_requests_without_credentials_are_no_guesses(make_wire: MakeWire) -> None:
    wire = make_wire()
    for _ in range(20):
        assert wire.ask(LOGIN, authorization=None).status == 401
    assert wire.login().status == 200


def test_a_cookie_that_is_not_the_sessions_does_not_help(make_wire: MakeWire) -> None:
    wire = make_wire(1)
    wire.login()
    guess(wire, 20)
    channel, transport = wire.connect()
    for cookie in ("SESSIONID=secret2", "SESSIONID=", "other=secret1"):
        channel.dataReceived(wire.request(LOGIN, cookie=cookie, authorization=basic("wrong")))
        assert transport.value() == b""
        wire.clock.advance(DELAY_SECONDS_MAX)
        assert transport.value().startswith(b"HTTP/1.1 401 ")
        transport.clear()


def test_a_guesser_that_goes_away_leaves_nothing_behind(make_wire: MakeWire) -> None:
    wire = make_wire()
    guess(wire, 20)
    told = len(wire.exchange.journal)
    channel, transport = wire.connect()
    channel.dataReceived(wire.request(LOGIN, authorization=basic("wrong")) * 3)
    channel.connectionLost(Failure(ConnectionDone()))  # type: ignore[no-untyped-call]
    assert wire.clock.getDelayedCalls() == []
    wire.clock.advance(DELAY_SECONDS_MAX)
    assert (transport.value(), len(wire.exchange.journal)) == (b"", told)


def test_the_log_names_the_guesser_now_and_then_and_no_password(
    make_wire: MakeWire, capsys: pytest.CaptureFixture[str]
) -> None:
    wire = make_wire()
    guess(wire, 40)
    lines = [line for line in capsys.readouterr().out.splitlines() if "guessed" in line]
    assert len(lines) == 4
    assert all("127.0.0.9" in line and "wrong" in line for line in lines)
    assert not any(basic("wrong").split()[1] in line for line in lines)


def test_a_fresh_installation_waits_for_nobodys_old_guesses(make_wire: MakeWire) -> None:
    wire = make_wire()
    guess(wire, GUESSES_FREE + 4)
    wire.taxation.install(wire.exchange, TaxationSettings())
    assert wire.login().status == 200, "answered at once"
