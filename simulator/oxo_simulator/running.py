"""`oxo-sim run`: from the words of the command line to a process that serves until a signal."""

import gc
import json
import os
import shutil
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TextIO, get_args

import msgspec
import structlog
import typer
from twisted.internet.error import ReactorNotRunning
from twisted.logger import ILogObserver, LogLevel, formatEvent, globalLogBeginner
from twisted.python.failure import Failure
from zope.interface import implementer

from oxo_simulator.certificates import AuthorityUnreadable
from oxo_simulator.clock import StartUnknown
from oxo_simulator.control.messages import Installation
from oxo_simulator.files import PasswordUnusable, read_password
from oxo_simulator.held import PortTwice, PortUnknown, port_name
from oxo_simulator.identity import NameWrong, host_name
from oxo_simulator.ledger import LedgerBroken
from oxo_simulator.link.door import PortOccupied
from oxo_simulator.link.real import RealLinkImpossible
from oxo_simulator.outside import Outside
from oxo_simulator.profile_section import ProfileError
from oxo_simulator.simulation import FACTOR_MAX
from oxo_simulator.taxation.mapping import TagSet
from oxo_simulator.wiring import BEHIND, FolderOccupied, Running, RunOptions, start

PORT_MAX = 65_535
LISTEN = "127.0.0.1"
TAG_SETS: tuple[str, ...] = get_args(TagSet)
STANDARD_INPUT = 0
INPUT_BYTES = 4096
_GRAVE = (LogLevel.warn, LogLevel.error, LogLevel.critical)

_log = structlog.get_logger()


class OptionWrong(ValueError):
    """An option of `oxo-sim run` cannot be obeyed (the operator's fault); says what is."""


WRONGLY_ORDERED = (OptionWrong, ProfileError, StartUnknown, PortTwice, PortUnknown)
"""The operator wrote something that is right on no machine."""
IMPOSSIBLE_HERE = (
    PortOccupied,
    FolderOccupied,
    AuthorityUnreadable,
    PasswordUnusable,
    RealLinkImpossible,
)
"""The operator's order is understood, but this machine does not allow it now."""


@dataclass(frozen=True)
class Start:
    """The options of `oxo-sim run` as they were typed."""

    folder: Path
    profile: str
    overrides: Mapping[str, str]
    tag_set: str | None
    seed: int
    time: str
    listen: str
    ports: Mapping[str, str]
    names: Sequence[str]
    control_port: int
    password_file: Path | None
    ephemeral: bool = False
    real_link: bool = False
    json: bool = False


class Trouble(NamedTuple):
    """Why `oxo-sim run` failed, in one line, and whether it was wrongly typed."""

    text: str
    usage: bool = False


def run_until_signal(typed: Start, reactor: Any, outside: Outside | None = None) -> Trouble | None:
    """Serve until SIGTERM or SIGINT; return what kept the exchange from it, if anything.

    Standard output tells where to connect. What happens is logged where `outside` has it, by
    default on standard error.
    """
    outside = outside or Outside(sys.stderr)
    _log_to(outside.log)
    wrong: list[Trouble] = []

    def stop() -> None:
        with suppress(ReactorNotRunning):  # it is ending already
            reactor.stop()

    def end(trouble: Trouble) -> None:
        wrong.append(trouble)
        stop()

    def broken(failure: Failure) -> None:
        _log.error("exchange.broken", failure=failure.getTraceback())
        if isinstance(failure.value, LedgerBroken):
            end(Trouble(str(failure.value)))
        else:
            end(Trouble(f"exchange time cannot go on: {failure.value!r}"))

    def begin() -> None:
        # Whatever is raised here ends the process: the reactor would run on and serve nothing.
        try:
            running = start(options(typed), reactor, broken)
            reactor.addSystemEventTrigger("before", "shutdown", running.stop)
            settle_memory()
            if typed.ephemeral:
                _watch_standard_input(lambda: reactor.callFromThread(stop))
            told = _told(running, as_json=typed.json)
            typer.echo("\n".join(told))
            outside.show(running.simulation.premises.folder, told, stop, reactor)
        except Exception as error:  # noqa: BLE001 - see above
            end(_trouble(error))

    # Not before the reactor runs: from then on a signal ends the exchange in order.
    reactor.callWhenRunning(begin)
    reactor.run()
    outside.leave()
    if typed.ephemeral and not any(trouble.usage for trouble in wrong):
        shutil.rmtree(typed.folder, ignore_errors=True)
    if wrong:
        return wrong[0]
    _log.info("exchange.stopped")
    return None


def _watch_standard_input(ended: Callable[[], None]) -> None:
    """Tell when standard input ends, as it does when the program that holds it dies, however.

    In a thread, since an event loop cannot watch every kind of file; by the system's own call,
    since a reader of Python's would hold a lock at the end of the process.
    """

    def read() -> None:
        with suppress(OSError):
            while os.read(STANDARD_INPUT, INPUT_BYTES):
                pass
        ended()

    threading.Thread(target=read, daemon=True).start()


def settle_memory() -> None:
    """Let the collection of garbage pass over everything that the start has made.

    It stays until the end of the process; looking through it takes 50 ms and more, each time.
    """
    gc.collect()
    gc.freeze()


def _trouble(error: Exception) -> Trouble:
    """Say in one line why the exchange did not start; what nobody expected is logged whole."""
    if isinstance(error, WRONGLY_ORDERED):
        return Trouble(str(error), usage=True)
    if isinstance(error, IMPOSSIBLE_HERE):
        return Trouble(str(error))
    if isinstance(error, OSError) and error.strerror:
        return Trouble(f"{error.filename or 'this machine'}: {error.strerror}")
    _log.error("exchange.broken", failure="".join(traceback.format_exception(error)))
    return Trouble(f"the exchange did not start, by a fault of its own: {error!r}")


def options(typed: Start) -> RunOptions:
    """Read the options.

    Raises:
        OptionWrong: names the option and what is allowed.
    """
    if typed.tag_set is not None and typed.tag_set not in TAG_SETS:
        words = " or ".join(TAG_SETS)
        raise OptionWrong(f"--tag-set {typed.tag_set}: {words} is expected")
    fields = {
        "profile": typed.profile,
        "overrides": dict(typed.overrides),
        "tag_set": typed.tag_set,
        "seed": typed.seed,
    }
    if typed.real_link and typed.listen != LISTEN:
        raise OptionWrong(f"--listen {typed.listen}: with --real-link the link has its own address")
    if typed.ephemeral and typed.folder.exists() and any(typed.folder.iterdir()):
        raise OptionWrong(
            f"--ephemeral --state {typed.folder}: it would be removed, but it is not empty; "
            "an empty folder is expected, or the name of one that can be made"
        )
    try:
        installation = msgspec.convert(fields, Installation)
    except msgspec.ValidationError as error:
        raise OptionWrong(str(error)) from error
    return RunOptions(
        folder=typed.folder.absolute(),
        installation=installation,
        password=_password(typed.password_file),
        listen=_address(typed.listen),
        ports={_port_name(name): _port_number(text) for name, text in typed.ports.items()},
        names=[_name(text) for text in typed.names],
        time_factor=_factor(typed.time),
        control_port=typed.control_port,
        real_link=typed.real_link,
    )


def _address(text: str) -> str:
    if text in (BEHIND, "0.0.0.0", ""):  # noqa: S104 - refused here
        raise OptionWrong(
            f"--listen {text or '(empty)'}: one address of this machine is expected, "
            f"other than {BEHIND}, where the exchange itself listens"
        )
    return text


def _name(text: str) -> str:
    try:
        return host_name(text)
    except NameWrong as error:
        raise OptionWrong(f"--name {error}") from error


def _port_name(name: str) -> str:
    try:
        return port_name(name)
    except PortUnknown as error:
        raise OptionWrong(f"--port {error}") from error


def _port_number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > PORT_MAX:
        raise OptionWrong(f"--port {text}: a number from 0 to 65535 is expected")
    return int(text)


def _factor(text: str) -> float:
    if text in ("manual", "real"):
        return float(text == "real")
    try:
        factor = float(text)
    except ValueError:
        factor = -1
    if not 0 < factor <= FACTOR_MAX:
        raise OptionWrong(f"--time {text}: manual, real, or 1 to {FACTOR_MAX} times as fast")
    return factor


def _password(file: Path | None) -> str | None:
    if file is None:
        return None
    try:
        return read_password(file)
    except PasswordUnusable as error:
        raise OptionWrong(f"--password-file {error}") from error


def _told(running: Running, *, as_json: bool) -> Sequence[str]:
    """Return where to connect, for people or as one line of JSON; the log is told of the begin."""
    state, folder = running.simulation.state(), running.simulation.premises.folder
    _log.info("exchange.started", profile=state.profile, seed=state.seed, epoch=state.epoch)
    if as_json:
        described = json.loads((folder / "exchange.json").read_text("utf-8"))
        return [json.dumps({**described, "state": str(folder)})]
    lines = [f"{state.name} ({state.release}, profile {state.profile}) serves"]
    for port in state.ports:
        closed = "" if port.open else "  (closed by the profile)"
        if shown := running.wires[port.wire].shown(port.name):
            lines.append(f"  {port.name:<13}{shown}{closed}")
    if told := running.simulation.link.cable.told:
        lines.append(f"  link         {told}")
    return [
        *lines,
        f"  authority    {state.ca_file}",
        f"  account      {state.user}, password in {folder / 'taxation.password'}",
        f"  control      {running.control_url}, token in {folder / 'control.token'}",
    ]


def _log_to(file: TextIO) -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
        ],
        logger_factory=structlog.PrintLoggerFactory(file),
    )
    globalLogBeginner.beginLoggingTo([_from_twisted], redirectStandardIO=False, discardBuffer=True)


@implementer(ILogObserver)
def _from_twisted(event: Any) -> None:
    """Let the framework's warnings and errors into the log, as one line each."""
    if event.get("log_level") in _GRAVE:
        failure = event.get("log_failure")
        trace = {"failure": failure.getTraceback()} if failure else {}
        _log.error("network.trouble", text=formatEvent(event), **trace)
