"""A story that is corrected after its edition was sent: the public pages say so, and the correction links to them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from email import message_from_bytes, policy
from urllib.parse import unquote

import pytest

from digest import pipeline
from digest.app import make_app
from digest.models import Actor
from tests.web.site import Site, site, translated

# Each test makes, sends or serves an edition.
pytestmark = pytest.mark.slow

DAY, NEXT = "2026-11-23", "2026-11-24"
RIGHT, NOTE = "सही शीर्षक यहाँ है", "शीर्षक में संख्या <ग़लत> थी।"
BY = Actor("suman", "command")


@pytest.fixture
def corrected(pages: Site) -> Iterator[Site]:
    """An edition, and the next day its lead corrected with a note, and another story without one."""
    pipeline.send(pages.app, DAY)
    edition = pages.app.editions.get(DAY)
    assert edition is not None
    other = next(story for story in edition.stories() if story.id != edition.lead)
    # The pages of the sent edition are in memory.
    assert NOTE not in pages.get(f"/archive/{DAY}").text
    with make_app(pages.app.home, environment={"DIGEST_NOW": f"{NEXT}T09:15+05:30"}) as app:
        done = app.corrector.correct(DAY, edition.lead, BY, title=RIGHT, note=NOTE)
        app.corrector.correct(DAY, other.id, BY, summary="सही सार यह है।")
        assert pipeline.send(app, done.correction).counts.accepted == 6
    with site(pages.app.home, DIGEST_NOW=f"{NEXT}T09:20+05:30") as later:
        yield later


def test_the_page_of_the_edition_has_the_note_at_the_story(corrected: Site) -> None:
    shown = corrected.get(f"/archive/{DAY}").text
    assert RIGHT in shown
    note = re.search(r'<p class="note"><b><a href="([^"]*)">([^<]*)</a></b><br>(.*?)</p>', shown)
    assert note is not None
    assert note[2] == f"{translated('Correction')}, 24 नवंबर 2026"
    assert note[3] == "शीर्षक में संख्या &lt;ग़लत&gt; थी।"
    assert corrected.get(note[1]).status == 200
    assert shown.count('<p class="note">') == 1
    assert shown.index(RIGHT) < shown.index(note[0]) < shown.index('<section class="ruled"')
    assert f'href="{note[1]}?lang=en"' in corrected.get(f"/archive/{DAY}?lang=en").text
    assert NOTE not in corrected.get("/archive.xml").text


def test_search_engines_learn_when_it_changed(corrected: Site) -> None:
    def dates(path: str) -> list[str]:
        found = re.search('<script type="application/ld\\+json">(.*?)</script>', corrected.get(path).text, re.S)
        assert found is not None
        values = json.loads(found[1])
        return [values["datePublished"], values["dateModified"]]

    edition = corrected.app.editions.get(DAY)
    assert edition is not None
    published, modified = dates(f"/archive/{DAY}")
    assert published.startswith(DAY)
    assert modified.startswith(f"{NEXT}T09:15:")
    assert dates(f"/story/{edition.lead}")[1] == modified
    listed = dict(
        re.findall("<loc>[^<]*(/[^<]*/[^<]*)</loc><lastmod>([^<]*)<", corrected.get("/sitemap/2026.xml").text)
    )
    assert listed[f"/archive/{DAY}"] == listed[f"/story/{edition.lead}"] == NEXT
    assert set(listed.values()) == {DAY, NEXT}
    updated = re.findall("<atom:updated>([^<]*)<", corrected.get("/archive.atom").text)
    assert {datetime.fromisoformat(each) for each in updated} == {datetime.fromisoformat(modified)}


def test_the_links_of_the_correction_lead_to_the_corrected_edition(corrected: Site) -> None:
    folder = corrected.app.home / "outbox" / f"correction-{DAY}-2"
    mails = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in folder.glob("*.eml")]
    bodies = [body.get_content() for mail in mails for kind in ("html", "plain") if (body := mail.get_body((kind,)))]
    assert len(bodies) > len(mails) == 6
    # It begins with what was wrong, and does not say good-bye for the day.
    texts = [body for body in bodies if "<html" not in body]
    words = [translated("Correction"), "<ग़लत>", translated("Corrected story"), RIGHT]
    places = [[body.find(each) for each in words] for body in texts]
    assert all(min(found) > -1 and found == sorted(found) for found in places)
    assert not any(translated("That is all for now. Have a good day.")[:10] in body for body in bodies)
    assert {key for body in bodies for key in re.findall("/archive/([a-z0-9-]+)", unquote(body))} == {DAY}
    assert corrected.get(f"/archive/{DAY}").status == 200
