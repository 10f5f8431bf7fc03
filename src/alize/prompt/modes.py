"""Ways of answering that only some models have. In: `prompt_mode` and `reasoning_effort`. Out: what they ask of a model, or a refusal.

the model               prompt_mode "reasoning"                 reasoning_effort
does not think          refused                                 refused, but for "none"
thinks if told so       its makers' system prompt, if no other  refused: nothing in its template takes it
thinks as asked         as an effort of "high"                  goes to the template
always thinks           changes nothing                         refused
"""

from collections.abc import Mapping, Sequence
from typing import Any

from alize.errors import UnsupportedParameter
from alize.tokenize.base import ThoughtMarks

__all__ = ["THINKING_PROMPT", "effort_of", "refuse_reasoning", "with_thinking_prompt"]

_HEAD = (
    "# HOW YOU SHOULD THINK AND ANSWER\n\n"
    "First draft your thinking process (inner monologue) until you arrive at a response. Format your response using Markdown, and use "
    "LaTeX for any mathematical equations. Write both your thoughts and the response in the same language as the input.\n\n"
    "Your thinking process must follow the template below:"
)
_THOUGHT = (
    "Your thoughts or/and draft, like working through an exercise on scratch paper. Be as casual and as long as you want until you are "
    "confident to generate the response to the user."
)
THINKING_PROMPT: list[dict[str, Any]] = [
    {"type": "text", "text": _HEAD},
    {"type": "thinking", "thinking": [{"type": "text", "text": _THOUGHT}], "closed": True},
    {"type": "text", "text": "Here, provide a self-contained response."},
]
"""What `prompt_mode: reasoning` puts before the conversation: the system prompt that Mistral publishes for these models."""


def refuse_reasoning(prompt_mode: str | None, reasoning_effort: str | None, *, model: str, marks: ThoughtMarks | None = None) -> None:
    """Raise UnsupportedParameter where a request asks of `model` what it cannot do. Of one that does not think, "none" asks nothing."""
    if marks is not None and (marks.efforts or reasoning_effort is None):
        return
    if marks is not None:
        raise UnsupportedParameter(
            f"reasoning_effort {reasoning_effort!r} is not supported: how much the model {model} thinks cannot be set.",
            param="reasoning_effort",
            remedy="Leave reasoning_effort out.",
        )
    for name, value, plain in (("prompt_mode", prompt_mode, None), ("reasoning_effort", reasoning_effort, "none")):
        if value is not None and value != plain:
            raise UnsupportedParameter(
                f"{name} {value!r} is not supported: the model {model} does not reason before it answers.",
                param=name,
                remedy=f"Leave {name} out.",
            )


def effort_of(prompt_mode: str | None, reasoning_effort: str | None, marks: ThoughtMarks | None) -> str | None:
    """What the template is told of how much to think.

    >>> effort_of("reasoning", None, ThoughtMarks(efforts=True)), effort_of(None, "none", None)
    ('high', None)
    """
    if marks is None or not marks.efforts:
        return None
    return reasoning_effort or ("high" if prompt_mode == "reasoning" else None)


def with_thinking_prompt(
    messages: Sequence[Mapping[str, Any]], prompt_mode: str | None, marks: ThoughtMarks | None
) -> list[Mapping[str, Any]]:
    """With the prompt that lets a model think, where it is asked for and no other comes first."""
    wanted = prompt_mode == "reasoning" and marks is not None and marks.prompted
    if not wanted or (messages and messages[0].get("role") == "system"):
        return list(messages)
    return [{"role": "system", "content": THINKING_PROMPT}, *messages]
