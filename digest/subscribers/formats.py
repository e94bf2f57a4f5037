"""The shapes of lists of readers that other tools write and read: tables of columns and of words. Data, no logic.

Sources: the CSV writers of Ghost (members-csv), listmonk (ExportSubscribers), and exports of Mailchimp and Substack.
"""

from __future__ import annotations

FORMULA = ("=", "+", "-", "@")
"""With what a text begins that a spreadsheet takes for a formula, whatever blanks stand before it."""

FORMATS = ("csv", "jsonl", "mailchimp", "ghost", "listmonk", "substack")

FIELDS = ("email", "name", "topics", "frequency", "timezone", "hour", "format", "status")
"""What a row may say of a reader; `first`, `last`, `agreed`, `left`, `bounced`, `mailable`, `stopped`, `labels`,
`attributes`, `paused_until` and `ip` are told in columns of other tools and end in these."""

COLUMNS = {
    "email": ("email", "email address", "e-mail", "e-mail address", "mail", "ईमेल", "ई-मेल", "ईमेल पता"),
    "name": ("name", "full name", "नाम"),
    "first": ("first name", "firstname", "fname", "first_name", "पहला नाम"),
    "last": ("last name", "lastname", "lname", "last_name", "surname", "उपनाम"),
    "topics": ("topics", "topic", "sections", "विषय"),
    "labels": ("tags", "labels"),
    "attributes": ("attributes",),
    "frequency": ("frequency",),
    "timezone": ("timezone", "time zone"),
    "hour": ("hour", "time"),
    "format": ("format", "email_type"),
    "status": ("status",),
    "agreed": ("confirm_time", "optin_time", "agreed", "subscribed_at", "created_at", "consent_at"),
    "ip": ("confirm_ip", "optin_ip"),
    "paused_until": ("paused_until",),
    "left": ("unsub_time", "unsubscribed_at"),
    "bounced": ("clean_time",),
    "mailable": ("subscribed_to_emails", "subscribed"),
    "stopped": ("email_disabled",),
}
"""Meaning → the headings that have it, in lower case, the best first."""

SIGNS = {
    "mailchimp": {"leid", "euid", "member_rating", "optin_time", "unsub_time"},
    "ghost": {"subscribed_to_emails", "complimentary_plan"},
    "listmonk": {"uuid", "attributes"},
    "substack": {"active_subscription", "email_disabled"},
}
"""Format → headings, two of which tell it from others."""

STATUSES = {
    "": "active", "active": "active", "subscribed": "active", "enabled": "active", "confirmed": "active",
    "free": "active", "paid": "active", "comped": "active", "सक्रिय": "active",
    "paused": "paused", "disabled": "paused", "inactive": "paused",
    "unsubscribed": "unsubscribed", "left": "unsubscribed", "optout": "unsubscribed", "opt-out": "unsubscribed",
    "blocklisted": "unsubscribed", "blacklisted": "unsubscribed", "suppressed": "unsubscribed",
    "bounced": "bounced", "cleaned": "bounced", "undeliverable": "bounced", "invalid": "bounced",
    "complained": "complained", "spam": "complained", "abuse": "complained", "complaint": "complained",
}  # fmt: skip
"""A status as other tools call it → `active`, `paused`, or the reason for which its address is barred."""

UNCONFIRMED = ("unconfirmed", "pending", "nonsubscribed", "non-subscribed", "transactional")
"""Words for people who never agreed; they are not taken."""

YES, NO = ("true", "1", "yes", "y", "on"), ("false", "0", "no", "n", "off")


_OWN = (*FIELDS, "agreed", "origin", "paused_until")

WRITTEN: dict[str, tuple[tuple[str, str], ...]] = {
    "csv": tuple((name, name) for name in _OWN),
    "jsonl": tuple((name, name) for name in _OWN),
    "mailchimp": (
        ("Email Address", "email"),
        ("First Name", "name"),
        ("Last Name", ""),
        ("OPTIN_TIME", "agreed plainly"),
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
"""Format → its headings as it is written, each with what of a reader stands under it ('' for nothing of ours)."""

PAUSABLE = ("csv", "jsonl", "listmonk")
"""Formats that can say of a reader who is paused that no mail is wanted for now."""
