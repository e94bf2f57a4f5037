"""Keep text from outside from acting as a tag of the email provider.

Providers replace tags in emails even without a template: SendGrid `<%asm_group_unsubscribe_url%>`
(twilio.com/docs/sendgrid/ui/sending-email/recipient-subscription-preferences) and the replacement tag of the account,
such as `[unsubscribe]` or `%unsub_url%` (…/api-reference/settings-tracking/update-subscription-tracking-settings); SES
`{{amazonSESUnsubscribeUrl}}` (docs.aws.amazon.com/ses/latest/dg/sending-email-subscription-management.html); Brevo
`{{params.x}}` in HTML, text and subject (developers.brevo.com/docs/send-a-transactional-email); Resend `{{{NAME}}}`. A
headline that contains one would show a recipient's own link, or break the email.

The visible text stays the same. In HTML the first character of a tag becomes a character reference, and in a URL it is
percent-encoded. In plain text and subjects a zero-width joiner (U+200D) follows the first character. Every font for
Devanagari has this joiner, unlike the word joiner, which old phones show as a box.
"""

from __future__ import annotations

import re

_JOINER = "\u200d"
# The first character of a tag, wherever the rest of it follows. Hex digits after a percent sign and a separator are not
# a tag: every Hindi URL has sequences such as `%B0-%E0`.
_START = re.compile(
    r"<(?=%)"
    r"|\{(?=[{%#])"
    r"|\[(?=%|[a-z]*(?:unsub|weblink|mirror|_)[a-z_]*\])"
    r"|%(?=(?![0-9a-f]{2}[%._-])[a-z][a-z0-9_.-]{0,60}%)",
    re.I,
)
# Character references do not work inside these elements, and they contain no text from outside.
_MARKUP_ONLY = re.compile(r"(<!--.*?-->|<style\b.*?</style\s*>)", re.S | re.I)
# An escape such as %AD that starts with a letter, and what follows it up to the next percent sign.
_AFTER_ESCAPE = re.compile(r"(%[a-f][0-9a-f])([a-z0-9])(?=[a-z0-9_.-]{0,60}%)", re.I)
_LONE_PERCENT = re.compile(r"%(?![0-9a-f]{2})", re.I)
_JOINED = re.compile(rf"(?<=[<{{\[%]){_JOINER}")
# Our own placeholders, in any spelling.
_PLACEHOLDER = re.compile(r"-DGX_", re.I)


def find_tag(text: str) -> str:
    """Return the start of a placeholder or provider tag in `text`; '' if there is none. For names and addresses."""
    found = _PLACEHOLDER.search(text) or _START.search(text)
    return text[found.start() : found.start() + 20] if found else ""


def neutral_text(text: str) -> str:
    """Neutralise provider tags in plain text or a subject."""
    return _START.sub(lambda start: start[0] + _JOINER, text)


def neutral_html(html: str) -> str:
    """Neutralise provider tags in the texts and attributes of a page."""
    parts = _MARKUP_ONLY.split(html)
    parts[::2] = (_START.sub(lambda start: f"&#{ord(start[0])};", part) for part in parts[::2])
    return "".join(parts)


def neutral_url(part: str) -> str:
    """Neutralise provider tags in the path, query or fragment of a URL, which leads to the same page.

    `part` is ASCII and percent-encoded except for `[`, `]` and `%`.
    """
    part = _LONE_PERCENT.sub("%25", part)
    if _START.search(part):
        # Replaces all brackets, because a percent sign after an opening bracket would be another tag.
        part = part.replace("[", "%5B")
    return _AFTER_ESCAPE.sub(lambda found: f"{found[1]}%{ord(found[2]):02X}", part)


def as_written(text: str) -> str:
    """Undo `neutral_text`, for checks that search for template residue."""
    return _JOINED.sub("", text)
