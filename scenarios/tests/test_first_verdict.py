"""The page about subjects, as a new user follows it; `check` and what it says of each mistake."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from oxo_scenarios.catalogue import load_catalogue
from oxo_scenarios.checking import FOLDERS
from oxo_scenarios.cli import app
from oxo_scenarios.delivery import read_delivery, read_shown
from oxo_scenarios.subject import load_subject
from oxo_tickets import CommunicationType, Facility, RoomStatus
from typer.testing import CliRunner

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "subjects.md").read_text("utf-8")
COMMANDS = Path(sys.executable).parent
CASES = [case.id for case in load_catalogue().cases]


def run(folder: Path, *words: str | Path) -> tuple[int, str]:
    done = subprocess.run(
        list(words),
        cwd=folder,
        env={**os.environ, "PATH": f"{COMMANDS}{os.pathsep}{os.environ['PATH']}"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.process
@pytest.mark.needs("curl", "awk")
def test_the_commands_of_the_page_lead_to_a_verdict(tmp_path: Path) -> None:
    section = PAGE.split("## From zero to the first verdict")[1].split("\n## ")[0]
    (block,) = re.findall(r"```console\n(.*?)```", section, re.DOTALL)
    commands = re.findall(r"^\$ (.+)$", block, re.MULTILINE)
    assert [command.split()[1] for command in commands] == ["new", "check", "run"]
    for command in commands:
        status, told = run(tmp_path, *command.split())
        assert status == 0, told
    assert re.search(r"^bu1 +ok ", told, re.MULTILINE)
    assert list(tmp_path.glob("oxo-out/*/report.html"))


@pytest.mark.parametrize("kind", ["local", "remote"])
def test_the_folders_that_are_written_can_be_read(kind: str) -> None:
    subject = load_subject(FOLDERS / kind, CASES)
    assert (subject.settings.remote is not None) == (kind == "remote")
    assert subject.issues == ()


@pytest.mark.parametrize("kind", ["local", "remote"])
def test_what_a_folder_shows_as_a_comment_can_be_switched_on(kind: str, tmp_path: Path) -> None:
    """Every `# key = value` of the comments is a key that the reader knows."""
    text = (FOLDERS / kind / "subject.toml").read_text("utf-8")
    for old in ("file", "folder", "url"):
        before, table, behind = text.partition("\n[shown]")
        whole = re.sub(
            r"(?m)^(command = .*deliver.*|folder = .*|pattern = .*|take = .*)$", "", before
        )
        whole += table + behind
        extra = {"folder": r"|pattern"}.get(old, "")
        whole = re.sub(rf"(?m)^# (({old}{extra}|vendor|contact) = )", r"\1", whole)
        if old == "folder" and kind == "remote":
            continue
        (tmp_path / "subject.toml").write_text(whole, "utf-8")
        subject = load_subject(tmp_path, CASES)
        assert getattr(subject.settings.delivery, old)
        assert subject.settings.subject.vendor == "Example Ltd"


@pytest.mark.process
def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "subject.toml").write_text("mine", "utf-8")
    status, told = run(tmp_path, "oxo-certify", "new", "mine")
    assert (status, "is there already" in told) == (2, True)
    assert (tmp_path / "mine" / "subject.toml").read_text("utf-8") == "mine"
    status, told = run(tmp_path, "oxo-certify", "new", "mine/subject.toml/below", "--remote")
    assert (status, "cannot be written" in told) == (2, True)


@pytest.mark.process
def test_a_remote_folder_is_written_with_the_words_that_lead_on(tmp_path: Path) -> None:
    status, told = run(tmp_path, "oxo-certify", "new", "far", "--remote")
    assert status == 0
    assert "oxo-certify check far --listen ADDRESS\n" in told
    assert "oxo-certify run --subject far --listen ADDRESS\n" in told


@pytest.mark.parametrize(("example", "wire"), [("lftp", "account"), ("rsyslog", "v24")])
def test_an_example_is_written_as_it_is_shipped(tmp_path: Path, example: str, wire: str) -> None:
    folder = tmp_path / "mine"
    outcome = CliRunner().invoke(app, ["new", str(folder), "--example", example])
    assert (outcome.exit_code, "written: " in outcome.output) == (0, True)
    assert load_subject(folder, CASES).settings.subject.wires == [wire]
    assert {one.name for one in folder.iterdir()} >= {"start.sh", "subject.toml", "issues.toml"}


def test_an_example_is_not_moved_by_hand(tmp_path: Path) -> None:
    words = ["new", str(tmp_path / "mine"), "--example", "lftp", "--remote"]
    outcome = CliRunner().invoke(app, words)
    assert (outcome.exit_code, "do not go together" in outcome.output) == (2, True)
    assert not (tmp_path / "mine").exists()


@pytest.mark.process
@pytest.mark.needs("curl", "awk")
def test_check_tells_programs_what_it_found(tmp_path: Path) -> None:
    run(tmp_path, "oxo-certify", "new", "mine")
    status, told = run(tmp_path, "sh", "-c", "oxo-certify check mine --json 2>said")
    assert "all of it works" in (tmp_path / "said").read_text("utf-8")
    found = json.loads(told)
    assert (status, found["right"], found["unknown_operations"]) == (0, True, [])
    assert [step["step"] for step in found["steps"]] == [
        "version", "start", "connect", "collect", "delivery", "stop", "ticket", "shown",
    ]  # fmt: skip
    assert found["steps"][0] == {"step": "version", "right": True, "told": "0.1", "mend": ""}


@pytest.mark.process
def test_the_cases_are_told_to_programs(tmp_path: Path) -> None:
    status, told = run(tmp_path, "oxo-certify", "cases", "--json")
    assert status == 0
    found = json.loads(told)
    assert [case["id"] for case in found["cases"]] == CASES
    bu2 = next(case for case in found["cases"] if case["id"] == "BU2")
    assert bu2["chapter"] == "BU"
    assert bu2["tags"] == ["buffer", "restart", "disturbance"]
    assert bu2["tag_sets"] == ["extended"]
    assert bu2["wires"] == ["taxation", "nmc", "v24", "ohl", "account", "stream"]
    assert bu2["limit_seconds"] == 20
    assert {"DIS103"} in [set(gap["ids"]) for gap in found["gaps"]]


MISTAKES = {
    "version": ('version = "0.1"', 'version_command = ["./nothing"]', 1,
                "version   wrong  cannot start './nothing'", "[subject] version_command"),
    "start": ('"./start.sh"]', '"./other.sh"]', 1,
              "start     wrong  the subject ended with status", "[start] command"),
    "ready": ('ready_log = "collecting from"  ', 'ready_log = "hello"\nready_seconds_max = 1 #', 1,
              "start     wrong  the subject did not print 'hello' within 1", "ready_log"),
    "connect": ('["sh", "./start.sh"]', '["sh", "-c", "echo collecting from; exit 3"]', 1,
                "the exchange saw no connection at all", "OXO_CA_FILE"),
    "column": ('call_seconds = { column = "CallDuration"', 'call_seconds = { column = "Wrong"', 1,
               "delivery  wrong  line 1 is no ticket: no column Wrong", "[delivery]"),
    "value": ('dialled_number = "DialledNumber"', 'dialled_number = "BusinessCode"', 1,
              "ticket    wrong", "columns and values"),
    "command": ('["sh", "./deliver.sh"]', '["sh", "-c", "exit 9"]', 1,
                "delivery  wrong  'sh' of the subject ended with 9", "command = "),
    "shown": ('reminder_state = "ReminderState"\nroom_st', 'reminder_state = "Wrong"\nroom_st', 1,
              "shown     wrong  what it shows has an unreadable line 1: no column Wrong",
              "[shown] of your subject.toml: command = "),
    "key": ("[stop]", "[stopp]", 2, "stopp: no such key", ""),
}  # fmt: skip


@pytest.mark.process
@pytest.mark.needs("curl", "awk")
@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_with_whose_it_is(
    tmp_path: Path, mistake: tuple[str, str, int, str, str]
) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(FOLDERS / "local", folder)
    old, new, status, told, mend = mistake
    text = (folder / "subject.toml").read_text("utf-8")
    assert old in text
    text = text.replace(old, new, 1)
    if "ready_seconds_max = 1 #" in new:
        text = text.replace("ready_seconds_max = 10\n", "")
    (folder / "subject.toml").write_text(text, "utf-8")
    ended, screen = run(tmp_path, "oxo-certify", "check", "mine")
    assert ended == status, screen
    assert told in screen
    assert mend in screen
    assert "Traceback" not in screen


def test_the_folder_that_is_written_maps_what_the_taxation_wire_may_say() -> None:
    """Whoever begins with it must not be convicted for a word that the folder left out."""
    settings = load_subject(FOLDERS / "local", CASES).settings
    words = settings.delivery.values
    known = {kind.value for kind in CommunicationType if kind is not CommunicationType.UNKNOWN}
    assert set(words["communication_type"].values()) == known
    assert words["direction"].keys() == words["communication_type"].keys()
    for told, kind in words["communication_type"].items():
        incoming = "incoming" in kind or kind == "break-in"
        assert words["direction"][told] == ("incoming" if incoming else "outgoing")
    assert set(words["facilities"].values()) == set(Facility)
    assert set(words["room_status"].values()) == set(RoomStatus)
    assert {"facilities", "room_status", "room_problem"} <= settings.delivery.columns.keys()
    assert settings.shown is not None
    assert settings.shown.values["reminder_state"] == words["reminder_state"]


@pytest.mark.needs("awk")
def test_what_the_folder_delivers_reads_as_the_exchange_wrote_it(tmp_path: Path) -> None:
    """A transfer, a room and a reminder, from an answer as start.sh keeps it."""
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "e-1").write_text(ANSWER, "utf-8")
    script = ["sh", str(FOLDERS / "local" / "deliver.sh")]
    told = subprocess.run(script, env={**os.environ, "OXO_WORK": str(tmp_path)}, check=True,
                          capture_output=True, timeout=20).stdout  # fmt: skip
    settings = load_subject(FOLDERS / "local", CASES).settings
    found = read_delivery(told, settings.delivery)
    assert found.unreadable == ()
    call, room, reminder = found.tickets
    assert (call.communication_type, call.direction) == ("outgoing transfer", "outgoing")
    assert call.facilities == (Facility.TRANSFER, Facility.USER_TO_USER)
    assert (room.room_status, room.room_problem) == (RoomStatus.NOT_CLEANED, 12)
    assert settings.shown is not None
    shown = read_shown(told, settings.shown)
    assert shown.unreadable == ()
    assert [one.kind for one in shown.tickets] == ["unknown", "room status", "reminder"]
    assert (shown.tickets[2].reminder_time, shown.tickets[2].reminder_state) == (
        reminder.reminder_time, "failed",
    )  # fmt: skip


STAMP = "<Date>2026-11-22</Date><Time>09:00:01</Time>"
ANSWER = (
    "<epoch>e</epoch><firstSequence>1</firstSequence><lastSequence>3</lastSequence><CallAccountingList>"
    "<CallAccounting><TicketType>Call</TicketType><ChargedUserID>106</ChargedUserID>"
    f"<CommunicationType>OutgoingTransfer</CommunicationType>{STAMP}"
    "<Facilities>Transfer UserToUser</Facilities></CallAccounting>"
    f"<CallAccounting><TicketType>RoomStatus</TicketType><ChargedUserID>106</ChargedUserID>{STAMP}"
    "<RoomStatus>1</RoomStatus><RoomProblem>12</RoomProblem></CallAccounting>"
    f"<CallAccounting><TicketType>Reminder</TicketType><ChargedUserID>107</ChargedUserID>{STAMP}"
    "<ReminderTime>07:05</ReminderTime><ReminderState>Failed</ReminderState></CallAccounting>"
    "</CallAccountingList>"
)
