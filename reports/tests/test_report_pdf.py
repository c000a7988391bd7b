"""report.pdf: made by the library, whole, of itself alone; and what is said where it cannot be."""

import errno
import os
import shutil
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from oxo_reports import pdf, render
from oxo_reports.cli import app
from oxo_reports.pdf import PANGO, PdfNotMade, printed, write_pdf
from typer.testing import CliRunner


def libraries() -> bool:
    """Tell whether WeasyPrint finds what it draws with."""
    try:
        pdf._weasyprint()
    except PdfNotMade:
        return False
    return True


needs_pango = pytest.mark.skipif(not libraries(), reason="libpango-1.0-0 is not installed")


@needs_pango
def test_the_pdf_lies_beside_the_report_and_is_the_same_again(bundle: Path) -> None:
    page = render(bundle)
    target = write_pdf(page)
    data = target.read_bytes()
    assert target == bundle / "report.pdf"
    assert data.startswith(b"%PDF-")
    assert data.rstrip().endswith(b"%%EOF")
    assert printed(page.read_text(encoding="utf-8")) == data
    assert not list(bundle.glob(".report*"))


class Layout(NamedTuple):
    """The report's HTML as WeasyPrint read it, and the pages that it made of it."""

    source: Any
    document: Any


@pytest.fixture(scope="module")
def layout(rendered: Path) -> Layout:
    text = (rendered / "report.html").read_text(encoding="utf-8")
    source = pdf._weasyprint().HTML(string=text)
    return Layout(source, source.render())


@needs_pango
def test_every_page_has_its_number_and_no_row_is_cut(layout: Layout) -> None:
    source = layout.source
    pages = [sheet._page_box for sheet in layout.document.pages]
    assert 8 <= len(pages) <= 16
    for number, page in enumerate(pages, 1):
        told = [getattr(part, "text", "") for part in page.descendants()]
        assert f"{number} / {len(pages)}" in told
        assert any("Not issued by ALE" in text for text in told)
    rows = {id(row) for body in source.etree_element.iter("tbody") for row in body.iter("tr")}
    seen = [one for page in pages for one in table_rows(page) if one in rows]
    assert len(rows) > 50
    assert sorted(seen) == sorted(rows)


def table_rows(page: Any) -> set[int]:
    """Return which rows of tables stand on a page, in part or whole."""
    boxes = (part for part in page.descendants() if type(part).__name__ == "TableRowBox")
    return {id(box.element) for box in boxes}


@needs_pango
@pytest.mark.parametrize(
    "reference",
    [
        '<img src="{}">',
        '<link rel="stylesheet" href="{}">',
        '<div style="background: url({})">text</div>',
        "<style>@import url({});</style>",
        '<svg viewBox="0 0 9 9"><image href="{}" width="9" height="9"/></svg>',
        '<object data="{}"></object>',
        '<link rel="attachment" href="{}">',
    ],
)
def test_the_renderer_fetches_nothing(reference: str, monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = ["file:///etc/hostname", "http://127.0.0.1:9/x", "data:,x"]
    opened: list[object] = []
    refused: list[str] = []

    class Noted(ValueError):
        def __init__(self, text: str) -> None:
            refused.append(text)

    monkeypatch.setattr("urllib.request.OpenerDirector.open", lambda *given: opened.append(given))
    monkeypatch.setattr(pdf, "FetchRefused", Noted)
    page = "".join(f"<p>text</p>{reference.format(address)}" for address in addresses)
    assert printed(page).startswith(b"%PDF-")
    assert opened == []
    assert {text.partition(": the report")[0] for text in refused} == set(addresses)


@needs_pango
def test_links_stay_relative_so_that_the_bundle_may_move(layout: Layout) -> None:
    document = layout.document
    external = {
        target for page in document.pages for kind, target, *_ in page.links if kind == "external"
    }
    assert "evidence/bu2/index.html" in external
    assert not [one for one in external if ":" in one]
    assert b"file:" not in document.write_pdf(uncompressed_pdf=True)


@pytest.fixture
def no_pango(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Put a WeasyPrint on the path that does what the true one does where Pango is missing."""
    (tmp_path / "weasyprint.py").write_text(
        "print('a page of prose')\nraise OSError('cannot load library libpango-1.0-0')\n"
    )
    monkeypatch.delitem(sys.modules, "weasyprint", raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.usefixtures("no_pango")
def test_without_pango_one_line_says_why_and_how(bundle: Path) -> None:
    (bundle / "report.pdf").write_text("of an earlier run")
    outcome = CliRunner().invoke(app, [str(bundle)])
    assert outcome.exit_code == 0
    assert outcome.stdout == f"{bundle / 'report.html'}\n"
    assert outcome.stderr == f"report.pdf was not made: {PANGO}\n"
    assert "apt-get install libpango-1.0-0" in PANGO
    assert not (bundle / "report.pdf").exists()


def test_without_weasyprint_likewise(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    outcome = CliRunner().invoke(app, [str(bundle)])
    assert outcome.exit_code == 0
    assert outcome.stderr.startswith("report.pdf was not made: WeasyPrint is not installed")


@needs_pango
def test_a_fault_of_the_printer_leaves_the_report(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_given: object, **_named: object) -> bytes:
        raise ValueError("a knot")

    monkeypatch.setattr(pdf._weasyprint().HTML, "write_pdf", fails)
    outcome = CliRunner().invoke(app, [str(bundle)])
    assert (outcome.exit_code, (bundle / "report.html").is_file()) == (0, True)
    assert outcome.stderr == "report.pdf was not made: WeasyPrint failed: ValueError: a knot\n"


@needs_pango
def test_a_pdf_that_cannot_be_written_is_named(bundle: Path) -> None:
    page = render(bundle)
    (bundle / "report.pdf").mkdir()
    with pytest.raises(PdfNotMade, match="cannot be written"):
        write_pdf(page)
    shutil.rmtree(bundle / "report.pdf")


def test_a_full_disk_leaves_no_half_of_a_pdf(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = render(bundle)
    written = Path.write_bytes

    def half(path: Path, data: bytes) -> int:
        written(path, data[: len(data) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(pdf, "printed", lambda _html: b"%PDF-1.7 and more")
    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises(PdfNotMade, match=r"report\.pdf: cannot be written: No space left"):
        write_pdf(page)
    assert not [one.name for one in bundle.iterdir() if "pdf" in one.name]


@needs_pango
def test_the_command_prints_where_the_pdf_is(bundle: Path) -> None:
    outcome = CliRunner().invoke(app, [str(bundle)])
    assert outcome.exit_code == 0
    assert outcome.stdout.splitlines() == [
        str(bundle / "report.html"),
        str(bundle / "report.pdf"),
    ]
    assert outcome.stderr == ""
