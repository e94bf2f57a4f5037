"""Tables of what sites add to titles and texts. Each row has an example, which is its test; clean.py applies them.

A new quirk of a site is a new row here. Sources: research on 985 EDNIL articles, ILSUM titles, Bhaskar and Jagran
headline feeds, WordPress sites.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """Replaces what matches `pattern` by `put`; applied to `example` it gives `gives`."""

    pattern: re.Pattern[str]
    put: str
    example: str
    gives: str
    # Every match contains one of these, in lower case. Searching for them is a hundred times as fast as the pattern.
    marks: tuple[str, ...] = ()

    def apply(self, text: str, lower: str) -> str:
        """The text with matches replaced. `lower` is the text in lower case."""
        if self.marks and not any(mark in lower for mark in self.marks):
            return text
        return self.pattern.sub(self.put, text)


def _row(pattern: str, put: str, example: str, gives: str, marks: str = "") -> Row:
    return Row(re.compile(pattern, re.IGNORECASE), put, example, gives, tuple(marks.split()))


PICTOGRAPH = "[\U0001f300-\U0001faff\u2600-\u27bf\u25b6\u25ba\ufe0f]"

TITLE_MARKS: tuple[Row, ...] = (
    _row(
        r"(?<!\s)\s*(?:\d{1,2}:)?\d{1,2}:\d{2}\s*(?:play|watch) video\s*$",
        "",
        "पुल का लोकार्पण, जुटी भीड़ 0:39 Play video",
        "पुल का लोकार्पण, जुटी भीड़",
        marks="video",
    ),
    _row(r"(?<!\s)\s*(?:play|watch) video\s*$", "", "नदी में बढ़ा पानी Play video", "नदी में बढ़ा पानी", marks="video"),
    _row(r"^(?:🔴\s*)?LIVE\s*[:|–—-]\s*", "", "LIVE: बजट पेश हुआ", "बजट पेश हुआ"),
    _row(r"^(?:🔴\s*)?LIVE\s+(?=\S)", "", "LIVE बजट पेश हुआ", "बजट पेश हुआ"),
    _row(r"^लाइव\s*[:|–—-]\s*", "", "लाइव: बजट पेश हुआ", "बजट पेश हुआ"),
    _row(r"(?<!\s)\s+LIVE$", "", "बजट पेश हुआ LIVE", "बजट पेश हुआ", marks="live"),
    _row(
        r"(?<!\s)\s*[:|–—-]\s*(?:live updates?|लाइव अपडेट)\s*$",
        "",
        "बजट पेश हुआ: Live Updates",
        "बजट पेश हुआ",
        marks="update अपडेट",
    ),
    _row(
        r"^(?:भास्कर\s+)?(?:एक्सक्लूसिव|ग्राउंड रिपोर्ट)\s*[:|–—-]?\s+(?=\S+\s+\S+\s)",
        "",
        "भास्कर एक्सक्लूसिव गांव में नई नहर",
        "गांव में नई नहर",
    ),
    _row(
        r"^(?:भास्कर|जागरण|पत्रिका|अमर उजाला|हिन्दुस्तान|हिंदुस्तान|एनबीटी|nbt|ndtv|abp|आज तक|न्यूज18)\s"
        r"(?:एक्सक्लूसिव|एक्सप्लेनर|एक्सपोज|इन्वेस्टिगेशन|इन्वेस्टिगेटिव|ओपिनियन|एनालिसिस|पड़ताल|इनडेप्थ|अपडेट्स?|खास|विशेष|explainer|exclusive)"
        r"\s*[:|–—-]\s*",
        "",
        "जागरण विशेष: गांव में नई नहर खुली",
        "गांव में नई नहर खुली",
    ),
    _row(
        r"(?<![\s,])\s?,?\s(?:videos?|photos?|pics?|live)(?=\s?:\s)",
        "",
        "गांव के मेले में जुटी भीड़, VIDEO: रात तक चली कुश्ती",
        "गांव के मेले में जुटी भीड़: रात तक चली कुश्ती",
        marks="video photo pic live",
    ),
    _row(r"^(?:\.{2,}|…)\s*(?=\S)", "", "..नहर में पानी छोड़ा गया", "नहर में पानी छोड़ा गया"),
    _row(r"\*\*([^*]{1,200})\*\*", r"\1", "गांव में **नई** नहर", "गांव में नई नहर", marks="**"),
    _row(r"^via\s+\S.{0,40}?:\s+", "", "via NBT Hindi: शहर में मेला", "शहर में मेला"),
    _row(
        r"^(?:live updates?|breaking(?: news)?|ब्रेकिंग(?: न्यूज)?|watch|(?:viral )?video|वीडियो|pics?|photos?|फोटो"
        r"|exclusive|big news)\s*[:|–—-]\s*",
        "",
        "Breaking News: नहर में पानी छोड़ा गया",
        "नहर में पानी छोड़ा गया",
    ),
    _row(
        r"(?<!\s)\s*[,;:|!–—-]\s*(?:यहां |आप भी |यूं )?(?:देखें|देखिए|देखे|see|watch)\s*(?:ये |यह |पूरी |पूरा |कुछ )?"
        r"(?:photos?|pics?|videos?|वीडियो|विडियो|फोटो|फोटोज|तस्वीरें|तस्वीर|pictures|gallery|गैलरी|live)\s*[.!।]*\s*$",
        "",
        "नदी पर बना नया पुल, देखें तस्वीरें",
        "नदी पर बना नया पुल",
        marks="देख see watch",
    ),
    _row(
        r"(?<!\s)\s*[\[(]\s?(?:(?:watch|see|देखें)\s)?"
        r"(?:photos?|pics?|videos?|वीडियो|फोटो|तस्वीरें|live|exclusive|updated?)\s?[\])]\s*",
        " ",
        "नदी पर पुल (देखें वीडियो) आज खुला",
        "नदी पर पुल आज खुला",
        marks="[ (",
    ),
    _row(
        r"(?<!\s)\s*[,;:|–—-]\s*(?:यहां\s+)?(?:पढ़ें|पढ़िए|जानें|जानिए|देखें)\s+(?:पूरी|पूरा|यहां|विस्तार से|डिटेल|details?|अपडेट|लेटेस्ट)"
        r"(?:\s+[^\s,|]{1,20}){0,2}\s*$",
        "",
        "गांव में कल से बिजली कटेगी, पढ़ें पूरी खबर",
        "गांव में कल से बिजली कटेगी",
        marks="पढ जान देख",
    ),
    _row(
        r"(?<!\s)\s*(?<![a-z0-9._+-])[a-z0-9][a-z0-9._+-]{0,60}@[a-z0-9-]{1,40}(?:\.[a-z0-9-]{1,20}){1,3}\s*:?\s*",
        " ",
        "नहर टूटी gaon@paper.example: खेत डूबे",
        "नहर टूटी खेत डूबे",
        marks="@",
    ),
    _row(r"^(?:#\S{1,40}\s+){1,3}(?=\S)", "", "#मेला गांव में जुटी भीड़", "गांव में जुटी भीड़"),
    _row(rf"^(?:{PICTOGRAPH}\s*)+(?=\S)", "", "▶ 📷 गांव में जुटी भीड़", "गांव में जुटी भीड़"),
    _row(r"(?<![\s.])\s*(?:[-–—|,;]|\.(?:\s\.)+)\s*$", "", "शहर में मेला. .", "शहर में मेला"),
    _row(r"(?<!\s)\s*[-–—|]\s*$", "", "शहर में मेला |", "शहर में मेला", marks="- – — |"),
)

# What comes before a text. Applied only if enough of the text remains.
OPENINGS: tuple[Row, ...] = (
    _row(
        r"^(?:एनबीटी|सांध्य टाइम्स|जेएनएन|जासं|जाब्यू|भास्कर न्यूज|पत्रिका न्यूज नेटवर्क|संवाद न्यूज एजेंसी)\s[।:|–-]?\s?"
        r"(?!(?:ने|की|के|का|को|से|में|पर|और|एवं|व|भी)\s)(?=[\u0904-\u0939])",
        "",
        "भास्कर न्यूज गांव का मेला सोमवार को शुरू हुआ।",
        "गांव का मेला सोमवार को शुरू हुआ।",
    ),
    _row(
        r"^[a-z0-9][a-z0-9._+-]{0,60}@[a-z0-9-]{1,40}(?:\.[a-z0-9-]{1,20}){1,3}\s*:?\s*",
        "",
        "gaon@paper.example: गांव का मेला सोमवार को शुरू हुआ।",
        "गांव का मेला सोमवार को शुरू हुआ।",
    ),
    _row(
        r"^(?:हिंदी समाचार|hindi news|[A-Za-z ]{3,20} news in hindi)\s*[,:|–-]?\s+(?=[“‘\"']?[\u0904-\u0939])",
        "",
        "Village News in Hindi: गांव का मेला सोमवार को शुरू हुआ।",
        "गांव का मेला सोमवार को शुरू हुआ।",
    ),
    _row(
        r"^(?:सार|विस्तार|नोट|खबर सुनें|ख़बर सुनें|highlights|story highlights)\s*[:|–-]\s*",
        "",
        "सार: गांव का मेला सोमवार को शुरू हुआ।",
        "गांव का मेला सोमवार को शुरू हुआ।",
    ),
    _row(
        r"^(?:edited|reported|written|posted|published)\s+by\s*[:|–-]?\s[^।.|]{2,60}\|\s*(?:updated\s*:[^|]{4,60}(?:\||ist)\s*)?",
        "",
        "Edited By Rama Devi | Updated: 23 Nov 2026, 10:20 IST गांव का मेला सोमवार को शुरू हुआ।",
        "गांव का मेला सोमवार को शुरू हुआ।",
    ),
    _row(
        r"^[A-Z][A-Za-z-]{2,24}\s?:\s+(?=[“‘\"']?[\u0904-\u0939])",
        "",
        "SONPURA: गांव का मेला सोमवार को शुरू हुआ।",
        "गांव का मेला सोमवार को शुरू हुआ।",
    ),
    _row(
        rf"^(?:[-–—•*▪●◆■►]+\s+|{PICTOGRAPH}\s*|[(]?[0-9०-९]{{1,2}}[.)]\s?(?=[\u0904-\u0939\s]))+",
        "",
        "- 📌 4. मंडी में सोमवार को आवक बढ़ी।",
        "मंडी में सोमवार को आवक बढ़ी।",
    ),
    _row(
        r"^[A-Z][A-Za-z'’.]*,?(?: [A-Za-z0-9'’.&]+,?){1,14}\s*[-–—:|]\s+(?=[“‘\"']?[\u0904-\u0939])",
        "",
        "Village Fair Opens Today - गांव का मेला सोमवार को शुरू हुआ।",
        "गांव का मेला सोमवार को शुरू हुआ।",
    ),
)

# What WordPress and the like add to an item's text, and what embeds and agencies leave at a paragraph's end.
FEED_TAILS: tuple[Row, ...] = (
    _row(
        r"(?<!\s)\s*(?:the post|पोस्ट)\s.{1,400}?\s(?:appeared first on|first appeared on|सबसे पहले)\s.{1,120}$",
        "",
        "बारिश हुई. The post बारिश से राहत appeared first on Example News.",
        "बारिश हुई.",
        marks="post पोस्ट",
    ),
    _row(
        r"(?<!\s)\s*(?:continue reading|read more|और पढ़ें|पूरा पढ़ें|आगे पढ़ें)\s*(?:→|»|&raquo;|>|\.\.\.|…)+\s*$",
        "",
        "बारिश हुई. Continue reading →",
        "बारिश हुई.",
        marks="reading more पढ",
    ),
    _row(
        r"!\[[^\[\]]{0,200}\]\s?\(?https?://[^\s)]+\)?\s*",
        "",
        "![] (https://a.example/o/p%2Fq?alt=media&token=1) मंडी में आवक बढ़ी।",
        "मंडी में आवक बढ़ी।",
        marks="![",
    ),
    _row(
        r"(?<!\s)\s*\(?pic\.twitter\.com/[A-Za-z0-9]{4,20}\)?(?:\s*[—–-]{1,2}\s.{1,60}\(@[A-Za-z0-9_]{2,20}\).{0,30})?",
        "",
        "मेला शुरू हुआ। pic.twitter.com/AbC12dEf",
        "मेला शुरू हुआ।",
        marks="pic.twitter",
    ),
    _row(
        r"(?<=[।.!?”\"’])\s*[(\[](?:इनपुट\s?[:–-]?\s?|साभार\s?[:–-]?\s?)?"
        r"(?:एजेंसी|एजेंसियां|भाषा|वार्ता|पीटीआई|पीटीआइ|एएनआई|एएनआइ|आईएएनएस|आइएएनएस|pti|ani|ians)"
        r"(?:\s(?:से\s|के\s)?(?:इनपुट|साथ)(?:\sके\sसाथ)?)?[)\]]\s*[।.]?\s*$",
        "",
        "बारिश से राहत मिली। (भाषा)",
        "बारिश से राहत मिली।",
        marks="एजेंसी भाषा वार्ता पीटीआ एएनआ आईएएनएस आइएएनएस pti ani ians",
    ),
    _row(
        r"(?<=[।.!?”\"’])\s*[-–—]{1,2}\s?(?:आईएएनएस|आइएएनएस|एएनआई|पीटीआई|ians|ani|pti)\s*[।.]?\s*$",
        "",
        "बारिश से राहत मिली। --आईएएनएस",
        "बारिश से राहत मिली।",
        marks="आईएएनएस आइएएनएस एएनआ पीटीआ ians ani pti",
    ),
    _row(
        r"(?<=[।.!?”\"’])\s*[(\[]?(?:यह|ये|इसे)\s+भी\s+(?:पढ़ें|पढ़े|पढें|देखें)\s*[:–—|-].{0,200}$",
        "",
        "बारिश से राहत मिली। यह भी पढ़ें: मेले में जुटी भीड़",
        "बारिश से राहत मिली।",
        marks="पढ देखें",
    ),
    _row(
        r"(?<=[।.!?”\"’])\s*(?:also read|read more|read also)\s*[:–—|-].{0,200}$",
        "",
        "बारिश से राहत मिली। Also Read: मेले में भीड़",
        "बारिश से राहत मिली।",
        marks="read",
    ),
)

# The end of a text that a feed has cut.
TRUNCATED = re.compile(r"(?:\[\s*(?:…|\.{2,}|&hellip;|&#8230;)\s*\]|\(\s*(?:…|\.{3})\s*\)|…|(?<!\.)\.{3,})\s*$")
