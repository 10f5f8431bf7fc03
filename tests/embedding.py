"""Tiny random models that embed. In: a shape. Out: transformers' model of it, and the release of the same weights as a folder."""

import json
import warnings
from pathlib import Path
from typing import Any

import torch

from tests.model.families import DENSE, randomize

READING = {
    "hidden_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "vocab_size": 97,
    "max_position_embeddings": 66,
}
ENCODERS = {"bert": ("Bert", {}), "roberta": ("Roberta", {"pad_token_id": 1}), "xlm-roberta": ("XLMRoberta", {"pad_token_id": 1})}
WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "the",
    "cat",
    "sat",
    "dog",
    "bark",
    "##s",
    "##ed",
    "a",
    "b",
    "c",
    ".",
    "[",
    "]",
    "sep",
]
POOLING = {"mean": "mean_tokens", "cls": "cls_token", "last": "lasttoken"}


def encoder(kind: str = "bert", seed: int = 1, **changes: Any) -> Any:
    """A random encoder in float64."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import transformers
    name, extra = ENCODERS[kind]
    torch.manual_seed(seed)
    model = getattr(transformers, f"{name}Model")(getattr(transformers, f"{name}Config")(**{**READING, **extra, **changes})).eval()
    randomize(model)
    return model


CODE = {"hidden_size": 3072, "num_hidden_layers": 2}
"""As wide as Codestral Embed's vectors are at most; the heads stay small."""


def decoder(seed: int = 1, **changes: Any) -> Any:
    """A random Mistral without a head."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import transformers
    torch.manual_seed(seed)
    model = transformers.MistralModel(transformers.MistralConfig(**{**DENSE, "sliding_window": None, **changes})).eval()
    randomize(model)
    return model


def released(model: Any, folder: Path, mode: str = "mean", reads: int | None = None, tokenizer: bool = True) -> Path:
    """As sentence-transformers writes it."""
    folder.mkdir(exist_ok=True)
    model.save_pretrained(folder)
    kinds = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]
    modules = [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"} for i, (path, kind) in enumerate(kinds)
    ]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "1_Pooling").mkdir(exist_ok=True)
    pools = {f"pooling_mode_{name}": mode == key for key, name in POOLING.items()}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"word_embedding_dimension": model.config.hidden_size} | pools))
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": reads, "do_lower_case": False}))
    if tokenizer:
        (folder / "tokenizer.json").write_text(json.dumps(wordpiece()))
    return folder


def wordpiece() -> dict[str, Any]:
    """A BERT's tokenizer.json of a few words."""
    marks = [name for name in WORDS if name.startswith("[") and len(name) > 1]
    added = [{"id": WORDS.index(mark), "content": mark, "special": True, "normalized": False} for mark in marks]
    around = {name: {"id": name, "ids": [WORDS.index(name)], "tokens": [name]} for name in ("[CLS]", "[SEP]")}
    return {
        "version": "1.0",
        "truncation": {"max_length": 8, "strategy": "LongestFirst", "stride": 0},
        "padding": {"strategy": {"Fixed": 8}, "direction": "Right", "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"},
        "added_tokens": [{**entry, "single_word": False, "lstrip": False, "rstrip": False} for entry in added],
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": True,
            "strip_accents": None,
            "lowercase": True,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [
                {"SpecialToken": {"id": "[CLS]", "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
                {"SpecialToken": {"id": "[SEP]", "type_id": 0}},
            ],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": around,
        },
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": {word: id for id, word in enumerate(WORDS)},
        },
    }


def rows_of(model: Any, batch: list[list[int]], pad: int = 0) -> list[torch.Tensor]:
    """What transformers gives for texts of different lengths, padded as it wants them."""
    longest = max(map(len, batch))
    ids = torch.tensor([text + [pad] * (longest - len(text)) for text in batch])
    mask = torch.tensor([[1] * len(text) + [0] * (longest - len(text)) for text in batch])
    with torch.no_grad():
        hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
    return [rows[: len(text)] for rows, text in zip(hidden, batch, strict=True)]
