"""Papers that give different tolls: the summary states both, with their sources."""

from __future__ import annotations

import pytest

from digest.curate.compose import ComposeContext, curate
from digest.curate.rules import Rules
from digest.curate.summary import write_summary
from digest.curate.summary.death_tolls import Toll, mixes_tolls, read_toll, tolls_sentence
from digest.models import Article
from tests.curate.sample import NOW, OTHERS, article
from tests.support.tables import each_row

TEXT = (
    "सोनपुरा में शनिवार रात कमला नदी में नाव पलटने से {} लोगों की मौत हो गई। गोताखोर रात भर तलाश करते रहे। "
    "नाव में बाज़ार से लौट रहे ग्रामीण सवार थे। जिलाधिकारी ने जांच के आदेश दिए हैं।"
)


def boat(source: str, dead: str, hours: float = 5, title: str = "सोनपुरा में नाव पलटी, {} की मौत") -> Article:
    return article(f"{source}-{dead}", source, title.format(dead), TEXT.format(dead), hours=hours)


@each_row(
    ("title", "toll"),
    [
        ("नाव पलटी, 7 की मौत", Toll("a", 7)),
        ("नाव पलटने से सात लोगों की मौत", Toll("a", 7)),
        ("नाव हादसे में 40 से ज्यादा लोगों की मौत", Toll("a", 40, is_least=True)),
        ("नाव हादसे में कम से कम 12 मरे", Toll("a", 12, is_least=True)),
        ("नाव हादसे में दर्जनों की मौत", None),
        ("नाव हादसे में एक भारतीय की मौत", None),
        ("सोनपुरा में बुखार से युवक की मौत, देश में अब तक 6 की गई जान", None),
        ("देश की राजधानी में इमारत गिरी, 9 की मौत", Toll("a", 9)),
        ("नाव पलटी, 7 घायल", None),
        ("नाव पलटी", None),
    ],
)
def test_the_toll_of_a_headline(title: str, toll: Toll | None) -> None:
    assert read_toll(article("a", "a", title)) == toll


def test_a_headline_without_a_number_leaves_it_to_the_first_sentence() -> None:
    found = article("a", "a", "सोनपुरा में नाव पलटी", "हादसे में 9 लोगों की मौत हुई। पिछले साल 30 की मौत हुई थी।")
    assert read_toll(found) == Toll("a", 9)


def test_different_tolls_are_told_with_their_papers() -> None:
    story = [boat("क", "7"), boat("ख", "9"), boat("ग", "9")]
    assert tolls_sentence(story) == "मृतकों की संख्या अख़बारों में अलग-अलग: 7 (क), 9 (ख, ग)।"
    assert tolls_sentence(story, "en") == "The papers give different numbers of dead: 7 (क), 9 (ख, ग)."


@pytest.mark.parametrize(
    "story",
    [
        [boat("क", "7")],
        [boat("क", "7"), boat("ख", "सात")],
        # An older report of the same paper.
        [boat("क", "7", hours=9), boat("क", "9", hours=2), boat("ख", "9")],
        [boat("क", "7", title="नाव पलटी, {} से ज्यादा मौत"), boat("ख", "9")],
    ],
    ids=["one paper", "in words", "newest", "at least"],
)
def test_papers_that_agree_need_no_sentence(story: list[Article]) -> None:
    assert tolls_sentence(story) == ""


def test_two_tolls_in_one_summary_are_seen_only_where_the_papers_disagree() -> None:
    differ, agree = [boat("क", "7"), boat("ख", "9")], [boat("क", "9"), boat("ख", "9")]
    text = "नाव पलटने से 9 लोगों की मौत हो गई।"
    assert mixes_tolls(text, "नाव पलटी, 7 की मौत", differ)
    assert not mixes_tolls(text, "नाव पलटी, 9 की मौत", differ)
    assert not mixes_tolls(text, "नाव पलटी, 7 की मौत", agree)


def test_a_summary_never_takes_the_toll_of_the_other_paper() -> None:
    first = article(
        "a", "क", "सोनपुरा में नाव पलटी, 7 की मौत", "नाव पलटने से 7 लोगों की मौत हो गई, प्रशासन ने जांच के आदेश दिए हैं।"
    )
    second = article("b", "ख", "नाव हादसा", "मुआवज़े का ऐलान हुआ। हादसे में नौ ग्रामीण मारे गए, जिनमें तीन बच्चे थे।")
    summary = write_summary([first, second], title=first.title, summariser=None, background={})
    assert "7" in summary.text
    assert "नौ" not in summary.text


def test_an_edition_tells_the_difference() -> None:
    papers = [boat("alok", "7"), boat("setu", "9", hours=3)]
    found = curate([*papers, *OTHERS], ComposeContext(Rules(), NOW))
    story = next(story for section in found.sections for story in section.stories if "नाव" in story.title)
    assert len(story.sources) == 2
    assert story.summary.endswith("7 (alok), 9 (setu)।")
