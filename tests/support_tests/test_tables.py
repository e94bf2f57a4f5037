"""A table is one test that reports every row that fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.tables import each_row


def test_every_row_that_fails_is_reported() -> None:
    tried: list[int] = []

    @each_row(("given", "expected"), [(1, 1), (2, 3), (4, 4), (5, 6)])
    def equal(given: int, expected: int) -> None:
        tried.append(given)
        assert given == expected

    with pytest.raises(BaseExceptionGroup, match="2 of 4 rows failed") as failed:
        equal()
    assert tried == [1, 2, 4, 5]
    assert [error.__notes__ for error in failed.value.exceptions] == [["The row: (2, 3)"], ["The row: (5, 6)"]]


def test_a_missing_error_fails_its_row() -> None:
    @each_row("text", ["x", "1"])
    def no_number(text: str) -> None:
        with pytest.raises(ValueError, match="invalid literal"):
            int(text)

    with pytest.raises(BaseExceptionGroup, match="1 of 2 rows failed"):
        no_number()


@each_row("number", [1, 2])
def test_the_rows_share_the_fixtures(number: int, tmp_path: Path) -> None:
    assert len(list(tmp_path.iterdir())) == number - 1
    (tmp_path / str(number)).touch()
