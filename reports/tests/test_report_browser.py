"""The pages in a true browser: nothing wider than the window, filters, folds, no complaint, print.

Two starts of headless Chromium. The first opens a page of ours that frames every page of the
bundle at two widths, works its filters and folds, and leaves what it measured in its own text.
"""

import html as words
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from lxml import html
from oxo_reports import render

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
SECONDS_MAX = 120
PHONE, DESKTOP = 400, 1280
CANARY = "the console is heard"

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(BROWSER is None, reason="chromium is not installed"),
]

PROBE = """<!DOCTYPE html><meta charset="utf-8"><body>
%(frames)s
<pre id="told"></pre>
<script>
const seen = element => element.getClientRects().length > 0;
function measure(frame) {
  const page = frame.contentDocument, root = page.documentElement;
  const told = {page: frame.dataset.page, width: frame.width, window: root.clientWidth};
  const folds = [...page.querySelectorAll("details")];
  told.folded = folds.length > 0 && folds.every(one => !one.open);
  told.wide = root.scrollWidth;
  folds.forEach(one => { one.open = true; });
  told.wide_open = root.scrollWidth;
  told.bodies = [...page.querySelectorAll("details pre")].every(seen);
  told.styled = getComputedStyle(page.body).marginTop === "0px";
  told.filters = {};
  for (const choice of page.querySelectorAll(".filter input")) {
    choice.click();
    told.filters[choice.id] = {
      rows: [...page.querySelectorAll(".results tr.play")].filter(seen).map(one => one.id),
      cells: [...page.querySelectorAll(".cell")].filter(seen).length,
      lines: [...page.querySelectorAll(".wire > li:not(.wire-head)")].filter(seen)
        .map(one => one.className),
      chapters: [...page.querySelectorAll(".chapter")].filter(seen).length,
      warned: [...page.querySelectorAll(".filtered")].some(seen),
    };
  }
  return told;
}
window.addEventListener("load", () => {
  console.error("%(canary)s");
  document.getElementById("told").textContent =
    JSON.stringify([...document.querySelectorAll("iframe")].map(measure));
});
</script>
"""


class Visit(NamedTuple):
    """What the browser measured, page by page and width by width, and what it complained of."""

    measured: dict[tuple[str, int], dict[str, Any]]
    complaints: list[str]


def browse(profile: Path, page: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    assert BROWSER is not None
    quiet = ("--disable-background-networking", "--disable-component-update", "--disable-sync")
    return subprocess.run(
        [
            *(BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
            *("--no-first-run", *quiet, f"--user-data-dir={profile}", *flags, page.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=True,
    )


@pytest.fixture(scope="module")
def visit(rendered: Path, rendered_wires: Path, tmp_path_factory: pytest.TempPathFactory) -> Visit:
    """Open the pages of both samples, in frames as wide as a phone and as a desktop.

    Of the run on every wire the report and one page a wire, their names behind `wires/`.
    """
    folder = tmp_path_factory.mktemp("browser")
    pages = {
        str(page.relative_to(rendered)): page
        for page in (rendered / "report.html", *sorted(rendered.glob("evidence/*/index.html")))
    }
    shown = ("report.html", *(f"evidence/bu3.{wire}/index.html" for wire in ("nmc", "v24", "ohl")))
    pages |= {f"wires/{name}": rendered_wires / name for name in shown}
    frames = [
        f'<iframe width="{width}" height="900" data-page="{name}"'
        f' src="{words.escape(page.as_uri())}"></iframe>'
        for name, page in pages.items()
        for width in (PHONE, DESKTOP)
    ]
    probe = folder / "probe.html"
    probe.write_text(PROBE % {"frames": "\n".join(frames), "canary": CANARY}, encoding="utf-8")
    done = browse(
        folder / "profile",
        probe,
        "--allow-file-access-from-files",
        "--enable-logging=stderr",
        "--dump-dom",
    )
    told = html.fromstring(done.stdout).get_element_by_id("told").text_content()
    return Visit(
        {(one["page"], int(one["width"])): one for one in json.loads(told)},
        [line for line in done.stderr.splitlines() if "CONSOLE" in line],
    )


def test_every_page_was_opened_with_its_style(visit: Visit) -> None:
    assert len(visit.measured) == 2 * (11 + 4)
    assert all(one["styled"] for one in visit.measured.values())


def test_nothing_is_wider_than_the_window(visit: Visit) -> None:
    wide = {
        where: (one["wide"], one["wide_open"], one["window"])
        for where, one in visit.measured.items()
        if max(one["wide"], one["wide_open"]) > one["window"]
    }
    assert wide == {}


def test_the_browser_has_nothing_to_complain_of(visit: Visit) -> None:
    assert len(visit.complaints) == 1, "\n".join(visit.complaints)
    assert CANARY in visit.complaints[0]


def test_bodies_are_folded_and_open_at_a_click(visit: Visit) -> None:
    page = visit.measured["evidence/bu2/index.html", DESKTOP]
    assert page["folded"]
    assert page["bodies"]


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_filters_leave_the_rows_they_name(
    visit: Visit, width: int, sample_run: dict[str, Any]
) -> None:
    verdicts = {f"play-{play['play']}": play["verdict"] for play in sample_run["plays"]}
    left = {
        "show-all": set(verdicts.values()),
        "show-open": set(verdicts.values()) - {"ok"},
        "show-nok": {"nok"},
        "show-unseen": {"not observable", "undecided", "error"},
        "show-ok": {"ok"},
    }
    filters = visit.measured["report.html", width]["filters"]
    assert set(filters) == set(left)
    for name, words_left in left.items():
        rows = [row for row, verdict in verdicts.items() if verdict in words_left]
        assert filters[name]["rows"] == rows, name
        assert filters[name]["warned"] == (name != "show-all")
        if name != "show-all":
            assert filters[name]["cells"] == len(rows)
    assert filters["show-all"]["cells"] == 30
    assert filters["show-all"]["chapters"] == 5
    assert filters["show-nok"]["chapters"] == 2


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_filters_leave_rows_and_cells_of_every_wire(visit: Visit, width: int) -> None:
    filters = visit.measured["wires/report.html", width]["filters"]
    assert {name: len(left["rows"]) for name, left in filters.items()} == {
        "show-all": 30,
        "show-open": 8,
        "show-nok": 1,
        "show-unseen": 7,
        "show-ok": 22,
    }
    for name, left in filters.items():
        if name != "show-all":
            assert left["cells"] == len(left["rows"])
    assert filters["show-nok"]["rows"] == ["play-bu3.v24"]


def test_a_conversation_can_be_shown_alone(visit: Visit) -> None:
    filters = visit.measured["wires/evidence/bu3.ohl/index.html", DESKTOP]["filters"]
    spoken = filters["wire-http"]["lines"]
    assert set(spoken) == {"said from-exchange", "said from-solution"}
    assert len(spoken) == 8 < len(filters["wire-all"]["lines"])


def test_filters_of_the_wire_log_leave_the_lines_they_name(visit: Visit) -> None:
    filters = visit.measured["evidence/bu2/index.html", DESKTOP]["filters"]
    every = filters["wire-all"]["lines"]
    assert filters["wire-http"]["lines"] == [one for one in every if one.startswith("http")]
    assert filters["wire-trouble"]["lines"] == [one for one in every if one.endswith("troubled")]
    assert 0 < len(filters["wire-trouble"]["lines"]) < len(every)


def test_a_browser_prints_every_page_and_cuts_no_row(
    changed: Callable[[Callable[[dict[str, Any]], object]], Path], tmp_path: Path
) -> None:
    def longer(run: dict[str, Any]) -> None:
        again = [{**play, "play": f"{play['play']}.again"} for play in run["plays"]]
        run["plays"] += again

    report = render(changed(longer))
    target = tmp_path / "report.pdf"
    browse(tmp_path / "profile", report, "--no-pdf-header-footer", f"--print-to-pdf={target}")
    printed = target.read_bytes()
    page = html.fromstring(report.read_text(encoding="utf-8"))
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) in range(11, 20)
    pages_of = pages_of_rows(printed)
    assert len(pages_of) == len(page.xpath("//tbody/tr")) > 50
    assert [numbers for numbers in pages_of if len(numbers) > 1] == []


def pages_of_rows(printed: bytes) -> list[set[bytes]]:
    """Return the pages of every row of a table's body, from the structure of a tagged PDF.

    Rows of a head are left out: they stand again on every page that the table reaches.
    """
    found = re.findall(rb"(\d+) 0 obj\n<</Type /StructElem(.*?)\nendobj", printed, re.DOTALL)
    parents = {name: re.findall(rb"/P (\d+) 0 R", body)[0] for name, body in found}
    heads = {parents[name] for name, body in found if b"/Scope /Column" in body}
    rows: dict[bytes, set[bytes]] = {
        name: set() for name, body in found if b"/S /TR" in body and name not in heads
    }
    for name, body in found:
        pages = set(re.findall(rb"/Pg (\d+) 0 R", body))
        above = name
        while above in parents:
            if above in rows:
                rows[above] |= pages
            above = parents[above]
    return list(rows.values())
