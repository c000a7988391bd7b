"""The door of the bundle: run.json, held to its schema or refused with the place of the fault.

Whatever is wrong here is wrong in the bundle: the fault of the bench that wrote it, or of the
operator who named the wrong folder. Evidence is read elsewhere (`oxo_reports.evidence`): a bundle
with missing evidence is still a bundle, and its report says what is missing.
"""

import json
from collections import Counter
from collections.abc import Iterable
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, NoReturn

import msgspec
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from oxo_reports.run import Run

RUN_BYTES_MAX = 64 * 1024 * 1024
FAULTS_SHOWN_MAX = 10
VALUE_CHARACTERS_MAX = 120


class UnusableBundle(Exception):
    """The folder holds no run bundle that a report could be written from; the text says why."""


def read(folder: Path) -> Run:
    """Read `run.json` of a bundle.

    Raises:
        UnusableBundle: no folder, no file, not JSON, or not what the schema asks; every fault is
            named with file and place, the first ten of them.
    """
    path = folder / "run.json"
    document = _decode(path, _load(folder, path))
    faults = sorted(
        _validator().iter_errors(document), key=lambda fault: list(map(str, fault.path))
    )
    if faults:
        raise UnusableBundle(_tell(path, faults))
    try:
        run = msgspec.convert(document, Run)
    except msgspec.ValidationError as error:
        raise UnusableBundle(f"{path}: {error}") from None
    _refuse_repetition(path, [play.play for play in run.plays], "plays")
    _refuse_repetition(path, [chapter.id for chapter in run.chapters], "chapters")
    _refuse_strangers(path, run)
    return run


def schema() -> dict[str, Any]:
    """Return the JSON schema of run.json, version 1."""
    text = resources.files("oxo_reports").joinpath("schema/run-1.schema.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(schema())


def _load(folder: Path, path: Path) -> bytes:
    if not folder.is_dir():
        raise UnusableBundle(f"{folder}: there is no such folder; name the folder of one run")
    try:
        with path.open("rb") as file:
            raw = file.read(RUN_BYTES_MAX + 1)
    except FileNotFoundError:
        raise UnusableBundle(
            f"{path}: missing; the folder is no run bundle, or the run ended before it was written"
        ) from None
    except OSError as error:
        raise UnusableBundle(f"{path}: cannot be read: {error.strerror}") from None
    if len(raw) > RUN_BYTES_MAX:
        raise UnusableBundle(f"{path}: larger than {RUN_BYTES_MAX} bytes")
    return raw


def _decode(path: Path, raw: bytes) -> Any:
    try:
        return json.loads(raw.decode("utf-8"), parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise UnusableBundle(f"{path}: not JSON: {error.msg} at {place}") from None
    except UnicodeDecodeError as error:
        raise UnusableBundle(f"{path}: not UTF-8 at byte {error.start}") from None
    except ValueError as error:
        raise UnusableBundle(f"{path}: {error}") from None
    except RecursionError:
        raise UnusableBundle(f"{path}: nested too deeply to be a run") from None


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a JSON number")


def _tell(path: Path, faults: list[ValidationError]) -> str:
    lines = [f"  at {_place(fault.absolute_path)}: {_fault(fault)}" for fault in faults]
    more = len(lines) - FAULTS_SHOWN_MAX
    if more > 0:
        lines = [*lines[:FAULTS_SHOWN_MAX], f"  and {more} more"]
    return "\n".join([f"{path}: not a run of schema urn:oxo-interop:run:1", *lines])


def _place(steps: Iterable[str | int]) -> str:
    words = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return words.removeprefix(".") or "the top"


def _fault(fault: ValidationError) -> str:
    """Word a fault without printing a whole object that happens to lack one key."""
    shown = repr(fault.instance)
    if len(shown) <= VALUE_CHARACTERS_MAX:
        return fault.message
    return fault.message.replace(shown, f"{shown[:VALUE_CHARACTERS_MAX]}…")


def _refuse_repetition(path: Path, names: list[str], place: str) -> None:
    repeated = sorted(name for name, times in Counter(names).items() if times > 1)
    if repeated:
        raise UnusableBundle(f"{path}: at {place}: named twice: {', '.join(repeated)}")


def _refuse_strangers(path: Path, run: Run) -> None:
    known = {chapter.id for chapter in run.chapters}
    for index, play in enumerate(run.plays):
        if play.chapter not in known:
            raise UnusableBundle(
                f"{path}: at plays[{index}].chapter: {play.chapter!r} is not among the chapters"
                f" ({', '.join(sorted(known)) or 'there are none'})"
            )
