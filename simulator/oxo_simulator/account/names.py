"""Names of account files: TAX, five letters that count in base 26, .DAT (facts: oxe 3.1).

Documented; that the count begins again at AAAAA behind ZZZZZ is inferred. There are 11,881,376
names, thirteen hundred years of an hourly file.
"""

from typing import Final

LETTERS_COUNT: Final = 5
_BASE: Final = 26
INDEX: Final = "ACCOUNT.LIS"
OPEN: Final = "tax.tmp"


def file_name(count: int) -> str:
    """Return the name that so many names stand before, counted from AAAAA and round again."""
    letters = ""
    for _ in range(LETTERS_COUNT):
        count, letter = divmod(count, _BASE)
        letters = chr(ord("A") + letter) + letters
    return f"TAX{letters}.DAT"


def count_of(letters: str) -> int:
    """Return how many names stand before the one of these five capital letters."""
    count = 0
    for letter in letters:
        count = count * _BASE + ord(letter) - ord("A")
    return count
