"""A Pixtral of random weights, from its files to an official client: what it says of pictures is what transformers says of them."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from mistralai.client import Mistral

from tests.e2e.conftest import KEY, House
from tests.pictures import noise, written

torch = pytest.importorskip("torch")
from alize.prompt.images import pixels_of  # noqa: E402
from alize.tokenize import load_tokenizer  # noqa: E402
from alize.weights.checkpoints.base import TokenizerFiles  # noqa: E402
from tests.pixtral import MOST, SIDE, as_two_ggufs, write_tiny_pixtral  # noqa: E402
from tests.tiny_model import write_tiny_gguf  # noqa: E402
from tests.weights.checkpoints.tiny_gguf import STRING  # noqa: E402
from tests.weights.checkpoints.tiny_mmproj import EYE, EYE_TENSORS, mmproj  # noqa: E402

pytestmark = pytest.mark.slow
ANSWER = 12
PICTURES = [noise(40, 60, 1), noise(100, 30, 2)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pixtral")


@pytest.fixture(scope="module")
def theirs(folder: Path) -> Any:
    return write_tiny_pixtral(folder)


@contextmanager
def client(house: Callable[..., House], folder: Path) -> Iterator[Mistral]:
    running = house(model=str(folder), dtype="float32", max_context="4096")
    with Mistral(api_key=KEY, server_url=running.url) as client:
        yield client


def expected(theirs: Any, folder: Path, content: list[dict[str, Any]], pictures: list[bytes]) -> tuple[list[int], str]:
    """The prompt, and what transformers says to it, taking the likeliest token each time."""
    tokenizer = load_tokenizer(TokenizerFiles(files={"tekken.json": folder / "tekken.json"}))
    seen = [torch.tensor(pixels_of(data, SIDE, MOST, "")) for data in pictures]
    sizes = torch.tensor([pixels.shape[1:] for pixels in seen])
    padded = torch.zeros(len(seen), 3, *sizes.max(0).values.tolist())
    for pixels, into in zip(seen, padded, strict=True):
        into[:, : pixels.shape[1], : pixels.shape[2]] = pixels
    grids = iter([{"rows": int(h) // SIDE, "columns": int(w) // SIDE} for h, w in sizes])
    parts = [part if part["type"] == "text" else {"type": "image", **next(grids)} for part in content]
    prompt = tokenizer.template([{"role": "user", "content": parts}])
    tokens = list(prompt)
    with torch.no_grad():
        for _ in range(ANSWER):
            logits = theirs(torch.tensor([tokens]), pixel_values=padded, image_sizes=sizes, use_cache=False).logits[0, -1]
            tokens.append(int(logits.argmax()))
            if tokens[-1] in tokenizer.stop_ids:
                break
    return prompt, tokenizer.decode(tokens[len(prompt) :])


CONTENTS: dict[str, tuple[list[dict[str, Any]], list[bytes]]] = {
    "one": ([{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": written(PICTURES[0])}], PICTURES[:1]),
    "two": (
        [
            {"type": "text", "text": "Compare"},
            {"type": "image_url", "image_url": {"url": written(PICTURES[1]), "detail": "high"}},
            {"type": "text", "text": "with"},
            {"type": "image_url", "image_url": {"url": written(PICTURES[0])}},
            {"type": "text", "text": "in a word."},
        ],
        [PICTURES[1], PICTURES[0]],
    ),
}


@pytest.mark.parametrize("form", ["a folder of transformers", "a GGUF and what it sees with"])
def test_the_official_client_hears_of_pictures_what_transformers_says(
    form: str, house: Callable[..., House], folder: Path, theirs: Any, tmp_path: Path
) -> None:
    with client(house, as_two_ggufs(folder, tmp_path) if "GGUF" in form else folder) as official:
        (card,) = official.models.list().data or []
        assert card.capabilities.vision
        for content, pictures in CONTENTS.values():
            prompt, says = expected(theirs, folder, content, pictures)
            asked: dict[str, Any] = {
                "model": card.id,
                "messages": [{"role": "user", "content": content}],
                "temperature": 0,
                "max_tokens": ANSWER,
            }
            answer = official.chat.complete(**asked)
            assert answer.choices[0].message.content == says
            assert answer.usage.prompt_tokens == len(prompt)
            streamed = official.chat.stream(**asked)
            assert "".join(str(event.data.choices[0].delta.content) for event in streamed) == says
            again = json.loads(answer.model_dump_json())["usage"]
            assert again["total_tokens"] == len(prompt) + again["completion_tokens"]


def test_a_tokenizer_of_other_squares_than_the_weights_is_named(
    house: Callable[..., House], folder: Path, theirs: Any, tmp_path: Path
) -> None:
    other = shutil.copytree(folder, tmp_path / "other")
    tekken = json.loads((other / "tekken.json").read_text())
    key = "image" if "image" in tekken else "multimodal"
    tekken[key]["image_patch_size"] = 14
    (other / "tekken.json").write_text(json.dumps(tekken))
    running = house(wait=False, model=str(other), dtype="float32")
    assert running.process.wait(120) == 1
    assert "16 pixels a side for the model, and 14 for its tokenizer" in running.log.read_text()


def test_a_projector_that_cannot_be_run_is_said_when_the_server_is_there(house: Callable[..., House], tmp_path: Path) -> None:
    write_tiny_gguf(tmp_path / "model.gguf")
    (tmp_path / "mmproj-F16.gguf").write_bytes(mmproj(EYE, EYE_TENSORS, {"clip.projector_type": (STRING, "resampler")}).bytes())
    running = house(model=str(tmp_path))
    assert "mmproj-F16.gguf has the projector 'resampler', which cannot be run: the model reads text alone." in running.log.read_text()
