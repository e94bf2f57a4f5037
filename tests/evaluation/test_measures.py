"""The measures of the evaluation on known answers, and its table with complete and missing material."""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path

import pytest

from digest.curate import section_words
from digest.models import Article
from evaluation import dates, feeds, importance, pages, samestory, section_stems, sections, sentences, support
from evaluation.material import DAY, Material, Missing, Row, attempt, make_article
from evaluation.rouge import rouge
from evaluation.rulebook import broken
from tests.paths import ROOT, SHARED_DATA
from tests.support.profiles import PROFILE, only_thorough
from tests.support.tables import each_row

LEAD = "सोनपुरा में कमला नदी पर बना नया पुल रविवार को आम लोगों के लिए खोल दिया गया। पुल पर 96 करोड़ रुपये खर्च हुए।"


def test_rouge_keeps_devanagari() -> None:
    assert rouge(LEAD, LEAD) == (1.0, 1.0, 1.0)
    assert rouge("नदी पर पुल", "खेत में पानी") == (0.0, 0.0, 0.0)
    assert rouge("", LEAD) == (0.0, 0.0, 0.0)
    # Three shared words, no shared pair, two in the same order.
    one, two, long = rouge("पुल नया बना", "नया पुल बना")
    assert (one, two, long) == (1.0, 0.0, pytest.approx(2 / 3))
    assert rouge("नदी नदी नदी", "नदी पर पुल")[0] == pytest.approx(1 / 3)


def test_average_precision() -> None:
    assert samestory.average_precision([(0.9, True), (0.8, False), (0.7, True)]) == pytest.approx((1 + 2 / 3) / 2)
    assert samestory.average_precision([(0.9, True)], positives=2) == 0.5
    # A tie gives no credit.
    assert samestory.average_precision([(0.5, True), (0.5, False)]) == 0.5
    assert samestory.average_precision([]) == 0.0


def test_a_pair_that_is_one_story_is_always_scored() -> None:
    ab, bc, cd, de, ef = (frozenset(pair) for pair in ("ab", "bc", "cd", "de", "ef"))
    ours = {"same": {bc, ef}, "unclear": {de}}
    truth, unclear = samestory.judged({ab, cd, de}, not_judged={bc, cd}, copied={ef}, ours=ours)
    assert truth == {ab, bc}
    assert unclear == {cd, de, ef}


@each_row(
    ("summary", "rule"),
    [
        (LEAD, ""),
        ("", ""),
        ("सोनपुरा में पुल खुला था और सब लोग बहुत खुश थे।", "its words are in the article"),
        ("सोनपुरा में कमला नदी पर बना", "ends like a sentence"),
        ("पुल पर 96 करोड़ रुपये खर्च हुए...", "is not cut"),
        ("लेकिन पुल खुला।", "does not point back"),
        ("“पुल खुला।", "quotes and brackets close"),
        ("क्या पुल खुला?", "is more than a question"),
        ("सोनपुरा (भाषा): पुल खुला।", "no dateline"),
        ("पुल खुला। यह भी पढ़ें मेले की खबर।", "no boilerplate"),
        (" ".join(["पुल खुला।"] * 40), "one to three sentences"),
        ("नहर में पानी", "does not repeat the headline"),
    ],
)
def test_the_rulebook_names_the_broken_rules(summary: str, rule: str) -> None:
    found = broken(make_article("1", "नहर में पानी", [LEAD]), summary)
    assert (rule in found) if rule else found == []


def test_sections_are_measured_on_titles_that_were_not_learned_from(tmp_path: Path) -> None:
    shipped = dict(section_words.learned_points())
    # No section fits both labels of the title that is listed twice.
    listed = [("कमला नदी पर पुल", "sports"), ("कमला  नदी पर पुल", "health"), ("क्रिकेट मैच में शतक", "sports")]
    for name in section_stems.SETS.values():
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_text("\n".join(json.dumps({"title": title, "category": label}) for title, label in listed))
    rows = sections.headlines(Material(tmp_path))
    assert [row.ours for row in rows[-2:]] == ["1 with labels that differ"] * 2
    assert [row.count for row in rows] == [3, 3, 3, 3, 1, 1]
    assert section_words.learned_points() == shipped


def small(root: Path) -> Material:
    """Write material with one feed of three items."""
    feed = root / "feeds/village/feed.xml"
    feed.parent.mkdir(parents=True)
    items = "".join(
        f"<item><title>नहर की खबर {number}</title><link>https://g.example/{number}</link>"
        f"<pubDate>Mon, 23 Nov 2026 0{number}:00:00 IST</pubDate></item>"
        for number in range(3)
    )
    feed.write_text(f"<rss version='2.0'><channel><title>गांव</title>{items}</channel></rss>", encoding="utf-8")
    (root / "feeds/village/SOURCE.txt").write_text("ours")
    return Material(root)


def test_ranks_and_pairs_in_order() -> None:
    assert importance.spearman([1, 2, 3], [1, 2, 3]) == pytest.approx(1)
    assert importance.spearman([3, 2, 1], [1, 2, 3]) == pytest.approx(-1)
    assert importance.spearman([1, 1, 1], [1, 2, 3]) == 0
    # Equal values share their mean rank: 1, 2.5, 2.5, 4 against 1, 2, 3, 4.
    assert importance.spearman([1, 5, 5, 9], [1, 2, 3, 4]) == pytest.approx(0.9487, abs=1e-4)
    # Of four pairs that are two or more apart two are right, one is wrong and one is a tie.
    assert importance.in_order([1, 3, 2, 2], [1, 2, 3, 5]) == (2.5, 4)


def test_importance_is_measured_on_every_file_of_labels(tmp_path: Path) -> None:
    folder = tmp_path / importance.FOLDER
    folder.mkdir()
    kinds = (("गांव {} में बाढ़ से 12 की मौत", 5), ("जापान के शहर {} में बाढ़ से 90 की मौत", 5), ("अभिनेत्री {} की नई ड्रेस देखें", 1))
    lines = [
        json.dumps({"title": title.format(number), "lead": "", "importance": label})
        for number in range(10)
        for title, label in kinds
    ]
    (folder / "village.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (folder / "guideline.md").write_text("ours")
    rows = {row.what.partition(": ")[2]: row for row in importance.measure(Material(tmp_path), days=1)}
    pairs = rows["pairs two or more apart in order"]
    assert (pairs.count, pairs.ours) == (200, "1.000")
    assert rows["of 30 a day, label 3 or more"].ours == "1.000"
    assert rows["of 30 a day, label 1 in an edition"].ours == "0.00"
    assert float(rows["of 30 a day, of 12 stay with other hours"].ours) <= 12
    assert attempt(importance.measure, "importance", Material(tmp_path / "nowhere"))[0].ours == "missing: importance"


def test_incomplete_material_gives_its_rows_and_names_what_is_missing(tmp_path: Path) -> None:
    material = small(tmp_path)
    assert next((row.count, row.ours) for row in feeds.measure(material)) == (3, "0")
    read = dates.measure(material)
    assert [(row.count, row.ours) for row in read] == [(3, "3"), (0, "0"), (3, "3")]
    assert attempt(sentences.measure, "sentences", material) == [Row("sentences", 0, f"missing: {sentences.GOLD}")]
    (tmp_path / "nearup").mkdir()
    (tmp_path / samestory.HEADLINES).write_text('[{"a_title": 1, "b_title": "x"}]')
    assert attempt(samestory.headlines, "headlines", material)[0].ours.startswith("unreadable")
    with pytest.raises(Missing):
        material.path("articles")


@pytest.mark.slow
def test_the_golden_pages_are_material_too() -> None:
    rows = {row.what: row for row in pages.measure(Material(ROOT / "tests/collect/golden"))}
    assert rows["pages: title right"].ours == str(rows["pages: title right"].count)
    assert float(rows["pages: body, F1 of tokens"].ours.split()[0]) >= 0.93


@pytest.mark.slow
def test_the_table_is_printed_and_a_missing_folder_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(data: Path, *only: str) -> tuple[object, str, str]:
        monkeypatch.setattr(sys, "argv", ["evaluation", "--data", str(data), *only])
        with pytest.raises(SystemExit) as ended:
            runpy.run_module("evaluation", run_name="__main__")
        return ended.value.code, *capsys.readouterr()

    some = small(tmp_path / "some").root
    # All parts take seconds.
    parts: list[tuple[str, ...]] = [()] if PROFILE == "ci" else [("--only", "feeds"), ("--only", "sentences")]
    runs = [run(some, *only) for only in parts]
    assert {code for code, _out, _err in runs} == {0}, runs
    out = "".join(out for _code, out, _err in runs)
    assert "feeds: items lost" in out
    assert "missing: articles/ud-hindi-pud" in out
    assert "could not be measured" in out
    code, out, err = run(tmp_path / "nowhere")
    assert (code, out) == (2, "")
    assert "is not a folder" in err


# tests/curate/test_support.py has an example of each rule.
@only_thorough
@pytest.mark.slow
def test_floors_of_the_support_check_on_the_stories_that_it_was_written_with() -> None:
    judged = [each for name in ("fresh-1", "dev", "held", "fresh-3") for each in support.check_file(name)]
    wrong = [each.accepted for each in judged if each.fault]
    true = [each.accepted for each in judged if not each.fault]
    assert sum(wrong) / len(wrong) <= 0.025
    assert sum(true) / len(true) >= 0.57


@pytest.mark.slow
def test_floors_of_the_support_check_on_headlines_and_intros() -> None:
    for judged in support.judge_headlines():
        assert not [each.fault for each in judged if each.fault and each.accepted]
        true = [each.accepted for each in judged if not each.fault]
        assert sum(true) / len(true) >= 0.6


# tests/collect has golden feeds and pages, and `make eval` measures all.
@only_thorough
@pytest.mark.slow
def test_results_on_the_shared_material_do_not_fall() -> None:
    if not (SHARED_DATA / "pages").exists():
        pytest.skip("the shared material is not part of the repository")
    material = Material(SHARED_DATA)
    rows = {row.what: row for part in (feeds.measure, dates.measure, pages.measure) for row in part(material)}
    assert rows["feeds: items lost"].ours == "0"
    for what in (
        "dates in feeds: parsed",
        "dates with a numeric zone: right",
        "pages: title right",
        "pages: date right",
    ):
        assert rows[what].ours == str(rows[what].count), what


def test_an_article_of_paragraphs_is_cleaned_like_a_collected_one() -> None:
    article = make_article("1", "पुल", ["नई दिल्ली (भाषा): " + LEAD, "यह भी पढ़ें"])
    assert isinstance(article, Article)
    assert (article.place, article.published) == ("नई दिल्ली", DAY)
    assert "यह भी" not in article.text
