"""Shorten a headline for a subject without misleading: after a whole clause, or not at all.

`…शामिल नहीं होंगे कांग्रेस…` says the opposite of its headline. So a cut keeps every denial, claim, question and speaker,
and never ends before a postposition, an auxiliary or an infinitive.
"""

from __future__ import annotations

import re
from itertools import pairwise

from digest.hindi import cut
from digest.hindi.clauses import WEIGHTY, ends_clause, has_verb
from digest.hindi.text import fold, folded_words, words
from digest.hindi.tokens import tokens

# The least clusters and words of a part that can stand alone.
LEAST = 20
_LEAST_WORDS = 4
# A part between commas with fewer words is an item of a list: `दिल्ली, मुंबई और पुणे में`.
_ITEM_WORDS = 2
# A speaker's name has at most these words: `…: कांग्रेस नेता`; with a title before it more, but then no verb.
_SPEAKER_WORDS, _TITLED_SPEAKER_WORDS = 4, 8

_MARK = re.compile(
    r"\s*(?P<mark>[,;।!?|:…]|\.{2,})[\s.…!?]*|\s+(?P<dash>[–—-])\s+|(?<=[^\s0-9A-Za-z])(?P<glued>[–—-])\s+"
)
_AND = re.compile(r" (?=(?:और|तथा|एवं|जबकि) )")
# Text after one of these words qualifies or reverses the text before it.
_TURNS = folded_words(
    "लेकिन मगर पर परंतु किंतु हालांकि तो फिर तभी अचानक जब जबकि बल्कि वरना यदि अगर बशर्ते क्योंकि",
    "वह जो जिसने जिसे but unless if though",
)
_SPEAKS = folded_words(
    "कहा बोले बोला बोली बोलीं बताया बताई लिखा पूछा मुताबिक अनुसार सूत्र रिपोर्ट शक अटकल अटकलें संभव",
    "संभावना उम्मीद सकता सकती सकते सकेगा सकेगी प्रस्ताव मांग अपील चेतावनी धमकी वादा ऐलान फेक वायरल",
    "ट्वीट सफाई चुनौती ललकार कटाक्ष निशाना पलटवार भड़का भड़के भड़की भड़कीं बरसे बरसा गरजे छलका",
    "सलाह संदेश नसीहत तंज बयान खुलासा जांच खबर ख़बर अनुमान सुझाव आग्रह",
    "not no never deny denies denied claim claims says said alleged allegedly dead dies killed may might could",
    "report",
)
_ACTS = folded_words(
    "किया दिया लिया दिए लिए दीं कीं बताया बताई थामा थामी कराया कराई उठाया उठाई लगाया लगाई निकाला निकाली",
    "बनाया बनाई हारी हारा",
    "सुनाया सुनाई खोला खोली रोका रोकी भेजा भेजी पकड़ा पकड़े मारा मारी छोड़ा छोड़ी छोड़े तोड़ा तोड़ी तोड़े जीता जीती जीते",
    "लूटा लूटे मांगा मांगी मांगे काटा ठोका जड़ा रचा रची मचाया पाया पाई खरीदा खरीदी बेचा बेची सौंपा हराया",
    "लिखा लिखी फेंका फेंकी फेंके पीटा बुलाया बुलाई चुराया चुराए गिराया ठहराया दी की ली",
)
_PERHAPS_NO_VERB = folded_words("दी की ली")
_POSTPOSITIONS = folded_words("में से को पर")
_PASSIVE = folded_words("गया गई गए गयी गये गईं जाएगा जाएगी जाएंगे जा")
# Future endings of a word; followed by है it is not a future.
_FUTURE = re.compile(
    fold("(?<!यो)(?<!जो)(?<!रो)(?<!आ)(?<!लं)(?<!महं)(?<!दं)(?<!गं)(?<!तिरं)(?<!नं)(?<!स)(?<!त्या)[ाेी]?(?:गा|गी|गे)(?: |$)")
)
_FIRST_PERSON = folded_words(
    "मैं मैंने मुझे मुझसे मेरा मेरी मेरे हम हमें हमने हमारा हमारी हमारे तुम तुम्हें तुम्हारा तुम्हारी आपका आपकी आपके आपको आपने i my we our me us"
)
_SAID = folded_words("कहा बताया बोले बोला बोली बोलीं पूछा लिखा कहते says said asks asked")
# Windows in words: the end of a head, where a verb of speech announces a quotation; and the start of a tail, where an
# agent may be.
_NEAR_END, _AGENT_WITHIN = 4, 5
# Requests and orders: करें, रखिए.
_ORDER = re.compile(fold("(?:ें|एं|िए|इए|ाओ)$|(?:^| )(?:न|ना|मत) [^ ]+(?:ें|एं|ो) "))
_ORDERS = folded_words("करें रखें अपनाएं खाएं पिएं पीएं लें दें बनाएं बचें जानें देखें आजमाएं लगाएं डालें उबालें बनायें")
# Health advice promises more than it reports.
_BODY = folded_words(
    "कोलेस्ट्रॉल शुगर डायबिटीज यूरिक चर्बी मोटापा वजन स्किन त्वचा चेहरा चेहरे बाल बालों शरीर बॉडी मेटाबॉलिज्म पाचन विटामिन सेहत",
    "इम्यूनिटी फायदे किडनी लिवर ब्लड बीपी खांसी दर्द नींद बूढ़े जवां",
)
_THESE, _THIS_WITHIN = folded_words("ये यह इस इन"), 3
_RELATIVE = folded_words("जहां जहाँ जिसमें जिनमें जिससे जिनसे जिसके जिनके जिसकी जिनकी जिसका जिनका जिसे जिन्हें जिस जिन जो")
_WAS = folded_words("था थी थे थीं")
_OPENS_STORY, _WITH = folded_words("जब अगर यदि fact फैक्ट"), folded_words("सहित समेत")
_COURTS = folded_words("कोर्ट हाईकोर्ट अदालत न्यायालय पीठ")
_ABROAD = folded_words(
    "पाक पाकिस्तान चीन अमेरिका रूस यूक्रेन नेपाल बांग्लादेश श्रीलंका अफगानिस्तान तालिबान ईरान इराक इजरायल ब्रिटेन कनाडा",
    "जापान इंडोनेशिया ऑस्ट्रेलिया म्यांमार फ्रांस इटली जर्मनी तुर्की सीरिया थाइलैंड मलेशिया सऊदी दुबई",
    "ट्रंप बाइडेन पुतिन जिनपिंग नेतन्याहू जेलेंस्की इमरान हसीना किम",
)
_CAN = re.compile(fold("सक(?:ता|ती|ते) (?:है|हैं)"))
# "Should" marks an opinion.
_OUGHT = re.compile(fold("(?:ना|नी|ने) (?:होगा|होगी|होंगे)(?: |$)|(?:ना|नी) है(?: |$)|चाहिए|चाहिये"))
# Nouns that only announce the tail.
_EMPTY = folded_words(
    "दावा खुलासा बयान ऐलान एलान आरोप वजह कारण राज बात फैसला जवाब घोषणा खुशखबरी अपडेट मांग साझेदारी",
    "कामयाबी बदलाव कदम आदेश कमाल कारनामा कमेंट डिमांड रिपोर्ट प्लान ट्वीट पोस्ट अंदाज अवतार रूप लुक हंगामा बवाल हड़कंप",
    "इतिहास रिकॉर्ड धमाल जलवा सवाल वीडियो तस्वीर तस्वीरें खेल संकेत इशारा खबर मामला घटना चीज सजा सबक कोशिश तरीका कहानी",
    "ख्याल फरेब सच सच्चाई अनुभव हाल हालत तैयारी मामले परेशानी मुश्किल दस्तक वादा हाहाकार रणनीति गदर कीर्तिमान इंतजार",
    "एक्शन नोटिफिकेशन नोटिस गेम दंग हैरान सपने धोखा",
)
# A reference to something that the tail names: `इन उम्मीदवारों का इंतज़ार ख़त्म`; not `इस साल`.
_POINTS_AHEAD = re.compile(
    fold("(?:^| )(?:इन|इस|ये|यह) (?!साल|बार|वर्ष|हफ़्ते|सप्ताह|महीने|माह|समय|वक़्त|सीज़न|मौके|अवसर|बीच|दौरान|तरह|लिए|पर )")
)
# An end that announces news without content: `… को बड़ा झटका`, `… पड़ा भारी`.
_PROMISE = re.compile(
    fold(
        "(?:^| )(?:बड़ा|बड़ी|तगड़ा|करारा|ज़ोरदार|ख़ास|नया) "
        "(?:उलटफेर|झटका|राहत|क़दम|फ़ैसला|बदलाव|सौगात|तोहफ़ा|खुलासा|बयान|दांव|हादसा|कमाल|मोड़|ट्विस्ट)"
        "(?: दिया| दी| मिला| मिली| लगा| हुआ)?$"
        "|(?:^| )पड़(?:[ाी]| गया| गई) (?:भारी|महंगा|महंगी)$"
        "|(?:मामला|मामले|घटना|बात|चीज|खबर|जानकारी)(?: [^ ]+){0,2} सामने (?:आया|आई|आए)(?: है| हैं)?$"
        "|(?:^| )(?:टेंशन|इंतज़ार|इंतजार)(?: हुआ| होगा| हो गया)? खत्म$|अजब गजब$"
    )
)
# Words that stand for something that the tail or the report names.
_STANDS_FOR = folded_words("ऐसा ऐसी ऐसे यूं यहां वहां")
# Words for a person or thing that is named elsewhere, at the start of a headline.
_SOMEBODY = folded_words("एक्टर एक्ट्रेस हीरो हीरोइन युवक युवती महिला शख्स लड़का लड़की पति पत्नी खिलाड़ी क्रिकेटर सिंगर दोस्त")
_TURN, _NOW = folded_words("लेकिन मगर"), folded_words("अब फिर")
_PRONOUNS = folded_words(
    "उन्हें उन्होंने उनके उनकी उनका उनसे उसे उसने उसके उसकी उसका वह वो वे इन्हें इन्होंने इनके इनकी इनका इसे इसके इसकी इसका"
)
# What a tail must not tell alone: violence and its victims.
_GRAVE = folded_words(
    "हत्या कत्ल मर्डर ढेर आत्महत्या खुदकुशी सुसाइड फांसी दुष्कर्म रेप गैंगरेप धमाका विस्फोट ब्लास्ट घायल जख्मी लापता शहीद झुलसे डूबे दबे",
    "मारे मरे मर घिनौना घिनौनी दरिंदगी हैवानियत बंधक प्राण चाकू गला घोंट जेल अरेस्ट मौत मौतें जान शव गिरफ्तार",
)
# Verbs that clauses.py does not list, because at the end of a sentence they may be something else.
_VERBS = folded_words(
    "भड़का भड़के भड़की भड़कीं छलके छलका बदला बदली बदले डोली डोला कांपे कांपा गिरी गिरा गिरे टूटा टूटी टूटे बढ़ा बढ़ी बढ़े बढ़ीं घटा घटी घटे",
    "उतरे उतरा उतरी निकले निकला निकली लौटा लौटी लौटे डूबा डूबी डूबे फंसा फंसी फंसे बना बनी बने खुला खुली खुले लगा लगी लगे जुड़ा",
    "जुड़े जुड़ी हारा हारे उठा उठी उठे भागा भागे घुसा घुसे बचा बचे बची झुका झुकी जागा चढ़ा चढ़ी चढ़े रुका रुकी रुके",
)
# Last words of a headline without a verb that reports an event: `वरिष्ठ नेता का निधन`.
_EVENTS = folded_words(
    "मौत निधन गिरफ्तार घायल शहीद ढेर हत्या चूक हमला हमले अलर्ट जारी बंद शुरू रद्द स्थगित घोषित लागू खत्म समाप्त पूरा पूरी तैयार परेशान",
    "बेहाल प्रभावित लापता बरामद फरार निलंबित सस्पेंड बर्खास्त इस्तीफा शपथ विरोध प्रदर्शन हड़ताल आग भूकंप बाढ़ बारिश बर्फबारी महंगा",
    "महंगी महंगे सस्ता सस्ती सस्ते नाराज आउट बाहर पास फेल सख्त लॉन्च रिलीज उद्घाटन लोकार्पण शिलान्यास रोक छापा छापेमारी ठप लॉकडाउन",
    "कर्फ्यू पाबंदी बैन भर्ती नियुक्त तबादला टक्कर उल्लंघन राहत बैठक मुलाकात वापसी शामिल नजरबंद बरी दरिंदगी लीक कन्फर्म कन्फ़र्म पुष्टि",
    "केस मामले मरीज वैकेंसी छापे कर्ज ठगी संक्रमित पॉजिटिव एक्सीडेंट हादसा हादसे लू गर्मी ठंड कोहरा इजाफा कटौती एंट्री दुष्कर्म छेड़खानी",
    "शीतलहर गिरावट तेजी बढ़ोतरी समझौता करार मंजूरी मंज़ूरी हाई",
)
_ATTACKS = folded_words("हत्या कत्ल मर्डर चाकू गोली गोलियां वार धमाका विस्फोट आत्महत्या खुदकुशी जहर")
# If only the tail has one of these, the head does not show the crime: `छापने लगा लाखों रुपए, पुलिस ने खोला राज`.
_POLICE = folded_words("पुलिस एसटीएफ सीबीआई ईडी एनआईए एटीएस ठग ठगी फर्जी नकली साजिश आरोपी आरोप मुकदमा केस एफआईआर")
# Figures of speech that need the tail: `क्रिकेट पर गिरे दो बम, …`.
_FIGURES = folded_words("बम लॉटरी चमत्कारी चमत्कार गूंज जादू सुनामी भूचाल कयामत कहर तूफान आंधी दिल सजदे")
# `घाट में छिपा है रहस्य` is a state, `घाट में छिप गया है` an event.
_STATE = re.compile(
    fold("(?:^| )(?!(?:ग|रह|चुक|हु|दि|लि|कि|क|आ|मिल|सक|पाए|पाया|पहुंच|बन|कह|बता)[^ ]* )[^ ]+ (?:है|हैं)(?: |$)")
)
_OTHER = folded_words("दूसरा दूसरी दूसरे दूसरों वहीं उधर")
_ASKS = frozenset("?？")
_QUESTIONS = folded_words("कब क्यों कैसे कौन किस किसने किसका किसके किसकी किसमें किससे किसे कहां कितना कितनी कितने")
_QUOTES = (("‘", "’"), ("“", "”"), ("(", ")"))
_HAVING = folded_words("वाला वाली वाले")
# A straight quotation mark, not the apostrophe of `India's`.
_STRAIGHT = re.compile("(?<![A-Za-z])'|'(?![A-Za-z])")


def fitting(headline: str, limit: int) -> str:
    """Return the headline if it has at most `limit` clusters, else its first whole clauses with '…'; '' if none fit."""
    if cut.length(headline) <= limit:
        return headline
    plain = " ".join(re.sub(r" ?\([^()]*\)", "", headline).split())
    if plain and cut.length(plain) <= limit:
        return plain
    for end, start, mark in _ends(plain):
        head, tail = plain[:end], plain[start:]
        # `नेता दल बदलेंगे!` is a rumour, and without its mark a fact.
        shown = head + (mark if mark in ("?", "!") else cut.ELLIPSIS)
        if LEAST <= cut.length(shown) <= limit and _stands_alone(head, tail, mark, plain):
            return shown
    return ""


def _ends(text: str) -> list[tuple[int, int, str]]:
    """Return where clauses may end, last first: the end of the head, the start of the tail, the mark between them."""
    found = [(each.start(), each.end(), each["mark"] or "-") for each in _MARK.finditer(text) if each.end() < len(text)]
    found += [
        (each.start(), each.end(), "")
        for each in _AND.finditer(text)
        if ends_clause(text[: each.start()], is_marked=False)
    ]
    return sorted(found, reverse=True)


def _stands_alone(head: str, tail: str, mark: str, text: str) -> bool:
    if mark in ":-" and mark:
        # A topic, or a speaker before the quotation.
        return False
    if mark.startswith(("…", "..")) or tail.startswith(("-", "–", "—")):
        # The text before dots, or before `?-`, is often a quotation.
        return False
    ending, rest = tokens(head), tokens(tail)
    if len(head.split()) < _LEAST_WORDS or not ending or not rest or is_unfinished(head.split()[-1]):
        return False
    if rest[0] in _TURNS or (WEIGHTY | _SPEAKS) & set(rest) or "?" in tail or "？" in tail:
        return False
    if len(re.split(r"…|\.{2,}", head)[-1].split()) < _LEAST_WORDS:
        # A few words after dots: `चोर पकड़े गए... पुलिस आई, …`.
        return False
    if head[-1] in "’”'\"" or names_speaker(text) or _is_list(head, tail) or not _is_balanced(head):
        return False
    if head[-1].isascii() and not has_verb(head):
        # A name that the tail describes: `नया ट्रैक्टर Kamla 5, चलता है …`.
        return False
    if _promises(head, ending, rest) or _loses_news(ending, rest):
        return False
    if _ABROAD & set(rest) and not _ABROAD & set(ending):
        # `डीजल महंगा, नेपाल में …`: without the tail it reads as domestic news.
        return False
    if _COURTS & set(rest):
        # A court's finding is not the paper's own fact.
        return False
    if ending[0] in _OPENS_STORY or _WITH & set(rest[:_AGENT_WITHIN]):
        # `जब मंत्री ने खोला पुल, …`; the names of a list: `मेले में कमला देवी, रामू सहित दस लोगों ने …`.
        return False
    if rest[0] in _RELATIVE and not ends_clause(head, is_marked=True):
        # A noun and its description: `पांच नई बसें, जिनमें …`.
        return False
    if _POINTS_AHEAD.search(fold(head)) or _PROMISE.search(" ".join(ending)):
        return False
    if (mark in _ASKS) == _QUESTIONS.isdisjoint(ending) or (mark not in _ASKS and "क्या" in ending):
        # A question to the reader: `धीमे इंटरनेट से परेशान हैं? इन उपायों से …`; or one without its mark.
        return False
    if ending[-1] in _EMPTY or ending.count("क्या") > 1 or _FIGURES & set(ending) or _STATE.search(fold(head)):
        return False
    if _WAS & set(ending):
        # The situation before the news: `कम हो गया था प्रदूषण, अब फिर …`, `मेला देखने गया था परिवार, रास्ते में …`.
        return False
    if any(each["dash"] or each["glued"] for each in _MARK.finditer(tail)):
        # The speaker may stand after the dash.
        return False
    if (
        _ORDER.search(fold(head))
        or _OUGHT.search(fold(head))
        or _FIRST_PERSON & set(ending)
        or _SAID & set(ending[-_NEAR_END:])
    ):
        # The speaker or the quotation is after the cut.
        return False
    is_promise = _FUTURE.search(fold(head)) or _CAN.search(fold(head))
    if (
        _OUGHT.search(fold(tail))
        or (mark not in _ASKS and _ORDERS & set(rest))
        or (_BODY & set(ending) and _THESE & set(rest))
        or ("कुछ", "ऐसा") in pairwise(rest)
    ):
        # `नहर में पानी हो गया कम, इन उपायों से करें बचत`, `मेले में मिले दोनों, हुआ कुछ ऐसा कि …`: the head is no news.
        return False
    is_condition = bool(_THESE & set(rest[:_THIS_WITHIN]) or _BODY & set(ending))
    is_condition = is_condition or bool(_ORDER.search(rest[0]))
    if is_promise and (is_condition or _ORDER.search(fold(tail))):
        # `नहीं होगी खांसी, पिएं ये काढ़ा`: the condition of the promise is after the cut.
        return False
    if _is_answered(ending) or (":" in head and not has_verb(head.partition(":")[2])):
        return False
    # `थामा नए दल का हाथ, दो नेताओं ने …`: the agent is after the cut.
    return not _lacks_agent(ending, rest)


def _promises(head: str, ending: list[str], rest: list[str]) -> bool:
    """Return whether a head only points to news: a pronoun, `ऐसी चीज़`, or a part that reports no event."""
    if ending[0] in _PRONOUNS or ending[0] == "पहले" or not _STANDS_FOR.isdisjoint(ending) or head.endswith("?"):
        return True
    starts_with_only = ending[0] == fold("सिर्फ") and (_FUTURE.search(fold(head)) or "नहीं" in ending)
    if starts_with_only or _TURN & set(ending) or ("पहले" in ending and _NOW & set(rest[:1])):
        # `सिर्फ 2 रुपये में …`, `चार हार लेकिन …`, `पहले नाव डूबी, अब …`
        return True
    if ("तो", "नहीं") in pairwise(ending):
        # `नाव को तो नहीं बचा पाए, लोगों को …`
        return True
    if "ने" not in ending and (ending[-1] in _SOMEBODY or ending[0] in _SOMEBODY):
        # `मेले में नजर आया एक्टर`: the tail says who.
        return True
    if ("से", "लेकर") in pairwise(ending) and "तक" not in ending[ending.index("लेकर") :]:
        # `चावल से लेकर आटा`
        return True
    # Each part must report something: `नया पुल, चौड़ी सड़क, …`.
    parts = re.split(r"[,;]|…|\.{2,}", head)
    return len(parts[0].split()) <= _ITEM_WORDS or not all(map(_reports, parts))


def _reports(part: str) -> bool:
    """Return whether a part of a headline reports an event: it has a verb, or ends with a word such as `निधन`."""
    found = tokens(part)
    if has_verb(part) or _FUTURE.search(fold(part)) or (_ACTS - _PERHAPS_NO_VERB | _VERBS) & set(found):
        return True
    is_over = found[-1:] == ["पार"] and any(word[0].isdigit() for word in found)
    return bool(found) and "या" not in found and (is_over or found[-1] in _EVENTS)


def _loses_news(ending: list[str], rest: list[str]) -> bool:
    """Return whether a tail has a death or a crime of which the head says nothing, or the other half of the news."""
    if _GRAVE & set(rest) and _GRAVE.isdisjoint(ending):
        return True
    if _ATTACKS & set(rest) and _ATTACKS.isdisjoint(ending):
        # `सांसद की मौत, चाकू से किए थे वार`
        return True
    if _POLICE & set(rest) and (_POLICE | _GRAVE | _EVENTS).isdisjoint(ending):
        return True
    if _WAS & set(rest) and all(any(word[0].isdigit() for word in part) for part in (ending, rest)):
        # A comparison: `सात साल में 570 पुल, पहले बने थे 85`.
        return True
    if rest[0] == "पहले" and "फिर" in rest:
        # Only the situation: `घाट पर पहुंचा व्यापारी, पहले …, फिर …`.
        return True
    # `एक घटना में …, दूसरी …`; `पांच गिरफ्तार, पीटने वालों को भी पुलिस ने पकड़ा`.
    return not _OTHER.isdisjoint(rest[:_AGENT_WITHIN]) or ("भी" in rest and not (_GRAVE | WEIGHTY).isdisjoint(ending))


def _is_answered(ending: list[str]) -> bool:
    """Return whether the tail resolves the head: `जो राह बनाई, उस पर …`."""
    # After a relative clause the main one is still to come.
    return bool(_RELATIVE & set(ending)) or (bool(_OPENS_STORY & set(ending)) and "तो" not in ending)


def _lacks_agent(ending: list[str], rest: list[str]) -> bool:
    """Return whether a head reports an act without its agent."""
    if "ने" in ending:
        return False
    acts = _ACTS & set(ending)
    if acts and "ने" in rest[:_AGENT_WITHIN]:
        return True
    # की and दी are mostly not verbs. After a postposition they are: `दुकान में की नौकरी`, `जीवन को दी दिशा`.
    is_verb = any(word in _POSTPOSITIONS and following in _PERHAPS_NO_VERB for word, following in pairwise(ending))
    return bool(is_verb or acts - _PERHAPS_NO_VERB) and _PASSIVE.isdisjoint(ending)


def names_speaker(text: str) -> bool:
    """Return whether a headline ends with its speaker: `…: मुख्यमंत्री`, `… - विधायक`."""
    return bool(speaker_at_end(text))


def speaker_at_end(text: str) -> str:
    """Return the speaker at a headline's end, with the mark before it: ` - विधायक`; '' if there is none."""
    marks = list(_MARK.finditer(text))
    if not marks or marks[-1]["mark"] not in (None, ":"):
        return ""
    speaker = text[marks[-1].end() :]
    most = _SPEAKER_WORDS if has_verb(speaker) else _TITLED_SPEAKER_WORDS
    return text[marks[-1].start() :] if 0 < len(speaker.split()) <= most else ""


def _is_list(head: str, tail: str) -> bool:
    before = re.split("[,;]", head)
    after = re.split("[,;]| और | व | तथा ", tail)
    is_item = (
        len(before) > 1 and len(before[-1].split()) <= _ITEM_WORDS + 1 and not ends_clause(before[-1], is_marked=True)
    )
    if _HAVING & set(tokens(after[0])) and not ends_clause(before[-1], is_marked=True):
        # `40 घोड़ों का इंजन, चार गियर वाला ट्रैक्टर`
        return True
    least = _ITEM_WORDS + after[0].strip()[:1].isdigit()
    return is_item or len(before[-1].split()) <= _ITEM_WORDS or len(after[0].split()) <= least


def _is_balanced(text: str) -> bool:
    is_straight = text.count('"') % 2 == 0 and len(_STRAIGHT.findall(text)) % 2 == 0
    return is_straight and all(text.count(opening) == text.count(closing) for opening, closing in _QUOTES)


_PUNCTUATION = " ,;:–—-|/\"'‘’“”()[]।?!"

# Postpositions, conjunctions, determiners, participles and infinitives: a headline cut after one reads as broken.
_UNFINISHED = frozenset(
    words(
        "का के की को से में पर ने तक और या व एवं तथा लेकिन मगर परंतु बल्कि कि जो जब जहाँ जहां अगर तो भी ही न",
        "वाला वाले वाली वालों इस उस इन उन एक हर सबसे कई यह ये वह वे अपने अपनी अपना द्वारा बिना",
        "लिए लिये बाद पहले साथ बीच खिलाफ दौरान समेत",
        "सहित जैसे करने होने देने लेने जाने आने रहने बनाने बनने कर होकर लेकर नहीं",
        "क्या क्यों कैसे किसी कोई मिस्टर श्री डॉ",
        "आणि किंवा पण तर हा हे ला चा ची चे च्या र ले मा बाट लाई",
        "a an the of in on at to for and or but with from by as after before over into is are was will",
        "that its his her not no",
    )
)


def is_unfinished(word: str) -> bool:
    """Return whether a text that ends with the word needs another word."""
    bare = word.strip(_PUNCTUATION)
    return not bare or bare.lower() in _UNFINISHED or bare.lstrip("₹$").replace(",", "").isdigit()
