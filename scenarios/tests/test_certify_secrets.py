"""What nobody may learn: the subject not the control port, the bundle's reader no credential.

The true values are needed to look for them: the bent command copies the exchange's state folder
and the proxy's login, the subject writes down what it was given and every cookie, all of it
beside the bundle.
"""

import base64
import json
import re
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import pytest
from oxo_scenarios.catalogue import load_catalogue
from oxo_scenarios.wires import Claim

pytestmark = pytest.mark.process

SUBJECTS = Path(__file__).resolve().parent / "subjects"
FOREIGN = SUBJECTS / "wrong" / "foreign_collector.py"
NOTED = "noted.txt"
"""In the subject's folder; its log is part of the bundle and must be free of what is looked for."""
COLLECTOR = f"""
import http.client, os, pathlib, runpy, sys

noted = pathlib.Path(os.environ["OXO_SUBJECT"]) / "{NOTED}"

def note(*words):
    with noted.open("a") as file:
        print(*words, file=file)

begin = http.client.HTTPResponse.begin

def begin_and_note(answer):
    begin(answer)
    for cookie in answer.headers.get_all("Set-Cookie") or ():
        note("COOKIE", cookie.partition(";")[0].partition("=")[2])

http.client.HTTPResponse.begin = begin_and_note
for name, value in os.environ.items():
    note(name, value)
    if "PASSWORD" in name or "PROXY_URL" in name:
        print("told", name, value, flush=True)
for pid in (os.getpid(), os.getppid()):
    note("SEEN", pathlib.Path(f"/proc/{{pid}}/cmdline").read_bytes())
shown = pathlib.Path(os.environ["OXO_CA_FILE"]).parent
for path in [*shown.rglob("*"), *noted.parent.rglob("*")]:
    note("SEEN", path, path.read_bytes() if path.is_file() and path != noted else "")
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
SUBJECT = f"""
[subject]
name = "Noting"
version = "1"
wires = ["taxation"]
[start]
command = ["python3", "noting.py", "{FOREIGN}"]
ready_log = "collecting from"
[delivery]
format = "ndjson"
command = ["python3", "{FOREIGN}", "--deliver"]
[log]
failure = "failed:"
"""


class Known(NamedTuple):
    """A full run, and what was secret in it."""

    found: Any
    left: list[str]
    noted: str
    control: str
    token: str
    password: str
    proxy_password: str
    cookies: set[str]


@pytest.fixture(scope="module")
def known(certify: Any, tmp_path_factory: pytest.TempPathFactory) -> Known:
    secret, folder = tmp_path_factory.mktemp("secret"), tmp_path_factory.mktemp("subject")
    (folder / "noting.py").write_text(COLLECTOR, "utf-8")
    (folder / "subject.toml").write_text(SUBJECT, "utf-8")
    found = certify("--subject", folder, bends=[f"secrets={secret}"])
    noted = (folder / NOTED).read_text("utf-8")
    state = secret / "state"
    return Known(
        found,
        json.loads((secret / "left.json").read_text("utf-8")),
        noted,
        json.loads((state / "exchange.json").read_text("utf-8"))["control_url"],
        (state / "control.token").read_text("ascii").strip(),
        (state / "taxation.password").read_text("utf-8").strip(),
        json.loads((secret / "proxy.json").read_text("utf-8"))[1],
        set(re.findall(r"^COOKIE (\S+)$", noted, re.MULTILINE)),
    )


def test_the_run_is_whole_and_the_secrets_are_the_true_ones(known: Known) -> None:
    words = set(known.found.verdicts().values())
    assert words == {"ok", "not observable", "not applicable"}, known.found.out
    planned = load_catalogue().plays(Claim(["taxation"]))
    assert set(known.found.verdicts()) == {each.play for each in planned if each.mode == "business"}
    assert f"OXO_PASSWORD {known.password}\n" in known.noted
    assert f"OXO_PROXY_PASSWORD {known.proxy_password}\n" in known.noted
    assert len(known.cookies) >= 18
    assert all(len(cookie) >= 16 for cookie in known.cookies)


def test_a_subject_is_told_neither_control_port_nor_token(known: Known) -> None:
    """Not in its environment, its command lines, its folders or what the bench shows it."""
    port = urlsplit(known.control).port
    assert port is not None
    assert "SEEN" in known.noted
    assert "ca.pem" in known.noted
    assert not re.search(rf"(?<!\d){port}(?!\d)", known.noted)
    assert known.token not in known.noted
    assert "exchange.json" not in known.noted
    assert "exchange.json" in known.left
    assert "control.token" not in known.left
    (ca_file,) = set(re.findall(r"^OXO_CA_FILE (\S+)$", known.noted, re.MULTILINE))
    assert f"OXO_WORK {Path(ca_file).parent}/" in known.noted


def test_no_credential_is_in_the_bundle(known: Known) -> None:
    """Allure results, report and the subject's log included."""
    proxy = known.proxy_password
    logins = [f"administrator:{known.password}", f"collector:{proxy}"]
    secrets = {
        known.token, known.password, proxy, quote(proxy, safe=""), *known.cookies,
        *(base64.b64encode(login.encode()).decode() for login in logins),
    }  # fmt: skip
    assert f"OXO_USER {logins[0].partition(':')[0]}\n" in known.noted
    assert f"OXO_PROXY_USER {logins[1].partition(':')[0]}\n" in known.noted
    files = [path for path in known.found.bundle.rglob("*") if path.is_file()]
    names = {path.name for path in files}
    assert {"run.json", "report.html", "subject.log", "transcript.ndjson"} <= names
    assert any(path.parent.name == "allure-results" for path in files)
    log = known.found.evidence("cic1", "subject.log").read_text("utf-8")
    assert "told OXO_PASSWORD [redacted]\n" in log
    assert "told OXO_PROXY_URL http://collector:[redacted]@" in log
    for path in files:
        content = path.read_bytes()
        shown = [secret for secret in secrets if secret.encode() in content]
        assert not shown, (path, shown)
    assert not [secret for secret in secrets if secret in known.found.out + known.found.err]
