"""All articles of an edition's window: search in headline and text, filters, order, pages, and why one is left out."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from html import escape, unescape
from pathlib import Path
from urllib.parse import quote

import pytest

from digest.models import Actor, Article, Role, TextBlock
from digest.store.content.articles import delete_articles
from tests.web.desk.browser import Browser, set_up
from tests.web.desk.conftest import KEY, edition_of, open_desk
from tests.web.site import Site, translated

HERE = f"/edition/{KEY}/pool"
BY = Actor("tester", "command")
# More than a page.
MANY = 35


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A desk whose edition has room for four stories, with forty articles that came after it was composed."""
    home: Path = tmp_path_factory.mktemp("pool") / "newsletter"
    for opened in open_desk(home, DIGEST_EDITION__MAX_STORIES="4"):
        like, now = stored(opened)[0], opened.app.now()
        late = [
            replace(
                like,
                id=f"late{number}",
                url=f"https://late.example.com/{number}",
                title=f"नगर निगम ने {number} झूलों की रंगाई शुरू की",
                published=now + timedelta(minutes=5) - timedelta(hours=number / 2),
                body=(TextBlock("p", "बरसात में किसानों की दीवारें ढह गई थीं।"),) if number == 20 else (),
                excerpt="",
                categories=(),
            )
            for number in range(MANY)
        ]
        opened.app.articles.clock = lambda at=now + timedelta(minutes=5): at
        opened.app.articles.save(late)
        yield opened


@pytest.fixture(scope="module")
def editor(desk: Site) -> Browser:
    return set_up(desk, "suman", Role.EDITOR)


def stored(desk: Site) -> list[Article]:
    ids = [id for story in edition_of(desk).stories() for id in story.article_ids]
    return list(desk.app.articles.by_ids(ids).values())


def rows(editor: Browser, **query: str) -> dict[str, str]:
    """Headline → the text of its row."""
    page = editor.get(f"{HERE}?{'&'.join(f'{name}={quote(value)}' for name, value in query.items())}").text
    found = re.findall(r'<li class="block">(.*?)</li>', page, re.S)
    return {
        unescape(re.search(r"<b[^>]*>(.*?)</b>", row)[1]): unescape(re.sub("<[^>]+>", " ", row))  # type: ignore[index]
        for row in found
    }


@pytest.mark.slow
def test_words_are_found_in_any_form_in_headline_and_text(editor: Browser) -> None:
    title = "नगर निगम ने 20 झूलों की रंगाई शुरू की"
    assert list(rows(editor, q="किसान दीवार")) == [title], "both are in the text only, in other forms"
    assert list(rows(editor, q="झूला 20")) == [title]
    assert len(rows(editor, q="रंगा")) == 30, "the beginning of a word is enough"
    for nothing in ("zzzz", "किसान zzzz", "%_'", "है"):
        assert rows(editor, q=nothing) == {}
    assert translated("No article has these words and filters.") in editor.get(f"{HERE}?q=zzzz").text


@pytest.mark.slow
def test_every_article_is_on_one_page(editor: Browser) -> None:
    numbers, titles, page = [], [], 1
    while True:
        text = editor.get(f"{HERE}?q={quote('रंगाई')}&page={page}").text
        titles += re.findall(r'<li class="block"><span class="m num only-lap">\d+</span><div><b[^>]*>(.*?)</b>', text)
        numbers += re.findall(r'<li class="block"><span class="m num only-lap">(\d+)</span>', text)
        if f"page={page + 1}&amp;" not in text:
            break
        page += 1
    assert numbers == [str(number + 1) for number in range(MANY)]
    assert titles == [f"नगर निगम ने {number} झूलों की रंगाई शुरू की" for number in range(MANY)], "newest first"
    assert page == 2
    assert translated("Next page") not in editor.get(f"{HERE}?q={quote('रंगाई')}&page=99").text


@pytest.mark.slow
def test_filters_and_reasons(desk: Site, editor: Browser) -> None:
    stories = list(edition_of(desk).stories())
    chosen = rows(editor, state="chosen")
    assert chosen.keys() == {each.title for each in stored(desk)}
    assert all(translated("in the edition") in row for row in chosen.values())
    late = rows(editor, q="रंगाई", hours="6")
    assert len(late) == 13
    assert all(translated("It came after the edition was composed") in row for row in late.values())
    section = stories[0].section
    assert stories[0].title in rows(editor, section=section, state="chosen")
    assert all(section in row for row in rows(editor, section=section).values())
    source = stored(desk)[0].source
    assert stored(desk)[0].title in rows(editor, source=source, state="chosen")
    assert rows(editor, source="no such paper") == {}
    ranked = rows(editor, sort="rank", state="not chosen")
    why = translated("Why not:")
    assert all(why in row for row in ranked.values())
    weighed = [row for row in ranked.values() if translated("It came after the edition was composed") not in row]
    assert weighed, "some stories had no room"
    assert list(ranked.values())[: len(weighed)] == weighed, "those without a score are last"
    best = re.search(r"<b[^>]*>(.*?)</b>", editor.get(f"/edition/{KEY}/next").text.partition('<li class="block">')[2])
    assert best
    assert unescape(best[1]) in next(iter(ranked))


@pytest.mark.slow
def test_a_removed_story_says_so_and_can_be_added_again(tmp_path: Path) -> None:
    for desk in open_desk(tmp_path / "newsletter", DIGEST_EDITION__MAX_STORIES="4"):
        editor = set_up(desk, "suman", Role.EDITOR)
        story = list(edition_of(desk).stories())[1]
        editor.get(HERE)
        editor.post(f"/edition/{KEY}/drop", story=story.id)
        editor.get(f"/edition/{KEY}/next")
        out = rows(editor, state="left out")
        row = next(row for title, row in out.items() if title == story.title)
        assert translated("An editor removed it") in row
        page = editor.get(f"{HERE}?state=left+out").text.partition(escape(story.title))[2]
        named = re.search(r'name="story" value="([^"]+)"', page)
        assert named
        editor.post(f"/edition/{KEY}/add", story=named[1])
        assert story.title in rows(editor, state="chosen")
        viewer = set_up(desk, "ravi", Role.VIEWER)
        assert rows(viewer, state="chosen").keys() == rows(editor, state="chosen").keys()
        assert "/add" not in viewer.get(HERE).text


@pytest.mark.slow
def test_new_and_changed_articles_are_found_and_deleted_ones_are_not(desk: Site) -> None:
    """Through the index itself, because a page looks for new articles only every few seconds."""
    from digest.web.desk.article_index import ArticleIndex

    app, since = desk.app, desk.app.now() - timedelta(days=1)
    like = stored(desk)[0]
    first = replace(like, id="first", url="https://first.example.com/", title="झील में कमल खिले", published=app.now())

    def find(query: str) -> list[str]:
        return [each.id for each in index.search(query, since, wait=30) or ()]

    def become(query: str, wanted: list[str]) -> bool:
        # A call returns what is known, and begins to read what is new.
        until = time.monotonic() + 30
        while (found := find(query)) != wanted and time.monotonic() < until:
            time.sleep(0.01)
        return found == wanted

    with ArticleIndex(app.articles, app.now, lasts=0) as index:
        assert find("कमल") == []
        app.articles.save([first])
        assert become("कमल", ["first"])
        app.articles.save([replace(first, title="झील में बतख लौटे", content_hash="other")])
        assert become("बतख झील", ["first"])
        assert find("कमल") == []
        url = "https://old.example.com/"
        app.articles.save([replace(first, id="old", url=url, published=since + timedelta(minutes=1))])
        assert become("कमल", ["old"])
        delete_articles(app.database, since + timedelta(minutes=2), limit=1_000)
        assert become("कमल", [])
