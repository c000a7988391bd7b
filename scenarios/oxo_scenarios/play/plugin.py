"""The pytest plugin of one run: it hands plays to the steps, judges at the end, tells Allure.

pytest's words for what is found: nok is a failure, error and undecided are exceptions (Allure:
broken), not observable and not applicable are skips with their reason.
"""

import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from pytest_bdd.parser import Scenario, Step
from pytest_bdd.scenario import scenario_wrapper_template_registry

from oxo_scenarios import bundle
from oxo_scenarios.bench.play import Play
from oxo_scenarios.bench.stand import Stand
from oxo_scenarios.bench.trouble import BenchBroken, NotDone, NotHeld, SubjectFailed
from oxo_scenarios.catalogue import Planned
from oxo_scenarios.judge import Incident
from oxo_scenarios.play import allure_bridge
from oxo_scenarios.play.interruption import Interruption
from oxo_scenarios.play.record import Performance, StepLine
from oxo_scenarios.play.writing import Writing
from oxo_scenarios.verdict import Verdict
from oxo_scenarios.wires import HOME, MODES, WIRES

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

SEVERITIES = ("blocker", "critical", "normal", "minor", "trivial")
COLLECTING = "the collector is collecting"
"""The step of a case that begins with a collector that collects."""
MODE = "oxo_mode"
_performance = pytest.StashKey[Performance]()
_after = pytest.StashKey[str]()
_planned = pytest.StashKey[Planned]()


class Undecided(RuntimeError):
    """The bench could not see enough; nothing is said about the subject."""


class Watcher(Protocol):
    """Who is told how the run goes on."""

    def begins(self, planned: Planned) -> None:
        """A play begins."""

    def step(self, name: str) -> None:
        """A step of it begins."""

    def ended(self, play: bundle.Play) -> None:
        """It was judged."""


class Certifier:
    """The plugin; one object a run."""

    def __init__(
        self,
        stand: Stand,
        record: Writing,
        watcher: Watcher,
        interruption: Interruption,
        course: Iterator[str] | None = None,
    ) -> None:
        """Play on `stand`, write into `record`, tell `watcher`, until `interruption`.

        `course` names the plays to do, in their order; by default they are all that are planned.
        Each is asked for when the one before it begins.
        """
        self._stand = stand
        self._course = course
        self._record = record
        self._watcher = watcher
        self._interruption = interruption
        self._step: AbstractContextManager[None] | None = None
        self._step_begun = 0.0
        self.trouble: str | None = None

    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> bool:
        """Remember what broke pytest itself; the run's summary says it."""
        place = excinfo.traceback[-1]
        where = f"{place.path}:{place.lineno + 1}"
        self.trouble = f"{excinfo.typename}: {excinfo.value} ({where})"
        return True

    # --- Collection ---

    def pytest_configure(self, config: pytest.Config) -> None:
        """Know every tag of the features as a marker."""
        catalogue = self._record.options.catalogue
        for case in catalogue.cases:
            config.addinivalue_line("markers", f"{case.id}: {case.title}")
        for tag in (
            *SEVERITIES,
            "connection",
            "appointments",
            "buffer",
            "call_tickets",
            "disruption",
            *WIRES,
            *MODES,
        ):
            config.addinivalue_line("markers", f"{tag}: tag of a feature")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Remember what could not be collected."""
        if report.failed:
            self.trouble = f"the features cannot be bound: {report.longreprtext}"

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Let each scenario be there once in each mode; those that nobody plays are left out."""
        metafunc.fixturenames.append(MODE)
        metafunc.parametrize(MODE, MODES, indirect=True)

    @pytest.fixture(name=MODE)
    def mode(self, request: pytest.FixtureRequest) -> str:
        """The mode in which the scenario at hand is played."""
        return str(request.param)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the plays that were asked for, in the order of the catalogue.

        Raises:
            BenchBroken: a play of the catalogue has no scenario.
        """
        found = {_play_of(item, self._record.options.planned): item for item in items}
        missing = [each.play for each in self._record.options.planned if each.play not in found]
        if missing:
            raise BenchBroken(f"no scenario plays {', '.join(missing)}")
        items[:] = [found[planned.play] for planned in self._record.options.planned]
        for planned, item in zip(self._record.options.planned, items, strict=True):
            item.stash[_planned] = planned

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Play what the course names.

        Raises:
            pytest.Session.Interrupted: not everything could be collected.
        """
        if session.testsfailed:
            raise session.Interrupted(f"{session.testsfailed} errors during collection")
        items = {item.stash[_planned].play: item for item in session.items}
        course = iter(items) if self._course is None else self._course
        name = next(course, None)
        while name is not None:
            following = next(course, None)
            item, after = items[name], items.get(following or "")
            item.stash[_after] = self._taken_over(item, after)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
            name = following
        return True

    def _taken_over(self, item: pytest.Item, after: pytest.Item | None) -> str:
        """Return the name of the next play if it may take the subject of this one over."""
        if after is None or not self._stand.keeps:
            return ""
        this, then = item.stash[_planned], after.stash[_planned]
        played = self._stand.not_applicable(then) is None and then.case.not_carried is None
        template = scenario_wrapper_template_registry.get(after.function)  # type: ignore[attr-defined]
        steps = template.render({}).steps if template is not None else []
        begins_so = any(step.name == COLLECTING for step in steps)
        return then.play if this.wire == then.wire and played and begins_so else ""

    # --- One play ---

    @pytest.fixture
    def play(self, request: pytest.FixtureRequest) -> Play:
        """The play of the scenario at hand."""
        performance: Performance = request.node.stash[_performance]
        assert performance.play is not None
        return performance.play

    @pytest.fixture
    def performance(self, request: pytest.FixtureRequest) -> Performance:
        """The performance of the scenario at hand."""
        found: Performance = request.node.stash[_performance]
        return found

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        """Play, judge, record; whatever happens, nothing of the play goes on afterwards."""
        self._interruption.check()
        planned = item.stash[_planned]
        self._watcher.begins(planned)
        self._describe(item, planned)
        reason = self._stand.not_applicable(planned)
        unseen = planned.case.not_carried
        if reason is not None or unseen is not None:
            performance = Performance(planned, None)
            if reason is not None:
                performance.declared(reason)
            elif unseen is not None:
                performance.unseen(unseen)
            self._end(performance)
            return
        day = self._record.options.planned.index(planned)
        folder = self._record.evidence_folder(planned)
        play = Play(self._stand, planned, folder, day=day, after=item.stash[_after])
        performance = Performance(planned, play)
        item.stash[_performance] = performance
        try:
            try:
                yield
            except SubjectFailed as failure:
                play.incidents.append(Incident(fault="subject", text=str(failure)))
            except NotDone as left:
                performance.left(str(left))
            except NotHeld:
                pass  # the judge has answered already
            except Exception as error:  # noqa: BLE001 - whatever it is, it is the bench's
                play.incidents.append(Incident(fault="bench", text=_words(error)))
            try:
                performance.judged()
            except Exception as error:  # noqa: BLE001 - as above
                performance.broken(_words(error))
        finally:
            _abandon(performance, play)
        self._end(performance)

    def _describe(self, item: pytest.Item, planned: Planned) -> None:
        severity = next(
            (mark.name for mark in item.iter_markers() if mark.name in SEVERITIES), "normal"
        )
        chapter = self._record.options.catalogue.chapter(planned.case.chapter)
        allure_bridge.describe(planned.case, chapter, planned.tag_set, severity)

    def _end(self, performance: Performance) -> None:
        """Record the performance and turn its verdict into pytest's word."""
        recorded = self._record.add(performance)
        allure_bridge.attach("verdict", f"{recorded.verdict}: {recorded.comment}")
        for name in recorded.evidence:
            allure_bridge.attach_file(self._record.evidence_folder(performance.planned) / name)
        self._watcher.ended(recorded)
        reason = recorded.reason or recorded.comment
        if recorded.verdict is Verdict.NOK:
            pytest.fail(reason, pytrace=False)
        if recorded.verdict is Verdict.ERROR:
            raise BenchBroken(reason)
        if recorded.verdict is Verdict.UNDECIDED:
            raise Undecided(reason)
        if recorded.verdict is not Verdict.OK:
            pytest.skip(f"{recorded.verdict}: {reason}")

    # --- Steps ---

    def pytest_bdd_before_scenario(
        self, request: pytest.FixtureRequest, scenario: Scenario
    ) -> None:
        """Tell the play how its case begins, before anything is asked of an operator."""
        play = request.node.stash[_performance].play
        assert play is not None
        play.collects_from_the_start = any(step.name == COLLECTING for step in scenario.steps)

    def pytest_bdd_before_step(self, step: Step) -> None:
        """Open an Allure step."""
        self._watcher.step(f"{step.keyword} {step.name}")
        self._step_begun = time.monotonic()
        self._step = allure_bridge.step(f"{step.keyword} {step.name}")
        self._step.__enter__()

    def pytest_bdd_after_step(self, request: pytest.FixtureRequest, step: Step) -> None:
        """Close it as passed."""
        self._close_step(request, step, None)

    def pytest_bdd_step_error(
        self, request: pytest.FixtureRequest, step: Step, exception: Exception
    ) -> None:
        """Close it as failed (the subject's) or broken (the bench's)."""
        self._close_step(request, step, exception)

    def pytest_bdd_after_scenario(self, request: pytest.FixtureRequest, scenario: Scenario) -> None:
        """Note the steps that were not reached."""
        steps = request.node.stash[_performance].steps
        for step in scenario.steps[len(steps) :]:
            steps.append(_line(len(steps) + 1, step, "skipped", 0.0, None))

    def _close_step(
        self, request: pytest.FixtureRequest, step: Step, exception: Exception | None
    ) -> None:
        seconds = round(time.monotonic() - self._step_begun, 3)
        steps = request.node.stash[_performance].steps
        outcome = "passed"
        if exception is not None:
            outcome = "failed" if isinstance(exception, SubjectFailed | NotHeld) else "broken"
        if isinstance(exception, NotDone):
            outcome = "skipped"
        reason = None if exception is None else _words(exception)
        if outcome == "broken" and isinstance(exception, AssertionError):
            # Allure takes every AssertionError for a failure of what is tested.
            exception = BenchBroken(reason)
        steps.append(_line(len(steps) + 1, step, outcome, seconds, reason))
        if self._step is not None:
            kind = None if exception is None else type(exception)
            trace = None if exception is None else exception.__traceback__
            self._step.__exit__(kind, exception, trace)
            self._step = None


def _abandon(performance: Performance, play: Play) -> None:
    """End what is left of the play; what lives on could spoil the next one."""
    try:
        play.abandon()
    except BenchBroken as error:
        performance.broken(_words(error))


def _line(n: int, step: Step, outcome: str, seconds: float, reason: str | None) -> StepLine:
    return StepLine(
        n=n, keyword=step.keyword, name=step.name, outcome=outcome, seconds=seconds, reason=reason
    )


def _words(error: Exception) -> str:
    """Name the kind of an exception that is not one of ours: its text alone rarely says enough."""
    if isinstance(error, BenchBroken | SubjectFailed | NotDone | NotHeld):
        return str(error)
    return f"{type(error).__name__}: {error}"


def _play_of(item: pytest.Item, planned: Sequence[Planned]) -> str | None:
    """Find which play a scenario is: by its case, and by wire, mode and tag set.

    An outline has them in its examples; a scenario of its own has wire and mode as a tag. Without
    either it is of the taxation wire, and of every mode.
    """
    tags = {mark.name for mark in item.iter_markers()}
    example = getattr(item, "callspec", None)
    params: Mapping[str, Any] = example.params if example is not None else {}
    row = params.get("_pytest_bdd_example", {})
    wire = row.get("wire") or next((name for name in WIRES if name in tags), HOME)
    mode = params.get(MODE)
    told = row.get("mode") or next((name for name in MODES if name in tags), mode)
    for each in planned:
        if (each.case.id in tags and each.wire == wire and mode == told == each.mode
                and row.get("tags") in (None, each.tag_set)):  # fmt: skip
            return each.play
    return None
