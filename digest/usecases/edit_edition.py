"""An editor's changes of a draft, by command or on the desk. Each change is recorded and can be undone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from digest.curate import editorial
from digest.curate.editorial import EditorialChanges, Selection, StoryText
from digest.errors import ConfigurationError, DigestError, StoreError
from digest.messages import Message, joined, message_of
from digest.models import EDITABLE_STATES, Actor, Edition, EditionState, Story, is_breaking
from digest.render.blocks.rows import ROWS, kind_of
from digest.render.intro import MAX_LENGTH
from digest.store.desk.audit import ActKind
from digest.usecases.approval import model_texts
from digest.usecases.block_texts import FIELDS, BlockFault, FaultKind, FaultyText, to_value
from digest.usecases.compose import edition_key
from digest.utils.redact import redact
from digest.utils.text import one_line

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from digest.collect.collector import SourceReport
    from digest.store.content.editions import EditionStore
    from digest.store.desk.audit import AuditLog
    from digest.usecases.breaking import BreakingNews
    from digest.usecases.compose import Composer, ComposeResult

# Why a special edition is skipped until it is composed. Its name is free again if no end of it was stored in this time:
# the process that composed it has died.
_COMPOSING_LASTS = timedelta(minutes=15)
_BEING_COMPOSED = Message(
    "It is being composed. If that takes longer than 15 minutes, compose it again under the same name."
)

# Characters of the name that recipients read.
MAX_NAME = 60


class NotEditable(DigestError):
    """The edition is in a state in which it cannot be changed."""


class NameTaken(DigestError):
    """Another edition has the name that a special edition should get."""


def has_refused(story: Story, shown: str) -> bool:
    """Whether a check refused a model's summary of the story. With `shown`, whether it refused that text."""
    return story.refused is not None and (not shown or one_line(shown) == one_line(story.refused.text))


class UnknownStory(DigestError):
    """The edition has no such story, and no article has this URL."""


class UnknownBlock(DigestError):
    """The edition has no such block, or the block cannot be written here."""

    def __init__(self, key: str, name: str, known: Collection[str]) -> None:
        super().__init__(f"Edition {key} has no block {name!r} for this; possible: {', '.join(known) or 'none'}.")


class BlockRejected(DigestError):
    """A block cannot be shown with these texts. `faults` are by field."""

    def __init__(self, kind: str, faults: Mapping[str, BlockFault]) -> None:
        messages = (f"{field}: {fault.message}" for field, fault in faults.items())
        super().__init__(f"The block {kind}: " + "; ".join(messages))
        self.faults = faults


@dataclass(frozen=True)
class EditionEditor:
    """Changes drafts. Two editors may work at once: a change keeps the other editor's changes."""

    editions: EditionStore
    log: AuditLog
    composer: Composer
    breaking: BreakingNews
    now: Callable[[], datetime]

    def pin(self, key: str, story: str, by: Actor) -> Edition:
        """Put a story at the top of the edition and keep it there. The edition may lack it so far."""
        edition = self._editable(key)
        found = edition.story(story)
        before = self.editions.editorial_changes(key)

        def change(changes: EditorialChanges) -> EditorialChanges:
            moved = {id: where for id, where in changes.moved.items() if id != story}
            if found and any(section == found.section for section, _place in moved.values()):
                moved = editorial.arrange(edition.sections, changes.moved, story, found.section, 1)
            pinned, dropped = (story, *_without(changes.pinned, story)), _without(changes.dropped, story)
            return replace(changes, pinned=pinned, dropped=dropped, moved=moved)

        known = found is not None or story in (*before.dropped, *before.pinned)
        changed = self._change(key, change, by, ActKind.PINNED, _title(found) or self._title_of(story))
        if not known and not changed.story_named(story):
            self._change(key, lambda _changes: before, by, ActKind.UNDONE, story)
            raise UnknownStory(f"edition {key} has no story {story}")
        return changed

    def add(self, key: str, story: str, by: Actor) -> Edition:
        """Add a story, by id or URL of an article, at the place that its score gives it.

        If the edition is full, the weakest story leaves it. Raises UnknownStory.
        """
        edition = self._editable(key)
        if edition.story_named(story):
            return edition
        # Commands that change no story start faster without it.
        from digest.curate.similarity.clustering import Cluster

        before, found = self.editions.editorial_changes(key), self.composer.articles.named(story)
        # An editor removes a story by its own id.
        names = Cluster((found,)).names if found else {story}

        def change(changes: EditorialChanges) -> EditorialChanges:
            added = (*_without(changes.added, story), story)
            dropped = tuple(each for each in changes.dropped if each not in names)
            return replace(changes, added=added, dropped=dropped)

        changed = self._change(key, change, by, ActKind.ADDED, self._title_of(story))
        if not changed.story_named(story):
            self._change(key, lambda _changes: before, by, ActKind.UNDONE, story)
            raise UnknownStory(f"edition {key} cannot have a story {story}")
        return changed

    def unpin(self, key: str, story: str, by: Actor) -> Edition:
        """Unpin a story, so that its score decides its place."""
        title = _title(self._editable(key).story(story))
        return self._change(
            key, lambda changes: replace(changes, pinned=_without(changes.pinned, story)), by, ActKind.UNPINNED, title
        )

    def drop(self, key: str, story: str, by: Actor) -> Edition:
        """Remove a story. The next best one takes its place, and the log names it."""
        before, found = self._editable(key), self._find_story(key, story)
        after = self._change(
            key,
            lambda changes: replace(
                changes, dropped=(*_without(changes.dropped, story), story), pinned=_without(changes.pinned, story)
            ),
            by,
            ActKind.DROPPED,
            _title(found),
        )
        for each in stories_only_in(after, before):
            self.log.record(by, ActKind.CAME_IN, key, each.title, now=self.now())
        return after

    def restore(self, key: str, story: str, by: Actor) -> Edition:
        """Undo the drop of a story. The story comes back if its score is high enough."""
        self._editable(key)
        return self._change(
            key,
            lambda changes: replace(changes, dropped=_without(changes.dropped, story)),
            by,
            ActKind.LET_IN_AGAIN,
            story,
        )

    def split(self, key: str, story: str, article: str, by: Actor) -> Edition:
        """Take an article, by id or URL, out of a story. It becomes a separate story.

        Both parts stay in the edition, at the places that their scores give them. If it is full, the weakest other
        story leaves it. Raises UnknownStory if the story does not have it, and DigestError if it cannot be split.
        """
        found = self._regroupable(key, story)
        known = self.composer.articles.by_ids(found.article_ids)
        off = next((known[id] for id in found.article_ids if id in known and article in (id, known[id].url)), None)
        if off is None:
            raise UnknownStory(f"story {story} has no article {article}; its articles: {', '.join(found.article_ids)}")
        if len(found.article_ids) < 2:
            raise DigestError(Message("Story %(name)s has no other article, so there is nothing to split.", name=story))
        names = {off.id, off.url}
        rest = next(id for id in found.article_ids if id != off.id)

        def change(changes: EditorialChanges) -> EditorialChanges:
            groups = (tuple(name for name in group if name not in names) for group in changes.merged)
            merged = tuple(group for group in groups if len(group) > 1)
            return replace(
                changes,
                split=(*_without(changes.split, off.id), off.id),
                rest=(*_without(changes.rest, rest), rest),
                merged=merged,
            )

        return self._change(key, change, by, ActKind.SPLIT_OFF, f"{off.title} ← {found.title}")

    def merge(self, key: str, story: str, other: str, by: Actor) -> Edition:
        """Merge another story into a story, which keeps its headline. The next best story takes the free place.

        `other` is the id of a story of the edition, or the id or URL of an article. Raises UnknownStory and
        DigestError.
        """
        found = self._regroupable(key, story)
        added = self._editable(key).story(other)
        if other == story or other in (*found.article_ids, *found.articles):
            raise DigestError(Message("Story %(name)s has %(other)s already.", name=story, other=other))
        if added is not None and added.recurring:
            raise DigestError(Message("Story %(name)s is a daily column, which is never merged.", name=other))
        article = None if added else self.composer.articles.named(other)
        if added is None and article is None:
            ids = ", ".join(sorted(each.id for each in self._editable(key).stories() if each.id != story))
            raise UnknownStory(f"no story of edition {key} and no article is {other}; its other stories: {ids}")
        new = added.article_ids if added else (article.id,) if article else ()
        group = tuple(dict.fromkeys((*found.article_ids, *new)))
        title = added.title if added else article.title if article else ""
        changed = self._change(
            key,
            lambda changes: replace(changes, merged=(*changes.merged, group)),
            by,
            ActKind.MERGED,
            f"{found.title} ← {title}",
        )
        if not any(group[0] in each.article_ids and new[0] in each.article_ids for each in changed.stories()):
            self._change(
                key,
                lambda changes: replace(changes, merged=tuple(each for each in changes.merged if each != group)),
                by,
                ActKind.UNDONE,
                title,
            )
            raise DigestError(
                Message(
                    "Edition %(name)s cannot have %(other)s: its hours, sources or language exclude it.",
                    other=other,
                    name=key,
                )
            )
        return changed

    def _regroupable(self, key: str, story: str) -> Story:
        """Return a story that can be split or merged. Raises UnknownStory, and DigestError for others."""
        found = self._find_story(key, story)
        if found is None:
            raise UnknownStory(f"edition {key} has no story {story} now: it was dropped")
        if is_breaking(key):
            raise DigestError(Message("Edition %(name)s is an alert, which has one story.", name=key))
        if found.recurring:
            raise DigestError(Message("Story %(name)s is a daily column, which is never merged.", name=story))
        return found

    def move(self, key: str, story: str, section: str, place: int, by: Actor) -> Edition:
        """Move a story to a place of a section. The caller has checked the section's name."""
        found = self._find_story(key, story)
        sections = self._editable(key).sections

        def change(changes: EditorialChanges) -> EditorialChanges:
            moved = editorial.arrange(sections, changes.moved, story, section, place)
            return replace(changes, moved=moved, placed=(*_without(changes.placed, story), story))

        return self._change(key, change, by, ActKind.MOVED, f"{_title(found)} → {section}, {place}", chooses=False)

    def step(self, key: str, story: str, steps: int, by: Actor) -> Edition:
        """Move a story up (negative) or down within the edition, and beyond the end of a section into the next one.

        The lead stays on top, whatever its place in its own section.
        """
        edition = self._editable(key)
        for number, section in enumerate(edition.sections):
            ids = [each.id for each in section.stories]
            if story not in ids:
                continue
            if story == edition.lead:
                return edition
            shown = [each for each in ids if each != edition.lead]
            at = shown.index(story) + steps
            if 0 <= at < len(shown):
                return self.move(key, story, section.name, ids.index(shown[at]) + 1, by)
            other = number + (1 if steps > 0 else -1)
            if not 0 <= other < len(edition.sections):
                return edition
            target = edition.sections[other]
            return self.move(key, story, target.name, 1 if steps > 0 else len(target.stories) + 1, by)
        raise UnknownStory(f"edition {key} has no story {story}")

    def write(
        self,
        key: str,
        by: Actor,
        *,
        subject: str | None = None,
        preheader: str | None = None,
        intro: str | None = None,
        seen: Mapping[str, str] | None = None,
    ) -> Edition:
        """Set the texts that are given. An empty subject or preheader means the generated one.

        Bold, italic and links of the intro are Markdown. `seen` has the texts that the editor saw, by field: the log
        names those that somebody saved meanwhile. Raises DigestError.
        """
        self._editable(key)
        given = {"subject": subject, "preheader": preheader}
        texts = {name: one_line(text) for name, text in given.items() if text is not None}
        if intro is not None:
            texts["intro"] = paragraphs(intro)
            if len(texts["intro"]) > MAX_LENGTH:
                length, most = f"{len(texts['intro']):,}", f"{MAX_LENGTH:,}"
                raise DigestError(
                    Message("The intro has %(num)s characters; %(later_num)s are the most.", num=length, later_num=most)
                )
        detail = joined(
            "; ", *(Message("%(field)s: %(words)s", field=name, words=text) for name, text in texts.items())
        )
        return self._change(
            key,
            lambda changes: replace(changes, **texts),  # type: ignore[arg-type]
            by,
            ActKind.TEXTS,
            detail,
            chooses=False,
            replaced=lambda changes: _unseen(texts, seen, {name: getattr(changes, name) for name in texts}),
        )

    def take_refused(self, key: str, story: str, by: Actor, *, shown: str = "") -> Edition:
        """Make a model's summary that a check refused the editor's own text of the story.

        `shown` is the text that the editor saw, if they saw one. Raises UnknownStory if the story has no such text.
        """
        found = self._find_story(key, story)
        if found is None or found.refused is None or not has_refused(found, shown):
            raise UnknownStory(
                Message("story %(name)s of edition %(again)s has no such summary of a model", name=story, again=key)
            )
        refused = found.refused.text
        return self.write_story(key, story, by, title=None, summary=refused, what=ActKind.REFUSED_SUMMARY_TAKEN)

    def write_story(
        self,
        key: str,
        story: str,
        by: Actor,
        *,
        title: str | None,
        summary: str | None,
        seen: Mapping[str, str] | None = None,
        what: ActKind = ActKind.STORY_TEXT,
    ) -> Edition:
        """Set the texts of a story that are given. An empty text means the composed one.

        `seen` has the texts that the editor saw, by field. `what` is the act in the log.
        """
        found = self._find_story(key, story)
        given = {"title": title, "summary": summary}

        def change(changes: EditorialChanges) -> EditorialChanges:
            old = changes.texts.get(story, StoryText())
            text = StoryText(
                old.title if title is None else one_line(title), old.summary if summary is None else one_line(summary)
            )
            others = {id: each for id, each in changes.texts.items() if id != story}
            return replace(changes, texts=others if text == StoryText() else {**others, story: text})

        # Only composing again restores a composed text.
        chooses = "" in given.values()

        def replaced(changes: EditorialChanges) -> list[str]:
            old = changes.texts.get(story, StoryText())
            return _unseen(given, seen, {name: getattr(old, name) for name in given})

        return self._change(key, change, by, what, title or _title(found), chooses=chooses, replaced=replaced)

    def choose_picture(self, key: str, story: str, by: Actor, url: str | None) -> Edition:
        """Give a story the picture of this URL, '' for none, None for the composed one."""
        found = self._find_story(key, story)

        def change(changes: EditorialChanges) -> EditorialChanges:
            others = {id: each for id, each in changes.pictures.items() if id != story}
            return replace(changes, pictures=others if url is None else {**others, story: url})

        # Another picture must be fetched, and only composing finds the composed one.
        return self._change(key, change, by, ActKind.PICTURE, _title(found), chooses=url != "")

    def leave_out_block(self, key: str, name: str, by: Actor) -> Edition:
        """Leave a block out of the edition. Raises UnknownBlock."""
        if name not in self._block_names(key):
            raise UnknownBlock(key, name, self._block_names(key))
        return self._change(
            key,
            lambda changes: replace(changes, blocks_out=(*_without(changes.blocks_out, name), name)),
            by,
            ActKind.BLOCK_LEFT_OUT,
            name,
        )

    def take_back_block(self, key: str, name: str, by: Actor) -> Edition:
        """Put a block back that was left out."""
        self._editable(key)
        return self._change(
            key,
            lambda changes: replace(changes, blocks_out=_without(changes.blocks_out, name)),
            by,
            ActKind.BLOCK_TAKEN_BACK,
            name,
        )

    def write_block(self, key: str, name: str, by: Actor, values: Mapping[str, str] | None) -> Edition:
        """Set the given texts of a block, as `block_texts` reads them. Without texts, restore the file's texts.

        Creates a block that the edition lacks. `name` is the file's name without its ending. Raises BlockRejected, and
        UnknownBlock for a block of another kind.
        """
        edition = self._editable(key)
        kind = kind_of(name)
        if kind not in FIELDS or (name != kind and name not in self._block_names(key)):
            raise UnknownBlock(key, name, FIELDS)
        composed = next((each.data for each in edition.blocks if each.name == name), {})
        given = None if values is None else _block_values(kind, values)

        def change(changes: EditorialChanges) -> EditorialChanges:
            blocks = {each: old for each, old in changes.blocks.items() if each != name}
            if given is not None:
                # Another editor may have saved other fields after the edition was read. A block that was left out
                # begins empty.
                base = composed if name in changes.blocks_out else changes.blocks.get(name, composed)
                blocks[name] = {field: each for field, each in {**base, **given}.items() if each != ""}
                check_block(kind, blocks[name])
            return replace(changes, blocks=blocks, blocks_out=_without(changes.blocks_out, name))

        texts = {**composed, **(given or {})}
        words = next((texts[field] for field in ("text", "question", "title") if texts.get(field)), "")
        return self._change(key, change, by, ActKind.BLOCK_TEXT, f"{name}: {words}" if words else name)

    def _block_names(self, key: str) -> list[str]:
        changes = self.editions.editorial_changes(key)
        return [*filter(None, (each.name for each in self._editable(key).blocks)), *changes.blocks_out]

    def mark_seen(self, key: str, ids: Collection[str], by: Actor) -> Edition:
        """Record that an editor has looked at a model's text, of these stories or of the intro (INTRO).

        The record is only valid for the present words. Raises UnknownStory for a story without model text.
        """
        texts = {each.id: each for each in model_texts(self._editable(key))}
        if missing := [id for id in ids if id not in texts]:
            known = ", ".join(sorted(texts)) or "none"
            raise UnknownStory(f"edition {key} has no text of a model in {missing[0]}; those with one: {known}")
        seen = {id: texts[id].fingerprint for id in ids}
        return self._change(
            key,
            lambda changes: replace(changes, seen={**changes.seen, **seen}),
            by,
            ActKind.SEEN,
            "; ".join(texts[id].title for id in ids),
            chooses=False,
        )

    def keep_other_text(self, key: str, by: Actor, act: int, field: str) -> None:
        """Record that the editor accepts the loss of their own text. `act` is the number of the act that replaced it,
        in the log.
        """
        self._editable(key)
        self.log.record(by, ActKind.NEWER_TEXT_KEPT, key, newer_text_kept(act, field), now=self.now())

    def undo(self, key: str, by: Actor) -> Edition:
        """Undo the last change, or redo it if the last change was an undo. Raises DigestError if there is none."""
        self._editable(key)
        last = self.log.last_change(key)
        if last is None or last.before is None:
            raise DigestError(Message("Edition %(name)s has no change to undo.", name=key))
        from digest.store.content.editions import read_changes

        before = read_changes(last.before)
        return self._change(key, lambda _changes: before, by, ActKind.UNDONE, last.what)

    def compose_special(
        self,
        slug: str,
        selection: Selection,
        by: Actor,
        *,
        fetch: bool = False,
        on_source: Callable[[SourceReport], None] | None = None,
    ) -> ComposeResult:
        """Compose a special edition from a selection of articles.

        Composing it again keeps to the first selection. Only an edition that was skipped, without articles or by an
        error, gets the new one. Stories have the texts that editors wrote for them in other editions. `fetch` collects
        first. Raises ConfigurationError for an unusable slug, and NameTaken.
        """
        now = self.now()
        key = edition_key(now.date(), slug)
        if not slug:
            raise NameTaken(f"Edition {key} exists already. Choose another name.")
        empty = Edition(key, now.date(), 0, EditionState.SKIPPED, "", "", (), reason=_BEING_COMPOSED)
        given = [selection.words, ", ".join(selection.sources), Message("%(num)s h", num=selection.hours)]
        with self.editions.database.transaction():
            over = () if self._is_being_composed(key, now) else (EditionState.SKIPPED,)
            if self.editions.put(empty, over=over) is None:
                raise NameTaken(f"Edition {key} exists already. Choose another name.")
            self.editions.set_editorial_changes(key, EditorialChanges(selection=selection))
            # This change cannot be undone: without its selection it would be another edition.
            self.log.record(by, ActKind.SPECIAL_COMPOSED, key, joined("; ", *given), now=now)
        try:
            composed = self.composer.compose(key, fetch=fetch, on_source=on_source)
        except BaseException as error:
            why = redact(message_of(error) if isinstance(error, (ConfigurationError, DigestError)) else repr(error))
            reason = Message("Composing it failed: %(why)s. Compose it again under the same name.", why=why)
            # If the store is away, the name is free after a while.
            with suppress(StoreError):
                self.editions.put(replace(empty, reason=reason), over=(EditionState.SKIPPED,))
            raise
        return self._with_known_texts(composed, selection, by)

    def _with_known_texts(self, composed: ComposeResult, selection: Selection, by: Actor) -> ComposeResult:
        """Give the stories of a new special edition the texts that editors wrote for them in the editions of its hours.

        A story is the same if its first article is. The text of the newest edition counts.
        """
        edition = composed.edition
        ids = {story.id for story in edition.stories()}
        since = edition.day - timedelta(days=selection.hours // 24)
        found: dict[str, StoryText] = {}
        for other in self.editions.of_days(since, edition.day + timedelta(days=1)):
            if other.key != edition.key:
                texts = self.editions.editorial_changes(other.key).texts
                found |= {id: text for id, text in texts.items() if id in ids}
        if not found or edition.state != EditionState.DRAFT:
            return composed

        def change(changes: EditorialChanges) -> EditorialChanges:
            return replace(changes, texts={**found, **changes.texts})

        detail = "; ".join(story.title for story in edition.stories() if story.id in found)
        return replace(
            composed, edition=self._change(edition.key, change, by, ActKind.TEXTS_TAKEN_OVER, detail, chooses=False)
        )

    def _is_being_composed(self, key: str, now: datetime) -> bool:
        """Whether another editor composes this special edition at this moment."""
        stored = self.editions.get(key)
        if stored is None or stored.reason != _BEING_COMPOSED:
            return False
        begun = next(iter(self.log.newest(1, subject=key)), None)
        return begun is not None and begun.at > now - _COMPOSING_LASTS

    def refresh(self, key: str) -> Edition:
        """Compose the draft again with the articles that came since."""
        self._editable(key)
        return self.breaking.rewrite(key) if is_breaking(key) else self.composer.compose(key, fetch=False).edition

    def _change(
        self,
        key: str,
        change: Callable[[EditorialChanges], EditorialChanges],
        by: Actor,
        what: ActKind,
        detail: str,
        *,
        chooses: bool = True,
        replaced: Callable[[EditorialChanges], Sequence[str]] = lambda _changes: (),
    ) -> Edition:
        """Record a change and apply it. `chooses`: it may change which stories the edition has.

        `replaced` returns the texts that the change replaces and the editor has not seen. It gets the stored edition
        while no other change is possible, so that two changes at the same moment do not miss each other.
        """
        with self.editions.database.transaction(area="edition"):
            if lost := replaced(self.editions.editorial_changes(key)):
                what, detail = ActKind.NEWER_TEXT_REPLACED, joined("; ", *map(quoted, lost), detail)
            changes = self.editions.change_editorial(key, change, by, what, detail, now=self.now())
        if changes is None:
            raise NotEditable(
                Message("Edition %(name)s was approved or sent in the meantime; only a draft can be changed.", name=key)
            )
        if is_breaking(key):
            return self.breaking.rewrite(key, again=True)
        # Another editor's change at the same moment needs a new composition.
        if not chooses and (edition := self.composer.arrange(key, changes)) is not None:
            return edition
        return self.composer.compose(key, fetch=False, again=True).edition

    def _title_of(self, story: str) -> str:
        """Return the headline of a story outside the edition; its id or URL if no article has it."""
        found = self.composer.articles.named(story)
        return found.title if found else story

    def _find_story(self, key: str, story: str) -> Story | None:
        """Return the story; None if an editor dropped it. Raises UnknownStory."""
        edition = self._editable(key)
        found = edition.story(story)
        if found is None:
            changes = self.editions.editorial_changes(key)
            if story not in (*changes.dropped, *changes.pinned):
                ids = ", ".join(sorted(each.id for each in edition.stories()))
                raise UnknownStory(f"edition {key} has no story {story}; its stories: {ids}")
        return found

    def _editable(self, key: str) -> Edition:
        """Return the edition. Raises NotEditable."""
        edition = self.editions.get(key)
        if edition is None:
            raise NotEditable(Message("There is no edition %(name)s.", name=key))
        if edition.state not in EDITABLE_STATES:
            can = edition.state in (EditionState.APPROVED, EditionState.EXPIRED)
            raise NotEditable(
                Message(
                    "Edition %(name)s is %(state)s; only a draft can be changed. "
                    "`digest edition reopen %(again)s` makes it one.",
                    name=key,
                    state=edition.state,
                    again=key,
                )
                if can
                else Message(
                    "Edition %(name)s is %(state)s; only a draft can be changed.", name=key, state=edition.state
                )
            )
        return edition


def _block_values(kind: str, texts: Mapping[str, str]) -> dict[str, Any]:
    """Return the values of the given texts. Raises BlockRejected."""
    values, faults = {}, {}
    for field in FIELDS[kind]:
        if field.name in texts:
            try:
                values[field.name] = to_value(field, texts[field.name])
            except FaultyText as error:
                faults[field.name] = error.fault
    if faults:
        raise BlockRejected(kind, faults)
    return values


# By the type of the schema's error.
_FAULTS = {
    "missing": FaultKind.EMPTY,
    "too_long": FaultKind.TOO_MANY_LINES,
    "too_short": FaultKind.TOO_FEW_LINES,
    "float_parsing": FaultKind.NO_NUMBER,
}


def check_block(kind: str, data: Mapping[str, Any]) -> None:
    """Raise BlockRejected if a block with these data would be left out."""
    try:
        ROWS[kind].schema.model_validate(data)
    except ValidationError as error:
        options = len(data.get("options") or ())
        found = (_fault(each, options) for each in reversed(error.errors(include_url=False)))
        raise BlockRejected(kind, dict(found)) from None


def _unseen(texts: Mapping[str, str | None], seen: Mapping[str, str] | None, present: Mapping[str, str]) -> list[str]:
    """Return the present texts that the change replaces and the editor has not seen."""
    return [
        old
        for name, text in texts.items()
        if text is not None
        and name in (seen or {})
        and (old := present[name])
        and old.split() != text.split()
        and old.split() != (seen or {})[name].split()
    ]


def newer_text_kept(act: int, field: str) -> str:
    """Return the detail of NEWER_TEXT_KEPT: the number of the act that replaced the text, and the text's field."""
    return f"{act} {field}"


def quoted(text: str) -> str:
    """Return a text as the log quotes it."""
    return f"“{one_line(text)}”"


def _fault(error: ErrorDetails, options: int) -> tuple[str, BlockFault]:
    """Return the field and the fault of the schema's error. `options` is how many answers there are."""
    place, message, context = error["loc"], error["msg"], error.get("ctx", {})
    # An error about several fields names that to change: `'answer': expected …`.
    field = str(place[0]) if place else message.partition("'")[2].partition("'")[0]
    line = place[1] + 1 if len(place) > 1 and isinstance(place[1], int) else 0
    part = str(place[2 if line else 1]) if len(place) > (2 if line else 1) else ""
    limit = int(context.get("max_length", context.get("min_length", 0)))
    kind = _FAULTS.get(error["type"], FaultKind.OTHER)
    # The schema says so of a text as of a list.
    if kind == FaultKind.TOO_MANY_LINES and isinstance(error["input"], str):
        kind = FaultKind.TOO_LONG
    if field == "answer" and kind != FaultKind.EMPTY:
        kind, limit = FaultKind.NO_SUCH_OPTION, options
    elif "https://" in message:
        kind = FaultKind.NOT_HTTPS
    elif "expected some text" in message:
        kind = FaultKind.EMPTY
    return field, BlockFault(kind, message, limit, line, part)


def paragraphs(text: str) -> str:
    """Collapse white space, and keep one paragraph on each line."""
    return "\n".join(filter(None, (one_line(line) for line in text.splitlines())))


def stories_only_in(one: Edition, other: Edition) -> list[Story]:
    """Return the stories of an edition that another form of it lacks."""
    return [each for each in one.stories() if not any(other.story_named(id) for id in each.article_ids)]


def _title(story: Story | None) -> str:
    return story.title if story else ""


def _without(items: Sequence[str], item: str) -> tuple[str, ...]:
    return tuple(each for each in items if each != item)
