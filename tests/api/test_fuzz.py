"""Schemathesis: whatever fits openapi.json gets a documented answer, and whatever does not is refused; nothing is a 500.

The examples are bounded and the same at every run.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import ignored_auth, negative_data_rejection, positive_data_acceptance

from tests.serving import CARD, Background, in_background

OPERATIONS = (
    ("POST", "/v1/chat/completions"),
    ("POST", "/v1/fim/completions"),
    ("POST", "/v1/embeddings"),
    ("POST", "/v1/audio/transcriptions"),
    ("POST", "/v1/client/sessions"),
    ("GET", "/v1/models"),
    ("GET", "/v1/models/{model_id}"),
    ("GET", "/api/session"),
    ("POST", "/api/session"),
    ("DELETE", "/api/session"),
    ("POST", "/api/setup"),
    ("PATCH", "/api/account"),
    ("POST", "/api/account/password"),
    ("GET", "/api/sessions"),
    ("DELETE", "/api/sessions"),
    ("DELETE", "/api/sessions/{session_id}"),
    ("GET", "/api/accounts"),
    ("PATCH", "/api/accounts/{account_id}"),
    ("GET", "/api/invitations"),
    ("POST", "/api/invitations"),
    ("DELETE", "/api/invitations/{invitation_id}"),
    ("POST", "/api/invitations/look"),
    ("POST", "/api/invitations/accept"),
    ("GET", "/api/keys"),
    ("POST", "/api/keys"),
    ("DELETE", "/api/keys/{key_id}"),
    ("GET", "/api/usage"),
    ("GET", "/api/usage/requests"),
    ("GET", "/api/conversations"),
    ("POST", "/api/conversations"),
    ("GET", "/api/conversations/{conversation_id}"),
    ("PATCH", "/api/conversations/{conversation_id}"),
    ("DELETE", "/api/conversations/{conversation_id}"),
    ("POST", "/api/conversations/{conversation_id}/restore"),
    ("GET", "/api/conversations/{conversation_id}/export"),
    ("GET", "/api/conversations/{conversation_id}/context"),
    ("POST", "/api/attachments"),
    ("GET", "/api/attachments/{attachment_id}"),
    ("POST", "/api/context"),
    ("POST", "/api/conversations/{conversation_id}/messages"),
    ("GET", "/api/messages/{message_id}/replay"),
    ("POST", "/api/messages/{message_id}/regenerate"),
    ("POST", "/api/messages/{message_id}/continue"),
    ("POST", "/api/runs/{run_id}/stop"),
    ("POST", "/api/runs/{run_id}/withdraw"),
    ("GET", "/api/runs/{run_id}/events"),
    ("GET", "/api/search"),
    ("GET", "/api/outside"),
    ("GET", "/api/models"),
    ("POST", "/api/models/{model_id}/load"),
    ("POST", "/api/models/{model_id}/sleep"),
    ("POST", "/api/models/{model_id}/pin"),
    ("POST", "/api/models/{model_id}/unpin"),
    ("POST", "/api/models/{model_id}/reload"),
    ("PUT", "/api/models/{model_id}/adapters/{name}"),
    ("DELETE", "/api/models/{model_id}/adapters/{name}"),
    ("GET", "/health"),
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
    ("GET", "/metrics"),
)

TAKES_NOTHING = (("GET", "/api/session"), ("DELETE", "/api/session"))
"""Nothing that is sent to them can be wrong: neither a field, nor a parameter, nor a key that is needed."""

ENDLESS = (("GET", "/api/changes"),)
"""Ends with the page that listens."""

EXCEPT = {"/metrics": [ignored_auth]}
"""From this machine it needs no key."""


@pytest.fixture(scope="module")
def background(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Background]:
    embeds = replace(CARD, capabilities=CARD.capabilities | {"embeddings"})
    with in_background(tmp_path_factory.mktemp("fuzz"), card=embeds) as running:
        yield running


@pytest.fixture(scope="module")
def described(background: Background) -> Any:
    return schemathesis.openapi.from_url(f"{background.url}/openapi.json")


def test_every_operation_is_tried(described: Any) -> None:
    found = {(result.ok().method.upper(), result.ok().path) for result in described.get_all_operations()}
    assert found == {*OPERATIONS, *ENDLESS}


Try = Callable[[str, str, GenerationMode, Callable[[Any, Any], None]], None]


@pytest.fixture(params=[pytest.param(5, id="briefly"), pytest.param(1, id="at length", marks=pytest.mark.slow)])
def tried(request: pytest.FixtureRequest, described: Any, background: Background) -> Try:
    """Try an operation out, with every example or one in five: making them up takes 20 ms each."""
    headers = {"Authorization": f"Bearer {background.desk.key}"}

    def try_out(method: str, path: str, mode: GenerationMode, check: Callable[[Any, Any], None]) -> None:
        operation, examples = described[path][method], 150 if "chat" in path else 25

        @seed(0)
        @settings(max_examples=examples // request.param, suppress_health_check=list(HealthCheck), database=None)
        @given(st.data())
        def one(data: st.DataObject) -> None:
            case = data.draw(operation.as_strategy(generation_mode=mode))
            check(case, case.call(headers=headers, timeout=30))

        one()

    return try_out


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_what_fits_the_schema_is_answered_as_documented(tried: Try, method: str, path: str) -> None:
    """It may still be refused for what it means (400, 404), but never as something that does not fit."""

    def check(case: Any, response: Any) -> None:
        case.validate_response(response, excluded_checks=[positive_data_acceptance, *EXCEPT.get(path, ())])
        assert response.status_code != 422, response.text

    tried(method, path, GenerationMode.POSITIVE, check)


@pytest.mark.parametrize(
    ("method", "path"), [one for one in OPERATIONS if not one[1].startswith(("/health", "/metrics")) and one not in TAKES_NOTHING]
)
def test_what_does_not_fit_is_refused(tried: Try, method: str, path: str) -> None:
    """Unknown parameters of a query are ignored, as the public API does; a body has none."""
    excluded = [negative_data_rejection] if method == "GET" else []
    tried(method, path, GenerationMode.NEGATIVE, lambda case, response: case.validate_response(response, excluded_checks=excluded))
