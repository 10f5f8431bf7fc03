"""From texts to vectors on the wire. In: a well-formed request for a model of this server. Out: one JSON object, counted.

texts ─ tokenizer.enclosed ─ limits ─ engine.embed ─ engine/vectors ─ ledger ─ JSON
"""

import asyncio
import base64
import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from alize.api.answers import Usage
from alize.api.aside import aside
from alize.api.ledger import Ledger
from alize.api.parts import House, Served, Sleeping
from alize.api.schemas.embeddings import EmbeddingRequest
from alize.api.trace import Trace
from alize.engine.vectors import check_shape, shaped
from alize.errors import InvalidRequest, PromptTooLong, UnsupportedParameter
from alize.governance.identity import Principal
from alize.settings import Settings
from alize.weights.catalog import check_embeds

__all__ = ["Embedding", "check"]

_log = logging.getLogger("alize.api.prompts")
_INLINE = 16_384  # characters that are tokenized, and numbers that are written, at once: more goes to a thread


@dataclass(slots=True)
class Embedding:
    """One request. Runs it and counts it."""

    request: EmbeddingRequest
    served: Served
    principal: Principal
    house: House
    trace: Trace
    endpoint: str
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    tokens: list[list[int]] = field(default_factory=list[list[int]])

    @property
    def count(self) -> int:
        """Tokens of all texts."""
        return sum(map(len, self.tokens))

    async def body(self) -> bytes:
        """The answer. Raises what is wrong with the request, what the engine raises, and StorageFailed where it could not be counted."""
        texts = _texts(self.request, self.served, self.house.settings)
        check_shape(self.served.engine.info.hidden_size, self.request.output_dtype, self.request.output_dimension)
        self.tokens = await _apart(sum(map(len, texts)), lambda: [self.served.tokenizer.enclosed(text) for text in texts])
        self._check_lengths()
        if self.house.settings.log_prompts:
            _log.info("embedding", extra={"texts": texts, "answer_id": self.id})
        vectors = await self._counted()
        return await _apart(vectors.size, lambda: self._written(vectors))

    def _check_lengths(self) -> None:
        info = self.served.engine.info
        for index, tokens in enumerate(self.tokens):
            if len(tokens) > info.max_context:
                place = _place(self.request, index)
                raise PromptTooLong(
                    f"{place} has {len(tokens)} tokens, and {self.served.card.id} reads {info.max_context}.",
                    param=place,
                    remedy="Cut it into pieces, and embed each.",
                )

    async def _counted(self) -> npt.NDArray[np.float32]:
        """The vectors, once the usage row is written: no client has some that were not counted."""
        workspace, model = self.principal.workspace, self.served.card.id
        ledger = Ledger(self.house, self.principal, self.trace, self.endpoint, self.id, model)
        usage, outcome = Usage(prompt=self.count), "error"
        self.house.limits.spend(workspace, self.count)
        try:
            vectors = await self.served.engine.embed(self.tokens, self.principal.tenant)
            outcome = "stop"
            await ledger.write(usage, outcome)
        except asyncio.CancelledError:
            await ledger.write_unfinished(usage, "cancelled")
            raise
        except BaseException:
            if outcome == "error":
                self.house.limits.spend(workspace, -self.count)  # nothing was given
            raise
        self.house.metrics.embedded(model, self.principal.tenant, len(self.tokens), self.count, self.trace.seconds)
        return vectors

    def _written(self, vectors: npt.NDArray[np.float32]) -> bytes:
        made = shaped(vectors, self.request.output_dtype, self.request.output_dimension)
        rows: list[Any] = made.tolist() if self.request.encoding_format == "float" else [_base64(row) for row in made]
        return msgspec.json.encode(
            {
                "id": self.id,
                "object": "list",
                "model": self.request.model,
                "data": [{"object": "embedding", "embedding": row, "index": index} for index, row in enumerate(rows)],
                "usage": {"prompt_tokens": self.count, "completion_tokens": 0, "total_tokens": self.count},
            }
        )


async def check(request: EmbeddingRequest, settings: Settings, model: Served | Sleeping) -> None:
    """Raise what is wrong with a request whatever its texts are as tokens, as far as is known of a model that is not awake."""
    _texts(request, model, settings)
    if isinstance(model, Served):
        check_shape(model.engine.info.hidden_size, request.output_dtype, request.output_dimension)


def _texts(request: EmbeddingRequest, model: Served | Sleeping, settings: Settings) -> Sequence[str]:
    """Raises InvalidRequest naming what is none, UnsupportedParameter for a model that makes no vectors."""
    if isinstance(model, Served) and model.adapter is not None:
        raise UnsupportedParameter(f"{model.card.id} is an adapter; vectors are made without any.", param="model")
    check_embeds(model.card, "Choose one of GET /v1/models that has embeddings.")
    given, most = request.input, settings.max_embeddings
    texts = [given] if isinstance(given, str) else given
    if not texts:
        raise InvalidRequest("input is empty: there is nothing to embed.", param="input")
    if len(texts) > most:
        raise InvalidRequest(f"input has {len(texts)} texts; {most} is the most.", param="input", remedy="Send several requests.")
    for index, text in enumerate(texts):
        if not text:
            place = _place(request, index)
            raise InvalidRequest(f"{place} is an empty text: it means nothing.", param=place)
    return texts


def _place(request: EmbeddingRequest, index: int) -> str:
    return "input" if isinstance(request.input, str) else f"input.{index}"


def _base64(row: npt.NDArray[Any]) -> str:
    return base64.b64encode(row.astype(row.dtype.newbyteorder("<")).tobytes()).decode()


async def _apart(size: int, work: Any) -> Any:
    """In a thread where it takes longer than others should wait."""
    return work() if size <= _INLINE else await aside(work)
