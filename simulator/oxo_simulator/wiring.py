"""Where everything is put together, and nowhere else.

collector --> link (--listen) --> taxation wire over TLS (127.0.0.2) --> exchange --> ledger
operator  --> control port (127.0.0.1) --> simulation --> all of them
"""

import contextlib
import errno
import fcntl
import json
import os
import secrets
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, gatherResults, maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure

from oxo_simulator.certificates import Authority
from oxo_simulator.control.limits import ControlSite
from oxo_simulator.control.messages import Installation
from oxo_simulator.control.server import ControlServer
from oxo_simulator.files import kept_password, write_whole
from oxo_simulator.identity import Identity
from oxo_simulator.installation import profile_of
from oxo_simulator.link.door import PortOccupied, reserve
from oxo_simulator.link.places import CONNECTIONS_MAX
from oxo_simulator.link.relay import Link
from oxo_simulator.premises import Premises
from oxo_simulator.profile import Profile
from oxo_simulator.simulation import Simulation
from oxo_simulator.taxation import Taxation
from oxo_simulator.transcript import Transcript

PASSWORD_FILE = "taxation.password"  # noqa: S105 - a name
BEHIND = "127.0.0.2"
"""Where the exchange itself listens, under the numbers of the link (facts: tech 5)."""
CONTROL_ADDRESS = "127.0.0.1"
FREE_PORT_TRIALS_MAX = 20
PORT_NAMES = ("standard", "alternate")


class FolderOccupied(OSError):
    """Another exchange runs in the state folder, or it can be none (the operator's fault)."""


class PortTwice(ValueError):
    """Two ports are to have the same number (the operator's fault)."""


@dataclass(frozen=True)
class RunOptions:
    """What the operator says at the start.

    Attributes:
        folder: the state folder.
        installation: the first exchange.
        password: of the taxation wire; `None` keeps the folder's, or makes one at random.
        listen: address for collectors.
        ports: name -> number, in place of the profile's; 0 is a free one.
        names: further names for the certificate.
        time_factor: exchange seconds per real second, 0 is manual.
        control_port: 0 is a free one.
    """

    folder: Path
    installation: Installation
    password: str | None = field(default=None, repr=False)
    listen: str = "127.0.0.1"
    ports: Mapping[str, int] = field(default_factory=dict)
    names: Sequence[str] = ()
    time_factor: float = 0
    control_port: int = 0


class Running:
    """An exchange whose ports listen; `stop` ends it.

    Attributes:
        simulation: what runs.
        control_url: where its operator reaches it.
    """

    def __init__(
        self, simulation: Simulation, control_url: str, ports: Sequence[IListeningPort], lock: int
    ) -> None:
        self.simulation = simulation
        self.control_url = control_url
        self._ports = ports
        self._lock = lock

    def stop(self) -> "Deferred[object]":
        """Close every port and the ledger, and take the description away."""
        folder = self.simulation.premises.folder
        for name in ("exchange.json", "control.token"):
            with contextlib.suppress(FileNotFoundError):
                (folder / name).unlink()
        self.simulation.stop()
        closing: list[Deferred[Any]] = [maybeDeferred(port.stopListening) for port in self._ports]
        return gatherResults([self.simulation.link.close(), *closing]).addBoth(self._unlock)

    def _unlock(self, result: object) -> object:
        os.close(self._lock)
        return result


def start(options: RunOptions, reactor: Any, broken: Callable[[Failure], None]) -> Running:
    """Put an exchange together and let it listen.

    Args:
        options: what the operator says.
        reactor: network and real time.
        broken: told when the exchange cannot go on (the bench's fault); it is to be ended then.

    Raises:
        ProfileError, StartUnknown, PortTwice, PortOccupied, FolderOccupied, AuthorityUnreadable,
            PasswordUnusable, OSError: the operator's to correct; the process is to be ended then.
    """
    profile = profile_of(options.installation)
    _port_numbers(options, profile)
    with contextlib.ExitStack() as undo:
        lock = _occupy(options.folder)
        undo.callback(os.close, lock)
        running = _put_together(options, profile, lock, reactor, broken)
        undo.pop_all()
    return running


def _put_together(
    options: RunOptions,
    profile: Profile,
    lock: int,
    reactor: Any,
    broken: Callable[[Failure], None],
) -> Running:
    password = options.password or kept_password(options.folder / PASSWORD_FILE)
    password = password or secrets.token_urlsafe(12)
    token = secrets.token_urlsafe(32)
    identity = _identity(options, profile)
    shown = identity.state()
    towards_collectors, behind = _reserve(options, profile)
    link = Link(
        reactor=reactor,
        behind=BEHIND,
        reserved=towards_collectors,
        record=lambda _event, _detail: None,
    )
    transcript = Transcript(now=_utc_now, folder=options.folder)
    taxation = Taxation(
        {profile.user: password},
        reactor,
        link.connection_name,
        transcript,
        prove=link.prove,
        address=options.listen,
    )
    ports = {name: door.port for name, door in link.doors.items()}
    wires = _wires(reactor, taxation, ports, behind, identity)
    simulation = Simulation(
        premises=Premises(
            folder=options.folder,
            address=options.listen,
            ports=ports,
            name=profile.name,
            user=profile.user,
            ca_file=Path(shown.ca_file),
            fingerprint=shown.fingerprint,
        ),
        real=reactor,
        link=link,
        taxation=taxation,
        transcript=transcript,
        identity=identity,
        utc_now=_utc_now,
        factor=options.time_factor,
        broken=broken,
        new_token=lambda: secrets.token_hex(4),
        describe=lambda premises: _describe(premises, url),
        in_thread=lambda work: deferToThreadPool(reactor, reactor.getThreadPool(), work),
    )
    simulation.install(options.installation)
    simulation.pacer.start()
    control, url = _control_port(simulation, token, options.control_port, reactor)
    write_whole(options.folder / "control.token", f"{token}\n".encode())
    write_whole(options.folder / PASSWORD_FILE, f"{password}\n".encode())
    _describe(simulation.premises, url)
    return Running(simulation, url, [control, *wires], lock)


def _wires(
    reactor: Any,
    taxation: Taxation,
    ports: Mapping[str, int],
    behind: Mapping[str, socket.socket],
    identity: Identity,
) -> list[IListeningPort]:
    """Let the exchange itself listen, where the numbers were held for it."""
    wires = []
    for name, number in ports.items():
        site = taxation.site(name)
        wires.append(reactor.listenSSL(number, site, identity, CONNECTIONS_MAX, interface=BEHIND))
        behind[name].close()
    return wires


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _control_port(
    simulation: Simulation, token: str, number: int, reactor: Any
) -> tuple[IListeningPort, str]:
    site = ControlSite(ControlServer(simulation, token, reactor).resource(), reactor)
    try:
        listening: IListeningPort = reactor.listenTCP(number, site, interface=CONTROL_ADDRESS)
    except CannotListenError as error:
        raise PortOccupied(f"control port: {error}") from error
    return listening, f"http://{CONTROL_ADDRESS}:{_number(listening)}"


def _number(listening: Any) -> int:
    number: int = listening.getHost().port
    return number


def _identity(options: RunOptions, profile: Profile) -> Identity:
    authority = Authority.load_or_create(options.folder)
    also = ["localhost", *options.names, "127.0.0.1", BEHIND, options.listen]
    return Identity(authority, authority.server_certificate(profile.name, also))


def _port_numbers(options: RunOptions, profile: Profile) -> dict[str, int]:
    """Return each port's number, 0 for a free one; no two may be the same.

    Raises:
        PortTwice: names both.
    """
    numbers = {
        name: options.ports.get(name, getattr(profile.ports, name).number) for name in PORT_NAMES
    }
    taken: dict[int, str] = {}
    for name, number in {**numbers, "control": options.control_port}.items():
        if number and number in taken:
            raise PortTwice(
                f"port {number} is to be {taken[number]} and {name}; "
                "each needs a number of its own, or 0, a free one"
            )
        taken[number] = name
    return numbers


def _reserve(
    options: RunOptions, profile: Profile
) -> tuple[dict[str, socket.socket], dict[str, socket.socket]]:
    """Hold each port's number on both sides of the link."""
    towards_collectors, behind = {}, {}
    for name, number in _port_numbers(options, profile).items():
        try:
            towards_collectors[name], behind[name] = _pair(options.listen, number)
        except PortOccupied as error:
            raise _advised(error, name) from error
    return towards_collectors, behind


def _advised(error: PortOccupied, name: str) -> PortOccupied:
    """Say how to take another number, where that would help: not ours to open, or taken."""
    cause = error.__cause__
    if isinstance(cause, OSError) and cause.errno in (errno.EACCES, errno.EADDRINUSE):
        return PortOccupied(f"{error}; --port {name}=NUMBER takes another, 0 a free one")
    return error


def _pair(address: str, number: int) -> tuple[socket.socket, socket.socket]:
    for trial in range(1, FREE_PORT_TRIALS_MAX + 1):
        front = reserve(address, number)
        try:
            return front, reserve(BEHIND, front.getsockname()[1])
        except PortOccupied:
            front.close()
            if number or trial == FREE_PORT_TRIALS_MAX:
                raise
    raise AssertionError


def _occupy(folder: Path) -> int:
    """Take the folder for this process alone; the system lets go of it whatever happens."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise FolderOccupied(
            f"--state {folder}: {error.strerror} ({error.filename}); "
            "a folder of your own is expected, or the name of one that can be made"
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise FolderOccupied(
            f"another exchange runs in {folder}; give --state another folder"
        ) from None
    # What a killed exchange left behind would lead the operator to a dead address.
    (folder / "exchange.json").unlink(missing_ok=True)
    return lock


def _describe(premises: Premises, url: str) -> None:
    """Write the file by which others find the exchange, once everything else is there."""
    described = {
        "control_url": url,
        "pid": os.getpid(),
        "ports": [
            {"name": name, "address": premises.address, "port": number}
            for name, number in premises.ports.items()
        ],
        "ca_file": str(premises.ca_file),
        "fingerprint": premises.fingerprint,
        "user": premises.user,
    }
    write_whole(premises.folder / "exchange.json", f"{json.dumps(described, indent=2)}\n".encode())
