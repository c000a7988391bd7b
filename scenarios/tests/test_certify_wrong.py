"""A bench that has not convicted certifies nothing: every case turns red for its defect."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from oxo_scenarios.catalogue import EVERY_OTHER, load_catalogue
from oxo_scenarios.wires import HOME

pytestmark = pytest.mark.process

SUBJECTS = Path(__file__).resolve().parent / "subjects"
TABLE = tomllib.loads((SUBJECTS / "convictions.toml").read_text("utf-8"))
NAMED = {wrong.id: wrong for wrong in load_catalogue().wrong_collectors if wrong.wire == HOME}
DEFECTS = sorted({*NAMED, *(each for told in TABLE["convictions"].values() for each in told)})
PLAYED_WHOLE = sorted(wrong.id for wrong in NAMED.values() if EVERY_OTHER not in wrong.also_fails)
"""Those of the catalogue's wrong collectors that some case must leave alone: all are played."""
IN_HOTEL_MODE = ("--mode", "hotel", *(f"--case=SMDR{n}" for n in range(7, 11)))
"""The cases that business mode has not."""

LIMIT_SECONDS = 8
"""Many defects show only when the limit has passed. Whoever has none keeps this one too."""


def cases_of(defect: str) -> list[str]:
    """Return the cases that must turn red: by the table, and by the catalogue."""
    told = [case for case, defects in TABLE["convictions"].items() if defect in defects]
    return list(dict.fromkeys([*told, *(NAMED[defect].must_fail if defect in NAMED else ())]))


def modes_of(cases: list[str]) -> list[str]:
    """Return the options for the modes in which each of these cases is played once."""
    catalogue = load_catalogue()
    modes = {catalogue.case(case).mode_elsewhere for case in cases}
    return [word for mode in sorted(modes) for word in ("--mode", mode)]


def played(defect: str, *words: object, certify: Any) -> Any:
    options = ("--subject", SUBJECTS / "wrong" / defect, *words)
    return certify(*options, bends=[f"limit={LIMIT_SECONDS}"])


@pytest.mark.parametrize("defect", [each for each in DEFECTS if each not in PLAYED_WHOLE])
def test_the_defect_turns_its_cases_red(certify: Any, defect: str) -> None:
    wanted = cases_of(defect)
    words = [word for case in wanted for word in ("--case", case)]
    found = played(defect, *words, *modes_of(wanted), certify=certify)
    verdicts = found.verdicts()
    for case in wanted:
        plays = [verdicts[play] for play in verdicts if play.split(".")[0] == case.lower()]
        assert "nok" in plays, (case, verdicts, found.out)
        assert not {"error", "undecided"} & set(plays), (case, found.out)
    assert found.status == 1
    for play in found.run["plays"]:
        assert play["verdict"] != "nok" or play["reason"]
        assert found.run["result"] == "Refused" or play["extra"]


@pytest.mark.parametrize("defect", PLAYED_WHOLE)
def test_a_wrong_collector_is_convicted_by_its_cases_and_by_those_that_are_explained(
    certify: Any, defect: str
) -> None:
    runs = [
        played(defect, *words, certify=certify) for words in (("--mode", "business"), IN_HOTEL_MODE)
    ]
    plays = [play for found in runs for play in found.run["plays"]]
    red = {play["case"] for play in plays if play["verdict"] == "nok"}
    assert {*cases_of(defect)} <= red, runs[0].out + runs[1].out
    assert not [case for case in red if not NAMED[defect].explains(case)], red
    assert not {"error", "undecided"} & {play["verdict"] for play in plays}, runs[0].out


@pytest.mark.parametrize("subject", sorted(TABLE["acquittals"]))
def test_the_same_collector_without_a_defect_is_acquitted(certify: Any, subject: str) -> None:
    found = played(subject, certify=certify)
    assert set(found.verdicts().values()) <= {"ok", "not observable", "not applicable"}, found.out
    assert found.status == 0
