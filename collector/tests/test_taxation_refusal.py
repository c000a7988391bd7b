"""What is refused before it is read, and what is never repeated."""

import pytest
from oxo_collector.failure import Failure, Fault
from oxo_collector.secrecy import Secrets
from oxo_collector.taxation.refusal import (
    COOKIES_CHARACTERS_MAX,
    COOKIES_COUNT_MAX,
    refused_cookies,
    refused_head,
)
from oxo_collector.taxation.transport import ProxyRoute, Route, Transport, answer_bytes_max
from pydantic import SecretStr
from requests.cookies import RequestsCookieJar

TOKEN = "cGJ4Om9wZW4gc2VzYW1l"  # pbx:open sesame
SECRETS = Secrets(("pbx", SecretStr("open sesame")), ("proxy", SecretStr("12345")), (None, None))


@pytest.mark.parametrize(
    "kind",
    ["text/xml", "Text/XML; charset=utf-8", "application/soap+xml", "application/xml", "",
     "application/octet-stream", "text/plain"],
)  # fmt: skip
@pytest.mark.parametrize("coding", ["", "identity", " Identity "])
@pytest.mark.parametrize("status", [200, 500])
def test_what_may_be_an_answer_is_read(kind: str, coding: str, status: int) -> None:
    head = {"Content-Type": kind, "Content-Encoding": coding}
    assert refused_head(status, head, "there") is None


@pytest.mark.parametrize(
    ("head", "words", "fault", "other_port"),
    [
        ({"Content-Type": "application/json"}, "type application/json", Fault.OPERATOR, True),
        ({"Content-Type": "multipart/related; a=b"}, "multipart/related", Fault.OPERATOR, True),
        ({"Content-Type": "x" * 9999}, "xxx... (9999 characters)", Fault.OPERATOR, True),
        ({"Content-Encoding": "gzip"}, "is packed (gzip)", Fault.EXCHANGE, False),
        ({"Content-Encoding": "gzip, gzip"}, "is packed (gzip, gzip)", Fault.EXCHANGE, False),
    ],
)  # fmt: skip
def test_what_cannot_be_an_answer_is_not(
    head: dict[str, str],
    words: str,
    fault: Fault,
    other_port: bool,  # noqa: FBT001 - a parameter
) -> None:
    found = refused_head(200, head, "there")
    assert found is not None
    assert words in found.what
    assert (found.fault, found.other_port_may_help) == (fault, other_port)


def test_cookies_have_a_limit_of_number_and_length() -> None:
    jar = RequestsCookieJar()
    for number in range(COOKIES_COUNT_MAX):
        jar.set(f"c{number}", "1")
    assert refused_cookies(jar, "there") is None
    jar.set("one-more", "1")
    assert isinstance(refused_cookies(jar, "there"), Failure)
    jar.clear()
    jar.set("c", "1" * (COOKIES_CHARACTERS_MAX - 1))
    assert refused_cookies(jar, "there") is None
    jar.set("d", "1")
    assert isinstance(refused_cookies(jar, "there"), Failure)


def test_secrets_are_taken_out_but_a_short_password_is_left_where_it_may_be_a_figure() -> None:
    assert SECRETS.scrubbed(f"a open sesame b {TOKEN} 12345") == "a [secret] b [secret] 12345"
    assert SECRETS.scrubbed_bytes(b"open sesame 12345") == b"[secret] 12345"
    assert SECRETS.given_back(b"<x>open sesame</x>", "there") is None
    assert SECRETS.given_back(TOKEN.encode(), "there") is not None
    assert SECRETS.given_back(b"cHJveHk6MTIzNDU=", "there") is not None, "that of the proxy"


def test_no_repr_tells_a_secret() -> None:
    proxy = ProxyRoute("proxy.example.net", 3128, "proxy", SecretStr("open sesame"))
    route = Route("192.0.2.1", "pbx", SecretStr("open sesame"), None, "0" * 64, proxy)
    transport = Transport(route)
    transport.begin(443)
    for one in (route, proxy, SECRETS, transport, transport._session, vars(transport)):
        assert "sesame" not in repr(one)
        assert TOKEN not in repr(one)
    transport.close()


def test_an_answer_may_be_as_long_as_the_tickets_asked_for() -> None:
    sizes = [answer_bytes_max(n) for n in (1, 1000, 10_000)]
    assert sizes == [1_056_768, 9_240_576, 33_554_432]
