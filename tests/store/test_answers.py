"""Answers to questions: one for each subscriber, and none of erased people."""

from __future__ import annotations

from digest.store.content.answers import AnswerResult, AnswerStore
from digest.store.database import Database
from digest.store.people.erasure import Erasures
from tests.store.conftest import KEY, NOW, Frozen


def test_a_subscriber_has_one_answer_to_a_question(database: Database, frozen: Frozen) -> None:
    first, second = frozen(2)
    answers = AnswerStore(database)
    for id, choice, replace, result in (
        (first, 1, False, AnswerResult.SAVED),
        (second, 2, False, AnswerResult.SAVED),
        (first, 2, False, AnswerResult.BEFORE),
        (first, 1, False, AnswerResult.SAVED),
        (first, 2, True, AnswerResult.SAVED),
        (first, 1, False, AnswerResult.BEFORE),
    ):
        assert answers.save(KEY, "poll", id, choice, now=NOW, replace=replace) == result
    assert answers.save(KEY, "quiz", first, 3, now=NOW, replace=False) == AnswerResult.SAVED
    assert answers.counts(KEY, "poll") == {2: 2}
    assert answers.counts(KEY, "quiz") == {3: 1}
    assert answers.save("2026-01-01", "poll", first, 1, now=NOW, replace=True) == AnswerResult.LATE


def test_answers_go_with_the_person(database: Database, frozen: Frozen) -> None:
    first, second = frozen(2)
    answers = AnswerStore(database)
    for id in (first, second):
        answers.save(KEY, "poll", id, 1, now=NOW, replace=False)
    Erasures(database).erase("subscriber0@example.com", "asked", now=NOW)
    assert answers.counts(KEY, "poll") == {1: 1}
