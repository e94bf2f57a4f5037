"""`digest compose` with a language model, which a local server imitates."""

from __future__ import annotations

import json
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from digest.hindi.sentences import split
from tests.cli.newsroom import Newsroom
from tests.support.http_server import Exchange, HttpServer

TOKENS = 300
TEXTS = {
    "सोनपुरा में नहर की सफ़ाई पूरी, खेतों तक पहुँचा पानी": (
        "सोनपुरा की बीस किलोमीटर लंबी नहर की सफ़ाई तीन महीने में पूरी हुई और खेतों तक पानी पहुँच गया।"
    ),
    "कमलपुर के मेले में मिट्टी के खिलौनों की धूम": ("कमलपुर के मेले में साठ कुम्हार परिवारों ने मिट्टी के खिलौनों की अपनी दुकानें लगाई हैं।"),
    "नदीघाट का पुस्तकालय रात नौ बजे तक खुलेगा": (
        "नदीघाट के पुस्तकालय में पढ़ने वालों की संख्या एक साल में दोगुनी हो गई है, इसलिए वह देर तक खुलेगा।"
    ),
}


HEADLINES = {
    "सोनपुरा में नहर की सफ़ाई पूरी, खेतों तक पहुँचा पानी": "सोनपुरा की बीस किलोमीटर लंबी नहर की सफ़ाई पूरी हुई",
    "कमलपुर के मेले में मिट्टी के खिलौनों की धूम": "कमलपुर के मेले में कुम्हार परिवारों ने दुकानें लगाई हैं",
    "नदीघाट का पुस्तकालय रात नौ बजे तक खुलेगा": "पुस्तकालय रात नौ बजे तक खुलेगा",
}
INTRO = "सोनपुरा की बीस किलोमीटर लंबी नहर की सफ़ाई तीन महीने में पूरी हुई। नदीघाट का पुस्तकालय रात नौ बजे तक खुलेगा।"


def good(exchange: Exchange) -> None:
    """Answer with true words: the first sentence of the first article, a headline of HEADLINES, or INTRO."""
    rules, prompt = (each["content"] for each in json.loads(exchange.request.body)["messages"])
    if "headline for the story" in rules:
        text = HEADLINES[prompt.partition("\n")[0].removeprefix("Headline: ")]
    elif "opening of" in rules:
        text = INTRO
    else:
        text = split(prompt.partition("<article 1>\n")[2].partition("\n")[2])[0]
    answer = {"choices": [{"message": {"content": text}}], "usage": {"total_tokens": TOKENS}}
    exchange.reply(json.dumps(answer).encode(), headers={"Content-Type": "application/json"})


def lying(exchange: Exchange) -> None:
    """Answer with what no article says."""
    text = "सोनपुरा के सरपंच ने माना कि नहर की सफ़ाई में घोटाला हुआ और मामला दर्ज कर लिया गया है।"
    answer = {"choices": [{"message": {"content": text}}], "usage": {"total_tokens": TOKENS}}
    exchange.reply(json.dumps(answer).encode(), headers={"Content-Type": "application/json"})


@pytest.fixture
def configured(newsroom: Newsroom, server: HttpServer) -> Newsroom:
    articles = newsroom.home / "articles"
    articles.mkdir(exist_ok=True)
    for old in articles.iterdir():
        old.unlink()
    for number, (title, text) in enumerate(TEXTS.items()):
        head = f"---\ntitle: {title}\ndate: 2026-11-23T05:{number}0+05:30\n---\n"
        (articles / f"{number}.md").write_text(f"{head}{text}\n", encoding="utf-8")
    configure(newsroom, server)
    return newsroom


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


def configure(newsroom: Newsroom, server: HttpServer, more: str = "") -> None:
    (newsroom.home / "digest.yaml").write_text(
        "newsletter: {name: न, sender: {email: a@example.com}}\n"
        "edition: {min_stories: 1}\n"
        f"summary: {{engine: openai, url: '{server.url('/v1')}', model: small{more}}}\n"
        "sources: [{name: गाँव, path: articles}]\n",
        encoding="utf-8",
    )


def test_a_good_models_sentences_keep_their_source(configured: Newsroom, server: HttpServer) -> None:
    server.route("/v1/chat/completions", good)
    composed = configured.digest("compose", "--json").json
    assert composed["model"] == {"calls": 3, "tokens": 3 * TOKENS, "accepted": 3, "refused": 0}
    shown = configured.digest("edition", "show", "2026-11-23", "--json").json
    for story in (story for section in shown["sections"] for story in section["stories"]):
        assert story["by_machine"]
        (support,) = story["support"]
        assert support["sentence"] == story["summary"]
        assert support["source"] == "गाँव"
        assert support["source_sentence"] == TEXTS[story["title"]]


def test_a_lying_models_words_are_not_used(configured: Newsroom, server: HttpServer) -> None:
    server.route("/v1/chat/completions", lying)
    run = configured.digest("compose")
    assert "6 calls, 1800 tokens, 0 texts used, 3 refused" in run.err
    assert "घोटाला" not in run.out


@pytest.mark.slow
def test_a_refused_summary_is_kept_and_reaches_the_email_only_as_an_editors_own(
    configured: Newsroom, server: HttpServer
) -> None:
    server.route("/v1/chat/completions", lying)
    story = stories_of(configured.json("compose"))[0]
    assert "घोटाला" in story["refused"]["text"]
    assert "घोटाला" not in story["summary"]
    assert "has no support" in story["refused"]["problem"]
    assert f"refused, because {story['refused']['problem']}: “" in configured.digest("compose", "--explain").out
    files = configured.json("preview")["files"]
    assert files
    assert not [file for file in files if "घोटाला" in _decoded(file)]
    take = ("edition", "edit", "2026-11-23", "--take-refused")
    assert configured.digest(*take).code == configured.digest(*take, "--story", "x", "--summary", "y").code == 2
    assert configured.digest(*take, "--story", story["id"]).code == 0
    for _ in range(2):
        shown = stories_of(configured.json("edition", "show", "2026-11-23"))
        taken = next(each for each in shown if each["id"] == story["id"])
        assert (taken["summary"], taken["by_machine"]) == (story["refused"]["text"], False)
        configured.json("compose")
    assert [file for file in configured.json("preview")["files"] if "घोटाला" in _decoded(file)]


def test_after_the_budget_the_articles_own_sentences_are_used(configured: Newsroom, server: HttpServer) -> None:
    server.route("/v1/chat/completions", good)
    configure(configured, server, f", budget: {TOKENS + 1}")
    composed = configured.digest("compose", "--json").json
    assert composed["model"]["calls"] == 2
    stories = [story for section in composed["sections"] for story in section["stories"]]
    assert all(story["summary"] for story in stories)
    assert [story["by_machine"] for story in stories].count(True) == 2


ALL = ", headlines: true, intro: true"


def _decoded(file: str) -> str:
    """The text of a page, a text or an email."""
    data = Path(file).read_bytes()
    if not file.endswith(".eml"):
        return data.decode()
    mail = message_from_bytes(data, policy=policy.default)
    return "".join(part.get_content() for part in mail.walk() if part.get_content_maintype() == "text")


def stories_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [story for section in document["sections"] for story in section["stories"]]


@pytest.mark.slow
def test_a_model_writes_headlines_and_an_intro_which_keep_their_sources(
    configured: Newsroom, server: HttpServer
) -> None:
    server.route("/v1/chat/completions", good)
    configure(configured, server, ALL + ", price: 50, currency: ₹")
    composed = configured.digest("compose", "--json").json
    assert composed["model"] == {"calls": 7, "tokens": 7 * TOKENS, "accepted": 7, "refused": 0}
    assert {story["title"] for story in stories_of(composed)} == set(HEADLINES.values())
    for story in stories_of(composed):
        assert story["title_by_machine"]
        assert story["title_support"]["sentence"] == story["title"]
    assert composed["intro"] == INTRO
    assert composed["intro_by_machine"]
    assert [each["sentence"] for each in composed["intro_support"]] == split(INTRO)
    assert configured.digest("edition", "show", "2026-11-23", "--json").json["model"] == composed["model"]

    report = configured.digest("report", "2026-11-23", "--json").json
    assert report["model"] == {**composed["model"], "cost": 0.105, "currency": "₹"}
    assert "cost of the model" in configured.digest("report", "2026-11-23").out


def test_a_lying_models_headlines_and_intro_are_not_used(configured: Newsroom, server: HttpServer) -> None:
    server.route("/v1/chat/completions", lying)
    configure(configured, server, ALL)
    composed = configured.digest("compose", "--json").json
    assert composed["model"]["refused"] == 7
    assert {story["title"] for story in stories_of(composed)} == set(TEXTS)
    assert composed["intro"] == ""
    assert any("no intro" in warning for warning in composed["warnings"])
    assert configured.digest("report", "2026-11-23", "--json").json["model"]["cost"] is None


def test_an_editors_intro_or_none_is_not_replaced_and_the_model_not_asked_for_one(
    configured: Newsroom, server: HttpServer
) -> None:
    server.route("/v1/chat/completions", good)
    configure(configured, server, ", intro: true")
    configured.digest("compose")
    configured.digest("edition", "edit", "2026-11-23", "--intro", "आज गाँव की ख़बरें।")
    shown = configured.digest("edition", "show", "2026-11-23", "--json").json
    assert shown["intro"] == "आज गाँव की ख़बरें।"
    assert not shown["intro_by_machine"]
    assert shown["model"]["calls"] == 4
    configured.digest("edition", "edit", "2026-11-23", "--intro", "")
    assert configured.digest("edition", "show", "2026-11-23", "--json").json["intro"] == ""


def test_the_budget_covers_everything_that_an_edition_asks_for(configured: Newsroom, server: HttpServer) -> None:
    server.route("/v1/chat/completions", good)
    configure(configured, server, f"{ALL}, budget: {3 * TOKENS}")
    first = configured.digest("compose", "--json").json
    assert first["model"]["tokens"] == 3 * TOKENS
    assert first["intro"] == ""
    by_machine = [(story["by_machine"], story["title_by_machine"]) for story in stories_of(first)]
    assert by_machine == [(True, True), (True, False), (False, False)]

    # Composing again keeps the answers, and asks for nothing.
    again = configured.digest("compose", "--json").json
    assert again["model"] == first["model"]
    assert [story["title"] for story in stories_of(again)] == [story["title"] for story in stories_of(first)]
    assert len(server.hits("/v1/chat/completions")) == 3


def test_an_alert_edition_keeps_what_the_model_did_for_it(configured: Newsroom, server: HttpServer) -> None:
    server.route("/v1/chat/completions", good)
    configure(configured, server, ALL)
    with (configured.home / "digest.yaml").open("a", encoding="utf-8") as file:
        file.write("breaking: {enabled: true}\n")
    story = stories_of(configured.digest("compose", "--json").json)[0]
    proposed = configured.digest("breaking", "propose", story["id"], "--json")
    assert proposed.code == 0, proposed.err
    shown = configured.digest("edition", "show", "2026-11-23-breaking-1", "--json").json
    assert shown["model"] == {"calls": 2, "tokens": 2 * TOKENS, "accepted": 2, "refused": 0}
    assert shown["intro"] == ""
