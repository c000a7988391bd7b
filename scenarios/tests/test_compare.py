"""Two runs held against each other."""

import copy
from typing import Any

import pytest
from oxo_scenarios.compare import Direction, NoBundle, compare, direction


def play(name: str, verdict: str = "ok", **others: Any) -> dict[str, Any]:
    return {
        "play": name,
        "verdict": verdict,
        "reason": None,
        "comment": "1 ticket received",
        "evidence": ["ledger.ndjson"],
        "tickets": [{"fate": "exactly once"}],
        "seconds": 3.0,
        **others,
    }


def run(*plays: dict[str, Any]) -> dict[str, Any]:
    return {
        "run": "r",
        "seed": 1,
        "result": "Passed",
        "bench": {"version": "1"},
        "subject": {"name": "X", "version": "1"},
        "exchange": {
            "release": "R3.2",
            "profile": "certify",
            "mode": "business",
            "profile_choices": [{"key": "wsdl", "value": "served", "standing": "ours"}],
        },
        "plays": list(plays),
    }


def told(before: Any, after: Any, **options: bool) -> list[tuple[str, str, Any, Any, str]]:
    found = compare(before, after, **options)
    return [(d.about, d.where, d.before, d.after, d.direction.value) for d in found.differences]


def test_equal_runs_differ_in_nothing() -> None:
    found = compare(run(play("cic1")), run(play("cic1")))
    assert (found.before, found.after, list(found.differences), found.worse) == (
        "r",
        "r",
        [],
        False,
    )


@pytest.mark.parametrize(
    ("before", "after", "whither"),
    [
        ("ok", "nok", "worse"),
        ("ok", "error", "worse"),
        ("ok", "not observable", "worse"),
        ("ok", None, "worse"),
        ("not applicable", "undecided", "worse"),
        ("undecided", "nok", "worse"),
        ("error", "nok", "worse"),
        (None, "nok", "worse"),
        ("nok", "ok", "better"),
        ("nok", "not applicable", "better"),
        ("error", "ok", "better"),
        ("nok", "error", "changed"),
        ("nok", "undecided", "changed"),
        ("error", "undecided", "changed"),
        ("not applicable", "not observable", "changed"),
        (None, "ok", "changed"),
        ("nok", None, "changed"),
    ],
)
def test_a_verdict_moves(before: str | None, after: str | None, whither: str) -> None:
    assert direction(before, after) == Direction(whither)
    runs = [run() if word is None else run(play("bu1", word)) for word in (before, after)]
    assert told(*runs) == [("verdict", "bu1", before, after, whither)]
    assert compare(*runs).worse == (whither == "worse")


def test_plays_of_one_run_alone_can_be_left_out() -> None:
    before, after = run(play("a"), play("b")), run(play("b"), play("c", "nok"))
    assert [found[1] for found in told(before, after)] == ["a", "c"]
    assert told(before, after, common=True) == []


def test_versions_profile_and_seed_are_named() -> None:
    after = run()
    after["subject"]["version"] = "2"
    after["bench"]["version"] = "1.1"
    after["seed"] = 5
    after["exchange"]["profile_choices"] = [
        {"key": "wsdl", "value": "withheld", "standing": "ours"},
        {"key": "contract.login", "value": "none", "standing": "ours"},
    ]
    assert told(run(), after) == [
        ("run", "subject.version", "1", "2", "changed"),
        ("run", "bench.version", "1", "1.1", "changed"),
        ("run", "seed", 1, 5, "changed"),
        ("profile choice", "wsdl", "served", "withheld", "changed"),
        ("profile choice", "contract.login", None, "none", "changed"),
    ]


def test_comment_tickets_and_evidence_are_named() -> None:
    after = play(
        "a",
        comment="2 tickets received",
        tickets=[{"fate": "recovered"}, {"fate": "recovered"}],
        evidence=["ledger.ndjson", "proxy.ndjson"],
    )
    assert told(run(play("a")), run(after)) == [
        ("comment", "a", "1 ticket received", "2 tickets received", "changed"),
        ("evidence", "a", ["ledger.ndjson"], ["ledger.ndjson", "proxy.ndjson"], "changed"),
        ("tickets", "a", {"exactly once": 1}, {"recovered": 2}, "changed"),
    ]


@pytest.mark.parametrize(
    ("before", "after", "noise"),
    [(3.0, 5.0, True), (3.0, 5.1, False), (5.1, 3.0, False), (0.1, 1.9, True), (30, 40, True)],
)
def test_a_duration_is_told_beyond_noise(before: float, after: float, noise: bool) -> None:  # noqa: FBT001
    found = told(run(play("a", seconds=before)), run(play("a", seconds=after)))
    assert found == ([] if noise else [("duration", "a", before, after, "changed")])


@pytest.mark.parametrize("path", [["run"], ["plays"], ["exchange", "profile_choices"], ["seed"]])
def test_what_is_no_run_is_named(path: list[str]) -> None:
    whole = run(play("a"))
    broken = copy.deepcopy(whole)
    place = broken
    for key in path[:-1]:
        place = place[key]
    del place[path[-1]]
    pairs: list[tuple[Any, Any]] = [(whole, broken), (broken, whole), (whole, []), (None, whole)]
    for pair in pairs:
        with pytest.raises(NoBundle, match=r"no run.json of version 1"):
            compare(*pair)


def test_an_unknown_verdict_is_no_run() -> None:
    with pytest.raises(NoBundle, match="splendid"):
        compare(run(play("a")), run(play("a", "splendid")))
