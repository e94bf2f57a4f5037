"""`digest breaking`: list, propose, send and drop alert editions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from digest.cli.opening import pass_app, user_name
from digest.cli.output import answer, emit, json_option, note, shorten, table
from digest.cli.progress import progress
from digest.cli.signals import stopped_by_signals
from digest.models import BEGUN_STATES, WAITING_STATES, EditionState
from digest.utils.text import pick

if TYPE_CHECKING:
    from digest.app import App
    from digest.store.content.editions import BreakingEdition


@click.group()
def breaking() -> None:
    """List, propose, send and drop breaking news: alert editions of one story."""


@breaking.command("list")
@json_option
@pass_app
def list_(app: App, as_json: bool) -> None:
    """List the alert editions of the last days.

    It looks back `edition.memory`, and shows the day's limits too.
    """
    found = app.breaking.all()[::-1]
    sent, per_day, quiet = len(app.breaking.sent_today()), app.settings.breaking.per_day, app.breaking.is_quiet()
    if as_json:
        emit(
            {
                "enabled": app.settings.breaking.enabled,
                "sent_today": sent,
                "per_day": per_day,
                "quiet_now": quiet,
                "editions": [_json(app, each) for each in found],
            }
        )
        return
    rows = [(each.edition.key, each.edition.state, _when(app, each), _headline(each)) for each in found]
    click.echo(table(("edition", "state", "", "story"), rows) if rows else "No alert edition was proposed.")
    click.echo(f"{sent} of {per_day} were sent today.{' These are quiet hours.' if quiet else ''}")
    if not app.settings.breaking.enabled:
        note("Breaking news is off (breaking.enabled).")


@breaking.command()
@click.argument("story", metavar="STORY_OR_URL")
@json_option
@pass_app
def propose(app: App, story: str, as_json: bool) -> None:
    """Propose a story as breaking news.

    STORY_OR_URL is its id, or the URL of a collected article. Nothing is sent. The draft can be looked at and edited
    like any edition.
    """
    from digest.cli.compose import show_edition
    from digest.usecases.documents import edition_json

    edition, had = app.breaking.propose(story.strip())
    if had:
        note(f"The story was in {', '.join(had)}.")
    if as_json:
        emit({**edition_json(edition), "already_in": list(had)})
        return
    show_edition(edition)
    click.echo(f"\nTo look at it: digest preview {edition.key}\nTo send it:    digest breaking send {edition.key}")


@breaking.command()
@click.argument("key", metavar="[EDITION]", required=False)
@click.option(
    "--force",
    metavar="REASON",
    default="",
    help="Send despite the day's limit, quiet hours or errors in the email; the reason is recorded.",
)
@json_option
@pass_app
def send(app: App, key: str | None, force: str, as_json: bool) -> int:
    """Approve a proposal and send it now.

    The default is the only proposal. Everyone who gets breaking news gets it. It goes before any other send. A story is
    sent once. An interrupted send continues with the same command.
    """
    from digest import pipeline
    from digest.cli.send import report_sent
    from digest.usecases.enqueue import SendRequest
    from digest.workers.seats import calling_workers

    key = app.breaking.key_to_send(key)
    with stopped_by_signals() as stop, progress() as job:
        request = SendRequest(force=force.strip() or None)
        sent = pipeline.send(calling_workers(app), key, request, stop=stop, progress=job("sent"))
    code = report_sent(app, sent, as_json)
    if sent.edition.state in BEGUN_STATES:
        for line in pipeline.recompose_older_drafts(app, key):
            note(line)
    return code


@breaking.command()
@click.argument("key", metavar="EDITION")
@json_option
@pass_app
def drop(app: App, key: str, as_json: bool) -> None:
    """Drop a proposal. `digest run` does not propose its story again; an editor can."""
    app.breaking.drop(key, by=user_name(app.environment))
    answer({"edition": key, "state": EditionState.CANCELLED}, f"Edition {key} is dropped.", as_json=as_json)


def _headline(each: BreakingEdition) -> str:
    return shorten(each.edition.subject or each.edition.reason, 60)


def _when(app: App, each: BreakingEdition) -> str:
    zone = app.settings.newsletter.zone
    if each.sent_at is not None:
        return f"sent {each.sent_at.astimezone(zone):%m-%d %H:%M}"
    if each.edition.state in WAITING_STATES:
        return f"until {app.breaking.expires_at(each.edition).astimezone(zone):%m-%d %H:%M}"
    return ""


def _json(app: App, each: BreakingEdition) -> dict[str, Any]:
    edition = each.edition
    story = next(edition.stories(), None)
    return {
        "edition": edition.key,
        **pick(edition, "state subject reason"),
        "story": story.id if story else None,
        "title": story.title if story else None,
        "sources": list(story.sources) if story else [],
        "articles": list(story.articles) if story else [],
        "proposed_at": edition.composed_at.isoformat() if edition.composed_at else None,
        "expires_at": app.breaking.expires_at(edition).isoformat(),
        "sent_at": each.sent_at.isoformat() if each.sent_at else None,
    }
