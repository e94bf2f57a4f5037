"""An invented edition for the render tests: 12 stories in five sections, one of each kind of layout."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from digest.models import Edition, EditionState, Image, Section, Story, Variant
from digest.render.renderer import Renderer
from digest.render.themes import Branding

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "templates"
# सुबह 7:00 बजे in Kolkata.
NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)

BRANDING = Branding(
    name="सुबह की ख़बरें",
    language="hi",
    timezone="Asia/Kolkata",
    base_url="https://news.example.com",
    postal_address="12 प्रेस मार्ग, लखनऊ 226001",
    sender_email="news@example.com",
    reply_to="desk@example.com",
    archive=True,
    signup=True,
)
EVERYTHING = Variant("all")


def story(number: int, title: str, summary: str = "", **other: object) -> Story:
    """A story with defaults; its id, address and age depend on `number`."""
    values: dict[str, object] = {
        "id": f"s{number}",
        "title": title,
        "summary": summary,
        "url": f"https://samachar.example.com/2026/11/23/khabar-{number}",
        "published": NOW - timedelta(minutes=40 + 97 * number),
        "dated": True,
        "sources": ("सुबह समाचार",),
        "articles": (f"https://samachar.example.com/2026/11/23/khabar-{number}",),
        "article_ids": (f"a{number}",),
        "section": "",
    }
    return Story(**(values | other))  # type: ignore[arg-type]


def make_image(name: str, alt: str, width: int = 1200, height: int = 900) -> Image:
    return Image(f"https://img.example.com/{name}.jpg", width, height, alt)


DESH = Section(
    "देश",
    (
        story(
            1,
            "पहाड़ों में मौसम की पहली बर्फ़बारी, तीन दिन तक और गिरेगा पारा",
            "ऊँचाई वाले इलाक़ों में रविवार रात मौसम की पहली बर्फ़ गिरी और सुबह तक छह इंच की परत जम गई। मौसम विभाग के "
            "अनुसार अगले तीन दिनों में तापमान चार डिग्री तक और नीचे जाएगा। सैलानियों के लिए ऊपरी सड़कें दोपहर बाद खोली जाएँगी।",
            sources=("पहाड़ टाइम्स", "सुबह समाचार", "लोक दर्पण", "घाटी की आवाज़"),
            image=make_image("barf", "बर्फ़ से ढकी पहाड़ी ढलान", 1200, 675),
        ),
        story(
            2,
            "शहर की नई मेट्रो लाइन पर आज से सफ़र शुरू, 18 स्टेशन जुड़े",
            "पहली ट्रेन सुबह पाँच बजे चली। नई लाइन से पुराने शहर और विश्वविद्यालय के बीच का सफ़र चालीस मिनट कम हो जाएगा।",
            sources=("सुबह समाचार", "नगर पत्रिका", "लोक दर्पण"),
            image=make_image("metro", "नई मेट्रो ट्रेन"),
        ),
        story(
            3,
            "गाँवों के 2,000 पुस्तकालय एक ऐप से जुड़े, पढ़ना मुफ़्त",
            "योजना में अब तक सवा लाख किताबें दर्ज हुई हैं। पाठक घर बैठे किताब का नाम लिखकर सबसे पास का पुस्तकालय खोज सकेंगे।",
            sources=("लोक दर्पण",),
            label="update",
        ),
        story(
            4,
            "नदी किनारे बने नए पार्क में पाँच हज़ार पौधे लगाए गए",
            "पौधों की देखभाल आसपास के स्कूलों के बच्चे करेंगे। हर पौधे पर उसे लगाने वाले का नाम लिखा है।",
            sources=("नगर पत्रिका", "लोक दर्पण"),
            dated=False,
        ),
    ),
)
VIGYAN = Section(
    "विज्ञान",
    (
        story(
            5,
            "छात्रों का बनाया नन्हा उपग्रह कक्षा में, पहली तस्वीर भेजी",
            "चार किलो के उपग्रह ने प्रक्षेपण के दो घंटे बाद संकेत भेजा। टीम में तीन शहरों के सोलह छात्र हैं।",
            sources=("विज्ञान वार्ता", "सुबह समाचार"),
            image=make_image("upgrah", ""),
        ),
        story(
            6,
            "Students map every old well of the district in one winter",
            "Forty volunteers walked 300 villages and put 1,214 wells on an open map.",
            sources=("The Hill Post",),
            language="en",
        ),
    ),
)
KHEL = Section(
    "खेल",
    (
        story(
            7,
            "ज़िला टूर्नामेंट के फ़ाइनल में आख़िरी गेंद पर जीत",
            "मेज़बान टीम को छह गेंदों पर ग्यारह रन चाहिए थे। कप्तान ने नाबाद 64 रन बनाए।",
            sources=("खेल दुनिया",),
            image=make_image("cricket", "जीत के बाद मैदान पर खिलाड़ी", 800, 1000),
        ),
        story(
            8,
            "दस साल की तैराक ने झील पार कर बनाया नया कीर्तिमान",
            "उसने आठ किलोमीटर की दूरी तीन घंटे से कम में पूरी की।",
            sources=("खेल दुनिया",),
            url="",
        ),
    ),
)
KAROBAR = Section(
    "कारोबार",
    (
        story(
            9,
            "सरसों की बुवाई पिछले साल से बारह प्रतिशत ज़्यादा",
            "मंडियों में अच्छे दाम मिलने से किसानों ने रक़बा बढ़ाया। सबसे ज़्यादा बढ़त पूर्वी ज़िलों में रही।",
            sources=("खेत-खलिहान", "कारोबार दर्पण"),
        ),
    ),
)
BRIEF = Section(
    "संक्षेप में",
    (
        story(10, "नदी के पुराने पुल की मरम्मत पूरी, भारी वाहन फिर चलेंगे", sources=("लोक दर्पण",)),
        story(11, "संग्रहालय में दो सौ साल पुराने नक़्शों की प्रदर्शनी", sources=("सुबह समाचार",)),
        story(12, "रविवार को बंद रहेंगी पुराने बाज़ार की तीन सड़कें", sources=("नगर पत्रिका",)),
    ),
)

EDITION = Edition(
    key="2026-11-23",
    day=date(2026, 11, 23),
    number=214,
    state=EditionState.APPROVED,
    subject="",
    preheader="",
    sections=(DESH, VIGYAN, KHEL, KAROBAR, BRIEF),
    lead="s1",
    intro="आज सुबह पहाड़ों की पहली बर्फ़ और शहर की नई मेट्रो लाइन, दोनों की ख़बर एक साथ आई है। दिन अच्छा बीते।",
)


def twenty(images: bool = False) -> Edition:
    """Twenty stories in five sections with summaries of the usual length, with or without images."""
    summarised = [one for section in EDITION.sections[:4] for one in section.stories if one.summary and one.url]
    sections = []
    for at in range(5):
        rows = []
        for place in range(4):
            number = 4 * at + place + 1
            like = summarised[(number - 1) % len(summarised)]
            rows.append(replace(like, id=f"s{number}", image=like.image if images else None))
        sections.append(Section(("देश", "दुनिया", "खेल", "विज्ञान", "कारोबार")[at], tuple(rows)))
    return replace(EDITION, sections=tuple(sections))


def renderer(*extra: Path, **branding: object) -> Renderer:
    """A renderer of the built-in templates, with `extra` folders before them."""
    return Renderer(replace(BRANDING, **branding), [*extra, TEMPLATES])  # type: ignore[arg-type]
