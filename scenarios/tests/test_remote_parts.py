"""What a remote subject needs, piece by piece: what is new, questions, answers, hands."""

import io
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oxo_scenarios import options
from oxo_scenarios.bench.connect import Account, Target
from oxo_scenarios.bench.fresh import fresh, fresh_count
from oxo_scenarios.bench.hands import Hands, Setting
from oxo_scenarios.bench.operator import AtTerminal, ByFile, Question
from oxo_scenarios.bench.places import read_folder
from oxo_scenarios.bench.trouble import NotDone, SubjectFailed, UsageWrong
from oxo_scenarios.catalogue import load_catalogue
from oxo_scenarios.judge import Confirmation, Evidence, judge
from oxo_scenarios.play.meeting import seen
from oxo_scenarios.subject import Remote, SubjectUnreadable, load_subject
from oxo_scenarios.verdict import Verdict
from oxo_simulator.control.messages import LedgerLine
from rich.console import Console

# --- What is new in a delivery ---

LINES = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n"]), max_size=6)


@given(LINES, LINES)
def test_what_was_appended_is_new(before: list[bytes], new: list[bytes]) -> None:
    old = b"".join(before)
    assert fresh({"": old}, {"": old + b"".join(new)}, header=False) == b"".join(new)
    grown = {"": b"h\n" + old + b"".join(new)}
    assert fresh({"": b"h\n" + old}, grown, header=True) == b"h\n" + b"".join(new)


@given(LINES, LINES, st.randoms())
def test_new_lines_may_stand_anywhere(before: list[bytes], new: list[bytes], dice: Any) -> None:
    mixed = [*before, *new]
    dice.shuffle(mixed)
    found = fresh({"": b"".join(before)}, {"": b"".join(mixed)}, header=False)
    assert sorted(found.splitlines(keepends=True)) == sorted(new)


def test_a_new_file_counts_whole_and_a_header_once() -> None:
    before = {"a": b"h\n1\n"}
    after = {"a": b"h\n1\n2\n", "b": b"h\n1"}
    assert fresh(before, after, header=True) == b"h\n2\n1\n"
    assert fresh({}, {"a": b"h\n1\n", "b": b"other\n2\n"}, header=True) == b"h\n1\nother\n2\n"
    assert fresh({"a": b"1\r\n"}, {"a": b"1\n2\n"}, header=False) == b"2\n"
    assert fresh({"a": b"1\n2\n"}, {"a": b"2\n"}, header=False) == b""
    assert fresh({}, {}, header=True) == b""


def test_new_lines_are_counted_without_headers_and_blank_lines() -> None:
    before = {"a": b"h\n1\n", "b": b"h\n"}
    after = {"a": b"h\n1\n2\n\n", "b": b"h\n1", "c": b"h\n"}
    assert fresh_count(before, after, header=True) == 2
    assert fresh_count(before, before, header=True) == 0
    assert fresh_count({}, before, header=True) == 1
    assert fresh_count({}, before, header=False) == 3
    assert fresh_count({"a": b"x\n"}, {"a": b"x\n \r\n"}, header=False) == 0
    assert fresh_count({}, {"a": b"h\n", "b": b"other\n"}, header=True) == 0


def test_a_folder_is_read_whole_or_its_newest(tmp_path: Path) -> None:
    for number, name in enumerate(["b.csv", "a.csv", "c.txt"]):
        (tmp_path / name).write_bytes(name.encode())
        os.utime(tmp_path / name, (number, number))
    assert list(read_folder(tmp_path, "*.csv", "all").items()) == [
        ("a.csv", b"a.csv"),
        ("b.csv", b"b.csv"),
    ]
    assert read_folder(tmp_path, "*", "newest") == {"c.txt": b"c.txt"}
    assert read_folder(tmp_path, "*.xml", "newest") == {}
    with pytest.raises(SubjectFailed, match="there is no delivery folder"):
        read_folder(tmp_path / "nowhere", "*", "all")


# --- Questions and answers ---

ASKED = Question("bu2", "power off", "Pull\nthe plug.", secret="password hunter2")


def at_terminal(typed: str) -> tuple[AtTerminal, io.StringIO]:
    screen = io.StringIO()
    return AtTerminal("Jane", Console(file=screen, width=80), io.StringIO(typed)), screen


@pytest.mark.parametrize(
    ("typed", "default", "answer"),
    [
        ("\n", True, "yes"),
        ("\n", False, "no"),
        ("Y\n", False, "yes"),
        ("no\n", True, "no"),
        ("perhaps\nn\n", True, "no"),
        ("x" * 500 + "\nyes\n", False, "yes"),
    ],
)
def test_an_answer_is_yes_no_or_the_default(typed: str, default: bool, answer: str) -> None:  # noqa: FBT001
    operator, screen = at_terminal(typed)
    told = operator.ask(ASKED._replace(default=default))
    assert (told.question, told.text, told.answer, told.by) == (
        "power off",
        "Pull the plug.",
        answer,
        "Jane",
    )
    assert "hunter2" in screen.getvalue()
    assert "hunter2" not in repr(told)


def test_an_input_that_ends_is_an_interruption() -> None:
    operator, _ = at_terminal("perhaps\n")
    with pytest.raises(KeyboardInterrupt):
        operator.ask(ASKED)


def test_answers_of_a_file_are_for_all_plays_or_one(tmp_path: Path) -> None:
    path = tmp_path / "answers.toml"
    path.write_text('start = "yes"\npower_off = "Yes"\n[bu2]\npower_off = "no"\n', "utf-8")
    operator = ByFile("Jane", path)
    assert operator.ask(ASKED).answer == "no"
    assert operator.ask(ASKED._replace(play="dis102")).answer == "yes"
    assert operator.ask(ASKED._replace(kind="stop")).answer == "no"
    assert operator.ask(ASKED).by == "Jane (answers file)"


def test_what_nobody_saw_is_no_accusation(tmp_path: Path) -> None:
    path = tmp_path / "answers.toml"
    path.write_text("[dis104]\nfailure_message = 'no'\n", "utf-8")
    operator, asked = ByFile("Jane", path), ASKED._replace(kind="failure message")
    assert operator.ask(asked._replace(play="dis104")).answer == "no"
    with pytest.raises(NotDone, match="left it unanswered: failure message"):
        operator.ask(asked)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("start = true", '"yes" or "no" is expected'),
        ('begin = "yes"', "no question 'begin'; the questions are start, stop, power_off"),
        ('[bu2]\nbegin = "yes"', "no question 'begin'"),
        ("start", "not TOML"),
        ("#" * 70_000, "longer than 65536 bytes"),
    ],
)
def test_a_mistake_in_the_answers_is_named(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "answers.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(UsageWrong, match="--answers") as caught:
        ByFile("Jane", path)
    assert told in str(caught.value)


# --- Hands ---

HERE, THERE = Setting(Target("192.0.2.1", 1)), Setting(Target("192.0.2.1", 2), Target("p", 3))


class Asked:
    """An operator that notes the questions and answers all alike."""

    name = "Jane"

    def __init__(self, answer: Any = "yes") -> None:
        self.questions: list[Question] = []
        self.answer = answer

    def ask(self, question: Question) -> Confirmation:
        self.questions.append(question)
        return Confirmation(
            question=question.kind, text=question.text, answer=self.answer, by="Jane", at="now"
        )


def test_hands_are_asked_for_nothing_twice() -> None:
    operator, kept = Asked(), list[Confirmation]()
    hands = Hands(Remote(start="Start it."), operator)
    assert not hands.collects(HERE)
    hands.start("a", HERE, None, kept.append)
    assert hands.collects(HERE)
    assert not hands.collects(THERE)
    hands.start("b", THERE, Account("u", "secret"), kept.append)
    hands.power_off("b", kept.append)
    hands.start("b", THERE, Account("u", "secret"), kept.append)
    first, second, _, last = operator.questions
    assert "https://192.0.2.1:1/services/taxation, no proxy" in first.text
    assert "HTTP proxy p:3, with login" in second.text
    assert "Stop it, and start it again" in second.text
    assert "secret" in second.secret
    assert last.text.strip() == "Start it."
    assert last.secret == ""
    assert "secret" not in str(kept)
    assert len(kept) == 4


def test_what_was_not_done_is_nobodys_fault() -> None:
    kept: list[Confirmation] = []
    hands = Hands(Remote(), Asked("no"))
    with pytest.raises(NotDone, match="Jane answered no: start"):
        hands.start("a", HERE, None, kept.append)
    assert not hands.running
    hands.sees_failure("a", kept.append)
    assert [one.answer for one in kept] == ["no", "no"]


@pytest.mark.parametrize(("answer", "verdict"), [("yes", Verdict.OK), ("no", Verdict.NOK)])
def test_the_operators_word_decides_the_failure_message(answer: Any, verdict: Verdict) -> None:
    told = Confirmation(question="failure message", text="?", answer=answer, by="Jane", at="now")
    judgement = judge(load_catalogue().case("DIS104"), "extended", Evidence(confirmations=[told]))
    (found,) = [one for one in judgement.findings if one.demand == "failure message"]
    assert found.verdict is verdict
    assert found.parameters["confirmed_by"] == "Jane"


# --- The rest ---


@pytest.mark.parametrize(
    ("event", "detail", "words"),
    [
        ("connection opened", {"peer": "192.0.2.9:5", "port": "standard"}, "from 192.0.2.9 to"),
        ("refused", {"reason": "wrong credentials"}, "refused: wrong credentials"),
        ("made", {}, None),
    ],
)
def test_what_the_exchange_sees_is_told(event: str, detail: Any, words: str | None) -> None:
    line = LedgerLine(n=1, at="", exchange_time="", event=event, detail=detail)
    told = seen(line)
    assert (words is None) == (told is None)
    assert words is None or words in str(told)


def test_ports_are_read() -> None:
    assert options.port_numbers(["standard=1", "proxy=0"]) == {"standard": 1, "proxy": 0}
    for wrong in ("x=1", "proxy", "proxy=65536", "proxy=-1", "proxy=\u0663"):
        with pytest.raises(UsageWrong, match="--port"):
            options.port_numbers([wrong])


BARE = """
[subject]
name = "X"
version = "1"
wires = ["taxation"]
[delivery]
format = "ndjson"
{delivery}
{more}
"""


@pytest.mark.parametrize(
    ("delivery", "more", "told"),
    [
        ('file = "x"', "", "exactly one of the tables [start]"),
        ('file = "x"', '[start]\ncommand = ["x"]\n[remote]', "exactly one of the tables [start]"),
        ('file = "x"', "[remote]\n[stop]", "[stop] is for a program on this machine"),
        ('file = "x"', '[remote]\n[log]\nfailure = "x"', "[log] is for a program"),
        ('file = "x"\npattern = "*"', "[remote]", "'pattern' and 'take' are for 'folder' only"),
        ('file = "x"\nurl = "http://x/"', "[remote]", "exactly one of 'file', 'folder', 'url'"),
        ('folder = "x"\npattern = "../*"', "[remote]", "delivery.pattern: String should match"),
        ('url = "ftp://x/"', "[remote]", "beginning with http:// or https://"),
        ('folder = "x"\ntake = "some"', "[remote]", "delivery.take: Input should be"),
    ],
)
def test_a_mistake_in_the_door_is_named(
    tmp_path: Path, delivery: str, more: str, told: str
) -> None:
    (tmp_path / "subject.toml").write_text(BARE.format(delivery=delivery, more=more), "utf-8")
    with pytest.raises(SubjectUnreadable) as caught:
        load_subject(tmp_path, [])
    assert told in str(caught.value)
