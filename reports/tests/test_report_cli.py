"""`python -m oxo_reports` as an operator uses it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from oxo_reports.cli import app
from typer.testing import CliRunner

SECONDS_MAX = 60


def test_it_prints_where_the_report_is(bundle: Path) -> None:
    outcome = CliRunner().invoke(app, [str(bundle)])
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
        [sys.executable, "-m", "oxo_reports", str(bundle)],
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


BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.mark.process
@pytest.mark.skipif(BROWSER is None, reason="Debian package chromium is not installed")
def test_a_browser_shows_and_prints_the_report(rendered: Path, tmp_path: Path) -> None:
    assert BROWSER is not None
    shown = _browse(tmp_path / "one", rendered, "--dump-dom")
    assert shown.count("☑") == shown.count('aria-label="ticked"') > 5
    printed = tmp_path / "report.pdf"
    _browse(tmp_path / "two", rendered, "--no-pdf-header-footer", f"--print-to-pdf={printed}")
    assert printed.read_bytes().startswith(b"%PDF-")


def _browse(profile: Path, folder: Path, *flags: str) -> str:
    assert BROWSER is not None
    quiet = ("--disable-background-networking", "--disable-component-update", "--disable-sync")
    done = subprocess.run(
        [
            *(BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
            *("--no-first-run", *quiet, f"--user-data-dir={profile}", *flags),
            (folder / "report.html").as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=True,
    )
    return done.stdout
