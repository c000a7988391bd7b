"""What an idle exchange costs, and how many of them one process carries.

    python benchmarks/idle_exchanges.py [--exchanges 200]

Whole exchanges, put together as `oxo-sim run` does it (link, taxation wire with TLS on two ports,
control port, ledger, lock), one beside the other in one process on free ports; then the same number
of bare twins: as many listening sockets, of them as many with twisted.web and TLS, and nothing
behind them. Memory is what the process has written and nobody shares (`Private_Dirty` of
smaps_rollup; clean pages of a library are private or shared by who else runs), without the first
ones, which load the code. No source states a ceiling; the twin is the bare limit.

Certificates are made once and copied: making a key takes longer than everything else.
"""

import argparse
import ctypes
import gc
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

EXCHANGES_COUNT = 200
PAIR, KIB = 2, 1024
FIRST_COUNT = 4
"""So many are there before anything is measured."""


def private_kib() -> int:
    """Return the memory that this process alone has written, and that it still needs."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    lines = Path("/proc/self/smaps_rollup").read_text("ascii").splitlines()
    found = (line.split() for line in lines if line.startswith("Private_Dirty:"))
    return sum(int(words[1]) for words in found)


def descriptors() -> int:
    """Return how many file descriptors are open."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def carry(kind: str, count: int, folder: Path) -> None:
    """Put one up, then the others; print what those cost, as JSON."""
    from twisted.internet.epollreactor import EPollReactor  # noqa: PLC0415
    from twisted.internet.main import installReactor  # noqa: PLC0415

    reactor: Any = EPollReactor()  # type: ignore[no-untyped-call]
    installReactor(reactor)  # type: ignore[no-untyped-call]  # TLS takes its clock from there
    put_up = {"exchange": exchange, "twin": twin}[kind]
    kept: list[Any] = []

    def measure() -> None:
        kept.append(put_up(reactor, folder / "first"))
        for number in range(FIRST_COUNT):
            shutil.copytree(folder / "keys", folder / f"first{number}")
            kept.append(put_up(reactor, folder / f"first{number}"))
        memory, files, began = private_kib(), descriptors(), time.process_time()
        for number in range(count):
            own = folder / str(number)
            shutil.copytree(folder / "keys", own)
            kept.append(put_up(reactor, own))
        seconds = time.process_time() - began
        found = {
            "kib": (private_kib() - memory) / count,
            "descriptors": (descriptors() - files) / count,
            "cpu_ms": seconds * 1000 / count,
        }
        print(json.dumps(found), flush=True)
        reactor.stop()

    reactor.callWhenRunning(measure)
    reactor.run()


def exchange(reactor: Any, folder: Path) -> Any:
    """Put up a whole exchange."""
    from oxo_simulator.control.messages import Installation  # noqa: PLC0415
    from oxo_simulator.wiring import RunOptions, start  # noqa: PLC0415

    ports = {"standard": 0, "alternate": 0}
    options = RunOptions(folder=folder, installation=Installation(), ports=ports)
    running = start(options, reactor, print)
    keep_keys(folder)
    return running


def keep_keys(folder: Path) -> None:
    """Keep what the first one made, for the others."""
    keys = folder.parent / "keys"
    if keys.exists():
        return
    keys.mkdir()
    for file in folder.glob("*.pem"):
        shutil.copy2(file, keys)
    for file in folder.glob("*.key"):
        shutil.copy2(file, keys)


def twin(reactor: Any, folder: Path) -> Any:
    """Put up as many listening sockets, with twisted.web and TLS, and nothing behind them."""
    from oxo_simulator.certificates import Authority  # noqa: PLC0415
    from twisted.internet.protocol import Factory  # noqa: PLC0415
    from twisted.web.resource import Resource  # noqa: PLC0415
    from twisted.web.server import Site  # noqa: PLC0415

    folder.mkdir(exist_ok=True)
    shown = Authority.load_or_create(folder).server_certificate("localhost", ["127.0.0.1"])
    keep_keys(folder)
    kept: list[Any] = [shown]
    for _ in range(PAIR):
        kept.append(reactor.listenTCP(0, Factory(), interface="127.0.0.1"))
        site = Site(Resource())  # type: ignore[no-untyped-call]
        kept.append(reactor.listenSSL(0, site, shown.context_factory(), interface="127.0.0.2"))
    kept.append(reactor.listenTCP(0, Site(Resource()), interface="127.0.0.1"))  # type: ignore[no-untyped-call]
    return kept


def measured(kind: str, count: int) -> dict[str, float]:
    """Measure in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--kind", kind, "--exchanges", str(count)]
        done = subprocess.run(
            [*command, "--folder", folder], capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise SystemExit(f"{kind}: {done.stderr[-2000:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Measure both and print a table."""
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("--exchanges", type=int, default=EXCHANGES_COUNT)
    told.add_argument("--kind", choices=["exchange", "twin"])
    told.add_argument("--folder", type=Path)
    words = told.parse_args()
    if words.kind is not None:
        carry(words.kind, words.exchanges, words.folder)
        return
    ours, bare = (measured(kind, words.exchanges) for kind in ("exchange", "twin"))
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    print(f"{words.exchanges} in one process     idle exchange    bare twin    ratio")
    for key, name in (
        ("kib", "KiB each"),
        ("descriptors", "descriptors"),
        ("cpu_ms", "CPU ms, start"),
    ):
        print(f"{name:<24}{ours[key]:>13.1f}{bare[key]:>13.1f}{ours[key] / bare[key]:>9.2f}")
    most = int(limit / ours["descriptors"])
    print(f"{limit} descriptors (ulimit -n) are enough for {most} exchanges,")
    print(f"which take {most * ours['kib'] / KIB:,.0f} MiB")


if __name__ == "__main__":
    main()
