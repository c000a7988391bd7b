"""What the proxy decides, by transcript, without a socket."""

import base64

import pytest
from oxo_scenarios.bench.connect import Account, Target, answer, decide

ACCOUNT = Account("collector", "a b:c")
EXCHANGE = Target("127.0.0.1", 10443)


def head(request: str, *headers: str) -> bytes:
    return ("\r\n".join([request, *headers]) + "\r\n\r\n").encode("latin-1")


def login(user: str, password: str) -> str:
    return "Proxy-Authorization: Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


GOOD = login("collector", "a b:c")


@pytest.mark.parametrize(
    ("request_head", "status", "found"),
    [
        (head("CONNECT 127.0.0.1:10443 HTTP/1.1", GOOD), 200, "ok"),
        (head("CONNECT 127.0.0.1:10443 HTTP/1.0", GOOD), 200, "ok"),
        (
            head(
                "CONNECT 127.0.0.1:10443 HTTP/1.1",
                GOOD.upper().replace(GOOD.split()[-1].upper(), GOOD.split()[-1]),
            ),
            200,
            "ok",
        ),
        (head("CONNECT 127.0.0.1:10443 HTTP/1.1"), 407, "missing"),
        (head("CONNECT 127.0.0.1:10443 HTTP/1.1", login("collector", "a b")), 407, "wrong"),
        (head("CONNECT 127.0.0.1:10443 HTTP/1.1", login("", "a b:c")), 407, "wrong"),
        (head("CONNECT 127.0.0.1:10443 HTTP/1.1", "Proxy-Authorization: Basic !!!"), 407, "wrong"),
        (head("CONNECT 127.0.0.1:10443 HTTP/1.1", "Proxy-Authorization: Digest abc"), 407, "wrong"),
        (head("CONNECT 127.0.0.1:22 HTTP/1.1", GOOD), 403, "ok"),
        (head("CONNECT example.net:10443 HTTP/1.1", GOOD), 403, "ok"),
        (head("CONNECT 127.0.0.1 HTTP/1.1", GOOD), 400, "ok"),
        (head("CONNECT 127.0.0.1:\u00b2 HTTP/1.1", GOOD), 400, "ok"),
        (head("GET http://127.0.0.1:10443/ HTTP/1.1", GOOD), 405, "ok"),
        (head("CONNECT 127.0.0.1:10443", GOOD), 400, "missing"),
        (b"\x16\x03\x01\x02\x00\r\n\r\n", 400, "missing"),
        (b"\r\n\r\n", 400, "missing"),
    ],
)
def test_each_request_gets_its_status(request_head: bytes, status: int, found: str) -> None:
    decision = decide(request_head, ACCOUNT, {EXCHANGE})
    assert (decision.status, decision.login) == (status, found)
    assert (decision.connect_to == EXCHANGE) is (status == 200)


def test_the_answer_to_a_missing_login_names_the_scheme() -> None:
    assert answer(407) == (
        b"HTTP/1.1 407 Proxy Authentication Required\r\n"
        b'Proxy-Authenticate: Basic realm="bench"\r\n'
        b"Content-Length: 0\r\nConnection: close\r\n\r\n"
    )
    assert answer(200) == b"HTTP/1.1 200 Connection established\r\n\r\n"


def test_the_account_never_shows_its_password() -> None:
    assert "a b:c" not in f"{ACCOUNT} {ACCOUNT!r}"
