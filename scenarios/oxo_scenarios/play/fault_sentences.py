"""The sentences for every fault that the link knows, so that a partner can write his own features.

Each may end with `on the ports A, B`, by the names that a fault takes (docs/control.md; else: all
of them), and with `for N seconds`, after which it heals by itself (else: when the link is
restored).
"""

import re
from typing import Any

from oxo_simulator.control.messages import Fault
from pytest_bdd import parsers

_TOWARDS = r"(?: towards the (?P<towards>exchange|collector))?"
_WHERE = r"(?: on the ports? (?P<ports>[\w-]+(?:, [\w-]+)*))?"
_LASTING = r"(?: for (?P<seconds>\d+(?:\.\d+)?) seconds?)?"
NUMBERS = (
    "latency_ms",
    "jitter_ms",
    "bytes_per_second",
    "slice_bytes",
    "corrupt_every_bytes",
    "carry_bytes",
)
"""Named groups of a sentence that are parameters of a fault."""

Sentence = tuple[str, dict[str, Any]]
SENTENCES: tuple[Sentence, ...] = (
    (r"the link refuses connections", {"kind": "refuse"}),
    (r"the link takes connections and answers none", {"kind": "deaf"}),
    (r"the link is cut towards the (?P<towards>exchange|collector)", {"kind": "cut"}),
    (r"the link is silent", {"kind": "cut"}),
    (r"the link resets its connections", {"kind": "reset"}),
    (r"the (?P<gone>exchange|collector) vanishes from its connections", {"kind": "half-open"}),
    ((r"the link delays everything by (?P<latency_ms>\d+) ms"
     r"(?:, give or take (?P<jitter_ms>\d+) ms)?" + _TOWARDS), {"kind": "delay"}),
    (r"the link carries (?P<bytes_per_second>\d+) bytes? a second" + _TOWARDS,
     {"kind": "throttle"}),
    (r"the link writes (?P<slice_bytes>\d+) bytes? at a time" + _TOWARDS, {"kind": "slice"}),
    (r"the link corrupts one byte in every (?P<corrupt_every_bytes>\d+)" + _TOWARDS,
     {"kind": "corrupt"}),
    ((r"the link will be cut behind (?P<carry_bytes>\d+) bytes"
     r" towards the (?P<towards>exchange|collector)"), {"kind": "carry then cut"}),
    ((r"the connection will be reset behind (?P<carry_bytes>\d+) bytes"
     r" towards the (?P<towards>exchange|collector)"), {"kind": "carry then reset"}),
)  # fmt: skip
"""Sentence of a step -> the fault that it orders; a group that did not occur is left out."""
OTHER_END = {"exchange": "collector", "collector": "exchange"}


def fault_of(sentence: str) -> Fault | None:
    """Return the fault that a sentence orders; `None` where it is none of these."""
    for pattern, fixed in SENTENCES:
        found = re.fullmatch(pattern + _WHERE + _LASTING, sentence)
        if found:
            return _fault({**found.groupdict(), **fixed})
    return None


def _fault(told: dict[str, Any]) -> Fault:
    parameters: dict[str, Any] = {"kind": told["kind"]}
    parameters |= {name: int(told[name]) for name in NUMBERS if told.get(name)}
    towards = told.get("towards") or OTHER_END.get(told.get("gone") or "")
    if towards:
        parameters["towards"] = towards
    if told.get("ports"):
        parameters["ports"] = told["ports"].split(", ")
    if told.get("seconds"):
        parameters["heal_after_seconds"] = float(told["seconds"])
    return Fault(**parameters)


class FaultSentence(parsers.StepParser):
    """Matches every sentence above, and gives its step the `fault`."""

    def __init__(self) -> None:
        super().__init__("a fault of the link")

    def is_matching(self, name: str) -> bool:
        """Tell whether a sentence orders a fault."""
        return fault_of(name) is not None

    def parse_arguments(self, name: str) -> dict[str, Any]:
        """Return the fault."""
        return {"fault": fault_of(name)}
