"""What is not served yet. In: a chat request that is well-formed. Out: nothing, or UnsupportedParameter that names the field.

Each refusal is removed by the work that makes its field do something; no field is taken and silently ignored.
"""

from collections.abc import Iterator

from alize.api.parts import Served
from alize.api.schemas.chat import ChatCompletionRequest
from alize.errors import InvalidRequest, UnsupportedParameter
from alize.prompt import refuse_reasoning
from alize.reasons import because
from alize.upstream import UpstreamModel
from alize.weights.catalog import Card

__all__ = ["SERVED", "refuse_anyway", "refuse_elsewhere", "refuse_unsupported"]

SERVED = frozenset(
    {"completion_chat", "completion_fim", "reasoning", "function_calling", "vision", "audio", "audio_transcription", "embeddings"}
)
"""Capabilities of models that this version can serve; a card's others are not shown."""

_LEAVE_OUT = "Leave it out."


def refuse_unsupported(request: ChatCompletionRequest, served: Served) -> None:
    """Raise UnsupportedParameter for the first field that asks for what is not there, InvalidRequest for fields that exclude each other."""
    refuse_anyway(request, served.card)
    refuse_reasoning(request.prompt_mode, request.reasoning_effort, model=served.card.id, marks=served.thought_marks)


def refuse_anyway(request: ChatCompletionRequest, card: Card) -> None:
    """The same for what is not there whatever the model turns out to be when it is loaded."""
    for field, reason, remedy in _unsupported(request):
        raise UnsupportedParameter(
            f"{field}: {reason}", param=field, remedy=remedy, reason=because("parameter_unsupported", parameter=field)
        )
    if "completion_chat" not in card.capabilities & SERVED:
        raise UnsupportedParameter(
            f"The model {card.id} does not chat.",
            param="model",
            remedy="Choose another of GET /v1/models.",
            reason=because("model_not_for_talk", model=card.id),
        )
    if request.top_logprobs and not request.logprobs:
        raise InvalidRequest(
            "top_logprobs is given without logprobs.",
            param="top_logprobs",
            remedy="Send logprobs: true with it.",
            reason=because("parameter_unsupported", parameter="top_logprobs"),
        )


def refuse_elsewhere(request: ChatCompletionRequest, model: UpstreamModel) -> None:
    """Raise UnsupportedParameter for a field that asks for what no answer of an upstream can have."""
    if request.replay:
        raise UnsupportedParameter(
            f"replay: {model.host} answers, and what decides its tokens is not known here.",
            param="replay",
            remedy="Leave it out, or ask a model of this server.",
            reason=because("parameter_unsupported", parameter="replay"),
        )


def _unsupported(request: ChatCompletionRequest) -> Iterator[tuple[str, str, str]]:
    """(field, why, what to do) of everything asked for that cannot be given."""
    if request.guardrails:
        yield "guardrails", "guardrails are not supported yet: no text would be checked.", _LEAVE_OUT
    if request.store:
        yield "store", "answers are not kept.", "Send false, or leave it out."
    if request.prompt_logprobs or request.top_prompt_logprobs:
        yield "prompt_logprobs", "log-probabilities of the prompt are not supported yet.", _LEAVE_OUT
