"""The rows by which a story's importance is judged: weight, reason, and where their words count.

The words are in words.txt. A weight is in points of the scale from 1 (leave out) to 5 (must lead); a story that matches
no row has BASE points. Weights are an editor's, moved a little towards a fit to 998 labelled headlines and rounded
(docs/adr/0014-importance-decides.md); a newsroom changes them with `edition.importance`. Reasons are ids of messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

BASE = 2.15
# There is no maximum: of two disasters, the larger one must lead, and not the newer one.
LEAST = 1.0


@dataclass(frozen=True, slots=True)
class ImportanceRow:
    """A sign of importance. `%(found)s` in the reason is the words or number found."""

    name: str
    weight: float
    reason: str
    # Whether its words also count in the first paragraph, at LEAD_SHARE.
    in_lead: bool = True
    # Whether its words are figures of speech in a soft headline: a film's storm, a batsman's bomb.
    is_event: bool = False
    # Whether it makes a headline soft.
    is_soft: bool = False


def _event(name: str, weight: float, reason: str, *, in_lead: bool = True) -> ImportanceRow:
    return ImportanceRow(name, weight, reason, in_lead=in_lead, is_event=True)


def _soft(name: str, weight: float, reason: str, *, in_lead: bool = True) -> ImportanceRow:
    return ImportanceRow(name, weight, reason, in_lead=in_lead, is_soft=True)


def _form(name: str, weight: float, reason: str) -> ImportanceRow:
    """Return a row about the form of the headline."""
    return ImportanceRow(name, weight, reason, in_lead=False)


# Matched by words.
WORD_ROWS = (
    _event("disaster", 0.5, "It is about a natural disaster (%(found)s)"),
    _event("havoc", 0.2, "It tells of heavy damage (%(found)s)"),
    _event("crash", 1.0, "It is about a plane or train accident (%(found)s)"),
    _event("accident", 0.2, "It is about an accident (%(found)s)"),
    _event("war", 0.4, "It is about war or the army (%(found)s)"),
    ImportanceRow("truce", 0.4, "It is about an end of fighting (%(found)s)", in_lead=False),
    _event("terror", 0.55, "It is about an attack (%(found)s)"),
    _event("unrest", 0.6, "It is about unrest (%(found)s)"),
    _event("death", 0.35, "It tells of deaths (%(found)s)"),
    ImportanceRow("topcourt", 0.9, "It is about the Supreme Court (%(found)s)"),
    _event("court", 0.2, "It is about a court case (%(found)s)"),
    _event("union", 0.4, "It is about the Union government or Parliament (%(found)s)"),
    ImportanceRow("agency", 0.45, "It is about a national institution (%(found)s)"),
    ImportanceRow("world", 0.6, "It is about an international body (%(found)s)"),
    _event("foreign", 0.1, "It is about a foreign country (%(found)s)", in_lead=False),
    _event("diplomacy", 0.25, "It is about diplomacy (%(found)s)", in_lead=False),
    _event("state", 0.3, "It is about a state government (%(found)s)", in_lead=False),
    ImportanceRow("politics", 0.3, "It is about politics (%(found)s)", in_lead=False),
    _event("decision", 0.3, "It tells of a decision or a new rule (%(found)s)", in_lead=False),
    _event("change", 0.6, "It tells of a change of power or office (%(found)s)", in_lead=False),
    _event("head", 1.5, "The head of a government resigns (%(found)s)", in_lead=False),
    _event("election", 0.5, "It has the result of an election (%(found)s)", in_lead=False),
    _event("economy", 0.5, "It is about the economy (%(found)s)"),
    ImportanceRow("scam", 0.4, "It is about corruption or fraud (%(found)s)"),
    _event("crime", 0.4, "It is about a serious crime (%(found)s)"),
    ImportanceRow("police", 0.0, "It is about police work (%(found)s)", in_lead=False),
    ImportanceRow("outbreak", 0.5, "It is about the spread of a disease (%(found)s)"),
    ImportanceRow("newcases", 0.3, "It has new numbers of cases (%(found)s)", in_lead=False),
    _event("shutdown", 0.9, "It stops the life of a state or the country (%(found)s)", in_lead=False),
    _event("closure", 0.2, "It affects daily life (%(found)s)", in_lead=False),
    ImportanceRow("result", 0.7, "It has the results of board examinations (%(found)s)", in_lead=False),
    ImportanceRow("space", 0.9, "It is about space research (%(found)s)", in_lead=False),
    ImportanceRow("mission", 1.7, "It is about a launch or landing in space (%(found)s)", in_lead=False),
    _event("official", 0.6, "It quotes officials (%(found)s)"),
    ImportanceRow("government", 0.1, "It is about government offices (%(found)s)", in_lead=False),
    ImportanceRow("victory", 0.3, "It tells of a win or loss in sport (%(found)s)", in_lead=False),
    ImportanceRow("national", 0.6, "India's team wins or loses (%(found)s)", in_lead=False),
    _soft("sport", 0.0, "It is about sport (%(found)s)"),
    _soft("celebrity", -0.55, "It is about films or celebrities (%(found)s)"),
    ImportanceRow("private", -0.35, "It is about private life (%(found)s)", in_lead=False),
    ImportanceRow("viral", -0.1, "It is about viral posts or pictures (%(found)s)", in_lead=False),
    _soft("healthtip", -0.3, "It is health advice (%(found)s)"),
    _soft("gadget", -0.3, "It is about a product (%(found)s)"),
    _soft("offer", -0.15, "It reads like an advertisement (%(found)s)", in_lead=False),
    _soft("career", -0.35, "It is about exams or jobs (%(found)s)", in_lead=False),
    _form("question", -0.2, "The headline is a question (%(found)s)"),
    _form("explainer", -0.5, "It explains a subject (%(found)s)"),
    _form("vague", -0.2, "The headline hides who or what it is about (%(found)s)"),
    _form("bait", -0.25, "The headline is sensational (%(found)s)"),
    _soft("reaction", -0.3, "It is one politician's answer to another (%(found)s)", in_lead=False),
    _form("awaited", -0.5, "It announces results that are not out yet (%(found)s)"),
    _form("teaser", 0.0, "The headline calls for a click (%(found)s)"),
    _form("advice", -0.4, "It is advice for readers (%(found)s)"),
    _form("satire", -2.0, "It is satire (%(found)s)"),
    _form("roundup", -0.4, "It is a list of several news items (%(found)s)"),
    _form("history", -0.35, "It is an old story (%(found)s)"),
    _soft("ceremony", -0.3, "It is about a ceremony or routine event (%(found)s)", in_lead=False),
    ImportanceRow("local", -0.1, "It matters in one place only (%(found)s)"),
)
# Matched by numbers.
NUMBER_ROWS = (
    ImportanceRow("dead", 1.1, "%(found)s people died"),
    ImportanceRow("many_dead", 0.8, "Ten or more people died (%(found)s)"),
    ImportanceRow("affected", 0.6, "It affects %(found)s people or places"),
    ImportanceRow("cases", 0.9, "There are %(found)s cases of a disease"),
    ImportanceRow("money", 0.55, "It is about %(found)s crore rupees"),
    ImportanceRow("market", 1.2, "The market moved by %(found)s points"),
)
# Matched by the form of the headline.
FORM_ROWS = (
    _form("hides", -0.3, "The headline only points to its news, and there is no text"),
    _form("label", -0.6, "The headline is a label (%(found)s)"),
    _form("quote", -0.25, "The headline starts with a quotation"),
    _form("noname", -0.35, "The headline names no place and no institution"),
)
# Matched by the way in which the story came in.
STORY_ROWS = (
    ImportanceRow("fresh", 0.4, "It is %(found)s hours old"),
    ImportanceRow("sources", 0.6, "%(found)s independent sources have it"),
    ImportanceRow("source_weight", 0.5, "Its source has the weight %(found)s"),
    ImportanceRow("feed", 0.3, "Its source shows it near the top"),
    ImportanceRow("liking", 0.8, "The desk's preference for the section is %(found)s"),
    ImportanceRow("clicked", 0.3, "Readers' interest in the section, by clicks, is %(found)s"),
    ImportanceRow("series", -1.0, "It is a page that recurs (%(found)s)"),
    ImportanceRow("damage", -0.5, "Its text is damaged"),
)
ROWS: Mapping[str, ImportanceRow] = {row.name: row for row in (*WORD_ROWS, *NUMBER_ROWS, *FORM_ROWS, *STORY_ROWS)}
