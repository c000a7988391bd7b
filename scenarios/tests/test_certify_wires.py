"""The other wires by foreign hands: right collectors are acquitted, each defect is convicted."""

import json
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from oxo_scenarios.catalogue import WrongCollector, load_catalogue
from oxo_scenarios.checking import FOLDERS
from oxo_scenarios.wires import HOME, Claim

pytestmark = pytest.mark.process

COMMAND = Path(sys.executable).with_name("oxo-certify")
SUBJECTS = Path(__file__).resolve().parent / "subjects"
TABLE = tomllib.loads((SUBJECTS / "convictions.toml").read_text("utf-8"))["wires"]
DEFECTS = sorted(
    {(wire, defect) for wire in TABLE for defects in TABLE[wire].values() for defect in defects}
)
NAMED = [each for each in load_catalogue().wrong_collectors if each.wire != HOME]
UNSEEN = {"smdr1", "smdr2"}
NOT_OBSERVABLE = {"nmc": UNSEEN, "v24": UNSEEN, "ohl": {*UNSEEN, "smdr3"},
                  "account": UNSEEN, "stream": UNSEEN}  # fmt: skip
IN_BOTH_MODES = ("--mode", "business", "--mode", "hotel")
BY_FTP = '[account]\ntransfer = "ftp"'
LIMIT_SECONDS = 8


@pytest.fixture
def foreign(tmp_path: Path) -> Callable[[str, str], Path]:
    """Return a function that writes the folder of a wire's collector with a defect."""

    def write(wire: str, defect: str) -> Path:
        program = SUBJECTS / "wires" / f"{wire}_collector.py"
        (tmp_path / "subject.toml").write_text(
            f"""
[subject]
name = "Foreign {wire}"
version = "1"
wires = ["{wire}"]
[start]
command = ["{sys.executable}", "{program}", "--defect", "{defect}"]
ready_log = "collecting from"
[delivery]
format = "ndjson"
command = ["{sys.executable}", "{program}", "--deliver"]
settle_seconds = 0.3
[log]
failure = "failed:"
{BY_FTP if wire in ("account", "stream") else ""}
""",
            "utf-8",
        )
        return tmp_path

    return write


@pytest.mark.parametrize("wire", TABLE)
def test_a_right_collector_of_each_wire_is_acquitted(
    certify: Any, foreign: Callable[[str, str], Path], wire: str
) -> None:
    found = certify(
        "--subject", foreign(wire, "none"), *IN_BOTH_MODES, bends=[f"limit={LIMIT_SECONDS}"]
    )
    unplayed = {
        each.play for each in load_catalogue().plays(Claim([wire])) if each.case.not_carried
    }
    assert {found.verdicts()[play] for play in unplayed} <= {"not observable"}
    verdicts = {
        play.split(".")[0]: word for play, word in found.verdicts().items() if play not in unplayed
    }
    assert set(TABLE[wire]) == {play.upper() for play in verdicts}  # each has its defect
    unseen = {play for play, word in verdicts.items() if word == "not observable"}
    assert unseen == NOT_OBSERVABLE[wire], found.out
    assert set(verdicts.values()) == {"ok", "not observable"}, found.out
    assert (found.status, found.run["subject"]["wires"]) == (0, [wire])
    assert {play["wire"] for play in found.run["plays"]} == {wire}
    gaps = {gap["case"]: gap["reason"] for gap in found.run["gaps"]}
    assert gaps["CIC1"] == "played on taxation, which the subject does not claim"


@pytest.mark.parametrize(("wire", "defect"), DEFECTS)
def test_each_defect_turns_its_cases_red(
    certify: Any, foreign: Callable[[str, str], Path], wire: str, defect: str
) -> None:
    wanted = [case for case, defects in TABLE[wire].items() if defect in defects]
    found = certify(
        "--subject", foreign(wire, defect),
        *(word for case in wanted for word in ("--case", case)), *IN_BOTH_MODES,
        bends=[f"limit={LIMIT_SECONDS}"],
    )  # fmt: skip
    told = {(play.split(".")[0], word) for play, word in found.verdicts().items()}
    assert told == {(case.lower(), "nok") for case in wanted}, found.out
    assert (found.status, found.run["result"]) == (1, "Refused")


@pytest.mark.parametrize("wrong", NAMED, ids=[wrong.id for wrong in NAMED])
def test_a_named_wrong_collector_is_convicted_by_no_case_that_is_not_explained(
    certify: Any, foreign: Callable[[str, str], Path], wrong: WrongCollector
) -> None:
    found = certify("--subject", foreign(wrong.wire, wrong.id), bends=[f"limit={LIMIT_SECONDS}"])
    red = {play["case"] for play in found.run["plays"] if play["verdict"] == "nok"}
    assert {*wrong.must_fail} <= red, found.out
    assert not [case for case in red if not wrong.explains(case)], found.out


@pytest.mark.needs("rsyslogd")
def test_rsyslog_that_listens_for_a_statement_is_judged_by_its_file(certify: Any) -> None:
    cases = ("BU1", "SMDR1", "DIS104")
    found = certify(
        "--subject", FOLDERS / "rsyslog", "--wire", "v24",
        *(word for case in cases for word in ("--case", case)),
    )  # fmt: skip
    assert found.verdicts() == {
        "bu1.v24": "ok", "smdr1.v24": "not observable", "dis104.v24": "ok",
    }, found.out  # fmt: skip
    smdr1 = found.play("smdr1.v24")
    assert smdr1["tag_set"] == "fifteen"
    assert "dialling mode and duration read; currency not observable" in smdr1["comment"]
    assert "failure message" not in found.play("dis104.v24")["facts"]["demands"]
    sessions = [
        line
        for line in found.lines("bu1.v24", "ledger.ndjson")
        if line["event"] == "session opened"
    ]
    assert sessions
    assert {line["wire"] for line in sessions} == {"v24"}


@pytest.mark.needs("lftp", "gzip")
def test_lftp_and_gzip_collect_account_files_by_a_map_of_their_columns(certify: Any) -> None:
    cases = ("BU3", "SMDR3", "DIS101", "DIS102")
    found = certify(
        "--subject", FOLDERS / "lftp",
        *(word for case in cases for word in ("--case", case)),
    )  # fmt: skip
    assert found.verdicts() == {f"{case.lower()}.account": "ok" for case in cases}, found.out
    assert {"local_end", "cost", "dialling_mode"} <= set(found.play("smdr3.account")["shown"])
    assert found.play("dis101.account")["doors"] == ["account"]
    whole = [x for x in found.lines("dis102.account", "ledger.ndjson") if x["event"] == "fetched"]
    assert {line["wire"] for line in whole} == {"account"}


@pytest.mark.needs("lftp", "gzip")
def test_a_folder_for_account_files_is_tried_with_a_file_that_is_closed() -> None:
    """Without that nothing would ever be there to be fetched."""
    tried = subprocess.run(
        [str(COMMAND), "check", str(FOLDERS / "lftp"), "--json"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert tried.returncode == 0, tried.stdout + tried.stderr
    steps = {step["step"]: step["right"] for step in json.loads(tried.stdout)["steps"]}
    assert (steps["collect"], steps["ticket"]) == (True, True)
