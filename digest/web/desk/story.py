"""A story next to its sources: change headline and summary, see where each sentence comes from."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.responses import Response

from digest.hindi import cut
from digest.hindi.sentences import split
from digest.messages import message_of
from digest.models import Article, Edition, Role, Story, is_breaking
from digest.render.pictures import MAX_BYTES, PictureProblem
from digest.store.sending.revisions import REVISABLE
from digest.usecases.edit_edition import NotEditable, has_refused
from digest.usecases.pictures import picture_address, save_upload
from digest.utils.text import one_line
from digest.web.desk import edit, pictures, seen, since, today
from digest.web.desk.access import MAX_PICTURE
from digest.web.desk.bar import bar
from digest.web.desk.sentences import PageSentence, translate
from digest.web.desk.visit import Visit, edition_path

# In grapheme clusters. A longer headline takes four lines on a phone.
MAX_TITLE, MAX_SUMMARY = 90, 600
_LIMITS = {"title": MAX_TITLE, "summary": MAX_SUMMARY}
_MAX_FIELD = 5_000
_POINTS = re.compile(r": [+-][0-9]+\.[0-9]+\Z")
# The most sentences per source.
_MAX_SENTENCES = 25


@dataclass(frozen=True, slots=True)
class SourceSentence:
    text: str
    # The numbers of the summary's sentences that it supports, from 1.
    supports: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ArticleSentences:
    """An article with its sentences."""

    article: Article
    sentences: tuple[SourceSentence, ...]


def page(visit: Visit) -> Response:
    """Respond with the story next to its sources.

    With `edit`, only with the forms for its texts and its picture, for the list of a phone.
    """
    edition, story = _edition_and_story(visit)
    if "edit" in visit.query and edition.state in today.EDITABLE and visit.may(Role.EDITOR):
        articles = list(visit.desk.app.articles.by_ids(story.article_ids).values())
        return visit.page(
            "edit.html.j2",
            edition=edition,
            story=story,
            limits=_LIMITS,
            picture=pictures.state(visit, edition, story, articles),
            has_own_picture=_has_own_picture(visit, edition, story),
        )
    return _page(visit, edition, story, title=story.title, summary=story.summary)


def save(visit: Visit) -> Response:
    """Save the fields that the editor changed. Texts that nobody changed keep following the sources."""
    edition, story = _edition_and_story(visit)
    _ = visit.catalogue.gettext
    present = {"title": story.title, "summary": story.summary}
    changed = edit.changed_fields(visit, {**present, "section": story.section})
    texts = {name: text[:_MAX_FIELD] for name, text in changed.items() if name in present}
    if "original" in visit.form:
        texts = dict.fromkeys(present, "")
    else:
        over = {name: cut.length(text) - _LIMITS[name] for name, text in texts.items()}
        problems = {name: _("%(num)s characters too long") % {"num": num} for name, num in over.items() if num > 0}
        if texts.get("title") == "":
            problems["title"] = _("A story needs a headline.")
        if problems:
            title, summary = (visit.form.get(name, text)[:_MAX_FIELD] for name, text in present.items())
            return _page(visit, edition, story, status=422, title=title, summary=summary, problems=problems)
    app, section = visit.desk.app, changed.get("section", "")
    void = {"void": "1"} if (changed or texts) and edit.void_approval(visit, edition) else {}
    try:
        if texts:
            app.editor.write_story(
                edition.key,
                story.id,
                visit.actor,
                title=texts.get("title"),
                summary=texts.get("summary"),
                seen=edit.seen(visit),
            )
        if section in app.topics:
            app.editor.move(edition.key, story.id, section, 1, visit.actor)
    except NotEditable as error:
        typed = {**present, **texts}
        title, summary, problem = typed["title"], typed["summary"], visit.refusal(error)
        return _page(visit, *_edition_and_story(visit), status=409, title=title, summary=summary, problem=problem)
    following = _following(edition, story) if "next" in visit.form else None
    if following is not None:
        return visit.go(f"{edition_path(edition.key)}/story/{following.id}", **void)
    return visit.go(edition_path(edition.key), part=f"row-{story.id}", **void)


def take(visit: Visit) -> Response:
    """Make a model's summary that was refused the editor's own text."""
    edition, story = _edition_and_story(visit)
    _ = visit.catalogue.gettext
    shown = visit.form.get("shown", "")[:_MAX_FIELD]
    if story.refused is None or not has_refused(story, shown):
        return visit.problem(409, _("This text is no longer there"), _("The edition was composed again meanwhile."))
    text = story.refused.text
    if (over := cut.length(text) - MAX_SUMMARY) > 0:
        problems = {"summary": _("%(num)s characters too long") % {"num": over}}
        return _page(visit, edition, story, status=422, title=story.title, summary=text, problems=problems)
    void = {"void": "1"} if edit.void_approval(visit, edition) else {}
    visit.desk.app.editor.take_refused(edition.key, story.id, visit.actor, shown=shown)
    return visit.go(f"{edition_path(edition.key)}/story/{story.id}", **void)


def picture(visit: Visit) -> Response:
    """Choose the story's picture: one of its articles, one at an address, none, or the composed one."""
    edition, story = _edition_and_story(visit)
    _ = visit.catalogue.gettext
    chosen = visit.form.get("picture", "")
    found = visit.desk.app.articles.by_ids(story.article_ids)
    images = {id: article.image for id, article in found.items() if article.image}
    if chosen not in ("none", "composed", "address", *images):
        raise HTTPException(422)
    image = images.get(chosen)
    url = image.url if image else "" if chosen == "none" else None
    if chosen == "address":
        url = picture_address(visit.form.get("address", ""), visit.desk.app.branding.theme)
        if not url:
            wrong = _("This is not the address of a picture. It begins with https://.")
            return visit.problem(422, wrong, field="address")
    void = {"void": "1"} if edit.void_approval(visit, edition) else {}
    visit.desk.app.editor.choose_picture(edition.key, story.id, visit.actor, url)
    if visit.form.get("back") == "list":
        return visit.go(edition_path(edition.key), part=f"row-{story.id}", **void)
    return visit.go(f"{edition_path(edition.key)}/story/{story.id}", **void, part="picture", pictured="1")


def _has_own_picture(visit: Visit, edition: Edition, story: Story) -> bool:
    return story.id in visit.desk.app.editions.editorial_changes(edition.key).pictures


def upload(visit: Visit) -> Response:
    """Give a story a picture from the editor's device. A program sends it in base64."""
    edition, story = _edition_and_story(visit)
    _ = visit.catalogue.gettext
    wrong = ""
    data = visit.file.file.read(MAX_PICTURE + 1) if visit.file is not None else b""
    if visit.actor.via == "api":
        with suppress(ValueError):
            data = b64decode(data)
    if not visit.desk.app.branding.theme.max_images:
        wrong = _("The emails of this newsletter have no pictures.")
    elif not data:
        wrong = _("Choose a file first.")
    else:
        app = visit.desk.app
        try:
            url = save_upload(data, edition, story, app.branding.theme, app.articles.images)
        except PictureProblem as problem:
            why = translate(message_of(problem), visit.catalogue) or str(problem)
            wrong = _("The picture was not taken: it %(why)s.") % {"why": why}
    if wrong:
        if visit.actor.via == "api":
            return visit.problem(422, wrong, field="content")
        return _page(visit, edition, story, status=422, title=story.title, summary=story.summary, no_picture=wrong)
    void = {"void": "1"} if edit.void_approval(visit, edition) else {}
    visit.desk.app.editor.choose_picture(edition.key, story.id, visit.actor, url)
    return visit.go(f"{edition_path(edition.key)}/story/{story.id}", **void, part="picture", pictured="1")


def _page(
    visit: Visit,
    edition: Edition,
    story: Story,
    *,
    title: str,
    summary: str,
    status: int = 200,
    problems: dict[str, str] | None = None,
    problem: str | PageSentence = "",
    no_picture: str = "",
) -> Response:
    app = visit.desk.app
    found = app.articles.by_ids(story.article_ids)
    articles = [found[id] for id in story.article_ids if id in found]
    sentences = split(summary)
    only_used = visit.query.get("only") == "used"
    # Sentences in the model's own words.
    own_words = {each.sentence for each in story.support}
    can_regroup = (
        edition.state in today.EDITABLE
        and visit.may(Role.EDITOR)
        and not story.recurring
        and not is_breaking(edition.key)
    )
    siblings = next((each.stories for each in edition.sections if story in each.stories), ())
    return visit.page(
        "story.html.j2",
        status=status,
        bar=bar(visit, edition),
        edition=edition,
        story=story,
        place=siblings.index(story) + 1 if story in siblings else 1,
        siblings=len(siblings),
        following=_following(edition, story),
        title=title,
        summary=summary,
        problems=problems or {},
        problem=problem,
        void=since.void_line(visit, edition.key) if visit.query.get("void") == "1" else "",
        correctable=edition.state in REVISABLE and edition.corrects is None,
        lines=[
            (number, each, _sources_of(each, story, articles), each in own_words)
            for number, each in enumerate(sentences, 1)
        ],
        unseen=next((each for each in seen.left(visit, edition) if each.id == story.id), None),
        is_title_by_machine=story.is_title_by_machine and title == story.title,
        sources=[_source(article, sentences, story, only_used=only_used) for article in articles],
        only_used=only_used,
        picture=pictures.state(visit, edition, story, articles),
        no_picture=no_picture,
        max_picture=MAX_BYTES,
        has_pictures=bool(app.branding.theme.max_images),
        has_own_picture=_has_own_picture(visit, edition, story),
        sections=app.topics,
        reasons=[each for each in story.reasons if _is_scored(each)],
        details=[each for each in story.reasons if not _is_scored(each)],
        refused=story.refused if story.refused and one_line(story.refused.text) != story.summary else None,
        editable=edition.state in today.EDITABLE,
        can_split=can_regroup and len(articles) > 1,
        others=[each for each in edition.stories() if each is not story and not each.recurring] if can_regroup else (),
        is_changed=story.id in app.editions.editorial_changes(edition.key).texts,
        limits=_LIMITS,
        now=visit.desk.now(),
    )


def _is_scored(reason: str) -> bool:
    """Whether a reason ends in its points. Other reasons explain the comparison of articles, in English."""
    return bool(_POINTS.search(reason))


def _source(article: Article, summary: Sequence[str], story: Story, *, only_used: bool) -> ArticleSentences:
    """Return an article's sentences, each with the sentences of the summary that come from it.

    With `only_used`, those without any are left out.
    """
    lines = [sentence for block in article.text.splitlines() for sentence in split(block)][:_MAX_SENTENCES]
    found = (
        SourceSentence(line, tuple(number for number, each in enumerate(summary, 1) if _comes_from(each, line, story)))
        for line in lines
    )
    return ArticleSentences(article, tuple(each for each in found if each.supports or not only_used))


def _sources_of(sentence: str, story: Story, articles: Sequence[Article]) -> list[str]:
    """Return the names of the sources in which a sentence of the summary is found."""
    return [
        article.source
        for article in articles
        if any(_comes_from(sentence, line, story) for block in article.text.splitlines() for line in split(block))
    ]


def _comes_from(sentence: str, line: str, story: Story) -> bool:
    """Whether a sentence is this one of a source: its own words, or a model's that were checked against it."""
    checked = any(each.sentence == sentence and each.source_sentence == line for each in story.support)
    return checked or _overlap(sentence, line) >= _ALIKE


# The share of a summary's words that a source's sentence has if it is its origin. Trimming only removes words.
_ALIKE = 0.8


def _overlap(sentence: str, line: str) -> float:
    words, others = _words(sentence), set(_words(line))
    return sum(word in others for word in words) / len(words) if words else 0.0


def _words(text: str) -> list[str]:
    return [word for each in text.split() if (word := each.strip("।,.;:!?‘’“”\"'()–-"))]


def _following(edition: Edition, story: Story) -> Story | None:
    stories = list(edition.stories())
    ids = [each.id for each in stories]
    at = ids.index(story.id) + 1 if story.id in ids else len(ids)
    return stories[at] if at < len(stories) else None


def _edition_and_story(visit: Visit) -> tuple[Edition, Story]:
    edition = visit.edition()
    return edition, visit.story(edition)
