"""What a page's head says in `<meta>`, and in microdata of the article. Looks up, chooses nothing."""

from __future__ import annotations

from typing import Any


def metas(tree: Any) -> dict[str, str]:
    """`<meta>` by property, name or itemprop in lower case; the first of each wins."""
    found: dict[str, str] = {}
    for node in tree.iter("meta"):
        name = node.get("property") or node.get("name") or node.get("itemprop") or ""
        value = (node.get("content") or "").strip()
        if name and value:
            found.setdefault(name.strip().lower(), value)
    return found


def first(tree: Any, path: str) -> str:
    """The first string that is not blank among what an XPath gives, '' when there is none."""
    return next((str(value).strip() for value in tree.xpath(path) if str(value).strip()), "")


def author(tree: Any, meta: dict[str, str]) -> str:
    """Who wrote it, by meta elements or microdata; '' when neither says or an address stands there."""
    said = meta.get("author", "") or first(tree, "//*[@itemprop='author']//*[@itemprop='name']/text()")
    return "" if "://" in said else said
