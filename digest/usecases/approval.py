"""Approve an edition, once editors have seen the model's texts. Sign the links by which admins approve it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import orjson

from digest.curate.editorial import EditorialChanges
from digest.errors import DigestError
from digest.messages import Message, joined
from digest.models import Actor, Edition, EditionState, Story, Variant, is_breaking, is_special
from digest.store.content.editions import SHOWN
from digest.store.sending.decisions import Decision
from digest.usecases.preflight import Preflight, PreflightFailed, PreflightResult, SampleGuard

if TYPE_CHECKING:
    from digest.store.content.editions import EditionStore
    from digest.store.desk.audit import AuditLog
    from digest.store.sending.decisions import OperatorDecision
    from digest.subscribers.tokens import TokenSigner
    from digest.usecases.breaking import BreakingNews

PURPOSE = "approve"
# Of a revision, and of the fingerprint of a text.
_HASH_LENGTH = 16
# Stands for the intro where other texts of a model have the id of a story.
INTRO = "intro"


def approval_link(base: str, signer: TokenSigner, key: str) -> str:
    """Return the address of the page where an edition can be approved. Anybody who has it may approve this edition."""
    return f"{base.rstrip('/')}/approve/{key}/{signer.sign_name(PURPOSE, key)}"


def revision(edition: Edition) -> str:
    """Return a fingerprint of everything that an edition shows. It keeps people from approving changes that they have
    not seen.
    """
    shown = {name: getattr(edition, name) for name in SHOWN}
    return hashlib.sha256(orjson.dumps(shown, default=str)).hexdigest()[:_HASH_LENGTH]


class EditionChanged(DigestError):
    """The edition is no longer as it was when somebody decided to approve it."""


@dataclass(frozen=True)
class Approver:
    """Checks an edition's emails and approves it. Used by the command and by the page."""

    editions: EditionStore
    preflight: Preflight
    sample_guard: SampleGuard
    breaking: BreakingNews
    # The variants that subscribers get.
    variants_in_use: Callable[[Edition], Iterable[Variant]]
    log: AuditLog
    now: Callable[[], datetime]

    def check(self, edition: Edition) -> PreflightResult:
        """Check the emails of an edition. Raises ConfigurationError for samples by real email."""
        checked = self.preflight.check_edition(edition, self.variants_in_use(edition))
        self.sample_guard.refuse(edition)
        return checked

    def approve(
        self,
        edition: Edition,
        *,
        how: str,
        by: Actor,
        detail: str = "",
        force: str | None = None,
        at: datetime | None = None,
        obey_frequency: bool = False,
    ) -> PreflightResult:
        """Check and approve a draft. `digest run` sends it at its time, breaking news and a special edition at once.

        A special edition can have a time to be sent, `at`, and go only to subscribers who are due on its day
        (`obey_frequency`). Records who approved, how, and `force`, the reason for approving despite errors. The log has
        `detail`, the reason and the time.

        Raises PreflightFailed for an email with errors, ModelTextUnseen for unseen model text, BreakingRefused for an
        alert edition that must not be sent, EditionChanged if the edition was changed meanwhile, and DigestError for
        another state.
        """
        key = edition.key
        if (at or obey_frequency) and not is_special(key):
            raise DigestError(f"Edition {key} is not a special edition: the schedule has its time and its subscribers.")
        checked = self.check(edition)
        if checked.errors and not force:
            raise PreflightFailed(key, checked)
        left = unseen(edition, self.editions.editorial_changes(key))
        if left and not force:
            raise ModelTextUnseen(key, left)
        if is_breaking(key):
            self.breaking.check(key, force)
        with self.editions.database.transaction():
            stored = self.editions.get(key)
            if stored is None or stored.state != EditionState.DRAFT:
                if stored is None:
                    raise DigestError(Message("There is no edition %(name)s.", name=key))
                raise DigestError(
                    Message(
                        "Edition %(name)s is %(state)s; only a draft can be approved.", name=key, state=stored.state
                    )
                )
            if revision(stored) != revision(edition):
                raise EditionChanged(f"Edition {key} was changed while it was being checked. Look at it again.")
            self.editions.move(key, EditionState.APPROVED, out_of=(EditionState.DRAFT,))
            if at is not None:
                self.editions.record_decision(key, Decision.SEND_AT, at.isoformat(), now=self.now(), by=by.name)
            if obey_frequency:
                self.editions.record_decision(key, Decision.OBEYS_FREQUENCY, how, now=self.now(), by=by.name)
            if checked.errors:
                despite = f"{force} (despite: {'; '.join(checked.errors)})"
                failed = " ".join(sorted(checked.failed))
                self.editions.record_decision(
                    key, Decision.ERRORS_ACCEPTED, despite, now=self.now(), by=by.name, evidence=failed
                )
            self.editions.record_decision(key, EditionState.APPROVED, force or how, now=self.now(), by=by.name)
            moment = f"{at.astimezone(self.now().tzinfo):%Y-%m-%d %H:%M}" if at else ""
            words = joined("; ", detail, force or "", moment)
            self.log.record(by, EditionState.APPROVED, key, words, now=self.now())
        return checked


def accepted_errors(decisions: Sequence[OperatorDecision]) -> frozenset[str]:
    """Return the checks whose errors the approval of an edition accepted; none if that approval was withdrawn.

    Messages are not compared, because a message may have a number that differs between variants.
    """
    accepted: frozenset[str] = frozenset()
    for each in decisions:
        if each.what in (EditionState.DRAFT, Decision.ERRORS_ACCEPTED):
            accepted = frozenset(each.evidence.split() if each.what == Decision.ERRORS_ACCEPTED else ())
    return accepted


@dataclass(frozen=True, slots=True)
class ModelText:
    """A headline with its summary, or the intro, partly written by a model. `id` is the story's, or INTRO."""

    id: str
    title: str
    # Fingerprint of the words.
    fingerprint: str


class ModelTextUnseen(DigestError):
    """Nobody has looked at some of the model's texts."""

    def __init__(self, key: str, left: Sequence[ModelText]) -> None:
        titles = "; ".join(f"“{each.title}”" for each in left)
        super().__init__(
            f"Edition {key} has text of a model that nobody has looked at: {titles}. Look at it on the desk, or say "
            f"that you did with `digest edition seen {key}`."
        )
        self.left = tuple(left)


def unseen(edition: Edition, changes: EditorialChanges) -> list[ModelText]:
    """Return the model's texts that no editor has looked at since they last changed."""
    return [each for each in model_texts(edition) if changes.seen.get(each.id) != each.fingerprint]


def model_texts(edition: Edition) -> Iterator[ModelText]:
    """Yield the texts that a model wrote. A text that an editor has rewritten does not count."""
    if edition.is_intro_by_machine:
        yield ModelText(INTRO, edition.intro, _fingerprint(edition.intro))
    for story in edition.stories():
        if is_by_machine(story):
            yield ModelText(story.id, story.title, _fingerprint(story.title, story.summary))


def is_by_machine(story: Story) -> bool:
    return story.is_by_machine or story.is_title_by_machine


def _fingerprint(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:_HASH_LENGTH]
