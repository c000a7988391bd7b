"""The faults of a link: those in force, those that are armed, and when each ends.

Each fault that strikes has a name in the ledger, `f1` and on. It ends when the link is restored, by
itself after its time, or when it has done what it was for; the ledger says which.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from oxo_simulator.control.messages import ArmedFault, Fault, FaultInForce, LedgerLine
from oxo_simulator.link.arming import check, wire_of
from oxo_simulator.link.faults import Disturbance, FaultUnknown, checked, disturbance, parameters
from oxo_simulator.link.places import TAXATION
from oxo_simulator.link.ports import Ports

if TYPE_CHECKING:
    from oxo_simulator.link.connection import Connection
    from oxo_simulator.link.lane import Towards
    from oxo_simulator.link.relay import Link

NEW_ONES_ALONE = ("refuse", "deaf")
"""Kinds that leave existing connections as they are."""
FAULTS_MAX = 100
"""Faults in force and armed, together: every byte passes all of them."""


class _Struck(NamedTuple):
    name: str
    ordered: Fault
    found: Disturbance
    healing: IDelayedCall | None


class Disturbances:
    """Lets faults strike and end.

    Args:
        link: what they disturb.
        clock: real time, for those that heal.
        doors: names of the link's ports.
        record: appends an event to the ledger.
        seed: of the installation.
    """

    def __init__(
        self,
        link: "Link",
        clock: IReactorTime,
        doors: Iterable[str],
        record: Callable[[str, dict[str, Any]], None],
        seed: int,
    ) -> None:
        self._link = link
        self._clock = clock
        self._doors = tuple(doors)
        self._record = record
        self._seed = seed
        self._count = 0
        self._struck: list[_Struck] = []
        self._armed: list[ArmedFault] = []

    @property
    def in_force(self) -> list[FaultInForce]:
        """Return the faults that last."""
        return [
            FaultInForce(id=each.name, fault=each.ordered, heals_in_seconds=self._left(each))
            for each in self._struck
        ]

    @property
    def armed(self) -> list[ArmedFault]:
        """Return the faults that wait for an event."""
        return list(self._armed)

    def strike(self, fault: Fault, cause: int | None = None) -> int | None:
        """Disturb the link now; `cause` is the ledger line that set an armed fault off.

        Returns how many connections it concerned then; `None`: it concerns none that exists.

        Raises:
            FaultUnknown: the fault names no port of the link or has impossible numbers, or a real
                cable is no longer there to be pulled; then the ledger says that it is spent.
        """
        checked(fault, self._doors)
        self._allow()
        self._count += 1
        name, struck = f"f{self._count}", self._concerned(fault)
        set_off = {} if cause is None else {"cause": cause}
        self._record("fault", {"id": name, "fault": parameters(fault), **set_off})
        found = disturbance(fault, name, self._seed, real=self._link.cable.is_real)
        if found.lasting:
            healing = None
            if fault.heal_after_seconds:
                healing = self._clock.callLater(fault.heal_after_seconds, self._heal, found)
            self._struck.append(_Struck(name, fault, found, healing))
        try:
            found.strike(self._link)
        except OSError as error:
            self.spent(found)
            raise FaultUnknown(str(error)) from error
        return struck

    def arm(self, armed: ArmedFault) -> None:
        """Disturb it at the next such ledger event.

        Raises:
            FaultUnknown: as `strike`, or that event never comes.
        """
        checked(armed.fault, self._doors)
        check(armed)
        self._allow()
        self._armed.append(armed)
        marked = {} if armed.wire is None else {"wire": armed.wire}
        told = {"fault": parameters(armed.fault), "when": armed.when, **marked}
        self._record("fault armed", told)

    def ledger_line(self, line: LedgerLine) -> None:
        """Let every fault strike that is armed for this event."""
        if not self._armed:
            return
        here = (line.event, line.detail.get("wire", TAXATION))
        due = [each for each in self._armed if (each.when, wire_of(each)) == here]
        self._armed = [each for each in self._armed if each not in due]
        for armed in due:
            with suppress(FaultUnknown):  # the event goes on; the ledger has the fault's end
                self.strike(armed.fault, line.n)

    def _allow(self) -> None:
        """Refuse one more where there are as many as there may be."""
        if len(self._struck) + len(self._armed) >= FAULTS_MAX:
            raise FaultUnknown(
                f"{FAULTS_MAX} faults are in force or armed, the most there may be; "
                "restore the link, or install anew"
            )

    def account(self) -> list[dict[str, Any]]:
        """Return what the ledger is to know of the faults in force when they end."""
        return [{"id": each.name, **each.found.account()} for each in self._struck]

    def lift(self) -> None:
        """End every fault; armed ones stay armed."""
        struck, self._struck = self._struck, []
        for each in struck:
            _calm(each)
            with suppress(OSError):  # who is to know has been told by `Link.plug_in`
                each.found.lift(self._link)

    def spent(self, fault: Disturbance) -> None:
        """The fault is over by itself, and has done what it was for."""
        for each in [each for each in self._struck if each.found is fault]:
            _calm(each)
            self._struck.remove(each)
            self._record("spent", _end_of(each))

    def join(self, connection: "Connection") -> None:
        """Let every fault concern a new connection that is to."""
        for each in self._struck:
            each.found.join(connection)

    def carry(self, connection: "Connection", towards: "Towards", data: bytes) -> None:
        """Carry what arrived; faults that count strike each behind its own byte.

        What goes nowhere is not counted: it does not arrive.
        """
        lane = connection.lanes[towards]
        while data and not lane.loses:
            found = [each.found for each in self._struck]
            left = [(each, each.left_bytes(connection, towards)) for each in found]
            counting = [(each, count) for each, count in left if count is not None]
            carried = min([len(data), *(count for _, count in counting)])
            if carried:
                lane.carry(data[:carried])
            data = data[carried:]
            for each, _ in counting:
                each.count(self._link, connection, towards, carried)
        if data:
            lane.carry(data)

    def _concerned(self, fault: Fault) -> int | None:
        if fault.kind in NEW_ONES_ALONE:
            return None
        return len(self._link.connections(Ports(fault.ports)))

    def _heal(self, found: Disturbance) -> None:
        (healed,) = [each for each in self._struck if each.found is found]
        place = self._struck.index(healed)
        if not found.can_end(self._link):
            self._struck[place] = healed._replace(healing=None)
            return
        self._struck.remove(healed)
        self._record("healed", {**_end_of(healed), **found.account()})
        found.lift(self._link)

    def _left(self, struck: _Struck) -> float | None:
        if struck.healing is None:
            return None
        return max(0.0, struck.healing.getTime() - self._clock.seconds())


def _end_of(struck: _Struck) -> dict[str, Any]:
    """Say which fault has ended, and where: no other line of its end names the ports."""
    fault = struck.ordered
    return {"id": struck.name, "kind": fault.kind, "ports": list(fault.ports)}


def _calm(struck: _Struck) -> None:
    if struck.healing is not None and struck.healing.active():
        struck.healing.cancel()
