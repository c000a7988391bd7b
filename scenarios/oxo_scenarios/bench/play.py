"""One play: what a scenario may do to exchange and subject, and the evidence it leaves.

Every wait (`waits`) is for an event of the ledger and has the case's limit. A play never judges. It
raises `SubjectFailed` where the subject did not do its part; all else that goes wrong is the
bench's own failure.
"""

from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from oxo_simulator.control.messages import Installation
from oxo_tickets import Ticket

from oxo_scenarios.bench import ledger as ask
from oxo_scenarios.bench.by_hand import ByHand
from oxo_scenarios.bench.clock import utc_now
from oxo_scenarios.bench.connect import Target
from oxo_scenarios.bench.delivered import DeliveryReader
from oxo_scenarios.bench.environment import ProxyAccess
from oxo_scenarios.bench.evidence import keep
from oxo_scenarios.bench.fresh import Holding, fresh_count
from oxo_scenarios.bench.hands import Setting
from oxo_scenarios.bench.installing import opening
from oxo_scenarios.bench.ledger import Ledger
from oxo_scenarios.bench.orders import Orders
from oxo_scenarios.bench.output import Output
from oxo_scenarios.bench.running import Handover, RunningSubject
from oxo_scenarios.bench.stand import Stand
from oxo_scenarios.bench.trouble import BenchBroken, SubjectFailed
from oxo_scenarios.catalogue import Planned
from oxo_scenarios.delivery import read_delivery, read_shown
from oxo_scenarios.judge import Confirmation, Delivery, Evidence, Incident, Restart
from oxo_scenarios.subject import DeliveryDoor
from oxo_scenarios.wires import FAILURE_MESSAGE, HOME

if TYPE_CHECKING:
    from oxo_scenarios.bench.proxy import Proxy


class Play(Orders):
    """One case under one tag set, on a stand.

    Attributes:
        planned: the case and its tag set.
        folder: its evidence folder in the bundle.
        incidents: what kept the case from being played as written.
        unknown_operations: what the subject called and the profile does not know, at the end.
        collects_from_the_start: the case begins with a collector that collects; a remote one that
            runs already need not be stopped first.
    """

    def __init__(
        self, stand: Stand, planned: Planned, folder: Path, *, day: int = 0, after: str = ""
    ) -> None:
        """Make the evidence folder, and the subject's empty working folder if it does not run yet.

        `day` is the play's own, counted from the profile's; `after` names the play that comes next
        and takes the subject over, where its case allows it.
        """
        self.planned = planned
        self.folder = folder
        self.incidents: list[Incident] = []
        folder.mkdir(parents=True)
        self.unknown_operations: list[dict[str, Any]] = []
        self._stand = stand
        self._day, self._after = day, after
        self._closing = ExitStack()
        self._subject = self._subject_of_play()
        self.wire = planned.wire
        self._ledger = Ledger(stand.exchange.control, self.wire)
        self._proxy: Proxy | None = None
        self._host = stand.first_address
        self._port = "standard"
        self._restarts: list[Restart] = []
        self._ended: Restart | None = None
        self._away_from: int | None = None
        self._away_to: int | None = None
        self._hands: ByHand | None = None
        if stand.hands is not None:
            self._hands = ByHand(stand.hands, planned.play, self._subject.output)
        self._reset_seconds = stand.reset_seconds
        self._before: Holding | None = None
        self._shown_before: Holding | None = None
        self._seen: Holding = {}
        self._handed_on = False
        self.collects_from_the_start = False

    def _subject_of_play(self) -> RunningSubject:
        """Return the subject that was left running for this play, or one that does not run yet."""
        log, redaction = self.folder / "subject.log", self._stand.redaction()
        found = self._stand.take_over(self.planned.play)
        if found is None:
            work = self._stand.work_folder(self.planned.play)
            found = RunningSubject(work, Output(log, redaction))
        else:
            found.move(log, redaction)
        return found

    def _begin_afresh(self, why: str) -> None:
        """End a subject that was taken over; the play begins like any other."""
        self._subject.output.note(f"the subject is started anew: {why}")
        self._subject = self._subject.anew(self._stand.work_folder(self.planned.play))
        self._before = self._shown_before = None

    # --- Given ---

    def install(
        self, tag_set: str | None = None, *, start: datetime | None = None, **overrides: Any
    ) -> None:
        """Put a fresh exchange in place: empty buffer, new ledger, its wall clock at `start`."""
        self._stand.exchange.check()
        self._stand.come_home()
        self._began, own_day = self._stand.begins_at(self._day, start)
        if not own_day:
            self._after = ""
        wanted = tag_set or self.planned.tag_set
        if wanted != self.planned.tag_set:
            raise ValueError(f"{self.planned.play} is not played with the {wanted} tags")
        if self._hands is not None:
            self._hands.have_off(collects_from_the_start=self.collects_from_the_start)
        if self._subject.handover is not None:
            self._meet_again(self._subject.handover, own_day=own_day)
        self._installed = Installation(
            profile=self._stand.conditions.profile,
            overrides={
                **self._stand.overrides_on(self.wire, wanted, self._target()),
                "mode": self.planned.mode,
                **self._stand.of_day(self.wire, self._day),
                **{name.replace("__", "."): value for name, value in overrides.items()},
            },
            tag_set=opening(self.wire, wanted).tags,
            seed=self._stand.conditions.seed,
            start=self._began,
        )
        self._stand.install(self._installed)
        self._ledger = Ledger(self._stand.exchange.control, self.wire)
        if self._hands is not None and self._before is None:
            last, self._hands.hands.delivered = self._hands.hands.delivered, None
            self._before = self._reader(None).standing(last)
            if (shown := self._stand.subject.settings.shown) is not None:
                self._shown_before = self._reader(None, shown).holding()

    def _meet_again(self, handover: Handover, *, own_day: bool) -> None:
        """See what a subject that goes on running has delivered, before anything new is made."""
        if self._subject.gone:
            self._begin_afresh(f"it ended by itself, with status {self._subject.status}")
        elif not (own_day and self.collects_from_the_start):
            self._begin_afresh("the case begins otherwise")
        elif self._before is None:
            self._before = self._reader(None).standing(handover.delivered)
            if (door := self.shown_door()) is not None:
                self._shown_before = self._reader(None, door).holding()
            header = self._stand.subject.settings.delivery.format == "csv"
            if late := fresh_count(handover.delivered, self._before, header=header):
                text = (
                    f"{late} lines came into its delivery after everything of "
                    f"the play {handover.before} had stood there"
                )
                self.incidents.append(Incident(fault="subject", text=text))

    def use_proxy(self) -> None:
        """Let the subject reach the exchange through the proxy only."""
        proxy = self._stand.proxy()
        self._proxy = self._closing.enter_context(proxy)
        self._stand.keep_proxy(proxy)
        self._subject.output.redaction = self._stand.redaction(proxy.account)

    def use_name(self) -> None:
        """Tell the subject a name instead of an address."""
        self._host = self._stand.host_name

    def assert_off(self) -> None:
        """See that no session was opened yet."""
        self._ledger.refresh()
        if ask.count(self._ledger.seen, "session opened"):
            raise BenchBroken("somebody opened a session before the collector was started")

    # --- The subject ---

    def start(self, port: str | None = None) -> None:
        """Start the subject and wait until it is ready."""
        self._port = port or self._port
        self._stand.tell(self._stand.exchange.state())
        if self._ended is not None:
            again = msgspec.structs.replace(self._ended, started=utc_now())
            self._restarts.append(again)
        if self._hands is not None:
            login = self._proxy.account if self._proxy is not None else None
            seconds = self._stand.conditions.connect_seconds
            self._hands.start(self._setting(), login, self._ledger, seconds)
            return
        self._subject.start(self._stand.subject, self._environment())

    def start_collecting(self) -> None:
        """Start the subject and wait until it has opened a session."""
        if self._subject.handover is not None:
            if self._environment() != self._subject.environment:
                self._begin_afresh("it is to connect otherwise")
            elif not self._comes_back():
                self._begin_afresh(self._ending())
            else:
                return
        if self._hands is None or not self._hands.collects(self._setting()):
            self.start()
        self.await_session()

    def _comes_back(self) -> bool:
        """Wait for the session of a subject that goes on running; False where it has ended."""
        try:
            self.await_session()
        except SubjectFailed:
            if not self._gone():
                raise
            return False
        return True

    def stop(self) -> str | None:
        """Stop the subject in peace; return what was wrong with its end, if anything."""
        if self._hands is not None and self._hands.stop():
            self._remember_end("hand")
        if self._subject.program is None:
            return None
        trouble = self._subject.stop()
        stop = self._stand.subject.settings.stop
        self._remember_end("command" if stop.command else stop.signal or "TERM")
        return trouble

    def kill(self) -> None:
        """End the subject as a power cut would."""
        if self._hands is not None:
            self._hands.power_off()
            self._remember_end("KILL")
            return
        if self._gone():
            raise SubjectFailed(self._ending())
        self._subject.kill()
        self._remember_end("KILL")

    def kill_idle(self) -> None:
        """End it so while nothing is under way, and wait until the exchange has noticed."""
        self.kill()
        self.await_session_closed()

    def ask_failure_message(self) -> None:
        """Ask the operator of a remote subject whether it shows the failed connection."""
        if self._hands is not None:
            self._hands.sees_failure()

    # --- Looking on ---

    @property
    def confirmations(self) -> tuple[Confirmation, ...]:
        """Return what the operator has answered in this play so far."""
        return tuple(self._hands.confirmations) if self._hands is not None else ()

    @property
    def by_hand(self) -> bool:
        """Tell whether an operator moves the subject."""
        return self._hands is not None

    def ledger_lines(self) -> ask.Lines:
        """Return what has happened at the exchange in this play."""
        self._ledger.refresh()
        return self._ledger.lines

    def delivery_now(self) -> Delivery:
        """Read the delivery once, while the subject runs."""
        raw = self._reader(self._before).settled()
        return read_delivery(raw, self._stand.subject.settings.delivery)

    # --- The end ---

    @property
    def may_go_on(self) -> bool:
        """Tell whether the next play could take the subject over, if all of this one is well."""
        usual = self._proxy is None and self._host == self._stand.first_address
        return bool(self._after) and usual and self._subject.running and not self.incidents

    def go_on(self) -> None:
        """Leave the subject running for the next play: nothing of this one is owed."""
        self._subject.leave(Handover(self.planned.play, self._after, self._seen))
        self._stand.leave_running(self._subject)
        self._handed_on = True

    def conclude(self, *, running: bool = False) -> Evidence:
        """Read the delivery, stop the subject, gather the evidence and write it down.

        `running`: the subject is not stopped yet; it is read and judged as it is, and either goes
        on (`go_on`) or is concluded again.
        """
        self._ledger.refresh()
        shown = self._shown()
        raw, delivery = self._delivered(running=running)
        if not running:
            self._end()
        self._ledger.refresh()
        self._see_log_whole()
        self.unknown_operations = self._stand.exchange.unknown_operations()
        subject = self._stand.subject.settings
        evidence = Evidence(
            ledger=ask.evidence(self._ledger.lines),
            transcript=self._stand.exchange.control.transcript(),
            proxy=self._passages(),
            delivery=delivery,
            subject_log=self._subject.output.path.read_bytes(),
            failure_log=self._failure_log(),
            failure_pattern=subject.log.failure,
            appointments=subject.capabilities.appointments,
            restarts=tuple(self._restarts),
            incidents=tuple(self.incidents),
            host_name=self._stand.host_name or self._stand.address,
            confirmations=self.confirmations,
            shown=shown,
        )
        keep(self.folder, evidence, raw)
        return evidence

    def abandon(self) -> None:
        """End everything of this play at once.

        Raises:
            BenchBroken: something of the subject lives on.
        """
        try:
            if not self._handed_on:
                self._subject.end()
        finally:
            self._closing.close()

    def _delivered(self, *, running: bool) -> tuple[bytes, Delivery]:
        """Read the delivery when it has settled, and stop the subject in peace, if asked."""
        reader = self._reader(self._before)
        try:
            raw = reader.settled()
            self._seen = reader.seen
            if running:
                return raw, read_delivery(raw, self._stand.subject.settings.delivery)
            self._stop_program()
            told = reader.final(raw)
        except SubjectFailed as failure:
            # Where the bench broke before, the subject may never have been started.
            if all(incident.fault != "bench" for incident in self.incidents):
                self.incidents.append(Incident(fault="subject", text=str(failure)))
            self._stop_program()
            return b"", Delivery()
        if self._hands is not None:
            self._hands.hands.delivered = reader.seen
        return told

    def shown_door(self) -> DeliveryDoor | None:
        """Return where the subject shows appointments and rooms, if the case asks for it."""
        return self._stand.subject.settings.shown if "shown" in self.planned.case.demands else None

    def _shown(self) -> tuple[Ticket, ...] | None:
        """Read what the subject shows, where the case asks for it and there is a place to look."""
        door = self.shown_door()
        if door is None:
            return None
        reader = self._reader(self._shown_before, door)
        try:
            told = read_shown(reader.settled(), door)
        except SubjectFailed as failure:
            self.incidents.append(Incident(fault="subject", text=str(failure)))
            return ()
        if told.unreadable:
            line = told.unreadable[0]
            text = f"what it shows has an unreadable line {line.line}: {line.reason}"
            self.incidents.append(Incident(fault="subject", text=text))
        return told.tickets

    def _reader(self, before: Holding | None, door: DeliveryDoor | None = None) -> DeliveryReader:
        return DeliveryReader(
            self._stand.subject, self._environment(), self._subject.output.redaction, before, door
        )

    def _stop_program(self) -> None:
        """A subject in hands goes on: the next case says whether it has to be stopped."""
        if self._hands is None:
            self.stop()

    def _setting(self) -> Setting:
        proxy = None
        if self._proxy is not None:
            proxy = Target(self._proxy.host, self._proxy.port)
        listens = self._stand.subject.settings.claim.is_called(self.wire)
        beside = self._stand.beside(self.wire)
        return Setting(self._target(), proxy, self.wire, listens, beside)

    def _target(self) -> Target:
        """Return where exchange and subject meet; a listener stays where it is for the play."""
        subject = self._subject
        if self.wire == HOME or subject.target is None:
            subject.target = self._stand.target(self.wire, self._host, self._port)
        return subject.target

    def _passages(self) -> list[dict[str, Any]]:
        """Return the proxy's journal; what a subject asked it for may hold a secret."""
        clean = self._subject.output.redaction.text
        return [
            {
                name: clean(value) if isinstance(value, str) else value
                for name, value in line.items()
            }
            for line in (self._proxy.journal() if self._proxy else [])
        ]

    def _end(self) -> None:
        """Close what the evidence must not see moving any more."""
        self._subject.output.close()
        self._closing.close()

    def _came_back(self) -> None:
        if self._away_from is not None:
            self._away_to = self._subject.output.size

    def _gone(self) -> bool:
        return self._subject.gone

    def _ending(self) -> str:
        return f"the subject ended by itself, with status {self._subject.status}"

    @property
    def limit_seconds(self) -> float:
        """Return the case's limit; who asks seldom needs two of its rounds besides."""
        rounds = 2 * self._hands.hands.remote.poll_seconds if self._hands is not None else 0
        return self.planned.case.limit_seconds + rounds

    def _environment(self) -> dict[str, str]:
        proxy = None
        if self._proxy is not None:
            proxy = ProxyAccess(Target(self._proxy.host, self._proxy.port), self._proxy.account)
        return self._stand.environment(self.wire, self._target(), self._subject.work, proxy)

    def _remember_end(self, by: str) -> None:
        self._ledger.refresh()
        last = self._ledger.lines[-1].n if self._ledger.lines else 0
        self._ended = Restart(after_line=last, signal=by)

    def _see_log_whole(self) -> None:
        """A log that was cut cannot show that a failure was not told of."""
        asked = FAILURE_MESSAGE in self.planned.case.demands
        cut_at = self._subject.output.cut_at
        if asked and self._stand.subject.settings.log.failure and cut_at:
            text = f"the log of the subject was cut at {cut_at} bytes"
            self.incidents.append(Incident(fault="nobody", text=text))

    def _failure_log(self) -> tuple[int, int] | None:
        output = self._subject.output
        if self._away_from is None or output.cut_at:
            return None
        return self._away_from, self._away_to or output.size
