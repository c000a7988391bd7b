"""pytest plugin `oxo`: the fixture `oxo` is a simulated exchange, fresh for each test.

The process is started when the first test asks for it and lives as long as the test run; each
test gets a fresh installation in it, which takes milliseconds. Where nobody asks, this module costs
its own few lines: everything else is loaded inside the fixtures. `-p no:oxo` switches it off.

    @pytest.mark.oxo(profile="r3.2-iwr", overrides={"session.idle_seconds": 5})
    def test_my_collector(oxo): ...
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from oxo_simulator.ephemeral import EphemeralExchange

LEDGER_LINES_SHOWN = 20
_MARKER = (
    "oxo(profile, overrides, tag_set, seed, start): how the exchange of the fixture `oxo` is "
    "installed for this test (docs/pytest.md)"
)


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line("markers", _MARKER)


class _Keeper:
    """Keeps one exchange between tests, as long as it can be made fresh again."""

    def __init__(self) -> None:
        self._kept: EphemeralExchange | None = None

    def take(self) -> EphemeralExchange:
        from oxo_simulator.ephemeral import EphemeralExchange  # noqa: PLC0415 - only when used

        if self._kept is not None and not self._kept.reusable():
            self.close()
        if self._kept is None:
            self._kept = EphemeralExchange()
        return self._kept

    def close(self) -> None:
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()


@pytest.fixture(scope="session")
def _oxo_keeper() -> Iterator[_Keeper]:
    keeper = _Keeper()
    yield keeper
    keeper.close()


@pytest.fixture
def oxo(request: pytest.FixtureRequest, _oxo_keeper: _Keeper) -> EphemeralExchange:
    """A simulated OXO Connect in a process of its own: fresh, whole, in manual time.

    It has `url`, `ca_file`, `user` and `password` for the collector under test, `call`, `load`,
    `advance`, `ledger`, `waiting` and `wait_for` for the test, and `control` for everything else.
    """
    from oxo_simulator.control.messages import Installation  # noqa: PLC0415 - only when used

    marker = request.node.get_closest_marker("oxo")
    installation = Installation(**marker.kwargs) if marker else Installation()
    exchange = _oxo_keeper.take()
    exchange.renew(installation)
    return exchange


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the end of the ledger with a test that failed."""
    del call
    report = yield
    if report.failed and report.when == "call":
        used = sys.modules.get("oxo_simulator.ephemeral")
        found = getattr(item, "funcargs", {}).get("oxo")
        if used is not None and isinstance(found, used.EphemeralExchange):
            report.sections.append(("oxo: end of the ledger", _end_of_ledger(found)))
    return report


def _end_of_ledger(exchange: Any) -> str:
    from oxo_simulator.control.client import ControlError  # noqa: PLC0415 - only when used

    try:
        lines = exchange.ledger()[-LEDGER_LINES_SHOWN:]
    except ControlError as error:
        return str(error)
    shown = (f"{line.n} {line.exchange_time} {line.event} {line.detail}" for line in lines)
    return "\n".join([f"{exchange!r}, ready after {exchange.start_seconds:.2f} s", *shown])
