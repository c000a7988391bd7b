"""What the tests of the certification share: the command itself, and what its bundle says."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

TESTS = Path(__file__).resolve().parent
SUBJECTS = TESTS / "subjects"
COMMAND = Path(sys.executable).with_name("oxo-certify")
BENT = TESTS / "bent_certify.py"
RECOMPUTE = TESTS / "recompute_verdicts.py"
RUN_SECONDS_MAX = 600


class Certified(NamedTuple):
    """What a run of `oxo-certify run` left."""

    status: int
    out: str
    err: str
    bundle: Path
    run: dict[str, Any]

    def verdicts(self) -> dict[str, str]:
        """Return the verdict of each play."""
        return {play["play"]: play["verdict"] for play in self.run["plays"]}

    def play(self, name: str) -> dict[str, Any]:
        """Return one play of run.json."""
        (found,) = [play for play in self.run["plays"] if play["play"] == name]
        return dict(found)

    def evidence(self, play: str, name: str) -> Path:
        """Return the path of an evidence file."""
        return self.bundle / "evidence" / play / name

    def lines(self, play: str, name: str) -> list[dict[str, Any]]:
        """Return the lines of an evidence file."""
        return [json.loads(line) for line in self.evidence(play, name).read_bytes().splitlines()]


Certify = Callable[..., Certified]


def certify_command(*options: str | Path, out: Path, bends: Sequence[str] = ()) -> list[str]:
    """Return the command line of a run with its bundles below `out`; `bent_certify` has `bends`.

    It plays in business mode, where the options do not say otherwise.
    """
    command = [sys.executable, str(BENT), *bends, "--"] if bends else [str(COMMAND)]
    mode = [] if "--mode" in options else ["--mode", "business"]
    return [*command, "run", "--no-pdf", "--out", str(out), *mode, *map(str, options)]


def read_bundle(done: subprocess.CompletedProcess[str], out: Path) -> Certified:
    """Read the only bundle below `out`, and let the independent program judge it again."""
    (bundle,) = [path.parent for path in out.glob("*/run.json")]
    run = json.loads((bundle / "run.json").read_text("utf-8"))
    again = subprocess.run(
        [sys.executable, str(RECOMPUTE), str(bundle)], capture_output=True, text=True, check=False
    )
    assert again.returncode == 0, again.stdout + again.stderr
    return Certified(done.returncode, done.stdout, done.stderr, bundle, run)


@pytest.fixture(scope="module")
def certify(tmp_path_factory: pytest.TempPathFactory) -> Certify:
    """Return a function that runs `oxo-certify run` with options and reads what it left."""

    def run(*options: str | Path, bends: Sequence[str] = ()) -> Certified:
        out = tmp_path_factory.mktemp("out")
        done = subprocess.run(
            certify_command(*options, out=out, bends=bends),
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS_MAX,
            check=False,
        )
        return read_bundle(done, out)

    return run


@pytest.fixture
def foreign(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a foreign collector's folder, started by a shell line.

    `$C` of that line is the collector's command.
    """
    collector = SUBJECTS / "wrong" / "foreign_collector.py"

    def write(start: str, *, settle_seconds: float = 0.5) -> Path:
        folder = tmp_path / "foreign"
        folder.mkdir()
        (folder / "start.sh").write_text(f'C="python3 {collector}"\n{start}\n', "utf-8")
        (folder / "subject.toml").write_text(
            f"""
[subject]
name = "Foreign"
version = "1"
wires = ["taxation"]
[start]
command = ["sh", "start.sh"]
[delivery]
format = "ndjson"
command = ["python3", "{collector}", "--deliver"]
settle_seconds = {settle_seconds}
[log]
failure = "failed:"
""",
            "utf-8",
        )
        return folder

    return write
