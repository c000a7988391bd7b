"""`python -m oxo_reports` as an operator uses it."""

import subprocess
import sys
from pathlib import Path

import pytest
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
