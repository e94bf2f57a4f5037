"""Passkeys (WebAuthn): register one, and sign in with it.

The library `webauthn` verifies the browsers' responses: signature checks should not be our own code. A challenge is
signed, bound to the browser and accepted once, so it need not be stored.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from digest.errors import DigestError
from digest.models import Actor
from digest.store.desk.audit import ActKind
from digest.usecases.accounts import SignedIn
from digest.utils.text import one_line

if TYPE_CHECKING:
    from digest.store.desk.users import Credential, User
    from digest.usecases.accounts import Accounts

_PURPOSE = "passkey challenge"
MOST, MAX_LABEL = 10, 60
# A browser's response is smaller than 10 kB.
_MAX_ANSWER = 30_000


@dataclass(frozen=True, slots=True)
class PasskeyOrigin:
    """Where a browser has the desk open: its host, its URL without a path, and a secret that only this browser has."""

    host: str
    url: str
    browser: str


@dataclass(frozen=True, slots=True)
class Challenge:
    """A request to a browser: JSON options for `navigator.credentials`, and a state that it sends back."""

    options: str
    state: str


class PasskeyRefused(DigestError):
    """The browser's response could not be verified."""


@dataclass(frozen=True)
class Passkeys:
    """The passkeys of the desk's users."""

    accounts: Accounts

    def of(self, user: User) -> list[Credential]:
        return self.accounts.users.passkeys(user.id)

    def registration_challenge(self, user: User, origin: PasskeyOrigin) -> Challenge:
        from webauthn import generate_registration_options, options_to_json
        from webauthn.helpers.structs import (
            AuthenticatorSelectionCriteria,
            PublicKeyCredentialDescriptor,
            ResidentKeyRequirement,
            UserVerificationRequirement,
        )

        challenge = secrets.token_bytes(32)
        options = generate_registration_options(
            rp_id=origin.host,
            rp_name=origin.host,
            user_id=hashlib.sha256(f"desk user {user.id}".encode()).digest(),
            user_name=user.name,
            challenge=challenge,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                # A passkey stands for a password and a code, so the device asks for a finger, a face or a PIN.
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=_bytes(each.secret)) for each in self.of(user)],
        )
        return Challenge(options_to_json(options), self._state(challenge, origin))

    def register(self, user: User, answer: str, state: str, label: str, origin: PasskeyOrigin) -> None:
        """Add the passkey that a browser made. Raises PasskeyRefused."""
        from webauthn import verify_registration_response
        from webauthn.helpers.exceptions import WebAuthnException

        if len(self.of(user)) >= MOST:
            raise PasskeyRefused(f"A user has at most {MOST} passkeys. Remove one first.")
        challenge = self._challenge(state, origin)
        try:
            made = verify_registration_response(
                credential=_parse(answer),
                expected_challenge=challenge,
                expected_rp_id=origin.host,
                expected_origin=origin.url,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError) as error:
            raise PasskeyRefused("The passkey could not be verified.") from error
        id, key, now = _text(made.credential_id), _text(made.credential_public_key), self.accounts.now()
        short = one_line(label)[:MAX_LABEL]
        if not self.accounts.users.add_passkey(user.id, id, key, short, counter=made.sign_count, now=now):
            raise PasskeyRefused("This passkey is registered already.")
        self.accounts.log.record(Actor(user.name, "desk"), ActKind.PASSKEY_ADDED, user.name, short, now=now)

    def remove(self, user: User, id: int) -> None:
        if self.accounts.users.remove_passkeys(user.id, id=id):
            self.accounts.log.record(
                Actor(user.name, "desk"), ActKind.PASSKEY_REMOVED, user.name, now=self.accounts.now()
            )

    def sign_in_challenge(self, origin: PasskeyOrigin) -> Challenge:
        from webauthn import generate_authentication_options, options_to_json
        from webauthn.helpers.structs import UserVerificationRequirement

        challenge = secrets.token_bytes(32)
        options = generate_authentication_options(
            rp_id=origin.host, challenge=challenge, user_verification=UserVerificationRequirement.REQUIRED
        )
        return Challenge(options_to_json(options), self._state(challenge, origin))

    def sign_in(self, answer: str, state: str, origin: PasskeyOrigin, *, network: str, agent: str) -> SignedIn | None:
        """Open a session for the owner of the passkey. None if it cannot be verified. Raises TooManyTries."""
        from webauthn import verify_authentication_response
        from webauthn.helpers.exceptions import WebAuthnException

        accounts = self.accounts
        accounts.count_try(network)
        try:
            credential = _parse(answer)
            found = accounts.users.passkey(str(credential["id"]))
            if found is None:
                return None
            user, stored = found
            checked = verify_authentication_response(
                credential=credential,
                expected_challenge=self._challenge(state, origin),
                expected_rp_id=origin.host,
                expected_origin=origin.url,
                credential_public_key=_bytes(stored.public_key),
                # The store compares the counter itself, in one statement.
                credential_current_sign_count=0,
                require_user_verification=True,
            )
        except (WebAuthnException, PasskeyRefused, ValueError, KeyError, TypeError):
            return None
        if not accounts.users.count_signature(stored.id, checked.new_sign_count):
            return None
        accounts.log.record(Actor(user.name, "desk"), ActKind.SIGNED_IN, user.name, "passkey", now=accounts.now())
        return accounts.open_session(user, agent, method="passkey")

    def _state(self, challenge: bytes, origin: PasskeyOrigin) -> str:
        return self.accounts.sign_state(_PURPOSE, _text(challenge), origin.browser)

    def _challenge(self, state: str, origin: PasskeyOrigin) -> bytes:
        """Return the challenge of a state that we made for this browser a short time ago. It works once."""
        found = self.accounts.read_state(_PURPOSE, state, origin.browser)
        if found is None:
            raise PasskeyRefused("The page was open too long. Please try again.")
        if not self.accounts.use_mark(found[0]):
            raise PasskeyRefused("This answer was used already. Please try again.")
        return _bytes(found[0])


def _parse(answer: str) -> dict[str, object]:
    if len(answer) > _MAX_ANSWER:
        raise ValueError("too long")
    found = json.loads(answer)
    if not isinstance(found, dict):
        raise TypeError("no object")
    return found


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
