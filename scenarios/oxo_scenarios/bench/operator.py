"""The operator: who does what only hands can do, and says so.

Every question says what to do and has a default. What was answered is kept with its time and the
operator's name; a password that a question has to tell stands beside its text, is shown on
the terminal and kept nowhere.
"""

import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple, Protocol, TextIO

from rich.console import Console

from oxo_scenarios.bench.clock import utc_now
from oxo_scenarios.bench.trouble import NotDone, UsageWrong
from oxo_scenarios.judge import Confirmation

Kind = Literal["start", "stop", "power off", "failure message"]
KINDS: tuple[Kind, ...] = ("start", "stop", "power off", "failure message")
ANSWERS_BYTES_MAX = 64 * 1024
LINE_CHARACTERS_MAX = 200
YES, NO = ("y", "yes"), ("n", "no")


class Question(NamedTuple):
    """What the operator is to do or to look for.

    Attributes:
        play: for which play; blank before the first.
        kind: what kind of thing.
        text: what to do, then how to answer; kept in the bundle.
        default: the answer of an empty line.
        secret: further lines that are shown and not kept.
    """

    play: str
    kind: Kind
    text: str
    default: bool = True
    secret: str = ""


class Operator(Protocol):
    """Who is asked."""

    name: str

    def ask(self, question: Question) -> Confirmation:
        """Ask, and return the answer as it is kept."""


class AtTerminal:
    """An operator at a terminal."""

    def __init__(self, name: str, console: Console, lines: TextIO | None = None) -> None:
        """Show questions on `console`, read the answers from standard input."""
        self.name = name
        self._console = console
        self._lines = lines or sys.stdin

    def ask(self, question: Question) -> Confirmation:
        """Ask until the answer is yes, no or nothing.

        Raises:
            KeyboardInterrupt: the input has ended: nobody is there any more.
        """
        console = self._console
        console.print()
        console.print(f"{question.play or 'before the first case'}: {question.kind}", style="bold")
        for line in filter(None, [*question.text.splitlines(), *question.secret.splitlines()]):
            console.print(f"  {line}", soft_wrap=True)
        shown = "[Y/n]" if question.default else "[y/N]"
        while True:
            console.print(f"  Done, or seen? {shown} ", end="", soft_wrap=True)
            line = self._lines.readline(LINE_CHARACTERS_MAX)
            if not line:
                raise KeyboardInterrupt
            word = line.strip().lower()
            if word in ("", *YES, *NO):
                yes = word in YES or (not word and question.default)
                return _confirmed(question, self.name, yes=yes)


class ByFile:
    """An operator who has written the answers down before; what is not answered there is no."""

    def __init__(self, name: str, path: Path) -> None:
        """Read the answers.

        Raises:
            UsageWrong: the file is not as docs/subjects.md has it.
        """
        self.name = f"{name} (answers file)"
        self._answers = read_answers(path)

    def ask(self, question: Question) -> Confirmation:
        """Look the answer up: the play's own, else that for all plays.

        Raises:
            NotDone: nobody answered what the screen showed; a "no" would accuse the subject.
        """
        own = self._answers.get(f"{question.play}: {question.kind}")
        found = self._answers.get(question.kind) if own is None else own
        if found is None and question.kind == "failure message":
            raise NotDone(f"the operator {self.name} left it unanswered: {question.kind}")
        return _confirmed(question, self.name, yes=bool(found))


def read_answers(path: Path) -> dict[str, bool]:
    """Read an answers file: TOML, `start = "yes"` for all plays, `[bu2] start = "no"` for one.

    Raises:
        UsageWrong: names the file, the key and what is allowed.
    """
    try:
        with path.open("rb") as file:
            content = file.read(ANSWERS_BYTES_MAX + 1)
        if len(content) > ANSWERS_BYTES_MAX:
            raise UsageWrong(f"--answers {path}: longer than {ANSWERS_BYTES_MAX} bytes")
        table = tomllib.loads(content.decode())
    except OSError as error:
        raise UsageWrong(f"--answers {path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise UsageWrong(f"--answers {path}: not TOML: {error}") from error
    found: dict[str, bool] = {}
    for key, value in table.items():
        if isinstance(value, Mapping):
            for kind, answer in value.items():
                found[f"{key}: {_kind(path, kind)}"] = _answer(path, f"{key}.{kind}", answer)
        else:
            found[_kind(path, key)] = _answer(path, key, value)
    return found


def _kind(path: Path, key: str) -> str:
    told = key.replace("_", " ")
    if told not in KINDS:
        allowed = ", ".join(kind.replace(" ", "_") for kind in KINDS)
        raise UsageWrong(f"--answers {path}: no question {key!r}; the questions are {allowed}")
    return told


def _answer(path: Path, key: str, value: object) -> bool:
    word = value.lower() if isinstance(value, str) else value
    if word not in ("yes", "no"):
        raise UsageWrong(f'--answers {path}: {key}: "yes" or "no" is expected')
    return word == "yes"


def _confirmed(question: Question, by: str, *, yes: bool) -> Confirmation:
    return Confirmation(
        question=question.kind,
        text=" ".join(question.text.split()),
        answer="yes" if yes else "no",
        by=by,
        at=utc_now(),
    )
