"""What is said of weights to a person."""

import json
import math
from pathlib import Path

import pytest

from alize.errors import CheckpointInvalid
from alize.model.params import read_params
from alize.weights.checkpoints.base import TokenizerFiles
from alize.weights.inspect import KindFacts, _tokenizer, inspect
from tests.weights.checkpoints.tiny_gguf import STRING
from tests.weights.checkpoints.tiny_mmproj import EYE, EYE_TENSORS, mmproj, write
from tests.weights.checkpoints.tiny_release import as_consolidated, saved_by_transformers


def test_the_default_model_is_said_in_numbers(smollm2: Path) -> None:
    facts = inspect(smollm2)
    assert (facts.format, facts.parameters, facts.chat_template) == ("gguf", 134_515_008, True)
    assert facts.tokenizer == "in the GGUF: gpt2, smollm"
    assert list(facts.kinds) == ["Q4_1", "Q8_0", "F32"]
    assert facts.kinds["Q4_1"].tensors == 210
    assert facts.kinds["Q4_1"].bits == 5.0  # four, and two halves of scale and offset for every 32
    assert facts.kinds["Q8_0"].bits == 8.5
    assert facts.bytes == sum(kind.bytes for kind in facts.kinds.values()) < smollm2.stat().st_size


def test_what_a_gguf_sees_with_is_counted_and_named_and_what_cannot_be_run_is_said(tmp_path: Path) -> None:
    alone = inspect(write(tmp_path / "alone", b"", "nothing.txt") / "model.gguf")
    facts = inspect(write(tmp_path / "sees", mmproj(EYE, EYE_TENSORS)))
    assert facts.projector == tmp_path / "sees" / "mmproj.gguf"
    assert facts.left_out is None
    assert facts.parameters == alone.parameters + sum(map(math.prod, EYE_TENSORS.values()))
    assert (alone.projector, alone.left_out) == (None, None)
    other = inspect(write(tmp_path / "other", mmproj(EYE, EYE_TENSORS, {"clip.projector_type": (STRING, "resampler")})))
    assert other.left_out == "mmproj.gguf has the projector 'resampler', which cannot be run: the model reads text alone."
    assert other.parameters == alone.parameters


def test_a_release_in_a_folder_is_said_in_numbers(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    (tmp_path / "theirs").mkdir()
    (tmp_path / "ours").mkdir()
    model = saved_by_transformers(tmp_path / "theirs", dtype="bfloat16")
    as_consolidated(model, tmp_path / "ours")
    (tmp_path / "ours" / "tekken.json").write_text("{}")
    count = sum(parameter.numel() for parameter in model.parameters())
    theirs, ours = inspect(tmp_path / "theirs"), inspect(tmp_path / "ours")
    assert theirs.parameters == ours.parameters == count
    assert (theirs.kinds, theirs.bytes) == ({"BF16": KindFacts(len(list(model.parameters())), count, 2 * count)}, 2 * count)
    assert (theirs.tokenizer, ours.tokenizer, ours.chat_template) == (None, "Tekken (tekken.json)", False)


def test_codestral_mamba_has_the_parameters_its_makers_count(tmp_path: Path) -> None:
    """Only the names and shapes of its release: the file is 14.6 GB of nothing, which takes no room on the disk."""
    layer = {
        "norm.weight": [4096],
        "mixer.in_proj.weight": [18560, 4096],
        "mixer.conv1d.weight": [10240, 1, 4],
        "mixer.conv1d.bias": [10240],
        "mixer.dt_bias": [128],
        "mixer.A_log": [128],
        "mixer.D": [128],
        "mixer.norm.weight": [8192],
        "mixer.out_proj.weight": [4096, 8192],
    }
    shapes = {"embedding.weight": [32768, 4096], "norm_f.weight": [4096]}
    shapes |= {f"layers.{number}.{name}": shape for number in range(64) for name, shape in layer.items()}
    tensors = {f"model.backbone.{name}": shape for name, shape in shapes.items()} | {"model.lm_head.weight": [32768, 4096]}
    entries, end = {}, 0
    for name, shape in tensors.items():
        begin, end = end, end + 2 * math.prod(shape)
        entries[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [begin, end]}
    header = json.dumps(entries).encode()
    with (tmp_path / "consolidated.safetensors").open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        file.truncate(8 + len(header) + end)
    sizes = {"dim": 4096, "n_layers": 64, "vocab_size": 32768, "n_groups": 8, "pad_vocab_size_multiple": 1, "tie_embeddings": False}
    norms = {"rms_norm": True, "residual_in_fp32": True, "fused_add_norm": True}
    (tmp_path / "params.json").write_text(json.dumps({**sizes, **norms, "model_type": "mamba"}))
    (tmp_path / "tokenizer.model.v3").write_bytes(b"")
    facts = inspect(tmp_path)
    assert facts.parameters == 7_285_403_648
    assert (facts.params["max_position_embeddings"], facts.tokenizer) == (262_144, "SentencePiece (tokenizer.model.v3)")
    config = read_params(facts.params)
    assert config.state_space is not None
    assert (config.state_space.heads, config.state_space.channels) == (128, 10240)


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["tokenizer.model.v3", "tokenizer.json"], "SentencePiece (tokenizer.model.v3)"),
        (["tokenizer.model", "tokenizer.json"], "SentencePiece (tokenizer.model)"),
        (["tokenizer.json", "tokenizer_config.json"], "tokenizers (tokenizer.json)"),
        (["tokenizer_config.json"], None),
    ],
)
def test_the_kind_of_tokenizer_is_named(names: list[str], says: str | None) -> None:
    assert _tokenizer(TokenizerFiles(files={name: Path(name) for name in names})) == says


@pytest.mark.parametrize("name", ["x" * 300, "x" * 300 + ".gguf", "a null \0 byte"])
def test_a_name_that_can_be_no_files_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(CheckpointInvalid):
        inspect(tmp_path / name)
