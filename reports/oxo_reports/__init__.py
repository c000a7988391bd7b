"""From a run bundle to the interoperability report: `run.json` and evidence in, HTML out.

Imports nothing of the other rooms: whoever holds a bundle can render it. The contract is
docs/bundle.md and `schema/run-1.schema.json`.
"""

from oxo_reports.bundle import UnusableBundle
from oxo_reports.rendering import render

__all__ = ["UnusableBundle", "render"]
