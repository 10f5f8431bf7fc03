"""A value of one type is told what is wrong with it, not that it might have been of another."""

from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from alize.api.body import parsed
from alize.api.schemas.chat import ChatCompletionRequest
from alize.api.unions import meant
from alize.errors import ValidationFailed

CHUNKS = [{"type": "image_url", "image_url": {"x": 1}}]


@pytest.mark.parametrize(
    ("more", "message", "param"),
    [
        ({"stop": ["a"] * 17}, "stop: List should have at most 16 items after validation, not 17.", "stop"),
        ({"stop": ["a", 3]}, "stop.1: Input should be a valid string.", "stop.1"),
        ({"stop": ""}, "stop: String should have at least 1 character.", "stop"),
        ({"stop": 5}, "stop: Input should be a valid string. (1 more in detail.)", "stop"),
        ({"tool_choice": "maybe"}, "tool_choice: Input should be 'auto', 'none', 'any' or 'required'.", "tool_choice"),
        ({"tool_choice": {"type": "function"}}, "The field tool_choice.function is missing.", "tool_choice.function"),
        ({"messages": [{"role": "user", "content": CHUNKS}]}, "is missing. (1 more in detail.)", "image_url.url"),
        ({"messages": [{"role": "user"}]}, "The field messages.0.user.content is missing.", "messages.0.user.content"),
    ],
    ids=str,
)
def test_the_branch_of_the_values_own_type_is_reported(more: dict[str, Any], message: str, param: str) -> None:
    request: dict[str, Any] = {"model": "fake", "messages": [{"role": "user", "content": "Hi"}], **more}
    with pytest.raises(ValidationFailed) as caught:
        parsed(request, ChatCompletionRequest, strict=True)
    assert caught.value.message.endswith(message)
    assert str(caught.value.param).endswith(param)
    assert caught.value.detail[0]["loc"] == [
        "body",
        *(int(part) if part.isdigit() else part for part in str(caught.value.param).split(".")),
    ]


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    kind: Literal["a"]
    more: "str | list[int | Inner] | None" = None


class Other(BaseModel):
    model_config = ConfigDict(strict=True)

    kind: Literal["b"]
    text: "bool | dict[str, int]" = True


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    x: "int | Inner | list[str]"
    y: Annotated[Inner | Other, Field(discriminator="kind")] | None = None


# Keys that are also names of branches and tags: whoever writes them must not make an error vanish.
KEYS = st.sampled_from(["x", "y", "kind", "more", "text", "str", "int", "a", "Inner"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["a", "b", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_something_is_said_of_whatever_is_wrong_and_nothing_that_was_not_found(value: dict[str, Any]) -> None:
    try:
        Outer.model_validate(value)
    except ValidationError as error:
        found = error.errors(include_url=False)
        kept = meant(found, value)
        said = [(entry["type"], entry["msg"]) for entry in found]
        assert {entry["loc"][0] for entry in kept} == {entry["loc"][0] for entry in found}
        assert all((entry["type"], entry["msg"]) in said for entry in kept)
