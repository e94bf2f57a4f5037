"""The root of the commands: a table of names, each loaded only when it is asked for, so that `--help` stays fast."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path

import click

from digest import __version__

COMMANDS = {
    "init": ("digest.cli.folder:init", "Make a new newsletter folder that works at once."),
    "check": ("digest.cli.checking:check", "Check configuration, list, templates, sources and credentials."),
    "collect": ("digest.cli.gather:collect", "Fetch all sources and show what each gave."),
    "sources": ("digest.cli.sources:sources", "List, test, add, import, export and remove sources."),
    "compose": ("digest.cli.letters:compose", "Curate into a draft edition and show it."),
    "preview": ("digest.cli.letters:preview", "Write the letter as .html, .txt and .eml."),
    "send": ("digest.cli.sending:send", "Send an edition to everyone who is due, or resume."),
    "status": ("digest.cli.sending:status", "Show counts per state, who did not get it and why."),
    "run": ("digest.cli.running:run", "Keep the schedule until stopped."),
    "web": ("digest.cli.web:web", "Serve the readers' pages."),
    "subscribers": ("digest.cli.lists:subscribers", "List and edit the readers."),
    "edition": ("digest.cli.desk:edition", "The desk: look at editions, change and approve them."),
    "schema": ("digest.cli.schema:schema", "Write JSON Schemas of the two files for editors."),
    "completion": ("digest.cli.schema:completion", "Print the completion script of a shell."),
    "reconcile": ("digest.cli.reconciling:reconcile", "Settle batches whose outcome is unknown."),
    "events": ("digest.cli.events:events", "Handle what providers posted about letters."),
    "bounces": ("digest.cli.events:bounces", "Read mail that came back: bounces, complaints, readers who leave."),
    "doctor": ("digest.cli.doctor:doctor", "Look at a received mail: DKIM, one-click unsubscribe, headers."),
    "demo": ("digest.cli.folder:demo", "Do the whole job on the samples."),
}


class Commands(click.Group):
    """Knows every command's name and help line without importing it."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command = getattr(import_module(module), attribute)
        if not isinstance(command, click.Command):
            return None
        if "_DIGEST_COMPLETE" in os.environ:  # a shell asks
            from digest.cli.completing import complete

            complete(command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_place, line) in COMMANDS.items()])


@click.group(cls=Commands)
@click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    envvar="DIGEST_HOME",
    help="The newsletter folder (default: the current one).",
)
@click.version_option(__version__, prog_name="digest")
@click.pass_context
def cli(ctx: click.Context, home: Path) -> None:
    """A daily email digest for Hindi newsrooms: collects, finds the same story, mails it exactly once."""
    ctx.obj = home
