"""The ledger of posts in channels: at most one post per edition and channel, whatever happens.

As with batches, a claim is committed before a byte leaves, and an attempt whose process died is unknown, never pending.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, insert, select, update

from digest.store.database import StorePart
from digest.store.schema import channel_post
from digest.store.sending import restored

# An attempt ends within three times its timeout. The process of an older one has died.
_LOST_AFTER = timedelta(minutes=10)


class PostState(StrEnum):
    """State of a post::

    (none) → submitting → posted | refused | not sent | unknown
    not sent | refused → submitting
    unknown → posted, by proof or by an operator; or gone, by an operator
    """

    SUBMITTING = "submitting"
    POSTED = "posted"
    REFUSED = "refused"
    NOT_SENT = "not sent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ChannelPost:
    edition: str
    channel: str
    state: PostState
    # The id of the message; 0 if it is not known.
    message: int
    detail: str
    at: datetime
    # When it may be tried again.
    not_before: datetime | None


class ChannelPosts(StorePart):
    def get(self, edition: str, channel: str) -> ChannelPost | None:
        this_post = (channel_post.c.edition == edition) & (channel_post.c.channel == channel)
        columns = [channel_post.c[name] for name in ChannelPost.__slots__]
        row = self.database.query(select(*columns).where(this_post)).one_or_none()
        return ChannelPost(row[0], row[1], PostState(row[2]), *row[3:]) if row else None

    def claim(self, edition: str, channel: str, *, now: datetime, at_once: bool = False) -> ChannelPost | None:
        """Claim the post, durably when this returns None. Otherwise return why it must not be posted now.

        With `at_once`, a failed one is tried again before its time.
        """
        this_post = (channel_post.c.edition == edition) & (channel_post.c.channel == channel)
        with self.database.write(area="channel_post") as connection:
            row = connection.execute(select(channel_post).where(this_post).with_for_update()).one_or_none()
            if row is None:
                hold = restored.find_hold_reason(connection, edition)
                state = PostState.UNKNOWN if hold else PostState.SUBMITTING
                detail = "the store was restored, and the channel may have it" if hold else ""
                connection.execute(
                    insert(channel_post).values(
                        edition=edition, channel=channel, state=state, message=0, detail=detail, at=now
                    )
                )
                claimed = hold is None
            elif row.state == PostState.SUBMITTING and now - row.at > _LOST_AFTER:
                lost = {"state": PostState.UNKNOWN, "detail": "the process ended while it posted", "at": now}
                connection.execute(update(channel_post).where(this_post).values(lost))
                claimed = False
            elif row.state in (PostState.REFUSED, PostState.NOT_SENT) and (
                at_once or not row.not_before or row.not_before <= now
            ):
                again = {"state": PostState.SUBMITTING, "detail": "", "at": now, "not_before": None}
                connection.execute(update(channel_post).where(this_post).values(again))
                claimed = True
            else:
                claimed = False
        return None if claimed else self.get(edition, channel)

    def settle(
        self,
        edition: str,
        channel: str,
        state: PostState,
        *,
        now: datetime,
        message: int = 0,
        detail: str = "",
        not_before: datetime | None = None,
    ) -> None:
        """Record the outcome of a claimed attempt. A late outcome counts, unless an operator has decided."""
        this_post = (channel_post.c.edition == edition) & (channel_post.c.channel == channel)
        open_ = channel_post.c.state.in_((PostState.SUBMITTING, PostState.UNKNOWN))
        values = {"state": state, "message": message, "detail": detail, "at": now, "not_before": not_before}
        self.database.change(update(channel_post).where(this_post, open_).values(values), area="channel_post")

    def decide(self, edition: str, channel: str, *, posted: bool, now: datetime) -> bool:
        """Record an operator's finding in the channel. False if the outcome is not unknown."""
        this_post = (channel_post.c.edition == edition) & (channel_post.c.channel == channel)
        this_post &= channel_post.c.state == PostState.UNKNOWN
        with self.database.write(area="channel_post") as connection:
            if not posted:
                return bool(connection.execute(delete(channel_post).where(this_post)).rowcount)
            values = {"state": PostState.POSTED, "detail": "seen by an operator", "at": now}
            return bool(connection.execute(update(channel_post).where(this_post).values(values)).rowcount)
