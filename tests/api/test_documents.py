"""The documentation that a server carries: complete, and nothing in it comes from elsewhere."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from alize.api.schemas.chat import ChatCompletionRequest, PublicChatRequest
from alize.api.schemas.extensions import ALIASES, EMBEDDING_ALIASES, ChatExtensions, EmbeddingExtensions, InfillExtensions
from tests.serving import Desk

REFERENCE = Path(__file__).parent.parent.parent / "docs" / "reference" / "api.md"


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.tags: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value for name, value in attrs if name in ("href", "src", "action") and value]
        if tag not in ("meta", "link", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


async def test_the_page_loads_nothing_from_elsewhere_and_runs_nothing(desk: Desk) -> None:
    response = await desk.client.get("/docs")
    page = Page()
    page.feed(response.text)
    assert page.open == []
    assert set(page.addresses) == {"/docs/style.css", "/openapi.json"}
    assert not {"script", "iframe", "img", "style", "form"} & set(page.tags)
    assert "style=" not in response.text
    assert response.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
    style = await desk.client.get("/docs/style.css")
    assert style.headers["content-type"].startswith("text/css")
    assert not re.search(r"url\(|@import", style.text)


async def test_the_page_shows_every_operation_and_field(desk: Desk) -> None:
    document = (await desk.client.get("/openapi.json")).json()
    text = (await desk.client.get("/docs")).text
    for path in document["paths"]:
        assert f"<code>{path}</code>" in text
    for field in ChatCompletionRequest.model_fields:
        assert f"<code>{field}</code>" in text


async def test_the_page_shows_each_shape_once_and_code_as_code(desk: Desk) -> None:
    text = (await desk.client.get("/docs")).text
    body = text[text.index("<h3>Body</h3>") : text.index("<h3>Answer")]
    shapes = re.findall("<h4>([^<]+)</h4>", body)
    assert "ImageURLChunk" in shapes
    assert len(set(shapes)) == len(shapes)
    assert "`" not in text


async def test_a_proxys_prefix_is_in_every_address(new_desk: Any) -> None:
    desk = await new_desk(root_path="/alize")
    page = Page()
    page.feed((await desk.client.get("/docs")).text)
    assert set(page.addresses) == {"/alize/docs/style.css", "/alize/openapi.json"}
    assert (await desk.client.get("/openapi.json")).json()["servers"] == [{"url": "/alize"}]
    start = await desk.client.get("/")
    assert (start.status_code, start.headers["location"]) == (307, "/alize/docs")
    assert "/alize/docs" in start.text
    for path in ("/v1/models", "/alize/v1/models"):  # whether the proxy strips it or not
        assert (await desk.client.get(path)).status_code == 200


async def test_the_document_refers_only_to_what_it_defines(desk: Desk) -> None:
    text = (await desk.client.get("/openapi.json")).text
    schemas = (await desk.client.get("/openapi.json")).json()["components"]["schemas"]
    assert set(re.findall(r'"#/components/schemas/([^"]+)"', text)) <= schemas.keys()


async def test_what_needs_no_key_says_so_and_nothing_else_does(desk: Desk) -> None:
    document = (await desk.client.get("/openapi.json")).json()
    open_paths = {path for path, item in document["paths"].items() for operation in item.values() if operation["security"] == []}
    arriving = {"/api/session", "/api/setup", "/api/invitations/look", "/api/invitations/accept"}
    assert open_paths == {"/health", "/health/live", "/health/ready", *arriving}


PUBLIC = (
    "model messages temperature top_p max_tokens stream stop random_seed metadata response_format tools tool_choice presence_penalty "
    "frequency_penalty n prediction parallel_tool_calls reasoning_effort prompt_mode guardrails prompt_cache_key service_tier safe_prompt"
)
"""The fields of a chat request in the public reference."""


def test_the_public_fields_are_all_there_and_no_others() -> None:
    assert PublicChatRequest.model_fields.keys() == set(PUBLIC.split())
    assert not PublicChatRequest.model_fields.keys() & ChatExtensions.model_fields.keys()


@pytest.mark.parametrize(
    "name",
    sorted({*ALIASES, *EMBEDDING_ALIASES}.union(*(one.model_fields for one in (ChatExtensions, InfillExtensions, EmbeddingExtensions)))),
)
def test_every_extension_is_written_down(name: str) -> None:
    assert f"`{name}`" in REFERENCE.read_text("utf-8")


async def test_every_endpoint_is_written_down(desk: Desk) -> None:
    document = (await desk.client.get("/openapi.json")).json()
    text = REFERENCE.read_text("utf-8")
    for path, item in document["paths"].items():
        for method in item:
            assert f"`{method.upper()} {path}`" in text


def test_the_reference_says_how_many_stop_strings_the_schema_takes() -> None:
    text, texts = ChatCompletionRequest.model_json_schema()["properties"]["stop"]["anyOf"][:2]
    said = f"`stop`: at most {texts['maxItems']} texts of {text['minLength']} to {text['maxLength']} characters"
    assert said in REFERENCE.read_text("utf-8")
