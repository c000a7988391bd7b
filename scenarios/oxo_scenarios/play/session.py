"""One run under pytest: called inside this process, with our configuration and nobody else's."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path

import pytest

from oxo_scenarios.bench.stand import Stand
from oxo_scenarios.bench.trouble import BenchBroken
from oxo_scenarios.play.interruption import kept
from oxo_scenarios.play.plugin import Certifier, Watcher
from oxo_scenarios.play.writing import Writing

FOREIGN = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "ALLURE_TESTPLAN_PATH")
"""Variables by which a partner's environment would change what is played."""
THEMES = ("exchange", "subject", "calls", "stay", "link", "life", "seen")
"""What the steps are about; each theme is a file."""
PLUGINS = (
    "pytest_bdd.plugin",
    "allure_pytest.plugin",
    *(f"oxo_scenarios.play.steps_{theme}" for theme in THEMES),
)
NOT_WANTED = ("cacheprovider", "terminal", "junitxml", "faker", "logging")
ALLURE_FOLDER = "allure-results"


def perform(
    stand: Stand,
    record: Writing,
    watcher: Watcher,
    allure: Path,
    course: Iterator[str] | None = None,
) -> None:
    """Play everything that is planned, or what the course names; Allure's results go to `allure`.

    Raises:
        BenchBroken: pytest could not do it; the plays recorded so far stand.
        KeyboardInterrupt: the operator ended the run; likewise.
    """
    package = files("oxo_scenarios.play")
    with (
        as_file(package / "pytest.ini") as configuration,
        as_file(package / "bindings.py") as bindings,
        _own_environment(),
        kept() as interruption,
    ):
        certifier = Certifier(stand, record, watcher, interruption, course)
        arguments = [
            str(bindings), "-c", str(configuration), "--rootdir", str(configuration.parent),
            "--alluredir", str(allure), "--capture", "no",
        ]  # fmt: skip
        for name in PLUGINS:
            arguments += ["-p", name]
        for name in NOT_WANTED:
            arguments += ["-p", f"no:{name}"]
        status = pytest.main(arguments, plugins=[certifier])
    if status == pytest.ExitCode.INTERRUPTED or interruption.asked:
        raise KeyboardInterrupt
    if certifier.trouble:
        raise BenchBroken(certifier.trouble)
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise BenchBroken(f"pytest ended with status {status} before every case was played")


@contextmanager
def _own_environment() -> Iterator[None]:
    """Keep plugins and options of the surrounding environment out, and put it back afterwards."""
    before = {name: os.environ.pop(name) for name in FOREIGN if name in os.environ}
    autoload = os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        os.environ.update(before)
        del os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"]
        if autoload is not None:
            os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = autoload
