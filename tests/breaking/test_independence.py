"""Which articles count as independent reports of a story."""

from __future__ import annotations

from dataclasses import replace

import pytest

from digest.curate.independence import count_origins, publisher
from digest.models import Article
from tests.curate.sample import BRIDGE, article
from tests.support.tables import each_row

OWN_WORDS = [
    replace(each, url=f"https://www.{paper}.example/{each.id}")
    for each, paper in zip(BRIDGE, ("alok", "prabhakar", "setu"), strict=True)
]
FIRST, SECOND, THIRD = OWN_WORDS


def _as(text: Article, paper: str, **changes: object) -> Article:
    """The text as another paper prints it."""
    return replace(text, id=paper, source=paper, url=f"https://{paper}.example/1", **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("articles", "origins"),
    [
        pytest.param(OWN_WORDS, 3, id="three papers in their own words"),
        pytest.param([FIRST, _as(FIRST, "kiran"), _as(FIRST, "tara")], 1, id="copies of one report"),
        pytest.param([FIRST, _as(FIRST, "kiran", title="पुल चालू"), SECOND], 2, id="a copy with a new headline"),
        pytest.param(
            [FIRST, _as(FIRST, "kiran", body=FIRST.body[:1], title="सोनपुरा का पुल खुल गया"), SECOND],
            2,
            id="a copy that was cut",
        ),
        pytest.param(
            [FIRST, replace(SECOND, url="https://m.alok.example/2"), THIRD], 2, id="two sites of one publisher"
        ),
        pytest.param(
            [replace(each, author=name) for each, name in zip(OWN_WORDS, ("भाषा", "PTI", "रीना राय"), strict=True)],
            2,
            id="one agency in two bylines",
        ),
        pytest.param([replace(each, dated=False) for each in OWN_WORDS], 0, id="without dates"),
        pytest.param([replace(each, url=None) for each in OWN_WORDS], 3, id="files of three sources"),
        pytest.param([], 0, id="nothing"),
    ],
)
def test_origins(articles: list[Article], origins: int) -> None:
    assert count_origins(articles) == origins
    assert count_origins(articles[::-1]) == origins


@each_row(
    ("url", "site"),
    [
        ("https://hindi.paper.example/a", "paper.example"),
        ("https://www.paper.co.in/a", "paper.co.in"),
        ("https://paper.in/a", "paper.in"),
        ("https://WWW.Paper.Example./a", "paper.example"),
        ("http://127.0.0.1:8000/a", "127.0.0.1"),
        (None, "paper"),
    ],
)
def test_publisher(url: str | None, site: str) -> None:
    assert publisher(article("1", "paper", "ख़बर", url=url)) == site
