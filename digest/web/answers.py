"""Answers to the poll, quiz and feedback of an edition. A GET changes nothing: link scanners open every link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from digest.render.blocks.questions import find_question
from digest.store.content.answers import AnswerStore
from digest.store.content.editions import EditionStore
from digest.web.dependencies import TEST_SUBSCRIBER, Context
from digest.web.pages import PAGE_RESPONSES, language_parameter

_PURPOSE = "view"


def router(context: Context, editions: EditionStore, answers: AnswerStore) -> APIRouter:
    """`/answer/EDITION/BLOCK/NUMBER/TOKEN`, with the token that views the email."""
    pages = context.pages
    routes = APIRouter(
        prefix="/answer/{edition}/{block}/{choice}/{token}",
        tags=["answer"],
        responses=PAGE_RESPONSES,
        dependencies=[Depends(language_parameter)],
    )

    def respond(request: Request, edition: str, block: str, choice: int, token: str, *, save: bool) -> HTMLResponse:
        id = context.subscriber_id_from_token(_PURPOSE, token)
        if id is None or (id != TEST_SUBSCRIBER and context.subscriber(id) is None):
            return context.invalid_link(request)
        question = find_question(editions.get(edition), block, pages.branding.language)
        if question is None or not 1 <= choice <= len(question.options):
            return pages.error(request, 404, pages.catalogue(request).gettext("There is nothing here"))
        # A test email's links show the pages and count nobody.
        saved = save and (id == TEST_SUBSCRIBER or answers.save(edition, block, id, choice, now=context.now()))
        counts = answers.counts(edition, block) if save and not question.right else {}
        values: dict[str, Any] = {
            "question": question,
            "answer": question.options[choice - 1],
            "is_right": question.right == choice,
            "state": "saved" if saved else "late" if save else "ask",
            "results": shares(question.options, counts),
        }
        return pages.response(request, "answer.html.j2", f"/answer/{edition}/{block}/{choice}/{token}", **values)

    @routes.get("", response_class=HTMLResponse, summary="Show the question and the chosen answer, with one button")
    def ask(request: Request, edition: str, block: str, choice: int, token: str) -> HTMLResponse:
        return respond(request, edition, block, choice, token, save=False)

    @routes.post("", response_class=HTMLResponse, summary="Answer; a later answer replaces it")
    def save(request: Request, edition: str, block: str, choice: int, token: str) -> HTMLResponse:
        return respond(request, edition, block, choice, token, save=True)

    return routes


def shares(options: Sequence[str], counts: Mapping[int, int]) -> list[tuple[str, int]]:
    """Return each option with its share of the answers in percent; nothing if there are no answers."""
    total = sum(counts.values())
    if not total:
        return []
    return [(option, round(100 * counts.get(number, 0) / total)) for number, option in enumerate(options, start=1)]
