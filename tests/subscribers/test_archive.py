"""Mailchimp's ZIP export is imported as it is; its declared sizes are not trusted."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from digest.errors import ConfigurationError
from digest.subscribers.imports.mailchimp import extract_lists

HEAD = "Email Address,First Name,LEID,EUID\n"
NAME = "subscribed_email_audience_export_1.csv"


def zipped(path: Path, files: dict[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def problem(path: Path) -> str:
    with pytest.raises(ConfigurationError) as raised, extract_lists(path):
        pass
    (error,) = raised.value.problems
    assert "\n" not in str(error)
    return str(error)


def test_lists_come_in_order_and_other_files_are_reported(tmp_path: Path) -> None:
    names = [f"a/{kind}_x.csv" for kind in ("cleaned", "subscribed", "nonsubscribed", "unsubscribed")]
    path = zipped(tmp_path / "x.zip", {**dict.fromkeys(names, HEAD), "readme.txt": "hello", "subscribed_2.csv": ""})
    with extract_lists(path) as (files, others):
        kinds = [file.name.partition("_")[0] for file in files]
        assert kinds == ["subscribed", "unsubscribed", "cleaned", "nonsubscribed"]
        assert others == ["'readme.txt' in it is not a list of Mailchimp's and was ignored"]
        folder = files[0].parent
    assert not folder.exists()


def test_a_file_that_is_no_archive_is_a_list_itself(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(HEAD, encoding="utf-8")
    with extract_lists(path) as found:
        assert found == ([path], [])


def test_nothing_is_written_outside_the_folder(tmp_path: Path) -> None:
    names = ["../../subscribed_1.csv", "/tmp/unsubscribed_1.csv", "..\\cleaned_..\\x.csv", "cleaned_a\\..\\..\\b.csv"]
    path = zipped(tmp_path / "x.zip", dict.fromkeys(names, HEAD))
    with extract_lists(path) as (files, _others):
        assert len(files) == 3
        assert len({file.resolve().parent for file in files}) == 1


def bomb(megabytes: int) -> bytes:
    return HEAD.encode() + b"a" * (megabytes << 20)


@pytest.mark.slow
@pytest.mark.parametrize("files", [1, 4])
def test_a_bomb_is_not_extracted(tmp_path: Path, files: int) -> None:
    path = zipped(tmp_path / "x.zip", {f"subscribed_{n}.csv": bomb(60 // files) for n in range(files)})
    assert path.stat().st_size < 100_000
    assert "suspiciously large for its compressed size" in problem(path)


@pytest.mark.slow
def test_a_bomb_with_a_false_size(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", {NAME: bomb(60)})
    data = bytearray(path.read_bytes())
    size = len(bomb(60)).to_bytes(4, "little")
    while (at := data.find(size)) >= 0:
        data[at : at + 4] = (100).to_bytes(4, "little")
    path.write_bytes(data)
    assert "can't be extracted" in problem(path)


@pytest.mark.slow
def test_a_huge_directory_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zipped(tmp_path / "x.zip", {f"{n:0200}.csv": "" for n in range(6_000)})
    monkeypatch.setattr(zipfile, "ZipFile", lambda *_given: pytest.fail("its directory was read"))
    assert "contains too many files" in problem(path)


def test_too_many_lists_and_duplicate_names(tmp_path: Path) -> None:
    assert "contains 21 lists" in problem(zipped(tmp_path / "x.zip", {f"cleaned_{n}.csv": HEAD for n in range(21)}))
    assert "each with its own name" in problem(
        zipped(tmp_path / "y.zip", {"a/cleaned_1.csv": HEAD, "b/cleaned_1.csv": HEAD})
    )


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"a.csv": HEAD}, "without any of Mailchimp's lists"),
        ({}, "without any of Mailchimp's lists"),
        ({"[Content_Types].xml": "<x/>", "xl/sheet1.xml": "<x/>"}, "is an Excel sheet"),
        ({NAME: ""}, "only empty lists"),
    ],
)
def test_archives_that_are_no_export(tmp_path: Path, files: dict[str, bytes | str], expected: str) -> None:
    assert expected in problem(zipped(tmp_path / "x.zip", files))


@pytest.mark.slow
def test_every_damaged_archive_is_reported_in_one_sentence(tmp_path: Path) -> None:
    whole = zipped(tmp_path / "x.zip", {NAME: HEAD + "asha@example.com,Asha,1,2\n" * 50}).read_bytes()
    path = tmp_path / "broken.zip"
    for cut in range(4, len(whole), 7):
        path.write_bytes(whole[:cut])
        assert "can't be extracted" in problem(path)
    for at in range(4, len(whole)):
        changed = bytearray(whole)
        changed[at] ^= 0xFF
        path.write_bytes(changed)
        expected = 0
        try:
            with extract_lists(path) as (files, _others):
                expected = len(files)
        except ConfigurationError as error:
            expected = len(error.problems)
        assert expected == 1


def test_an_encrypted_archive(tmp_path: Path) -> None:
    data = bytearray(zipped(tmp_path / "x.zip", {NAME: HEAD}).read_bytes())
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.find(mark) + at] |= 1
    path = tmp_path / "locked.zip"
    path.write_bytes(data)
    assert "protected by a password" in problem(path)


def test_an_archive_behind_other_bytes_is_not_csv(tmp_path: Path) -> None:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr(NAME, HEAD)
    path = tmp_path / "x.csv"
    path.write_bytes(b"MZ" + whole.getvalue())
    with extract_lists(path) as (files, _others):
        assert files == [path]
