"""The chat endpoint. In: the JSON of a request. Out: a typed request; and the shapes of answers, whole and streamed.

Answers are written as plain dictionaries (`routes/chat.py`, `sse.py`): the response schemas here document them, and tests hold both equal.
"""

from typing import Annotated, Literal

from pydantic import Field

from alize.api.schemas.extensions import ChatExtensions
from alize.api.schemas.messages import AssistantMessage, DeltaMessage, Message
from alize.api.schemas.tools import GuardrailConfig, Prediction, ResponseFormat, ToolChoice, ToolChoiceEnum, Tools
from alize.api.schemas.values import WHOLE, Integer, JsonObject, Natural, Schema

__all__ = [
    "ChatCompletionRequest",
    "ChatCompletionResponse",
    "CompletionChunk",
    "CompletionEvent",
    "PublicChatRequest",
    "StopStrings",
    "UsageInfo",
]

_MOST_STOPS = 16
_LONGEST_STOP = 1000  # characters
_STOP = "Only where a stop string ended the answer: which. What came before it may be the beginning of a form alone."
_REPLAY = "Only where asked for: a record for `alize replay`; null where no token was drawn."
StopString = Annotated[str, Field(min_length=1, max_length=_LONGEST_STOP)]
StopStrings = StopString | Annotated[list[StopString], Field(max_length=_MOST_STOPS)]


class PublicChatRequest(Schema):
    """The fields of the public reference."""

    model: str = Field(description="Id or alias of a model of GET /v1/models.")
    messages: list[Message]
    temperature: Annotated[float, Field(ge=0, le=1.5)] | None = Field(
        None, description="How freely to draw; 0 always takes the likeliest token. By default the model's own."
    )
    top_p: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None, description="Draw from the likeliest tokens that hold this share together."
    )
    max_tokens: Natural | None = Field(
        None, description="Most tokens of an answer; 0 answers with nothing but the usage. By default, what the context leaves."
    )
    stream: bool = Field(False, description="Send the answer as server-sent events while it is made.")
    stop: StopStrings | None = Field(None, description=f"Texts that end the answer and are not part of it: at most {_MOST_STOPS}.")
    random_seed: Natural | None = Field(None, description="The same seed gives the same answer.")
    metadata: JsonObject | None = Field(None, description="For the client's own use: neither read, kept nor logged.")
    response_format: ResponseFormat = Field(
        ResponseFormat(), description="What the whole answer looks like: text, any JSON object, or JSON that a schema describes."
    )
    tools: list[Tools] | None = Field(None, description="Functions that the answer may call: at most 128. The client runs them.")
    tool_choice: ToolChoice | ToolChoiceEnum = Field(
        "auto", description="`any`, `required` and a function make the answer begin as a call; `none` leaves the tools out."
    )
    presence_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    frequency_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    n: Annotated[int, Field(ge=1, le=128), WHOLE] | None = Field(None, description="How many answers; the prompt is counted once.")
    prediction: Prediction = Field(
        Prediction(), description="What the answer is thought to be much like: it comes faster where it is, and is never another."
    )
    parallel_tool_calls: bool = Field(True, description="False ends the answer with its first call.")
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh"] | None = Field(
        None, description="Only for models that reason; `none` for all."
    )
    prompt_mode: Literal["reasoning"] | None = Field(None, description="Only for models that reason.")
    guardrails: list[GuardrailConfig] | None = Field(None, description="Not supported yet.")
    prompt_cache_key: str | None = Field(None, description="No effect: prompts that begin alike are found without it.")
    service_tier: Literal["auto", "standard_only"] | None = Field(None, description="No effect: there is one tier.")
    safe_prompt: bool = Field(False, description="Put Mistral's published safety text before the conversation.")


class ChatCompletionRequest(ChatExtensions, PublicChatRequest):
    """A conversation to continue: the public fields, then those beyond them."""


class PromptTokensDetails(Schema):
    cached_tokens: Integer = Field(default=0, description="How many of the prompt's tokens were computed before.")


class CompletionTokensDetails(Schema):
    accepted_prediction_tokens: Integer = Field(
        default=0, description="How many tokens were guessed, computed before it was known that they follow, and did."
    )
    rejected_prediction_tokens: Integer = Field(default=0, description="How many were guessed and did not follow, whoever guessed them.")


class UsageInfo(Schema):
    prompt_tokens: Integer = 0
    completion_tokens: Integer = 0
    total_tokens: Integer = 0
    prompt_audio_seconds: Integer | None = None
    service_tier: str | None = None
    prompt_tokens_details: PromptTokensDetails = PromptTokensDetails()
    completion_tokens_details: CompletionTokensDetails | None = None


class TokenLogprob(Schema):
    token: str
    logprob: float
    bytes: list[Integer]
    token_id: Integer


class TokenLogprobs(TokenLogprob):
    top_logprobs: list[TokenLogprob] = Field(default_factory=list[TokenLogprob])


class ChoiceLogprobs(Schema):
    content: list[TokenLogprobs]


class ChatCompletionChoice(Schema):
    index: Integer
    message: AssistantMessage
    logprobs: ChoiceLogprobs | None = Field(None, description="Only where asked for.")
    replay: JsonObject | None = Field(None, description=_REPLAY)
    finish_reason: Literal["stop", "length", "model_length", "error", "tool_calls"]
    stop_reason: str | None = Field(None, description=_STOP)


class ChatCompletionResponse(Schema):
    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: Integer = Field(description="Unix time in seconds.")
    model: str = Field(description="The name that was asked for.")
    choices: list[ChatCompletionChoice]
    usage: UsageInfo


class CompletionResponseStreamChoice(Schema):
    index: Integer
    delta: DeltaMessage
    logprobs: ChoiceLogprobs | None = Field(None, description="Only where asked for.")
    replay: JsonObject | None = Field(None, description=f"{_REPLAY} In the choice's last chunk.")
    finish_reason: Literal["stop", "length", "error", "tool_calls"] | None
    stop_reason: str | None = Field(None, description=f"{_STOP} In the choice's last chunk.")


class CompletionChunk(Schema):
    id: str
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"
    created: Integer = 0
    model: str
    choices: list[CompletionResponseStreamChoice]
    usage: UsageInfo | None = Field(None, description="In the last chunk.")


class CompletionEvent(Schema):
    """One server-sent event. The last one's data is `[DONE]`."""

    data: CompletionChunk
