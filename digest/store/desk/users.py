"""Users of the desk, their credentials and their sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, delete, func, insert, select, update

from digest.models import Role
from digest.store.database import StorePart
from digest.store.schema import desk_credential, desk_session, desk_token, desk_user
from digest.utils.documents import fill


class CredentialKind(StrEnum):
    PASSWORD = "password"  # noqa: S105
    TOTP = "totp"
    PASSKEY = "passkey"
    LINK = "link"
    # An email address for OpenID Connect. Its key is the account of the provider, once it was used.
    OIDC = "oidc"


@dataclass(frozen=True, slots=True)
class User:
    """A person who works at the desk."""

    id: int
    name: str
    role: Role
    created_at: datetime
    # Where test emails go; '' until the user sets it. It gives no right.
    email: str = ""


@dataclass(frozen=True, slots=True)
class UserLine:
    """A user as `digest users list` shows them."""

    user: User
    has_password: bool
    sessions: int
    last_seen: datetime | None
    # The address for OpenID Connect, and whether it was used.
    sign_in_email: str = ""
    used_email: bool = False


@dataclass(frozen=True, slots=True)
class Credential:
    id: int
    user: int
    kind: CredentialKind
    secret: str
    expires_at: datetime | None
    counter: int
    # Only for passkeys: the public key in COSE as base64url, and the name that the user gave it.
    public_key: str = ""
    label: str = ""
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """An open session and its user."""

    hash: str
    user: User
    seen_at: datetime
    # How the user signed in: "password", "passkey" or "oidc".
    method: str = "password"


@dataclass(frozen=True, slots=True)
class Token:
    """A token of the API. `role` is its own; it may do no more than its user."""

    hash: str
    user: User
    name: str
    role: Role
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None

    @property
    def allows(self) -> Role:
        """The effective role: the lesser of the token's role and its user's."""
        return self.role if self.user.role.includes(self.role) else self.user.role


class UserStore(StorePart):
    def add(self, name: str, role: Role, now: datetime) -> bool:
        """Add a user. False if the name is taken."""
        with self.database.write(area="desk") as connection:
            if connection.execute(select(desk_user.c.id).where(desk_user.c.name == name)).first():
                return False
            connection.execute(insert(desk_user).values(name=name, role=role, created_at=now))
            return True

    def find(self, name: str) -> User | None:
        row = self.database.query(select(desk_user).where(desk_user.c.name == name)).one_or_none()
        return _user(row) if row else None

    def all(self) -> list[UserLine]:
        """Return all users by name."""
        sessions = (
            select(desk_session.c.user, func.count().label("number"), func.max(desk_session.c.seen_at).label("seen"))
            .group_by(desk_session.c.user)
            .subquery()
        )
        password = (
            select(desk_credential.c.id)
            .where(desk_credential.c.user == desk_user.c.id, desk_credential.c.kind == CredentialKind.PASSWORD)
            .exists()
            .label("has_password")
        )
        mail = desk_credential.alias()
        rows = (
            select(desk_user, sessions.c.number, sessions.c.seen, password, mail.c.secret, mail.c.public_key)
            .outerjoin(sessions, sessions.c.user == desk_user.c.id)
            .outerjoin(mail, (mail.c.user == desk_user.c.id) & (mail.c.kind == CredentialKind.OIDC))
        )
        found = self.database.query(rows.order_by(desk_user.c.name)).all()
        return [
            UserLine(
                _user(row),
                row.has_password,
                row.number or 0,
                row.seen,
                row.secret or "",
                used_email=bool(row.public_key),
            )
            for row in found
        ]

    def set_email(self, user: int, email: str) -> None:
        self.database.change(update(desk_user).where(desk_user.c.id == user).values(email=email), area="desk")

    def set_sign_in_email(self, user: int, address: str, now: datetime) -> bool:
        """Replace the address with which a user signs in; '' removes it. False if it is another user's."""
        of = desk_credential.c
        with self.database.write(area="desk") as connection:
            taken = select(of.id).where(of.kind == CredentialKind.OIDC, of.secret == address, of.user != user)
            if address and connection.execute(taken).first() is not None:
                return False
            connection.execute(delete(desk_credential).where(of.user == user, of.kind == CredentialKind.OIDC))
            if address:
                values = {"user": user, "kind": CredentialKind.OIDC, "secret": address, "created_at": now}
                connection.execute(insert(desk_credential).values(values))
            return True

    def by_sign_in_email(self, address: str) -> User | None:
        of = desk_credential.c
        rows = select(desk_user).join(desk_credential, of.user == desk_user.c.id)
        row = self.database.query(rows.where(of.kind == CredentialKind.OIDC, of.secret == address)).one_or_none()
        return _user(row) if row else None

    def bind_email(self, user: int, account: str) -> bool:
        """Record the account of a provider that has a user's address. False if it was another account before."""
        of = desk_credential.c
        unset = (of.user == user) & (of.kind == CredentialKind.OIDC) & of.public_key.in_(("", account))
        return bool(self.database.change(update(desk_credential).where(unset).values(public_key=account), area="desk"))

    def set_role(self, name: str, role: Role) -> bool:
        this_user = update(desk_user).where(desk_user.c.name == name)
        return bool(self.database.change(this_user.values(role=role), area="desk"))

    def remove(self, name: str) -> bool:
        """Remove a user with their credentials and sessions. The log keeps their name."""
        with self.database.write(area="desk") as connection:
            id = connection.execute(select(desk_user.c.id).where(desk_user.c.name == name)).scalar()
            if id is None:
                return False
            connection.execute(delete(desk_session).where(desk_session.c.user == id))
            connection.execute(delete(desk_token).where(desk_token.c.user == id))
            connection.execute(delete(desk_credential).where(desk_credential.c.user == id))
            connection.execute(delete(desk_user).where(desk_user.c.id == id))
            return True

    def admins(self) -> int:
        rows = select(func.count()).select_from(desk_user).where(desk_user.c.role == Role.ADMIN)
        return int(self.database.query(rows).scalar_one())

    def credential(self, user: int, kind: CredentialKind) -> Credential | None:
        of_kind = (desk_credential.c.user == user) & (desk_credential.c.kind == kind)
        row = self.database.query(select(desk_credential).where(of_kind)).one_or_none()
        return _credential(row) if row else None

    def link(self, hash: str, now: datetime) -> tuple[User, Credential] | None:
        """Return the one-time link with this hash, and its user. None if it was used or is too old."""
        this_link = (desk_credential.c.kind == CredentialKind.LINK) & (desk_credential.c.secret == hash)
        with self.database.read() as connection:
            row = connection.execute(select(desk_credential).where(this_link)).one_or_none()
            if row is None or row.expires_at is None or row.expires_at <= now:
                return None
            user = connection.execute(select(desk_user).where(desk_user.c.id == row.user)).one()
        return _user(user), _credential(row)

    def set_credential(
        self,
        user: int,
        kind: CredentialKind,
        secret: str,
        *,
        now: datetime,
        expires_at: datetime | None = None,
        counter: int = 0,
    ) -> None:
        """Replace a user's credential of this kind."""
        with self.database.write(area="desk") as connection:
            of_kind = (desk_credential.c.user == user) & (desk_credential.c.kind == kind)
            connection.execute(delete(desk_credential).where(of_kind))
            values = {"user": user, "kind": kind, "secret": secret, "created_at": now, "expires_at": expires_at}
            connection.execute(insert(desk_credential).values({**values, "counter": counter}))

    def use_link(self, hash: str) -> bool:
        """Delete a one-time link. False if somebody used it in the meantime."""
        this_link = (desk_credential.c.kind == CredentialKind.LINK) & (desk_credential.c.secret == hash)
        return bool(self.database.change(delete(desk_credential).where(this_link), area="desk"))

    def add_passkey(self, user: int, id: str, public_key: str, label: str, *, counter: int, now: datetime) -> bool:
        """Add a passkey. False if its id is known."""
        this_passkey = (desk_credential.c.kind == CredentialKind.PASSKEY) & (desk_credential.c.secret == id)
        values = {"user": user, "kind": CredentialKind.PASSKEY, "secret": id, "created_at": now, "counter": counter}
        with self.database.write(area="desk") as connection:
            if connection.execute(select(desk_credential.c.id).where(this_passkey)).first() is not None:
                return False
            connection.execute(insert(desk_credential).values({**values, "public_key": public_key, "label": label}))
            return True

    def passkeys(self, user: int) -> list[Credential]:
        passkeys = (desk_credential.c.user == user) & (desk_credential.c.kind == CredentialKind.PASSKEY)
        rows = self.database.query(select(desk_credential).where(passkeys).order_by(desk_credential.c.id)).all()
        return [_credential(row) for row in rows]

    def passkey(self, id: str) -> tuple[User, Credential] | None:
        """Return the passkey with this id, and its user."""
        this_passkey = (desk_credential.c.kind == CredentialKind.PASSKEY) & (desk_credential.c.secret == id)
        with self.database.read() as connection:
            row = connection.execute(select(desk_credential).where(this_passkey)).one_or_none()
            if row is None:
                return None
            user = connection.execute(select(desk_user).where(desk_user.c.id == row.user)).one()
        return _user(user), _credential(row)

    def remove_passkeys(self, user: int, *, id: int | None = None) -> int:
        """Remove a passkey of a user, or all of them. Returns how many there were."""
        passkeys = (desk_credential.c.user == user) & (desk_credential.c.kind == CredentialKind.PASSKEY)
        if id is not None:
            passkeys &= desk_credential.c.id == id
        return self.database.change(delete(desk_credential).where(passkeys), area="desk")

    def count_signature(self, credential: int, counter: int) -> bool:
        """Record a passkey's signature count. False if it is not higher than before, because then the passkey was
        copied.

        The count of synced passkeys stays 0 and is not checked.
        """
        higher = (desk_credential.c.counter < counter) | ((desk_credential.c.counter == 0) & (counter == 0))
        is_new = (desk_credential.c.id == credential) & higher
        return bool(self.database.change(update(desk_credential).where(is_new).values(counter=counter), area="desk"))

    def use_counter(self, credential: int, counter: int) -> bool:
        """Record that the code with this counter was used. False if it or a later one was used before."""
        is_new = (desk_credential.c.id == credential) & (desk_credential.c.counter < counter)
        return bool(self.database.change(update(desk_credential).where(is_new).values(counter=counter), area="desk"))

    def add_token(
        self, hash: str, user: int, name: str, role: Role, *, now: datetime, expires_at: datetime | None
    ) -> bool:
        """Add a token of the API. False if the user has one of this name."""
        values = {"hash": hash, "user": user, "name": name, "role": role, "created_at": now, "expires_at": expires_at}
        with self.database.write(area="desk") as connection:
            this_token = (desk_token.c.user == user) & (desk_token.c.name == name)
            if connection.execute(select(desk_token.c.hash).where(this_token)).first():
                return False
            connection.execute(insert(desk_token).values(values))
            return True

    def tokens(self) -> list[Token]:
        rows = _tokens().order_by(desk_user.c.name, desk_token.c.name)
        return [_token(row) for row in self.database.query(rows)]

    def token(self, hash: str, now: datetime) -> Token | None:
        """Return a valid token, with its user's current role."""
        in_force = desk_token.c.expires_at.is_(None) | (desk_token.c.expires_at > now)
        row = self.database.query(_tokens().where(desk_token.c.hash == hash, in_force)).one_or_none()
        return _token(row) if row else None

    def used_token(self, hash: str, now: datetime) -> None:
        self.database.change(update(desk_token).where(desk_token.c.hash == hash).values(used_at=now), durable=False)

    def drop_token(self, user: int, name: str) -> bool:
        this_token = (desk_token.c.user == user) & (desk_token.c.name == name)
        return bool(self.database.change(delete(desk_token).where(this_token), area="desk"))

    def open_session(
        self, hash: str, user: int, *, now: datetime, expires_at: datetime, agent: str, method: str = "password"
    ) -> None:
        values = {"hash": hash, "user": user, "created_at": now, "seen_at": now, "expires_at": expires_at}
        with self.database.write(area="desk") as connection:
            connection.execute(delete(desk_session).where(desk_session.c.expires_at <= now))
            connection.execute(insert(desk_session).values({**values, "agent": agent, "method": method}))

    def session(self, hash: str, now: datetime) -> Session | None:
        """Return an open session and its user, with the user's current role."""
        rows = select(desk_session.c.hash, desk_session.c.seen_at, desk_session.c.method, desk_user).join(
            desk_user, desk_user.c.id == desk_session.c.user
        )
        this_session = (desk_session.c.hash == hash) & (desk_session.c.expires_at > now)
        row = self.database.query(rows.where(this_session)).one_or_none()
        return Session(row.hash, _user(row), row.seen_at, row.method) if row else None

    def saw_session(self, hash: str, now: datetime) -> None:
        self.database.change(update(desk_session).where(desk_session.c.hash == hash).values(seen_at=now), durable=False)

    def end_sessions(self, *, user: int | None = None, hash: str | None = None) -> int:
        """End the sessions of a user, or one session. Returns how many there were."""
        these_sessions = desk_session.c.user == user if hash is None else desk_session.c.hash == hash
        return self.database.change(delete(desk_session).where(these_sessions), area="desk")


def _tokens() -> Select[Any]:
    of = desk_user.c
    user = (
        of.id,
        of.name.label("user_name"),
        of.role.label("user_role"),
        of.created_at.label("user_created"),
        of.email.label("user_email"),
    )
    columns = [column for column in desk_token.c if column.name != "user"]
    return select(*columns, *user).join(desk_user, of.id == desk_token.c.user)


def _token(row: Any) -> Token:
    user = User(row.id, row.user_name, Role(row.user_role), row.user_created, row.user_email)
    return Token(row.hash, user, row.name, Role(row.role), row.created_at, row.expires_at, row.used_at)


def _user(row: Any) -> User:
    return User(row.id, row.name, Role(row.role), row.created_at, row.email)


def _credential(row: Any) -> Credential:
    return fill(Credential, row, kind=CredentialKind(row.kind))
