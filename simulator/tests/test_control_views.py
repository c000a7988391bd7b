"""What the control API shows: buffer, sessions, profile, link, certificate; and what follows."""

import hashlib
import socket
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from oxo_simulator.control.client import ControlClient, OrderRefused
from oxo_simulator.control.messages import (
    ArmedFault,
    CertificateOrder,
    CertificateState,
    Fault,
)
from oxo_simulator.ephemeral import EphemeralExchange
from oxo_simulator.profile import keys

pytestmark = pytest.mark.process

Ask = Callable[..., requests.Response]
GET = "<GetTickets><maxTickets>2</maxTickets><waitSeconds>0</waitSeconds></GetTickets>"
ACK = "<AckTickets><lastSequence>2</lastSequence></AckTickets>"
SECONDS_MAX = 20


def shown(oxo: EphemeralExchange) -> bytes:
    """Return the certificate that a new connection meets, whatever it is worth."""
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    place = urlsplit(oxo.url)
    with (
        socket.create_connection((str(place.hostname), int(place.port or 0)), SECONDS_MAX) as raw,
        trusting.wrap_socket(raw) as secured,
    ):
        found = secured.getpeercert(binary_form=True)
    assert found is not None
    return found


def refusal(oxo: EphemeralExchange, name: str = "127.0.0.1") -> str:
    """Return why a client that verifies refuses the exchange; empty when it does not."""
    verifying = ssl.create_default_context(cafile=oxo.ca_file)
    place = urlsplit(oxo.url)
    with socket.create_connection(("127.0.0.1", int(place.port or 0)), SECONDS_MAX) as raw:
        try:
            with verifying.wrap_socket(raw, server_hostname=name):
                return ""
        except ssl.SSLCertVerificationError as error:
            return error.verify_message


def test_the_buffer_is_shown_page_by_page(oxo: EphemeralExchange, ask_exchange: Ask) -> None:
    control = oxo.control
    empty = control.buffer()
    assert (empty.count, empty.oldest, empty.newest, empty.tickets) == (0, None, None, [])
    tickets = oxo.call(times=5)
    found = control.buffer()
    assert (found.count, found.capacity, found.alarm_percent, found.alarm) == (5, 1000, 70, False)
    assert [one.ticket for one in found.tickets] == tickets
    ask_exchange(oxo, "<Login/>")
    ask_exchange(oxo, GET)
    ask_exchange(oxo, ACK)
    left = control.buffer(count=2)
    assert (left.count, left.oldest, left.newest) == (3, 3, 5)
    assert [(one.sequence, one.id) for one in left.tickets] == [(3, 3), (4, 4)]
    assert [one.sequence for one in control.buffer(after=4).tickets] == [5]
    assert [one.sequence for one in control.buffer(after=1, count=1).tickets] == [3]
    assert control.buffer(after=5).tickets == control.buffer(count=0).tickets == []


@pytest.mark.oxo(overrides={"buffer.capacity": 10})
def test_the_alarm_shows_in_the_buffer(oxo: EphemeralExchange) -> None:
    oxo.call(times=7)
    assert oxo.control.buffer().alarm
    oxo.call(times=7)
    full = oxo.control.buffer()
    assert (full.count, full.newest) == (10, 10)


def test_who_is_logged_in_is_told_without_the_cookie(
    oxo: EphemeralExchange, ask_exchange: Ask
) -> None:
    assert oxo.control.sessions() == []
    cookie = ask_exchange(oxo, "<Login/>").cookies.get("SESSIONID")
    asked = datetime.now(UTC)
    (session,) = oxo.control.sessions()
    last_asked = session.last_call + timedelta(seconds=session.idle_seconds)
    assert asked <= last_asked <= datetime.now(UTC), "silent from its last call until now"
    (opened,) = oxo.ledger("session opened")
    assert (session.name, session.user, session.port) == ("s1", oxo.user, "standard")
    assert session.connection == opened.detail["connection"]
    assert abs(session.since - datetime.fromisoformat(opened.at)) < timedelta(seconds=1)
    assert cookie
    assert cookie not in repr(session)
    assert session.last_call > session.since - timedelta(seconds=1)
    ask_exchange(oxo, GET)
    (again,) = oxo.control.sessions()
    assert again.since == session.since
    assert again.last_call > session.last_call
    ended = oxo.control.end_session("s1")
    assert ended.sessions == 0
    assert oxo.ledger()[-1].detail["reason"] == "operator"
    fault = ask_exchange(oxo, GET)
    assert (fault.status_code, "Session" in fault.text) == (500, True)
    for name in ("s1", "../state"):
        with pytest.raises(OrderRefused, match=r"does not live; living: none|nothing answers"):
            oxo.control.end_session(name)


@pytest.mark.oxo(overrides={"session.idle_seconds": 7})
def test_the_profile_shows_every_key(oxo: EphemeralExchange) -> None:
    found = oxo.control.profile()
    rows = {each.key: each for each in found.keys}
    assert found.name == "certify"
    assert (rows["session.idle_seconds"].value, rows["session.idle_seconds"].standing) == (
        "7", "ours",
    )  # fmt: skip
    assert rows["licence.call_accounting_over_ip"].standing == "documented"
    for chosen in oxo.control.state().profile_choices:
        assert rows[chosen["key"]].value == chosen["value"]
        assert rows[chosen["key"]].standing == chosen["standing"] != "documented"
    assert set(rows) == set(keys())


def test_the_link_shows_faults_armed_ones_and_connections(oxo: EphemeralExchange) -> None:
    control = oxo.control
    place = urlsplit(oxo.urls["alternate"])
    with socket.create_connection(("127.0.0.1", int(place.port or 0)), SECONDS_MAX) as client:
        oxo.wait_for("connection opened")
        (carried,) = control.link().connections
        assert carried.port == "alternate"
        assert carried.peer == "{}:{}".format(*client.getsockname())
        cut = Fault(kind="cut", towards="collector")
        armed = ArmedFault(when="acknowledged", fault=Fault(kind="reset"))
        control.strike(cut)
        control.strike(cut)
        control.arm(armed)
        control.strike(Fault(kind="carry then reset", carry_bytes=0))
        found = control.link()
        assert (found.state, found.armed) == ("disturbed", [armed])
        assert found.faults[:2] == [cut, cut]
    control.restore()
    assert (control.link().state, control.link().faults) == ("whole", [])


def test_time_goes_on_hurries_and_stands(oxo: EphemeralExchange) -> None:
    control = oxo.control
    assert control.state().time_factor == 0
    assert control.pace(10_000).time_factor == 10_000
    assert oxo.control.place_calls(advance=True).ids == []
    oxo.call()
    assert oxo.wait_for("buffered").detail["id"] == 1
    assert control.pace(0).time_factor == 0
    for wrong in (-1, 100_001):
        with pytest.raises(OrderRefused, match=f"factor {wrong}.0; 0 .manual. to 100000"):
            control.pace(wrong)


def test_another_certificate_is_met_by_new_connections_alone(oxo: EphemeralExchange) -> None:
    before = shown(oxo)
    assert refusal(oxo) == ""
    with requests.Session() as living:
        living.trust_env, living.verify = False, oxo.ca_file
        assert living.get(oxo.url, timeout=SECONDS_MAX).status_code == 401
        changed = oxo.control.renew_certificate(CertificateOrder(names=["pbx2", "127.0.0.1"]))
        after = shown(oxo)
        assert after != before
        assert hashlib.sha256(after).hexdigest() == changed.fingerprint
        assert living.get(oxo.url, timeout=SECONDS_MAX).status_code == 401
    assert len(oxo.ledger("connection opened")) == 4, "the living one was kept"
    assert refusal(oxo, "pbx2") == ""
    assert "not valid for 'oxo-connect'" in refusal(oxo, "oxo-connect")
    state = oxo.control.state()
    assert (state.name, state.fingerprint) == ("pbx2", changed.fingerprint)
    assert changed.fingerprint in (oxo.folder / "exchange.json").read_text("utf-8")
    (told,) = oxo.ledger("certificate")
    assert told.detail["names"] == ["pbx2", "127.0.0.1"]
    assert oxo.control.certificate() == changed


def test_a_certificate_can_be_expired_or_of_another_authority(oxo: EphemeralExchange) -> None:
    trusted = Path(oxo.ca_file).read_bytes()
    first = oxo.control.certificate()
    ended = oxo.control.renew_certificate(CertificateOrder(expired=True))
    assert ended.names == first.names
    assert refusal(oxo) == "certificate has expired"
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    oxo.control.renew_certificate(CertificateOrder(not_before=tomorrow))
    assert refusal(oxo) == "certificate is not yet valid"
    oxo.control.renew_certificate()
    assert refusal(oxo) == ""
    other = oxo.control.renew_certificate(CertificateOrder(authority="new"))
    assert other.authority_fingerprint != first.authority_fingerprint
    new = Path(oxo.ca_file).read_bytes()
    assert new != trusted
    assert refusal(oxo) == ""
    Path(oxo.ca_file).write_bytes(trusted)
    assert refusal(oxo) == "unable to get local issuer certificate"


def test_orders_at_the_same_time_leave_one_authority(oxo: EphemeralExchange) -> None:
    def renew() -> CertificateState:
        with ControlClient.from_state(oxo.folder) as client:
            return client.renew_certificate(CertificateOrder(authority="new"))

    with ThreadPoolExecutor() as threads:
        made = [future.result() for future in [threads.submit(renew) for _ in range(4)]]
    assert len({each.authority_fingerprint for each in made}) == 4
    assert oxo.control.certificate() in made
    assert refusal(oxo) == "", "the authority in the folder signed what is shown"


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (CertificateOrder(names=[]), "0 names; 1 to 100 are expected"),
        (CertificateOrder(names=["a"] * 101), "101 names"),
        (CertificateOrder(names=["bad name"]), "name 'bad name': a host name is expected"),
        (
            CertificateOrder(expired=True, not_after=datetime(2030, 1, 1, tzinfo=UTC)),
            "expired and not_after exclude each other",
        ),
        (
            CertificateOrder(not_after=datetime(2030, 1, 1)),  # noqa: DTZ001
            "not_after 2030-01-01T00:00:00: an offset is expected",
        ),
        (
            CertificateOrder(not_before=datetime(1940, 1, 1, tzinfo=UTC)),
            "years 1950 to 9998 are expected",
        ),
        (
            CertificateOrder(
                not_before=datetime(2030, 1, 2, tzinfo=UTC),
                not_after=datetime(2030, 1, 1, tzinfo=UTC),
            ),
            "the end comes first",
        ),
    ],
)
def test_an_impossible_certificate_is_refused_and_the_present_one_stays(
    oxo: EphemeralExchange, order: CertificateOrder, words: str
) -> None:
    before = oxo.control.certificate()
    with pytest.raises(OrderRefused, match=words):
        oxo.control.renew_certificate(order)
    assert oxo.control.certificate() == before
    assert oxo.ledger("certificate") == []


def raw(oxo: EphemeralExchange, method: str, path: str) -> Any:
    token = (oxo.folder / "control.token").read_text("ascii").strip()
    with requests.Session() as session:
        session.trust_env = False
        return session.request(
            method,
            oxo.control.url + path,
            headers={"Authorization": f"Bearer {token}"},
            timeout=SECONDS_MAX,
        )


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("GET", "/nothing", 404, "nothing answers 'GET /nothing'; GET /openapi.json describes"),
        ("PUT", "/state", 405, "nothing answers 'PUT /state'"),
        ("DELETE", "/sessions/s7", 404, "session 's7' does not live; living: none"),
        ("GET", "/buffer?count=x", 400, "count 'x'; a number from 0 is expected"),
        ("GET", "/buffer?from=1", 400, "parameter 'from'; allowed here: after, count"),
        ("GET", "/state?x=1", 400, "parameter 'x'; allowed here: none"),
    ],
)
def test_every_refusal_is_a_problem_in_json(
    oxo: EphemeralExchange, method: str, path: str, status: int, words: str
) -> None:
    answer = raw(oxo, method, path)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["error"].startswith(words)
