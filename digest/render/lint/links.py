"""The addresses of a letter: each whole, and the way out among them."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from digest.models import PLACEHOLDERS, RenderedEmail
from digest.render.lint.finding import Finding, error, shown, warning
from digest.render.lint.tree import Tree


def check(letter: RenderedEmail, tree: Tree | None) -> Iterator[Finding]:
    leave = PLACEHOLDERS["unsubscribe"]
    if leave not in letter.text:
        yield error("unsubscribe", "the text part has no way to unsubscribe")
    if tree is None:
        return
    if not any(leave in element.attributes.get("href", "") for element in tree.all("a")):
        yield error("unsubscribe", "the HTML part has no link to unsubscribe")
    if any(_is_ours(element.attributes.get("href", "")) for element in tree.all("a")):
        yield warning("link", "newsletter.base_url is not https: mail programs offer no one-click unsubscribe")
    for element in tree.all("a"):
        if "href" not in element.attributes:
            yield error("link", f"a link leads nowhere: {shown(element.all_text())}")
            continue
        yield from _address(element.attributes["href"], shown(element.all_text()))
        if not element.all_text().strip():
            yield error("link", f"a link without words: {shown(element.attributes['href'])}")


def urls(letter: RenderedEmail) -> list[str]:
    """The web addresses that the letter links to, each once; those that a reader's own token ends are left out."""
    from digest.render.lint.tree import read

    found = [element.attributes.get("href", "") for element in read(letter.html).all("a")] if letter.html else []
    tags = tuple(PLACEHOLDERS.values())
    return [url for url in dict.fromkeys(found) if url.startswith("http") and not any(tag in url for tag in tags)]


def _is_ours(url: str) -> bool:
    """Whether a link leads to a reader's own page, unencrypted."""
    return url.startswith("http:") and any(tag in url for tag in PLACEHOLDERS.values())


def _address(url: str, text: str) -> Iterator[Finding]:
    if url.startswith("mailto:"):
        if "@" not in url:
            yield error("link", f"{shown(url)} is no mail address ({text})")
        return
    if url.startswith("#"):
        yield warning("link", f"{shown(url)} leads within the letter, which Gmail's and Outlook's apps ignore ({text})")
        return
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        parts, host = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not host:
        yield error("link", f"{shown(url) or 'an empty address'} is no whole web address ({text})")
    elif not url.isascii() or " " in url:
        yield error("link", f"{shown(url)} is not in ASCII, which breaks in some programs ({text})")
    elif parts.scheme == "http" and not _is_ours(url):
        yield warning("link", f"{shown(url)} is not https ({text})")
