"""Languages recognised by their script or by a hint, and dates in other languages."""

from __future__ import annotations

from datetime import date, datetime

from digest.hindi.dates import clock, day, long, moment, short
from digest.hindi.language import guess
from tests.support.tables import each_row


@each_row(
    ("text", "claim", "language"),
    [
        ("શહેરમાં નવી મેટ્રો શરૂ", "", "gu"),
        ("শহরে নতুন মেট্রো চালু", "", "bn"),
        ("চহৰত নতুন মেট্ৰ’", "as-IN", "as"),
        ("நகரில் புதிய மெட்ரோ", "hi", "ta"),
        ("شہر میں نئی میٹرو", "", "ur"),
        ("شهر جي نئين ميٽرو", "sd", "sd"),
        ("शहरात नवी मेट्रो सुरू झाली आहे", "", "mr"),
        ("शहर में नई मेट्रो शुरू हुई है", "mr", "hi"),
        ("शहरमे नव मेट्रो शुरू भेल", "mai", "mai"),
        ("Die neue U-Bahn fährt seit heute", "de", "de"),
        ("The new metro is open to the public", "hi", "en"),
        ("Новое метро", "ru-RU", "ru"),
        ("भारत ने मैच जीता, कप्तान ने की तारीफ", "", "hi"),
        ("जटिल होता जल संकट", "", "hi"),
        ("iPhone 13 की बिक्री में 50% की गिरावट", "", "hi"),
        ("मुंबईत मोठा पाऊस, अनेक गाड्या रद्द झाल्या आहेत", "", "mr"),
        ("मुंबईत मोठा पाऊस, अनेक गाड्या रद्द झाल्या आहेत", "hi", "mr"),
        ("काठमाडौंमा भूकम्प गएको छ भने क्षति भएको छैन", "", "ne"),
        ("बाजार बंद", "mr", "mr"),
        ("बाजार बंद", "", "hi"),
        ("The prime minister of India said this", "hi", "en"),
        ("Aaj ka mausam kaisa hai bataiye", "hi", ""),
        ("پاکستان میں زلزلہ", "", "ur"),
        ("প্রধানমন্ত্রী বললেন", "", "bn"),
        ("123 !", "", ""),
        ("123 !", "hi-IN", "hi"),
    ],
)
def test_a_language_is_recognised(text: str, claim: str, language: str) -> None:
    assert guess(text, claim) == language


@each_row(
    ("language", "full", "without", "brief"),
    [
        ("hi", "सोमवार, 23 नवंबर 2026", "23 नवंबर 2026", "23 नवंबर"),
        ("en", "Monday, 23 November 2026", "23 November 2026", "23 November"),
        ("mr", "सोमवार, 23 नोव्हेंबर, 2026", "23 नोव्हेंबर, 2026", "23 नोव्हेंबर"),
        ("ne", "2026 नोभेम्बर 23, सोमबार", "2026 नोभेम्बर 23", "नोभेम्बर 23"),
        ("ur", "پیر، 23 نومبر، 2026", "23 نومبر، 2026", "23 نومبر"),
    ],
)
def test_dates(language: str, full: str, without: str, brief: str) -> None:
    that = date(2026, 11, 23)
    assert (day(that, language), long(that, language), short(that, language)) == (full, without, brief)


def test_a_moment_in_another_language_has_date_and_time() -> None:
    now, then = datetime(2026, 11, 23, 9), datetime(2025, 11, 21, 18, 5)  # noqa: DTZ001
    assert moment(then, now, "ur") == f"{long(then.date(), 'ur')}، {clock(then, 'ur')}"
    assert moment(then.replace(year=2026), now, "mr") == f"21 नोव्हेंबर, {clock(then, 'mr')}"
