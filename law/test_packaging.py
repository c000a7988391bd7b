"""The wheel, installed in a clean environment beside a foreign package named `collector`."""

import os
import re
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SECONDS_MAX = 300


def run(*command: str | Path, folder: Path, **environment: str) -> str:
    """Run a command away from the checkout and return what it printed."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    ended = subprocess.run(
        [str(part) for part in command],
        cwd=folder, env={**clean, **environment}, check=False, capture_output=True, text=True,
        timeout=SECONDS_MAX,
    )  # fmt: skip
    assert ended.returncode == 0, f"{command}\n{ended.stdout}\n{ended.stderr}"
    return ended.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", folder, folder=ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def elsewhere(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install it, with a stranger's package `collector` already there."""
    folder = tmp_path_factory.mktemp("elsewhere")
    venv.create(folder / "env", with_pip=True)
    pip: list[str | Path] = [
        folder / "env/bin/python",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-build-isolation",
    ]
    for lock in ("build", "runtime"):
        run(*pip, "--require-hashes", "-r", ROOT / f"requirements/{lock}.txt", folder=folder)
    (packages,) = (folder / "env/lib").glob("python*/site-packages")
    (packages / "collector").mkdir()
    (packages / "collector/__init__.py").write_text("OWNER = 'a stranger'\n", "utf-8")
    run(*pip, "--no-deps", "--no-index", wheel, folder=folder)
    return folder


def test_the_wheel_brings_prefixed_packages_only(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {
        "oxo_tickets", "oxo_simulator", "oxo_collector", "oxo_scenarios", "oxo_reports",
    }  # fmt: skip


def test_the_strangers_package_stays_whole(elsewhere: Path) -> None:
    told = "import collector, oxo_collector; print(collector.OWNER)"
    assert run(elsewhere / "env/bin/python", "-c", told, folder=elsewhere) == "a stranger\n"


@pytest.mark.parametrize("command", ["oxo-sim", "oxo-collect", "oxo-certify"])
def test_every_command_tells_its_version(elsewhere: Path, command: str) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert version in run(elsewhere / "env/bin" / command, "--version", folder=elsewhere)


def test_a_certification_runs_away_from_the_checkout(elsewhere: Path) -> None:
    """Features, catalogue, profiles, schemas and templates travel with the wheel."""
    work = elsewhere / "work"
    work.mkdir()
    path = f"{elsewhere / 'env/bin'}{os.pathsep}{os.environ['PATH']}"
    run(elsewhere / "env/bin/oxo-certify", "run", "--case", "BU1", "--case", "SMDR1",
        folder=work, PATH=path)  # fmt: skip
    (report,) = work.glob("oxo-out/*/report.html")
    assert "SMDR1" in report.read_text("utf-8")


def test_foreign_test_suites_have_the_exchange(elsewhere: Path) -> None:
    """The first example of the page, as it stands there."""
    page = (ROOT / "docs/pytest.md").read_text("utf-8")
    example = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)[0]
    suite = elsewhere / "suite"
    suite.mkdir()
    (suite / "test_foreign.py").write_text(example, "utf-8")
    assert "1 passed" in run(elsewhere / "env/bin/python", "-m", "pytest", "-q", folder=suite)
