"""`oxo-sim run` as a process: what it leaves and tells, its options, two of them, its end."""

import json
import signal
import socket
import ssl
import stat
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import pytest
from cryptography import x509
from oxo_simulator.control.client import ControlClient, ExchangeUnreachable
from oxo_simulator.control.messages import CallOrder, Fault
from oxo_simulator.ephemeral import EphemeralExchange

pytestmark = pytest.mark.process

OXO_SIM = str(Path(sys.executable).with_name("oxo-sim"))
SECONDS_MAX = 30
CALL = CallOrder(direction="outgoing", user="128", number="0390670000")


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


def curl(exchange: Process, port: int = 0) -> str:
    """Ask the taxation wire something with curl; return the HTTP status, or curl's exit status."""
    state = exchange.client.state()
    done = subprocess.run(
        ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "-m", "5", "--noproxy", "*",
         "--cacert", state.ca_file, f"https://127.0.0.1:{state.ports[port].port}/services/taxation"],
        capture_output=True, timeout=SECONDS_MAX, check=False,
    )  # fmt: skip
    return str(done.returncode) if done.returncode else done.stdout.decode()


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


def test_one_folder_is_for_one_exchange(oxo: EphemeralExchange) -> None:
    done = subprocess.run(
        [OXO_SIM, "run", "--state", oxo.folder, "--port", "standard=0", "--port", "alternate=0"],
        capture_output=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert done.returncode == 1
    said = f"another exchange runs in {oxo.folder}; give --state another folder"
    assert said in done.stderr.decode()
    assert oxo.control.state().phase == "serving"


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
        (["--tag-set", "all"], "--tag-set all: observed or extended is expected"),
        (["--port", "fax=1"], "--port fax: there are standard, alternate, nmc"),
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


def test_a_signal_in_the_middle_of_an_order_ends_it_without_a_fault(tmp_path: Path) -> None:
    one = Process(tmp_path / "state")
    spoken = {"kind": "call", "local_time": "2020-02-24T14:00:00", "call_seconds": 1}
    body = json.dumps({"tickets": [spoken] * 10_000}).encode()
    host, port = one.client.url.removeprefix("http://").split(":")
    token = (tmp_path / "state" / "control.token").read_text("ascii").strip()
    head = f"POST /tickets HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
    with socket.create_connection((host, int(port)), SECONDS_MAX) as connection:
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        while one.client.state().tickets_made == 0:
            pass
        status, log = one.stop()
    assert status == 0
    assert "level=error" not in log
