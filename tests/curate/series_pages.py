"""Invented recurring pages: 200 of ten kinds over four days, as five papers print them. The places do not exist."""

from __future__ import annotations

import random
from datetime import timedelta

from digest.models import Article, TextBlock
from tests.curate.sample import NOW

DAYS, PAPERS = 4, 5
# Kind -> title and text; {0} and so on are the day's numbers, {w} its weekday.
KINDS: dict[str, tuple[str, str]] = {
    "horoscope": (
        "{w} का राशिफल: मेष से मीन तक, जानें अपना दिन",
        "मेष राशि वालों का दिन सामान्य रहेगा। वृष राशि वाले खर्च पर ध्यान दें। शुभ अंक {0} और शुभ रंग नीला है।",
    ),
    "almanac": (
        "आज का पंचांग, {w}: जानें राहुकाल और मुहूर्त",
        "आज सूर्योदय {0} बजकर {1} मिनट पर होगा। राहुकाल {2} बजे से शुरू होगा। पूजा का समय सुबह का है।",
    ),
    "fuel": (
        "शनपुर में पेट्रोल-डीजल के दाम: आज {0} रुपये लीटर",
        "शनपुर में {w} को पेट्रोल {0} रुपये और डीजल {1} रुपये लीटर बिका। तेल कंपनियां रोज सुबह छह बजे नए भाव जारी करती हैं।",
    ),
    "gold": (
        "सोने का भाव आज: शनपुर में 10 ग्राम {0} रुपये",
        "शनपुर सराफा बाजार में {w} को सोना {0} रुपये और चांदी {1} रुपये पर रही। जेवर पर मेकिंग चार्ज अलग लगता है।",
    ),
    "market": (
        "सेंसेक्स {0} अंक चढ़ा, निफ्टी {1} के पार",
        "{w} को सेंसेक्स {0} अंक और निफ्टी {1} अंक पर बंद हुआ। बैंक और धातु के शेयर चढ़े। निवेशक सतर्क रहे, ऐसा ब्रोकर कहते हैं।",
    ),
    "weather": (
        "शनपुर मौसम का हाल: अधिकतम तापमान {0} डिग्री",
        "शनपुर में {w} को अधिकतम तापमान {0} और न्यूनतम {1} डिग्री रहा। हवा में नमी {2} प्रतिशत रही। आसमान साफ रहेगा।",
    ),
    "air": (
        "बेलापुर की हवा में आज कितना जहर, एक्यूआई {0} पहुंचा",
        "बेलापुर में {w} सुबह वायु गुणवत्ता सूचकांक {0} दर्ज हुआ। पीएम कण {1} और नमी {2} रही। बुजुर्ग और बच्चे घर में रहें।",
    ),
    "mandi": (
        "बेलापुर मंडी में प्याज {0} और टमाटर {1} रुपये किलो",
        "बेलापुर मंडी में {w} को प्याज {0} रुपये, टमाटर {1} रुपये और आलू {2} रुपये किलो बिका। आवक {3} गाड़ी रही।",
    ),
    "river": (
        "कमला नदी का जलस्तर आज {0} सेंटीमीटर",
        "कमला नदी का जलस्तर {w} सुबह {0} सेंटीमीटर रहा। बांध में {1} प्रतिशत पानी है और {2} क्यूसेक छोड़ा गया। खतरे का निशान दूर है।",
    ),
    "temple": (
        "हिमगिरि मंदिर में आज {0} लोगों ने किए दर्शन",
        "हिमगिरि मंदिर में {w} को {0} लोगों ने दर्शन किए और {1} ने भोजन पाया। दान पेटी में {2} रुपये आए। कपाट रात नौ बजे बंद हुए।",
    ),
}
WEEKDAYS = ("सोमवार", "रविवार", "शनिवार", "शुक्रवार")


def pages() -> list[tuple[str, int, Article]]:
    """(kind, day, article): each paper prints each kind once a day, with its own ending."""
    chance = random.Random(5)
    found = []
    for day in range(DAYS):
        for kind, (title, text) in KINDS.items():
            numbers = [chance.randrange(101, 9_999) for _ in range(4)]
            for paper in range(PAPERS):
                office = ("नगर", "जिला", "राज्य")[paper % 3]
                paragraph = f"{text.format(*numbers, w=WEEKDAYS[day])} यह जानकारी {office} कार्यालय की है।"
                found.append(
                    (
                        kind,
                        day,
                        Article(
                            id=f"{kind}-{day}-{paper}",
                            source=f"paper {paper}",
                            title=title.format(*numbers, w=WEEKDAYS[day]),
                            published=NOW - timedelta(hours=24 * day + paper),
                            body=(TextBlock("p", paragraph),),
                        ),
                    )
                )
    return found
