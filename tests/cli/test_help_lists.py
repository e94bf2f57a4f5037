"""The list of a group's commands shows each sentence whole."""

from __future__ import annotations

from collections.abc import Iterator

import click

from digest.cli.commands import cli


def groups(command: click.Command, context: click.Context) -> Iterator[tuple[click.Group, click.Context]]:
    if isinstance(command, click.Group):
        yield command, context
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from groups(child, click.Context(child, info_name=name, parent=context))


def test_no_sentence_in_a_list_of_commands_is_cut() -> None:
    for group, context in groups(cli, click.Context(cli, info_name="digest", terminal_width=80)):
        listed = group.get_help(context).rpartition("Options:\n")[2]
        assert "..." not in listed, (context.command_path, listed)
