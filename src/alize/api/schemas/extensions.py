"""What Alizé accepts beyond the public API's fields, all in one place. In: fields a client sent. Out: their meaning in the API's own terms.

- Sampling fields that the official Python client has and the public reference has not, or that local engines offer.
- OpenAI's names for fields of this API (`ALIASES`), so that programs written for that client run unchanged.
- OpenAI's fields that change nothing here, and those whose meaning cannot be given and that are refused by name (`support.py`).

docs/reference/api.md lists them; a test holds both lists equal.
"""

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import Field

from alize.api.schemas.values import MOST, WHOLE, JsonObject, Natural, Schema
from alize.errors import InvalidRequest

__all__ = [
    "ALIASES",
    "EMBEDDING_ALIASES",
    "ChatExtensions",
    "EmbeddingExtensions",
    "InfillExtensions",
    "StreamOptions",
    "StructuredOutputs",
    "without_aliases",
]

ALIASES = {"seed": "random_seed", "max_completion_tokens": "max_tokens"}
EMBEDDING_ALIASES = {"dimensions": "output_dimension"}
"""OpenAI's name → the name here."""

Request = TypeVar("Request", bound=Schema)

_LONGEST = 100_000  # characters of an expression or a grammar
_REPLAY = "Give with each choice what reproduces it: a record for `alize replay`."


class StreamOptions(Schema):
    include_usage: bool | None = Field(None, description="No effect: the last chunk always has the usage.")
    include_obfuscation: bool | None = Field(None, description="No effect: nothing is padded.")


class StructuredOutputs(Schema):
    """What the whole answer must match: one of these."""

    json_: JsonObject | None = Field(None, alias="json", description="A JSON schema.")
    regex: Annotated[str, Field(min_length=1, max_length=_LONGEST)] | None = Field(
        None, description="A regular expression, as Rust has it."
    )
    choice: Annotated[list[Annotated[str, Field(min_length=1, max_length=1000)]], Field(min_length=1, max_length=1000)] | None = Field(
        None, description="One of these texts."
    )
    grammar: Annotated[str, Field(min_length=1, max_length=_LONGEST)] | None = Field(None, description="A Lark grammar.")


class ChatExtensions(Schema):
    """Fields of a chat request beyond the public reference."""

    # ── sampling ──
    top_k: Annotated[int, Field(ge=-1, le=2**31 - 1), WHOLE] | None = Field(
        None, description="Draw from the k likeliest tokens; 0 or -1 is all of them."
    )
    min_p: Annotated[float, Field(ge=0, le=1)] | None = Field(
        None, description="Drop tokens less likely than this share of the likeliest one."
    )
    min_tokens: Natural | None = Field(None, description="The answer cannot end by itself before this many tokens.")
    ignore_eos: bool | None = Field(None, description="Go on until max_tokens or a stop string, whatever the model would say.")
    logprobs: bool | None = Field(None, description="Give the log-probability of each token.")
    top_logprobs: Annotated[int, Field(ge=0, le=20), WHOLE] | None = Field(
        None, description="Give that many of the likeliest tokens beside each; needs logprobs."
    )
    repetition_penalty: Annotated[float, Field(ge=0.01, le=100)] | None = Field(
        None, description="Divide the logits of tokens of prompt and answer by this, where they are above 0, else multiply them with it."
    )
    logit_bias: dict[str, Annotated[float, Field(ge=-100, le=100)]] | None = Field(
        None, description="Add this to the logits of these tokens: an id as a text, and the number."
    )
    structured_outputs: StructuredOutputs | None = Field(
        None, description="What the whole answer must match, beyond what response_format can say."
    )
    priority: Annotated[int, Field(ge=-100, le=0), WHOLE] | None = Field(
        None, description="Below 0, it waits for requests of a higher priority, and gives way to them: for work that nobody watches."
    )
    replay: bool | None = Field(None, description=_REPLAY)
    prompt_logprobs: bool | None = Field(None, description="Only false is supported.")
    top_prompt_logprobs: Natural | None = Field(None, description="Only 0 is supported.")
    # ── OpenAI's names ──
    seed: Natural | None = Field(None, description="The same as random_seed.")
    max_completion_tokens: Natural | None = Field(None, description="The same as max_tokens.")
    # ── OpenAI's fields that change nothing, or are refused by name ──
    stream_options: StreamOptions | None = None
    user: str | None = Field(None, description="No effect.")
    store: bool | None = Field(None, description="Only false is supported: answers are not kept.")


class InfillExtensions(Schema):
    """Fields of a request to fill a gap beyond the public reference."""

    replay: bool | None = Field(None, description=_REPLAY)


class EmbeddingExtensions(Schema):
    """Fields of a request for embeddings beyond the public reference: OpenAI's."""

    dimensions: Annotated[int, Field(gt=0, le=MOST), WHOLE] | None = Field(None, description="The same as output_dimension.")
    user: str | None = Field(None, description="No effect.")


def without_aliases(request: Request, aliases: Mapping[str, str] = ALIASES) -> Request:
    """The request with each alias under the name it stands for. Raises InvalidRequest where both are sent and differ."""
    meant: dict[str, Any] = {}
    for alias, name in aliases.items():
        value, other = getattr(request, alias), getattr(request, name)
        if value is None:
            continue
        if other is not None and other != value:
            raise InvalidRequest(
                f"{alias} is {value} and {name} is {other}, but both mean the same.", param=alias, remedy="Send one of them."
            )
        meant |= {alias: None, name: value}
    return request.model_copy(update=meant)
