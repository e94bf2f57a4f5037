"""Every kind of error that pydantic can find in a settings file or a block is reported in our words.

The table has one value for each kind. A second test gives wrong values of every type to every key and looks for
pydantic's words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from digest.config import loader
from digest.config.settings import Settings
from digest.errors import ConfigurationError
from digest.render.blocks.rows import ROWS
from digest.yamlio import reader
from tests.support.profiles import PROFILE
from tests.support.tables import each_row

GOOD = "newsletter:\n  name: सुबह\n  sender: {email: news@example.com}\n"

# Kind of error → settings, and the message after "digest.yaml:".
SETTINGS = {
    "missing": ("alerts: {smtp: {port: 25}}", "'alerts.smtp.host' is required"),
    "extra_forbidden": ("zzz: 1", "unknown key 'zzz'; known: newsletter, sources"),
    "value_error": ("edition: {window: soon}", "'edition.window': expected a duration such as 90s, 15m"),
    "string_type": ("store: {url: 5}", "'store.url': expected text, found 5; put it into quotation marks"),
    "string_too_short": ("web: {host: ''}", "'web.host': expected some text, found ''"),
    "string_too_long": (
        f"sources: [{{name: क, path: p, mapping: {{title: {'x' * 501}}}}}]",
        "'sources[1].mapping.title': expected text of at most 500 characters, found 'xxx",
    ),
    "int_type": ("delivery: {threads: }", "'delivery.threads': expected a whole number, found nothing; remove"),
    "int_parsing": ("delivery: {threads: viele}", "'delivery.threads': expected a whole number, found 'viele'"),
    "int_parsing_size": (
        f"delivery: {{threads: '{'9' * 5000}'}}",
        "'delivery.threads': expected a whole number, found '999",
    ),
    "int_from_float": ("delivery: {threads: 1.5}", "'delivery.threads': expected a whole number, found 1.5"),
    "finite_number": ("delivery: {threads: 9.0e999}", "'delivery.threads': expected a number, found inf"),
    "float_type": ("edition: {merge: [1]}", "'edition.merge': expected a number, found a list"),
    "float_parsing": ("edition: {merge: much}", "'edition.merge': expected a number, found 'much'"),
    "bool_type": ("web: {enabled: [1]}", "'web.enabled': expected true or false, found a list"),
    "bool_parsing": ("web: {enabled: maybe}", "'web.enabled': expected true or false, found 'maybe'"),
    "literal_error": (
        "alerts: {transport: smpt}",
        "'alerts.transport': expected outbox, smtp, sendgrid, resend, brevo or ses, found 'smpt'; did you mean 'smtp'?",
    ),
    "model_type": ("schedule: 7", "'schedule': expected keys and values, found 7"),
    "dict_type": ("edition: {quotas: [1]}", "'edition.quotas': expected keys and values, found a list"),
    "tuple_type": ("edition: {sections: देश}", "'edition.sections': expected a list, found 'देश'; did you mean [देश]?"),
    "greater_than": ("edition: {merge: 0}", "'edition.merge': expected a number above 0, found 0"),
    "greater_than_equal": ("edition: {max_bytes: 5}", "'edition.max_bytes': expected a number of at least 10,000"),
    "less_than_equal": ("web: {port: 70000}", "'web.port': expected a number of at most 65,535, found 70000"),
}
# Kind of error → block, its data, and the message. These kinds are impossible in the settings.
BLOCKS = {
    "too_short": (
        "poll",
        "question: क\noptions: [हाँ]\n",
        "poll.yaml:2: 'options': expected at least 2 entries, found 1",
    ),
    "too_long": (
        "poll",
        "question: क\noptions: [1, 2, 3, 4, 5, 6]\n",
        "poll.yaml:2: 'options': expected at most 5 entries, found 6",
    ),
}


@each_row("kind", SETTINGS)
def test_each_kind_of_error_is_plain(kind: str) -> None:
    extra, expected = SETTINGS[kind]
    with pytest.raises(ConfigurationError) as caught:
        loader.from_data(reader.read_text(GOOD + extra + "\n", "digest.yaml"), {})
    [problem] = caught.value.problems
    assert (problem.where, problem.line) == ("digest.yaml", 4)
    assert problem.message.startswith(expected)


@pytest.mark.parametrize("kind", BLOCKS)
def test_each_kind_of_error_of_a_block_is_plain(kind: str) -> None:
    name, text, expected = BLOCKS[kind]
    with pytest.raises(ConfigurationError) as caught:
        loader.validate(reader.read_text(text, f"{name}.yaml"), ROWS[name].schema, f"{name}.yaml")
    assert str(caught.value) == expected


def test_the_key_of_a_mapping_is_named() -> None:
    with pytest.raises(ConfigurationError) as caught:
        loader.from_data(reader.read_text(GOOD + "edition: {boost: {'': 1}}\n", "digest.yaml"), {})
    assert str(caught.value) == "digest.yaml:4: 'edition.boost': expected some text, found ''"


WRONG = (
    None, "", [], {}, -1, 5, 1.5, float("nan"), float("inf"), 10**30, True, "x", "x" * 600, "\0", "देश",
    [None], [5], [[]], [{}], ["x", "x"], {"x": 5}, {"x": None}, {"x": []}, {"": "y"},
)  # fmt: skip
# Words of pydantic and of Python.
PYDANTIC = re.compile(
    r"\b(should|valid|instance|input|dictionary|tuple|boolean|integer|float)\b|None|True|False|\[key\]"
)


@pytest.mark.slow
def test_no_wrong_value_is_answered_in_the_words_of_pydantic() -> None:
    for path, values in wrong_values(Settings):
        for value in values:
            for problem in problems_of(nested(path, value)):
                assert not PYDANTIC.search(re.sub(r"'[^']*'", "", problem.message)), problem
                assert "expected ," not in problem.message
    for row in ROWS.values():
        for path, values in wrong_values(row.schema):
            for value in values:
                try:
                    loader.validate(nested(path, value, {}), row.schema, "block")
                except ConfigurationError as error:
                    for problem in error.problems:
                        assert not PYDANTIC.search(re.sub(r"'[^']*'", "", problem.message)), problem


def wrong_values(model: type[BaseModel]) -> Iterator[tuple[tuple[Any, ...], Sequence[Any]]]:
    """Yield the path of each key with all wrong values under `ci`, with every third one, in turn, otherwise."""
    for number, path in enumerate(paths(model, ())):
        yield path, WRONG if PROFILE == "ci" else WRONG[number % 3 :: 3]


def paths(model: type[BaseModel], above: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Yield the path of each key. Of a list of sections, only the first section counts."""
    for name, field in model.model_fields.items():
        here = (*above, field.alias or name)
        yield here
        if section := section_of(field.annotation):
            yield from paths(section, (*here, 0) if "tuple" in str(field.annotation) else here)


def section_of(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(section_of, get_args(annotation))), None)


def nested(path: tuple[Any, ...], value: Any, base: Mapping[str, Any] | None = None) -> dict[str, Any]:
    if base is None:
        base = {"newsletter": {"name": "x", "sender": {"email": "a@example.com"}}}
    data = {key: {**each} if isinstance(each, dict) else each for key, each in base.items()}
    for step in reversed(path[1:]):
        value = [value] if step == 0 else {step: value}
    own = data.get(path[0])
    data[path[0]] = {**own, **value} if isinstance(own, dict) and isinstance(value, dict) else value
    return data


def problems_of(data: Mapping[str, Any]) -> list[Any]:
    try:
        loader.from_data(data, {})
    except ConfigurationError as error:
        return error.problems
    return []
