"""The door of the bundle: what is refused, and that the message names file and place."""

import copy
import json
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from oxo_reports import bundle as door
from oxo_reports import run as records
from oxo_reports.bundle import UnusableBundle, read, schema

Change = Callable[[dict[str, Any]], object]
Changed = Callable[[Change], Path]


def test_the_sample_is_read(bundle: Path) -> None:
    run = read(bundle)
    assert run.run == "20261122-204500-1f3a"
    assert {play.verdict for play in run.plays} == set(typing.get_args(records.Verdict))


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(schema())


def _objects(value: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each object of a run whose keys the schema fixes."""
    if isinstance(value, dict):
        free = path.endswith(
            (".parameters", ".ports", ".values", ".coarser", ".expected", ".found")
        )
        if not free:
            yield path, value
        for key, inner in value.items():
            yield from _objects(inner, f"{path}.{key}")
    if isinstance(value, list):
        for inner in value:
            yield from _objects(inner, f"{path}[]")


def test_a_misspelt_key_is_refused_in_every_object(sample_run: dict[str, Any]) -> None:
    validator = Draft202012Validator(schema())
    seen = set()
    for path, _ in list(_objects(sample_run)):
        if path in seen:
            continue
        seen.add(path)
        run = copy.deepcopy(sample_run)
        next(found for where, found in _objects(run) if where == path)["verdcit"] = "ok"
        assert not validator.is_valid(run), path
    assert len(seen) >= 17


def test_every_missing_key_is_refused_or_optional(sample_run: dict[str, Any]) -> None:
    """Keys may be left out only where docs/bundle.md calls them optional."""
    optional = {"gaps", "incomplete", "objective", "carried", "shown", "facts", "delivered", "kind"}
    validator = Draft202012Validator(schema())
    small = {**sample_run, "plays": sample_run["plays"][5:6]}
    paths = {path: index for index, (path, _) in reversed(list(enumerate(_objects(small))))}
    for path, index in paths.items():
        for key in list(_objects(small))[index][1]:
            run = copy.deepcopy(small)
            del list(_objects(run))[index][1][key]
            assert validator.is_valid(run) == (key in optional), f"{path}.{key}"
    assert len(paths) >= 15


def test_the_classes_have_the_keys_of_the_schema() -> None:
    """The schema is the law; the typed classes must not drift from it."""
    definitions = schema()["$defs"]
    pairs = {
        "Bench": "bench",
        "ProfileChoice": "profile_choice",
        "Exchange": "exchange",
        "Issue": "issue",
        "Subject": "subject",
        "Chapter": "chapter",
        "Finding": "finding",
        "Difference": "difference",
        "TicketFate": "ticket",
        "Unreadable": "unreadable",
        "Restart": "restart",
        "Incident": "incident",
        "Confirmation": "confirmation",
        "UnknownOperation": "unknown_operation",
        "KnownFailure": "known_failure",
        "Facts": "facts",
        "Play": "play",
        "Gap": "gap",
    }
    for name, definition in pairs.items():
        assert set(_fields(name)) == set(definitions[definition]["properties"]), name
    assert set(_fields("Run")) == set(schema()["properties"])
    words = {"verdict": "Verdict", "standing": "Standing", "mark": "Mark", "fate": "Fate"}
    for definition, alias in words.items():
        assert set(definitions[definition]["enum"]) == set(
            typing.get_args(getattr(records, alias))
        ), alias


def _fields(name: str) -> tuple[str, ...]:
    fields: tuple[str, ...] = getattr(records, name).__struct_fields__
    return fields


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda run: run["plays"][3].update(verdict="okay"), "plays[3].verdict: 'okay'"),
        (lambda run: run["plays"][0].pop("limit_seconds"), "plays[0]: 'limit_seconds'"),
        (lambda run: run.update(resutl="Passed"), "the top: Additional properties"),
        (lambda run: run["plays"][1].update(play="../../etc"), "plays[1].play"),
        (lambda run: run["plays"][1].update(evidence=["../run.json"]), "plays[1].evidence[0]"),
        (lambda run: run.update(started="yesterday"), "at started: 'yesterday'"),
        (lambda run: run["exchange"]["ports"].update(standard=70000), "exchange.ports.standard"),
        (lambda run: run.update(schema="urn:oxo-interop:run:2"), "at schema:"),
        (lambda run: run["plays"][1].update(chapter="XYZ"), "plays[1].chapter: 'XYZ'"),
        (lambda run: run["plays"].append(run["plays"][0]), "at plays: named twice: cic1"),
        (lambda run: run["plays"][1]["tickets"][0].update(id=1.0), "tickets[0].id"),
    ],
)
def test_a_faulty_run_is_refused_with_its_place(
    change: Change, place: str, changed: Changed
) -> None:
    folder = changed(change)
    with pytest.raises(UnusableBundle) as refusal:
        read(folder)
    assert place in str(refusal.value)
    assert str(folder / "run.json") in str(refusal.value)


def test_many_faults_are_counted_and_no_whole_play_is_printed(changed: Changed) -> None:
    def misspell(run: dict[str, Any]) -> None:
        for play in run["plays"]:
            play["verdcit"] = play.pop("verdict")

    with pytest.raises(UnusableBundle) as refusal:
        read(changed(misspell))
    text = str(refusal.value)
    assert text.count("\n") == door.FAULTS_SHOWN_MAX + 1
    assert "and 10 more" in text
    assert max(map(len, text.splitlines())) < 500


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "not JSON: Expecting value at line 1, column 1"),
        (b'{"schema": ', "not JSON"),
        (b"\xff\xfe", "not UTF-8 at byte 0"),
        (b'{"seed": NaN}', "NaN is not a JSON number"),
        (b"[" * 200_000, "nested too deeply"),
        (b"[]", "the top: [] is not of type 'object'"),
        (b"null", "the top: None is not of type 'object'"),
    ],
)
def test_garbage_is_refused(raw: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_bytes(raw)
    with pytest.raises(UnusableBundle, match=r"run\.json") as refusal:
        read(tmp_path)
    assert said in str(refusal.value)


def test_a_run_cut_anywhere_is_refused(sample_run: dict[str, Any], tmp_path: Path) -> None:
    small = {**sample_run, "plays": sample_run["plays"][:1]}
    raw = json.dumps(small).encode()
    for offset in range(0, len(raw), 7):
        (tmp_path / "run.json").write_bytes(raw[:offset])
        with pytest.raises(UnusableBundle):
            read(tmp_path)


def test_no_folder_no_file_and_too_large(
    tmp_path: Path, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UnusableBundle, match="no such folder"):
        read(tmp_path / "nowhere")
    with pytest.raises(UnusableBundle, match="missing; the folder is no run bundle"):
        read(tmp_path)
    monkeypatch.setattr(door, "RUN_BYTES_MAX", 100)
    with pytest.raises(UnusableBundle, match="larger than 100 bytes"):
        read(bundle)
