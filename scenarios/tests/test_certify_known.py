"""The run's end with known failures, and `oxo-certify compare` over what two runs left."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

pytestmark = pytest.mark.process

COMMAND = Path(sys.executable).with_name("oxo-certify")
TESTS = Path(__file__).resolve().parent
FOREIGN = TESTS / "subjects" / "wrong" / "foreign_collector.py"
SCHEMA = TESTS.parents[1] / "reports" / "oxo_reports" / "schema" / "run-1.schema.json"


def wrong_subject(folder: Path, issues: str) -> Path:
    """A collector that keeps one of two equal neighbours: BU3 is nok, BU1 is not."""
    folder.mkdir()
    shutil.copy(FOREIGN, folder / "collector.py")
    told = (TESTS / "subjects/wrong/drops-identical-neighbours/subject.toml").read_text("utf-8")
    (folder / "subject.toml").write_text(told.replace("../foreign_", ""), "utf-8")
    (folder / "issues.toml").write_text(issues, "utf-8")
    return folder


def issue(case: str, expires: str) -> str:
    return (
        f'[[issue]]\ncase = "{case}"\nreference = "T-{case}"\nsummary = "x"\nexpires = {expires}\n'
    )


def certify(out: Path, subject: Path, *options: str) -> tuple[int, str, Path]:
    done = subprocess.run(
        [COMMAND, "run", "--no-pdf", "--subject", subject, "--out", out, "--seed", "1", *options],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    (bundle,) = [path.parent for path in out.glob("*/run.json")]
    return done.returncode, done.stdout + done.stderr, bundle


def compare(*words: str | Path) -> Any:
    return subprocess.run(
        [COMMAND, "compare", *words], capture_output=True, text=True, timeout=60, check=False
    )


def test_known_failures_and_the_comparison(tmp_path: Path) -> None:
    issues = issue("BU3", "2999-01-01") + issue("BU1", "2999-01-01") + issue("CIC1", "2020-01-01")
    subject = wrong_subject(tmp_path / "subject", issues)
    both = ("--case", "BU1", "--case", "BU3")
    junit = ("--junit", str(tmp_path / "junit.xml"))
    status, told, first = certify(tmp_path / "1", subject, "--allow-known", *junit, *both)
    assert status == 0, told
    assert "BU3 [T-BU3]: a known failure, until 2999-01-01" in told
    assert "BU1 [T-BU1]: passes now; take it out of issues.toml" in told
    run = json.loads((first / "run.json").read_text("utf-8"))
    jsonschema.validate(run, json.loads(SCHEMA.read_text("utf-8")))
    assert run["verdict"] == "nok"
    assert ' [T-BU3]" type="nok"/>' in (tmp_path / "junit.xml").read_text("utf-8")
    assert [one["state"] for one in run["known_failures"]] == ["known", "passes now", "not played"]

    (subject / "issues.toml").write_text(issue("BU3", "2020-01-01"), "utf-8")
    status, told, second = certify(tmp_path / "2", subject, "--allow-known", "--case", "BU3")
    assert status == 1, told
    assert "BU3 [T-BU3]: known, but the issue expired on 2020-01-01" in told

    (subject / "issues.toml").unlink()
    run["plays"] = [play | {"verdict": "ok"} for play in run["plays"]]
    better = tmp_path / "better.json"
    better.write_text(json.dumps(run), "utf-8")
    same = compare(first, first / "run.json")
    assert (same.returncode, same.stdout.splitlines()[1]) == (0, "nothing changed")
    gain = compare(first, better)
    assert gain.returncode == 0
    assert "verdict: nok -> ok (better)" in gain.stdout
    loss = compare("--json", better, first)
    assert loss.returncode == 1
    assert json.loads(loss.stdout)["worse"] is True
    assert compare(first, second).returncode == 1
    assert compare("--common", first, second).returncode == 0


def test_a_nok_without_reference_is_told_as_incomplete(tmp_path: Path) -> None:
    subject = wrong_subject(tmp_path / "subject", "")
    status, told, _ = certify(tmp_path / "1", subject, "--allow-known", "--case", "BU3")
    assert status == 1, told
    assert "incomplete      BU3: NOK without an issue reference" in told


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read: No such file"),
        ("{", "no JSON"),
        ("{}", "no run.json of version 1: KeyError('run')"),
        ("[" * 100_000, "no JSON"),
    ],
)
def test_what_is_no_bundle_is_usage(tmp_path: Path, content: str | None, words: str) -> None:
    path = tmp_path / "run.json"
    if content is not None:
        path.write_text(content, "utf-8")
    done = compare(tmp_path if content else path, path)
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
