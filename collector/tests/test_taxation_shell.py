"""The session with its real decoder and store, over a wire that a test scripts: no socket."""

import random
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from oxo_collector.failure import Failure, Fault
from oxo_collector.intake import Intake
from oxo_collector.report import Level, Report
from oxo_collector.store import Reading, open_for_writing
from oxo_collector.taxation.encoder import Request
from oxo_collector.taxation.machine import TaxationSession
from oxo_collector.taxation.shell import Shell
from oxo_collector.taxation.states import Pace, Place

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SPACE = 'xmlns="urn:oxo-sim:taxation:1"'
CALL = (
    "<CallAccounting><ChargedUserID>{}</ChargedUserID><Date>2026-11-22</Date>"
    "<Time>20:45:00</Time><CallDuration>00:00:50</CallDuration></CallAccounting>"
)


def envelope(inner: str) -> bytes:
    head = '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
    return f"{head}{inner}</s:Body></s:Envelope>".encode()


def result(operation: str, inner: str = "") -> bytes:
    name = f"{operation}Result"
    return envelope(f"<{operation}Response {SPACE}><{name}>{inner}</{name}></{operation}Response>")


def offer(first: int, count: int) -> bytes:
    last = first + count - 1 if count else 0
    calls = "".join(CALL.format(number) for number in range(first, first + count))
    return result(
        "GetTickets",
        f"<firstSequence>{first if count else 0}</firstSequence>"
        f"<lastSequence>{last}</lastSequence><remaining>0</remaining>"
        f"<CallAccountingList>{calls}</CallAccountingList>",
    )


LOGIN = result(
    "Login", "<epoch>E1</epoch><release>R3.2</release><sessionSeconds>300</sessionSeconds>"
)
ACKNOWLEDGED = result("AckTickets", "<acknowledged>2</acknowledged>")
LOST = envelope(
    "<s:Fault><faultcode>s:Client.Session</faultcode><faultstring>who?</faultstring></s:Fault>"
)
CUT = Failure("half an answer", "GetTickets", Fault.NETWORK)


class ScriptedWire:
    """Gives the scripted answers in order; asks for the stop before the last."""

    def __init__(self, stop: threading.Event, *answers: bytes | Failure) -> None:
        self.answers = [*answers, result("Logout")]
        self.stop = stop
        self.posted: list[str] = []
        self.asked_max: list[int] = []
        self.closed = False
        self.recalls = True

    def begin(self, port: int) -> None:
        self.posted.append(f"port {port}")

    def recall(self) -> bool:
        self.posted.append("recall")
        return self.recalls

    def post(self, request: Request) -> bytes | Failure:
        assert f"<tax:{request.name}>".encode() in request.body
        self.posted.append(request.name)
        self.asked_max += [int(n) for n in re.findall(rb"<tax:maxTickets>(\d+)<", request.body)]
        if len(self.answers) <= 2:
            self.stop.set()
        return self.answers.pop(0)

    def close(self) -> None:
        self.closed = True


def run_shell(
    connection: sqlite3.Connection,
    wire: ScriptedWire,
    stop: threading.Event,
    report: Callable[[Report], None],
) -> None:
    session = TaxationSession(
        Place("site", lambda port: f"https://pbx:{port}/", (443,)),
        Pace(100, 0.001, rest_seconds_first=0.001, rest_seconds_max=0.002),
        chance=lambda: 0.0,
    )
    Shell(
        "site", "Europe/Paris",
        session=session, wire=wire, door=Intake(connection, lambda: NOON),
        stop=stop, report=report,
    ).run()  # fmt: skip


def random_digits(count: int) -> bytes:
    """Return what does not shrink when it is kept."""
    return random.Random(0).randbytes(count // 2).hex().encode()  # noqa: S311 - no secret


Play = Callable[..., tuple[ScriptedWire, list[Report]]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tickets.db"


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_for_writing(path)) as opened:
        yield opened


@pytest.fixture
def play(connection: sqlite3.Connection) -> Play:
    """Run a whole session over the given answers."""

    def run(*answers: bytes | Failure) -> tuple[ScriptedWire, list[Report]]:
        stop = threading.Event()
        wire = ScriptedWire(stop, *answers)
        reports: list[Report] = []
        run_shell(connection, wire, stop, reports.append)
        assert wire.closed
        assert wire.answers == []
        return wire, reports

    return run


def stored(path: Path) -> list[int]:
    with Reading(path) as store:
        return [row.sequence for row in store.tickets()]


def test_a_batch_goes_from_the_wire_into_the_store(play: Play, path: Path) -> None:
    wire, reports = play(LOGIN, offer(1, 2), ACKNOWLEDGED)
    assert wire.posted == ["port 443", "Login", "GetTickets", "AckTickets", "Logout"]
    assert stored(path) == [1, 2]
    with Reading(path) as store:
        assert b'"zone":"Europe/Paris"' in next(store.tickets()).canonical
    assert [one.level for one in reports] == [Level.INFO] * 3


def test_a_stop_asked_between_polls_is_heard(play: Play) -> None:
    wire, _ = play(LOGIN, offer(1, 0), offer(1, 0))
    assert wire.posted[-2:] == ["GetTickets", "Logout"]


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><x>&b;&b;</x>'
EXTERNAL = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'


@pytest.mark.parametrize(
    "body",
    [b"", b"no XML", offer(1, 2)[:-20], offer(1, 2)[:200], BOMB, EXTERNAL, b"<x/>", LOGIN[:-1]],
)
def test_what_cannot_be_read_is_kept_and_not_acknowledged(
    play: Play, path: Path, body: bytes
) -> None:
    wire, reports = play(LOGIN, body, LOGIN, body, LOGIN, offer(1, 2), ACKNOWLEDGED)
    assert wire.posted.count("AckTickets") == 1
    assert stored(path) == [1, 2]
    with Reading(path) as store:
        (entry,) = store.quarantine()
        assert store.quarantined_bytes(entry.id) == body
    assert entry.seen_count == 2
    texts = [one.text for one in reports if one.level is Level.WARNING]
    assert "the answer to GetTickets cannot be read: " in texts[1]
    assert texts[1].endswith("at fault: the exchange")


@pytest.mark.parametrize("trouble", [LOST, CUT])
@pytest.mark.parametrize("at", ["GetTickets", "AckTickets"])
def test_after_any_trouble_nothing_is_lost_or_twice(
    play: Play, path: Path, trouble: bytes | Failure, at: str
) -> None:
    before = (LOGIN,) if at == "GetTickets" else (LOGIN, offer(1, 2))
    _, reports = play(*before, trouble, LOGIN, offer(1, 2), ACKNOWLEDGED)
    assert stored(path) == [1, 2]
    assert sum("at fault: " in one.text for one in reports) == 1


def test_a_refused_second_session_closes_the_first_if_it_is_known(play: Play, path: Path) -> None:
    wire, _ = play(LOGIN, CUT, LOST, result("Logout"), LOGIN, offer(1, 2), ACKNOWLEDGED)
    assert wire.posted == [
        "port 443", "Login", "GetTickets", "port 443", "Login", "recall", "Logout",
        "port 443", "Login", "GetTickets", "AckTickets", "Logout",
    ]  # fmt: skip
    assert stored(path) == [1, 2]


def test_tickets_in_front_of_an_answer_that_stays_unreadable_pass_one_by_one(
    play: Play, path: Path
) -> None:
    whole = offer(1, 2).replace(b"</CallAccounting><", b"</CallAccounting>&broken;<")
    one = result("AckTickets", "<acknowledged>1</acknowledged>")
    more = offer(1, 1).replace(b"<remaining>0<", b"<remaining>1<")
    wire, reports = play(LOGIN, whole, LOGIN, whole, LOGIN, more, one, whole, LOGIN)
    assert stored(path) == [1]
    assert wire.asked_max == [100, 100, 1, 1]
    texts = [report.text for report in reports]
    assert any("it is the one ticket that comes after sequence 1" in text for text in texts)


def test_a_store_that_fails_is_reported_and_nothing_acknowledged(
    play: Play, path: Path, connection: sqlite3.Connection
) -> None:
    connection.execute(
        "CREATE TRIGGER full BEFORE INSERT ON ticket BEGIN SELECT raise(FAIL, 'full'); END"
    )
    wire, reports = play(LOGIN, offer(1, 2), LOGIN)
    assert "AckTickets" not in wire.posted
    assert stored(path) == []
    assert "the store cannot be written: full" in reports[1].text
    assert reports[1].text.endswith("at fault: this machine")


def test_on_a_full_disk_nothing_is_acknowledged_until_there_is_room(
    connection: sqlite3.Connection, path: Path
) -> None:
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    big = offer(1, 2).replace(b"</s:Body>", b"<!-- %s --></s:Body>" % random_digits(30_000))
    stop, reports = threading.Event(), list[Report]()

    def room_after_the_second_rest(report: Report) -> None:
        reports.append(report)
        if len(full()) == 2:
            connection.execute("PRAGMA max_page_count = 1000")

    def full() -> list[str]:
        return [one.text for one in reports if "database or disk is full" in one.text]

    wire = ScriptedWire(stop, *(LOGIN, big) * 3, ACKNOWLEDGED)
    run_shell(connection, wire, stop, room_after_the_second_rest)
    assert wire.posted.count("AckTickets") == 1
    assert wire.posted[-2:] == ["AckTickets", "Logout"]
    assert stored(path) == [1, 2]
    said = "the store cannot be written: database or disk is full (the collector's store)"
    assert full() == [f"{said}; at fault: this machine"] * 2


def test_a_ticket_that_cannot_be_read_is_counted_by_the_status(play: Play, path: Path) -> None:
    bad = offer(1, 3).replace(b"2026-11-22", b"22/11/2026", 1)
    play(LOGIN, bad, result("AckTickets", "<acknowledged>3</acknowledged>"))
    with Reading(path) as store:
        (status,) = store.status()
        (entry,) = store.quarantine()
    assert (status.tickets, status.quarantined, status.last_sequence) == (2, 1, 3)
    assert (entry.epoch, entry.sequence) == ("E1", 1)
    assert entry.reason == "Date '22/11/2026' is no date YYYY-MM-DD"


def test_what_a_hostile_exchange_says_is_cut_in_every_report(play: Play) -> None:
    long = "\u202e" * 50_000
    faults = [
        envelope(
            f"<s:Fault><faultcode>s:{code}</faultcode><faultstring>{long}</faultstring></s:Fault>"
        )
        for code in ("Server", "Client.Session", long)
    ]
    # The first three are answers to Login; the refused second session is closed first.
    first, second, third = faults
    _, reports = play(first, second, result("Logout"), third, LOGIN, offer(0, 0))
    told = [report.text for report in reports]
    assert sum("... (50000 characters)" in text for text in told) == len(faults)
    assert max(map(len, told)) < 1000
    assert "\u202e" not in "".join(told)


def test_what_a_login_tells_is_cut_in_its_report(play: Play) -> None:
    long = "E" * 50_000
    inner = f"<epoch>{long}</epoch><release>{long}</release><sessionSeconds>9</sessionSeconds>"
    _, reports = play(LOGIN, LOST, result("Login", inner), offer(0, 0))
    values = [str(value) for report in reports for value in report.fields.values()]
    assert max(map(len, [*values, *(report.text for report in reports)])) < 1000
