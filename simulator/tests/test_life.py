"""The phases of a warm reset."""

from oxo_simulator.exchange.life import Life, Phase
from twisted.internet.task import Clock


def life(real: Clock) -> tuple[Life, list[tuple[float, Phase]]]:
    entered: list[tuple[float, Phase]] = []
    seconds = {Phase.REFUSED: 3.0, Phase.BUSY: 2.0}
    found = Life(seconds, real.callLater, lambda phase: entered.append((real.seconds(), phase)))
    return found, entered


def test_a_warm_reset_refuses_then_is_busy_then_serves() -> None:
    real = Clock()
    subject, entered = life(real)
    subject.begin()
    real.pump([0.5] * 20)
    assert entered == [(0, Phase.REFUSED), (3, Phase.BUSY), (5, Phase.SERVING)]
    assert real.getDelayedCalls() == []


def test_a_reset_during_a_reset_begins_anew() -> None:
    real = Clock()
    subject, entered = life(real)
    subject.begin()
    real.pump([0.5] * 8)
    subject.begin()
    real.pump([0.5] * 20)
    phases = [Phase.REFUSED, Phase.BUSY, Phase.REFUSED, Phase.BUSY, Phase.SERVING]
    assert [phase for _, phase in entered] == phases
    assert entered[-1][0] == 9


def test_what_is_stopped_stays_where_it_is() -> None:
    real = Clock()
    subject, entered = life(real)
    subject.begin()
    subject.stop()
    real.pump([1] * 20)
    assert [phase for _, phase in entered] == [Phase.REFUSED]
