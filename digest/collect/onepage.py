"""Takes a web page that is one article for a source of one article. Fetches nothing; what a page holds is pages'."""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import urlsplit

from digest.collect.assemble import assemble
from digest.collect.pages import read_page
from digest.collect.parsed import Notes, Parsed
from digest.models import Source

LEAST = 200
"""Characters of running text below which a page that calls itself an article holds none."""

_SAYS_ARTICLE = re.compile(
    r"og:type[\"']?\s{1,9}content\s{0,9}=\s{0,9}[\"']?article|content\s{0,9}=\s{0,9}[\"']?article[\"']?\s{1,9}"
    r"property\s{0,9}=\s{0,9}[\"']?og:type|[\"'](?:News|Reportage[a-z]{0,4}News)?Article[\"']|[\"'](?:Live)?Blog"
    r"Posting[\"']|article:published_time|itemprop\s{0,9}=\s{0,9}[\"']?articleBody",
    re.I,
)


def parse_page(text: str, *, source: Source, base_url: str, now: datetime, notes: Notes) -> Parsed | None:
    """The page's article (kind 'page'); None when it does not say that it is one, or has no text to show for it."""
    if not _SAYS_ARTICLE.search(text):
        return None
    item = read_page(text, base_url)
    length = sum(len(block.text) for block in item.body if block.kind == "p")
    if not item.title or length < LEAST or (item.url and not urlsplit(item.url).path.strip("/")):
        return None
    articles, lost, _ = assemble([item], source=source, now=now, notes=notes)
    return Parsed("page", articles, lost, notes.told())
