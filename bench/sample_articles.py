"""Invented Hindi news for benchmarks: papers that report the same events. Nothing in it is real."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from digest.curate.similarity.tfidf import document_shares
from digest.models import Article, TextBlock

NOW = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
PAPERS = 40
# Share of the events that only one paper reports; two to six report each of the others.
ONE_PAPER = 0.6
_CONSONANTS, _VOWELS = "कखगघचछजटडतथदधनपफबभमयरलवशसह", ("", "ा", "ि", "ी", "ु", "ू", "े", "ै", "ो", "ौ")


def make_articles(count: int, *, seed: int = 1) -> list[Article]:
    """Return articles of the last 24 hours, some 180 words each, about events that one to six papers report."""
    rng = random.Random(seed)
    words, weights = list(document_shares()), list(document_shares().values())
    found: list[Article] = []
    while len(found) < count:
        names = [_name(rng) for _ in range(12)]
        topic = rng.choices(words, k=25)
        papers = 1 if rng.random() < ONE_PAPER else rng.randint(2, 6)
        hours = rng.uniform(2, 20)
        for paper in rng.sample(range(PAPERS), papers):
            lines = [
                " ".join([*rng.choices(names, k=2), *rng.choices(topic, k=5), *rng.choices(words, weights, k=8)])
                for _ in range(12)
            ]
            title = " ".join([*rng.sample(names, 2), *rng.sample(topic, 4), *rng.choices(words, weights, k=2)])
            found.append(
                Article(
                    id=f"{seed}-{len(found)}",
                    source=f"paper {paper}",
                    title=title,
                    published=NOW - timedelta(hours=hours + rng.random()),
                    url=f"https://paper{paper}.example/{seed}/{len(found)}",
                    body=tuple(TextBlock("p", f"{line}।") for line in lines),
                    content_hash=f"{seed}-{len(found)}",
                )
            )
    return found[:count]


def _name(rng: random.Random) -> str:
    return "".join(rng.choice(_CONSONANTS) + rng.choice(_VOWELS) for _ in range(rng.randint(2, 4)))
