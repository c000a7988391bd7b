"""No secret in anything that an exchange writes, says or shows: a run is searched for each."""

import base64
import re
import stat
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import requests
from oxo_simulator.control.client import ControlClient, OrderRefused
from oxo_simulator.taxation.guesses import GUESSES_FREE

pytestmark = pytest.mark.process

SECONDS_MAX = 30
WRONG_PASSWORD = "correct-horse-battery"
WRONG_TOKEN = "staple-token-0815"
WRONG_COOKIE = "cookie-of-a-stranger-4711"
ENVELOPE = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">'
    '<s:Body xmlns="urn:oxo-sim:taxation:1">{}</s:Body></s:Envelope>'
)
OWN_FILES = ("control.token", "taxation.password", "ca-key.pem", "server.pem", "lock")


class Run:
    """One run of `oxo-sim run` with everything that came out of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "state"
        self.said = folder / "said"
        command = [str(Path(sys.executable).with_name("oxo-sim")), "run", "--state"]
        ports = ["--port", "standard=0", "--port", "alternate=0"]
        with self.said.open("wb") as errors:
            self.process = subprocess.Popen(
                [*command, str(self.folder), *ports], stdout=subprocess.PIPE, stderr=errors
            )
        assert self.process.stdout is not None
        self.shown = b""
        while b"token in" not in self.shown:
            line = self.process.stdout.readline()
            assert line, self.said.read_text()
            self.shown += line

    def end(self) -> None:
        self.process.terminate()
        with self.process:
            assert self.process.stdout is not None
            self.shown += self.process.stdout.read()
            assert self.process.wait(SECONDS_MAX) == 0


def basic(user: str, password: str) -> str:
    return base64.b64encode(f"{user}:{password}".encode()).decode()


def conversation(client: ControlClient, password: str) -> str:
    """Log in, fetch, guess, show strange cookies; return the session's cookie."""
    state = client.state()
    url = f"https://127.0.0.1:{state.ports[0].port}/services/taxation"
    get = "<GetTickets><maxTickets>5</maxTickets><waitSeconds>0</waitSeconds></GetTickets>"
    with requests.Session() as session:
        session.trust_env, session.verify = False, state.ca_file
        session.headers["Content-Type"] = "text/xml"

        def ask(inside: str, password: str, **more: str) -> requests.Response:
            account = (state.user, password)
            body = ENVELOPE.format(inside)
            return session.post(url, body, auth=account, headers=more, timeout=SECONDS_MAX)

        assert ask("<Login/>", password).status_code == 200
        cookie = session.cookies["SESSIONID"]
        assert ask(get, password).status_code == 200
        session.cookies.clear()
        assert ask(get, password, Cookie=f"SESSIONID={WRONG_COOKIE}").status_code == 500
        for _ in range(GUESSES_FREE + 1):
            assert ask("<Login/>", WRONG_PASSWORD, Cookie=cookie).status_code == 401
        assert ask("<Reboot>", password).status_code == 500
        client.ledger(len(client.ledger()) - 1, 1)
    with ControlClient(client.url, WRONG_TOKEN) as stranger, pytest.raises(OrderRefused):
        stranger.state()
    return cookie


def private_key_lines(folder: Path) -> set[str]:
    keys = "".join(file.read_text() for file in folder.glob("*.pem"))
    bodies = re.findall(r"BEGIN [A-Z ]*PRIVATE KEY-----\n(.*?)\n-----END", keys, re.DOTALL)
    assert bodies
    return {line for body in bodies for line in body.splitlines() if len(line) > 30}


def test_a_whole_run_shows_no_secret(tmp_path: Path) -> None:
    run = Run(tmp_path)
    password = (run.folder / "taxation.password").read_text().strip()
    token = (run.folder / "control.token").read_text().strip()
    try:
        with ControlClient.from_state(run.folder) as client:
            cookie = conversation(client, password)
            user = client.state().user
            told = {
                "ledger": msgspec.json.encode(client.ledger()),
                "transcript": msgspec.json.encode(client.transcript()),
                "state": msgspec.json.encode(client.state()),
                "sessions": msgspec.json.encode(client.sessions()),
                "link": msgspec.json.encode(client.link()),
                "openapi": msgspec.json.encode(client.openapi()),
                "repr": repr((client, client.state(), client.sessions())).encode(),
                "argv": Path(f"/proc/{run.process.pid}/cmdline").read_bytes(),
            }
        kept = {file.name: file for file in run.folder.iterdir()}
        for name in OWN_FILES:
            if name in kept:
                assert stat.S_IMODE(kept.pop(name).stat().st_mode) == 0o600, name
        keys = private_key_lines(run.folder)
        told |= {name: file.read_bytes() for name, file in kept.items()}
    finally:
        run.end()
    told |= {"standard output": run.shown, "standard error": run.said.read_bytes()}
    assert b"passwords_guessed" in told["standard error"]
    assert b"wrong credentials" in told["ledger"]
    assert b"[redacted" in told["transcript"]
    secrets = {password, token, cookie, WRONG_PASSWORD, WRONG_TOKEN, WRONG_COOKIE}
    secrets |= {basic(user, password), basic(user, WRONG_PASSWORD)} | keys
    found = [
        (where, secret)
        for where, octets in told.items()
        for secret in secrets
        if secret.encode() in octets
    ]
    assert found == []
