"""The questions that the bench asks of a ledger, and its waits."""

from typing import Any

from oxo_scenarios.bench import ledger as ask
from oxo_scenarios.bench.ledger import Ledger
from oxo_simulator.control.messages import LedgerLine


def line(n: int, event: str, **detail: Any) -> LedgerLine:
    return LedgerLine(n=n, at="2026-01-01T00:00:00Z", exchange_time="", event=event, detail=detail)


class Growing:
    """A source that gives its batches one after the other, then nothing."""

    def __init__(self, *batches: list[LedgerLine]) -> None:
        self.batches = list(batches)
        self.asked: list[int] = []

    def ledger(self, since: int, wait_seconds: float) -> list[LedgerLine]:
        del wait_seconds
        self.asked.append(since)
        return self.batches.pop(0) if self.batches else []


TICKET = {"kind": "call", "local_time": "2026-01-01T00:00:00"}


def made(*numbers: int, wire: str | None = None) -> list[LedgerLine]:
    """Write tickets that wait at a door."""
    named = {} if wire is None else {"wire": wire}
    lines = [line(n, "made", id=n, ticket=TICKET, source="call") for n in numbers]
    return lines + [line(n, "buffered", id=n, sequence=n, **named) for n in numbers]


def left(lines: list[LedgerLine], *doors: str) -> list[int]:
    return [each.id for each in ask.kept_tickets(lines, doors) if not each.given]


def test_what_waits_is_what_was_buffered_and_not_acknowledged() -> None:
    lines = made(1, 2, 3, 4, 5)
    lines.append(line(6, "acknowledged", first=1, last=3, session="s", connection="c"))
    assert left(lines, "taxation") == [4, 5]


def test_what_one_door_dropped_or_lost_waits_at_the_other() -> None:
    batch = {"first": 1, "last": 1, "session": "s", "connection": "c"}
    lines = made(1, 2, wire="stream")
    lines += [line(n, "buffered", id=n, sequence=n + 5, wire="account") for n in (1, 2)]
    lines += [line(9, "dropped", id=2, reason="buffer full", wire="stream")]
    lines += [line(10, "sent", **batch, wire="stream")]
    assert left(lines, "stream", "account") == [2]
    assert left(lines, "account", "stream") == [2]
    assert left(lines, "stream") == []
    filed = {"first": 6, "last": 7, "file": "TAXAAAAA.DAT", "wire": "account"}
    assert left([*lines, line(11, "filed", **filed)], "stream", "account") == [2]
    fetched = line(12, "fetched", **filed, session="a1", connection="c2")
    assert left([*lines, fetched], "stream", "account") == []


def test_the_phase_is_the_last_one_told() -> None:
    assert ask.phase([]) == "serving"
    assert ask.phase([line(1, "phase", phase="refused"), line(2, "phase", phase="busy")]) == "busy"


def test_a_wait_reads_on_from_where_it_was() -> None:
    source = Growing([line(1, "installed")], [], [line(2, "held", connection="c")])
    ledger = Ledger(source)
    assert ledger.wait(lambda lines: ask.count(lines, "held") > 0, 5)
    assert source.asked == [0, 1, 1]


def test_a_wait_ends_at_its_limit() -> None:
    ledger = Ledger(Growing([line(1, "installed")]))
    assert not ledger.wait(lambda lines: ask.count(lines, "held") > 0, 0)


def test_the_bundle_has_the_events_own_keys_beside_the_common_ones() -> None:
    (kept,) = ask.evidence([line(3, "phase", phase="busy")])
    assert kept == {
        "n": 3,
        "at": "2026-01-01T00:00:00Z",
        "exchange_time": "",
        "event": "phase",
        "phase": "busy",
    }
