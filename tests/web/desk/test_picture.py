"""An editor removes a story's picture, and takes it back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from digest.models import Image, Story
from tests.web.desk.browser import Browser
from tests.web.desk.conftest import KEY, edition_of, put_draft
from tests.web.site import Site


def with_picture(desk: Site) -> list[Story]:
    edition = edition_of(desk)
    return [story for story in edition.stories() if story.image]


@pytest.mark.slow
def test_a_picture_is_removed_stays_away_and_comes_back(desk: Site, editor: Browser) -> None:
    story = with_picture(desk)[0]
    here = f"/edition/{KEY}/story/{story.id}"
    assert 'value="none"' in editor.get(here).text
    editor.post(f"{here}/picture", picture="none")
    assert story.id not in {each.id for each in with_picture(desk)}
    # A later change of something else keeps it.
    editor.post(f"/edition/{KEY}/move", story=story.id, step="down")
    assert story.id not in {each.id for each in with_picture(desk)}
    editor.post(f"{here}/picture", picture="composed")
    assert story.id in {each.id for each in with_picture(desk)}
    assert story.image in [each.image for each in with_picture(desk)]


@pytest.mark.slow
def test_a_picture_is_that_of_an_article_of_the_story(desk: Site, editor: Browser) -> None:
    story = with_picture(desk)[0]
    here = f"/edition/{KEY}/story/{story.id}"
    own = next(id for id, each in desk.app.articles.by_ids(story.article_ids).items() if each.image)
    editor.post(f"{here}/picture", picture="none")
    editor.post(f"{here}/picture", picture=own)
    (again,) = (each for each in with_picture(desk) if each.id == story.id)
    assert again.image is not None
    assert again.image.url.startswith("cid:")
    editor.post(f"/edition/{KEY}/move", story=story.id, step="down")
    assert again.image in [each.image for each in with_picture(desk)]
    assert editor.post(f"{here}/picture", picture="https://evil.example/x.png").status == 422


def test_a_picture_that_no_mail_program_shows_is_not_offered_and_the_page_says_why(desk: Site, editor: Browser) -> None:
    edition = edition_of(desk)
    story = next(edition.stories())

    def page_with(url: str) -> str:
        put_draft(desk, edition.with_story(replace(story, image=Image(url))))
        return editor.get(f"/edition/{KEY}/story/{story.id}").text

    page = page_with("http://pictures.example/a.jpg")
    assert "http से शुरू होता है" in page
    assert 'value="none"' not in page, "there is none to remove"
    page = page_with("https://pictures.example/a.jpg")
    assert 'href="https://pictures.example/a.jpg"' in page
    assert 'value="none"' in page


@pytest.mark.slow
def test_a_picture_of_an_address_takes_the_place_of_the_storys_own(desk: Site, editor: Browser) -> None:
    story = with_picture(desk)[0]
    here = f"/edition/{KEY}/story/{story.id}"
    for wrong in ("javascript:alert(1)", "http://pictures.example/a.jpg", "a.jpg"):
        assert editor.post(f"{here}/picture", picture="address", address=wrong).status == 422, wrong
    assert story.image in [each.image for each in with_picture(desk)]
    url = "https://pictures.example/a.jpg"
    page = editor.post(f"{here}/picture", picture="address", address=url, follow=True).text
    assert f'href="{url}"' in page
    assert "चित्र बदला</span>" in page
    assert url in [each.image.url for each in with_picture(desk) if each.image]
    editor.post(f"{here}/picture", picture="composed")
    assert story.image in [each.image for each in with_picture(desk)]
