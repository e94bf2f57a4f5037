"""Check an edition's emails before they are sent."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from digest.errors import ConfigProblem, ConfigurationError, DigestError
from digest.mail.message import content_ids
from digest.messages import Message
from digest.models import Edition, RenderedEmail, Source, Variant
from digest.render.lint import lint, urls
from digest.render.lint_tree import LintFinding, error, warning
from digest.render.sample_edition import sample_edition
from digest.utils.urls import EXAMPLE_DOMAINS, is_example

if TYPE_CHECKING:
    from digest.collect.http.fetch import Fetcher
    from digest.render.renderer import Renderer
    from digest.store.content.articles import ImageStore
    from digest.store.content.editions import EditionStore
    from digest.store.people.subscribers import SubscriberStore


@dataclass(frozen=True)
class ExampleDomainGuard:
    """Checks `newsletter.base_url`.

    A broken unsubscribe link is worse than none: subscribers who cannot unsubscribe report spam.
    """

    base_url: str
    # Whether emails only go to files.
    outbox_only: bool
    subscribers: SubscriberStore

    def problem(self) -> ConfigProblem | None:
        """Return the problem of the address, if emails leave this machine."""
        if self.outbox_only or not is_example(urlsplit(self.base_url).hostname or ""):
            return None
        message = Message(
            "'newsletter.base_url' is an example address, so every unsubscribe link would be broken; "
            "set it to the address of your pages, or leave it empty"
        )
        return ConfigProblem("digest.yaml", 0, message)

    def refuse_example_domain(self) -> None:
        """Raise ConfigurationError if a recipient outside the example domains would get links to an example domain."""
        problem = self.problem()
        if problem and self.subscribers.any_outside(EXAMPLE_DOMAINS):
            raise ConfigurationError([problem])


@dataclass(frozen=True)
class SampleGuard:
    """Keeps sample articles, which are fiction, out of real email."""

    # Whether emails only go to files.
    outbox_only: bool
    subscribers: SubscriberStore

    def refuse(self, edition: Edition) -> None:
        """Raise ConfigurationError if a recipient outside the example domains would get samples by real email."""
        if edition.sample and not self.outbox_only and self.subscribers.any_outside(EXAMPLE_DOMAINS):
            message = Message(
                "has sample articles, which never go to real addresses. Remove the sample sources (`replay: true`) "
                "from digest.yaml, then run `digest edition discard %(name)s`: the next send composes a new edition",
                name=edition.key,
            )
            raise ConfigurationError.at(Message("edition %(name)s", name=edition.key), message)


# SpamAssassin's default required_score.
_SPAM_LIMIT = 5.0
_SPAM_TIMEOUT = 120
_THREADS = 8


class PreflightFailed(DigestError):
    """An email has errors that stop a send."""

    def __init__(self, key: str, result: PreflightResult) -> None:
        super().__init__(
            f"Edition {key} failed its checks: {'; '.join(result.errors)}. Fix them (`digest check {key}` shows all), "
            'or send anyway with --force "reason".'
        )
        self.findings = tuple(finding for finding in result.findings if finding.level == "error")


@dataclass(frozen=True, slots=True)
class PreflightResult:
    """The findings of an edition's emails, errors first, each once."""

    findings: tuple[LintFinding, ...] = ()
    # Parts that were removed from an email to keep it below its size limit.
    left_out: tuple[str, ...] = ()
    emails: tuple[RenderedEmail, ...] = ()

    @property
    def errors(self) -> tuple[str, ...]:
        return tuple(finding.message for finding in self.findings if finding.level == "error")

    @property
    def failed(self) -> frozenset[str]:
        """The short names of the checks that found errors."""
        return frozenset(finding.rule for finding in self.findings if finding.level == "error")

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(finding.message for finding in self.findings if finding.level == "warning")


@dataclass(frozen=True)
class Preflight:
    """Renders and checks emails."""

    editions: EditionStore
    renderer: Renderer
    images: ImageStore
    now: Callable[[], datetime]

    def check_edition(self, edition: Edition, variants: Iterable[Variant]) -> PreflightResult:
        """Check the email of each variant. A frozen edition's emails are those that were kept."""
        kept = self.editions.emails(edition.key)
        now = self.now()
        emails = [kept.get(each.key) or self.renderer.render(edition, each, now=now) for each in variants]
        return self.run_checks([email for email in emails if email is not None], edition)

    def run_checks(self, emails: Sequence[RenderedEmail], edition: Edition) -> PreflightResult:
        """Check these emails of an edition. A finding that several variants share is reported once."""
        if not emails:
            return PreflightResult()
        weights = {cid: len(image.data) for cid, image in self.images.load(content_ids(emails)).items()}
        found = dict.fromkeys(finding for email in emails for finding in lint(email, edition, weights))
        found |= dict.fromkeys(self._template_residue())
        left_out_earlier = (*edition.warnings, *(line for email in emails for line in email.warnings))
        found |= dict.fromkeys(warning("edition", line) for line in left_out_earlier)
        left_out = dict.fromkeys(line for email in emails for line in email.left_out)
        by_level = sorted(found, key=lambda finding: finding.level != "error")
        return PreflightResult(tuple(by_level), tuple(left_out), tuple(emails))

    def _template_residue(self) -> list[LintFinding]:
        """Find residue of templates by rendering invented stories: residue in these cannot come from a feed."""
        now = self.now()
        email = self.renderer.render(sample_edition(now), Variant("html"), now=now)
        return [finding for finding in lint(email) if finding.rule == "residue"] if email else []


def unreachable_links(
    emails: Sequence[RenderedEmail], fetcher: Fetcher, sources: Iterable[Source], base_url: str
) -> list[LintFinding]:
    """Return a warning for each link in these emails that does not answer.

    Requests each address once, and none of our own pages at `base_url`.
    """
    from digest.collect.http.connect import FetchError
    from digest.collect.http.ssrf import same_host

    own = [source.url for source in sources if source.allow_private and source.url]

    def request(url: str) -> LintFinding | None:
        try:
            with fetcher.stream(url, allow_private=any(same_host(url, one) for one in own), truncate_at=1):
                return None
        except (FetchError, DigestError) as problem:
            return warning("link", str(problem))

    wanted = list(dict.fromkeys(url for email in emails for url in urls(email, base_url)))
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="links") as pool:
        return list(dict.fromkeys(finding for finding in pool.map(request, wanted) if finding))


def spam_score(mail: bytes) -> list[LintFinding]:
    """Return SpamAssassin's verdict on a mail by its local rules, or nothing if it is not installed."""
    program = shutil.which("spamassassin")
    if program is None:
        return []
    try:
        # The program is the system's, and no argument comes from the mail.
        done = subprocess.run(  # noqa: S603
            [program, "--local", "--test-mode"], input=mail, capture_output=True, timeout=_SPAM_TIMEOUT, check=False
        )
    except (OSError, subprocess.SubprocessError) as problem:
        return [warning("spam", f"SpamAssassin failed: {problem}")]
    return spam_findings(done.stdout.decode("utf-8", "replace"))


def spam_findings(report: str) -> list[LintFinding]:
    """Parse SpamAssassin's report: an error at or above its limit, a warning for any points below it."""
    match = re.search(r"^Content analysis details:\s*\((-?[0-9.]+) points", report, re.M)
    if match is None:
        return [warning("spam", "SpamAssassin's report could not be parsed")]
    points = float(match[1])
    rules = re.findall(r"^ ?\s*(-?[0-9]+\.[0-9]+)\s+([A-Z][A-Z0-9_]+)\s", report, re.M)
    names = ", ".join(name for worth, name in rules if float(worth) > 0)
    message = f"SpamAssassin gives this email {points} points: {names}"
    if points >= _SPAM_LIMIT:
        return [error("spam", message)]
    return [warning("spam", message)] if points > 0 else []
