"""Links that count clicks: where they lead, who counts, and what is kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from digest import pipeline
from digest.app import App, make_app
from digest.models import EditionState, Subscriber, Variant
from digest.notify.report import as_json
from digest.render.clicks import targets
from digest.render.lint import lint
from digest.render.size_budget import measure
from digest.store.content.clicks import TOTAL, ClickNumbers
from digest.store.schema import click_count, click_visit, last_click, meta
from digest.subscribers.address import normalise
from digest.usecases.clicks import section_interest
from digest.web.server import run_pages
from tests.feedback.click_patterns import ANDROID, AZURE, IPHONE, WINDOWS
from tests.support.folders import newsletter_folder
from tests.web.site import NOW, Site

KEY = "2026-11-23"
BASE = "http://127.0.0.1:8000"
_LINK = re.compile(rf'href="{BASE}(/c/[^"]*)"')
_HIDDEN = re.compile(rf'href="{BASE}(/c/[^"]*)" style="display:none"')


@contextmanager
def newsletter(home: Path, **environment: str) -> Iterator[App]:
    """A newsletter of two subscribers whose edition of today was sent."""
    newsletter_folder(home, all_sources=False)
    usual = {
        "DIGEST_NOW": NOW,
        "DIGEST_NEWSLETTER__BASE_URL": BASE,
        "DIGEST_CLICKS__ENABLED": "true",
        "DIGEST_CLICKS__MIN_PEOPLE": "2",
    }
    with make_app(home, environment=usual | environment) as app:
        listed = [Subscriber("asha@example.com"), Subscriber("ravi@example.com")]
        app.subscribers.sync([(normalise(each.email), each) for each in listed], now=app.now())
        pipeline.send(app, KEY)
        yield app


@contextmanager
def served(app: App) -> Iterator[Site]:
    """Its pages. When the block ends, clicks are written."""
    with run_pages(app, port=0) as pages:
        yield Site(app, pages.base)


@pytest.fixture
def counted(tmp_path: Path) -> Iterator[App]:
    with newsletter(tmp_path / "newsletter") as app:
        yield app


def email_of(app: App) -> str:
    return app.editions.emails(KEY)["html"].html


def subscriber_id(app: App, email: str = "asha@example.com") -> int:
    from digest.store.people.preferences import PreferenceStore

    found = PreferenceStore(app.database).find(normalise(email))
    assert found
    return found.id


def hidden_link(app: App) -> str:
    found = _HIDDEN.search(email_of(app))
    assert found
    return found[1]


def links(app: App) -> list[str]:
    return [path for path in dict.fromkeys(_LINK.findall(email_of(app))) if path != hidden_link(app)]


def visit(site: Site, path: str, agent: str = ANDROID, network: str = "49.36.18.7", method: str = "GET") -> str:
    """Open a link as a browser in a network; returns where it leads, or the status."""
    headers = {"User-Agent": agent, "X-Forwarded-For": network}
    response = site.request(method, path, headers=headers)
    return response.headers.get("location", str(response.status))


def numbers(app: App, target: str = TOTAL) -> ClickNumbers:
    return app.clicks.numbers([KEY], lambda _key: 8).get(KEY, {}).get(target, ClickNumbers())


@pytest.mark.slow
def test_a_link_leads_to_its_story_and_nowhere_else(counted: App) -> None:
    edition = counted.editions.get(KEY)
    assert edition
    with served(counted) as site:
        found = [visit(site, path) for path in links(counted)]
        assert sorted(found) == sorted({target.url for target in targets(edition)})
        assert visit(site, hidden_link(counted)) == "/"
        answer = site.get(links(counted)[0])
        assert (answer.status, answer.headers["referrer-policy"]) == (302, "no-referrer")
    own = f'href="{BASE}/'
    assert own + "leave/" in email_of(counted)
    assert "/c/" not in counted.editions.emails(KEY)["html"].text


@pytest.mark.slow
def test_forged_and_foreign_links_lead_nowhere(counted: App) -> None:
    path = links(counted)[0]
    code = path.rpartition("/")[2]
    changed = code[:-1] + ("A" if code[-1] != "A" else "B")
    wrong = [
        f"/c/{KEY}/{changed}",
        f"/c/{KEY}/{code[:-1]}",
        f"/c/{KEY}/{code}A",
        f"/c/2026-11-22/{code}",
        f"/c/{code}",
        f"/c/{KEY}/https:%2F%2Fevil.example",
        f"/c/{KEY}/%00",
        f"/c/{KEY}/{code}?url=https://evil.example",
    ]
    with served(counted) as site:
        assert [visit(site, each) for each in wrong[:-1]] == ["404"] * 7
        assert "evil" not in visit(site, wrong[-1])
    assert numbers(counted) == ClickNumbers(1, 1, 0)


@pytest.mark.slow
def test_people_and_machines_are_counted_apart(counted: App) -> None:
    first, second = links(counted)[:2]
    with served(counted) as site:
        for network in ("49.36.18.7", "49.36.18.8", "49.36.18.8"):
            visit(site, first, network=network)
        visit(site, second, IPHONE)
        visit(site, first, "curl/8.14.1")
        visit(site, first, WINDOWS, AZURE)
        visit(site, first, WINDOWS, "103.9.9.9", method="HEAD")
        visit(site, second, WINDOWS, "103.9.9.8")
        visit(site, hidden_link(counted), WINDOWS, "103.9.9.8")
    assert numbers(counted) == ClickNumbers(3, 4, 4)


@pytest.mark.slow
def test_what_is_kept_names_nobody(counted: App) -> None:
    with served(counted) as site:
        visit(site, links(counted)[0])
    with counted.database.read() as connection:
        row = connection.execute(select(click_visit)).mappings().one()
    assert row["subscriber"] is None
    assert "49.36" not in str(dict(row))
    assert "Chrome" not in str(dict(row))


@pytest.mark.slow
def test_a_day_later_only_counts_are_left(counted: App) -> None:
    with served(counted) as site:
        visit(site, links(counted)[0])
        visit(site, links(counted)[0], IPHONE)
    before = numbers(counted)
    assert counted.clicks.fold(lambda _key: 8, counted.now() + timedelta(hours=23)) == 0
    assert counted.clicks.fold(lambda _key: 8, counted.now() + timedelta(days=3)) == 2
    with counted.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(click_visit)).scalar() == 0
        assert connection.execute(select(func.count()).select_from(click_count)).scalar() == 2
        assert not connection.execute(select(meta.c.name).where(meta.c.name.startswith("click key"))).all()
    assert numbers(counted) == before == ClickNumbers(2, 2, 0)


@pytest.mark.slow
def test_the_report_hides_numbers_of_few_people(counted: App) -> None:
    first, second = links(counted)[:2]
    with served(counted) as site:
        visit(site, first)
        visit(site, first, IPHONE)
        visit(site, second, network="103.9.9.9")
    clicks = as_json(counted.reporter.report(KEY))["clicks"]
    assert (clicks["people"], clicks["hidden"], clicks["min_people"]) == (3, 1, 2)
    assert [(each["people"], each["clicks"]) for each in clicks["targets"]] == [(2, 2)]


@pytest.mark.slow
def test_a_draft_and_a_test_email_count_nobody(tmp_path: Path) -> None:
    with newsletter(tmp_path / "newsletter", DIGEST_CLICKS__SUBSCRIBERS="true") as app:
        edition = app.editions.get(KEY)
        assert edition
        draft = replace(edition, key="2026-11-23-shaam", state=EditionState.DRAFT)
        app.editions.put(draft, over=())
        email = app.renderer.render(draft, Variant("html"), now=app.now(), test=True)
        assert email
        path = next(path for path in _LINK.findall(email.html)).replace("-DGX_VIEW-", app.signer.sign("view", 0))
        sent = links(app)[0].replace("-DGX_VIEW-", app.signer.sign("view", 0))
        with served(app) as site:
            assert [visit(site, each)[:4] for each in (path, sent)] == ["http"] * 2
        assert numbers(app) == ClickNumbers()


@pytest.mark.slow
def test_who_clicked_is_kept_only_if_the_settings_say_so(tmp_path: Path) -> None:
    with newsletter(tmp_path / "newsletter", DIGEST_CLICKS__SUBSCRIBERS="true") as app:
        asha = subscriber_id(app)
        own = links(app)[0].replace("-DGX_VIEW-", app.signer.sign("view", asha))
        forged = links(app)[1].replace("-DGX_VIEW-", app.signer.sign("leave", asha))
        with served(app) as site:
            assert visit(site, own).startswith("http")
            assert visit(site, forged, IPHONE).startswith("http")
        before = app.click_counter.last_clicks()
        assert set(before) == {asha}
        app.clicks.fold(lambda _key: 8, app.now() + timedelta(days=3))
        assert app.click_counter.last_clicks() == before
        app.eraser.erase("asha@example.com", "asked")
        with app.database.read() as connection:
            assert connection.execute(select(func.count()).select_from(last_click)).scalar() == 0


@pytest.mark.slow
def test_the_page_of_an_email_has_the_addresses_themselves(counted: App) -> None:
    asha = subscriber_id(counted)
    with served(counted) as site:
        page = site.get(f"/view/{KEY}/{counted.signer.sign('view', asha)}").text
        archived = site.get(f"/archive/{KEY}").text
    for text in (page, archived):
        assert "/c/" not in text
    edition = counted.editions.get(KEY)
    assert edition
    assert any(target.url.replace("&", "&amp;") in page for target in targets(edition))


@pytest.mark.slow
def test_turned_off_links_still_lead_and_count_nothing(counted: App) -> None:
    path = links(counted)[0]
    off = counted.copy_with(settings=counted.settings.model_copy(update={"clicks": type(counted.settings.clicks)()}))
    with served(off) as site:
        assert visit(site, path).startswith("http")
    assert numbers(counted) == ClickNumbers()
    edition = counted.editions.get(KEY)
    assert edition
    email = off.renderer.render(edition, Variant("html"), now=off.now())
    assert email
    assert "/c/" not in email.html


@pytest.mark.slow
def test_links_to_our_own_pages_are_never_counted(counted: App) -> None:
    edition = counted.editions.get(KEY)
    assert edition
    section = edition.sections[0]
    own = replace(section.stories[0], url=f"{BASE}/archive/2026-11-22")
    other = replace(section.stories[0], id="other", url="http://127.0.0.1:9000/story")
    changed = replace(edition, sections=(replace(section, stories=(own, other)), *edition.sections[1:]))
    email = counted.renderer.render(changed, Variant("html"), now=counted.now())
    assert email
    assert own.url in email.html
    assert other.url not in email.html


@pytest.mark.slow
def test_the_email_is_sound_and_smaller(counted: App) -> None:
    edition = counted.editions.get(KEY)
    assert edition
    email = counted.renderer.render(edition, Variant("html"), now=counted.now())
    assert email
    off = counted.copy_with(settings=counted.settings.model_copy(update={"clicks": type(counted.settings.clicks)()}))
    plain = off.renderer.render(edition, Variant("html"), now=off.now())
    assert plain
    assert not [finding for finding in lint(email) if finding not in lint(plain)]
    assert measure(email).quoted_printable <= measure(plain).quoted_printable + 200


def test_sections_that_are_clicked_more_are_a_little_more_important() -> None:
    found = section_interest({"खेल": 40, "देश": 40, "राशि": 40}, {"खेल": 900, "देश": 100, "राशि": 4}, 5)
    assert found["खेल"] > 0.5
    assert found["देश"] < -0.5
    assert "राशि" not in found
    assert section_interest({"खेल": 3}, {}, 5) == {}


@pytest.mark.slow
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text("abcdefXYZ0123456789-_", min_size=12, max_size=12))
def test_no_guessed_code_leads_anywhere(unsent_links: Callable[[str], object], code: str) -> None:
    assert unsent_links(code) is None


@pytest.fixture(scope="module")
def unsent_links(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], object]]:
    from digest.web.clicks import Redirects

    with newsletter(tmp_path_factory.mktemp("clicks") / "newsletter") as app:
        assert app.click_links
        redirects = Redirects(app.click_links, app.editions)
        yield lambda code: redirects.find(KEY, code)[0]
