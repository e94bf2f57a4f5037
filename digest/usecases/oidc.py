"""Sign in at the desk by OpenID Connect, with an account at another provider.

Uses the authorization code flow with PKCE (RFC 7636), state and nonce. A user is accepted only if an admin has set this
email address, and the provider says that it has verified the address. Nothing is stored while the browser is at the
provider: secrets are derived from our key, and the state is signed, bound to the browser and accepted once. `joserfc`
verifies the provider's signatures.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlencode, urlsplit

from digest.errors import DigestError
from digest.models import Actor
from digest.store.desk.audit import ActKind
from digest.usecases.accounts import SignedIn

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

    from digest.collect.http.post import JsonPoster, PostAnswer
    from digest.usecases.accounts import Accounts

# How long a provider's metadata and keys are cached.
_KNOWN_FOR = timedelta(hours=1)
# For how long a provider that failed is not asked again, and seconds that a page waits while another one asks.
_NOT_AGAIN, _PATIENCE = timedelta(seconds=15), 1.0
_STATE, _VERIFIER, _NONCE = "oidc state", "oidc verifier", "oidc nonce"
_SCOPE = "openid email"
# Asymmetric signatures only. Otherwise the provider's public key could be used as a shared secret (algorithm
# confusion).
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
# Seconds by which clocks may differ.
_LEEWAY = 60
_MAX_SUBJECT = 255


class SignInProblem(StrEnum):
    """Why somebody was not signed in."""

    # The state was not made by us for this browser, is too old, or was used.
    STALE = "stale"
    # The provider refused, or the person did not agree.
    DENIED = "denied"
    # No user has this email address.
    UNKNOWN = "unknown"
    # The provider has not verified the email address.
    UNVERIFIED = "unverified"
    # Another account of the provider had this address when the user signed in first.
    OTHER_ACCOUNT = "other account"
    # The provider does not answer, or its answer is not valid.
    FAILED = "failed"


class OidcRefused(DigestError):
    """Nobody was signed in. `email` is the address that the provider has verified, for the person's own page."""

    def __init__(self, why: SignInProblem, detail: str = "", *, email: str = "") -> None:
        super().__init__(f"{why}: {detail}" if detail else why)
        self.why, self.detail, self.email = why, detail, email


@dataclass(frozen=True, slots=True)
class OidcClient:
    """How the desk is registered at a provider. `secret` is '' for a public client."""

    issuer: str
    id: str
    secret: str = field(repr=False, default="")


@dataclass(frozen=True, slots=True)
class _Provider:
    """A provider's metadata (OpenID Connect Discovery 1.0)."""

    authorization: str
    token: str
    keys: str
    # Whether the secret may be in the Authorization header; else it is in the form.
    basic: bool


@dataclass
class OidcSignIn:
    """Signs users in by a provider. Threads may share it."""

    client: OidcClient
    web: JsonPoster
    accounts: Accounts
    # Whether the provider may be in a private network, also without TLS.
    allow_http: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)
    _known: tuple[datetime, _Provider] | None = field(default=None, init=False, repr=False)
    _failed_at: datetime | None = field(default=None, init=False, repr=False)
    _keys: tuple[datetime, KeySet] | None = field(default=None, init=False, repr=False)

    def check(self) -> None:
        """Ask the provider for its metadata and its keys. Raises OidcRefused with what is wrong."""
        from joserfc.errors import JoseError

        try:
            self._key_set()
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise OidcRefused(SignInProblem.FAILED, f"its keys cannot be read ({type(error).__name__})") from None

    def begin(self, browser: str, redirect: str, next: str) -> str:
        """Return the provider's URL to which the browser is redirected.

        `browser` is a secret of this browser, `redirect` the URL to which the provider sends it back, and `next` the
        page that follows. Raises OidcRefused.
        """
        provider = self._provider()
        mark = secrets.token_urlsafe(24)
        state = self._state(mark, browser, next)
        given = {
            "response_type": "code",
            "client_id": self.client.id,
            "redirect_uri": redirect,
            "scope": _SCOPE,
            "state": state,
            "nonce": self._secret(_NONCE, mark),
            "code_challenge": _challenge(self._secret(_VERIFIER, mark)),
            "code_challenge_method": "S256",
        }
        return f"{provider.authorization}{'&' if '?' in provider.authorization else '?'}{urlencode(given)}"

    def finish(
        self, given: Mapping[str, str], browser: str, redirect: str, *, network: str, agent: str
    ) -> tuple[SignedIn, str]:
        """Open a session for the user whom the provider names. Return it and the page that follows.

        `given` is the query of the provider's redirect. Raises OidcRefused, TooManyTries.
        """
        accounts, now = self.accounts, self.accounts.now()
        accounts.count_try(network)
        mark, next = self._read_state(given.get("state", ""), browser)
        # Another provider could have sent the browser here with its own code (RFC 9207).
        if given.get("iss", self.client.issuer) != self.client.issuer:
            raise OidcRefused(SignInProblem.FAILED, "the answer is of another provider")
        if "code" not in given:
            raise OidcRefused(SignInProblem.DENIED, given.get("error", "")[:80])
        claims = self._claims(self._id_token(given["code"], self._secret(_VERIFIER, mark), redirect), mark)
        email, subject = claims.get("email"), claims["sub"]
        if not isinstance(email, str) or claims.get("email_verified") is not True:
            raise OidcRefused(SignInProblem.UNVERIFIED)
        found = accounts.user_of_email(email)
        if found is None:
            raise OidcRefused(SignInProblem.UNKNOWN, email=email)
        # A provider may assign an address to another person later, but never a subject.
        if not accounts.users.bind_email(found.id, f"{self.client.issuer} {subject}"):
            accounts.log.record(
                Actor(found.name, "desk"), ActKind.SIGN_IN_REFUSED, found.name, SignInProblem.OTHER_ACCOUNT, now=now
            )
            raise OidcRefused(SignInProblem.OTHER_ACCOUNT, email=email)
        accounts.log.record(Actor(found.name, "desk"), ActKind.SIGNED_IN, found.name, "oidc", now=now)
        return accounts.open_session(found, agent, method="oidc"), next

    def _state(self, mark: str, browser: str, next: str) -> str:
        place = base64.urlsafe_b64encode(next.encode()).decode().rstrip("=")
        return self.accounts.sign_state(_STATE, mark, browser, place)

    def _read_state(self, state: str, browser: str) -> tuple[str, str]:
        """Return the mark and the next page of a state that we made for this browser a short time ago."""
        found = self.accounts.read_state(_STATE, state, browser)
        if found is None or not self.accounts.use_mark(found[0]):
            raise OidcRefused(SignInProblem.STALE)
        mark, place = found
        return mark, base64.urlsafe_b64decode(place + "=" * (-len(place) % 4)).decode()

    def _secret(self, purpose: str, mark: str) -> str:
        """Return a secret of one attempt, which can be derived again when the browser comes back."""
        return hashlib.sha256(self.accounts.signer.sign_name(purpose, mark).encode()).hexdigest()

    def _id_token(self, code: str, verifier: str, redirect: str) -> str:
        """Exchange a code for the token that identifies the person."""
        provider, client = self._provider(), self.client
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect, "code_verifier": verifier}
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if client.secret and provider.basic:
            pair = f"{quote_plus(client.id)}:{quote_plus(client.secret)}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form |= {"client_id": client.id, **({"client_secret": client.secret} if client.secret else {})}
        answer = self._answer(lambda: self.web.post(provider.token, urlencode(form).encode(), headers))
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise OidcRefused(SignInProblem.FAILED, "the answer has no id_token")
        return token

    def _claims(self, token: str, mark: str) -> dict[str, Any]:
        """Return the claims of a token, if the provider signed it for us, recently, and for this attempt."""
        from joserfc import jwt
        from joserfc.errors import InvalidKeyIdError, JoseError

        now = int(self.accounts.now().timestamp())
        expected = jwt.JWTClaimsRegistry(
            now,
            _LEEWAY,
            iss={"essential": True, "value": self.client.issuer},
            aud={"essential": True, "value": self.client.id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": self._secret(_NONCE, mark)},
            # The party that the token is for, if it has several audiences.
            azp={"value": self.client.id},
        )
        try:
            try:
                claims = jwt.decode(token, self._key_set(), _ALGORITHMS).claims
            except InvalidKeyIdError:
                # The provider may have a new key.
                claims = jwt.decode(token, self._key_set(again=True), _ALGORITHMS).claims
            expected.validate(claims)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise OidcRefused(SignInProblem.FAILED, f"the id_token is not valid ({type(error).__name__})") from None
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if (several and "azp" not in claims) or len(claims["sub"]) > _MAX_SUBJECT:
            raise OidcRefused(SignInProblem.FAILED, "the id_token is for somebody else")
        return claims

    def _provider(self) -> _Provider:
        now = self.accounts.now()
        with self._alone():
            if self._known is not None and now - self._known[0] <= _KNOWN_FOR:
                return self._known[1]
            if self._failed_at is not None and now - self._failed_at < _NOT_AGAIN:
                raise OidcRefused(SignInProblem.FAILED, "the provider did not answer a moment ago")
            self._failed_at = now
            found = self._discover()
            self._known, self._failed_at = (now, found), None
            return found

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Ask the provider one after the other. Nobody waits long, so that a slow provider holds up no other pages."""
        if not self._lock.acquire(timeout=_PATIENCE):
            raise OidcRefused(SignInProblem.FAILED, "the provider is slow")
        try:
            yield
        finally:
            self._lock.release()

    def _discover(self) -> _Provider:
        issuer = self.client.issuer
        found = self._answer(lambda: self.web.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration"))
        if found.get("issuer") != issuer:
            raise OidcRefused(SignInProblem.FAILED, f"the provider calls itself {str(found.get('issuer'))[:200]!r}")
        methods = found.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        return _Provider(
            authorization=self._check_url(found, "authorization_endpoint"),
            token=self._check_url(found, "token_endpoint"),
            keys=self._check_url(found, "jwks_uri"),
            basic="client_secret_basic" in methods,
        )

    def _check_url(self, found: Mapping[str, Any], name: str) -> str:
        url = str(found.get(name) or "")
        allowed = ("https", "http") if self.allow_http else ("https",)
        if not url:
            raise OidcRefused(SignInProblem.FAILED, f"the provider names no {name}")
        if urlsplit(url).scheme not in allowed:
            raise OidcRefused(SignInProblem.FAILED, f"the provider's {name} is an address without https")
        return url

    def _key_set(self, *, again: bool = False) -> KeySet:
        from joserfc.jwk import KeySet

        provider, now = self._provider(), self.accounts.now()
        with self._alone():
            if again or self._keys is None or now - self._keys[0] > _KNOWN_FOR:
                answer: Any = self._answer(lambda: self.web.get(provider.keys))
                self._keys = now, KeySet.import_key_set(answer)
            return self._keys[1]

    def _answer(self, request: Callable[[], PostAnswer]) -> dict[str, Any]:
        """Return the JSON object of an answer."""
        try:
            answer = request()
            document = json.loads(answer.body)
        except OidcRefused:
            raise
        except (DigestError, ValueError) as error:
            raise OidcRefused(SignInProblem.FAILED, str(error)[:200]) from None
        if not isinstance(document, dict) or answer.status != 200:
            reason = document.get("error", "") if isinstance(document, dict) else ""
            raise OidcRefused(SignInProblem.FAILED, f"the provider answered {answer.status} {str(reason)[:80]}".strip())
        return document


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
