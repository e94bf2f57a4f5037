"""Invented Hindi news for benches: papers that report the same events. Nobody and nothing is real."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from digest.curate.similarity.tfidf import document_shares
from digest.models import Article, Block

NOW = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
PAPERS = 40
ONE_PAPER = 0.6
"""Share of the events that one paper alone reports; the others have two to six."""
_CONSONANTS, _VOWELS = "कखगघचछजटडतथदधनपफबभमयरलवशसह", ("", "ा", "ि", "ी", "ु", "ू", "े", "ै", "ो", "ौ")


def articles(count: int, *, seed: int = 1) -> list[Article]:
    """So many articles of the last 24 hours, some 180 words each, of events that one to six papers report."""
    chance = random.Random(seed)
    words, weights = list(document_shares()), list(document_shares().values())
    found: list[Article] = []
    while len(found) < count:
        names = [_name(chance) for _ in range(12)]
        topic = chance.choices(words, k=25)
        papers = 1 if chance.random() < ONE_PAPER else chance.randint(2, 6)
        hours = chance.uniform(2, 20)
        for paper in chance.sample(range(PAPERS), papers):
            lines = [
                " ".join(
                    [*chance.choices(names, k=2), *chance.choices(topic, k=5), *chance.choices(words, weights, k=8)]
                )
                for _ in range(12)
            ]
            title = " ".join([*chance.sample(names, 2), *chance.sample(topic, 4), *chance.choices(words, weights, k=2)])
            found.append(
                Article(
                    id=f"{seed}-{len(found)}",
                    source=f"paper {paper}",
                    title=title,
                    published=NOW - timedelta(hours=hours + chance.random()),
                    url=f"https://paper{paper}.example.com/{seed}/{len(found)}",
                    body=tuple(Block("p", f"{line}।") for line in lines),
                    content_hash=f"{seed}-{len(found)}",
                )
            )
    return found[:count]


def _name(chance: random.Random) -> str:
    return "".join(chance.choice(_CONSONANTS) + chance.choice(_VOWELS) for _ in range(chance.randint(2, 4)))
