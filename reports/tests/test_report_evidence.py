"""Evidence pages and the bounded readers behind them."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lxml import html
from oxo_reports import evidence, render
from oxo_reports.evidence import read_records, read_text
from oxo_reports.exchanges import BODY_CHARACTERS_MAX, WITHHELD, http_exchange, indented

Changed = Callable[[Callable[[dict[str, Any]], object]], Path]


def text(element: html.HtmlElement) -> str:
    """What a reader sees, cells and lines parted by one blank."""
    words = " ".join(" ".join(element.itertext()).split())
    return re.sub(r" ([,.;:)])", r"\1", words)


def opened(folder: Path, play: str) -> html.HtmlElement:
    path = folder / "evidence" / play / "index.html"
    return html.fromstring(path.read_text(encoding="utf-8"))


def test_every_play_has_a_page_even_without_any_evidence(
    rendered: Path, sample_run: dict[str, Any]
) -> None:
    for play in sample_run["plays"]:
        page = opened(rendered, play["play"])
        assert play["title"] in text(page)
        assert play["action"] in text(page)
        assert play["expectation"] in text(page)
    assert "Missing evidence. ledger.ndjson is not in the bundle." in text(
        opened(rendered, "dis104")
    )


def test_findings_with_reasons(rendered: Path) -> None:
    rows = opened(rendered, "bu2").xpath("//*[@id='findings']/following-sibling::table[1]/tbody/tr")
    assert len(rows) == 3
    assert text(rows[2]).startswith("exactly once NOK Ticket 1 is lost")
    assert "lost: 1 duplicated: 3" in text(rows[2])


def test_tickets_stand_beside_what_the_exchange_made(rendered: Path) -> None:
    rows = opened(rendered, "bu2").xpath("//*[@id='tickets']/following-sibling::table[1]/tbody/tr")
    told = [[text(cell) for cell in row.xpath("./td")] for row in rows]
    assert [row[3] for row in told] == [
        "lost",
        "recovered",
        "duplicated",
        "altered",
        "dropped by the exchange",
        "phantom",
    ]
    assert told[2][4] == "2, 3"
    assert told[0][2].startswith("outgoing, 2026-11-22 20:41:00, 128 / 00441632960001, 50")
    assert "call_seconds: expected 50, found 49" in told[3][5]
    assert "account_code: expected <b>7</b>, found nothing" in told[3][5]


def test_exchanges_are_in_order_and_folded(rendered: Path) -> None:
    exchanges = opened(rendered, "bu2").xpath("//details[@class='exchange']")
    assert [text(one.xpath(".//*[@class='w-what']")[0]) for one in exchanges] == [
        "Login",
        "GetTickets",
        "AckTickets",
        "AckTickets",
    ]
    assert [one.get("open") for one in exchanges] == [None] * 4
    status = [one.xpath(".//*[contains(@class, 'w-status')]")[0] for one in exchanges]
    assert [text(one) for one in status] == ["200", "200", "500", "200"]
    assert [("nok-text" in one.get("class")) for one in status] == [False, False, True, False]
    assert "Authorization: Basic [redacted]" in text(exchanges[0])
    assert exchanges[1].xpath(".//details"), "a long body is folded"


def test_the_judge_was_told(rendered: Path) -> None:
    told = text(opened(rendered, "bu2"))
    assert "by KILL, after ledger line 14" in told
    assert "the link was restored 0.3 s late (fault: nobody)" in told
    assert "refused|<i>" in told
    assert "Unreadable line 3 not JSON" in text(opened(rendered, "dis101"))
    assert "What the judge was told" not in text(opened(rendered, "cic1"))


def test_hostile_evidence_stays_text(rendered: Path) -> None:
    page = opened(rendered, "bu2")
    assert "<script>alert('log')</script>" in text(page)
    assert "<img src=x onerror=alert(1)>" in text(page)
    raw = (rendered / "evidence" / "bu2" / "index.html").read_text(encoding="utf-8")
    for forbidden in ("<script", "<img", "\x1b", "\x07", "\u202e"):
        assert forbidden not in raw
    assert "bell <U+0007>" in text(page)


def test_an_unreadable_line_is_shown(rendered: Path) -> None:
    assert "unreadable line n" not in text(opened(rendered, "cic3"))
    assert "{ this line was cut" in text(opened(rendered, "cic2"))


def test_the_proxy_journal_is_a_table(rendered: Path) -> None:
    table = opened(rendered, "cic3").xpath("//*[@id='proxy']/following::table[1]")[0]
    assert "CONNECT localhost:40443 127.0.0.1:51234 ok bench 200 1822 5530" in text(table)


def test_only_the_first_lines_are_shown_and_counted(bundle: Path) -> None:
    home = bundle / "evidence" / "bu2"
    ledger = home / "ledger.ndjson"
    line = {"n": 1, "at": "2026-11-22T20:45:30.000Z", "exchange_time": "x", "event": "alarm"}
    ledger.write_text("".join(json.dumps({**line, "n": n}) + "\n" for n in range(1, 1201)))
    transcript = home / "transcript.ndjson"
    transcript.write_text(transcript.read_text(encoding="utf-8") * 40, encoding="utf-8")
    (home / "subject.log").write_text("".join(f"line {n}\n" for n in range(1, 1001)))
    render(bundle)
    page = opened(bundle, "bu2")
    assert "The first 200 lines of 1,200; the whole file is ledger.ndjson." in text(page)
    assert "160 lines in transcript.ndjson." in text(page)
    assert "lines left out here; the files have them" in text(page)
    assert "… 600 lines left out …" in text(page)
    log = page.xpath("//*[@id='log']/following-sibling::pre[1]")[0].text_content().splitlines()
    assert (log[0], log[199], log[201], log[-1]) == ("line 1", "line 200", "line 801", "line 1000")


def test_too_many_tickets_show_the_troubled_ones_first(changed: Changed) -> None:
    def many(run: dict[str, Any]) -> None:
        good = {"sequence": 1, "fate": "exactly once", "differences": []}
        play = next(play for play in run["plays"] if play["play"] == "bu1")
        play["tickets"] = [{"id": n, **good} for n in range(1, 500)]
        play["tickets"].append({"id": 500, "sequence": 500, "fate": "lost", "differences": []})

    folder = changed(many)
    render(folder)
    page = opened(folder, "bu1")
    rows = page.xpath("//*[@id='tickets']/following-sibling::table[1]/tbody/tr")
    assert len(rows) == 200
    assert "lost" in text(rows[0])
    assert "200 of 500 tickets" in text(page)


def test_a_reader_stops_at_its_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "LINE_BYTES_MAX", 10)
    monkeypatch.setattr(evidence, "FILE_BYTES_MAX", 35)
    (tmp_path / "subject.log").write_bytes(b"x" * 1000)
    log = read_text(tmp_path, "subject.log")
    assert log.total == 4
    assert not log.whole
    assert log.head == ["x" * 10] * 4
    (tmp_path / "short.log").write_bytes(b"x" * 35)
    assert read_text(tmp_path, "short.log").whole


def test_head_and_tail_at_every_length(tmp_path: Path) -> None:
    for count in range(12):
        (tmp_path / "a.log").write_text("".join(f"{n}\n" for n in range(count)))
        log = read_text(tmp_path, "a.log", each_end_max=3)
        numbers = [str(n) for n in range(count)]
        assert log.head == numbers[:3]
        assert log.tail == numbers[3:][-3:]
        assert log.left_out == max(0, count - 6)


@pytest.mark.parametrize(
    "line", [b"[1]", b"7", b'"x"', b"null", b"{", b"\xff", b"[" * 100_000, b""]
)
def test_garbage_lines_are_kept_as_text(line: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_bytes(line + b'\n{"n": 2}\n')
    records = read_records(tmp_path, "a.ndjson")
    assert records.total == 2
    assert records.rows[0]["n"] == 1
    assert "unreadable" in records.rows[0]
    assert records.rows[1] == {"n": 2}


@pytest.mark.parametrize(
    "value", [None, 7, "x", [], {}, [1], ["a"], [["a"]], [[1, 2]], {"version": []}, True, 1e300]
)
def test_lines_of_any_shape_render(value: Any, bundle: Path) -> None:
    """Evidence is not held to a schema: a wrong shape is shown, never a crash."""
    keys = {
        "ledger.ndjson": ["n", "at", "exchange_time", "event", "id", "ticket"],
        "transcript.ndjson": [
            *("n", "at", "connection", "port", "tls", "method", "path", "status", "operation"),
            *("request_headers", "request_body", "answer_headers", "answer_body"),
        ],
        "delivery.ndjson": ["kind", "local_time", "cost", "extras", "zone"],
        "proxy.ndjson": ["n", "at", "peer", "status"],
        "steps.ndjson": ["n", "keyword", "name", "outcome", "seconds", "reason"],
    }
    for name, named in keys.items():
        lines = [dict.fromkeys(named, value), {}, {"event": "made", "id": 1, "ticket": value}]
        target = bundle / "evidence" / "bu2" / name
        target.write_text("".join(json.dumps(line) + "\n" for line in lines))
    render(bundle)


def test_a_link_out_of_the_bundle_is_not_followed(bundle: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the password is swordfish")
    log = bundle / "evidence" / "bu2" / "subject.log"
    log.unlink()
    log.symlink_to(secret)
    render(bundle)
    page = text(opened(bundle, "bu2"))
    assert "swordfish" not in page
    assert "subject.log leads out of the bundle" in page


def test_a_credential_that_was_not_redacted_is_withheld() -> None:
    shown = http_exchange(
        {
            "request_headers": [["Authorization", "Basic c2VjcmV0"], ["cookie", "SESSIONID=1"]],
            "answer_headers": [["Set-Cookie", "SESSIONID=[redacted:01234567]; Path=/"]],
        }
    )
    assert shown.request_headers == [("Authorization", WITHHELD), ("cookie", WITHHELD)]
    assert shown.answer_headers == [("Set-Cookie", "SESSIONID=[redacted:01234567]; Path=/")]


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("<a><b>1</b></a>", "<a>\n  <b>1</b>\n</a>"),
        ("<a><b>1</b", "<a><b>1</b"),
        ("plain", "plain"),
        ("", ""),
        ('<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'),
        ("<a>&amp;<b/></a>…[12 bytes more]", "<a>&amp;<b/></a>…[12 bytes more]"),
    ],
)
def test_only_whole_xml_is_indented(raw: str, shown: str) -> None:
    assert indented(raw) == shown


def test_a_body_is_cut_with_a_count() -> None:
    body = http_exchange({"request_body": "x" * (BODY_CHARACTERS_MAX + 5)}).request_body
    assert body is not None
    assert len(body.text) == BODY_CHARACTERS_MAX
    assert body.left_out == 5
    assert body.folded


def test_what_is_the_same_in_all_tickets_is_said_once(bundle: Path) -> None:
    lines = [{"kind": "call", "zone": "Europe/Paris", "trunk": str(n)} for n in range(3)]
    path = bundle / "evidence" / "bu2" / "delivery.ndjson"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    render(bundle)
    page = opened(bundle, "bu2")
    said = page.xpath("//*[@id='delivery']/following-sibling::p")
    assert "The same in all of them: zone: Europe/Paris." in [text(one) for one in said]
    table = page.xpath("//*[@id='delivery']/following::table[1]")[0]
    assert [text(row) for row in table.xpath("./tbody/tr")] == [
        "1 call trunk: 0",
        "2 call trunk: 1",
        "3 call trunk: 2",
    ]
    path.write_text(json.dumps(lines[0]) + "\n")
    render(bundle)
    assert "The same in all of them" not in text(opened(bundle, "bu2"))
