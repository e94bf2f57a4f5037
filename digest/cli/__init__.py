"""The command line: reads arguments, calls the pipeline and the use cases, shows the result."""

from __future__ import annotations

import atexit
import gc
import os
import sys

# Importing makes half a million objects and hardly any garbage. With the default of 700 (2,000 since Python 3.13) the
# collector looks through them so often that it takes a tenth of a short command's time.
_OBJECTS_BETWEEN_COLLECTIONS = 200_000


def main() -> None:
    """Run the `digest` command. Exit codes: 0 done; 1 failed or incomplete; 2 wrong usage, configuration or list."""
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, *gc.get_threshold()[1:])
    # Without it Python looks through all of them once more at its end, which takes a quarter of a short command's time.
    atexit.register(gc.freeze)
    # We use no pydantic plugins, and the search for them reads the metadata of every installed package.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    import click

    from digest.cli.commands import cli
    from digest.errors import ConfigurationError, DigestError

    try:
        code = cli.main(prog_name="digest", standalone_mode=False)
        sys.stdout.flush()
    except ConfigurationError as error:
        code = _report([str(problem) for problem in error.problems], 2)
    except DigestError as error:
        code = _report([str(error)], 1)
    except click.ClickException as error:
        # A group without a subcommand: its help says everything.
        if error.format_message().startswith("Usage: "):
            print(error.format_message(), file=sys.stderr)  # noqa: T201
            sys.exit(error.exit_code)
        if isinstance(error, click.UsageError) and error.ctx:
            print(error.ctx.get_usage(), file=sys.stderr)  # noqa: T201
        code = _report([error.format_message()], error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        code = _report(["stopped"], 130)
    except BrokenPipeError:
        # The program that reads our output has ended (`| head`).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except Exception as error:
        if os.environ.get("DIGEST_DEBUG"):
            import traceback

            from digest.utils.redact import redact

            print(redact(traceback.format_exc()), end="", file=sys.stderr)  # noqa: T201
            sys.exit(1)
        what = f"internal error: {type(error).__name__}: {error}"
        # A file that vanished or may not be read, or a disk without space for it.
        if isinstance(error, OSError) and error.filename and error.strerror:
            what = f"{error.filename}: {error.strerror}"
        message = f"{what} (set DIGEST_DEBUG=1 for the traceback)"
        code = _report([" ".join(message.split())], 1)
    sys.exit(code if isinstance(code, int) else 0)


def _report(sentences: list[str], code: int) -> int:
    """Print errors to stderr and, with `--json`, as one document to stdout. Returns the exit code."""
    import json

    from digest.cli.output import printable
    from digest.utils.redact import redact

    sentences = [redact(sentence) for sentence in sentences]
    for sentence in sentences:
        print(f"digest: {printable(sentence)}", file=sys.stderr)  # noqa: T201
    if "--json" in sys.argv[1:]:
        print(json.dumps({"error": sentences[0], "errors": sentences}, ensure_ascii=False))  # noqa: T201
    return code
