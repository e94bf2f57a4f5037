"""Clean what comes from outside for use in an email: text, web addresses, mail addresses.

Templates escape HTML; this handles what escaping does not. A placeholder typed into a headline would be replaced by
the recipient's own token, and premailer percent-encodes a host that is not ASCII.
"""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit, urlunsplit

# Control characters and lone surrogates. premailer drops surrogates silently, which could join two halves of a
# placeholder.
_INVALID = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
_BLANK = re.compile(r"[\s\u00a0]+")
_TAG_START = "-DGX_"
_SAFE = "/:?#[]@!$&()*+,;=%~-._|"


def one_line(text: str) -> str:
    """`text` on one line, without control characters and without placeholders."""
    return _BLANK.sub(" ", _without_placeholders(text)).strip()


def paragraphs(text: str) -> tuple[str, ...]:
    """The lines of `text` that are not empty, each as `one_line` gives it."""
    return tuple(filter(None, (one_line(part) for part in text.splitlines())))


def web_address(url: str) -> str:
    """`url` in ASCII (host in punycode, path percent-encoded), or '' if it is not an http or https address."""
    try:
        parts = urlsplit(_INVALID.sub("", url).strip())
        host, port = parts.hostname or "", parts.port
        ascii_host = host if host.isascii() else host.encode("idna").decode()
    except (ValueError, UnicodeError):
        return ""
    if parts.scheme not in ("http", "https") or not re.fullmatch(r"[A-Za-z0-9.\-_:]+", ascii_host):
        return ""
    netloc = (f"[{ascii_host}]" if ":" in ascii_host else ascii_host) + (f":{port}" if port else "")
    path, query, fragment = (quote(part, safe=_SAFE) for part in (parts.path, parts.query, parts.fragment))
    return urlunsplit((parts.scheme, netloc, path, query, fragment)).replace(_TAG_START, "%2DDGX_")


def mail_address(address: str) -> str:
    """`address` for a `mailto:` link, its domain in punycode, or '' if it is not a mail address."""
    local, at, domain = _INVALID.sub("", address).strip().rpartition("@")
    try:
        ascii_domain = domain if domain.isascii() else domain.encode("idna").decode()
    except UnicodeError:
        return ""
    return f"{quote(local, safe='+._-=')}@{quote(ascii_domain)}" if at and local and domain else ""


def _without_placeholders(text: str) -> str:
    # A look-alike hyphen (U+2010) replaces the first character of the tag.
    return _INVALID.sub("", text).replace(_TAG_START, "‐DGX_")
