"""Which plays a run plays."""

import json
from pathlib import Path

import pytest
from oxo_scenarios.catalogue import Catalogue, load_catalogue
from oxo_scenarios.selection import NothingSelected, Selection, last_failures, select
from oxo_scenarios.wires import Claim


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


TAXATION = Claim(["taxation"])
EVERY = Claim(["taxation", "nmc", "v24", "ohl"])


def plays(catalogue: Catalogue, claim: Claim = TAXATION, **asked: list[str]) -> list[str]:
    asked.setdefault("modes", ["business"])
    return [planned.play for planned in select(catalogue, Selection(**asked), claim)]


def test_without_a_wish_everything_is_played_in_order(catalogue: Catalogue) -> None:
    found = plays(catalogue, modes=[])
    assert found == [planned.play for planned in catalogue.plays(TAXATION)]
    assert found[:4] == ["cic1", "cic1.hotel", "cic2", "cic2.hotel"]
    assert {"smdr1", "smdr1.observed", "smdr1.hotel"} <= set(found)


def test_a_wish_for_a_mode_narrows_to_it(catalogue: Catalogue) -> None:
    hotel = plays(catalogue, modes=["hotel"])
    assert {planned.play for planned in catalogue.plays(TAXATION) if planned.mode == "hotel"} == {
        *hotel
    }
    assert all(play.split(".")[1] == "hotel" for play in hotel)
    assert {*hotel} & {*plays(catalogue)} == set()


def test_wishes_of_one_kind_add_and_of_two_kinds_narrow(catalogue: Catalogue) -> None:
    assert plays(catalogue, cases=["bu2", "CIC1"]) == ["cic1", "bu2"]
    assert plays(catalogue, cases=["BU1", "bu3"], chapters=["BU", "APP"]) == ["bu1", "bu3"]
    assert plays(catalogue, chapters=["BU"], tags=["restart"])[0] == "bu2"
    assert plays(catalogue, plays=["smdr2.observed"]) == ["smdr2.observed"]


def test_the_wires_that_are_claimed_are_played_one_after_the_other(catalogue: Catalogue) -> None:
    found = plays(catalogue, EVERY)
    home = plays(catalogue)
    assert found[: len(home)] == home
    elsewhere = [play.split(".")[-1] for play in found[len(home) :]]
    assert found[len(home)] == "cic6.nmc"
    assert elsewhere == sorted(elsewhere, key=["nmc", "v24", "ohl"].index)
    assert set(elsewhere) == {"nmc", "v24", "ohl"}
    assert plays(catalogue, Claim(["ohl"]), cases=["bu1"]) == ["bu1.ohl"]


def test_a_wish_for_wires_narrows_to_them(catalogue: Catalogue) -> None:
    assert plays(catalogue, EVERY, wires=["nmc"], tags=["reset"]) == ["dis104.nmc"]
    assert plays(catalogue, EVERY, wires=["ohl", "v24"], cases=["BU3"]) == ["bu3.v24", "bu3.ohl"]
    assert plays(catalogue, EVERY, plays=["bu1.v24", "bu1"]) == ["bu1", "bu1.v24"]


def test_who_is_called_on_a_wire_is_not_asked_for_its_failed_attempts(catalogue: Catalogue) -> None:
    for listens in (False, True):
        found = select(catalogue, Selection(cases=["DIS104"]), Claim(["v24"], "ten", listens))
        (only,) = found
        assert (only.play, only.wire, only.tag_set) == ("dis104.v24", "v24", "ten")
        assert ("failure message" in only.case.demands) == (not listens)
        assert {"warm reset", "received", "exactly once"} <= set(only.case.demands)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"wires": ["xyz"]}, "no wire xyz; there are taxation, nmc, v24, ohl"),
        ({"modes": ["night"]}, "no mode night; there are business, hotel"),
        ({"wires": ["ohl"]}, "the subject does not claim ohl, only taxation"),
        ({"cases": ["CIC6"]}, "no case matches"),
        ({"cases": ["XYZ1"]}, "no case XYZ1; there are CIC1"),
        ({"cases": ["DIS103"]}, "never published"),
        ({"chapters": ["XYZ"]}, "no chapter XYZ; there are CIC"),
        ({"tags": ["xyz"]}, "no tag xyz; there are"),
        ({"cases": ["BU1"], "chapters": ["CIC"]}, "no case matches"),
    ],
)
def test_an_impossible_wish_says_what_there_is(
    catalogue: Catalogue, asked: dict[str, list[str]], told: str
) -> None:
    with pytest.raises(NothingSelected, match=told):
        plays(catalogue, TAXATION, **asked)


def write_run(out: Path, name: str, **verdicts: str) -> None:
    folder = out / name
    folder.mkdir()
    found = [{"play": play.replace("_", "."), "verdict": word} for play, word in verdicts.items()]
    (folder / "run.json").write_text(json.dumps({"plays": found}), "utf-8")


def test_last_failures_are_those_of_the_newest_run(tmp_path: Path) -> None:
    write_run(tmp_path, "20260101-000000-aaaa", cic1="nok")
    write_run(
        tmp_path, "20260102-000000-aaaa",
        cic1="ok", bu2="nok", smdr1_observed="not observable", dis101="error", dis102="undecided",
    )  # fmt: skip
    assert last_failures(tmp_path) == ["bu2", "dis101", "dis102"]


def test_without_failures_there_is_nothing_to_play(tmp_path: Path) -> None:
    with pytest.raises(NothingSelected, match="no run below"):
        last_failures(tmp_path)
    write_run(tmp_path, "20260101-000000-aaaa", cic1="ok")
    with pytest.raises(NothingSelected, match="nothing failed"):
        last_failures(tmp_path)
    (tmp_path / "20260102-000000-aaaa").mkdir()
    (tmp_path / "20260102-000000-aaaa" / "run.json").write_text("{", "utf-8")
    with pytest.raises(NothingSelected, match="cannot be read"):
        last_failures(tmp_path)
