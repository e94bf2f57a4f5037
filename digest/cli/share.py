"""`digest share`: a card and a text of an edition, for a WhatsApp Channel and the like."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import click

from digest.cli.find_edition import existing
from digest.cli.opening import pass_app, user_name
from digest.cli.output import answer, emit, json_option, note, printable, write_file
from digest.errors import ConfigurationError, DigestError

if TYPE_CHECKING:
    from digest.app import App


@click.command()
@click.argument("edition", required=False, default="")
@click.option(
    "--card",
    "card",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the card to this file (default: share/EDITION.jpg in the newsletter folder).",
)
@click.option("--telegram", is_flag=True, help="Post it in the newsletter's Telegram channel instead, once.")
@click.option(
    "--seen/--not-seen",
    default=None,
    help="With --telegram, if the outcome is unknown: whether you see the post in the channel. If not, it is posted.",
)
@json_option
@pass_app
def share(app: App, edition: str, card: Path | None, telegram: bool, seen: bool | None, as_json: bool) -> int:
    """Print a text of EDITION (default: the newest) for a WhatsApp Channel, and write a card with its headline.

    WhatsApp has no API for Channels: paste the text and attach the card. Both contain nothing personal.
    """
    from digest.usecases.share import channel_text

    base = app.settings.newsletter.base_url
    if not base:
        problem = "'newsletter.base_url' is empty, so there is no address to share; set it to that of your pages"
        raise ConfigurationError.at("digest.yaml", problem)
    if app.settings.web.archive != "public":
        problem = f"'web.archive' is {app.settings.web.archive}, so nobody could open the edition; set it to public"
        raise ConfigurationError.at("digest.yaml", problem)
    newest = app.archive.newest(app.now(), limit=1)
    if not edition and not newest:
        raise DigestError("No edition was sent yet. `digest send` sends one.")
    key = edition or newest[0].key
    if telegram:
        return _post(app, key, seen, as_json=as_json)
    if seen is not None:
        raise click.UsageError("--seen and --not-seen need --telegram")
    found, page = existing(app, key), app.archive.page(key, app.now())
    if page is None:
        raise DigestError(f"Edition {key} is {found.state} and not in the archive. It can be shared once it is sent.")
    text = channel_text(found, page, app.branding, base)
    place = None
    if app.cards.can_draw(page.title):
        place = card or app.home / "share" / f"{key}.jpg"
        write_file(place, app.cards.draw(page.title, page.day, page.picture))
    else:
        note("There is no card: install libfribidi0 (Debian), without which Hindi cannot be drawn.")
    if as_json:
        url = f"{base}/archive/{quote(key, safe='')}"
        emit({"edition": key, "url": url, "text": text, "card": str(place) if place else None})
        return 0
    click.echo(printable(text))
    if place:
        note(f"Card: {place}")
    return 0


def _post(app: App, key: str, seen: bool | None, *, as_json: bool) -> int:
    """Post in the channel, and print the result. Returns exit code 1 unless the channel has the post."""
    from digest.store.sending.channel_posts import PostState
    from digest.store.sending.decisions import Decision

    poster = app.channel_poster
    if poster is None:
        problem = "'telegram.channel' is empty; set it to the channel's name, such as \"@nadipur_news\""
        raise ConfigurationError.at("digest.yaml", problem)
    before = poster.posts.get(key, poster.channel)
    if seen is not None:
        if not poster.posts.decide(key, poster.channel, posted=seen, now=app.now()):
            raise DigestError(f"The post of edition {key} is {before.state if before else 'not made'}, not unknown.")
        app.editions.record_decision(
            key, Decision.CHANNEL_POST, "seen" if seen else "not seen", now=app.now(), by=user_name(app.environment)
        )
    post = poster.post(key, at_once=True)
    answer(
        {
            "edition": key,
            "channel": post.channel,
            "state": post.state,
            "message": post.message or None,
            "detail": post.detail or None,
        },
        f"{post.channel}: {post.state}{f', {post.detail}' if post.detail else ''}",
        as_json=as_json,
    )
    if post.state == PostState.UNKNOWN:
        note(
            "Telegram may have it, and cannot be asked. Look at the channel, then say what you see: "
            f"`digest share {key} --telegram --seen`, or --not-seen to post it."
        )
    return 0 if post.state == PostState.POSTED else 1
