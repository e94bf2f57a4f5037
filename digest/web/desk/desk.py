"""The objects that all pages of the desk share."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from digest.app import App
from digest.errors import ConfigProblem
from digest.notify.failures import Failures
from digest.store.people.directory import SubscriberState
from digest.store.people.growth import DailyGrowth
from digest.store.sending.course import CourseRow
from digest.subscribers.tokens import TokenSigner
from digest.usecases.accounts import Accounts
from digest.utils.rates import Rates
from digest.web.desk.admin.uploads import Uploads
from digest.web.desk.article_index import ArticleIndex
from digest.web.desk.background import AudienceCount, Background, Curations
from digest.web.desk.changes import ChangeStreams
from digest.web.desk.checks import Checks
from digest.web.desk.views import Views

if TYPE_CHECKING:
    from digest.web.desk.letter import ShownEmails


@dataclass(frozen=True)
class Desk:
    """Shared objects of the desk's pages. `app` uses the last valid list, as `digest run` does."""

    app: App
    url: str
    views: Views
    accounts: Accounts
    signer: TokenSigner
    checks: Checks
    audience: AudienceCount
    # The stories that curation chose and left out, by edition.
    curated: Curations
    article_index: ArticleIndex
    rates: Rates
    uploads: Uploads
    shown_emails: ShownEmails
    # The number of subscribers in each state.
    subscriber_counts: Background[dict[SubscriberState, int]]
    # The number of subscribers whom a filter matches.
    found_counts: Background[int]
    growth: Background[list[DailyGrowth]]
    changes: ChangeStreams
    failures: Background[Failures]
    # How the send of an edition went over time.
    courses: Background[list[CourseRow]]
    # Whether `digest.yaml` has errors, so that the settings before are in use.
    has_faults: Background[bool]
    # The errors of `subscribers.yaml` that keep the last valid list in use.
    list_faults: Background[tuple[ConfigProblem, ...]]
    # Reasons that are not informative: the age of a story, and the sum of all other reasons.
    small_reasons: tuple[re.Pattern[str], ...]
    # Patterns of reasons: a sentence around the subject, such as `It is about (.+)`.
    reason_frames: tuple[re.Pattern[str], ...]

    def forget_counts(self) -> None:
        """Count the subscribers again when a page asks, because some were changed here."""
        self.audience.forget()
        self.subscriber_counts.forget()
        self.found_counts.forget()

    @property
    def provider(self) -> str:
        """The name of the provider of OpenID Connect; '' if there is none."""
        settings = self.app.settings.desk.oidc
        return settings.name or urlsplit(settings.issuer).hostname or ""

    def reading(self, method: str) -> AbstractContextManager[None]:
        """Let a page read the store in one transaction: it has twenty small questions, each a round trip."""
        return self.app.database.snapshot() if method == "GET" else nullcontext()

    def now(self) -> datetime:
        return self.app.now()
