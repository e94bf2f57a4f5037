"""View in browser and the archive: what was sent, nothing personal, and no requests to other sites."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

import feedparser
import pytest
from sqlalchemy import insert, select, update

from digest import pipeline
from digest.hindi.sounds import romanised
from digest.hindi.text import fold
from digest.store.schema import archive_correction, archive_page, archive_story, batch, delivery, edition
from digest.usecases.enqueue import SendRequest
from digest.web.archive.metadata import json_ld
from digest.web.view_in_browser import without_remote_images
from tests.support.folders import newsletter_folder
from tests.web.site import Site, site, translated

# Each test makes, sends or serves an edition.
pytestmark = pytest.mark.slow

DAY = "2026-11-23"


def view(sent: Site, email: str) -> str:
    return f"/view/{DAY}/{sent.token('view', email)}"


def signed_tokens(sent: Site, email: str) -> dict[str, str]:
    """The token of each page for this subscriber."""
    return {purpose: sent.token(purpose, email) for purpose in ("leave", "preferences", "view", "confirm")}


@pytest.mark.parametrize("query", ["", "?pictures=1", "?lang=en"])
def test_the_email_in_the_browser_shows_nothing_personal(sent: Site, query: str) -> None:
    answer = sent.get(view(sent, "asha@example.com") + query)
    assert answer.status == 200
    assert "asha@example.com" not in answer.text
    tokens = signed_tokens(sent, "asha@example.com")
    assert [name for name in tokens if name != "view" and tokens[name] in answer.text] == []
    assert not re.search(r"DGX_|/leave/|/pause/|/preferences/|subject=unsubscribe", answer.text)
    language = "en" if "lang" in query else "hi"
    note = (
        "This page can be forwarded, so the links to unsubscribe and to change preferences are only in your own email."
    )
    assert translated(note, language) in answer.text
    assert re.search(r'<a href="/join(\?lang=en)?"', answer.text)
    assert re.search(rf'<a href="/archive/{DAY}(\?lang=en)?"', answer.text)
    # Pause, preferences, unsubscribe, and the two answers to the samples' question.
    assert answer.text.count('href="#personal-links"') == 5
    assert answer.text.count('id="personal-links"') == 1
    assert answer.text.count('role="main"') == 1
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    # Whoever reads by keyboard sees where they are.
    assert ":focus-visible{outline:3px" in answer.text
    assert ("img-src 'self' https:;" if "pictures" in query else "img-src 'self' ;") in policy
    assert answer.headers["cache-control"] == "no-store"


def test_a_template_of_the_newsroom_cannot_show_anything_personal_in_the_browser(tmp_path: Path) -> None:
    home = tmp_path / "newsletter"
    newsletter_folder(home, all_sources=False)
    (home / "templates").mkdir(exist_ok=True)
    (home / "templates/letter.html.j2").write_text(
        '{% extends "house/letter.html.j2" %}{% block footer %}{{ super() }}'
        "<tr><td>{{ email }} {{ links.leave }} <a href='{{ links.preferences }}'>x</a></td></tr>"
        "{% endblock %}",
        encoding="utf-8",
    )
    with site(home, ["asha@example.com"]) as pages:
        pipeline.send(pages.app, DAY)
        shown = pages.get(view(pages, "asha@example.com")).text
        tokens = signed_tokens(pages, "asha@example.com")
        assert "asha@example.com" not in shown
        assert [name for name in tokens if name != "view" and tokens[name] in shown] == []
        assert "DGX_" not in shown


def test_no_page_shows_the_token_of_another_page(pages: Site) -> None:
    pipeline.send(pages.app, DAY)
    tokens = signed_tokens(pages, "asha@example.com")
    # This makes the browser known.
    own_page = pages.preferences("asha@example.com")
    shown = [
        ("view", pages.get(view(pages, "asha@example.com"))),
        ("preferences", pages.get(own_page)),
        ("preferences", pages.post(f"{own_page}/resume")),
        ("leave", pages.get(f"/leave/{tokens['leave']}")),
        ("leave", pages.post(f"/leave/{tokens['leave']}")),
    ]
    for own, page in shown:
        assert page.status == 200
        assert [name for name, token in tokens.items() if name != own and token in page.text] == []


def test_the_email_matches_the_subscribers_topics(sent: Site) -> None:
    meena, asha = (sent.get(view(sent, f"{name}@example.com")).text for name in ("meena", "asha"))
    assert "विज्ञान" in meena
    assert len(meena) < len(asha) or meena.count("<h2") != asha.count("<h2")


def test_inline_images_are_served(sent: Site) -> None:
    page = sent.get(view(sent, "asha@example.com")).text
    assert "cid:" not in page
    images = re.findall(r'src="(/picture/[^"]+)"', page)
    assert images
    for image in images:
        answer = sent.get(image)
        assert answer.headers["content-type"].startswith("image/")
        assert "immutable" in answer.headers["cache-control"]
        # Mail programs get the file itself.
        assert image.endswith("?at=page")
        whole = sent.get(image.partition("?")[0])
        assert whole.headers["content-type"] in ("image/jpeg", "image/png")
        assert int(answer.headers["content-length"]) < int(whole.headers["content-length"])
    assert sent.get(f"/picture/{'0' * 40}@digest").status == 404
    assert sent.get("/picture/../../etc/passwd").status == 404


def test_a_text_email_is_shown_as_text(sent: Site) -> None:
    name = next(
        row for row in ("kabir", "joseph", "farah", "ravi", "latika", "meena")
        if sent.get(view(sent, f"{row}@example.com")).text.count("<pre") == 1
    )  # fmt: skip
    shown = sent.get(view(sent, f"{name}@example.com")).text
    tokens = signed_tokens(sent, f"{name}@example.com")
    assert f"{name}@example.com" not in shown
    assert [purpose for purpose, token in tokens.items() if purpose != "view" and token in shown] == []
    assert not re.search(r"DGX_|/leave/|/preferences/", shown)
    assert translated("only in your email") in shown
    assert '<a href="/join"' in shown
    # Its addresses are links, without what follows them in the sentence.
    urls = re.findall(r"https?://[^\s<\"]+", re.sub(r"<[^>]*>", " ", shown))
    links = re.findall(r'<a href="(https?://[^"]+)" rel="noopener noreferrer">', shown)
    assert len(links) > 5
    assert len(links) == len(urls)


def test_an_unknown_edition_is_not_found(sent: Site) -> None:
    token = sent.token("view", "asha@example.com")
    for path in (f"/view/2020-01-01/{token}", "/archive/2020-01-01"):
        answer = sent.get(path)
        assert (answer.status, answer.title) == (404, translated("There is no such edition"))


def test_the_link_of_a_test_email_shows_a_draft(sent: Site) -> None:
    from digest import pipeline

    pipeline.compose(sent.app, "special")
    token = sent.app.signer.sign("view", 0)
    assert sent.get(f"/view/special/{token}").status == 200
    assert sent.get(f"/view/special/{sent.token('view', 'asha@example.com')}").status == 404


def test_remote_images_are_left_out_by_default() -> None:
    page = (
        '<p><img src="https://paper.example/a.jpg" alt="a &gt; b > c" width="5"><img alt="x" src="/picture/1">'
        '<img src="https://we.example/logo.png" alt="हम"></p>'
    )
    left = without_remote_images(page, "https://we.example/logo.png")
    assert left == '<p><img alt="x" src="/picture/1"><img src="https://we.example/logo.png" alt="हम"></p>'


def test_the_archive_is_public_and_contains_no_personal_data(sent: Site) -> None:
    listed = sent.get("/archive")
    assert f'href="/archive/{DAY}"' in listed.text
    page = sent.get(f"/archive/{DAY}")
    assert page.status == 200
    assert not re.search(r"@example\.com|/leave/|/preferences/", page.text.replace("desk@example.com", ""))
    assert page.text.count("<h1") == 1
    assert page.headers["x-robots-tag"] == "all"
    # Drafts are not public.
    assert "special" not in listed.text
    assert sent.get("/archive/special").status == 404


def test_the_feed_is_rss_and_its_items_link_to_their_pages(sent: Site) -> None:
    answer = sent.get("/archive.xml")
    assert answer.headers["content-type"].startswith("application/rss+xml")
    feed = ElementTree.fromstring(answer.text)
    assert feed.findtext("channel/title") == "सुबह की ख़बरें"
    (item,) = feed.findall("channel/item")
    link = item.findtext("link") or ""
    assert link == f"https://news.example.com/archive/{DAY}"
    assert sent.get(link.removeprefix("https://news.example.com")).status == 200
    assert (item.findtext("pubDate") or "").startswith("Mon, 23 Nov 2026")
    content = item.findtext("{http://purl.org/rss/1.0/modules/content/}encoded") or ""
    assert "https://news.example.com/story/" in content
    assert "digest-site" not in answer.text


def test_both_feeds_can_be_read_by_a_feed_reader(sent: Site) -> None:
    by_format = {name: feedparser.parse(sent.get(f"/archive.{name}").text) for name in ("xml", "atom")}
    assert [(name, feed.version, bool(feed.bozo)) for name, feed in by_format.items()] == [
        ("xml", "rss20", False),
        ("atom", "atom10", False),
    ]
    rss, atom = (feed.entries[0] for feed in by_format.values())
    assert (rss.title, rss.link, rss.id) == (atom.title, atom.link, atom.id)
    assert rss.published_parsed == atom.published_parsed
    assert rss.content[0].value == atom.content[0].value


def test_an_edition_is_headed_by_its_lead_and_its_dates_stay_true(sent: Site) -> None:
    page = sent.get(f"/archive/{DAY}").text
    edition = sent.app.editions.get(DAY)
    assert edition is not None
    lead = next(story for story in edition.stories() if story.id == edition.lead)
    assert re.search(r"<h1[^>]*><a[^>]*>(.*?)</a></h1>", page, re.S)[1] == lead.title  # type: ignore[index]
    assert lead.title in re.search("<title>(.*?)</title>", page)[1]  # type: ignore[index]
    assert "सोमवार, 23 नवंबर 2026" in page
    assert re.search(r"2[23]\sनवंबर,\s(सुबह|दोपहर|शाम|रात)", page)
    article = page[page.index("<article") : page.index("</article>")]
    assert not re.search(r"(आज|कल) (सुबह|दोपहर|शाम|रात|तड़के)", article)


def test_a_sent_edition_stays_as_it_was_whatever_its_template_becomes(tmp_path: Path) -> None:
    home = tmp_path / "newsletter"
    with site(home) as pages:
        pipeline.send(pages.app, DAY)
        before = pages.get(f"/archive/{DAY}").text
        article = before[before.index("<article") : before.index("</article>")]
    own = home / "templates"
    own.mkdir(exist_ok=True)
    (own / "article.html.j2").write_text("<article>अब कुछ और</article>", encoding="utf-8")
    with site(home) as pages:
        after = pages.get(f"/archive/{DAY}").text
        assert article in after
        assert "अब कुछ और" not in after


def test_a_faulty_template_of_the_page_does_not_stop_the_send(tmp_path: Path) -> None:
    home = tmp_path / "newsletter"
    newsletter_folder(home, all_sources=False)
    (home / "templates").mkdir(exist_ok=True)
    (home / "templates/article.html.j2").write_text(
        '{% extends "house/article.html.j2" %}{% block article %}{{ links.leave }}{% endblock %}', encoding="utf-8"
    )
    with site(home, ["asha@example.com"]) as pages:
        sent = pipeline.send(pages.app, DAY)
        assert sent.counts.accepted
        assert any("must not show anything personal" in note for note in sent.notes)
        assert "-DGX_" not in pages.get(f"/archive/{DAY}").text
        assert pages.get(f"/archive/{DAY}").status == 200


def test_an_edition_that_a_crash_kept_out_is_added_by_the_next_send(tmp_path: Path) -> None:
    with site(tmp_path / "newsletter", ["asha@example.com"]) as pages:
        pipeline.send(pages.app, DAY)
        with pages.app.database.write() as connection:
            for table in (archive_story, archive_correction, archive_page):
                connection.execute(table.delete())
        pipeline.send(pages.app, DAY)
        assert pages.get(f"/archive/{DAY}").status == 200


def test_editions_of_an_earlier_version_are_added_when_the_pages_start(tmp_path: Path) -> None:
    home = tmp_path / "newsletter"
    with site(home) as pages:
        pipeline.send(pages.app, DAY)
        with pages.app.database.write() as connection:
            for table in (archive_story, archive_correction, archive_page):
                connection.execute(table.delete())
    with site(home) as pages:
        assert pages.app.archivist.catch_up() in (0, 1)
        assert pages.app.archive.missing() == []
        assert pages.get(f"/archive/{DAY}").status == 200


def test_a_story_has_a_page_with_its_sources(sent: Site) -> None:
    page = sent.get(f"/archive/{DAY}").text
    edition = sent.app.editions.get(DAY)
    assert edition is not None
    story = max(edition.stories(), key=lambda each: len(each.articles))
    assert f'href="/story/{story.id}"' in page
    shown = sent.get(f"/story/{story.id}")
    assert shown.status == 200
    assert shown.title == story.title
    assert [url for url in story.articles if f'href="{url}"' not in shown.text] == []
    assert f'href="/archive/{DAY}"' in shown.text
    # It leads on to other stories of the edition, and says nothing twice.
    others = re.findall('<li lang="hi"><a href="/story/([^"]+)">', shown.text)
    assert len(others) >= 4
    assert story.id not in others
    alone = next(each for each in edition.stories() if len(each.articles) == 1)
    assert sent.get(f"/story/{alone.id}").text.count(f">{alone.title}<") == 1
    assert sent.get("/story/nothing").status == 404


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Forty editions: that of the day, and copies of it on the days before. Two carry one of its stories too."""
    home = tmp_path_factory.mktemp("month") / "newsletter"
    with site(home, ["asha@example.com"]) as pages:
        pipeline.send(pages.app, DAY)
        with pages.app.database.write() as connection:
            one = connection.execute(select(edition)).one()._asdict()
            part = connection.execute(select(batch).limit(1)).one()._asdict()
            del part["id"]
            for number in range(1, 40):
                ago = timedelta(days=number)
                day = one["day"] - ago
                sections = json.loads(json.dumps(one["sections"]))
                stories = [story for section in sections for story in section["stories"]]
                for position, story in enumerate(stories):
                    if position or number not in (3, 5):
                        story["id"] = f"s{number}-{position}"
                        story["articles"] = [f"{url}?{number}" for url in story["articles"]]
                        story |= {"article_ids": [], "url": f"{story['url']}?{number}"}
                frozen = {"frozen_at": one["frozen_at"] - ago, "lead": stories[0]["id"], "sections": sections}
                connection.execute(insert(edition).values(one | frozen | {"key": day.isoformat(), "day": day}))
                due = {"edition": day.isoformat(), "due_at": part["due_at"] - ago}
                connection.execute(insert(batch).values(part | due))
            for table in (archive_story, archive_correction, archive_page):
                connection.execute(table.delete())
        assert pages.app.archivist.catch_up() == 40
    with site(home, ["asha@example.com"]) as pages:
        yield pages


def test_editions_lead_to_the_ones_beside_them(month: Site) -> None:
    newest, middle = month.get(f"/archive/{DAY}").text, month.get("/archive/2026-11-10").text
    assert 'rel="prev" href="/archive/2026-11-22"' in newest
    assert 'rel="next"' not in newest
    assert f'href="/join"><span class="small">{translated("The next edition")}' in newest
    assert 'rel="prev" href="/archive/2026-11-09"' in middle
    assert 'rel="next" href="/archive/2026-11-11"' in middle
    assert 'rel="prev"' not in month.get("/archive/2026-10-15").text


def test_the_list_has_pages_and_months(month: Site) -> None:
    def listed(path: str) -> list[str]:
        return list(dict.fromkeys(re.findall(r'href="/archive/([0-9-]+)"', month.get(path).text)))

    first, second = listed("/archive"), listed("/archive?page=2")
    assert (len(first), len(second)) == (30, 10)
    assert first + second == sorted(first + second, reverse=True)
    assert 'rel="next" href="/archive?page=2"' in month.get("/archive").text
    assert 'rel="prev" href="/archive"' in month.get("/archive?page=2").text
    assert month.get("/archive?page=3").status == 404
    assert listed("/archive?month=2026-10") == [f"2026-10-{day:02}" for day in range(31, 14, -1)]
    assert month.get("/archive?month=2019-01").status == 200
    for wrong in ("2026-13", "0000-01", "9999-12"):
        assert month.get(f"/archive?month={wrong}").status == 422


def test_a_story_of_several_editions_has_one_page(month: Site) -> None:
    archive, now = month.app.archive, month.app.now()
    threads = {story.thread for topic in archive.topics(now) for story in archive.topic(topic.name, now, limit=1000)}
    (thread,) = (each for each in threads if len(archive.thread(each, now)) > 1)
    shown = month.get(f"/story/{thread}").text
    days = re.findall(r'href="/archive/([0-9-]+)"', shown[shown.index('class="thread"') :])
    assert days == [DAY, "2026-11-20", "2026-11-18"]
    # Its topic lists it once, with the number of editions.
    listed = month.get(f"/topic/{quote(archive.thread(thread, now)[0].section)}").text
    assert re.findall(rf'href="/story/{thread}(#?[^"]*)"', listed) == ["", "#thread"]
    said = "सिलसिला: 3 अंकों में"
    assert f"{said}</a>" in listed


def test_a_topic_lists_its_stories(sent: Site) -> None:
    edition = sent.app.editions.get(DAY)
    assert edition is not None
    section = edition.sections[0]
    shown = sent.get(f"/topic/{quote(section.name)}")
    assert (shown.status, shown.title) == (200, section.name)
    assert [story.title for story in section.stories if story.title not in shown.text] == []
    assert sent.get("/topic/x").status == 404
    assert sent.get(f"/topic/{quote(section.name)}?page=2").status == 404


def test_each_page_of_the_archive_can_be_subscribed_from(sent: Site) -> None:
    (story,) = sent.app.archive.topic("खेल", sent.app.now(), limit=1)
    paths = ["/archive", f"/archive/{DAY}", f"/story/{story.thread}", "/topic/%E0%A4%96%E0%A5%87%E0%A4%B2"]
    for path in (*paths, "/search", "/search?q=khel", "/corrections"):
        assert sent.get(path).text.count('<form method="post" action="/join" class="box join"') == 1, path


def test_search_finds_folded_words_and_suggests_others(sent: Site) -> None:
    edition = sent.app.editions.get(DAY)
    assert edition is not None
    title = next(each.title for each in edition.stories() if "़" in unicodedata.normalize("NFD", each.title))
    # Without a nukta, as most people type.
    plain = unicodedata.normalize("NFC", unicodedata.normalize("NFD", title).replace("़", ""))
    found = sent.get("/search?q=" + quote(plain))
    assert f">{title}</a>" in found.text
    assert found.headers["x-robots-tag"] == "noindex, follow"
    word = max(title.split(), key=len)
    missed = sent.get("/search?q=" + quote(word[:2] + "ऌ" + word[3:]))
    assert f">{title}</a>" not in missed.text
    assert f'href="/search?q={quote(word.strip(",‘’!?"))}"' in missed.text
    # In Latin letters, and with a word that means nothing: the stories of the Devanagari one.
    latin = romanised(fold(word.strip(",‘’!?")))
    spelled = sent.get(f"/search?q={latin}+me")
    assert f">{title}</a>" in spelled.text
    assert "लिखा था):" in spelled.text
    section = edition.sections[0].name
    assert (
        f'href="/topic/{quote(section)}"' in sent.get(f"/search?q={romanised(fold(section))}").text.split("</form>")[1]
    )
    # If there is no such word, the page says what to type.
    assert "khel" in sent.get("/search?q=zzzzzz").text
    for strange in ("", "?q=", "?q=%22%27)OR(", "?q=" + quote("के में का"), "?q=" + "a" * 200, "?q=%00"):
        assert sent.get("/search" + strange).status == 200
    assert sent.get("/search?q=" + "a" * 201).status == 422


def test_text_of_a_source_cannot_end_the_json_ld() -> None:
    text = json_ld({"headline": "</script><script>alert(1)</script>"})
    assert "<" not in text
    assert json.loads(text)["headline"].startswith("</script>")


def test_a_page_that_was_not_changed_is_not_sent_again(sent: Site) -> None:
    for path in (f"/archive/{DAY}", "/archive", "/archive.xml"):
        first = sent.get(path)
        tag = first.headers["etag"]
        assert first.headers["cache-control"] == "public, max-age=300"
        for asked in (tag, f"W/{tag}", f'"x", {tag}'):
            again = sent.request("GET", path, headers={"If-None-Match": asked})
            assert (again.status, again.text, again.headers["etag"]) == (304, "", tag)
            assert again.headers["content-security-policy"]
        assert sent.request("GET", path, headers={"If-None-Match": '"x"'}).text == first.text
        assert sent.request("HEAD", path).headers["etag"] == tag
    assert sent.get(f"/archive/{DAY}?lang=en").headers["etag"] != sent.get(f"/archive/{DAY}").headers["etag"]


def test_each_page_that_is_indexed_has_one_address(sent: Site) -> None:
    address = f"https://news.example.com/archive/{DAY}"
    for query, robots in (("", "all"), ("?lang=en", "noindex, follow"), ("?pictures=1", "noindex, follow")):
        shown = sent.get(f"/archive/{DAY}{query}")
        assert re.findall('<link rel="canonical" href="([^"]*)">', shown.text) == [address]
        assert shown.headers["x-robots-tag"] == robots
    assert sent.get("/archive?month=2026-11").headers["x-robots-tag"] == "noindex, follow"


def test_a_scheduled_edition_appears_at_its_hour(tmp_path: Path) -> None:
    with site(tmp_path / "newsletter", []) as pages:
        later = pages.app.now() + timedelta(minutes=30)
        pipeline.send(pages.app, DAY, SendRequest(at=later))
        assert pages.get(f"/archive/{DAY}").status == 404
        assert DAY not in pages.get("/archive").text + pages.get("/archive.xml").text
        assert pages.app.editions.get(DAY) is not None
    with site(pages.app.home, [], DIGEST_NOW=later.isoformat()) as after:
        assert after.get(f"/archive/{DAY}").status == 200


def test_an_edition_of_samples_is_not_published_once_there_is_a_provider(tmp_path: Path) -> None:
    with site(tmp_path / "newsletter") as pages:
        pipeline.send(pages.app, DAY)
        assert pages.get(f"/archive/{DAY}").status == 200
    with site(pages.app.home, DIGEST_DELIVERY__TRANSPORT="smtp", DIGEST_DELIVERY__SMTP__HOST="127.0.0.1") as live:
        assert live.get(f"/archive/{DAY}").status == 404
        assert DAY not in live.get("/archive").text + live.get("/archive.xml").text
        assert DAY not in live.get(live.preferences("asha@example.com")).text


def test_the_archive_can_be_disabled(tmp_path: Path) -> None:
    with site(tmp_path / "newsletter", DIGEST_WEB__ARCHIVE="off") as pages:
        for path in ("/archive", "/archive.xml", f"/archive/{DAY}"):
            assert pages.get(path).status == 404
        assert "/archive" not in pages.get("/").text


def test_a_stopped_edition_is_visible_only_to_its_recipients(tmp_path: Path) -> None:
    """Its emails are still stored and its key is easy to guess, so the page must check who received it."""
    with site(tmp_path / "newsletter", ["asha@example.com", "ravi@example.com"]) as pages:
        pipeline.send(pages.app, DAY)
        asha, ravi = (pages.subscriber_id(f"{name}@example.com") for name in ("asha", "ravi"))
        with pages.app.database.write() as connection:
            own = (delivery.c.edition == DAY) & (delivery.c.subscriber == ravi)
            connection.execute(update(delivery).where(own).values(outcome="excluded", reason="x"))
        places = [f"/view/{DAY}/{pages.app.signer.sign('view', id)}" for id in (asha, ravi)]
        assert [pages.get(place).status for place in places] == [200, 200]
        assert pages.app.editions.move(DAY, "cancelled", out_of=("done",))
        assert [pages.get(place).status for place in places] == [200, 404]


def test_every_page_has_the_logo_and_the_digits_of_the_theme(tmp_path: Path) -> None:
    logo = "https://we.example/logo.png"
    with site(tmp_path / "newsletter", DIGEST_THEME__LOGO=logo, DIGEST_THEME__DIGITS="deva") as pages:
        pipeline.send(pages.app, DAY)
        topic = pages.app.archive.topics(pages.app.now())[0].name
        (story,) = pages.app.archive.topic(topic, pages.app.now(), limit=1)
        for path in (
            *("/", "/join", "/archive", f"/archive/{DAY}", f"/story/{story.thread}", f"/topic/{quote(topic)}"),
            *("/search", "/corrections", "/privacy", "/nowhere", pages.preferences("asha@example.com")),
        ):
            answer = pages.get(path)
            assert f'<img src="{logo}" alt="सुबह की ख़बरें"' in answer.text, path
            assert logo in answer.headers["content-security-policy"], path
            shown = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", answer.text, flags=re.DOTALL)
            assert re.findall(r"\S*[0-9]\S*", shown) == [], path
