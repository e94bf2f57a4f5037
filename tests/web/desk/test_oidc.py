"""Signing in by OpenID Connect: who gets in, and what is refused, against a provider on this machine."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from joserfc.jwk import ECKey

from digest.app import make_app
from digest.collect.http.post import JsonPoster
from digest.errors import ConfigurationError, DigestError
from digest.models import Role
from digest.newsletter.diagnosis import DiagnosisOptions, diagnose
from digest.usecases.oidc import OidcClient, OidcRefused, OidcSignIn
from tests.cli.newsroom import Newsroom
from tests.mail.records import lookup_of
from tests.support.oidc_provider import CLIENT, SECRET, OidcProvider, oidc_provider
from tests.web.desk.browser import ROOT, TESTER, Browser, set_up
from tests.web.desk.conftest import SETTINGS, open_desk
from tests.web.site import Response, Site

NOW = int(datetime.fromisoformat(SETTINGS["DIGEST_NOW"]).timestamp())
EMAIL = "suman@paper.example"


@pytest.fixture(scope="module")
def issuer() -> Iterator[OidcProvider]:
    with oidc_provider(NOW) as provider:
        yield provider


@pytest.fixture(scope="module")
def served(issuer: OidcProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    yield from open_desk(tmp_path_factory.mktemp("oidc") / "newsletter", **settings_of(issuer))


@pytest.fixture
def provider(issuer: OidcProvider) -> OidcProvider:
    """The provider with its default settings."""
    issuer.claims.clear()
    issuer.document.clear()
    issuer.signing_key = issuer.sign = None
    return issuer


@pytest.fixture
def desk(served: Site) -> Site:
    """A desk with one user, who may sign in with an address of the provider."""
    accounts = served.app.accounts
    for line in accounts.list():
        accounts.remove(line.user.name, TESTER)
    accounts.add("suman", Role.EDITOR, TESTER)
    accounts.set_email("suman", "Suman@paper.example", TESTER)
    return served


def settings_of(provider: OidcProvider) -> dict[str, str]:
    return {
        "DIGEST_DESK__OIDC__ISSUER": provider.issuer,
        "DIGEST_DESK__OIDC__CLIENT_ID": CLIENT,
        "DIGEST_DESK__OIDC__CLIENT_SECRET_ENV": "OIDC_SECRET",
        "DIGEST_DESK__OIDC__NAME": "अख़बार",
        "DIGEST_DESK__OIDC__PRIVATE": "true",
        "OIDC_SECRET": SECRET,
    }


def begun(browser: Browser, **query: str) -> str:
    """Go to the provider, and return its address."""
    led = browser.get("/oidc" + (f"?{urlencode(query)}" if query else ""))
    assert led.status == 303, led.text
    return led.headers["location"]


def back(browser: Browser, query: str) -> Response:
    return browser.get(f"/oidc/done?{query}")


def sign_in(desk: Site, provider: OidcProvider) -> Response:
    browser = Browser(desk)
    return back(browser, provider.visit(begun(browser)))


@pytest.mark.slow
def test_a_user_with_a_verified_address_gets_in(desk: Site, provider: OidcProvider) -> None:
    browser = Browser(desk)
    page = browser.get("/login?next=/calendar").text
    assert "अख़बार से साइन इन करें" in page
    assert f'href="{ROOT}/oidc?next=%2Fcalendar"' in page
    place = begun(browser, next="/calendar")
    assert "suman" not in place
    cookie = dict(browser.cookies)
    done = back(browser, provider.visit(place))
    assert (done.status, done.headers["location"]) == (303, f"{ROOT}/calendar")
    assert browser.cookies != cookie, "a new session has a new cookie"
    assert "suman" in browser.get("/calendar").text
    act = desk.app.audit.newest(1)[0]
    assert (act.who, act.what, act.detail) == ("suman", "signed in", "oidc")
    assert desk.app.accounts.list()[0].used_email
    session = desk.app.accounts.session(browser.cookies["desk"])
    assert session is not None
    assert session.method == "oidc"


def test_a_place_elsewhere_is_not_gone_on_to(desk: Site, provider: OidcProvider) -> None:
    browser = Browser(desk)
    done = back(browser, provider.visit(begun(browser, next="//evil.example.com/")))
    assert done.headers["location"] == f"{ROOT}/"


@pytest.mark.slow
@pytest.mark.parametrize(
    "claims",
    [
        {"email_verified": False},
        {"email_verified": None},
        {"email_verified": "yes"},
        {"email": None},
        {"email": "kavita@paper.example"},
        {"iss": "https://evil.example.com"},
        {"aud": "another desk"},
        {"aud": [CLIENT, "another desk"]},
        {"azp": "another desk"},
        {"nonce": "another attempt"},
        {"nonce": None},
        {"exp": NOW - 120},
        {"exp": None},
        {"iat": NOW + 3600},
        {"sub": None},
        {"sub": "x" * 300},
    ],
    ids=str,
)
def test_other_claims_let_nobody_in(desk: Site, provider: OidcProvider, claims: dict[str, Any]) -> None:
    provider.claims |= claims
    refused = sign_in(desk, provider)
    assert refused.status == 401
    assert 'role="alert"' in refused.text
    assert desk.app.accounts.list()[0].sessions == 0


def test_the_log_says_what_is_wrong_with_an_answer(
    desk: Site, provider: OidcProvider, caplog: pytest.LogCaptureFixture
) -> None:
    provider.claims |= {"nonce": "another attempt"}
    with caplog.at_level("WARNING"):
        assert sign_in(desk, provider).status == 401
    assert caplog.messages == ["OpenID Connect with अख़बार: failed: the id_token is not valid (InvalidClaimError)"]


def test_clocks_may_differ_a_little_and_the_address_in_case(desk: Site, provider: OidcProvider) -> None:
    provider.claims |= {
        "exp": NOW - 30,
        "iat": NOW + 30,
        "email": "SUMAN@paper.example",
        "aud": [CLIENT],
        "azp": CLIENT,
    }
    assert sign_in(desk, provider).status == 303


def test_who_has_no_address_here_is_told_which(desk: Site, provider: OidcProvider) -> None:
    provider.claims |= {"email": "kavita@paper.example"}
    assert "kavita@paper.example" in sign_in(desk, provider).text


def test_an_address_that_a_user_set_for_tests_gives_no_right(desk: Site, provider: OidcProvider) -> None:
    user = desk.app.accounts.users.find("suman")
    assert user is not None
    desk.app.accounts.users.set_email(user.id, "kavita@paper.example")
    provider.claims |= {"email": "kavita@paper.example"}
    assert sign_in(desk, provider).status == 401


def test_an_address_that_was_given_to_somebody_else_lets_them_in_only_by_an_admin(
    desk: Site, provider: OidcProvider
) -> None:
    assert sign_in(desk, provider).status == 303
    provider.claims |= {"sub": "2002"}
    refused = sign_in(desk, provider)
    assert refused.status == 401
    assert desk.app.audit.newest(1)[0].what == "sign-in refused"
    desk.app.accounts.set_email("suman", EMAIL, TESTER)
    assert sign_in(desk, provider).status == 303


def test_an_attempt_belongs_to_one_browser_and_works_once(desk: Site, provider: OidcProvider) -> None:
    browser, other = Browser(desk), Browser(desk)
    other.get("/login")
    query = provider.visit(begun(browser))
    assert back(Browser(desk), query).status == 401, "without a cookie"
    assert back(other, query).status == 401
    assert back(browser, query.replace("state=", "state=x")).status == 401
    assert back(browser, query).status == 303
    assert back(browser, query).status == 401, "a link that is used again"


def test_the_answer_of_another_provider_or_none_is_refused(desk: Site, provider: OidcProvider) -> None:
    browser = Browser(desk)
    given = dict(parse_qsl(provider.visit(begun(browser))))
    assert back(browser, urlencode({**given, "iss": "https://evil.example.com"})).status == 401
    given = dict(parse_qsl(provider.visit(begun(browser))))
    denied = back(browser, urlencode({"error": "access_denied", "state": given["state"]}))
    assert denied.status == 401
    assert "access_denied" not in denied.text


@pytest.mark.slow
def test_a_code_of_another_attempt_has_another_verifier(desk: Site, provider: OidcProvider) -> None:
    """A person who saw a code cannot use it in another browser (PKCE)."""
    victim, thief = Browser(desk), Browser(desk)
    stolen = dict(parse_qsl(provider.visit(begun(victim))))["code"]
    own = dict(parse_qsl(provider.visit(begun(thief))))
    assert back(thief, urlencode({**own, "code": stolen})).status == 401


def test_keys_are_changed_and_a_strange_one_is_refused(desk: Site, provider: OidcProvider) -> None:
    assert sign_in(desk, provider).status == 303
    provider.keys.append(ECKey.generate_key("P-256", auto_kid=True))
    assert sign_in(desk, provider).status == 303, "the keys are read again"
    provider.signing_key = ECKey.generate_key("P-256", {"kid": str(provider.keys[-1].kid)})
    assert sign_in(desk, provider).status == 401


def test_a_signature_that_anybody_can_make_is_refused(desk: Site, provider: OidcProvider) -> None:
    key = provider.keys[-1]

    def with_the_public_key(claims: dict[str, Any]) -> str:
        body = compact({"alg": "HS256", "kid": key.kid}, claims)
        code = hmac.digest(key.as_pem(private=False), body.encode(), "sha256")
        return f"{body}.{base64.urlsafe_b64encode(code).decode().rstrip('=')}"

    def with_nothing(claims: dict[str, Any]) -> str:
        return compact({"alg": "none", "kid": key.kid}, claims) + "."

    for provider.sign in (with_the_public_key, with_nothing, lambda _claims: "no token"):
        assert sign_in(desk, provider).status == 401


def compact(*parts: dict[str, Any]) -> str:
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({"issuer": "https://evil.example.com"}, "calls itself"),
        ({"token_endpoint": ""}, "names no token_endpoint"),
        ({"token_endpoint": None}, "names no token_endpoint"),
        ({"jwks_uri": "file:///etc/passwd"}, "without https"),
    ],
    ids=str,
)
def test_a_provider_that_says_something_strange_is_not_used(
    served: Site, provider: OidcProvider, document: dict[str, str], why: str
) -> None:
    provider.document |= document
    client, web = OidcClient(provider.issuer, CLIENT, SECRET), JsonPoster(allow_private=True)
    with pytest.raises(OidcRefused, match=why):
        OidcSignIn(client, web, served.app.accounts, allow_http=True).begin("browser", served.base, "")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("document", "level", "message"),
    [
        ({}, "good", "answers: its metadata and keys are valid"),
        ({"issuer": "https://evil.example.com"}, "error", "the provider calls itself 'https://evil.example.com'"),
        ({"authorization_endpoint": None}, "error", "the provider names no authorization_endpoint"),
        ({"jwks_uri": "ftp://127.0.0.1/keys"}, "error", "the provider's jwks_uri is an address without https"),
        ({"jwks_uri": "http://127.0.0.1:1/keys"}, "error", "127.0.0.1: "),
    ],
    ids=str,
)
def test_doctor_and_check_ask_the_provider(
    served: Site, provider: OidcProvider, document: dict[str, str], level: str, message: str
) -> None:
    provider.document |= document
    room = Newsroom(served.app.home, {**SETTINGS, **settings_of(provider)})
    with make_app(served.app.home, environment=room.environment) as app:
        found = diagnose(app, DiagnosisOptions(lookup_of({}), ntp="127.0.0.1:1"))
    (finding,) = [each for each in found if each.check == "OpenID Connect"]
    assert finding.level == level
    assert message in finding.message
    warnings = room.digest("check", "--json").json["warnings"]
    assert any(message in each for each in warnings) is (level == "error")


def test_a_provider_with_keys_that_cannot_be_read_is_not_used(served: Site, provider: OidcProvider) -> None:
    provider.document |= {"jwks_uri": f"{provider.issuer}/.well-known/openid-configuration"}
    client, web = OidcClient(provider.issuer, CLIENT, SECRET), JsonPoster(allow_private=True)
    with pytest.raises(OidcRefused, match="its keys cannot be read"):
        OidcSignIn(client, web, served.app.accounts, allow_http=True).check()


def test_a_provider_without_tls_or_that_does_not_answer_is_not_used(served: Site, provider: OidcProvider) -> None:
    client, accounts = OidcClient(provider.issuer, CLIENT, SECRET), served.app.accounts
    with pytest.raises(OidcRefused, match="without https"):
        OidcSignIn(client, JsonPoster(allow_private=True), accounts).begin("browser", served.base, "")
    with pytest.raises(OidcRefused):
        OidcSignIn(client, JsonPoster(), accounts, allow_http=True).begin("browser", served.base, "")


def test_a_provider_that_fails_is_not_asked_again_at_once(served: Site, provider: OidcProvider) -> None:
    provider.document |= {"token_endpoint": ""}
    signer = OidcSignIn(
        OidcClient(provider.issuer, CLIENT, SECRET),
        JsonPoster(allow_private=True),
        served.app.accounts,
        allow_http=True,
    )
    before = len(provider.server.requests)
    for _ in range(3):
        with pytest.raises(OidcRefused):
            signer.begin("browser", served.base, "")
    assert len(provider.server.requests) == before + 1


def test_admins_set_addresses_on_the_desk_and_by_command(desk: Site) -> None:
    admin = set_up(desk, "mira", Role.ADMIN)
    assert admin.post("/users/mira/email", email="mira@paper.example").status == 303
    assert 'value="mira@paper.example"' in admin.get("/users").text
    assert admin.post("/users/mira/email", email=EMAIL).status == 422, "it is suman's"
    assert admin.post("/users/mira/email", email="nobody").status == 422
    room = Newsroom(desk.app.home, {**SETTINGS, "OIDC_SECRET": SECRET})
    assert room.digest("users", "email", "suman", "").code == 0
    emails = {row["name"]: row["email"] for row in room.json("users", "list")["users"]}
    assert emails == {"mira": "mira@paper.example", "suman": ""}
    assert [act.what for act in desk.app.audit.newest(2)] == ["email", "email"]
    with pytest.raises(DigestError, match="no user"):
        desk.app.accounts.set_email("nobody", EMAIL, TESTER)


def test_it_is_off_until_it_is_set_and_wrong_settings_are_refused(served: Site, provider: OidcProvider) -> None:
    home, settings = served.app.home, settings_of(provider)
    with make_app(home, environment=SETTINGS) as app:
        assert app.oidc is None
    for name, value, why in (
        ("OIDC_SECRET", "", "OIDC_SECRET, which is not set"),
        ("DIGEST_DESK__OIDC__CLIENT_ID", "", "expected client_id"),
        ("DIGEST_DESK__OIDC__PRIVATE", "false", "plain http needs private: true"),
    ):
        with pytest.raises(ConfigurationError, match=why), make_app(home, environment={**settings, name: value}) as app:
            _ = app.oidc
