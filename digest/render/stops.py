"""One way of ending sentences within a text: papers end them with danda or full stop, and a summary may hold both.

Typography of the letter only; what is stored keeps each paper's own. Changes no sign but the last of a sentence.
"""

from __future__ import annotations

import re

from digest.hindi.sentences import DEVA, split

_ENDED = re.compile(rf"[\s“‘(][{DEVA}\u200c\u200d]+([।.])\Z")
"""A last word of Devanagari alone: an abbreviation such as 'कि.मी.' keeps its stop."""


def alike(text: str) -> str:
    """`text` with the sentences that end in a danda or a full stop ending as the first such one does."""
    at, end, made = 0, "", []
    for sentence in split(text):
        place = text.index(sentence, at)
        found = _ENDED.search(sentence)
        end = end or (found[1] if found else "")
        made += [text[at:place], sentence[:-1] + end if found else sentence]
        at = place + len(sentence)
    return "".join([*made, text[at:]])
