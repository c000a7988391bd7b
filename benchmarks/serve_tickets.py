"""How fast the exchange serves GetTickets: beside a static body of the same size, in one run.

    python benchmarks/serve_tickets.py [--seconds 2] [--batches 10,100,1000]

Same process, same twisted.web, same TLS, same request, one keep-alive connection, the link out of
the path; transcript and ledger are written as always. The ratio is that of the server's CPU time
for one answer, which other programs on the machine hardly disturb; that of the rates by the clock
stands behind it.

`again` asks for the same tickets over and over; `cycle` writes tickets, gets them and acknowledges
them, so that rendering, buffer and ledger count in, and has no static twin.

Ten tickets are served beside WireMock, too, where npx and Java are found.
"""

import argparse
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

PASSWORD = "benchmark"  # noqa: S105 - of an exchange that lives for seconds
ROUNDS_COUNT = 3
START_SECONDS_MAX = 60
AIMS = {100: 0.4, 1000: 0.7}
WIREMOCK = "wiremock@3.13.2"
ENVELOPE = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">'
    '<s:Body xmlns="urn:oxo-sim:taxation:1">{}</s:Body></s:Envelope>'
)


# The serving process.


def serve(folder: Path) -> None:
    """Serve an exchange full of tickets and its static twin until standard input ends."""
    from oxo_simulator.certificates import Authority  # noqa: PLC0415
    from twisted.internet.epollreactor import EPollReactor  # noqa: PLC0415
    from twisted.internet.main import installReactor  # noqa: PLC0415

    reactor: Any = EPollReactor()  # type: ignore[no-untyped-call]
    installReactor(reactor)  # type: ignore[no-untyped-call]  # TLS takes its clock from there
    from twisted.internet.stdio import StandardIO  # noqa: PLC0415
    from twisted.web.server import Site  # noqa: PLC0415

    exchange, taxation = _exchange(folder, reactor)
    certificate = Authority.load_or_create(folder).server_certificate("localhost", ["127.0.0.1"])
    twin = Site(_static())  # type: ignore[no-untyped-call]
    ports = {}
    for name, site in (("tickets", taxation.site("standard")), ("static", twin)):
        listening = reactor.listenSSL(0, site, certificate.context_factory(), interface="127.0.0.1")
        ports[name] = listening.getHost().port
    StandardIO(_orders(exchange, reactor), reactor=reactor)  # type: ignore[no-untyped-call]
    print(json.dumps({**ports, "ca_file": str(folder / "ca.pem")}), flush=True)
    reactor.run()


def _exchange(folder: Path, reactor: Any) -> tuple[Any, Any]:
    from oxo_simulator.clock import VirtualClock, WallClock  # noqa: PLC0415
    from oxo_simulator.exchange.core import Exchange  # noqa: PLC0415
    from oxo_simulator.ledger import Ledger  # noqa: PLC0415
    from oxo_simulator.profile import load_profile  # noqa: PLC0415
    from oxo_simulator.taxation import (  # noqa: PLC0415
        Taxation,
        TaxationSettings,
        outlet_terms,
    )
    from oxo_simulator.transcript import Transcript  # noqa: PLC0415

    profile = load_profile("certify", {"buffer.capacity": 10_000, "tag_set": "extended"})
    wall = WallClock(VirtualClock(), profile.start, ZoneInfo(profile.zone))
    ledger = Ledger(folder / "ledger.ndjson", lambda: datetime.now(UTC), lambda: wall.now().local)
    exchange = Exchange(
        profile=profile, seed=1, epoch="e", clock=wall, record=ledger.append,
        outlets=[outlet_terms(profile)],
    )  # fmt: skip
    transcript = Transcript(now=lambda: datetime.now(UTC), folder=folder)
    taxation = Taxation(
        {"collector": PASSWORD},
        reactor,
        lambda peer, _here: ("c1", f"{peer[0]}:{peer[1]}"),
        transcript,
    )
    settings = TaxationSettings(tag_set="extended", batch_tickets_max=1000)
    taxation.install(exchange, settings)
    return exchange, taxation


def _static() -> Any:
    """Return a resource whose body is as long as the last request's path says."""
    from twisted.web.resource import Resource  # noqa: PLC0415

    class Static(Resource):
        isLeaf = True  # noqa: N815 - Twisted's interface

        def __init__(self) -> None:
            super().__init__()  # type: ignore[no-untyped-call]
            self.body = b""

        def render_POST(self, request: Any) -> bytes:  # noqa: N802 - Twisted's interface
            length = int(request.path[1:])
            if len(self.body) != length:
                self.body = b"x" * length
            return self.body

    return Static()


def _orders(exchange: Any, reactor: Any) -> Any:
    """Return what writes as many tickets as each line of standard input says."""
    from twisted.protocols.basic import LineOnlyReceiver  # noqa: PLC0415

    class Orders(LineOnlyReceiver):
        delimiter = b"\n"

        def lineReceived(self, line: bytes) -> None:  # noqa: N802 - Twisted's interface
            exchange.load([_ticket(number) for number in range(int(line))], 0)
            print("loaded", flush=True)

        def connectionLost(self, reason: Any = None) -> None:  # noqa: ARG002, N802
            if reactor.running:
                reactor.stop()

    return Orders()


def _ticket(number: int) -> Any:
    from oxo_tickets import CommunicationType, Direction, Kind, Ticket  # noqa: PLC0415

    return Ticket(
        kind=Kind.CALL, direction=Direction.OUTGOING,
        communication_type=CommunicationType.OUTGOING,
        local_time=datetime(2026, 11, 22) + timedelta(seconds=number),  # noqa: DTZ001
        charged_user=str(100 + number % 300), dialled_number=f"0019900{number:06}",
        ring_seconds=0, call_seconds=number % 3600, subscriber_name="M. ORVELLE",
        trunk="01", units=3, currency="EUR", account_code="123456",
    )  # fmt: skip


# The measuring process.


class Server(NamedTuple):
    """A process that serves, and how to reach it."""

    process: "subprocess.Popen[str]"
    cpu_pid: int
    context: ssl.SSLContext

    def cpu_seconds(self) -> float:
        """Return the CPU time it has used so far."""
        fields = Path(f"/proc/{self.cpu_pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def load(self, tickets: int) -> None:
        """Let it write so many tickets."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{tickets}\n")
        self.process.stdin.flush()
        self.process.stdout.readline()


class Client:
    """One keep-alive connection over TLS that spends as little as it can."""

    def __init__(self, server: Server, port: int) -> None:
        plain = socket.create_connection(("127.0.0.1", port), START_SECONDS_MAX)
        self._socket = server.context.wrap_socket(plain, server_hostname="localhost")
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> tuple[bytes, bytes]:
        """Send a request and return head and body of the answer."""
        self._socket.sendall(request)
        data = self._socket.recv(1 << 20)
        while b"\r\n\r\n" not in data:
            data += self._socket.recv(1 << 20)
        head, _, body = data.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 "), head
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        pieces, missing = [body], length - len(body)
        while missing:
            pieces.append(self._socket.recv(1 << 20))
            missing -= len(pieces[-1])
        return head, b"".join(pieces)

    def close(self) -> None:
        """Close."""
        self._socket.close()


def request(path: str, inside: str, cookie: str = "") -> bytes:
    """Return a request's bytes."""
    body = ENVELOPE.format(inside).encode()
    credentials = "Y29sbGVjdG9yOmJlbmNobWFyaw=="
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {credentials}\r\n"
        f"Content-Type: text/xml; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
    )
    if cookie:
        head += f"Cookie: {cookie}\r\n"
    return head.encode() + b"\r\n" + body


def get(tickets: int, cookie: str, path: str = "/services/taxation") -> bytes:
    """Return a GetTickets request."""
    inside = f"<maxTickets>{tickets}</maxTickets><waitSeconds>0</waitSeconds>"
    return request(path, f"<GetTickets>{inside}</GetTickets>", cookie)


class Measured(NamedTuple):
    """Answers a second by the clock, and seconds of the server's CPU time for one."""

    rate: float
    cpu: float


def measure(server: Server, client: Client, asked: bytes, seconds: float) -> Measured:
    """Ask the same for so long."""
    for _ in range(5):
        client.ask(asked)
    count, cpu, begin = 0, server.cpu_seconds(), time.perf_counter()
    while (passed := time.perf_counter() - begin) < seconds:
        client.ask(asked)
        count += 1
    return Measured(count / passed, (server.cpu_seconds() - cpu) / count)


def best(rounds: list[Measured]) -> Measured:
    """Return the best of several rounds: noise only ever adds."""
    return Measured(max(each.rate for each in rounds), min(each.cpu for each in rounds))


@contextmanager
def exchange_process(folder: Path) -> Iterator[tuple[Server, dict[str, int]]]:
    """Run the serving process."""
    command = [sys.executable, __file__, "--serve", str(folder)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        context = ssl.create_default_context(cafile=told.pop("ca_file"))
        yield Server(process, process.pid, context), told
        assert process.stdin is not None
        process.stdin.close()


def beside_static(batches: list[int], seconds: float) -> tuple[Measured, bytes]:
    """Measure against the static twin; return what ten tickets cost, and their answer."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        server, ports = stack.enter_context(exchange_process(Path(name)))
        tickets = stack.enter_context(closing(Client(server, ports["tickets"])))
        static = stack.enter_context(closing(Client(server, ports["static"])))
        head, _ = tickets.ask(request("/services/taxation", "<Login/>"))
        cookie = head.decode().split("Set-Cookie: ")[1].split(";")[0]
        server.load(max(batches))
        print("GetTickets beside a static body of the same size (CPU time of one answer)")
        for batch in batches:
            asked = get(batch, cookie)
            body = tickets.ask(asked)[1]
            assert body.count(b"<CallAccounting>") == batch
            twin = get(batch, cookie, f"/{len(body)}")
            mine, other = [], []
            for _ in range(ROUNDS_COUNT):
                other.append(measure(server, static, twin, seconds))
                mine.append(measure(server, tickets, asked, seconds))
            _row(batch, len(body), best(mine), best(other))
        _cycle(server, tickets, cookie, batches, seconds)
        ten = get(10, cookie)
        return measure(server, tickets, ten, seconds), tickets.ask(ten)[1]


# Beside WireMock.


def beside_wiremock(mine: Measured, body: bytes, seconds: float) -> None:
    """Let WireMock serve the same ten tickets over TLS, where npx and Java are found."""
    missing = [name for name in ("npx", "java") if shutil.which(name) is None]
    if missing:
        print(f"ten tickets beside WireMock: skipped, {' and '.join(missing)} not found")
        return
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder, port = Path(name), _free_port()
        _stub(folder, body)
        command = ["npx", "--yes", WIREMOCK, "--https-port", str(port), "--disable-http"]
        options = ["--root-dir", name, "--no-request-journal", "--use-chunked-encoding", "never"]
        process = stack.enter_context(
            subprocess.Popen(
                [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                text=True, start_new_session=True,
            )
        )  # fmt: skip
        stack.callback(os.killpg, process.pid, signal.SIGTERM)
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # its own certificate
        assert process.stdout is not None
        if not any("https-port" in line for line in process.stdout):
            print(f"ten tickets beside WireMock: skipped, {WIREMOCK} did not start")
            return
        client = Client(Server(process, process.pid, context), port)
        with closing(client):
            java = Server(process, _java(process.pid), context)
            measure(java, client, get(10, ""), 5 * seconds)  # until it is warm
            theirs = measure(java, client, get(10, ""), seconds)
        print(
            f"ten tickets beside WireMock: {mine.rate / theirs.rate:4.2f} times its rate "
            f"({mine.rate:,.0f} beside {theirs.rate:,.0f} answers/s, one connection), "
            f"{mine.cpu * 1e6:.0f} us of CPU time an answer beside {theirs.cpu * 1e6:.0f} us"
        )


def _stub(folder: Path, body: bytes) -> None:
    (folder / "mappings").mkdir()
    asked = {"method": "POST", "url": "/services/taxation"}
    told = {"status": 200, "body": body.decode(), "headers": {"Content-Type": "text/xml"}}
    stub = json.dumps({"request": asked, "response": told})
    (folder / "mappings" / "tickets.json").write_text(stub, "utf-8")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port: int = held.getsockname()[1]
        return port


def _java(pid: int) -> int:
    """Return the process that serves: the last child of npx and its shells."""
    while True:
        tasks = Path(f"/proc/{pid}/task").iterdir()
        children = [one for task in tasks for one in (task / "children").read_text().split()]
        if not children:
            return pid
        pid = int(children[-1])


def _row(batch: int, size: int, mine: Measured, other: Measured) -> None:
    ratio = other.cpu / mine.cpu
    aim = f", aim {AIMS[batch]}" if batch in AIMS else ""
    print(
        f"again {batch:5}: ratio {ratio:4.2f} (by the clock {mine.rate / other.rate:4.2f}{aim}); "
        f"{mine.cpu * 1e6:6.0f} us beside {other.cpu * 1e6:6.0f} us; {mine.rate * batch:9,.0f} "
        f"tickets/s, {size:,} bytes"
    )


def _cycle(server: Server, client: Client, cookie: str, batches: list[int], seconds: float) -> None:
    """Write tickets, get and acknowledge them; the writing is not in the figures by the clock."""
    for batch in batches:
        taken, cpu, passed, loading = 0, 0.0, 0.0, 0.0
        while passed < seconds:
            before = server.cpu_seconds()
            server.load(5000)
            between, begin = server.cpu_seconds(), time.perf_counter()
            while last := int(_between(client.ask(get(batch, cookie))[1], b"lastSequence")):
                inside = f"<AckTickets><lastSequence>{last}</lastSequence></AckTickets>"
                client.ask(request("/services/taxation", inside, cookie))
            taken += 5000
            passed += time.perf_counter() - begin
            cpu += server.cpu_seconds() - between
            loading += between - before
        print(
            f"cycle {batch:5}: {cpu / taken * 1e6:6.1f} us of CPU time a ticket to serve and "
            f"acknowledge, {loading / taken * 1e6:.1f} us to write; "
            f"{taken / passed:9,.0f} tickets/s"
        )
    server.load(max(batches))


def _between(body: bytes, tag: bytes) -> bytes:
    return body.partition(b"<%b>" % tag)[2].partition(b"<")[0]


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    arguments.add_argument("--seconds", type=float, default=2)
    arguments.add_argument("--batches", default="10,100,1000")
    arguments.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    wanted = arguments.parse_args()
    if wanted.serve:
        serve(wanted.serve)
        return
    batches = [int(text) for text in wanted.batches.split(",")]
    mine, body = beside_static(batches, wanted.seconds)
    beside_wiremock(mine, body, wanted.seconds)


if __name__ == "__main__":
    main()
