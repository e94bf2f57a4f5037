"""Check a model's texts: the form of a summary, headline or intro, and that the articles support each clause."""

from __future__ import annotations

import re
from collections.abc import Sequence

from digest.curate.summary.death_tolls import mixes_tolls
from digest.curate.summary.sentence_rules import (
    LONGEST,
    balanced,
    broken_rules,
    echoes_title,
    is_question,
    is_teaser,
    points_anywhere,
    refers_back,
)
from digest.curate.summary.support import Verdict, find_support
from digest.curate.summary.voice import addresses_reader, lacks_speaker
from digest.curate.summary.word_meanings import meanings
from digest.hindi import cut
from digest.hindi.sentences import split
from digest.hindi.text import deva_ratio, folded_words
from digest.hindi.title_tails import without_tails
from digest.hindi.tokens import stem_of, tokens
from digest.messages import Message
from digest.models import Article, Support

_MARKUP = re.compile("[<>{}*#`\\\\\n\r\t_]|https?:|www[.]|@")
_LEAST_DEVA = 0.6

# A headline on a phone: three lines of 24 grapheme clusters. Subjects have the same limit.
HEADLINE_CLUSTERS = 70
_LEAST_HEADLINE_WORDS = 4
_HEADLINE_MARKS = re.compile("[?!:;|।…]|[.]{2}|[-–—] ")
_ASKS = folded_words("क्या क्यों कैसे कौन कब कहां किसने किसे किसका कितना कितने कितनी")
# How many first sentences of an article report its news, and the share of the paper's headline that must be in a text
# about the same news.
_OPENING = 2
_SAME_NEWS = 1 / 3

INTRO_WORDS = 60
LEAST_INTRO_SENTENCES, MOST_INTRO_SENTENCES = 2, 3


def check(text: str, articles: Sequence[Article], title: str) -> Verdict:
    """Return the support of each sentence, or the summary's problem as an English clause."""
    if not text.strip():
        return Verdict(problem=Message("it was empty"))
    problem = next(iter(_form(text, title)), None)
    return Verdict(problem=problem) if problem else find_support(text, articles)


def _form(text: str, title: str) -> list[Message]:
    checks = (
        (any(len(piece.split()) > LONGEST for piece in split(text)), Message("a sentence of it was too long")),
        (bool(_MARKUP.search(text)), Message("it contained marks that no plain sentence has")),
        (deva_ratio(text) < _LEAST_DEVA, Message("it was not in Hindi")),
    )
    return [*broken_rules(text, title), *(problem for is_wrong, problem in checks if is_wrong)]


def check_headline(text: str, articles: Sequence[Article], title: str, summary: str = "") -> Verdict:
    """Return the support of a headline that replaces the paper's `title`, or its problem.

    `summary` is the text below it, which was written for `title`.
    """
    if not text.strip():
        return Verdict(problem=Message("it was empty"))
    form = (
        (bool(_MARKUP.search(text)), Message("it contained marks that no headline has, or several lines")),
        (cut.length(text) > HEADLINE_CLUSTERS, Message("it was longer than %(num)s letters", num=HEADLINE_CLUSTERS)),
        (len(text.split()) < _LEAST_HEADLINE_WORDS, Message("it was too short")),
        (deva_ratio(text) < _LEAST_DEVA, Message("it was not in Hindi")),
        (bool(_HEADLINE_MARKS.search(text)), Message("it contained a mark that a plain headline does not need")),
        (not balanced(text) or "\ufffd" in text, Message("its quotes or brackets were not balanced")),
        (bool(_ASKS & set(tokens(text))), Message("it was a question")),
        (
            without_tails(text) != text or is_teaser(text) or addresses_reader(text),
            Message("it called for a click, not for the news"),
        ),
        (refers_back(text) or points_anywhere(text, ""), Message("it pointed to something that it did not name")),
        (lacks_speaker(text), Message("it was in the voice of somebody whom it did not name")),
        (bool(summary) and echoes_title(summary, text), Message("the summary would only repeat it")),
        (mixes_tolls(summary, text, articles), Message("its number of dead is not that of the summary")),
    )
    problem = next((problem for is_wrong, problem in form if is_wrong), None)
    if problem:
        return Verdict(problem=problem)
    verdict = find_support(f"{text}।", articles, is_strict=True)
    if verdict.problem:
        return verdict
    if not _tells_same_news(text, title, verdict, articles):
        return Verdict(problem=Message("it told other news than the paper's headline"))
    (found,) = verdict.support
    return Verdict((Support(text, found.source, found.source_sentence),))


def _tells_same_news(text: str, title: str, verdict: Verdict, articles: Sequence[Article]) -> bool:
    """Whether the headline shares words with the paper's, or reports the opening of an article."""
    own = frozenset[str]().union(*map(meanings, tokens(text)))
    news = [meanings(token) for token in tokens(title) if stem_of(token)]
    if news and sum(bool(each & own) for each in news) >= _SAME_NEWS * len(news):
        return True
    openings = {sentence for article in articles for sentence in split(article.text)[:_OPENING]}
    return all(each.source_sentence in openings for each in verdict.support)


def check_intro(text: str, stories: Sequence[tuple[str, Sequence[Article]]]) -> Verdict:
    """Return the support of an intro, or its problem.

    `stories` are (title, articles). A whole sentence must be supported by the articles of one story: a sentence about
    two stories claims a connection that no article reports.
    """
    if not text.strip():
        return Verdict(problem=Message("it was empty"))
    pieces = split(text)
    checks = (
        (
            not LEAST_INTRO_SENTENCES <= len(pieces) <= MOST_INTRO_SENTENCES,
            Message("it had %(num)s sentences", num=len(pieces)),
        ),
        (len(text.split()) > INTRO_WORDS, Message("it had more than %(num)s words", num=INTRO_WORDS)),
        (any(map(is_question, pieces)), Message("it contained a question")),
        (any(map(addresses_reader, pieces)), Message("it spoke to the reader")),
        (any(refers_back(piece) for piece in pieces), Message("a sentence of it referred to another one")),
    )
    problem = next((problem for is_wrong, problem in checks if is_wrong), None) or next(iter(_form(text, "")), None)
    if problem:
        return Verdict(problem=problem)
    support: list[Support] = []
    for piece in pieces:
        found = next((each for story in stories if (each := _support_in(piece, *story))), ())
        if not found:
            return Verdict(problem=Message("no story supports all of “%(words)s”", words=piece))
        support += found
    return Verdict(tuple(support))


def _support_in(sentence: str, title: str, articles: Sequence[Article]) -> tuple[Support, ...]:
    if mixes_tolls(sentence, title, articles):
        return ()
    return find_support(sentence, articles, is_strict=True).support
