"""An exchange as its operator steers it over the control API, and what he can get wrong."""

import base64
import socket
import ssl
import subprocess
import threading
from datetime import datetime

import msgspec
import pytest
import requests
from oxo_simulator.control.client import ControlClient, OrderRefused
from oxo_simulator.control.messages import (
    AppointmentOrder,
    ArmedFault,
    CallOrder,
    Fault,
    Installation,
)
from oxo_simulator.ephemeral import EphemeralExchange
from oxo_tickets import Kind, Ticket

QUICK = {"reset.refused_seconds": 0.2, "reset.busy_seconds": 0.2}
pytestmark = [pytest.mark.process, pytest.mark.oxo(overrides=QUICK)]

SECONDS_MAX = 30
CALL = CallOrder(direction="outgoing", user="128", number="0390670000")
DEEP = b"[" * 100_000 + b"]" * 100_000
LOCAL = datetime(2020, 2, 24, 14)  # noqa: DTZ001


def curl(oxo: EphemeralExchange, port: int = 0) -> str:
    """Ask the taxation wire something with curl; return the HTTP status, or curl's exit status."""
    state = oxo.control.state()
    done = subprocess.run(
        ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "-m", "5", "--noproxy", "*",
         "--cacert", state.ca_file, f"https://127.0.0.1:{state.ports[port].port}/services/taxation"],
        capture_output=True, timeout=SECONDS_MAX, check=False,
    )  # fmt: skip
    return str(done.returncode) if done.returncode else done.stdout.decode()


def events(oxo: EphemeralExchange) -> list[str]:
    return [line.event for line in oxo.control.ledger()]


def test_a_stranger_learns_nothing(oxo: EphemeralExchange) -> None:
    with requests.Session() as session:
        session.trust_env = False
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic x"}):
            answer = session.get(f"{oxo.control.url}/state", headers=headers, timeout=5)
            assert answer.status_code == 401
            assert answer.json() == {"error": "the bearer token is missing or wrong"}


def test_a_body_without_end_is_refused_before_it_is_read(oxo: EphemeralExchange) -> None:
    host, port = oxo.control.url.removeprefix("http://").split(":")
    for header in (b"Content-Length: 99999999999\r\n\r\n",):
        with socket.create_connection((host, int(port)), 5) as raw:
            raw.sendall(b"POST /tickets HTTP/1.1\r\nHost: x\r\n" + header)
            assert raw.recv(4096).startswith(b"HTTP/1.1 413 ")
    assert oxo.control.state().phase == "serving"


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/calls", b"{", "truncated"),
        ("/calls", b"[]", "Expected `object`"),
        ("/calls", b'{"calls":[{"direction":"up","user":"1","number":"2"}]}', "Invalid enum"),
        ("/calls", b'{"calls":[],"when":1}', "unknown field `when`"),
        ("/time", b'{"seconds":-1}', "advance by -1.0 s; 0 to 31622400 is expected"),
        ("/installation", b'{"profile":"x"}', "no profile 'x'"),
        ("/installation", b'{"overrides":{"user":"x"}}', "user stays while the exchange runs"),
        ("/installation", b'{"start":"2020-03-29T02:30:00"}', "does not exist in Europe/Berlin"),
        ("/link/fault", b'{"kind":"cut","ports":["fax"]}', "port 'fax'; there are standard"),
        ("/tickets", b'{"tickets":[],"pace":-1}', "pace -1.0; 0 (at once) to"),
        ("/tickets", b'{"tickets":[%b]}' % DEEP, "nested too deeply"),
        ("/installation", b'{"overrides":{"name":%b}}' % DEEP, "nested too deeply"),
        ("/installation", b'{"overrides":{"contract.namespace":"%zz"}}', "namespace is expected"),
    ],
)
def test_a_wrong_order_is_400_and_changes_nothing(
    oxo: EphemeralExchange, path: str, body: bytes, words: str
) -> None:
    before = oxo.control.state()
    token = (oxo.folder / "control.token").read_text("ascii").strip()
    with requests.Session() as session:
        session.trust_env = False
        answer = session.post(
            oxo.control.url + path,
            data=body,
            headers={"Authorization": f"Bearer {token}"},
            timeout=5,
        )
    assert answer.status_code == 400
    assert words in answer.json()["error"]
    assert oxo.control.state() == before


def test_calls_and_appointments_leave_tickets_and_time_moves_with_them(
    oxo: EphemeralExchange,
) -> None:
    client = oxo.control
    placed = client.place_calls(CALL, CALL)
    assert placed.ids == [1, 2]
    assert client.program_appointment(AppointmentOrder(user="106", time="07:00")).ids == [3]
    assert client.place_calls(CALL, advance=False).ids == []
    assert client.advance(51).tickets_made == 4
    sources = [line.detail["source"] for line in client.ledger() if line.event == "made"]
    assert sources == ["call", "call", "appointment", "call"]
    with pytest.raises(OrderRefused, match="user '1' is no set"):
        client.place_calls(CallOrder(direction="outgoing", user="1", number="2"))


def test_loaded_tickets_stand_in_the_ledger_as_they_were(oxo: EphemeralExchange) -> None:
    tickets = [Ticket(kind=Kind.CALL, local_time=LOCAL, call_seconds=n) for n in range(3)]
    assert oxo.control.load(tickets).ids == [1, 2, 3]
    made = [line.detail["ticket"] for line in oxo.control.ledger() if line.event == "made"]
    assert [msgspec.convert(found, Ticket) for found in made] == tickets
    lines = (oxo.folder / "ledger.ndjson").read_bytes().splitlines()
    assert len(lines) == len(oxo.control.ledger())


def test_a_certificate_that_cannot_be_announced_is_not_shown(oxo: EphemeralExchange) -> None:
    before, aside = oxo.control.certificate(), oxo.folder.with_name(f"{oxo.folder.name}-aside")
    oxo.folder.rename(aside)
    try:
        with pytest.raises(OrderRefused, match=r"exchange\.json: No such file"):
            oxo.control.renew_certificate()
    finally:
        aside.rename(oxo.folder)
    assert oxo.control.certificate() == before
    assert oxo.control.state().fingerprint == before.fingerprint
    oxo.control.renew_certificate()
    assert "certificate" in events(oxo)


@pytest.mark.needs("curl")
def test_an_installation_is_fresh_behind_the_same_ports(oxo: EphemeralExchange) -> None:
    client = oxo.control
    client.place_calls(CALL)
    client.strike(Fault(kind="cut"))
    client.arm(ArmedFault(when="offered", fault=Fault(kind="cut")))
    client.licence(call_accounting_over_ip=False)
    before = client.state()
    after = client.install(
        Installation(profile="r3.2-iwr", tag_set="observed", seed=7, start=LOCAL)
    )
    assert (after.buffered, after.tickets_made, after.link, after.licence) == (0, 0, "whole", True)
    assert after.epoch != before.epoch
    assert (after.profile, after.tag_set, after.seed) == ("r3.2-iwr", "observed", 7)
    assert [p.port for p in after.ports] == [p.port for p in before.ports]
    assert (curl(oxo, 0), curl(oxo, 1)) == ("401", "7")
    first = client.ledger()[0]
    assert (first.n, first.event, first.detail["profile"]) == (1, "installed", "r3.2-iwr")
    assert first.detail["mode"] == "business"
    assert set(first.detail) == {
        "installation", "seed", "epoch", "profile", "tag_set", "zone", "mode",
    }  # fmt: skip


def test_an_installation_without_a_place_for_its_ledger_leaves_the_old_one(
    oxo: EphemeralExchange,
) -> None:
    before, aside = oxo.control.state(), oxo.folder.with_name(f"{oxo.folder.name}-aside")
    oxo.folder.rename(aside)
    try:
        with pytest.raises(OrderRefused, match=r"ledger\.ndjson: No such file"):
            oxo.control.install(Installation())
        assert oxo.control.state() == before
        assert oxo.control.place_calls(CALL).ids == [1]
        assert events(oxo)[-2:] == ["buffered", "call ended"]
    finally:
        aside.rename(oxo.folder)


def test_the_ledger_waits_for_its_next_line(oxo: EphemeralExchange) -> None:
    last = len(oxo.control.ledger())
    assert oxo.control.ledger(last, wait_seconds=0.1) == []
    found: list[str] = []
    with ControlClient.from_state(oxo.folder) as other:
        waiting = threading.Thread(
            target=lambda: found.extend(line.event for line in other.ledger(last, 20))
        )
        waiting.start()
        oxo.control.place_calls(CALL)
        waiting.join(SECONDS_MAX)
    assert found[0] == "call"


def test_who_waits_for_the_old_ledger_is_let_go(oxo: EphemeralExchange) -> None:
    last = len(oxo.control.ledger())
    done = threading.Event()
    with ControlClient.from_state(oxo.folder) as other:

        def wait() -> None:
            other.ledger(last, 20)
            done.set()

        waiting = threading.Thread(target=wait)
        waiting.start()
        oxo.control.install(Installation())
        oxo.control.strike(Fault(kind="reset"))
        assert done.wait(10)
        waiting.join(SECONDS_MAX)


@pytest.mark.needs("curl")
def test_a_warm_reset_refuses_then_is_busy_then_serves_and_keeps_tickets(
    oxo: EphemeralExchange,
) -> None:
    client = oxo.control
    slow = {"reset.refused_seconds": 1, "reset.busy_seconds": 1}
    client.install(Installation(overrides=slow))
    client.place_calls(CALL)
    assert client.reset().phase == "refused"
    assert curl(oxo) == "7", "ECONNREFUSED"
    since = 0
    seen = {}
    while "serving" not in seen:
        for line in client.ledger(since, 10):
            since = line.n
            if line.event == "phase":
                seen[line.detail["phase"]] = curl(oxo)
    assert seen == {"refused": "7", "busy": "503", "serving": "401"}
    assert client.state().buffered == 1


def test_who_names_no_host_is_led_through_the_link_and_not_past_it(oxo: EphemeralExchange) -> None:
    port = oxo.control.state().ports[0].port
    trusting = ssl.create_default_context(cafile=oxo.ca_file)
    shown = base64.b64encode(f"{oxo.user}:{oxo.password}".encode()).decode()
    asked = f"GET /services/taxation?wsdl HTTP/1.0\r\nAuthorization: Basic {shown}\r\n\r\n"
    with (
        socket.create_connection(("127.0.0.1", port), SECONDS_MAX) as raw,
        trusting.wrap_socket(raw, server_hostname="127.0.0.1") as connection,
        connection.makefile("rb") as answer,
    ):
        connection.sendall(asked.encode())
        said = answer.read()
    assert said.startswith((b"HTTP/1.1 200 ", b"HTTP/1.0 200 "))
    assert f'location="https://127.0.0.1:{port}/services/taxation"'.encode() in said


def test_a_warm_reset_resets_the_connections_that_are_open(oxo: EphemeralExchange) -> None:
    port = oxo.control.state().ports[0].port
    last = len(oxo.control.ledger())
    with socket.create_connection(("127.0.0.1", port), 5) as open_one:
        while not oxo.control.ledger(last, 10):
            pass
        oxo.control.reset()
        with pytest.raises(ConnectionResetError):
            open_one.recv(1)


def test_the_licence_switch_drops_and_keeps(oxo: EphemeralExchange) -> None:
    oxo.control.place_calls(CALL)
    assert not oxo.control.licence(call_accounting_over_ip=False).licence
    oxo.control.place_calls(CALL)
    assert oxo.control.state().buffered == 1
    assert events(oxo)[-2:] == ["dropped", "call ended"]
    assert oxo.control.licence(call_accounting_over_ip=True).licence
    told = [line.detail for line in oxo.control.ledger() if line.event == "licence"]
    assert told == [{"call_accounting_over_ip": False}, {"call_accounting_over_ip": True}]


def test_the_state_tells_the_last_line_of_the_ledger(oxo: EphemeralExchange) -> None:
    assert oxo.control.state().ledger_last == 1
    oxo.control.place_calls(CALL)
    assert oxo.control.state().ledger_last == oxo.control.ledger()[-1].n
