"""Whose voice a sentence is in. A sentence in somebody's voice needs its speaker, or it reads as the paper's own."""

from __future__ import annotations

import re

from digest.hindi.text import fold, words
from digest.hindi.tokens import tokens

# Words that name the act of saying. A sentence with one of them says who speaks, or goes on with a speaker.
_SAYING = re.compile(
    fold(
        r"(?:^|[ ,“‘])(?:कहा|कही|कहीं गईं|कहते|कहती|कहना|कहने|कहेंगे|बोले|बोला|बोली|बोलीं|बताया|बताई|बताते|बताती|बताए|लिखा|लिखी|पूछा|"
        r"ट्वीट|आरोप|दावा|दावे|मांग|अपील|मुताबिक|अनुसार|हवाले|घोषणा|ऐलान|एलान|चेतावनी|चेताया|जवाब|सलाह|निर्देश|आदेश|राय|"
        r"मानना|मानते|माना|उम्मीद|जताई|जताया|जताते|बयान|टिप्पणी|सवाल|तंज|निशाना|हमला बोला|नसीहत|सुझाव|संदेश|फैसला|वादा|"
        r"सिफारिश|आग्रह|अनुरोध|शिकायत|आशंका)(?=$|[ ,।.:;“”‘’?!-])"
    )
)
# Saying whose words follow, so that the next sentences may be the speaker's too.
_QUOTES_ON = re.compile(
    fold(
        "(?:कहा|कहना|कहते|बोले|बोला|बोलीं|बताया|बताते|लिखा|आरोप लगाया|दावा किया|मुताबिक|अनुसार|मानना|जोड़ा)(?=$|[ ,।.:;“”‘’?!-])"
    )
)
_FIRST_PERSON = frozenset(
    fold(word)
    for word in words(
        "मैं मैंने मुझे मुझको मुझसे मुझमें मुझ मेरा मेरी मेरे हम हमने हमें हमको हमसे हममें हमारा हमारी हमारे हूं हूँ मैने "
        "रहूंगा रहूंगी करूंगा करूंगी दूंगा दूंगी चाहूंगा चाहूंगी लूंगा लूंगी जाऊंगा जाऊंगी"
    )
)
_SECOND_PERSON = frozenset(
    fold(word) for word in words("तुम तुमने तुम्हें तुम्हारा तुम्हारी तुम्हारे तू आपको आपका आपकी आपके आपने आपसे कीजिए दीजिए लीजिए")
)
# A judgement about what somebody ought to do is a speaker's, not a report's.
_OUGHT = re.compile(fold("(?:चाहिए|चाहिये)(?=$|[ ,।.!])"))
# An order or a wish: कर लें, बनाई जाएं.
_WISH = re.compile("(?:ें|एं|ाए|ायें)[।.]?$")
# What is so or will be, and not what happened.
_STATEMENT = re.compile(fold("(?:है|हैं|नहीं|होगा|होगी|होंगे|रहेगा|रहेगी|रहेंगे|करेगा|करेगी|करेंगे|सकता|सकती|सकते|चाहिए)[।.!]?$"))
_HAPPENED = re.compile(
    fold(
        "(?:गया|गई|गए|गयी|गये|हुआ|हुई|हुए|दिया|दी|दिए|किया|की|किए|लिया|ली|लिए|चुका|चुकी|चुके|रहा|रही|रहे|पहुंचा|पहुंची|आया|आई|आए) (?:है|हैं)[।.!]?$"
    )
)
_RHETORIC = re.compile(
    fold(r"(?:^|[ ,])(?:भला|क्या यह|क्या ये|शर्म|धिक्कार|लानत|जनता माफ|भगवान|ईश्वर की कृपा)(?=[ ,।.!?])|!$")
)
_WHOLE_QUOTE = re.compile("^[\"“‘'].*[\"”’'][।.]?$")


def names_speech(text: str) -> bool:
    """Return whether the sentence says that somebody says something."""
    return bool(_SAYING.search(fold(text)))


def opens_speech(text: str) -> bool:
    """Return whether the sentences after this one may still be the speaker's words."""
    return bool(_QUOTES_ON.search(fold(text)))


def lacks_speaker(text: str) -> bool:
    """Return whether the sentence is in a voice that it does not name: मैं, हम, a judgement, or a bare quotation."""
    found = set(tokens(text))
    if _WHOLE_QUOTE.match(text) and not names_speech(re.sub("[“\"‘'].*?[”\"’']", "", text)):
        return True
    if _FIRST_PERSON & found:
        return not opens_speech(text)
    folded = fold(text)
    return not names_speech(text) and bool(_OUGHT.search(folded) or _RHETORIC.search(folded) or _WISH.search(folded))


def states(text: str) -> bool:
    """Return whether the sentence states or foretells something, as speakers do, and reports no event."""
    folded = fold(text)
    return bool(_STATEMENT.search(folded)) and " ने " not in folded and not _HAPPENED.search(folded)


# Perfective verbs that need an agent with ने, at the end of a sentence or before कि.
_ACT = re.compile(
    fold(
        "(?<!दिखाई)(?<!सुनाई)(?<!चल)(?<!हो)(?:^| )(?:किया|कराया|दिया|लिया|उठाया|लगाया|निकाला|बनाया|सुनाया|जताया|दबोचा|सौंपा|भेजा|खोला|रोका|बताया|कहा)"
        "(?: (?:है|हैं|था|थे))?[।.]?$|(?:^| )(?:कहा|बताया) कि "
    )
)
_AGENT = re.compile(fold("(?:^|[ ’”])(?:ने|[^ ]{2,}ने|द्वारा|मुताबिक|अनुसार|हवाले|ओर से|बोले)[ ,]"))


def lacks_agent(text: str) -> bool:
    """Return whether the sentence tells what somebody did, and not who: `कर्फ्यू का पालन कराया।`"""
    folded = fold(text)
    found = _ACT.search(folded)
    return bool(found) and not _AGENT.search(folded[: found.start() + 1] if found else "")


def addresses_reader(text: str) -> bool:
    """Return whether the sentence speaks to the reader (आपको, कीजिए), as advice does."""
    return bool(_SECOND_PERSON & set(tokens(text))) and not names_speech(text)
