"""Tokenizers that several tests share. Each is loaded once: they are immutable."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from alize.tokenize import Tokenizer, load_tokenizer
from alize.tokenize.alphabet import byte_level_characters
from alize.weights.checkpoints import open_checkpoint
from alize.weights.checkpoints.base import TokenizerFiles


@pytest.fixture(scope="session")
def smol_metadata(smollm2: Path) -> dict[str, Any]:
    """The `tokenizer.*` metadata of SmolLM2's GGUF."""
    checkpoint = open_checkpoint(smollm2)
    metadata = dict(checkpoint.tokenizer.gguf)
    checkpoint.close()
    return metadata


@pytest.fixture(scope="session")
def smol(smol_metadata: dict[str, Any]) -> Tokenizer:
    return load_tokenizer(TokenizerFiles(gguf=smol_metadata))


@pytest.fixture(scope="session")
def released() -> Callable[[str], Path]:
    """A tokenizer file that mistral-common carries, by its name."""
    import mistral_common

    return lambda name: Path(mistral_common.__file__).parent / "data" / name


@pytest.fixture(scope="session")
def later(released: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A tekken.json of a later version ("v11", "v13", "v15"): the released alphabet with the control tokens that this version names."""
    import json

    from mistral_common.tokens.tokenizers.base import SpecialTokens

    def made(version: str) -> Path:
        path = tmp_path_factory.mktemp(version) / "tekken.json"
        known = json.loads(released("tekken_240911.json").read_bytes())
        thinks = int(version[1:]) >= 13
        names = [token.value for token in SpecialTokens if thinks or "THINK" not in token.value]
        first = ["<unk>", "<s>", "</s>"]
        ordered = [*first, *(name for name in names if name not in first)]
        known["special_tokens"] = [{"rank": rank, "token_str": name, "is_control": True} for rank, name in enumerate(ordered)]
        known["config"]["version"] = version
        del known["image"]
        if version == "v15":
            efforts = {"type": "enum", "accepts_none": True, "default": "none", "values": ["none", "high"]}
            known["model_settings_builder"] = {"reasoning_effort": efforts}
        path.write_text(json.dumps(known))
        return path

    return made


@pytest.fixture(scope="session")
def made_metadata() -> dict[str, Any]:
    """A byte-level vocabulary made by hand: 256 bytes, a few merges, two control tokens and a word taken whole."""
    merges = ["h e", "l l", "he ll", "hell o", "Ġ w", "o r", "Ġw or"]
    tokens = [*byte_level_characters(), *(merge.replace(" ", "") for merge in merges), "<|start|>", "<|end|>", "<tool>"]
    return {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "gpt-2",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": [1] * (256 + len(merges)) + [3, 3, 4],
        "tokenizer.ggml.merges": merges,
        "tokenizer.ggml.bos_token_id": tokens.index("<|start|>"),
        "tokenizer.ggml.eos_token_id": tokens.index("<|end|>"),
        "tokenizer.chat_template": (
            "{% for m in messages %}{{ '<|start|>' + m['role'] + ':' + m['content'] + '<|end|>' }}{% endfor %}"
            "{% if add_generation_prompt %}{{ '<|start|>assistant:' }}{% endif %}"
        ),
    }


@pytest.fixture(scope="session")
def made_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Hugging Face release made here: byte-level merges learned from this repository's prose, markers of several families."""
    import json

    from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers, trainers
    from tokenizers.decoders import ByteLevel

    special = ["<s>", "</s>", "[INST]", "[/INST]", "<|im_start|>", "<|im_end|>", "<|user|>", "<|assistant|>", "<|system|>", "<|end|>"]
    folder = tmp_path_factory.mktemp("made")
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=800, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    made.train_from_iterator([(Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")], trainer)
    made.add_tokens([AddedToken("<tool_call>", special=False, normalized=False)])
    made.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({"bos_token": "<s>", "eos_token": {"content": "</s>"}}))
    return folder
