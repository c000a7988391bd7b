"""`oxo-certify check`: a subject's folder tried alone, against an exchange with a ticket.

No verdict, no bundle: every part of the door is tried once, in the order in which a case needs
it. What does not work is told with whose it is to mend and the key that is likely to be wrong.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec
from oxo_simulator.control.messages import CallOrder
from oxo_tickets import Kind, carriage

from oxo_scenarios.bench.play import Play
from oxo_scenarios.bench.stand import Stand
from oxo_scenarios.bench.trouble import NotDone, SubjectFailed
from oxo_scenarios.catalogue import Catalogue, Planned
from oxo_scenarios.judge import Delivery, judge
from oxo_scenarios.play.meeting import seen
from oxo_scenarios.subject import DeliveryDoor
from oxo_scenarios.verdict import Verdict

CASE = "BU1"
"""The case whose demands the one ticket is held against: collected, delivered once, unchanged."""
LIMIT_SECONDS = 10.0
LOG_LINES = 5
APPOINTMENT = ("106", "07:05")
"""Programmed besides for a subject that says where it shows appointments."""
CALL = CallOrder(direction="outgoing", user="104", number="0388551122", call_seconds=50, units=2)


class Remark(NamedTuple):
    """What one step of the trial came to.

    Attributes:
        step: which part of the door.
        right: whether it works.
        told: what was seen.
        mend: whose it is, and which key of subject.toml to look at; blank where all is right.
    """

    step: str
    right: bool
    told: str
    mend: str = ""


MEND = {
    "version": "your version command: [subject] version_command, or give version instead",
    "start": "your start command: [start] command, ready_log, ready_seconds_max",
    "connect": "your collector, or what its start command makes of OXO_URL, OXO_CA_FILE, OXO_USER "
    "and OXO_PASSWORD (another wire than taxation: OXO_NMC_..., OXO_V24_..., OXO_OHL_..., "
    "OXO_ACCOUNT_..., OXO_STREAM_...)",
    "by hand": "the settings on its machine: address, port, account, certificate; or a firewall",
    "collect": "your collector: it has a session and does not fetch and acknowledge what waits",
    "delivery": "[delivery] of your subject.toml: {place}",
    "ticket": "[delivery] of your subject.toml: columns and values, or your collector itself",
    "shown": "[shown] of your subject.toml: {place}, columns and values; or your collector itself",
    "stop": "[stop] of your subject.toml: signal or command, seconds_max",
}
HANDS_MEND = "the operator: the step was not done"
Tell = Callable[[Remark], None]


class _Ended(Exception):
    """A step failed, and those after it need it."""


def trial(stand: Stand, catalogue: Catalogue, tell: Tell) -> bool:
    """Try every part of the door; return whether all of them work.

    Raises:
        BenchBroken: the bench itself failed.
    """
    told: list[Remark] = []

    def note(remark: Remark) -> None:
        told.append(remark)
        tell(remark)

    with tempfile.TemporaryDirectory() as folder:
        try:
            with _step("version", note):
                version = stand.subject_version()
            note(Remark("version", right=True, told=version))
            _try_play(stand, catalogue, Path(folder), note)
        except _Ended:
            pass
    return all(remark.right for remark in told)


def _try_play(stand: Stand, catalogue: Catalogue, folder: Path, note: Tell) -> None:
    limit = {"limit_seconds": LIMIT_SECONDS}
    claim = stand.subject.settings.claim
    home = next(each for each in catalogue.plays(claim) if each.case.id == CASE)
    demands = (*home.case.demands, *(["shown"] if _shows(stand, home) else []))
    case = msgspec.structs.replace(home.case, demands=demands, **limit)
    planned = home._replace(play="check", case=case)
    play = Play(stand, planned, folder / "check")
    try:
        play.install()
        play.call(CALL)
        if "shown" in demands:
            play.appoint(*APPOINTMENT)
        if play.wire == "account":
            play.close_account_file()
        _try_program(play, note, folder)
        place = _place(stand.subject.settings.delivery)
        with _step("delivery", note, place):
            delivery = play.delivery_now()
        _note_delivery(delivery, note, place)
        _try_stop(play, note)
        _try_tickets(play, planned, note)
    finally:
        play.abandon()


def _try_program(play: Play, note: Tell, folder: Path) -> None:
    """Start it, and let it connect and collect; what the exchange saw helps to find a mistake."""
    if play.by_hand:
        with _step("by hand", note, more=lambda: _seen(play)):
            play.start()
    else:
        with _step("start", note, log=folder):
            play.start()
        note(Remark("start", right=True, told="started and ready"))
    with _step("connect", note, log=folder, more=lambda: _seen(play)):
        play.await_session()
    note(Remark("connect", right=True, told="a session was opened"))
    with _step("collect", note, log=folder, more=lambda: _seen(play)):
        play.await_collected()
    note(Remark("collect", right=True, told="the ticket was collected"))


def _try_stop(play: Play, note: Tell) -> None:
    with _step("stop", note):
        trouble = play.stop()
    note(Remark("stop", trouble is None, trouble or "stopped in peace",
                MEND["stop"] if trouble else ""))  # fmt: skip


def _shows(stand: Stand, home: Planned) -> bool:
    """Tell whether it names a place for appointments, and its wire has any to show."""
    through = carriage(home.case.wire, home.tag_set)
    return stand.subject.settings.shown is not None and through.carries(
        "reminder_time", Kind.REMINDER
    )


def _try_tickets(play: Play, planned: Planned, note: Tell) -> None:
    """Hold what was delivered, and what is shown, against what the exchange made."""
    evidence = play.conclude()
    judgement = judge(planned.case, planned.tag_set, evidence)
    reasons = {
        demand: finding.reason or demand
        for finding in judgement.findings
        if finding.verdict is Verdict.NOK
        for demand in [finding.demand]
    }
    wrong = [reasons[x] for x in ("exactly once", "readable delivery") if x in reasons]
    told = "; ".join(wrong) or "reads as the exchange wrote it"
    note(Remark("ticket", not wrong, told, MEND["ticket"] if wrong else ""))
    door = play.shown_door()
    if door is not None:
        unread = [each.text for each in evidence.incidents if each.fault == "subject"]
        wrong = [*unread, *(reasons[x] for x in ("shown",) if x in reasons)]
        told = "; ".join(wrong) or "the appointment stands in what it shows"
        mend = MEND["shown"].format(place=_place(door))
        note(Remark("shown", not wrong, told, mend if wrong else ""))


def _note_delivery(delivery: Delivery, note: Tell, place: str) -> None:
    mend = MEND["delivery"].format(place=place)
    if delivery.unreadable:
        first = delivery.unreadable[0]
        told = f"line {first.line} is no ticket: {first.reason}"
        note(Remark("delivery", right=False, told=told, mend=mend))
    elif not delivery.tickets:
        told = "no ticket in it, although one was acknowledged"
        note(Remark("delivery", right=False, told=told, mend=mend))
    else:
        count = len(delivery.tickets)
        told = f"{count} ticket{'s' * (count > 1)} with {len(delivery.shown)} fields"
        note(Remark("delivery", right=True, told=told))


@contextmanager
def _step(
    name: str,
    note: Tell,
    place: str = "",
    *,
    log: Path | None = None,
    more: Callable[[], str] = str,
) -> Iterator[None]:
    """Tell of a step that fails, with what else is known, and end the trial there."""
    try:
        yield
    except SubjectFailed as failure:
        told = "\n".join(filter(None, [str(failure), more(), _log_end(log)]))
        note(Remark(name, right=False, told=told, mend=MEND[name].format(place=place)))
        raise _Ended from None
    except NotDone as left:
        note(Remark(name, right=False, told=str(left), mend=HANDS_MEND))
        raise _Ended from None


def _place(door: DeliveryDoor) -> str:
    """Name the key that says where the delivery, or what is shown, is."""
    named = {"file": door.file, "folder": door.folder, "url": door.url, "command": door.command}
    return next((f"{key} = {value!r}" for key, value in named.items() if value is not None), "")


def _seen(play: Play) -> str:
    """Say what the exchange saw of the subject."""
    found = list(dict.fromkeys(filter(None, map(seen, play.ledger_lines()))))
    if not found:
        return "the exchange saw no connection at all"
    told = f"the exchange saw {'; '.join(found)}"
    if not any(line.event in ("refused", "session opened") for line in play.ledger_lines()):
        told += "; no request came of it: does it trust the certificate in OXO_CA_FILE?"
    return told


def _log_end(folder: Path | None) -> str:
    """Return the last lines that the subject printed."""
    if folder is None:
        return ""
    printed = (folder / "check" / "subject.log").read_bytes()[-4096:].decode("utf-8", "replace")
    lines = [line for line in printed.splitlines() if line.strip()][-LOG_LINES:]
    shown = ["".join(c if c.isprintable() else " " for c in line)[:200] for line in lines]
    return "\n".join(["its last words:", *(f"  {line}" for line in shown)]) if shown else ""
