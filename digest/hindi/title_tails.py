"""Cut calls to click from headlines: `…, जानें कैसे`."""

from __future__ import annotations

import re
from typing import NamedTuple

from digest.hindi.clauses import ends_clause
from digest.hindi.text import fold, folded_words, table_rows
from digest.hindi.tokens import tokens


class TitleTail(NamedTuple):
    """A row of title_tails.txt. The rule turns `example` into `gives`."""

    pattern: str
    example: str
    gives: str
    # 'last' for a pattern of the last part only.
    where: str = ""


def _rows() -> tuple[TitleTail, ...]:
    rows = (row.split("\t") for row in table_rows("digest.hindi", "title_tails.txt"))
    return tuple(TitleTail(fold(pattern), *others) for pattern, *others in rows)


TAILS = _rows()
_TAIL, _LAST = (
    re.compile("|".join(f"(?:{row.pattern})" for row in TAILS if row.where == where)) for where in ("", "last")
)

# The least words that must remain of a title; one less if they are a whole clause.
LEAST_WORDS = 5
# A headline with so few words tells nothing: `अजब-गजब`. Of 41 such ones in 9,773 headlines, none did.
LABEL_WORDS = 3
# A part with so few words adds nothing, even to a text that waits for more: `फिर जो हुआ`.
_TINY = 3
# The most words before the call in its part, and before a call at the very end. With more words, the part is news.
_BEFORE_CALL, _BEFORE_LAST = 5, 8
# A title may end in several calls: `…, जानें कैसे, देखें लिस्ट`.
_MOST_TAILS = 3

_SEPARATOR = re.compile(r" ?[,;:|!?।…]+[ –—-]*| [-–—]+ ?|(?<=[^\s0-9A-Za-z])[-–—]\s+|\.{2,} ?")
# Text after one of these is a quotation: `मंत्री बोले- देखें आगे क्या होता है`.
_SPEAKS = re.compile(fold("(?:बोल|बोले|बोला|बोली|बोलीं|कहा|लिखा|पूछा|बताया)$"))
_SPEAKS_NEAR_END = re.compile(_SPEAKS.pattern.removesuffix("$") + "(?: [^ ,]+){0,3}$")
_ATTRIBUTES = re.compile("[-–—…]|\\.{2}")
# Words of a speaker. The following text may name who it is.
VOICE = folded_words("मैं मैंने मुझे मुझसे मेरा मेरी मेरे हम हमें हमने हमारा हमारी हमारे चाहता चाहती")
# A part with one of these waits for the next: `जिस घर को बेचा था, उसे खोलते ही उड़े होश`.
_WAITS = folded_words("जिस जिसे जिसने जिन जिन्हें जो जब जैसे अगर यदि")
# It is no news that somebody wants something, but the call tells what it is about: `ट्रैक्टर लेने का है प्लान, जानिए
# कितनी होगी किस्त`.
_WISH = re.compile(
    fold(
        "(?:का|की|के) (?:है |हैं )?(?:प्लान|मन|इरादा|शौक)(?: है| हैं)?$"
        "|(?:चाहते|सोच रहे|की तैयारी कर रहे|की कर रहे)(?: हैं)?(?: तैयारी)?$"
    )
)
_TELLS_WHAT = 5
# The last word of a headline without a verb: `एडमिट कार्ड जारी`.
_DONE = folded_words("जारी शुरू घोषित बंद लॉन्च रद्द स्थगित")
_WAS = folded_words("था थे थी थीं")
# A short last part with `ये`, `इस` or `ऐसे` only points to what the report tells: `इन 4 फलों से करें कंट्रोल`.
_POINTING = re.compile(fold("(?:^| )(?:ये|यह|ऐस[ाेी]|इस|इन|इतन[ाेी]|यूं)(?: |$)"))
_MOST_POINTING = 8
# `इस साल` and `ऐसे में` point to nothing in the report.
_TIME = (
    "(?:^| )इस (?:बार|साल|वर्ष|सीजन|महीने|माह|हफ्ते|सप्ताह|समय|वक्त|बीच|दौरान|तरह|पर|मामले|मौके|अवसर|दिन)(?: |$)"
    "|(?:^| )(?:इन (?:दिनों|पर)|ऐसे में)(?: |$)|(?:^| )(?:ऐसा (?:कर|पहली|पहला|होने)|(?:ये|यह) भी )"
)
# It stays if it names a time or who speaks, points back, denies, asks, or continues the sentence.
_POINTS_BACK = re.compile(
    fold(
        f"{_TIME}|समेत|सहित|नहीं|फर्जी|गलत|झूठ|खारिज|इनकार|(?:^| )ने (?:[^ ]+ )*(?:बोल|कह|बता)|[?]"
        "|^(?:तो|लेकिन|मगर|पर|बल्कि|जब|अगर|वरना|क्योंकि|जबकि|जो|जिस[ेकनम]?|और|या) "
    )
)
# A headline that points to the report.
_HIDES = re.compile(
    fold(f"^(?!.*(?:{_TIME})).*(?:^| )(?:ये|यह|ऐस[ाेी]|इस|इतन[ाेी]|यूं|इन (?:[0-9]+|[^ ]+ों|[^ ]+र्स))(?: |$)")
)
# The text before it is no news if it asks what readers want, only promises, or ends with a quotation or in a phrase.
_NO_NEWS = re.compile(
    fold(
        "चाहते (?:हैं|हो)|(?:ढूंढ|सोच) रहे|भूल जा(?:इए|एं)|ों$|[\"'’”»]$"
        "|(?:^| )(?:खुशखबरी|खुलासा|राहत|झटका|बात|में|से|को|पर|के|का|की|ने|तक|लिए|या)$"
    )
)
# The most words after the last part. More words are news.
_AFTER = 3
# A call at the start: `जानिए क्यों …`.
_HEAD = re.compile(
    "^(?:यहां |यहाँ |आप भी |तस्वीरों में |(?:[^ :,]+ ){0,4}[0-9]+ [^ ]+ में )?"
    "(?:जानें|जानिए|जानिये|देखें|देखिए|पढ़ें|पढ़िए|समझें|समझिए)(?: सच| पूरा सच| वीडियो)?[\\s:,-]+(?=\\S)"
)
# A question before the call is no news: `ट्रैक्टर लेने का है मन, तो यहां जानें दस सस्ते ट्रैक्टर`.
_OFFER = re.compile(
    "^(?=.*(?:प्लान|पसंद|सोच रहे|चाहते|मन)).* तो (?:यहां |यहाँ )?(?:जानें|जानिए|देखें|देखिए|पढ़ें|पढ़िए) "
    "(?!(?:.* )?(?:इसे|इस|इसके|इसकी|इसका|इन|इनके|इनकी|उसे|उस|कैसे|क्या|कब|कौन) )(?=\\S)"
)
# Calls without a mark before them: `नतीजे जानिए कब आएंगे`, `चने के फायदे जानकर हैरान रह जाएंगे आप`.
_EXPERTS = "(?:डॉक्टर|डॉक्टरों|एक्सपर्ट|एक्सपर्ट्स|विशेषज्ञ|विशेषज्ञों|जानकारों)"
_GLUED = re.compile(
    f"(?: {_EXPERTS} से)? (?:जानिए|जानिये) (?:कब|कहां|कहाँ|कैसे|क्या|क्यों|कौन|कितना|कितने) .*$"
    "| (?:यहां|यहाँ) (?:जानें|देखें|पढ़ें|जानिए|देखिए|पढ़िए)[.!]?$| के बारे में (?:जानें|जानिए|पढ़ें)[.!]?$"
    "|(?<! को)(?<!इसे)(?<!ते)(?<!ता)(?<!ती) (?:जानकर|देखकर|सुनकर|पढ़कर|जान|देख) (?:आप )?(?:भी )?"
    "(?:हैरान|दंग|चौंक|सन्न|(?:रह|हो) (?:जाएंगे|जाओगे)) .*$"
    "|,? तो (?=(?:[^ ]+ ){0,6}(?:ऐस[ाेी]|ये|यह|यूं|कुछ|मजेदार) )"
    "(?:[^ ]+ ){1,7}(?:जवाब|सवाल|कमेंट|कमेंट्स|रिएक्शन|प्रतिक्रिया)$"
    "|[;,]? (?:तो )?(?:लोगों|लोग|यूजर्स|फैंस|फैन्स)(?: ने)? (?:दिया|दिए|किए|यूं|ऐसे|ये|कुछ)(?: [^ ]+){0,3} "
    "(?:मजे|जवाब|कमेंट|कमेंट्स|रिएक्शन|सवाल|ट्रोल|ताने)$"
    f"| {_EXPERTS} से (?:जानिए|जानें|समझें)$"
)
# Quotation marks, or a mark that comes before the speaker.
_QUOTED = re.compile("[‘“'\";]|[-–—] ")
_NAMED_AGENT = re.compile(" तो (?!लोगों|यूजर्स|फैंस|फैन्स)(?:[^ ]+ )+ने ")
# A call before a part that stays because too little would be left: `नहर पर नए नियम, जानें किसे मिलेगा पानी`.
_CALL = re.compile(
    "(?<=[,:|!?–-]) ?(?:यहां |अब )?(?:जानें|जानिए|समझें|समझिए)[ ,:-]+(?!गई|चली|बच|जा )(?=(?:[^ ]+ ){3}[^ ]+)(?!.* के बारे में$)"
)
# A part that the feed cut off: `…, अब सरपंच को नई…`.
_CUT_OFF = re.compile(r"[,;?!] (?!तो )(?P<part>[^,;:?!]{2,60}?) ?(?:\.{2,}|…)$")
_CUT_OFF_WORDS = 9
# The least words of the part that a title then ends with.
_LAST_WORDS = 3
# Dots after a whole clause are a flourish.
_FLOURISH = re.compile(r" (है|हैं|था|थे|हुआ|हुई|हुए|गया|गए|गई|लिया)(?:\.{2,}|…)$")
# A whole clause or a list before dots is not cut off.
_CLOSED_PART = re.compile(" (?:है|हैं|था|थी|थे|गया|गई|गए)$| और [^ ]")
# A cry before the news.
_CRY = re.compile(r"^(?:सावधान|खबरदार|ध्यान दें|अलर्ट|दर्दनाक|शर्मनाक|हैवानियत|अजब-गजब|गजब|खुशखबरी) ?(?:!+|\.{2,}|…|:) ?(?=\S)")
_APOSTROPHE = re.compile("(?<=[A-Za-z])['’](?=[A-Za-z])")
_QUOTATION = re.compile("‘[^‘’]{,150}’|“[^“”]{,150}”|\"[^\"]{,150}\"|'[^']{,150}'")
_PAIRS = (("‘", "’"), ("“", "”"), ("(", ")"))


def without_tails(title: str) -> str:
    """Return the headline without calls to click at its end and start."""
    title = _FLOURISH.sub(r" \1", title)
    for _ in range(_MOST_TAILS):
        shorter = _without_tail(_without_cut_end(title))
        if shorter == title:
            break
        title = shorter
    before = _GLUED.sub("", title)
    names_speaker = _NAMED_AGENT.search(title[len(before) :]) and not _QUOTED.search(before)
    if len(before.split()) >= LEAST_WORDS and not names_speaker:
        title = before
    title = _CALL.sub(" ", title, count=1)
    rest = _CRY.sub("", title, count=1)
    title = rest if len(rest.split()) >= LEAST_WORDS else title
    rest = _OFFER.sub("", title, count=1)
    title = rest if len(rest.split()) >= LEAST_WORDS else title
    rest = _HEAD.sub("", title, count=1)
    return rest if rest != title and len(rest.split()) >= LEAST_WORDS else title


def hides_news(title: str) -> bool:
    """Whether a headline asks a question or hides the news of its report: `इस खिलाड़ी ने छोड़ा खेल`, `कही यह बात`."""
    if title.rstrip("\"'”’»)] ").endswith("?"):
        return True
    # What points inside a quotation points to nothing in the report.
    title = _QUOTATION.sub(" ", _APOSTROPHE.sub("", title))
    parts = [fold(part) for part in _SEPARATOR.split(title)]
    if _QUOTED.search(title) or any(map(_SPEAKS_NEAR_END.search, parts)):
        # `मंत्री बोले- यह गांव की जीत है`
        return False
    return any(map(_HIDES.search, parts))


def _without_tail(title: str) -> str:
    marks = list(_SEPARATOR.finditer(title))
    for at, mark in reversed(list(enumerate(marks))):
        front = title[: mark.start()]
        # `जानें कीमत, फीचर्स और सेल`: the call is in the first of several parts.
        part = title[mark.end() : marks[at + 1].start() if at + 1 < len(marks) else None]
        folded = fold(part).strip(" ?!.।-'\"‘’“”")
        if folded.startswith("तो "):
            # `ट्रैक्टर लेने का है मन, तो यहां जानें …`: the part before is no headline.
            continue
        if _WISH.search(fold(front)) and len(folded.split()) >= _TELLS_WHAT:
            continue
        rest = title[mark.end() + len(part) :]
        is_last = len(rest.split()) <= _AFTER and not _leaves_open(front, part)
        is_clause = ends_clause(front, is_marked=True) or not _DONE.isdisjoint(tokens(front)[-1:])
        points = is_last and not rest.strip() and mark.group()[:1] in ",;।" and _points(folded) and _is_news(front)
        if not (points or any(_is_call(folded, pattern) for pattern in (_TAIL, *((_LAST,) if is_last else ())))):
            continue
        least = LEAST_WORDS - is_clause + 2 * (":" in mark.group())
        if len(front.split()) < least or _SPEAKS.search(fold(front)) or not _is_balanced(front):
            continue
        if _ATTRIBUTES.search(mark.group()) and " ने " in folded:
            # The speaker of the text before the dash.
            continue
        return front + ("?" if "?" in mark.group() else "")
    return title


def _is_call(part: str, pattern: re.Pattern[str]) -> bool:
    """Whether the pattern is in the part, and hardly any news before it."""
    found = pattern.search(part)
    most = _BEFORE_LAST if found and found.end() == len(part) else _BEFORE_CALL
    return found is not None and len(part[: found.start()].split()) <= most


def _points(part: str) -> bool:
    """Whether a last part hides the news of the report."""
    return len(part.split()) <= _MOST_POINTING and bool(_POINTING.search(part)) and not _POINTS_BACK.search(part)


def _is_news(front: str) -> bool:
    """Whether a text is a headline without the part that points."""
    return not _NO_NEWS.search(fold(front)) and len(_SEPARATOR.split(front)[-1].split()) > _LAST_WORDS


def _leaves_open(front: str, part: str) -> bool:
    """Whether the text before a part needs it: a condition, a quotation, or an earlier state."""
    found, last = tokens(front), tokens(_SEPARATOR.split(front)[-1])
    is_open = found[-1:] in ([fold("नहीं")], [fold("और")]) or (last[:1] == [fold("फिर")] and last[-1].endswith("कर"))
    if is_open or len(part.split()) <= _TINY:
        return is_open
    return not (VOICE.isdisjoint(found) and _WAITS.isdisjoint(last) and _WAS.isdisjoint(last))


def _without_cut_end(title: str) -> str:
    """Return the headline without a last part that was cut off, if the text before it is complete."""
    found = _CUT_OFF.search(title)
    if found is None or len(found["part"].split()) > _CUT_OFF_WORDS or _CLOSED_PART.search(found["part"]):
        return title
    front = title[: found.start()]
    is_whole = len(front.split()) >= LEAST_WORDS and len(re.split("[,;!?]", front)[-1].split()) >= _LAST_WORDS
    is_open = _leaves_open(front, found["part"]) or _SPEAKS_NEAR_END.search(fold(front)) or not _is_balanced(front)
    return front + title[found.start()].strip(",;") if is_whole and not is_open else title


def _is_balanced(text: str) -> bool:
    text = _APOSTROPHE.sub("", text)
    straight = all(text.count(mark) % 2 == 0 for mark in "\"'")
    return straight and all(text.count(opening) == text.count(closing) for opening, closing in _PAIRS)
