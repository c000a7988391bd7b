"""The whole exchange with a stranger's client: curl, through the link, over TLS, with faults."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from oxo_simulator.control.client import ControlClient
from oxo_simulator.control.messages import ArmedFault, CallOrder, Fault, Installation

pytestmark = [pytest.mark.process, pytest.mark.needs("curl")]

OXO_SIM = str(Path(sys.executable).with_name("oxo-sim"))
SECONDS_MAX = 30
ENVELOPE = (
    "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/' "
    "xmlns='urn:oxo-sim:taxation:1'><e:Body>{}</e:Body></e:Envelope>"
)
GET = "<GetTickets><maxTickets>{}</maxTickets><waitSeconds>0</waitSeconds></GetTickets>"
ACK = "<AckTickets><lastSequence>{}</lastSequence></AckTickets>"


class Collector:
    """curl with a cookie jar."""

    def __init__(self, state: Path, work: Path) -> None:
        self.client = ControlClient.from_state(state)
        described = json.loads((state / "exchange.json").read_text("utf-8"))
        port = described["ports"][0]
        password = (state / "taxation.password").read_text("utf-8").strip()
        self._url = f"https://{port['address']}:{port['port']}/services/taxation"
        self._config = work / "curl.conf"
        self._config.write_text(
            f'user = "{described["user"]}:{password}"\ncacert = "{described["ca_file"]}"\n'
            f'cookie = "{work}/jar"\ncookie-jar = "{work}/jar"\nnoproxy = "*"\n'
            'header = "Content-Type: text/xml"\nsilent\n',
            "utf-8",
        )

    def ask(self, body: str, seconds: float = 5) -> tuple[int, str]:
        """Send one operation; return curl's status and what came of the answer."""
        done = subprocess.run(
            ["curl", "-K", self._config, "-m", str(seconds), "-N",
             "-d", ENVELOPE.format(body), self._url],
            capture_output=True, timeout=SECONDS_MAX, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout.decode()

    def log_in(self) -> None:
        status, answer = self.ask("<Login/>")
        assert (status, "<epoch>" in answer) == (0, True), answer

    def events(self) -> list[str]:
        return [line.event for line in self.client.ledger()]

    def wait_for(self, event: str, count: int = 1) -> None:
        """Wait until the ledger has so many such lines."""
        while (seen := self.events()).count(event) < count:
            assert self.client.ledger(len(seen), 10), f"no {event}"


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("whole") / "state"
    command = [OXO_SIM, "run", "--state", str(folder)]
    with subprocess.Popen(
        [*command, "--port", "standard=0", "--port", "alternate=0"], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        while b"token in" not in process.stdout.readline():
            assert process.poll() is None
        yield folder
        process.terminate()
        assert process.wait(SECONDS_MAX) == 0


@pytest.fixture
def collector(state: Path, tmp_path: Path) -> Iterator[Collector]:
    found = Collector(state, tmp_path)
    with found.client as client:
        client.install(Installation())
        client.place_calls(CallOrder(direction="outgoing", user="128", number="0390", times=3))
        found.log_in()
        yield found


def test_tickets_are_fetched_acknowledged_and_gone(collector: Collector) -> None:
    _, answer = collector.ask(GET.format(2))
    assert answer.count("<CallAccounting>") == 2
    assert "<remaining>1</remaining>" in answer
    _, answer = collector.ask(ACK.format(2))
    assert "<acknowledged>2</acknowledged>" in answer
    _, answer = collector.ask(GET.format(9))
    assert "<firstSequence>3</firstSequence><lastSequence>3</lastSequence>" in answer
    collector.ask("<Logout/>")
    assert collector.client.state().sessions == 0
    lines = {line.event: line.detail for line in collector.client.ledger()}
    connection = lines["acknowledged"]["connection"]
    assert (lines["acknowledged"]["first"], lines["acknowledged"]["last"]) == (1, 2)
    opened = [
        line.detail for line in collector.client.ledger() if line.event == "connection opened"
    ]
    assert connection in {detail["connection"] for detail in opened}
    transcript = collector.client.transcript()
    assert [each["operation"] for each in transcript] == [
        "Login", "GetTickets", "AckTickets", "GetTickets", "Logout",
    ]  # fmt: skip
    peers = {detail["connection"]: detail["peer"] for detail in opened}
    assert {each["connection"]: each["peer"] for each in transcript} == peers


def test_cut_at_offered_towards_the_exchange_the_answer_arrives_and_the_thanks_wait(
    collector: Collector,
) -> None:
    cut = Fault(kind="cut", towards="exchange")
    collector.client.arm(ArmedFault(when="offered", fault=cut))
    status, answer = collector.ask(GET.format(9))
    assert (status, answer.count("<CallAccounting>")) == (0, 3)
    assert collector.ask(ACK.format(3), seconds=0.5) == (28, ""), "curl gives up waiting"
    collector.wait_for("held")
    assert collector.client.state().buffered == 3
    events = collector.events()
    assert events[events.index("offered") + 1] == "fault"
    collector.client.restore()
    assert "<acknowledged>3</acknowledged>" in collector.ask(ACK.format(3))[1]


def test_cut_at_acknowledged_no_byte_of_the_answer_leaves(collector: Collector) -> None:
    collector.ask(GET.format(9))
    collector.client.arm(ArmedFault(when="acknowledged", fault=Fault(kind="cut")))
    assert collector.ask(ACK.format(3), seconds=1) == (28, "")
    assert collector.client.state().buffered == 0, "the exchange has let them go"
    held = [line.detail for line in collector.client.ledger() if line.event == "held"]
    assert held[0]["towards"] == "collector"
    collector.client.restore(reset_connections=True)
    assert "<acknowledged>0</acknowledged>" in collector.ask(ACK.format(3))[1]


def test_half_an_answer_then_a_reset_loses_nothing(collector: Collector) -> None:
    fault = Fault(kind="carry then reset", towards="collector", carry_bytes=700)
    collector.client.arm(ArmedFault(when="offered", fault=fault))
    status, _ = collector.ask(GET.format(9))
    assert status in (35, 52, 56), "reset, or an answer cut short"
    assert collector.client.state().buffered == 3
    _, answer = collector.ask(GET.format(9))
    assert answer.count("<CallAccounting>") == 3


def test_half_an_answer_then_silence_loses_nothing(collector: Collector) -> None:
    fault = Fault(kind="carry then cut", towards="collector", carry_bytes=700)
    collector.client.arm(ArmedFault(when="offered", fault=fault))
    assert collector.ask(GET.format(9), seconds=1)[0] == 28, "curl gives up waiting"
    collector.wait_for("held")
    assert collector.client.state().link == "disturbed"
    collector.client.restore(reset_connections=True)
    _, answer = collector.ask(GET.format(9))
    assert answer.count("<CallAccounting>") == 3


def test_after_a_warm_reset_the_tickets_are_there_and_the_session_is_not(
    collector: Collector,
) -> None:
    collector.client.install(
        Installation(overrides={"reset.refused_seconds": 0.2, "reset.busy_seconds": 0})
    )
    collector.client.place_calls(CallOrder(direction="outgoing", user="128", number="0390"))
    collector.log_in()
    collector.ask(GET.format(9))
    collector.client.reset()
    assert collector.ask(GET.format(9))[0] == 7, "connection refused"
    collector.wait_for("phase", 3)
    assert "Client.Session" in collector.ask(GET.format(9))[1]
    collector.log_in()
    _, answer = collector.ask(GET.format(9))
    assert "<firstSequence>1</firstSequence>" in answer
    closed = [line.detail for line in collector.client.ledger() if line.event == "session closed"]
    assert [detail["reason"] for detail in closed] == ["reset"]
