"""Who is certainly no longer on a list with errors, and who may still be."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest.subscribers.address import normalise
from digest.subscribers.last_good import read_faulty

ASHA, RAVI, MEENA = "asha@example.com", "ravi@example.com", "meena@example.com"
LISTED = {ASHA: "आशा शर्मा", RAVI: "", MEENA: "मीना"}


def write(folder: Path, text: str, name: str = "subscribers.yaml") -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def removed(folder: Path, text: str, listed: dict[str, str] = LISTED) -> set[str]:
    return set(read_faulty(write(folder, text)).removed(listed))


def rows(*addresses: str) -> str:
    return "subscribers:\n" + "".join(f"  - email: {address}\n" for address in addresses)


@pytest.mark.parametrize(
    "fault",
    [
        "  - email: nobody\n",
        "  - email: new@example.com\n    hour: 25\n",
        "  - email: new@example.com\n    frequencey: daily\n",
        "\t- email: new@example.com\n  - email: other@example.com\n",
        "unknown: 1\n",
        "  - name: सुनीता\n",
    ],
)
def test_a_person_deleted_beside_a_typo_is_removed(tmp_path: Path, fault: str) -> None:
    assert removed(tmp_path, rows(ASHA, MEENA) + fault) == {RAVI}


@pytest.mark.parametrize(
    "row",
    [
        f"  - emial: {ASHA}\n",
        f"  - {ASHA}\n",
        f"  - email:{ASHA}\n",
        f"  - email: '{ASHA}\n",
        f"  - {{email: {ASHA}, topics: [खेल}}\n",
        f"  - email: {ASHA}\n    email: nobody\n",
        "  - email: Asha@Example.COM\n    hour: 25\n",
        "  - email: asha@example\n",
        "  - email: asha\n",
        "  - email: ahsa@example.co,\n",
        "  - name: आशा शर्मा\n",
        "  - email:\n",
    ],
)
def test_a_person_whose_line_has_the_error_is_kept(tmp_path: Path, row: str) -> None:
    assert ASHA not in removed(tmp_path, rows(RAVI, MEENA) + row)


@pytest.mark.parametrize("comment", [f"  # - email: {ASHA}\n", f"  - email: {RAVI}  # was {ASHA}\n"])
def test_a_person_in_a_comment_is_removed(tmp_path: Path, comment: str) -> None:
    assert removed(tmp_path, f"subscribers:\n{comment}{rows(RAVI, MEENA)[13:]}  - email: nobody\n") == {ASHA}


def test_a_number_sign_within_quotation_marks_begins_no_comment(tmp_path: Path) -> None:
    text = f'subscribers:\n  - {{name: "no #1", email: {ASHA}, hour: 25}}\n'
    assert removed(tmp_path, text) == {RAVI, MEENA}


def test_an_address_is_found_in_every_spelling(tmp_path: Path) -> None:
    international = normalise("asha@उदाहरण.भारत")
    listed = {international: "", "o'brien@example.com": "", "a+news@example.com": ""}
    text = rows('"asha@उदाहरण.भारत"', "O'Brien@example.com", "<a+news@example.com>") + "fault: 1\n"
    assert removed(tmp_path, text, listed) == set()


def test_a_paused_row_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, rows(ASHA) + f"  - email: {RAVI}\n    status: paused\n  - email: nobody\n")
    assert read_faulty(path).paused == {RAVI}


def test_a_file_that_may_be_cut_off_removes_nobody_at_its_end(tmp_path: Path) -> None:
    many = {f"subscriber{number}@example.com": "" for number in range(100)}
    for end in ("  - email: subscr", "  - email: x@example.com\n    topics: [खे", "  - name: 'सु"):
        assert removed(tmp_path, rows(*list(many)[:40]) + end, many) == set()


def test_a_deletion_before_the_end_of_a_file_with_an_open_bracket_is_a_deletion(tmp_path: Path) -> None:
    assert removed(tmp_path, rows(ASHA, MEENA) + "  - {email: new@example.com\n") == {RAVI}


def test_an_empty_or_missing_file_removes_nobody(tmp_path: Path) -> None:
    assert removed(tmp_path, "") == set()
    assert removed(tmp_path, "subscribers:\n") == set()
    assert read_faulty(tmp_path / "missing.yaml").removed(LISTED) == set()
    (tmp_path / "subscribers.yaml").write_bytes(rows(ASHA).encode("utf-16"))
    assert read_faulty(tmp_path / "subscribers.yaml").removed(LISTED) == set()


@pytest.mark.slow
def test_a_long_list_with_many_unreadable_rows_is_judged_in_bounded_time(tmp_path: Path) -> None:
    many = {f"subscriber{number}@example.com": "" for number in range(2000)}
    text = rows("a@example.com", *(f"person {number}" for number in range(2000)))
    assert removed(tmp_path, text, many) == set()


def test_included_files_count(tmp_path: Path) -> None:
    write(tmp_path, rows(RAVI) + "  - email: nobody\n", "lists/desk.yaml")
    main = "include: [lists/desk.yaml]\n"
    assert removed(tmp_path, main + rows(ASHA)) == {MEENA}
    # The subscribers of a file that is not found are unknown.
    assert removed(tmp_path, "include: [lists/dsek.yaml]\n" + rows(ASHA)) == set()
