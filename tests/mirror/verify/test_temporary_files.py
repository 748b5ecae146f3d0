"""A check leaves no files behind, or the next one removes them."""

from __future__ import annotations

import os
import signal
import tempfile
from pathlib import Path

import pytest

from mirror.processes import Emit, ProcessDied, in_processes
from mirror.stores.clients import Stores
from mirror.verify import check, seen


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_what_a_killed_check_has_left_is_removed(
    mirror: Stores, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def be_killed(*_: object) -> None:
        with seen.notes_in_files():
            os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(ProcessDied):
        list(in_processes(1, be_killed))
    assert len(list(folder.iterdir())) == 1
    check.check(mirror)  # it may be one that has just begun
    assert len(list(folder.iterdir())) == 1
    monkeypatch.setattr(seen, "YOUNG", -1.0)
    check.check(mirror)
    assert not list(folder.iterdir())


def test_what_another_check_uses_is_left_alone(
    mirror: Stores, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seen, "YOUNG", -1.0)

    def check_beside(_: int, emit: Emit[int]) -> None:
        check.check(mirror)
        emit(len(list(folder.iterdir())))

    with seen.notes_in_files():
        assert list(in_processes(1, check_beside)) == [1]
    assert not list(folder.iterdir())
