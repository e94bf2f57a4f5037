"""An invented edition that exercises every part of a template, to find errors before a send."""

from __future__ import annotations

from datetime import datetime

from digest.models import Edition, EditionState, Image, Section, Story


def sample_edition(now: datetime) -> Edition:
    """Two sections, three stories: with and without image, label, link, time and further sources."""
    image = Image("https://example.com/metro.jpg", 600, 338, "नई मेट्रो का स्टेशन")
    first = _story("1", "शहर में नई मेट्रो लाइन शुरू", "देश", now, image=image, sources=("पहला", "दूसरा", "तीसरा"))
    second = _story("2", "पुस्तकालय एक ऐप से जुड़े", "देश", now, label="update")
    third = _story("3", "Local team wins the final", "खेल", now, language="en", url="", dated=False)
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
    )


def _story(
    id: str,
    title: str,
    section: str,
    now: datetime,
    *,
    image: Image | None = None,
    sources: tuple[str, ...] = ("पहला",),
    label: str = "",
    language: str = "hi",
    url: str = "https://example.com/story",
    dated: bool = True,
) -> Story:
    return Story(
        id=id,
        title=title,
        summary="पहली ट्रेन सुबह पाँच बजे चली। पुराने शहर का सफ़र चालीस मिनट कम हो जाएगा।",
        url=url,
        published=now,
        dated=dated,
        sources=sources,
        articles=(url,) if url else (),
        article_ids=(id,),
        section=section,
        image=image,
        label=label,
        language=language,
    )
