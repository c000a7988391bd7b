"""The pytest plugin in a foreign test suite: its documented example, its cost, its end."""

import json
import os
import re
import select
import subprocess
import sys
from pathlib import Path

import pytest
from oxo_simulator.ephemeral import EphemeralExchange, EventMissing, NotStarted
from oxo_tickets import from_json

pytestmark = pytest.mark.process

PAGE = Path(__file__).resolve().parents[2] / "docs" / "pytest.md"
SECONDS_MAX = 60


def suite(folder: Path, *options: str, text: str) -> subprocess.CompletedProcess[str]:
    """Run a foreign test suite in a clean directory."""
    folder.joinpath("test_foreign.py").write_text(text, "utf-8")
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST")}
    return subprocess.run(
        [sys.executable, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider", *options],
        cwd=folder, env=kept, capture_output=True, text=True, timeout=SECONDS_MAX, check=False,
    )  # fmt: skip


@pytest.mark.needs("curl")
def test_the_documented_example_passes_in_a_clean_directory(tmp_path: Path) -> None:
    blocks = re.findall(
        r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    assert len(blocks) == 2
    done = suite(tmp_path, "-W", "error", "--strict-markers", text="\n\n".join(blocks))
    assert "6 passed" in done.stdout, done.stdout + done.stderr


def test_a_failed_test_shows_the_ledger(tmp_path: Path) -> None:
    text = "def test_fails(oxo):\n    oxo.call()\n    assert oxo.waiting == 2\n"
    done = suite(tmp_path, text=text)
    assert done.returncode == 1
    shown = done.stdout.partition("oxo: end of the ledger")[2]
    assert "installed {'installation': 2, 'seed': 1" in shown
    assert "buffered {'id': 1, 'sequence': 1}" in shown


def test_who_does_not_ask_loads_nothing(tmp_path: Path) -> None:
    text = (
        "import sys\n"
        "def test_light():\n"
        "    ours = {name for name in sys.modules if name.startswith('oxo_')}\n"
        "    assert ours == {'oxo_simulator', 'oxo_simulator.pytest_plugin'}\n"
        "def test_the_client_is_light_too(oxo):\n"
        "    heavy = ('twisted', 'spyne', 'klein', 'pydantic', 'faker', 'lxml')\n"
        "    assert [name for name in heavy if name in sys.modules] == []\n"
    )
    tmp_path.joinpath("test_it.py").write_text(text, "utf-8")
    # What else is installed here has plugins of its own, which may load anything.
    plugins = ("-p", "oxo_simulator.pytest_plugin")
    done = subprocess.run(
        [sys.executable, "-P", "-m", "pytest", "-q", *plugins, "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""},
        capture_output=True, text=True, timeout=SECONDS_MAX, check=False,
    )  # fmt: skip
    assert "2 passed" in done.stdout, done.stdout + done.stderr


def test_the_exchange_goes_with_its_maker_even_if_that_is_killed() -> None:
    program = (
        "import json, sys\n"
        "from oxo_simulator.ephemeral import EphemeralExchange\n"
        "exchange = EphemeralExchange()\n"
        "pid = json.loads((exchange.folder / 'exchange.json').read_text())['pid']\n"
        "print(json.dumps({'pid': pid, 'folder': str(exchange.folder)}), flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-P", "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as maker:
        assert maker.stdout is not None
        told = json.loads(maker.stdout.readline())
        ended = os.pidfd_open(told["pid"])
        assert Path(told["folder"]).is_dir()
        maker.kill()
        assert select.select([ended], [], [], SECONDS_MAX)[0], "the exchange lives on"
        os.close(ended)
    assert not Path(told["folder"]).exists()


def test_an_exchange_is_fresh_again_and_is_gone_when_closed(tmp_path: Path) -> None:
    with EphemeralExchange("--set", "name=pbx7") as exchange:
        assert exchange.control.state().name == "pbx7"
        assert exchange.password not in repr(exchange)
        line = '{"kind":"call","local_time":"2020-02-24T14:00:00"}'
        (tmp_path / "tickets").write_text(f"{line}\n\n{line}\n" * 600, "utf-8")
        assert exchange.load(tmp_path / "tickets") == list(range(1, 1201))
        assert exchange.load([json.loads(line), from_json(line)]) == [1201, 1202]
        exchange.call()
        exchange.control.pace(10)
        assert exchange.reusable()
        exchange.renew()
        assert (exchange.waiting, exchange.control.state().time_factor) == (0, 0)
        with pytest.raises(EventMissing, match=r"no 'made', id=7 in the ledger within 0\.1 s"):
            exchange.wait_for("made", 0.1, id=7)
        exchange.control.renew_certificate()
        assert not exchange.reusable()
        folder = exchange.folder
        assert exchange.start_seconds > 0
    assert not folder.exists()
    assert not exchange.reusable()


def test_what_keeps_it_from_starting_is_said() -> None:
    with pytest.raises(NotStarted, match=r"status 2 .*no profile 'none'; packaged are certify"):
        EphemeralExchange("--profile", "none")


def test_a_folder_with_something_in_it_is_never_removed(tmp_path: Path) -> None:
    (tmp_path / "thesis").write_text("mine")
    done = subprocess.run(
        [sys.executable, "-P", "-m", "oxo_simulator", "run", "--ephemeral", "--json",
         "--state", tmp_path],
        stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS_MAX, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "it would be removed, but it is not empty" in json.loads(done.stderr)["error"]
    assert (tmp_path / "thesis").read_text() == "mine"
