"""A subject in the operator's hands, in one play: what is asked, and what was answered."""

import msgspec

from oxo_scenarios.bench import ledger as ask
from oxo_scenarios.bench.connect import Account
from oxo_scenarios.bench.hands import Hands, Setting
from oxo_scenarios.bench.ledger import Ledger
from oxo_scenarios.bench.output import Output
from oxo_scenarios.bench.trouble import SubjectFailed
from oxo_scenarios.judge import Confirmation


class ByHand:
    """What a play asks of the hands.

    Attributes:
        hands: those of the run.
        confirmations: what the operator has answered in this play.
    """

    def __init__(self, hands: Hands, play: str, output: Output) -> None:
        """Ask in the name of `play`; a note of every answer goes into `output`."""
        self.hands = hands
        self.confirmations: list[Confirmation] = []
        self._play = play
        self._output = output

    def have_off(self, *, collects_from_the_start: bool) -> None:
        """A case that begins without the collector must not find it running."""
        if self.hands.running and not collects_from_the_start:
            self.hands.stop(self._play, self._keep)

    def collects(self, setting: Setting) -> bool:
        """Tell whether the subject runs and connects like this already."""
        return self.hands.collects(setting)

    def start(
        self, setting: Setting, login: Account | None, ledger: Ledger, seconds_max: float
    ) -> None:
        """Have it started, and wait for its session: hands and machines take their time.

        Raises:
            NotDone: the operator could not.
            SubjectFailed: it opened no session in time.
        """
        ledger.refresh()
        asked_at = ledger.lines[-1].n if ledger.lines else 0
        self.hands.start(self._play, setting, login, self._keep)

        def connected(lines: ask.Lines) -> bool:
            return any(line.event == "session opened" for line in lines if line.n > asked_at)

        if not ledger.wait(connected, seconds_max):
            raise SubjectFailed(f"the subject did not open a session within {seconds_max:g} s")

    def stop(self) -> bool:
        """Have it stopped in peace, if it runs; tell whether it did."""
        if not self.hands.running:
            return False
        self.hands.stop(self._play, self._keep)
        return True

    def power_off(self) -> None:
        """Have it ended as by a power cut."""
        self.hands.power_off(self._play, self._keep)

    def sees_failure(self) -> None:
        """Ask whether the subject shows the failed connection."""
        self.hands.sees_failure(self._play, self._keep)

    def _keep(self, confirmation: Confirmation) -> None:
        text = self._output.redaction.text(confirmation.text)
        self.confirmations.append(msgspec.structs.replace(confirmation, text=text))
        self._output.note(f"{confirmation.question}: {confirmation.answer} ({confirmation.by})")
