"""The pages about subscribers: finding, changing, pausing, suppressing, erasing, importing, exporting."""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from html import escape, unescape
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from sqlalchemy import update

from digest.feedback.rules import UNSUBSCRIBED
from digest.models import Actor, Role
from digest.store.desk.audit import ActKind
from digest.store.people.preferences import ConsentContext, PreferenceStore
from digest.store.people.subscribers import SubscriberStore
from digest.store.people.suppressions import LIFTED
from digest.store.schema import edition
from digest.usecases.edit_many import ManyAct, ManyChange, Stays
from digest.usecases.transfer_subscribers import ListToImport
from tests.support.profiles import first
from tests.web.desk.browser import TESTER, Browser, set_up
from tests.web.desk.conftest import KEY, edition_of, open_desk
from tests.web.site import Response, Site, translated
from tests.web.test_store_unavailable import full

SCRIPT = "<script>alert(1)</script>"
LIST = """# ours, in order of joining
subscribers:
  - email: asha@example.com  # the first
    name: आशा शर्मा
  - {email: ravi@example.com, name: Ravi Verma, topics: [खेल]}
"""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Site]:
    for opened in open_desk(tmp_path / "newsletter"):
        (opened.app.home / "subscribers.yaml").write_text(LIST, encoding="utf-8")
        opened.app.subscriber_list.sync()
        yield opened


@pytest.fixture
def admin(desk: Site) -> Browser:
    return set_up(desk, "mira", Role.ADMIN)


def emails(page: Response) -> list[str]:
    return re.findall(r'href="/desk/subscriber/\d+"><b>([^<]+)</b>', page.text)


def find(admin: Browser, **query: str) -> list[str]:
    page = admin.get("/subscribers?" + urlencode(query))
    assert page.status == 200, page.text
    return emails(page)


def counts(admin: Browser) -> list[str]:
    """The numbers of subscribers by state, which are counted in the background."""
    for _ in range(200):
        if found := re.findall(r'>[^<]* <span class="num">([0-9,]+)</span></a>', admin.get("/subscribers").text):
            return found
        time.sleep(0.05)
    raise AssertionError("the subscribers were never counted")


@pytest.mark.slow
def test_a_search_finds_addresses_names_and_the_code_of_a_subject_line(desk: Site, admin: Browser) -> None:
    assert find(admin, q="asha@") == ["asha@example.com"]
    assert find(admin, q="आशा") == find(admin, q="शर्मा") == ["asha@example.com"]
    assert find(admin, q="verma") == ["ravi@example.com"]
    assert find(admin, q="sha") == []
    assert find(admin, q=f"हटाएँ {desk.token('leave', 'ravi@example.com')}") == ["ravi@example.com"]


@pytest.mark.slow
def test_filters_narrow_the_list_and_can_be_saved(desk: Site, admin: Browser) -> None:
    assert find(admin, topic="खेल") == ["ravi@example.com"]
    assert find(admin, state="active") == ["ravi@example.com", "asha@example.com"]
    assert find(admin, state="paused") == find(admin, frequency="weekly:sun") == []
    assert find(admin, origin="-", q="a") == ["asha@example.com"]
    saved = admin.post("/subscribers/segment", name="सिर्फ़ खेल", topic="खेल", follow=True)
    assert emails(saved) == ["ravi@example.com"]
    assert "सिर्फ़ खेल" in admin.get("/subscribers").text
    admin.post("/subscribers/segment/drop", name="सिर्फ़ खेल")
    assert "सिर्फ़ खेल" not in admin.get("/subscribers").text
    assert [act.what for act in desk.app.audit.newest(2)] == ["segment dropped", "segment saved"]


@pytest.mark.slow
def test_a_subscriber_is_added_and_changed_in_the_list_file_with_its_comments(desk: Site, admin: Browser) -> None:
    asked = admin.post("/subscribers/add", email="naya@example.com", name="Meena")
    assert asked.status == 422
    assert 'value="naya@example.com"' in asked.text
    done = admin.post("/subscribers/add", email="naya@example.com", name="Meena", consent="paper form", follow=True)
    assert translated("Added to subscribers.yaml.") in done.text
    assert '<h1 class="who">Meena <span class="m">naya@example.com</span>' in done.text
    id = desk.subscriber_id("naya@example.com")
    fields = {"lists": "topics", "topics:देश": "on", "frequency": "weekdays", "hour": "08:30", "name": ""}
    assert admin.submit(f"/subscriber/{id}", fields).status == 303
    # The file's echo of the desk's change is not a second one.
    assert admin.get(f"/subscriber/{id}").text.count(f"<b>{translated('changed')}</b>") == 1
    again = admin.post("/subscribers/add", email="naya@example.com", consent="paper form")
    assert f'href="/desk/subscriber/{id}"' in again.text
    text = (desk.app.home / "subscribers.yaml").read_text(encoding="utf-8")
    assert text.startswith(LIST.rstrip())
    held = PreferenceStore(desk.app.database).get(id)
    assert held is not None
    assert (held.topics, held.frequency, str(held.hour), held.name) == (("देश",), "weekdays", "08:30:00", "")
    wrong = admin.submit(f"/subscriber/{id}", {"hour": "25:00"})
    assert wrong.status == 422
    assert 'aria-describedby="wrong-hour"' in wrong.text
    first = desk.app.subscriber_admin.consents.entries("naya@example.com")[0]
    assert (first.what, first.source, first.wording) == ("added", "the desk, by mira", "paper form")
    acts = desk.app.audit.newest(9, subject=f"subscriber {id}")
    assert [act.what for act in acts] == ["subscriber changed", "subscriber added"]


@pytest.mark.slow
def test_one_person_is_paused_suppressed_lifted_and_taken_off(desk: Site, admin: Browser) -> None:
    id, who = desk.subscriber_id("asha@example.com"), f"/subscriber/{desk.subscriber_id('asha@example.com')}"
    assert admin.post(f"{who}/pause", days="7").status == 303
    assert find(admin, state="paused") == ["asha@example.com"]
    until = translated("No edition comes until %(day)s: the emails are paused.") % {"day": "30 नवंबर"}
    assert until in admin.get(who).text
    assert admin.post(f"{who}/pause", days="0").status == 303
    assert until not in admin.get(who).text
    assert find(admin, state="paused") == []
    assert admin.post(f"{who}/suppress", reason=" ").status == 422
    assert admin.post(f"{who}/suppress", reason="phoned us").status == 303
    assert find(admin, state="left") == ["asha@example.com"]
    row = unescape(admin.get("/subscribers?state=left").text.partition("<tbody>")[2].partition("</tbody>")[0])
    assert f'<span class="pill warn">{translated("email stopped")}</span>' in row, (
        "the list agrees with the person's page"
    )
    page = admin.get(who).text
    shown = unescape(re.sub("<[^>]+>", " ", page))
    assert shown.count(translated("an admin stopped their email")) == 3, "on top and twice in the history"
    assert "डेस्क से, mira ने" in shown, "it says who"
    assert translated("left") not in shown, "they did not leave by themselves"
    assert "by suman" not in page
    assert "(desk)" not in page, "the history and the log are in the language of the page"
    assert admin.post(f"{who}/lift", reason="phoned again").status == 303
    assert find(admin, state="left") == []
    # An older report that arrives late does not suppress them again.
    assert not desk.app.subscribers.suppress("asha@example.com", "bounced", now=desk.app.now().replace(year=2025))
    assert desk.app.subscribers.suppressed() == {}
    assert "asha@example.com को सूची से हटाएँ</button>" in admin.get(who).text, "it asks first"
    listed = counts(admin)
    assert admin.post(f"{who}/remove").status == 303
    assert counts(admin) != listed, "not those of some seconds ago"
    assert "asha" not in (desk.app.home / "subscribers.yaml").read_text(encoding="utf-8")
    assert "asha@example.com" in find(admin, state="removed")
    words = [each.what for each in desk.consent("asha@example.com")]
    assert {"changed", "unsubscribed", LIFTED, "removed"} <= set(words)
    assert "asha" not in str([act.detail + act.subject for act in desk.app.audit.newest(50)])
    assert desk.app.audit.newest(1)[0].subject == f"subscriber {id}"


@pytest.mark.slow
def test_the_form_for_one_subscriber_speaks_of_one_address(admin: Browser) -> None:
    for typed, why in (
        ("x@@y", "an address has only one @-sign"),
        ("x@example.com, y@example.com", "these are several addresses; give each one alone"),
    ):
        page = admin.post("/subscribers/add", email=typed, consent="phoned")
        assert page.status == 422
        assert translated(why) in unescape(page.text)


@pytest.mark.slow
def test_who_unsubscribed_left_by_themselves(desk: Site, admin: Browser) -> None:
    who = f"/subscriber/{desk.subscriber_id('asha@example.com')}"
    desk.app.subscribers.suppress("asha@example.com", UNSUBSCRIBED, now=desk.app.now())
    row = admin.get("/subscribers?state=left").text.partition("<tbody>")[2]
    assert f'<span class="pill warn">{translated("left")}</span>' in row
    page = admin.get(who).text
    assert translated("an admin stopped their email") not in page.replace(
        translated("they left, or an admin stopped their email"), ""
    )
    assert translated("left") in page


@pytest.mark.slow
def test_a_complaint_is_not_lifted(desk: Site, admin: Browser) -> None:
    desk.app.subscribers.suppress("ravi@example.com", "complained", now=desk.app.now())
    who = f"/subscriber/{desk.subscriber_id('ravi@example.com')}"
    assert admin.post(f"{who}/lift", reason="they asked").status == 409
    assert desk.app.subscribers.suppressed() == {"ravi@example.com": "complained"}


@pytest.mark.slow
def test_a_person_gets_their_data_and_is_erased(desk: Site, admin: Browser) -> None:
    who = f"/subscriber/{desk.subscriber_id('ravi@example.com')}"
    given = admin.post(f"{who}/data")
    assert json.loads(given.text)["subscriber"]["topics"] == ["खेल"]
    assert given.headers["content-disposition"].startswith("attachment")
    assert "ravi@example.com" in admin.get(f"{who}/erase").text
    assert admin.post(f"{who}/erase", reason="asked by letter").status == 303
    assert "ravi" not in (desk.app.home / "subscribers.yaml").read_text(encoding="utf-8")
    assert admin.get(who).status == 404
    assert find(admin, q="ravi") == []


@pytest.mark.slow
def test_an_import_is_shown_first_and_then_done(desk: Site, admin: Browser) -> None:
    rows = f"Mail,Who\nnew@example.com,नया\nasha@example.com,Asha\nnobody,x\n=1+1@example.com,{SCRIPT}\n"
    page = upload(admin, rows, origin="mela", **{"map:email": "Mail", "map:name": "Who"})
    assert page.status == 200, page.text
    assert SCRIPT not in page.text
    assert 'ईमेल पता <span class="hint">email</span>' in page.text
    assert desk.app.subscriber_admin.find("new@example.com") is None
    found = re.search(r"/subscribers/import/(\w+)\"", page.text)
    assert found
    rejected = admin.get(f"/subscribers/import/{found[1]}/rejected").text
    assert "nobody" in rejected
    other = set_up(desk, "other", Role.ADMIN)
    assert other.post(f"/subscribers/import/{found[1]}").status == 404
    refused = admin.post(f"/subscribers/import/{found[1]}")
    assert refused.status == 422, "nobody joins without a word about their consent"
    assert desk.app.subscriber_admin.find("new@example.com") is None
    done = admin.post(f"/subscribers/import/{found[1]}", consent="the form at the mela")
    assert done.status == 200
    assert desk.consent("new@example.com")[0].wording == "the form at the mela"
    record = desk.app.subscriber_admin.find("new@example.com")
    assert record is not None
    assert record.origin == "mela"
    assert f"/subscribers/import/{found[1]}/rejected" in done.text
    assert "nobody" in admin.get(f"/subscribers/import/{found[1]}/rejected").text
    assert desk.app.audit.newest(1)[0].what == "subscribers imported"
    exported = admin.post("/subscribers/export", format="csv", origin="mela")
    assert "new@example.com" in exported.text
    assert exported.text.startswith("\ufeffemail,"), "spreadsheets read Hindi then"
    assert "ravi@example.com" not in exported.text


@pytest.mark.slow
def test_an_import_names_who_gets_no_more_mail_and_which_topics_are_left_out(desk: Site, admin: Browser) -> None:
    rows = 'email,status,topics\nasha@example.com,unsubscribed,\nnew@example.com,,"खेल, मौसम समाचार"\n'
    page = upload(admin, rows, origin="mela")
    assert page.status == 200, page.text
    told = re.search(r'<div class="say warn">.*?</div></div>', page.text, re.S)
    assert told
    assert "asha@example.com" in told[0]
    left_out = re.search(r"<p>([^<]*मौसम समाचार[^<]*)</p>", page.text)
    assert left_out
    assert "new@example.com" in left_out[1]
    assert desk.app.subscribers.suppressed() == {}
    found = re.search(r"/subscribers/import/(\w+)\"", page.text)
    assert found
    done = admin.post(f"/subscribers/import/{found[1]}", consent="form")
    said = re.search(r'<div class="say ok".*?</div></div>', done.text, re.S)
    assert said
    assert "asha@example.com" in said[0]
    record = desk.app.subscriber_admin.find("new@example.com")
    assert record is not None
    assert record.subscriber.topics == ("खेल",)
    assert desk.app.subscribers.suppressed() == {"asha@example.com": "unsubscribed"}
    assert "1 get no more mail" in desk.app.audit.newest(1)[0].detail


@pytest.mark.slow
def test_the_numbers_of_an_import_add_up_to_its_rows(desk: Site, admin: Browser) -> None:
    app, by = desk.app, Actor("mira", "command")
    for name in ("left", "back"):
        app.subscriber_editor.add(f"{name}@example.com", {}, by)
        app.subscriber_editor.suppress(f"{name}@example.com", "phoned", by)
    statuses = {"asha": "unsubscribed", "ravi": "", "left": "unsubscribed", "back": "", "new": "", "gone": "bounced"}
    rows = [f"{name}@example.com,{status}\n" for name, status in statuses.items()]
    shown = upload(admin, f"email,status\n{''.join(rows)}nobody,\n", origin="mela").text
    found = re.search(r"/subscribers/import/(\w+)\"", shown)
    assert found
    done = admin.post(f"/subscribers/import/{found[1]}", consent="form").text
    for page in (shown, done):
        said = re.search(r"(\d+) पंक्तियाँ: <b>(.*?)</b><br>इनमें (\d+) को", page)
        assert said, page
        numbers = [int(number) for number in re.findall(r"\d+", said[2])]
        assert numbers == [1, 0, 0, 2, 2, 1, 1]
        assert (int(said[1]), sum(numbers), int(said[3])) == (7, 7, 1)


@pytest.mark.slow
def test_an_address_that_is_barred_and_not_on_the_list_is_explained(desk: Site, admin: Browser) -> None:
    """Whoever calls to ask why they get nothing may be known only from an import that says they left."""
    page = upload(admin, "email,status\ngone@example.com,unsubscribed\n", origin="old")
    found = re.search(r"/subscribers/import/(\w+)", page.text.split('<form class="sp"')[1])
    assert found
    admin.post(f"/subscribers/import/{found[1]}")
    assert desk.app.subscriber_admin.why_suppressed("gone@example.com") == "unsubscribed"
    told = admin.get("/subscribers?q=Gone@example.com").text
    assert "यह पता सूची में नहीं है और इस पर ईमेल नहीं जाते" in told
    assert "यहाँ कोई नहीं है" in admin.get("/subscribers?q=never@example.com").text


@pytest.mark.slow
def test_an_import_counts_the_words_that_nobody_knows_and_names_mistyped_addresses(admin: Browser) -> None:
    rows = "".join(f"w{number}@example.com,member\n" for number in range(40))
    page = upload(admin, f"email,status\n{rows}y@example.com,ex\nx@gmial.com,\n").text
    assert re.search(r"40 ×</b> [^<]*&#39;member&#39;", page)
    assert page.count("&#39;member&#39;") == 1
    assert "y@example.com" in page, "a reason of one row is listed with its address"
    assert re.search(r"<li>x@gmial.com → x@gmail.com\?</li>", page)


@pytest.mark.slow
def test_the_words_of_the_desk_are_known_and_other_columns_need_a_decision(desk: Site, admin: Browser) -> None:
    for language in ("hi", "en"):
        admin.cookies["desk-language"] = language
        labels = re.findall(r'<label for="map-\w+">([^<]+) <span', upload(admin, "email\na@example.com\n").text)
        page = upload(admin, ",".join(labels) + "\na@example.com" + "," * (len(labels) - 1))
        assert labels
        assert translated("Ignored columns", language) not in page.text
    page = upload(admin, "email,पसंदीदा रंग\na@example.com,नीला\n")
    assert "नीला" in page.text
    assert 'name="format" value=""' in page.text
    place = re.search(r"/subscribers/import/\w+", page.text)
    assert place
    assert admin.post(place[0], consent="form").status == 422
    assert desk.app.subscriber_admin.find("a@example.com") is None
    assert admin.post(place[0], consent="form", unread="on").status == 200
    assert desk.app.subscriber_admin.find("a@example.com") is not None


@pytest.mark.slow
def test_a_list_of_people_who_left_asks_for_no_consent(desk: Site, admin: Browser) -> None:
    page = upload(admin, "email,status\nasha@example.com,bounced\n", origin="mela")
    assert 'name="consent"' not in page.text
    found = re.search(r"/subscribers/import/(\w+)\"", page.text)
    assert found
    assert admin.post(f"/subscribers/import/{found[1]}").status == 200
    assert desk.app.subscribers.suppressed() == {"asha@example.com": "bounced"}


def test_who_never_had_the_wrong_text_lacks_no_correction(desk: Site, admin: Browser) -> None:
    sent = edition_of(desk)
    desk.app.editions.put(replace(sent, key=f"correction-{KEY}-2", composed_at=desk.app.now()), over=())
    with desk.app.database.write() as connection:
        connection.execute(update(edition).where(edition.c.key != KEY).values(frozen_at=desk.app.now()))
    page = admin.get(f"/subscriber/{desk.subscriber_id('asha@example.com')}").text
    assert "ग़लती वाली ख़बर मिली ही नहीं थी" in page
    assert f"अंक correction-{KEY}-2 क्यों" not in page
    assert "0 में से 0 अंक" in page


@pytest.mark.slow
def test_stored_scripts_are_shown_as_text(desk: Site, admin: Browser) -> None:
    id = desk.subscriber_id("asha@example.com")
    desk.app.subscribers.suppress("asha@example.com", "bounced", now=desk.app.now(), detail=SCRIPT)
    assert admin.submit(f"/subscriber/{id}", {"name": SCRIPT}).status == 303
    for path in (f"/subscriber/{id}", "/subscribers", f"/subscribers?q={urlencode({'q': SCRIPT})}"):
        assert SCRIPT not in admin.get(path).text


def test_command_and_desk_leave_the_same_rows(desk: Site, admin: Browser) -> None:
    app = desk.app
    app.subscriber_editor.add("one@example.com", {"topics": "खेल"}, Actor("asha", "command"), wording="form")
    form = {"email": "two@example.com", "lists": "topics", "topics:खेल": "on", "consent": "form"}
    assert admin.submit("/subscribers/add", form).status == 303

    def left_by(email: str) -> list[object]:
        record = app.subscriber_admin.find(email)
        assert record is not None
        consents = [(each.what, each.wording, each.detail) for each in app.subscriber_admin.consents.entries(email)]
        acts = app.audit.newest(9, subject=f"subscriber {desk.subscriber_id(email)}")
        return [record.subscriber.topics, record.origin, consents, [(act.what, act.detail) for act in acts]]

    assert left_by("one@example.com") == left_by("two@example.com")


def upload(admin: Browser, text: str, *, file: str = "list.csv", charset: str = "utf-8", **fields: str) -> Response:
    """Submit the form with a file, as a browser does."""
    border = "border42"
    parts = [f'--{border}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in
             {**fields, "csrf": admin.token()}.items()]  # fmt: skip
    head = f'Content-Disposition: form-data; name="file"; filename="{file}"\r\nContent-Type: text/csv\r\n\r\n'
    body = "".join(parts) + f"--{border}\r\n{head}{text}\r\n--{border}--\r\n"
    kind = f"multipart/form-data; boundary={border}; charset={charset}"
    return admin.send("/subscribers/import", body.encode(), kind)


@pytest.mark.parametrize("file", [r"a.\x00b", r"a.\ud800"])
def test_a_file_may_have_any_name(admin: Browser, file: str) -> None:
    assert upload(admin, "email\none@example.com\n", file=file, charset="unicode_escape").status == 200


@pytest.mark.slow
def test_rows_that_say_weekly_without_a_day_ask_one_question(desk: Site, admin: Browser) -> None:
    rows = "email,frequency\none@example.com,weekly\ntwo@example.com,साप्ताहिक\nno@example.com,hourly\n"
    asked = upload(admin, rows, origin="mela").text
    assert "2 पंक्तियों में दिन के बिना साप्ताहिक लिखा है" in asked
    assert re.findall(r"</span> (\w+)@example.com: ", asked) == ["no"]
    id = re.search(r"/subscribers/import/(\w+)", asked)
    assert id
    shown = admin.submit("/subscribers/import", {"id": id[1], "origin": "mela", "weekday": "thu"}).text
    assert "दिन के बिना साप्ताहिक" not in shown
    admin.post(f"/subscribers/import/{id[1]}", consent="form")
    found = [desk.app.subscriber_admin.find(f"{name}@example.com") for name in ("one", "two", "no")]
    assert [each and each.subscriber.frequency for each in found] == ["weekly:thu", "weekly:thu", None]


@pytest.mark.slow
def test_a_list_for_which_the_disk_has_no_room_says_so_and_leaves_nothing(
    desk: Site, admin: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    caplog.set_level("ERROR")
    with full(desk):
        answer = upload(admin, "email\n" + "new@example.com\n" * 1000, origin="mela")
    assert answer.status == 507
    assert (
        translated("The server's disk is full. Tell whoever looks after the server, and then try again.") in answer.text
    )
    assert len(list(tmp_path.glob("digest-import-*"))) == 1
    assert list(tmp_path.glob("digest-import-*/*")) == []
    # The server logs it after it has answered.
    until = time.monotonic() + 10
    while not caplog.messages and time.monotonic() < until:
        time.sleep(0.02)
    (logged,) = caplog.messages
    assert "POST /subscribers/import: OSError (File too large)" in logged


@pytest.mark.slow
def test_an_act_for_many_shows_who_changes_and_who_stays(desk: Site, admin: Browser) -> None:
    app = desk.app
    ids = {name: desk.subscriber_id(f"{name}@example.com") for name in ("asha", "ravi")}
    rows = "email,topics\nmela@example.com,खेल\nown@example.com,खेल\nleft@example.com,\n"
    (app.home / "mela.csv").write_text(rows, encoding="utf-8")
    app.subscriber_transfer.import_list(ListToImport(app.home / "mela.csv", "mela"), Actor("mira", "command"))
    own = desk.subscriber_id("own@example.com")
    PreferenceStore(app.database).set(own, {"topics": ["खेल"]}, ConsentContext("web:preferences"), now=app.now())
    app.subscriber_editor.suppress("left@example.com", "phoned", Actor("mira", "command"))
    ticked = {f"ids:{id}": "on" for id in ids.values()}
    chosen = admin.get("/subscribers/many?" + urlencode(ticked)).text
    assert "asha@example.com" in chosen
    assert "<h1" in admin.get("/subscribers/many").text, "also if nobody is chosen"
    everybody = {"all": "on", "act": "add-topic", "new_topic": "देश"}
    asked = admin.submit("/subscribers/many", everybody)
    assert asked.status == 200, asked.text
    seen = re.search(r'name="seen" value="(\w+)"', asked.text)
    assert seen
    said = asked.text.partition("<main")[2].split("<details")
    assert sorted(re.findall(r"(\w+)@example.com", said[0])) == ["mela", "ravi"]
    stay = {name: part for part in said[1:] for name in re.findall(r"(\w+)@example.com", part)}
    assert translated("They get all topics") in stay["asha"]
    assert translated("They chose it themselves on their own page, which counts more than the list") in stay["own"]
    assert "left" in stay
    before = app.audit.newest(1)[0].id
    # Somebody changes meanwhile.
    app.subscriber_editor.pause("ravi@example.com", app.now() + timedelta(days=3), Actor("mira", "command"))
    app.subscriber_editor.change("ravi@example.com", {"topics": "देश"}, Actor("mira", "command"))
    assert admin.submit("/subscribers/many", {**everybody, "seen": seen[1]}).status == 409
    app.subscriber_editor.change("ravi@example.com", {"topics": "खेल"}, Actor("mira", "command"))
    done = admin.submit("/subscribers/many", {**everybody, "seen": seen[1]})
    assert done.status == 200, done.text
    text = (app.home / "subscribers.yaml").read_text(encoding="utf-8")
    assert text == LIST.replace("topics: [खेल]", "topics: [खेल, देश]")
    for name, topics in (("mela", ("खेल", "देश")), ("ravi", ("खेल", "देश")), ("own", ("खेल",)), ("asha", ())):
        record = app.subscriber_admin.find(f"{name}@example.com")
        assert record is not None
        assert record.subscriber.topics == topics, name
    newest = app.audit.newest(1)[0]
    assert (newest.id, newest.what, newest.subject) == (before + 4, "many changed", "2 subscribers")
    assert re.fullmatch(r"with the topic देश; \d+ stay as they are", newest.detail)
    assert desk.consent("mela@example.com")[-1].source == "the desk, by mira"


@pytest.mark.slow
def test_a_frequency_for_several_is_taken_back(desk: Site, admin: Browser) -> None:
    """Each gets the frequency back that they had, except those who decided or were changed since."""
    app, by = desk.app, Actor("mira", "command")
    rows = "email,frequency\nlata@example.com,weekdays\nown@example.com,weekdays\nalone@example.com,weekdays\n"
    (app.home / "mela.csv").write_text(rows, encoding="utf-8")
    app.subscriber_transfer.import_list(ListToImport(app.home / "mela.csv", "mela"), by)
    emails = [f"{name}@example.com" for name in ("asha", "ravi", "lata", "own", "alone")]
    file = app.home / "subscribers.yaml"
    before, listed = frequencies(desk, emails), file.read_text(encoding="utf-8")
    form = {"all": "on", "act": "frequency", "new_frequency": "weekly:sun"}
    done = confirm(admin, form)
    assert set(frequencies(desk, emails).values()) == {"weekly:sun"}
    act = app.audit.newest(1)[0]
    back = f"/subscribers/many?of={act.id}&act=restore-frequency"
    assert escape(f"/desk{back}") in done
    assert 'value="restore-frequency" required checked' in admin.get(back).text
    own = desk.subscriber_id("own@example.com")
    PreferenceStore(app.database).set(own, {"frequency": "daily"}, ConsentContext("web:preferences"), now=app.now())
    app.subscriber_editor.change("alone@example.com", {"frequency": "weekly:mon"}, by)
    shown = confirm(admin, {"of": str(act.id), "act": "restore-frequency"})
    assert translated("How often they get it was not changed together with others, or was changed again since") in shown
    after = frequencies(desk, emails)
    assert after == {**before, "own@example.com": "daily", "alone@example.com": "weekly:mon"}
    assert file.read_text(encoding="utf-8").count("frequency: daily") == 2
    assert listed.count("email:") == file.read_text(encoding="utf-8").count("email:")
    newest = app.audit.newest(1)[0]
    assert (newest.what, newest.subject, newest.who) == ("many changed", "3 subscribers", "mira")
    log = admin.get("/log").text
    assert "हर पाठक का पहले वाला" in log
    assert f"गतिविधि की पंक्ति {act.id} वाले पाठक" in log


def confirm(admin: Browser, form: dict[str, str]) -> str:
    """Do an act for several as the page asks: look, then say yes."""
    asked = admin.submit("/subscribers/many", form)
    seen = re.search(r'name="seen" value="(\w+)"', asked.text)
    assert seen, asked.text
    return admin.submit("/subscribers/many", {**form, "seen": seen[1]}).text


def frequencies(desk: Site, emails: Sequence[str]) -> dict[str, str]:
    found = {email: PreferenceStore(desk.app.database).find(email) for email in emails}
    return {email: held.frequency for email, held in found.items() if held}


@pytest.mark.slow
def test_one_person_of_an_act_for_several_is_logged_as_alone(desk: Site, admin: Browser) -> None:
    ravi = desk.subscriber_id("ravi@example.com")
    done = confirm(admin, {f"ids:{ravi}": "on", "act": "pause", "days": "7"})
    act = desk.app.audit.newest(1)[0]
    assert (act.what, act.subject) == ("subscriber paused", f"subscriber {ravi}")
    assert "act=lift" not in done


@pytest.mark.slow
def test_what_an_act_for_several_did_to_one_person_is_taken_back_as_for_several(desk: Site, admin: Browser) -> None:
    """A filter that matches one person today matches several tomorrow."""
    ravi = desk.subscriber_id("ravi@example.com")
    before = frequencies(desk, ["ravi@example.com"])
    confirm(admin, {f"ids:{ravi}": "on", "act": "frequency", "new_frequency": "weekly:sun"})
    assert frequencies(desk, ["ravi@example.com"]) != before
    confirm(admin, {f"ids:{ravi}": "on", "act": "restore-frequency"})
    assert frequencies(desk, ["ravi@example.com"]) == before
    confirm(admin, {f"ids:{ravi}": "on", "act": "suppress", "reason": "asked"})
    assert find(admin, state="left") == ["ravi@example.com"]
    row = admin.get("/log").text.partition("<tbody>")[2].partition("</tr>")[0]
    assert ("ravi@example.com" in row, translated("Gets no more mail") in row) == (True, True), (
        "named as an act for one"
    )
    confirm(admin, {f"ids:{ravi}": "on", "act": "lift", "lift_reason": "agreed"})
    assert find(admin, state="left") == []


@pytest.mark.slow
def test_a_stop_for_several_is_not_taken_back_for_those_about_whom_more_is_known(desk: Site) -> None:
    app, by = desk.app, Actor("mira", "command")
    editor, store, preferences = app.many_editor, SubscriberStore(app.database), PreferenceStore(app.database)
    names = ("asha", "ravi", "left", "bounced", "phoned", "listed", "late")
    emails = {name: f"{name}@example.com" for name in names}
    for name in names[2:]:
        app.subscriber_editor.add(emails[name], {}, by)
    ids = editor.find_addresses(emails.values())
    stopped = editor.run(ids, ManyChange(ManyAct.SUPPRESS, "the list was bought"), by)
    assert len(stopped.people) == len(names)
    then = app.now()
    assert preferences.unsubscribe(desk.subscriber_id(emails["left"]), ConsentContext("web:leave"), now=then)
    store.suppress(emails["bounced"], "bounced", now=then)
    app.subscriber_editor.suppress(emails["phoned"], "asked for it", by)
    (app.home / "old.csv").write_text("email,status\nlisted@example.com,unsubscribed\n", encoding="utf-8")
    app.subscriber_transfer.import_list(ListToImport(app.home / "old.csv", "old"), by)
    lifted = editor.run(ids, ManyChange(ManyAct.LIFT, "they agreed"), by)
    assert {each.address for each in lifted.people} == {emails[name] for name in ("asha", "ravi", "late")}
    assert list(lifted.stays) == [Stays.STOPPED_ALONE]
    assert desk.consent(emails["left"])[-1].source == "web:leave"
    # A report from before the stop ended comes late.
    store.suppress(emails["late"], UNSUBSCRIBED, now=then)
    assert store.suppressed().keys() == {emails[name] for name in names[2:]}


@pytest.mark.slow
def test_many_are_paused_resumed_and_stopped(desk: Site, admin: Browser) -> None:
    app = desk.app
    everybody = {"all": "on", "state": ""}

    def act(**fields: str) -> str:
        asked = admin.submit("/subscribers/many", {**everybody, **fields})
        seen = re.search(r'name="seen" value="(\w+)"', asked.text)
        return admin.submit("/subscribers/many", {**everybody, **fields, "seen": seen[1]}).text if seen else asked.text

    act(act="pause", days="7")
    assert len(find(admin, state="paused")) == 2
    paused = PreferenceStore(app.database).find("asha@example.com")
    assert paused is not None
    assert paused.paused_until is not None
    assert timedelta(days=6, hours=23) < paused.paused_until - app.now() < timedelta(days=7), "no edition too early"
    # A filter that nobody can mean does not become everybody.
    wrong = admin.submit("/subscribers/many", {**everybody, "state": "actve", "act": "resume"})
    assert wrong.status == 409
    assert "actve" in wrong.text
    assert admin.submit("/subscribers/export", {"all": "on", "state": "actve"}).status == 409
    # Whoever paused themselves stays paused.
    ravi = desk.subscriber_id("ravi@example.com")
    until, own = app.now() + timedelta(weeks=2), ConsentContext("web:preferences", detail="pause for 2 weeks")
    PreferenceStore(app.database).set(ravi, {"paused_until": until}, own, now=app.now() + timedelta(seconds=1))
    page = act(act="resume")
    assert find(admin, state="paused") == ["ravi@example.com"]
    assert translated("They paused themselves, and come back at the time that they chose") in page
    assert translated("expected why, for the record") in act(act="suppress", reason=" ")
    asked = admin.submit("/subscribers/many", {"all": "on", "act": "suppress", "reason": "the list was bought"}).text
    assert "सबके लिए एक साथ वापस हो सकता है" in asked
    app.subscriber_editor.add("kiran@example.com", {}, Actor("mira", "command"))
    app.subscriber_editor.suppress("kiran@example.com", "phoned", Actor("mira", "command"))
    done = act(act="suppress", reason="the list was bought")
    assert len(find(admin, state="left")) == 3
    stop = app.audit.newest(1)[0]
    assert stop.what == "many suppressed"
    # The log leads to the people of the act, and the act is taken back for them alone.
    people = f"/subscribers/many?of={stop.id}"
    assert f'href="/desk{people}"' in admin.get("/log").text
    assert f"{people}&amp;act=lift" in done
    chosen = admin.get(people).text
    assert ("asha@example.com" in chosen, "kiran@example.com" in chosen) == (True, False)
    assert translated("expected why, for the record") in act(act="lift", lift_reason=" ")
    act(act="lift", lift_reason="they agreed")
    assert find(admin, state="left") == ["kiran@example.com"]
    assert app.audit.newest(1)[0].what == "many lifted"
    assert desk.consent("asha@example.com")[-1].what == "suppression lifted"
    assert translated("They get mail already") in act(act="lift", lift_reason="once more")
    act(act="suppress", reason="the list was bought")
    # Whoever was stopped alone since then stays as they are.
    app.subscriber_editor.unsuppress("ravi@example.com", "asked", Actor("mira", "command"))
    app.subscriber_editor.suppress("ravi@example.com", "phoned", Actor("mira", "command"))
    act(act="lift", lift_reason="they agreed")
    assert sorted(find(admin, state="left")) == ["kiran@example.com", "ravi@example.com"]
    exported = admin.submit("/subscribers/export", {f"ids:{ravi}": "on", "suppressed": "on"})
    assert "ravi@example.com" in exported.text
    assert "asha@example.com" not in exported.text


@pytest.mark.slow
def test_an_import_is_undone_from_the_log_and_the_log_is_searched_by_person(desk: Site, admin: Browser) -> None:
    page = upload(admin, "email,name\nnew@example.com,नया पाठक\nother@example.com,दूसरा\n", origin="mela")
    place = re.search(r"/subscribers/import/\w+", page.text)
    assert place
    done = admin.post(place[0], consent="form")
    link = re.search(r"/desk(/import/\d+/undo)", done.text)
    assert link
    assert link[1] in admin.get("/log").text
    id = desk.subscriber_id("other@example.com")
    assert admin.submit(f"/subscriber/{id}", {"name": "तीसरा"}).status == 303
    asked = admin.get(link[1])
    assert {"new@example.com", "other@example.com"} <= set(re.findall(r">(\w+@example.com)<", asked.text))
    stale = admin.submit(link[1], {"seen": "other"})
    assert stale.status == 409
    assert find(admin, state="removed", q="new@") == []
    seen = re.search(r'name="seen" value="(\w+)"', asked.text)
    assert seen
    assert admin.submit(link[1], {"seen": seen[1]}).status == 200
    assert find(admin, state="removed", q="new@") == ["new@example.com"]
    assert find(admin, state="removed", q="other@") == []
    twice = admin.submit(link[1], {"seen": seen[1]})
    assert (twice.status, "वापस लिया जा चुका है" in twice.text) == (409, True)
    assert link[1] not in admin.get("/log").text
    for query in ("q=तीसरा", "q=other@example.com", "who=mira&what=subscriber changed", "since=2026-11-23&q=तीस"):
        found = admin.get("/log?" + quote(query, safe="=&")).text.partition("<tbody>")[2]
        assert "other@example.com" in found, query
        assert "new@example.com" not in found
    assert "other@example.com" not in admin.get("/log?until=2026-11-22").text
    assert admin.get("/log?since=0001-01-01&until=9999-12-31").status == 200


@pytest.mark.slow
def test_every_kind_of_act_is_a_filter_of_the_log(desk: Site, admin: Browser) -> None:
    """By the menu, and by a search for its name."""
    kinds = [*ActKind, "approved", "paused", "cancelled", "skipped", "expired"]
    for kind in kinds:
        desk.app.audit.record(TESTER, kind, "asha-subject", now=desk.app.now())  # type: ignore[arg-type]
    page = admin.get("/log").text
    found = re.findall(r'<option value="([^"]+)"(?: selected)?>([^<]+)</option>', page)
    options = {unescape(kind): name for kind, name in found}
    assert options.keys() >= set(kinds)
    wrong = [kind for kind in kinds if options[kind] == kind]
    for kind in first(kinds[::-1], dev=5):
        name = options[kind]
        by_menu = admin.get(f"/log?what={quote(kind)}").text
        by_name = admin.get(f"/log?q={quote(unescape(name))}").text
        cells = set(re.findall(r'<td class="cap">([^<]*)</td>', by_menu))
        if cells != {name} or f'<td class="cap">{name}</td>' not in by_name:
            wrong.append(kind)
    assert wrong == []
    assert len(set(options.values())) == len(options), "two kinds have one name"


def test_a_refused_form_keeps_what_was_typed_and_only_changes_are_written(desk: Site, admin: Browser) -> None:
    refused = admin.submit(
        "/subscribers/add", {"email": "neha@", "consent": "मेला", "lists": "topics", "topics:खेल": "on"}
    )
    assert refused.status == 422
    assert 'name="topics:खेल" checked' in refused.text
    ravi = f"/subscriber/{desk.subscriber_id('ravi@example.com')}"
    form = {"lists": "topics", "topics:खेल": "on", "frequency": "daily", "format": "html", "status": "active"}
    refused = admin.submit(ravi, {**form, "name": "रवि", "hour": "25:00"})
    assert (refused.status, 'value="रवि"' in refused.text, 'value="25:00"' in refused.text) == (422, True, True)
    assert admin.submit(ravi, {**form, "name": "Ravi Verma", "hour": ""}).headers["location"].endswith("done=same")
    assert (desk.app.home / "subscribers.yaml").read_text(encoding="utf-8") == LIST
    assert (
        admin.submit(ravi, {**form, "name": "Ravi Verma", "hour": "08:30"}).headers["location"].endswith("done=saved")
    )
    row = (desk.app.home / "subscribers.yaml").read_text(encoding="utf-8").partition("ravi@example.com")[2]
    assert ("08:30" in row, "frequency" in row, "status" in row) == (True, False, False)
    assert desk.app.audit.newest(1)[0].detail == "hour: 08:30"
    for name in ("वर्मा,रवि", "रवि,वर्मा"):
        assert admin.submit(ravi, {"name": name}).headers["location"].endswith("done=saved")
