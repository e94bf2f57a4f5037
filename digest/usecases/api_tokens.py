"""Tokens by which programs use the API for a user, with at most that user's role."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from digest.errors import DigestError
from digest.models import Actor, Role

if TYPE_CHECKING:
    from digest.store.desk.audit import AuditLog
    from digest.store.desk.users import Token, User, UserStore

# By this prefix people and secret scanners recognise a token.
PREFIX = "digest_"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
_USED_EVERY = timedelta(minutes=5)
MAX_DAYS = 3650


@dataclass(frozen=True)
class ApiTokens:
    users: UserStore
    log: AuditLog
    now: Callable[[], datetime]

    def make(self, user: str, name: str, role: Role, by: Actor, *, days: int | None = None) -> str:
        """Return a new token of a user. It is shown once: only its hash is kept. Raises DigestError."""
        held, now = self._existing(user), self.now()
        if not _NAME.match(name):
            raise DigestError(f"A name of a token has letters, digits and . _ -, at most 64, found {name[:80]!r}.")
        if not held.role.includes(role):
            raise DigestError(f"{user} is {held.role}. Their token can have that role or a lesser one, not {role}.")
        if days is not None and not 1 <= days <= MAX_DAYS:
            raise DigestError(f"A token lasts 1 to {MAX_DAYS} days, found {days}.")
        token, expires = PREFIX + secrets.token_urlsafe(32), now + timedelta(days=days) if days else None
        if not self.users.add_token(_hash(token), held.id, name, role, now=now, expires_at=expires):
            raise DigestError(f"{user} has a token {name} already. Revoke it first, or choose another name.")
        self.log.record(by, "token made", user, f"{name}, {role}", now=now)
        return token

    def list(self) -> list[Token]:
        return self.users.tokens()

    def revoke(self, user: str, name: str, by: Actor) -> None:
        """Revoke a token at once. Raises DigestError."""
        if not self.users.drop_token(self._existing(user).id, name):
            raise DigestError(f"{user} has no token {name}. `digest users tokens` shows all.")
        self.log.record(by, "token revoked", user, name, now=self.now())

    def find(self, token: str) -> Token | None:
        """Return the token that a program sent; None if it is unknown, expired or revoked."""
        if not token.startswith(PREFIX):
            return None
        now = self.now()
        found = self.users.token(_hash(token), now)
        if found and (found.used_at is None or now - found.used_at > _USED_EVERY):
            self.users.used_token(found.hash, now)
        return found

    def _existing(self, name: str) -> User:
        user = self.users.find(name)
        if user is None:
            raise DigestError(f"There is no user {name}. `digest users list` shows all.")
        return user


def _hash(token: str) -> str:
    """Tokens are random, so a plain hash protects them."""
    return hashlib.sha256(token.encode()).hexdigest()
