"""Invented articles for the tests of curation. Their people, places and events do not exist."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from digest.curate.compose import Curated
from digest.models import Article, Story, TextBlock

# 06:00 in India on the day of the edition.
NOW = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)


def article(id_: str, source: str, title: str, text: str = "", hours: float = 5, **more: object) -> Article:
    """An article `hours` old; each line of `text` is a paragraph."""
    body = tuple(TextBlock("p", line.strip()) for line in text.split("\n") if line.strip())
    values = {"url": f"https://{source}.example/{id_}.html", **more}
    return Article(id=id_, source=source, title=title, published=NOW - timedelta(hours=hours), body=body, **values)  # type: ignore[arg-type]


BRIDGE = (
    article(
        "bridge-1",
        "alok",
        "सोनपुरा में कमला नदी पर नया पुल खुला, 40 गांवों को राहत",
        "सोनपुरा में कमला नदी पर बना नया पुल रविवार को आम लोगों के लिए खोल दिया गया। "
        "820 मीटर लंबे इस पुल से 40 गांवों का जिला "
        "मुख्यालय तक सफर एक घंटे कम हो जाएगा।\nपुल का निर्माण चार साल में पूरा हुआ "
        "और इस पर 96 करोड़ रुपये खर्च हुए। पहले ग्रामीणों को नाव "
        "से नदी पार करनी पड़ती थी। जिलाधिकारी रेवती नाथ ने बताया कि भारी वाहनों को "
        "अगले महीने से अनुमति मिलेगी।",
    ),
    article(
        "bridge-2",
        "prabhakar",
        "कमला नदी का पुल चालू, सोनपुरा के 40 गांव अब जिला मुख्यालय से जुड़े",
        "चार साल के इंतजार के बाद कमला नदी का पुल रविवार को शुरू हो गया. सोनपुरा "
        "इलाके के 40 गांवों के लोग अब बिना नाव के नदी पार कर "
        "सकेंगे.\nपुल की लंबाई 820 मीटर है और इसे बनाने में 96 करोड़ रुपये लगे. "
        "जिलाधिकारी रेवती नाथ ने पुल का उद्घाटन किया.",
        hours=3,
    ),
    article(
        "bridge-3",
        "setu",
        "नाव के दिन गए: सोनपुरा में 820 मीटर लम्बे पुल पर दौड़ीं गाड़ियाँ",
        "सोनपुरा में रविवार सुबह कमला नदी के नए पुल पर पहली बार गाड़ियाँ दौड़ीं। "
        "ग्रामीणों ने फूल बरसाकर स्वागत किया।\nइस पुल से 40 गांवों के "
        "लोगों को जिला मुख्यालय पहुंचने में एक घंटा कम लगेगा। निर्माण पर 96 करोड़ "
        "रुपये की लागत आई है।",
        hours=6,
    ),
)
OTHERS = (
    article(
        "chess",
        "alok",
        "तेरह साल की मीना ने जीती राज्य शतरंज प्रतियोगिता",
        "रामगढ़िया की तेरह वर्षीय मीना ने राज्य शतरंज प्रतियोगिता का खिताब जीत लिया। "
        "निर्णायक बाजी में मीना ने 52 चाल में शीर्ष वरीयता "
        "प्राप्त खिलाड़ी को हराया। वह यह खिताब जीतने वाली सबसे कम उम्र की खिलाड़ी हैं।",
        categories=("खेल",),
    ),
    article(
        "telescope",
        "setu",
        "हिमगिरि वेधशाला की नई दूरबीन से मिली पहली तस्वीर",
        "हिमगिरि वेधशाला में लगी नई दूरबीन ने पड़ोसी आकाशगंगा की तस्वीर भेजकर "
        "शुक्रवार रात काम शुरू कर दिया। वैज्ञानिकों के मुताबिक दूरबीन का दर्पण 3.6 मीटर चौड़ा है। "
        "अगले साल से यहां के आंकड़े सभी शोधकर्ताओं के लिए खोल दिए जाएंगे।",
        categories=("science",),
        hours=9,
    ),
    article(
        "mango",
        "prabhakar",
        "मंडी में आम की आवक बढ़ी, भाव 30 रुपये किलो तक गिरे",
        "बेलापुर मंडी में आम की आवक दोगुनी होने से भाव गिरकर 30 रुपये किलो रह गए "
        "हैं. व्यापारियों ने कहा कि अगले हफ्ते तक भाव और नीचे आ सकते हैं. "
        "पिछले साल इसी समय भाव 55 रुपये किलो था.",
        url="https://prabhakar.example/business/mango.html",
        hours=7,
    ),
    article(
        "film",
        "alok",
        "फिल्म ‘नीली पतंग’ का ट्रेलर जारी, अभिनेत्री तारा की वापसी",
        "निर्देशक आकाश मेहरा की फिल्म ‘नीली पतंग’ का ट्रेलर रविवार को जारी हुआ। पांच "
        "साल बाद अभिनेत्री तारा इस फिल्म से वापसी कर रही हैं। "
        "फिल्म जनवरी में सिनेमाघरों में आएगी।",
        hours=11,
    ),
)
DAY = (*BRIDGE, *OTHERS)


def stories(curated: Curated) -> list[Story]:
    return [story for section in curated.sections for story in section.stories]
