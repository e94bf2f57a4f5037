"""The command line. Holds no rule of the domain: reads arguments, calls the pipeline, shows what came of it."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """The `digest` command. Exit codes: 0 done; 1 failed or incomplete; 2 wrong usage, configuration or list."""
    import click

    from digest.cli.root import cli
    from digest.errors import ConfigurationError, DigestError

    try:
        code = cli.main(prog_name="digest", standalone_mode=False)
        sys.stdout.flush()
    except ConfigurationError as error:
        code = _told([str(fault) for fault in error.faults], 2)
    except DigestError as error:
        code = _told([str(error)], 1)
    except click.ClickException as error:
        if error.format_message().startswith("Usage: "):  # a group without a command: its help is all there is to say
            print(error.format_message(), file=sys.stderr)  # noqa: T201
            sys.exit(error.exit_code)
        if isinstance(error, click.UsageError) and error.ctx:
            print(error.ctx.get_usage(), file=sys.stderr)  # noqa: T201
        code = _told([error.format_message()], error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        code = _told(["stopped"], 130)
    except BrokenPipeError:
        # The reader of our output has gone (`| head`); there is nobody to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except Exception as error:
        if os.environ.get("DIGEST_DEBUG"):
            raise
        said = f"internal fault: {type(error).__name__}: {error} (DIGEST_DEBUG=1 shows where)"
        code = _told([" ".join(said.split())], 1)
    sys.exit(code if isinstance(code, int) else 0)


def _told(sentences: list[str], code: int) -> int:
    """Says what is wrong: on stderr for people and, where `--json` was asked for, as the one document on stdout."""
    import json

    from digest.cli.output import shown

    for sentence in sentences:
        print(f"digest: {shown(sentence)}", file=sys.stderr)  # noqa: T201
    if "--json" in sys.argv[1:]:
        print(json.dumps({"error": sentences[0], "errors": sentences}, ensure_ascii=False))  # noqa: T201
    return code
