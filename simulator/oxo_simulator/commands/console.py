"""What every subcommand shares: its options, how it answers, how it fails.

An answer is for people by default and JSON with `--json`; so is a failure, on standard error. What
looks nice (tables) is loaded only where it is printed.
"""

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn

import msgspec
import msgspec.inspect
import typer

RUN_FAILED, WRONG_USAGE = 1, 2
"""Exit statuses: what fails at run time; what is wrongly typed, as Typer gives it too."""
JSON_OPTION = "--json"
WIDTH_ELSEWHERE = 160
"""Columns of a table that does not go to a terminal."""
_NO_WORD, _PLACE = "Invalid enum value ", r" - at `\$\.([\w.]+)`"
"""How msgspec says that a word is none of those allowed, and where something is wrong."""

State = Annotated[Path, typer.Option("--state", help="Folder of the exchange.", show_default=True)]
Json = Annotated[bool, typer.Option(JSON_OPTION, help="For programs: JSON, errors too.")]
DEFAULT_STATE = Path(".oxo-sim")


def json_is_wanted() -> bool:
    """Tell whether this command line asks for JSON, even if the rest of it cannot be read."""
    return JSON_OPTION in sys.argv[1:]


def say(answer: Any, plain: str | Callable[[], None], *, json: bool) -> None:
    """Print an answer: as JSON, or what is for people (a text, or what prints it)."""
    if json:
        typer.echo(msgspec.json.encode(answer).decode())
    elif isinstance(plain, str):
        typer.echo(plain)
    else:
        plain()


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table."""
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415 - slow, and not always needed
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    shown = Table(*columns, box=SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        shown.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    width = None if sys.stdout.isatty() else WIDTH_ELSEWHERE
    Console(highlight=False, width=width).print(shown)


def fail(text: str, status: int = RUN_FAILED) -> NoReturn:
    """End with one line on standard error that says what is wrong."""
    if json_is_wanted():
        problem = msgspec.json.encode({"error": text, "status": status})
        typer.echo(problem.decode(), err=True)
    else:
        typer.echo(f"oxo-sim: {text}", err=True)
    raise SystemExit(status)


def checked(kind: Any, value: Any) -> Any:
    """Build a message, or say which option is wrong and what is allowed."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        why = str(error)
        words = allowed_at(kind, why)
        fail(f"{_plain(why)}; allowed: {words}" if words else _plain(why), WRONG_USAGE)


def _plain(why: str) -> str:
    """Say what msgspec found wrong in words for people: the field first."""
    found = re.fullmatch(rf"(.*?)(?:{_PLACE})?", why, re.DOTALL)
    what, place = found.groups() if found else (why, None)
    value = re.fullmatch(rf"{_NO_WORD}(.*)", what, re.DOTALL)
    return ": ".join(each for each in (place, f"{value[1]} is none" if value else what) if each)


def allowed_at(kind: Any, why: str) -> str:
    """Return the words of the field that `why` names, if it takes only certain ones."""
    if not why.startswith(_NO_WORD):
        return ""
    place = re.search(rf"{_PLACE}$", why)
    found = _each(msgspec.inspect.type_info(kind))
    for name in place[1].split(".") if place else ():
        fields = [field for one in found for field in getattr(one, "fields", ())]
        types = [field.type for field in fields if field.encode_name == name]
        found = [each for one in types for each in _each(one)]
    return ", ".join(
        str(word)
        for one in found
        for word in (
            [each.value for each in one.cls]
            if isinstance(one, msgspec.inspect.EnumType)
            else getattr(one, "values", ())
        )
    )


def _each(kind: Any) -> list[Any]:
    """Return the members of a union, anything else as it is."""
    return list(getattr(kind, "types", (kind,)))


def pair(option: str, text: str) -> tuple[str, str]:
    """Read `key=value`."""
    key, equals, value = text.partition("=")
    if not equals:
        fail(f"{option} {text}: key=value is expected", WRONG_USAGE)
    return key.strip(), value.strip()
