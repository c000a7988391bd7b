"""`python -m oxo_reports BUNDLE`: render the interoperability report of a run bundle."""

from pathlib import Path
from typing import Annotated

import typer

from oxo_reports.bundle import UnusableBundle
from oxo_reports.rendering import render

USAGE = 2

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def report(
    bundle: Annotated[Path, typer.Argument(help="Folder of one run, the one that holds run.json.")],
) -> None:
    """Write report.html and the evidence pages into a run bundle."""
    try:
        path = render(bundle)
    except UnusableBundle as unusable:
        typer.echo(f"oxo-reports: {unusable}", err=True)
        raise typer.Exit(USAGE) from None
    typer.echo(str(path))


def main() -> None:
    """Run the command line."""
    app(prog_name="oxo-reports")
