"""Embeddings. In: the JSON of a request. Out: a typed request, and the shapes of its answer."""

from typing import Annotated, Literal

from pydantic import Field

from alize.api.schemas.chat import UsageInfo
from alize.api.schemas.extensions import EmbeddingExtensions
from alize.api.schemas.values import MOST, WHOLE, Integer, JsonObject, Reply, Schema
from alize.engine.vectors import OutputType

__all__ = ["EmbeddingRequest", "EmbeddingResponse", "PublicEmbeddingRequest"]


class PublicEmbeddingRequest(Schema):
    """The fields of the public reference."""

    model: str = Field(description="Id or alias of a model of GET /v1/models that has embeddings.")
    input: str | list[str] = Field(description="A text, or several: a vector for each.")
    metadata: JsonObject | None = Field(None, description="For the client's own use: neither read, kept nor logged.")
    output_dimension: Annotated[int, Field(gt=0, le=MOST), WHOLE] | None = Field(
        None, description="Only the first numbers of each vector, of length 1 again. By default all of them."
    )
    output_dtype: OutputType = Field("float", description="The type of the numbers; binary and ubinary pack eight of them into one.")
    encoding_format: Literal["float", "base64"] = Field(
        "float", description="A list of numbers, or their bytes in base64: float32 in little-endian order, or one byte each."
    )


class EmbeddingRequest(EmbeddingExtensions, PublicEmbeddingRequest):
    """Texts to make vectors of: the public fields, then those beyond them."""


class EmbeddingResponseData(Reply):
    object: Literal["embedding"] = "embedding"
    embedding: list[float] | str = Field(description="Numbers; base64 where encoding_format asks for it.")
    index: Integer = Field(description="Which of the texts.")


class EmbeddingResponse(Reply):
    id: str
    object: Literal["list"] = "list"
    model: str = Field(description="The name that was asked for.")
    data: list[EmbeddingResponseData]
    usage: UsageInfo
