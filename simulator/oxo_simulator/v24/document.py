"""What is printed for a guest, as rows of text: title, one row an item, footnote, a blank row.

Which documents there are and what they list is documented (facts: oxo 4); how they look is ours.
A heading is the item's name in words, padded, so that the values stand below each other.
"""

from collections.abc import Mapping, Sequence
from typing import get_args

from oxo_simulator.exchange.notices import DocumentKind, Notice
from oxo_simulator.v24.codec import printable
from oxo_simulator.v24.mapping import masked
from oxo_simulator.v24.settings import V24Settings

TITLES: Mapping[str, str] = {
    "guest information": "GUEST INFORMATION",
    "guest bill": "GUEST GLOBAL BILL",
    "booth bill": "PHONE BOOTH BILL",
}
"""Kind -> title; documents are the notices of these kinds."""

HEADING_CHARACTERS = 24
_FOOTNOTE = "footnote"

assert set(TITLES) == set(get_args(DocumentKind))


def is_document(notice: Notice) -> bool:
    """Tell whether a notice is something to print."""
    return notice.kind in TITLES


def rows(notice: Notice, settings: V24Settings) -> Sequence[str]:
    """Return the rows of a document, the blank one at its end too; an empty footnote is none."""
    items = dict(notice.items)
    footnote = items.pop(_FOOTNOTE, "")
    listed = [f"{heading(n):<{HEADING_CHARACTERS}} : {_value(n, items, settings)}" for n in items]
    last = [footnote] if footnote.strip() else []
    return [printable(row.rstrip()) for row in (TITLES[notice.kind], *listed, *last, "")]


def heading(name: str) -> str:
    """Say an item's name in words: `guest_name` is `Guest name`, `vat_rate` is `VAT rate`."""
    words = name.replace("_", " ")
    return "VAT" + words[3:] if words.startswith("vat") else words.capitalize()


def _value(name: str, items: Mapping[str, str], settings: V24Settings) -> str:
    if name != "number":
        return items[name]
    return masked(items[name], settings.mask_digits, settings.mask_character)
