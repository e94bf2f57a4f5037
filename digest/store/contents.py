"""An article as the JSON of its row, and back. By hand: thousands are read each time an edition is composed.

What older versions stored lacks the fields that came later; they have their defaults then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from digest.models import Article, Block, Image

_PLAIN = tuple(
    each.name
    for each in fields(Article)
    if each.name not in ("published", "updated", "image", "categories", "body", "warnings")
)


def written(item: Article) -> dict[str, Any]:
    """The article as JSON has it: times in ISO form, tuples as lists."""
    content = {name: getattr(item, name) for name in _PLAIN}
    return content | {
        "published": item.published.isoformat(),
        "updated": item.updated.isoformat() if item.updated else None,
        "image": asdict(item.image) if item.image else None,
        "categories": list(item.categories),
        "body": [{"kind": block.kind, "text": block.text} for block in item.body],
        "warnings": list(item.warnings),
    }


def read(content: Mapping[str, Any], published: datetime) -> Article:
    """The article of a row, with the date that was stored first."""
    told = {name: content[name] for name in _PLAIN if name in content}
    updated, image = content.get("updated"), content.get("image")
    return Article(
        **told,
        published=published,
        updated=datetime.fromisoformat(updated) if updated else None,
        image=Image(**image) if image else None,
        categories=tuple(content.get("categories", ())),
        body=tuple([Block(block["kind"], block["text"]) for block in content.get("body", ())]),
        warnings=tuple(content.get("warnings", ())),
    )
