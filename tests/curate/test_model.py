"""A language model as summariser, against a local server: its words are used only if the articles support them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from digest.curate.summary import SummaryError, write_summary
from digest.curate.summary.checks import check
from digest.curate.summary.metered import Metered
from digest.curate.summary.openai import OpenAI
from digest.models import ModelUse
from tests.curate.sample import BRIDGE
from tests.support.http_server import Exchange, HttpServer

GOOD = "सोनपुरा में कमला नदी का नया पुल रविवार को खोल दिया गया। 820 मीटर लंबे पुल से 40 गांवों का सफ़र एक घंटे घट जाएगा।"
FIRST = BRIDGE[0]


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


def answering(server: HttpServer, text: object, status: int = 200, **more: object) -> OpenAI:
    body = json.dumps({"choices": [{"message": {"content": text}}], **more})
    server.route("/v1/chat/completions", body, status=status, type="application/json")
    return OpenAI(server.url("/v1"), "small", key="hemlig", timeout=2)


def summarised(model: OpenAI) -> tuple[str, tuple[str, ...]]:
    summary = write_summary([FIRST], title=FIRST.title, summariser=Metered(model, None), background={})
    return summary.text, summary.reasons


def test_a_good_summary_is_used_and_the_request_is_right(server: HttpServer) -> None:
    summary, reasons = summarised(answering(server, f" {GOOD}\n"))
    assert summary == GOOD
    assert "in the words of a model" in reasons[0]
    (request,) = server.hits("/v1/chat/completions")
    payload = json.loads(request.body)
    assert payload["model"] == "small"
    assert request.headers["authorization"] == "Bearer hemlig"
    assert FIRST.text.split("\n")[0][:60] in payload["messages"][1]["content"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (GOOD.replace("820", "825"), "the number 825"),
        (GOOD.replace("40 गांवों", "820 गांवों"), "the number 820"),
        (GOOD.replace("सोनपुरा", "रामगढ़"), "“रामगढ"),
        (GOOD.replace("कमला", "Kamla"), "“kamla"),
        (GOOD.replace("रविवार", "सोमवार"), "the time"),
        (GOOD.replace("दिया गया", "नहीं दिया गया"), "negations"),
        (GOOD + " " + GOOD + " " + GOOD, "sentences"),
        ("- " + GOOD.replace("। ", "।\n- **"), "marks"),
        (GOOD[:-1], "no end"),
        ("यह " + GOOD, "refers back"),
        ("The new bridge over the river was opened to the people on Sunday morning.", "not in Hindi"),
        (FIRST.title + "।", "title"),
        ("", "empty"),
    ],
)
def test_a_summary_with_a_fault_is_replaced_by_the_articles_own_words(
    server: HttpServer, text: str, problem: str
) -> None:
    summary, reasons = summarised(answering(server, text))
    assert summary.startswith("सोनपुरा में कमला नदी पर बना नया पुल रविवार को आम लोगों के लिए खोल दिया गया।")
    assert reasons[0].startswith("summary: extractive, because ")
    assert problem in check(text, [FIRST], FIRST.title).problem


def test_each_sentence_of_a_model_keeps_its_source(server: HttpServer) -> None:
    model = Metered(answering(server, GOOD), None)
    summary = write_summary([FIRST], title=FIRST.title, summariser=model, background={})
    assert [each.sentence for each in summary.support] == [
        f"{part.strip()}।" for part in GOOD.split("।") if part.strip()
    ]
    assert all(each.source == FIRST.source and each.source_sentence in FIRST.text for each in summary.support)


def test_a_lying_model_is_refused_and_counted(server: HttpServer) -> None:
    model = Metered(answering(server, GOOD.replace("रविवार", "सोमवार"), usage={"total_tokens": 321}), None)
    summary = write_summary([FIRST], title=FIRST.title, summariser=model, background={})
    assert not summary.support
    assert model.use == ModelUse(calls=1, tokens=321, accepted=0, refused=1)


def test_after_its_budget_the_model_is_not_asked(server: HttpServer) -> None:
    model = Metered(answering(server, GOOD, usage={"total_tokens": 500}), 400)
    first, second = (write_summary([each], title=each.title, summariser=model, background={}) for each in BRIDGE[:2])
    assert first.support
    assert "budget of 400 tokens" in second.reasons[0]
    assert second.text
    assert len(server.hits("/v1/chat/completions")) == 1


def test_a_server_that_counts_no_tokens_is_charged_by_size(server: HttpServer) -> None:
    model = Metered(answering(server, GOOD), None)
    write_summary([FIRST], title=FIRST.title, summariser=model, background={})
    assert model.tokens > len(FIRST.text) // 3


def test_the_same_articles_are_asked_for_once(server: HttpServer) -> None:
    model = Metered(answering(server, GOOD), None)
    for _ in range(2):
        write_summary([FIRST], title=FIRST.title, summariser=model, background={})
    assert len(server.hits("/v1/chat/completions")) == 1
    assert (model.use.calls, model.use.accepted, model.use.refused) == (1, 1, 0)


def _drip(exchange: Exchange) -> None:
    exchange.start(200, {"Content-Type": "application/json"})
    while exchange.wait(0.05):
        exchange.write(b" ")


@pytest.mark.parametrize("answer", ["not json", '{"choices": []}', '{"choices": [{"message": {"content": 7}}]}', "[]"])
def test_malformed_answers_fall_back(server: HttpServer, answer: str) -> None:
    server.route("/v1/chat/completions", answer)
    summary, reasons = summarised(OpenAI(server.url("/v1"), "small"))
    assert summary
    assert "answer" in reasons[0]


def test_a_model_that_is_down_is_tried_twice_and_then_paused(server: HttpServer) -> None:
    model = answering(server, GOOD, status=500)
    reasons = [summarised(model)[1][0] for _ in range(4)]
    assert all(summarised(model)[0] for _ in range(2))
    assert "answered 500" in reasons[0]
    assert "not used" in reasons[3]
    assert len(server.hits("/v1/chat/completions")) == 2


def test_the_timeout_covers_a_response_that_arrives_byte_by_byte(server: HttpServer) -> None:
    server.route("/v1/chat/completions", _drip)
    with pytest.raises(SummaryError, match="too long"):
        OpenAI(server.url("/v1"), "small", timeout=0.2)([FIRST], title=FIRST.title)
