"""The templates for continuous integration: they are YAML, and their commands have such options."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "ci"
COMMANDS = Path(sys.executable).parent
KEPT = {"oxo-out/", "oxo-out/*/allure-results/", "oxo-junit.xml"}


def template(name: str) -> Any:
    return yaml.safe_load((FOLDER / name).read_text("utf-8"))


def github() -> tuple[list[str], dict[str, Any]]:
    """Return the command lines, and the step that keeps artefacts."""
    steps = template("github-actions.yml")["jobs"]["certify"]["steps"]
    lines = [step["run"] for step in steps if "run" in step]
    return lines, steps[-1]


def gitlab() -> tuple[list[str], dict[str, Any]]:
    job = template("gitlab-ci.yml")["certify"]
    return [*job["before_script"], *job["script"]], job["artifacts"]


def test_github_keeps_everything_whatever_the_verdict() -> None:
    lines, keeping = github()
    assert keeping["if"] == "always()"
    assert keeping["uses"].startswith("actions/upload-artifact@")
    assert set(keeping["with"]["path"].split()) == KEPT
    assert lines[-1].startswith("oxo-certify run ")


def test_gitlab_keeps_everything_whatever_the_verdict() -> None:
    lines, keeping = gitlab()
    assert keeping["when"] == "always"
    assert set(keeping["paths"]) == KEPT
    assert keeping["reports"] == {"junit": "oxo-junit.xml"}
    assert lines[-1].startswith("oxo-certify run ")


def certify_lines() -> Iterator[list[str]]:
    """Return every call of the templates and of the page beside them, as words."""
    for line in [*github()[0], *gitlab()[0]]:
        words = shlex.split(line)
        if words[0] == "oxo-certify":
            yield words
    page = (FOLDER / "README.md").read_text("utf-8")
    for line in re.findall(r"`(oxo-certify [^`]+)`", page):
        yield shlex.split(line)


def test_both_templates_call_the_same() -> None:
    own = [
        [line for line in lines if "oxo-certify" in line] for lines in (github()[0], gitlab()[0])
    ]
    assert own[0] == own[1]
    assert len(own[0]) == 2


@pytest.mark.process
@pytest.mark.parametrize("command", sorted({words[1] for words in certify_lines()}))
def test_the_options_are_those_of_the_command(command: str) -> None:
    told = subprocess.run(
        [COMMANDS / "oxo-certify", command, "--help"],
        capture_output=True, text=True, check=True, timeout=60, env={"COLUMNS": "200"},
    ).stdout  # fmt: skip
    known = set(re.findall(r"(--[a-z][a-z-]*)", told))
    asked = {
        word.partition("=")[0]
        for words in certify_lines()
        if words[1] == command
        for word in words[2:]
        if word.startswith("--")
    }
    assert asked <= known
