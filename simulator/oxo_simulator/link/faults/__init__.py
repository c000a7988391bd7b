"""The faults of the link: one fault, one file, parameters as fields."""

from collections.abc import Iterable

from oxo_simulator.control.messages import Fault
from oxo_simulator.link.faults.carry import CARRY_BYTES_MAX, CarryThenCut, CarryThenReset
from oxo_simulator.link.faults.cut import Cut
from oxo_simulator.link.faults.disturbance import Disturbance, directions
from oxo_simulator.link.faults.refuse import Refuse
from oxo_simulator.link.faults.reset import Reset
from oxo_simulator.link.ports import Ports, words

__all__ = ["CARRY_BYTES_MAX", "Disturbance", "FaultUnknown", "disturbance"]


class FaultUnknown(ValueError):
    """The link cannot be disturbed so (the operator's fault): what, and what is allowed."""


def disturbance(fault: Fault, doors: Iterable[str]) -> Disturbance:
    """Return the fault that the message orders, on a link with these ports.

    Which connections it concerns is decided for each, when it comes to that.

    Raises:
        FaultUnknown: names what is wrong and what is allowed.
    """
    known = words(doors)
    if strangers := [name for name in fault.ports if name not in known]:
        raise FaultUnknown(f"port {strangers[0]!r}; there are {', '.join(known)}")
    if not 0 <= fault.carry_bytes <= CARRY_BYTES_MAX:
        raise FaultUnknown(f"carry_bytes {fault.carry_bytes}; 0 to {CARRY_BYTES_MAX} is expected")
    ports, towards = Ports(fault.ports), directions(fault.towards)
    match fault.kind:
        case "refuse":
            return Refuse(ports)
        case "cut":
            return Cut(ports, towards)
        case "reset":
            return Reset(ports)
        case "carry then cut":
            return CarryThenCut(ports, towards, fault.carry_bytes)
        case "carry then reset":
            return CarryThenReset(ports, towards, fault.carry_bytes)
        case _:
            raise FaultUnknown(f"fault {fault.kind!r} is unknown")
