"""`digest schema` and `digest completion`: what helps an editor and a shell to help their user."""

from __future__ import annotations

from pathlib import Path

import click

from digest.cli.output import emit, json_option


@click.command()
@json_option
@click.pass_obj
def schema(home: Path, as_json: bool) -> None:
    """Write JSON Schemas of digest.yaml and subscribers.yaml into schema/, for editors that know YAML.

    An editor finds them by the first line of each file, as `digest init` writes it. Run it again after an update, or
    when the newsletter's sections have changed.
    """
    from digest import schemas
    from digest.app import make_app

    with make_app(home) as app:
        paths = schemas.write(home, app.topics)
    if as_json:
        emit({"files": [str(path) for path in paths]})
        return
    for path in paths:
        name = path.name.partition(".")[0]
        click.echo(f"{path}: begin {name}.yaml with  # yaml-language-server: $schema={schemas.FOLDER}/{path.name}")


@click.command()
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script that completes commands, editions, topics and readers in SHELL.

    For bash: eval "$(digest completion bash)"
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"click knows no {shell}")
    maker = kind(ctx.find_root().command, {}, "digest", "_DIGEST_COMPLETE")
    click.echo(maker.source_template % maker.source_vars())
