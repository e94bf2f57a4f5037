"""Lists of Ghost (members-csv), listmonk (ExportSubscribers), Mailchimp and Substack: columns, statuses, exports."""

from __future__ import annotations

import csv
import json
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, TextIO

from digest.models import SubscriberRecord
from digest.utils.text import escape_formula

FORMATS = ("csv", "jsonl", "mailchimp", "ghost", "listmonk", "substack")

FIELDS = ("email", "name", "topics", "frequency", "timezone", "hour", "format", "status", "editions")
"""Fields of a subscriber. The other keys of COLUMNS are found in other tools' exports and are converted to these."""

COLUMNS = {
    "email": ("email", "email address", "e-mail", "e-mail address", "mail", "ईमेल", "ई-मेल", "ईमेल पता", "पता", "मेल"),
    "name": ("name", "full name", "नाम"),
    "first": ("first name", "firstname", "fname", "first_name", "पहला नाम"),
    "last": ("last name", "lastname", "lname", "last_name", "surname", "उपनाम"),
    "topics": ("topics", "topic", "sections", "विषय"),
    "labels": ("tags", "labels", "लेबल"),
    "attributes": ("attributes", "अन्य जानकारी"),
    "editions": ("editions", "edition", "संस्करण"),
    "frequency": ("frequency", "how often", "कितनी बार", "आवृत्ति", "कब", "दिन"),
    "timezone": ("timezone", "time zone", "टाइम ज़ोन", "टाइमज़ोन", "समय क्षेत्र"),
    "hour": ("hour", "time", "किस समय", "समय"),
    "format": ("format", "email_type", "ईमेल का रूप", "ईमेल का प्रारूप", "प्रारूप"),
    "status": ("status", "state", "स्थिति"),
    "agreed": (
        "confirm_time",
        "optin_time",
        "agreed",
        "subscribed_at",
        "created_at",
        "consent_at",
        "time of consent",
        "सहमति का समय",
        "जुड़ने की तारीख",
        "जुड़ने की तारीख़",
        "कब जुड़े",
    ),
    "ip": ("confirm_ip", "optin_ip", "network address", "इंटरनेट पता", "नेटवर्क पता"),
    "paused_until": ("paused_until", "paused until", "कब तक विराम", "कब तक रोका"),
    "left": ("unsub_time", "unsubscribed_at", "time of leaving", "छोड़ने का समय"),
    "bounced": ("clean_time", "time of the bounce", "ईमेल लौटने का समय", "मेल लौटने का समय"),
    "mailable": ("subscribed_to_emails", "subscribed", "gets emails", "ईमेल जाते हैं", "मेल जाती है"),
    "stopped": ("email_disabled", "gets no emails", "ईमेल नहीं जाते", "मेल नहीं जाती"),
}
"""Field → headings in lower case, preferred ones first."""

SIGNATURES = {
    "mailchimp": {"leid", "euid", "member_rating", "optin_time", "unsub_time"},
    "ghost": {"subscribed_to_emails", "complimentary_plan"},
    "listmonk": {"uuid", "attributes"},
    "substack": {"active_subscription", "email_disabled"},
}
"""Format → headings. Two of them identify the format."""

STATUSES = {
    "": "active", "active": "active", "subscribed": "active", "enabled": "active", "confirmed": "active",
    "free": "active", "paid": "active", "comped": "active", "सक्रिय": "active",
    "चालू": "active", "सदस्य": "active", "सदस्यता ली": "active", "रोकी हुई": "paused", "रोका": "paused",
    "विराम पर": "paused", "विराम": "paused",
    "सदस्यता छोड़ी": "unsubscribed", "सदस्यता छोड़ दी": "unsubscribed", "सदस्यता समाप्त": "unsubscribed",
    "paused": "paused", "disabled": "paused", "inactive": "paused",
    "unsubscribed": "unsubscribed", "left": "unsubscribed", "optout": "unsubscribed", "opt-out": "unsubscribed",
    "छोड़ गए": "unsubscribed", "छोड़ दिया": "unsubscribed", "लौटा": "bounced", "शिकायत": "complained",
    "blocklisted": "unsubscribed", "blacklisted": "unsubscribed", "suppressed": "unsubscribed",
    "bounced": "bounced", "cleaned": "bounced", "undeliverable": "bounced", "invalid": "bounced",
    "complained": "complained", "spam": "complained", "abuse": "complained", "complaint": "complained",
}  # fmt: skip
"""Other tools' word for a status → `active`, `paused`, or the reason to suppress the address."""

UNCONFIRMED = (
    "unconfirmed",
    "not confirmed yet",
    "पक्का होना बाक़ी",
    "लंबित",
    "pending",
    "nonsubscribed",
    "non-subscribed",
    "transactional",
)
"""Statuses of people who never consented. They are not imported."""

YES, NO = ("true", "1", "yes", "y", "on", "हाँ", "हां"), ("false", "0", "no", "n", "off", "नहीं")


_OWN_COLUMNS = (*FIELDS, "agreed", "origin", "paused_until")

EXPORT_COLUMNS: dict[str, tuple[tuple[str, str], ...]] = {
    "csv": tuple((name, name) for name in _OWN_COLUMNS),
    "jsonl": tuple((name, name) for name in _OWN_COLUMNS),
    "mailchimp": (
        ("Email Address", "email"),
        ("First Name", "name"),
        ("Last Name", ""),
        ("OPTIN_TIME", "agreed without zone"),
        ("LEID", ""),
        ("TAGS", "quoted topics"),
        ("UNSUB_TIME", "left"),
        ("CLEAN_TIME", "bounced"),
    ),
    "ghost": (
        ("id", ""),
        ("email", "email"),
        ("name", "name"),
        ("note", ""),
        ("subscribed_to_emails", "mailable"),
        ("complimentary_plan", ""),
        ("stripe_customer_id", ""),
        ("created_at", "agreed"),
        ("deleted_at", ""),
        ("labels", "topics"),
        ("tiers", ""),
    ),
    "listmonk": (
        ("uuid", "uuid"),
        ("email", "email"),
        ("name", "name"),
        ("attributes", "attributes"),
        ("status", "listmonk status"),
        ("created_at", "agreed"),
        ("updated_at", ""),
    ),
    "substack": (
        ("email", "email"),
        ("active_subscription", ""),
        ("expiry", ""),
        ("plan", ""),
        ("email_disabled", "stopped"),
        ("created_at", "agreed"),
        ("first_payment_at", ""),
    ),
}
"""Format → its headings, each with the key of the exported value ('' leaves the column empty)."""

PAUSABLE = ("csv", "jsonl", "listmonk")
"""Formats that can express that a subscriber is paused."""


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def write(rows: Iterable[SubscriberRecord], file: TextIO, format: str) -> int:
    """Write the rows in a format of `formats.EXPORT_COLUMNS` and return their number."""
    columns = EXPORT_COLUMNS[format]
    count = 0
    if format == "jsonl":
        for row in rows:
            values = {heading: _VALUES[key](row) for heading, key in columns}
            kept = {heading: value for heading, value in values.items() if value not in ("", [])}
            file.write(json.dumps(kept, ensure_ascii=False) + "\n")
            count += 1
        return count
    # RFC 4180.
    out = csv.writer(file, lineterminator="\r\n")
    out.writerow([heading for heading, _key in columns])
    for row in rows:
        out.writerow([_cell(_VALUES[key](row)) if key else "" for _heading, key in columns])
        count += 1
    return count


def _cell(value: Any) -> str:
    return ",".join(value) if isinstance(value, list) else escape_formula(str(value))


def _iso_time(moment: datetime | None) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else ""


def _zoneless_time(moment: datetime | None) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if moment else ""


def _suppressed_time(row: SubscriberRecord) -> str:
    # Other tools take an empty time for "not suppressed".
    return _zoneless_time(row.suppressed_at or _EPOCH)


def _attributes(row: SubscriberRecord) -> dict[str, Any]:
    pause = {"paused_until": _iso_time(row.paused_until)} if row.paused_until else {}
    return {"topics": row.subscriber.topics, **pause}


_LISTMONK = {"active": "enabled", "paused": "disabled"}
_VALUES: dict[str, Callable[[SubscriberRecord], Any]] = {
    "email": lambda row: row.subscriber.email,
    "name": lambda row: row.subscriber.name,
    "topics": lambda row: list(row.subscriber.topics),
    "quoted topics": lambda row: ",".join(f'"{topic}"' for topic in row.subscriber.topics),
    "editions": lambda row: list(row.subscriber.editions),
    "frequency": lambda row: row.subscriber.frequency,
    "timezone": lambda row: row.subscriber.timezone,
    "hour": lambda row: row.subscriber.hour.isoformat("minutes") if row.subscriber.hour else "",
    "format": lambda row: row.subscriber.format,
    "status": lambda row: row.suppressed or row.subscriber.status,
    "origin": lambda row: row.origin or "",
    "agreed": lambda row: _iso_time(row.agreed_at),
    "agreed without zone": lambda row: _zoneless_time(row.agreed_at),
    "left": lambda row: _suppressed_time(row) if row.suppressed not in (None, "bounced") else "",
    "bounced": lambda row: _suppressed_time(row) if row.suppressed == "bounced" else "",
    "mailable": lambda row: "false" if row.suppressed else "true",
    "stopped": lambda row: "true" if row.suppressed else "false",
    "uuid": lambda row: str(uuid.uuid5(uuid.NAMESPACE_URL, f"mailto:{row.subscriber.email.lower()}")),
    "attributes": lambda row: json.dumps(_attributes(row), ensure_ascii=False),
    "paused_until": lambda row: _iso_time(row.paused_until),
    "listmonk status": lambda row: "blocklisted" if row.suppressed else _LISTMONK[row.subscriber.status],
}  # fmt: skip
"""Key of `formats.EXPORT_COLUMNS` → value."""
