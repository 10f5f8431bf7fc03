"""Fill-in-the-middle. In: the JSON of a request. Out: a typed request; its answers are those of the chat endpoint."""

from typing import Annotated

from pydantic import Field

from alize.api.schemas.chat import ChatCompletionResponse, StopStrings
from alize.api.schemas.extensions import InfillExtensions
from alize.api.schemas.values import JsonObject, Natural, Schema

__all__ = ["FIMCompletionRequest", "FIMCompletionResponse"]


class PublicFIMRequest(Schema):
    """The fields of the public reference."""

    model: str = Field(description="Id or alias of a model of GET /v1/models that has completion_fim.")
    prompt: str = Field(description="The text before the gap.")
    suffix: str | None = Field("", description="The text after the gap.")
    temperature: Annotated[float, Field(ge=0, le=1.5)] | None = Field(
        None, description="How freely to draw; 0 always takes the likeliest token. By default the model's own."
    )
    top_p: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None, description="Draw from the likeliest tokens that hold this share together."
    )
    max_tokens: Natural | None = Field(None, description="Most tokens of the answer. By default, what the context leaves.")
    min_tokens: Natural | None = Field(None, description="The answer cannot end by itself before this many tokens.")
    stream: bool = Field(False, description="Send the answer as server-sent events while it is made.")
    stop: StopStrings | None = Field(None, description="Texts that end the answer and are not part of it.")
    random_seed: Natural | None = Field(None, description="The same seed gives the same answer.")
    metadata: JsonObject | None = Field(None, description="For the client's own use: neither read, kept nor logged.")
    prompt_cache_key: str | None = Field(None, description="No effect: prompts that begin alike are found without it.")


class FIMCompletionRequest(InfillExtensions, PublicFIMRequest):
    """Text around a gap to fill: the public fields, then those beyond them."""


class FIMCompletionResponse(ChatCompletionResponse):
    """What belongs into the gap."""
