"""Demands on connection, buffer and disturbance: hand-typed lines and what they prove."""

from typing import Any

import pytest
from oxo_scenarios.catalogue import load_catalogue
from oxo_scenarios.judge import Evidence, Incident, Restart, judge, not_applicable
from oxo_scenarios.judge.demands import ALL, demand_of
from oxo_scenarios.judge.sight import look
from oxo_scenarios.verdict import Mark, Verdict

CATALOGUE = load_catalogue()
CASE = CATALOGUE.case("BU1")
Event = tuple[str, dict[str, Any]]
Answer = tuple[str, str | None]


def ledger(*events: Event) -> list[dict[str, Any]]:
    return [{"n": n, "event": event} | keys for n, (event, keys) in enumerate(events, 1)]


def answer(words: str, **evidence: Any) -> Answer:
    """Ask one demand; return its verdict and reason."""
    asked = demand_of(words)
    found = asked.demand.decide(look(CASE, "extended", Evidence(**evidence)), asked.argument)
    return found.verdict.value, found.reason


def request(n: int, operation: str | None, status: int = 200, **changes: Any) -> dict[str, Any]:
    """Return a transcript line of a right session on the standard port."""
    line: dict[str, Any] = {
        "n": n,
        "port": "standard",
        "peer": "127.0.0.1:50001",
        "tls": {"version": "TLSv1.3", "server_name": "localhost"},
        "method": "POST",
        "request_headers": [
            ["Host", "localhost:40443"],
            ["Authorization", "Basic [redacted]"],
            *([] if operation == "Login" else [["Cookie", "SESSIONID=[redacted:0a1b2c3d]"]]),
        ],
        "status": status,
        "answer_headers": (
            [["Set-Cookie", "SESSIONID=[redacted:0a1b2c3d]; Path=/services; Secure; HttpOnly"]]
            if operation == "Login"
            else []
        ),
        "operation": operation,
        "user": "oxo",
    }
    return line | changes


def headers(line: dict[str, Any], *replaced: list[str]) -> dict[str, Any]:
    """Return the line with these request headers in place of its own."""
    names = {name for name, *_ in replaced}
    kept = [pair for pair in line["request_headers"] if pair[0] not in names]
    return line | {"request_headers": [*kept, *(pair for pair in replaced if len(pair) == 2)]}


LOGIN, GET, ACK = request(1, "Login"), request(2, "GetTickets"), request(3, "AckTickets")
RIGHT = [LOGIN, GET, ACK]


# --- Proxy ---

PASSAGE = {
    "method": "CONNECT",
    "target": "127.0.0.1:40443",
    "login": "ok",
    "user": "proxy",
    "status": 200,
    "outward": "127.0.0.1:50001",
}
OPENED: Event = ("connection opened", {"connection": "c1", "peer": "127.0.0.1:50001"})
AROUND: Event = ("connection opened", {"connection": "c2", "peer": "127.0.0.1:50002"})
UNPROVED = "the proxy's journal shows no connection with its login"
SESSION: Event = ("session opened", {"session": "s1", "connection": "c1", "reason": "login"})


@pytest.mark.parametrize(
    ("proxy", "events", "expected"),
    [
        ([PASSAGE], [OPENED, SESSION], ("ok", None)),
        ([], [OPENED, SESSION], ("nok", UNPROVED)),
        (
            [PASSAGE | {"login": "missing", "status": 407, "outward": None}],
            [],
            ("nok", f"{UNPROVED}; the logins it saw: missing"),
        ),
        (
            [PASSAGE],
            [OPENED, SESSION, AROUND],
            ("nok", "1 connection reached the exchange around the proxy"),
        ),
        ([PASSAGE | {"method": "GET"}], [], ("nok",
            f"{UNPROVED}; the logins it saw: ok")),
        ([PASSAGE | {"login": "missing"}], [OPENED, SESSION],
         ("nok", f"{UNPROVED}; the logins it saw: missing")),
        ([PASSAGE], [OPENED], ("nok", "no session was opened through the proxy")),
    ],
)  # fmt: skip
def test_through_the_proxy(
    proxy: list[dict[str, Any]], events: list[Event], expected: Answer
) -> None:
    assert answer("through the proxy", proxy=proxy, ledger=ledger(*events)) == expected


# --- Ports ---


def test_on_port() -> None:
    assert answer("on port standard", transcript=RIGHT) == ("ok", None)
    assert answer("on port alternate", transcript=RIGHT) == (
        "nok",
        "alternate port: no Login and no GetTickets was answered",
    )
    refused = [LOGIN, request(2, "GetTickets", 500)]
    assert answer("on port standard", transcript=refused) == (
        "nok",
        "standard port: no GetTickets was answered",
    )


def test_without_login_the_answer_that_sets_the_cookie_opens_the_session() -> None:
    first = request(1, "GetTickets") | {"answer_headers": LOGIN["answer_headers"]}
    for demand in ("on port standard", "by name", "cookie returned"):
        assert answer(demand, transcript=[first, GET]) == ("ok", None)
    refused = first | {"status": 500}
    assert answer("on port standard", transcript=[refused, GET]) == (
        "nok",
        "standard port: no Login was answered",
    )
    assert answer("by name", transcript=[refused, GET]) == ("nok", "no session was opened")


# --- Basic authentication ---


@pytest.mark.parametrize(
    ("transcript", "expected"),
    [
        (RIGHT, ("ok", None)),
        ([], ("nok", "no request was served")),
        (
            [headers(LOGIN, ["Authorization"]) | {"status": 401}, *RIGHT],
            ("ok", None),
        ),
        (
            [headers(LOGIN, ["Authorization", "Bearer [redacted]"]) | {"status": 401}],
            ("nok", "1 login refused (scheme bearer)"),
        ),
        ([LOGIN | {"status": 401}, *RIGHT], ("nok", "1 login refused (scheme basic)")),
        (
            [LOGIN, headers(GET, ["Authorization"])],
            ("nok", "1 request without Basic authentication"),
        ),
        ([headers(LOGIN, ["authorization", "BASIC [redacted]"], ["Authorization"])], ("ok", None)),
    ],
)
def test_basic_authentication(transcript: list[dict[str, Any]], expected: Answer) -> None:
    assert answer("basic authentication", transcript=transcript) == expected


# --- Name ---


@pytest.mark.parametrize(
    ("transcript", "expected"),
    [
        (RIGHT, ("ok", None)),
        ([headers(LOGIN, ["Host", "LOCALHOST"])], ("ok", None)),
        ([], ("nok", "no session was opened")),
        (
            [LOGIN, GET | {"tls": {"version": "TLSv1.3", "server_name": None}}],
            ("nok", "request 2: server name missing, not localhost"),
        ),
        ([LOGIN | {"tls": None}], ("nok", "request 1: server name missing, not localhost")),
        (
            [LOGIN, headers(GET, ["Host", "127.0.0.1:40443"])],
            ("nok", "request 2: Host 127.0.0.1, not localhost"),
        ),
        ([headers(LOGIN, ["Host"])], ("nok", "request 1: Host missing, not localhost")),
    ],
)
def test_by_name(transcript: list[dict[str, Any]], expected: Answer) -> None:
    assert answer("by name", transcript=transcript) == expected


# --- Cookie ---

OTHER = ["Cookie", "theme=[redacted:ffffffff]; SESSIONID=[redacted:0a1b2c3d]"]


@pytest.mark.parametrize(
    ("transcript", "expected"),
    [
        (RIGHT, ("ok", None)),
        ([LOGIN, headers(GET, OTHER)], ("ok", None)),
        ([LOGIN, GET, LOGIN, GET], ("ok", None)),
        ([LOGIN, headers(GET, ["Cookie"])], ("nok", "request 2 (GetTickets) without the cookie")),
        (
            [LOGIN, headers(GET, ["Cookie", "SESSIONID=[redacted:99999999]"])],
            ("nok", "request 2 (GetTickets) without the cookie"),
        ),
        ([LOGIN], ("nok", "no request followed the login")),
        ([], ("nok", "no session was opened")),
        ([LOGIN | {"answer_headers": []}, GET], ("undecided", "the exchange set no cookie")),
        ([LOGIN, request(2, None, 200, request_headers=[]), GET], ("ok", None)),
    ],
)
def test_cookie_returned(transcript: list[dict[str, Any]], expected: Answer) -> None:
    assert answer("cookie returned", transcript=transcript) == expected


# --- Guards of the buffer cases ---

CALL = {"kind": "call", "local_time": "2026-11-23T12:00:00"}
MADE: Event = ("made", {"id": 1, "ticket": CALL, "source": "call"})
BUFFERED: Event = ("buffered", {"id": 1, "sequence": 1})
BATCH = {"first": 1, "last": 1, "session": "s1", "connection": "c1"}
OFFERED: Event = ("offered", BATCH)
ACKNOWLEDGED: Event = ("acknowledged", BATCH)


def test_buffered_first_and_session_first_exclude_each_other() -> None:
    waited = ledger(MADE, BUFFERED, SESSION)
    open_ = ledger(SESSION, MADE, BUFFERED)
    assert answer("buffered first", ledger=waited)[0] == "ok"
    assert answer("buffered first", ledger=open_)[0] == "undecided"
    assert answer("session first", ledger=open_)[0] == "ok"
    assert answer("session first", ledger=waited)[0] == "undecided"
    assert answer("session first", ledger=[])[0] == "undecided"
    filtered = [MADE, ("dropped", {"id": 1, "reason": "unanswered call not ticketed"})]
    later: Event = ("made", {"id": 2, "ticket": CALL})
    kept: Event = ("buffered", {"id": 2, "sequence": 1})
    assert answer("session first", ledger=ledger(*filtered, SESSION, later, kept))[0] == "ok"


# --- Disturbances ---

CUT: Event = ("fault", {"fault": {"kind": "cut", "towards": "both"}})
REFUSE: Event = ("fault", {"fault": {"kind": "refuse", "towards": "both"}})
HELD: Event = ("held", {"connection": "c1", "towards": "exchange", "bytes": 10})
RESTORED: Event = ("restored", {"reset_connections": True})


@pytest.mark.parametrize(
    ("events", "verdict"),
    [
        ([CUT, HELD, MADE, BUFFERED, RESTORED], "ok"),
        ([CUT, MADE, BUFFERED, HELD, RESTORED], "ok"),
        ([REFUSE, HELD, MADE, BUFFERED, RESTORED], "undecided"),
        ([CUT, MADE, BUFFERED, RESTORED], "undecided"),
        ([CUT, HELD, MADE, ("dropped", {"id": 1, "reason": "no licence"}), RESTORED], "undecided"),
        ([CUT, HELD, RESTORED, MADE, BUFFERED], "undecided"),
        ([CUT, HELD, MADE, BUFFERED], "undecided"),
        ([], "undecided"),
    ],
)
def test_link_cut(events: list[Event], verdict: str) -> None:
    assert answer("link cut", ledger=ledger(*events))[0] == verdict


RESET: Event = ("reset", {"kind": "warm"})
SERVING: Event = ("phase", {"phase": "serving"})


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([MADE, BUFFERED, RESET, SERVING], ("ok", None)),
        ([MADE, BUFFERED], ("undecided", "the exchange was not reset")),
        ([RESET, MADE, BUFFERED, SERVING], ("undecided", "no ticket waited at the reset")),
        (
            [MADE, BUFFERED, OFFERED, ACKNOWLEDGED, RESET, SERVING],
            ("undecided", "no ticket waited at the reset"),
        ),
        (
            [SERVING, MADE, BUFFERED, RESET],
            ("undecided", "the exchange did not come back from its reset"),
        ),
    ],
)
def test_warm_reset(events: list[Event], expected: Answer) -> None:
    assert answer("warm reset", ledger=ledger(*events)) == expected


@pytest.mark.parametrize(
    ("pattern", "window", "verdict"),
    [
        ("refused|time.?out", (10, 40), "ok"),
        ("REFUSED", (10, 40), "ok"),
        ("refused", (30, 40), "nok"),
        ("refused", None, "undecided"),
        (None, (10, 40), "not observable"),
    ],
)
def test_failure_message(pattern: str | None, window: tuple[int, int] | None, verdict: str) -> None:
    log = b"connected\nconnection refused\n\xff\xfe\nagain\n"
    found = answer("failure message", subject_log=log, failure_log=window, failure_pattern=pattern)
    assert found[0] == verdict


@pytest.mark.parametrize(
    ("log", "verdict"),
    [
        (b"." * 1000 + b"connection refused", "ok"),
        (b"." * 1015 + b"connection refused", "nok"),
        (b"connection\nrefused", "nok"),
    ],
)
def test_a_failure_message_is_one_line_and_stands_near_its_begin(log: bytes, verdict: str) -> None:
    window = (0, len(log))
    found = answer(
        "failure message",
        subject_log=log, failure_log=window, failure_pattern=r"connection\srefused",
    )  # fmt: skip
    assert found[0] == verdict


ARMED: Event = ("fault armed", {"fault": {"kind": "cut"}, "when": "acknowledged"})
CUT_OFF: Event = ("fault", {"id": "f1", "fault": {"kind": "cut", "towards": "both"}, "cause": 5})
KILL_5, KILL_6 = Restart(after_line=5, signal="KILL"), Restart(after_line=6, signal="KILL")


@pytest.mark.parametrize(
    ("how", "events", "restarts", "verdict"),
    [
        ("acknowledged", [ARMED, MADE, BUFFERED, OFFERED, ACKNOWLEDGED, CUT_OFF, SESSION],
         [KILL_6], "ok"),
        ("acknowledged", [ARMED, MADE, BUFFERED, OFFERED, ACKNOWLEDGED, CUT_OFF, SESSION],
         [KILL_5], "undecided"),
        ("acknowledged", [ARMED, MADE, BUFFERED, OFFERED, ACKNOWLEDGED, CUT_OFF], [KILL_6], "nok"),
        ("acknowledged", [ARMED, MADE, BUFFERED, OFFERED, ACKNOWLEDGED, CUT_OFF, SESSION], [],
         "undecided"),
        ("acknowledged", [ARMED, MADE, BUFFERED, OFFERED, ACKNOWLEDGED, CUT, SESSION], [KILL_6],
         "undecided"),
        ("acknowledged", [MADE, BUFFERED, OFFERED, ACKNOWLEDGED, ARMED, CUT, SESSION], [KILL_6],
         "undecided"),
        ("acknowledged", [ARMED, MADE, BUFFERED, OFFERED, ACKNOWLEDGED, CUT_OFF, SESSION],
         [Restart(after_line=6, signal="TERM")], "undecided"),
        ("offered", [MADE, BUFFERED, OFFERED, CUT, HELD, SESSION], [KILL_5], "ok"),
        ("offered", [MADE, BUFFERED, OFFERED, CUT, HELD], [KILL_5], "nok"),
        ("offered", [MADE, BUFFERED, OFFERED, CUT, OPENED, SESSION], [KILL_5], "undecided"),
        ("offered", [MADE, BUFFERED, OFFERED, ACKNOWLEDGED, HELD, SESSION], [KILL_5],
         "undecided"),
        ("offered", [MADE, BUFFERED, CUT, HELD, OPENED, OFFERED, SESSION], [KILL_5], "undecided"),
    ],
)  # fmt: skip
def test_restarted(how: str, events: list[Event], restarts: list[Restart], verdict: str) -> None:
    assert answer(f"restarted {how}", ledger=ledger(*events), restarts=restarts)[0] == verdict


# --- Whole plays ---


def test_a_connection_case_tells_what_was_seen() -> None:
    ticket = {"kind": "call", "local_time": "2026-11-23T12:00:00", "charged_user": "128"}
    made: Event = ("made", {"id": 1, "ticket": ticket, "source": "call"})
    lines = ledger(OPENED, SESSION, made, BUFFERED, OFFERED, ACKNOWLEDGED)
    evidence = Evidence(ledger=lines, proxy=[PASSAGE])
    judgement = judge(CATALOGUE.case("CIC1"), "extended", evidence)
    assert judgement.verdict is Verdict.NOK
    assert judgement.reason == "1 lost (ticket 1)"
    assert judgement.comment == (
        "connected through the proxy with its login; 1 ticket received, 0 of them processed rightly"
    )
    assert [finding.demand for finding in judgement.findings] == [
        "through the proxy",
        "received",
        "exactly once",
    ]
    assert judgement.findings[0].parameters["asks"] == (
        "The session was opened through the proxy with its login, and nothing went around it."
    )
    assert judgement.standing.value == "ours"


@pytest.mark.parametrize(
    ("fault", "verdict"),
    [("subject", Verdict.NOK), ("bench", Verdict.ERROR), ("nobody", Verdict.UNDECIDED)],
)
def test_an_incident_is_charged_to_whose_fault_it_is(fault: Any, verdict: Verdict) -> None:
    lines = ledger(SESSION, MADE, BUFFERED, OFFERED, ACKNOWLEDGED)
    incident = Incident(fault=fault, text="it did not start")
    evidence = Evidence(ledger=lines, incidents=[incident])
    judgement = judge(CATALOGUE.case("BU3"), "extended", evidence)
    assert judgement.findings[0].demand == "played as written"
    assert judgement.findings[0].verdict is verdict
    assert judgement.verdict is (Verdict.ERROR if fault == "bench" else Verdict.NOK)
    if verdict is judgement.verdict:
        assert str(judgement.reason).startswith("it did not start")


def test_a_case_that_does_not_apply_says_the_declared_reason() -> None:
    judgement = not_applicable(CATALOGUE.case("CIC1"), "the product has no proxy support")
    assert judgement.verdict is Verdict.NOT_APPLICABLE
    assert judgement.reason == judgement.comment == "the product has no proxy support"
    assert judgement.received is judgement.processed is Mark.NOT_ASKED


def test_every_demand_has_evidence_and_a_sentence() -> None:
    for demand in ALL.values():
        assert demand.evidence
        assert demand.sentence.endswith(".")
