"""Text that a source repeats in article after article is removed; reports that grow keep theirs."""

from __future__ import annotations

import pytest

from digest.curate.compose import ComposeContext, curate
from digest.curate.repeated_text import remove_repeated_text
from digest.curate.rules import Rules
from digest.models import Article
from tests.curate.sample import NOW, article

BLURB = "गांव कथा प्रतियोगिता में अपनी कहानी भेजिए और पाइए ढेर सारे इनाम।"
TEXTS = (
    ("सोनपुरा में खुला नया पुल", "सोनपुरा में कमला नदी पर बना पुल रविवार को लोगों के लिए खोल दिया गया।"),
    ("मंडी में गेहूं के भाव चढ़े", "अनाज मंडी में सोमवार को गेहूं के भाव में चालीस रुपये की बढ़त देखी गई।"),
    ("विद्यालय में लगी नई प्रयोगशाला", "बालिका विद्यालय में विज्ञान की नई प्रयोगशाला का काम इस सप्ताह पूरा हुआ।"),
    ("कबड्डी के फाइनल में हरिपुर", "हरिपुर की टीम ने कबड्डी के सेमीफाइनल में सात अंकों से जीत दर्ज की है।"),
)


def reports(count: int, hours: float = 5) -> list[Article]:
    return [article(f"x{n}", "alok", title, f"{text}\n{BLURB}", hours) for n, (title, text) in enumerate(TEXTS[:count])]


def cleaned(articles: list[Article]) -> list[str]:
    return [each.text for each in remove_repeated_text(articles, NOW)]


def test_a_sentence_of_three_different_articles_is_removed() -> None:
    assert cleaned(reports(4)) == [text for _title, text in TEXTS]
    assert cleaned(reports(2)) == [f"{text}\n{BLURB}" for _title, text in TEXTS[:2]]


def test_it_is_removed_from_within_a_paragraph_with_sentences_that_refer_to_it() -> None:
    tail = "इसके लिए नियम देखें।"
    within = [
        article(f"x{n}", "alok", title, f"{text} {BLURB} {tail} {text[:-1]} है।")
        for n, (title, text) in enumerate(TEXTS)
    ]
    assert cleaned(within)[0] == f"{TEXTS[0][1]} {TEXTS[0][1][:-1]} है।"


def test_other_sources_and_old_days_do_not_count() -> None:
    others = [article(f"y{n}", f"paper{n}", title, f"{text}\n{BLURB}") for n, (title, text) in enumerate(TEXTS)]
    assert all(BLURB in text for text in cleaned(others))
    old = reports(4, hours=20 * 24)
    assert all(BLURB in text for text in cleaned(old))


def test_a_report_that_grows_keeps_its_body() -> None:
    body = " ".join(text for _title, text in TEXTS)
    growing = [
        article(f"g{n}", "alok", f"सोनपुरा पुल पर जाम, {n} घंटे से फंसे लोग", f"जाम का {n} घंटा बीता।\n{body}")
        for n in range(4)
    ]
    assert all(body in text for text in cleaned(growing))


def test_copies_under_other_titles_keep_their_text() -> None:
    copies = [article(f"c{n}", "alok", title, TEXTS[0][1]) for n, (title, _text) in enumerate(TEXTS)]
    assert cleaned(copies) == [TEXTS[0][1]] * 4


def test_an_edition_reports_removals_and_its_summaries_lack_the_text() -> None:
    curated = curate(reports(4), ComposeContext(Rules(min_stories=1), NOW))
    stories = [story for section in curated.sections for story in section.stories]
    assert len(stories) == 4
    assert not any(BLURB in story.summary for story in stories)
    assert "repeated sentences of alok in 4 of its articles" in curated.left_out
    assert all(BLURB in each.text for each in reports(4))


def test_days_of_the_background_teach() -> None:
    today, before = reports(4)[:1], reports(4, hours=3 * 24)[1:]
    curated = curate(today, ComposeContext(Rules(min_stories=1), NOW, background=before))
    assert BLURB not in curated.sections[0].stories[0].summary


@pytest.mark.parametrize("count", [0, 1])
def test_few_articles_teach_nothing(count: int) -> None:
    assert len(cleaned(reports(count))) == count
