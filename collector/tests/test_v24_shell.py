"""The V24 wire over real sockets: either side listens, one peer at a time, no stop loses a line."""

import logging
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import structlog
from oxo_collector.collection import collect
from oxo_collector.configuration import load
from oxo_collector.store import Reading
from oxo_collector.v24 import shell
from oxo_tickets import from_json

pytestmark = pytest.mark.process

SECONDS_MAX = 20
LINE = b"A%d  --> N01 24/02/20 14:32 00:00:50     2 ST       00390670000\r\n"
TITLES = (
    b"USER      LINE         TIME           TAXES    ADD. SERVICES\r\n"
    b"      TYPE    DATE           DURATION       SERV     DIALLED NUMBER\r\n"
)


class Printing:
    """A collection from one printer port, in a thread of the test."""

    def __init__(self, folder: Path, keys: str) -> None:
        self.path = folder / "collector.toml"
        head = 'store = "t.db"\n[[exchange]]\nname = "site"\nzone = "UTC"\n[exchange.v24]\n'
        rests = "rest_seconds_first = 0.01\nrest_seconds_max = 0.02\n"
        self.path.write_text(head + rests + keys, "utf-8")
        self.log: list[dict[str, Any]] = []
        self._grown = threading.Condition()
        self._stop = threading.Event()
        logger = structlog.wrap_logger(
            structlog.ReturnLogger(),
            processors=[structlog.processors.add_log_level, self._keep],
            wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        )
        self._thread = threading.Thread(target=collect, args=(load(self.path), self._stop, logger))
        self._thread.start()

    def _keep(self, _log: Any, _method: str, event: MutableMapping[str, Any]) -> Any:
        with self._grown:
            self.log.append(dict(event))
            self._grown.notify_all()
        raise structlog.DropEvent

    def await_said(self, text: str, times: int = 1) -> dict[str, Any]:
        def said() -> list[dict[str, Any]]:
            return [one for one in self.log if text in str(one["event"])]

        with self._grown:
            assert self._grown.wait_for(lambda: len(said()) >= times, SECONDS_MAX), self.log
        return said()[times - 1]

    @property
    def port(self) -> int:
        return int(self.await_said("listening")["port"])

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(SECONDS_MAX)
        assert not self._thread.is_alive()

    def users(self) -> list[str | None]:
        with Reading(load(self.path).store) as store:
            return [from_json(row.canonical).charged_user for row in store.tickets()]

    def quarantined(self) -> list[str]:
        with Reading(load(self.path).store) as store:
            return [row.reason for row in store.quarantine()]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[str], Printing]]:
    begun: list[Printing] = []

    def printing(keys: str = 'listen = "127.0.0.1:0"\nlayout = "79"\n') -> Printing:
        begun.append(Printing(tmp_path, keys))
        return begun[-1]

    yield printing
    for one in begun:
        one.stop()
        assert not any("defect" in str(said["event"]) for said in one.log), one.log


def dial(port: int) -> socket.socket:
    peer = socket.create_connection(("127.0.0.1", port), SECONDS_MAX)
    assert peer.recv(1) == b"\x11"
    return peer


def test_a_listener_keeps_what_a_peer_prints_and_the_next_one_too(
    start: Callable[..., Printing],
) -> None:
    printing = start()
    with dial(printing.port) as peer:
        peer.sendall(LINE % 101 + LINE % 101 + b"garbage that is no statement\r\n")
        printing.await_said("lines stored")
    printing.await_said("the connection is at its end")
    with dial(printing.port) as peer:
        peer.sendall(LINE % 103)
        printing.await_said("lines stored", 2)
    printing.stop()
    assert printing.users() == ["101", "101", "103"]
    assert len(printing.quarantined()) == 1
    with Reading(load(printing.path).store) as store:
        epochs = [row.epoch for row in store.tickets()]
        (status,) = store.status()
    assert epochs[0] == epochs[1] != epochs[2]
    assert all(epoch.startswith("v24:20") for epoch in epochs)
    assert (status.wire, status.missing) == ("v24", 0)


def test_a_stop_in_the_middle_of_a_line_takes_the_rest_of_it(
    start: Callable[..., Printing],
) -> None:
    printing = start()
    with dial(printing.port) as peer:
        peer.sendall(LINE % 101 + (LINE % 102)[:20])
        printing.await_said("lines stored")
        printing._stop.set()
        assert peer.recv(1) == b"\x13"
        peer.sendall((LINE % 102)[20:])
        assert peer.recv(1) == b""
    printing.stop()
    assert printing.users() == ["101", "102"]
    assert printing.quarantined() == []


def test_we_connect_again_and_again_where_the_exchange_listens(
    start: Callable[..., Printing],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(SECONDS_MAX)
        port = server.getsockname()[1]
        printing = start(f'connect = "127.0.0.1:{port}"\nlayout = "79"\n')
        for number in (101, 102):
            peer, _ = server.accept()
            with peer:
                assert peer.recv(1) == b"\x11"
                peer.sendall(LINE % number)
                printing.await_said("lines stored", number - 100)
    printing.await_said("no connection to the printer port: Connection refused")
    printing.stop()
    assert printing.users() == ["101", "102"]


def test_lines_that_came_before_the_titles_become_tickets_also_after_a_restart(
    start: Callable[..., Printing],
) -> None:
    keys = 'listen = "127.0.0.1:0"\n'
    printing = start(keys)
    with dial(printing.port) as peer:
        peer.sendall(LINE % 101)
        printing.await_said("lines stored")
    printing.stop()
    assert printing.users() == []
    printing = start(keys)
    with dial(printing.port) as peer:
        peer.sendall(TITLES + LINE % 102)
        printing.await_said("read again")
    printing.stop()
    assert sorted(map(str, printing.users())) == ["101", "102"]
    printing = start(keys)
    with dial(printing.port) as peer:
        peer.sendall(LINE % 103)
        printing.await_said("lines stored")
    printing.stop()
    assert sorted(map(str, printing.users())) == ["101", "102", "103"]
    assert printing.quarantined() == []


def test_what_waits_is_read_when_columns_are_configured(start: Callable[..., Printing]) -> None:
    printing = start('listen = "127.0.0.1:0"\n')
    with dial(printing.port) as peer:
        peer.sendall(LINE % 101)
        printing.await_said("lines stored")
    printing.stop()
    printing = start()
    assert printing.port
    printing.stop()
    assert printing.users() == ["101"]


def test_a_second_peer_waits_unread_and_is_served_when_the_first_is_silent(
    start: Callable[..., Printing], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shell, "GIVES_WAY_SECONDS", 0.6)
    printing = start()
    with dial(printing.port) as first:
        second = socket.create_connection(("127.0.0.1", printing.port), SECONDS_MAX)
        with second:
            second.sendall(LINE % 102)
            printing.await_said("another peer knocks")
            first.sendall(LINE % 101)
            printing.await_said("silent while another peer waited")
            printing.await_said("lines stored", 2)
    printing.stop()
    assert printing.users() == ["101", "102"]


def test_who_knocks_and_goes_again_costs_a_silent_printer_nothing(
    start: Callable[..., Printing], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shell, "GIVES_WAY_SECONDS", 0.1)
    printing = start()
    with dial(printing.port) as printer:
        socket.create_connection(("127.0.0.1", printing.port), SECONDS_MAX).close()
        printer.settimeout(0.8)
        with pytest.raises(TimeoutError):
            printer.recv(1)  # the end of the connection, if it had to give way
        printer.sendall(LINE % 101)
        printing.await_said("lines stored")
    printing.stop()
    assert printing.users() == ["101"]


def test_a_connection_on_which_nothing_comes_is_begun_anew(
    start: Callable[..., Printing],
) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as printer:
        port = printer.getsockname()[1]
        keys = f'connect = "127.0.0.1:{port}"\nlayout = "79"\nsilence_seconds_max = 0.05\n'
        printing = start(keys)
        printer.settimeout(SECONDS_MAX)
        silent, _ = printer.accept()
        with silent:
            silent.settimeout(SECONDS_MAX)
            while silent.recv(64):  # XON, XOFF, and then the end of the collector's side
                pass
            silent.sendall(LINE % 128)  # it was under way
            again, _ = printer.accept()
            with again:
                again.sendall(LINE % 129)
                printing.await_said("lines stored", times=2)
    assert printing.users() == ["128", "129"]


def test_a_store_that_is_locked_stops_the_peer_and_takes_the_lines_later(
    start: Callable[..., Printing], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oxo_collector.store.BUSY_SECONDS_MAX", 0.05)
    printing = start()
    with dial(printing.port) as peer:
        with closing(sqlite3.connect(load(printing.path).store)) as other:
            other.execute("BEGIN IMMEDIATE")
            peer.sendall(LINE % 101)
            assert peer.recv(1) == b"\x13"
            peer.sendall(LINE % 102)
            other.rollback()
        assert peer.recv(1) == b"\x11"
    printing.await_said("the connection is at its end")
    printing.stop()
    assert printing.users() == ["101", "102"]


def test_a_door_that_is_taken_is_named_and_tried_again(start: Callable[..., Printing]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        printing = start(f'listen = "127.0.0.1:{port}"\n')
        said = printing.await_said("cannot listen: Address already in use")
        assert f"127.0.0.1:{port}" in said["event"]
        assert "the operator's configuration" in said["event"]
    assert printing.port == port
