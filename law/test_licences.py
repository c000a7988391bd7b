"""The page of licences is generated, and must say what the lock file says now."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]
TOOL = ROOT / "tools" / "licences.py"
SECONDS_MAX = 60


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("licences_tool", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_page_is_not_stale() -> None:
    checked = subprocess.run(
        [sys.executable, str(TOOL), "--check"],
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr


def test_every_locked_package_has_a_line_unless_it_is_for_another_system(tool: ModuleType) -> None:
    lines = (ROOT / "requirements" / "runtime.txt").read_text("utf-8").splitlines()
    locked = {line.split("==")[0] for line in lines if "==" in line}
    shown = {
        line.split("|")[1].strip()
        for line in (ROOT / "docs" / "licences.md").read_text("utf-8").splitlines()
        if line.startswith("| ") and not line.startswith(("| package", "| ---"))
    }
    assert locked - shown == {"brotlicffi", "colorama"}
    assert not shown - locked
    assert len(tool.pins("\n".join(lines))) == len(shown)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("rich==15.0.0 \\", [("rich", "15.0.0", ("3.11", "3.12", "3.13"))]),
        (
            "legacy-cgi==2.6.4 ; python_full_version >= '3.13' \\",
            [("legacy-cgi", "2.6.4", ("3.13",))],
        ),
        ("colorama==0.4.6 ; sys_platform == 'win32' \\", []),
        ("    --hash=sha256:00", []),
        ("# a comment", []),
    ],
)
def test_a_lock_line_is_read(
    line: str, expected: list[tuple[str, str, tuple[str, ...]]], tool: ModuleType
) -> None:
    assert [(pin.name, pin.version, pin.pythons) for pin in tool.pins(line)] == expected


def test_another_version_and_an_unknown_licence_are_refused(tool: ModuleType) -> None:
    pin = tool.Pin("rich", "15.0.0", tool.PYTHONS)
    with pytest.raises(SystemExit, match=r"rich: 15\.0\.0 is locked, here it is 1\.0"):
        tool.row(pin, {"rich": ("1.0", "MIT")})
    with pytest.raises(SystemExit, match="rich: states no licence"):
        tool.row(pin, {"rich": ("15.0.0", "UNKNOWN")})
    with pytest.raises(SystemExit, match="not installed"):
        tool.row(pin, {})
