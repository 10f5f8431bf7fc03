"""Adapters of Hugging Face's PEFT. In: a folder with adapter_config.json and adapter_model.safetensors. Out: an Adapter.

    base_model.model.model.layers.N.self_attn.q_proj.lora_A.weight [r, in]        (… .lora_A.default.weight in some files)
    base_model.model.model.layers.N.self_attn.q_proj.lora_B.weight [out, r]       scale: alpha / r, or with rsLoRA alpha / √r

Layers are named as transformers names them, and rows of queries and keys lie as they do there. Experts that are one tensor there have
one pair of matrices for all E of them, A [E · r, in] and B [out, r · E], in which a row of A is of expert row // r, and a column of B
of expert column % E; where both tensors of a layer's experts are adapted, the inner pair has "base_layer" in its name.

Much of adapter_config.json says how to train. What says how to compute is read, or refused by its name: never passed over.
Source: huggingface/peft, LoraConfig and tuners/lora/layer.py.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from alize.errors import CheckpointInvalid
from alize.weights.adapters.base import CONFIG, WEIGHTS, Adapter, Half, LowRank, fingerprint, paired
from alize.weights.checkpoints.fields import Fields, printable, read_json, shown
from alize.weights.checkpoints.mamba import from_mamba
from alize.weights.checkpoints.mapped import FileTensor
from alize.weights.checkpoints.names import from_consolidated, from_huggingface
from alize.weights.checkpoints.safetensors_file import read_safetensors
from alize.weights.checkpoints.vision_names import decoder_name

__all__ = ["open_peft"]

_REMEDY = "Train it again without, or merge it with PEFT and serve the whole model."
_NAME = re.compile(r"base_model\.model\.(?P<layer>.+)\.lora_(?P<half>[AB])(\.default)?\.weight", re.ASCII)
_EXPERTS = re.compile(r"model\.layers\.(\d{1,4})\.(?:mlp|block_sparse_moe)\.experts(\.base_layer)?", re.ASCII)
_INDEXER = re.compile(r"model\.layers\.(\d{1,4})\.self_attn\.(indexer\.(?:wq_b|wk|weights_proj))", re.ASCII)
_IN_HALVES = re.compile(r".+\.self_attn\.[qk]_proj", re.ASCII)
_PATTERN = re.compile(r"\^?[\w.]{1,300}", re.ASCII)

_TRAINING = (
    *("auto_mapping", "inference_mode", "lora_dropout", "peft_version", "revision", "task_type", "eva_config", "ensure_weight_tying"),
    *("target_modules", "target_parameters", "exclude_modules", "layers_to_transform", "layers_pattern"),  # the tensors say it
    *("megatron_core", "qalora_group_size", "runtime_config"),  # of what is refused where it is switched on
)
_OFF = (
    *("use_dora", "use_qalora", "use_bdlora", "lora_bias", "fan_in_fan_out", "modules_to_save", "layer_replication", "megatron_config"),
    *("trainable_token_indices", "alora_invocation_tokens", "arrow_config", "corda_config", "lora_ga_config", "loftq_config"),
    *("kasa_config", "monteclora_config", "velora_config"),
)
"""What changes how a layer computes, or what it is added to. Off is null, false or empty."""
_BEGINNINGS = (True, False, None, "gaussian", "eva", "orthogonal")
"""Of init_lora_weights, those that leave the base as it was; the others (PiSSA, OLoRA, CorDA, LoftQ, …) take something out of it."""


@dataclass(frozen=True, slots=True)
class _Config:
    path: Path
    rank: int
    alpha: float
    ranks: dict[str, float]  # by a pattern of layers' names
    alphas: dict[str, float]
    rooted: bool
    base: str

    def of(self, layer: str) -> tuple[int, float]:
        """The rank that is stated for a layer, and its scale."""
        rank = int(_matched(self.ranks, layer, self.rank))
        return rank, _matched(self.alphas, layer, self.alpha) / (math.sqrt(rank) if self.rooted else rank)


def open_peft(folder: Path) -> Adapter:
    """Raises CheckpointInvalid naming the file, and the key or the tensor."""
    config, path = _config(folder / CONFIG), folder / WEIGHTS
    named: dict[str, str] = {}  # what transformers calls each layer
    layers = {layer: _low_rank(path, config, layer, named[layer], a, b) for layer, (a, b) in paired(path, _halves(path, named)).items()}
    return Adapter(folder, "peft", layers, fingerprint(path, {layer: pair.scale for layer, pair in layers.items()}), config.base)


def _low_rank(path: Path, config: _Config, layer: str, theirs: str, a: FileTensor, b: FileTensor) -> LowRank:
    rank, scale = config.of(theirs)
    stacked = _EXPERTS.fullmatch(decoder_name(theirs)) is not None
    experts = a.shape[0] // rank if stacked else 0
    if a.shape[0] != rank * max(1, experts):
        raise CheckpointInvalid(
            f"{path}: '{printable(a.name[:200])}' is {list(a.shape)}, and {CONFIG} says that its rank is {rank}.",
            remedy="The two files are of different adapters: fetch them again.",
        )
    if stacked and (config.ranks or config.alphas):
        raise CheckpointInvalid(
            f"{config.path}: 'rank_pattern' and 'alpha_pattern' are not understood beside '{printable(a.name[:200])}'.", remedy=_REMEDY
        )
    return LowRank(layer, a, b, scale, _IN_HALVES.fullmatch(theirs) is not None, experts)


def _halves(path: Path, named: dict[str, str]) -> Iterator[tuple[str, Half, FileTensor]]:
    for tensor in read_safetensors(path).values():
        found = _NAME.fullmatch(tensor.name)
        layer = _layer(found["layer"]) if found else None
        if not found or layer is None:
            raise CheckpointInvalid(
                f"{path} holds '{printable(tensor.name[:200])}', which is no part of an adapter that can be applied.",
                remedy="Understood are lora_A and lora_B of linear layers. " + _REMEDY,
            )
        named[layer] = found["layer"]
        yield layer, cast("Half", found["half"]), tensor


def _layer(theirs: str) -> str | None:
    """
    >>> _layer("model.layers.3.self_attn.q_proj"), _layer("model.language_model.layers.0.mlp.experts.base_layer")
    ('layers.3.attention.wq', 'layers.0.feed_forward.experts.base_layer')
    """
    plain = decoder_name(theirs)
    if experts := _EXPERTS.fullmatch(plain):
        return f"layers.{int(experts[1])}.feed_forward.experts{experts[2] or ''}"
    if indexer := _INDEXER.fullmatch(plain):
        return f"layers.{int(indexer[1])}.attention.{indexer[2]}"
    weight = f"{theirs}.weight"
    name = from_huggingface(weight) or from_mamba(weight) or from_consolidated(weight)
    name = name or from_huggingface(f"model.{weight}")  # of a model without a head
    return None if name is None else name.removesuffix(".weight")


def _config(path: Path) -> _Config:
    fields = Fields(path, read_json(path))
    kind, bias = fields.get("peft_type"), fields.get("bias")
    if kind != "LORA":
        raise CheckpointInvalid(f"{path}: 'peft_type' is {shown(kind)}, and only LORA is understood.", remedy=_REMEDY)
    if bias not in (None, "none"):
        raise CheckpointInvalid(f"{path}: 'bias' is {shown(bias)}: biases of the model's own layers are not adapted here.", remedy=_REMEDY)
    for key in _OFF:
        if fields.get(key):
            raise CheckpointInvalid(f"{path}: '{key}' is {shown(fields.get(key))}, which is not understood.", remedy=_REMEDY)
    if fields.get("init_lora_weights") not in _BEGINNINGS:
        raise CheckpointInvalid(
            f"{path}: 'init_lora_weights' is {shown(fields.get('init_lora_weights'))}, which changes the model that is adapted.",
            remedy="Convert it with PEFT (path_initial_model_for_weight_conversion) to one that leaves the model as it is.",
        )
    for key in _TRAINING:
        fields.get(key)
    rank, base = fields.integer("r"), fields.get("base_model_name_or_path")
    if rank < 1:
        raise CheckpointInvalid(f"{path}: 'r' is {rank}; it must be positive.")
    config = _Config(
        path,
        rank,
        fields.number("lora_alpha"),
        _patterns(fields, "rank_pattern"),
        _patterns(fields, "alpha_pattern"),
        fields.flag("use_rslora", False),
        printable(base[:300]) if isinstance(base, str) else "",
    )
    for key, value in fields.values.items():
        if key not in fields.seen and value:
            raise CheckpointInvalid(f"{path}: '{printable(key[:100])}' is {shown(value)}, which is not known here.", remedy=_REMEDY)
    return config


def _patterns(fields: Fields, key: str) -> dict[str, float]:
    """Names of layers, or the ends of such names. PEFT takes regular expressions; one of a stranger's could take for ever to match."""
    given: Any = fields.get(key) or {}
    if not isinstance(given, dict):
        raise CheckpointInvalid(f"{fields.path}: '{key}' is {shown(given)}, not an object.")
    patterns = Fields(fields.path, cast("dict[str, Any]", given))
    for pattern in patterns.values:
        if not _PATTERN.fullmatch(pattern):
            raise CheckpointInvalid(
                f"{fields.path}: '{key}' has the expression '{printable(pattern[:100])}', and only names are understood.",
                remedy="Write the layers' names out.",
            )
        if patterns.number(pattern) <= 0 or (key == "rank_pattern" and patterns.number(pattern) % 1):
            raise CheckpointInvalid(f"{fields.path}: '{key}' of '{pattern}' is {shown(patterns.get(pattern))}.")
    return {pattern: patterns.number(pattern) for pattern in patterns.values}


def _matched(patterns: dict[str, float], layer: str, default: float) -> float:
    """
    >>> _matched({"v_proj": 3, "^model.layers.0.self_attn.q_proj": 4}, "model.layers.0.self_attn.q_proj", 1)
    4
    """
    for pattern, value in patterns.items():
        if layer == pattern.removeprefix("^") or (not pattern.startswith("^") and layer.endswith(f".{pattern}")):
            return value
    return default
