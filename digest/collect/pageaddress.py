"""The address by which a page wants to be known: rel=canonical, og:url, JSON-LD's, or the one that was asked.

Sites set a canonical of their front page or section on every article; such a one is worth less than the address
that was asked for.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from digest.collect.cleaning.identity import absolute_url, canonical_url
from digest.collect.jsonld import Stated
from digest.collect.pagemeta import first


def address(tree: Any, meta: dict[str, str], said: Stated, base: str) -> str:
    """The page's own address, absolute; `base` (the one asked, '' when unknown) where the page names no article's."""
    named = [first(tree, "//link[@rel='canonical' or @rel='Canonical']/@href"), meta.get("og:url", ""), said.url]
    found = [url for one in named if (url := absolute_url(one, base)) and not _is_front(url, base)]
    if not found:
        return base
    asked = canonical_url(base)
    if asked and canonical_url(found[0]) != asked and _same_host(found[0], base):
        # two of the three say what was asked for: the first is a template's mistake
        confirmed = [url for url in found[1:] if canonical_url(url) == asked]
        if confirmed:
            return confirmed[0]
    return found[0]


def _same_host(one: str, other: str) -> bool:
    return urlsplit(canonical_url(one)).hostname == urlsplit(canonical_url(other)).hostname


def _is_front(url: str, base: str) -> bool:
    """Whether an address is a front page or the section that the page asked for lies in."""
    parts, asked = urlsplit(canonical_url(url)), urlsplit(canonical_url(base))
    path, whole = parts.path.rstrip("/"), asked.path.rstrip("/")
    if not path and not parts.query:
        return bool(whole or asked.query)
    if not whole.startswith(path + "/") or parts.query or parts.hostname != asked.hostname:
        return False
    last = path.rpartition("/")[2]
    return last.count("-") < 2 and not any(char.isdigit() for char in last)
