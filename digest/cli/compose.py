"""`digest compose` and `digest preview`."""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest.cli.find_edition import composed_key, current_edition, key_of
from digest.cli.opening import command_actor
from digest.cli.output import emit, json_option, note
from digest.cli.progress import calls, progress
from digest.cli.signals import stopped_by_signals
from digest.models import Edition, EditionBlock, EditionState, Story

if TYPE_CHECKING:
    from digest.usecases.compose import ComposeResult


@click.command()
@click.option(
    "--date",
    "day",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="The day of the edition (default: today).",
)
@click.option("--edition", "scheduled", default="", metavar="SLUG", help="Which of the day's editions, if several.")
@click.option("--slug", default="", help="Compose a special edition with this short name.")
@click.option("--name", default="", help="With --slug: its name at the top of the email and in the archive.")
@click.option("--words", default="", help="With --slug: only articles that have all these words, in any form.")
@click.option("--source", "sources", multiple=True, help="With --slug: only this source; can be repeated.")
@click.option("--hours", type=click.IntRange(1, 720), help="With --slug: how far back it looks.")
@click.option("--explain", is_flag=True, help="Also show why each story was chosen, and which just missed.")
@json_option
@click.pass_obj
def compose(
    home: Path,
    day: datetime | None,
    scheduled: str,
    slug: str,
    name: str,
    words: str,
    sources: tuple[str, ...],
    hours: int | None,
    explain: bool,
    as_json: bool,
) -> int:
    """Compose a draft edition from the collected articles and show it.

    If the newsletter has several editions a day, the default is today's next one that is not finished.
    """
    if slug and (scheduled or day):
        raise click.UsageError("--slug makes a special edition of today: leave out --edition and --date")
    chooses = bool(name or words or sources or hours)
    if chooses and not slug:
        raise click.UsageError("--name, --words, --source and --hours belong to a special edition: give its --slug")
    from digest import pipeline
    from digest.app import make_app
    from digest.curate.editorial import Selection
    from digest.usecases.edit_edition import MAX_NAME
    from digest.utils.text import one_line

    with make_app(home) as app:
        if unknown := sorted(set(sources) - {each.name for each in app.sources}):
            raise click.UsageError(f"there is no source {unknown[0]!r}; `digest sources list` shows all")
        with progress() as job:
            on_source = calls(job("collected"), len(app.sources))
            key = composed_key(app, day.date() if day else None, scheduled, slug)
            if chooses:
                chosen = Selection(words.strip(), tuple(dict.fromkeys(sources)), hours or 24, one_line(name)[:MAX_NAME])
                by = command_actor(app.environment)
                composed = app.editor.compose_special(key, chosen, by, fetch=True, on_source=on_source)
            else:
                composed = pipeline.compose(app, key, on_source=on_source)
        _show(composed, explain=explain, as_json=as_json)
    return 0


def _show(composed: ComposeResult, *, explain: bool, as_json: bool) -> None:
    from digest.usecases.documents import edition_json
    from digest.utils.text import plural

    for source in composed.collected.sources if composed.collected else ():
        if source.error:
            note(f"source {source.name}: {source.error}")
    if as_json:
        document = edition_json(composed.edition)
        if composed.curated:
            document["left_out"] = list(composed.curated.left_out)
            document["too_weak"] = composed.curated.too_weak
            document["waiting"] = [asdict(each) for each in composed.curated.runners_up]
        emit(document)
        return
    show_edition(composed.edition, explain=explain)
    if not explain and composed.curated and (weak := composed.curated.too_weak):
        note(f"{plural(weak, 'story', 'stories')} left out as too weak; --explain shows what just missed the edition")
    if use := composed.edition.model_use:
        note(
            f"model: {use.calls} calls, {use.tokens} tokens, {use.accepted} texts used, "
            f"{use.refused} refused (--explain says why)"
        )
    if composed.curated is None:
        note(f"Edition {composed.edition.key} is {composed.edition.state}, so it is not composed again.")
    elif explain:
        if composed.curated.runners_up:
            click.echo("\nJust missed the edition (scores before variety and quotas); `digest edition add` adds one:")
        for each in composed.curated.runners_up:
            click.echo(f" - [{each.id}] {each.title}  ({', '.join(each.sources)})")
            click.echo(f"     score {each.score:.2f}: {'; '.join(each.reasons)}")
        if composed.curated.left_out:
            note("left out, with the number of articles:")
        for line in composed.curated.left_out:
            note(f" - {line}")


def show_edition(edition: Edition, *, explain: bool = False) -> None:
    """Print an edition as text."""
    click.echo(f"edition {edition.key}, {edition.state}")
    if edition.state == EditionState.SKIPPED:
        click.echo(f"skipped: {edition.reason}")
        return
    if edition.widened_hours:
        click.echo(edition.reason)
    for line in edition.warnings:
        note(f"warning: {line}")
    click.echo(f"subject:   {edition.subject}\npreheader: {edition.preheader}")
    if edition.intro:
        click.echo(f"intro:     {edition.intro}")
        for each in edition.intro_support if explain else ():
            click.echo(f"     “{each.sentence}” ← {each.source}: “{each.source_sentence}”")
    if edition.blocks:
        click.echo(f"blocks:    {', '.join(map(_block, edition.blocks))}")
    for section in edition.sections:
        click.echo(f"\n{section.name}")
        for story in section.stories:
            _show_story(story, "*" if story.id == edition.lead else "-", explain=explain)


def _show_story(story: Story, mark: str, *, explain: bool) -> None:
    click.echo(f" {mark} [{story.id}] {story.title}  ({', '.join(story.sources)})")
    if story.summary:
        click.echo(f"     {story.summary}")
    if not explain:
        return
    links = [reason for reason in story.reasons if reason.startswith(("same story: ", "related: "))]
    terms = [reason for reason in story.reasons if reason not in links]
    click.echo(f"     score {story.score:.2f}: {'; '.join(terms)}")
    for link in links:
        click.echo(f"     {link}")
    for each in (*([story.title_support] if story.title_support else []), *story.support):
        click.echo(f"     “{each.sentence}” ← {each.source}: “{each.source_sentence}”")
    if story.refused:
        click.echo(f"     refused, because {story.refused.problem}: “{story.refused.text}”")


def _block(block: EditionBlock) -> str:
    """Return a block in a list: `weather`, `sponsor (हरियाली पौधशाला)`, `quote (web)`."""
    notes = [str(block.data["advertiser"])] if "advertiser" in block.data else []
    notes += [block.shown] if block.shown != "both" else []
    return f"{block.kind} ({', '.join(notes)})" if notes else block.kind


@click.command()
@click.argument("edition", required=False, default="")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Where to write (default: HOME/preview).")
@click.option("--open", "show", is_flag=True, help="Then show it in a browser until stopped with Ctrl-C.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="With --open: the port (default: a free one).")
@click.option("--no-browser", is_flag=True, help="With --open: print the address only.")
@json_option
@click.pass_obj
def preview(home: Path, edition: str, out: Path | None, show: bool, port: int, no_browser: bool, as_json: bool) -> int:
    """Write EDITION (default: today's, composed if needed) as .html, .txt and .eml.

    With --open, show it in a browser on phone and desktop, light and dark, and reload when a template or digest.yaml
    changes.
    """
    from digest.app import make_app
    from digest.preview import write_preview

    with make_app(home) as app:
        key = key_of(app, edition)
        found = current_edition(app, key)
        if found.state == EditionState.SKIPPED:
            note(f"Edition {key} is skipped: {found.reason}")
            if as_json:
                emit({"edition": key, "state": "skipped", "reason": found.reason, "files": []})
            return 0
        written = write_preview(app, found, out or app.home / "preview")
    files, sizes = written.files, written.sizes
    if as_json:
        names = [str(file) for file in files]
        emit({"edition": key, "state": found.state, "files": names, "sizes": sizes, "warnings": written.warnings})
    else:
        for line in written.warnings:
            note(f"warning: {line}")
        for file in files:
            click.echo(file)
        note(", ".join(f"{name.replace('_', '-')} {size / 1000:.1f} kB" for name, size in sizes.items()))
    if show:
        _serve(home, key, port, browser=not no_browser)
    return 0


def _is_remote() -> bool:
    """Whether this is a login by ssh without a display: a browser would start in the terminal, or not at all."""
    return "SSH_CONNECTION" in os.environ and not ({"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys())


def _serve(home: Path, key: str, port: int, *, browser: bool) -> None:
    import threading
    import webbrowser

    from digest.errors import DigestError
    from digest.preview import PreviewServer, PreviewState

    try:
        server = PreviewServer(PreviewState(home, key), port)
    except OSError as error:
        raise DigestError(f"Cannot listen on port {port}: {error.strerror}.") from error
    with stopped_by_signals() as stop, server:
        serving = threading.Thread(target=server.serve_forever, name="preview")
        serving.start()
        try:
            note(f"Showing edition {key} at {server.url}. Stop with Ctrl-C.")
            if _is_remote():
                tunnel = f"ssh -N -L {server.server_port}:127.0.0.1:{server.server_port} THIS-SERVER"
                note(f"To see it on your own machine, run `{tunnel}` there and open the same address.")
            elif browser:
                webbrowser.open(server.url)
            stop.wait()
        finally:
            server.shutdown()
            serving.join()
    note("Stopped.")
