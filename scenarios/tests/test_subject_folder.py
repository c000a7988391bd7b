"""The subject's folder: what is read, and how every mistake is worded; the wrong collectors."""

import tomllib
from pathlib import Path

import pytest
from oxo_scenarios.catalogue import load_catalogue
from oxo_scenarios.declared import why_not
from oxo_scenarios.subject import SubjectUnreadable, load_subject
from oxo_scenarios.wires import Claim

SUBJECTS = Path(__file__).parent / "subjects"
CATALOGUE = load_catalogue()
CASES = [case.id for case in CATALOGUE.cases]
GOOD = """
[subject]
name = "Example Collector"
version = "1.2"
wires = ["taxation"]
[start]
command = ["./start.sh"]
[delivery]
format = "csv"
file = "${OXO_WORK}/tickets.csv"
[delivery.columns]
charged_user = "extension"
local_time = { columns = ["date", "time"], format = "%Y-%m-%d %H:%M:%S" }
"""
ISSUES = '[[issue]]\ncase = "CIC1"\nreference = "PART-17"\nsummary = "blank in the password"\n'


def folder(tmp_path: Path, text: str, issues: str | None = None) -> Path:
    (tmp_path / "subject.toml").write_text(text, encoding="utf-8")
    if issues is not None:
        (tmp_path / "issues.toml").write_text(issues, encoding="utf-8")
    return tmp_path


def test_what_is_not_written_has_its_default(tmp_path: Path) -> None:
    subject = load_subject(folder(tmp_path, GOOD), CASES)
    settings = subject.settings
    assert subject.folder.is_absolute()
    assert settings.delivery.columns["charged_user"].names() == ["extension"]
    assert settings.delivery.columns["local_time"].names() == ["date", "time"]
    assert (settings.stop.signal, settings.stop.seconds_max) == (None, 10)
    assert settings.capabilities.appointments == "processed"
    assert settings.log.failure is None
    assert subject.reference("CIC1", "business", "cic1") is None


def test_issues_are_quoted_by_case(tmp_path: Path) -> None:
    twice = ISSUES + ISSUES.replace("17", "18")
    subject = load_subject(folder(tmp_path, GOOD, twice), CASES)
    assert subject.reference("CIC1", "hotel", "cic1.hotel") == "PART-17, PART-18"
    assert subject.reference("CIC2", "business", "cic2") is None


def test_an_issue_may_be_of_one_mode_or_one_play(tmp_path: Path) -> None:
    text = ISSUES + 'mode = "hotel"\n' + ISSUES.replace("17", "18") + 'play = "cic1.nmc"\n'
    subject = load_subject(folder(tmp_path, GOOD, text), CASES)
    assert subject.reference("CIC1", "business", "cic1") is None
    assert subject.reference("CIC1", "hotel", "cic1.hotel") == "PART-17"
    assert subject.reference("CIC1", "business", "cic1.nmc") == "PART-18"


def test_a_case_may_not_apply_in_one_mode_alone(tmp_path: Path) -> None:
    told = '[not_applicable]\nCIC1 = "no proxy"\nCIC2 = { hotel = "no hotels" }\n[delivery]'
    settings = load_subject(folder(tmp_path, GOOD.replace("[delivery]", told, 1)), CASES).settings
    plays = [(case, mode) for case in ("CIC1", "CIC2") for mode in ("business", "hotel")]
    found = [why_not(settings.not_applicable, *play) for play in plays]
    assert found == ["no proxy", "no proxy", None, "no hotels"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('name = "Example Collector"\n', "", "subject.name: is required"),
        ('version = "1.2"\n', "", "give exactly one of 'version' and 'version_command'"),
        ('["taxation"]', '["morse"]', "subject.wires.0: Input should be 'taxation'"),
        ('["taxation"]', "[]", "subject.wires: List should have at least 1"),
        ('version = "1.2"', 'version = "1"\ncolour = "red"',
         "subject.colour: no such key; allowed here: name, vendor, version"),
        ('["./start.sh"]', "[]", "start.command: List should have at least 1"),
        ('["./start.sh"]', r'["a\u0000b"]', "start.command.0: String should match"),
        ('["./start.sh"]', '["x"]\nready_log = "("', "start.ready_log: no regular expression"),
        ('["./start.sh"]', '["x"]\nready_seconds_max = 0', "start.ready_seconds_max: Input should"),
        ("[delivery]", '[stop]\nsignal = "SIGTERM"\n[delivery]',
         "stop.signal: 'SIGTERM' is no signal; write it without SIG"),
        ("[delivery]", '[stop]\nsignal = "TERM"\ncommand = ["x"]\n[delivery]',
         "stop: give at most one of"),
        ("[delivery]", '[log]\nfailure = "*"\n[delivery]', "log.failure: no regular expression"),
        ("[delivery]", '[log]\nfailures = "x"\n[delivery]',
         "log.failures: no such key; allowed here: failure"),
        ("[delivery]", '[capabilities]\nappointments = "no"\n[delivery]',
         "capabilities.appointments: Input should be 'processed' or 'received'"),
        ("[delivery]", '[not_applicable]\nCIC1 = ""\n[delivery]',
         "not_applicable.CIC1: a reason, or mode = reason (business, hotel), is expected"),
        ("[delivery]", '[not_applicable]\nCIC1 = { motel = "x" }\n[delivery]',
         "not_applicable.CIC1: a reason, or mode = reason (business, hotel), is expected"),
        ("[delivery]", "[not_applicable]\nCIC1 = {}\n[delivery]",
         "not_applicable.CIC1: a reason, or mode = reason (business, hotel), is expected"),
        ("[delivery]", '[not_applicable]\nCIC9 = "x"\n[delivery]',
         "not_applicable: no case 'CIC9'; the cases are CIC1, CIC2"),
        ('format = "csv"', 'format = "xml"',
         "delivery.format: Input should be 'ndjson', 'csv' or 'columns'"),
        ('format = "csv"', 'format = "ndjson"', 'are for format "csv" and "columns" only'),
        ('format = "csv"', 'format = "csv"\ncommand = ["x"]', "one of 'file', 'folder', 'url'"),
        ("charged_user", "colour", "'colour' is no field that can be mapped; kind, local_time"),
        ("charged_user", "extras", "'extras' is no field that can be mapped"),
        ('"extension"', '{ format = "seconds" }', "exactly one of 'column' and 'columns'"),
        ('"extension"', '{ kolumn = "x" }',
         "columns.charged_user.kolumn: no such key; allowed here: column, columns, first"),
        ("[start]", "[start", "not TOML"),
    ],
)  # fmt: skip
def test_a_mistake_names_file_key_and_what_is_allowed(
    old: str, new: str, words: str, tmp_path: Path
) -> None:
    assert old in GOOD
    with pytest.raises(SubjectUnreadable) as caught:
        load_subject(folder(tmp_path, GOOD.replace(old, new, 1)), CASES)
    assert str(caught.value).startswith(f"{tmp_path}/subject.toml: ")
    assert words in str(caught.value)


def test_csv_without_columns_shows_nothing_and_is_refused(tmp_path: Path) -> None:
    bare = GOOD[: GOOD.index("[delivery.columns]")]
    with pytest.raises(SubjectUnreadable, match=r"needs a table \[delivery.columns\]"):
        load_subject(folder(tmp_path, bare), CASES)


@pytest.mark.parametrize(
    ("issues", "words"),
    [
        (ISSUES.replace("CIC1", "CIC9"), "issues.toml: issue.case: no case 'CIC9'"),
        (ISSUES + 'mode = "motel"', "issue.0.mode: Input should be 'business' or 'hotel'"),
        (ISSUES + 'play = "cic2.nmc"', "issue.0: the play 'cic2.nmc' is none of CIC1"),
        (
            ISSUES + 'play = "cic1"\nmode = "hotel"',
            "issue.0: give at most one of 'mode' and 'play'",
        ),
        (ISSUES.replace("summary", "sumary"), "issue.0.sumary: no such key; allowed here: case"),
        (ISSUES.replace('"PART-17"', '""'), "issue.0.reference: String should have at least 1"),
    ],
)
def test_a_mistake_in_the_issues_is_named(issues: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(SubjectUnreadable) as caught:
        load_subject(folder(tmp_path, GOOD, issues), CASES)
    assert words in str(caught.value)


def test_a_missing_or_huge_or_binary_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SubjectUnreadable, match=r"subject.toml: cannot be read: No such file"):
        load_subject(tmp_path, CASES)
    path = tmp_path / "subject.toml"
    path.write_bytes(b"\xff")
    with pytest.raises(SubjectUnreadable, match="not TOML"):
        load_subject(tmp_path, CASES)
    path.write_bytes(b"#" * (256 * 1024 + 1))
    with pytest.raises(SubjectUnreadable, match="longer than 262144 bytes"):
        load_subject(tmp_path, CASES)


# --- The foreign subjects ---

CONVICTIONS = tomllib.loads((SUBJECTS / "convictions.toml").read_text("utf-8"))
WRONG = sorted(path.parent.name for path in SUBJECTS.glob("wrong/*/subject.toml"))


def test_every_case_has_a_wrong_collector_that_it_convicts() -> None:
    convictions = CONVICTIONS["convictions"]
    assert list(convictions) == [case.id for case in CATALOGUE.cases if case.wire == "taxation"]
    named = {name for names in convictions.values() for name in names}
    named |= {each.id for each in CATALOGUE.wrong_collectors if each.wire == "taxation"}
    assert all(convictions.values())
    assert named.isdisjoint(CONVICTIONS["acquittals"])
    assert named | set(CONVICTIONS["acquittals"]) == set(WRONG)


@pytest.mark.parametrize("wire", ["nmc", "v24", "ohl"])
def test_every_case_of_another_wire_has_a_defect_that_it_convicts(wire: str) -> None:
    table = CONVICTIONS["wires"][wire]
    plays = CATALOGUE.plays(Claim([wire]))
    played = [planned.case.id for planned in plays if planned.case.not_carried is None]
    assert list(table) == list(
        dict.fromkeys(played)
    )  # also where a case cannot be OK: a wrong field is seen
    program = (SUBJECTS / "wires" / f"{wire}_collector.py").read_text("utf-8")
    assert "oxo_" not in program
    for defect in {defect for defects in table.values() for defect in defects}:
        assert program.count(f'"{defect}"') >= 2, defect


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_collector_switches_on_the_defect_of_its_name(name: str) -> None:
    subject = load_subject(SUBJECTS / "wrong" / name, CASES)
    assert subject.settings.start is not None
    command = subject.settings.start.command
    assert command[-2:] == ["--defect", name]
    program = (subject.folder / command[1]).read_text("utf-8")
    assert program.count(f'"{name}"') >= 2
    assert "oxo_" not in program


def test_the_shell_subject_expects_a_verdict_of_every_play() -> None:
    subject = load_subject(SUBJECTS / "curl-shell", CASES)
    assert subject.settings.delivery.format == "csv"
    expected = tomllib.loads(
        (SUBJECTS / "curl-shell" / "expected_verdicts.toml").read_text("utf-8")
    )
    assert list(expected["verdicts"]) == [
        planned.play
        for planned in CATALOGUE.plays(Claim(["taxation"]))
        if planned.mode == "business"
    ]
