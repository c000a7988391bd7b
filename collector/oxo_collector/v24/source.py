"""The V24 wire as a conversation: listens or connects, again and again, one peer at a time."""

import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Final

from oxo_collector.configuration import Exchange
from oxo_collector.conversation import Conversation
from oxo_collector.decoders.v24 import Layout, LayoutInvalid, V24Decoder, layout_of_headings
from oxo_collector.decoders.v24_block import BlockDecoder
from oxo_collector.failure import Failure, Fault
from oxo_collector.intake import Intake
from oxo_collector.receipt import Source, Wire
from oxo_collector.report import Level, Report
from oxo_collector.secrecy import Secrets
from oxo_collector.section import Place
from oxo_collector.store import StoreUnusable
from oxo_collector.v24.machine import V24Conversation
from oxo_collector.v24.settings import V24
from oxo_collector.v24.shell import STOP_SECONDS, Connection, Doorstep, alive, read_waiting

BACKLOG_COUNT_MAX: Final = 4
"""So many peers may wait at the listener's door."""


def make(exchange: Exchange, key: str) -> Conversation:  # noqa: ARG001 - no secret, no error
    """Return the conversation; this wire has no account, so that nothing can be refused here."""
    assert exchange.v24 is not None
    return _Collecting(
        exchange.name,
        exchange.zone,
        exchange.v24,
        now=lambda: datetime.now(UTC),
        token=lambda: secrets.token_hex(4),
    )


class _Collecting:
    def __init__(
        self,
        name: str,
        zone: str,
        settings: V24,
        *,
        now: Callable[[], datetime],
        token: Callable[[], str],
    ) -> None:
        self.source = Source(name, Wire.V24)
        self.secrets = Secrets()
        self.rest_seconds_max = settings.rest_seconds_max
        self._zone = zone
        self._settings = settings
        self._now = now
        self._token = token
        self._broken_off = threading.Event()
        self._failures = 0

    def break_off(self) -> None:
        self._broken_off.set()

    def run(self, door: Intake, stop: threading.Event, report: Callable[[Report], None]) -> None:
        known = self._known(door)
        if known is not None:
            read_waiting(door, self.source, known, self._zone)
        if self._settings.connect is not None:
            self._connect(self._settings.connect, door, stop, report)
        elif self._settings.listen is not None:
            self._listen(self._settings.listen, door, stop, report)

    def _known(self, door: Intake) -> Layout | None:
        """Return the configured columns, or those that the stream told before."""
        if self._settings.layout is not None:
            return self._settings.layout
        headings = door.headings(self.source)
        try:
            return layout_of_headings(headings) if headings else None
        except LayoutInvalid:  # noted by another version of this program
            return None

    def _decoder(self, door: Intake) -> V24Decoder | BlockDecoder:
        if self._settings.block is not None:
            return BlockDecoder(self._settings.block.template())
        return V24Decoder(self._settings.layout, self._known(door))

    # --- the two sides

    def _connect(
        self,
        place: Place,
        door: Intake,
        stop: threading.Event,
        report: Callable[[Report], None],
    ) -> None:
        while not stop.is_set():
            try:
                peer = socket.create_connection(place, self._settings.connect_seconds_max)
            except OSError as error:
                what = f"no connection to the printer port: {error.strerror or error}"
                report(_warning(what, str(place), Fault.NETWORK))
                self._failures += 1
            else:
                self._serve(peer, str(place), door, stop, report)
            # Also after an orderly end: a port that closes at once is not asked in a circle.
            stop.wait(self._rest_seconds(max(1, self._failures)))

    def _listen(
        self,
        place: Place,
        door: Intake,
        stop: threading.Event,
        report: Callable[[Report], None],
    ) -> None:
        while not stop.is_set():
            try:
                with _listener(place) as listener:
                    port = listener.getsockname()[1]
                    report(Report(Level.INFO, "listening for the printer", {"port": port}))
                    self._answer(Doorstep(listener), door, stop, report)
            except OSError as error:
                what = f"cannot listen: {error.strerror or error}"
                report(_warning(what, str(place), Fault.OPERATOR))
                self._failures += 1
                stop.wait(self._rest_seconds(self._failures))

    def _answer(
        self,
        doorstep: Doorstep,
        door: Intake,
        stop: threading.Event,
        report: Callable[[Report], None],
    ) -> None:
        with closing(doorstep):
            while not stop.is_set():
                peer = doorstep.take(STOP_SECONDS)
                if peer is None:
                    continue
                try:
                    address, port, *_ = peer.getpeername()
                except OSError:
                    peer.close()  # it went before it was served
                    continue
                self._serve(peer, str(Place(address, port)), door, stop, report, doorstep)
                if self._failures:
                    stop.wait(self._rest_seconds(self._failures))

    def _serve(  # noqa: PLR0913, PLR0917 - what a connection depends on
        self,
        peer: socket.socket,
        where: str,
        door: Intake,
        stop: threading.Event,
        report: Callable[[Report], None],
        doorstep: Doorstep | None = None,
    ) -> None:
        settings = self._settings
        report(Report(Level.INFO, "connected", {"peer": where}))
        self._contact(door, report)
        conversation = V24Conversation(
            self._decoder(door),
            zone=self._zone,
            where=where,
            flow=settings.flow == "xon-xoff",
            rest_seconds=self._rest_seconds,
            waiting_bytes_max=settings.waiting_bytes_max,
            silence_seconds_max=settings.silence_seconds_max,
        )
        with alive(peer):
            connection = Connection(
                peer,
                conversation,
                source=self.source,
                epoch=f"{Wire.V24}:{self._now().isoformat(timespec='seconds')}:{self._token()}",
                zone=self._zone,
                door=door,
                stop=stop,
                broken_off=self._broken_off,
                report=report,
                doorstep=doorstep,
            )
            connection.run()
        self._failures = self._failures + 1 if connection.rest_wanted else 0

    def _contact(self, door: Intake, report: Callable[[Report], None]) -> None:
        try:
            door.contact(self.source)
        except StoreUnusable as error:
            report(_warning(str(error), "the collector's store", Fault.MACHINE))

    def _rest_seconds(self, failures: int) -> float:
        """Return the pause after so many failures in a row: doubled each time, up to the last."""
        first, last = self._settings.rest_seconds_first, self._settings.rest_seconds_max
        return float(min(last, first * 2 ** min(max(failures, 1) - 1, 32)))


@contextmanager
def _listener(place: Place) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in place.address else socket.AF_INET
    with socket.create_server(place, family=family, backlog=BACKLOG_COUNT_MAX) as listener:
        yield listener


def _warning(what: str, where: str, fault: Fault) -> Report:
    return Report(Level.WARNING, str(Failure(what, where, fault)))
