"""What is written down of HTTP exchanges, and what never is."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from oxo_simulator import transcript as module
from oxo_simulator.taxation.transcript import BODY_BYTES_MAX, HttpExchange, HttpTranscript
from oxo_simulator.transcript import FILE_BYTES_MAX, TEXT_CHARACTERS_MAX, Transcript

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
    seconds=0.01249,
)


def now() -> datetime:
    return datetime(2026, 11, 22, 20, 45, 0, 123456, tzinfo=UTC)


class Kept(Transcript):
    """A transcript that HTTP exchanges can be added to."""

    def __init__(
        self,
        key: bytes | None = None,
        folder: Path | None = None,
        file_bytes_max: int = FILE_BYTES_MAX,
    ) -> None:
        super().__init__(now=now, folder=folder, file_bytes_max=file_bytes_max)
        self.add = HttpTranscript(self, key).add


def transcript(file_bytes_max: int = FILE_BYTES_MAX) -> Kept:
    return Kept(b"k" * 32, file_bytes_max=file_bytes_max)


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
        "seconds": 0.012,
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
    other = Kept(b"j" * 32)
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
    kept = Kept()
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


def line_bytes() -> int:
    kept = transcript()
    kept.add(EXCHANGE)
    return len(kept.page(0).lines[0])


def test_the_oldest_lines_go_and_leave_their_numbers() -> None:
    kept = transcript(file_bytes_max=2 * line_bytes() + 10)
    seen = []
    for _ in range(7):
        kept.add(EXCHANGE)
        seen.append([line["n"] for line in kept.lines(0)])
    assert seen == [[1], [1, 2], [1, 2, 3], [1, 2, 3, 4], [3, 4, 5], [3, 4, 5, 6], [5, 6, 7]]
    assert [line["n"] for line in kept.lines(5)] == [6, 7]
    assert kept.lines(7) == kept.lines(99) == []


def test_a_page_is_bounded_and_says_whether_more_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAGE_LINES_MAX", 2)
    kept = transcript(file_bytes_max=3 * line_bytes() + 10)
    for _ in range(5):
        kept.add(EXCHANGE)
    pages = [kept.page(since) for since in (0, 2, 3, 4, 5)]
    assert [(len(page.lines), page.last, page.more) for page in pages] == [
        (2, 2, True), (1, 3, True), (2, 5, False), (1, 5, False), (0, 5, False),
    ]  # fmt: skip
    assert [line["n"] for line in kept.lines(0)] == [1, 2, 3, 4, 5]


def test_its_files_have_no_name_and_end_with_it(tmp_path: Path) -> None:
    kept = Kept(folder=tmp_path, file_bytes_max=10)
    for _ in range(3):
        kept.add(EXCHANGE)
    assert [line["n"] for line in kept.lines(0)] == [2, 3]
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_takes_no_line_leaves_a_gap_and_a_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = Kept(folder=tmp_path / "not there")
    kept.add(EXCHANGE)
    assert kept.lines(0) == []
    assert "transcript.lost" in capsys.readouterr().out
    (tmp_path / "not there").mkdir()
    kept.add(EXCHANGE)
    assert [line["n"] for line in kept.lines(0)] == [2]


def test_a_fresh_exchange_has_a_fresh_transcript() -> None:
    kept = transcript()
    kept.add(EXCHANGE)
    kept.clear()
    assert kept.lines(0) == []
    kept.add(EXCHANGE)
    assert [line["n"] for line in kept.lines(0)] == [1]


def test_words_of_another_wire_have_a_line_of_their_own_and_no_control_character() -> None:
    kept = transcript()
    kept.add(EXCHANGE)
    kept.said(
        wire="ohl",
        connection="c8",
        port="ohl",
        peer="127.0.0.1:40002",
        sender="exchange",
        text="\x02C217 é\x1f\x9b\u202857\x03",
    )
    assert kept.lines(1) == [
        {
            "n": 2,
            "at": "2026-11-22T20:45:00.123Z",
            "wire": "ohl",
            "connection": "c8",
            "port": "ohl",
            "peer": "127.0.0.1:40002",
            "sender": "exchange",
            "text": "<STX>C217 é<0x1f><0x9b><0x2028>57<ETX>",
        }
    ]


def test_a_long_text_is_cut_and_says_so() -> None:
    kept = transcript()
    text = "x" * (TEXT_CHARACTERS_MAX + 2)
    kept.said(wire="v24", connection="c", port="v24", peer="p", sender="collector", text=text)
    assert kept.lines(0)[0]["text"] == "x" * TEXT_CHARACTERS_MAX + "…[2 characters more]"
