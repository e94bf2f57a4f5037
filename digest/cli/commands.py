"""The `digest` command. Each subcommand is imported only when it runs, so that `--help` stays fast."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path

import click

from digest import __version__

# Group to its commands: name to where the command is, and its line in the help.
GROUPS = {
    "Start": {
        "init": ("digest.cli.init:init", "Create a newsletter folder with sample articles."),
        "demo": ("digest.cli.init:demo", "Collect, compose and send the samples, into an outbox."),
        "check": ("digest.cli.check:check", "Check settings, subscriber list, templates, sources and credentials."),
    },
    "Edit": {
        "sources": ("digest.cli.sources:sources", "List, test, add, import, export and remove sources."),
        "collect": ("digest.cli.collect:collect", "Fetch all sources and show the result of each."),
        "compose": ("digest.cli.compose:compose", "Compose a draft edition and show it."),
        "preview": ("digest.cli.compose:preview", "Write an edition as .html, .txt and .eml, or show it in a browser."),
        "edition": ("digest.cli.edition:edition", "Show, change, approve, pause and cancel editions."),
        "subscribers": ("digest.cli.subscribers:subscribers", "List, edit, import, export and erase subscribers."),
    },
    "Send": {
        "send": ("digest.cli.send:send", "Send an edition to everyone who is due, or resume a send."),
        "breaking": ("digest.cli.breaking:breaking", "List, propose, send and drop breaking news."),
        "status": ("digest.cli.send:status", "Show an edition's counts, who did not get it, and why."),
        "report": ("digest.cli.report:report", "Report on an edition, compared with earlier ones."),
        "receipt": ("digest.cli.receipt:receipt", "Issue a signed receipt of an edition, or verify one."),
        "sponsors": ("digest.cli.sponsors:sponsors", "List booked advertisements, and report on them."),
        "share": ("digest.cli.share:share", "Print a text and draw a card of an edition for a WhatsApp Channel."),
        "breach": ("digest.cli.breach:breach", "Inform people of a personal data breach, by a letter and a record."),
        "reconcile": ("digest.cli.reconcile:reconcile", "Resolve batches whose outcome is unknown."),
        "events": ("digest.cli.events:events", "Process the webhook payloads of providers."),
        "bounces": ("digest.cli.events:bounces", "Process returned mail: bounces, complaints, unsubscribes, replies."),
        "replies": ("digest.cli.events:replies", "Show what subscribers wrote: replies, and comments with answers."),
    },
    "Operate": {
        "run": ("digest.cli.run:run", "Run the schedule: collect, compose and send every day."),
        "worker": ("digest.cli.run:worker", "Run jobs beside other workers, on PostgreSQL."),
        "web": ("digest.cli.web:web", "Serve the reader pages and the desk."),
        "users": ("digest.cli.users:users", "List, add and remove users of the desk, and make links to sign in."),
        "webhooks": ("digest.cli.webhooks:webhooks", "List outgoing webhooks, and try failed ones again."),
        "alerts": ("digest.cli.alerts:alerts", "List open alerts, and send a test message to the admins."),
        "store": ("digest.cli.store:store", "Back up, restore, prune, copy and migrate the store."),
        "doctor": ("digest.cli.doctor:doctor", "Check DNS, clock, disk, store and provider, or a received email."),
        "schema": ("digest.cli.schema:schema", "Write JSON Schemas of the two YAML files for editors."),
        "completion": ("digest.cli.schema:completion", "Print the completion script of a shell."),
    },
}
COMMANDS = {name: command for group in GROUPS.values() for name, command in group.items()}


# Words that people type → the command that they mean.
MEANT = {
    "show": "edition show",
    "approve": "edition approve",
    "reopen": "edition reopen",
    "pause": "edition pause",
    "resume": "edition resume",
    "cancel": "edition cancel",
    "list": "edition list",
    "backup": "store backup",
    "restore": "store restore",
    "prune": "store prune",
    "import": "subscribers import",
    "export": "subscribers export",
    "unsubscribe": "subscribers remove",
    "feeds": "sources list",
    "fetch": "collect",
    "test": "send --to",
    "start": "run",
    "serve": "run",
    "validate": "check",
    "config": "check",
    "history": "report",
    "health": "doctor",
}
_SETTINGS = frozenset({"schedule", "weekly", "daily", "holidays", "frequency"})


class Commands(click.Group):
    """List the commands with their help lines without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            if ctx.resilient_parsing:
                return None
            raise _no_such(cmd_name, ctx)
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        # A shell asks for completions.
        if "_DIGEST_COMPLETE" in os.environ:
            from digest.cli.schema import add_completions

            add_completions(command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        width = max(map(len, COMMANDS))
        for group, commands in GROUPS.items():
            with formatter.section(group):
                formatter.write_dl([(name.ljust(width), line) for name, (_path, line) in commands.items()])


def _no_such(name: str, ctx: click.Context) -> click.UsageError:
    from difflib import get_close_matches

    message = f"No such command '{name}'."
    if meant := MEANT.get(name.casefold()):
        return click.UsageError(f"{message} Did you mean `digest {meant}`?", ctx)
    known = [*COMMANDS, *_SETTINGS]
    close = get_close_matches(name.casefold(), known, n=1)
    if close and close[0] in _SETTINGS:
        return click.UsageError(f"{message} Days and hours are settings: see `schedule` in docs/schedule.md.", ctx)
    if close:
        return click.UsageError(f"{message} Did you mean '{close[0]}'?", ctx)
    return click.UsageError(f"{message} `digest --help` lists them.", ctx)


# These commands record no person: they follow the schedule, or serve others.
_BY_ITSELF = ("run", "worker", "web")


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
    """A daily email digest for Hindi newsrooms.

    Collects articles, finds the same story across sources, and mails each edition exactly once.
    """
    ctx.obj = home
    if ctx.invoked_subcommand not in _BY_ITSELF:
        from digest.cli.opening import command_actor
        from digest.store.desk.acting import acting

        ctx.with_resource(acting(command_actor))
