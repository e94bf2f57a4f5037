"""Correct a story of an edition that is being sent, or was sent.

Recipients without an email yet get the corrected one. Scheduled emails at a provider are cancelled and sent again. A
note, if given, goes as a separate edition to exactly those who received the wrong text. Every step can be repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from digest.deliver.attempt import cancel_each
from digest.errors import DigestError
from digest.i18n import translator
from digest.messages import Message
from digest.models import (
    CORRECTION,
    Actor,
    BatchState,
    CorrectionNote,
    Corrects,
    Edition,
    EditionBlock,
    EditionState,
    RenderedEmail,
    Section,
    Story,
    Variant,
    split_variant,
    variant_of_revision,
)
from digest.render import subject
from digest.render.variants import parse_variant, select
from digest.store.desk.audit import ActKind
from digest.store.sending import revisions
from digest.store.sending.decisions import Decision
from digest.usecases.preflight import PreflightFailed
from digest.utils.text import one_line

if TYPE_CHECKING:
    from digest.deliver.ports import Transport
    from digest.render.renderer import Renderer
    from digest.store.content.editions import EditionStore
    from digest.store.desk.audit import AuditLog
    from digest.store.sending.ledger import SqlLedger
    from digest.usecases.archive import Archivist
    from digest.usecases.preflight import Preflight

_MAX_KEY, _MAX_NOTE = 63, 600


class NotCorrectable(DigestError):
    """The edition's state does not allow a correction."""


@dataclass(frozen=True)
class CorrectionResult:
    """The result of a correction. Counts are recipients."""

    edition: Edition
    reach: revisions.RevisionReach
    # Their scheduled emails were cancelled at the provider. They are among `reach.waiting`.
    cancelled: int
    # The key of the edition with the note; None without one.
    correction: str | None = None


@dataclass(frozen=True)
class CorrectionPreview:
    """What a correction would send, and to how many. Nothing is stored.

    `email` is the corrected one of the most topics; `note` is the edition with the note and its email, if there is one.
    """

    edition: Edition
    email: RenderedEmail | None
    note: tuple[Edition, RenderedEmail] | None
    reach: revisions.RevisionReach


@dataclass(frozen=True)
class EditionCorrector:
    """Corrects editions, for the command and for the desk."""

    editions: EditionStore
    ledger: SqlLedger
    transports: Sequence[Transport]
    renderer: Renderer
    preflight: Preflight
    archivist: Archivist
    log: AuditLog
    language: str
    now: Callable[[], datetime]

    def correct(
        self,
        key: str,
        story: str,
        by: Actor,
        *,
        title: str | None = None,
        summary: str | None = None,
        note: str = "",
        force: str | None = None,
    ) -> CorrectionResult:
        """Change a story's headline or summary for all recipients without an email, and cancel scheduled emails.

        `note` is the correction for those who have the wrong text; without it they get nothing. `force` is the reason
        for continuing despite errors in an email. Raises NotCorrectable, and PreflightFailed before anything is
        changed.
        """
        before = self._begun(key)
        text = one_line(note)[:_MAX_NOTE]
        changed = self._change(before, story, title, summary, text)
        emails = self._render(before, changed, story)
        checked = self.preflight.run_checks(emails, changed)
        if checked.errors and not force:
            raise PreflightFailed(key, checked)
        with self.editions.database.transaction():
            with self.editions.database.write(area="edition") as connection:
                if not revisions.begin_revision(connection, changed, emails, before=before):
                    raise NotCorrectable(
                        Message("Edition %(name)s was changed at the same moment. Look at it again.", name=key)
                    )
            correction = self._prepare(changed, story, text) if text else ""
            detail = f"{_find(changed, story).title}{f' · {text}' if text else ''}"
            self.log.record(by, ActKind.CORRECTED, key, detail, now=self.now())
            self.editions.record_decision(key, Decision.CORRECTED, force or detail, now=self.now(), by=by.name)
            self.archivist.correct(changed, text, _find(changed, story))
        return self._result(changed, self.cancel_replaced(key), correction)

    def preview(self, key: str, story: str, *, title: str, summary: str, note: str = "") -> CorrectionPreview:
        """Return the correction that `correct` would send. Raises NotCorrectable."""
        before, text = self._begun(key), one_line(note)[:_MAX_NOTE]
        changed = self._change(before, story, title, summary, text)
        emails = self._render(before, changed, story)
        planned = [split_variant(each.variant)[0] for each in emails]
        reach = revisions.count_reach(self.editions.database, key, changed.revision, planned=planned)
        shown = max(emails, key=lambda each: len(each.html), default=None)
        made = None
        if text:
            edition = self._note_edition(changed, story, text)
            email = self.renderer.render(edition, Variant("html", None, "html"), now=self.now())
            made = (edition, email) if email else None
        return CorrectionPreview(changed, shown, made, reach)

    def cancel_replaced(self, key: str) -> int:
        """Cancel scheduled emails that a correction replaced.

        Returns their recipients, who are pending again. The next call finds batches that are in flight now.
        """
        before = self._count_held(key)

        def confirm(name: str, now: datetime) -> None:
            self.ledger.confirm_correction_cancellation(name, key, now)

        cancel_each(key, self.transports, self.ledger.begin_correction_cancellation, confirm, self.now)
        return before - self._count_held(key)

    def catch_up(self) -> dict[str, int]:
        """Cancel replaced emails that were in flight when their edition was corrected.

        Returns the recipients by edition.
        """
        found = {key: self.cancel_replaced(key) for key in self.editions.revised()}
        return {key: recipients for key, recipients in found.items() if recipients}

    def _count_held(self, key: str) -> int:
        counted = revisions.count_by_state(self.editions.database, key)
        return sum(counted.get(state, 0) for state in (BatchState.ACCEPTED, BatchState.UNKNOWN))

    def _begun(self, key: str) -> Edition:
        edition = self.editions.get(key)
        if edition is None:
            raise NotCorrectable(Message("There is no edition %(name)s.", name=key))
        if edition.state not in revisions.REVISABLE or self.editions.frozen_at(key) is None:
            raise NotCorrectable(
                Message(
                    "Edition %(name)s is %(state)s: nobody has it yet. Change it with `digest edition edit %(again)s`.",
                    name=key,
                    state=edition.state,
                    again=key,
                )
            )
        return edition

    def _change(self, before: Edition, story: str, title: str | None, summary: str | None, note: str) -> Edition:
        old = _find(before, story)
        new = replace(
            old,
            title=one_line(title) if title is not None else old.title,
            summary=one_line(summary) if summary is not None else old.summary,
        )
        if not new.title:
            raise NotCorrectable("A story needs a headline.")
        if new == old:
            raise NotCorrectable(
                Message("Edition %(name)s has these words already; nothing was changed.", name=before.key)
            )
        if note:
            new = replace(new, corrections=(*new.corrections, CorrectionNote(note, self.now())))
        changed = replace(before.with_story(new), revision=before.revision + 1)
        taken = self.editions.subjects(excluding=before.key, limit=60)
        # A generated subject follows the headlines.
        if before.subject == subject.subject_line(before, self.language, taken=taken):
            changed = replace(changed, subject=subject.subject_line(changed, self.language, taken=taken))
        if before.preheader == subject.preheader(before, self.language, before.subject):
            changed = replace(changed, preheader=subject.preheader(changed, self.language, changed.subject))
        return changed

    def _render(self, before: Edition, changed: Edition, story: str) -> list[RenderedEmail]:
        """Render the variants that show the story, or all variants if its words are in the subject."""
        everywhere = (before.subject, before.preheader) != (changed.subject, changed.preheader)
        found = []
        for base in dict.fromkeys(split_variant(key)[0] for key in self.editions.emails(before.key)):
            variant = parse_variant(before, base)
            shown = select(changed, variant)
            if shown is None or not (everywhere or shown.story(story)):
                continue
            email = self.renderer.render(changed, variant, now=self.now())
            if email is None:
                raise DigestError(f"Edition {before.key}: variant {base} has stories but rendered no email.")
            found.append(replace(email, variant=variant_of_revision(base, changed.revision)))
        return found

    def _prepare(self, changed: Edition, story: str, note: str) -> str:
        """Store the approved edition with the note.

        It is sent like any other edition, to those who have the old text.
        """
        edition = self._note_edition(changed, story, note)
        if self.editions.put(edition, over=()) is None:
            raise DigestError(f"Edition {edition.key} exists already.")
        return edition.key

    def _note_edition(self, changed: Edition, story: str, note: str) -> Edition:
        found, now = _find(changed, story), self.now()
        _ = translator(self.language).gettext
        data = {"text": note, **({"url": found.url} if found.url.startswith("https://") else {})}
        return Edition(
            key=correction_key(changed.key, changed.revision),
            day=now.date(),
            number=0,
            state=EditionState.APPROVED,
            subject=f"{_('Correction')}: {found.title}",
            preheader=note,
            sections=(Section(found.section, (found,)),),
            lead=found.id,
            composed_at=now,
            sample=changed.sample,
            blocks=(EditionBlock("correction", "both", "top", data),),
            corrects=Corrects(changed.key, changed.revision),
        )

    def _result(self, changed: Edition, cancelled: int, correction: str) -> CorrectionResult:
        reach = revisions.count_reach(self.editions.database, changed.key, changed.revision)
        return CorrectionResult(self.editions.get(changed.key) or changed, reach, cancelled, correction)


def correction_key(key: str, revision: int) -> str:
    """Return the key of the edition with the note of a revision."""
    suffix = f"-{revision}"
    return f"{CORRECTION}{key}"[: _MAX_KEY - len(suffix)] + suffix


def _find(edition: Edition, story: str) -> Story:
    found = edition.story(story)
    if found is None:
        ids = ", ".join(sorted(each.id for each in edition.stories()))
        raise NotCorrectable(f"Edition {edition.key} has no story {story}; its stories: {ids}")
    return found
