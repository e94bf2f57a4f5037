"""Find where a Hindi sentence may be cut: after a whole clause, never before words that change its meaning."""

from __future__ import annotations

import re

from digest.hindi.text import folded_words
from digest.hindi.tokens import tokens

_FINITE = folded_words(
    "है हैं था थे थी थीं गया गई गए गयी गये गईं हुआ हुई हुए हुईं दिया दी दिए दिये दीं लिया ली किया की कीं रहा रही रहे",
    "पहुंचा पहुंची पहुंचे पहुंचाया पहुंचाई मारा मारी बनाया बनाई कहा बताया सुनाया सुनाई लगाया लगाई",
    "उठाया उठाई मांगा मांगी निकाला निकाली डाला डाली पाया पाई आया आई आए चला चली चले मिला मिली मिले छोड़ा जीता हराया घोषित",
    "जाएगा जाएगी जाएंगे जायेगा होगा होगी होंगे करेगा करेगी",
    "करेंगे देगा देगी देंगे रहेगा रहेगी रहेंगे मिलेगा मिलेगी मिलेंगे आएगा आएगी आएंगे लेगा लेगी लेंगे",
)
# Without a mark after them, only these are surely verbs: की and दी may be something else.
_SURELY_FINITE = folded_words("है हैं था थे थी थीं गया गई गए गयी गये गईं दिया लिया किया")
_AUXILIARIES = folded_words("है हैं था थे थी थीं")
_FUTURE = re.compile("(?:े|ें|ए|एं|ो|ों)ग[ाीे]$")
# बताए, सुनाये, but not किराया and साया.
_CAUSED = re.compile("..(?:ाए|ाये|ायी)$")
_BEGUN = folded_words("लगा लगी लगे लिए लिये हुयी हुये रखा रखी")
_GOING_ON = folded_words("रहा रही रहे")

WEIGHTY = folded_words(
    "नहीं न ना मत इनकार इन्कार खारिज गलत झूठ झूठी झूठा अफवाह फर्जी दावा दावे आरोप कथित संदेह आशंका पुष्टि बेबुनियाद लेकिन मगर हालांकि",
    "परंतु किंतु बावजूद अगर यदि तो शर्त जमानत बरी मौत मृत्यु मारे मार मरे मृत जान शव गिरफ्तार हिरासत",
)
"""Folded words that deny, doubt or attribute, or tell of a death or an arrest: what is left without them misleads."""


def ends_clause(text: str, *, is_marked: bool) -> bool:
    """Whether the text ends with a finite verb. `is_marked`: a comma or another mark follows."""
    found = tokens(text)[-2:]
    return len(found) == 2 and found[-1] in (_FINITE if is_marked else _SURELY_FINITE)


def _last_verb(text: str) -> str:
    return next((token for token in reversed(tokens(text)) if token not in _AUXILIARIES), "")


def reports_event(text: str) -> bool:
    """Whether a sentence ends with an event, past or future: no state, habit or ongoing action."""
    verb = _last_verb(text)
    return verb in (_FINITE | _BEGUN) - _GOING_ON or bool(_FUTURE.search(verb) or _CAUSED.search(verb))
