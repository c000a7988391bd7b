"""`oxo-certify`: certify a collector against the simulated exchange."""

import contextlib
import os
import secrets
import signal
import sys
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
from oxo_scenarios.comparing import compare_bundles
from oxo_scenarios.ending import end_streams, leave
from oxo_scenarios.outlet import check_junit, check_out, hand_out, summarise
from oxo_scenarios.play.record import DISTRIBUTION, Options
from oxo_scenarios.play.run import certify
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


app.command("compare")(compare_bundles)


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
        end_streams()
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
    allow_known: Annotated[
        bool,
        typer.Option(
            "--allow-known",
            help="End with 0 if every NOK is in the subject's issues.toml and not expired.",
        ),
    ] = False,
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
        leave(ExitStatus.BENCH_ERROR, f"{subject} may not be read by this user")
    try:
        loaded = load_subject(subject, [each.id for each in catalogue.cases])
    except SubjectUnreadable as error:
        leave(ExitStatus.USAGE, str(error))
    check_out(folder)
    if junit is not None:
        check_junit(junit)
    conditions = Conditions(profile, secrets.randbelow(SEED_MAX) if seed is None else seed, name)
    console.print(
        f"{loaded.settings.subject.name} against the simulated OXO Connect: "
        f"{len(planned)} plays, seed {conditions.seed}",
        soft_wrap=True,
    )
    try:
        outcome = certify(
            loaded, Options(catalogue, planned, folder, allow_known), conditions, console
        )
    except UsageWrong as wrong:
        leave(ExitStatus.USAGE, str(wrong))
    except KeyboardInterrupt:
        leave(ExitStatus.UNDECIDED, "interrupted before the first case; there is no bundle")
    except BenchBroken as broken:
        leave(ExitStatus.BENCH_ERROR, f"the bench broke: {broken}")
    except SubjectFailed as failed:
        leave(ExitStatus.SUBJECT_FAILED, str(failed))
    hand_out(outcome, junit, as_json_text=as_json_text)
    summarise(console, outcome, len(catalogue.cases))
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
        leave(ExitStatus.USAGE, str(error))


def _interrupt() -> NoReturn:
    # A closing terminal may say so more than once; the end that has begun goes on.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
