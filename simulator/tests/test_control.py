"""The command and its control port, as processes: what an operator can do, and get wrong."""

import json
import signal
import socket
import ssl
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Self

import msgspec
import pytest
import requests
from cryptography import x509
from oxo_simulator.control.client import ControlClient, ExchangeUnreachable, OrderRefused
from oxo_simulator.control.messages import (
    AppointmentOrder,
    ArmedFault,
    CallOrder,
    Fault,
    Installation,
)
from oxo_tickets import Kind, Ticket, from_ndjson

pytestmark = pytest.mark.process

OXO_SIM = str(Path(sys.executable).with_name("oxo-sim"))
SECONDS_MAX = 30
CALL = CallOrder(direction="outgoing", user="128", number="0390670000")
LOCAL = datetime(2020, 2, 24, 14)  # noqa: DTZ001


class Process:
    """`oxo-sim run` with a state folder of its own and free ports."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        command = [OXO_SIM, "run", "--state", str(folder)]
        ports = ["--port", "standard=0", "--port", "alternate=0"]
        self.process = subprocess.Popen(
            [*command, *ports, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self.said = self._wait_until_it_says_where()
        self.client = ControlClient.from_state(folder)

    def _wait_until_it_says_where(self) -> str:
        assert self.process.stdout is not None
        giving_up = threading.Timer(SECONDS_MAX, self.process.kill)
        giving_up.start()
        said = ""
        while "token in" not in said:
            said += (line := self.process.stdout.readline().decode())
            if not line:
                break
        giving_up.cancel()
        assert "token in" in said, self.process.communicate()
        return said

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """End it by a signal; return its status and its log."""
        self.client.close()
        self.process.send_signal(number)
        _, log = self.process.communicate(timeout=SECONDS_MAX)
        return self.process.returncode, log.decode()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        if self.process.poll() is None:
            self.stop()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with Process(tmp_path_factory.mktemp("exchange") / "state") as process:
        yield process


@pytest.fixture
def exchange(shared: Process) -> Process:
    """Give each test a fresh exchange in the same process."""
    quick = {"reset.refused_seconds": 0.2, "reset.busy_seconds": 0.2}
    shared.client.install(Installation(overrides=quick))
    return shared


def command(exchange: Process, *words: str, given: bytes = b"") -> tuple[int, str, str]:
    done = subprocess.run(
        [OXO_SIM, *words, "--state", str(exchange.folder)],
        input=given,
        capture_output=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def curl(exchange: Process, port: int = 0) -> str:
    """Ask the taxation wire something with curl; return the HTTP status, or curl's exit status."""
    state = exchange.client.state()
    done = subprocess.run(
        ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "-m", "5", "--noproxy", "*",
         "--cacert", state.ca_file, f"https://127.0.0.1:{state.ports[port].port}/services/taxation"],
        capture_output=True, timeout=SECONDS_MAX, check=False,
    )  # fmt: skip
    return str(done.returncode) if done.returncode else done.stdout.decode()


def events(exchange: Process) -> list[str]:
    return [line.event for line in exchange.client.ledger()]


def test_the_process_tells_where_to_connect_and_keeps_its_secrets(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    with Process(folder, "--name", "pbx.example.net") as process:
        described = json.loads((folder / "exchange.json").read_text("utf-8"))
        assert set(described) == {
            "control_url", "pid", "ports", "ca_file", "fingerprint", "user",
        }  # fmt: skip
        assert described["pid"] == process.process.pid
        assert [port["name"] for port in described["ports"]] == ["standard", "alternate"]
        for port in described["ports"]:
            assert f"https://127.0.0.1:{port['port']}/services/taxation" in process.said
        password = (folder / "taxation.password").read_text("utf-8").strip()
        token = (folder / "control.token").read_text("ascii").strip()
        assert min(len(password), len(token)) >= 12
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        for secret in ("control.token", "taxation.password", "ca.key", "server.pem"):
            assert stat.S_IMODE((folder / secret).stat().st_mode) == 0o600, secret
        arguments = Path(f"/proc/{process.process.pid}/cmdline").read_bytes().decode()
        assert token not in repr(process.client) + repr(vars(process.client))
        status, log = process.stop(signal.SIGINT)
        assert status == 0
        for secret in (password, token):
            assert secret not in process.said + log + arguments
        assert "exchange.stopped" in log
        assert not (folder / "exchange.json").exists()
        assert not (folder / "control.token").exists()


@pytest.mark.needs("curl")
def test_two_exchanges_side_by_side_do_not_disturb_each_other(tmp_path: Path) -> None:
    with Process(tmp_path / "one") as one, Process(tmp_path / "two", "--seed", "2") as two:
        assert one.client.state().epoch != two.client.state().epoch
        one.client.place_calls(CALL)
        one.client.strike(Fault(kind="refuse"))
        assert (curl(one), curl(two)) == ("7", "401")
        assert (one.client.state().buffered, two.client.state().buffered) == (1, 0)
        assert one.client.state().fingerprint != two.client.state().fingerprint
        assert one.stop()[0] == 0
        assert curl(two) == "401"
        assert two.client.place_calls(CALL).ids == [1]


def test_one_folder_is_for_one_exchange(exchange: Process) -> None:
    status, _, log = command(exchange, "run", "--port", "standard=0", "--port", "alternate=0")
    assert status == 1
    assert f"another exchange runs in {exchange.folder}; give --state another folder" in log
    assert exchange.client.state().phase == "serving"


@pytest.mark.needs("curl")
def test_what_belongs_to_the_process_follows_the_profile(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        number = free.getsockname()[1]
    settings = {
        "name": "pbx7", "user": "omc", "release": "R9", "zone": "America/New_York",
        "ports.standard.number": str(number), "ports.alternate.open": "false",
    }  # fmt: skip
    words = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    with Process(tmp_path / "state", "--port", f"standard={number}", *words) as process:
        state = process.client.state()
        assert (state.name, state.user, state.release) == ("pbx7", "omc", "R9")
        assert state.zone == "America/New_York"
        assert (state.ports[0].port, state.ports[0].open) == (number, True)
        assert not state.ports[1].open
        assert (curl(process, 0), curl(process, 1)) == ("401", "7")
        described = json.loads((tmp_path / "state" / "exchange.json").read_text("utf-8"))
        assert described["user"] == "omc"
        shown = ssl.get_server_certificate(("127.0.0.1", number), timeout=5)
        names = x509.load_pem_x509_certificate(shown.encode()).extensions
        alternative = names.get_extension_for_class(x509.SubjectAlternativeName).value
        assert {"pbx7", "localhost"} <= set(alternative.get_values_for_type(x509.DNSName))


def test_a_killed_exchange_leaves_the_folder_usable(tmp_path: Path) -> None:
    with Process(tmp_path / "state") as first:
        first.process.kill()
        first.process.communicate(timeout=SECONDS_MAX)
    with Process(tmp_path / "state") as second:
        assert second.client.state().tickets_made == 0
        assert (tmp_path / "state" / "ledger.1.ndjson").exists()


@pytest.mark.parametrize(
    ("words", "log"),
    [
        (["--profile", "certfy"], "no profile 'certfy'; packaged are certify"),
        (["--set", "session.idle_seconds"], "--set session.idle_seconds: key=value is expected"),
        (["--set", "session.idle=5"], "override session.idle: no such key"),
        (["--set", "session.idle_seconds=x"], "override session.idle_seconds: Input should be"),
        (["--profile", "/nonexistent.toml"], "profile file /nonexistent.toml does not exist"),
        (["--tag-set", "all"], "Invalid enum value 'all'"),
        (["--port", "fax=1"], "--port fax: there are standard and alternate"),
        (["--listen", "0.0.0.0"], "--listen 0.0.0.0: one address"),  # noqa: S104
        (["--colour", "red"], "No such option: --colour"),
    ],
)
def test_a_wrong_option_is_one_line_and_status_2(
    tmp_path: Path, words: Sequence[str], log: str
) -> None:
    done = subprocess.run(
        [OXO_SIM, "run", "--state", tmp_path / "state", "--port", "standard=0", *words],
        capture_output=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    said = done.stderr.decode()
    assert (done.returncode, log in said) == (2, True), said
    assert "Traceback" not in said


def test_the_password_can_be_given_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("grüße und küsse\nnot this\n", "utf-8")
    with Process(tmp_path / "state", "--password-file", str(tmp_path / "secret")):
        kept = (tmp_path / "state" / "taxation.password").read_text("utf-8")
    assert kept == "grüße und küsse\n"


def test_a_second_run_keeps_the_password_unless_it_is_given_one(tmp_path: Path) -> None:
    folder, given = tmp_path / "state", tmp_path / "given"
    given.write_text("of the operator\n", "utf-8")

    def password(*options: str) -> str:
        with Process(folder, *options):
            return (folder / "taxation.password").read_text("utf-8").strip()

    first = password()
    assert password() == first
    assert password("--password-file", str(given)) == "of the operator" != first
    assert password() == "of the operator"


def test_no_exchange_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ExchangeUnreachable, match=r"exchange.json is missing.*oxo-sim run"):
        ControlClient.from_state(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with pytest.raises(ExchangeUnreachable, match="no exchange answers"):
        ControlClient(f"http://127.0.0.1:{port}", "x").state()


def test_a_stranger_learns_nothing(exchange: Process) -> None:
    with requests.Session() as session:
        session.trust_env = False
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic x"}):
            answer = session.get(f"{exchange.client.url}/state", headers=headers, timeout=5)
            assert answer.status_code == 401
            assert answer.json() == {"error": "the bearer token is missing or wrong"}


def test_a_body_without_end_is_refused_before_it_is_read(exchange: Process) -> None:
    host, port = exchange.client.url.removeprefix("http://").split(":")
    for header in (b"Content-Length: 99999999999\r\n\r\n",):
        with socket.create_connection((host, int(port)), 5) as raw:
            raw.sendall(b"POST /tickets HTTP/1.1\r\nHost: x\r\n" + header)
            assert raw.recv(4096).startswith(b"HTTP/1.1 413 ")
    assert exchange.client.state().phase == "serving"


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
    ],
)
def test_a_wrong_order_is_400_and_changes_nothing(
    exchange: Process, path: str, body: bytes, words: str
) -> None:
    before = exchange.client.state()
    token = (exchange.folder / "control.token").read_text("ascii").strip()
    with requests.Session() as session:
        session.trust_env = False
        answer = session.post(
            exchange.client.url + path,
            data=body,
            headers={"Authorization": f"Bearer {token}"},
            timeout=5,
        )
    assert answer.status_code == 400
    assert words in answer.json()["error"]
    assert exchange.client.state() == before


def test_calls_and_appointments_leave_tickets_and_time_moves_with_them(exchange: Process) -> None:
    client = exchange.client
    placed = client.place_calls(CALL, CALL)
    assert placed.ids == [1, 2]
    assert client.program_appointment(AppointmentOrder(user="106", time="07:00")).ids == [3]
    assert client.place_calls(CALL, advance=False).ids == []
    assert client.advance(51).tickets_made == 4
    sources = [line.detail["source"] for line in client.ledger() if line.event == "made"]
    assert sources == ["call", "call", "appointment", "call"]
    with pytest.raises(OrderRefused, match="user '1' is no set"):
        client.place_calls(CallOrder(direction="outgoing", user="1", number="2"))


def test_loaded_tickets_stand_in_the_ledger_as_they_were(exchange: Process) -> None:
    tickets = [Ticket(kind=Kind.CALL, local_time=LOCAL, call_seconds=n) for n in range(3)]
    assert exchange.client.load(tickets).ids == [1, 2, 3]
    made = [line.detail["ticket"] for line in exchange.client.ledger() if line.event == "made"]
    assert [msgspec.convert(found, Ticket) for found in made] == tickets
    lines = (exchange.folder / "ledger.ndjson").read_bytes().splitlines()
    assert len(lines) == len(exchange.client.ledger())


@pytest.mark.needs("curl")
def test_an_installation_is_fresh_behind_the_same_ports(exchange: Process) -> None:
    client = exchange.client
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
    assert (curl(exchange, 0), curl(exchange, 1)) == ("401", "7")
    first = client.ledger()[0]
    assert (first.n, first.event, first.detail["profile"]) == (1, "installed", "r3.2-iwr")
    assert set(first.detail) == {
        "installation", "seed", "epoch", "profile", "tag_set", "zone",
    }  # fmt: skip


def test_the_ledger_waits_for_its_next_line(exchange: Process) -> None:
    last = len(exchange.client.ledger())
    assert exchange.client.ledger(last, wait_seconds=0.1) == []
    found: list[str] = []
    with ControlClient.from_state(exchange.folder) as other:
        waiting = threading.Thread(
            target=lambda: found.extend(line.event for line in other.ledger(last, 20))
        )
        waiting.start()
        exchange.client.place_calls(CALL)
        waiting.join(SECONDS_MAX)
    assert found[0] == "made"


def test_who_waits_for_the_old_ledger_is_let_go(exchange: Process) -> None:
    last = len(exchange.client.ledger())
    done = threading.Event()
    with ControlClient.from_state(exchange.folder) as other:

        def wait() -> None:
            other.ledger(last, 20)
            done.set()

        waiting = threading.Thread(target=wait)
        waiting.start()
        exchange.client.install(Installation())
        exchange.client.strike(Fault(kind="reset"))
        assert done.wait(10)
        waiting.join(SECONDS_MAX)


@pytest.mark.needs("curl")
def test_a_warm_reset_refuses_then_is_busy_then_serves_and_keeps_tickets(
    exchange: Process,
) -> None:
    client = exchange.client
    slow = {"reset.refused_seconds": 1, "reset.busy_seconds": 1}
    client.install(Installation(overrides=slow))
    client.place_calls(CALL)
    assert client.reset().phase == "refused"
    assert curl(exchange) == "7", "ECONNREFUSED"
    since = 0
    seen = {}
    while "serving" not in seen:
        for line in client.ledger(since, 10):
            since = line.n
            if line.event == "phase":
                seen[line.detail["phase"]] = curl(exchange)
    assert seen == {"refused": "7", "busy": "503", "serving": "401"}
    assert client.state().buffered == 1


def test_a_warm_reset_resets_the_connections_that_are_open(exchange: Process) -> None:
    port = exchange.client.state().ports[0].port
    last = len(exchange.client.ledger())
    with socket.create_connection(("127.0.0.1", port), 5) as open_one:
        while not exchange.client.ledger(last, 10):
            pass
        exchange.client.reset()
        with pytest.raises(ConnectionResetError):
            open_one.recv(1)


def test_the_licence_switch_drops_and_keeps(exchange: Process) -> None:
    exchange.client.place_calls(CALL)
    assert not exchange.client.licence(call_accounting_over_ip=False).licence
    exchange.client.place_calls(CALL)
    assert exchange.client.state().buffered == 1
    assert events(exchange)[-1] == "dropped"
    assert exchange.client.licence(call_accounting_over_ip=True).licence
    told = [line.detail for line in exchange.client.ledger() if line.event == "licence"]
    assert told == [{"call_accounting_over_ip": False}, {"call_accounting_over_ip": True}]


def test_the_state_tells_the_last_line_of_the_ledger(exchange: Process) -> None:
    assert exchange.client.state().ledger_last == 1
    exchange.client.place_calls(CALL)
    assert exchange.client.state().ledger_last == exchange.client.ledger()[-1].n


@pytest.mark.needs("curl")
def test_commands_do_what_the_client_does(exchange: Process) -> None:
    status, said, _ = command(
        exchange, "call", "128", "0390", "--mode", "redial", "--units", "2", "--times", "2"
    )
    assert status == 0
    tickets = list(from_ndjson(said.encode().splitlines()))
    assert [ticket.dialling_mode for ticket in tickets] == ["redial", "redial"]
    assert str(tickets[0].cost) == "3.40"
    status, said, _ = command(exchange, "call", "106", "0", "--direction", "incoming",
                              "--ring", "9", "--duration", "0")  # fmt: skip
    assert next(from_ndjson(said.encode().splitlines())).ring_seconds == 9
    assert command(exchange, "cut", "--kind", "refuse")[:2] == (0, "link disturbed\n")
    assert curl(exchange) == "7"
    assert command(exchange, "restore")[:2] == (0, "link whole\n")
    assert command(exchange, "cut", "--when", "offered")[:2] == (0, "armed for offered\n")
    assert command(exchange, "reset", "--wait")[:2] == (0, "phase serving\n")
    assert command(exchange, "advance", "60")[1] == "2020-02-24 14:02:01\n"
    assert json.loads(command(exchange, "state", "--json")[1])["tickets_made"] == 3
    assert "3 of 1000" in command(exchange, "state")[1]
    lines = command(exchange, "ledger", "--since", "1")[1].splitlines()
    kept = (exchange.folder / "ledger.ndjson").read_text("utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [json.loads(line) for line in kept[1:]]


@pytest.mark.parametrize(
    ("words", "expected", "log"),
    [
        (["call", "999", "0"], 1, "oxo-sim: user '999' is no set of this exchange"),
        (["call", "128", "0", "--direction", "up"], 2, "oxo-sim: Invalid enum value 'up'"),
        (["cut", "--kind", "saw"], 2, "oxo-sim: Invalid enum value 'saw'"),
        (["cut", "--when", "never"], 2, "oxo-sim: Invalid enum value 'never'"),
        (["load", "/nonexistent"], 1, "oxo-sim: /nonexistent: No such file"),
    ],
)
def test_a_wrong_command_is_one_line_and_tells_usage_from_failure(
    exchange: Process, words: Sequence[str], expected: int, log: str
) -> None:
    status, _, said = command(exchange, *words)
    assert (status, said.startswith(log)) == (expected, True), said
    assert len(said.splitlines()) == 1


def test_the_ledger_can_be_followed(exchange: Process) -> None:
    with subprocess.Popen(
        [OXO_SIM, "ledger", "--follow", "--state", str(exchange.folder)], stdout=subprocess.PIPE
    ) as following:
        assert following.stdout is not None
        assert json.loads(following.stdout.readline())["event"] == "installed"
        exchange.client.place_calls(CALL)
        assert json.loads(following.stdout.readline())["event"] == "made"
        following.send_signal(signal.SIGINT)
        assert following.wait(SECONDS_MAX) == 0


def test_scaled_time_comes_to_the_tickets_by_itself(tmp_path: Path) -> None:
    with Process(tmp_path / "state", "--time", "1000") as process:
        client = process.client
        assert client.place_calls(CALL).ids == []
        last, seen = 0, []
        while "made" not in seen:
            lines = client.ledger(last, 10)
            assert lines, "no ticket came"
            seen += [line.event for line in lines]
            last = lines[-1].n
