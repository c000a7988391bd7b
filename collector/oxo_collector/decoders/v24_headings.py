"""Columns out of a stream's own rows of titles.

Titles alternate between two rows, so that each has the room of two columns (facts: oxo 6.2,
documented). Which title stands in front of which tells the order of the fields, and so, with the
documented widths and one blank between (facts: oxo 2.1, 6), the columns. Where the titles stand
exactly over columns that can be so, their places are trusted, because they tell the widths that
are inferred only; else the widths of the table are taken (facts: oxo 6.2, geometry inferred).
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise, product
from typing import Literal, NamedTuple

from oxo_collector.decoders.v24_layout import TITLES, Column, Layout, LayoutInvalid


class Form(NamedTuple):
    """How wide a field is; `free` where its width is inferred, not documented."""

    field: str
    width: int
    free: bool = False
    justified: Literal["left", "right"] = "left"


FORMS: Mapping[str, tuple[Form, ...]] = {
    "INITIAL USER": (Form("initial_user", 5), Form("initial_user_8", 9)),
    "CHARGED USER": (Form("charged_user", 5), Form("charged_user_8", 9)),
    "USER": (Form("charged_user", 5), Form("charged_user_8", 9)),
    "TYPE": (Form("type", 3),),
    "LINE": (Form("line", 3),),
    "LINE 4": (Form("line_4", 4),),
    "DATE": (Form("date", 8),),
    "TIME": (Form("time", 5),),
    "DURATION": (Form("duration", 8),),
    "TAXES": (Form("units", 5, free=True, justified="right"),),
    "SERV": (Form("service", 2, free=True),),
    "ADD. SERVICES": (Form("facilities", 5, free=True),),
    "DIALLED NUMBER": (Form("dialled_number", 26, free=True),),
    "MODE": (Form("dialling_mode", 1),),
    "RING": (Form("ring", 5),),
    "COST": (Form("cost", 10, justified="right"),),
    "BUSIN. CODE": (Form("account_code", 16, justified="right"),),
    "BUSIN CODE": (Form("account_code", 16, justified="right"),),
    "USER NAME": (Form("subscriber_name", 16),),
    "SUBSCRIBER NAME": (Form("subscriber_name", 16),),
    "NODE": (Form("node", 4, free=True),),
    "OPE.": (Form("carrier", 1),),
    "ACCOUNT CODE NAME": (Form("account_code_name", 16),),
}
"""Title -> what may stand below it (facts: oxo 2.1, 6.2; the width of NODE is ours)."""

_TITLE = re.compile("|".join(re.escape(title) for title in sorted(TITLES, key=len, reverse=True)))


def layout_of_headings(rows: Sequence[str]) -> Layout:
    """Return the columns below rows of titles.

    Raises:
        LayoutInvalid: the titles cannot stand over the columns of a statement.
    """
    found = sorted((title.start(), title[0]) for row in rows for title in _TITLE.finditer(row))
    if not found:
        raise LayoutInvalid("there is no title")
    places = [place for place, _ in found]
    if any(before == after for before, after in pairwise(places)):
        raise LayoutInvalid("two titles begin at the same place")
    # Before every choice is tried: a row of one title a hundred times has more than memory holds.
    if any(count > len(FORMS[title]) for title, count in Counter(t for _, t in found).items()):
        raise LayoutInvalid("the same title stands twice")
    choices = [_possible(forms) for forms in product(*(FORMS[title] for _, title in found))]
    possible = [forms for one in choices for forms in one]
    if not possible:
        raise LayoutInvalid("the same title stands twice")
    exact = [columns for forms in possible if (columns := _exact(forms, places)) is not None]
    return _layout(exact[0] if exact else _nearest(possible, places))


def _possible(forms: tuple[Form, ...]) -> Iterator[tuple[Form, ...]]:
    """Return the forms where each field is there once."""
    if len({form.field for form in forms}) == len(forms):
        yield forms


def _exact(forms: tuple[Form, ...], places: Sequence[int]) -> list[Column] | None:
    """Return the columns that begin where the titles do, if the documented widths fit."""
    if places[0] != 0:
        return None
    ends = [*(after - 1 for after in places[1:]), places[-1] + forms[-1].width]
    columns = []
    for form, begin, end in zip(forms, places, ends, strict=True):
        if end - begin != form.width and not (form.free and end > begin):
            return None
        columns.append(Column(form.field, begin + 1, end, form.justified))
    return columns


def _nearest(possible: Sequence[tuple[Form, ...]], places: Sequence[int]) -> list[Column]:
    """Return the columns of documented width that begin nearest to the titles."""

    def distance(columns: list[Column]) -> int:
        pairs = zip(columns, places, strict=True)
        return sum(abs(column.first - 1 - place) for column, place in pairs)

    return min((_in_order(forms) for forms in possible), key=distance)


def _in_order(forms: tuple[Form, ...]) -> list[Column]:
    columns: list[Column] = []
    first = 1
    for form in forms:
        columns.append(Column(form.field, first, first + form.width - 1, form.justified))
        first += form.width + 1
    return columns


def _layout(columns: Sequence[Column]) -> Layout:
    return Layout(tuple(columns), columns[-1].last)
