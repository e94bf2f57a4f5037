"""Replacing a file whole: the old one or the new one, with its mode, through links, and nothing left beside it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from digest import files
from digest.errors import DigestError
from digest.files import replace_file


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_file_and_an_old_one(tmp_path: Path) -> None:
    path = tmp_path / "list.yaml"
    replace_file(path, b"one")
    assert (path.read_bytes(), mode(path)) == (b"one", 0o644)
    path.chmod(0o640)
    replace_file(path, b"two")
    assert (path.read_bytes(), mode(path)) == (b"two", 0o640)
    replace_file(tmp_path / "copy", b"three", like=path)
    assert mode(tmp_path / "copy") == 0o640
    assert sorted(file.name for file in tmp_path.iterdir()) == ["copy", "list.yaml"]


def test_through_a_link_the_file_behind_it_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"one")
    (tmp_path / "link").symlink_to("real")
    replace_file(tmp_path / "link", b"two")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"two"


def test_when_it_fails_the_old_one_stays_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "list.yaml"
    path.write_bytes(b"one")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(DigestError, match=r"^list\.yaml: can't be written: No space left on device$"):
        replace_file(path, b"two")
    assert path.read_bytes() == b"one"
    assert [file.name for file in tmp_path.iterdir()] == ["list.yaml"]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DigestError, match=r"list\.yaml: can't be written: No such file"):
        replace_file(tmp_path / "nowhere" / "list.yaml", b"x")
