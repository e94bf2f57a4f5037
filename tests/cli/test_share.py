"""`digest share` and `digest store index`."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import delete

from digest.app import make_app
from digest.render import card
from digest.store.schema import archive_correction, archive_page, archive_story
from tests.cli.newsroom import Newsroom

KEY = "2026-11-23"
PAGES = {"DIGEST_NEWSLETTER__BASE_URL": "https://news.example.com"}


@pytest.mark.slow
def test_an_edition_is_shared_as_text_and_card(newsroom: Newsroom) -> None:
    assert "No edition was sent yet" in newsroom.digest("share", **PAGES).err
    newsroom.json("send", **PAGES)
    shared = newsroom.json("share", **PAGES)
    assert shared["url"] == f"https://news.example.com/archive/{KEY}"
    lines = shared["text"].splitlines()
    assert lines[0] == "*सुबह की ख़बरें* · सोमवार, 23 नवंबर 2026"
    assert lines[2].startswith("*")
    assert lines[2].endswith("*")
    headlines = [line for line in lines if line.startswith("• ")]
    assert len(headlines) == 4
    assert lines[2].strip("*") not in "\n".join(headlines)
    assert lines[-2] == f"पूरा अंक: https://news.example.com/archive/{KEY}"
    assert lines[-1] == "ईमेल पर पाएँ: https://news.example.com/join"
    assert "@" not in shared["text"]
    if card.can_shape():
        assert Image.open(BytesIO(Path(shared["card"]).read_bytes())).size == (card.WIDTH, card.HEIGHT)
        own = newsroom.home / "own.jpg"
        assert newsroom.json("share", KEY, "--card", str(own), **PAGES)["card"] == str(own)
        assert own.exists()


@pytest.mark.slow
def test_what_nobody_could_open_is_not_shared(newsroom: Newsroom) -> None:
    newsroom.json("send", **PAGES)
    for settings, said in (
        ({"DIGEST_NEWSLETTER__BASE_URL": ""}, "newsletter.base_url"),
        ({**PAGES, "DIGEST_WEB__ARCHIVE": "off"}, "web.archive"),
        ({**PAGES, "DIGEST_WEB__ARCHIVE": "subscribers"}, "web.archive"),
    ):
        refused = newsroom.digest("share", **settings)
        assert refused.code == 2
        assert said in refused.err
    newsroom.json("compose", "--slug", "vishesh", **PAGES)
    assert "vishesh is draft" in newsroom.digest("share", "vishesh", **PAGES).err


@pytest.mark.slow
def test_the_archive_is_completed_and_indexed_again(newsroom: Newsroom) -> None:
    newsroom.json("send", **PAGES)
    stories = newsroom.json("store", "index")
    assert stories["added"] == 0
    with make_app(newsroom.home) as app, app.database.write() as connection:
        for table in (archive_story, archive_correction, archive_page):
            connection.execute(delete(table))
    assert newsroom.json("store", "index") == {"added": 1, "stories": stories["stories"]}
