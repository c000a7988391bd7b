"""report.pdf: the report as WeasyPrint prints it, from the same HTML and the same print rules.

The one module that knows WeasyPrint. Python brings it along, but it draws with the system's Pango
library: where Pango is missing the report stays HTML, and one sentence says what to install. The
renderer may fetch nothing at all, neither from the network nor from the disk: a report is one file.
"""

import contextlib
import io
import logging
import os
import warnings
from pathlib import Path
from typing import Any, NoReturn

PANGO = (
    "WeasyPrint finds no Pango library (Debian, Ubuntu: apt-get install libpango-1.0-0"
    " libpangoft2-1.0-0 libharfbuzz-subset0)"
)


class PdfNotMade(Exception):
    """There is no PDF; the text says why, and what the operator can do about it."""


class FetchRefused(ValueError):
    """The report refers to something outside itself, which the renderer does not go and get."""


def write_pdf(page: Path) -> Path:
    """Print an HTML page into a PDF file of the same name beside it, whole or not at all.

    The bytes depend on the page and on the fonts of the machine, never on the clock.

    Raises:
        PdfNotMade: no Pango, WeasyPrint failed on the page, or the file cannot be written; an older
            PDF is gone then, so that none stands beside a page that it does not show.
    """
    target = page.with_suffix(".pdf")
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        target.unlink(missing_ok=True)
        draft.write_bytes(printed(page.read_text(encoding="utf-8")))
        draft.replace(target)
    except OSError as error:
        raise PdfNotMade(f"{target}: cannot be written: {error.strerror}") from None
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
    return target


def printed(html: str) -> bytes:
    """Return a page as a tagged PDF.

    Relative links stay relative: they lead to the evidence beside the PDF, wherever both lie.

    Raises:
        PdfNotMade: no Pango, or WeasyPrint failed.
    """
    weasyprint = _weasyprint()
    try:
        document = weasyprint.HTML(string=html, url_fetcher=fetcher(weasyprint))
        data: bytes = document.write_pdf(pdf_tags=True)
    except Exception as error:  # a fault of the printer must not take the HTML report away
        raise PdfNotMade(f"WeasyPrint failed: {type(error).__name__}: {error}") from error
    return data


def _weasyprint() -> Any:
    """Import WeasyPrint when it is needed: it takes half a second, and Pango.

    What is missing it tells in a page of prose on standard output; here one sentence does.
    """
    try:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import weasyprint  # noqa: PLC0415
    except OSError:
        raise PdfNotMade(PANGO) from None
    except ImportError as error:
        raise PdfNotMade(f"WeasyPrint is not installed: {error}") from None
    # Remarks on style rules that print does not know concern nobody who reads a report.
    for name in ("weasyprint", "fontTools"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return weasyprint


def fetcher(weasyprint: Any) -> Any:
    """Return a WeasyPrint fetcher that refuses every address, of whatever scheme."""

    def refuse(_self: object, url: str, _headers: object = None) -> NoReturn:
        raise FetchRefused(f"{url[:200]}: the report fetches nothing")

    return type("NoFetcher", (weasyprint.urls.URLFetcher,), {"fetch": refuse})()
