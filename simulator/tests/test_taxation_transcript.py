"""What is written down of HTTP exchanges, and what never is."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from oxo_simulator.taxation.transcript import BODY_BYTES_MAX, HttpExchange, Transcript

EXCHANGE = HttpExchange(
    connection="c7",
    port="standard",
    peer="127.0.0.1:40001",
    tls={"version": "TLSv1.3", "server_name": "localhost"},
    method="POST",
    path="/services/taxation",
    request_headers=[
        ("Authorization", "Basic YWRtaW46aHVudGVyMg=="),
        ("Cookie", "SESSIONID=abc; other=def"),
        ("Content-Type", "text/xml"),
    ],
    request_body=b"<a/>",
    status=200,
    answer_headers=[("Set-Cookie", "SESSIONID=abc; Path=/services; Secure; HttpOnly")],
    answer_body="é".encode(),
    operation="Login",
    user="admin",
)


def now() -> datetime:
    return datetime(2026, 11, 22, 20, 45, 0, 123456, tzinfo=UTC)


def transcript(**limits: int) -> Transcript:
    return Transcript(now=now, key=b"k" * 32, **limits)


def test_a_line_has_the_keys_of_the_bundle() -> None:
    kept = transcript()
    kept.add(EXCHANGE)
    (line,) = kept.lines(0)
    cookie = line["request_headers"][1][1].partition("=")[2].partition(";")[0]
    assert line == {
        "n": 1,
        "at": "2026-11-22T20:45:00.123Z",
        "connection": "c7",
        "port": "standard",
        "peer": "127.0.0.1:40001",
        "tls": {"version": "TLSv1.3", "server_name": "localhost"},
        "method": "POST",
        "path": "/services/taxation",
        "request_headers": [
            ["Authorization", "Basic [redacted]"],
            ["Cookie", line["request_headers"][1][1]],
            ["Content-Type", "text/xml"],
        ],
        "request_body": "<a/>",
        "status": 200,
        "answer_headers": [["Set-Cookie", f"SESSIONID={cookie}; Path=/services; Secure; HttpOnly"]],
        "answer_body": "é",
        "operation": "Login",
        "user": "admin",
    }
    json.dumps(line)


def test_equal_cookies_can_be_told_equal_and_no_more() -> None:
    kept = transcript()
    kept.add(EXCHANGE)
    ((_, shown),) = [
        header for header in kept.lines(0)[0]["request_headers"] if header[0] == "Cookie"
    ]
    first, second = (part.partition("=")[2] for part in shown.split("; "))
    assert first != second
    assert first.startswith("[redacted:")
    assert len(first) == len("[redacted:xxxxxxxx]")
    other = Transcript(now=now, key=b"j" * 32)
    other.add(EXCHANGE)
    assert first not in json.dumps(other.lines(0))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("authorization", "Basic hunter2"),
        ("AUTHORIZATION", "Bearer hunter2"),
        ("Authorization", "hunter2"),
        ("Authorization", "hunter2 "),
        ("Proxy-Authorization", "Basic hunter2"),
        ("Cookie", "hunter2"),
        ("Cookie", "a=hunter2;b = hunter2 ; ;c=hunter2=hunter2"),
        ("Set-Cookie", "hunter2"),
        ("set-cookie", "a=hunter2"),
    ],
)
def test_no_spelling_of_a_secret_gets_in(name: str, value: str) -> None:
    kept = Transcript(now=now)
    kept.add(replace(EXCHANGE, request_headers=[(name, value)], answer_headers=[(name, value)]))
    shown = json.dumps(kept.lines(0))
    assert "redacted" in shown
    if value != "hunter2 ":
        assert "hunter2" not in shown


def test_an_exchange_does_not_show_its_headers() -> None:
    assert "YWRt" not in repr(EXCHANGE)


def test_bodies_are_cut_and_say_so() -> None:
    kept = transcript()
    kept.add(replace(EXCHANGE, request_body=b"x" * (BODY_BYTES_MAX + 3), answer_body=b"\xff\x00"))
    (line,) = kept.lines(0)
    assert line["request_body"] == "x" * BODY_BYTES_MAX + "…[3 bytes more]"
    assert line["answer_body"] == "\ufffd\x00"


def test_the_oldest_lines_go_and_leave_their_numbers() -> None:
    kept = transcript(entries_max=3)
    for _ in range(5):
        kept.add(EXCHANGE)
    assert [line["n"] for line in kept.lines(0)] == [3, 4, 5]
    assert [line["n"] for line in kept.lines(4)] == [5]
    assert kept.lines(5) == []


def test_bodies_together_have_a_limit_too() -> None:
    kept = transcript(text_bytes_max=100)
    for _ in range(5):
        kept.add(replace(EXCHANGE, request_body=b"x" * 40, answer_body=b""))
    assert [line["n"] for line in kept.lines(0)] == [4, 5]


def test_a_fresh_exchange_has_a_fresh_transcript() -> None:
    kept = transcript()
    kept.add(EXCHANGE)
    kept.clear()
    assert kept.lines(0) == []
    kept.add(EXCHANGE)
    assert [line["n"] for line in kept.lines(0)] == [1]
