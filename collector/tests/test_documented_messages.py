"""What docs/collector.md quotes, the collector says."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "collector.md").read_text("utf-8")
TABLES = [part.partition("\n\n")[0] for part in PAGE.split("| it says |")[1:]]
QUOTED = [
    words
    for table in TABLES
    for line in table.splitlines()[2:]
    for words in re.findall(r"`([^`]{8,})`", line.split("|")[1])
]


def said() -> str:
    """Return the sources with their text joined over line ends, as the compiler joins it."""
    files = sorted((ROOT / "collector" / "oxo_collector").rglob("*.py"))
    return "\n".join(re.sub(r'"\s*\n\s*f?"', "", file.read_text("utf-8")) for file in files)


def test_the_tables_are_found() -> None:
    assert len(TABLES) >= 3
    assert len(QUOTED) > 50


@pytest.mark.parametrize("words", QUOTED)
def test_a_documented_message_is_one_of_the_collector(words: str) -> None:
    assert words in said()
