"""What sites leave in titles and texts that is no news, as rows; each row has the example that is its test.

Holds tables only; clean.py applies them. A new quirk of a site is a new row here.
Sources: research on 985 EDNIL articles, ILSUM titles, Bhaskar and Jagran headline feeds, WordPress sites.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """What matches `pattern` becomes `put`; applied to `example` it gives `gives`."""

    pattern: re.Pattern[str]
    put: str
    example: str
    gives: str


def _row(pattern: str, put: str, example: str, gives: str) -> Row:
    return Row(re.compile(pattern, re.IGNORECASE), put, example, gives)


TITLE_MARKS: tuple[Row, ...] = (
    _row(
        r"(?<!\s)\s*(?:\d{1,2}:)?\d{1,2}:\d{2}\s*(?:play|watch) video\s*$",
        "",
        "पुल का लोकार्पण, जुटी भीड़ 0:39 Play video",
        "पुल का लोकार्पण, जुटी भीड़",
    ),
    _row(r"(?<!\s)\s*(?:play|watch) video\s*$", "", "नदी में बढ़ा पानी Play video", "नदी में बढ़ा पानी"),
    _row(r"^(?:🔴\s*)?LIVE\s*[:|–—-]\s*", "", "LIVE: बजट पेश हुआ", "बजट पेश हुआ"),
    _row(r"^(?:🔴\s*)?LIVE\s+(?=\S)", "", "LIVE बजट पेश हुआ", "बजट पेश हुआ"),
    _row(r"^लाइव\s*[:|–—-]\s*", "", "लाइव: बजट पेश हुआ", "बजट पेश हुआ"),
    _row(r"(?<!\s)\s+LIVE$", "", "बजट पेश हुआ LIVE", "बजट पेश हुआ"),
    _row(r"(?<!\s)\s*[:|–—-]\s*(?:live updates?|लाइव अपडेट)\s*$", "", "बजट पेश हुआ: Live Updates", "बजट पेश हुआ"),
    _row(
        r"^(?:भास्कर\s+)?(?:एक्सक्लूसिव|ग्राउंड रिपोर्ट)\s*[:|–—-]?\s+(?=\S+\s+\S+\s)",
        "",
        "भास्कर एक्सक्लूसिव गांव में नई नहर",
        "गांव में नई नहर",
    ),
    _row(r"\*\*([^*]{1,200})\*\*", r"\1", "गांव में **नई** नहर", "गांव में नई नहर"),
    _row(r"^via\s+\S.{0,40}?:\s+", "", "via NBT Hindi: शहर में मेला", "शहर में मेला"),
    _row(r"(?<!\s)\s*[-–—|]\s*$", "", "शहर में मेला |", "शहर में मेला"),
)

SITES: tuple[str, ...] = (
    "NBT",
    "Navbharat Times",
    "नवभारत टाइम्स",
    "Dainik Bhaskar",
    "दैनिक भास्कर",
    "Dainik Jagran",
    "दैनिक जागरण",
    "Jagran",
    "जागरण",
    "Amar Ujala",
    "अमर उजाला",
    "Hindustan",
    "Live Hindustan",
    "हिन्दुस्तान",
    "हिंदुस्तान",
    "News18 Hindi",
    "News18 हिंदी",
    "News18",
    "Aaj Tak",
    "AajTak",
    "आज तक",
    "ABP News",
    "ABP Live",
    "NDTV India",
    "NDTV",
    "Zee News Hindi",
    "Zee News",
    "BBC News हिंदी",
    "BBC Hindi",
    "BBC News हिन्दी",
    "Jansatta",
    "जनसत्ता",
    "Patrika",
    "Patrika News",
    "पत्रिका",
    "Prabhat Khabar",
    "प्रभात खबर",
    "Punjab Kesari",
    "पंजाब केसरी",
    "India TV Hindi",
    "India TV",
    "TV9 Bharatvarsh",
    "TV9 Hindi",
    "India News",
    "Webdunia",
    "Webdunia Hindi",
    "Hindi News",
    "Business Standard",
    "बिज़नेस स्टैंडर्ड",
    "The Hindu",
    "Times of India",
)
"""Names that stand after ` | ` or ` - ` at a title's end; the feed's own name is added by the caller."""

INTERFACE: tuple[tuple[str, str], ...] = (
    (r"date\s+(?:updated|published|modified)\s*:?.{0,40}", "Date Updated"),
    (
        r"(?:last\s+)?(?:updated|published|modified)(?:\s+(?:on|at|date))?\s*:.{0,60}",
        "Updated: Nov 23, 2026 10:20",
    ),
    (r"फ[ॉाो]लो\s+करें\s*:?", "फॉलो करें:"),
    (r"हमें\s+फ[ॉाो]लो\s+करें\s*:?.{0,40}", "हमें फॉलो करें:"),
    (r"follow\s+us(?:\s+on)?\s*:?.{0,60}", "Follow us on:"),
    (r"(?:शेयर|साझा)\s+करें\s*:?", "शेयर करें"),
    (r"share(?:\s+(?:this|on|via)\b.{0,40})?\s*:?", "Share"),
    (r"खबर\s+सुनें", "ख़बर सुनें"),
    (r"विस्तार", "विस्तार"),
    (r"सार", "सार"),
    (r"(?:यह|ये|इसे|इन्हें)\s+भी\s+(?:पढ़ें|पढ़े|देखें|जानें)(?:\s*[:–—|-].*)?", "यह भी पढ़ें: दूसरी ख़बर का शीर्षक"),
    (r"(?:also|must|further)\s+(?:read|watch|see)\s*(?:[:–—|-].*)?", "Also Read: some other story"),
    (r"read\s+(?:more|also|full\s+(?:story|article))\s*(?:[:–—|-].*|\.\.\.|…|»|>)?", "Read more..."),
    (r"(?:और|पूरी\s+खबर|आगे|विस्तार\s+से)\s+पढ़ें\s*(?:\.\.\.|…|»|>|:)?", "और पढ़ें…"),
    (r"(?:फोटो|photo|image|तस्वीर)\s*(?:credit|courtesy|सोर्स|source|साभार)?\s*:.{0,60}", "फोटो: एजेंसी"),
    (r"disclaimer\s*:?.*", "Disclaimer: the views are the author's"),
    (r"advertisement|विज्ञापन|ads?\s+by\s+.{1,30}", "Advertisement"),
    (r"समाप्त", "समाप्त"),
    (r"(?:\d{1,2}:)?\d{1,2}:\d{2}\s*play\s+video|play\s+video", "0:39 Play video"),
    (r"via\s+[A-Za-z].{0,40}", "via NBT Hindi"),
    (r"(?:comments?|टिप्पणी|टिप्पणियां)\s*(?:\(\d+\)|:)?", "Comments (3)"),
    (r"subscribe(?:\s+(?:now|to)\b.{0,60})?", "Subscribe now"),
    (r"सब्सक्राइब\s+करें", "सब्सक्राइब करें"),
    (
        r".{0,60}(?:whatsapp|व्हाट्सएप|telegram|टेलीग्राम)\s*(?:चैनल|ग्रुप|channel|group).{0,40}"
        r"(?:उपलब्ध|जुड़ें|फ[ॉाो]लो|join|follow).{0,160}",
        "हमारा समाचार अब whatsapp चैनल पर भी उपलब्ध है। आज ही फॉलो करें",
    ),
    (r"(?:tags?|टैग्?स?|topics?)\s*:.{0,200}", "Tags: पटना, बिहार"),
    (
        r"\(?बीबीसी\s+हिन्?ं?दी\s+के\s+(?:एंड्रॉएड|एंड्रॉइड)\s+ऐप.*",
        "(बीबीसी हिन्दी के एंड्रॉएड ऐप के लिए आप यहां क्लिक कर सकते हैं.)",
    ),
    (
        r".{0,80}(?:फेसबुक|ट्विटर|व्हाट्सएप).{0,80}फ[ॉाो]लो\s+(?:भी\s+)?कर(?:ें|\s+सकते\s+हैं).{0,3}",
        "आप हमें फेसबुक और ट्विटर पर फ़ॉलो भी कर सकते हैं.",
    ),
    (r"[|•*\-–—_=~.·\s]+", "* * *"),
)
"""Whole paragraphs that belong to the page: (pattern, example). Matched on text without nukta."""

OPENINGS: tuple[Row, ...] = (
    _row(r"^[-–—•*▪●]+\s+", "", "- मंडी में आवक बढ़ी।", "मंडी में आवक बढ़ी।"),
    _row(
        r"^[A-Z][A-Za-z'’.]*(?: [A-Za-z0-9'’.&]+){1,6}\s*[-–—:|]\s+(?=[“‘\"']?[\u0904-\u0939])",
        "",
        "Village Fair Opens Today - गांव का मेला सोमवार को शुरू हुआ।",
        "गांव का मेला सोमवार को शुरू हुआ।",
    ),
)
"""What stands before a text: (applied only when enough is left of it)."""

FEED_TAILS: tuple[Row, ...] = (
    _row(
        r"(?<!\s)\s*(?:the post|पोस्ट)\s.{1,400}?\s(?:appeared first on|first appeared on|सबसे पहले)\s.{1,120}$",
        "",
        "बारिश हुई. The post बारिश से राहत appeared first on Example News.",
        "बारिश हुई.",
    ),
    _row(
        r"(?<!\s)\s*(?:continue reading|read more|और पढ़ें|पूरा पढ़ें|आगे पढ़ें)\s*(?:→|»|&raquo;|>|\.\.\.|…)+\s*$",
        "",
        "बारिश हुई. Continue reading →",
        "बारिश हुई.",
    ),
    _row(
        r"!\[[^\[\]]{0,200}\]\s?\(?https?://[^\s)]+\)?\s*",
        "",
        "![] (https://a.example/o/p%2Fq?alt=media&token=1) मंडी में आवक बढ़ी।",
        "मंडी में आवक बढ़ी।",
    ),
)
"""What WordPress and its like hang on an item's text."""

TRUNCATED = re.compile(r"(?:\[\s*(?:…|\.{2,}|&hellip;|&#8230;)\s*\]|\(\s*(?:…|\.{3})\s*\)|…|(?<!\.)\.{3,})\s*$")
"""The end of a text that a feed has cut."""
