"""The counts of one epidemic or disaster in one place take one place of an edition."""

from __future__ import annotations

from collections.abc import Sequence

from digest.curate.compose import ComposeContext, curate
from digest.curate.editorial import EditorialChanges
from digest.curate.rules import Rules
from digest.models import Article
from tests.curate.sample import NOW, article, stories
from tests.support.tables import each_row

RULES = Rules(min_stories=1)


def chosen(titles: Sequence[str], **more: object) -> list[str]:
    articles: list[Article] = [article(f"t{n}", f"paper{n}", title, hours=n + 1) for n, title in enumerate(titles)]
    return [story.title for story in stories(curate(articles, ComposeContext(RULES, NOW, **more)))]  # type: ignore[arg-type]


@each_row(
    ("one", "other", "count"),
    [
        ("देश में कोरोना के 283 मामले", "भारत में 251 लोग कोरोना से संक्रमित", 1),
        ("देश में 73 लोगों में कोरोना की पुष्टि", "भारत में कोरोना के 60 मामले", 1),
        ("कोरोना के 415 मामले: मंत्रालय", "बिहार में पहली मौत, देश में कोरोना के 341 मरीज", 1),
        ("बिहार में बाढ़ से 22 की मौत", "बाढ़ का कहर: बिहार में 27 मरे", 1),
        ("बिहार में बाढ़ से 22 की मौत, परीक्षाएं रद्द", "सैलाब का कहर: बिहार में 27 मरे", 1),
        ("बंगाल में तूफान से 12 की मौत", "बंगाल में चक्रवात से 15 मरे", 1),
        ("पटना में बाढ़ से 12 की मौत", "बाढ़ ने बिहार में मचाई तबाही", 1),
        ("असम में बाढ़ से 12 की मौत", "असम में बाढ़ के बाद सेना पहुंची", 2),
        # Other places.
        ("दिल्ली में कोरोना के 10 मामले", "मुंबई में कोरोना के 12 मामले", 2),
        ("पटना में कोरोना से 3 की मौत", "गया में कोरोना से 2 की मौत", 2),
        ("पटना में डेंगू के 30 मरीज", "बिहार में डेंगू के 90 मरीज", 2),
        ("दुनिया में कोरोना के सात लाख मरीज", "भारत में कोरोना के 900 मरीज", 2),
        ("इटली में कोरोना से 601 की मौत, देश में मातम", "भारत में कोरोना से 4 की मौत", 2),
        # Other diseases and disasters.
        ("दिल्ली में डेंगू के 30 मरीज", "दिल्ली में कोरोना के 40 मरीज", 2),
        ("असम में बाढ़ से 12 की मौत", "असम में भूकंप से 3 की मौत", 2),
        # More than a count, none, and a disaster without a place.
        ("बिहार में लॉकडाउन, कोरोना के 4 मामले", "बिहार में कोरोना के 6 मामले", 2),
        ("सरकार ने कोरोना को आपदा माना, भारत में 84 मामले", "भारत में कोरोना के 81 मरीज", 2),
        ("भारत में कोरोना के 13 लाख मामले हो सकते हैं", "भारत में कोरोना के 900 मरीज", 2),
        ("भारत में कोरोना की जांच सस्ती", "भारत में कोरोना के 900 मरीज", 2),
        ("तूफान से 10 की मौत", "चक्रवाती तूफान ने ली 8 की जान", 2),
        ("दिल्ली में सड़क हादसे में 4 की मौत", "दिल्ली में बस हादसे में 3 की मौत", 2),
    ],
)
def test_only_counts_of_one_event_and_place_share_a_place(one: str, other: str, count: int) -> None:
    assert len(chosen([one, other])) == count


def test_the_weightiest_count_stays_and_an_editor_may_have_both() -> None:
    titles = ["भारत में कोरोना के 251 मामले", "भारत में कोरोना से चौथी मौत, 283 मामले"]
    assert chosen(titles) == titles[1:]
    assert sorted(chosen(titles, changes=EditorialChanges(added=("t0",)))) == sorted(titles)


def test_several_counts_are_better_than_no_edition() -> None:
    titles = ["भारत में कोरोना के 251 मामले", "देश में कोरोना के 283 मरीज", "कोरोना से देश में चौथी मौत", "नगर में नया पुल बना"]
    articles = [article(f"t{n}", f"paper{n}", title, hours=n + 1) for n, title in enumerate(titles)]
    three = curate(articles, ComposeContext(Rules(min_stories=3), NOW))
    four = curate(articles, ComposeContext(Rules(min_stories=4), NOW))
    assert (len(stories(three)), len(stories(four))) == (3, 4)
