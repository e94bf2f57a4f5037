"""An invented edition that exercises every part of a template, to find errors before a send."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from digest.models import Edition, EditionBlock, EditionState, Image, Section, Story
from digest.render.blocks.rows import ROWS

EXAMPLES: dict[str, dict[str, Any]] = {
    "correction": {"text": "झील का क्षेत्रफल 14 वर्ग किलोमीटर है।", "url": "https://example.com/jheel"},
    "weather": {"parts": [{"when": "सुबह", "temperature": "9°", "sky": "कोहरा"}], "note": "शाम को हवा चलेगी।"},
    "market": {"rows": [{"name": "सोना", "price": "78,450", "change": -210}], "unit": "10 ग्राम"},
    "mandi": {"rows": [{"name": "गेहूँ", "price": "2,610", "change": 15}, {"name": "चना", "price": 5200}]},
    "sponsor": {
        "advertiser": "हरियाली पौधशाला",
        "text": "सर्दियों के 12 पौधे।",
        "url": "https://example.com/paudhe",
        "image": {"url": "https://example.com/gamle.png", "alt": "गमले"},
    },
    "horoscope": {"signs": {"मेष": "पुराना काम पूरा होगा।", "वृष": "ख़र्च पर ध्यान दें।"}, "by": "मनोरंजन के लिए"},
    "panchang": {"entries": {"तिथि": "कृष्ण पंचमी", "नक्षत्र": "पुष्य", "सूर्योदय": "6:41"}},
    "quote": {"text": "जो पढ़ता है, वह दो बार जीता है।", "by": "एक पाठक"},
    "quiz": {"question": "ई-बस कितने किलोमीटर चलती है?", "options": ["120", "180", "240"], "answer": 2},
    "poll": {"question": "क्या साइकिल-पथ होना चाहिए?", "options": ["हाँ", "नहीं"]},
    "feedback": {},
    "follow": {"accounts": [{"name": "यूट्यूब", "url": "https://example.com/@n"}]},
}
"""Invented data of each block."""


def sample_blocks(*, answered: bool) -> tuple[EditionBlock, ...]:
    """Return every block.

    Those that subscribers answer need the reader pages, so they are included only if `answered`.
    """
    return tuple(
        EditionBlock(kind, row.shown, row.place, EXAMPLES[kind])
        for kind, row in ROWS.items()
        if answered or not row.answered
    )


def sample_edition(now: datetime, blocks: tuple[EditionBlock, ...] = ()) -> Edition:
    """Return an edition of two sections, three stories: with and without image, label, link, time and further
    sources.
    """
    first = Story(
        id="1",
        title="शहर में नई मेट्रो लाइन शुरू",
        summary="पहली ट्रेन सुबह पाँच बजे चली। पुराने शहर का सफ़र चालीस मिनट कम हो जाएगा।",
        url="https://example.com/story",
        published=now,
        dated=True,
        sources=("पहला", "दूसरा", "तीसरा"),
        articles=("https://example.com/story",),
        article_ids=("1",),
        section="देश",
        image=Image("https://example.com/metro.jpg", 600, 338, "नई मेट्रो का स्टेशन"),
        language="hi",
    )
    plain = replace(first, sources=("पहला",), image=None)
    second = replace(plain, id="2", article_ids=("2",), title="पुस्तकालय एक ऐप से जुड़े", label="update")
    third = replace(
        plain,
        id="3",
        article_ids=("3",),
        title="Local team wins the final",
        section="खेल",
        language="en",
        url="",
        articles=(),
        dated=False,
    )
    return Edition(
        key=now.date().isoformat(),
        day=now.date(),
        number=1,
        state=EditionState.DRAFT,
        subject="",
        preheader="",
        sections=(Section("देश", (first, second)), Section("खेल", (third,))),
        lead="1",
        intro="आज का दिन अच्छा बीते।",
        blocks=blocks,
    )
