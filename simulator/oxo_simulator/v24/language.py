"""The languages of the print-out: titles of the columns and the letters of a wake-up line.

That the language can be chosen, the English titles, and `R` and `CH` in the line column are
documented (facts: oxo 2.1, 3.2, 6.1, 6.2). The titles of fields that the manual's two rows do not
show are those of its list; every French title is ours.
"""

from collections.abc import Mapping
from typing import NamedTuple

from oxo_tickets import Standing


class Language(NamedTuple):
    """One language: what stands in the line column of a wake-up, and each column's title."""

    wake_up: str
    titles: Mapping[str, str]
    standing: Standing


LANGUAGES: Mapping[str, Language] = {
    "english": Language(
        "R",
        {
            "IUS": "INITIAL USER",
            "SUB": "USER",
            "TYP": "TYPE",
            "TRK": "LINE",
            "DAT": "DATE",
            "TIM": "TIME",
            "DUR": "DURATION",
            "TAX": "TAXES",
            "SER": "SERV",
            "FAC": "ADD. SERVICES",
            "DNU": "DIALLED NUMBER",
            "DMO": "MODE",
            "RIN": "RING",
            "CST": "COST",
            "ACC": "BUSIN. CODE",
            "SUN": "USER NAME",
            "NOD": "NODE",
            "CAR": "OPE.",
            "IU8": "INITIAL USER",
            "SU8": "CHARGED USER",
            "TR4": "LINE 4",
        },
        Standing.DOCUMENTED,
    ),
    "french": Language(
        "CH",
        {
            "IUS": "USAG. INIT.",
            "SUB": "USAGER",
            "TYP": "TYPE",
            "TRK": "LIGNE",
            "DAT": "DATE",
            "TIM": "HEURE",
            "DUR": "DUREE",
            "TAX": "TAXES",
            "SER": "SERV",
            "FAC": "COMPL. SERVICE",
            "DNU": "NUMERO COMPOSE",
            "DMO": "MODE",
            "RIN": "SONN",
            "CST": "COUT",
            "ACC": "CODE AFFAIRE",
            "SUN": "NOM USAGER",
            "NOD": "NOEUD",
            "CAR": "OPE.",
            "IU8": "USAG. INIT.",
            "SU8": "USAGER TAXE",
            "TR4": "LIGNE 4",
        },
        Standing.OURS,
    ),
}
