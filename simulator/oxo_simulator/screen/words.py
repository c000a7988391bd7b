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

import msgspec
import typer
from oxo_tickets import TicketUnreadable, from_json

from oxo_simulator.control.client import ControlError
from oxo_simulator.screen.drawing import ticket_words

ANSWER_LINES_MAX = 200
ELSEWHERE = frozenset(
    {"run", "load", "ledger", "transcript", "openapi", "nmc-password", "account-password"}
)
"""Subcommands for another terminal: endless, long, or reading a file or the keyboard."""
UNTYPED = frozenset({"state", "json", "help"})
"""Parameters that make no sense on this line."""
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
    if "--help" in words or "-h" in words:
        return Answer(_help(words[0], known))
    state = ["--state", str(folder)] if _takes_state(known) else []
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
    return Answer([_shown(line) for line in lines[:ANSWER_LINES_MAX]], wrong)


def _shown(line: str) -> str:
    """Show a canonical ticket in words, anything else as it is."""
    try:
        from_json(line)
    except TicketUnreadable:
        return line
    return ticket_words(msgspec.json.decode(line))


def _words_of(error: Any) -> str:
    """Say what the command line found wrong, or what nobody expected."""
    found: str = error.format_message() if hasattr(error, "format_message") else repr(error)
    return found


def _help(name: str, command: Any) -> Sequence[str]:
    """Tell what a command does and takes, a line each, without what nobody types here."""
    given = [each for each in command.params if each.name not in UNTYPED]
    arguments = [each for each in given if each.param_type_name == "argument"]
    head = " ".join([name, *(each.name.upper() for each in arguments)])
    told = ["  " + ", ".join([*each.opts, *each.secondary_opts]) for each in given]
    said = [
        f"{words if each not in arguments else '  ' + each.name.upper()}: {each.help or ''}"
        for words, each in zip(told, given, strict=True)
    ]
    about = " ".join((command.help or "").split("\n\n")[0].split())
    return [f"{head}: {about}", *said]


def _takes_state(command: Any) -> bool:
    return any(parameter.name == "state" for parameter in command.params)


def _overview(command: Any) -> list[str]:
    names = sorted(name for name in command.commands if name not in ELSEWHERE)
    return [
        f"{', '.join(names)}, quit",
        "help COMMAND tells its options; they are those of `oxo-sim COMMAND`",
    ]
