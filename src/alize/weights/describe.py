"""A card for weights that no catalog knows. In: an open checkpoint. Out: what can be said of the model from its own files."""

from typing import Any

from alize.weights.catalog import Card
from alize.weights.checkpoints.base import Checkpoint

__all__ = ["describe"]


def describe(checkpoint: Checkpoint, id: str, source: str, created: int) -> Card:
    """The card. A model is said to chat where its release carries a template for it, in whichever form; to fill gaps where its file
    names the markers of one, or its name is of Mistral's models for code: all of Mistral's later tokenizers have the markers."""
    files = checkpoint.tokenizer.files
    fills = "codestral" in id.lower() or "tokenizer.ggml.fim_pre_token_id" in checkpoint.tokenizer.gguf
    chats = checkpoint.tokenizer.chat_template is not None or any(name.startswith(("tekken", "tokenizer.model.v")) for name in files)
    sees = any(checkpoint.params.get(key) for key in ("vision_encoder", "multimodal"))
    pooling: Any = checkpoint.params.get("pooling")
    context = checkpoint.params.get("max_position_embeddings")
    if pooling is not None:
        fills = chats = sees = False  # its rows become a vector
        context = pooling.get("max_tokens", context)
    able = (("completion_chat", chats), ("completion_fim", fills), ("vision", sees), ("embeddings", pooling is not None))
    licence = checkpoint.metadata.get("license")
    name = checkpoint.metadata.get("name")
    return Card(
        id=id,
        name=name if isinstance(name, str) else id,
        capabilities=frozenset(name for name, has in able if has),
        context=context if isinstance(context, int) else 32768,
        licence=licence if isinstance(licence, str) else None,
        source=source,
        owned_by=str(checkpoint.metadata.get("organization") or "local"),
        created=created,
    )
