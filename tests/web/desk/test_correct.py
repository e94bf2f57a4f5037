"""A user with the role of a sender corrects a story of a sent edition."""

from __future__ import annotations

import json
import re

import pytest

from digest import pipeline
from digest.deliver.outcome import Unknown
from digest.models import EditionState
from digest.store.locks import exclusive, mark_running
from tests.support.enqueue import claim_one
from tests.web.desk.browser import Browser
from tests.web.desk.conftest import KEY, edition_of
from tests.web.site import Site, translated

HERE = f"/edition/{KEY}"


def sent(desk: Site) -> str:
    """Send the edition, and return its lead story."""
    desk.app.editions.move(KEY, EditionState.APPROVED, out_of=(EditionState.DRAFT,))
    pipeline.send(desk.app, KEY)
    edition = edition_of(desk)
    return edition.lead


@pytest.mark.slow
def test_a_correction_goes_to_those_who_have_the_wrong_text(desk: Site, sender: Browser) -> None:
    story = sent(desk)
    assert f"{HERE}/correct/{story}" in sender.get(HERE).text
    form = sender.get(f"{HERE}/correct/{story}").text
    accepted = desk.app.status_reader.counts(KEY, desk.app.now()).accepted
    assert f"{accepted} को मिल चुका है" in form
    fields = {"title": "सही शीर्षक", "summary": "सही सार यह है।", "note": "संख्या ग़लत थी।", "revision": "1"}
    assert sender.submit(f"{HERE}/correct/{story}", {**fields, "title": ""}).status == 422
    # First the emails as they will arrive, and to how many.
    before = sender.submit(f"{HERE}/correct/{story}", {**fields, "preview": "1"}).text
    assert f"{accepted} पाठकों को यह ईमेल जाएगा:" in before
    note, corrected = (sender.get(place).text for place in re.findall(r'src="/desk(/shown/[0-9a-f]+)"', before))
    assert "संख्या ग़लत थी।" in note
    assert "सही शीर्षक" in corrected
    assert edition_of(desk).revision == 1, "nothing is changed yet"
    assert 'name="title" rows="2" lang="hi">सही शीर्षक<' in before, "what was typed is there"
    assert sender.get("/shown/0").status == 404
    done = sender.submit(f"{HERE}/correct/{story}", fields)
    assert done.status == 200, done.text
    assert "भूल-सुधार सिर्फ़ उन्हें जाएगा" in done.text
    assert f"{accepted} को ग़लती वाली ख़बर मिल चुकी है।" in done.text
    # Another sender's form is older now.
    stale = sender.submit(f"{HERE}/correct/{story}", {**fields, "title": "कुछ और"})
    assert stale.status == 409
    assert "कुछ और" in stale.text, "what was typed is kept"
    correction = f"correction-{KEY}-2"
    details = {(act.what, act.subject): act.detail for act in desk.app.audit.newest(9)}
    assert details["composed", correction] == "1 story"
    assert f'href="/desk/edition/{correction}"' in sender.get(HERE).text
    assert f'href="/desk{HERE}"' in sender.get(f"/edition/{correction}").text
    pipeline.send(desk.app, correction)
    (mail,) = desk.mails("asha@example.com", folder=correction)
    assert mail["subject"] == "भूल-सुधार: सही शीर्षक"
    page = desk.app.archive.page(KEY, desk.app.now())
    assert page is not None
    assert "सही शीर्षक" in page.html
    assert desk.app.audit.newest(1, subject=KEY)[0].what == "corrected"
    assert f">{KEY} का भूल-सुधार 1</a>" in sender.get("/reports").text
    assert f"{KEY} का भूल-सुधार 1" in sender.get(f"/report/{correction}").text


def test_emails_that_are_being_handed_over_are_counted_as_what_they_are(desk: Site, sender: Browser) -> None:
    app = desk.app
    edition = app.editions.get(KEY)
    assert edition is not None
    app.editions.move(KEY, EditionState.APPROVED, out_of=(EditionState.DRAFT,))
    app.enqueuer.enqueue(edition)
    with exclusive(app.database, "sending", wait=0), mark_running(app.database, app.ledger.run):
        claim = claim_one(app.ledger, KEY, "outbox", app.now(), 5)
        assert claim
        here, counts = len(claim.recipients), app.status_reader.counts(KEY, app.now())
        assert 0 < counts.in_flight < counts.pending
        form, question = sender.get(f"{HERE}/correct/{edition.lead}").text, sender.get(f"{HERE}/cancel").text
        assert f"{counts.pending - here} पाठक" in form
        assert f"{here} को शायद मिल चुका है (भेजा जा रहा है)" in form
        assert f"{counts.pending - here} पाठक" in question
        assert f"{here} ईमेल अभी रास्ते में" in question
        page = sender.get(HERE).text
        assert "data-moves" in page
        sender.post(f"{HERE}/pause")
        assert "data-moves" in sender.get(HERE).text, "the numbers of a stopped edition still change"
        app.ledger.settle(claim.attempt, Unknown("cut off"), app.now())
    form = sender.get(f"{HERE}/correct/{edition.lead}").text
    assert f"{here} को शायद मिल चुका है (नतीजा पता नहीं)" in form
    assert "भेजा जा रहा है" not in form
    assert "data-moves" not in sender.get(HERE).text
    state = sender.get(f"{HERE}/state?numbers=1").text
    assert 'id="sending"' in state
    assert "hx-swap-oob" in state
    assert 'id="sending"' not in sender.get(f"{HERE}/state?numbers=0").text, "the page of a story has no numbers"


@pytest.mark.slow
def test_a_correction_for_nobody_says_so(desk: Site, sender: Browser) -> None:
    app = desk.app
    edition = edition_of(desk)
    app.editions.move(KEY, EditionState.APPROVED, out_of=(EditionState.DRAFT,))
    app.enqueuer.enqueue(edition)
    app.editions.move(KEY, EditionState.SENDING, out_of=(EditionState.APPROVED,))
    fields = {"title": "सही शीर्षक", "summary": "सही सार।", "note": "संख्या ग़लत थी।", "revision": "1", "preview": "1"}
    place = f"{HERE}/correct/{edition.lead}"
    shown = sender.submit(place, fields).text
    assert translated("Nobody has the wrong text, so nobody gets this email:") in shown
    with exclusive(app.database, "sending", wait=0), mark_running(app.database, app.ledger.run):
        claim = claim_one(app.ledger, KEY, "outbox", app.now(), 5)
        assert claim
        app.ledger.settle(claim.attempt, Unknown("cut off"), app.now())
    shown = sender.submit(place, fields).text
    said = translated("Nobody is known to have the wrong text. Whoever turns out to have it gets this email:")
    assert said in shown
    assert "0 पाठक" not in shown


@pytest.mark.slow
def test_no_email_goes_out_and_nothing_is_approved_by_a_kept_form(desk: Site, sender: Browser) -> None:
    approval = json.dumps([[f"{HERE}/approve", {"seen": "0", "reason": "जाने दें"}]])
    answer = sender.submit("/again", {"forms": approval})
    assert answer.status == 409
    assert translated("This was not done") in answer.text
    assert "जाने दें" in answer.text
    assert edition_of(desk).state == EditionState.DRAFT
    place = f"{HERE}/correct/{sent(desk)}"
    fields = {"title": "सही शीर्षक", "summary": "सही सार यह है।", "note": "संख्या ग़लत थी।", "revision": "1"}
    shown = sender.submit("/again", {"forms": json.dumps([[place, fields]])}).text
    assert edition_of(desk).revision == 1, "the emails are only shown"
    assert 'id="preview"' in shown
    assert f'id="correct" method="post" action="/desk{place}"' in shown


@pytest.mark.slow
def test_an_editor_corrects_nothing_that_goes_out(desk: Site, editor: Browser) -> None:
    story = sent(desk)
    assert editor.get(f"{HERE}/correct/{story}").status == 403
    assert editor.submit(f"{HERE}/correct/{story}", {"title": "क"}).status == 403
    assert "correct/" not in editor.get(HERE).text


@pytest.mark.slow
def test_what_was_typed_when_the_send_began_becomes_a_correction(desk: Site, sender: Browser, editor: Browser) -> None:
    story = sent(desk)
    typed = {"title": "देर से लिखा", "was_title": "पुराना"}
    late = sender.submit(f"{HERE}/story/{story}", typed)
    assert late.status == 409
    assert ">देर से लिखा</textarea>" in late.text
    assert f'formaction="/desk{HERE}/correct/{story}" name="open"' in late.text
    form = sender.submit(f"{HERE}/correct/{story}", {"open": "1", "title": "देर से लिखा", "summary": "सार।"})
    assert ">देर से लिखा</textarea>" in form.text
    assert 'name="revision" value="1"' in form.text
    assert "भूल-सुधार सिर्फ़" not in form.text, "nothing is corrected yet"
    late = editor.submit(f"{HERE}/story/{story}", typed)
    assert (late.status, ">देर से लिखा</textarea>" in late.text, "/correct/" in late.text) == (409, True, False)
    lost = editor.submit(f"{HERE}/texts", {"subject": "देर का विषय", "was_subject": "पुराना"})
    assert lost.status == 409
    assert "देर का विषय" in lost.text
    assert f'href="/desk{HERE}"' in lost.text, "back to this edition"


def test_a_draft_has_no_such_form(desk: Site, sender: Browser) -> None:
    edition = edition_of(desk)
    assert sender.get(f"{HERE}/correct/{edition.lead}").status == 404
