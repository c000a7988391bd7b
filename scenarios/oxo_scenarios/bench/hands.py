"""A subject on another machine, moved by the operator's hands; one object a run.

It remembers whether the subject runs and how it was last told to connect, so that the operator
is asked for nothing twice.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from oxo_tickets import wire_title

from oxo_scenarios.bench.connect import Account, Target
from oxo_scenarios.bench.operator import Operator, Question
from oxo_scenarios.bench.trouble import NotDone
from oxo_scenarios.judge import Confirmation
from oxo_scenarios.subject import Remote
from oxo_scenarios.wires import HOME

if TYPE_CHECKING:
    from oxo_scenarios.bench.fresh import Holding

Keep = Callable[[Confirmation], None]
"""Takes an answer into the evidence."""


class Setting(NamedTuple):
    """How the subject is to connect; `proxy` only where the case demands one.

    Where it `listens`, the exchange connects to it, at `target`. `beside` are the other doors of
    the play, by wire.
    """

    target: Target
    proxy: Target | None = None
    wire: str = HOME
    listens: bool = False
    beside: tuple[tuple[str, Target], ...] = ()

    def words(self) -> str:
        """Say it to the operator."""
        if self.listens:
            return f"Set the collector to listen on {self.target} for the exchange's print-out."
        if self.wire != HOME:
            doors = ((self.wire, self.target), *self.beside)
            told = ", and to ".join(f"{target}, {wire_title(wire)}" for wire, target in doors)
            return f"Set the collector to connect to {told}."
        by = f"by way of the HTTP proxy {self.proxy}, with login" if self.proxy else "no proxy"
        return f"Set the collector to connect to https://{self.target}/services/taxation, {by}."


class Hands:
    """What the operator's hands do with the subject."""

    def __init__(self, remote: Remote, operator: Operator) -> None:
        """Nothing runs yet, and nothing was told."""
        self.operator = operator
        self.remote = remote
        self.running = False
        self.delivered: Holding | None = {}
        """What the play before found where the subject delivers; `None` where it did not look."""
        self._told: Setting | None = None

    def collects(self, setting: Setting) -> bool:
        """Tell whether the subject runs and connects like this already."""
        return self.running and self._told == setting

    def start(
        self,
        play: str,
        setting: Setting,
        login: Account | None,
        keep: Keep,
    ) -> None:
        """Have the subject set up, if it must connect otherwise than before, and started.

        `login` is the proxy's, shown to the operator and not kept.

        Raises:
            NotDone: the operator could not.
        """
        new = setting != self._told
        secret = (
            f"Proxy user {login.user}, proxy password {login.password}" if login and new else ""
        )
        words = self.remote.start
        if self.running:
            words = f"Stop it, and start it again. {words}"
        text = f"{setting.words() if new else ''}\n{words}"
        self._ask(Question(play, "start", text, secret=secret), keep)
        self.running, self._told = True, setting

    def stop(self, play: str, keep: Keep) -> None:
        """Have the subject stopped in peace."""
        self._ask(Question(play, "stop", self.remote.stop), keep)
        self.running = False

    def power_off(self, play: str, keep: Keep) -> None:
        """Have the subject ended as by a power cut."""
        self._ask(Question(play, "power off", self.remote.power_off), keep)
        self.running = False

    def sees_failure(self, play: str, keep: Keep) -> None:
        """Ask whether the subject shows the failed connection; either answer will do."""
        keep(self.operator.ask(Question(play, "failure message", self.remote.failure_message)))

    def _ask(self, question: Question, keep: Keep) -> None:
        confirmed = self.operator.ask(question)
        keep(confirmed)
        if confirmed.answer != "yes":
            raise NotDone(f"the operator {confirmed.by} answered no: {question.kind}")
