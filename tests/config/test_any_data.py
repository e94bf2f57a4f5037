"""Any file and environment give Settings, or a ConfigurationError whose messages name a place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.config import loader
from digest.config.settings import Settings
from digest.errors import ConfigProblem, ConfigurationError
from digest.yamlio import reader
from tests.support.profiles import examples

WORDS = [
    "newsletter", "sources", "edition", "delivery", "schedule", "store", "theme", "name", "sender", "email", "url",
    "path", "window", "sections", "smtp", "port", "sendgrid", "host", "timeout", "send_at", "accent", "weight", "x",
]  # fmt: skip
KEYS = st.sampled_from(WORDS) | st.text(max_size=4)
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
    | st.sampled_from(["news@example.com", "https://a.example", "7d", "9e9d", "07:00", "outbox", "#9c1c1c", "9" * 19])
)  # fmt: skip
NESTED = st.recursive(LEAVES, lambda x: st.lists(x, max_size=3) | st.dictionaries(KEYS, x, max_size=4), max_leaves=12)
DATA = st.dictionaries(st.sampled_from(list(Settings.model_fields)) | KEYS, NESTED, max_size=5) | NESTED
VARIABLES = st.dictionaries(
    st.lists(KEYS.filter(str.isidentifier), min_size=1, max_size=3).map(lambda k: "DIGEST_" + "__".join(k).upper()),
    st.text(max_size=12) | st.sampled_from(["[a]", "{a: b}", "{", '"', "5", "#9c1c1c"]),
    max_size=3,
)  # fmt: skip


def problems_of(data: Any, environment: dict[str, str]) -> list[ConfigProblem] | None:
    """None when the data are good. Any other exception than ConfigurationError passes."""
    try:
        found = loader.from_data(data, environment)
    except ConfigurationError as error:
        return error.problems
    assert isinstance(found, Settings)
    return None


@pytest.mark.slow
@settings(deadline=None, max_examples=examples(75))
@given(DATA, VARIABLES)
def test_from_data_raises_only_configuration_errors(data: Any, environment: dict[str, str]) -> None:
    problems = problems_of(data, environment)
    assert problems is None or problems
    for problem in problems or ():
        assert problem.where in ("digest.yaml", *environment)
        assert problem.message.strip()
        assert "input should" not in problem.message.lower()


@settings(deadline=None, max_examples=examples(75))
@given(
    st.dictionaries(
        st.sampled_from(list(Settings.model_fields)), st.lists(st.sampled_from(WORDS), max_size=2), min_size=1
    )
)
def test_an_error_in_a_file_has_one_of_its_lines(data: dict[str, Any]) -> None:
    text = "\n".join(f"{key}: {json.dumps(value)}" for key, value in data.items())
    problems = problems_of(reader.read_text(text, "digest.yaml"), {})
    assert all(1 <= problem.line <= len(data) for problem in problems or ())
