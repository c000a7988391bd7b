"""How a command of `oxo-certify` ends before its time: one line on standard error, and a status."""

import contextlib
import os
import sys
from typing import NoReturn

import typer

from oxo_scenarios.verdict import ExitStatus


def leave(status: ExitStatus, text: str) -> NoReturn:
    """Say why and end."""
    with contextlib.suppress(OSError):
        typer.echo(f"oxo-certify: {text}", err=True)
    raise typer.Exit(status)


def end_streams() -> None:
    """Drop what cannot be written: at the very end Python would try again and change the status."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
