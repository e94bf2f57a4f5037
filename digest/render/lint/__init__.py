"""Check a rendered email before it is sent: what would break it for recipients, and what would only look bad."""

from __future__ import annotations

from collections.abc import Mapping

from digest.models import Edition, RenderedEmail
from digest.render.lint.rules import RULES, check_attached_images, check_texts, urls
from digest.render.lint.tree import Finding, error, parse, warning

__all__ = ["RULES", "Finding", "error", "lint", "urls", "warning"]


def lint(
    email: RenderedEmail, edition: Edition | None = None, image_sizes: Mapping[str, int] | None = None
) -> list[Finding]:
    """All findings, errors first. An error stops a send.

    Text that looks like a template's leftover is an error in a sample email (no `edition`) and in the editor's own
    words. In stories from other sites it is a warning, because no feed may stop a send. `image_sizes` are the bytes
    of the images attached to emails, by Content-ID.
    """
    tree = parse(email.html) if email.html else None
    found = [*check_texts(email, tree, edition), *(finding for rule in RULES for finding in rule(email, tree))]
    found += check_attached_images(tree, image_sizes or {})
    return sorted(dict.fromkeys(found), key=lambda finding: finding.level != "error")
