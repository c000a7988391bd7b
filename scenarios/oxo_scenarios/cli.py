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

from oxo_scenarios import options
from oxo_scenarios.bench.stand import Conditions
from oxo_scenarios.bench.trouble import BenchBroken, SubjectFailed, UsageWrong
from oxo_scenarios.catalogue import Case, Catalogue, Planned, load_catalogue
from oxo_scenarios.checking import check_subject, new_subject
from oxo_scenarios.comparing import compare_bundles
from oxo_scenarios.ending import end_streams, leave
from oxo_scenarios.outlet import check_junit, check_out, hand_out, print_json, summarise
from oxo_scenarios.play.meeting import NoConnection
from oxo_scenarios.play.record import DISTRIBUTION, Options
from oxo_scenarios.play.run import Outcome, certify
from oxo_scenarios.selection import NothingSelected, Selection, last_failures, select
from oxo_scenarios.subject import Subject, SubjectUnreadable, load_subject
from oxo_scenarios.verdict import ExitStatus
from oxo_scenarios.wires import Claim

OWN_SUBJECT = Path(__file__).resolve().parent / "subjects" / "oxo-collect"

app = typer.Typer(
    name="oxo-certify",
    help="Certify a collector of call tickets against a simulated OXO Connect.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


app.command("new")(new_subject)
app.command("check")(check_subject)
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
    subject: options.SubjectFolder = OWN_SUBJECT,
    case: options.Cases = [],  # noqa: B006 - typer copies it
    tag: options.Tags = [],  # noqa: B006
    chapter: options.Chapters = [],  # noqa: B006
    wire: options.OnWires = [],  # noqa: B006
    mode: options.InModes = [],  # noqa: B006
    last_failed: options.LastFailures = False,
    seed: options.Seed = None,
    profile: options.Profile = "certify",
    name: options.Name = None,
    out: options.Out = None,
    junit: options.Junit = None,
    pdf: options.Pdf = True,
    allow_known: options.AllowKnown = False,
    listen: options.Listen = None,
    port: options.Ports = [],  # noqa: B006
    keep: options.Keep = None,
    operator: options.OperatorName = None,
    answers: options.Answers = None,
    connect_seconds: options.ConnectSeconds = options.CONNECT_SECONDS_DEFAULT,
    stands: options.Stands = None,
    as_json_text: options.Json = False,
) -> None:
    """Certify a subject: play the cases, judge them, write bundle and report.

    Exit status: 0 passed, 1 the subject failed, 2 usage, 3 the bench broke, 4 undecided.
    """
    console = Console(stderr=as_json_text, highlight=False, markup=False)
    folder = (out or default_out()).resolve()
    catalogue = load_catalogue()
    loaded = _loaded(subject, catalogue)
    asked = Selection(case, tag, chapter, wire, mode)
    planned = _selected(catalogue, asked, loaded.settings.claim, folder if last_failed else None)
    check_out(folder)
    if junit is not None:
        check_junit(junit)
    try:
        conditions = Conditions(
            profile=profile,
            seed=secrets.randbelow(options.SEED_MAX) if seed is None else seed,
            name=name,
            listen=listen,
            ports=options.port_numbers(port),
            keep=keep,
            operator=options.operator_of(loaded, operator, answers, keep, console),
            connect_seconds=connect_seconds,
        )
        beside = options.stands_of(stands, loaded, conditions, len(planned))
    except UsageWrong as wrong:
        leave(ExitStatus.USAGE, str(wrong))
    wanted = Options(catalogue, planned, folder, allow_known, pdf, beside)
    outcome = _certified(loaded, wanted, conditions, console)
    hand_out(outcome, junit, as_json_text=as_json_text)
    claimed = catalogue.claimed(loaded.settings.claim)
    summarise(console, outcome, len(claimed), catalogue.own_wires())
    raise typer.Exit(outcome.status)


@app.command()
def cases(*, as_json_text: options.JsonAnswer = False) -> None:
    """List the cases of the catalogue, on which wires, and those that are not played."""
    catalogue = load_catalogue()
    if as_json_text:
        print_json(_listed(catalogue), "--json")
        return
    console = Console(highlight=False, markup=False)
    table = Table(
        "case", "chapter", "title", "tags", "played with", "in the modes", "on the wires",
        box=None, pad_edge=False,
    )  # fmt: skip
    for each in catalogue.cases:
        table.add_row(
            each.id, each.chapter, each.title, ", ".join(each.tags), ", ".join(each.tag_sets),
            _modes(each), ", ".join(each.wires),
        )  # fmt: skip
    console.print(table, soft_wrap=True)
    console.print()
    for gap in catalogue.declared_gaps:
        console.print(f"{gap.kind}: {', '.join(gap.ids)} ({gap.reason})", soft_wrap=True)


def _modes(case: Case) -> str:
    applies = [mode for mode in case.modes if mode not in case.not_applicable]
    return ", ".join(applies)


def _listed(catalogue: Catalogue) -> dict[str, object]:
    keys = (
        *("id", "chapter", "title", "tags", "tag_sets", "modes", "not_applicable", "wires"),
        "limit_seconds",
    )
    return {
        "cases": [{key: getattr(case, key) for key in keys} for case in catalogue.cases],
        "gaps": [
            {"kind": gap.kind, "ids": gap.ids, "reason": gap.reason}
            for gap in catalogue.declared_gaps
        ],
    }


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


def _loaded(folder: Path, catalogue: Catalogue) -> Subject:
    if folder.is_dir() and not os.access(folder, os.R_OK | os.X_OK):
        leave(ExitStatus.BENCH_ERROR, f"{folder} may not be read by this user")
    try:
        return load_subject(folder, [each.id for each in catalogue.cases])
    except SubjectUnreadable as error:
        leave(ExitStatus.USAGE, str(error))


def _certified(
    subject: Subject, wanted: Options, conditions: Conditions, console: Console
) -> Outcome:
    """Run it, or say in one line why there is no bundle."""
    plays = "1 play" if len(wanted.planned) == 1 else f"{len(wanted.planned)} plays"
    console.print(
        f"{subject.settings.subject.name} against the simulated OXO Connect: "
        f"{plays}, seed {conditions.seed}",
        soft_wrap=True,
    )
    try:
        return certify(subject, wanted, conditions, console)
    except UsageWrong as wrong:
        leave(ExitStatus.USAGE, str(wrong))
    except (KeyboardInterrupt, NoConnection) as ended:
        told = str(ended) or "interrupted before the first case"
        leave(ExitStatus.UNDECIDED, f"{told}; there is no bundle")
    except BenchBroken as broken:
        leave(ExitStatus.BENCH_ERROR, f"the bench broke: {broken}")
    except SubjectFailed as failed:
        leave(ExitStatus.SUBJECT_FAILED, str(failed))


def _selected(
    catalogue: Catalogue, asked: Selection, claim: Claim, last: Path | None
) -> list[Planned]:
    try:
        if last is not None:
            asked = asked._replace(plays=last_failures(last))
        return select(catalogue, asked, claim)
    except NothingSelected as error:
        leave(ExitStatus.USAGE, str(error))


def _interrupt() -> NoReturn:
    # A closing terminal may say so more than once; the end that has begun goes on.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
