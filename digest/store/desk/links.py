"""Links in test emails. Each allows one act on one revision of an edition, and works once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, update

from digest.store.database import StorePart
from digest.store.schema import desk_link


@dataclass(frozen=True, slots=True)
class DecisionLink:
    """A link in a test email. `revision` is the one that the test showed; `used_by` is None until the link is used."""

    edition: str
    revision: str
    act: str
    expires_at: datetime
    used_at: datetime | None
    used_by: str | None


class LinkStore(StorePart):
    def add(self, hash: str, edition: str, revision: str, act: str, *, now: datetime, expires_at: datetime) -> None:
        """Add a link, and delete expired ones."""
        values = {"hash": hash, "edition": edition, "revision": revision, "act": act, "expires_at": expires_at}
        with self.database.write(area="desk") as connection:
            connection.execute(delete(desk_link).where(desk_link.c.expires_at <= now))
            connection.execute(insert(desk_link).values(values))

    def get(self, hash: str, now: datetime) -> DecisionLink | None:
        """Return a link, used or not; None if it is unknown or too old."""
        valid = (desk_link.c.hash == hash) & (desk_link.c.expires_at > now)
        row = self.database.query(select(desk_link).where(valid)).one_or_none()
        if row is None:
            return None
        return DecisionLink(row.edition, row.revision, row.act, row.expires_at, row.used_at, row.used_by or None)

    def use(self, hash: str, by: str, now: datetime) -> bool:
        """Record who used a link. False if it was used before."""
        unused = (desk_link.c.hash == hash) & desk_link.c.used_at.is_(None)
        return bool(self.database.change(update(desk_link).where(unused).values(used_at=now, used_by=by), area="desk"))
