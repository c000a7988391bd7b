"""What every test run of this checkout shares: tests that need a program skip by its name."""

import os
import shutil
from collections.abc import Generator

import pytest
from hypothesis import settings

SKIP_IS_FAILURE = "OXO_SKIP_IS_FAILURE"

settings.register_profile(
    "every run", deadline=None, derandomize="OXO_FUZZ_EXAMPLES" not in os.environ
)
settings.load_profile("every run")
"""No test is timed, for a property is as true on a loaded machine as on a quiet one; and examples
are the same in every run, so that who changed nothing breaks nothing. `make fuzz` draws anew."""


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line("markers", "needs(program, ...): skips by name where one is missing")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose program is not installed, and say which."""
    for marker in item.iter_markers("needs"):
        for program in marker.args:
            if shutil.which(program) is None:
                pytest.skip(f"{program} is not installed")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where everything is said to be installed, a skip is a failure."""
    del item, call
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get(SKIP_IS_FAILURE):
        report.outcome = "failed"
        report.longrepr = f"skipped although {SKIP_IS_FAILURE} is set: {report.longrepr}"
    return report
