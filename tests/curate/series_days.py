"""Invented recurring pages and other items of four days. The places, films and boards do not exist.

Of each kind there are pages of four subjects a day (towns, signs, films), as four papers print them.
"""

from __future__ import annotations

import random
from datetime import timedelta

from digest.models import Article, TextBlock
from tests.curate.sample import NOW

DAYS, PAPERS = 4, 4
TOWNS = ("शनपुर", "बेलापुर", "रामगढ़िया", "सोनपुरा")
SIGNS = ("मेष", "तुला", "मकर", "मीन")
FILMS = ("नीली पतंग", "झुमरी तलैयाना", "ठगवाला", "चौबारिका")
BOARDS = ("लघुविद्युत", "पटवारिका", "नौचालन", "मृदापरीक्षण")
# Kind -> subjects, title, text; {0} and so on are the day's numbers, {w} its weekday, {s} the subject.
KINDS: dict[str, tuple[tuple[str, ...], str, str]] = {
    "sign": (
        SIGNS,
        "{s} राशिफल {w}: जानें कैसा रहेगा दिन",
        "{s} राशि वालों का दिन सामान्य रहेगा। शुभ अंक {0} है। खर्च पर ध्यान दें।",
    ),
    "panchang": (
        TOWNS,
        "आज का पंचांग {w}: {s} में राहुकाल का समय",
        "{s} में सूर्योदय {0} मिनट पर होगा। राहुकाल {1} से है। पूजा सुबह करें।",
    ),
    "petrol": (
        TOWNS,
        "{s} में पेट्रोल-डीजल के दाम {0} रुपये",
        "{s} में {w} को पेट्रोल {0} और डीजल {1} रुपये लीटर रहा। नए भाव सुबह जारी हुए।",
    ),
    "gold": (
        TOWNS,
        "{s} में सोना {0} रुपये, चांदी का भाव {1}",
        "{s} सराफा बाजार में {w} को सोना {0} और चांदी {1} रुपये पर रही। मांग सामान्य रही।",
    ),
    "sensex": (("",), "सेंसेक्स {0} अंक पर, निफ्टी {1}", "{w} को सेंसेक्स {0} और निफ्टी {1} अंक पर बंद हुआ। बैंक के शेयर चढ़े।"),
    "weather": (
        TOWNS,
        "{s} मौसम का हाल: पारा {0} डिग्री",
        "{s} में {w} को अधिकतम तापमान {0} और न्यूनतम {1} डिग्री रहा। आसमान साफ रहेगा।",
    ),
    "tally": (
        TOWNS,
        "{s} में कोरोना के {0} नए मामले",
        "{s} में {w} को कोरोना के {0} नए मामले मिले। {1} लोग ठीक हुए। कुल मरीज {2} हैं।",
    ),
    "jobs": (
        BOARDS,
        "{s} विभाग में {0} पदों पर भर्ती, करें आवेदन",
        "{s} विभाग ने {0} पदों के लिए आवेदन मांगे हैं। शुल्क {1} रुपये है। फॉर्म वेबसाइट पर है।",
    ),
    "live": (TOWNS, "LIVE {s} की ताजा खबरें {w}", "{s} की {w} की हर खबर यहां पढ़ें। अब तक {0} अपडेट आए। पेज देखते रहें।"),
    "quiz": (
        ("",),
        "आज की क्विज: {0} सवालों के जवाब दें",
        "सामान्य ज्ञान के {0} सवाल हल करें। {w} का सही जवाब कल छपेगा। इनाम {1} रुपये है।",
    ),
    "lottery": (
        TOWNS,
        "{s} लॉटरी परिणाम: टिकट {0} को पहला इनाम",
        "{s} लॉटरी का {w} का पहला इनाम टिकट {0} को मिला। दूसरा इनाम {1} को।",
    ),
    "history": (("",), "आज का इतिहास: {0} साल पहले क्या हुआ", "{w} के इतिहास में {0} साल पहले की घटना दर्ज है। {1} में पुल बना।"),
    "trp": (("",), "टीआरपी रिपोर्ट: {0} अंक के साथ यह शो आगे", "{w} की टीआरपी में पहला शो {0} अंक पर रहा। दूसरा {1} अंक पर है।"),
    "takings": (
        FILMS,
        "{s} बॉक्स ऑफिस कलेक्शन: {0} लाख कमाए",
        "फिल्म {s} ने {w} को {0} लाख रुपये कमाए। कुल कमाई {1} लाख है। दर्शक बढ़े।",
    ),
    "mandi": (TOWNS, "{s} मंडी में प्याज {0} रुपये किलो", "{s} मंडी में {w} को प्याज {0}, आलू {1} और टमाटर {2} रुपये किलो बिका।"),
    "air": (TOWNS, "{s} में एक्यूआई {0} पर", "{s} में {w} को वायु गुणवत्ता सूचकांक {0} रहा। नमी {1} प्रतिशत है। मास्क पहनें।"),
    "temple": (
        TOWNS,
        "{s} मंदिर में {0} ने किए दर्शन",
        "{s} मंदिर में {w} को {0} लोगों ने दर्शन किए, {1} ने भोजन पाया और {2} रुपये दान आए। कपाट नौ बजे बंद हुए।",
    ),
    "level": (
        TOWNS,
        "{s} बांध का जलस्तर आज {0} मीटर",
        "{s} बांध का जलस्तर {w} को {0} मीटर रहा। {1} क्यूसेक पानी छोड़ा और {2} प्रतिशत भरा है।",
    ),
}
WEEKDAYS = ("सोमवार", "रविवार", "शनिवार", "शुक्रवार", "गुरुवार")
_DEEDS = (
    "उद्घाटन किया",
    "इस्तीफा दिया",
    "बैठक बुलाई",
    "शिकायत दर्ज कराई",
    "पुरस्कार जीता",
    "जांच शुरू की",
    "ज्ञापन सौंपा",
    "दुकान खोली",
)
_LETTERS, _MATRAS = "कगचजटडतदनपबमयरलवसह", ("ा", "ि", "ी", "ु", "े", "ो")


def series_pages() -> list[tuple[tuple[str, str, int], Article]]:
    """((kind, subject, day), article). Articles with equal first parts may be one story."""
    chance = random.Random(11)
    found = []
    for day in range(DAYS):
        for kind, (subjects, title, text) in KINDS.items():
            for subject in subjects:
                numbers = [chance.randrange(101, 99_999) for _ in range(3)]
                for paper in range(PAPERS):
                    text_of_day = text.format(*numbers, s=subject, w=WEEKDAYS[day])
                    found.append(
                        (
                            (kind, subject, day),
                            Article(
                                id=f"{kind}-{subject}-{day}-{paper}",
                                source=f"paper {paper}",
                                title=title.format(*numbers, s=subject, w=WEEKDAYS[day]),
                                published=NOW - timedelta(hours=24 * day + paper),
                                body=(
                                    TextBlock(
                                        "p", f"{text_of_day} ब्योरा {('नगर', 'जिला', 'राज्य', 'केंद्र')[paper]} दफ्तर का है।"
                                    ),
                                ),
                            ),
                        )
                    )
    return found


def unlike_items(count: int) -> list[Article]:
    """Items that are all of different events, of five days."""
    chance = random.Random(12)

    def name() -> str:
        return "".join(chance.choice(_LETTERS) + chance.choice(_MATRAS) for _ in range(4))

    found = []
    for number in range(count):
        who, where, what = name(), name(), chance.choice(_DEEDS)
        body = f"{where} के {who} ने {chance.choice(WEEKDAYS)} को {what}। मौके पर {name()} और {name()} मौजूद रहे।"
        moment = NOW - timedelta(hours=chance.uniform(0, 24 * DAYS))
        title = f"{where} में {who} ने {what}"
        found.append(
            Article(f"unlike-{number}", f"paper {number % PAPERS}", title, moment, body=(TextBlock("p", body),))
        )
    return found
