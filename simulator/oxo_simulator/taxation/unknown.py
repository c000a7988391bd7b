"""Operations that the contract does not have: kept, counted, with the lines that would map them.

A collector made for another contract shows what it wants by asking for it. Each distinct request
is kept once, with how often it came, and logged when it first comes; what a peer may fill is
limited. The lines are a proposal for whoever writes the profile: where the name speaks for itself
one line, else every candidate as a comment.
"""

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

import structlog

from oxo_simulator.contract_table import NAME_LENGTH_MAX, NAMESPACE_LENGTH_MAX, Contract

DISTINCT_MAX = 100
"""Most distinct operations kept; further ones are answered, and not kept."""

TEXT_LENGTH_MAX = 256
"""Longest name, namespace or action kept, in characters."""

_VERBS: Mapping[str, str] = {
    "login": "login logon signin authenticate connect open begin start",
    "get_tickets": "get fetch read retrieve poll collect list",
    "acknowledge": "ack acknowledge acknowledgement confirm commit receipt delete remove clear",
    "restart_timer": "restart reset timer keep alive keepalive ping renew refresh extend heartbeat",
    "logout": "logout logoff signout disconnect close end release quit",
}
_OBJECTS: Mapping[str, str] = {
    "get_tickets": "ticket tickets record records call calls cdr cdrs accounting taxation",
}
"""Words of the trade that name an operation: what it does; and failing that, what it is about."""

_log = structlog.get_logger()


class Unknown(NamedTuple):
    """What a request asked for, each text within its limit."""

    soap: str
    operation: str
    namespace: str
    soap_action: str


class UnknownOperations:
    """What one installation was asked for and does not have."""

    def __init__(self, contract: Contract, distinct_max: int = DISTINCT_MAX) -> None:
        self._contract = contract
        self._distinct_max = distinct_max
        self._counts: dict[Unknown, int] = {}

    def keep(self, soap: str, operation: str, namespace: str, soap_action: str | None) -> None:
        """Count one request; log it when it is the first of its kind."""
        asked = Unknown(soap, _cut(operation), _cut(namespace), _cut(soap_action or ""))
        if asked in self._counts:
            self._counts[asked] += 1
        elif len(self._counts) < self._distinct_max:
            self._counts[asked] = 1
            lines = profile_lines(self._contract, asked)
            shown = {key: value for key, value in asked._asdict().items() if key != "soap"}
            _log.warning("taxation.unknown_operation", **shown, profile_lines=lines)

    def listed(self) -> list[dict[str, str | int]]:
        """Return each with its count and its profile lines, in the order of their first coming."""
        return [
            {
                "operation": asked.operation,
                "namespace": asked.namespace,
                "soap_action": asked.soap_action,
                "count": count,
                "profile_lines": profile_lines(self._contract, asked),
            }
            for asked, count in self._counts.items()
        ]


def profile_lines(contract: Contract, asked: Unknown) -> str:
    """Propose the lines of a profile, valid TOML, that would make an operation known."""
    if len(asked.operation) > NAME_LENGTH_MAX or len(asked.namespace) > NAMESPACE_LENGTH_MAX:
        return f"# a name has at most {NAME_LENGTH_MAX} characters, a namespace of these lines 256"
    table = [*_table_lines(contract, asked)]
    operations = [*_operation_lines(contract, asked)]
    lines = ["[contract]", *table] if table else []
    if operations:
        lines += ["", "[contract.operations]"] if lines else ["[contract.operations]"]
        lines += operations
    return "\n".join(lines)


def _table_lines(contract: Contract, asked: Unknown) -> list[str]:
    lines = []
    if asked.soap != contract.soap:
        lines.append(f'soap = "{asked.soap}"')
    if asked.namespace and asked.namespace != contract.namespace:
        lines.append(f"namespace = {_toml(asked.namespace)}")
    if not asked.namespace:
        lines.append("# the operation has no namespace; a contract needs one")
    before = asked.soap_action.removesuffix(asked.operation)
    if before not in (asked.soap_action, contract.soap_action):
        lines.append(f"soap_action = {_toml(before)}")
    if contract.login == "none" and _meant(asked.operation) == {"login"}:
        lines.append('login = "operation"')
    if contract.acknowledgement != "explicit" and _meant(asked.operation) == {"acknowledge"}:
        lines.append('acknowledgement = "explicit"')
    return lines


def _operation_lines(contract: Contract, asked: Unknown) -> list[str]:
    if asked.operation in contract.operation_names.values():
        return []
    meant = _meant(asked.operation)
    named = f"= {_toml(asked.operation)}"
    if len(meant) == 1:
        return [f"{key} {named}" for key in meant]
    return [f"# {key} {named}" for key in _VERBS if not meant or key in meant]


def _meant(operation: str) -> set[str]:
    """Return the operations of ours whose words the name has most of; none, one or several."""
    found = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", operation)
    words = {word.lower() for word in found} | {"".join(found).lower()}
    words |= {first.lower() + second.lower() for first, second in pairwise(found)}
    for known in (_VERBS, _OBJECTS):
        counts = {key: len(words.intersection(names.split())) for key, names in known.items()}
        if most := max(counts.values()):
            return {key for key, count in counts.items() if count == most}
    return set()


def _cut(text: str) -> str:
    return text if len(text) <= TEXT_LENGTH_MAX else f"{text[: TEXT_LENGTH_MAX - 1]}…"


def _toml(text: str) -> str:
    """Spell a basic string of TOML."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda c: f"\\u{ord(c.group()):04x}", escaped) + '"'
