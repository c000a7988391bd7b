"""The sample bundle, copied so that rendering leaves the original alone."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lxml import html
from oxo_reports import render

SAMPLE = Path(__file__).parent / "sample"
SAMPLE_WIRES = Path(__file__).parent / "sample_wires"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SAMPLE, tmp_path / "bundle"))


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample, rendered once; tests only read it."""
    folder = Path(shutil.copytree(SAMPLE, tmp_path_factory.mktemp("rendered") / "bundle"))
    render(folder)
    return folder


@pytest.fixture(scope="session")
def rendered_wires(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on every wire, rendered once; tests only read it."""
    folder = Path(shutil.copytree(SAMPLE_WIRES, tmp_path_factory.mktemp("wires") / "bundle"))
    render(folder)
    return folder


@pytest.fixture(scope="session")
def page(rendered: Path) -> html.HtmlElement:
    """The report of the sample, parsed."""
    return html.fromstring((rendered / "report.html").read_text(encoding="utf-8"))


@pytest.fixture
def changed(bundle: Path) -> Callable[[Callable[[dict[str, Any]], object]], Path]:
    """Change run.json of a copy of the sample by a function, and return the bundle."""
    return lambda function: change(bundle, function)


@pytest.fixture
def changed_wires(tmp_path: Path) -> Callable[[Callable[[dict[str, Any]], object]], Path]:
    """The same of the sample that was played on every wire."""
    return lambda function: change(shutil.copytree(SAMPLE_WIRES, tmp_path / "wires"), function)


def change(bundle: Path, function: Callable[[dict[str, Any]], object]) -> Path:
    path = bundle / "run.json"
    run = json.loads(path.read_text(encoding="utf-8"))
    function(run)
    path.write_text(json.dumps(run), encoding="utf-8")
    return bundle


@pytest.fixture(scope="session")
def sample_run() -> dict[str, Any]:
    run: dict[str, Any] = json.loads((SAMPLE / "run.json").read_text(encoding="utf-8"))
    return run
