"""A language model as summariser, against a local server: its words are used only if the articles support them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from digest.curate.summary import SummaryError, write_headline, write_intro, write_summary
from digest.curate.summary.checks import check, check_intro
from digest.curate.summary.metered import Metered, ModelTasks
from digest.curate.summary.openai import OpenAI
from digest.hindi.sentences import split
from digest.models import ModelUse
from tests.curate.sample import BRIDGE, OTHERS
from tests.render.sample import story
from tests.support.http_server import Exchange, HttpServer
from tests.support.tables import each_row

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
    summary = write_summary([FIRST], title=FIRST.title, summariser=Metered(model), background={})
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


@pytest.mark.slow
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
    model = Metered(answering(server, GOOD))
    summary = write_summary([FIRST], title=FIRST.title, summariser=model, background={})
    assert [each.sentence for each in summary.support] == [
        f"{part.strip()}।" for part in GOOD.split("।") if part.strip()
    ]
    assert all(each.source == FIRST.source and each.source_sentence in FIRST.text for each in summary.support)


def test_a_lying_model_is_asked_twice_and_counted_once(server: HttpServer) -> None:
    model = Metered(answering(server, GOOD.replace("रविवार", "सोमवार"), usage={"total_tokens": 321}))
    summary = write_summary([FIRST], title=FIRST.title, summariser=model, background={})
    assert not summary.support
    assert model.use == ModelUse(calls=2, tokens=642, accepted=0, refused=1)


def test_after_a_refusal_the_model_is_asked_once_more_with_the_reason(server: HttpServer) -> None:
    wrong = GOOD.replace("820", "825")

    def correcting(exchange: Exchange) -> None:
        messages = json.loads(exchange.request.body)["messages"]
        is_second = "825" in messages[-1]["content"]
        text = GOOD if is_second and messages[-2] == {"role": "assistant", "content": wrong} else wrong
        answer = {"choices": [{"message": {"content": text}}]}
        exchange.reply(json.dumps(answer).encode(), headers={"Content-Type": "application/json"})

    server.route("/v1/chat/completions", correcting)
    model = Metered(OpenAI(server.url("/v1"), "small"))
    summaries = [write_summary([FIRST], title=FIRST.title, summariser=model, background={}) for _ in range(2)]
    assert [each.text for each in summaries] == [GOOD, GOOD]
    assert (model.use.calls, model.use.accepted, model.use.refused) == (2, 1, 0)


def test_without_budget_for_a_second_request_the_first_stays_refused(server: HttpServer) -> None:
    answers = answering(server, GOOD.replace("820", "825"), usage={"total_tokens": 500})
    model = Metered(answers, ModelTasks(budget=400))
    summary = write_summary([FIRST], title=FIRST.title, summariser=model, background={})
    assert "825" in summary.reasons[0]
    assert (model.use.calls, model.use.refused) == (1, 1)


def test_after_its_budget_the_model_is_not_asked(server: HttpServer) -> None:
    model = Metered(answering(server, GOOD, usage={"total_tokens": 500}), ModelTasks(budget=400))
    first, second = (write_summary([each], title=each.title, summariser=model, background={}) for each in BRIDGE[:2])
    assert first.support
    assert "budget of 400 tokens" in second.reasons[0]
    assert second.text
    assert len(server.hits("/v1/chat/completions")) == 1


def test_a_server_that_counts_no_tokens_is_charged_by_size(server: HttpServer) -> None:
    model = Metered(answering(server, GOOD))
    write_summary([FIRST], title=FIRST.title, summariser=model, background={})
    assert model.tokens > len(FIRST.text) // 3


def test_the_same_articles_are_asked_for_once(server: HttpServer) -> None:
    model = Metered(answering(server, GOOD))
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


@pytest.mark.parametrize(
    "text", ["सोनपुरा में कमला नदी पर बना नया पुल खुला", "कमला नदी का पुल रविवार को लोगों के लिए खोल दिया गया।"]
)
def test_a_models_headline_is_used_if_an_article_supports_it(server: HttpServer, text: str) -> None:
    model = Metered(answering(server, text), ModelTasks(headlines=True))
    headline = write_headline([FIRST], title=FIRST.title, summary="", summariser=model)
    assert headline.text == text.rstrip("।")
    assert headline.support is not None
    assert headline.support.sentence == headline.text
    assert model.use.accepted == 1


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("सोनपुरा में कमला नदी पर बना पुल टूटा", "“टूटा”"),
        ("सोनपुरा में कमला नदी पर पुल नहीं खुला", "negations"),
        ("सोनपुरा में नया पुल खुला, 50 गांवों को राहत", "the number 50"),
        ("मुख्यमंत्री ने सोनपुरा में पुल खोला", "मुख्यमंत्री"),
        ("पुल पर 96 करोड़ रुपये खर्च हुए", "other news"),
        ("क्या सोनपुरा का पुल खुल गया", "question"),
        ("सोनपुरा में कमला नदी पर नया पुल खुला?", "mark"),
        ("सोनपुरा में नया पुल खुला, देखें वीडियो", "click"),
        ("आपके सोनपुरा में कमला नदी पर बना नया पुल खुला", "click"),
        ("इस पुल से 40 गांवों का सफर घटेगा", "pointed"),
        ("सोनपुरा: कमला नदी पर पुल खुला", "mark"),
        ("सोनपुरा में नया पुल खुला\nकमला नदी पर नया पुल खुला", "lines"),
        ("New bridge opens in Sonpura today", "not in Hindi"),
        ("पुल खुला", "too short"),
        ("सोनपुरा में कमला नदी पर बना नया पुल रविवार को आम लोगों के लिए खोल दिया गया और इससे 40 गांवों का सफर घटेगा", "longer"),
        ("", "empty"),
    ],
)
def test_the_papers_headline_stays_if_the_models_has_a_fault(server: HttpServer, text: str, problem: str) -> None:
    model = Metered(answering(server, text), ModelTasks(headlines=True))
    headline = write_headline([FIRST], title=FIRST.title, summary="", summariser=model)
    assert (headline.text, headline.support) == (FIRST.title, None)
    assert problem in headline.reasons[0]
    assert (model.use.accepted, model.use.refused) == (0, 1)


def test_the_papers_own_headline_is_not_labelled(server: HttpServer) -> None:
    model = Metered(answering(server, FIRST.title), ModelTasks(headlines=True))
    assert write_headline([FIRST], title=FIRST.title, summary="", summariser=model).support is None


TWO_STORIES = (("नया पुल", BRIDGE), (OTHERS[0].title, OTHERS[:1]))
TRUE_INTRO = "सोनपुरा में कमला नदी पर बना नया पुल खोल दिया गया। रामगढ़िया की मीना ने राज्य शतरंज प्रतियोगिता जीत ली।"


def test_an_intro_is_supported_sentence_by_sentence() -> None:
    assert [each.sentence for each in check_intro(TRUE_INTRO, TWO_STORIES).support] == split(TRUE_INTRO)


@each_row(
    ("text", "problem"),
    [
        (TRUE_INTRO.replace("पुल खोल दिया गया", "पुल मीना ने खोला"), "no story supports"),
        # A sentence of two stories.
        (TRUE_INTRO.replace("गया। ", "गया और ") + " पुल पर 96 करोड़ रुपये खर्च हुए।", "no story supports"),
        (TRUE_INTRO.replace("रामगढ़िया की मीना", "उन्होंने"), "referred to another"),
        (TRUE_INTRO.partition(" रामगढ़िया")[0], "1 sentences"),
        (" ".join([TRUE_INTRO, TRUE_INTRO]), "4 sentences"),
        (TRUE_INTRO[:-1] + "?", "question"),
        ("आपके लिए आज की ख़बरें। " + TRUE_INTRO, "spoke to the reader"),
        (TRUE_INTRO.replace("कमला", "कमला " * 60), "more than 60 words"),
        ("", "empty"),
    ],
)
def test_an_intro_with_a_fault_is_refused(text: str, problem: str) -> None:
    assert problem in check_intro(text, TWO_STORIES).problem


def test_a_slow_model_costs_no_headline_and_no_intro_but_two_calls(server: HttpServer) -> None:
    server.route("/v1/chat/completions", _drip)
    model = Metered(OpenAI(server.url("/v1"), "small", timeout=0.2), ModelTasks(headlines=True, intro=True))
    for each in BRIDGE:
        assert write_headline([each], title=each.title, summary="", summariser=model).text == each.title
    intro = write_intro([(story(1, FIRST.title), BRIDGE)], model)
    assert (intro.text, bool(intro.problem)) == ("", True)
    assert len(server.hits("/v1/chat/completions")) == model.use.calls == 2


def test_a_headline_must_go_with_the_summary_below_it(server: HttpServer) -> None:
    summary = "सोनपुरा में कमला नदी पर बना नया पुल खोला गया।"
    model = Metered(answering(server, "सोनपुरा में कमला नदी पर बना नया पुल खुला"), ModelTasks(headlines=True))
    headline = write_headline([FIRST], title=FIRST.title, summary=summary, summariser=model)
    assert headline.support is None
    assert "only repeat" in headline.reasons[0]
