"""What is put together for a whole run: secrets first, then the store; defects rest, not end."""

import threading
from pathlib import Path

import pytest
from oxo_collector import collection, journal
from oxo_collector.configuration import Configuration, ConfigurationRefused, load
from oxo_collector.store import Ownership, StoreInUse
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
