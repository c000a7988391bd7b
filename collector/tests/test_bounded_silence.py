"""A peer that is gone without a word is noticed in a bounded time, on every wire."""

import socket
from pathlib import Path

import pytest
from oxo_collector.configuration import load
from oxo_collector.receipt import Wire
from oxo_collector.v24.shell import KEEP_ALIVE, alive

MINUTE = 60.0
CONFIGURATION = """
store = "t.db"
[[exchange]]
name = "site"
zone = "UTC"
address = "192.0.2.1"
user = "administrator"
password_env = "SECRET"
fingerprint = "{digest}"
[exchange.nmc]
address = "192.0.2.1"
password_env = "SECRET"
[exchange.account]
address = "192.0.2.1"
password_env = "SECRET"
host_key = "SHA256:uNiVztksCsDhcc0u9e8BgrJXVGDlyKeHn8YJn9pD2bw"
[exchange.stream]
address = "192.0.2.1"
[exchange.v24]
connect = "192.0.2.1:6970"
[exchange.ohl]
address = "192.0.2.1"
"""
LIMITS = {
    Wire.TAXATION: ("read_seconds_max", MINUTE),
    Wire.NMC: ("read_seconds_max", MINUTE),
    Wire.ACCOUNT: ("read_seconds_max", MINUTE),
    Wire.STREAM: ("silence_seconds_max", 2 * MINUTE),
    Wire.OHL: ("silence_seconds_max", MINUTE),
    Wire.V24: ("silence_seconds_max", 15 * MINUTE),  # nothing else comes on an idle print-out
}


@pytest.mark.parametrize("wire", list(Wire))
def test_who_configures_nothing_has_a_limit_of_silence(wire: Wire, tmp_path: Path) -> None:
    path = tmp_path / "collector.toml"
    path.write_text(CONFIGURATION.format(digest="0" * 64), "utf-8")
    (exchange,) = load(path).exchange
    name, seconds = LIMITS[wire]
    settings = getattr(exchange, wire)
    assert 0 < getattr(settings, name) <= seconds
    assert 0 < settings.connect_seconds_max <= seconds


def test_the_system_asks_a_printer_that_says_nothing() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    with listener, socket.create_connection(listener.getsockname()) as peer, alive(peer):
        told = {option: peer.getsockopt(level, option) for option, level, _ in KEEP_ALIVE}
        idle, every, times = (
            told[one] for one in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
        )
        assert told[socket.SO_KEEPALIVE]
        assert idle + every * times <= MINUTE
