"""Sample values for every page in every state, to find errors in templates before a subscriber does."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any, get_args

from markupsafe import Markup

from digest.config.web import Grievance, Processor
from digest.errors import TemplateProblem
from digest.models import EditionState
from digest.render.blocks.rows import Question
from digest.render.sample_edition import sample_edition
from digest.store.content.archive import (
    ArchivedCorrection,
    ArchivedEdition,
    ArchivedSource,
    ArchivedStory,
    Month,
    Topic,
)
from digest.store.content.editions import Published
from digest.store.people.consent import StoredNotice
from digest.store.people.preferences import StoredSubscriber
from digest.subscribers.typos import AddressOddity
from digest.web.archive.metadata import Metadata
from digest.web.archive.site import SearchResult, Share
from digest.web.editions import ShowcaseEdition, StoryRate
from digest.web.own_copy import Notice, Part
from digest.web.own_data_emails import EmailTexts
from digest.web.pages import Pages
from digest.web.preferences import DONE, SHORT_DONE, OfferedEdition, PreferencesForm, hour_choices
from digest.web.privacy import NoticeLine, Tracking
from digest.web.signup import mailbox_of
from digest.web.unsubscribe import Less, Reason, State

_TOKEN = "x" * 36
_ASHA = "asha@example.com"


@dataclass(frozen=True, slots=True)
class SamplePage:
    """A template and sample values for it."""

    template: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SampleOffer:
    """Sample values of `signup.Offer`."""

    send_at: time
    sources: int = 2
    is_daily: bool = True
    untracked: bool = True
    is_approved: bool = True
    readers: str = "48,000"


def find_template_errors(pages: Pages, now: datetime, topics: Collection[str]) -> list[TemplateProblem]:
    """Render every sample page in every language and return the errors, each once."""
    found: dict[str, TemplateProblem] = {}
    try:
        _ = pages.css
    except TemplateProblem as error:
        found[str(error)] = error
    for sample in sample_pages(now, topics):
        for language in pages.languages:
            try:
                pages.render(sample.template, language, here="/", **sample.values)
            except TemplateProblem as error:
                found.setdefault(str(error), error)
    return list(found.values())


def sample_pages(now: datetime, topics: Collection[str]) -> Iterator[SamplePage]:
    """Yield every template at least once, and once for every optional part."""
    sent = Published(now.date().isoformat(), now.date(), 1, "शहर में नई मेट्रो लाइन शुरू", "और दो ख़बरें", now)
    yield from _unsubscribe(now)
    yield from _preferences(now, topics, sent)
    yield from _archive(now)
    yield from _signup(ShowcaseEdition(_edition(now), (_story(now), _story(now)), (_edition(now),)), now)
    for state in ("ask", "saved", "before", "late"):
        for right, results in ((0, [("हाँ", 60)]), (1, [])):
            question = Question("कैसा लगा?", ("हाँ", "नहीं"), right, "…")
            shown = {"question": question, "answer": "हाँ", "is_right": True, "state": state, "results": results}
            shown |= {"email": "" if right else _ASHA, "known": not right, "answered": 1, "token": _TOKEN}
            for done in ("", "word"):
                yield SamplePage("answer.html.j2", {**shown, "done": done})
    yield from _approval(now)
    yield SamplePage("bar.html.j2", {})
    for read in ("", _TOKEN):
        yield SamplePage("note.html.j2", {"personal": False, "read": read, "public": "" if read else "/archive/x"})
        yield SamplePage("text.html.j2", {"title": sent.subject, "text": "…", "read": read, "personal": False})
    for advice in ("", "…"):
        yield SamplePage("problem.html.j2", {"title": "…", "advice": advice, "missing": True, "offers_link": advice})


def _archive(now: datetime) -> Iterator[SamplePage]:
    url = "https://example.com/metro"
    story = _story(now)
    edition, day = _edition(now), now.date()
    later = replace(story, edition="2", published=None, sources=())
    corrections = [
        ArchivedCorrection(edition.key, day, "18 स्टेशन हैं।", url, thread, title)
        for thread, title in (("s1", "…"), ("", ""))
    ]
    share = Share(url, f"https://wa.me/?text={url}")
    meta = Metadata(url, "…", "…", image=url, published="…", json_ld=Markup("{}"), alternates=(("hi", url),))
    common: dict[str, Any] = {"personal": False, "agreement": "…", "meta": meta}
    paging = {"total": 90, "per_page": 30}
    for show_images, beside in ((False, None), (True, edition)):
        images = {"pictures": show_images, "has_remote": True}
        article = {"edition": edition, "before": Markup("<h1>…</h1>"), "after": Markup("<p>…</p>")}
        yield SamplePage(
            "edition.html.j2", {**common, **images, **article, "previous": beside, "following": beside, "share": share}
        )
        thread = [later, story] if show_images else [story]
        shown = {"story": story, "thread": thread, "picture": url if show_images else "", "published": beside and now}
        shown |= {"corrections": corrections, "others": thread, "share": share}
        yield SamplePage("story.html.j2", {**common, **images, **shown})
    topic, carried = Topic("देश", 3), {"editions": {story.thread: 2, later.thread: 2}}
    lists = {"months": [Month(edition.month, 3)], "topics": [topic], "query": ""}
    for month, page in ((None, 1), (edition.month, 2)):
        yield SamplePage(
            "archive.html.j2", {**common, **lists, **paging, "editions": [edition], "month": month, "page": page}
        )
    empty = {**lists, "months": [], "editions": [], "month": None, "page": 1}
    yield SamplePage("archive.html.j2", {**common, **paging, **empty})
    of_topic = {"topic": topic, "topics": [topic], "stories": [story, later], "page": 2}
    yield SamplePage("topic.html.j2", {**common, **paging, **of_topic, **carried})
    for found in (
        SearchResult("मेट्रो", (story,), 31),
        SearchResult("मेटरो", (), 0, "मेट्रो", 2),
        SearchResult("khel", (), 0, latin=True),
        SearchResult("desh", (story,), 1, instead="देश", topic="देश"),
        SearchResult("", (), 0),
    ):
        yield SamplePage(
            "search.html.j2", {**common, **paging, "topics": [topic], "found": found, "query": found.query, "page": 1}
        )
    for shown_edition in (None, ShowcaseEdition(edition, (story, later), ())):
        yield SamplePage("members.html.j2", {"personal": False, "agreement": "…", "shown": shown_edition})
    for found_corrections in (corrections, []):
        yield SamplePage("corrections.html.j2", {**common, "corrections": found_corrections})


def _edition(now: datetime) -> ArchivedEdition:
    day = now.date()
    title = "शहर में नई मेट्रो लाइन शुरू"
    return ArchivedEdition(day.isoformat(), day, 1, title, "…", "", 3, 2, now, "और दो ख़बरें", "")


def _story(now: datetime) -> ArchivedStory:
    report = ArchivedSource("नदीपुर समाचार", "https://example.com/metro", "मेट्रो की पहली ट्रेन", now)
    edition = _edition(now)
    return ArchivedStory(
        edition=edition.key,
        story="s1",
        thread="s1",
        day=edition.day,
        position=0,
        section="देश",
        language="hi",
        title=edition.title,
        summary="पहली ट्रेन सुबह चली।",
        picture="",
        picture_width=0,
        published=now,
        sources=(report, ArchivedSource("लोक डाक", "")),
    )


def _approval(now: datetime) -> Iterator[SamplePage]:
    sample = sample_edition(now)
    for state in EditionState:
        for errors, is_alert in (((), False), ((("…", False),), True)):
            values = {
                "edition": replace(sample, state=state, intro="…"),
                "intro": ("…",),
                "revision": "0",
                "blocks": (("मौसम", ["सुबह 9°"]),),
                "is_breaking": is_alert,
                "is_special": bool(errors),
                "is_late": is_alert,
                "stoppable": state == EditionState.SENDING,
                "send_at": None if is_alert else now.time(),
                "errors": errors,
                "warnings": (("…", True),),
                "problems": errors,
                "changed": is_alert,
                "sends": not is_alert,
                "desk": "" if is_alert else "https://example.com/desk",
            }
            yield SamplePage("approve.html.j2", values)


def _signup(show: ShowcaseEdition, now: datetime) -> Iterator[SamplePage]:
    yield SamplePage("front.html.j2", {"personal": False})
    offer = SampleOffer(now.time())
    for wrong, question, shown in (
        ("", "", None),
        ("…", AddressOddity.TYPO, show),
        ("", AddressOddity.DISPOSABLE, show),
        ("", AddressOddity.NOWHERE, show),
    ):
        values: dict[str, Any] = {
            "wrong": wrong,
            "notice": wrong,
            "question": question,
            "suggested": _ASHA,
            "domain": "example.org",
            "asked": _ASHA,
        }
        values |= {"typed": _ASHA, "agreement": "…", "shown": shown, "offer": offer}
        rates = {"देश": StoryRate(2, "edition"), "खेल": StoryRate(1, "month")} if shown else {}
        yield SamplePage("join.html.j2", {**values, "rates": rates, "topics": ["देश"], "personal": False})
    yield from _own_data(now)
    for mailbox in (None, mailbox_of("asha@gmail.com", _ASHA)):
        yield SamplePage("asked.html.j2", {"typed": _ASHA, "until": now, "mailbox": mailbox})
    for state in ("ask", "done", "active", "late"):
        values = {"state": state, "token": _TOKEN, "email": _ASHA, "agreement": "…", "until": now}
        for due, preferences in ((now, _TOKEN), (None, "")):
            values |= {
                "preferences": preferences,
                "next_due": due,
                "pausing": None if due else now,
                "welcomed": bool(due),
                "shown": show if due else None,
            }
            values["whatsapp"] = "https://wa.me/?text=…"
            yield SamplePage("confirm.html.j2", values)
    for state in ("ask", "done", "left"):
        for left in (True, False):
            values = {"token": _TOKEN, "state": state, "left": left, "next_due": now if left else None}
            yield SamplePage("stay.html.j2", values)
    words = EmailTexts("…", "…", ("…",), "…", "…")
    for kind in ("confirm", "ask", "stay"):
        values = {"subject": "…", "kind": kind, "link": "https://example.com/", "email": _ASHA, "until": now}
        values["words"] = words
        for template in ("mail.html.j2", "mail.txt.j2"):
            yield SamplePage(
                template,
                {
                    **values,
                    "next_due": now,
                    "leave_link": "https://example.com/",
                    "preferences_link": "https://example.com/",
                },
            )
    sent = Published(now.date().isoformat(), now.date(), 1, "…", "…", now)
    for whole in (True, False):
        values = {"subject": "…", "newest": sent, "with_letter": whole, "next_due": now if whole else None}
        links = dict.fromkeys(("edition_link", "link", "leave_link"), "https://example.com/")
        for template in ("welcome.html.j2", "welcome.txt.j2"):
            yield SamplePage(template, values | links)


def _own_data(now: datetime) -> Iterator[SamplePage]:
    parts, notices = [Part("…", ((("…", "…"),),))], [Notice("…", "…", "hi", "…")]
    yield SamplePage("own_copy.html.j2", {"css": "", "made": "…", "email": _ASHA, "parts": parts, "notices": notices})
    both = {"dpdp", "gdpr"}
    for laws, email, tracks in (
        (both, _ASHA, Tracking.NOTHING),
        ({"dpdp"}, _ASHA, Tracking.NOTHING),
        *(({"gdpr"}, "", each) for each in Tracking),
    ):
        values: dict[str, Any] = {
            "responsible": "…",
            "items": [NoticeLine("…", "…", "…")],
            "processors": [Processor(name="…", task="…", country="…", safeguards="…")] if email else [],
            "grievance": Grievance(name="…", phone="…") if email else Grievance(),
            "contact": _ASHA,
            "laws": laws,
            "board_url": "https://example.com/" if email else "",
            "minimum_age": 18 if email else 0,
            "tracks": tracks,
            "stored": StoredNotice("…", "hi", 2, "…", now) if email else None,
        }
        for template in ("privacy.html.j2", "privacy.txt.j2"):
            yield SamplePage(template, {**values, "personal": False})
    states = {"address": ("ask", "waiting", "done", "late"), "data": ("ask", "late"), "erase": ("ask", "done", "late")}
    states |= {"nominee": ("ask", "done", "late"), "choose": ("late",), "undo": ("ask", "done", "late")}
    for kind, possible in states.items():
        for state in possible:
            for side, result, left in (("present", "busy", False), ("new", "taken", True), ("new", "empty", False)):
                values = {"kind": kind, "state": state, "side": side, "result": result, "email": _ASHA, "place": "/x"}
                due = None if left else datetime(2026, 1, 1, 7, tzinfo=UTC)
                values |= {"left": left, "next_due": due, "nominee": "…", "contact": "…", "named": "" if left else "…"}
                yield SamplePage("own_data.html.j2", values)


def _unsubscribe(now: datetime) -> Iterator[SamplePage]:
    common = {"token": _TOKEN, "reasons": get_args(Reason)[:-1]}
    for state in get_args(State):
        for done, pausing in (
            ("", None),
            ("back", None),
            ("paused", now),
            ("less", None),
            ("thanked", None),
            ("data", None),
            ("erase", None),
            ("undo", None),
            ("choose", None),
            ("enough", None),
        ):
            values = {
                "email": _ASHA,
                "state": state,
                "done": done,
                "pausing": pausing,
                "less": get_args(Less),
                "next_due": now,
                "choose": "" if done == "choose" else _TOKEN,
                "code": "…",
                "known": done != "choose",
            }
            yield SamplePage("leave.html.j2", {**common, **values})


def _preferences(now: datetime, topics: Collection[str], sent: Published) -> Iterator[SamplePage]:
    send_at = now.time().replace(hour=7, minute=0, second=0, microsecond=0)

    def sample(
        subscriber: StoredSubscriber,
        *,
        pausing: bool = False,
        wrong: str = "",
        done: str = "",
        editions: tuple[OfferedEdition, ...] = (),
    ) -> SamplePage:
        values = {
            "token": _TOKEN,
            "topics": topics,
            "send_at": send_at,
            "own_zone": "Asia/Kolkata",
            "done": done,
            "wrong": wrong,
            "edition": [sent] if done else [],
            "rates": dict.fromkeys((*topics, "शहर"), StoryRate(2, "week")) if done else None,
            "next_due": now if done else None,
            "subscriber": replace(subscriber, signed_up_at=now if done else None),
            "email": _ASHA,
            "nominee": "…" if done else "",
            "is_unfed": bool(done),
            "pausing": now + timedelta(weeks=1) if pausing else None,
            "hours": hour_choices(send_at, None, "en"),
            "editions": editions,
            "form": PreferencesForm(list(topics)[:2], ("mon",), "", "html", [each.slug for each in editions[:1]]),
        }
        return SamplePage("preferences.html.j2", values)

    def subscriber(*, status: str = "active", zone: str = "UTC") -> StoredSubscriber:
        return StoredSubscriber(
            id=1, address=_ASHA, email=_ASHA, name="आशा", topics=(), frequency="daily", hour=None, timezone=zone,
            format="html", listed=True, status=status, suppressed=None, paused_until=None, added_at=now,
        )  # fmt: skip

    for pausing, known in ((None, False), (None, True), (now, True)):
        values = {"token": _TOKEN, "pausing": pausing, "known": known, "until": now + timedelta(weeks=2)}
        yield SamplePage("pause.html.j2", values)
    for said in ("", *SHORT_DONE):
        yield SamplePage("short.html.j2", {"token": _TOKEN, "email": _ASHA, "done": said})
    for done in DONE:
        yield sample(subscriber(), done=done)
    several = (OfferedEdition("subah", "सुबह", send_at, True), OfferedEdition("shaam", "शाम", send_at, False))
    yield sample(subscriber(), wrong="editions", editions=several)
    for wrong in ("topics", "days", "form"):
        yield sample(subscriber(zone="Asia/Kolkata"), wrong=wrong)
    for wrong, suggested in (
        ("", ""),
        ("address", ""),
        ("same address", ""),
        (AddressOddity.NOWHERE, ""),
        (AddressOddity.DISPOSABLE, ""),
        (AddressOddity.TYPO, _ASHA),
    ):
        values = {"token": _TOKEN, "wrong": wrong, "typed": _ASHA, "suggested": suggested}
        yield SamplePage("address.html.j2", {**values, "sure": _ASHA if wrong in tuple(AddressOddity) else ""})
    for state in ("", "wrong", "busy", "sent"):
        yield SamplePage("find.html.j2", {"state": state, "typed": _ASHA})
    yield sample(subscriber(), pausing=True)
    yield sample(subscriber(status="paused"))
