"""The contract of the taxation wire as the subject is told it: a table in TOML. Pure."""

import json
from collections.abc import Mapping

SECTION = "contract."


def contract_toml(choices: Mapping[str, str]) -> str:
    """Return the table `[contract]` of docs/taxation.md from the keys of a profile.

    `choices` is dotted key -> value; keys outside `contract` are not told. A key that means
    nothing under the contract is not there, and has its default.
    """
    tables: dict[str, list[str]] = {}
    for key, value in choices.items():
        table, _, name = key.rpartition(".")
        if key.startswith(SECTION):
            # A basic string of TOML escapes as JSON does.
            tables.setdefault(table, []).append(f"{name} = {json.dumps(value, ensure_ascii=False)}")
    return "\n\n".join("\n".join([f"[{table}]", *tables[table]]) for table in sorted(tables)) + "\n"
