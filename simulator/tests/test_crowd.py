"""A crowd at the link, with real sockets: strangers come and go, the collector is served."""

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from oxo_simulator.control.client import ControlClient
from oxo_simulator.link.places import PEER_CONNECTIONS_MAX

pytestmark = pytest.mark.process

SECONDS_MAX = 20
CROWD = 4 * PEER_CONNECTIONS_MAX
LOGIN = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">'
    '<s:Body><Login xmlns="urn:oxo-sim:taxation:1"/></s:Body></s:Envelope>'
)


@pytest.fixture
def folder(start_exchange: Callable[..., Path]) -> Path:
    return start_exchange()


@pytest.fixture
def client(folder: Path) -> Iterator[ControlClient]:
    with ControlClient.from_state(folder) as client:
        yield client


@pytest.fixture
def session(folder: Path, client: ControlClient) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.verify = client.state().ca_file
        session.auth = ("administrator", (folder / "taxation.password").read_text().strip())
        session.headers["Content-Type"] = "text/xml"
        yield session


def address(client: ControlClient) -> tuple[str, int]:
    port = client.state().ports[0]
    return port.address, port.port


def login(session: requests.Session, client: ControlClient, **more: Any) -> int:
    host, port = address(client)
    url = f"https://{host}:{port}/services/taxation"
    return session.post(url, LOGIN, timeout=SECONDS_MAX, **more).status_code


def test_a_crowd_does_not_push_the_collector_out(
    client: ControlClient, session: requests.Session
) -> None:
    assert login(session, client) == 200
    where = address(client)
    with contextlib.ExitStack() as crowd:
        for _ in range(CROWD):
            crowd.enter_context(socket.create_connection(where, SECONDS_MAX))
        # On its old connection, and from the crowd's own address on a new one.
        assert login(session, client) == 200
        assert login(session, client, headers={"Connection": "close"}) == 200
        session.close()
        assert login(session, client) == 200
    lines = client.ledger()
    assert len([line for line in lines if line.event == "session opened"]) == 4
    refused = [line.detail for line in lines if line.event == "refused"]
    assert {detail["reason"] for detail in refused} == {"too many connections"}
    assert len(refused) >= CROWD - PEER_CONNECTIONS_MAX


def test_tls_below_1_2_is_refused_and_the_exchange_goes_on(
    client: ControlClient, session: requests.Session
) -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="deprecated"):
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with (
        socket.create_connection(address(client), SECONDS_MAX) as plain,
        pytest.raises((ssl.SSLError, ConnectionError)),
    ):
        old.wrap_socket(plain)
    assert login(session, client) == 200
