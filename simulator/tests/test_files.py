"""Files of the state folder: whole or not at all."""

import errno
import os
import stat
from pathlib import Path
from typing import Any, Self

import pytest
from oxo_simulator.files import PasswordUnusable, kept_password, write_whole


class _FullDisk:
    """An open file whose disk takes nothing."""

    def __init__(self, descriptor: int, _mode: str) -> None:
        os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is left to close."""

    def write(self, _content: bytes) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_file_is_its_owners_alone_and_replaces_the_old_one(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_bytes(b"old")
    (tmp_path / ".secret.new").write_bytes(b"left behind by a killed process")
    write_whole(file, b"new")
    assert file.read_bytes() == b"new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("before", [b"old", None])
def test_a_full_disk_leaves_what_was_there_and_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: bytes | None
) -> None:
    file = tmp_path / "ca.pem"
    if before is not None:
        file.write_bytes(before)
    monkeypatch.setattr(os, "fdopen", _FullDisk)
    with pytest.raises(OSError, match="No space left on device") as caught:
        write_whole(file, b"new")
    assert caught.value.filename == str(file)
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == (
        {} if before is None else {"ca.pem": before}
    )


def test_the_password_of_an_earlier_run_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "taxation.password"
    assert kept_password(file) is None
    write_whole(file, b"secret\n")
    assert kept_password(file) == "secret"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_password_that_others_may_read_is_not_taken(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "taxation.password"
    file.write_bytes(b"secret\n")
    file.chmod(mode)
    with pytest.raises(
        PasswordUnusable, match=r"taxation\.password: a file of mode 0600"
    ) as caught:
        kept_password(file)
    assert "secret" not in str(caught.value)


def test_an_empty_password_is_named(tmp_path: Path) -> None:
    write_whole(tmp_path / "taxation.password", b"\n")
    with pytest.raises(PasswordUnusable, match="its first line is empty"):
        kept_password(tmp_path / "taxation.password")
