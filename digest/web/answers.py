"""Answers to the poll, quiz and feedback of an edition.

A GET changes nothing, because link scanners open every link.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, Response

from digest.render.blocks.rows import Question, find_question
from digest.store.content.answers import AnswerStore
from digest.store.content.editions import EditionStore
from digest.store.people.words import WordStore
from digest.store.rate_limits import Quota
from digest.web.dependencies import TEST_SUBSCRIBER, Context
from digest.web.pages import PAGE_RESPONSES, REDIRECTS, language_parameter, redirect
from digest.web.unsubscribe import shorten_text

_PURPOSE = "preferences"
# The most comments of one subscriber in a day.
_MOST_WORDS = (10, timedelta(days=1))


def router(context: Context, editions: EditionStore, answers: AnswerStore, words: WordStore) -> APIRouter:
    """`/answer/EDITION/BLOCK/NUMBER/TOKEN`, with the token of the preferences: a view may be forwarded, so its token
    only reads.
    """
    pages = context.pages
    routes = APIRouter(
        prefix="/answer/{edition}/{block}/{choice}/{token}",
        tags=["answer"],
        responses=PAGE_RESPONSES,
        dependencies=[Depends(language_parameter)],
    )

    def read(
        request: Request, edition: str, block: str, choice: int, token: str
    ) -> tuple[int, Question] | HTMLResponse:
        """Return the subscriber's number and the question of a link, or an error page."""
        id = context.subscriber_id_from_token(_PURPOSE, token)
        if id is None or (id != TEST_SUBSCRIBER and context.subscriber(id) is None):
            return context.invalid_link(request)
        question = find_question(editions.get(edition), block, pages.branding.language)
        if question is None or not 1 <= choice <= len(question.options):
            return pages.error(request, 404, pages.catalogue(request).gettext("There is nothing here"))
        return id, question

    def respond(
        request: Request, edition: str, block: str, choice: int, token: str, *, save: bool, done: str = ""
    ) -> HTMLResponse:
        found = read(request, edition, block, choice, token)
        if not isinstance(found, tuple):
            return found
        id, question = found
        # A test email's links show the pages and count nobody.
        saved = save and (id == TEST_SUBSCRIBER or answers.save(edition, block, id, choice, now=context.now()))
        counts = answers.counts(edition, block) if save and not question.right else {}
        values: dict[str, Any] = {
            "question": question,
            "answer": question.options[choice - 1],
            "is_right": question.right == choice,
            "state": "saved" if saved else "late" if save else "ask",
            "done": done,
            "results": shares(question.options, counts),
        }
        return pages.response(request, "answer.html.j2", f"/answer/{edition}/{block}/{choice}/{token}", **values)

    @routes.get("", response_class=HTMLResponse, summary="Show the question and the chosen answer, with one button")
    def ask(
        request: Request,
        edition: str,
        block: str,
        choice: int,
        token: str,
        done: Annotated[str, Query(description="What was done before; chooses a message")] = "",
    ) -> HTMLResponse:
        said = "word" if done == "word" else ""
        return respond(request, edition, block, choice, token, save=False, done=said)

    @routes.post("", response_class=HTMLResponse, summary="Answer; a later answer replaces it")
    def save(request: Request, edition: str, block: str, choice: int, token: str) -> HTMLResponse:
        return respond(request, edition, block, choice, token, save=True)

    @routes.post("/word", response_class=HTMLResponse, summary="Say a word about the answer", **REDIRECTS)
    def say(
        request: Request,
        edition: str,
        block: str,
        choice: int,
        token: str,
        word: Annotated[str, Form(max_length=4000)] = "",
    ) -> Response:
        found = read(request, edition, block, choice, token)
        if not isinstance(found, tuple):
            return found
        id, question = found
        now, text = context.now(), shorten_text(word)
        if text and id != TEST_SUBSCRIBER and context.quotas.take([Quota(f"word:{id}", *_MOST_WORDS)], now):
            words.answer(edition, block, id, text, about=f"{block}: {question.options[choice - 1]}", now=now)
        return redirect(pages, request, f"/answer/{quote(edition)}/{block}/{choice}/{token}", done="word")

    return routes


def shares(options: Sequence[str], counts: Mapping[int, int]) -> list[tuple[str, int]]:
    """Return each option with its share of the answers in percent; nothing if there are no answers."""
    total = sum(counts.values())
    if not total:
        return []
    return [(option, round(100 * counts.get(number, 0) / total)) for number, option in enumerate(options, start=1)]
