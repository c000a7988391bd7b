"""A subject of this machine that goes on running from one play to the next.

Only where nothing is owed: the play before was passed, so its delivery was whole, and the next
case begins with a subject that collects. What the delivery holds then is taken out of what the
next play reads (`fresh`). What comes into it between the plays belongs to none of them, and the
next one is told of it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from oxo_scenarios.bench.connect import Target
from oxo_scenarios.bench.fresh import Holding
from oxo_scenarios.bench.offspring import Offspring
from oxo_scenarios.bench.output import Output
from oxo_scenarios.bench.program import Program


class Lasting(NamedTuple):
    """One running subject between two plays.

    Attributes:
        before: the play that left it running.
        after: the play that takes it over.
        program: its process.
        environment: what it was told when it was started.
        work: its working folder.
        offspring: what it has started itself.
        output: its log, which has no file between plays.
        target: where it meets the exchange.
        delivered: what the play before found in its delivery.
    """

    before: str
    after: str
    program: Program
    environment: Mapping[str, str]
    work: Path
    offspring: Offspring
    output: Output
    target: Target | None
    delivered: Holding

    def end(self) -> None:
        """End it at once; nobody takes it over.

        Raises:
            BenchBroken: the machine does not end it.
        """
        self.program.kill()
        self.output.close()
