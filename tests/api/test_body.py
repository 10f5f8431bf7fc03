"""Bodies: what is not exactly JSON is refused, with the place and the reason, and quickly."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alize.api.body import json_of, parsed
from alize.api.schemas.chat import ChatCompletionRequest
from alize.errors import ValidationFailed
from tests.serving import Desk

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON, st.booleans())
def test_every_json_value_is_read_as_pythons_own_reader_does(value: Any, escaped: bool) -> None:
    body = json.dumps(value, ensure_ascii=escaped).encode()
    assert json_of(body) == json.loads(body)


@given(st.binary(max_size=60))
def test_any_bytes_are_json_or_a_refusal(body: bytes) -> None:
    try:
        value = json_of(body)
    except ValidationFailed:
        return
    json.dumps(value, ensure_ascii=False, allow_nan=False).encode()  # it could be sent back as it is


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "The body is empty"),
        (b" \n", "The body is empty"),
        (b"{", "not JSON"),
        (b"{} {}", "Extra data"),
        (b"\xef\xbb\xbf{}", "BOM"),
        (b'{"a": "\xff"}', "not UTF-8: byte 7 is 0xff"),
        ('{"a": "ü"}'.encode("utf-16"), "not UTF-8"),
        (b'{"a": NaN}', "NaN is not a JSON value"),
        (b'{"a": -Infinity}', "-Infinity is not a JSON value"),
        (b'{"a": 1e999}', "too large"),
        (b'{"a": ' + b"9" * 5000 + b"}", "5000 digits"),
        (b'{"a": 1, "b": {"c": 1, "c": 2}}', "the key 'c' twice"),
        (b'{"a": "\\ud800"}', "half a surrogate pair"),
        (b'{"a": "\\udc00\\ud800"}', "half a surrogate pair"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
    ],
)
def test_what_is_not_exactly_json_is_refused_by_name(body: bytes, said: str) -> None:
    with pytest.raises(ValidationFailed) as caught:
        json_of(body)
    assert said in caught.value.message
    assert caught.value.detail[0]["type"] in ("json_invalid", "missing")


def test_a_whole_surrogate_pair_is_a_character() -> None:
    assert json_of(b'{"a": "\\ud83d\\ude00"}') == {"a": "\N{GRINNING FACE}"}


REQUEST: dict[str, Any] = {"model": "fake", "messages": [{"role": "user", "content": "Hi"}]}


@pytest.mark.parametrize(
    ("more", "place", "kind"),
    [
        ({"nope": 1}, "nope", "extra_forbidden"),
        (
            {"messages": [{"role": "user", "content": "Hi", "reasoning_content": "x"}]},
            "messages.0.user.reasoning_content",
            "extra_forbidden",
        ),
        ({"messages": [{"role": "king", "content": "Hi"}]}, "messages.0", "union_tag_invalid"),
        ({"messages": [{"content": "Hi"}]}, "messages.0", "union_tag_not_found"),
        ({"messages": None}, "messages", "list_type"),
        ({"messages": {}}, "messages", "list_type"),
        ({"model": None}, "model", "string_type"),
        ({"model": 7}, "model", "string_type"),
        ({"temperature": 1.51}, "temperature", "less_than_equal"),
        ({"temperature": -0.01}, "temperature", "greater_than_equal"),
        ({"temperature": "0.5"}, "temperature", "float_type"),
        ({"temperature": True}, "temperature", "float_type"),
        ({"top_p": 0}, "top_p", "greater_than"),
        ({"top_p": 1.0001}, "top_p", "less_than_equal"),
        ({"max_tokens": -1}, "max_tokens", "greater_than_equal"),
        ({"max_tokens": 1.5}, "max_tokens", "int_type"),
        ({"max_tokens": True}, "max_tokens", "int_type"),
        ({"max_tokens": 2**63}, "max_tokens", "less_than_equal"),
        ({"random_seed": -1}, "random_seed", "greater_than_equal"),
        ({"presence_penalty": 2.1}, "presence_penalty", "less_than_equal"),
        ({"frequency_penalty": -2.1}, "frequency_penalty", "greater_than_equal"),
        ({"n": 0}, "n", "greater_than_equal"),
        ({"n": 129}, "n", "less_than_equal"),
        ({"stream": "yes"}, "stream", "bool_type"),
        ({"stream": 1}, "stream", "bool_type"),
        ({"stop": ""}, "stop", "string_too_short"),
        ({"stop": ["a"] * 17}, "stop", "too_long"),
        ({"top_logprobs": 21}, "top_logprobs", "less_than_equal"),
        ({"min_p": 1.1}, "min_p", "less_than_equal"),
        ({"repetition_penalty": 0}, "repetition_penalty", "greater_than_equal"),
        ({"logit_bias": {"5": 101}}, "logit_bias.5", "less_than_equal"),
        ({"top_k": -2}, "top_k", "greater_than_equal"),
        ({"tool_choice": "maybe"}, "tool_choice", "literal_error"),
        ({"response_format": {"type": "xml"}}, "response_format.type", "literal_error"),
        ({"reasoning_effort": "huge"}, "reasoning_effort", "literal_error"),
        ({"prompt_mode": "dream"}, "prompt_mode", "literal_error"),
        ({"service_tier": "gold"}, "service_tier", "literal_error"),
        ({"metadata": []}, "metadata", "dict_type"),
        ({"tools": [{"type": "hammer"}]}, "tools.0", "union_tag_invalid"),
        ({"messages": [{"role": "user", "content": [{"type": "smell"}]}]}, "messages.0.user.content", "union_tag_invalid"),
        ({"messages": [{"role": "user", "content": [{"type": "file", "file_id": "x"}]}]}, "messages.0.user.content", "value_error"),
    ],
)
async def test_a_wrong_field_is_named_with_its_place_and_kind(desk: Desk, more: dict[str, Any], place: str, kind: str) -> None:
    response = await desk.client.post("/v1/chat/completions", json=REQUEST | more)
    assert response.status_code == 422
    body = response.json()
    assert kind in [entry["type"] for entry in body["detail"]]
    assert all(entry["loc"][0] == "body" for entry in body["detail"])
    assert any(".".join(map(str, entry["loc"][1:])).startswith(place) for entry in body["detail"])
    assert body["param"].startswith(place)
    assert not desk.engine.asked


def test_five_point_zero_is_the_integer_five() -> None:
    assert parsed(REQUEST | {"max_tokens": 5.0}, ChatCompletionRequest, strict=True).max_tokens == 5


async def test_lenient_servers_ignore_unknown_fields_at_every_depth(new_desk: Any) -> None:
    desk = await new_desk(strict=False)
    body = {"model": "fake", "chat_template_kwargs": {}, "messages": [{"role": "user", "content": "Hi", "reasoning_content": "x"}]}
    assert (await desk.client.post("/v1/chat/completions", json=body)).status_code == 200
    response = await desk.client.post("/v1/chat/completions", json=body | {"temperature": 9})
    assert response.status_code == 422  # known fields are read as strictly as ever


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16"])
async def test_a_body_that_is_not_said_to_be_json_is_refused(desk: Desk, kind: str | None) -> None:
    headers = {"Content-Type": kind} if kind else {}
    response = await desk.client.post("/v1/chat/completions", content=json.dumps(REQUEST), headers=headers)
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["header", "content-type"]


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=UTF-8", "Application/JSON", "application/vnd.x+json"])
async def test_json_by_any_of_its_names_is_read(desk: Desk, kind: str) -> None:
    response = await desk.client.post("/v1/chat/completions", content=json.dumps(REQUEST), headers={"Content-Type": kind})
    assert response.status_code == 200


@pytest.mark.parametrize(("coding", "status"), [("gzip", 422), ("br", 422), ("identity", 200)])
async def test_a_compressed_body_is_refused_as_such(desk: Desk, coding: str, status: int) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": coding}
    response = await desk.client.post("/v1/chat/completions", content=json.dumps(REQUEST), headers=headers)
    assert response.status_code == status
    assert status == 200 or response.json()["detail"][0]["loc"] == ["header", "content-encoding"]


async def test_a_million_errors_are_one_sentence(desk: Desk) -> None:
    response = await desk.client.post("/v1/chat/completions", json={f"k{index}": 1 for index in range(200_000)})
    assert response.status_code == 422
    assert len(response.content) < 1000
    assert "200002 errors" in response.json()["message"]


async def test_a_long_wrong_value_is_not_sent_back(desk: Desk) -> None:
    response = await desk.client.post("/v1/chat/completions", json=REQUEST | {"temperature": "x" * 100_000})
    assert response.status_code == 422
    assert len(response.content) < 1000
