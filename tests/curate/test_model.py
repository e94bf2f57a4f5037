"""A language model as summariser, against a local server: its words are used only if the articles support them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from digest.curate.summary import SummaryError, write_summary
from digest.curate.summary.checks import find_problems
from digest.curate.summary.openai import OpenAI
from tests.curate.sample import BRIDGE
from tests.support.http_server import Exchange, HttpServer

GOOD = "सोनपुरा में कमला नदी का नया पुल रविवार को खोल दिया गया। 820 मीटर लंबे पुल से 40 गांवों को राहत मिलेगी।"
FIRST = BRIDGE[0]


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


def answering(server: HttpServer, text: object, status: int = 200) -> OpenAI:
    body = json.dumps({"choices": [{"message": {"content": text}}]})
    server.route("/v1/chat/completions", body, status=status, type="application/json")
    return OpenAI(server.url("/v1"), "small", key="hemlig", timeout=2)


def summarised(model: OpenAI) -> tuple[str, tuple[str, ...]]:
    summary = write_summary([FIRST], title=FIRST.title, summariser=model, background={})
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
        (GOOD.replace("820", "825"), "no number 825"),
        (GOOD.replace("40 गांवों", "820 गांवों"), "count nothing as '820"),
        (GOOD.replace("सोनपुरा", "रामगढ़"), "'रामगढ"),
        (GOOD.replace("कमला", "Kamla"), "'kamla'"),
        (GOOD.replace("रविवार", "सोमवार"), "the word"),
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
    assert any(problem in each for each in find_problems(text, [FIRST], FIRST.title))


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
