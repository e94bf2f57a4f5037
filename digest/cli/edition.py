"""`digest edition`: show, change, approve, pause and cancel editions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest.cli.find_edition import decision_line, existing
from digest.cli.opening import command_actor, pass_app, pass_app_despite_faults, warn_of
from digest.cli.output import emit, json_option, note, plural, shorten, table
from digest.errors import ConfigurationError, DigestError
from digest.models import Actor, Edition, EditionState, is_breaking, is_special
from digest.utils.text import pick

if TYPE_CHECKING:
    from datetime import datetime

    from digest.app import App
    from digest.config.calendar import PlannedEdition


# The verb of a state in messages, where it differs from the state's name.
_VERBS = {EditionState.DRAFT: "reopened"}
# The name of a state in messages, with an article where it needs one.
_NAMES = {EditionState.DRAFT: "a draft"}
# What to do with an edition that cannot be resumed.
_INSTEAD_OF_RESUMING = {
    EditionState.DRAFT: " Approve it: digest edition approve {key}",
    EditionState.APPROVED: " `digest send {key}` sends it now.",
    EditionState.SENDING: " `digest send {key}` continues it.",
    EditionState.EXPIRED: " `digest edition reopen {key}` makes it a draft again.",
}

# The reason that is recorded if none was given.
_BY = "on the command line"
# Seconds.
_LOCK_WAIT = 5.0
# Numbers of recipients in `edition list`.
_COUNTS = ("frozen", "accepted", "rejected", "excluded", "pending", "unknown", "bounced", "complained")
_COUNTS_IN_TABLE = ("accepted", "rejected", "excluded", "unknown", "bounced", "complained")


@click.group()
def edition() -> None:
    """Show, change, approve, pause and cancel editions."""


@edition.command("list")
@json_option
@pass_app_despite_faults
def list_(app: App, as_json: bool) -> None:
    """List every edition with its counts, newest first."""
    editions = app.editions.all()
    numbers = app.statistics.numbers([e.key for e in editions], times=False)
    if as_json:
        rows = [
            {
                "edition": e.key,
                **pick(e, "number state subject reason"),
                **{name: getattr(numbers[e.key], name) for name in _COUNTS},
            }
            for e in editions
        ]
        emit({"editions": rows})
        return
    # Counts are left blank where nothing was sent.
    cells = [[getattr(numbers[e.key], name) or "" for name in _COUNTS_IN_TABLE] for e in editions]
    click.echo(
        table(
            ("edition", "no.", "state", "sent", *_COUNTS_IN_TABLE[1:], "subject"),
            [
                (e.key, e.number or "", e.state, *row, shorten(e.subject or e.reason, 40))
                for e, row in zip(editions, cells, strict=True)
            ],
        )
    )


@edition.command()
@click.argument("key", metavar="[EDITION]", default="")
@json_option
@pass_app_despite_faults
def show(app: App, key: str, as_json: bool) -> None:
    """Show an edition with its stories, their scores and reasons.

    The default is the one composed last.
    """
    from digest.cli.compose import show_edition
    from digest.cli.json_output import decision_json
    from digest.usecases.documents import edition_json, option_counts

    found = existing(app, key) if key else app.editions.composed_last()
    if found is None:
        raise DigestError("There is no edition yet. `digest compose` makes one.")
    decisions = app.editions.decisions(found.key)
    answers = option_counts(app.answers, found, app.settings.newsletter.language)
    if as_json:
        decided = [decision_json(each) for each in decisions]
        emit({**edition_json(found), "decisions": decided, "answers": answers})
        return
    show_edition(found, explain=True)
    for block, counts in answers.items():
        click.echo(f"\n{block}: {', '.join(f'{option}: {number}' for option, number in counts.items())}")
    if decisions:
        click.echo("\ndecisions")
    for each in decisions:
        click.echo(f" - {decision_line(each, app.settings.newsletter.zone)}")


@edition.command()
@click.argument("key", metavar="EDITION")
@click.argument("story")
@click.pass_obj
def pin(home: Path, key: str, story: str) -> None:
    """Put STORY at the top of the edition and keep it there.

    STORY is the id of a story or the URL of an article. It may be a story that just missed the edition: `digest compose
    --explain` lists those.
    """
    more = ". `digest compose --explain` lists those that just missed it"
    _change(home, key, lambda app, by: app.editor.pin(key, story, by), more)


@edition.command()
@click.argument("key", metavar="EDITION")
@click.argument("story")
@click.pass_obj
def add(home: Path, key: str, story: str) -> None:
    """Add STORY to the edition, at the place that its score gives it.

    STORY is the id of a story or the URL of an article. If the edition is full, its weakest story makes room.
    """
    more = ". `digest compose --explain` lists those that just missed it"
    _change(home, key, lambda app, by: app.editor.add(key, story, by), more)


@edition.command()
@click.argument("key", metavar="EDITION")
@click.argument("story")
@click.pass_obj
def drop(home: Path, key: str, story: str) -> None:
    """Remove STORY from the edition. The next best story takes its place."""
    _change(home, key, lambda app, by: app.editor.drop(key, story, by))


@edition.command()
@click.argument("key", metavar="EDITION")
@click.argument("story")
@click.argument("article")
@click.pass_obj
def split(home: Path, key: str, story: str, article: str) -> None:
    """Take ARTICLE out of STORY. It becomes a separate story.

    Both stay in the edition. If it is full, its weakest other story makes room. ARTICLE is the id or the URL of an
    article of the story.
    """
    _change(home, key, lambda app, by: app.editor.split(key, story, article, by))


@edition.command()
@click.argument("key", metavar="EDITION")
@click.argument("story")
@click.argument("other")
@click.pass_obj
def merge(home: Path, key: str, story: str, other: str) -> None:
    """Merge OTHER into STORY, which keeps its headline.

    OTHER is the id of a story of the edition, or the id or URL of an article that is not in it.
    """
    _change(home, key, lambda app, by: app.editor.merge(key, story, other, by))


@edition.command()
@click.argument("key", metavar="EDITION")
@click.argument("story", nargs=-1)
@click.pass_obj
def seen(home: Path, key: str, story: tuple[str, ...]) -> None:
    """Say that you have looked at what a model wrote.

    STORY is the id of a story, or `intro`. Without one it means everything that a model wrote. The edition cannot be
    approved before, and a text that changes afterwards must be looked at again.
    """
    from digest.usecases.approval import model_texts

    def act(app: App, by: Actor) -> Edition:
        ids = story or tuple(each.id for each in model_texts(existing(app, key)))
        return app.editor.mark_seen(key, ids, by)

    _change(home, key, act)


@edition.command()
@click.argument("key", metavar="EDITION")
@click.argument("name")
@click.option("--out", "wanted", flag_value="out", help="Leave it out of this edition.")
@click.option("--back", "wanted", flag_value="back", help="Take it back.")
@click.option("--as-file", "wanted", flag_value="file", help="Use the texts of its file again.")
@click.option("--text", help="What a quote or a correction says in this edition.")
@click.option("--by", "author", help="Who said it, for a quote.")
@click.option("--url", help="The corrected article, for a correction.")
@click.option(
    "--set",
    "fields",
    multiple=True,
    metavar="FIELD=TEXT",
    help="Another field. A list has one entry on each line; can be repeated.",
)
@click.pass_obj
def block(
    home: Path,
    key: str,
    name: str,
    wanted: str | None,
    text: str | None,
    author: str | None,
    url: str | None,
    fields: tuple[str, ...],
) -> None:
    """Leave out a block of one edition, or write one for it.

    NAME is that of the block's file without its ending, such as `weather`. The file stays as it is.
    """
    from digest.render.blocks.rows import kind_of
    from digest.usecases.block_texts import FIELDS

    texts = {field: each for field, each in (("text", text), ("by", author), ("url", url)) if each is not None}
    known = [each.name for each in FIELDS.get(kind_of(name), ())]
    for given in fields:
        field, mark, value = given.partition("=")
        if not mark:
            raise click.UsageError(f"--set expected FIELD=TEXT, found {given!r}")
        texts[field] = value
    if known and (other := next((field for field in texts if field not in known), None)):
        raise click.UsageError(f"the block {name} has no field {other!r}; it has: {', '.join(known)}")
    if bool(wanted) == bool(texts):
        raise click.UsageError("choose one of --out, --back and --as-file, or give --text, --by, --url or --set")

    def act(app: App, by: Actor) -> Edition:
        if wanted == "out":
            return app.editor.leave_out_block(key, name, by)
        if wanted == "back":
            return app.editor.take_back_block(key, name, by)
        return app.editor.write_block(key, name, by, texts or None)

    _change(home, key, act)


@edition.command()
@click.argument("key", metavar="EDITION")
@click.argument("story")
@click.option("--section", required=True, help="The section to move it to.")
@click.option("--place", default=1, show_default=True, type=click.IntRange(1), help="The position in the section.")
@click.pass_obj
def move(home: Path, key: str, story: str, section: str, place: int) -> None:
    """Move STORY to a section and a position in it."""
    from digest.subscribers.list_file import parse_field

    def act(app: App, by: Actor) -> Edition:
        try:
            parse_field("topics", section, topics=app.topics)
        except ValueError as error:
            raise ConfigurationError.at("--section", str(error).replace("topic", "section")) from None
        return app.editor.move(key, story, section, place, by)

    _change(home, key, act)


@edition.command()
@click.argument("key", metavar="EDITION")
@click.option("--subject", help="The subject; '' for the generated one.")
@click.option("--preheader", help="The preheader; '' for the generated one.")
@click.option("--intro", help="Text above the stories, in Markdown; '' for none.")
@click.option("--story", help="The id of a story, for --title and --summary.")
@click.option("--title", help="The story's headline; '' for the composed one.")
@click.option("--summary", help="The story's summary; '' for the composed one.")
@click.option("--take-refused", is_flag=True, help="Make the model's summary that a check refused your own text.")
@click.pass_obj
def edit(
    home: Path,
    key: str,
    subject: str | None,
    preheader: str | None,
    intro: str | None,
    story: str | None,
    title: str | None,
    summary: str | None,
    take_refused: bool,
) -> None:
    """Set subject, preheader or intro, or the texts of a story."""
    texts = {"subject": subject, "preheader": preheader, "intro": intro}
    own = title is not None or summary is not None
    if take_refused and summary is not None:
        raise click.UsageError("--take-refused sets the summary: leave out --summary")
    if (own or take_refused) and story is None:
        raise click.UsageError("name the story with --story")
    if not own and not take_refused and all(text is None for text in texts.values()):
        raise click.UsageError("name at least one of --subject, --preheader, --intro, --title and --summary")

    def act(app: App, by: Actor) -> Edition:
        changed = existing(app, key)
        if any(text is not None for text in texts.values()):
            changed = app.editor.write(key, by, subject=subject, preheader=preheader, intro=intro)
        if story is not None and own:
            changed = app.editor.write_story(key, story, by, title=title, summary=summary)
        if story is not None and take_refused:
            changed = app.editor.take_refused(key, story, by)
        return changed

    _change(home, key, act)


@edition.command()
@click.argument("key", metavar="EDITION")
@click.argument("story")
@click.option("--of", "article", metavar="ARTICLE", help="The picture of this article of the story, by id or URL.")
@click.option("--address", metavar="URL", help="The picture at this address.")
@click.option(
    "--file",
    "path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The picture in this file.",
)
@click.option("--none", "none", is_flag=True, help="No picture.")
@click.option("--composed", is_flag=True, help="The picture that composing chose.")
@click.pass_obj
def picture(
    home: Path,
    key: str,
    story: str,
    article: str | None,
    address: str | None,
    path: Path | None,
    none: bool,
    composed: bool,
) -> None:
    """Choose the picture of a story."""
    if sum((article is not None, address is not None, path is not None, none, composed)) != 1:
        raise click.UsageError("name one of --of, --address, --file, --none and --composed")

    def find_url(app: App) -> str:
        theme = app.branding.theme
        if address is not None:
            if url := picture_address(address, theme):
                return url
            raise ConfigurationError.at("--address", f"{address} cannot be shown: it must begin with https://")
        changed = existing(app, key)
        found = changed.story(story)
        if found is None:
            ids = ", ".join(sorted(each.id for each in changed.stories()))
            raise ConfigurationError.at("STORY", f"edition {key} has no story {story}; its stories: {ids}")
        if path is not None:
            try:
                return save_upload(path.read_bytes(), changed, found, theme, app.articles.images)
            except PictureProblem as problem:
                raise ConfigurationError.at("--file", f"the picture was not taken: it {problem}") from None
        known = app.articles.by_ids(found.article_ids)
        images = {name: each.image for each in known.values() if each.image for name in (each.id, each.url)}
        if article not in images:
            ids = ", ".join(each.id for each in known.values() if each.image) or "none"
            raise ConfigurationError.at(
                "--of", f"story {story} has no article {article} with a picture; articles with one: {ids}"
            )
        return images[article].url

    def act(app: App, by: Actor) -> Edition:
        if not app.branding.theme.max_images:
            raise ConfigurationError.at("theme.max_images", "is 0, so the emails of this newsletter have no pictures")
        return app.editor.choose_picture(key, story, by, None if composed else "" if none else find_url(app))

    from digest.render.pictures import PictureProblem
    from digest.usecases.pictures import picture_address, save_upload

    _change(home, key, act)


@edition.command()
@click.argument("key", metavar="EDITION")
@click.pass_obj
def undo(home: Path, key: str) -> None:
    """Undo the last change of an edition. Run it again to redo the change."""
    _change(home, key, lambda app, by: app.editor.undo(key, by))


@edition.command()
@click.argument("key", metavar="EDITION", required=False, default="")
@click.option("--force", metavar="REASON", default="", help="Approve despite errors in the email.")
@click.option("--at", metavar="TIME", default="", help="Send a special edition at this time: 2026-11-23T07:00.")
@click.option(
    "--obey-frequency", is_flag=True, help="Send a special edition only to subscribers whose days include its day."
)
@click.pass_obj
def approve(home: Path, key: str, force: str, at: str, obey_frequency: bool) -> None:
    """Approve a draft, so that `digest run` sends it at its time.

    The default is the draft that waits for approval today. Its emails are checked first. A special edition goes out at
    once, or with --at at that time.
    """
    from digest.app import make_app
    from digest.usecases.special import parse_time

    with make_app(home) as attended:
        # As `digest run` will send it: with the last valid list, if the file has errors.
        app = attended.copy_with(unattended=True)
        key = key or _waiting(app)
        found = existing(app, key)
        if found.state != EditionState.DRAFT:
            raise DigestError(_impossible(found, EditionState.APPROVED))
        by, zone = command_actor(app.environment), app.settings.newsletter.zone
        try:
            when = parse_time(at, app.now(), zone) if at else None
        except ValueError as error:
            raise ConfigurationError.at("--at", str(error)) from None
        if obey_frequency and when and when.astimezone(zone).date() != found.day:
            raise DigestError(
                f"Edition {key} is of {found.day}, and --obey-frequency means the subscribers of that day. Compose an "
                "edition on the day on which it goes out, or leave --obey-frequency out."
            )
        checked = app.approver.approve(
            found, how=_BY, by=by, force=force.strip() or None, at=when, obey_frequency=obey_frequency
        )
        for line in (*checked.warnings, *checked.left_out):
            note(f"warning: {line}")
        if faults := app.subscriber_list.problems:
            warn_of(faults, "The emails were checked for the last valid list, which `digest run` uses.")
        if is_special(key):
            moment = f"at {when.astimezone(zone):%Y-%m-%d %H:%M}" if when else "at once"
            then = f" `digest run` sends it {moment}, or you do now: digest send {key}"
        else:
            then = _what_sends_it(app.calendar.of(key), app.now().astimezone(zone))
    click.echo(f"Edition {key} is {EditionState.APPROVED}.{then}")


def _what_sends_it(planned: PlannedEdition | None, now: datetime) -> str:
    """Return how and when an approved edition is sent."""
    if planned is None:
        return ""
    moment = f"{planned.send_at.astimezone(now.tzinfo):%Y-%m-%d %H:%M}"
    if now < planned.send_at:
        return f" `digest run` sends it at {moment}."
    if now <= planned.expires_at:
        return f" `digest run` sends it at once: its hour was {moment}."
    return f" Its hour, {moment}, was too long ago for `digest run`. To send it: digest send {planned.key}"


@edition.command()
@click.argument("key", metavar="EDITION")
@pass_app
def reopen(app: App, key: str) -> None:
    """Turn an edition into a draft again.

    It must be approved or expired, or paused before anybody got it. Editorial changes are kept. If an edition of the
    schedule had expired, `digest run` does not send it: use `digest send`.
    """
    found = existing(app, key)
    if not app.stopper.reopen(key, command_actor(app.environment), why=_BY):
        raise DigestError(_impossible(found, EditionState.DRAFT))
    click.echo(f"Edition {key} is a draft again.")
    planned = app.calendar.of(key)
    if is_special(key):
        click.echo(f"To send it: digest edition approve {key}, or with --at at a time.")
    elif planned is None or app.now() > planned.expires_at:
        approve = f"digest edition approve {key} && " if app.requires_approval(key) else ""
        click.echo(f"To send it: {approve}digest send {key}")


@edition.command()
@click.argument("key", metavar="EDITION")
@pass_app_despite_faults
def pause(app: App, key: str) -> None:
    """Pause an edition: a draft, or one that is being sent.

    Batches in flight finish. Emails that the provider holds for later are cancelled.
    """
    _stop(app, key, EditionState.PAUSED)


@edition.command()
@click.argument("key", metavar="EDITION")
@pass_app
def resume(app: App, key: str) -> None:
    """Resume a paused edition. `digest run` or the workers continue it within seconds, else the next `digest send`."""
    from digest.workers.seats import calling_workers

    before = existing(app, key).state
    state = calling_workers(app).stopper.resume(key, command_actor(app.environment), why=_BY)
    if state is None:
        hint = _INSTEAD_OF_RESUMING.get(before, "").format(key=key)
        raise DigestError(f"Edition {key} is {_NAMES.get(before, before)}, not paused, so it cannot be resumed.{hint}")
    click.echo(f"Edition {key} is {_NAMES.get(state, state)} again.")


@edition.command()
@click.argument("key", metavar="EDITION")
@pass_app_despite_faults
def cancel(app: App, key: str) -> None:
    """Cancel an edition for good.

    Nobody else gets it. Emails that the provider holds for later are cancelled.
    """
    _stop(app, key, EditionState.CANCELLED)


@edition.command()
@click.argument("key", metavar="EDITION")
@click.argument("story", default="")
@click.option("--title", help="The right headline.")
@click.option("--summary", help="The right summary.")
@click.option("--note", default="", help="A correction for those who received the wrong text; without it: none.")
@click.option("--force", metavar="REASON", default="", help="Continue despite errors in the email.")
@pass_app
def correct(app: App, key: str, story: str, title: str | None, summary: str | None, note: str, force: str) -> None:
    """Correct STORY of an edition that is being sent, or was sent.

    Recipients without an email yet get the corrected one. Emails that the provider holds for later are cancelled and
    sent again. The note goes to exactly those who received the wrong text. Without STORY: cancel batches that were in
    flight when the edition was corrected.
    """
    from digest import pipeline
    from digest.errors import AlreadyRunning
    from digest.workers.seats import calling_workers

    existing(app, key)
    if not story:
        click.echo(f"{_recipients(app.corrector.cancel_replaced(key))} get the corrected email instead.")
        return
    if title is None and summary is None:
        raise click.UsageError("name the right --title or --summary")
    by = command_actor(app.environment)
    texts = {"title": title, "summary": summary}
    done = app.corrector.correct(key, story, by, **texts, note=note, force=force.strip() or None)
    click.echo(f"Edition {key} is corrected: revision {done.edition.revision}.")
    lines = {
        "get the corrected email": done.reach.waiting,
        "received the wrong text": done.reach.received,
        f"may have it: the outcome is unknown, see `digest reconcile {key}`": done.reach.unknown,
        "were being handed over; `digest run`, or this command without STORY, cancels what it can": (
            done.reach.in_flight
        ),
        "received or will receive no such story": done.reach.unaffected,
    }
    for line, count in lines.items():
        if count:
            click.echo(f"{_recipients(count)} {line}")
    if done.reach.waiting and done.edition.state == EditionState.SENDING:
        click.echo(f"`digest run` sends to them, or `digest send {key}`.")
    if not done.correction:
        return
    try:
        sent = pipeline.send(calling_workers(app), done.correction)
    except AlreadyRunning:
        click.echo(f"`digest run` sends the correction, or later `digest send {done.correction}`.")
        return
    click.echo(f"The correction {done.correction} went to {_recipients(sent.counts.accepted)}.")
    if sent.counts.excluded:
        click.echo(
            f"{_recipients(sent.counts.excluded)} left or paused since, and got none: "
            f"`digest status {done.correction}` names them."
        )


@edition.command()
@click.argument("key", metavar="EDITION")
@pass_app
def discard(app: App, key: str) -> None:
    """Remove an edition of sample articles.

    Everything about it is deleted from the store, so that a real one can take its place. Refused if anybody got it by
    real email.
    """
    from digest.store.locks import exclusive
    from digest.store.sending.folding import discard_samples

    existing(app, key)
    with exclusive(app.database, "sending", wait=_LOCK_WAIT):
        discard_samples(app.database, key)
    outbox = app.settings.delivery.outbox.path
    click.echo(f"Edition {key} is removed. Its files in {outbox} stay. The next compose or send makes a new one.")


def _waiting(app: App) -> str:
    """Return the draft of today that waits for approval. Raises DigestError if there is none, or several."""
    planned = {edition.key for edition in app.calendar.current(app.now())}
    today = app.now().date()
    drafts = [
        each.key
        for each in app.editions.unfinished()
        if each.state == EditionState.DRAFT
        and not is_breaking(each.key)
        and app.requires_approval(each.key)
        and (each.key in planned or each.day == today)
    ]
    if len(drafts) == 1:
        return drafts[0]
    if drafts:
        raise DigestError(f"Several editions wait for approval; name one: {', '.join(drafts)}")
    raise DigestError("No edition of today waits for approval. `digest edition list` shows all editions.")


def _stop(app: App, key: str, state: EditionState) -> None:
    found = existing(app, key)
    done = app.stopper.stop(key, state, command_actor(app.environment), why=_BY)
    if not done.stopped:
        raise DigestError(_impossible(found, state))
    click.echo(f"Edition {key} is {state}.")
    if done.cancelled:
        click.echo(f"The provider cancelled the scheduled email for {_recipients(done.cancelled)}.")
    problems = []
    if late := done.too_late - done.cancellable_later:
        problems.append(
            f"{_recipients(late)} will still get this edition: it is too late to cancel, or the provider accepts no "
            "more cancellations."
        )
    if done.cancellable_later:
        problems.append(
            f"{_recipients(done.cancellable_later)} cannot be cancelled yet: the provider accepts no more "
            "cancellations for now. `digest run`, or this command again, cancels them when earlier ones expire."
        )
    if done.in_flight:
        problems.append(
            f"{_recipients(done.in_flight)} in flight: another process is sending to them and starts no new batch. Run "
            f"this again when it has ended, and see `digest status {key}`."
        )
    if done.unknown:
        problems.append(
            f"{_recipients(done.unknown)} may have this edition: the outcome is unknown. See `digest reconcile {key}`."
        )
    if done.unconfirmed:
        problems.append(
            f"{_recipients(done.unconfirmed)}: the provider did not confirm the cancellation. "
            f"See `digest reconcile {key}`."
        )
    if problems:
        raise DigestError("\n".join(problems))


def _impossible(found: Edition, state: EditionState) -> str:
    """Say why an edition cannot be brought into a state."""
    now = _NAMES.get(found.state, found.state)
    if found.state == state:
        return f"Edition {found.key} is {now} already."
    if (found.state, state) == (EditionState.SKIPPED, EditionState.CANCELLED) and is_special(found.key):
        return f"Edition {found.key} is skipped, so nobody gets it, and there is nothing to cancel."
    return f"Edition {found.key} is {now} and cannot be {_VERBS.get(state, state)}."


def _recipients(count: int) -> str:
    return plural(count, "recipient")


def _change(home: Path, key: str, act: Callable[[App, Actor], Edition], more: str = "") -> None:
    """Make an editor's change, and show the edition afterwards.

    `more` is appended to the error about an unknown story.
    """
    from digest.app import make_app
    from digest.cli.compose import show_edition
    from digest.usecases.edit_edition import UnknownStory, stories_only_in

    with make_app(home) as app:
        before = existing(app, key)
        try:
            changed = act(app, command_actor(app.environment))
        except UnknownStory as error:
            raise ConfigurationError.at("STORY", f"{error}{more}") from None
        show_edition(changed)
        for story in stories_only_in(before, changed):
            note(f"no longer in the edition: [{story.id}] {story.title}")
