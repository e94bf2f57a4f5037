"""Compare who beats whom. A summary may rephrase the result but not change it: `A ने B को हराया` is `B को हार मिली`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from digest.curate.summary.support.clauses import Clause
from digest.curate.summary.support.roles import AGENT, is_name_like, same
from digest.curate.summary.support.vocabulary import GRAMMAR, key_of
from digest.curate.summary.support.words import Word

BEATS = frozenset(map(key_of, GRAMMAR["beats"]))
_WINS = frozenset(map(key_of, GRAMMAR["wins"]))
_LOSES = frozenset(map(key_of, GRAMMAR["loses"]))
_WINNERS = frozenset(map(key_of, GRAMMAR["winner"]))


@dataclass(frozen=True, slots=True)
class Result:
    """The names of those who win and of those who lose."""

    winners: tuple[Word, ...] = ()
    losers: tuple[Word, ...] = ()


def result_of(clause: Clause) -> Result:
    """Return the winners and losers in the clause; empty if it reports no result."""
    keys = {part.key for word in clause.words for part in (word.parts or (word,))}
    agents = _names(clause, AGENT) or _names(clause, {""})
    titled = [word for word in clause.words if is_name_like(word) and _is_titled(word, clause)]
    if any(word.key in _WINS | _LOSES and word.marker == "after" for word in clause.words):
        # `हार के बाद केरल के कोच ने`: whoever it names.
        named = tuple(word for word in clause.words if is_name_like(word) and word.is_content)
        return Result(named) if keys & _WINS else Result((), named)
    if keys & BEATS:
        return Result((*agents, *titled), tuple(_names(clause, {"को"})))
    if keys & _LOSES:
        # `रामपुर को हार मिली`
        losers = _names(clause, AGENT) or _names(clause, {"को"}) or agents
        return Result((*_names(clause, {"से"}), *titled), tuple(losers))
    if keys & _WINS:
        return Result((*agents, *titled), tuple(_names(clause, {"against"})))
    return Result(tuple(titled))


def same_result(clause: Clause, other: Clause) -> bool:
    """Whether both clauses have the same winners or losers, in any wording: `X से हारे`, `X ने हराया`."""
    mine, theirs = result_of(clause), result_of(other)
    agrees = _share(mine.winners, theirs.winners) or _share(mine.losers, theirs.losers)
    return agrees and not (_share(mine.winners, theirs.losers) or _share(mine.losers, theirs.winners))


def tells_other_side(clause: Clause, other: Clause) -> bool:
    """Whether one of two clauses tells of the winner and one of the loser, with one result: `X ने हराया`, `X से हारे`."""
    loses = [
        bool(_LOSES & {part.key for word in each.words for part in (word.parts or (word,))}) for each in (clause, other)
    ]
    return loses[0] != loses[1] and same_result(clause, other)


def turns_result(clause: Clause, clauses: Iterable[Clause]) -> bool:
    """Whether the articles contradict the clause's result and never confirm it: its winner loses, or its loser wins."""
    mine = result_of(clause)
    if not (mine.winners or mine.losers):
        return False
    turned = False
    for other in clauses:
        theirs = result_of(other)
        if _share(mine.winners, theirs.winners) or _share(mine.losers, theirs.losers):
            return False
        turned |= _share(mine.winners, theirs.losers) or _share(mine.losers, theirs.winners)
        for one, each in ((mine.winners, theirs.winners), (mine.losers, theirs.losers)):
            # Each has the other's winner in another part.
            turned |= _share(one, other.words) and _share(each, clause.words)
    return turned


def tells_result(word: Word, clause: Clause, clauses: Iterable[Clause]) -> bool:
    """Whether the word states a result (`विजेता`, `हार के बाद`) that the articles report of a person in the clause."""
    if word.key not in _WINNERS | _WINS:
        return False
    near = range(word.phrase, word.phrase + 2)
    named = [each for each in clause.words if is_name_like(each) and each.phrase in near and each is not word]
    return any(_share(named, result_of(other).winners) for other in clauses)


def _is_titled(word: Word, clause: Clause) -> bool:
    return any(each.phrase == word.phrase and each.key in _WINNERS for each in clause.words)


def _names(clause: Clause, markers: Iterable[str]) -> list[Word]:
    return [word for word in clause.words if word.marker in markers and is_name_like(word) and word.is_content]


def _share(mine: Sequence[Word], theirs: Sequence[Word]) -> bool:
    return any(same(word, each) for word in mine for each in theirs)
