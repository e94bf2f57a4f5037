"""Sources on the desk: their health, adding one with a preview, weight, pause, removal."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlencode

import pytest

from digest.config import loader
from digest.i18n import translator
from digest.messages import Message
from digest.models import Role, Source
from digest.web.desk.sentences import translate
from tests.web.desk.browser import Browser, set_up
from tests.web.desk.conftest import KEY, open_desk
from tests.web.site import Site, translated

NEW = {"name": "नदी समाचार", "url": "https://nadi.example.com/feed.xml"}


@pytest.fixture
def admin(desk: Site) -> Browser:
    return set_up(desk, "mira", Role.ADMIN)


def stored(desk: Site) -> dict[str, Source]:
    return {each.name: each.to_source() for each in loader.load(desk.app.home, desk.app.environment).sources}


def one(name: str) -> str:
    return "/sources/one?" + urlencode({"name": name})


@pytest.mark.slow
def test_a_source_is_added_weighed_paused_and_removed_and_comments_stay(desk: Site, admin: Browser) -> None:
    path = desk.app.home / "digest.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "# the end\n", encoding="utf-8")
    refused = admin.submit("/sources/add", {**NEW, "weight": "abc"})
    assert (refused.status, 'value="नदी समाचार"' in refused.text, 'value="abc"' in refused.text) == (422, True, True)
    assert admin.submit("/sources/add", {**NEW, "weight": "2"}).status == 303
    assert stored(desk)["नदी समाचार"].weight == 2
    assert admin.submit("/sources/add", NEW).status == 422
    assert admin.post("/sources/change", name="नदी समाचार", weight="0.5", section="खेल").status == 303
    assert (stored(desk)["नदी समाचार"].weight, stored(desk)["नदी समाचार"].section) == (0.5, "खेल")
    wrong = admin.post("/sources/change", name="नदी समाचार", weight="50", section="खेल")
    assert wrong.status == 422
    assert 'value="50"' in wrong.text
    assert translated("Write a number from 0 to 10.") in wrong.text
    for weight in ("nan", "inf", "1e400"):
        wrong = admin.post("/sources/change", name="नदी समाचार", weight=weight, section="खेल")
        assert translated("Write a number from 0 to 10.") in wrong.text, weight
    assert "digest.yaml" not in wrong.text.partition('role="alert"')[2].partition("</p>")[0]
    assert admin.post("/sources/change", name="नदी समाचार", weight="", section="").status == 303
    assert (stored(desk)["नदी समाचार"].weight, stored(desk)["नदी समाचार"].section) == (1, "")
    assert admin.post("/sources/pause", name="नदी समाचार", pause="1").status == 303
    assert stored(desk)["नदी समाचार"].paused
    assert translated("paused") in admin.get(one("नदी समाचार")).text
    assert admin.post("/sources/pause", name="नदी समाचार").status == 303
    assert not stored(desk)["नदी समाचार"].paused
    assert admin.post("/sources/remove", name="नदी समाचार").status == 303
    assert "नदी समाचार" not in stored(desk)
    assert path.read_text(encoding="utf-8").endswith("# the end\n")
    acts = [(act.what, act.subject) for act in desk.app.audit.newest(6)][::-1]
    assert not any("paused:" in act.detail for act in desk.app.audit.newest(6))
    words = ("source added", "source changed", "source changed", "source paused", "source resumed", "source removed")
    assert acts == [(word, "source नदी समाचार") for word in words]


@pytest.mark.slow
def test_a_source_shows_its_titles_to_editors_only_and_they_change_nothing(desk: Site, editor: Browser) -> None:
    name = next(iter(stored(desk)))
    page = editor.get(one(name))
    title = desk.app.articles.newest(name, since=desk.app.now().replace(year=2020), limit=1)[0][0].title
    assert title.split()[0] in page.text
    assert "/sources/change" not in page.text
    assert editor.post("/sources/pause", name=name, pause="1").status == 403
    assert name in editor.get("/sources").text


@pytest.mark.slow
def test_the_desk_adds_no_files_and_fetches_nothing_private(desk: Site, admin: Browser) -> None:
    before = stored(desk)
    for url in ("/etc/passwd", "file:///etc/passwd", desk.base, "http://169.254.169.254/latest"):
        assert admin.post("/sources/preview", url=url).status == 422
    assert f"digest sources add {desk.base} --allow-private" in admin.post("/sources/preview", url=desk.base).text
    assert admin.post("/sources/add", name="x", url="/etc/passwd").status == 422
    assert stored(desk) == before


@pytest.mark.slow
def test_an_edition_names_a_source_that_does_not_answer_and_why(tmp_path: Path) -> None:
    sources = [
        {"name": "सुबह समाचार", "path": "samples/feeds/subah-samachar.xml", "replay": True},
        {"name": "बंद अख़बार", "url": "http://127.0.0.1:9/feed", "allow_private": True},
    ]
    settings = {"DIGEST_SOURCES": json.dumps(sources), "DIGEST_ALERTS__SOURCE_FAILURES": "1"}
    for desk in open_desk(tmp_path / "newsletter", **settings):
        admin = set_up(desk, "mira", Role.ADMIN)
        page = admin.problems(f"/edition/{KEY}")
        assert translator("hi").ngettext("%(num)s source does not answer", "", 1) % {"num": 1} in page
        assert "बंद अख़बार" in page
        refused = Message("the connection was refused")
        error = Message("%(url)s can't be reached: %(why)s.", url="http://127.0.0.1:9/feed", why=refused)
        assert str(translate(error, translator("hi"))) in admin.get("/sources").text
