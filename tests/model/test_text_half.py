"""A Gemma that sees, of which the text half is run: it says of text what the whole says, and that it is a half."""

import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
from safetensors.torch import save_file  # noqa: E402

from alize.errors import CheckpointInvalid  # noqa: E402
from alize.weights.checkpoints import open_checkpoint  # noqa: E402
from tests.model.agreement import compare  # noqa: E402
from tests.model.families import FAMILIES, Family, reference, saved  # noqa: E402

SHAPE = FAMILIES["norms on both sides, two rotations"].shape
GEMMA = Family(
    "Gemma3",
    SHAPE,
    "ForConditionalGeneration",
    "gemma3_text",
    eye={"model_type": "siglip_vision_model", "hidden_size": 16},
    around={"mm_tokens_per_image": 4},
)


@pytest.mark.parametrize("today", [False, True])
def test_the_text_half_says_what_the_whole_says_of_text(today: bool, tmp_path: Path) -> None:
    """Under the names that transformers writes, and those that it gives its parts itself."""
    theirs = reference(GEMMA)
    folder = saved(theirs, tmp_path)
    if today:
        held = {name: tensor.contiguous() for name, tensor in theirs.state_dict().items() if name != "lm_head.weight"}
        save_file(held, folder / "model.safetensors")
    checkpoint = open_checkpoint(folder)
    assert checkpoint.left_out == "What this Gemma sees with cannot be run: the model reads text alone."
    assert "vision_encoder" not in checkpoint.params
    assert set(checkpoint) == {name for name in checkpoint if name.startswith(("layers.", "tok_embeddings.", "norm."))}
    compare(theirs, folder, "float64", 1e-8)


def test_what_the_released_4b_leaves_out_is_what_transformers_takes_for_it(tmp_path: Path) -> None:
    from transformers import Gemma3TextConfig

    from alize.weights.checkpoints.huggingface_config import params_of

    said = {"hidden_size": 2560, "intermediate_size": 10240, "model_type": "gemma3_text", "num_hidden_layers": 34, "sliding_window": 1024}
    said["rope_scaling"] = {"factor": 8.0, "rope_type": "linear"}  # type: ignore[assignment]
    config = {"architectures": ["Gemma3ForConditionalGeneration"], "model_type": "gemma3", "text_config": dict(said)}
    params, theirs = params_of(config, tmp_path), Gemma3TextConfig(**said)
    assert (params["n_heads"], params["n_kv_heads"], params["head_dim"]) == (
        theirs.num_attention_heads,
        theirs.num_key_value_heads,
        theirs.head_dim,
    )
    assert (params["vocab_size"], params["norm_eps"], params["max_position_embeddings"], params["tied_embeddings"]) == (
        theirs.vocab_size,
        theirs.rms_norm_eps,
        theirs.max_position_embeddings,
        theirs.tie_word_embeddings,
    )
    assert params["linear_scaling"] == {"factor": theirs.rope_parameters["full_attention"]["factor"]}
    assert params["rope_theta"] == theirs.rope_parameters["full_attention"]["rope_theta"]
    assert params["sliding_rope_theta"] == theirs.rope_parameters["sliding_attention"]["rope_theta"]
    assert [size is None for size in params["sliding_window"]] == [kind == "full_attention" for kind in theirs.layer_types]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"text_config": None}, "text_config"),
        ({"text_config": {"model_type": "gemma2"}}, "model_type"),
        ({"architectures": ["Gemma3nForConditionalGeneration"]}, "architectures"),
        ({"tie_word_embeddings": False}, "tie_word_embeddings"),
    ],
)
def test_another_gemma_is_refused_by_the_entry(change: dict[str, object], says: str, tmp_path: Path) -> None:
    folder = saved(reference(GEMMA), tmp_path)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **change}))
    with pytest.raises(CheckpointInvalid, match=says):
        open_checkpoint(folder)
