"""Faults in front of a whole exchange, with real sockets: every wire answers afterwards."""

import ftplib
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import get_args, get_type_hints

import msgspec
import pytest
from oxo_simulator.control.messages import Fault
from oxo_simulator.ephemeral import EphemeralExchange

OPEN = {f"{wire}.open": True for wire in ("nmc", "v24", "ohl", "account", "stream")}
pytestmark = [pytest.mark.process, pytest.mark.oxo(overrides=OPEN)]

SECONDS_MAX = 20
KINDS = get_args(get_type_hints(Fault)["kind"])
PARAMETERS = {
    "delay": {"latency_ms": 30, "jitter_ms": 10},
    "throttle": {"bytes_per_second": 50},
    "slice": {"slice_bytes": 1},
    "corrupt": {"corrupt_every_bytes": 3},
}
WORDS = ("standard", "nmc", "v24", "ohl", "account", "stream")
GREETINGS = {"nmc": b"220", "account-ftp": b"220", "account-sftp": b"SSH-2.0"}
"""What the exchange says by itself."""


def connect(oxo: EphemeralExchange, port: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", oxo.ports[port]), SECONDS_MAX)


def answers(oxo: EphemeralExchange, port: str) -> bool:
    """Tell whether the exchange is reached on a port."""
    if port == "standard":
        trusting = ssl.create_default_context(cafile=oxo.ca_file)
        with connect(oxo, port) as raw, trusting.wrap_socket(raw, server_hostname="127.0.0.1"):
            return True
    with connect(oxo, port) as found:
        greeting = GREETINGS.get(port, b"")
        return found.recv(len(greeting), socket.MSG_WAITALL) == greeting if greeting else True


def test_a_fault_of_every_kind_on_every_wire_leaves_the_exchange_serving(
    oxo: EphemeralExchange,
) -> None:
    ports = [*GREETINGS, "standard", "v24", "ohl", "stream-a"]
    for kind in KINDS:
        for word in WORDS:
            wanted = {"kind": kind, "ports": [word], **PARAMETERS.get(kind, {})}
            oxo.control.strike(msgspec.convert(wanted, Fault))
        held: list[socket.socket] = []
        for port in ports:
            with suppress(ConnectionError):
                held.append(connect(oxo, port))
                held[-1].sendall(b"\r\n")
        now = oxo.control.restore(reset_connections=True)
        assert (now.link, now.phase) == ("whole", "serving")
        for each in held:
            each.close()
        assert [port for port in ports if not answers(oxo, port)] == [], kind


@contextmanager
def account_files(oxo: EphemeralExchange) -> Iterator[ftplib.FTP]:
    """Log in to the account files; its data connections are passive."""
    client = ftplib.FTP(timeout=SECONDS_MAX)  # noqa: S321 - the wire is FTP
    client.connect("127.0.0.1", oxo.ports["account-ftp"])
    state = oxo.control.profile()
    user = next(each.value for each in state.keys if each.key == "account.user")
    client.login(user, (oxo.folder / "account.password").read_text("utf-8").strip())
    yield client
    client.close()


def listing(client: ftplib.FTP) -> bytes:
    """Return what a data connection carries."""
    found = bytearray()
    client.retrbinary("LIST usr4/account", found.extend)
    return bytes(found)


def test_passive_data_connections_are_shaped_like_all_others(oxo: EphemeralExchange) -> None:
    oxo.call()
    oxo.control.close_account_file()
    with account_files(oxo) as client:
        whole = listing(client)
        assert len(whole) > 40
        for fault in (
            Fault(kind="delay", latency_ms=150, towards="collector", ports=["account-data"]),
            Fault(kind="slice", slice_bytes=3, ports=["account-data"]),
            Fault(kind="throttle", bytes_per_second=400, ports=["account-data"]),
        ):
            oxo.control.strike(fault)
        began = time.monotonic()
        assert listing(client) == whole
        assert time.monotonic() - began >= 0.15 + len(whole) / 400
        oxo.control.restore()
        noise = Fault(kind="corrupt", corrupt_every_bytes=8, ports=["account-data"])
        oxo.control.strike(noise)
        noisy = listing(client)
    places = [place for place in range(len(whole)) if noisy[place] != whole[place]]
    assert len(noisy) == len(whole)
    told = [(line.detail["offset"], line.detail["became"]) for line in oxo.ledger("corrupted")]
    assert told == [(place, f"{noisy[place]:02x}") for place in places]
    assert [place // 8 for place in places] == list(range(len(places)))


def test_a_fault_heals_in_real_time(oxo: EphemeralExchange) -> None:
    oxo.control.strike(Fault(kind="refuse", ports=["nmc"], heal_after_seconds=0.3))
    with pytest.raises(ConnectionRefusedError):
        connect(oxo, "nmc")
    (found,) = oxo.control.link().in_force
    assert found.heals_in_seconds is not None
    assert 0 <= found.heals_in_seconds <= 0.3
    oxo.wait_for("healed")
    assert oxo.control.state().link == "whole"
    assert answers(oxo, "nmc")
