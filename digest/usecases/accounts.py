"""Accounts of the desk: users and roles, one-time links, signing in, sessions, and the API tokens of programs."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from digest.errors import DigestError
from digest.messages import Message
from digest.models import Actor, Role
from digest.store.desk.audit import ActKind
from digest.store.desk.users import CredentialKind, Session, User
from digest.store.rate_limits import Quota
from digest.subscribers.address import comparable

if TYPE_CHECKING:
    from argon2 import PasswordHasher

    from digest.store.desk.audit import AuditLog
    from digest.store.desk.users import Token, UserLine, UserStore
    from digest.store.rate_limits import RateLimiter
    from digest.subscribers.tokens import TokenSigner

LINK_LASTS = timedelta(hours=24)
# A session ends this long after it was opened, whatever happens.
SESSION_LASTS = timedelta(days=30)
# How long a person may take at another provider, or a browser to answer.
_STATE_LASTS = timedelta(minutes=10)
# How often a session notes that it is used.
_SEEN_EVERY = timedelta(minutes=5)
MIN_PASSWORD, MAX_PASSWORD = 12, 256
# Seconds for which a code of an authenticator app is shown (RFC 6238). One code before and after is accepted too.
CODE_SECONDS = 30
# Limits of sign-in attempts: as one user from one network, from one network in all, and as one user in all. A stranger
# who tries a name does not lock its owner out.
TRIES, TRIES_PER_NETWORK, TRIES_PER_USER, TRIES_WINDOW = 10, 50, 200, timedelta(minutes=15)
_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}\Z")
_AGENT_LENGTH = 200
# RFC 4226 asks for 160 bits.
_KEY_BYTES = 20
# By this prefix people and secret scanners recognise a token.
PREFIX = "digest_"
_TOKEN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
_USED_EVERY = timedelta(minutes=5)
MAX_DAYS = 3650


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session. The cookie holds `token`."""

    user: User
    token: str


@dataclass(frozen=True)
class Accounts:
    """The users of the desk and their sessions."""

    users: UserStore
    log: AuditLog
    quotas: RateLimiter
    signer: TokenSigner
    now: Callable[[], datetime]

    def add(self, name: str, role: Role, by: Actor) -> None:
        """Add a user. They can sign in after using a one-time link. Raises DigestError."""
        if not _NAME.match(name):
            raise DigestError(
                Message(
                    "A name of a user has a-z, 0-9 and . _ @ + -, at most 64 characters, found %(name)s.",
                    name=f"{name[:80]!r}",
                )
            )
        if not self.users.add(name, role, self.now()):
            raise DigestError(
                Message(
                    "There is a user %(name)s already. `digest users link %(again)s` makes a new link.",
                    name=name,
                    again=name,
                )
            )
        self.log.record(by, ActKind.USER_ADDED, name, role, now=self.now())

    def list(self) -> list[UserLine]:
        return self.users.all()

    def set_email(self, name: str, email: str, by: Actor) -> None:
        """Let a user sign in by OpenID Connect with this address; '' removes it.

        Raises DigestError. The next account of the provider with this address is accepted, also if the address is the
        same as before.
        """
        user = _existing(self.users, name)
        address = comparable(email.strip()) if email.strip() else ""
        if address is None:
            raise DigestError(Message("%(email)s is not an email address.", email=f"{email!r}"))
        if not self.users.set_sign_in_email(user.id, address, self.now()):
            raise DigestError(Message("Another user signs in with %(email)s.", email=email.strip()))
        if address and not user.email:
            # Tests go there too, until the user names another address.
            self.users.set_email(user.id, address)
        self.log.record(by, ActKind.USER_EMAIL, name, address or "none", now=self.now())

    def user_of_email(self, email: str) -> User | None:
        """Return the user who may sign in with an address that the provider has verified."""
        address = comparable(email)
        return self.users.by_sign_in_email(address) if address else None

    def set_role(self, name: str, role: Role, by: Actor) -> None:
        """Give a user another role. It applies from their next request. Raises DigestError."""
        user = _existing(self.users, name)
        if user.role is Role.ADMIN and role is not Role.ADMIN and self.users.admins() == 1:
            raise DigestError(Message("%(email)s is the only admin. Make somebody else an admin first.", email=name))
        if role is user.role:
            return
        self.users.set_role(name, role)
        self.log.record(
            by, ActKind.USER_ROLE, name, Message("%(role)s → %(later)s", role=user.role, later=role), now=self.now()
        )

    def remove(self, name: str, by: Actor) -> None:
        """Remove a user and end their sessions. Raises DigestError."""
        _existing(self.users, name)
        self.users.remove(name)
        self.log.record(by, ActKind.USER_REMOVED, name, now=self.now())

    def end_sessions(self, name: str, by: Actor) -> int:
        """End every session of a user, and return how many there were. Raises DigestError."""
        ended = self.users.end_sessions(user=_existing(self.users, name).id)
        self.log.record(by, ActKind.SESSIONS_ENDED, name, str(ended), now=self.now())
        return ended

    def make_link(self, name: str, by: Actor) -> str:
        """Return the token of a new one-time link, which replaces an unused one. Raises DigestError."""
        user, token = _existing(self.users, name), secrets.token_urlsafe(32)
        now = self.now()
        self.users.set_credential(user.id, CredentialKind.LINK, hash_token(token), now=now, expires_at=now + LINK_LASTS)
        self.log.record(by, ActKind.LINK_MADE, name, now=now)
        return token

    def user_of_link(self, token: str) -> User | None:
        """Return the user of a one-time link; None if it was used or has expired."""
        found = self.users.link(hash_token(token), self.now())
        return found[0] if found else None

    def app_key(self, token: str) -> str:
        """Return the key that an authenticator app gets through this link, in Base32."""
        code = hashlib.sha256(self.signer.sign_name("authenticator app", token).encode()).digest()[:_KEY_BYTES]
        return base64.b32encode(code).decode("ascii")

    def use_link(self, token: str, password: str, code: str, *, agent: str) -> SignedIn | None:
        """Set password and app, end older sessions, open one. None if the link no longer works or the code is wrong.

        The caller has checked the password's length. Raises TooManyTries.
        """
        user = self.user_of_link(token)
        if user is None:
            return None
        key, now = self.app_key(token), self.now()
        # Limits guesses of the six digits.
        if not self.quotas.take([Quota(f"desk:link:{user.name}", TRIES, TRIES_WINDOW)], now):
            raise TooManyTries
        counter = _counter(key, code, now)
        if counter is None:
            return None
        hashed = _hasher().hash(password)
        with self.users.database.transaction():
            if not self.users.use_link(hash_token(token)):
                return None
            self.users.set_credential(user.id, CredentialKind.PASSWORD, hashed, now=now)
            self.users.set_credential(user.id, CredentialKind.TOTP, key, now=now, counter=counter)
            # The old passkeys may be on the phone that was lost.
            self.users.remove_passkeys(user.id)
            self.users.end_sessions(user=user.id)
        self.log.record(Actor(user.name, "desk"), ActKind.LINK_USED, user.name, now=now)
        return self.open_session(user, agent, method="password")

    def sign_in(self, name: str, password: str, code: str, *, network: str, agent: str) -> SignedIn | None:
        """Open a session.

        None if name, password or code is wrong; callers do not learn which. Raises TooManyTries. Every attempt takes
        the time of one password check, so its duration does not reveal which names exist.
        """
        now = self.now()
        user = self.users.find(name)
        limits = [
            Quota(f"desk:{network}:{name[:64]}", TRIES, TRIES_WINDOW),
            Quota(f"desk:user:{name[:64]}", TRIES_PER_USER, TRIES_WINDOW),
            Quota(f"desk:network:{network}", TRIES_PER_NETWORK, TRIES_WINDOW),
        ]
        if not self.quotas.take(limits, now):
            raise TooManyTries
        known = self.users.credential(user.id, CredentialKind.PASSWORD) if user else None
        totp = self.users.credential(user.id, CredentialKind.TOTP) if user else None
        is_password = _verify(known.secret if known else _unknown_hash(), password[:MAX_PASSWORD])
        if user is None or known is None or totp is None or not is_password:
            return None
        counter = _counter(totp.secret, code, now)
        if counter is None or not self.users.use_counter(totp.id, counter):
            return None
        if _hasher().check_needs_rehash(known.secret):
            self.users.set_credential(user.id, CredentialKind.PASSWORD, _hasher().hash(password), now=now)
        self.log.record(Actor(user.name, "desk"), ActKind.SIGNED_IN, user.name, now=now)
        return self.open_session(user, agent, method="password")

    def count_try(self, network: str) -> None:
        """Count an attempt to sign in from a network. Raises TooManyTries."""
        if not self.quotas.take([Quota(f"desk:network:{network}", TRIES_PER_NETWORK, TRIES_WINDOW)], self.now()):
            raise TooManyTries

    def sign_state(self, purpose: str, mark: str, browser: str, *more: str) -> str:
        """Return a state that a browser sends back, bound to it: the mark, the time, `more`, and a signature."""
        body = ".".join((mark, str(int(self.now().timestamp())), *more))
        return f"{body}.{self.signer.sign_name(purpose, f'{body} {browser}')}"

    def read_state(self, purpose: str, state: str, browser: str) -> tuple[str, ...] | None:
        """Return the mark of a state and its data; None if it was not made for this browser just now."""
        body, _, code = state.rpartition(".")
        if not browser or not self.signer.is_signed_name(purpose, f"{body} {browser}", code):
            return None
        mark, made, *more = body.split(".")
        is_new = timedelta(0) <= self.now() - datetime.fromtimestamp(int(made), UTC) <= _STATE_LASTS
        return (mark, *more) if is_new else None

    def use_mark(self, mark: str) -> bool:
        """Record that the state with this mark was used. False if it was used before."""
        return self.quotas.take([Quota(f"desk:challenge:{mark}", 1, 2 * _STATE_LASTS)], self.now())

    def session(self, token: str) -> Session | None:
        """Return the session of a cookie; None if it has ended."""
        if not token:
            return None
        now = self.now()
        session = self.users.session(hash_token(token), now)
        if session and now - session.seen_at > _SEEN_EVERY:
            self.users.saw_session(session.hash, now)
        return session

    def sign_out(self, session: Session) -> None:
        self.users.end_sessions(hash=session.hash)
        self.log.record(Actor(session.user.name, "desk"), ActKind.SIGNED_OUT, session.user.name, now=self.now())

    def open_session(self, user: User, agent: str, *, method: str) -> SignedIn:
        """Open a session for somebody who has proved who they are."""
        # Always a new token: nobody can plant a known one in another person's browser (session fixation).
        token, now = secrets.token_urlsafe(32), self.now()
        expires = now + SESSION_LASTS
        short = agent[:_AGENT_LENGTH]
        self.users.open_session(hash_token(token), user.id, now=now, expires_at=expires, agent=short, method=method)
        return SignedIn(user, token)


class TooManyTries(DigestError):
    """Too many attempts to sign in."""


def app_url(key: str, user: str, host: str) -> str:
    """Return the URL that an authenticator app reads, as text or as a QR code."""
    from pyotp import TOTP

    return TOTP(key).provisioning_uri(name=user, issuer_name=host)


def _counter(key: str, code: str, now: datetime) -> int | None:
    """Return the counter of an app's code. None unless it is the current code, the previous or the next one."""
    from pyotp import TOTP

    digits = "".join(code.split())
    if not digits.isascii() or not digits.isdigit():
        return None
    totp, at = TOTP(key), int(now.timestamp()) // CODE_SECONDS
    numbers = (at, at - 1, at + 1)
    return next((each for each in numbers if hmac.compare_digest(totp.generate_otp(each), digits)), None)


def _existing(users: UserStore, name: str) -> User:
    user = users.find(name)
    if user is None:
        raise DigestError(Message("There is no user %(name)s. `digest users list` shows all.", name=name))
    return user


def hash_token(token: str) -> str:
    """Hash a token. Tokens are random, so a plain hash protects them."""
    return hashlib.sha256(token.encode()).hexdigest()


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher()


@cache
def _unknown_hash() -> str:
    return _hasher().hash(secrets.token_hex())


def _verify(stored: str, password: str) -> bool:
    from argon2.exceptions import VerificationError

    try:
        return _hasher().verify(stored, password)
    except VerificationError:
        return False


@dataclass(frozen=True)
class ApiTokens:
    """Tokens by which programs use the API for a user, with at most that user's role."""

    users: UserStore
    log: AuditLog
    now: Callable[[], datetime]

    def make(self, user: str, name: str, role: Role, by: Actor, *, days: int | None = None) -> str:
        """Return a new token of a user. It is shown once: only its hash is kept. Raises DigestError."""
        held, now = _existing(self.users, user), self.now()
        if not _TOKEN_NAME.match(name):
            raise DigestError(
                Message(
                    "A name of a token has letters, digits and . _ -, at most 64, found %(name)s.",
                    name=f"{name[:80]!r}",
                )
            )
        if not held.role.includes(role):
            raise DigestError(
                Message(
                    "%(name)s is %(role)s. Their token can have that role or a lesser one, not %(later)s.",
                    name=user,
                    role=held.role,
                    later=role,
                )
            )
        if days is not None and not 1 <= days <= MAX_DAYS:
            raise DigestError(f"A token lasts 1 to {MAX_DAYS} days, found {days}.")
        token, expires = PREFIX + secrets.token_urlsafe(32), now + timedelta(days=days) if days else None
        if not self.users.add_token(hash_token(token), held.id, name, role, now=now, expires_at=expires):
            raise DigestError(
                Message(
                    "%(name)s has a token %(again)s already. Revoke it first, or choose another name.",
                    name=user,
                    again=name,
                )
            )
        self.log.record(by, ActKind.TOKEN_MADE, user, Message("%(name)s, %(role)s", name=name, role=role), now=now)
        return token

    def list(self) -> list[Token]:
        return self.users.tokens()

    def revoke(self, user: str, name: str, by: Actor) -> None:
        """Revoke a token at once. Raises DigestError."""
        if not self.users.drop_token(_existing(self.users, user).id, name):
            raise DigestError(f"{user} has no token {name}. `digest users tokens` shows all.")
        self.log.record(by, ActKind.TOKEN_REVOKED, user, name, now=self.now())

    def find(self, token: str) -> Token | None:
        """Return the token that a program sent; None if it is unknown, expired or revoked."""
        if not token.startswith(PREFIX):
            return None
        now = self.now()
        found = self.users.token(hash_token(token), now)
        if found and (found.used_at is None or now - found.used_at > _USED_EVERY):
            self.users.used_token(found.hash, now)
        return found
