"""`oxo-certify`: certify a collector against the simulated exchange."""

import contextlib
import json
import os
import secrets
import signal
import sys
import tempfile
import traceback
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from oxo_scenarios.bench.stand import Conditions
from oxo_scenarios.bench.trouble import BenchBroken, SubjectFailed, UsageWrong
from oxo_scenarios.catalogue import Catalogue, Planned, load_catalogue
from oxo_scenarios.junit import write_junit
from oxo_scenarios.play.record import DISTRIBUTION, Options, as_json
from oxo_scenarios.play.run import REPORT_FILE, Outcome, certify
from oxo_scenarios.play.session import ALLURE_FOLDER
from oxo_scenarios.selection import NothingSelected, Selection, last_failures, select
from oxo_scenarios.subject import SubjectUnreadable, load_subject
from oxo_scenarios.verdict import ExitStatus

OWN_SUBJECT = Path(__file__).resolve().parent / "subjects" / "oxo-collect"
SEED_MAX = 2**31 - 1

app = typer.Typer(
    name="oxo-certify",
    help="Certify a collector of call tickets against a simulated OXO Connect.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run the command line."""
    # A polite end by signal is an interruption like Ctrl-C: the bundle is left valid.
    signal.signal(signal.SIGTERM, lambda _number, _frame: _interrupt())
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        # The terminal was closed; who calls by nohup does not mind.
        signal.signal(signal.SIGHUP, lambda _number, _frame: _interrupt())
    try:
        app()
    except Exception:  # noqa: BLE001 - whatever it is: Python's own status, 1, would accuse the subject
        with contextlib.suppress(OSError):
            traceback.print_exc()
        _end_streams()
        sys.exit(ExitStatus.BENCH_ERROR)


@app.command()
def run(  # noqa: PLR0913 - one argument per option
    *,
    subject: Annotated[
        Path, typer.Option(help="Folder with the subject's subject.toml; default: oxo-collect.")
    ] = OWN_SUBJECT,
    case: Annotated[list[str], typer.Option(help="Play this case; may be repeated.")] = [],  # noqa: B006 - typer copies it
    tag: Annotated[list[str], typer.Option(help="Play the cases with this tag.")] = [],  # noqa: B006
    chapter: Annotated[list[str], typer.Option(help="Play the cases of this chapter.")] = [],  # noqa: B006
    last_failed: Annotated[
        bool, typer.Option("--last-failures", help="Play what was not passed in the newest run.")
    ] = False,
    seed: Annotated[
        int | None, typer.Option(min=0, max=SEED_MAX, help="Of every random choice.")
    ] = None,
    profile: Annotated[
        str, typer.Option(help="Profile of the exchange: a name, or a file.")
    ] = "certify",
    name: Annotated[
        str | None, typer.Option(help="Name of the exchange for the connection by name.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the run bundles.")] = None,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML to this file too.")] = None,
    as_json_text: Annotated[
        bool, typer.Option("--json", help="Print run.json on standard output, the rest on error.")
    ] = False,
) -> None:
    """Certify a subject: play the cases, judge them, write bundle and report.

    Exit status: 0 passed, 1 the subject failed, 2 usage, 3 the bench broke, 4 undecided.
    """
    console = Console(stderr=as_json_text, highlight=False, markup=False)
    folder = (out or default_out()).resolve()
    catalogue = load_catalogue()
    planned = _selected(catalogue, Selection(case, tag, chapter), folder if last_failed else None)
    if subject.is_dir() and not os.access(subject, os.R_OK | os.X_OK):
        _leave(ExitStatus.BENCH_ERROR, f"{subject} may not be read by this user")
    try:
        loaded = load_subject(subject, [each.id for each in catalogue.cases])
    except SubjectUnreadable as error:
        _leave(ExitStatus.USAGE, str(error))
    _check_out(folder)
    if junit is not None:
        _check_junit(junit)
    conditions = Conditions(profile, secrets.randbelow(SEED_MAX) if seed is None else seed, name)
    console.print(
        f"{loaded.settings.subject.name} against the simulated OXO Connect: "
        f"{len(planned)} plays, seed {conditions.seed}",
        soft_wrap=True,
    )
    try:
        outcome = certify(loaded, Options(catalogue, planned, folder), conditions, console)
    except UsageWrong as wrong:
        _leave(ExitStatus.USAGE, str(wrong))
    except KeyboardInterrupt:
        _leave(ExitStatus.UNDECIDED, "interrupted before the first case; there is no bundle")
    except BenchBroken as broken:
        _leave(ExitStatus.BENCH_ERROR, f"the bench broke: {broken}")
    except SubjectFailed as failed:
        _leave(ExitStatus.SUBJECT_FAILED, str(failed))
    _hand_out(outcome, junit, as_json_text=as_json_text)
    _summarise(console, outcome, len(catalogue.cases))
    raise typer.Exit(outcome.status)


@app.command()
def cases() -> None:
    """List the cases of the catalogue, and those that are not played."""
    catalogue = load_catalogue()
    console = Console(highlight=False, markup=False)
    table = Table("case", "chapter", "title", "tags", "played with", box=None, pad_edge=False)
    for each in catalogue.cases:
        table.add_row(
            each.id, each.chapter, each.title, ", ".join(each.tags), ", ".join(each.tag_sets)
        )
    console.print(table, soft_wrap=True)
    console.print()
    for gap in catalogue.declared_gaps:
        console.print(f"{gap.kind}: {', '.join(gap.ids)} ({gap.reason})", soft_wrap=True)


@app.callback(invoke_without_command=True)
def _version(
    *,
    show: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False,
) -> None:
    if show:
        typer.echo(f"oxo-certify {version(DISTRIBUTION)}")
        raise typer.Exit


def default_out() -> Path:
    """Return where bundles go: `reports/out` in a checkout of this project, else `oxo-out`."""
    here = Path.cwd()
    own = here / "scenarios" / "oxo_scenarios" / "cli.py"
    if own.exists() and own.resolve() == Path(__file__).resolve():
        return here / "reports" / "out"
    return here / "oxo-out"


def _selected(catalogue: Catalogue, asked: Selection, last: Path | None) -> list[Planned]:
    try:
        if last is not None:
            asked = asked._replace(plays=last_failures(last))
        return select(catalogue, asked)
    except NothingSelected as error:
        _leave(ExitStatus.USAGE, str(error))


def _check_out(folder: Path) -> None:
    """Make the folder of the bundles, and see that it takes files: rights alone do not tell."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        _leave(ExitStatus.USAGE, f"--out {folder} takes no bundle: {error.strerror}")


def _check_junit(path: Path) -> None:
    """See that the file can be written; what stands in it stays until there is a run to write."""
    if path.exists() and not path.is_file():
        _leave(ExitStatus.USAGE, f"--junit {path} is no regular file")
    if not path.parent.is_dir():
        _leave(ExitStatus.USAGE, f"--junit {path}: there is no folder {path.parent}")
    new = not path.exists()
    try:
        path.open("ab").close()
        if new:
            path.unlink()
    except OSError as error:
        _leave(ExitStatus.USAGE, f"--junit {path} cannot be written: {error.strerror}")


def _hand_out(outcome: Outcome, junit: Path | None, *, as_json_text: bool) -> None:
    """Write the run where the operator wants it besides the bundle."""
    told = f"the run bundle is in {outcome.record.folder}"
    if junit is not None:
        try:
            write_junit(junit, outcome.record.run)
        except OSError as error:
            _leave(ExitStatus.USAGE, f"--junit {junit} cannot be written: {error.strerror}; {told}")
    if as_json_text:
        try:
            typer.echo(json.dumps(as_json(outcome.record.run), ensure_ascii=False, indent=2))
        except OSError as error:
            _end_streams()
            _leave(ExitStatus.USAGE, f"standard output takes no --json: {error.strerror}; {told}")


def _end_streams() -> None:
    """Drop what cannot be written: at the very end Python would try again and change the status."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)


def _summarise(console: Console, outcome: Outcome, cases: int) -> None:
    run, folder = outcome.record.run, outcome.record.folder
    played = len({play.case for play in run.plays})
    partial = f" ({played} of {cases} cases played)" if played < cases else ""
    counts = ", ".join(f"{number} {word}" for word, number in run.counts.items() if number)
    console.print()
    console.print(f"{counts or 'nothing played'}; result: {run.result}{partial}", soft_wrap=True)
    if outcome.trouble:
        console.print(outcome.trouble, style="bold red", soft_wrap=True)
    console.print(f"report          {folder / REPORT_FILE}", soft_wrap=True)
    console.print(f"run bundle      {folder}", soft_wrap=True)
    console.print(f"Allure results  {folder / ALLURE_FOLDER}", soft_wrap=True)


def _leave(status: ExitStatus, text: str) -> NoReturn:
    with contextlib.suppress(OSError):
        typer.echo(f"oxo-certify: {text}", err=True)
    raise typer.Exit(status)


def _interrupt() -> NoReturn:
    # A closing terminal may say so more than once; the end that has begun goes on.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
