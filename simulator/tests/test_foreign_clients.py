"""The invented contract of docs/taxation.md, end to end, by clients that are not ours."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
import zeep
from lxml import etree
from oxo_simulator.control.client import ControlClient
from oxo_simulator.control.messages import CallOrder
from zeep.transports import Transport

pytestmark = pytest.mark.process

ROOM = Path(__file__).parents[1]
PAGE = (ROOM.parent / "docs" / "taxation.md").read_text("utf-8")
INVENTED = re.findall(r"```toml\n(\[contract\]\n.*?)```", PAGE, re.DOTALL)[1]
SECONDS_MAX = 20
NS = {"r": "http://pbx.example/records"}


@pytest.fixture
def exchange(tmp_path: Path, start_exchange: Callable[..., Path]) -> Path:
    """Return the state folder of an exchange with the invented contract and three tickets."""
    certify = (ROOM / "oxo_simulator" / "profiles" / "certify.toml").read_text("utf-8")
    profile = tmp_path / "invented.toml"
    profile.write_text(f"{certify}\n{INVENTED}", "utf-8")
    folder = start_exchange("--profile", str(profile))
    orders = [CallOrder(direction="outgoing", user=user, number="0390") for user in ("110", "111")]
    ControlClient.from_state(folder).place_calls(*orders)
    return folder


def address(folder: Path) -> str:
    (port, *_) = ControlClient.from_state(folder).state().ports
    return f"https://localhost:{port.port}/services/taxation"


def users(text: str) -> list[str | None]:
    """Read the tickets of a list that is a document in text."""
    return [user.text for user in etree.fromstring(text).iterfind("r:Record/r:ChargedUserID", NS)]


def told(folder: Path) -> list[str]:
    """Return the ledger's lines about tickets and sessions, in short."""
    lines = ControlClient.from_state(folder).ledger()
    names = ("offered", "acknowledged", "session opened", "session closed")
    shown = [(line.event, line.detail) for line in lines if line.event in names]
    return [f"{event} {d['first']}-{d['last']}" if "first" in d else event for event, d in shown]


CONVERSATION = [
    *["session opened", "offered 1-1", "acknowledged 1-1", "offered 2-2"],
    *["acknowledged 2-2", "session closed"],
]


def test_zeep_speaks_it_from_the_served_wsdl(exchange: Path) -> None:
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(exchange / "ca.pem")
        password = (exchange / "taxation.password").read_text().strip()
        session.auth = (ControlClient.from_state(exchange).state().user, password)
        transport = Transport(session=session, timeout=SECONDS_MAX)  # type: ignore[no-untyped-call]
        client = zeep.Client(f"{address(exchange)}?wsdl", transport=transport)  # type: ignore[no-untyped-call]
        assert sorted(client.service._operations) == ["FetchRecords", "KeepAlive", "Release"]
        got = client.service.FetchRecords(limit=1, patience=0)
        assert (got["from"], got.to, got.left) == (1, 1, 1)
        assert got.series == ControlClient.from_state(exchange).state().epoch
        assert users(got.Records) == ["110"]
        assert client.service.KeepAlive() == 300
        assert users(client.service.FetchRecords(limit=5, patience=0).Records) == ["111"]
        client.service.Release()
        with pytest.raises(zeep.exceptions.Fault) as met:
            client.service.Release()
        assert met.value.code.endswith(":Sender")
        assert [code.text for code in met.value.subcodes] == ["Session"]
    assert told(exchange) == CONVERSATION
    assert ControlClient.from_state(exchange).state().unknown_operations == []


def curl(exchange: Path, folder: Path, name: str, inside: str = "") -> bytes:
    """Send one request as an operator would: CA file, cookie jar, the password not in argv."""
    user = ControlClient.from_state(exchange).state().user
    password = (exchange / "taxation.password").read_text().strip()
    (folder / "netrc").write_text(f"machine localhost login {user} password {password}\n")
    body = (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>'
        f'<{name} xmlns="http://pbx.example/billing/2">{inside}</{name}></s:Body></s:Envelope>'
    )
    action = f'action="http://pbx.example/billing/2/{name}"'
    command = ["curl", "--silent", "--show-error", "--max-time", str(SECONDS_MAX), "--noproxy", "*"]
    command += ["--cacert", str(exchange / "ca.pem"), "--netrc-file", str(folder / "netrc")]
    command += ["--cookie", str(folder / "jar"), "--cookie-jar", str(folder / "jar")]
    command += ["--header", f"Content-Type: application/soap+xml; charset=utf-8; {action}"]
    command += ["--data-binary", body, address(exchange)]
    return subprocess.run(command, capture_output=True, check=True, timeout=SECONDS_MAX + 5).stdout


@pytest.mark.needs("curl")
def test_curl_speaks_it_too(exchange: Path, tmp_path: Path) -> None:
    def fetch(limit: int) -> str:
        inside = f"<limit>{limit}</limit><patience>0</patience>"
        answer = etree.fromstring(curl(exchange, tmp_path, "FetchRecords", inside))
        return answer.findtext(".//{http://pbx.example/billing/2}Records") or ""

    assert users(fetch(1)) == ["110"]
    assert users(fetch(1)) == ["111"]
    assert b"<idleLimit>300</idleLimit>" in curl(exchange, tmp_path, "KeepAlive")
    refused = curl(exchange, tmp_path, "GetRecords")
    assert b"<soap12env:Value>Request</soap12env:Value>" in refused
    assert b"<ReleaseReply/>" in curl(exchange, tmp_path, "Release")
    assert told(exchange) == CONVERSATION
    (unknown,) = ControlClient.from_state(exchange).state().unknown_operations
    assert (unknown["operation"], unknown["count"]) == ("GetRecords", 1)
    assert unknown["soap_action"] == "http://pbx.example/billing/2/GetRecords"
    assert unknown["profile_lines"] == '[contract.operations]\nget_tickets = "GetRecords"'
