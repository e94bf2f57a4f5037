"""Identity of articles: canonical URLs, ids and content hashes."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

from digest.hindi.text import fold, words
from digest.utils.urls import split_url

TRACKING_PREFIXES = ("utm_", "at_", "pk_", "mtm_", "hsa_", "_hs", "ns_", "wt.")

# Query parameters that only say where a visitor came from.
TRACKING = frozenset(
    words(
        "fbclid gclid dclid gclsrc gbraid wbraid msclkid yclid twclid ttclid igshid igsh mc_cid mc_eid",
        "_ga _gl ocid cmpid cmp s_cid ito xtor wt_mc wtmc spm trk vero_id vero_conv _openstat ref_src",
        "ref_url echobox oly_enc_id oly_anon_id rb_clickid",
    )
)

# Characters. Browsers and mail programs accept about 2,000.
MAX_URL = 4_000

AMP_PARAMETERS = frozenset({"amp", "amp_js_v", "amp_gsa", "usqp", "outputtype=amp", "output=amp"})
_NOT_IN_URLS = re.compile("[\x00-\x1f\x7f\u200b\ufeff\ud800-\udfff]")
_WORLDWIDE = ("http://", "https://", "tag:", "urn:")
_HOST_PREFIXES = ("www.", "m.", "amp.", "mobile.", "wap.")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_AMP_PATH = re.compile(r"(?:/amp(?=/$|$)|(?<=\.)amp\.(?=html?$)|[._-]amp(?=\.(?:html?|cms|ece)$))", re.I)
_AMP_FRONT = re.compile(r"^/amp(?:_?stories|html)?/(?=.)", re.I)
_SAFE = "%/:@!$&'()*+,;=~-._"


def absolute_url(link: str, base: str | None) -> str | None:
    """Return the link as an absolute URL, without fragment and tracking parameters.

    None if it is not http or https, or if programs could disagree about its host.
    """
    link = _NOT_IN_URLS.sub("", link.strip())
    if not link or len(link) > MAX_URL:
        return None
    try:
        parts = split_url(urljoin(base, link) if base else link)
        if parts.scheme.lower() not in _DEFAULT_PORTS or not parts.hostname:
            return None
        # Raises ValueError if the port is not a number.
        _ = parts.port
    except ValueError:
        return None
    netloc = parts.netloc.rpartition("@")[2]
    if "'" in netloc:
        return None
    path = quote(parts.path, safe=_SAFE)
    query = "&".join(pair for pair in parts.query.split("&") if pair and not _is_tracking(pair))
    return urlunsplit((parts.scheme.lower(), netloc, path, quote(query, safe=_SAFE + "?[]"), ""))


def canonical_url(url: str | None) -> str | None:
    """Return one spelling for all URLs of a page, for comparing and not for visiting; None without an http URL.

    https, the host without `www.`, `m.` and `amp.`, and without port, fragment, tracking and AMP parts. Idempotent.
    """
    absolute = absolute_url(url, None) if url else None
    return _canonical(absolute) if absolute else None


# Each URL is looked up twice: for shared URLs, and for the id.
@lru_cache(maxsize=2_000)
def _canonical(url: str) -> str:
    parts = urlsplit(url)
    host, port = (parts.hostname or "").lower().rstrip("."), parts.port
    host = _main_host(host)
    if ":" in host:
        host = f"[{host}]"
    if port is not None and port not in _DEFAULT_PORTS.values():
        host = f"{host}:{port}"
    pairs = [pair for pair in parts.query.split("&") if pair and not _is_amp(pair)]
    path = _normal_path(_normal_escapes(parts.path))
    return urlunsplit(("https", host, path, _normal_escapes("&".join(pairs)), ""))


def article_id(url: str | None, guid: str | None, source: str, title: str, salt: str = "") -> str:
    """Return 20 hex digits of SHA-256 over the canonical URL, else the guid, else the source and the folded title.

    A guid that is not a URI (`17`) belongs to its source. `salt` gives replayed samples another id on each day.
    """
    guid = (guid or "").strip()
    own = guid if guid.lower().startswith(_WORLDWIDE) else f"{source}\n{guid or fold(title)}"
    key = canonical_url(url) or own
    return hashlib.sha256((f"{key}\n{salt}" if salt else key).encode("utf-8", "replace")).hexdigest()[:20]


def content_hash(title: str, text: str) -> str:
    """Return 32 hex digits that change if the title or the text does."""
    return hashlib.sha256(f"{title}\n{text}".encode("utf-8", "replace")).hexdigest()[:32]


# AMP parts that are removed from a path. No newspaper has more.
_ROUNDS = 20


def _main_host(host: str) -> str:
    while True:
        for prefix in _HOST_PREFIXES:
            # `m.com` and `www.in` are whole names, so the rest must contain a dot.
            if host.startswith(prefix) and "." in host[len(prefix) :]:
                host = host[len(prefix) :]
                break
        else:
            return host


def _normal_path(path: str) -> str:
    """Return the path without AMP parts and trailing slashes. Repeated, as `/amp/amp` loses one part at a time."""
    for _ in range(_ROUNDS):
        shorter = _AMP_FRONT.sub("/", _AMP_PATH.sub("", re.sub("/{2,}", "/", path))).rstrip("/")
        if shorter == path:
            break
        path = shorter
    return path


def _normal_escapes(text: str) -> str:
    """Return the percent escapes in one spelling: upper-case hex, and no escapes for letters, digits and `-._~`."""

    def one(match: re.Match[str]) -> str:
        char = chr(int(match[1], 16))
        return char if char.isascii() and (char.isalnum() or char in "-._~") else match[0].upper()

    previous = ""
    # Otherwise %2541 would change again the next time.
    while previous != text:
        previous, text = text, re.sub(r"%([0-9A-Fa-f]{2})", one, text)
    return text


def _name(pair: str) -> str:
    return pair.partition("=")[0].lower()


def _is_tracking(pair: str) -> bool:
    return _name(pair) in TRACKING or _name(pair).startswith(TRACKING_PREFIXES)


def _is_amp(pair: str) -> bool:
    return _name(pair) in AMP_PARAMETERS or pair.lower() in AMP_PARAMETERS
