"""Replacing a file is atomic, keeps its mode, follows symlinks, and leaves no temporary file."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from digest.errors import DigestError
from digest.utils import files
from digest.utils.files import replace_file


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_new_and_existing_files(tmp_path: Path) -> None:
    path = tmp_path / "list.yaml"
    replace_file(path, b"one")
    assert (path.read_bytes(), mode(path)) == (b"one", 0o600)
    path.chmod(0o640)
    replace_file(path, b"two")
    assert (path.read_bytes(), mode(path)) == (b"two", 0o640)
    replace_file(tmp_path / "copy", b"three", like=path)
    assert mode(tmp_path / "copy") == 0o640
    assert sorted(file.name for file in tmp_path.iterdir()) == ["copy", "list.yaml"]


def test_the_target_of_a_symlink_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"one")
    (tmp_path / "link").symlink_to("real")
    replace_file(tmp_path / "link", b"two")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"two"


def test_after_a_failure_only_the_old_file_remains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "list.yaml"
    path.write_bytes(b"one")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(DigestError, match=r"list\.yaml: cannot be written: No space left on device$"):
        replace_file(path, b"two")
    assert path.read_bytes() == b"one"
    assert [file.name for file in tmp_path.iterdir()] == ["list.yaml"]


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(DigestError, match=r"list\.yaml: cannot be written: No such file"):
        replace_file(tmp_path / "nowhere" / "list.yaml", b"x")
