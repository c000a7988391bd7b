"""Real tickets through the real wire come out equal where the wire carries them.

They are decoded by the collector's command, loaded into the exchange, and collected again. The
two commands share NDJSON on a pipe and nothing else; the exchange has no decoder.
"""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from oxo_simulator.control.client import ControlClient
from oxo_tickets import Ticket, carriage, from_ndjson, project, to_json

VECTORS = Path(__file__).resolve().parents[2] / "vectors"
COMMANDS = Path(sys.executable).parent
WAIT_SECONDS_MAX = 30

pytestmark = pytest.mark.process


def listings() -> list[Path]:
    """Return the XML lists and V24 listings that hold at least one readable ticket."""
    told = [*VECTORS.glob("oxo-xml/*.json"), *VECTORS.glob("oxo-v24/*.json")]
    meanings = {path: json.loads(path.read_text("utf-8")) for path in sorted(told)}
    return [path for path, vector in meanings.items() if _tickets(vector["meaning"])]


def _tickets(meaning: dict[str, list[dict[str, object]]]) -> int:
    statements = [one for one in meaning.get("events", []) if one["event"] == "statement"]
    return len(meaning.get("tickets", [])) + len(statements)


def decoded(path: Path, folder: Path) -> bytes:
    """Decode one vector by the collector's command; V24 with the vector's own columns."""
    vector = json.loads(path.read_text("utf-8"))
    options = []
    if "layout" in vector:
        layout = folder / f"{path.stem}.layout.json"
        layout.write_text(json.dumps(vector["layout"]), "utf-8")
        options = ["--layout", str(layout)]
    ended = subprocess.run(
        [COMMANDS / "oxo-collect", "decode", path.with_name(vector["file"]), *options],
        check=False, capture_output=True,
    )  # fmt: skip
    assert ended.returncode in (0, 1), ended.stderr.decode()
    assert len(ended.stdout.splitlines()) == _tickets(vector["meaning"]), path.stem
    return ended.stdout


@pytest.fixture(scope="module")
def tickets(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return every readable ticket of the vectors as NDJSON."""
    folder = tmp_path_factory.mktemp("layouts")
    return b"".join(decoded(path, folder) for path in listings())


@pytest.fixture(params=["observed", "extended"])
def exchange(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """Run an exchange that writes one of the tag sets; return its state folder."""
    state = tmp_path / "exchange"
    command = [COMMANDS / "oxo-sim", "run", "--state", state, "--tag-set", request.param]
    ports = ["--port", "standard=0", "--port", "alternate=0"]
    with subprocess.Popen([*command, *ports], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout
            for line in process.stdout:
                if (state / "exchange.json").exists():
                    break
                assert line
            yield state
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=WAIT_SECONDS_MAX)


def collected(state: Path, folder: Path) -> list[Ticket]:
    """Collect everything that waits by the collector's command and export it."""
    described = json.loads((state / "exchange.json").read_text("utf-8"))
    configuration = folder / "collector.toml"
    configuration.write_text(
        f"""
        store = "tickets.db"
        [[exchange]]
        name = "replay"
        address = "{described["ports"][0]["address"]}"
        port = {described["ports"][0]["port"]}
        user = "{described["user"]}"
        password_file = "{state / "taxation.password"}"
        ca_file = "{described["ca_file"]}"
        zone = "Europe/Paris"
        poll_seconds = 0.1
        """,
        "utf-8",
    )
    collect: list[str | Path] = [COMMANDS / "oxo-collect", "run", "--config", configuration]
    with subprocess.Popen(collect, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        try:
            await_empty(ControlClient.from_state(state))
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(WAIT_SECONDS_MAX) == 0
    export: list[str | Path] = [COMMANDS / "oxo-collect", "export", "--config", configuration]
    ended = subprocess.run(export, check=True, capture_output=True)
    return list(from_ndjson(ended.stdout.splitlines()))


def await_empty(control: ControlClient) -> None:
    """Follow the ledger until the buffer is empty."""
    with control:
        since = 0
        while control.state().buffered:
            lines = control.ledger(since, wait_seconds=WAIT_SECONDS_MAX)
            assert lines, "the collector takes nothing"
            since = lines[-1].n


def test_replayed_tickets_come_out_equal_where_the_wire_carries_them(
    exchange: Path, tickets: bytes, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    load: list[str | Path] = [COMMANDS / "oxo-sim", "load", "-", "--state", exchange]
    subprocess.run(load, input=tickets, check=True, capture_output=True)
    through = carriage("taxation", request.node.callspec.params["exchange"])
    made = [project(ticket, through) for ticket in from_ndjson(tickets.splitlines())]
    found = [project(ticket, through) for ticket in collected(exchange, tmp_path)]
    assert len(made) > 60
    assert Counter(map(to_json, found)) == Counter(map(to_json, made))


def test_nothing_of_the_environment_leads_the_load_astray(exchange: Path) -> None:
    """A proxy named in the environment must not stand between the operator and the exchange."""
    ended = subprocess.run(
        [COMMANDS / "oxo-sim", "load", "-", "--state", exchange],
        input=b"not a ticket\n", check=False, capture_output=True,
        env={**os.environ, "http_proxy": "http://127.0.0.1:9"},
    )  # fmt: skip
    assert ended.returncode == 1
    assert b"line 1" in ended.stderr
