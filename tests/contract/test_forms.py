"""Answers of a form, and predicted ones, by the unmodified clients and the real model; and what a server says of what cannot be."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jsonschema
import pytest
from mistralai.client import Mistral
from openai import BadRequestError, OpenAI
from pydantic import BaseModel, Field

from tests.contract.conftest import Place
from tests.test_docs import blocks, run

pytestmark = pytest.mark.slow

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "maxLength": 20},
        "country": {"type": "string", "maxLength": 20},
        "rivers": {"type": "array", "items": {"type": "string", "maxLength": 12}, "maxItems": 2},
    },
    "required": ["city", "country", "rivers"],
    "additionalProperties": False,
}
QUESTION: Any = [{"role": "user", "content": "The capital of France, as JSON with city, country and rivers."}]
CODE = "def add(a, b):\n    return a + b\n\n\ndef subtract(a, b):\n    return a - b\n\n\ndef multiply(a, b):\n    return a * b\n"


class City(BaseModel):
    city: str = Field(max_length=20)
    country: str = Field(max_length=20)


@pytest.fixture(scope="module")
def mistral(real: Place) -> Iterator[Mistral]:
    with Mistral(api_key=real.key, server_url=real.url) as client:
        yield client


@pytest.fixture(scope="module")
def openai(real: Place) -> Iterator[OpenAI]:
    with OpenAI(api_key=real.key, base_url=f"{real.url}/v1", max_retries=0) as client:
        yield client


def test_mistral_s_client_gets_what_the_schema_says(mistral: Mistral, real: Place) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "place", "schema": SCHEMA, "strict": True}}
    answer = mistral.chat.complete(model=real.model, messages=QUESTION, response_format=form, temperature=0.7, random_seed=1)
    assert answer.choices[0].finish_reason == "stop"
    jsonschema.validate(json.loads(str(answer.choices[0].message.content)), SCHEMA)


def test_mistral_s_client_parses_into_a_class(mistral: Mistral, real: Place) -> None:
    answer = mistral.chat.parse(City, model=real.model, messages=QUESTION, temperature=0)
    assert isinstance(answer.choices[0].message.parsed, City)


def test_openai_s_client_streams_what_the_schema_says(openai: OpenAI, real: Place) -> None:
    form: Any = {"type": "json_schema", "json_schema": {"name": "place", "schema": SCHEMA}}
    chunks = openai.chat.completions.create(model=real.model, messages=QUESTION, response_format=form, stream=True, temperature=0)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    jsonschema.validate(json.loads(text), SCHEMA)


def test_any_object_is_an_object(openai: OpenAI, real: Place) -> None:
    answer = openai.chat.completions.create(model=real.model, messages=QUESTION, response_format={"type": "json_object"}, max_tokens=400)
    if answer.choices[0].finish_reason == "stop":
        assert isinstance(json.loads(answer.choices[0].message.content or ""), dict)
    else:
        assert (answer.choices[0].message.content or "").startswith("{")


def test_one_that_is_cut_says_so_and_is_the_beginning(openai: OpenAI, real: Place) -> None:
    form: Any = {"type": "json_schema", "json_schema": {"name": "place", "schema": SCHEMA}}

    def asked(**more: Any) -> Any:
        return openai.chat.completions.create(model=real.model, messages=QUESTION, response_format=form, temperature=0, **more).choices[0]

    whole, cut, stopped = asked(), asked(max_tokens=5), asked(stop=['"country"'])
    assert (whole.finish_reason, cut.finish_reason, stopped.finish_reason) == ("stop", "length", "stop")
    assert [each.model_extra.get("stop_reason") for each in (whole, cut, stopped)] == [None, None, '"country"']
    for part in (cut, stopped):
        assert whole.message.content.startswith(part.message.content)
        assert len(part.message.content) < len(whole.message.content)


def test_one_that_is_cut_while_it_is_streamed_says_so_with_its_last_chunk(openai: OpenAI, real: Place) -> None:
    form: Any = {"type": "json_schema", "json_schema": {"name": "place", "schema": SCHEMA}}

    def asked(**more: Any) -> tuple[str, str, str | None]:
        chunks = openai.chat.completions.create(
            model=real.model, messages=QUESTION, response_format=form, temperature=0, stream=True, **more
        )
        choices = [chunk.choices[0] for chunk in chunks if chunk.choices]
        assert all(choice.finish_reason is None and "stop_reason" not in choice.model_extra for choice in choices[:-1])
        return (
            "".join(choice.delta.content or "" for choice in choices),
            choices[-1].finish_reason,
            choices[-1].model_extra.get("stop_reason"),
        )

    whole, *ended = asked()
    assert ended == ["stop", None]
    jsonschema.validate(json.loads(whole), SCHEMA)
    for more, reason in (({"max_tokens": 5}, ["length", None]), ({"stop": ['"country"']}, ["stop", '"country"'])):
        text, *ended = asked(**more)
        assert ended == reason
        assert whole.startswith(text)
        assert len(text) < len(whole)


@pytest.mark.parametrize("prefix", ["{", '{"city": "Par', '{"city": "Paris", "country": "France", "rivers": ["Se'])
def test_an_answer_that_goes_on_from_a_prefix_matches_with_it(mistral: Mistral, openai: OpenAI, real: Place, prefix: str) -> None:
    form: Any = {"type": "json_schema", "json_schema": {"name": "place", "schema": SCHEMA, "strict": True}}
    messages: Any = [*QUESTION, {"role": "assistant", "content": prefix, "prefix": True}]
    answer = mistral.chat.complete(model=real.model, messages=messages, response_format=form, temperature=0.7, random_seed=1)
    text = str(answer.choices[0].message.content)
    assert (answer.choices[0].finish_reason, text.startswith(prefix)) == ("stop", True)
    jsonschema.validate(json.loads(text), SCHEMA)
    chunks = openai.chat.completions.create(model=real.model, messages=messages, response_format=form, stream=True, temperature=0)
    jsonschema.validate(json.loads("".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)), SCHEMA)


def test_a_prefix_that_begins_nothing_of_the_form_is_a_400_that_names_it(openai: OpenAI, real: Place) -> None:
    form: Any = {"type": "json_schema", "json_schema": {"name": "place", "schema": SCHEMA}}
    for stream in (False, True):
        messages: Any = [*QUESTION, {"role": "assistant", "content": "Sure: {", "prefix": True}]
        with pytest.raises(BadRequestError, match=r"Sure: \{") as refused:
            openai.chat.completions.create(model=real.model, messages=messages, response_format=form, stream=stream)
        assert refused.value.param == "messages"


@pytest.mark.parametrize(
    ("form", "values"),
    [({"choice": ["yes", "no"]}, {"yes", "no"}), ({"regex": "[ab]"}, {"a", "b"}), ({"grammar": 'start: "x" | "y"'}, {"x", "y"})],
)
def test_each_other_form(openai: OpenAI, real: Place, form: dict[str, Any], values: set[str]) -> None:
    answer = openai.chat.completions.create(
        model=real.model, messages=[{"role": "user", "content": "Well?"}], n=3, temperature=1, extra_body={"structured_outputs": form}
    )
    assert {choice.message.content for choice in answer.choices} <= values


@pytest.mark.parametrize("stream", [False, True])
def test_what_the_engine_refuses_is_a_400_that_names_the_field_and_the_feature(openai: OpenAI, real: Place, stream: bool) -> None:
    form: Any = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "array", "uniqueItems": True}}}
    with pytest.raises(BadRequestError, match="uniqueItems") as refused:
        openai.chat.completions.create(model=real.model, messages=QUESTION, response_format=form, stream=stream)
    assert refused.value.param == "response_format"
    expression = {"structured_outputs": {"regex": "("}}
    with pytest.raises(BadRequestError) as other:
        openai.chat.completions.create(model=real.model, messages=QUESTION, extra_body=expression, stream=stream)
    assert other.value.param == "structured_outputs"


def test_a_schema_that_is_nested_too_deep_or_too_long_is_refused_and_others_are_answered(openai: OpenAI, real: Place) -> None:
    deep: dict[str, Any] = {"type": "integer"}
    for _ in range(200):
        deep = {"type": "array", "items": deep}
    long = {"enum": ["x" * 1000 + str(number) for number in range(1200)]}
    for schema in (deep, long):
        form: Any = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
        with pytest.raises(BadRequestError) as refused:
            openai.chat.completions.create(model=real.model, messages=QUESTION, response_format=form)
        assert refused.value.param == "response_format"
    answer = openai.chat.completions.create(model=real.model, messages=QUESTION, max_tokens=5)
    assert answer.choices[0].message.content


def test_forms_of_many_at_once_are_each_its_own(openai: OpenAI, real: Place) -> None:
    def asked(number: int) -> str:
        answer = openai.chat.completions.create(
            model=real.model,
            messages=[{"role": "user", "content": f"Say {number}."}],
            extra_body={"structured_outputs": {"regex": f"{number}-[a-z]{{3}}"}} if number % 3 else {},
            max_tokens=12,
        )
        return answer.choices[0].message.content or ""

    with ThreadPoolExecutor(12) as pool:
        texts = list(pool.map(asked, range(24)))
    for number, text in enumerate(texts):
        assert not number % 3 or (text.startswith(f"{number}-") and len(text) == len(f"{number}-abc"))


def test_a_predicted_answer_is_the_same(openai: OpenAI, real: Place) -> None:
    messages: Any = [{"role": "user", "content": f"Write this code again, word for word:\n\n{CODE}"}]
    plain = openai.chat.completions.create(model=real.model, messages=messages, temperature=0, max_tokens=80)
    text = plain.choices[0].message.content or ""
    predicted = openai.chat.completions.create(
        model=real.model, messages=messages, temperature=0, max_tokens=80, prediction={"type": "content", "content": text}
    )
    assert predicted.choices[0].message.content == text


def test_a_prediction_that_is_wrong_changes_nothing(mistral: Mistral, real: Place) -> None:
    def asked(content: str) -> object:
        answer = mistral.chat.complete(
            model=real.model,
            messages=[{"role": "user", "content": "What is the capital of France?"}],
            temperature=1.0,
            random_seed=3,
            max_tokens=40,
            prediction={"type": "content", "content": content},
        )
        return answer.choices[0].message.content

    assert asked("") == asked("A rainbow is made by the sun and the rain. " * 20)


@pytest.mark.parametrize("code", blocks("python form"))
def test_forms_are_asked_for_as_the_examples_say(real: Place, code: str) -> None:
    run(code.replace("http://127.0.0.1:8600", real.url).replace("alize-small-latest", real.model), ALIZE_API_KEY=real.key)
