"""What is put together for a whole run: secrets first, then the store; defects rest, not end."""

import threading
from contextlib import closing
from pathlib import Path

import pytest
from oxo_collector import collection, journal
from oxo_collector.configuration import Configuration, ConfigurationRefused, load
from oxo_collector.intake import Intake
from oxo_collector.receipt import Wire
from oxo_collector.store import Ownership, StoreInUse, StoreUnusable, open_for_writing
from oxo_collector.taxation.shell import Shell


def configuration(folder: Path) -> Configuration:
    path = folder / "collector.toml"
    path.write_text(
        """
        store = "tickets.db"
        [[exchange]]
        name = "site"
        address = "127.0.0.1"
        port = 1
        user = "administrator"
        password_file = "secret"
        fingerprint = "0000000000000000000000000000000000000000000000000000000000000000"
        zone = "UTC"
        rest_seconds_first = 0.001
        rest_seconds_max = 0.001
        """,
        "utf-8",
    )
    return load(path)


def test_without_its_secret_nothing_is_begun(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationRefused, match=r"exchange\[1\]\.password_file"):
        collection.collect(configuration(tmp_path), threading.Event(), journal.start("text"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["collector.toml"]


def test_a_store_in_use_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    with Ownership(tmp_path / "tickets.db"), pytest.raises(StoreInUse):
        collection.collect(configuration(tmp_path), threading.Event(), journal.start("text"))
    assert not (tmp_path / "tickets.db").exists()


def test_a_defect_of_ours_is_told_and_the_session_begun_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "secret").write_text("open sesame")
    stop = threading.Event()
    begun: list[str] = []

    def run(shell: Shell) -> None:
        begun.append(shell.exchange)
        if len(begun) == 1:
            raise ZeroDivisionError
        stop.set()

    monkeypatch.setattr(Shell, "run", run)
    collection.collect(configuration(tmp_path), stop, journal.start("text"))
    assert begun == ["site", "site"]
    log = capsys.readouterr().err
    assert "defect of the collector; the session is begun again" in log
    assert "ZeroDivisionError" in log
    assert "sesame" not in log


def test_a_store_that_cannot_be_folded_at_the_end_is_no_trouble(tmp_path: Path) -> None:
    store = open_for_writing(tmp_path / "tickets.db")
    store.close()
    collection._fold_log_in(store)


def test_a_store_that_cannot_be_read_refuses_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text("x")
    with closing(open_for_writing(tmp_path / "tickets.db")) as store:
        store.execute("ALTER TABLE source RENAME TO another")
    monkeypatch.setattr(Shell, "run", None)
    with pytest.raises(StoreUnusable, match="cannot be read: no such table"):
        collection.collect(configuration(tmp_path), threading.Event(), journal.start("text"))


def test_a_store_that_fails_between_two_sessions_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "secret").write_text("x")
    stop = threading.Event()
    cursors: list[str] = []

    def cursor(_intake: Intake, exchange: str) -> tuple[None, int]:
        cursors.append(exchange)
        if len(cursors) == 2:
            raise StoreUnusable("the store cannot be read: disk I/O error")
        return None, 0

    monkeypatch.setattr(Intake, "cursor", cursor)
    monkeypatch.setattr(Shell, "run", lambda _shell: stop.set())
    collection.collect(configuration(tmp_path), stop, journal.start("text"))
    log = capsys.readouterr().err
    assert "disk I/O error; the session is begun again after a rest" in log
    assert "Traceback" not in log
    assert len(cursors) == 3


def test_every_wire_has_a_maker() -> None:
    assert list(collection.MAKERS) == list(Wire)
