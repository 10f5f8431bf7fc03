"""Reasoning asked of a model that does not reason."""

import pytest

from alize.errors import UnsupportedParameter
from alize.prompt import refuse_reasoning


def test_asking_for_nothing_is_accepted():
    refuse_reasoning(None, None, model="m")
    refuse_reasoning(None, "none", model="m")


@pytest.mark.parametrize(
    ("prompt_mode", "effort", "param"),
    [
        ("reasoning", None, "prompt_mode"),
        ("reasoning", "none", "prompt_mode"),
        (None, "high", "reasoning_effort"),
        (None, "", "reasoning_effort"),
    ],
)
def test_asking_for_reasoning_is_refused_by_name(prompt_mode: str | None, effort: str | None, param: str):
    with pytest.raises(UnsupportedParameter, match="the model m does not reason") as caught:
        refuse_reasoning(prompt_mode, effort, model="m")
    assert caught.value.param == param
