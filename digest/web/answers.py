"""Answers to the poll, quiz and feedback of an edition.

A GET changes nothing, because link scanners open every link. Whoever has a forwarded email has its links too, so the
first answer stays: only a browser that is known as the subscriber's replaces it. An answer is only counted, but a
comment is read under its writer's name, so that only such a browser sends one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from digest.render.blocks.rows import Question, find_question
from digest.store.content.answers import AnswerResult, AnswerStore
from digest.store.content.editions import EditionStore
from digest.store.people.preferences import StoredSubscriber
from digest.store.people.subscriber_texts import SubscriberTextStore
from digest.store.rate_limits import Quota
from digest.subscribers.address import masked
from digest.web.dependencies import TEST_SUBSCRIBER, Context, Refused
from digest.web.known_browser import is_known_browser
from digest.web.pages import REDIRECTS, Done, page_routes, redirect
from digest.web.unsubscribe import shorten_text

_PURPOSE = "preferences"
# The most comments of one subscriber in a day.
_MOST_WORDS = (10, timedelta(days=1))
# What `?done=` says after a comment.
_WORD = "word"


def router(context: Context, editions: EditionStore, answers: AnswerStore, texts: SubscriberTextStore) -> APIRouter:
    """Serve `/answer/EDITION/BLOCK/NUMBER/TOKEN`, with the token of the preferences.

    A view may be forwarded, so its token only reads.
    """
    pages = context.pages
    routes = page_routes("answer", "/answer/{edition}/{block}/{choice}/{token}")

    def read(
        request: Request, edition: str, block: str, choice: int, token: str
    ) -> tuple[StoredSubscriber | None, Question]:
        """Return the subscriber and the question of a link. A test email's links are nobody's. Raises Refused."""
        id = context.require_id(request, _PURPOSE, token)
        subscriber = context.subscriber(id)
        if subscriber is None and id != TEST_SUBSCRIBER:
            # Erased since.
            raise Refused(pages.error(request, 410, pages.catalogue(request).gettext("You are not on our list")))
        question = find_question(editions.get(edition), block, pages.branding.language)
        if question is None or not 1 <= choice <= len(question.options):
            raise Refused(pages.error(request, 404, pages.catalogue(request).gettext("There is nothing here")))
        return subscriber, question

    @routes.get("", summary="Show the question and the chosen answer, with one button")
    def ask(request: Request, edition: str, block: str, choice: int, token: str, done: Done = "") -> HTMLResponse:
        subscriber, question = read(request, edition, block, choice, token)
        is_answered = done in tuple(AnswerResult)
        is_known = subscriber is not None and is_known_browser(context, request, subscriber)
        counts = answers.counts(edition, block) if is_answered and not question.right else {}
        values: dict[str, Any] = {
            "token": token,
            "question": question,
            "answer": question.options[choice - 1],
            "is_right": question.right == choice,
            "state": done if is_answered else "ask",
            "done": done if done == _WORD else "",
            "email": _shown_name(subscriber, is_known=is_known) if subscriber else "",
            "known": is_known,
            "results": shares(question.options, counts),
            "answered": sum(counts.values()),
        }
        return pages.response(request, "answer.html.j2", f"/answer/{edition}/{block}/{choice}/{token}", **values)

    @routes.post("", summary="Answer", **REDIRECTS)
    def save(request: Request, edition: str, block: str, choice: int, token: str) -> Response:
        subscriber, _ = read(request, edition, block, choice, token)
        done = AnswerResult.SAVED
        if subscriber is not None:
            is_known = is_known_browser(context, request, subscriber)
            done = answers.save(edition, block, subscriber.id, choice, now=context.now(), replace=is_known)
        return redirect(pages, request, f"/answer/{quote(edition)}/{block}/{choice}/{token}", done=done)

    @routes.post("/word", summary="Say a word about the answer", **REDIRECTS)
    def say(
        request: Request,
        edition: str,
        block: str,
        choice: int,
        token: str,
        word: Annotated[str, Form(max_length=4000)] = "",
    ) -> Response:
        subscriber, question = read(request, edition, block, choice, token)
        now, text, place = context.now(), shorten_text(word), f"/answer/{quote(edition)}/{block}/{choice}/{token}"
        if subscriber is None or not is_known_browser(context, request, subscriber):
            # Of a test email, or with a link that somebody may have forwarded.
            return redirect(pages, request, place)
        if text and context.quotas.take([Quota(f"word:{subscriber.id}", *_MOST_WORDS)], now):
            about = f"{block}: {question.options[choice - 1]}"
            texts.answer(edition, block, subscriber.id, text, about=about, now=now)
        return redirect(pages, request, place, done=_WORD)

    return routes


def _shown_name(subscriber: StoredSubscriber, *, is_known: bool) -> str:
    return subscriber.email if is_known else masked(subscriber.email)


def shares(options: Sequence[str], counts: Mapping[int, int]) -> list[tuple[str, int]]:
    """Return each option with its share of the answers in percent; nothing if there are no answers."""
    total = sum(counts.values())
    if not total:
        return []
    return [(option, round(100 * counts.get(number, 0) / total)) for number, option in enumerate(options, start=1)]
