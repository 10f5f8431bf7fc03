"""Gemma 3's configuration. In: the entries of config.json or of a GGUF. Out: what its decoder has beside a dense one's, for params.py.

Five layers of a window and one that sees everything take turns, each kind with a rotation of its own. Norms stand on both sides of
attention and feed-forward, and on each head of queries and keys; embeddings are multiplied by the root of their width.

The larger ones see, with an encoder that is not run here: of those the text half is read, and the checkpoint says so.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from alize.weights.checkpoints.fields import Fields, inner
from alize.weights.checkpoints.mapped import FileTensor

__all__ = ["READS_TEXT_ALONE", "SEES", "gguf_gemma", "huggingface_gemma", "text_of", "without_eyes"]

SEES = "gemma3"
"""The model_type of a release with both halves."""
READS_TEXT_ALONE = "What this Gemma sees with cannot be run: the model reads text alone."
_EYES = re.compile(r"(model\.)?(vision_tower|multi_modal_projector)\.", re.ASCII)
_DEFAULTS = {
    "vocab_size": 262_208,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "head_dim": 256,
    "max_position_embeddings": 131_072,
    "rms_norm_eps": 1e-6,
}
"""Of Gemma3TextConfig, which the released 4B leaves out: the smaller one, which only reads, says them all."""

TURNS = 6  # of the layers, one in so many sees everything: the last
LOCAL_THETA = 10000.0
LARGEST = 62  # layers of the 27B, the only one whose scores are not divided by the root of a head's width
Params = dict[str, Any]


def text_of(config: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """The configuration of the text half, as if it had been released alone. Raises CheckpointInvalid where it is no Gemma 3."""
    whole = Fields(path, config)
    whole.expect("architectures", ["Gemma3ForConditionalGeneration"], "Gemma3ForConditionalGeneration")
    whole.expect("tie_word_embeddings", True)
    text = inner(whole, "text_config")
    text.expect("model_type", "gemma3_text")
    return {**_DEFAULTS, **text.values, "model_type": "gemma3_text", "architectures": None}


def without_eyes(tensors: Iterable[FileTensor]) -> list[FileTensor]:
    """Those of the text half."""
    return [tensor for tensor in tensors if _EYES.match(tensor.name) is None]


def huggingface_gemma(fields: Fields, params: Params) -> None:
    """Beside what all have. Sources: Gemma3TextConfig of transformers 5.24, and the older entries that it still reads."""
    fields.expect("hidden_activation", "gelu_pytorch_tanh")
    fields.expect("use_bidirectional_attention", False)
    fields.refuse("attn_logit_softcapping", "scores without a cap are run")
    _common(params, fields.integer("query_pre_attn_scalar", 256))
    params["final_logit_softcapping"] = fields.number("final_logit_softcapping", 0.0) or None
    params.setdefault("sliding_rope_theta", fields.number("rope_local_base_freq", LOCAL_THETA))
    if isinstance(params.get("sliding_window"), int):
        _take_turns(params, fields.integer("sliding_window_pattern", TURNS))


def gguf_gemma(fields: Fields, params: Params) -> None:
    """Beside what all have. What the file does not say is what llama.cpp has in its code for this architecture."""
    largest = params["n_layers"] == LARGEST
    _common(params, params["dim"] // max(1, params["n_heads"]) if largest else params["head_dim"])
    params["final_logit_softcapping"] = fields.number("final_logit_softcapping", 0.0) or None
    params["sliding_rope_theta"] = fields.number("rope.freq_base_swa", LOCAL_THETA)
    if isinstance(params.get("sliding_window"), int):
        _take_turns(params, fields.integer("attention.sliding_window_pattern", TURNS))


def _common(params: Params, score_width: int) -> None:
    params |= {
        "qk_norm": True,
        "post_norms": True,
        "centred_norms": True,
        "activation": "gelu_tanh",
        "embedding_scale": params["dim"] ** 0.5,
        "query_pre_attn_scalar": score_width,
    }


def _take_turns(params: Params, turns: int) -> None:
    window = params["sliding_window"]
    params["sliding_window"] = [None if turns and (layer + 1) % turns == 0 else window for layer in range(params["n_layers"])]
