"""Polls, quizzes and feedback: a GET changes nothing, a POST is one answer, and nobody answers for another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from digest import pipeline
from digest.usecases.documents import option_counts
from tests.support.folders import newsletter_folder
from tests.web.site import Site, site, translated

# Each test makes, sends or serves an edition.
pytestmark = pytest.mark.slow

KEY = "2026-11-23"
BLOCKS = {
    "poll": "question: क्या साइकिल-पथ होना चाहिए?\noptions: [हाँ, नहीं]\n",
    "quiz": "question: कितने किलोमीटर?\noptions: [120, 180]\nanswer: 2\nexplanation: एक बार चार्ज करने पर।\n",
    "feedback": "{}",
    "sponsor": "advertiser: हरियाली पौधशाला\ntext: बारह पौधे।\nurl: https://paudhe.example.com/\nshow: web\n",
    "quote": "text: सुबह ही सुबह।\nby: एक पाठक\nshow: email\n",
}


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A newsletter whose edition with questions was sent."""
    home = tmp_path_factory.mktemp("asked") / "newsletter"
    newsletter_folder(home, all_sources=False)
    folder = home / "samples/blocks" / KEY
    folder.mkdir()
    for name, text in BLOCKS.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    with site(home, ["asha@example.com", "ravi@example.com"]) as served:
        pipeline.send(served.app, KEY)
        yield served


def path(asked: Site, block: str, choice: int | str, email: str = "asha@example.com") -> str:
    return f"/answer/{KEY}/{block}/{choice}/{asked.token('preferences', email)}"


def counts(asked: Site, block: str) -> dict[str, int]:
    edition = asked.app.editions.get(KEY)
    assert edition is not None
    return option_counts(asked.app.answers, edition, "hi")[block]


def test_a_get_changes_nothing_and_a_post_counts_once(asked: Site) -> None:
    first = asked.get(path(asked, "poll", 1))
    assert first.status == 200
    assert "क्या साइकिल-पथ होना चाहिए?" in first.title
    assert translated("Send answer") in first.text
    assert counts(asked, "poll") == {"हाँ": 0, "नहीं": 0}
    for _ in range(2):
        done = asked.post(path(asked, "poll", 1))
        assert translated("Thank you. Your answer counts.") in done.text
    assert counts(asked, "poll") == {"हाँ": 1, "नहीं": 0}
    # Somebody else may have the forwarded email.
    other = asked.post(path(asked, "poll", 2))
    assert translated("This question was answered before with the links of this email. The first answer counts.") in (
        other.text
    )
    assert counts(asked, "poll") == {"हाँ": 1, "नहीं": 0}
    asked.post(path(asked, "poll", 2, "ravi@example.com"))
    asked.preferences("asha@example.com")
    done = asked.post(path(asked, "poll", 2))
    assert counts(asked, "poll") == {"हाँ": 0, "नहीं": 2}
    assert "<b>100%</b>" in done.text
    asked.cookie = ""


@pytest.mark.parametrize(("choice", "verdict"), [(1, "Not quite."), (2, "That is right!")])
def test_a_quiz_shows_the_right_answer_only_after_the_button(asked: Site, choice: int, verdict: str) -> None:
    assert "एक बार चार्ज" not in asked.get(path(asked, "quiz", choice)).text
    done = asked.post(path(asked, "quiz", choice))
    assert translated(verdict) in done.text
    assert "एक बार चार्ज करने पर।" in done.text


def test_feedback_is_counted_by_its_words(asked: Site) -> None:
    assert translated("How did you like this edition?") in asked.get(path(asked, "feedback", 1)).text
    asked.post(path(asked, "feedback", 1))
    assert counts(asked, "feedback") == {"अच्छा": 1, "ठीक नहीं": 0}


def test_what_nobody_asked_is_not_found(asked: Site) -> None:
    for block, choice in (("poll", 0), ("poll", 3), ("poll", 99), ("quote", 1), ("horoscope", 1), ("feedback", 3)):
        for answer in (asked.get(path(asked, block, choice)), asked.post(path(asked, block, choice))):
            assert answer.status == 404
    assert asked.get(path(asked, "poll", "x")).status == 422
    token = asked.token("preferences", "asha@example.com")
    assert asked.post(f"/answer/2026-11-24/poll/1/{token}").status == 404


def test_only_the_token_of_the_email_answers(asked: Site) -> None:
    before = counts(asked, "poll")
    for token in (
        "",
        "x" * 36,
        asked.token("leave", "asha@example.com"),
        # A person who gets the view forwarded can only read.
        asked.token("view", "asha@example.com"),
    ):
        assert asked.post(f"/answer/{KEY}/poll/1/{token}").status == 404
    # The links of a test email show the pages and count nobody.
    shown = asked.post(f"/answer/{KEY}/poll/1/{asked.app.signer.sign('preferences', 0)}")
    assert shown.status == 200
    assert counts(asked, "poll") == before


def test_the_page_in_the_archive_has_the_blocks_of_the_web(asked: Site) -> None:
    page = asked.get(f"/archive/{KEY}").text
    assert "हरियाली पौधशाला" in page
    assert "गेहूँ" in page
    assert "सुबह ही सुबह" not in page
    assert "/answer/" not in page
    assert "style=" not in page
    token = asked.token("view", "asha@example.com")
    mail = asked.get(f"/view/{KEY}/{token}").text
    assert "सुबह ही सुबह" in mail
    assert "हरियाली पौधशाला" not in mail
    # A person who gets this page forwarded cannot answer for the subscriber.
    assert "/answer/" not in mail


def test_show_tells_the_newsroom_the_numbers(tmp_path: Path) -> None:
    from tests.cli.newsroom import Newsroom

    newsletter_folder(tmp_path / "n", all_sources=False)
    desk = Newsroom(tmp_path / "n")
    desk.json("send")
    with site(tmp_path / "n", ["asha@example.com"]) as served:
        served.post(f"/answer/{KEY}/feedback/2/{served.token('preferences', 'asha@example.com')}")
    assert desk.json("edition", "show", KEY)["answers"] == {"feedback": {"अच्छा": 0, "ठीक नहीं": 1}}
    assert "feedback: अच्छा: 0, ठीक नहीं: 1" in desk.digest("edition", "show", KEY).out


def test_a_word_may_follow_the_answer(asked: Site) -> None:
    place = path(asked, "poll", 2)
    saved = asked.post(place)
    # Whoever has a forwarded email says nothing in the subscriber's name.
    assert 'name="word"' not in saved.text
    assert translated("You want to say more? Just reply to the email.") in saved.text
    said = asked.post(f"{place}/word", word="यह ईमेल मुझे किसी ने भेजा है।")
    assert translated("Thank you. We read every word.") not in said.text
    assert asked.app.subscriber_texts.newest(10, edition=KEY) == []
    asked.preferences("asha@example.com")
    saved = asked.post(place)
    assert f'action="{place}/word"' in saved.text
    assert 'name="word"' not in asked.get(place).text
    # Its writer is told that it is not anonymous.
    assert translated("It reaches us with this address: %(email)s") % {"email": "asha@example.com"} in saved.text
    said = asked.post(f"{place}/word", word="पहले सड़क ठीक कीजिए।")
    assert translated("Thank you. We read every word.") in said.text
    said = asked.post(f"{place}/word", word="  पहले\nसड़क  ठीक कीजिए। " + "क्षि" * 600)
    assert translated("Thank you. We read every word.") in said.text
    words = asked.app.subscriber_texts.newest(10, edition=KEY)
    assert [(each.email, each.kind, each.about) for each in words] == [("asha@example.com", "answer", "poll: नहीं")]
    assert words[0].text.startswith("पहले सड़क ठीक कीजिए। क्षि")
    assert len(words[0].text) <= 2000
    asked.post(f"{place}/word", word=" ")
    asked.cookie = ""
    assert asked.app.subscriber_texts.newest(10, edition=KEY) == words


def test_nobody_says_a_word_for_another(asked: Site) -> None:
    before = asked.app.subscriber_texts.newest(10)
    token = asked.token("leave", "asha@example.com")
    assert asked.post(f"/answer/{KEY}/poll/1/{token}/word", word="x").status == 404
    assert asked.post(path(asked, "poll", 9) + "/word", word="x").status == 404
    assert asked.get(path(asked, "poll", 1) + "/word").status in (404, 405)
    asked.post(f"/answer/{KEY}/poll/1/{asked.app.signer.sign('preferences', 0)}/word", word="x")
    assert asked.app.subscriber_texts.newest(10) == before
