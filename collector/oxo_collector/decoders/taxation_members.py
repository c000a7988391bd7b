"""Reading the members of a message by name, each exactly once, whatever its namespace.

What is missing is told together with what is there, and with the key of the contract that would
map it: whoever holds the peer's WSDL learns from the message which line to write.
"""

from lxml import etree

from oxo_collector.decoders.outcome import quoted
from oxo_collector.decoders.values import Unreadable, count
from oxo_collector.decoders.xml_document import XML_BLANKS, local_name

NAMES_COUNT_MAX = 8
"""A message names at most so many of the elements that were found."""


def child(parent: etree._Element, name: str, key: str = "") -> etree._Element:
    """Return the one child of that name; `key` is where the contract tells it.

    Raises:
        Unreadable: it is missing, or stands there more than once.
    """
    found = [one for one in parent if local_name(one) == name]
    if len(found) == 1:
        return found[0]
    reason = f"{name} stands {len(found)} times in {local_name(parent)}, not once"
    raise Unreadable(reason if found else f"{reason}{mapped_by(key)}; {names_in(parent)}")


def text(parent: etree._Element, name: str, key: str = "") -> str:
    """Return the text of the one child of that name."""
    return child(parent, name, key).text or ""


def number(parent: etree._Element, name: str, key: str = "") -> int:
    """Return the whole number in the one child of that name.

    Raises:
        Unreadable: also where it is none.
    """
    told = text(parent, name, key).strip(XML_BLANKS)
    try:
        return count(told)
    except Unreadable as fault:
        raise Unreadable(f"{name} {quoted(told)} {fault}") from None


def names_in(parent: etree._Element) -> str:
    """Say which elements stand in one."""
    names = list(dict.fromkeys(quoted(local_name(one)) for one in parent))
    if not names:
        return "nothing was found there"
    more = ", ..." if len(names) > NAMES_COUNT_MAX else ""
    return f"found there: {', '.join(names[:NAMES_COUNT_MAX])}{more}"


def mapped_by(*keys: str) -> str:
    """Name the keys of the contract that would map what was found."""
    told = [key for key in keys if key]
    if not told:
        return ""
    return f" (contract key{'s' if len(told) > 1 else ''}: {', '.join(told)})"
