"""Models. In: nothing. Out: the shapes of model cards. A card's own values come from `weights/catalog`."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, ConfigDict, Field

from alize.api.schemas.values import Integer, Reply

__all__ = ["FTModelCard", "ModelCapabilities", "ModelCard", "ModelList"]


class ModelCapabilities(Reply):
    completion_chat: bool = False
    function_calling: bool = False
    reasoning: bool = False
    completion_fim: bool = False
    fine_tuning: bool = False
    vision: bool = False
    ocr: bool = False
    classification: bool = False
    moderation: bool = False
    audio: bool = False
    audio_transcription: bool = False
    audio_transcription_realtime: bool = False
    audio_speech: bool = False
    unified_resources: bool = False
    embeddings: bool = Field(False, description="Beyond the public API, which has no word for it: POST /v1/embeddings.")


class _Card(Reply):
    id: str
    object: Literal["model"] = "model"
    created: Integer = 0
    owned_by: str = "mistralai"
    capabilities: ModelCapabilities
    name: str | None = None
    description: str | None = None
    max_context_length: Integer = 32768
    aliases: list[str] = Field(default_factory=list)
    deprecation: AwareDatetime | None = None
    deprecation_replacement_model: str | None = None
    default_model_temperature: float | None = None
    internal: bool = False
    license: str | None = Field(None, description="Beyond the public API: of the weights, as SPDX where there is one; null: not known.")
    default_max_tokens: Integer | None = Field(
        None, description="Beyond the public API: most tokens of an answer without a limit; 0: what the context leaves; null: not known."
    )
    languages: list[str] = Field(
        default_factory=list, description="Beyond the public API: the few that it knows, as BCP 47; empty: many, or not known."
    )
    deterministic: bool | None = Field(
        None,
        description="Beyond the public API: whether the same request with the same seed has the same answer, whatever else is computed; "
        "null: not known before it is loaded, or the upstream's to say.",
    )
    served_by: str = Field("", description="Beyond the public API: the host of the upstream that answers; empty: this server.")
    left: list[str] = Field(
        default_factory=list, description="Beyond the public API: hosts outside this machine that a question reaches, nearest first."
    )
    state: Literal["asleep", "loading", "awake", "draining", "failed"] | None = Field(
        None,
        description="Beyond the public API: asleep, and loaded when it is asked; loading; awake; draining, which is put to sleep once its "
        "running answers have ended; failed, which could not be loaded; null: another server's.",
    )
    loaded_percent: Integer | None = Field(None, description="Beyond the public API: how much of it is loaded, while it is being loaded.")


class ModelCard(_Card):
    model_config = ConfigDict(title="BaseModelCard")

    type: Literal["base"] = "base"


class FTModelCard(_Card):
    type: Literal["fine-tuned"] = "fine-tuned"
    job: str
    root: str
    archived: bool = False


class ModelList(Reply):
    object: Literal["list"] = "list"
    data: list[Annotated[ModelCard | FTModelCard, Field(discriminator="type")]]
