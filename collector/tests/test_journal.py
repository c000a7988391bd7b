"""The log: where it cannot be written, the collection goes on without it."""

import errno
import io
import sys

import pytest
from oxo_collector import journal


class Gone(io.StringIO):
    """A pipe without a reader, or a full disk: whatever is tried fails."""

    def write(self, text: str, /) -> int:
        raise OSError(errno.EPIPE, text)

    def flush(self) -> None:
        raise OSError(errno.ENOSPC, "no space")


def test_a_line_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    journal.start("json").info("batch stored", first=1)
    assert '"event": "batch stored"' in capsys.readouterr().err


@pytest.mark.parametrize("form", ["text", "json"])
def test_without_standard_error_nothing_is_said(
    form: journal.Form, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    journal.start(form).warning("connection refused")
    assert capsys.readouterr().out == ""


def test_a_log_that_cannot_be_written_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Gone())
    journal.start("json").warning("connection refused")


def test_a_log_that_was_closed_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", open_file := io.StringIO())
    log = journal.start("json")
    open_file.close()
    log.warning("connection refused")
