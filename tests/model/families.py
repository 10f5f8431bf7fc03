"""Tiny random models of every family. In: a family's name. Out: transformers' model of it, and the same weights where we read them.

transformers' classes are the independent side; they are made here with every idea of the family switched on and as small as it allows.
"""

import contextlib
import copy
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch

DENSE = {
    "hidden_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "intermediate_size": 48,
    "vocab_size": 97,
    "max_position_embeddings": 512,
}
RECURRENT = {
    "hidden_size": 32,
    "num_hidden_layers": 3,
    "expand": 2,
    "num_heads": 8,
    "head_dim": 8,
    "n_groups": 2,
    "state_size": 6,
    "conv_kernel": 4,
    "vocab_size": 97,
    "chunk_size": 16,
}
YARN = {"rope_type": "yarn", "rope_theta": 1e4, "factor": 16.0, "original_max_position_embeddings": 16, "beta_fast": 32.0, "beta_slow": 1.0}
LLAMA3 = {
    **{"rope_type": "llama3", "rope_theta": 1e4, "factor": 8.0, "original_max_position_embeddings": 32},
    **{"low_freq_factor": 1.0, "high_freq_factor": 4.0},
}
EYE = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2, "patch_size": 4, "image_size": 32}
LATENT = {
    "kv_lora_rank": 16,
    "qk_rope_head_dim": 8,
    "qk_nope_head_dim": 12,
    "v_head_dim": 10,
    "num_key_value_heads": 4,
    "rms_norm_eps": 1e-6,
}
ROUTED = {
    "n_routed_experts": 8,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 20,
    "first_k_dense_replace": 1,
    "n_group": 4,
    "topk_group": 2,
}


@dataclass(frozen=True)
class Family:
    kind: str  # the prefix of transformers' classes
    shape: dict[str, Any] = field(default_factory=dict)
    model: str = "ForCausalLM"
    text: str = ""  # model_type of the decoder, where it is one part of several
    eye: dict[str, Any] = field(default_factory=dict)
    ear: dict[str, Any] = field(default_factory=dict)
    around: dict[str, Any] = field(default_factory=dict)
    base: dict[str, Any] = field(default_factory=lambda: DENSE)
    config: str = ""  # the prefix of the configuration's class, where it is another


PIXTRAL = {"vision_feature_layer": -1, "vision_feature_select_strategy": "full", "image_token_index": 10}
FAMILIES = {
    "dense": Family("Mistral", {"sliding_window": None}),
    "dense, sliding window": Family("Mistral", {"sliding_window": 7}),
    "dense, head_dim of its own, tied head": Family("Mistral", {"sliding_window": None, "head_dim": 12, "tie_word_embeddings": True}),
    "experts": Family("Mixtral", {"num_local_experts": 5, "num_experts_per_tok": 2}),
    "interleaved windows": Family(
        "Ministral", {"sliding_window": 7, "layer_types": ["sliding_attention", "full_attention", "sliding_attention"]}
    ),
    "YaRN and temperature": Family(
        "Ministral3", {"rope_parameters": {**YARN, "mscale": 1.0, "mscale_all_dim": 1.0, "llama_4_scaling_beta": 0.1}}
    ),
    "YaRN with its own magnitude": Family("Ministral3", {"rope_parameters": {**YARN, "llama_4_scaling_beta": 0.1}}),
    "latent attention, grouped experts": Family(
        "Mistral4",
        {
            **LATENT,
            **ROUTED,
            "q_lora_rank": 24,
            "rope_parameters": {**YARN, "mscale": 1.0, "mscale_all_dim": 1.0, "llama_4_scaling_beta": 0.1},
        },
    ),
    "latent attention, plain queries": Family(
        "Mistral4",
        {**LATENT, **ROUTED, "q_lora_rank": None, "rope_parameters": {**YARN, "attention_factor": 1.0, "llama_4_scaling_beta": 0.1}},
    ),
    "indexer, unrotated layers, shared latents": Family(
        "MistralLarge4",
        {
            **LATENT,
            **ROUTED,
            "num_hidden_layers": 5,
            "no_rope_layers": [1, 1, 1, 0, 1],
            "kv_source_layers": [0, 1, 2, 3, 1],
            "indexer_types": ["full", "full", "shared", "full", "shared"],
            "index_topk": 6,
            "index_head_dim": 16,
            "index_n_heads": 32,  # fewer, and two positions may score nothing alike
            "final_logit_softcapping": 3.0,
            "rope_parameters": {**YARN, "attention_factor": 1.0},
        },
        model="ForConditionalGeneration",
        eye={"hidden_act": "silu"},
    ),
    "Llama 3's stretching": Family("Llama", {"rope_parameters": LLAMA3}),
    "linear stretching": Family("Llama", {"rope_parameters": {"rope_type": "linear", "rope_theta": 1e4, "factor": 4.0}}),
    "biased queries, keys, values": Family("Qwen2", {"use_sliding_window": False}),
    "biased, windows in later layers": Family("Qwen2", {"use_sliding_window": True, "sliding_window": 7, "max_window_layers": 1}),
    "normed queries and keys": Family("Qwen3", {"head_dim": 12}),
    "normed queries and keys, experts": Family(
        "Qwen3Moe", {"num_experts": 6, "num_experts_per_tok": 2, "moe_intermediate_size": 20, "norm_topk_prob": True}
    ),
    "unrotated layers in a dense model": Family("SmolLM3", {"num_hidden_layers": 5, "pad_token_id": 0, "tie_word_embeddings": True}),
    "norms on both sides, two rotations": Family(
        "Gemma3",
        {
            **{"num_hidden_layers": 7, "head_dim": 12, "query_pre_attn_scalar": 12, "sliding_window": 7},
            "rope_parameters": {
                "sliding_attention": {"rope_type": "default", "rope_theta": 1e4},
                "full_attention": {"rope_type": "linear", "rope_theta": 1e6, "factor": 8.0},
            },
        },
        config="Gemma3Text",
    ),
    "norms on both sides, capped logits": Family(
        "Gemma3",
        {"query_pre_attn_scalar": 24, "sliding_window": 5, "final_logit_softcapping": 3.0, "layer_types": ["full_attention"] * 3},
        config="Gemma3Text",
    ),
    "state space": Family("Mamba2", base=RECURRENT),
    "state space, one group, tied head": Family("Mamba2", {"n_groups": 1, "conv_kernel": 3, "tie_word_embeddings": True}, base=RECURRENT),
}
EAR = {"hidden_size": 16, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2, "num_mel_bins": 8}
HEARING = {
    "Voxtral": Family(
        "Voxtral",
        {"rope_parameters": {"rope_type": "default", "rope_theta": 1e8}},
        "ForConditionalGeneration",
        "llama",
        ear={"max_source_positions": 20},
        around={"audio_token_id": 24},
    ),
    "Voxtral, tokens of two rows": Family(
        "Voxtral",
        {"rope_parameters": {"rope_type": "default", "rope_theta": 1e8}},
        "ForConditionalGeneration",
        "llama",
        ear={"max_source_positions": 20, "intermediate_size": 32, "num_attention_heads": 4},
        around={"audio_token_id": 24},
    ),
    "Voxtral Realtime": Family(
        "VoxtralRealtime",
        {"sliding_window": 7, "rope_parameters": {"rope_type": "default", "rope_theta": 1e6}, "rms_norm_eps": 1e-5},
        "ForConditionalGeneration",
        "voxtral_realtime_text",
        ear={"head_dim": 12, "sliding_window": 9, "rope_parameters": {"rope_type": "default", "rope_theta": 1e6}},
        around={"default_num_delay_tokens": 3},
    ),
    "Voxtral Realtime, a head of its own": Family(
        "VoxtralRealtime",
        {"sliding_window": None},
        "ForConditionalGeneration",
        "voxtral_realtime_text",
        ear={"head_dim": 8, "sliding_window": 5, "intermediate_size": 24},
        around={"tie_word_embeddings": False},
    ),
}
SEEING = {
    "Pixtral": Family("Llava", {"sliding_window": None}, "ForConditionalGeneration", "mistral", around=PIXTRAL),
    "Pixtral, silu, no bias": Family(
        "Llava",
        {"sliding_window": None},
        "ForConditionalGeneration",
        "mistral",
        eye={"hidden_act": "silu", "num_attention_heads": 4},
        around={**PIXTRAL, "multimodal_projector_bias": False},
    ),
    "merged patches": Family(
        "Mistral3",
        {"sliding_window": None, "tie_word_embeddings": True},
        "ForConditionalGeneration",
        "mistral",
        eye={"hidden_act": "silu"},
        around={"multimodal_projector_bias": True},
    ),
    "merged patches, YaRN": Family(
        "Mistral3", FAMILIES["YaRN and temperature"].shape, "ForConditionalGeneration", "ministral3", around={"tie_word_embeddings": False}
    ),
    "merged patches, latent attention": Family(
        "Mistral3",
        FAMILIES["latent attention, grouped experts"].shape,
        "ForConditionalGeneration",
        "mistral4",
        around={"tie_word_embeddings": False, "spatial_merge_size": 3},
    ),
    "merged patches, indexer": FAMILIES["indexer, unrotated layers, shared latents"],
}


def configuration(family: Family, **changes: Any) -> Any:
    """transformers' own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import transformers
    shape = copy.deepcopy({**family.base, **family.shape, **changes})  # transformers writes into what it is given
    if "kv_lora_rank" in shape:
        del shape["head_dim"]  # follows from its parts
    if family.model == "ForConditionalGeneration":
        named = {"model_type": family.text} if family.text else {}
        eye = {"vision_config": {"model_type": "pixtral", **EYE, **family.eye}}
        shape = {"text_config": {**named, **shape}, **({"audio_config": {**EAR, **family.ear}} if family.ear else eye), **family.around}
    config = getattr(transformers, f"{family.config or family.kind}Config")(**shape)
    config.architectures = [family.kind + family.model]
    return config


def reference(family: Family, seed: int = 1, **changes: Any) -> Any:
    """A random model in float32. The default initialisation gives nearly uniform logits, which would hide a mistake."""
    config = configuration(family, **changes)
    import transformers

    if family.base is DENSE:  # a state space has no attention
        config._attn_implementation = "sdpa"  # the eager one takes its softmax in float32, whatever the model's type
    config._experts_implementation = "eager"  # the grouped one knows no float64
    torch.manual_seed(seed)
    model = getattr(transformers, family.kind + family.model)(config).eval()
    randomize(model)
    return model


MEANS = {"alpha": 0.0, "A_log": -1.0, "dt_bias": -2.0}
"""Of weights that are neither matrices nor factors. A state then keeps 95 % from token to token, so that it remembers."""


def randomize(model: Any) -> None:
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.normal_(MEANS.get(name.rsplit(".", 1)[-1], float(parameter.ndim == 1)), 0.25)


def saved(model: Any, folder: Path) -> Path:
    """As transformers writes it."""
    folder.mkdir(exist_ok=True)
    model.save_pretrained(folder)
    return folder


@contextlib.contextmanager
def exact(model: Any, kind: torch.dtype) -> Iterator[Any]:
    """The reference in a wider type throughout: its norms, routers, indexers and residuals are float32 otherwise, which shows at 1e-7."""

    def norm(self: Any, x: torch.Tensor) -> torch.Tensor:
        return self.weight * (x / torch.sqrt((x * x).mean(-1, keepdim=True) + self.variance_epsilon))

    def centred(self: Any, x: torch.Tensor) -> torch.Tensor:
        return (1 + self.weight) * (x / torch.sqrt((x * x).mean(-1, keepdim=True) + self.eps))

    def gated(self: Any, x: torch.Tensor, gate: torch.Tensor) -> torch.Tensor:
        groups = (x * torch.nn.functional.silu(gate)).unflatten(-1, (-1, self.group_size))
        return self.weight * (groups / torch.sqrt((groups * groups).mean(-1, keepdim=True) + self.variance_epsilon)).flatten(-2)

    narrow, softmax = torch.Tensor.float, torch.nn.functional.softmax

    def wide_softmax(x: torch.Tensor, *args: Any, dtype: torch.dtype | None = None, **named: Any) -> torch.Tensor:
        return softmax(x, *args, dtype=None if x.dtype == torch.float64 else dtype, **named)

    model.to(kind)
    for module in model.modules():
        if type(module).__name__.endswith("RMSNorm"):
            module.forward = (norm if hasattr(module, "variance_epsilon") else centred).__get__(module)
        if type(module).__name__ == "MambaRMSNormGated":
            module.forward = gated.__get__(module)
        if hasattr(module, "residual_in_fp32"):
            module.residual_in_fp32 = kind == torch.float32
    with (
        patch.object(torch.Tensor, "float", lambda tensor: tensor if tensor.dtype == torch.float64 else narrow(tensor)),
        patch.object(torch.nn.functional, "softmax", wide_softmax),
        torch.no_grad(),
    ):
        yield model
