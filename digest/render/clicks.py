"""Redirect links on our pages that count clicks: `/c/EDITION/CODE`.

A code is a signature of the edition, the story and its URL. So a link leads only to URLs in that edition, a forged link
leads nowhere, and no table of links is needed. The code is shorter than most URLs, so emails get smaller. Links to our
own pages stay as they are.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from digest.models import HONEYPOT, PLACEHOLDERS, Edition
from digest.render import texts

# Characters of a code: 72 bits.
CODE_LENGTH = 12
_HREF = re.compile(r'(<a\b[^>]*?\bhref=")([^"]*)(")')
_BODY_END = re.compile(r"(?:</div>\s*)?</body>")

# Signs a text with each of our keys, newest first.
Sign = Callable[[str], Sequence[str]]


@dataclass(frozen=True, slots=True)
class ClickTarget:
    """The target of a link in an edition. `name` is `story:ID`, `ad:HASH`, or HONEYPOT."""

    name: str
    url: str
    title: str = ""
    section: str = ""


def targets(edition: Edition) -> list[ClickTarget]:
    """Return the stories and advertisements of an edition that have a URL, in reading order."""
    found = [
        ClickTarget(f"story:{story.id}", url, texts.one_line(story.title), texts.one_line(section.name))
        for section in edition.sections
        for story in section.stories
        if (url := texts.web_address(story.url))
    ]
    for block in edition.blocks:
        url = texts.web_address(str(block.data.get("url") or ""))
        if block.kind == "sponsor" and url:
            advertiser = texts.one_line(str(block.data.get("advertiser") or ""))
            found.append(ClickTarget(advertisement(advertiser, url), url, advertiser))
    return list(dict.fromkeys(found))


def advertisement(advertiser: str, url: str) -> str:
    """Return the name of an advertisement's target: the same in every edition that has it."""
    name = f"{advertiser}\n{url}"
    return f"ad:{hashlib.sha256(name.encode()).hexdigest()[:16]}"


@dataclass(frozen=True)
class ClickLinks:
    """Makes and reads the links. `base` is the address of our pages."""

    base: str
    sign: Sign
    # Whether each link identifies the subscriber.
    with_subscriber: bool = False

    def put(self, email: str, edition: Edition) -> str:
        """Return the HTML of an email with redirect links in place of the edition's URLs, and one hidden link."""
        codes: dict[str, str] = {}
        for target in targets(edition):
            if not self._is_own(target.url):
                codes.setdefault(target.url, self._codes(edition.key, target)[0])

        def replace(link: re.Match[str]) -> str:
            code = codes.get(html.unescape(link[2]))
            return f"{link[1]}{self._url(edition.key, code)}{link[3]}" if code else link[0]

        found = _HREF.sub(replace, email)
        if not codes:
            return found
        # Without text it takes no space even where styles are not supported, and neither a finger nor the Tab key
        # reaches it.
        url = self._url(edition.key, self._codes(edition.key, _honeypot(edition))[0])
        hidden = f'<a href="{url}" style="display:none" tabindex="-1" aria-hidden="true" rel="nofollow"></a>'
        return _BODY_END.sub(lambda end: hidden + end[0], found, count=1)

    def remove(self, email: str, edition: Edition) -> str:
        """Return the HTML with the original URLs, and without the hidden link."""
        urls = {code: target.url for code, target in self.by_code(edition).items()}
        start = f"{self.base.rstrip('/')}/c/{quote(edition.key, safe='')}/"

        def replace(link: re.Match[str]) -> str:
            url = urls.get(link[2].removeprefix(start)[:CODE_LENGTH]) if link[2].startswith(start) else None
            return f"{link[1]}{html.escape(url)}{link[3]}" if url else link[0]

        hidden = re.compile(rf'<a href="{re.escape(start)}[^"]*" style="display:none"[^>]*></a>')
        return _HREF.sub(replace, hidden.sub("", email))

    def by_code(self, edition: Edition) -> dict[str, ClickTarget]:
        """Return code → target, including codes by older keys."""
        every = [_honeypot(edition), *targets(edition)]
        return {code: target for target in every for code in self._codes(edition.key, target)}

    def _codes(self, key: str, target: ClickTarget) -> list[str]:
        return [each[:CODE_LENGTH] for each in self.sign(f"{key}\n{target.name}\n{target.url}")]

    def _url(self, key: str, code: str) -> str:
        who = f"/{PLACEHOLDERS['view']}" if self.with_subscriber else ""
        return f"{self.base.rstrip('/')}/c/{quote(key, safe='')}/{code}{who}"

    def _is_own(self, url: str) -> bool:
        own, other = urlsplit(self.base), urlsplit(url)
        if (own.hostname, own.port) != (other.hostname, other.port):
            return False
        root = own.path.rstrip("/")
        return other.path == root or other.path.startswith(f"{root}/")


def _honeypot(edition: Edition) -> ClickTarget:
    return ClickTarget(HONEYPOT, f"#{edition.key}")
