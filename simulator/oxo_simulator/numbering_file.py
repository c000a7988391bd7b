"""The file of an exchange of one's own: read once, when its profile is."""

import tomllib
from pathlib import Path

from oxo_simulator.exchange.numbering import NumberingPlan, PlanUnusable

PLAN_BYTES_MAX = 1024 * 1024


def read_plan(file: Path) -> NumberingPlan:
    """Read sets, groups and trunks from TOML.

    Raises:
        PlanUnusable: names the file, the entry, and what is allowed.
    """
    if file.exists() and not (file.is_file() or file.is_dir()):
        # A pipe would keep the exchange waiting for somebody to write into it.
        raise PlanUnusable(f"{file}: no regular file")
    try:
        with file.open("rb") as opened:
            content = opened.read(PLAN_BYTES_MAX + 1)
    except OSError as error:
        raise PlanUnusable(f"{file}: {error.strerror}") from error
    if len(content) > PLAN_BYTES_MAX:
        raise PlanUnusable(f"{file}: more than {PLAN_BYTES_MAX} bytes")
    try:
        return NumberingPlan.of(tomllib.loads(content.decode("utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PlanUnusable(f"{file}: no TOML: {error}") from None
    except PlanUnusable as error:
        raise PlanUnusable(f"{file}: {error}") from None
