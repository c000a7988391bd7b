"""`oxo-certify check` and `oxo-certify new`: a subject's folder tried, and written."""

import shutil
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from oxo_scenarios import options
from oxo_scenarios.bench.stand import Conditions, Stand
from oxo_scenarios.bench.trouble import BenchBroken, UsageWrong
from oxo_scenarios.catalogue import load_catalogue
from oxo_scenarios.ending import leave
from oxo_scenarios.outlet import print_json, unknown_lines
from oxo_scenarios.play.meeting import announce
from oxo_scenarios.subject import SUBJECT_FILE, SubjectUnreadable, load_subject
from oxo_scenarios.trial import Remark, trial
from oxo_scenarios.verdict import ExitStatus

FOLDERS = Path(__file__).resolve().parent / "subject_folders"


class Example(StrEnum):
    """Programs of everyday that are whole subjects: their folders."""

    LFTP = "lftp"
    RSYSLOG = "rsyslog"


Folder = Annotated[Path, typer.Argument(help="Folder with the subject's subject.toml.")]


def check_subject(  # noqa: PLR0913 - one argument per option
    folder: Folder,
    *,
    profile: options.Profile = "certify",
    listen: options.Listen = None,
    port: options.Ports = [],  # noqa: B006 - typer copies it
    keep: options.Keep = None,
    operator: options.OperatorName = None,
    answers: options.Answers = None,
    connect_seconds: options.ConnectSeconds = options.CONNECT_SECONDS_DEFAULT,
    as_json_text: options.JsonAnswer = False,
) -> None:
    """Try a subject's folder alone: version, start, connection, reading of its delivery, stop.

    Exit status: 0 all of it works, 1 something does not, 2 usage, 3 the bench broke.
    """
    console = Console(stderr=as_json_text, highlight=False, markup=False)
    remarks: list[Remark] = []

    def tell(remark: Remark) -> None:
        remarks.append(remark)
        _print(console, remark)

    catalogue = load_catalogue()
    try:
        subject = load_subject(folder, [each.id for each in catalogue.cases])
        conditions = Conditions(
            profile=profile,
            seed=1,
            listen=listen,
            ports=options.port_numbers(port),
            keep=keep,
            operator=options.operator_of(subject, operator, answers, keep, console),
            connect_seconds=connect_seconds,
        )
        with Stand(subject, conditions) as stand:
            if stand.hands is not None or listen is not None:
                announce(stand, console, tell_password=stand.hands is not None and answers is None)
            right = trial(stand, catalogue, tell)
            unknown = stand.exchange.unknown_operations()
            for line in unknown_lines(unknown):
                console.print(line, soft_wrap=True)
    except (SubjectUnreadable, UsageWrong) as wrong:
        leave(ExitStatus.USAGE, str(wrong))
    except BenchBroken as broken:
        leave(ExitStatus.BENCH_ERROR, f"the bench broke: {broken}")
    except KeyboardInterrupt:
        leave(ExitStatus.UNDECIDED, "interrupted")
    if as_json_text:
        steps = [remark._asdict() for remark in remarks]
        print_json({"right": right, "steps": steps, "unknown_operations": unknown}, "--json")
    if right:
        console.print(f"\nall of it works; now: oxo-certify run --subject {folder}", soft_wrap=True)
    raise typer.Exit(ExitStatus.PASSED if right else ExitStatus.SUBJECT_FAILED)


def new_subject(
    folder: Annotated[Path, typer.Argument(help="Folder to write; it must be new or empty.")],
    *,
    remote: Annotated[
        bool, typer.Option("--remote", help="For a collector on another machine.")
    ] = False,
    example: Annotated[
        Example | None,
        typer.Option(help="A whole subject: lftp for account files, rsyslog for the print-out."),
    ] = None,
) -> None:
    """Write a commented subject folder: an example in shell that runs, or one moved by hand.

    Exit status: 0, or 2 where the folder cannot be written.
    """
    if remote and example:
        leave(ExitStatus.USAGE, "--remote and --example do not go together")
    source = FOLDERS / (example or ("remote" if remote else "local"))
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            leave(ExitStatus.USAGE, f"{folder} is there already; give a new or empty folder")
        shutil.copytree(
            source, folder, dirs_exist_ok=True, copy_function=shutil.copyfile,
            ignore=shutil.ignore_patterns("__pycache__"),
        )  # fmt: skip
    except OSError as error:
        leave(ExitStatus.USAGE, f"{folder} cannot be written: {error.strerror or error}")
    typer.echo(f"written: {folder / SUBJECT_FILE}, with what it needs beside it")
    listen = " --listen ADDRESS" if remote else ""
    typer.echo(f"try it:  oxo-certify check {folder}{listen}")
    typer.echo(f"then:    oxo-certify run --subject {folder}{listen}")
    if remote:
        typer.echo("ADDRESS: of this machine, as the collector's machine sees it")


def _print(console: Console, remark: Remark) -> None:
    first, *rest = remark.told.splitlines() or [""]
    mark, style = ("ok", "green") if remark.right else ("wrong", "bold red")
    line = Text(f"{remark.step:<10}")
    line.append(f"{mark:<7}", style)
    line.append(first)
    console.print(line, soft_wrap=True)
    for more in rest:
        console.print(f"{'':17}{more}", soft_wrap=True)
    if remark.mend:
        console.print(f"{'':17}to mend: {remark.mend}", soft_wrap=True)
