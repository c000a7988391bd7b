"""The faults of the link: one fault, one file, parameters as fields."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from oxo_simulator.control.messages import Fault
from oxo_simulator.link.faults.carry import CARRY_BYTES_MAX, CarryThenCut, CarryThenReset
from oxo_simulator.link.faults.corrupt import CORRUPT_EVERY_BYTES_MAX, Corrupt
from oxo_simulator.link.faults.cut import Cut
from oxo_simulator.link.faults.deaf import Deaf
from oxo_simulator.link.faults.delay import LATENCY_MS_MAX, Delay
from oxo_simulator.link.faults.disturbance import Disturbance, directions
from oxo_simulator.link.faults.half_open import HalfOpen
from oxo_simulator.link.faults.refuse import Refuse
from oxo_simulator.link.faults.reset import Reset
from oxo_simulator.link.faults.slice import SLICE_BYTES_MAX, Slice
from oxo_simulator.link.faults.throttle import BYTES_PER_SECOND_MAX, Throttle
from oxo_simulator.link.faults.unplug import Unplug
from oxo_simulator.link.lane import Towards
from oxo_simulator.link.ports import Ports, words

__all__ = ["CARRY_BYTES_MAX", "Disturbance", "FaultUnknown", "checked", "disturbance"]

HEAL_AFTER_SECONDS_MAX = 86_400.0


class FaultUnknown(ValueError):
    """The link cannot be disturbed so (the operator's fault): what, and what is allowed."""


class Allowed(NamedTuple):
    """Which values a parameter takes, and the kinds of fault that it belongs to."""

    kinds: tuple[str, ...]
    least: int
    most: int


PARAMETERS: Mapping[str, Allowed] = MappingProxyType(
    {
        "carry_bytes": Allowed(("carry then cut", "carry then reset"), 0, CARRY_BYTES_MAX),
        "latency_ms": Allowed(("delay",), 0, LATENCY_MS_MAX),
        "jitter_ms": Allowed(("delay",), 0, LATENCY_MS_MAX),
        "bytes_per_second": Allowed(("throttle",), 1, BYTES_PER_SECOND_MAX),
        "slice_bytes": Allowed(("slice",), 1, SLICE_BYTES_MAX),
        "corrupt_every_bytes": Allowed(("corrupt",), 1, CORRUPT_EVERY_BYTES_MAX),
    }
)


def checked(fault: Fault, doors: Iterable[str]) -> Fault:
    """Return the fault, if a link with these ports can be disturbed so.

    Raises:
        FaultUnknown: names what is wrong and what is allowed.
    """
    known = words(doors)
    if strangers := [name for name in fault.ports if name not in known]:
        raise FaultUnknown(f"port {strangers[0]!r}; there are {', '.join(known)}")
    for name, allowed in PARAMETERS.items():
        _check(fault, name, allowed)
    if fault.kind == "delay" and not fault.latency_ms and not fault.jitter_ms:
        raise FaultUnknown("a delay of nothing; latency_ms or jitter_ms is expected")
    if not 0 <= fault.heal_after_seconds <= HEAL_AFTER_SECONDS_MAX:
        raise FaultUnknown(
            f"heal_after_seconds {fault.heal_after_seconds}; "
            f"0 (not by itself) to {HEAL_AFTER_SECONDS_MAX:.0f} is expected"
        )
    if fault.kind == "reset" and fault.heal_after_seconds:
        raise FaultUnknown("heal_after_seconds: a reset is over at once")
    return fault


def _check(fault: Fault, name: str, allowed: Allowed) -> None:
    value = getattr(fault, name)
    if fault.kind in allowed.kinds:
        if not allowed.least <= value <= allowed.most:
            raise FaultUnknown(
                f"{name} {value}; {allowed.least} to {allowed.most} is expected for {fault.kind!r}"
            )
    elif value:
        kinds = " and ".join(map(repr, allowed.kinds))
        raise FaultUnknown(f"{name} belongs to {kinds}, not to {fault.kind!r}")


def parameters(fault: Fault) -> dict[str, object]:
    """Return what the ledger tells of a fault: all that it has, and nothing of other kinds."""
    told = {"kind": fault.kind, "towards": fault.towards, "ports": list(fault.ports)}
    own = {name: getattr(fault, name) for name, of in PARAMETERS.items() if fault.kind in of.kinds}
    healing = {"heal_after_seconds": fault.heal_after_seconds} if fault.heal_after_seconds else {}
    return {**told, **own, **healing}


class _Order(NamedTuple):
    """A checked fault, and what it is called."""

    fault: Fault
    id: str
    ports: Ports
    towards: tuple[Towards, ...]
    seed: str


_BUILD: Mapping[str, Callable[[_Order], Disturbance]] = MappingProxyType(
    {
        "refuse": lambda order: Refuse(order.id, order.ports),
        "deaf": lambda order: Deaf(order.ports, order.towards),
        "cut": lambda order: Cut(order.ports, order.towards),
        "reset": lambda order: Reset(order.ports),
        "half-open": lambda order: HalfOpen(order.ports, order.towards),
        "carry then cut": lambda order: CarryThenCut(
            order.ports, order.towards, order.fault.carry_bytes
        ),
        "carry then reset": lambda order: CarryThenReset(
            order.ports, order.towards, order.fault.carry_bytes
        ),
        "delay": lambda order: Delay(
            *(order.id, order.ports, order.towards),
            latency_ms=order.fault.latency_ms,
            jitter_ms=order.fault.jitter_ms,
            seed=order.seed,
        ),
        "throttle": lambda order: Throttle(
            *(order.id, order.ports, order.towards),
            bytes_per_second=order.fault.bytes_per_second,
        ),
        "slice": lambda order: Slice(
            *(order.id, order.ports, order.towards), slice_bytes=order.fault.slice_bytes
        ),
        "corrupt": lambda order: Corrupt(
            *(order.id, order.ports, order.towards),
            corrupt_every_bytes=order.fault.corrupt_every_bytes,
            seed=order.seed,
        ),
    }
)


def disturbance(fault: Fault, name: str, seed: int, *, real: bool = False) -> Disturbance:
    """Return what a checked fault does; `name` is its id in the ledger.

    Which connections it concerns is decided for each, when it comes to that. A `real` link that is
    cut whole is unplugged.
    """
    if real and fault.kind == "cut" and fault.towards == "both" and not fault.ports:
        return Unplug()
    towards = directions(fault.towards)
    return _BUILD[fault.kind](_Order(fault, name, Ports(fault.ports), towards, str(seed)))
