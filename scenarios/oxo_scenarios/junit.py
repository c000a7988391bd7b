"""JUnit XML of a run, for continuous integration; junitparser, untyped, behind this one page."""

from pathlib import Path

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from oxo_scenarios import bundle
from oxo_scenarios.verdict import Verdict

_RESULTS = {
    Verdict.NOK: Failure,
    Verdict.ERROR: Error,
    Verdict.UNDECIDED: Error,
    Verdict.NOT_OBSERVABLE: Skipped,
    Verdict.NOT_APPLICABLE: Skipped,
}


def write_junit(path: Path, run: bundle.Run) -> None:
    """Write one suite a chapter, one test case a play; the file's folder must be there."""
    document = JUnitXml(run.run)
    for chapter in run.chapters:
        suite = TestSuite(f"{chapter.id} {chapter.title}")
        for play in run.plays:
            if play.chapter == chapter.id:
                suite.add_testcase(_test_case(play))
        document.add_testsuite(suite)
    document.write(str(path), pretty=True)


def _test_case(play: bundle.Play) -> TestCase:
    case = TestCase(f"{play.play} {play.title}", classname=play.case, time=play.seconds)
    if play.verdict in _RESULTS:
        told = play.reason or play.comment
        if play.reference:
            told = f"{told} [{play.reference}]"
        result = _RESULTS[play.verdict](told, play.verdict.value)
        case.result = [result]
    return case
