"""SpamAssassin's packaged rules on whole mails, without network.

They know no Hindi: a gate against folly, no verdict.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence

from tools.mail.letters import Made
from tools.mail.row import Row

WHAT = "SpamAssassin points, local rules"
BAR = 0.0
_STATUS = re.compile(r"^X-Spam-Status:[^\n]*?score=(-?[\d.]+)[^\n]*?tests=((?:[^\n]|\n[ \t])*)", re.M)


def judge(made: Sequence[Made]) -> Iterator[Row]:
    """All letters in one run: most of its time is reading the rules."""
    mails = [one for one in made if (one.folder / "letter.eml").is_file()]
    program = shutil.which("spamassassin")
    if not mails or program is None:
        yield from (Row("spam", one.name, WHAT, "not installed", BAR, None) for one in mails)
        return
    # A mail without Received lines is held to be from a trusted machine, which would forgive it a point.
    options = ["--local", "--test-mode", "--nocreate-prefs", "--cf=score ALL_TRUSTED 0"]
    files = [str(one.folder / "letter.eml") for one in mails]
    done = subprocess.run([program, *options, *files], capture_output=True, check=False, timeout=300)
    found = _STATUS.findall(done.stdout.decode("utf-8", "replace"))
    if len(found) != len(mails):
        said = done.stderr.decode("utf-8", "replace").strip()[:300]
        yield from (Row("spam", one.name, WHAT, "no answer", BAR, False, (said,)) for one in mails)
        return
    for one, (points, tests) in zip(mails, found, strict=True):
        score = float(points)
        named = " ".join(tests.split()).partition(" autolearn")[0]
        yield Row("spam", one.name, WHAT, score, BAR, score <= BAR, (named,) if score > BAR else ())
