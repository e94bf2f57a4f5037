"""The email on the desk: each variant, and without pictures."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from PIL import Image as PillowImage

from digest.models import Image, Subscriber
from digest.subscribers.address import normalise
from tests.web.desk.browser import Browser
from tests.web.desk.conftest import KEY, edition_of, open_desk, put_draft
from tests.web.desk.photographs import put_pictures
from tests.web.site import Site, translated

LETTER = f"/edition/{KEY}/letter"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Site]:
    yield from open_desk(tmp_path / "newsletter")


@pytest.mark.slow
def test_without_pictures_the_frame_may_load_none(editor: Browser) -> None:
    plain, light = editor.get(f"{LETTER}?form=plain"), editor.get(f"{LETTER}?form=light")
    assert "img-src 'none'" in plain.headers["content-security-policy"]
    assert plain.headers["content-security-policy"].startswith("sandbox;")
    assert "img-src data: https:" in light.headers["content-security-policy"]
    assert "<img" in plain.text
    assert "src=" not in plain.text
    assert "src=" in light.text


@pytest.mark.slow
def test_nothing_is_loaded_from_the_papers_before_an_editor_asks_for_pictures(desk: Site, editor: Browser) -> None:
    def shown(query: str = "") -> tuple[str, str, bool]:
        page = unescape(editor.get(f"/edition/{KEY}{query}").text)
        (form,) = re.findall(r'<a href="[^"]*form=(\w+)[^"]*" aria-current="true"', page)
        (frame,) = re.findall(r'<iframe [^>]*src="[^"]*form=(\w+)', page)
        return form, frame, translated("The pictures are on the papers' sites. Choose a form to see them.") in page

    assert shown() == ("light", "light", False)
    story = next(story for story in edition_of(desk).stories() if story.image)
    put_draft(desk, edition_of(desk).with_story(replace(story, image=Image("https://paper.example.com/large.jpg"))))
    assert shown() == ("plain", "plain", True)
    assert shown("?form=light") == ("light", "light", False)


@pytest.mark.slow
def test_the_frame_gets_pictures_in_the_size_that_it_shows(desk: Site, editor: Browser) -> None:
    def pictures(form: str) -> list[tuple[int, bytes]]:
        found = re.findall('src="data:image/[a-z]+;base64,([^"]+)"', editor.get(f"{LETTER}?form={form}").text)
        files = [base64.b64decode(each) for each in found]
        return [(PillowImage.open(io.BytesIO(each)).width, each) for each in files]

    put_pictures(desk)
    phone, computer = pictures("light"), pictures("wide")
    cids = [each.image.url.removeprefix("cid:") for each in edition_of(desk).stories() if each.image]
    whole = desk.app.articles.images.load(cids).values()
    assert len(phone) == len(computer) > 1
    assert max(width for width, _file in phone) == 2 * 376
    assert max(width for width, _file in computer) == max(each.width for each in whole)
    assert sum(len(file) for _width, file in computer) < sum(len(each.data) for each in whole)
    assert pictures("dark") == phone


@pytest.mark.slow
def test_each_variant_is_shown(desk: Site, editor: Browser) -> None:
    edition = edition_of(desk)
    topic = next(each for each in edition.sections if all(story.id != edition.lead for story in each.stories))
    row = f"\n  - {{email: asha@example.com, topics: [{topic.name}]}}\n"
    path = desk.app.home / "subscribers.yaml"
    path.write_text(f"subscribers:{row}", encoding="utf-8")
    desk.app.subscribers.sync([(normalise("asha@example.com"), Subscriber("asha@example.com"))], now=desk.app.now())
    position = [each.name for each in edition.sections].index(topic.name)
    editor.get(f"{LETTER}?form=light")
    page = editor.get("/").text
    assert f'value="html-{position}"' in page
    own = editor.get(f"{LETTER}?variant=html-{position}").text
    others = [story for each in edition.sections if each.name != topic.name for story in each.stories]
    other = next(story for story in others if story.id != edition.lead)
    assert topic.stories[0].title in own
    assert other.title not in own
    assert other.title in editor.get(LETTER).text
    # The choice keeps its place while the emails of a change are being checked.
    editor.post(f"/edition/{KEY}/pin", story=other.id)
    changed = editor.get("/").text
    assert changed.count('id="variant"') + changed.count("<select disabled>") == 1
    # It comes with the results of the checks, without a reload, and still shows the variant that was chosen.
    arrived = editor.problems(f"/edition/{KEY}")
    assert 'id="choice" hx-swap-oob' in arrived
    assert "<select disabled>" not in arrived
    wanted = f"/edition/{KEY}/checks?form=dark&variant=html-{position}&view=letter"
    arrived = editor.get(wanted).text
    assert f'value="html-{position}" selected' in arrived
    assert 'name="form" value="dark"' in arrived
    assert f'action="/desk/edition/{KEY}/email#letter"' in arrived
