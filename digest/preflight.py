"""A look over an edition's letters before they go: every variant that a reader would get. Part of the pipeline.

Strings the list, the renderer and the lint together; what is right and wrong in a letter is the lint's. Mails nobody.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from digest.app import App
from digest.deliver.message import cids
from digest.errors import DigestError
from digest.models import Edition, RenderedEmail
from digest.render.lint import Finding, error, lint, urls, warning

_SPAM_LIMIT = 5.0
"""SpamAssassin's own default score from which a mail counts as spam."""

_THREADS = 8


class NotFit(DigestError):
    """A letter has errors that stop a send; `errors` are their sentences."""

    def __init__(self, key: str, errors: Sequence[str]) -> None:
        said = "; ".join(errors)
        super().__init__(
            f"edition {key} is not fit to be sent: {said}. Mend it (`digest check {key}` shows all), or send it "
            "all the same with --force 'the reason'"
        )
        self.errors = tuple(errors)


@dataclass(frozen=True, slots=True)
class Preflight:
    """What was found, errors first, each once; `left_out` says what was taken out to fit the budget of bytes."""

    findings: tuple[Finding, ...] = ()
    left_out: tuple[str, ...] = ()
    letters: tuple[RenderedEmail, ...] = ()

    @property
    def errors(self) -> tuple[str, ...]:
        return tuple(one.message for one in self.findings if one.level == "error")

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(one.message for one in self.findings if one.level == "warning")


def judge(app: App, letters: Iterable[RenderedEmail], edition: Edition) -> Preflight:
    """The findings of these letters of an edition; one that several variants share is told once."""
    letters = tuple(letters)
    if not letters:
        return Preflight()
    weights = {cid: len(picture.data) for cid, picture in app.articles.pictures.held(cids(letters)).items()}
    found = dict.fromkeys(finding for letter in letters for finding in lint(letter, edition, weights))
    found |= dict.fromkeys(_of_the_templates(app))
    left_out = dict.fromkeys(line for letter in letters for line in letter.left_out)
    return Preflight(tuple(sorted(found, key=lambda one: one.level != "error")), tuple(left_out), letters)


def _of_the_templates(app: App) -> list[Finding]:
    """What the templates leave behind, judged on invented stories, in which nothing odd can come from a feed."""
    from digest.models import Variant
    from digest.render.specimen import sample_edition

    now = app.now()
    letter = app.renderer.render(sample_edition(now), Variant("html"), now=now)
    return [finding for finding in lint(letter) if finding.rule == "residue"] if letter else []


def inspect(app: App, edition: Edition) -> Preflight:
    """The letters that the listed readers would get, and the one for everything, looked over. A frozen edition's are
    those that were kept. Raises ConfigurationError for a faulty list."""
    from digest.freezing import variants_in_use

    kept = app.editions.letters(edition.key)
    now = app.now()
    made = (kept.get(one.key) or app.renderer.render(edition, one, now=now) for one in variants_in_use(app, edition))
    return judge(app, (letter for letter in made if letter is not None), edition)


def unreachable(app: App, letters: Sequence[RenderedEmail]) -> list[Finding]:
    """A warning for each link of these letters that does not answer; asks each address once."""
    from digest.collect.fetcherrors import FetchError
    from digest.collect.guard import same_host

    own = [source.url for source in app.sources if source.allow_private and source.url]

    def ask(url: str) -> Finding | None:
        try:
            with app.fetcher.stream(url, allow_private=any(same_host(url, one) for one in own), truncate_at=1):
                return None
        except (FetchError, DigestError) as mistake:
            return warning("link", str(mistake))

    wanted = list(dict.fromkeys(url for letter in letters for url in urls(letter)))
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="links") as pool:
        return list(dict.fromkeys(finding for finding in pool.map(ask, wanted) if finding))


def spam(mail: bytes) -> list[Finding]:
    """What SpamAssassin says of a mail by its local rules; nothing where it is not installed."""
    program = shutil.which("spamassassin")
    if program is None:
        return []
    try:
        done = subprocess.run(  # noqa: S603  # a program of the system, given no argument of the mail's
            [program, "--local", "--test-mode"], input=mail, capture_output=True, timeout=120, check=False
        )
    except (OSError, subprocess.SubprocessError) as mistake:
        return [warning("spam", f"SpamAssassin could not judge the letter: {mistake}")]
    return spam_findings(done.stdout.decode("utf-8", "replace"))


def spam_findings(report: str) -> list[Finding]:
    """The findings of SpamAssassin's report: an error from its limit on, a warning for any points at all."""
    import re

    match = re.search(r"^Content analysis details:\s*\((-?[0-9.]+) points", report, re.M)
    if match is None:
        return [warning("spam", "SpamAssassin's answer could not be read")]
    points = float(match[1])
    rules = re.findall(r"^ ?\s*(-?[0-9]+\.[0-9]+)\s+([A-Z][A-Z0-9_]+)\s", report, re.M)
    named = ", ".join(name for worth, name in rules if float(worth) > 0)
    if points >= _SPAM_LIMIT:
        return [error("spam", f"SpamAssassin gives the letter {points} points: {named}")]
    return [warning("spam", f"SpamAssassin gives the letter {points} points: {named}")] if points > 0 else []
