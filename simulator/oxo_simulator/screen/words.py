"""Orders typed at the screen: the words of the subcommands, read by the same command line.

`--state` is added; what a command prints, and what it complains of, are the answer. Commands that
would not end, or that read the keyboard, are refused by name.
"""

import io
import shlex
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import typer

from oxo_simulator.control.client import ControlError

ANSWER_LINES_MAX = 200
ELSEWHERE = frozenset(
    {"run", "load", "ledger", "transcript", "openapi", "nmc-password", "account-password"}
)
"""Subcommands for another terminal: endless, long, or reading a file or the keyboard."""
HELP, QUIT = "help", ("quit", "exit", "q")


class Answer(NamedTuple):
    """What an order was answered, line by line."""

    lines: Sequence[str]
    wrong: bool = False


def answered(text: str, app: typer.Typer, folder: Path) -> Answer:
    """Carry out one line; whatever goes wrong with it is its answer."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        return Answer([f"{text}: {error}"], wrong=True)
    command: Any = typer.main.get_command(app)
    if not words or words[0] == HELP:
        words = [*words[1:2], "--help"] if words[1:] else []
    if not words:
        return Answer(_overview(command))
    known = command.commands.get(words[0])
    if known is None or words[0] in ELSEWHERE:
        why = "is for another terminal" if known else "is no command"
        return Answer([f"{words[0]} {why}; help lists those for this line"], wrong=True)
    asks_help = "--help" in words or "-h" in words
    state = [] if asks_help or not _takes_state(known) else ["--state", str(folder)]
    return _run(command, [words[0], *state, *words[1:]])


def _run(command: Any, words: Sequence[str]) -> Answer:
    said, wrong = io.StringIO(), False
    with redirect_stdout(said), redirect_stderr(said):
        try:
            wrong = bool(command.main(args=list(words), prog_name="", standalone_mode=False))
        except ControlError as error:
            said.write(str(error))
            wrong = True
        except SystemExit as end:
            wrong = bool(end.code)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
            said.write(_words_of(error))
            wrong = True
    lines = [line.rstrip() for line in said.getvalue().splitlines() if line.strip()]
    return Answer(lines[:ANSWER_LINES_MAX], wrong)


def _words_of(error: Any) -> str:
    """Say what the command line found wrong, or what nobody expected."""
    found: str = error.format_message() if hasattr(error, "format_message") else repr(error)
    return found


def _takes_state(command: Any) -> bool:
    return any(parameter.name == "state" for parameter in command.params)


def _overview(command: Any) -> list[str]:
    names = sorted(name for name in command.commands if name not in ELSEWHERE)
    return [
        f"{', '.join(names)}, quit",
        "help COMMAND tells its options; they are those of `oxo-sim COMMAND`",
    ]
