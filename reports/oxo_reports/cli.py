"""`python -m oxo_reports BUNDLE`: render the interoperability report of a run bundle."""

from pathlib import Path
from typing import Annotated

import typer

from oxo_reports.bundle import UnusableBundle
from oxo_reports.pdf import PdfNotMade, write_pdf
from oxo_reports.rendering import render

USAGE = 2

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def report(
    bundle: Annotated[Path, typer.Argument(help="Folder of one run, the one that holds run.json.")],
    *,
    pdf: Annotated[bool, typer.Option(help="Write report.pdf beside report.html.")] = True,
) -> None:
    """Write report.html, the evidence pages and report.pdf into a run bundle.

    A PDF that cannot be made is one line on standard error and no failure: the report is the HTML.
    """
    try:
        path = render(bundle)
    except UnusableBundle as unusable:
        typer.echo(f"oxo-reports: {unusable}", err=True)
        raise typer.Exit(USAGE) from None
    typer.echo(str(path))
    if not pdf:
        path.with_suffix(".pdf").unlink(missing_ok=True)
        return
    try:
        typer.echo(str(write_pdf(path)))
    except PdfNotMade as trouble:
        typer.echo(f"report.pdf was not made: {trouble}", err=True)


def main() -> None:
    """Run the command line."""
    app(prog_name="oxo-reports")
