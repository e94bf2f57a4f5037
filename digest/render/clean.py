"""What came from outside, made fit to stand in a letter: text, web addresses, mail addresses.

Escaping is the templates' work; this is what escaping does not do. A placeholder typed into a headline would
otherwise be filled with a reader's own token, and premailer percent-encodes a host that is not ASCII.
"""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit, urlunsplit

# Controls and lone surrogates: premailer drops surrogates silently, which could join two halves of a placeholder.
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
_BLANK = re.compile(r"[\s\u00a0]+")
_TAG = "-DGX_"
_SAFE = "/:?#[]@!$&()*+,;=%~-._|"


def line(text: str) -> str:
    """`text` on one line, without controls, and with nothing in it that could be a placeholder."""
    return _BLANK.sub(" ", _defused(text)).strip()


def paragraphs(text: str) -> tuple[str, ...]:
    """The paragraphs of `text`, each as `line` gives it; every newline ends one."""
    return tuple(filter(None, (line(part) for part in text.splitlines())))


def web(url: str) -> str:
    """`url` in ASCII (host in punycode, path percent-encoded), or '' unless it is an http or https address."""
    try:
        parts = urlsplit(_UNFIT.sub("", url).strip())
        host, port = parts.hostname or "", parts.port
        ascii_host = host if host.isascii() else host.encode("idna").decode()
    except (ValueError, UnicodeError):
        return ""
    if parts.scheme not in ("http", "https") or not re.fullmatch(r"[A-Za-z0-9.\-_:]+", ascii_host):
        return ""
    netloc = (f"[{ascii_host}]" if ":" in ascii_host else ascii_host) + (f":{port}" if port else "")
    path, query, fragment = (quote(part, safe=_SAFE) for part in (parts.path, parts.query, parts.fragment))
    return urlunsplit((parts.scheme, netloc, path, query, fragment)).replace(_TAG, "%2DDGX_")


def mailbox(address: str) -> str:
    """`address` as it can stand in a `mailto:` link, its domain in punycode; '' when it is no address."""
    local, at, domain = _UNFIT.sub("", address).strip().rpartition("@")
    try:
        ascii_domain = domain if domain.isascii() else domain.encode("idna").decode()
    except UnicodeError:
        return ""
    return f"{quote(local, safe='+._-=')}@{quote(ascii_domain)}" if at and local and domain else ""


def _defused(text: str) -> str:
    """A hyphen that looks the same but is none (U+2010) takes the place of the tag's first."""
    return _UNFIT.sub("", text).replace(_TAG, "‐DGX_")
