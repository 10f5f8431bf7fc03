"""Models that embed: equal to transformers to 1e-8 in float64, whatever lies beside a text; and the folders that say how."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from safetensors.torch import load_file, save_file  # noqa: E402

from alize.errors import CheckpointInvalid  # noqa: E402
from alize.model.build import packed_memory  # noqa: E402
from alize.model.embedder import pooled  # noqa: E402
from alize.model.load import load_model  # noqa: E402
from alize.model.memory import cached_bytes, parameters  # noqa: E402
from alize.model.params import read_params  # noqa: E402
from alize.weights.checkpoints import open_checkpoint  # noqa: E402
from tests.embedding import ENCODERS, decoder, encoder, released, rows_of  # noqa: E402
from tests.model.families import exact  # noqa: E402

BATCH = [[2, 5, 6, 7, 3], [2, 9, 3], [2, 8, 3], [2, *range(5, 60), 3], [2]]


def ours(folder: Path, batch: list[list[int]], kind: Any = torch.float64) -> tuple[list[Any], Any]:
    """The rows of each text, and the vectors."""
    checkpoint = open_checkpoint(folder)
    model = load_model(checkpoint, kind)
    lengths = [len(text) for text in batch]
    tokens = torch.tensor([token for text in batch for token in text])
    positions = torch.cat([torch.arange(length) for length in lengths])
    hidden = model(tokens, positions, packed_memory(model.config, lengths))
    assert model.config.pooling is not None
    return list(torch.split(hidden, lengths)), pooled(hidden, lengths, model.config.pooling)


def theirs(rows: list[Any], mode: str) -> Any:
    picked = [{"mean": each.mean(0), "cls": each[0], "last": each[-1]}[mode] for each in rows]
    return torch.stack([row / row.norm() for row in picked])


@pytest.mark.parametrize("kind", ENCODERS)
def test_an_encoder_gives_the_rows_of_transformers(kind: str, tmp_path: Path) -> None:
    model = encoder(kind)
    folder = released(model, tmp_path / kind)
    for wide, limit in ((torch.float64, 1e-8), (torch.float32, 1e-4)):
        wanted = rows_of(model.to(wide), BATCH, pad=1 if kind != "bert" else 0)
        for mine, their in zip(ours(folder, BATCH, wide)[0], wanted, strict=True):
            assert (mine - their).abs().max() < limit


@pytest.mark.parametrize("mode", ["mean", "cls", "last"])
def test_rows_become_one_vector_as_the_release_says(mode: str, tmp_path: Path) -> None:
    model = encoder().double()
    vectors = ours(released(model.float(), tmp_path / mode, mode), BATCH)[1]
    assert (vectors - theirs(rows_of(model.double(), BATCH), mode)).abs().max() < 1e-8
    assert torch.allclose(vectors.norm(dim=-1), torch.ones(len(BATCH), dtype=torch.float64))


@pytest.mark.parametrize("mode", ["mean", "last"])
def test_a_decoder_without_a_head_is_pooled_as_well(mode: str, tmp_path: Path) -> None:
    model = decoder()
    folder = released(model, tmp_path / mode, mode)
    with exact(model, torch.float64):
        wanted = theirs(rows_of(model, BATCH), mode)
    assert (ours(folder, BATCH)[1] - wanted).abs().max() < 1e-8


def test_an_encoder_keeps_nothing_and_has_as_many_parameters_as_transformers_without_its_pooler(tmp_path: Path) -> None:
    model = encoder()
    config = read_params(open_checkpoint(released(model, tmp_path / "m")).params)
    assert cached_bytes(config, config.max_context, 4) == 0
    assert parameters(config) == sum(p.numel() for name, p in model.named_parameters() if not name.startswith("pooler."))


def test_what_a_model_was_made_to_read_bounds_its_context(tmp_path: Path) -> None:
    assert read_params(open_checkpoint(released(encoder(), tmp_path / "a")).params).max_context == 66
    assert read_params(open_checkpoint(released(encoder(), tmp_path / "b", reads=16)).params).max_context == 16
    assert read_params(open_checkpoint(released(encoder("xlm-roberta"), tmp_path / "c")).params).max_context == 64


def test_the_later_way_to_write_the_pooling_down_is_read(tmp_path: Path) -> None:
    folder = released(encoder(), tmp_path / "m")
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"embedding_dimension": 32, "pooling_mode": "lasttoken"}))
    assert open_checkpoint(folder).params["pooling"] == {"mode": "last"}


BROKEN: dict[str, tuple[str, Any, str]] = {
    "no modules": ("modules.json", None, "nothing says"),
    "modules that are no list": ("modules.json", {}, "modules.json"),
    "a module without a type": ("modules.json", [{"path": ""}], "without a type"),
    "a dense layer": (
        "modules.json",
        [{"path": p, "type": f"x.{k}"} for p, k in (("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Dense", "Dense"))],
        "Dense",
    ),
    "parts in other folders": (
        "modules.json",
        [{"path": p, "type": f"x.{k}"} for p, k in (("0_Transformer", "Transformer"), ("../../x", "Pooling"))],
        "one folder",
    ),
    "no pooling": ("1_Pooling/config.json", None, "1_Pooling/config.json"),
    "two poolings": ("1_Pooling/config.json", {"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": True}, "pools by"),
    "none of the poolings": ("1_Pooling/config.json", {"pooling_mode_mean_tokens": False}, "pools by"),
    "an unknown pooling": ("1_Pooling/config.json", {"pooling_mode": "max"}, "'max'"),
    "a pooling that is no word": ("1_Pooling/config.json", {"pooling_mode": [{}]}, "pools by"),
    "a flag that is none": ("1_Pooling/config.json", {"pooling_mode_mean_tokens": "yes"}, "pooling_mode_mean_tokens"),
    "a pooling without the prompt": ("1_Pooling/config.json", {"pooling_mode": "mean", "include_prompt": False}, "include_prompt"),
    "a prompt before every text": ("config_sentence_transformers.json", {"default_prompt_name": "query"}, "default_prompt_name"),
    "a length that is none": ("sentence_bert_config.json", {"max_seq_length": -1}, "max_seq_length"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_folder_that_says_nothing_or_something_else_is_refused_by_name(case: str, tmp_path: Path) -> None:
    folder = released(encoder(), tmp_path / "m")
    name, content, said = BROKEN[case]
    (folder / name).unlink() if content is None else (folder / name).write_text(json.dumps(content))
    with pytest.raises(CheckpointInvalid, match=said.replace(".", r"\.")):
        open_checkpoint(folder)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"hidden_act": "relu"}, "hidden_act"),
        ({"is_decoder": True}, "is_decoder"),
        ({"position_embedding_type": "relative_key"}, "position_embedding_type"),
        ({"num_attention_heads": 5}, "heads"),
        ({"num_attention_heads": 0}, "heads"),
        ({"max_position_embeddings": 0}, "max_position_embeddings"),
        ({"type_vocab_size": 0}, "types"),
        ({"layer_norm_eps": "tiny"}, "layer_norm_eps"),
        ({"architectures": ["BertForMaskedLM"]}, "architectures"),
        ({"vocab_size": 2**30}, "tok_embeddings"),
        ({"num_hidden_layers": 900}, "900 layers"),
    ],
)
def test_a_configuration_that_cannot_be_run_is_refused_by_name(changes: dict[str, Any], said: str, tmp_path: Path) -> None:
    folder = released(encoder(), tmp_path / "m")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | changes))
    with pytest.raises(CheckpointInvalid, match=said):
        load_model(open_checkpoint(folder))


def test_an_unknown_tensor_is_refused(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = released(encoder(), tmp_path / "m")
    tensors = load_file(folder / "model.safetensors")
    save_file({**tensors, "encoder.layer.0.crossattention.self.key.weight": torch.ones(2)}, folder / "model.safetensors")
    with pytest.raises(CheckpointInvalid, match="crossattention"):
        open_checkpoint(folder)


@pytest.mark.parametrize("kind", ENCODERS)
def test_an_encoder_whose_weights_stay_in_their_file_gives_the_same_rows(kind: str, tmp_path: Path) -> None:
    checkpoint = open_checkpoint(released(encoder(kind).bfloat16(), tmp_path / kind))
    lengths = [len(text) for text in BATCH]
    tokens, positions = torch.tensor([token for text in BATCH for token in text]), torch.cat([torch.arange(length) for length in lengths])
    models = (load_model(checkpoint, stored=stored) for stored in (False, True))
    expanded, stored = (model(tokens, positions, packed_memory(model.config, lengths)) for model in models)
    assert (expanded - stored).abs().max() < 1e-5


def test_an_encoder_in_fp8_needs_its_scales(tmp_path: Path) -> None:
    folder = released(encoder(), tmp_path / "m")
    tensors = load_file(folder / "model.safetensors")
    name = "encoder.layer.1.intermediate.dense.weight"
    tensors[name] = (tensors[name] * 64).to(torch.float8_e4m3fn)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(CheckpointInvalid, match=f"'{name}' is FP8 and has no scale"):
        open_checkpoint(folder)
    tensors[f"{name}_scale"] = torch.tensor(1 / 64)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    read = open_checkpoint(folder).array("layers.1.feed_forward.w1.weight")
    assert np.array_equal(read, tensors[name].float().numpy() / 64)
