"""The evidence of a play, as files (docs/bundle.md)."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from oxo_tickets import to_ndjson

from oxo_scenarios.judge import Evidence

LEDGER = "ledger.ndjson"
TRANSCRIPT = "transcript.ndjson"
DELIVERY = "delivery.ndjson"
SHOWN = "shown.ndjson"
DELIVERY_RAW = "delivery.raw"
PROXY = "proxy.ndjson"
SUBJECT_LOG = "subject.log"
STEPS = "steps.ndjson"
RAW_BYTES_MAX = 16 * 1024 * 1024
"""More of a raw delivery is not kept; the tickets in `delivery.ndjson` are complete."""


def keep(folder: Path, evidence: Evidence, raw: bytes) -> None:
    """Write what the judge sees; `subject.log` is there already, step lines come later."""
    write_lines(folder / LEDGER, evidence.ledger)
    write_lines(folder / TRANSCRIPT, evidence.transcript)
    write_lines(folder / PROXY, evidence.proxy)
    (folder / DELIVERY).write_bytes(to_ndjson(evidence.delivery.tickets))
    if evidence.shown is not None:
        (folder / SHOWN).write_bytes(to_ndjson(evidence.shown))
    (folder / DELIVERY_RAW).write_bytes(raw[:RAW_BYTES_MAX])


def write_lines(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    """Write mappings as NDJSON."""
    encode = msgspec.json.Encoder().encode
    path.write_bytes(b"".join(encode(line) + b"\n" for line in lines))


def files(folder: Path) -> list[str]:
    """Return the names of the evidence files that a play left, empty ones left out."""
    order = (LEDGER, TRANSCRIPT, DELIVERY, DELIVERY_RAW, SHOWN, PROXY, SUBJECT_LOG, STEPS)
    return [name for name in order if (folder / name).exists() and (folder / name).stat().st_size]
