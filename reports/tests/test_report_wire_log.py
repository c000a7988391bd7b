"""The wire log: four files merged into one story in time order."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lxml import html
from oxo_reports import render
from oxo_reports.evidence import Records
from oxo_reports.run import Confirmation, Facts, Restart
from oxo_reports.wire_log import Entry, wire_log

Changed = Callable[[Callable[[dict[str, Any]], object]], Path]
DAY = "2026-11-22T20:45:"


def records(*rows: dict[str, Any], total: int | None = None) -> Records:
    return Records("x.ndjson", list(rows), len(rows) if total is None else total)


def request(second: str, operation: str = "Login", **more: Any) -> dict[str, Any]:
    line = {"at": f"{DAY}{second}Z", "connection": "c1", "operation": operation, "status": 200}
    return {**line, **more}


def event(n: int, second: str, name: str, **more: Any) -> dict[str, Any]:
    return {"n": n, "at": f"{DAY}{second}Z", "exchange_time": "x", "event": name, **more}


def facts(restarts: list[Restart] | None = None, asked: list[Confirmation] | None = None) -> Facts:
    return Facts(
        demands=[],
        values={},
        coarser={},
        blank_is_absent=False,
        unreadable=[],
        appointments="processed",
        failure_pattern=None,
        failure_log=None,
        restarts=restarts or [],
        incidents=[],
        host_name="localhost",
        confirmations=asked or [],
    )


def said(entries: list[Entry]) -> list[str]:
    return [one.http.operation if one.http else one.text for one in entries]


def test_requests_disturbances_and_tickets_are_told_in_time_order() -> None:
    ledger = records(
        event(1, "00.000", "installed", profile="p", tag_set="t", zone="z", epoch="e"),
        event(2, "01.000", "connection opened", connection="c1", port="standard", peer="a:1"),
        event(3, "03.000", "fault", fault={"kind": "cut", "towards": "both", "ports": []}),
        event(4, "06.000", "restored", reset_connections=True),
        event(5, "07.000", "reset", kind="warm"),
        event(6, "07.500", "phase", phase="busy"),
        event(7, "08.000", "refused", connection="c2", reason="busy"),
    )
    proxy = records({"at": f"{DAY}00.900Z", "method": "CONNECT", "target": "h:1", "status": 200})
    log = wire_log(records(request("02.000"), request("08.000", "x")), ledger, proxy, None)
    assert said(log) == [
        "installed: profile p, tag set t, zone z, epoch e",
        "CONNECT h:1: status 200, login \N{EN DASH}",
        "connection opened, standard port, peer a:1",
        "Login",
        "link disturbed: cut (towards both)",
        "link restored, its connections reset",
        "warm reset",
        "phase: busy",
        "refused: busy",
        "x",
    ]
    assert [one.since for one in log][:4] == ["+0.000", "+0.900", "+1.000", "+2.000"]
    assert [one.troubled for one in log] == [False] * 4 + [True] * 5 + [False]


def test_tickets_in_a_row_are_one_line_until_something_else_happens() -> None:
    ledger = records(
        event(1, "00.000", "made", id=1),
        event(2, "00.000", "buffered", id=1),
        event(3, "00.100", "made", id=2),
        event(4, "00.100", "buffered", id=2),
        event(5, "00.200", "alarm", percent=90),
        event(6, "00.300", "made", id=3),
        event(7, "00.300", "dropped", id=3, reason="buffer full"),
    )
    log = wire_log(None, ledger, None, None)
    assert said(log) == [
        "2 tickets made (ids 1 to 2); 2 buffered",
        "buffer at 90 %",
        "1 ticket made (id 3); 1 dropped: buffer full",
    ]
    assert [one.troubled for one in log] == [False, False, True]


def test_a_ticket_that_the_wire_tells_otherwise_is_no_trouble() -> None:
    ledger = records(
        event(1, "00.000", "made", id=1),
        event(2, "00.000", "dropped", id=1, reason="not carried by this wire"),
    )
    log = wire_log(None, ledger, None, None)
    assert said(log) == ["1 ticket made (id 1); 1 not carried by this wire"]
    assert [one.troubled for one in log] == [False]


def test_what_the_bench_and_the_operator_did_stands_where_it_happened() -> None:
    ledger = records(
        event(1, "00.000", "made", id=1),
        event(2, "00.000", "buffered", id=1),
        event(3, "05.000", "made", id=2),
    )
    asked = [Confirmation("power off", "Pull the plug.", "yes", "jane", f"{DAY}03.000Z")]
    log = wire_log(None, ledger, None, facts([Restart(2, "KILL")], asked))
    assert [(one.who, one.text) for one in log] == [
        ("exchange", "1 ticket made (id 1); 1 buffered"),
        ("solution", "ended by KILL, to be started again"),
        ("operator jane", "Pull the plug. Answer: yes"),
        ("exchange", "1 ticket made (id 2)"),
    ]


def test_lines_of_one_file_keep_their_order_whatever_their_instants() -> None:
    ledger = records(
        event(1, "05.000", "alarm", percent=1),
        event(2, "04.000", "alarm", percent=2),
        {"n": 3, "event": "alarm", "percent": 3},
        {"n": 4, "unreadable": "{ cut"},
        event(5, "06.000", "alarm", percent=5),
    )
    log = wire_log(records(request("05.500")), ledger, None, None)
    assert said(log) == [
        "buffer at 1 %",
        "buffer at 2 %",
        "buffer at 3 %",
        "unreadable line: { cut",
        "Login",
        "buffer at 5 %",
    ]


def test_a_log_of_a_transcript_that_is_cut_ends_with_it() -> None:
    ledger = records(event(1, "01.000", "alarm", percent=1), event(2, "09.000", "alarm", percent=2))
    whole = wire_log(records(request("02.000")), ledger, None, None)
    assert said(whole) == ["buffer at 1 %", "Login", "buffer at 2 %"]
    cut = wire_log(records(request("02.000"), total=7), ledger, None, None)
    assert said(cut) == ["buffer at 1 %", "Login"]


def test_polls_that_find_nothing_new_are_told_as_first_and_last() -> None:
    polls = [request(f"{n:02}.000", "GetTickets", answer_body="none") for n in range(10)]
    polls[4]["answer_body"] = "a ticket"
    polls.append(request("11.000", "GetTickets", answer_body="none", connection="c2"))
    polls += [request(f"{n}.000", "Login", status=503) for n in range(20, 26)]
    log = wire_log(records(*polls), None, None, None)
    assert said(log) == [
        *("GetTickets", "2 more GetTickets, answered alike", "GetTickets"),
        "GetTickets",
        *("GetTickets", "3 more GetTickets, answered alike", "GetTickets"),
        "GetTickets",
        *["Login"] * 6,
    ]
    assert (log[1].kind, log[1].since, log[2].since) == ("folded", "+1.000", "+3.000")


def test_something_between_two_polls_parts_them() -> None:
    polls = [request(f"{n:02}.000", "GetTickets") for n in range(6)]
    ledger = records(event(1, "02.500", "alarm", percent=1))
    log = wire_log(records(*polls), ledger, None, None)
    assert said(log) == [*["GetTickets"] * 3, "buffer at 1 %", *["GetTickets"] * 3]


@pytest.mark.parametrize("number", [299, 300, 301, 1000])
def test_a_long_log_is_shown_from_both_ends(number: int) -> None:
    ledger = records(*(event(n, "00.000", "alarm", percent=n) for n in range(number)))
    log = wire_log(None, ledger, None, None)
    every = [f"buffer at {n} %" for n in range(number)]
    if number <= 300:
        assert said(log) == every
        return
    left = "1 line" if number == 301 else f"{number - 300} lines"
    assert said(log) == [
        *every[:200],
        f"{left} left out here; the files have them",
        *every[-100:],
    ]


def test_who_how_large_and_how_long_are_told() -> None:
    line = request(
        "02.000",
        peer="127.0.0.1:5",
        user="administrator",
        seconds=0.0125,
        request_body="é",
        answer_body="x" * 10 + "…[1990 bytes more]",
    )
    (one,) = wire_log(records(line), None, None, None)
    assert one.http is not None
    assert (one.http.peer, one.http.user) == ("127.0.0.1:5", "administrator")
    assert (one.http.request_size, one.http.answer_size) == ("2 bytes", "2.0 kB")
    assert one.http.seconds == "0.013\N{NO-BREAK SPACE}s"


@pytest.mark.parametrize("value", [None, 7, "x", [], {}, [1], {"kind": []}, True, 1e300])
def test_lines_of_any_shape_are_told(value: Any) -> None:
    keys = ("n", "at", "event", "fault", "reason", "port", "connection", "percent", "status")
    events = ("made", "dropped", "fault", "fault armed", "held", "phase", "offered", "unheard of")
    ledger = [{**dict.fromkeys(keys, value), "event": name} for name in events]
    rows = records(*ledger, dict.fromkeys(keys, value), {})
    assert wire_log(rows, rows, rows, facts([Restart(1, "KILL")]))


def test_the_page_shows_the_log_and_marks_what_stands_out(rendered: Path) -> None:
    path = rendered / "evidence" / "bu2" / "index.html"
    lines = html.fromstring(path.read_text(encoding="utf-8")).xpath("//ol[@class='wire']/li")
    classes = [line.get("class") for line in lines]
    assert classes.count("http") == 3
    assert classes.count("http troubled") == 1
    assert "disturbance troubled" in classes
    told = " ".join(" ".join(line.itertext()) for line in lines)
    assert "ended by KILL, to be started again" in told


def test_confirmations_and_unknown_operations_have_their_places(changed: Changed) -> None:
    def more(run: dict[str, Any]) -> None:
        run["operator"] = {"name": "jane <b>"}
        play = next(play for play in run["plays"] if play["play"] == "bu2")
        play["facts"]["confirmations"] = [
            {
                "question": "power off",
                "text": "Pull the plug of the collector.",
                "answer": "yes",
                "by": "jane <b>",
                "at": "2026-11-22T20:45:31.250Z",
            }
        ]
        for name in ("bu2", "cic2"):
            play = next(play for play in run["plays"] if play["play"] == name)
            play["unknown_operations"] = [
                {
                    "operation": "FetchTickets",
                    "namespace": "urn:x",
                    "soap_action": None,
                    "count": 3,
                    "profile_lines": ["[contract.operations]", 'get_tickets = "FetchTickets"'],
                }
            ]
        run["known_failures"] = [
            {"case": "BU2", "reference": "PART-17", "expires": "2027-03-31", "state": "known"}
        ]

    folder = changed(more)
    page = html.fromstring(render(folder).read_text(encoding="utf-8"))
    row = " ".join(page.xpath("//*[@id='play-bu2']")[0].text_content().split())
    assert "Confirmed by hand: 1 answer of jane <b>" in row
    assert "Unknown to the profile: FetchTickets" in row
    assert "jane <b>" in page.xpath("//*[@id='environment']")[0].text_content()
    (told,) = page.xpath("//table[contains(@class, 'foreign')]")
    assert "FetchTickets, 6 calls in" in " ".join(told.text_content().split())
    assert told.xpath(".//a/@href") == ["#play-cic2", "#play-bu2"]
    assert 'get_tickets = "FetchTickets"' in told.xpath(".//pre")[0].text_content()
    known = " ".join(page.xpath("//*[@id='known-failures']//text()")).split()
    assert known[-6:] == ["BU2", "PART-17", "31", "March", "2027", "known"]
    evidence = html.fromstring(
        (folder / "evidence" / "bu2" / "index.html").read_text(encoding="utf-8")
    )
    (asked,) = evidence.xpath("//*[@id='confirmed']/following-sibling::table[1]/tbody/tr")
    words = " ".join(asked.text_content().split())
    assert "20:45:31.250" in words
    assert "Pull the plug of the collector." in words
    assert evidence.xpath("//ol[@class='wire']/li[contains(@class, 'people')]")
    assert evidence.xpath("//*[@id='unknown']/following-sibling::table[1]//pre")


def test_a_bundle_of_today_shows_how_long_an_answer_took(bundle: Path) -> None:
    path = bundle / "evidence" / "bu2" / "transcript.ndjson"
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    path.write_text("".join(json.dumps({**line, "seconds": 0.25}) + "\n" for line in lines))
    render(bundle)
    page = html.fromstring((bundle / "evidence/bu2/index.html").read_text(encoding="utf-8"))
    took = page.xpath("//li[contains(@class, 'http')]//*[@class='w-took']")
    assert [one.text_content() for one in took] == ["0.25\N{NO-BREAK SPACE}s"] * 4
