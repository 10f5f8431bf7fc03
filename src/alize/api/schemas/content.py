"""Chunks of a message's content. In: their JSON. Out: typed chunks. What of them a model can read is decided in `prompt/content.py`."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field

from alize.api.schemas.values import Integer, Schema

__all__ = [
    "AudioChunk",
    "ContentChunk",
    "DocumentURLChunk",
    "FileChunk",
    "ImageURL",
    "ImageURLChunk",
    "InputAudio",
    "ReferenceChunk",
    "SystemMessageContentChunks",
    "TextChunk",
    "ThinkChunk",
    "ToolReferenceChunk",
]


class TextChunk(Schema):
    type: Literal["text"]
    text: str


class ReferenceChunk(Schema):
    type: Literal["reference"]
    reference_ids: list[Integer | str]


class ToolReferenceChunk(Schema):
    type: Literal["tool_reference"]
    tool: str
    title: str
    url: str | None = None
    favicon: str | None = None
    description: str | None = None


class ThinkChunk(Schema):
    type: Literal["thinking"]
    thinking: list[TextChunk | ToolReferenceChunk | ReferenceChunk]
    signature: str | None = None
    closed: bool = True


class ImageURL(Schema):
    url: str
    detail: Literal["low", "auto", "high"] | None = None


class ImageURLChunk(Schema):
    type: Literal["image_url"]
    image_url: ImageURL | str


class DocumentURLChunk(Schema):
    type: Literal["document_url"]
    document_url: str
    document_name: str | None = None


def _uuid(value: str) -> str:
    return str(UUID(value))


class FileChunk(Schema):
    type: Literal["file"]
    file_id: Annotated[str, AfterValidator(_uuid), Field(json_schema_extra={"format": "uuid"})]


class InputAudio(Schema):
    """As OpenAI's clients send it."""

    data: str
    format: str | None = None


class AudioChunk(Schema):
    type: Literal["input_audio"]
    input_audio: InputAudio | str


ContentChunk = Annotated[
    TextChunk | ImageURLChunk | DocumentURLChunk | ReferenceChunk | FileChunk | ThinkChunk | AudioChunk, Field(discriminator="type")
]
SystemMessageContentChunks = Annotated[TextChunk | ThinkChunk, Field(discriminator="type")]
