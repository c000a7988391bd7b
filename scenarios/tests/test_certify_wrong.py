"""A bench that has not convicted certifies nothing: every case turns red for its defect."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.process

SUBJECTS = Path(__file__).resolve().parent / "subjects"
TABLE = tomllib.loads((SUBJECTS / "convictions.toml").read_text("utf-8"))
DEFECTS = sorted({defect for defects in TABLE["convictions"].values() for defect in defects})


LIMIT_SECONDS = 8
"""Many defects show only when the limit has passed. Whoever has none keeps this one too."""


def cases_of(defect: str) -> list[str]:
    return [case for case, defects in TABLE["convictions"].items() if defect in defects]


@pytest.mark.parametrize("defect", DEFECTS)
def test_the_defect_turns_its_cases_red(certify: Any, defect: str) -> None:
    wanted = cases_of(defect)
    found = certify(
        "--subject",
        SUBJECTS / "wrong" / defect,
        *(x for c in wanted for x in ("--case", c)),
        bends=[f"limit={LIMIT_SECONDS}"],
    )
    verdicts = found.verdicts()
    for case in wanted:
        plays = [verdicts[play] for play in verdicts if play.split(".")[0] == case.lower()]
        assert "nok" in plays, (case, verdicts, found.out)
        assert not {"error", "undecided"} & set(plays), (case, found.out)
    assert found.status == 1
    assert found.run["result"] == "Refused"
    for play in found.run["plays"]:
        assert play["verdict"] != "nok" or play["reason"]


@pytest.mark.parametrize("subject", sorted(TABLE["acquittals"]))
def test_the_same_collector_without_a_defect_is_acquitted(certify: Any, subject: str) -> None:
    found = certify("--subject", SUBJECTS / "wrong" / subject, bends=[f"limit={LIMIT_SECONDS}"])
    assert set(found.verdicts().values()) == {"ok", "not observable"}, found.out
    assert found.status == 0
