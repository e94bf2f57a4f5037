"""Subject line and preheader: what a recipient sees before opening.

A phone shows about 26 to 38 aksharas of a subject and 30 to 70 of the preheader. Decoration of a headline (LIVE:, ★)
means nothing in an inbox, and spam filters count it against the sender.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import count

from digest.hindi import cut, dates
from digest.hindi.clauses import WEIGHTY
from digest.hindi.text import words
from digest.hindi.title_tails import hides_news
from digest.hindi.tokens import tokens
from digest.i18n import translator
from digest.models import Edition, Story
from digest.render.texts import acronyms_in_devanagari, one_line

# All limits are in grapheme clusters. A subject is a whole headline, because a cut one can say the opposite of its
# story: `…शामिल नहीं होंगे कांग्रेस…`. If none has at most SUBJECT_LIMIT clusters, the lead's may have SUBJECT_MOST, as
# 99 % of headlines do. The inbox then cuts it on the screen.
SUBJECT_MIN = 15
SUBJECT_LIMIT = 45
SUBJECT_MOST = 90
# How many stories can give the subject and the preheader: the lead and the best others.
CHOICES = 5
# Another story's headline is preferred for its length only if its score is at most this much below the lead's.
ABOUT_EQUAL = 0.5
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
# The last part of at least four words before a mark: the shorter parts of a list do not end a headline.
_PART_END = re.compile(r".*(?:^|[,;?!।:] )[^ ,;?!।:]+(?: [^ ,;?!।:]+){3,}(?=[,;?!।] )")
# A headline cut after a part keeps this share of the room.
_LEAST_PART = 0.6
_REPEATED_MARKS = re.compile(r"([!?])[!?]+")
_LOWER_CASE_WORDS = frozenset(
    words("a an the of in on at to for and or but with from by as is are was not new its his her it")
)

_PUNCTUATION = " ,;:–—-|/\"'‘’“”()[]।?!"

# Postpositions, conjunctions, determiners, participles and infinitives: a headline cut after one reads as broken.
_UNFINISHED = frozenset(
    words(
        "का के की को से में पर ने तक और या व एवं तथा लेकिन मगर परंतु बल्कि कि जो जब जहाँ जहां अगर तो भी ही न",
        "जिस जिसमें जिससे जिसके जिसकी जिसका जिसे जिसने जिन जिनमें जिनके जबकि इसमें इनमें उसमें",
        "वाला वाले वाली वालों इस उस इन उन एक हर सबसे कई यह ये वह वे अपने अपनी अपना द्वारा बिना",
        "लिए लिये बाद पहले साथ बीच खिलाफ दौरान समेत",
        "सहित जैसे करने होने देने लेने जाने आने रहने बनाने बनने कर होकर लेकर नहीं",
        "क्या क्यों कैसे किसी कोई मिस्टर श्री डॉ",
        "आणि किंवा पण तर हा हे ला चा ची चे च्या र ले मा बाट लाई",
        "a an the of in on at to for and or but with from by as after before over into is are was will",
        "that its his her not no",
    )
)


def subject_line(edition: Edition, language: str, taken: Collection[str] = ()) -> str:
    """Return a headline of the edition as its subject; without headlines, its date.

    The first choice is the lead's headline of at most 45 clusters. Then come headlines of 15 to 45 clusters of stories
    that score about as high, then the lead's whole headline, then those of the other best stories. Gmail joins emails
    with the same subject into one thread, so the subjects in `taken` are skipped. If all are taken, the first choice
    gets the date if it fits, or a number.
    """
    used = {_thread_key(subject) for subject in taken}
    choices = _choices(edition, language)
    if untaken := next((choice for choice in choices if _thread_key(choice) not in used), ""):
        return untaken
    first = choices[0] if choices else dates.day(edition.day, language)
    if choices:
        dated = f"{first}{_SEPARATOR}{dates.short(edition.day, language)}"
        if cut.length(dated) <= SUBJECT_LIMIT and _thread_key(dated) not in used:
            return dated
    for number in count(1 if not choices else 2):
        mark = f" ({number})" if number > 1 else ""
        subject = shorten(first, SUBJECT_MOST - cut.length(mark), SUBJECT_MIN) + mark
        if _thread_key(subject) not in used:
            return subject
    raise AssertionError("numbers do not end")


def _choices(edition: Edition, language: str) -> list[str]:
    """Return the headlines that can be the subject, the first choice first."""
    lead = _lead(edition)
    if lead is None:
        return []
    others = _by_score(edition)[1:]
    # Most of those without a summary are only a line at the end of the email.
    stories = [lead, *([story for story in others if story.summary] or others)]
    # No story of the lower half stands for an edition.
    best = stories[: min(CHOICES, len(stories) // 2 + 1)]
    headlines = [(text, story) for story in best if (text := _headline_of(story, language))]
    # A headline that the feed cut off is used only if there is no other.
    whole = [found for found in headlines if not _CUT_OFF.search(found[0])] or headlines
    # So is one that hides its news.
    whole = [found for found in whole if not hides_news(found[0])] or whole
    fitting = [
        (text, lead.score - story.score <= ABOUT_EQUAL)
        for text, story in whole
        if (0 if story is lead else SUBJECT_MIN) <= cut.length(text) <= SUBJECT_LIMIT
    ]
    equal, lesser = ([text for text, is_equal in fitting if is_equal is wanted] for wanted in (True, False))
    longest = [shorten(text, SUBJECT_MOST, SUBJECT_MIN) for text, _story in whole[:1]]
    return list(dict.fromkeys([*equal, *longest, *lesser]))


def _by_score(edition: Edition) -> list[Story]:
    """Return the lead, and the other stories by their scores."""
    lead = _lead(edition)
    others = [story for story in edition.stories() if story is not lead and not story.recurring]
    return [*([lead] if lead else []), *sorted(others, key=lambda story: -story.score)]


def preheader(edition: Edition, language: str, subject: str) -> str:
    """Return the best headlines in at most 70 clusters, without the headline in `subject`.

    The lead's headline comes first, and headlines that hide their news come last.

    Inboxes fill a short preheader with the body's first words, so it continues with the lead's summary.
    """
    lead = _lead(edition)
    above = _thread_key(subject)
    seen: set[str] = set()
    headlines: list[str] = []
    # Headlines that hide their news come last.
    for story in sorted(_by_score(edition)[:CHOICES], key=lambda story: hides_news(story.title)):
        headline = _headline_of(story, language)
        key = _thread_key(headline)
        if headline and key not in seen and not _repeats(key, above):
            seen.add(key)
            headlines.append(headline)
    text = _join(headlines)
    summary = clean_headline(lead.summary, language=language, story_language=lead.language) if lead else ""
    summary_key = _thread_key(summary)
    if cut.length(text) < PREHEADER_MIN and summary_key not in seen and not _repeats(summary_key, above):
        text = _join([text, summary])
    filler = translator(language).gettext("Today's news in brief")
    if cut.length(text) < PREHEADER_MIN:
        text = _join([text, filler, dates.day(edition.day, language)])
    if _thread_key(text) == above:
        text = _join([filler, dates.day(edition.day, language)])
    return text


def _repeats(text: str, subject: str) -> bool:
    """Whether a subject, which may be cut or have a date after it, says the text. Both are thread keys."""
    return bool(text) and (text in subject or text.startswith(subject.removesuffix(cut.ELLIPSIS) or " "))


def breaking_subject(edition: Edition, language: str, taken: Collection[str]) -> str:
    """Return 'Breaking news: ' in the language and the headline, different from all of `taken`.

    The headline is cut only if the subject has more than 90 clusters.
    """
    used = {_thread_key(subject) for subject in taken}
    story = _lead(edition)
    prefix = translator(language).gettext("Breaking news: %(headline)s") % {"headline": ""}
    headline = _headline_of(story, language) if story else dates.day(edition.day, language)
    for number in count(1):
        suffix = f" ({number})" if number > 1 else ""
        room = SUBJECT_MOST - cut.length(prefix) - cut.length(suffix)
        subject = prefix + shorten(headline, room, SUBJECT_MIN) + suffix
        if _thread_key(subject) not in used:
            return subject
    raise AssertionError("numbers do not end")


def breaking_preheader(edition: Edition, language: str) -> str:
    """Return the story's summary in at most 70 clusters; without one, its sources and the day."""
    story = _lead(edition)
    if story is None:
        return dates.day(edition.day, language)
    summary = clean_headline(story.summary, language=language, story_language=story.language)
    if not summary:
        return _join([", ".join(story.sources), dates.day(edition.day, language)])
    return shorten(summary, PREHEADER_LIMIT, PREHEADER_MIN)


def clean_headline(title: str, *, language: str, story_language: str) -> str:
    """Return `title` for a subject in `language`: no ornaments and labels ('LIVE:'), Latin acronyms in Devanagari."""
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
    """Return `text` cut to at most `limit` clusters, with '…': after a part, or between words.

    It is never cut after a word that needs another.
    """
    short = cut.shorten(text, limit)
    if short == text or cut.length(short) <= least:
        return short
    head = _PART_END.match(short)
    # The part after it may deny the first, or name who says so.
    if (
        head
        and cut.length(head[0]) >= max(least, limit * _LEAST_PART)
        and WEIGHTY.isdisjoint(tokens(text[head.end() :]))
    ):
        return _with_ellipsis(head[0])
    kept = short.removesuffix(cut.ELLIPSIS).split(" ")
    end = len(kept)
    while end > 1 and _is_unfinished(kept[end - 1]) and cut.length(" ".join(kept[: end - 1])) >= least:
        end -= 1
    return _with_ellipsis(" ".join(kept[:end]))


def _is_unfinished(word: str) -> bool:
    """Whether a text that ends with the word needs another word."""
    bare = word.strip(_PUNCTUATION)
    return not bare or bare.lower() in _UNFINISHED or bare.lstrip("₹$").replace(",", "").isdigit()


def _with_ellipsis(head: str) -> str:
    """Return `head` with '…'. Removes an opening quotation mark or bracket if its partner was cut off."""
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
    """Return the key by which mail programs put two subjects in one thread: spaces and case do not count."""
    return " ".join(one_line(subject).casefold().split())


def _join(parts: list[str]) -> str:
    """Join the parts that fit whole. The first that does not fit is cut only if the text is short."""
    text, left_out = "", ""
    for part in filter(None, parts):
        joined = f"{text}{_SEPARATOR}{part}" if text else part
        if cut.length(joined) <= PREHEADER_LIMIT:
            text = joined
        else:
            left_out = left_out or part
    if left_out and cut.length(text) < PREHEADER_MIN:
        text = shorten(f"{text}{_SEPARATOR}{left_out}" if text else left_out, PREHEADER_LIMIT, PREHEADER_MIN)
    return text
