"""A decoder without a head, as wide as Codestral Embed: folder, engine, server and Mistral's own client, beside transformers.

Its weights are not released, so they are random here; the width, the types and what a shorter vector is are those of its documentation.
"""

import math
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("torch")

import torch
from mistralai.client import Mistral
from mistralai.client.errors import SDKError

from alize.api.pool import Pool
from alize.api.pool.offered import offers
from alize.api.pool.source import LocalSource
from alize.settings import Settings
from alize.tokenize import tokenizer_at
from tests.embedding import CODE, decoder, released
from tests.serving import CARD, listening, opened

TEXTS = ["the cat sat", "dogs bark . a b c", "cat"]
NAME = "codestral-embed"
Vectors = npt.NDArray[np.float64]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return released(decoder(**CODE), tmp_path_factory.mktemp("code"), mode="last")


@pytest.fixture(scope="module")
def whole(folder: Path) -> Vectors:
    """What transformers gives in float64, of length 1."""
    tokenizer, model = tokenizer_at(folder), decoder(**CODE).double()
    with torch.no_grad():
        rows = [model(input_ids=torch.tensor([tokenizer.enclosed(text)])).last_hidden_state[0, -1].numpy() for text in TEXTS]
    return np.stack([row / np.linalg.norm(row) for row in rows])


@pytest.fixture
async def client(folder: Path, tmp_path: Path) -> AsyncIterator[Mistral]:
    settings = Settings.load({}, home=tmp_path / "house", embedding_model=str(folder), threads=1, dtype="float32")
    pool = Pool(2**40)
    _, offer = await offers(settings, LocalSource(settings, "fake", CARD), pool.budget)
    id = pool.add(offer.source).card.id
    try:
        async with (
            opened(tmp_path, pool=pool, model_aliases=[f"{NAME}={id}"]) as desk,
            listening(desk.app) as port,
            Mistral(api_key=desk.key, server_url=f"http://127.0.0.1:{port}") as mistral,
        ):
            yield mistral
    finally:
        await pool.close()


async def embedded(client: Mistral, **fields: Any) -> npt.NDArray[Any]:
    answer = await client.embeddings.create_async(model=NAME, inputs=TEXTS, **fields)
    assert [one.index for one in answer.data] == [0, 1, 2]
    return np.asarray([one.embedding for one in answer.data])


def shorter(whole: Vectors, numbers: int) -> Vectors:
    cut = whole[:, :numbers]
    return cut / np.linalg.norm(cut, axis=1, keepdims=True)


def bits_of(row: npt.NDArray[Any]) -> list[int]:
    """Written out by hand: eight signs a byte, the first in the highest bit, the last byte filled up with 0."""
    signs = [int(number > 0) for number in row] + [0] * (-len(row) % 8)
    return [sum(bit << (7 - place) for place, bit in enumerate(signs[at : at + 8])) for at in range(0, len(signs), 8)]


async def test_the_official_client_gets_what_transformers_computes_in_every_type_and_width(client: Mistral, whole: Vectors) -> None:
    full = await embedded(client)
    assert full.shape == (3, 3072)
    assert np.abs(full - whole).max() < 1e-6
    for numbers in (None, 3072, 1536, 256, 13, 1):
        exact = shorter(whole, numbers or 3072)
        floats = await embedded(client, output_dimension=numbers, output_dtype="float")
        assert np.abs(floats - exact).max() < 1e-5  # the fewer numbers, the larger is each, and its error
        signed = await embedded(client, output_dimension=numbers, output_dtype="int8")
        assert signed.shape == exact.shape
        assert np.abs(signed - 127 * exact).max() < 0.501  # to the nearest; a tie may fall otherwise in float32
        assert (await embedded(client, output_dimension=numbers, output_dtype="uint8") == signed + 128).all()
        bits = await embedded(client, output_dimension=numbers, output_dtype="ubinary")
        assert bits.shape == (3, math.ceil((numbers or 3072) / 8))
        assert bits.tolist() == [bits_of(row) for row in floats]
        assert (await embedded(client, output_dimension=numbers, output_dtype="binary") == bits - 128).all()


async def test_a_shorter_vector_is_the_beginning_of_the_longer_ones(client: Mistral) -> None:
    """Up to the length, which is 1 again; so bits, which have none, are the same bits."""
    full, bits = await embedded(client), await embedded(client, output_dtype="ubinary")
    for numbers in (1536, 512, 64, 8):
        short = await embedded(client, output_dimension=numbers)
        assert np.linalg.norm(short, axis=1) == pytest.approx(1, abs=1e-6)
        assert short == pytest.approx(shorter(full, numbers), abs=1e-5)
        again = await embedded(client, output_dimension=numbers, output_dtype="ubinary")
        assert (again == bits[:, : numbers // 8]).all()


@pytest.mark.parametrize("numbers", [3073, 2**31, 2**62])
async def test_more_numbers_than_it_has_are_refused_with_both(client: Mistral, numbers: int) -> None:
    with pytest.raises(SDKError, match="3072 numbers") as refused:
        await embedded(client, output_dimension=numbers)
    assert refused.value.raw_response.status_code == 400
