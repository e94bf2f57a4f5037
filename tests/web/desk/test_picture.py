"""An editor removes a story's picture, and takes it back."""

from __future__ import annotations

import io
import json
import re
from base64 import b64encode
from dataclasses import replace
from html import unescape

import pytest
from PIL import Image as Pillow

from digest.models import Actor, EditionState, Image, Role, Story
from digest.render.pictures import MAX_BYTES
from tests.web.desk.browser import Browser, set_up
from tests.web.desk.conftest import KEY, edition_of, put_draft
from tests.web.site import Response, Site


def with_picture(desk: Site) -> list[Story]:
    edition = edition_of(desk)
    return [story for story in edition.stories() if story.image]


@pytest.mark.slow
def test_a_row_of_the_list_gets_a_picture_of_its_own_size(editor: Browser) -> None:
    found = re.search(
        r'<img class="thumb" src="/desk([^"]+)"[^>]* width="64" height="48" loading="lazy">', editor.get("/").text
    )
    assert found
    place, _, query = unescape(found[1]).partition("?")
    small, whole = editor.get(f"{place}?{query}"), editor.get(place)
    assert (small.status, small.headers["content-type"]) == (200, "image/webp")
    assert 0 < int(small.headers["content-length"]) < int(whole.headers["content-length"]) / 2
    assert editor.get(f"{place}?at=9999").headers["content-length"] == whole.headers["content-length"]


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
def test_the_list_of_a_phone_changes_a_picture_and_stays(desk: Site, editor: Browser) -> None:
    story = with_picture(desk)[0]
    here = f"/edition/{KEY}/story/{story.id}"
    form = editor.get(f"{here}?edit=1").text
    assert ('name="back" value="list"' in form, 'value="none"' in form) == (True, True)
    done = editor.post(f"{here}/picture", picture="none", back="list")
    assert done.headers["location"].endswith(f"/edition/{KEY}#row-{story.id}")
    assert story.id not in {each.id for each in with_picture(desk)}
    assert 'value="composed"' in editor.get(f"{here}?edit=1").text


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


def test_the_picture_that_a_story_has_is_no_choice(desk: Site, editor: Browser) -> None:
    edition, image = edition_of(desk), Image("https://pictures.example/a.jpg")
    story = next(edition.stories())
    (article, *_rest) = desk.app.articles.by_ids(story.article_ids).values()
    article = replace(article, id="pictured", image=image)
    desk.app.articles.save([article])
    offered = []
    for each in (image, None):
        put_draft(desk, edition.with_story(replace(story, image=each, article_ids=(article.id,))))
        page = editor.get(f"/edition/{KEY}/story/{story.id}").text
        offered.append(f'name="picture" value="{article.id}"' in page)
    assert offered == [False, True]


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
    assert "तस्वीर बदली</span>" in page
    assert url in [each.image.url for each in with_picture(desk) if each.image]
    editor.post(f"{here}/picture", picture="composed")
    assert story.image in [each.image for each in with_picture(desk)]


def jpeg(width: int = 1400, height: int = 900, **options: object) -> bytes:
    out = io.BytesIO()
    Pillow.effect_noise((width, height), 40).convert("RGB").save(out, "JPEG", **options)
    return out.getvalue()


def upload(browser: Browser, story: str, data: bytes, name: str = "photo.jpg") -> Response:
    """Submit the form with a file, as a browser without the script does."""
    border = "border42"
    token = f'--{border}\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{browser.token()}\r\n'
    head = f'--{border}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = f"{token}{head}".encode() + data + f"\r\n--{border}--\r\n".encode()
    return browser.send(f"/picture/{KEY}/{story}", body, f"multipart/form-data; boundary={border}")


@pytest.mark.slow
def test_a_picture_comes_from_the_editors_device(desk: Site, editor: Browser) -> None:
    story = with_picture(desk)[0]
    exif = Pillow.Exif()
    exif[0x010E] = "secret place"
    done = upload(editor, story.id, jpeg(exif=exif, quality=90))
    assert done.headers["location"] == f"/desk/edition/{KEY}/story/{story.id}?pictured=1#picture"
    (changed,) = (each for each in with_picture(desk) if each.id == story.id)
    assert changed.image is not None
    assert changed.image != story.image
    stored = desk.app.articles.images.load([changed.image.url[4:], changed.image.origin[4:]])
    assert len(stored) == 2, "the picture of the email, and the whole one for another place"
    assert not any(b"secret place" in each.data for each in stored.values()), "only the pixels are kept"
    editor.post(f"/edition/{KEY}/move", story=story.id, step="down")
    assert changed.image in [each.image for each in with_picture(desk)]


def test_a_file_that_is_no_usable_picture_is_refused_with_a_sentence(desk: Site, editor: Browser) -> None:
    story, whole = with_picture(desk)[0], jpeg()
    wrong = {
        "JPEG, PNG, WebP या GIF फ़ाइल नहीं": (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", b"GIF89"),
        "ख़राब": (whole[: len(whole) // 3],),
        "छोटी": (jpeg(60, 40),),
        "बाइट से बड़ी": (whole + b"x" * MAX_BYTES,),
        "पहले फ़ाइल चुनें": (b"",),
    }
    for says, files in wrong.items():
        for data in files:
            answer = upload(editor, story.id, data, name="photo.jpg")
            assert answer.status == 422, says
            assert says in answer.text.partition('id="no-picture"')[2].partition("</p>")[0]
    assert story in with_picture(desk)
    assert upload(editor, "unknown", whole).status == 404
    assert upload(set_up(desk, "mohan", Role.VIEWER), story.id, whole).status == 403


@pytest.mark.slow
def test_a_program_uploads_a_picture_and_an_approval_ends(desk: Site, editor: Browser) -> None:
    story = with_picture(desk)[0]
    desk.app.editions.move(KEY, EditionState.APPROVED, out_of=(EditionState.DRAFT,))
    made = desk.app.api_tokens.make("suman", "cms", Role.EDITOR, Actor("asha", "command"))
    body = json.dumps({"content": b64encode(jpeg()).decode()})
    answer = desk.request(
        "POST", f"/desk/api/picture/{KEY}/{story.id}", body.encode(), {"Authorization": f"Bearer {made}"}
    )
    assert answer.status in (200, 303), answer.text
    assert edition_of(desk).state == EditionState.DRAFT
    assert story not in with_picture(desk)
