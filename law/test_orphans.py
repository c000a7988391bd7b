"""What nobody needs: names of a module that no package, benchmark or tool refers to any more."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = [path for path in ROOT.glob("*/oxo_*/**/*.py") if ".venv" not in path.parts]
BESIDE = [*ROOT.glob("benchmarks/*.py"), *ROOT.glob("tools/*.py"), ROOT / "conftest.py"]
ELSEWHERE = "".join(
    path.read_text("utf-8") for path in (ROOT / "pyproject.toml", *ROOT.glob("*/oxo_*/**/*.j2"))
)
"""Entry points and templates name functions too."""
CALLED_BY_A_LIBRARY = ("pytest_", "_pytest_")
NEEDED_BY_TESTS = {
    "SPYNE_VERSION": "the version that the adapter was tried with: a test refuses any other",
    "SCHEMA": "the name of the bundle's schema, which the schema's own test compares",
    "blocking": "Erlang's formula B, against which the traffic of a busy hour is held",
    "special_numbers": "what the vectors of ED5.2 mean, which no ticket has a word for",
}
"""Name -> why it stands where it does although nothing but tests refers to it."""


def defined(path: Path) -> Iterator[str]:
    """Return the names that a module defines, without those that a decorator hands on."""
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            if not node.decorator_list or isinstance(node, ast.ClassDef):
                yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (each.id for each in targets if isinstance(each, ast.Name))


def referred(path: Path) -> Iterator[str]:
    """Return every name that a file refers to, by itself, through a module, or by importing it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.ImportFrom) and path not in PACKAGES:
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_nothing_stands_in_a_package_that_only_tests_refer_to() -> None:
    wanted = {name for path in (*PACKAGES, *BESIDE) for name in referred(path)}
    orphans = [
        (str(path.relative_to(ROOT)), name)
        for path in sorted(PACKAGES)
        for name in defined(path)
        if name not in wanted and name not in ELSEWHERE and name not in NEEDED_BY_TESTS
        if not name.startswith(CALLED_BY_A_LIBRARY) and not name.startswith("__")
    ]
    assert orphans == []
