"""Another address for all ports, with a certificate for it; what was under way dies."""

import ftplib
import json
import socket
import ssl

import pytest
from oxo_simulator.control.client import OrderRefused
from oxo_simulator.ephemeral import EphemeralExchange

pytestmark = [
    pytest.mark.process,
    pytest.mark.oxo(overrides={"nmc.open": True, "nmc.licence_tickets": 1000}),
]

SECONDS_MAX = 20
OTHER = "127.0.0.3"


def refusal(oxo: EphemeralExchange, address: str) -> str:
    """Connect with TLS; return why a client that trusts the authority will not, or nothing."""
    trusting = ssl.create_default_context(cafile=oxo.ca_file)
    place = (address, oxo.ports["standard"])
    try:
        with (
            socket.create_connection(place, SECONDS_MAX) as raw,
            trusting.wrap_socket(raw, server_hostname=address),
        ):
            return ""
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    except ConnectionRefusedError:
        return "nobody listens"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("127.0.0.1", "the exchange has it already"),
        ("127.0.0.2", "the exchange itself listens there"),
        ("192.0.2.1", "one of 127.0.0.0/8 is expected, or 127.0.0.1"),
        ("pbx", "an IPv4 address is expected"),
        ("0.0.0.0", "one of 127.0.0.0/8 is expected"),  # noqa: S104 - refused
    ],
)
def test_an_address_that_cannot_be_is_refused(
    oxo: EphemeralExchange, address: str, words: str
) -> None:
    before = oxo.control.state()
    with pytest.raises(OrderRefused, match=words):
        oxo.control.move(address)
    assert oxo.control.state() == before
    assert refusal(oxo, "127.0.0.1") == ""


def test_a_number_that_is_taken_at_the_other_address_leaves_all_as_it_is(
    oxo: EphemeralExchange,
) -> None:
    fingerprint = oxo.control.certificate().fingerprint
    with socket.socket() as taken:
        taken.bind((OTHER, oxo.ports["nmc"]))
        taken.listen()
        with pytest.raises(OrderRefused, match=r"nmc: cannot listen at 127\.0\.0\.3"):
            oxo.control.move(OTHER)
    assert oxo.control.certificate().fingerprint == fingerprint
    assert refusal(oxo, "127.0.0.1") == ""
    assert refusal(oxo, OTHER) == "nobody listens"
    assert not oxo.ledger("address")


def test_every_port_moves_and_the_certificate_with_them(oxo: EphemeralExchange) -> None:
    before = oxo.control.certificate()
    oxo.load([{"kind": "call", "local_time": "2020-02-24T14:00:00", "call_seconds": 3}])
    with socket.create_connection(("127.0.0.1", oxo.ports["nmc"]), SECONDS_MAX) as old:
        assert old.recv(3) == b"220"
        state = oxo.control.move(OTHER)
        old.recv(4096)
        with pytest.raises(ConnectionResetError):
            old.recv(1)
    assert {port.address for port in state.ports} == {OTHER}
    assert refusal(oxo, "127.0.0.1") == "nobody listens"
    assert refusal(oxo, OTHER) == ""
    after = oxo.control.certificate()
    assert state.fingerprint == after.fingerprint != before.fingerprint
    assert after.authority_fingerprint == before.authority_fingerprint
    assert OTHER in after.names
    assert "127.0.0.1" not in after.names
    described = json.loads((oxo.folder / "exchange.json").read_text("utf-8"))
    assert {port["address"] for port in described["ports"]} == {OTHER}
    assert described["fingerprint"] == after.fingerprint
    assert [line.event for line in oxo.ledger() if line.event in ("address", "certificate")] == [
        "address",
        "certificate",
    ]
    (told,) = oxo.ledger("address")
    assert told.detail == {"address": OTHER, "previous": "127.0.0.1"}
    with ftplib.FTP() as ftp:  # noqa: S321 - what the wire is
        ftp.connect(OTHER, oxo.ports["nmc"], SECONDS_MAX)
        ftp.login("ftp_nmc", (oxo.folder / "nmc.password").read_text("utf-8").strip())
        assert ftp.sendcmd("PASV").startswith("227 ")
        assert "127,0,0,3," in (ftp.sendcmd("PASV"))
        assert oxo.waiting == 1, "tickets are as they were"
    assert oxo.control.move("127.0.0.1").ports[0].address == "127.0.0.1"
    assert refusal(oxo, "127.0.0.1") == ""
