"""The next edition is composed at the desk before its time."""

from __future__ import annotations

import pytest

from digest.models import EditionState, Role
from tests.web.desk.browser import Browser, set_up
from tests.web.site import Site


@pytest.mark.slow
def test_an_editor_composes_the_next_edition(desk: Site, editor: Browser) -> None:
    with desk.app.database.write(area="tests") as connection:
        connection.exec_driver_sql("DELETE FROM edition")
    assert "अभी बनाएँ" not in set_up(desk, "viewer", Role.VIEWER).get("/").text
    empty = editor.get("/").text
    assert "अभी बनाएँ" in empty
    assert "उसे 5:30 बजे तक बन जाना था" in empty, "its time is over"
    planned = next(desk.app.calendar.upcoming(desk.app.now()))
    made = editor.post("/compose")
    assert made.status == 303
    assert made.headers["location"].endswith(f"/edition/{planned.key}")
    found = desk.app.editions.get(planned.key)
    assert found is not None
    assert found.state in (EditionState.DRAFT, EditionState.SKIPPED)
    assert ("composed", "suman") in [(act.what, act.who) for act in desk.app.audit.newest(5)]
