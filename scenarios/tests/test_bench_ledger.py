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


def test_what_waits_is_what_was_buffered_and_not_acknowledged() -> None:
    lines = [line(n, "buffered", id=n, sequence=n) for n in range(1, 6)]
    lines.append(line(6, "acknowledged", first=1, last=3, session="s", connection="c"))
    assert ask.waiting_sequences(lines) == {4, 5}


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
