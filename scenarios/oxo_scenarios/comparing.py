"""`oxo-certify compare`: read two bundles, print what changed."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.text import Text

from oxo_scenarios.bundle import RUN_FILE
from oxo_scenarios.compare import Comparison, Difference, Direction, NoBundle, compare
from oxo_scenarios.ending import leave
from oxo_scenarios.outlet import print_json
from oxo_scenarios.selection import RUN_BYTES_MAX
from oxo_scenarios.verdict import ExitStatus

_STYLES = {Direction.WORSE: "bold red", Direction.BETTER: "green", Direction.CHANGED: ""}
Bundle = Annotated[Path, typer.Argument(help="Run bundle: its folder, or its run.json.")]


def compare_bundles(
    before: Bundle,
    after: Bundle,
    *,
    common: Annotated[
        bool, typer.Option("--common", help="Only the plays that both have.")
    ] = False,
    as_json_text: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Name what changed between two run bundles, the older one first.

    Exit status: 0 no verdict got worse, 1 at least one did, 2 usage (a bundle cannot be read).
    """
    try:
        found = compare(_read(before), _read(after), common=common)
    except NoBundle as error:
        leave(ExitStatus.USAGE, f"{before} or {after}: {error}")
    if as_json_text:
        print_json({**msgspec.to_builtins(found), "worse": found.worse}, "--json")
    else:
        _print(Console(highlight=False, markup=False), found)
    raise typer.Exit(ExitStatus.SUBJECT_FAILED if found.worse else ExitStatus.PASSED)


def _read(bundle: Path) -> Any:
    path = bundle / RUN_FILE if bundle.is_dir() else bundle
    try:
        with path.open("rb") as file:
            content = file.read(RUN_BYTES_MAX + 1)
        if len(content) > RUN_BYTES_MAX:
            leave(ExitStatus.USAGE, f"{path}: longer than {RUN_BYTES_MAX} bytes")
        return json.loads(content)
    except OSError as error:
        leave(ExitStatus.USAGE, f"{path}: cannot be read: {error.strerror}")
    except (ValueError, RecursionError) as error:
        leave(ExitStatus.USAGE, f"{path}: no JSON: {error}")


def _print(console: Console, found: Comparison) -> None:
    console.print(f"{found.before} -> {found.after}", soft_wrap=True)
    for difference in found.differences:
        console.print(Text(_line(difference), _STYLES[difference.direction]), soft_wrap=True)
    if not found.differences:
        console.print("nothing changed")
    elif not any(one.about == "verdict" for one in found.differences):
        console.print("no verdict changed")


def _line(found: Difference) -> str:
    whither = f" ({found.direction})" if found.about == "verdict" else ""
    about = "" if found.about == "run" else f"{found.about}: "
    before, after = (_words(found, value) for value in (found.before, found.after))
    return f"{found.where:<16} {about}{before} -> {after}{whither}"


def _words(found: Difference, value: Any) -> str:
    if value is None:
        return "not played" if found.about == "verdict" else "none"
    if found.about == "duration":
        return f"{value:.1f} s"
    if isinstance(value, Mapping):
        return ", ".join(f"{number} {word}" for word, number in value.items()) or "none"
    if isinstance(value, list):
        return " ".join(map(str, value)) or "none"
    return str(value)
