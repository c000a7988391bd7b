"""`python -m oxo_reports` as an operator uses it."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lxml import html
from oxo_reports import render
from oxo_reports.cli import app
from typer.testing import CliRunner

SECONDS_MAX = 60


def test_it_prints_where_the_report_is(bundle: Path) -> None:
    outcome = CliRunner().invoke(app, [str(bundle), "--no-pdf"])
    assert outcome.exit_code == 0
    assert outcome.stdout.strip() == str(bundle / "report.html")
    assert (bundle / "report.html").is_file()


def test_an_unusable_bundle_is_exit_2_and_says_why(tmp_path: Path) -> None:
    outcome = CliRunner().invoke(app, [str(tmp_path)])
    assert outcome.exit_code == 2
    assert outcome.stdout == ""
    assert "run.json: missing" in outcome.stderr


def test_no_bundle_is_a_usage_error() -> None:
    assert CliRunner().invoke(app, []).exit_code == 2


@pytest.mark.process
def test_the_module_runs(bundle: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "oxo_reports", str(bundle), "--no-pdf"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, str(bundle / "report.html"))
    refused = subprocess.run(
        [sys.executable, "-m", "oxo_reports", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr


@pytest.mark.process
@pytest.mark.needs("chromium")
def test_a_browser_shows_the_report(rendered: Path, tmp_path: Path) -> None:
    shown = _browse(tmp_path, rendered, "--dump-dom")
    assert shown.count("☑") == shown.count('aria-label="ticked"') > 5


@pytest.mark.process
@pytest.mark.needs("chromium")
def test_a_printed_report_has_its_pages_and_cuts_no_row(
    changed: Callable[[Callable[[dict[str, Any]], object]], Path], tmp_path: Path
) -> None:
    def longer(run: dict[str, Any]) -> None:
        again = [{**play, "play": f"{play['play']}.again"} for play in run["plays"]]
        run["plays"] += again

    for change, pages in ((lambda _run: None, range(8, 13)), (longer, range(11, 18))):
        folder = changed(change)
        page = html.fromstring(render(folder).read_text(encoding="utf-8"))
        printed = _print(tmp_path, folder)
        assert len(re.findall(rb"/Type\s*/Page\b", printed)) in pages
        pages_of = pages_of_rows(printed)
        assert len(pages_of) == len(page.xpath("//tbody/tr")) > 50
        assert [numbers for numbers in pages_of if len(numbers) > 1] == []


def pages_of_rows(printed: bytes) -> list[set[bytes]]:
    """Return the pages of every row of a table's body, from the structure of a tagged PDF.

    Rows of a head are left out: they stand again on every page that the table reaches.
    """
    found = re.findall(rb"(\d+) 0 obj\n<</Type /StructElem(.*?)\nendobj", printed, re.DOTALL)
    parents = {name: re.findall(rb"/P (\d+) 0 R", body)[0] for name, body in found}
    heads = {parents[name] for name, body in found if b"/Scope /Column" in body}
    rows: dict[bytes, set[bytes]] = {
        name: set() for name, body in found if b"/S /TR" in body and name not in heads
    }
    for name, body in found:
        pages = set(re.findall(rb"/Pg (\d+) 0 R", body))
        above = name
        while above in parents:
            if above in rows:
                rows[above] |= pages
            above = parents[above]
    return list(rows.values())


def _print(folder: Path, bundle: Path) -> bytes:
    printed = folder / "report.pdf"
    _browse(folder, bundle, "--no-pdf-header-footer", f"--print-to-pdf={printed}")
    return printed.read_bytes()


def _browse(folder: Path, bundle: Path, *flags: str) -> str:
    quiet = ("--disable-background-networking", "--disable-component-update", "--disable-sync")
    done = subprocess.run(
        [
            *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
            *("--no-first-run", *quiet, f"--user-data-dir={folder / 'profile'}", *flags),
            (bundle / "report.html").as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=True,
    )
    return done.stdout
