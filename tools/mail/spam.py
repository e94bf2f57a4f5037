"""SpamAssassin's packaged rules on whole emails, without network. They find gross errors only; they know no Hindi."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence

from tools.mail.emails import CheckedEmail
from tools.mail.row import Row

WHAT = "SpamAssassin points, local rules"
LIMIT = 0.0
_STATUS = re.compile(r"^X-Spam-Status:[^\n]*?score=(-?[\d.]+)[^\n]*?tests=((?:[^\n]|\n[ \t])*)", re.M)


def check(emails: Sequence[CheckedEmail]) -> Iterator[Row]:
    """Check all emails in one run, because reading the rules takes most of its time."""
    mails = [one for one in emails if (one.folder / "email.eml").is_file()]
    program = shutil.which("spamassassin")
    if not mails or program is None:
        yield from (Row("spam", one.name, WHAT, "not installed", LIMIT, None) for one in mails)
        return
    # Without Received lines a mail counts as one from a trusted machine, which would improve its score.
    options = ["--local", "--test-mode", "--nocreate-prefs", "--cf=score ALL_TRUSTED 0"]
    files = [str(one.folder / "email.eml") for one in mails]
    done = subprocess.run([program, *options, *files], capture_output=True, check=False, timeout=300)
    found = _STATUS.findall(done.stdout.decode("utf-8", "replace"))
    if len(found) != len(mails):
        error = done.stderr.decode("utf-8", "replace").strip()[:300]
        yield from (Row("spam", one.name, WHAT, "no result", LIMIT, False, (error,)) for one in mails)
        return
    for one, (points, tests) in zip(mails, found, strict=True):
        score = float(points)
        rules = " ".join(tests.split()).partition(" autolearn")[0]
        yield Row("spam", one.name, WHAT, score, LIMIT, score <= LIMIT, (rules,) if score > LIMIT else ())
