"""A subject on "another machine": the collector of shell and curl, moved by whoever answers.

The operator here is this test at a pseudo-terminal. It reads what a person would read, sets the
collector up from nothing but that, and answers. The delivery is fetched from a web server.
"""

import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import requests

pytestmark = pytest.mark.process

COMMAND = Path(sys.executable).with_name("oxo-certify")
TESTS = Path(__file__).resolve().parent
CURL = TESTS / "subjects" / "curl-shell"
SCHEMA = TESTS.parents[1] / "reports" / "oxo_reports" / "schema" / "run-1.schema.json"
RECOMPUTE = TESTS / "recompute_verdicts.py"
SECONDS_MAX = 120
KIND = re.compile(r"^.+: (start|stop|power off|failure message)\r?$", re.MULTILINE)
PROMPT = "[Y/n] "


def remote_subject(folder: Path, url: str, extra: str = "") -> Path:
    """The door of the shell collector, with hands in place of its start command."""
    told = (CURL / "subject.toml").read_text("utf-8")
    told = re.sub(r"\[start\].*?(?=\[delivery\]\n)", "", told, flags=re.DOTALL)
    told = told.replace('version_command = ["curl", "--version"]', 'version = "8"')
    told = told.replace('command = ["sh", "./deliver.sh"]', f'url = "{url}"')
    told = told[: told.index("[log]")]
    folder.mkdir()
    remote = f'[remote]\nstart = "Start it on the other machine."\npoll_seconds = 1\n{extra}'
    (folder / "subject.toml").write_text(told + remote, "utf-8")
    return folder


class Site:
    """The other machine: the collector's working folder, its process, its web server."""

    def __init__(self, work: Path) -> None:
        self.work = work
        self.process: subprocess.Popen[bytes] | None = None
        self.environment = {"PATH": os.environ["PATH"], "OXO_WORK": str(work)}
        site = self

        class Delivery(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                content = subprocess.run(
                    ["sh", CURL / "deliver.sh"],
                    env=site.environment,
                    capture_output=True,
                    check=True,
                ).stdout
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_words: object) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Delivery)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/tickets.csv"

    def know(self, told: str) -> None:
        """Take what the bench printed first: where, who, which authority."""
        rows = dict(re.findall(r"^  (\w[\w ]{0,11}?) {2,}(\S+)", told, re.MULTILINE))
        authority = requests.get(rows["fetch it at"], timeout=20)
        (self.work / "ca.pem").write_bytes(authority.content)
        self.environment |= {
            "OXO_USER": rows["account"],
            "OXO_PASSWORD": rows["password"],
            "OXO_CA_FILE": str(self.work / "ca.pem"),
        }

    def set_up(self, question: str) -> None:
        """Set the collector up as the question says, if it says anything."""
        if url := re.search(r"connect to (https://\S+?),", question):
            self.environment["OXO_URL"] = url[1]
            self.environment.pop("OXO_PROXY_URL", None)
        if proxy := re.search(r"HTTP proxy (\S+), with login", question):
            login = re.search(r"Proxy user (\S+), proxy password (\S+)", question)
            assert login
            user, password = login[1], login[2].replace("@", "%40")
            self.environment["OXO_PROXY_URL"] = f"http://{user}:{password}@{proxy[1]}"

    def start(self) -> None:
        self.stop(signal.SIGTERM)
        self.process = subprocess.Popen(
            ["sh", CURL / "collect.sh"],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def stop(self, number: signal.Signals) -> None:
        if self.process is not None:
            os.killpg(self.process.pid, number)
            self.process.wait(20)
            self.process = None

    def act(self, question: str) -> None:
        """Do what the operator is asked for."""
        kind = KIND.findall(question)
        if kind[-1] == "start":
            self.set_up(question)
            self.start()
        elif kind[-1] != "failure message":
            self.stop(signal.SIGKILL if kind[-1] == "power off" else signal.SIGTERM)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    work = tmp_path / "other machine"
    work.mkdir()
    made = Site(work)
    yield made
    made.stop(signal.SIGKILL)
    made.server.shutdown()
    made.server.server_close()


def at_terminal(site: Site, *options: str | Path, refused: str = "") -> tuple[int, str]:
    """Run the command at a pseudo-terminal, with the site's hands; return status and screen.

    A question of the kind `refused` is answered no, and nothing is done.
    """
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [COMMAND, "run", "--no-pdf", "--mode", "business", *options],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        env={**os.environ, "COLUMNS": "200", "TERM": "dumb"},
    )
    os.close(theirs)
    screen, asked, deadline = "", 0, time.monotonic() + SECONDS_MAX
    try:
        while time.monotonic() < deadline:
            if not select.select([ours], [], [], deadline - time.monotonic())[0]:
                break
            try:
                screen += os.read(ours, 65536).decode()
            except OSError:  # the other end is closed
                break
            if screen.endswith(PROMPT):
                if not asked:
                    site.know(screen)
                no = bool(refused) and KIND.findall(screen[asked:])[-1] == refused
                if not no:
                    site.act(screen[asked:])
                asked = len(screen)
                os.write(ours, b"n\n" if no else b"\n")
        return process.wait(20), screen.replace("\r\n", "\n")
    finally:
        process.kill()
        process.wait()
        os.close(ours)


@pytest.mark.needs("curl")
def test_a_remote_subject_is_certified_by_an_operators_hands(tmp_path: Path, site: Site) -> None:
    folder = remote_subject(tmp_path / "subject", site.url)
    out = tmp_path / "out"
    cases = ("CIC1", "CIC2", "BU2", "BU3", "DIS104")
    options = [word for case in cases for word in ("--case", case)]
    status, screen = at_terminal(
        site, "--subject", folder, "--out", out, "--listen", "127.0.0.1",
        "--operator", "Jane Doe", *options,
    )  # fmt: skip
    assert status == 0, screen
    (path,) = out.glob("*/run.json")
    run = json.loads(path.read_text("utf-8"))
    jsonschema.validate(run, json.loads(SCHEMA.read_text("utf-8")))
    assert {play["play"]: play["verdict"] for play in run["plays"]} == {
        "cic1": "ok", "cic2": "ok", "bu2": "ok", "bu3": "ok", "dis104": "ok"
    }, screen  # fmt: skip
    assert run["operator"] == {"name": "Jane Doe"}
    told = {
        play["play"]: [one["question"] for one in play["facts"]["confirmations"]]
        for play in run["plays"]
    }
    assert told == {
        "cic1": ["stop", "start"],
        "cic2": ["stop", "start", "stop", "start"],
        "bu2": ["start", "power off", "start"],
        "bu3": [],
        "dis104": ["failure message"],
    }
    assert all(one["by"] == "Jane Doe" for one in run["plays"][0]["facts"]["confirmations"])
    bu2 = run["plays"][2]
    assert "power cut by hand, confirmed by Jane Doe" in bu2["comment"]
    assert screen.count(site.environment["OXO_PASSWORD"]) == 1
    again = subprocess.run([sys.executable, RECOMPUTE, path.parent], check=False)
    assert again.returncode == 0
    proxy = re.search(r"proxy password (\S+)", screen)
    assert proxy
    for file in path.parent.rglob("*"):
        content = file.read_bytes() if file.is_file() else b""
        assert site.environment["OXO_PASSWORD"].encode() not in content, file
        assert proxy[1].encode() not in content, file


@pytest.mark.needs("curl")
def test_what_the_operator_did_not_do_convicts_nobody(tmp_path: Path, site: Site) -> None:
    folder, out = remote_subject(tmp_path / "subject", site.url), tmp_path / "out"
    status, screen = at_terminal(
        site, "--subject", folder, "--out", out, "--case", "DIS102", "--case", "BU1",
        refused="power off",
    )  # fmt: skip
    assert status == 4, screen
    (path,) = out.glob("*/run.json")
    run = json.loads(path.read_text("utf-8"))
    jsonschema.validate(run, json.loads(SCHEMA.read_text("utf-8")))
    bu1, dis102 = run["plays"]
    assert (bu1["verdict"], dis102["verdict"]) == ("ok", "undecided")
    assert "answered no: power off" in dis102["reason"]
    assert [one["answer"] for one in dis102["facts"]["confirmations"]] == ["no"]
    again = subprocess.run([sys.executable, RECOMPUTE, path.parent], check=False)
    assert again.returncode == 0


def unattended(folder: Path, tmp_path: Path, *options: str | Path) -> Any:
    return subprocess.run(
        [
            COMMAND,
            "run",
            "--no-pdf",
            "--mode",
            "business",
            "--subject",
            folder,
            "--out",
            tmp_path / "out",
            "--case",
            "BU1",
            *options,
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )


def test_without_terminal_and_answers_it_is_usage(tmp_path: Path) -> None:
    folder = remote_subject(tmp_path / "subject", "http://127.0.0.1:9/")
    done = unattended(folder, tmp_path)
    assert done.returncode == 2, done.stderr
    assert "standard input is no terminal" in done.stderr
    assert "--answers FILE" in done.stderr


def test_who_never_connects_is_told_what_was_seen(tmp_path: Path) -> None:
    folder = remote_subject(tmp_path / "subject", "http://127.0.0.1:9/")
    answers = tmp_path / "answers.toml"
    answers.write_text('start = "yes"\n', "utf-8")
    done = unattended(
        folder, tmp_path, "--answers", answers, "--keep", tmp_path / "keep",
        "--connect-seconds", "1",
    )  # fmt: skip
    assert done.returncode == 4, done.stderr
    assert "no session was opened within 1 s. Seen: no connection at all" in done.stderr
    assert f"in {tmp_path / 'keep' / 'taxation.password'}" in done.stdout
    assert (tmp_path / "keep" / "taxation.password").read_text("utf-8").strip() not in done.stdout
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--listen", "203.0.113.7"], "203.0.113.7"),
        (["--port", "http=80"], "NAME one of standard, alternate, nmc, v24, ohl, account-ftp, "),
        (["--port", "proxy=much"], "a number from 0"),
    ],
)
def test_what_cannot_be_listened_on_is_usage(tmp_path: Path, options: list[str], told: str) -> None:
    done = unattended(CURL, tmp_path, *options)
    assert done.returncode == 2, done.stdout + done.stderr
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        number: int = found.getsockname()[1]
        return number


@pytest.mark.needs("curl")
def test_a_kept_exchange_is_found_again_and_the_door_can_be_checked(
    tmp_path: Path, site: Site
) -> None:
    """Set up once from the kept folder, a collector finds the next exchange without anybody."""
    folder = remote_subject(tmp_path / "subject", site.url)
    keep, answers, port = tmp_path / "keep", tmp_path / "answers.toml", free_port()
    answers.write_text('start = "yes"\nstop = "yes"\n', "utf-8")

    def check(seconds: int) -> Any:
        return subprocess.run(
            [
                COMMAND, "check", folder, "--keep", keep, "--answers", answers,
                "--port", f"standard={port}", "--connect-seconds", str(seconds),
            ],
            capture_output=True, text=True, timeout=SECONDS_MAX, check=False,
        )  # fmt: skip

    first = check(1)
    assert first.returncode == 1, first.stdout + first.stderr
    assert "by hand   wrong  the subject did not open a session within 1 s" in first.stdout
    assert "the exchange saw no connection at all" in first.stdout
    (site.work / "ca.pem").write_bytes((keep / "ca.pem").read_bytes())
    site.environment |= {
        "OXO_URL": f"https://127.0.0.1:{port}/services/taxation",
        "OXO_USER": "administrator",
        "OXO_PASSWORD": (keep / "taxation.password").read_text("utf-8").strip(),
        "OXO_CA_FILE": str(site.work / "ca.pem"),
    }
    site.start()
    second = check(60)
    assert second.returncode == 0, second.stdout + second.stderr
    assert re.search(r"^ticket +ok", second.stdout, re.MULTILINE)
    assert not (keep / "control.token").exists()


@pytest.mark.needs("curl")
def test_a_local_subject_may_meet_the_exchange_on_another_address(certify: Any) -> None:
    """Exchange and proxy listen there; a name that leads there is not known."""
    cases = ("--case", "CIC1", "--case", "CIC4")
    found = certify("--subject", CURL, "--listen", "127.0.0.3", *cases)
    assert found.verdicts() == {"cic1": "ok", "cic4": "not applicable"}, found.out
    assert "--name gives one" in found.play("cic4")["reason"]
    (line,) = [x for x in found.lines("cic1", "proxy.ndjson") if x["status"] == 200][:1]
    assert line["target"].startswith("127.0.0.3:")
    assert found.run["exchange"]["address"] == "127.0.0.3"
    assert (found.bundle / "report.html").exists()
    assert re.search(r"standard +https://127\.0\.0\.3:\d+/services/taxation", found.out)
    assert "password" not in found.out
