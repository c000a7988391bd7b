"""A store, empty and open, and the intake that fills it; its clock stands at a noon."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from oxo_collector.intake import Intake
from oxo_collector.store import open_for_writing

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tickets.db"


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_for_writing(path)) as opened:
        yield opened


@pytest.fixture
def intake(connection: sqlite3.Connection) -> Intake:
    return Intake(connection, lambda: NOON)
