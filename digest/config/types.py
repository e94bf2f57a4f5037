"""Types of the values in `digest.yaml`. A validator raises ValueError with what it expected."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from datetime import time, timedelta
from ipaddress import ip_network
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from digest.messages import Message
from digest.utils.clock import time_zones
from digest.utils.urls import split_url

_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*(s|m|h|d)\Z")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_MAX_DURATION = timedelta(days=366)
# The address is used in headers and envelopes: only ASCII, no empty label (RFC 5321 4.1.2).
_LABEL = r"[A-Za-z0-9](?:-*[A-Za-z0-9])*"
_ADDRESS = re.compile(rf"[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~.-]{{1,64}}@{_LABEL}(?:\.{_LABEL})*\Z")
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])\Z")
_LANGUAGE = re.compile(r"([A-Za-z]{2,3})(?:[-_](?:[A-Za-z]{2}|[0-9]{3}))?\Z")
_STEP = r"[^.|\[\]\s](?:[^.|\[\]]*[^.|\[\]\s])?(?:\[\])*"
_JSON_PATH = re.compile(rf"{_STEP}(?:\.{_STEP})*(?:\s*\|\s*{_STEP}(?:\.{_STEP})*)*\Z")


class SettingsModel(BaseModel):
    """Base of all settings: rejects unknown keys, and is immutable."""

    # Builds validators on first use, and only the validator of the whole settings. This halves the import time.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


def section(model: type[SettingsModel], description: str) -> Any:
    """Return a field whose default is the section with its own defaults."""
    # A call of the class would build a validator for it.
    return Field(default=model.model_construct(), description=description)


def split_names(given: Any) -> Any:
    """Accept a single name, or several separated by commas as in an environment variable."""
    if isinstance(given, str):
        return [word.strip() for word in given.split(",") if word.strip()]
    return given


def as_text(given: Any) -> Any:
    """Accept a number for a text that may look like one, such as the id of a chat."""
    return str(given) if isinstance(given, int) and not isinstance(given, bool) else given


def parse_duration(value: Any) -> Any:
    """Parse a duration such as `90s`, `15m`, `24h` or `7d`. Raises ValueError."""
    if isinstance(value, timedelta):
        return value
    match = _DURATION.match(str(value).strip())
    if not match:
        raise ValueError("expected a duration such as 90s, 15m, 24h or 7d")
    seconds = float(match[1]) * _SECONDS[match[2]]
    if not 0 < seconds <= _MAX_DURATION.total_seconds():
        raise ValueError(f"expected a duration of more than 0 and at most {_MAX_DURATION.days}d")
    return timedelta(seconds=seconds)


def parse_clock(value: Any) -> Any:
    """Parse a time of day such as `07:00`. Raises ValueError."""
    if isinstance(value, time):
        return value
    match = _CLOCK.match(str(value).strip())
    if not match:
        raise ValueError(Message('expected a time of day such as "07:00"'))
    return time(int(match[1]), int(match[2]))


def _known_zone(value: str) -> str:
    if value not in time_zones():
        close = difflib.get_close_matches(value, time_zones(), n=1, cutoff=0.75)
        raise ValueError(f"expected an IANA time zone such as {close[0] if close else 'Asia/Kolkata'}")
    return value


def _address(value: str) -> str:
    if not _ADDRESS.match(value):
        hint = "" if value.isascii() else "; write a Hindi domain in its ASCII form (xn--…)"
        raise ValueError(f"expected an email address such as news@example.com{hint}")
    return value


def _public_address(value: str) -> str:
    """Return the address that recipients see. No mail server takes one whose domain has no dot."""
    if "." not in _address(value).rpartition("@")[2]:
        raise ValueError("expected an email address with a whole domain, such as news@example.com")
    return value


def _public_address_or_none(value: str) -> str:
    return _public_address(value) if value else value


def _address_or_none(value: str) -> str:
    return _address(value) if value else value


def check_host(url: str) -> str:
    """Return the URL. Raises ValueError if programs could disagree about its host."""
    try:
        split_url(url)
    except ValueError as error:
        raise ValueError(
            Message("expected a URL with one clear host; the host of this one %(why)s", why=error)
        ) from None
    return url


def _web_root(value: str) -> str:
    if value and not re.match(r"https?://[^\s/?#]+(/[^\s?#]*)?\Z", value):
        raise ValueError("expected a URL such as https://news.example.com")
    if not value.isascii():
        raise ValueError("expected ASCII; write a Hindi host as xn--… and percent-encode the path")
    return check_host(value).rstrip("/")


def _webhook_url(value: str) -> str:
    if value and not re.match(r"https?://[^\s/?#@]+(/[^\s#]*)?\Z", value):
        # The value may be a secret, so it is not repeated.
        raise ValueError("expected a URL such as https://alerts.example.com/hook")
    if not value.isascii():
        raise ValueError("expected ASCII; write a Hindi host as xn--… and percent-encode the path")
    return check_host(value)


def _word(value: str) -> str:
    if not any(char.isalnum() for char in value) or any(ord(char) < 32 for char in value):
        raise ValueError("expected a word or a phrase")
    return value


def _one_line(value: str) -> str:
    if any(ord(char) < 32 or ord(char) == 127 for char in value):
        raise ValueError(Message("expected one line of text"))
    return value


def _network(value: str) -> str:
    try:
        ip_network(value)
    except ValueError:
        raise ValueError("expected an address or a network such as 10.0.0.5 or 10.0.0.0/8") from None
    return value


def _matches(pattern: str, expected: str) -> Callable[[str], str]:
    whole = re.compile(rf"{pattern}\Z")

    def check(value: str) -> str:
        if not whole.match(value):
            raise ValueError(f"expected {expected}")
        return value

    return check


def _language(value: str) -> str:
    """Return the language code without its region. Loading the catalogue checks that the language exists."""
    match = _LANGUAGE.match(value.strip())
    if not match:
        raise ValueError("expected the code of a language such as hi, mr or hi-IN")
    return match[1].lower()


def _json_path(value: str) -> str:
    if value and not _JSON_PATH.match(value):
        raise ValueError("expected a path such as source.name, images.0.url or tags[].name; | separates alternatives")
    return value


def _selector(value: str) -> str:
    if not value.strip():
        return ""
    from cssselect import HTMLTranslator, SelectorError

    try:
        HTMLTranslator().css_to_xpath(value)
    except SelectorError as error:
        raise ValueError(f"expected a CSS selector such as 'main h2 a' ({error})") from error
    return value.strip()


def _as_text(pattern: str, *examples: str) -> WithJsonSchema:
    """Describe the text form of a value, for editors."""
    return WithJsonSchema({"type": "string", "pattern": pattern, "examples": list(examples)})


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    _as_text(r"^\s*[0-9]+(\.[0-9]+)?\s*[smhd]\s*$", "90s", "15m", "24h", "7d"),
]


def at_least(least: str) -> AfterValidator:
    """Refuse a shorter duration than `least`, such as `60d`."""
    return AfterValidator(_within(parse_duration(least), timedelta.max, f"expected at least {least}"))


def at_most(most: str) -> AfterValidator:
    """Refuse a longer duration than `most`."""
    return AfterValidator(_within(timedelta(0), parse_duration(most), f"expected at most {most}"))


def _within(least: timedelta, most: timedelta, expected: str) -> Callable[[timedelta], timedelta]:
    def check(value: timedelta) -> timedelta:
        if not least <= value <= most:
            raise ValueError(expected)
        return value

    return check


Clock = Annotated[time, BeforeValidator(parse_clock), _as_text(r"^\s*([01]?[0-9]|2[0-3]):[0-5][0-9]\s*$", "07:00")]
Zone = Annotated[str, AfterValidator(_known_zone), _as_text("^[A-Za-z][A-Za-z0-9_+/-]*$", "Asia/Kolkata")]
TransportName = Literal["outbox", "smtp", "sendgrid", "resend", "brevo", "ses"]
Address = Annotated[str, AfterValidator(_address), _as_text("^[^@\\s]+@[^@\\s]+$", "news@example.com")]
AddressOrNone = Annotated[str, AfterValidator(_address_or_none)]
PublicAddress = Annotated[
    str, AfterValidator(_public_address), _as_text("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", "news@example.com")
]
PublicAddressOrNone = Annotated[str, AfterValidator(_public_address_or_none)]
WebRoot = Annotated[str, AfterValidator(_web_root), _as_text("^(https?://.*)?$", "https://news.example.com")]
WebhookUrl = Annotated[
    str, AfterValidator(_webhook_url), _as_text("^(https?://.*)?$", "https://alerts.example.com/hook")
]
Line = Annotated[str, AfterValidator(_one_line)]
Network = Annotated[str, AfterValidator(_network)]
Word = Annotated[str, Field(min_length=1), AfterValidator(_word)]
Variable = Annotated[str, AfterValidator(_matches(r"[A-Za-z_][A-Za-z0-9_]{0,99}", "an environment variable's name"))]
VariableOrNone = Annotated[
    str, AfterValidator(_matches(r"(?:[A-Za-z_][A-Za-z0-9_]{0,99})?", "an environment variable's name"))
]
# A slug follows a date in an edition's key, so it must not look like part of a date.
Slug = Annotated[
    str,
    AfterValidator(
        _matches(r"(?=.{1,24}\Z)[a-z](?:-?[a-z0-9])*", "a short name of a-z, 0-9 and '-' that starts with a letter")
    ),
    _as_text("^[a-z](-?[a-z0-9])*$", "shaam"),
]
AwsRegion = Annotated[
    str,
    AfterValidator(_matches(r"[a-z]{2}(?:-[a-z]+)+-[0-9]+", "an AWS region such as ap-south-1")),
    _as_text("^[a-z]{2}(-[a-z]+)+-[0-9]+$", "ap-south-1"),
]
ConfigurationSet = Annotated[
    str,
    AfterValidator(_matches(r"[A-Za-z0-9_-]{0,64}", "at most 64 characters of A-Z, a-z, 0-9, '_' and '-'")),
    _as_text("^[A-Za-z0-9_-]{0,64}$", "digest"),
]
TopicArn = Annotated[
    str,
    AfterValidator(
        _matches(
            r"(?:arn:aws[a-z-]*:sns:[a-z]{2}(?:-[a-z]+)+-[0-9]+:[0-9]{12}:[A-Za-z0-9_.-]{1,256})?",
            "the ARN of an SNS topic such as arn:aws:sns:ap-south-1:123456789012:digest",
        )
    ),
    _as_text("^(arn:aws.*)?$", "arn:aws:sns:ap-south-1:123456789012:digest"),
]
Domain = Annotated[str, AfterValidator(_matches(rf"{_LABEL}(?:\.{_LABEL})*", "a domain such as example.com"))]
HeaderName = Annotated[str, AfterValidator(_matches(r"(?:[A-Za-z0-9-]{1,99})?", "an HTTP header such as X-Api-Key"))]
ParamName = Annotated[str, AfterValidator(_matches(r"[A-Za-z0-9_.~-]{0,99}", "a query parameter such as apikey"))]
JsonPath = Annotated[str, Field(max_length=500), AfterValidator(_json_path)]
Language = Annotated[str, AfterValidator(_language)]
Selector = Annotated[str, AfterValidator(_selector)]
PictureUrl = Annotated[
    str,
    AfterValidator(_matches(r"(?:https://[^\s/?#]+/[^\s]*)?", "the URL of an image with https://")),
    AfterValidator(check_host),
]
Accent = Annotated[
    str,
    AfterValidator(_matches(r"(?:#[0-9a-fA-F]{6})?", "a colour such as #9c1c1c")),
    _as_text("^(#[0-9a-fA-F]{6})?$", "#9c1c1c"),
]
