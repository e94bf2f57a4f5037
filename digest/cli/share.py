"""`digest share`: a card and a text of an edition, for a WhatsApp Channel and the like."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import click

from digest.cli.editions import existing
from digest.cli.output import emit, json_option, note, shown
from digest.errors import ConfigProblem, ConfigurationError, DigestError


@click.command()
@click.argument("edition", required=False, default="")
@click.option(
    "--card",
    "card",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the card to this file (default: share/EDITION.jpg in the newsletter folder).",
)
@json_option
@click.pass_obj
def share(home: Path, edition: str, card: Path | None, as_json: bool) -> None:
    """Print a text of EDITION (default: the newest) for a WhatsApp Channel, and write a card with its headline.

    WhatsApp has no interface for Channels: paste the text and attach the card. Both have only what everybody may read.
    """
    from digest.app import make_app
    from digest.usecases.share import channel_text

    with make_app(home) as app:
        base = app.settings.newsletter.base_url
        if not base:
            problem = "'newsletter.base_url' is empty, so there is no address to share; set it to that of your pages"
            raise ConfigurationError([ConfigProblem("digest.yaml", 0, problem)])
        if app.settings.web.archive != "public":
            problem = f"'web.archive' is {app.settings.web.archive}, so nobody could open the edition; set it to public"
            raise ConfigurationError([ConfigProblem("digest.yaml", 0, problem)])
        newest = app.archive.newest(app.now(), most=1)
        if not edition and not newest:
            raise DigestError("No edition was sent yet. `digest send` sends one.")
        key = edition or newest[0].key
        found, page = existing(app, key), app.archive.page(key, app.now())
        if page is None:
            raise DigestError(
                f"Edition {key} is {found.state} and not in the archive. It can be shared once it is sent."
            )
        text = channel_text(found, page, app.branding, base)
        place = None
        if app.cards.can_draw(page.title):
            place = card or app.home / "share" / f"{key}.jpg"
            _write(place, app.cards.draw(page.title, page.day, page.picture))
        else:
            note("There is no card: install libfribidi0 (Debian), without which Hindi cannot be drawn.")
        if as_json:
            url = f"{base}/archive/{quote(key, safe='')}"
            emit({"edition": key, "url": url, "text": text, "card": str(place) if place else None})
            return
        click.echo(shown(text))
        if place:
            note(f"Card: {place}")


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise DigestError(f"{path}: {error.strerror}") from error
