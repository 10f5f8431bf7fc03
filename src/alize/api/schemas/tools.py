"""Tools, formats and guardrails of a request. In: their JSON. Out: typed values. What is not served yet is refused in `support.py`."""

from typing import Annotated, Literal

from pydantic import Field

from alize.api.schemas.values import JsonObject, Schema

__all__ = ["GuardrailConfig", "Prediction", "ResponseFormat", "Tool", "ToolChoice", "ToolChoiceEnum", "Tools"]


class Function(Schema):
    name: str
    description: str = ""
    strict: bool = Field(False, description="Not supported yet: arguments are not constrained.")
    parameters: JsonObject = Field(description="A JSON schema.")


class Tool(Schema):
    type: Literal["function"]
    function: Function


class ToolConfiguration(Schema):
    exclude: list[str] | None = None
    include: list[str] | None = None
    requires_confirmation: list[str] | None = None


class WebSearchTool(Schema):
    tool_configuration: ToolConfiguration | None = None
    type: Literal["web_search"]


class WebSearchPremiumTool(Schema):
    tool_configuration: ToolConfiguration | None = None
    type: Literal["web_search_premium"]


class CodeInterpreterTool(Schema):
    tool_configuration: ToolConfiguration | None = None
    type: Literal["code_interpreter"]


class ImageGenerationTool(Schema):
    tool_configuration: ToolConfiguration | None = None
    type: Literal["image_generation"]


class DocumentLibraryTool(Schema):
    tool_configuration: ToolConfiguration | None = None
    type: Literal["document_library"]
    library_ids: Annotated[list[str], Field(min_length=1)]


class OAuth2TokenAuth(Schema):
    type: Literal["oauth2-token"]
    value: str


class APIKeyAuth(Schema):
    type: Literal["api-key"]
    value: str


class CustomConnector(Schema):
    type: Literal["connector"]
    connector_id: str
    authorization: Annotated[OAuth2TokenAuth | APIKeyAuth, Field(discriminator="type")] | None = None
    tool_configuration: ToolConfiguration | None = None


Tools = Annotated[
    Tool | WebSearchTool | WebSearchPremiumTool | CodeInterpreterTool | ImageGenerationTool | DocumentLibraryTool | CustomConnector,
    Field(discriminator="type"),
]


class FunctionName(Schema):
    name: str


class ToolChoice(Schema):
    type: Literal["function"] = "function"
    function: FunctionName


ToolChoiceEnum = Literal["auto", "none", "any", "required"]


class JsonSchema(Schema):
    name: str
    description: str | None = None
    schema_: JsonObject = Field(alias="schema")
    strict: bool = False


class ResponseFormat(Schema):
    type: Literal["text", "json_object", "json_schema"] = "text"
    json_schema: JsonSchema | None = None


class Prediction(Schema):
    type: Literal["content"] = "content"
    content: str = ""


class ModerationLLMV1CategoryThresholds(Schema):
    sexual: float | None = None
    hate_and_discrimination: float | None = None
    violence_and_threats: float | None = None
    dangerous_and_criminal_content: float | None = None
    selfharm: float | None = None
    health: float | None = None
    financial: float | None = None
    law: float | None = None
    pii: float | None = None


class ModerationLLMV2CategoryThresholds(Schema):
    sexual: float | None = None
    hate_and_discrimination: float | None = None
    violence_and_threats: float | None = None
    dangerous: float | None = None
    criminal: float | None = None
    selfharm: float | None = None
    health: float | None = None
    financial: float | None = None
    law: float | None = None
    pii: float | None = None
    jailbreaking: float | None = None


ModerationLLMAction = Literal["none", "block"]


class ModerationLLMV1Config(Schema):
    model_name: str = "mistral-moderation-2411"
    custom_category_thresholds: ModerationLLMV1CategoryThresholds | None = None
    ignore_other_categories: bool = False
    action: ModerationLLMAction = "none"


class ModerationLLMV2Config(Schema):
    model_name: str = "mistral-moderation-2603"
    custom_category_thresholds: ModerationLLMV2CategoryThresholds | None = None
    ignore_other_categories: bool = False
    action: ModerationLLMAction = "none"


class GuardrailConfig(Schema):
    block_on_error: bool = False
    moderation_llm_v1: ModerationLLMV1Config | None = None
    moderation_llm_v2: ModerationLLMV2Config | None = None
