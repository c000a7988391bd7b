"""The bench's HTTP CONNECT proxy with login: `connect` on sockets, in a thread of its own.

It carries to the exchange and nowhere else, and keeps a journal (docs/bundle.md) that shows
whether a subject's session really passed it.
"""

import asyncio
import contextlib
import threading
from collections.abc import Collection, Coroutine
from dataclasses import asdict, dataclass
from typing import Any, Self, TypeVar

from oxo_scenarios.bench.clock import utc_now
from oxo_scenarios.bench.connect import HEAD_BYTES_MAX, Account, Decision, Target, answer, decide
from oxo_scenarios.bench.mortal import signals_to_main_thread
from oxo_scenarios.bench.trouble import BenchBroken

CONNECTIONS_MAX = 64
HEAD_SECONDS_MAX = 10.0
CHUNK_BYTES = 64 * 1024
STOP_SECONDS_MAX = 5.0


_Answer = TypeVar("_Answer")
_Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Passage:
    """One journal line; the byte counts grow while the connection lives."""

    n: int
    at: str
    peer: str
    method: str
    target: str
    login: str
    user: str | None
    status: int
    outward: str | None = None
    bytes_to_exchange: int = 0
    bytes_to_subject: int = 0


class Proxy:
    """A CONNECT proxy, by default on a free port of the loopback address; a context manager."""

    def __init__(
        self,
        account: Account,
        allowed: Collection[Target],
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        """Demand `account`, connect only to `allowed`; port 0 is a free one."""
        self.account = account
        self.host = host
        self.port = port
        self._allowed = frozenset(allowed)
        self._passages: list[Passage] = []
        self._lock = threading.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._server: asyncio.Server | None = None

    def __enter__(self) -> Self:
        """Listen."""
        with signals_to_main_thread():
            self._thread.start()
        try:
            self._server = self._run(
                asyncio.start_server(self._accepted, self.host, self.port, limit=HEAD_BYTES_MAX)
            )
        except OSError as error:
            self._end()
            raise BenchBroken(
                f"the proxy cannot listen on {self.host}:{self.port}: {error}"
            ) from error
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_exc: object) -> None:
        """Close every connection and end the thread."""
        with contextlib.suppress(TimeoutError):
            self._run(self._close())
        self._end()

    def journal(self) -> list[dict[str, Any]]:
        """Return the journal lines so far, oldest first."""
        with self._lock:
            return [asdict(passage) for passage in self._passages]

    def _run(self, work: Coroutine[Any, Any, _Answer]) -> _Answer:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(STOP_SECONDS_MAX)

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(STOP_SECONDS_MAX)
        if not self._loop.is_running():
            self._loop.close()

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection in a task that `_close` can end."""
        if len(self._tasks) >= CONNECTIONS_MAX:
            writer.transport.abort()
            return
        task = self._loop.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(OSError):
                await self._converse(reader, writer)
        finally:
            writer.transport.abort() if writer.is_closing() else writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read one request; refuse it, or carry bytes until both sides have ended."""
        decision = await self._request(reader)
        upstream = None
        if decision.connect_to is not None:
            try:
                upstream = await asyncio.open_connection(*decision.connect_to)
            except OSError:
                decision = decision._replace(status=502)
        outward = upstream[1].get_extra_info("sockname") if upstream else None
        passage = self._write_down(decision, writer.get_extra_info("peername"), outward)
        writer.write(answer(decision.status))
        await writer.drain()
        if upstream is not None:
            await self._carry(passage, (reader, writer), upstream)

    async def _request(self, reader: asyncio.StreamReader) -> Decision:
        """Read the head within its limits; what cannot be read is decided here."""
        try:
            async with asyncio.timeout(HEAD_SECONDS_MAX):
                head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            return Decision(431, "", "", "missing", None, None)
        except TimeoutError:
            return Decision(408, "", "", "missing", None, None)
        except asyncio.IncompleteReadError as error:
            return Decision(400, error.partial[:40].decode("latin-1"), "", "missing", None, None)
        return decide(head, self.account, self._allowed)

    async def _carry(self, passage: Passage, subject: _Ends, exchange: _Ends) -> None:
        """Copy both ways; each end that closes closes the other in that direction."""
        try:
            await asyncio.gather(
                self._copy(subject[0], exchange[1], passage, "bytes_to_exchange"),
                self._copy(exchange[0], subject[1], passage, "bytes_to_subject"),
            )
        except OSError:
            # A reset at one end is passed on as a reset: the subject must see what happened.
            subject[1].transport.abort()
        finally:
            exchange[1].transport.abort()

    async def _copy(
        self,
        source: asyncio.StreamReader,
        drain: asyncio.StreamWriter,
        passage: Passage,
        count: str,
    ) -> None:
        while chunk := await source.read(CHUNK_BYTES):
            with self._lock:
                setattr(passage, count, getattr(passage, count) + len(chunk))
            drain.write(chunk)
            await drain.drain()
        if drain.can_write_eof():
            drain.write_eof()

    def _write_down(
        self, decision: Decision, peer: tuple[str, int], outward: tuple[str, int] | None
    ) -> Passage:
        with self._lock:
            passage = Passage(
                n=len(self._passages) + 1,
                at=utc_now(),
                peer=f"{peer[0]}:{peer[1]}",
                method=decision.method,
                target=decision.target,
                login=decision.login,
                user=decision.user,
                status=decision.status,
                outward=f"{outward[0]}:{outward[1]}" if outward else None,
            )
            self._passages.append(passage)
        return passage
