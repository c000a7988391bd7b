"""The operator's table of columns: what it must be, and the words when it is not."""

from typing import Any

import msgspec
import pytest
from oxo_collector.decoders.v24_layout import LAYOUTS, Column, Layout, LayoutInvalid


def mapping() -> dict[str, Any]:
    """Return the smallest layout that gives tickets."""
    return {
        "columns": [
            {"field": "date", "first": 1, "last": 8},
            {"field": "time", "first": 10, "last": 14},
            {"field": "duration", "first": 16, "last": 23, "justified": "right", "key": "DUR"},
        ],
        "line_width": 23,
    }


def test_a_mapping_becomes_a_layout() -> None:
    assert Layout.from_mapping({**mapping(), "padded": True, "line_end": "0d0a"}) == Layout(
        (Column("date", 1, 8), Column("time", 10, 14), Column("duration", 16, 23, "right", "DUR")),
        23,
        "ISO-8859-1",
    )


def test_known_layouts_survive_their_own_check() -> None:
    for name, layout in LAYOUTS.items():
        assert str(layout.line_width) == name
        assert Layout.from_mapping(msgspec.to_builtins(layout)) == layout


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"columns": []}, "a ticket needs the columns date, time, duration"),
        ({"line_width": 24}, "the last column ends at 23, the line at 24"),
        ({"encoding": "no-such"}, "encoding 'no-such' is no text encoding"),
        ({"encoding": "hex"}, "encoding 'hex' is no text encoding"),
        ({"widht": 1}, "widht"),
        ({"line_width": "23"}, "line_width"),
    ],
)
def test_a_wrong_table_is_named(change: dict[str, object], words: str) -> None:
    with pytest.raises(LayoutInvalid, match=words.replace(".", r"\.")):
        Layout.from_mapping({**mapping(), **change})


@pytest.mark.parametrize(
    ("place", "change", "words"),
    [
        (0, {"first": 0}, "date begins at 0, expected 1"),
        (1, {"first": 9}, "time begins at 9, expected 10"),
        (1, {"last": 9}, "time ends at 9, before it begins"),
        (1, {"last": 15}, "duration begins at 16, expected 17"),
        (1, {"field": "when"}, "field 'when' is unknown; known: initial_user"),
        (1, {"field": "date"}, "field date has two columns"),
        (1, {"field": "units"}, "a ticket needs the columns time"),
        (1, {"justified": "centre"}, "justified"),
        (1, {"fist": 1}, "fist"),
    ],
)
def test_a_wrong_column_is_named(place: int, change: dict[str, object], words: str) -> None:
    table = mapping()
    table["columns"][place].update(change)
    with pytest.raises(LayoutInvalid, match=words):
        Layout.from_mapping(table)


def test_a_line_has_at_most_sixteen_fields() -> None:
    columns = list(msgspec.to_builtins(LAYOUTS["132"].columns))
    for number, field in enumerate(("carrier", "node")):
        first = 134 + 2 * number
        columns.append({"field": field, "first": first, "last": first})
    Layout.from_mapping({"columns": columns[:-1], "line_width": 134})
    with pytest.raises(LayoutInvalid, match="17 columns; at most 16"):
        Layout.from_mapping({"columns": columns, "line_width": 136})
