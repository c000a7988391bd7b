"""The options of `oxo-certify run` and what they mean together, for Typer and for the bench."""

import getpass
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from oxo_scenarios.bench.operator import AtTerminal, ByFile, Operator
from oxo_scenarios.bench.stand import CONNECT_SECONDS, Conditions
from oxo_scenarios.bench.trouble import UsageWrong
from oxo_scenarios.subject import Subject
from oxo_scenarios.wires import MODES, WIRES

SEED_MAX = 2**31 - 1
STANDS_MAX = 8
STANDS_DEFAULT = 2
PORT_MAX = 65535
PORT_NAMES = (
    *("standard", "alternate", "nmc", "v24", "ohl", "account-ftp", "account-sftp"),
    *("stream-a", "stream-b", "proxy"),
)

SubjectFolder = Annotated[
    Path, typer.Option(help="Folder with the subject's subject.toml; default: oxo-collect.")
]
Cases = Annotated[list[str], typer.Option("--case", help="Play this case; may be repeated.")]
Tags = Annotated[list[str], typer.Option("--tag", help="Play the cases with this tag.")]
Chapters = Annotated[list[str], typer.Option("--chapter", help="Play the cases of this chapter.")]
OnWires = Annotated[
    list[str],
    typer.Option("--wire", help=f"Play on this wire: {', '.join(WIRES)}; else on all."),
]
InModes = Annotated[
    list[str],
    typer.Option("--mode", help=f"Play in this mode: {', '.join(MODES)}; else in both."),
]
LastFailures = Annotated[
    bool, typer.Option("--last-failures", help="Play what was not passed in the newest run.")
]
Seed = Annotated[int | None, typer.Option(min=0, max=SEED_MAX, help="Of every random choice.")]
Profile = Annotated[str, typer.Option(help="Profile of the exchange: a name, or a file.")]
Name = Annotated[str | None, typer.Option(help="Name of the exchange for the connection by name.")]
Out = Annotated[Path | None, typer.Option(help="Folder for the run bundles.")]
Junit = Annotated[Path | None, typer.Option(help="Write JUnit XML to this file too.")]
Pdf = Annotated[
    bool, typer.Option("--pdf/--no-pdf", help="Write the report as PDF too; it takes seconds.")
]
AllowKnown = Annotated[
    bool,
    typer.Option(
        "--allow-known",
        help="End with 0 if every NOK is in the subject's issues.toml and not expired.",
    ),
]
Json = Annotated[
    bool, typer.Option("--json", help="Print run.json on standard output, the rest on error.")
]
JsonAnswer = Annotated[
    bool, typer.Option("--json", help="Print JSON on standard output, the rest on error.")
]
Listen = Annotated[
    str | None,
    typer.Option(help="Address of this machine where subjects reach exchange and proxy."),
]
Ports = Annotated[
    list[str],
    typer.Option("--port", help="Such as standard=10443, nmc=30021, proxy=3128; else free ones."),
]
Keep = Annotated[
    Path | None,
    typer.Option(help="Folder that keeps the exchange's certificates and password over runs."),
]
OperatorName = Annotated[
    str | None,
    typer.Option("--operator", help="Who answers for a remote subject; default: the login name."),
]
Answers = Annotated[
    Path | None, typer.Option(help="Answers for a remote subject, where there is no terminal.")
]
ConnectSeconds = Annotated[
    float,
    typer.Option(min=1, max=86400, help="How long a remote subject may take to connect."),
]
Stands = Annotated[
    int | None,
    typer.Option(
        "-n",
        "--stands",
        min=1,
        max=STANDS_MAX,
        help="So many stands play side by side, each with an exchange and a subject of its own; "
        "by default two where subject.toml allows it (side_by_side) and there are two cores.",
    ),
]
CONNECT_SECONDS_DEFAULT = CONNECT_SECONDS


def port_numbers(told: Sequence[str]) -> dict[str, int]:
    """Read `--port NAME=NUMBER`.

    Raises:
        UsageWrong: names what is allowed.
    """
    found: dict[str, int] = {}
    for text in told:
        name, _, number = text.partition("=")
        if name not in PORT_NAMES:
            raise UsageWrong(f"--port {text}: NAME=NUMBER is expected, NAME one of "
                             f"{', '.join(PORT_NAMES)}")  # fmt: skip
        if not (number.isascii() and number.isdigit() and int(number) <= PORT_MAX):
            raise UsageWrong(f"--port {text}: a number from 0 (a free one) to {PORT_MAX}")
        found[name] = int(number)
    return found


def stands_of(asked: int | None, subject: Subject, conditions: Conditions, plays: int) -> int:
    """Return how many stands play side by side.

    Raises:
        UsageWrong: several are asked for and cannot be; the text says why.
    """
    reason = _one_alone(subject, conditions)
    if asked is None:
        start = subject.settings.start
        allowed = reason is None and start is not None and start.side_by_side
        asked = min(STANDS_DEFAULT, os.cpu_count() or 1) if allowed else 1
    elif asked > 1 and reason is not None:
        raise UsageWrong(f"-n {asked}: {reason}")
    return max(1, min(asked, plays))


def _one_alone(subject: Subject, conditions: Conditions) -> str | None:
    """Return why there can be only one stand; `None` when there may be several."""
    if subject.settings.remote is not None:
        return "a remote subject is one, and its operator has two hands"
    if conditions.ports:
        return "ports that are asked for can be held by one exchange alone"
    if conditions.keep is not None:
        return "--keep is the folder of one exchange"
    for name, place in subject.settings.fixed_places:
        return (
            f"the subject has one {name} for all, {place}; with $OXO_WORK each would have its own"
        )
    return None


def operator_of(
    subject: Subject, name: str | None, answers: Path | None, keep: Path | None, console: Console
) -> Operator | None:
    """Return who is asked; nobody with a local subject.

    Raises:
        UsageWrong: a remote subject without a terminal and without answers, or answers that
            cannot be read.
    """
    if subject.settings.remote is None:
        return None
    who = name or login_name()
    if answers is not None:
        if keep is None:
            raise UsageWrong(
                "with --answers there is no terminal to tell the password on: "
                "give --keep DIR, and set the collector up from DIR/taxation.password (and give "
                "--port standard=NUMBER: free ports change from run to run)"
            )
        return ByFile(who, answers)
    if not sys.stdin.isatty():
        raise UsageWrong(
            "this subject is moved by hand ([remote] in its subject.toml), and standard input is "
            "no terminal: run it on one, or give --answers FILE"
        )
    return AtTerminal(who, console)


def login_name() -> str:
    """Return the name of the user, or that there is none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown operator"
