"""The entrance: the two commands, the locked requirements, and what a missing program does."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")
LOCKS = ("build", "runtime", "development")


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """Return tools/project.py, with an environment folder of its own."""
    spec = importlib.util.spec_from_file_location("project", ROOT / "tools/project.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "ENVIRONMENT", tmp_path / "environment")
    return module


def test_the_readme_gives_the_targets_that_the_makefile_has() -> None:
    told = set(re.findall(r"^\$? ?make (\w+)", README, re.MULTILINE))
    made = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert {"certify", "test"} <= told <= made


def test_the_readme_gives_the_same_without_make() -> None:
    for command in ("certify", "test"):
        assert f"python3 tools/project.py {command}" in README


def test_a_ready_environment_is_left_alone(project: ModuleType, tmp_path: Path) -> None:
    folder = tmp_path / "environment"
    folder.mkdir()
    (folder / "installed").write_text(project.fingerprint("runtime.txt"), "utf-8")
    project.prepare(folder, "runtime.txt")
    assert [path.name for path in folder.iterdir()] == ["installed"]


def test_a_changed_lock_is_noticed(project: ModuleType) -> None:
    assert project.fingerprint("runtime.txt") != project.fingerprint("development.txt")


def test_a_changed_project_is_noticed(
    project: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An entry point that is added, say: it is there after the next installation only."""
    for name in ("requirements/build.txt", "requirements/runtime.txt", "pyproject.toml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    monkeypatch.setattr(project, "ROOT", tmp_path)
    before = project.fingerprint("runtime.txt")
    with (tmp_path / "pyproject.toml").open("a", encoding="utf-8") as changed:
        changed.write('[project.entry-points.pytest11]\nother = "other"\n')
    assert project.fingerprint("runtime.txt") != before


def test_an_unknown_command_says_which_there_are(
    project: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["project.py", "dance"])
    assert project.main() == 2
    assert "project.py certify" in capsys.readouterr().out


def test_interpreters_of_pyenv_stand_behind_the_path(
    project: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "versions/3.12.9/bin").mkdir(parents=True)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("PATH", f"/somewhere/shims{os.pathsep}/usr/bin")
    path = project.search_path().split(os.pathsep)
    assert path == ["/usr/bin", str(tmp_path / "versions/3.12.9/bin")]


def requirements(lock: str) -> dict[str, str]:
    """Return the locked packages with everything that stands behind each."""
    text = (ROOT / f"requirements/{lock}.txt").read_text("utf-8")
    blocks = re.split(r"^(?=[a-z])", text, flags=re.MULTILINE)[1:]
    return {re.split(r"[=\s\[]", block)[0]: block for block in blocks}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_one_version_and_hashes(lock: str) -> None:
    locked = requirements(lock)
    assert locked
    unsure = [name for name, block in locked.items() if "==" not in block or "sha256:" not in block]
    assert unsure == []


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_names_an_index(lock: str) -> None:
    text = (ROOT / f"requirements/{lock}.txt").read_text("utf-8")
    assert re.findall(r"https?://|--(?:extra-)?index|--find-links|file:", text) == []


def test_the_locks_keep_to_the_ranges() -> None:
    told = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    locked = requirements("runtime")
    for text in told["project"]["dependencies"]:
        wanted = Requirement(text)
        found = re.search(r"==([^\s;]+)", locked[wanted.name.lower()])
        assert found
        assert wanted.specifier.contains(found[1]), text


PROBE = """
import pytest

@pytest.mark.needs("no-such-program")
def test_something() -> None:
    raise AssertionError("it ran")
"""


@pytest.mark.parametrize(
    ("setting", "status", "told"),
    [
        ({}, 0, r"SKIPPED \[1\] conftest\.py:\d+: no-such-program is not installed"),
        ({"OXO_SKIP_IS_FAILURE": "1"}, 1, "skipped although OXO_SKIP_IS_FAILURE is set"),
    ],
)
def test_a_missing_program_skips_by_name_or_fails_where_all_should_be_there(
    tmp_path: Path, setting: dict[str, str], status: int, told: str
) -> None:
    shutil.copy(ROOT / "conftest.py", tmp_path)
    (tmp_path / "test_probe.py").write_text(PROBE, "utf-8")
    clean = {key: value for key, value in os.environ.items() if key != "OXO_SKIP_IS_FAILURE"}
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-rs", "-p", "no:cacheprovider", "-p", "no:faker"],
        cwd=tmp_path, env={**clean, **setting}, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert ended.returncode == status, ended.stdout
    assert re.search(told, ended.stdout)


def test_continuous_integration_installs_and_calls_the_test_command() -> None:
    script = (ROOT / ".ci/run").read_text("utf-8")
    assert os.access(ROOT / ".ci/run", os.X_OK)
    assert "export OXO_SKIP_IS_FAILURE=1" in script
    assert script.rstrip().endswith("make test")
