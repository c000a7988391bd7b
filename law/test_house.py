"""The shape of the house: sizes, names, vectors, and nothing left open."""

import ast
import hashlib
import json
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("tickets", "simulator", "collector", "scenarios", "reports")
WIRES = ("taxation", "account", "stream", "nmc", "v24", "ohl")
FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70
UNWANTED_NOUNS = re.compile(
    r"handler|manager|helper|utils?$|processor|engine$|component", re.IGNORECASE
)
LEFT_OPEN = re.compile(
    "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX", "NotImplemented" + "Error"))
)


def tracked(*patterns: str) -> list[Path]:
    """Return the files of the project, the uncommitted ones too, that match the patterns."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).exists()]


def sources() -> list[Path]:
    """Return the Python files of the packages, without their tests."""
    return tracked(*(f"{room}/oxo_*/*.py" for room in ROOMS))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Walk every function of a file."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def named(path: Path) -> str:
    """Name a file as people do."""
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", tracked("*.py"), ids=named)
def test_no_file_is_longer_than_one_thing(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= FILE_LINES_MAX


@pytest.mark.parametrize("path", sources(), ids=named)
def test_no_function_is_longer_than_a_screen(path: Path) -> None:
    long = [
        f"{node.name}: {length} lines"
        for node in functions(path)
        if (length := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES_MAX
    ]
    assert long == []


@pytest.mark.parametrize("path", sources(), ids=named)
def test_names_are_nouns_of_the_trade(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    names = [node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    assert [name for name in (*names, path.stem) if UNWANTED_NOUNS.search(name)] == []


@pytest.mark.parametrize("path", sources(), ids=named)
def test_every_module_opens_with_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text("utf-8")))


def test_nothing_is_left_open() -> None:
    found = [
        named(path)
        for path in tracked("*.py", "*.toml", "*.feature", "*.sh", "*.html", "*.md")
        if LEFT_OPEN.search(path.read_text("utf-8"))
    ]
    assert found == []


def cores() -> list[Path]:
    """Return the files of the packages that the import law calls cores."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    (contract,) = [one for one in told["contracts"] if one["name"].startswith("cores")]
    places = [module.replace(".", "/") for module in contract["source_modules"]]
    kept = {path for room in ROOMS for place in places for path in _python(ROOT / room, place)}
    assert len(kept) > len(places)
    return sorted(kept)


def imported(path: Path) -> Iterator[str]:
    """Return every module that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""
        elif isinstance(node, ast.Import):
            yield from (one.name for one in node.names)


@pytest.mark.parametrize(
    ("importing", "from_room", "allowed"),
    [
        ("scenarios/oxo_scenarios/*.py", "oxo_simulator", ("control.client", "control.messages")),
        (
            "simulator/oxo_simulator/exchange/*.py",
            "oxo_simulator",
            ("exchange", "exchange.", "profile", "profile_section"),
        ),
    ],
)
def test_a_room_imports_what_is_meant_for_it_and_nothing_else(
    importing: str, from_room: str, allowed: tuple[str, ...]
) -> None:
    """The import law forbids modules by name; a new one is nobody's until somebody names it."""
    found = {
        (named(path), module.removeprefix(f"{from_room}."))
        for path in tracked(importing)
        for module in imported(path)
        if module.split(".")[0] == from_room
    }
    assert found
    strangers = [
        (path, module)
        for path, module in sorted(found)
        if not any(module == one or (one[-1] == "." and module.startswith(one)) for one in allowed)
    ]
    assert strangers == []


def _python(room: Path, place: str) -> Iterator[Path]:
    """Return the Python files of a module or package of a room, `*` being any name."""
    yield from room.glob(f"{place}.py")
    for package in room.glob(place):
        yield from package.rglob("*.py")


@pytest.mark.parametrize("name", ["codec", "mapping", "machine", "sessions"])
def test_every_file_with_the_name_of_a_core_is_one_by_law(name: str) -> None:
    wires = [path for path in sources() if path.name == f"{name}.py" and path.parent.name in WIRES]
    assert wires
    assert [named(path) for path in wires if path not in cores()] == []


NAMES_OF_THE_SYSTEM = "scenarios/oxo_scenarios/bench/environment.py"
"""It takes two constants from `os`, how paths are joined, and nothing else."""


def test_whoever_says_that_it_is_pure_is_a_core_by_law() -> None:
    told = re.compile(r"(?:^|[.:] |\n)Pure[.:]")
    found = [
        path
        for path in sources()
        if told.search(ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "")
    ]
    assert len(found) > 10
    assert [named(path) for path in found if path not in cores()] == [NAMES_OF_THE_SYSTEM]


@pytest.mark.parametrize("path", cores(), ids=named)
def test_no_core_asks_what_time_it_is(path: Path) -> None:
    told = [ast.unparse(node) for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Attribute)]  # fmt: skip
    clocks = ("datetime.now", "datetime.utcnow", "datetime.today", "date.today")
    assert [one for one in told if one.removeprefix("datetime.") in clocks or one in clocks] == []


def vectors() -> list[Path]:
    """Return the descriptions of all vectors."""
    return sorted((ROOT / "vectors").glob("*/*.json"))


@pytest.mark.parametrize("path", vectors(), ids=named)
def test_the_vectors_are_those_that_were_given(path: Path) -> None:
    told = json.loads(path.read_text("utf-8"))
    data = path.with_name(told["file"]).read_bytes()
    assert (told["size"], told["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())


def test_every_room_has_tests_beside_it() -> None:
    assert [room for room in ROOMS if not list((ROOT / room / "tests").glob("test_*.py"))] == []
