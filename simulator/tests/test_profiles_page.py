"""docs/profiles.md against the model: every key, its values, default and standing, and no other."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pytest
from oxo_simulator.profile import (
    FURTHER_WIRES,
    SHARED_SECTIONS,
    Profile,
    described,
    keys,
    load_profile,
    packaged,
)
from pydantic.fields import FieldInfo

if TYPE_CHECKING:
    from pydantic import BaseModel

PAGE = (Path(__file__).parents[2] / "docs" / "profiles.md").read_text("utf-8")


def table(title: str) -> tuple[list[str], dict[str, list[str]]]:
    """Return the cells of the first table of a section: its head, and each row by its key."""
    section = PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert len({len(row) for row in rows}) == 1
    return rows[0], {row[0].strip("`"): row[1:] for row in rows[2:]}


def rows() -> dict[str, list[str]]:
    """Return every key's row: the tables of the wires that were added later stand apart."""
    found: dict[str, list[str]] = {}
    for title in ("Keys", *(f"Keys of {name}" for name in (*FURTHER_WIRES, *SHARED_SECTIONS))):
        head, more = table(title)
        assert head == ["key", "values", "default", "standing", "meaning"]
        found |= more
    return found


def field(key: str) -> FieldInfo:
    model: type[BaseModel] = Profile
    *sections, last = key.split(".")
    for section in sections:
        inside: Any = model.model_fields[section].annotation
        model = inside
    return model.model_fields[last]


def limits(found: FieldInfo) -> dict[str, Any]:
    shown = ("ge", "le", "min_length", "max_length")
    return {name: getattr(m, name) for m in found.metadata for name in shown if hasattr(m, name)}


def test_the_page_has_every_key_in_the_order_of_the_model() -> None:
    assert list(rows()) == list(keys())


@pytest.mark.parametrize("key", keys())
def test_the_page_says_of_a_key_what_the_model_says(key: str) -> None:
    values, default, standing, meaning = rows()[key]
    found = field(key)
    assert standing == str(keys()[key])
    assert meaning
    if found.is_required():
        assert default == ""
    else:
        value = found.get_default(call_default_factory=True)
        shown = '""' if value == "" else value
        shown = dict(value) if isinstance(value, Mapping) else shown
        shown = str(shown).lower() if isinstance(shown, bool) else shown
        assert default == ("none" if shown is None else f"`{shown}`")
    if words := [word for word in get_args(found.annotation) if isinstance(word, str)]:
        assert values == ", ".join(f"`{word}`" for word in words)
    if found.annotation is bool:
        assert values == "true, false"
    assert key.endswith("_seconds") <= (values.endswith(" s") or key.startswith("contract."))


@pytest.mark.parametrize("key", keys())
def test_the_page_says_every_limit(key: str) -> None:
    values = rows()[key][0]
    found, known = field(key), limits(field(key))
    if found.annotation in (int, float) and known:
        assert re.match(rf"{known['ge']} to {known['le']}\b", values)
    elif "name of XML" in values:
        assert known["max_length"] == 128
        assert "at most 128 characters" in PAGE
    elif "max_length" in known:
        least = known.get("min_length", 0)
        said = f"{least} to {known['max_length']}" if least else f"at most {known['max_length']}"
        assert said in values


def test_the_page_says_where_the_packaged_profiles_differ() -> None:
    head, told_rows = table("Packaged profiles")
    assert head == ["key", *packaged()]
    told = [
        {each["key"]: each["value"] for each in described(load_profile(name))}
        for name in packaged()
    ]
    differing = {key: [one[key] for one in told] for key in keys()}
    assert told_rows == {key: values for key, values in differing.items() if len(set(values)) > 1}


def test_the_pages_example_can_be_used(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "maker").mkdir()
    for name in ("taxation.wsdl", "types.xsd"):
        (tmp_path / "maker" / name).write_text("<x/>", "utf-8")
    (tmp_path / "site.toml").write_text(example, "utf-8")
    profile = load_profile(str(tmp_path / "site.toml"))
    assert profile.contract.operations.get_tickets == "FetchTickets"
    files = profile.wsdl_files
    assert files is not None
    assert sorted(files.files) == ["taxation.wsdl", "types.xsd"]
