"""Summaries: ROUGE compared with the lead and a trained model, and broken rules per 1,000."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from digest.curate.summary.coverage import HeadlineCoverage
from digest.curate.summary.sentence_rules import WORDS
from digest.curate.summary.sentences import summarise
from digest.hindi.sentences import split
from digest.hindi.typography import typeset
from digest.models import Article
from evaluation.material import Material, Missing, Row, make_article, percent
from evaluation.rouge import Scores, rouge
from evaluation.rulebook import broken

REFERENCED = "articles/ilsum-hi/ilsum_hi.jsonl"
HEADLINED = "articles/headlines-hi-500/headlines_hi.jsonl"
EVENTS = "articles/ednil-events-hi/ednil_hi.jsonl"
FEATURES = "articles/bbc-hindi-categories/bbc_hindi_test.jsonl"
CHECKED = (REFERENCED, HEADLINED, EVENTS, FEATURES, "nearup/covid_stories.jsonl")

QUARTER = 0.25


def references(material: Material) -> list[Row]:
    """Compare with the page's own description. One rival is a fine-tuned mT5."""
    entries = material.lines(REFERENCED)
    articles = [make_article(entry["id"], "", [entry["article"]]) for entry in entries]
    wanted = [entry["reference_summary"] for entry in entries]
    rival = _mean(rouge(entry["system_summary_mt5"], entry["reference_summary"]) for entry in entries)
    return [_row("references (ilsum)", articles, wanted, f"; mT5 {percentages(rival)}")]


def headlines(material: Material) -> list[Row]:
    """Compare with the headline, which the summariser does not get."""
    entries = material.lines(HEADLINED)
    articles = [make_article(entry["id"], "", [entry["article"]]) for entry in entries]
    return [_row("headlines as references", articles, [entry["title"] for entry in entries], "")]


def rules(material: Material) -> list[Row]:
    """Count broken rules on all texts, per 1,000 summaries, with the names of the commonest."""
    found: Counter[str] = Counter()
    count, empty, sets = 0, 0, 0
    lengths: list[int] = []
    shares: list[float] = []
    for name in CHECKED:
        try:
            entries = material.lines(name)
        except Missing:
            continue
        sets += 1
        for number, entry in enumerate(entries):
            paragraphs = entry.get("paragraphs") or [entry.get("article") or entry.get("text") or ""]
            # Without its real date, so that आज keeps its word.
            article = replace(make_article(str(number), entry.get("title", ""), paragraphs), dated=False)
            summary = summarise(article)
            count, empty = count + bool(summary), empty + (not summary)
            found.update(broken(article, summary)[:1])
            if summary:
                lengths.append(len(summary.split()))
            if summary and article.title:
                shares.append(HeadlineCoverage(article.title, (), None).share([summary]))
    if not sets:
        raise Missing("articles/*/*.jsonl")
    share = f"{1000 * found.total() / count:.1f}" if count else "–"
    fitting = sum(2 / 3 * WORDS <= length <= WORDS for length in lengths)
    named = "".join(f"; {times} {rule}" for rule, times in found.most_common(3))
    return [
        Row("summaries: rules broken per 1,000", count, share + named, "0"),
        Row(f"summaries: texts of {sets} sets without one", count + empty, str(empty)),
        Row(f"summaries of 20 to {WORDS} words", count, percent(fitting, count)),
        Row("summaries: mean share of the headline that they tell", len(shares), percent(sum(shares), len(shares))),
        Row(
            "summaries that tell less than a quarter of it",
            len(shares),
            percent(sum(x < QUARTER for x in shares), len(shares)),
        ),
    ]


def lead(article: Article, sentences: int = 2) -> str:
    """Return the first sentences of the cleaned text, a rival that is hard to beat."""
    return " ".join(split(article.text)[:sentences])


def cut(text: str, words: int) -> str:
    """Return the first words of a text: a rival may not win by its length alone."""
    return " ".join(text.split()[:words])


def percentages(scores: Scores) -> str:
    """Return scores as `59.4/50.4/55.8`."""
    return "/".join(f"{100 * score:.1f}" for score in scores)


def _row(name: str, articles: Sequence[Article], wanted: Sequence[str], more: str) -> Row:
    made = [summarise(article) for article in articles]
    # All texts are typeset as summaries are: `नि:शुल्क` and `निःशुल्क` are one word.
    leads = [cut(typeset(lead(article)), len(text.split())) for article, text in zip(articles, made, strict=True)]
    wanted = [typeset(text) for text in wanted]
    ours = _mean(rouge(text, reference) for text, reference in zip(made, wanted, strict=True))
    rival = _mean(rouge(text, reference) for text, reference in zip(leads, wanted, strict=True))
    share = min((mine / theirs for mine, theirs in zip(ours, rival, strict=True) if theirs), default=0.0)
    figures = f"{percentages(ours)} ({share:.3f} of lead-2 as long)"
    return Row(
        f"summaries, {name}: ROUGE-1/2/L",
        len(articles),
        figures,
        ">= 1 of lead-2 as long",
        f"lead-2 {percentages(rival)}{more}",
    )


def _mean(scores: Iterable[Scores]) -> Scores:
    found = list(scores)
    count = max(1, len(found))
    one, two, long = (sum(each[place] for each in found) / count for place in range(3))
    return one, two, long
