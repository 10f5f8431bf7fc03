"""What a configuration claims is run or refused, whatever it claims: nothing else breaks, and nothing large is made room for."""

import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")
from alize.errors import CheckpointInvalid  # noqa: E402
from alize.model.build import packed_memory  # noqa: E402
from alize.model.load import load_model  # noqa: E402
from alize.tokenize import load_tokenizer  # noqa: E402
from alize.weights.checkpoints import open_checkpoint  # noqa: E402
from alize.weights.checkpoints.gguf_config import ARCHITECTURES  # noqa: E402
from alize.weights.checkpoints.gguf_file import read_gguf  # noqa: E402
from alize.weights.checkpoints.mapped import FileTensor  # noqa: E402
from tests.model.families import FAMILIES, SEEING, reference, saved  # noqa: E402
from tests.model.released import released  # noqa: E402
from tests.tiny_model import write_tiny_gguf  # noqa: E402
from tests.weights.checkpoints.tiny_gguf import ARRAY, BOOL, FLOAT64, INT64, STRING, Gguf, entry  # noqa: E402
from tests.weights.hostile import hostile  # noqa: E402

TRANSFORMERS = {**FAMILIES, **SEEING}
RELEASES = ("dense, sliding window", "experts", "YaRN and temperature", "latent attention, grouped experts")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Any, Path], Path]], Path]:
    """A function that writes a family's model once."""
    folders: dict[tuple[str, Any], Path] = {}

    def make(family: str, write: Callable[[Any, Path], Path]) -> Path:
        if (family, write) not in folders:
            folders[family, write] = write(reference(TRANSFORMERS[family]), tmp_path_factory.mktemp("model") / "whole")
        return folders[family, write]

    return make


def tried(folder: Path) -> None:
    """Three tokens of it; a refusal is as good."""
    refusal = ""
    try:
        checkpoint = open_checkpoint(folder)
        model = load_model(checkpoint)
        if checkpoint.tokenizer.gguf:
            load_tokenizer(checkpoint.tokenizer).encode("hello")
    except CheckpointInvalid as refused:
        refusal = refused.text
    if refusal:
        assert refusal.replace("\n", "").isprintable()
        assert len(refusal) < 2000
        return
    checkpoint.close()
    with torch.inference_mode():
        model.head(model(torch.tensor([1, 2, 3]), torch.arange(3), packed_memory(model.config, [3])))


def replaced(folder: Path, name: str, entries: dict[str, Any]) -> Path:
    changed = folder.parent / "changed"
    if not changed.exists():
        shutil.copytree(folder, changed)
    (changed / name).write_text(json.dumps(entries))
    return changed


FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@pytest.mark.slow
@pytest.mark.parametrize("family", TRANSFORMERS)
@FUZZ
@given(data=st.data())
def test_any_config_json_is_run_or_refused(family: str, made: Any, data: st.DataObject) -> None:
    folder = made(family, saved)
    config = json.loads((folder / "config.json").read_text())
    tried(replaced(folder, "config.json", data.draw(hostile(config))))


@pytest.mark.slow
@pytest.mark.parametrize("family", RELEASES)
@FUZZ
@given(data=st.data())
def test_any_params_json_is_run_or_refused(family: str, made: Any, data: st.DataObject) -> None:
    folder = made(family, released)
    params = json.loads((folder / "params.json").read_text())
    tried(replaced(folder, "params.json", data.draw(hostile(params))))


@pytest.mark.slow
@FUZZ
@given(data=st.data())
def test_any_metadata_of_a_gguf_is_run_or_refused(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("gguf")
    whole = read_gguf(write_tiny_gguf(folder / "whole.gguf"))
    architecture = data.draw(st.sampled_from(("llama", *ARCHITECTURES)))
    entries = {key.replace("llama.", f"{architecture}."): value for key, value in whole.metadata.items()}
    changed = data.draw(hostile({**entries, "general.architecture": architecture}))
    path = folder / "changed.gguf"
    path.write_bytes(gguf_of(changed, whole.tensors.values()).bytes())
    tried(path)


def gguf_of(metadata: dict[str, Any], tensors: Iterable[FileTensor]) -> Gguf:
    """A file with these entries, as far as the format has types for them."""
    typed = [(key, *kind) for key, value in metadata.items() if key.isprintable() and (kind := typed_value(value)) is not None]
    placed, parts, offset = [], [], 0
    for tensor in tensors:
        placed.append((tensor.name, tensor.shape[::-1], 0, offset))
        parts.append(tensor.data.tobytes() + bytes(-tensor.data.nbytes % 32))
        offset += len(parts[-1])
    return Gguf(entries=[entry(*each) for each in typed], tensors=placed, data=b"".join(parts))


def typed_value(value: Any) -> tuple[int, Any] | None:
    match value:
        case bool():
            return BOOL, value
        case int() if -(2**63) <= value < 2**63:
            return INT64, value
        case float():
            return FLOAT64, value
        case str() if "\ud800" not in value:
            return STRING, value
        case list():
            kinds = [typed_value(each) for each in value]
            same = {kind[0] for kind in kinds if kind is not None}
            return None if None in kinds or len(same) != 1 or ARRAY in same else (ARRAY, (same.pop(), value))
    return None
