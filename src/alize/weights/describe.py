"""A card for weights that no catalog knows. In: an open checkpoint. Out: what can be said of the model from its own files."""

from collections.abc import Mapping
from typing import Any, cast

from alize.weights.catalog import Card
from alize.weights.checkpoints.base import Checkpoint

__all__ = ["describe"]


def describe(checkpoint: Checkpoint, id: str, source: str, created: int) -> Card:
    """The card. A model is said to chat where its release carries a template for it, in whichever form; to fill gaps where its file
    names the markers of one, or its name is of Mistral's models for code: all of Mistral's later tokenizers have the markers."""
    files = checkpoint.tokenizer.files
    fills = "codestral" in id.lower() or "tokenizer.ggml.fim_pre_token_id" in checkpoint.tokenizer.gguf
    chats = checkpoint.tokenizer.chat_template is not None or any(name.startswith(("tekken", "tokenizer.model.v")) for name in files)
    several = _part(checkpoint.params, "multimodal")
    hears = "whisper_model_args" in several
    streams = hears and bool(checkpoint.params.get("ada_rms_norm_t_cond"))  # it writes what it hears, and nothing else
    able = {
        "completion_chat": chats and not streams,
        "completion_fim": fills,
        "vision": bool(checkpoint.params.get("vision_encoder") or several.get("vision_encoder_args")),
        "audio": hears and not streams,
        "audio_transcription": hears,
    }
    pooling = _part(checkpoint.params, "pooling")
    context = checkpoint.params.get("max_position_embeddings")
    if pooling:  # its rows become a vector
        able = {"embeddings": True}
        context = pooling.get("max_tokens", context)
    licence = checkpoint.metadata.get("license")
    name = checkpoint.metadata.get("name")
    return Card(
        id=id,
        name=name if isinstance(name, str) else id,
        capabilities=frozenset(name for name, has in able.items() if has),
        context=context if isinstance(context, int) else 32768,
        licence=licence if isinstance(licence, str) else None,
        source=source,
        owned_by=str(checkpoint.metadata.get("organization") or "local"),
        created=created,
    )


def _part(params: Mapping[str, Any], key: str) -> dict[str, Any]:
    """An object of the configuration; empty where there is none, or where model/params.py will refuse what there is."""
    value = params.get(key)
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
