"""How long a subject took to have everything again after a disturbance. Pure."""

from collections.abc import Iterator
from datetime import datetime

from oxo_scenarios.judge.evidence import Line
from oxo_scenarios.judge.sight import Sight


def recovery_seconds(sight: Sight) -> float | None:
    """Return the seconds from the end of the last disturbance to the last ticket given away.

    The end is the restoring of the link, its healing by itself, the instant at which it reset
    connections, the phase `serving` after a reset of the exchange, or the instant when a killed
    subject was started again. `None` without a disturbance, where no ticket was given away after
    it, or where one never was.
    """
    ends = list(_ends(sight))
    waited = sight.chronicle.buffered()
    if not ends or not waited or not all(station.given for station in waited):
        return None
    instants = {line["n"]: _instant(line["at"]) for line in sight.evidence.ledger if "at" in line}
    over = max(ends)
    given = [at for station in waited if (at := instants.get(station.given)) is not None]
    later = [at for at in given if at >= over]
    return round((max(later) - over).total_seconds(), 3) if later else None


def _ends(sight: Sight) -> Iterator[datetime]:
    lines = [line for line in sight.chronicle.lines if "at" in line]
    whole = {fault.whole for fault in sight.chronicle.faults}
    resets = [line["n"] for line in lines if line["event"] == "reset"]
    for line in lines:
        if line["n"] in whole or _serves_again(line, resets):
            yield _instant(line["at"])
    for restart in sight.evidence.restarts:
        if restart.signal == "KILL" and restart.started is not None:
            yield _instant(restart.started)


def _serves_again(line: Line, resets: list[int]) -> bool:
    serving = line["event"] == "phase" and line["phase"] == "serving"
    return serving and bool(resets) and resets[0] < line["n"]


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
