"""Settings of the HTTP server: the reader pages, the desk, webhooks, the privacy notice and click counts."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field, model_validator

from digest.config.types import (
    Address,
    AddressOrNone,
    Duration,
    Line,
    Network,
    SettingsModel,
    TopicArn,
    VariableOrNone,
    WebRoot,
    section,
)
from digest.mail.dns.resolver import parse_nameserver

Law = Literal["dpdp", "gdpr"]


class SendGridWebhook(SettingsModel):
    """How events from SendGrid are verified."""

    keys_env: VariableOrNone = Field(
        default="",
        description="Environment variable that holds the public key of SendGrid's signed event webhook; two keys "
        "separated by a comma during rotation. Empty: no webhook (docs/feedback.md).",
    )
    secret_env: VariableOrNone = Field(
        default="",
        description="Environment variable that holds a secret which must be the end of the webhook's URL.",
    )

    @model_validator(mode="after")
    def _signed(self) -> SendGridWebhook:
        if self.secret_env and not self.keys_env:
            raise ValueError("expected keys_env, because secret_env is set; unsigned events are not accepted")
        return self


class BrevoWebhook(SettingsModel):
    """How events from Brevo are verified."""

    token_env: VariableOrNone = Field(
        default="",
        description="Environment variable that holds the bearer token of Brevo's webhook, at least 16 characters. "
        "Brevo signs nothing. Empty: no webhook (docs/feedback.md).",
    )


class SesWebhook(SettingsModel):
    """How events from Amazon SES, which come by Amazon SNS, are verified."""

    topic_arn: TopicArn = Field(
        default="",
        description="ARN of the SNS topic that the events come from, such as "
        "`arn:aws:sns:ap-south-1:123456789012:digest`. Empty: no webhook (docs/feedback.md).",
    )


class WebhookSettings(SettingsModel):
    """How events from the email providers are received."""

    keep: Duration = Field(default=timedelta(days=7), description="How long processed webhook payloads are kept.")
    sendgrid: SendGridWebhook = section(SendGridWebhook, "SendGrid's event webhook.")
    brevo: BrevoWebhook = section(BrevoWebhook, "Brevo's transactional webhook.")
    ses: SesWebhook = section(SesWebhook, "Amazon SES's events by Amazon SNS.")

    @property
    def providers(self) -> frozenset[str]:
        """The providers whose events are received."""
        received = {"sendgrid": self.sendgrid.keys_env, "brevo": self.brevo.token_env, "ses": self.ses.topic_arn}
        return frozenset(name for name, key in received.items() if key)


class MetricsSettings(SettingsModel):
    """Who may read `/metrics`, besides programs on this machine."""

    addresses: tuple[Network, ...] = Field(
        default=(),
        description="Addresses or networks that may read `/metrics`, such as `10.0.0.0/8`. Programs on this machine "
        "always may (docs/deploy.md). Nobody else may by default.",
    )
    token_env: VariableOrNone = Field(
        default="",
        description="Environment variable that holds a token of at least 16 characters. A request with "
        "`Authorization: Bearer TOKEN` may read `/metrics`.",
    )


class WebSettings(SettingsModel):
    """The reader pages and the webhooks."""

    enabled: bool = Field(
        default=False,
        description="Serve the reader pages in `digest run` too. `digest web` always does. Install "
        "`hindi-digest[web]`.",
    )
    host: Line = Field(
        default="127.0.0.1",
        min_length=1,
        description="Address to listen on. Put a web server with TLS in front. Only requests for the host of "
        "`newsletter.base_url` and for this machine's own names are answered.",
    )
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on.")
    archive: Literal["public", "subscribers", "off"] = Field(
        default="public",
        description="Who may read past editions at `/archive` (docs/archive.md): everybody (`public`, with feeds and "
        "sitemaps), only `subscribers`, or nobody (`off`).",
    )
    signup: bool = Field(
        default=True,
        description="Offer the sign-up form at `/join`: double opt-in, at most 300 sign-ups per hour and network and "
        "one email per ten minutes and address (docs/reader-pages.md).",
    )
    topics: dict[Line, Line] = Field(
        default={},
        description="What the sign-up and the preferences say about a topic, such as `{शहर: नदीपुर और आसपास}`. The "
        "default sections have a description.",
    )
    sample: bool = Field(
        default=True,
        description="The sign-up shows the headlines of the newest edition and its top picture as a sample, also if "
        "`archive` is not `public`. It shows no summaries and no links then.",
    )
    show_readers_from: int = Field(
        default=0,
        ge=0,
        description="The sign-up shows the number of readers, rounded down, if there are at least this many. 0: never.",
    )
    nameserver: Line = Field(
        default="",
        description="DNS server (`address` or `address:port`) by which the sign-up checks that a domain receives "
        "email. If it does not, the person is asked whether the address is right. Empty: the machine's. `off`: no "
        "check.",
    )
    welcome: bool = Field(
        default=True,
        description="Send a welcome email after the confirmation of a sign-up: the newest edition of the schedule as "
        "it was sent, and when the next one comes.",
    )
    signup_mails_per_hour: int = Field(
        default=1000,
        ge=1,
        description="Maximum confirmation emails per hour to all addresses, as protection against botnets. Above it "
        "the form asks people to come back in an hour. Raise it before a campaign.",
    )
    proxies: tuple[Line, ...] = Field(
        default=("127.0.0.1",),
        description="Addresses or networks of reverse proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are "
        "trusted. `[]`: none.",
    )
    metrics: MetricsSettings = section(MetricsSettings, "Access to `/metrics`.")
    webhooks: WebhookSettings = section(WebhookSettings, "Webhooks of the email providers.")

    @model_validator(mode="after")
    def _is_nameserver(self) -> WebSettings:
        if self.nameserver not in ("", "off"):
            parse_nameserver(self.nameserver)
        return self


class OidcSettings(SettingsModel):
    """Signing in at the desk by OpenID Connect (docs/desk.md)."""

    issuer: WebRoot = Field(
        default="",
        description="The provider's issuer, exactly as it calls itself, such as `https://accounts.google.com`. Empty: "
        "off. Install `hindi-digest[oidc]`.",
    )
    client_id: Line = Field(default="", description="The id under which the desk is registered at the provider.")
    client_secret_env: VariableOrNone = Field(
        default="", description="Environment variable that holds the secret of the registration. Empty: it has none."
    )
    name: Line = Field(
        default="", description="What the button calls the provider, such as `Google`. Empty: its host name."
    )
    private: bool = Field(
        default=False, description="Allow a provider on this machine or in your own network, also without TLS."
    )

    @model_validator(mode="after")
    def _is_whole(self) -> OidcSettings:
        if self.issuer and not self.client_id:
            raise ValueError("expected client_id, because issuer is set")
        if self.issuer.startswith("http:") and not self.private:
            raise ValueError("expected issuer to begin with https://; plain http needs private: true")
        return self


class DeskSettings(SettingsModel):
    """The desk: the pages of editors and admins (docs/desk.md)."""

    enabled: bool = Field(
        default=True, description="Serve the desk beside the reader pages. `false`: only the commands."
    )
    base_url: WebRoot = Field(
        default="",
        description="Public address of the desk. Empty: `newsletter.base_url` + `/desk`. Beyond this machine it must "
        "be https.",
    )
    host: Line = Field(
        default="127.0.0.1",
        min_length=1,
        description="Address to listen on, if `desk.port` gives it a port of its own.",
    )
    port: int | None = Field(
        default=None,
        ge=0,
        le=65535,
        description="A port of its own, such as one that only the newsroom's network reaches. Not set: that of the "
        "reader pages.",
    )
    passkey_for: tuple[Literal["viewer", "editor", "sender", "admin"], ...] = Field(
        default=(),
        description="Roles whose users must have signed in with a passkey to decide by a link in a test email: "
        "`[sender, admin]`.",
    )
    test_groups: dict[Line, tuple[Address, ...]] = Field(
        default={},
        description="Groups who can be sent a test of an edition from the desk, by name: "
        "`{newsroom: [asha@example.com, ravi@example.com]}`.",
    )
    oidc: OidcSettings = section(OidcSettings, "Signing in by OpenID Connect.")


class ClickSettings(SettingsModel):
    """Clicks on stories and advertisements (docs/clicks.md). Off by default."""

    enabled: bool = Field(
        default=False,
        description="Turn the links of stories and advertisements into redirects on your reader pages, and count "
        "clicks per edition and story. Needs `newsletter.base_url`. Tell your subscribers about it (docs/clicks.md).",
    )
    subscribers: bool = Field(
        default=False,
        description="Also store when each subscriber last clicked, for `reengage`. By default no click is linked to a "
        "subscriber. Your privacy notice must say so, and many countries ask for consent.",
    )
    in_notice: bool = Field(
        default=False,
        description="Set it when your privacy notice says that clicks are counted. Until then `digest check` warns.",
    )
    min_people: int = Field(
        default=5,
        ge=2,
        le=1000,
        description="Numbers of fewer people than this are neither shown nor used.",
    )
    ranking: bool = Field(
        default=True,
        description="Rank stories of sections with many clicks in the last four weeks a little higher, and those of "
        "sections with few clicks a little lower. `edition.importance: {clicked: 0}` does the same as `false`.",
    )

    @model_validator(mode="after")
    def _names_only_if_enabled(self) -> ClickSettings:
        if self.subscribers and not self.enabled:
            raise ValueError("expected 'enabled: true', because 'subscribers' is set")
        return self


class Grievance(SettingsModel):
    """The contact for subscribers' complaints."""

    name: Line = Field(default="", description="Name or office, such as the grievance officer.")
    email: AddressOrNone = Field(default="", description="Address. Empty: `newsletter.reply_to` or the sender.")
    phone: Line = Field(default="", description="Phone number, if there is one.")
    days: int = Field(
        default=30,
        ge=1,
        le=90,
        description="Within how many days you answer; at most 90 (rule 14 of the DPDP Rules 2025).",
    )


class Processor(SettingsModel):
    """Somebody who handles subscribers' data for the newsletter."""

    name: Line = Field(min_length=1, description="Name of the company.")
    task: Line = Field(min_length=1, description="What it does, in the language of the newsletter.")
    country: Line = Field(default="", description="Where it keeps the data.")
    safeguards: Line = Field(
        default="",
        description="What protects the data there if it is outside the European Union, such as standard contractual "
        "clauses (GDPR articles 44–49).",
    )


class Purpose(SettingsModel):
    """Data that the newsroom itself stores about subscribers, besides the digest's."""

    data: Line = Field(min_length=1, description="Which data, in the language of the newsletter.")
    purpose: Line = Field(min_length=1, description="What for.")
    kept: Line = Field(min_length=1, description="How long it is kept.")


class PrivacySettings(SettingsModel):
    """The privacy notice at `/privacy`. Its version is stored with each consent (docs/privacy.md)."""

    responsible: Line = Field(
        default="",
        description="Legal name of the organisation responsible for the data, for the notice. Empty: `newsletter.name` "
        "with `newsletter.postal_address`.",
    )
    grievance: Grievance = section(Grievance, "The contact for questions and complaints.")
    laws: tuple[Law, ...] = Field(
        default=("dpdp",),
        description="Laws whose rights the notice names: `dpdp` (India), `gdpr` (European Union).",
    )
    board_url: WebRoot = Field(
        default="",
        description="The page on which people complain to the Data Protection Board of India. Empty: the notice names "
        "the Board without a link.",
    )
    minimum_age: int = Field(
        default=18,
        ge=0,
        le=18,
        description="Age that a new subscriber states with the consent: 18 in India, where younger people need the "
        "verifiable consent of a parent. 0: no statement.",
    )
    processors: tuple[Processor, ...] = Field(
        default=(),
        description="Companies that handle subscribers' data for you, such as the host of the server. The email "
        "provider is named without this; with its name here (`SendGrid`, `Brevo` …) the notice has its country too.",
    )
    purposes: tuple[Purpose, ...] = Field(
        default=(),
        description="Data that you keep about subscribers outside the digest, each with purpose and time.",
    )
