"""A real link: the doors towards collectors in a network namespace, behind a pair of veth devices.

    collectors, on this machine           the link's doors, in a namespace `oxo-N`
    oxo-hN, 198.18.x.y    ── cable ──     oxo-eN, 198.18.x.y+1

Cut, the exchange's end is down: collectors have no carrier, their packets are lost, and their
systems send them again, later and later, as on a cable that was pulled. Nobody is told anything.

The addresses are reserved for tests of network devices (RFC 2544). Each process takes the first
number whose lock is free and holds the lock as long as it lives; the system lets go of it whatever
happens. So a namespace whose lock is free is left over from a process that was killed, and whoever
starts next takes it away.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from ipaddress import IPv4Address
from pathlib import Path
from typing import NamedTuple

from oxo_simulator.link.cable import Cable
from oxo_simulator.link.namespace import inside

LINKS_MAX = 64
FIRST_ADDRESS = IPv4Address("198.18.0.0")
NETWORK_ADDRESSES, NETWORK_BITS = 4, 30
LOCKS = Path("/run/oxo-sim")
NAMESPACES = Path("/run/netns")
DEVICES = Path("/sys/class/net")
COMMAND_SECONDS_MAX = 10
PROGRAM = "ip"


class RealLinkImpossible(OSError):
    """This machine has no real link for us (the operator's to mend); says what is missing."""


class Names(NamedTuple):
    """What a real link is made of; `number` tells it from others."""

    number: int

    @property
    def namespace(self) -> str:
        """Return the name of the namespace."""
        return f"oxo-{self.number}"

    @property
    def here(self) -> str:
        """Return the device on the collectors' side."""
        return f"oxo-h{self.number}"

    @property
    def there(self) -> str:
        """Return the device on the exchange's side."""
        return f"oxo-e{self.number}"

    def address(self, place: int) -> str:
        """Return an address: 1 is the collectors' end, 2 the exchange's."""
        return str(FIRST_ADDRESS + self.number * NETWORK_ADDRESSES + place)


Run = Callable[[Sequence[str]], None]
"""Runs `ip` with these words; raises `RealLinkImpossible` with what it says."""


class RealCable(Cable):
    """A pair of devices, one of them in a namespace of its own.

    Args:
        names: of its parts.
        run: runs `ip`.
        within: enters the namespace.
    """

    is_real = True

    def __init__(
        self,
        names: Names,
        run: Run,
        within: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._names, self._run, self._within = names, run, within
        self._cuts: set[object] = set()
        self.address = names.address(2)
        self.told = (
            f"real: {names.address(1)} ({names.here}) is here, {self.address} the exchange, "
            f"in namespace {names.namespace}"
        )

    def make(self) -> None:
        """Make devices and namespace.

        Raises:
            RealLinkImpossible: says what `ip` says.
        """
        names = self._names
        at, here, there = ("-n", names.namespace), names.here, names.there
        for words in (
            ("netns", "add", names.namespace),
            ("link", "add", here, "type", "veth", "peer", "name", there,
             "netns", names.namespace),
            ("address", "add", f"{names.address(1)}/{NETWORK_BITS}", "dev", here),
            (*at, "address", "add", f"{names.address(2)}/{NETWORK_BITS}", "dev", there),
            (*at, "link", "set", "lo", "up"),
            (*at, "link", "set", there, "up"),
            ("link", "set", here, "up"),
        ):  # fmt: skip
            self._run(words)

    def within(self) -> AbstractContextManager[None]:
        """Make sockets in the namespace, as long as this lasts."""
        return self._within()

    def cut(self, key: object) -> None:
        """Take the exchange's end down."""
        if not self._cuts:
            self._set("down")
        self._cuts.add(key)

    def mend(self, key: object | None = None) -> None:
        """Put it up again, unless others took it down too.

        Raises:
            RealLinkImpossible: it stays down.
        """
        left = self._cuts - {key} if key is not None else set()
        if self._cuts and not left:
            self._set("up")
        self._cuts = left

    def remove(self) -> None:
        """Take away what there is of it; what is not there needs no removal."""
        for words in (
            ("link", "delete", self._names.here),
            ("netns", "delete", self._names.namespace),
        ):
            with suppress(RealLinkImpossible):
                self._run(words)

    def _set(self, how: str) -> None:
        self._run(("-n", self._names.namespace, "link", "set", self._names.there, how))


def real_cable(undo: ExitStack) -> RealCable:
    """Make a real link on this machine; `undo` takes it away, and what was left over is gone.

    Raises:
        RealLinkImpossible: says what is missing.
    """
    check(sys.platform, os.geteuid(), shutil.which(PROGRAM))
    try:
        LOCKS.mkdir(mode=0o755, exist_ok=True)
    except OSError as error:
        raise RealLinkImpossible(f"--real-link: {LOCKS}: {error.strerror}") from error
    number = _number(undo)
    for other in range(LINKS_MAX):
        _sweep(other)
    made = _cable(number)
    made.remove()  # what a killed process left of this number
    undo.callback(made.remove)
    made.make()
    return made


def check(platform: str, user: int, program: str | None) -> None:
    """Refuse where there cannot be a real link.

    Raises:
        RealLinkImpossible: says what is missing.
    """
    if platform != "linux":
        raise RealLinkImpossible(
            f"--real-link: network namespaces are Linux's; this is {platform}. "
            "Without the option the link is simulated"
        )
    if user != 0:
        raise RealLinkImpossible(
            "--real-link: root is needed for a network namespace and its devices (sudo). "
            "Without the option the link is simulated"
        )
    if program is None:
        raise RealLinkImpossible(
            "--real-link: the program `ip` is not installed (package iproute2)"
        )


def run_ip(words: Sequence[str]) -> None:
    """Run `ip`.

    Raises:
        RealLinkImpossible: says what `ip` says.
    """
    shown = f"--real-link: {PROGRAM} {' '.join(words)}"
    try:
        done = subprocess.run(  # noqa: S603 - fixed words, no shell
            [PROGRAM, *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=COMMAND_SECONDS_MAX,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RealLinkImpossible(f"{shown}: {error}") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip() or f"status {done.returncode}"
        raise RealLinkImpossible(f"{shown}: {said}")


def _cable(number: int) -> RealCable:
    names = Names(number)
    return RealCable(names, run_ip, lambda: inside(NAMESPACES / names.namespace))


def _number(undo: ExitStack) -> int:
    """Take the first number that no living process has, for as long as `undo` is not done.

    Raises:
        RealLinkImpossible: all are taken.
    """
    for number in range(LINKS_MAX):
        if (lock := _locked(number)) is not None:
            undo.callback(os.close, lock)
            return number
    raise RealLinkImpossible(f"--real-link: there are {LINKS_MAX} real links already")


def _sweep(number: int) -> None:
    """Take away what a killed process left over."""
    names = Names(number)
    left = (NAMESPACES / names.namespace, DEVICES / names.here)
    if any(each.exists() for each in left) and (lock := _locked(number)) is not None:
        _cable(number).remove()
        os.close(lock)


def _locked(number: int) -> int | None:
    """Return the lock of a number, held; none where a living process has it."""
    lock = os.open(LOCKS / f"real-link-{number}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock
