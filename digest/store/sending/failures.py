"""Count the failed emails of editions by mailbox provider, transport and domain."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping

from sqlalchemy import Connection, and_, func, select

from digest.models import AttemptState, BatchState
from digest.notify.failures import KINDS, FailureRow, Failures
from digest.store.database import StorePart
from digest.store.schema import attempt, batch, delivery, delivery_event, subscriber

_Groups = Mapping[str, Counter[str]]
# States of an attempt whose transport has, or may have, the batch.
_HANDED_OVER = (
    AttemptState.ACCEPTED, AttemptState.CONFIRMED, AttemptState.PER_RECIPIENT, AttemptState.UNKNOWN,
    AttemptState.RETRYABLE,
)  # fmt: skip
_MAY_HAVE_ARRIVED = (BatchState.ACCEPTED, BatchState.UNKNOWN)
# Mailbox provider → its domains. A provider that refuses an email refuses it for all of its domains.
_DOMAINS: Mapping[str, tuple[str, ...]] = {
    "Gmail": ("gmail.com", "googlemail.com"),
    "Outlook": (
        "hotmail.co.in", "hotmail.co.uk", "hotmail.com", "hotmail.de", "hotmail.fr", "live.co.uk", "live.com",
        "live.in", "msn.com", "outlook.com", "outlook.in",
    ),
    "Yahoo": (
        "aol.com", "rocketmail.com", "yahoo.ca", "yahoo.co.in", "yahoo.co.uk", "yahoo.com", "yahoo.com.au", "yahoo.de",
        "yahoo.fr", "yahoo.in", "ymail.com",
    ),
    "Rediffmail": ("rediff.com", "rediffmail.com"),
    "iCloud": ("icloud.com", "mac.com", "me.com"),
    "Zoho": ("zoho.com", "zoho.eu", "zoho.in", "zohomail.com", "zohomail.in"),
    "Proton": ("pm.me", "proton.me", "protonmail.com"),
    # The mail of the Indian government, also for subdomains.
    "NIC": ("gov.in", "nic.in"),
}  # fmt: skip
_NAMES = {domain: name for name, domains in _DOMAINS.items() for domain in domains}


class FailureReader(StorePart):
    def read(self, editions: Collection[str]) -> Failures:
        """Count the failed emails of these editions.

        For a single edition it also counts the emails to each mailbox provider: this reads a row per recipient, which
        takes seconds for a million. An edition whose rows were pruned has no failures to count.
        """
        domains: defaultdict[str, Counter[str]] = defaultdict(Counter)
        senders: defaultdict[str, Counter[str]] = defaultdict(Counter)
        with self.database.read() as connection:
            transports, sent_by = _transports(connection, editions)
            at = delivery_event.c
            same_recipient = and_(delivery.c.edition == at.edition, delivery.c.subscriber == at.subscriber)
            rows = (
                select(subscriber.c.address, at.kind, delivery.c.batch)
                .select_from(delivery_event)
                .join(subscriber, subscriber.c.id == at.subscriber)
                .outerjoin(delivery, same_recipient)
                .where(at.edition.in_(list(editions)), at.kind.in_(KINDS))
            )
            for address, kind, number in connection.execute(rows):
                domains[address.rpartition("@")[2]][kind] += 1
                if (name := transports.get(number)) is not None:
                    senders[name][kind] += 1
            sent_to = _sent_by_domain(connection, next(iter(editions))) if len(editions) == 1 else None
        mailboxes: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for domain, counts in domains.items():
            mailboxes[mailbox_provider(domain)].update(counts)
        sent_to_mailboxes: Counter[str] | None = None
        if sent_to is not None:
            sent_to_mailboxes = Counter()
            for domain, number in sent_to.items():
                sent_to_mailboxes[mailbox_provider(domain)] += number
        return Failures(
            _rows(mailboxes, sent_to_mailboxes), _rows(senders, sent_by), _rows(domains, sent_to, every=False)
        )


def _rows(found: _Groups, sent: Mapping[str, int] | None, *, every: bool = True) -> list[FailureRow]:
    """Return the rows of an edition. `every`: also rows without a failure, for comparison."""
    names = {*found, *(sent or ())} if every else set(found)
    rows = [
        FailureRow(name, sent.get(name, 0) if sent is not None else None, **found.get(name, Counter()))
        for name in names
    ]
    return sorted(rows, key=lambda row: (-row.total, -(row.sent or 0), row.name))


def _transports(connection: Connection, editions: Collection[str]) -> tuple[dict[int, str], Counter[str]]:
    """Return batch → the last transport that handed it or the batch it came from over, and transport → recipients."""
    of_editions = batch.c.edition.in_(list(editions))
    tried = (
        select(attempt.c.batch, attempt.c.transport, attempt.c.state)
        .join(batch, batch.c.id == attempt.c.batch)
        .where(of_editions, attempt.c.transport != "")
        .order_by(attempt.c.started_at)
    )
    transports: dict[int, str] = {}
    # Also of attempts that handed nothing over.
    any_: dict[int, str] = {}
    for number, name, state in connection.execute(tried):
        any_[number] = name
        if state in _HANDED_OVER:
            transports[number] = name
    parents: dict[int, int | None] = {}
    sizes: dict[int, int] = {}
    for number, parent, size, state in connection.execute(
        select(batch.c.id, batch.c.parent, batch.c.size, batch.c.state).where(of_editions)
    ):
        parents[number], sizes[number] = parent, size
        if state in _MAY_HAVE_ARRIVED and number not in transports:
            # An operator said of a part of a batch that it arrived: that part has no attempt of its own.
            above: int | None = number
            while above is not None and above not in any_:
                above = parents.get(above)
            if above is not None:
                transports[number] = any_[above]
    sent: Counter[str] = Counter()
    for number, name in transports.items():
        sent[name] += sizes[number]
    return transports, sent


def _sent_by_domain(connection: Connection, edition: str) -> dict[str, int]:
    place = func.strpos if connection.dialect.name == "postgresql" else func.instr
    domain = func.substr(subscriber.c.address, place(subscriber.c.address, "@") + 1)
    of = delivery.c
    rows = select(domain, func.count()).select_from(delivery).join(subscriber, subscriber.c.id == of.subscriber)
    joined = rows.join(batch, batch.c.id == of.batch).where(
        of.edition == edition, of.outcome.is_(None), batch.c.state.in_(_MAY_HAVE_ARRIVED)
    )
    return dict(connection.execute(joined.group_by(domain)).all())


def mailbox_provider(domain: str) -> str:
    """Return the provider of a domain's mailboxes; '' if it is none of the large ones.

    Providers also host mailboxes for domains of companies and schools, which only the DNS would show.
    """
    domain = domain.casefold()
    return _NAMES.get(domain) or _NAMES.get(".".join(domain.split(".")[-2:]), "")
