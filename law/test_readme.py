"""Every command that the README and docs/confusing.md print is run, or shown to be what tox runs.

The commands of the README run by a shell, as a reader would type them, in a folder with its own
exchange and collector. Those of docs/confusing.md run in this process. A certification takes too
long for here: its command line is read by the command's own parser, subject and cases included.
"""

import json
import re
import shlex
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

import oxo_scenarios.cli
import oxo_simulator.cli
import pytest
from lxml import etree
from oxo_collector.cli import app as collect
from oxo_scenarios.catalogue import load_catalogue
from oxo_scenarios.subject import load_subject
from oxo_simulator.commands.line import KINDS
from oxo_simulator.control.client import ControlClient
from oxo_simulator.screen.drawing import drawn
from oxo_simulator.screen.looks import Looks
from oxo_simulator.screen.view import Line
from typer.main import get_command
from typer.testing import CliRunner

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")
CONFUSING = (ROOT / "docs" / "confusing.md").read_text("utf-8")
SECONDS_MAX = 60
FREE_PORTS = " --port standard=0 --port alternate=0"
FREE_WIRES = " --port nmc=0 --port v24=0 --port ohl=0"
FREE_SISTER = " --port account-ftp=0 --port account-sftp=0 --port stream-a=0 --port stream-b=0"
WIRE_PORTS = {"nmc": 30021, "v24": 6970, "ohl": 5010, "account-ftp": 2121, "stream-a": 2533}
OTHER_WIRES = "## The other wires\n"
SISTER = "## Account files and Ethernet on the fly\n"
LIVES = "## An exchange that lives\n"
SCREEN_WIDTH = 100
LEFT_OUT = "..."


def blocks(page: str, language: str = "") -> list[str]:
    """Return the fenced blocks of a page that are in a language."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return [text for given, text in found if given == language]


def commands(page: str) -> list[str]:
    """Return the command lines of a page, without their comments; shown sessions are none."""
    lines = [line for block in blocks(page) if "$ " not in block for line in block.splitlines()]
    return [stripped for line in lines if (stripped := re.sub(r"\s+# .*", "", line).strip())]


def section(page: str, title: str) -> str:
    """Return a section of a page, without its title."""
    return page.split(title)[1].split("\n## ", maxsplit=1)[0]


ABOUT_WIRES, ABOUT_SISTER = section(README, OTHER_WIRES), section(README, SISTER)
ABOUT_LIFE = section(README, LIVES)
ABOUT_ONE = README.replace(ABOUT_WIRES, "").replace(ABOUT_SISTER, "").replace(ABOUT_LIFE, "")
"""The README but for the sections whose exchanges are others."""


def long(command: str) -> bool:
    """Tell whether a command takes longer than a test of the house may."""
    return command.startswith(("make ", "python3 tools/")) or "oxo-certify run" in command


def served(command: str) -> bool:
    """Tell whether a command runs until it is stopped."""
    return re.search(r"oxo-(sim|collect) run\b", command) is not None


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A reader's folder: the commands below .venv/bin, the vectors and benchmarks, bundles."""
    place = tmp_path_factory.mktemp("reader")
    (place / ".venv").mkdir()
    (place / ".venv/bin").symlink_to(Path(sys.executable).parent)
    for name in ("vectors", "benchmarks"):
        (place / name).symlink_to(ROOT / name)
    for name in ("OLDER", "NEWER"):
        (place / "oxo-out" / name).mkdir(parents=True)
        sample = (ROOT / "reports/tests/sample/run.json").read_bytes()
        (place / "oxo-out" / name / "run.json").write_bytes(sample)
    return place


def started(command: str, folder: Path, ready: str) -> subprocess.Popen[str]:
    """Start a command that serves, and wait for the line that says it does."""
    process = subprocess.Popen(
        shlex.split(command), cwd=folder, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        preexec_fn=_in_the_foreground,  # noqa: PLW1509 - no thread of ours runs beside it
    )  # fmt: skip
    assert process.stdout is not None
    told = []
    for line in process.stdout:
        told.append(line)
        if ready in line:
            return process
    process.communicate(timeout=SECONDS_MAX)
    raise AssertionError(f"{command}: {''.join(told)}")


def _in_the_foreground() -> None:
    """Heed Ctrl-C, which a shell that runs the tests in its background has all of them ignore."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def ended(process: subprocess.Popen[str]) -> None:
    """Stop a served command as a terminal would, and see that it ends in peace."""
    process.send_signal(signal.SIGINT)
    told, _ = process.communicate(timeout=SECONDS_MAX)
    assert process.returncode == 0, told


@pytest.fixture(scope="module")
def exchange(folder: Path) -> Iterator[Path]:
    """Run the README's exchange, on free ports."""
    (command,) = [one for one in commands(ABOUT_ONE) if re.search(r"oxo-sim run", one)]
    process = started(command + FREE_PORTS, folder, "control ")
    yield folder
    ended(process)


@pytest.fixture(scope="class")
def collector(exchange: Path) -> Iterator[Path]:
    """Run the README's collector with the README's configuration, on the exchange's port."""
    (text,) = blocks(README, "toml")
    ports = json.loads((exchange / ".oxo-sim/exchange.json").read_text("utf-8"))["ports"]
    (port,) = [one["port"] for one in ports if one["name"] == "standard"]
    assert tomllib.loads(text)["exchange"][0]["port"] == certify_port()
    configured = text.replace(f"port = {certify_port()}", f"port = {port}")
    (exchange / "collector.toml").write_text(configured, "utf-8")
    (command,) = [one for one in commands(README) if "oxo-collect run" in one]
    process = started(command, exchange, "collecting")
    yield exchange
    ended(process)


def certify_port() -> int:
    """Return the standard port of the default profile."""
    path = ROOT / "simulator/oxo_simulator/profiles/certify.toml"
    number: int = tomllib.loads(path.read_text("utf-8"))["ports"]["standard"]["number"]
    return number


class TestReadme:
    """The collector of the README runs while its commands are tried, and no longer."""

    @pytest.mark.parametrize(
        "command", [one for one in commands(ABOUT_ONE) if not long(one) and not served(one)]
    )
    def test_every_short_command_of_the_readme_does_what_it_says(
        self, command: str, collector: Path
    ) -> None:
        """A shell runs it, in the folder of exchange and collector, and it prints something."""
        assert shell(command.replace(" ; ", " && "), collector)


def shell(command: str, folder: Path) -> str:
    """Run a command as a reader would, and return what it printed."""
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=folder, capture_output=True, text=True, timeout=SECONDS_MAX, check=False,
    )  # fmt: skip
    assert done.returncode == 0, (command, done.stderr)
    return done.stdout


@pytest.mark.needs("curl", "nc", "gzip")
@pytest.mark.parametrize(
    ("about", "free", "wanted"),
    [
        (
            ABOUT_WIRES,
            FREE_WIRES,
            ("ohl", '"dialled_number":"00390670000"', "A128  --> ", "^BJ128 "),
        ),
        (
            ABOUT_SISTER,
            FREE_SISTER,
            (
                "TAXAAAAA.DAT is closed",
                "ED5.200390670000",
                '"dialled_number":"00390670000"',
                "ED5.200390670000",
            ),
        ),
    ],
    ids=["other wires", "bigger sister"],
)
def test_every_command_about_the_other_wires_shows_the_call(
    about: str, free: str, wanted: tuple[str, ...], folder: Path, tmp_path: Path
) -> None:
    """Its exchange runs on free ports; each wire tells the call in its own words."""
    (tmp_path / ".venv").symlink_to(folder / ".venv")
    run, *others = commands(about)
    named = re.sub(r" --port \S+", "", run)
    process = started(named + FREE_PORTS + free, tmp_path, "control ")
    told = json.loads((tmp_path / ".oxo-sim/exchange.json").read_text("utf-8"))["ports"]
    ports = {one["name"]: one["port"] for one in told}
    try:
        shown = [shell(_on(command, ports), tmp_path) for command in others]
    finally:
        ended(process)
    assert [word for word, text in zip(wanted, shown, strict=True) if word not in text] == []


def _on(command: str, ports: dict[str, int]) -> str:
    for port, number in WIRE_PORTS.items():
        if port in ports:
            command = re.sub(rf"\b{number}\b", str(ports[port]), command)
    return command


def dialogue() -> list[tuple[str, str]]:
    """Return what the section about a living exchange types and is shown; the screen by itself."""
    found: list[tuple[str, str]] = []
    for language, block in re.findall(
        r"^```(\w+)\n(.*?)^```$", ABOUT_LIFE, re.MULTILINE | re.DOTALL
    ):
        if language == "text":
            found.append(("", block))
        else:
            each = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)
            found += [(command, shown) for command, shown in each]
    return found


def alike(shown: Sequence[str], said: Sequence[str]) -> bool:
    """Tell whether lines were said as they are shown, where words and lines may be left out."""
    if not shown:
        return not said
    if shown[0] == LEFT_OUT:
        return any(alike(shown[1:], said[begin:]) for begin in range(len(said) + 1))
    return bool(said) and line_alike(shown[0], said[0].rstrip()) and alike(shown[1:], said[1:])


def line_alike(shown: str, said: str) -> bool:
    """Tell whether a line holds the pieces between what is left out, in their order."""
    first, *others = shown.split(LEFT_OUT)
    if not others:
        return said == shown
    place = len(first) if said.startswith(first) else -1
    for piece in others[:-1]:
        found = said.find(piece, place) if place >= 0 else -1
        place = found + len(piece) if found >= 0 else -1
    return place >= 0 and said.endswith(others[-1]) and len(said) - len(others[-1]) >= place


@pytest.mark.needs("nc")
def test_all_that_is_shown_of_a_living_exchange_is_what_it_prints(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the first call to a day of traffic, in the order of the page, on one exchange."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".venv").symlink_to(folder / ".venv")
    (run,) = commands(ABOUT_LIFE)
    quick = " --set reset.refused_seconds=0.1 --set reset.busy_seconds=0.1"
    process = started(run + FREE_PORTS + " --port v24=0" + quick, tmp_path, "control ")
    try:
        told = [(typed, shown, printed(typed, shown)) for typed, shown in dialogue()]
    finally:
        ended(process)
    assert len(told) > 25
    wrong = [
        f"{typed}\n{said}"
        for typed, shown, said in told
        if not alike(shown.splitlines(), said.splitlines())
    ]
    assert not wrong, wrong[0]


def printed(typed: str, shown: str) -> str:
    """Return what a command prints, or (nothing typed) the screen of as many lines."""
    state = Path(".oxo-sim")
    if not typed:
        with ControlClient.from_state(state) as client:
            view = Looks(client).take()
        return drawn(view, Line(), [], SCREEN_WIDTH, shown.count("\n")).plain + "\n"
    program, *words = shlex.split(typed)
    if program != ".venv/bin/oxo-sim":
        told = json.loads((state / "exchange.json").read_text("utf-8"))["ports"]
        return shell(_on(typed, {one["name"]: one["port"] for one in told}), Path())
    outcome = CliRunner().invoke(oxo_simulator.cli.app, words)
    assert outcome.exit_code == 0, (typed, outcome.output, outcome.exception)
    return outcome.output


def test_the_faults_that_the_readme_names_are_those_that_there_are() -> None:
    about = ABOUT_LIFE.split("**The line.**")[1].split(";", maxsplit=1)[0]
    assert sorted(re.findall(r"`([^`]+)`", about)) == sorted(KINDS)


def test_the_options_that_the_readme_names_beside_its_commands_are_there() -> None:
    known = {
        name
        for command in get_command(oxo_simulator.cli.app).commands.values()  # type: ignore[attr-defined]
        for parameter in command.params
        for name in (*parameter.opts, *parameter.secondary_opts)
    }
    told = set(re.findall(r"--[a-z][a-z-]+", ABOUT_LIFE))
    assert told - known == set()


@pytest.mark.parametrize("page", [README, CONFUSING], ids=["README", "confusing"])
def test_every_certification_that_a_page_names_could_begin(page: str) -> None:
    told = [one for one in commands(page) if "oxo-certify run" in one]
    assert told
    known = [case.id for case in load_catalogue().cases]
    run = get_command(oxo_scenarios.cli.app).commands["run"]  # type: ignore[attr-defined]
    for command in told:
        words = command.split("oxo-certify run", 1)[1].split()
        if "--help" in words:
            continue
        asked = run.make_context("run", words).params
        assert set(asked["case"]) <= set(known), command
    load_subject(oxo_scenarios.cli.OWN_SUBJECT, known)
    load_subject(ROOT / "scenarios/tests/subjects/curl-shell", known)


def test_the_long_commands_are_what_tox_and_the_makefile_run() -> None:
    told = {one.split()[1] for one in commands(README) if one.startswith("make ")}
    assert told == {"certify", "test"}
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in told:
        assert f"{target}:\n\t@$(PYTHON) tools/project.py {target} $(OPTIONS)" in makefile
    tox = (ROOT / "tox.ini").read_text("utf-8")
    assert re.search(r"^ *certify: \S+/oxo-certify run --out", tox, re.MULTILINE)
    entrance = (ROOT / "tools/project.py").read_text("utf-8")
    assert 'call(ENVIRONMENT / "bin" / "oxo-certify", "run", *options)' in entrance
    assert 'call(ENVIRONMENT / "bin" / "tox", *options)' in entrance


def test_options_of_the_long_commands_are_options() -> None:
    given = dict(re.findall(r'make (\w+) OPTIONS="([^"]+)"', README))
    run = get_command(oxo_scenarios.cli.app).commands["run"]  # type: ignore[attr-defined]
    assert run.make_context("run", given["certify"].split()).params["seed"] == 7
    environments = re.search(r"^env_list = (.*)$", (ROOT / "tox.ini").read_text(), re.MULTILINE)
    assert environments
    assert given["test"].split() == ["-e", environments[1].split(", ")[0]]


def test_the_python_of_the_readme_is_that_of_its_own_page() -> None:
    (block,) = blocks(README, "python")
    assert block in blocks((ROOT / "docs/pytest.md").read_text("utf-8"), "python")


def test_the_shown_run_is_worded_as_a_run_is() -> None:
    (shown,) = [block for block in blocks(README) if block.startswith("$ make certify")]
    plays = re.findall(r"^(\S+) +(ok|not observable) +\d+\.\d s  ", shown, re.MULTILINE)
    known = [case.id for case in load_catalogue().cases]
    claim = load_subject(oxo_scenarios.cli.OWN_SUBJECT, known).settings.claim
    planned = [one.play for one in load_catalogue().plays(claim)]
    assert {play for play, _ in plays} <= set(planned)
    assert f": {len(planned)} plays, seed " in shown
    heads = [line[:16] for line in shown.splitlines()[-4:]]
    sources = "".join(
        path.read_text("utf-8") for path in (ROOT / "scenarios/oxo_scenarios").glob("*.py")
    )
    assert all(f'f"{head}{{folder' in sources for head in heads), heads


@pytest.mark.parametrize(
    "command",
    [one for one in dict.fromkeys(commands(CONFUSING)) if not long(one) or "--help" in one],
)
def test_every_command_of_the_confusing_things_works(
    command: str, exchange: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(exchange)
    monkeypatch.setenv("COLUMNS", "200")
    given: str | None = None
    apps = {
        "oxo-sim": oxo_simulator.cli.app,
        "oxo-collect": collect,
        "oxo-certify": oxo_scenarios.cli.app,
    }
    for part in command.split(" | "):
        program, *words = part.removeprefix(".venv/bin/").split()
        outcome = CliRunner().invoke(apps[program], words, input=given)
        assert outcome.exit_code == 0, (outcome.output, outcome.exception)
        given = outcome.stdout
        assert given


def pages() -> list[Path]:
    """Return the README and the pages below docs/."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_every_page_is_reached_from_the_readme() -> None:
    linked = {(ROOT / target).resolve() for target in links(README)}
    assert [page.name for page in pages()[1:] if page not in linked] == []


@pytest.mark.parametrize(
    "page", [*pages(), *sorted((ROOT / "docs").glob("*/*.md"))], ids=lambda page: page.name
)
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    told = [target.partition("#")[0] for target in links(page.read_text("utf-8"))]
    assert [one for one in told if one and not (page.parent / one).exists()] == []


def links(page: str) -> list[str]:
    """Return the targets of a page's links and pictures that are files."""
    found: list[str] = re.findall(r"\]\(([^)\s]+)\)", page)
    return [target for target in found if "://" not in target]


def test_the_picture_of_the_architecture_is_drawn_of_itself_alone() -> None:
    """A viewer that shows it inside a page loads nothing else and runs nothing."""
    text = (ROOT / "docs/architecture.svg").read_text("utf-8")
    root = etree.fromstring(text.encode())
    tags = {etree.QName(element).localname for element in root.iter(etree.Element)}
    assert not tags & {"script", "image", "foreignObject", "use", "a", "style"}
    shown = " ".join(str(part) for part in root.itertext())
    for room in ("features/", "scenarios/", "reports/", "simulator/", "collector/", "tickets/"):
        assert room in shown
