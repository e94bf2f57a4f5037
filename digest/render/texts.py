"""Clean and typeset the texts of an email.

Stored articles are not changed. Placeholders are removed: one in a headline would be replaced by the recipient's own
token.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote, urlunsplit

from digest.hindi.numbers import devanagari_digits
from digest.hindi.sentences import DEVA, split
from digest.hindi.sounds import LETTER_NAMES
from digest.hindi.text import table_rows
from digest.mail.provider_tags import neutral_url
from digest.utils.urls import split_url

# The last word must be Devanagari alone: an abbreviation such as 'कि.मी.' keeps its full stop.
_SENTENCE_END = re.compile(rf"[\s“‘(][{DEVA}\u200c\u200d]+([।.])\Z")

# Comments (conditional ones contain markup), style sheets, scripts, tags, entities.
_MARKUP = re.compile(
    r"(<!--(?:(?!-->).)*-->|<style\b(?:(?!</style>).)*</style>|<script\b(?:(?!</script>).)*</script>|<[^>]*>"
    r"|&#?[0-9A-Za-z]{1,12};)",
    re.S,
)
_WORD = re.compile(r"[^\s<>]+")
_LATIN = re.compile(r"[A-Za-z]")
# A score, not part of a date, a range of years, a telephone number or a word.
_SCORE = re.compile(
    rf"(?<![0-9A-Za-z_{DEVA}/.:–-])[0-9]{{1,3}}(?:[-–][0-9]{{1,3}}){{1,2}}(?![0-9A-Za-z_{DEVA}/:–-]|\.[0-9])"
)

MAX_SPELLED = 4
"""A longer unknown run of capitals is a word (KISAN) and becomes `Kisan`."""

# FAKE, GAME: alternating consonants and vowels form a word.
_PRONOUNCED = re.compile("[^AEIOU][AEIOU][^AEIOU][AEIOU]")
_OTHER_LETTER_NAMES = {"mr": {"I": "आय", "Y": "वाय", "Z": "झेड"}}
_CAPITALS = re.compile(r"(?<![A-Za-z])[A-Z]+(?![A-Za-z])")
# `Ind vs WI`, `IND v/s Aus`: the names of teams, in any case.
_VERSUS = re.compile(r"(?<![A-Za-z])([A-Za-z]{2,3}) (?:vs|v/s)[.]? ([A-Za-z]{2,3})(?![A-Za-z])", re.IGNORECASE)
_VS = re.compile(r"(?<![A-Za-z])v/?s(?![A-Za-z])[.]?", re.IGNORECASE)
_LATIN_BEFORE = re.compile(r"[A-Za-z][a-z]+(?: [A-Z0-9][A-Za-z0-9]*)* [0-9]*$")
# `Kamla Phone M13 4G, M13 5G`: a product's name, in which letters next to digits stay as they are.
_PRODUCT = re.compile(r"[A-Z][a-z]+ (?:[A-Z0-9][A-Za-z0-9]* )*[A-Z]?[0-9]+[A-Z]?(?![a-z])")
_MAX_MODEL = 3
_INITIALS, _SURNAME = 2, re.compile("[.]? [A-Z][a-z]{2,}(?![A-Za-z])")
_LATIN_AFTER = re.compile(r"(?:[.]? [A-Z](?=[. ]))*[0-9+.]* [A-Za-z]?[a-z]+")


class Acronym(NamedTuple):
    """A row of acronyms.txt. `example` becomes `gives`."""

    capitals: str
    name: str
    when: str
    example: str
    gives: str

    def fits(self, before: str, after: str) -> bool:
        """Whether the acronym has this meaning between these texts."""
        kind, _, found = self.when.partition(":")
        following = after.lstrip(" -:,/")
        if kind == "next":
            return any(re.match(f"{re.escape(word)}(?![A-Za-z\u0900-\u097f])", following) for word in found.split(","))
        if kind == "prev":
            return any(
                re.search(f"(?<![A-Za-z\u0900-\u097f]){re.escape(word)}[ ,/-]+$", before) for word in found.split(",")
            )
        if kind == "digit":
            return after[:1].isdigit()
        if kind == "match":
            return bool(re.match(r" (?:vs|v/s)\b", after, re.I) or re.search(r"\b(?:vs|v/s)[.]? $", before, re.I))
        return True


def _acronyms() -> dict[str, tuple[Acronym, ...]]:
    rows: dict[str, tuple[Acronym, ...]] = {}
    for line in table_rows("digest.render", "acronyms.txt"):
        row = Acronym(*line.split("\t"))
        rows[row.capitals] = (*rows.get(row.capitals, ()), row)
    return rows


ACRONYMS = _acronyms()
_JOINED = re.compile(
    "|".join(re.escape(name) for name in sorted(ACRONYMS, key=len, reverse=True) if not name.isalpha())
)


def unify_sentence_ends(text: str, language: str = "hi") -> str:
    """End all Devanagari sentences of `text` alike: in Hindi with a danda, in other languages like the first one.

    An edition has sentences of several papers, and some Hindi papers write full stops.
    """
    position, end, parts = 0, "।" if language == "hi" else "", []
    for sentence in split(text):
        start = text.index(sentence, position)
        found = _SENTENCE_END.search(sentence)
        end = end or (found[1] if found else "")
        parts += [text[position:start], sentence[:-1] + end if found else sentence]
        position = start + len(sentence)
    return "".join([*parts, text[position:]])


def devanagari_digits_in_text(text: str) -> str:
    """Return plain text with its numbers in Devanagari digits, except words with a Latin letter (5G, an address)."""
    return _WORD.sub(lambda word: word[0] if _LATIN.search(word[0]) else devanagari_digits(word[0]), text)


def devanagari_digits_in_html(html: str) -> str:
    """Return HTML with the numbers of its visible text in Devanagari digits.

    Tags, attributes, styles, scripts and comments stay as they are.
    """
    parts = _MARKUP.split(html)
    parts[::2] = (devanagari_digits_in_text(part) for part in parts[::2])
    return "".join(parts)


def keep_scores_together(html: str) -> str:
    """Keep scores (3-2, 21-19, 4-2-1) on one line.

    It uses a style and no special character: some programs show a word joiner as a box, and a search for 3-2 does not
    find one with a special hyphen. More email programs support inline blocks than `white-space` (caniemail.com). An
    inline block does not inherit a link's underline, but does inherit the indent of a hanging bullet, which would move
    the score over the word before it.
    """
    head, body, rest = html.partition("<body")
    parts = _MARKUP.split(rest)
    parts[::2] = (
        _SCORE.sub(r'<span style="display:inline-block;text-indent:0;text-decoration:inherit">\g<0></span>', part)
        for part in parts[::2]
    )
    return head + body + "".join(parts)


def acronyms_in_devanagari(text: str, language: str = "hi") -> str:
    """Return `text` with capitals in Devanagari (`G20`: `जी20`): one `RBI` counts as "all capitals" for spam filters.

    In Hindi the usual ones get their names: `SC` is सुप्रीम कोर्ट, because एससी would be read as अनुसूचित जाति.
    """
    # Acronyms that acronyms.txt lacks are spelled: RBI becomes आरबीआई.
    letters = LETTER_NAMES | _OTHER_LETTER_NAMES.get(language, {})
    if language != "hi":
        return _CAPITALS.sub(lambda match: _spell(match[0], letters), text)
    text = _VERSUS.sub(lambda match: match[0].upper(), text)
    text = _JOINED.sub(lambda match: ACRONYMS[match[0]][0].name, text)

    def name(match: re.Match[str]) -> str:
        before, after = text[: match.start()], text[match.end() :]
        if len(match[0]) == 1 and (is_product or _LATIN_BEFORE.search(before) or _LATIN_AFTER.match(after)):
            # A letter of a product's name: `Kamla Pump N 12`.
            return match[0]
        if named := _acronym_name(match[0], before, after):
            return named
        if len(match[0]) == _INITIALS and _SURNAME.match(after):
            # `RP Singh`
            return match[0]
        if len(match[0]) <= _MAX_MODEL and is_product and _LATIN_BEFORE.search(before):
            # `Kamla Phone 11 SE`
            return match[0]
        return _spell(match[0], letters)

    is_product = bool(_PRODUCT.search(text))
    return _VS.sub("बनाम", _CAPITALS.sub(name, text))


def _acronym_name(capitals: str, before: str, after: str) -> str:
    return next((row.name for row in ACRONYMS.get(capitals, ()) if row.fits(before, after)), "")


def _spell(capitals: str, letters: Mapping[str, str]) -> str:
    if len(capitals) > MAX_SPELLED or _PRONOUNCED.fullmatch(capitals):
        return capitals.capitalize()
    return "".join(letters[letter] for letter in capitals)


# Control characters and lone surrogates. premailer silently drops surrogates, which could join two halves of a
# placeholder.
_INVALID = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
_BLANK = re.compile(r"[\s\u00a0]+")
_TAG_START = "-DGX_"
_SAFE = "/:?#[]@!$&()*+,;=%~-._|"


def one_line(text: str) -> str:
    """Return `text` on one line, without control characters and without placeholders."""
    return _BLANK.sub(" ", without_placeholders(text)).strip()


def paragraphs(text: str) -> tuple[str, ...]:
    """Return the lines of `text` that are not empty, each as `one_line` gives it."""
    return tuple(filter(None, (one_line(part) for part in text.splitlines())))


def web_address(url: str) -> str:
    """Return `url` in ASCII (host in punycode, path percent-encoded), or '' if it is not an http or https address."""
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
    """Return `address` for a `mailto:` link, its domain in punycode, or '' if it is not a mail address."""
    local, at, domain = _INVALID.sub("", address).strip().rpartition("@")
    try:
        ascii_domain = domain if domain.isascii() else domain.encode("idna").decode()
    except UnicodeError:
        return ""
    return f"{quote(local, safe='+._-=')}@{quote(ascii_domain)}" if at and local and domain else ""


def without_placeholders(text: str) -> str:
    # A look-alike hyphen (U+2010) replaces the first character of the tag.
    return _INVALID.sub("", text).replace(_TAG_START, "‐DGX_")
