"""When two items are the same article: canonical URLs, ids, content hashes. Fetches and follows nothing."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

from digest.hindi.tables import words
from digest.hindi.text import fold

TRACKING_PREFIXES = ("utm_", "at_", "pk_", "mtm_", "hsa_", "_hs", "ns_", "wt.")

# Query parameters that say how a reader came, never what is shown.
TRACKING = frozenset(
    words(
        "fbclid gclid dclid gclsrc gbraid wbraid msclkid yclid twclid ttclid igshid igsh mc_cid mc_eid",
        "_ga _gl ocid cmpid cmp s_cid ito xtor wt_mc wtmc spm trk vero_id vero_conv _openstat ref_src",
        "ref_url echobox oly_enc_id oly_anon_id rb_clickid",
    )
)

# Characters; browsers and mail programs take some 2,000.
LONGEST_URL = 4_000

AMP_PARAMETERS = frozenset({"amp", "amp_js_v", "amp_gsa", "usqp", "outputtype=amp", "output=amp"})
_NOT_IN_URLS = re.compile("[\x00-\x1f\x7f\u200b\ufeff\ud800-\udfff]")
_WORLDWIDE = ("http://", "https://", "tag:", "urn:")
_HOST_PREFIXES = ("www.", "m.", "amp.", "mobile.", "wap.")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_AMP_PATH = re.compile(r"(?:/amp(?=/$|$)|(?<=\.)amp\.(?=html?$)|[._-]amp(?=\.(?:html?|cms|ece)$))", re.I)
_AMP_FRONT = re.compile(r"^/amp(?:_?stories|html)?/(?=.)", re.I)
_SAFE = "%/:@!$&'()*+,;=~-._"

# A URL that absolute_url would leave as it is: nine links of ten, and parsing one takes twenty times as long.
_PLAIN = re.compile(r"https?://[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?:/[A-Za-z0-9_~%-][A-Za-z0-9._~%-]*)*/?")


def absolute_url(link: str, base: str) -> str:
    """The link made absolute against `base`, without fragment and tracking parameters; '' unless http(s)."""
    link = _NOT_IN_URLS.sub("", link.strip())
    if not link or len(link) > LONGEST_URL:
        return ""
    if _PLAIN.fullmatch(link):
        return link
    try:
        parts = urlsplit(urljoin(base, link) if base else link)
        if parts.scheme.lower() not in _DEFAULT_PORTS or not parts.hostname:
            return ""
        # Raises ValueError when it is no number
        _ = parts.port
    except ValueError:
        return ""
    netloc = parts.netloc.rpartition("@")[2]
    if any(char in netloc for char in " <>\"'\\^`{|}"):
        return ""
    path = quote(parts.path, safe=_SAFE)
    query = "&".join(pair for pair in parts.query.split("&") if pair and not _is_tracking(pair))
    return urlunsplit((parts.scheme.lower(), netloc, path, quote(query, safe=_SAFE + "?[]"), ""))


def canonical_url(url: str) -> str:
    """One spelling for all addresses of one page: for comparing, not for visiting. '' unless http(s).

    Always https; host in lower case without `www.`, `m.`, `amp.`; no default port, fragment, tracking or AMP marks,
    no slash at the end; percent escapes normalised, in `%E0…` form. Idempotent.
    """
    url = absolute_url(url, "")
    return _canonical(url) if url else ""


# Each address is asked for twice: who shares it, and its id
@lru_cache(maxsize=2_000)
def _canonical(url: str) -> str:
    parts = urlsplit(url)
    host, port = (parts.hostname or "").lower().rstrip("."), parts.port
    host = _bare_host(host)
    if ":" in host:
        host = f"[{host}]"
    if port is not None and port not in _DEFAULT_PORTS.values():
        host = f"{host}:{port}"
    pairs = [pair for pair in parts.query.split("&") if pair and not _is_amp(pair)]
    path = _settled(_escapes(parts.path))
    return urlunsplit(("https", host, path, _escapes("&".join(pairs)), ""))


def article_id(url: str, guid: str, source: str, title: str, salt: str = "") -> str:
    """20 hex digits of SHA-256 over the canonical URL, else the guid, else source and folded title.

    A guid is the world's only when it is a URI (`tag:`, `urn:`, http); others, as `17`, are their source's.
    `salt` tells apart the same article on different days (replayed samples).
    """
    guid = guid.strip()
    own = guid if guid.lower().startswith(_WORLDWIDE) else f"{source}\n{guid or fold(title)}"
    key = canonical_url(url) or own
    return hashlib.sha256((f"{key}\n{salt}" if salt else key).encode("utf-8", "replace")).hexdigest()[:20]


def content_hash(title: str, text: str) -> str:
    """32 hex digits that change when the title or the text does."""
    return hashlib.sha256(f"{title}\n{text}".encode("utf-8", "replace")).hexdigest()[:32]


# Marks that are taken off a path; who sets a hundred is no newspaper.
_ROUNDS = 20


def _bare_host(host: str) -> str:
    while True:
        for prefix in _HOST_PREFIXES:
            # `m.com` or `www.in` are names of their own: what remains must still have a dot
            if host.startswith(prefix) and "." in host[len(prefix) :]:
                host = host[len(prefix) :]
                break
        else:
            return host


def _settled(path: str) -> str:
    """The path without AMP marks and closing slashes; repeated, as `/amp/amp` loses one at a time, but not for ever."""
    for _ in range(_ROUNDS):
        shorter = _AMP_FRONT.sub("/", _AMP_PATH.sub("", re.sub("/{2,}", "/", path))).rstrip("/")
        if shorter == path:
            break
        path = shorter
    return path


def _escapes(text: str) -> str:
    """Percent escapes in one spelling: upper-case hex, and none for letters, digits and `-._~`."""

    def one(match: re.Match[str]) -> str:
        char = chr(int(match[1], 16))
        return char if char.isascii() and (char.isalnum() or char in "-._~") else match[0].upper()

    previous = ""
    # %2541 would otherwise change again the next time
    while previous != text:
        previous, text = text, re.sub(r"%([0-9A-Fa-f]{2})", one, text)
    return text


def _name(pair: str) -> str:
    return pair.partition("=")[0].lower()


def _is_tracking(pair: str) -> bool:
    return _name(pair) in TRACKING or _name(pair).startswith(TRACKING_PREFIXES)


def _is_amp(pair: str) -> bool:
    return _name(pair) in AMP_PARAMETERS or pair.lower() in AMP_PARAMETERS
