# ruff: noqa: PLC0415 - imports stand in the command that needs them, as in `cli`
"""What the commands of `oxo-collect` share: their options, their files, and how they end."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, NoReturn

import typer

from oxo_collector.receipt import Wire

if TYPE_CHECKING:
    from oxo_collector.configuration import Configuration
    from oxo_collector.store import Reading

EXIT_MALFORMED = 1
EXIT_CONFIGURATION = 2
EXIT_STORE = 3

ID_MAX = 2**63 - 1
"""The store's numbers end there."""

ConfigOption = Annotated[
    Path,
    typer.Option("--config", "-c", envvar="OXO_COLLECT_CONFIG", help="Configuration file (TOML)."),
]
WireOption = Annotated[
    Wire | None, typer.Option("--wire", "-w", help="Everything that came over this wire.")
]
SinceOption = Annotated[
    int, typer.Option(min=0, max=ID_MAX, help="Only what was received after the one with this id.")
]
OutputOption = Annotated[str, typer.Option("--output", "-o", help="File, or - for stdout.")]
ExchangeOption = Annotated[str | None, typer.Option("--exchange", "-e", help="Only this exchange.")]


def configuration_of(path: Path) -> "Configuration":
    """Return the configuration; one that is refused ends the command."""
    from oxo_collector.configuration import ConfigurationRefused, load

    try:
        return load(path)
    except ConfigurationRefused as error:
        refuse(str(error), EXIT_CONFIGURATION)


@contextmanager
def reading(configuration: "Configuration") -> Iterator["Reading"]:
    """Open the store; whatever is wrong with it, now or in the middle, ends the command."""
    from oxo_collector.store import Reading, StoreUnusable

    try:
        with Reading(configuration.store) as store:
            yield store
    except StoreUnusable as error:
        refuse(str(error), EXIT_STORE)


def check_exchange(name: str | None, configuration: "Configuration") -> None:
    """End the command where no exchange has the name."""
    names = [one.name for one in configuration.exchange]
    if name is not None and name not in names:
        refuse(f"no exchange {name!r}; configured: {', '.join(names)}", EXIT_CONFIGURATION)


def check_output(output: str, config: Path, store: Path) -> None:
    """Refuse to write tickets over what they come from: opening the file would empty it."""
    files = [config, *(store.with_name(store.name + end) for end in ("", "-wal", "-shm", ".lock"))]
    for file in files:
        if output != "-" and file.exists() and Path(output).exists() and file.samefile(output):
            refuse(
                f"{output}: in use by the collection itself; not overwritten", EXIT_CONFIGURATION
            )


@contextmanager
def output_to(name: str) -> Iterator[IO[bytes]]:
    """Open a file, or `-` for standard output; a full disk is told as plainly as a wrong path."""
    try:
        if name == "-":
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        else:
            with Path(name).open("wb") as file:
                yield file
    except OSError as error:
        if name == "-":  # what is still buffered would be tried again, and fail, at the exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        told = "standard output" if name == "-" else name
        refuse(f"{told}: cannot be written: {error.strerror}", EXIT_CONFIGURATION)


def refuse(text: str, status: int) -> NoReturn:
    """End the command with a sentence on standard error."""
    typer.echo(f"oxo-collect: {text}", err=True)
    raise typer.Exit(status)
