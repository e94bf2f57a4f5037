"""Say in plain words what is wrong with the syntax of a YAML file, and how to correct it."""

from __future__ import annotations

import re
from io import StringIO
from itertools import islice

import yaml

from digest.errors import ConfigProblem

# Two pairs of key and value on one line.
_TWO_COLONS = re.compile(r"[^\"'#]*:\s[^\"'#]*:(\s|$)")
# What Git leaves in a file that two people changed.
_CONFLICT = re.compile(r"^(?:<{7} |>{7} |={7}\s*$)", re.MULTILINE)
_TWO_VALUES = "a text that contains a colon and a space needs quotes"
_AFTER_QUOTES = "the text goes on after its quotation mark; put the other kind of mark around the whole"
# Message of the parser → our sentence, and whether the fault is where the unfinished part begins. {line} is that line.
# The messages are libyaml's; the first match counts.
_SENTENCES = (
    (
        "mapping values are not allowed",
        "this key does not belong here; align it with the keys of its block, and write the line before as `key: value`",
        False,
    ),
    (
        "did not find expected key",
        "this line is not aligned with its block, which begins on line {line}, or a quotation mark above is not closed",
        False,
    ),
    (
        "did not find expected '-' indicator",
        "expected `- `, aligned with the other items of the list that begins on line {line}",
        False,
    ),
    ("could not find expected ':'", "expected `key: value`, with a space after the colon", True),
    ("found unexpected end of stream", "the quotation mark on this line is not closed", True),
    ("found unknown escape character", "a backslash means something else in double quotes; use single quotes", False),
    ("found character that cannot start any token", "a text that begins with @, % or ` needs quotes", False),
    (
        "did not find expected ',' or",
        "the bracket that opens on line {line} is not closed, or a comma is missing",
        False,
    ),
)


def character_problem(error: yaml.reader.ReaderError, text: str, name: str, *, in_bytes: bool) -> ConfigProblem:
    """Describe an invalid character. libyaml counts bytes of UTF-8, PyYAML's own reader counts characters."""
    before = text.encode()[: error.position] if in_bytes else text[: error.position].encode()
    return ConfigProblem(name, before.count(b"\n") + 1, f"invalid YAML: {error.reason}")


def syntax_problem(error: yaml.YAMLError, text: str, name: str) -> ConfigProblem:
    """Describe a syntax error of the file `name`."""
    if conflict := _CONFLICT.search(text):
        message = (
            "two versions were merged and differ here; keep one, and remove the lines with <<<<<<<, ======= and >>>>>>>"
        )
        return ConfigProblem(name, text.count("\n", 0, conflict.start()) + 1, message)
    found, start = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    mark = found or start
    if mark is None:
        return ConfigProblem(name, 0, f"invalid YAML: {getattr(error, 'reason', None) or 'cannot be parsed'}")
    begins = start.line if start else mark.line
    line, message = _describe(str(getattr(error, "problem", None) or "cannot be parsed"), mark.line, begins, text)
    # The parser notices an unclosed bracket only past the last line.
    last = text.rstrip().count("\n") + 1
    return ConfigProblem(name, min(line + 1, last), f"invalid YAML: {message}")


def _describe(problem: str, line: int, begins: int, text: str) -> tuple[int, str]:
    """Return the line of the fault, counted from 0, and a sentence."""
    written = next(islice(StringIO(text), line, None), "")
    if re.match(r"[ ]*\t", written):
        return line, "this line is indented with a tab; use spaces"
    if problem.startswith("mapping values") and _TWO_COLONS.match(written):
        return line, _TWO_VALUES
    if problem.startswith("did not find expected key") and begins == line:
        return line, _AFTER_QUOTES
    for start, sentence, at_begin in _SENTENCES:
        if problem.startswith(start):
            return begins if at_begin else line, sentence.format(line=begins + 1)
    return line, problem
