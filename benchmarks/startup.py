"""How long each command takes to start, beside a bare interpreter that does nothing.

Every round runs each of them once, so that a busy machine disturbs all alike; the median of the
rounds counts. What counts most is the ratio to `python -c pass`.

    python benchmarks/startup.py [rounds]
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from oxo_simulator.ephemeral import EphemeralExchange

ROUNDS_COUNT = 5
BARE = "python -c pass"
ENVIRONMENT = Path(sys.executable).parent


def command(*words: str) -> Callable[[], float]:
    """Return what measures a command from its start to its end, in seconds."""

    def measure() -> float:
        began = time.perf_counter()
        subprocess.run([ENVIRONMENT / words[0], *words[1:]], capture_output=True, check=True)
        return time.perf_counter() - began

    return measure


def exchange_ready() -> float:
    """Measure an exchange from the start of its process until it listens, in seconds."""
    with EphemeralExchange() as exchange:
        return exchange.start_seconds


def foreign_suite(folder: Path, *options: str) -> Callable[[], float]:
    """Return what measures a test suite of one empty test, in seconds."""
    folder.joinpath("test_nothing.py").write_text("def test_nothing(): pass\n", "utf-8")
    words = ("-m", "pytest", "-q", "-p", "no:cacheprovider", *options, str(folder))
    return command("python", *words)


def main() -> None:
    """Measure everything and print a table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS_COUNT
    with EphemeralExchange() as exchange, tempfile.TemporaryDirectory() as folder:
        state = ("--state", str(exchange.folder))
        measured = {
            BARE: command("python", "-c", "pass"),
            "oxo-sim --help": command("oxo-sim", "--help"),
            "oxo-sim state": command("oxo-sim", "state", *state),
            "oxo-sim state --json": command("oxo-sim", "state", "--json", *state),
            "oxo-sim buffer": command("oxo-sim", "buffer", *state),
            "oxo-sim run, until it listens": exchange_ready,
            "oxo-collect --version": command("oxo-collect", "--version"),
            "oxo-certify --version": command("oxo-certify", "--version"),
            "oxo-certify cases": command("oxo-certify", "cases"),
            "pytest, one empty test": foreign_suite(Path(folder)),
            "pytest -p no:oxo, the same": foreign_suite(Path(folder), "-p", "no:oxo"),
        }
        seconds: dict[str, list[float]] = {name: [] for name in measured}
        for _ in range(rounds):
            for name, measure in measured.items():
                seconds[name].append(measure())
    bare = statistics.median(seconds[BARE])
    print(f"{'command':<32}{'to bare':>9}{'median s':>10}{'worst s':>9}   of {rounds} rounds")
    for name, each in seconds.items():
        median = statistics.median(each)
        print(f"{name:<32}{median / bare:>8.1f}x{median:>10.3f}{max(each):>9.3f}")


if __name__ == "__main__":
    main()
