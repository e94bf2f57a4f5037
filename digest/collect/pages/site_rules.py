"""Rules for single sites whose pages mislead the general rules: rows of data, each with its reason.

Add a row together with a saved page that fails without it.
"""

from __future__ import annotations

from urllib.parse import urlsplit

# BBC pages have other stories in the middle of the text, in a section whose class names are hashes.
_BBC = ("//*[@data-e2e='recommendations-heading']",)

# XPaths of elements to remove, by host without `www.` and `m.`. A rule applies to subdomains too.
SITE_RULES: dict[str, tuple[str, ...]] = {"bbc.com": _BBC, "bbc.co.uk": _BBC}


def elements_to_remove(url: str) -> tuple[str, ...]:
    """XPaths of what to remove from a page of this host before reading it. The longest matching host name wins."""
    host = (urlsplit(url).hostname or "").lower() if "://" in url else ""
    while host:
        if host in SITE_RULES:
            return SITE_RULES[host]
        host = host.partition(".")[2]
    return ()
