"""A TOML file as a model wants it; every error names the file, the key and what is allowed."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from oxo_collector.section import ConfigurationRefused, Section
from oxo_collector.wording import one_line

CONFIGURATION_BYTES_MAX: Final = 1024 * 1024

SHAPES: Final = {
    "tuple_type": "a list; exchanges stand each under [[exchange]], in double brackets",
    "model_type": "a table",
    "dict_type": "a table",
    "too_short": "at least one",
}
"""What the library says in words of Python."""


_Checked = TypeVar("_Checked", bound=BaseModel)


def checked(model: type[_Checked], path: Path, folder: Path | None) -> _Checked:
    """Read a file as the model wants it; `folder` is that of the files it names.

    Raises:
        ConfigurationRefused: naming file, key and what is allowed; all errors at once.
    """
    table = read_table(path)
    try:
        return model.model_validate(table, context=folder)
    except ValidationError as error:
        # A refused exchange also leaves the list short; that line would name no further fault.
        faults = error.errors(include_url=False)
        told = [fault for fault in faults if fault["type"] != "too_short"] or faults
        lines = [f"{path}: {_line(fault, model)}" for fault in told]
        raise ConfigurationRefused("\n".join(lines)) from None


def read_table(path: Path) -> dict[str, Any]:
    """Read a TOML file of limited length.

    Raises:
        ConfigurationRefused: it cannot be read, or is no TOML.
    """
    try:
        with path.open("rb") as file:
            data = file.read(CONFIGURATION_BYTES_MAX + 1)
    except OSError as error:
        raise ConfigurationRefused(f"{path}: cannot be read: {error.strerror}") from None
    if len(data) > CONFIGURATION_BYTES_MAX:
        raise ConfigurationRefused(f"{path}: longer than {CONFIGURATION_BYTES_MAX} bytes")
    try:
        return tomllib.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ConfigurationRefused(f"{path}: not UTF-8 at byte {error.start}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationRefused(f"{path}: not TOML: {error}") from None
    except RecursionError:
        raise ConfigurationRefused(f"{path}: not read: nested too deep") from None


def _line(detail: ErrorDetails, whole: type[BaseModel]) -> str:
    """Say one error: the key as it is found in the file, and what is allowed there."""
    steps = list(_steps(detail["loc"], whole))
    key = "".join(f"[{p + 1}]" if isinstance(p, int) else f".{p}" for p, _ in steps).lstrip(".")
    key = one_line(key)
    if detail["type"] == "extra_forbidden":
        model = steps[-2][1] if len(steps) > 1 else whole
        return f"{key}: unknown key; allowed here: {', '.join(_keys(model))}"
    if detail["type"] == "missing":
        return f"{key}: missing; it is required"
    if detail["type"] in SHAPES:
        return f"{key}: allowed is {SHAPES[detail['type']]}"
    message = detail["msg"].removeprefix("Value error, ")
    return f"{key or 'the file as a whole'}: {message}"


def _steps(
    place: tuple[int | str, ...], model: type[BaseModel]
) -> Iterator[tuple[int | str, type[BaseModel]]]:
    """Return each part of a place with the model that stands there, without inlined tables."""
    for part in place:
        inlined = _inlined(model)
        if isinstance(part, str) and part in model.model_fields:
            model = _model_in(model.model_fields[part].annotation) or model
        if part != inlined:
            yield part, model


def _keys(model: type[BaseModel]) -> list[str]:
    """Return the keys that a table may have, those of an inlined table with them."""
    keys = list(model.model_fields)
    inlined = _inlined(model)
    if inlined is not None:
        inner = _model_in(model.model_fields[inlined].annotation)
        keys.remove(inlined)
        keys += [] if inner is None else _keys(inner)
    return keys


def _inlined(model: type[BaseModel]) -> str | None:
    return model.inlined if issubclass(model, Section) else None


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the model inside an annotation: alone, optional, or in a tuple."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_in(one) for one in get_args(annotation))
    return next((one for one in found if one is not None), None)
