"""Answers to questions: one for each subscriber, and none of erased people."""

from __future__ import annotations

from digest.store.content.answers import AnswerStore
from digest.store.database import Database
from digest.store.people.erasure import Erasures
from tests.store.conftest import KEY, NOW, Frozen


def test_the_last_answer_of_a_subscriber_counts(database: Database, frozen: Frozen) -> None:
    first, second = frozen(2)
    answers = AnswerStore(database)
    for id, choice in ((first, 1), (second, 2), (first, 2), (first, 2)):
        assert answers.save(KEY, "poll", id, choice, now=NOW)
    assert answers.save(KEY, "quiz", first, 3, now=NOW)
    assert answers.counts(KEY, "poll") == {2: 2}
    assert answers.counts(KEY, "quiz") == {3: 1}
    assert not answers.save("2026-01-01", "poll", first, 1, now=NOW)


def test_answers_go_with_the_person(database: Database, frozen: Frozen) -> None:
    first, second = frozen(2)
    answers = AnswerStore(database)
    answers.save(KEY, "poll", first, 1, now=NOW)
    answers.save(KEY, "poll", second, 1, now=NOW)
    Erasures(database).erase("subscriber0@example.com", "asked", now=NOW)
    assert answers.counts(KEY, "poll") == {1: 1}
