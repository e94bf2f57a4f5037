"""Subject line and preheader: what a recipient sees before opening.

A phone shows about 26 to 38 aksharas of a subject and 30 to 70 of the preheader. Decoration of a headline (LIVE:, ★)
means nothing in an inbox, and spam filters count it against the sender.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import combinations, count

from digest.hindi import cut, dates
from digest.hindi.text import words
from digest.i18n import translator
from digest.models import Edition, Story
from digest.render.headline_cut import fitting, is_unfinished, speaker_at_end
from digest.render.texts import acronyms_in_devanagari, one_line

# All limits are in grapheme clusters. If an edition has only headlines that cannot be cut without misleading, the
# subject may have SUBJECT_MOST clusters: the inbox then cuts it on the screen, but the whole text is there.
SUBJECT_MIN = 25
SUBJECT_LIMIT = 45
SUBJECT_MOST = 70
PREHEADER_MIN = 30
PREHEADER_LIMIT = 70
HEADLINE_MIN = 10
"""What must remain of a headline for a label before it to be removed."""

_SEPARATOR = " · "
_EMOJI = "\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff\u2500-\u27bf\u2900-\u297f\u2b00-\u2bff\U0001f000-\U0001faff"
_ORNAMENT = re.compile(f"[{_EMOJI}\u2022\u203b\u25cc][{_EMOJI}\u200d\ufe0e\ufe0f\u20e3\U000e0020-\U000e007f]*")
_EMOJI_PARTS = re.compile("[\ufe0e\ufe0f\u20e3]")
_LABEL = re.compile(
    r"(?:live(?: updates?| blog| news)?|breaking(?: news)?|exclusive|watch|video|photos?|update[sd]?|big news|just in|"
    r"(?:लाइव|ब्रेकिंग|बड़ी ख़बर|बड़ी खबर|एक्सक्लूसिव|वीडियो|देखें वीडियो|फ़ोटो|फोटो|अपडेट)(?: अपडेट| न्यूज़| न्यूज)?)"
    r" ?[:|–—!-] ?",
    re.I,
)
_CUT_OFF = re.compile(r"(?:\.{2,}|…)$")
_PIPE = re.compile(r" ?\|+ ?")
_REPEATED_MARKS = re.compile(r"([!?])[!?]+")
_LOWER_CASE_WORDS = frozenset(
    words("a an the of in on at to for and or but with from by as is are was not new its his her it")
)


def subject_line(edition: Edition, language: str, taken: Collection[str] = ()) -> str:
    """The lead's headline in at most 45 clusters, with the date after it if it fits.

    A long headline is cut after a whole clause. If every cut would mislead, the subject is the next headline that fits,
    or two short ones. Only if the edition has none of these, it has up to 70 clusters. Gmail joins emails with the same
    subject into one thread, so the subject differs from all of `taken`, by date and number.
    """
    used = {_thread_key(subject) for subject in taken}
    headline = _choose(edition, language, SUBJECT_LIMIT)[0]
    day = dates.short(edition.day, language) if headline else ""
    headline = headline or dates.day(edition.day, language)
    first = f"{headline}{_SEPARATOR}{day}" if day else headline
    if cut.length(first) > SUBJECT_LIMIT or headline.endswith(cut.ELLIPSIS):
        first = headline
    if _thread_key(first) not in used:
        return first

    def ending_with(suffix: str) -> str:
        return (_choose(edition, language, SUBJECT_LIMIT - cut.length(suffix))[0] or headline) + suffix

    for number in count(1 if day else 2):
        mark = f"({number})" if number > 1 else ""
        subject = ending_with(_SEPARATOR + " ".join(filter(None, (day, mark))))
        if cut.length(subject) > SUBJECT_LIMIT:
            # A number alone is shorter.
            if not mark:
                continue
            subject = ending_with(f" {mark}")
        if _thread_key(subject) not in used:
            return subject
    raise AssertionError("numbers do not end")


def _choose(edition: Edition, language: str, room: int) -> tuple[str, tuple[Story, ...]]:
    """Return the text of the subject before its date, and its stories; ('', ()) without a headline."""
    lead = _lead(edition)
    if lead is None:
        return "", ()
    stories = [lead, *(story for story in edition.stories() if story is not lead and not story.recurring)]
    headlines = [(_headline_of(story, language), story) for story in stories]
    # A headline that the feed cut off is used only if there is no other.
    whole = [found for found in headlines if not _CUT_OFF.search(found[0])] or headlines
    fits = [(text, story) for headline, story in whole if (text := fitting(headline, room))]
    for text, story in fits:
        if story is lead or cut.length(text) >= SUBJECT_MIN:
            return text, (story,)
    for (text, story), (text2, story2) in combinations(fits, 2):
        both = f"{text}{_SEPARATOR}{text2}"
        if cut.length(both) <= room and text != text2 and not text.endswith(cut.ELLIPSIS):
            return both, (story, story2)
    if fits:
        text, story = fits[0]
        return text, (story,)
    most = room + SUBJECT_MOST - SUBJECT_LIMIT
    for headline, story in whole:
        if text := fitting(headline, most):
            return text, (story,)
    first = headlines[0][0]
    return (shorten(first, most, SUBJECT_MIN), (lead,)) if first else ("", ())


def preheader(edition: Edition, language: str) -> str:
    """The next headlines in at most 70 clusters, never the subject again.

    Inboxes fill a short preheader with the body's first words, so it continues with the lead's summary.
    """
    lead = _lead(edition)
    chosen = _choose(edition, language, SUBJECT_LIMIT)[1]
    seen = {_thread_key(_headline_of(story, language)) for story in chosen}
    headlines: list[str] = []
    for story in ([lead] if lead else []) + [story for story in edition.stories() if not story.recurring]:
        headline = _headline_of(story, language)
        if headline and _thread_key(headline) not in seen:
            seen.add(_thread_key(headline))
            headlines.append(headline)
    text = _join(headlines)
    summary = clean_headline(lead.summary, language=language, story_language=lead.language) if lead else ""
    if cut.length(text) < PREHEADER_MIN and _thread_key(summary) not in seen:
        text = _join([text, summary])
    filler = translator(language).gettext("Today's news in brief")
    if cut.length(text) < PREHEADER_MIN:
        text = _join([text, filler, dates.day(edition.day, language)])
    if _thread_key(text) == _thread_key(subject_line(edition, language)):
        text = _join([filler, dates.day(edition.day, language)])
    return text


def breaking_subject(edition: Edition, language: str, taken: Collection[str] = ()) -> str:
    """'Breaking news: ' in the language and the headline, different from all of `taken`.

    At most 45 clusters, or 70 if the headline cannot be cut without misleading.
    """
    used = {_thread_key(subject) for subject in taken}
    story = _lead(edition)
    prefix = translator(language).gettext("Breaking news: %(headline)s") % {"headline": ""}
    headline = _headline_of(story, language) if story else dates.day(edition.day, language)
    for number in count(1):
        suffix = f" ({number})" if number > 1 else ""
        room = SUBJECT_LIMIT - cut.length(prefix) - cut.length(suffix)
        most = room + SUBJECT_MOST - SUBJECT_LIMIT
        subject = prefix + (fitting(headline, room) or shorten(headline, most, SUBJECT_MIN)) + suffix
        if _thread_key(subject) not in used:
            return subject
    raise AssertionError("numbers do not end")


def breaking_preheader(edition: Edition, language: str) -> str:
    """The story's summary in at most 70 clusters; without one, its sources and the day."""
    story = _lead(edition)
    if story is None:
        return dates.day(edition.day, language)
    summary = clean_headline(story.summary, language=language, story_language=story.language)
    if not summary:
        return _join([", ".join(story.sources), dates.day(edition.day, language)])
    return shorten(summary, PREHEADER_LIMIT, PREHEADER_MIN)


def clean_headline(title: str, *, language: str, story_language: str) -> str:
    """`title` for a subject in `language`: no ornaments and labels ('LIVE:'), Latin acronyms in Devanagari."""
    text = one_line(_EMOJI_PARTS.sub("", _ORNAMENT.sub(" ", one_line(title))))
    text = _REPEATED_MARKS.sub(r"\1", text)
    for _ in range(2):
        rest = _LABEL.sub("", text, count=1) if _LABEL.match(text) else text
        if cut.length(rest) < HEADLINE_MIN:
            break
        text = rest
    text = _PIPE.sub(" – ", text.strip("| ")).strip()
    text = _lower_capitals(text)
    if language in ("hi", "mr") and story_language != "en":
        text = acronyms_in_devanagari(text, language)
    return one_line(text)


def shorten(text: str, limit: int, least: int) -> str:
    """`text` cut between words to at most `limit` clusters, with '…', and not after a word that needs another.

    A quotation keeps its speaker at the end: `नहर का पानी बंद करने की… - मंत्री`.
    """
    speaker = speaker_at_end(text)
    room = limit - cut.length(speaker)
    if speaker and cut.length(text) > limit and room >= least:
        return shorten(text.removesuffix(speaker), room, least) + speaker
    short = cut.shorten(text, limit)
    if short == text or cut.length(short) <= least:
        return short
    kept = short.removesuffix(cut.ELLIPSIS).split(" ")
    end = len(kept)
    while end > 1 and is_unfinished(kept[end - 1]) and cut.length(" ".join(kept[: end - 1])) >= least:
        end -= 1
    return _with_ellipsis(" ".join(kept[:end]))


def _with_ellipsis(head: str) -> str:
    """`head` with '…', and without an opening quotation mark or bracket whose partner was cut off."""
    for opening, closing in ("‘’", "“”", "()"):
        if head.count(opening) > head.count(closing):
            position = head.rindex(opening)
            head = head[:position] + head[position + 1 :]
    if head.count('"') % 2:
        position = head.rindex('"')
        head = head[:position] + head[position + 1 :]
    return head.rstrip(" ,;:–—-।|") + cut.ELLIPSIS


def _lower_capitals(text: str) -> str:
    """Lower-case a Latin text that has only capitals, but keep what looks like an acronym."""
    if any("a" <= mark <= "z" for mark in text) or sum("A" <= mark <= "Z" for mark in text) < HEADLINE_MIN:
        return text
    lowered = [
        word if len(word) < 4 and word.lower() not in _LOWER_CASE_WORDS else word.lower() for word in text.split(" ")
    ]
    joined = " ".join(lowered)
    return joined[:1].upper() + joined[1:]


def _lead(edition: Edition) -> Story | None:
    stories = list(edition.stories())
    return next((story for story in stories if story.id == edition.lead), stories[0] if stories else None)


def _headline_of(story: Story, language: str) -> str:
    return clean_headline(story.title, language=language, story_language=story.language)


def _thread_key(subject: str) -> str:
    """Two subjects with the same key may land in one thread: spaces and case do not count."""
    return " ".join(one_line(subject).casefold().split())


def _join(parts: list[str]) -> str:
    """Join the parts that fit, whole or cut after a clause. One that does not fit is cut only if the text is short."""
    text, left_out = "", ""
    for part in filter(None, parts):
        before = f"{text}{_SEPARATOR}" if text else ""
        found = fitting(part, PREHEADER_LIMIT - cut.length(before))
        if not found:
            left_out = left_out or part
            continue
        text = before + found
        if found != part:
            break
    if left_out and cut.length(text) < PREHEADER_MIN:
        text = shorten(f"{text}{_SEPARATOR}{left_out}" if text else left_out, PREHEADER_LIMIT, PREHEADER_MIN)
    return text
