"""Compare the causes that two clauses give."""

from __future__ import annotations

from digest.curate.summary.support.clauses import Clause, Sentence
from digest.curate.summary.support.roles import find_cause, is_force, same
from digest.curate.summary.support.words import is_infinitive

# Phrases in an article that imply a cause without naming it as one.
_CAUSES = ("अभाव में", "देखते हुए", "के मद्देनजर", "से नाराज", "आधार पर")


def cause(clause: Clause, other: Clause, sentence: Sentence) -> str | None:
    """Return the problem with the clause's cause; None if it gives none, or the same cause as the article."""
    pool = [(word, each) for each in sentence.clauses for word in each.words]
    for n, verb in enumerate(clause.words):
        if verb.marker == "से" and is_infinitive(verb.text):
            # `बिक्री घटने से`: the noun or the verb is in the article's cause.
            before = [word for word in clause.words[max(0, n - 1) : n] if word.is_content and not word.number]
            led = [word for word in (verb, *before) if word.is_content]
            if led and not any(find_cause(word, pool) for word in led):
                return f"the article gives another cause than “{verb.text}”"
    if (
        clause.has_cause
        and not any(each.has_cause or each.is_adverbial for each in (other, *sentence.clauses))
        and not any(phrase in " ".join(other.tokens) for phrase in _CAUSES)
        and not any(word.marker == "से" for word in other.words)
        and not any("जिससे" in each.opener.split() for each in sentence.clauses)
    ):
        return "the article gives no cause"
    return None


def invented(clause: Clause, other: Clause, *, has_effect: bool) -> str | None:
    """Return a problem if the clause names a cause that the article does not, or takes an effect for it.

    `मौत के कारण` takes the effect of `… के कारण मौत` for its cause.
    `has_effect`: whether the article's clause has the clause's predicate.
    """
    mine = [word for word in clause.words if word.marker == "cause" and word.is_content]
    if mine and not has_effect and not any(map(is_force, mine)):
        return f"the article's sentence names no such effect of “{mine[-1].text}”"
    causes = [each for each in other.words if each.marker == "cause" and each.is_content]
    effects = [word for word in mine if any(same(word, each) for each in other.words)]
    turned = [word for word in effects if causes and not any(same(word, each) for each in causes)]
    return f"the article does not give “{turned[-1].text}” as a cause" if turned else None
