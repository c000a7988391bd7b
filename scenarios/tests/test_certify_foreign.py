"""Subjects that import nothing of ours."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.process

SUBJECTS = Path(__file__).resolve().parent / "subjects"


@pytest.mark.needs("curl")
def test_shell_and_curl_come_to_their_expected_verdicts(certify: Any) -> None:
    folder = SUBJECTS / "curl-shell"
    expected = tomllib.loads((folder / "expected_verdicts.toml").read_text("utf-8"))
    found = certify("--subject", folder)
    assert found.verdicts() == expected["verdicts"], found.out


def test_the_door_shows_nothing_but_what_it_documents(certify: Any, tmp_path: Path) -> None:
    """A subject that writes down its environment, its arguments and what lies around it."""
    subject(
        tmp_path,
        command='["sh", "-c", "env; ls -la $OXO_WORK; ls -la $(dirname $OXO_CA_FILE); '
        'readlink /proc/self/fd/*; echo ready; exec sleep 60"]',
    )
    found = certify("--subject", tmp_path, "--case", "CIC1", bends=["limit=1"])
    log = found.evidence("cic1", "subject.log").read_text("utf-8")
    names = {
        line.partition("=")[0]
        for line in log.splitlines()
        if "=" in line and line.partition("=")[0].isidentifier()
    }
    assert names - {"PWD", "SHLVL", "_", "OLDPWD"} <= {
        "PATH", "HOME", "LANG", "TMPDIR", "TZ", "PYTHONUTF8",
        "OXO_WIRE", "OXO_DOORS", "OXO_URL", "OXO_HOST", "OXO_PORT", "OXO_USER", "OXO_PASSWORD",
        "OXO_CA_FILE", "OXO_CONTRACT_FILE", "OXO_FINGERPRINT", "OXO_EXCHANGE", "OXO_ZONE",
        "OXO_WORK", "OXO_SUBJECT",
        "OXO_PROXY_HOST", "OXO_PROXY_PORT", "OXO_PROXY_USER", "OXO_PROXY_PASSWORD", "OXO_PROXY_URL",
    }  # fmt: skip
    assert {"OXO_URL", "OXO_PROXY_URL", "HOME"} <= names
    assert "token" not in log
    assert "oxo-exchange-" not in log


def subject(folder: Path, command: str, ready: str = "ready", extra: str = "") -> None:
    """Write a subject.toml around a start command."""
    (folder / "subject.toml").write_text(
        f"""
[subject]
name = "Small subject"
version = "1"
wires = ["taxation"]
[start]
command = {command}
ready_log = "{ready}"
ready_seconds_max = 1
[stop]
seconds_max = 1
[delivery]
format = "ndjson"
file = "${{OXO_WORK}}/tickets.ndjson"
settle_seconds = 0
{extra}
""",
        "utf-8",
    )


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ('["./not-there"]', "cannot start './not-there'"),
        ('["sh", "-c", "echo going down; exit 7"]', "ended with status 7 before it was ready"),
        ('["sleep", "60"]', "did not print 'ready' within 1"),
    ],
)
def test_a_subject_that_does_not_start_is_nok_with_the_reason(
    certify: Any, tmp_path: Path, command: str, told: str
) -> None:
    subject(tmp_path, command)
    found = certify("--subject", tmp_path, "--case", "BU1")
    assert found.verdicts() == {"bu1": "nok"}
    assert told in found.play("bu1")["reason"]
    assert found.status == 1
    steps = {step["name"]: step["outcome"] for step in found.lines("bu1", "steps.ndjson")}
    assert steps["the collector is started"] == "failed"
    assert steps["the collector collects every ticket"] == "skipped"


def test_a_case_that_does_not_apply_is_not_played(certify: Any, tmp_path: Path) -> None:
    subject(tmp_path, '["true"]', extra='[not_applicable]\nCIC1 = "no proxy support"')
    found = certify("--subject", tmp_path, "--case", "CIC1")
    assert found.verdicts() == {"cic1": "not applicable"}
    assert found.play("cic1")["reason"] == "no proxy support"
    assert found.status == 4
    assert not (found.bundle / "evidence" / "cic1" / "ledger.ndjson").exists()


PARTINGS = {
    "waited for": "setsid $C & wait",
    "left behind": "(setsid $C &) & exec sleep 60",
}


@pytest.mark.parametrize("parting", PARTINGS.values(), ids=PARTINGS)
def test_a_power_cut_reaches_what_left_the_process_group(
    certify: Any, foreign: Callable[[str], Path], parting: str
) -> None:
    """Who collects in a session of its own is killed like any other, and ends with its play."""
    found = certify("--subject", foreign(parting), "--case", "BU2", "--case", "DIS102")
    assert found.verdicts() == {"bu2": "ok", "dis102": "ok"}, found.out
    for play in ("bu2", "dis102"):
        lines = found.lines(play, "ledger.ndjson")
        killed = found.play(play)["facts"]["restarts"][0]["after_line"]
        opened = [line["n"] for line in lines if line["event"] == "session opened"]
        assert len([n for n in opened if n <= killed]) == 1
        assert len([n for n in opened if n > killed]) == 1


def test_nothing_of_a_subject_outlives_the_run(
    certify: Any, foreign: Callable[[str], Path]
) -> None:
    """Neither what it left in its group when it ended, nor what left the group."""
    folder = foreign("sleep 222 & echo $! >> left; setsid sleep 222 & echo $! >> left; exit 0")
    found = certify("--subject", folder, "--case", "CIC3")
    assert found.verdicts() == {"cic3": "nok"}
    left = (folder / "left").read_text("ascii").split()
    assert len(left) == 2
    for pid in left:
        assert not Path(f"/proc/{pid}").exists()
