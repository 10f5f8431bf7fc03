"""The entries of a GGUF about what sees or hears. In: its `clip.*` metadata. Out: the entries of params.json for it, and its shapes.

An entry that is not known here is refused by name, never skipped. What is sought is

    pixtral     Pixtral's encoder, with or without merged patches (Pixtral, Mistral Small 3.1 and later, Ministral 3)
    voxtral     Whisper's encoder behind Voxtral's adapter

Sources: the keys of the `gguf` package, what llama.cpp's converter writes into them, and what its clip reads of them.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

import numpy as np

from alize.errors import CheckpointInvalid
from alize.weights.checkpoints.fields import Fields, shown
from alize.weights.checkpoints.gguf_config import shortest
from alize.weights.checkpoints.mapped import DAMAGED
from alize.weights.checkpoints.vision_config import MEAN, SPREAD

__all__ = ["MARKS", "PROJECTORS", "params_of_projector", "shapes_of"]

Params = dict[str, Any]
EPS = 1e-5  # of every norm of both encoders
_SOUND = {"sampling_rate": 16000, "hop_length": 160, "window_size": 400}


def params_of_projector(kind: str, fields: Fields, text: Mapping[str, Any], names: frozenset[str]) -> Params:
    """What is to be added to the decoder's entries, `text`. `fields` begin with `clip.`; `names` are the canonical ones of the tensors.

    Raises CheckpointInvalid naming the entry that is missing, wrong, unknown, or of another model.
    """
    sense, read = PROJECTORS[kind]
    for other in ("vision", "audio"):
        fields.expect(f"has_{other}_encoder", other == sense)
    width = fields.integer(f"{sense}.projection_dim")
    if width != text.get("dim"):
        raise CheckpointInvalid(
            f"{fields.path} is made for embeddings of {width} numbers ('clip.{sense}.projection_dim'), and the model's have {text['dim']}.",
            remedy="It is of another model, and what lies beside a GGUF is taken for its own: move one of the two into another folder.",
        )
    epsilon = fields.number(f"{sense}.attention.layer_norm_epsilon", EPS)
    if not np.isclose(epsilon, EPS, rtol=1e-3, atol=0):
        raise CheckpointInvalid(f"{fields.path}: 'clip.{sense}.attention.layer_norm_epsilon' is {shown(epsilon)}, not {EPS}.")
    params = read(fields, text, names)
    fields.refuse_rest()
    return params


def _eye(fields: Fields, text: Mapping[str, Any], names: frozenset[str]) -> Params:
    for key, usual in (("image_mean", MEAN), ("image_std", SPREAD)):
        given: Any = fields.values.get(f"clip.vision.{key}")
        fields.seen.add(f"clip.vision.{key}")
        if given is not None and not _alike(given, usual):
            raise CheckpointInvalid(f"{fields.path}: 'clip.vision.{key}' is {shown(given)}, not {list(usual)}.")
    if fields.flag("use_gelu", False) == fields.flag("use_silu", False):
        raise CheckpointInvalid(f"{fields.path} must say one of 'clip.use_gelu' and 'clip.use_silu'.", remedy=DAMAGED)
    eye: Params = {
        "hidden_size": fields.integer("vision.embedding_length"),
        "num_hidden_layers": fields.layers("vision.block_count"),
        "num_attention_heads": fields.integer("vision.attention.head_count"),
        "intermediate_size": fields.integer("vision.feed_forward_length"),
        "patch_size": fields.integer("vision.patch_size"),
        "image_size": fields.integer("vision.image_size"),
        "rope_theta": shortest(fields.number("rope.freq_base", 10000.0)),
        "hidden_act": "silu" if fields.flag("use_silu", False) else "gelu",
        "adapter_bias": "vision_language_adapter.w_in.bias" in names,
    }
    merge = fields.integer("vision.spatial_merge_size", 0)
    if merge:
        eye |= {"mm_projector_id": "patch_merge", "spatial_merge_size": merge}
    if "pre_mm_projector_norm.weight" in names:
        eye |= {"add_pre_mm_projector_layer_norm": True, "pre_mm_projector_norm_eps": text["norm_eps"]}
    return {"vision_encoder": eye}


def _ear(fields: Fields, text: Mapping[str, Any], names: frozenset[str]) -> Params:
    fields.expect("use_gelu", True)
    fields.expect("use_silu", False)
    dim, heads = fields.integer("audio.embedding_length"), fields.integer("audio.attention.head_count")
    encoder: Params = {
        "dim": dim,
        "n_layers": fields.layers("audio.block_count"),
        "n_heads": heads,
        "head_dim": dim // max(1, heads),
        "hidden_dim": fields.integer("audio.feed_forward_length"),
        "audio_encoding_args": {"num_mel_bins": fields.integer("audio.num_mel_bins"), **_SOUND},
        "causal": False,
        "learned_positions": "whisper_encoder.embed_positions.weight" in names,
    }
    stack = {"downsample_factor": fields.integer("audio.projector.stack_factor")}
    return {"multimodal": {"whisper_model_args": {"encoder_args": encoder, "downsample_args": stack}}}


PROJECTORS: Mapping[str, tuple[str, Callable[[Fields, Mapping[str, Any], frozenset[str]], Params]]] = {
    "pixtral": ("vision", _eye),
    "voxtral": ("audio", _ear),
}
"""`clip.projector_type`: which sense it is of, and how its entries are read."""
MARKS: Mapping[str, tuple[str, ...]] = {"vision": ("[IMG]", "[IMG_BREAK]", "[IMG_END]"), "audio": ("[AUDIO]", "[BEGIN_AUDIO]")}
"""The control tokens whose places what is seen or heard takes: without them nothing of it reaches the decoder."""


def shapes_of(params: Params, width: int) -> Iterator[tuple[str, tuple[int | None, ...]]]:
    """Of each tensor that must be there, its canonical name and shape; None where any length will do. `width` is the decoder's."""
    if "vision_encoder" in params:
        yield from _shapes_of_eye(params["vision_encoder"], width)
    else:
        several = params["multimodal"]["whisper_model_args"]
        yield from _shapes_of_ear(several["encoder_args"], several["downsample_args"]["downsample_factor"], width)


def _shapes_of_eye(eye: Params, width: int) -> Iterator[tuple[str, tuple[int | None, ...]]]:
    dim, hidden, merge = eye["hidden_size"], eye["intermediate_size"], eye.get("spatial_merge_size", 0)
    yield "vision_encoder.patch_conv.weight", (dim, 3, eye["patch_size"], eye["patch_size"])
    yield "vision_encoder.ln_pre.weight", (dim,)
    if merge:
        yield "patch_merger.merging_layer.weight", (dim, dim * merge**2)
    if "pre_mm_projector_norm_eps" in eye:
        yield "pre_mm_projector_norm.weight", (dim,)
    for part, seen in (("w_in", dim), ("w_out", width)):
        yield f"vision_language_adapter.{part}.weight", (width, seen)
        if eye["adapter_bias"]:
            yield f"vision_language_adapter.{part}.bias", (width,)
    for layer in range(eye["num_hidden_layers"]):
        outer = f"vision_encoder.transformer.layers.{layer}."
        for part in ("attention_norm", "ffn_norm"):
            yield f"{outer}{part}.weight", (dim,)
        for part in ("wq", "wk", "wv", "wo"):
            yield f"{outer}attention.{part}.weight", (dim, dim)
        for part, shape in (("w1", (hidden, dim)), ("w2", (dim, hidden)), ("w3", (hidden, dim))):
            yield f"{outer}feed_forward.{part}.weight", shape


def _shapes_of_ear(ear: Params, stack: int, width: int) -> Iterator[tuple[str, tuple[int | None, ...]]]:
    dim, hidden = ear["dim"], ear["hidden_dim"]
    for layer, mels in enumerate((ear["audio_encoding_args"]["num_mel_bins"], dim)):
        yield f"whisper_encoder.conv_layers.{layer}.weight", (dim, mels, 3)
        yield f"whisper_encoder.conv_layers.{layer}.bias", (dim,)
    if ear["learned_positions"]:
        yield "whisper_encoder.embed_positions.weight", (None, dim)
    for suffix in ("weight", "bias"):
        yield f"whisper_encoder.transformer.norm.{suffix}", (dim,)
    yield "audio_language_adapter.w_in.weight", (width, dim * stack)
    yield "audio_language_adapter.w_out.weight", (width, width)
    for layer in range(ear["n_layers"]):
        outer = f"whisper_encoder.transformer.layers.{layer}."
        yield f"{outer}attention.wk.weight", (dim, dim)
        for part, shape in (
            *((f"attention.{part}", (dim, dim)) for part in ("wq", "wv", "wo")),
            *(("attention_norm", (dim,)), ("ffn_norm", (dim,))),
            *(("feed_forward.w1", (hidden, dim)), ("feed_forward.w2", (dim, hidden))),
        ):
            yield f"{outer}{part}.weight", shape
            yield f"{outer}{part}.bias", shape[:1]


def _alike(given: Any, usual: tuple[float, ...]) -> bool:
    """Numbers of a file's float32 beside those that they are written from."""
    numbers = cast("list[Any]", given) if isinstance(given, list) else []
    return len(numbers) == len(usual) and all(
        isinstance(number, int | float) and abs(number - wanted) < 1e-4 for number, wanted in zip(numbers, usual, strict=True)
    )
