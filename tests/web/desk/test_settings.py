"""Settings on the desk: written to digest.yaml with its comments, all or nothing, and never over the change of another
user.
"""

from __future__ import annotations

import re
import time
from html import unescape
from pathlib import Path
from typing import get_args

import pytest

from digest.config import loader
from digest.config.settings import Settings
from digest.i18n import translator
from digest.models import Role
from digest.web.desk.admin.setting_words import choices
from tests.web.desk.browser import Browser, set_up
from tests.web.site import Site, translated


@pytest.fixture
def admin(desk: Site) -> Browser:
    return set_up(desk, "mira", Role.ADMIN)


def test_the_form_offers_every_value_of_a_setting() -> None:
    for key, offered in choices(translator("hi")).items():
        section, _, name = key.partition(".")
        field = Settings.model_fields[section].annotation.model_fields[name]  # type: ignore[union-attr]
        assert {value for value, _label in offered} == set(get_args(field.annotation)), key


def file_of(desk: Site) -> Path:
    return desk.app.home / "digest.yaml"


def stored(desk: Site) -> Settings:
    return loader.load(desk.app.home, {})


def version(browser: Browser) -> str:
    found = re.search(r'name="version" value="([0-9a-f]+)"', browser.get("/settings").text)
    assert found
    return found[1]


def save(browser: Browser, at: str, **fields: str):  # type: ignore[no-untyped-def]
    return browser.submit(
        "/settings", {"version": at, **{key.replace("__", "."): value for key, value in fields.items()}}
    )


def shown_in_time(browser: Browser, path: str, words: str) -> bool:
    """Whether a page says this as soon as the file is read in the background."""
    for _ in range(200):
        if words in browser.get(path).text:
            return True
        time.sleep(0.05)
    return False


def test_settings_are_written_with_comments_and_logged(desk: Site, admin: Browser) -> None:
    path = file_of(desk)
    path.write_text("# head\n" + path.read_text(encoding="utf-8") + "# the end\n", encoding="utf-8")
    fields = {
        "newsletter__name": "सुबह: की बात # 1",
        "schedule__send_at": "8:15",
        "schedule__holidays": "2027-01-26, holidays.ics",
        "lists": "schedule.days",
        "schedule__days:mon": "on",
        "schedule__days:thu": "on",
        "edition__max_stories": "१४",
        "edition__sections": "खेल\r\nदेश\r\n\r\nविज्ञान\r\nकला, संस्कृति",
        "theme__name": "modern",
        "theme__accent": "#1d7436",
        "alerts__email": "asha@example.com, ravi@example.com",
    }
    assert save(admin, version(admin), **fields).status == 303
    now = stored(desk)
    assert now.newsletter.name == "सुबह: की बात # 1"
    assert f"{now.schedule.send_at:%H:%M}" == "08:15"
    assert [str(each) for each in now.schedule.holidays] == ["2027-01-26", "holidays.ics"]
    assert now.schedule.days == ("mon", "thu")
    assert now.edition.max_stories == 14
    assert now.edition.sections == ("खेल", "देश", "विज्ञान", "कला, संस्कृति")
    assert (now.theme.name, now.theme.accent) == ("modern", "#1d7436")
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# head\n")
    assert "# the end\n" in text
    acts = {act.subject: act for act in desk.app.audit.newest(20) if act.what == "setting changed"}
    assert acts["edition.max_stories"].detail == "12 → 14"
    assert acts["schedule.send_at"].detail == "07:00 → 08:15"
    assert "@" not in acts["alerts.email"].detail
    assert "सुबह: की बात # 1" in unescape(admin.get("/settings").text)
    assert save(admin, version(admin), edition__max_stories="14").headers["location"].endswith("done=same")


@pytest.mark.slow
def test_all_problems_are_shown_and_nothing_is_written(desk: Site, admin: Browser) -> None:
    before = file_of(desk).read_bytes()
    fields = {
        "newsletter__name": "",
        "schedule__send_at": "25:00",
        "edition__max_stories": "many",
        "theme__accent": "red",
        "theme__logo": "javascript:alert(1)",
        "alerts__email": "asha@example.com, <script>",
        "edition__sections": "खेल",
        "lists": "schedule.days",
    }
    page = save(admin, version(admin), **fields)
    assert page.status == 422
    wrong = set(re.findall(r'id="wrong-s-([a-z_-]+)"', page.text))
    named = {key.replace("__", "-").replace(".", "-") for key in fields}
    assert wrong == named - {"edition-sections", "lists"} | {"schedule-days"}
    assert "<script>alert" not in page.text
    assert translated("Write an hour as 07:00.") in page.text
    hour = page.text.partition('id="wrong-s-schedule-send_at"')[2].partition("</p>")[0]
    assert "expected" not in hour, "it says the same in Hindi"
    assert 'value="red"' in page.text
    assert file_of(desk).read_bytes() == before
    later = save(admin, version(admin), edition__max_stories="2", edition__min_stories="5")
    assert re.findall(r'id="wrong-s-([a-z_-]+)"', later.text) == ["edition-min_stories"]


@pytest.mark.slow
def test_a_file_that_changed_meanwhile_is_not_overwritten(desk: Site, admin: Browser) -> None:
    at = version(admin)
    assert save(admin, at, edition__max_stories="9").status == 303
    page = save(admin, at, edition__max_stories="7", newsletter__name="नई सुबह")
    assert page.status == 409
    assert translated("In digest.yaml:") + " 9" in page.text
    assert 'value="7"' in page.text
    assert stored(desk).edition.max_stories == 9
    found = re.search(r'name="version" value="([0-9a-f]+)"', page.text)
    assert found
    assert save(admin, found[1], edition__max_stories="7", newsletter__name="नई सुबह").status == 303
    assert (stored(desk).edition.max_stories, stored(desk).newsletter.name) == (7, "नई सुबह")


def test_what_a_variable_sets_is_not_changed_here(desk: Site, admin: Browser) -> None:
    page = admin.get("/settings").text
    assert "DIGEST_SCHEDULE__APPROVAL" in page
    assert save(admin, version(admin), schedule__approval="auto").headers["location"].endswith("done=same")


@pytest.mark.slow
def test_a_faulty_file_is_explained_and_what_was_typed_stays(desk: Site, admin: Browser) -> None:
    path = file_of(desk)
    path.write_text(path.read_text(encoding="utf-8") + "editon: {}\n", encoding="utf-8")
    assert "editon" in admin.get("/settings").text
    assert shown_in_time(admin, "/", "पुरानी सेटिंग")
    assert "पुरानी सेटिंग" not in set_up(desk, "suman", Role.EDITOR).get("/").text
    page = save(admin, version(admin), newsletter__name="नई सुबह")
    assert page.status == 422
    assert "नई सुबह" in page.text
    assert page.text.count("editon") == 1
    assert translated("Nothing is saved yet. Put right what is marked, and save again.") not in page.text


@pytest.mark.slow
def test_a_section_that_subscribers_chose_stays(desk: Site, admin: Browser) -> None:
    people = [f"  - {{email: p{each}@example.com, topics: [विज्ञान]}}" for each in range(2)]
    listed = desk.app.home / "subscribers.yaml"
    listed.write_text("\n".join(["subscribers:", *people, ""]), encoding="utf-8")
    before = file_of(desk).read_bytes()
    page = save(admin, version(admin), edition__sections="देश\nखेल\nव्यपार")
    assert page.status == 422
    assert "2 पाठकों ने विज्ञान चुना है" in page.text
    assert file_of(desk).read_bytes() == before
    wide = save(admin, version(admin), edition__sections="देश\nव्यपार\nविज्ञान")
    assert wide.status == 303, "nobody chose any other section"
    assert translated("Did you mean %(name)s?") % {"name": "व्यापार"} in admin.get("/settings").text


@pytest.mark.slow
def test_every_page_of_an_admin_says_that_the_list_has_errors(desk: Site, admin: Browser) -> None:
    listed, path = desk.app.home / "subscribers.yaml", "/sources"
    valid = listed.read_bytes()
    listed.write_bytes(valid + b"  - {email: x@example.com, nmae: x}\n")
    told = translated("subscribers.yaml has %(num)s error.") % {"num": 1}
    assert shown_in_time(admin, path, told)
    assert "nmae" in admin.get("/subscribers").text
    assert told not in set_up(desk, "suman", Role.EDITOR).get(path).text
    listed.write_bytes(valid)
    assert told not in admin.get(path).text


@pytest.mark.slow
def test_a_theme_is_looked_at_before_it_is_saved(desk: Site, admin: Browser) -> None:
    before = file_of(desk).read_bytes()
    opened = admin.get("/settings").text
    assert "<iframe sandbox src=" in opened, "the letter is there before anything is pressed"
    assert translated("This is the newest edition in this look.") in opened
    chosen = {"theme.name": "modern", "theme.accent": "#1d7436", "newsletter.name": "नई सुबह", "dark": "1"}
    page = admin.submit("/settings/show", chosen)
    assert page.status == 200
    assert 'value="नई सुबह"' in page.text
    source = re.search(r'<iframe sandbox src="/desk([^"]+)"', page.text)
    assert source
    frame = admin.get(unescape(source[1]))
    assert "sandbox;" in frame.headers["content-security-policy"]
    assert "#1d7436" in frame.text
    assert "#1d7436" not in admin.get("/settings/letter").text
    story = next(desk.app.editions.all(limit=1)[0].stories())
    assert story.title.split()[0] in frame.text
    wrong = admin.submit("/settings/show", {"theme.accent": "red"})
    assert "<iframe" not in wrong.text
    assert 'id="wrong-s-theme-accent"' in wrong.text
    assert admin.get("/settings/letter?theme.accent=red").status == 404
    assert file_of(desk).read_bytes() == before
    assert not [act for act in desk.app.audit.newest(5) if act.what == "setting changed"]
