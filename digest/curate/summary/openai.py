"""A writer that asks a language model behind an OpenAI-compatible endpoint. Off unless the settings choose it.

It uses only `POST {url}/chat/completions`. `checks` verifies the model's words before they are shown. An endpoint that
fails twice in a row is not used for ten minutes, so that an edition never waits for a dozen timeouts.
"""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from digest.curate.summary.checks import (
    HEADLINE_CLUSTERS,
    INTRO_WORDS,
    LEAST_INTRO_SENTENCES,
    MOST_INTRO_SENTENCES,
)
from digest.curate.summary.prompts import (
    edition_prompt,
    headline_rules,
    intro_rules,
    refusal_prompt,
    story_prompt,
    summary_rules,
)
from digest.curate.summary.sentence_rules import WORDS
from digest.curate.summary.types import SummaryError
from digest.messages import Message
from digest.models import Article, RefusedSummary
from digest.utils.redact import without_known

_MAX_RESPONSE_BYTES = 200_000
# For Hindi, tokenisers of small models take about one Devanagari letter, three bytes, per token.
_BYTES_PER_TOKEN = 3
# After this many failures in a row, the endpoint is not used for this many seconds.
_MAX_FAILURES, _PAUSE = 2, 600.0


class OpenAI:
    """Asks `model` at `url` (`https://host/v1`) for headlines, intros, and summaries of about `words` words.

    `key` may be '' for a local server; `timeout` is in seconds.
    """

    own_words = True
    # Tokens used so far: counted by the server, or estimated from the bytes of prompt and response.
    tokens: int
    # Requests so far. A model that is paused gets none.
    calls: int
    name: str

    def __init__(self, url: str, model: str, *, key: str = "", timeout: float = 20.0, words: int = WORDS) -> None:
        parts = urlsplit(url)
        self._tls = parts.scheme == "https"
        self._host, self._port = parts.hostname or "", parts.port
        self._path = parts.path.rstrip("/") + "/chat/completions"
        self._model, self._key, self._timeout = model, key, timeout
        self._words = words
        self.name = f"{model} at {url}, {words} words"
        self._failures, self._paused_until = 0, 0.0
        self.calls = self.tokens = 0

    def __call__(
        self,
        articles: Sequence[Article],
        *,
        title: str,
        # A model needs no word statistics.
        background: Mapping[str, float] | None = None,  # noqa: ARG002
        known: str = "",
        refused: RefusedSummary | None = None,
    ) -> str:
        """Return the model's sentences on one line; others than the refused ones. Raises SummaryError."""
        text = self._answer(summary_rules(self._words), story_prompt(articles, title, known), refused)
        return " ".join(text.split())

    def headline(self, articles: Sequence[Article], *, title: str) -> str:
        """Return the model's headline unchanged; it may have several lines. Raises SummaryError."""
        return self._answer(headline_rules(HEADLINE_CLUSTERS), story_prompt(articles, title)).strip()

    def intro(self, stories: Sequence[tuple[str, str]]) -> str:
        """Return the model's sentences about the stories (title, summary) on one line. Raises SummaryError."""
        rules = intro_rules(LEAST_INTRO_SENTENCES, MOST_INTRO_SENTENCES, INTRO_WORDS)
        return " ".join(self._answer(rules, edition_prompt(stories)).split())

    def _answer(self, rules: str, prompt: str, refused: RefusedSummary | None = None) -> str:
        if time.monotonic() < self._paused_until:
            raise SummaryError(Message("the model failed twice in a row and is not used for ten minutes"))
        try:
            text = self._ask(rules, prompt, refused)
        except SummaryError:
            self._failures += 1
            if self._failures >= _MAX_FAILURES:
                self._paused_until, self._failures = time.monotonic() + _PAUSE, 0
            raise
        self._failures = 0
        return text

    def _ask(self, rules: str, prompt: str, refused: RefusedSummary | None) -> str:
        self.calls += 1
        messages = [{"role": "system", "content": rules}, {"role": "user", "content": prompt}]
        if refused:
            again = {"role": "user", "content": refusal_prompt(refused.problem)}
            messages += [{"role": "assistant", "content": refused.text}, again]
        payload = {"model": self._model, "messages": messages, "temperature": 0.2, "max_tokens": 600, "stream": False}
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        connection = (
            http.client.HTTPSConnection(
                self._host, self._port, timeout=self._timeout, context=ssl.create_default_context()
            )
            if self._tls
            else http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)
        )
        try:
            connection.request("POST", self._path, json.dumps(payload).encode(), headers)
            response = connection.getresponse()
            body = self._read(response)
        except (OSError, http.client.HTTPException) as error:
            raise SummaryError(
                Message("the model could not be reached (%(name)s)", name=type(error).__name__)
            ) from error
        finally:
            connection.close()
        if response.status != 200:
            raise SummaryError(Message("the model answered %(num)s", num=response.status))
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise SummaryError(Message("the model's answer has an unknown format")) from error
        self.tokens += _used_tokens(answer) or (len(prompt.encode()) + len(body)) // _BYTES_PER_TOKEN
        try:
            text = answer["choices"][0]["message"]["content"]
        except (LookupError, TypeError) as error:
            raise SummaryError(Message("the model's answer has an unknown format")) from error
        if not isinstance(text, str):
            raise SummaryError(Message("the model's answer contained no text"))
        return without_known(text)

    def _read(self, response: http.client.HTTPResponse) -> bytes:
        """Read the body within the timeout as a whole, so that a server that sends slowly cannot delay an edition."""
        body, end = b"", time.monotonic() + self._timeout
        while piece := response.read1(16_384):
            body += piece
            if len(body) > _MAX_RESPONSE_BYTES:
                raise SummaryError(Message("the model's answer was too long"))
            if time.monotonic() > end:
                raise SummaryError(Message("the model took too long"))
        return body


def _used_tokens(answer: object) -> int:
    """Return the server's count of used tokens; 0 without one."""
    usage = answer.get("usage") if isinstance(answer, dict) else None
    total = usage.get("total_tokens") if isinstance(usage, dict) else None
    return total if isinstance(total, int) and total > 0 else 0
