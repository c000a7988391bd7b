"""A subject as it runs on this machine, in one play or from one play to the next.

It is handed on whole, and only where nothing is owed: the play before was passed, so its delivery
was whole, and the next case begins with a subject that collects. What the delivery holds then is
taken out of what the next play reads (`fresh`). What comes into it between the plays belongs to
none of them, and the next one is told of it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from oxo_scenarios.bench.fresh import Holding
from oxo_scenarios.bench.offspring import Offspring
from oxo_scenarios.bench.output import Output
from oxo_scenarios.bench.program import Program
from oxo_scenarios.bench.redaction import Redaction
from oxo_scenarios.subject import Subject

if TYPE_CHECKING:
    from oxo_scenarios.bench.connect import Target


class Handover(NamedTuple):
    """The note pinned to a subject that one play leaves running for another.

    Attributes:
        before: the play that left it running.
        after: the play that takes it over.
        delivered: what the play before found in its delivery.
    """

    before: str
    after: str
    delivered: Holding


class RunningSubject:
    """What the bench has of a subject; of one in an operator's hands, folder and log alone.

    Attributes:
        work: its working folder.
        output: its log, which has no file between plays.
        offspring: what it has started itself.
        program: its process, from its start until the bench has ended it.
        environment: what it was told when it was started.
        target: where it meets the exchange, once that is known.
        handover: the note of the play that left it running; `None` once the bench has ended it.
    """

    def __init__(self, work: Path, output: Output) -> None:
        """Nothing runs yet; all that descends from the bench now is not the subject's."""
        self.work = work
        self.output = output
        self.offspring = Offspring(work)
        self.program: Program | None = None
        self.environment: Mapping[str, str] = {}
        self.target: Target | None = None
        self.handover: Handover | None = None

    @property
    def running(self) -> bool:
        """Tell whether its process lives."""
        return self.program is not None and self.program.running

    @property
    def gone(self) -> bool:
        """Tell whether it has ended by itself."""
        return self.program is not None and not self.program.running

    @property
    def status(self) -> int | None:
        """Return its exit status; negative is the signal that ended it."""
        return self.program.status if self.program is not None else None

    def start(self, subject: Subject, environment: Mapping[str, str]) -> None:
        """Start it and wait until it is ready.

        Raises:
            SubjectFailed: its command cannot be started, or it does not get ready in time.
        """
        self.environment = environment
        self.program = Program(subject, environment, self.output, self.offspring)
        self.program.wait_ready()

    def stop(self) -> str | None:
        """Stop it in peace, if it was started; return what was wrong with its end, if anything."""
        if self.program is None:
            return None
        trouble = self.program.stop()
        if trouble:
            self.output.note(self.output.redaction.text(trouble))
        self.program = self.handover = None
        return trouble

    def kill(self) -> None:
        """End it as a power cut would; it was started.

        Raises:
            BenchBroken: the machine does not end it.
        """
        assert self.program is not None
        self.program.kill()
        self.output.note("the bench killed the subject")
        self.program = self.handover = None

    def anew(self, work: Path) -> "RunningSubject":
        """Stop it, and return it as before its first start: another folder, the same log."""
        if self.program is not None:
            self.program.stop()
        return RunningSubject(work, self.output)

    def leave(self, handover: Handover) -> None:
        """Take it out of the play that leaves it running; what it prints now waits for `move`."""
        self.output.leave()
        self.handover = handover

    def move(self, log: Path, redaction: Redaction) -> None:
        """Bring it into the play that takes it over."""
        assert self.handover is not None
        self.output.move(log, redaction)
        self.output.note(f"the subject goes on running since the play {self.handover.before}")

    def end(self) -> None:
        """End everything of it at once; its log is closed even where that fails.

        Raises:
            BenchBroken: the machine does not end it, or something that it has started.
        """
        try:
            if self.program is not None:
                self.program.kill()
                self.program = None
            self.offspring.end()
        finally:
            self.output.close()
