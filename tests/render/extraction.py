"""Extract every message that templates and code use, and write the .pot files.

`python -m tests.render.extraction` rewrites digest/i18n/template.pot, pages.pot, desk.pot and reasons.pot.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.extract import extract
from jinja2.ext import babel_extract

from digest.curate.importance.rows import ROWS
from digest.curate.ranking import BOOSTED
from digest.curate.section_names import MESSAGE_IDS
from digest.i18n import DESK, PAGES, REASONS, TEMPLATE
from digest.render.blocks.rows import ROWS as BLOCKS
from digest.render.lint import REASONS as FINDING_REASONS
from digest.web.desk.plain_sentences import PLAIN
from tests.paths import ROOT

# The messages that a program says and the desk translates.
SAID = "digest/messages.py"
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2)}
_CALL = re.compile(rb"\b(?:_|n?gettext|Message)\s*\(")
# The values of Story.label. They are data, so no call to gettext contains them.
LABELS = ("update",)
# The checks of an email build findings from messages, in English or for the desk.
CHECKS = "digest/render/lint.py"
# The emails to editors, and the reasons in them.
EDITORS_MAIL = (
    "digest/usecases/editors_mail.py",
    "digest/usecases/editors_mail.py",
    "digest/notify/reasons.py",
    "digest/notify/templates/",
)
FINDINGS = {"error": (2,), "warning": (2,), "report": (2,)}

HEAD = """\
# Every text in the email besides the news. Copy this file to messages/LANGUAGE.po in the newsletter's folder,
# write what each msgid is in that language into its msgstr, and set newsletter.language. Placeholders such as
# %(num)s stay.
# Plural-Forms is the language's own; this one has a form for 1 and another for every other number.
msgid ""
msgstr ""
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"
"""

HEAD_OF_REASONS = HEAD.replace(
    "Every text in the email besides the news. Copy this file to messages/LANGUAGE.po in the newsletter's folder,",
    "The reasons for the rank of a story, for editors. Add them to messages/LANGUAGE.po if you want them translated,",
).replace("and set newsletter.language. Placeholders", "or leave them in English. Placeholders")

HEAD_OF_PAGES = HEAD.replace(
    "Every text in the email besides the news. Copy this file to messages/LANGUAGE.po in the newsletter's folder,",
    "Texts of the reader pages only. Add them to messages/LANGUAGE.po in the newsletter's folder,",
).replace("and set newsletter.language. Placeholders", "and set web.enabled. Placeholders")


HEAD_OF_DESK = HEAD.replace(
    "Every text in the email besides the news. Copy this file to messages/LANGUAGE.po in the newsletter's folder,",
    "Texts of the desk, which is in Hindi and English. Override single ones in messages/hi.po or messages/en.po:",
).replace("and set newsletter.language. Placeholders", "as you like it. Placeholders")


@cache
def used() -> tuple[tuple[tuple[str, ...], str], ...]:
    """Each message (id, or id and plural) with a file that uses it."""
    return tuple(_used())


def _used() -> Iterator[tuple[tuple[str, ...], str]]:
    for path in sorted([*(ROOT / "templates").rglob("*.j2"), *(ROOT / "digest").rglob("*.j2")]):
        with path.open("rb") as stream:
            for _, _, message, _ in babel_extract(stream, list(KEYWORDS), [], {}):
                yield _ids(message), str(path.relative_to(ROOT))
    for path in sorted((ROOT / "digest").rglob("*.py")):
        code = path.read_bytes()
        # Most files have none, and reading all code token by token takes a second.
        if _CALL.search(code):
            for _, message, _, _ in extract("python", BytesIO(code), KEYWORDS):
                yield _ids(message), str(path.relative_to(ROOT))
            if b"from digest.messages import" in code:
                for _, message, _, _ in extract("python", BytesIO(code), {"Message": (1,)}):
                    yield _ids(message), SAID
    for _, message, _, _ in extract("python", BytesIO((ROOT / CHECKS).read_bytes()), FINDINGS):
        yield _ids(message), CHECKS
    for reason in FINDING_REASONS:
        yield (reason,), CHECKS
    for sentence in PLAIN:
        yield (sentence,), "digest/web/desk/checks.py"
    for row in BLOCKS.values():
        yield (row.title,), "digest/render/blocks/rows.py"
    for label in LABELS:
        yield (label,), "digest/models.py"
    for name in MESSAGE_IDS.values():
        yield (name,), "digest/curate/section_names.py"
    for reason in (*(row.reason for row in ROWS.values()), BOOSTED):
        yield (reason,), "digest/curate/importance/rows.py"


def template(kind: Path = TEMPLATE) -> str:
    """The text of a .pot file: PAGES has the messages that only reader pages use, REASONS those that only ranking uses.

    Ordered by message, so that moving code does not change it.
    """
    where: dict[tuple[str, ...], set[str]] = {}
    for ids, path in used():
        where.setdefault(ids, set()).add(path)
    parts = [{PAGES: HEAD_OF_PAGES, DESK: HEAD_OF_DESK, REASONS: HEAD_OF_REASONS}.get(kind, HEAD)]
    for ids in sorted(where):
        if _file_of(where[ids]) != kind:
            continue
        rows = [f"#: {' '.join(sorted(where[ids]))}", f'msgid "{_quoted(ids[0])}"']
        if len(ids) > 1:
            rows += [f'msgid_plural "{_quoted(ids[1])}"', 'msgstr[0] ""', 'msgstr[1] ""']
        else:
            rows += ['msgstr ""']
        parts.append("\n".join(rows) + "\n")
    return "\n".join(parts)


def _file_of(paths: set[str]) -> Path:
    if all(path.startswith(("digest/web/desk/", SAID, CHECKS, *EDITORS_MAIL)) for path in paths):
        return DESK
    # The letter about a breach is in Hindi and English always, so no other language needs its words. Shared texts link
    # to the archive.
    if all(
        path.startswith(("digest/web/", "digest/usecases/breach", "digest/usecases/share", *EDITORS_MAIL))
        for path in paths
    ):
        return PAGES
    return REASONS if all(path.startswith("digest/curate/importance/") for path in paths) else TEMPLATE


def _ids(message: str | tuple[str | None, ...] | None) -> tuple[str, ...]:
    return (message,) if isinstance(message, str) else tuple(one for one in message or () if one)


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


if __name__ == "__main__":
    for file in (TEMPLATE, PAGES, DESK, REASONS):
        file.write_text(template(file), encoding="utf-8")
