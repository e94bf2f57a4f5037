"""A provider of OpenID Connect on 127.0.0.1: discovery, keys, the code flow with PKCE. It signs everybody in at once.

A test changes its tokens and metadata with `claims`, `document` and `signing_key`.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from tests.support.http_server import Exchange, HttpServer

CLIENT, SECRET = "desk of the test", "a-secret:with+signs"


@dataclass
class OidcProvider:
    """`now` is the moment at which it issues tokens."""

    server: HttpServer
    now: int
    # Claims that replace the default ones; None leaves one out.
    claims: dict[str, Any] = field(default_factory=dict)
    document: dict[str, Any] = field(default_factory=dict)
    keys: list[ECKey] = field(default_factory=lambda: [ECKey.generate_key("P-256", auto_kid=True)])
    # The key to sign with; None: the newest one.
    signing_key: ECKey | None = None
    # Replaces the function that signs the claims.
    sign: Callable[[dict[str, Any]], str] | None = None
    # The client's secret must be in the header, else in the form.
    basic: bool = True
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        return self.server.url("").rstrip("/")

    def visit(self, address: str) -> str:
        """Sign in as a browser does that was redirected to this address. Returns the query of the redirect back."""
        place = urlsplit(address)
        assert f"{place.scheme}://{place.netloc}" == self.issuer
        asked = dict(parse_qsl(place.query))
        assert (asked["response_type"], asked["client_id"], asked["code_challenge_method"]) == ("code", CLIENT, "S256")
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        return urlencode({"code": code, "state": asked["state"], "iss": self.issuer})

    def discovery(self, exchange: Exchange) -> None:
        methods = ["client_secret_basic", "client_secret_post"] if self.basic else ["client_secret_post"]
        usual = {
            "issuer": self.issuer,
            "authorization_endpoint": self.server.url("/authorize"),
            "token_endpoint": self.server.url("/token"),
            "jwks_uri": self.server.url("/keys"),
            "token_endpoint_auth_methods_supported": methods,
        }
        _answer(exchange, {**usual, **self.document})

    def jwks(self, exchange: Exchange) -> None:
        _answer(exchange, KeySet(list(self.keys)).as_dict())

    def token(self, exchange: Exchange) -> None:
        form = {name: values[0] for name, values in parse_qs(exchange.request.body.decode()).items()}
        asked = self._codes.pop(form.get("code", ""), None)
        verified = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if (
            asked is None
            or form.get("redirect_uri") != asked["redirect_uri"]
            or verified.decode().rstrip("=") != asked["code_challenge"]
            or not self._is_client(exchange, form)
        ):
            _answer(exchange, {"error": "invalid_grant"}, status=400)
            return
        usual = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": "1001",
            "email": "suman@paper.example",
            "email_verified": True,
            "iat": self.now,
            "exp": self.now + 600,
            "nonce": asked["nonce"],
        }
        said = {name: value for name, value in {**usual, **self.claims}.items() if value is not None}
        key = self.signing_key or self.keys[-1]
        signed = self.sign(said) if self.sign else jwt.encode({"alg": "ES256", "kid": key.kid}, said, key)
        _answer(exchange, {"access_token": "unused", "token_type": "Bearer", "id_token": signed})

    def _is_client(self, exchange: Exchange, form: dict[str, str]) -> bool:
        if not self.basic:
            return (form.get("client_id"), form.get("client_secret")) == (CLIENT, SECRET)
        given = exchange.request.headers.get("authorization", "").removeprefix("Basic ")
        pair = "desk+of+the+test:a-secret%3Awith%2Bsigns"
        return base64.b64decode(given).decode() == pair and "client_secret" not in form


@contextlib.contextmanager
def oidc_provider(now: int) -> Iterator[OidcProvider]:
    with HttpServer() as server:
        provider = OidcProvider(server, now)
        server.route("/.well-known/openid-configuration", provider.discovery)
        server.route("/keys", provider.jwks)
        server.route("/token", provider.token)
        yield provider


def _answer(exchange: Exchange, document: Any, *, status: int = 200) -> None:
    exchange.reply(json.dumps(document).encode(), status=status, headers={"Content-Type": "application/json"})
