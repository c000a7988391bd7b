"""Where a run goes besides its bundle: paths, seen before the run, and the terminal."""

import json
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from oxo_scenarios.crosstable import LEGEND, crosstable
from oxo_scenarios.ending import end_streams, leave
from oxo_scenarios.junit import write_junit
from oxo_scenarios.play.record import as_json
from oxo_scenarios.play.run import PRINT_FILE, REPORT_FILE, Outcome
from oxo_scenarios.play.session import ALLURE_FOLDER
from oxo_scenarios.verdict import ExitStatus


def check_out(folder: Path) -> None:
    """Make the folder of the bundles, and see that it takes files: rights alone do not tell."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        leave(ExitStatus.USAGE, f"--out {folder} takes no bundle: {error.strerror}")


def check_junit(path: Path) -> None:
    """See that the file can be written; what stands in it stays until there is a run to write."""
    if path.exists() and not path.is_file():
        leave(ExitStatus.USAGE, f"--junit {path} is no regular file")
    if not path.parent.is_dir():
        leave(ExitStatus.USAGE, f"--junit {path}: there is no folder {path.parent}")
    new = not path.exists()
    try:
        path.open("ab").close()
        if new:
            path.unlink()
    except OSError as error:
        leave(ExitStatus.USAGE, f"--junit {path} cannot be written: {error.strerror}")


def hand_out(outcome: Outcome, junit: Path | None, *, as_json_text: bool) -> None:
    """Write the run where the operator wants it besides the bundle."""
    told = f"the run bundle is in {outcome.record.folder}"
    if junit is not None:
        try:
            write_junit(junit, outcome.record.run)
        except OSError as error:
            leave(ExitStatus.USAGE, f"--junit {junit} cannot be written: {error.strerror}; {told}")
    if as_json_text:
        print_json(as_json(outcome.record.run), "--json", f"; {told}")


def print_json(document: Any, option: str, told: str = "") -> None:
    """Print JSON on standard output, or end and say why it was not taken."""
    try:
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
    except OSError as error:
        end_streams()
        leave(ExitStatus.USAGE, f"standard output takes no {option}: {error.strerror}{told}")


def summarise(console: Console, outcome: Outcome, cases: int, own_wires: Mapping[str, str]) -> None:
    """Say what the run came to, what it lacks, and where everything lies.

    Args:
        console: where.
        outcome: what was played and kept.
        cases: so many there are for what the subject claims.
        own_wires: case -> the wire that it is published for.
    """
    run, folder = outcome.record.run, outcome.record.folder
    played = len({play.case for play in run.plays})
    partial = f" ({played} of {cases} cases played)" if played < cases else ""
    counts = ", ".join(f"{number} {word}" for word, number in run.counts.items() if number)
    console.print()
    if len(run.plays) > 1:
        console.print(crosstable(run.plays, own_wires), soft_wrap=True)
        console.print(LEGEND, style="dim", soft_wrap=True)
        console.print()
    console.print(f"{counts or 'nothing played'}; result: {run.result}{partial}", soft_wrap=True)
    if extra := Counter(play.verdict.value for play in run.plays if play.extra):
        told = ", ".join(f"{number} {word}" for word, number in extra.items())
        console.print(f"beyond the published report: {told}", soft_wrap=True)
    if outcome.trouble:
        console.print(outcome.trouble, style="bold red", soft_wrap=True)
    for sentence in outcome.known:
        console.print(f"issues.toml     {sentence}", soft_wrap=True)
    for sentence in run.incomplete:
        console.print(f"incomplete      {sentence}", soft_wrap=True)
    called = [operation for play in run.plays for operation in play.unknown_operations]
    for line in unknown_lines(called):
        console.print(line, soft_wrap=True)
    console.print(f"report          {folder / REPORT_FILE}", soft_wrap=True)
    if (folder / PRINT_FILE).exists():
        console.print(f"for print       {folder / PRINT_FILE}", soft_wrap=True)
    elif outcome.remark:
        console.print(outcome.remark, soft_wrap=True)
    console.print(f"run bundle      {folder}", soft_wrap=True)
    console.print(f"Allure results  {folder / ALLURE_FOLDER}", soft_wrap=True)


def unknown_lines(called: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say which operations the profile does not know, each once, and the lines that map it."""
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for operation in called:
        found.setdefault((operation["operation"], operation["namespace"]), operation)
    lines: list[str] = []
    for (name, namespace), operation in found.items():
        where = f" (namespace {namespace})" if namespace else ""
        told = f"the subject called {name}{where}, which this profile does not know"
        mapping = operation["profile_lines"]
        lines.append(f"unknown         {told}{'; lines that would map it:' if mapping else ''}")
        lines += [f"                  {line}" for line in mapping]
    return lines
