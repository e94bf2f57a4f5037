"""Texts of an email: cleaned of what comes from outside, and typeset. Stored articles are not changed.

A placeholder typed into a headline would be replaced by the recipient's own token.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, urlunsplit

from digest.hindi.numbers import devanagari_digits
from digest.hindi.sentences import DEVA, split
from digest.hindi.text import words
from digest.mail.provider_tags import neutral_url
from digest.utils.urls import split_url

# The last word must be Devanagari alone: an abbreviation such as 'कि.मी.' keeps its full stop.
_SENTENCE_END = re.compile(rf"[\s“‘(][{DEVA}\u200c\u200d]+([।.])\Z")

# Comments (conditional ones contain markup), style sheets, tags, entities.
_MARKUP = re.compile(r"(<!--(?:(?!-->).)*-->|<style\b(?:(?!</style>).)*</style>|<[^>]*>|&#?[0-9A-Za-z]{1,12};)", re.S)
_WORD = re.compile(r"[^\s<>]+")
_LATIN = re.compile(r"[A-Za-z]")

ACRONYMS = dict(
    pair.split("=")
    for pair in words(
        "AAP=आप AFSPA=अफ़्स्पा AIDS=एड्स AIIMS=एम्स ASEAN=आसियान AUS=ऑस्ट्रेलिया BIG=बड़ी BRICS=ब्रिक्स CAT=कैट",
        "CLAT=क्लैट COVID=कोविड ENG=इंग्लैंड FIFA=फ़ीफ़ा GAGAN=गगन GATE=गेट IND=भारत INDIA=इंडिया ISRO=इसरो LIVE=लाइव",
        "NASA=नासा NATO=नाटो NEET=नीट NEWS=न्यूज़ NITI=नीति NZ=न्यूज़ीलैंड OPEC=ओपेक PAK=पाकिस्तान PAN=पैन RAW=रॉ",
        "SAARC=सार्क SEBI=सेबी SIM=सिम TOP=टॉप UNESCO=यूनेस्को UNICEF=यूनिसेफ़ VIDEO=वीडियो VS=बनाम",
    )
)
"""Acronyms that Hindi pronounces as a word, and words that headlines write in capitals."""

_LETTER_NAMES = (
    *("ए", "बी", "सी", "डी", "ई", "एफ", "जी", "एच", "आई", "जे", "के", "एल", "एम"),
    *("एन", "ओ", "पी", "क्यू", "आर", "एस", "टी", "यू", "वी", "डब्ल्यू", "एक्स", "वाई", "ज़ेड"),
)
LETTERS = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", _LETTER_NAMES, strict=True))
"""Other acronyms are spelled by the names of their letters: RBI becomes आरबीआई."""

MAX_SPELLED = 4
"""A longer unknown run of capitals is a word (KISAN) and becomes `Kisan`."""

_OTHER_LETTER_NAMES = {"mr": {"I": "आय", "Y": "वाय", "Z": "झेड"}}
_CAPITALS = re.compile(r"(?<![A-Za-z])[A-Z]+(?![A-Za-z])")


def unify_sentence_ends(text: str) -> str:
    """End all Hindi sentences of `text` as the first one does, with a danda or a full stop."""
    position, end, parts = 0, "", []
    for sentence in split(text):
        start = text.index(sentence, position)
        found = _SENTENCE_END.search(sentence)
        end = end or (found[1] if found else "")
        parts += [text[position:start], sentence[:-1] + end if found else sentence]
        position = start + len(sentence)
    return "".join([*parts, text[position:]])


def devanagari_digits_in_text(text: str) -> str:
    """Plain text with its numbers in Devanagari digits, but for words with a Latin letter (5G, an address)."""
    return _WORD.sub(lambda word: word[0] if _LATIN.search(word[0]) else devanagari_digits(word[0]), text)


def devanagari_digits_in_html(html: str) -> str:
    """The same for the visible text of a page. Tags, attributes, styles and comments stay as they are."""
    parts = _MARKUP.split(html)
    parts[::2] = (devanagari_digits_in_text(part) for part in parts[::2])
    return "".join(parts)


def acronyms_in_devanagari(text: str, language: str = "hi") -> str:
    """`text` with capitals in Devanagari (`G20`: `जी20`): one `RBI` counts as "all capitals" for spam filters."""
    names = LETTERS | _OTHER_LETTER_NAMES.get(language, {})
    return _CAPITALS.sub(lambda match: _acronym(match[0], names), text)


def _acronym(capitals: str, names: Mapping[str, str]) -> str:
    if capitals in ACRONYMS:
        return ACRONYMS[capitals]
    if len(capitals) > MAX_SPELLED:
        return capitals.capitalize()
    return "".join(names[letter] for letter in capitals)


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
        parts = split_url(_INVALID.sub("", url).strip())
        host, port = parts.hostname or "", parts.port
        ascii_host = host if host.isascii() else host.encode("idna").decode()
    except (ValueError, UnicodeError):
        return ""
    if parts.scheme not in ("http", "https") or not re.fullmatch(r"[A-Za-z0-9.\-_:]+", ascii_host):
        return ""
    netloc = (f"[{ascii_host}]" if ":" in ascii_host else ascii_host) + (f":{port}" if port else "")
    path, query, fragment = (neutral_url(quote(part, safe=_SAFE)) for part in (parts.path, parts.query, parts.fragment))
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
