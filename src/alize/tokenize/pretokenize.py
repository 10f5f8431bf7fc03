"""How text is cut into words before merging. In: the name a GGUF gives its pre-tokenizer. Out: the same cut, exactly.

A pre-tokenizer that is not listed is refused: a near miss would give plausible ids that the model was never trained on.
The entries are those of SmolLM and SmolLM2 (`smollm`), GPT-2, Llama 3 (`llama-bpe`), Qwen 2 and 3 (`qwen2`) and Mistral's Tekken.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alize.errors import CheckpointInvalid

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["PRE_TOKENIZERS", "PreTokenizer", "apply_pre_tokenizer", "named"]

_LLAMA_3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_QWEN_2 = _LLAMA_3.replace(r"\p{N}{1,3}", r"\p{N}")
_TEKKEN = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
    r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


@dataclass(frozen=True, slots=True)
class PreTokenizer:
    """One release's way of cutting. Without `pattern`, GPT-2's own, which the tokenizers library knows by itself."""

    pattern: str | None = None
    single_digits: bool = False  # each digit stands alone, cut before anything else
    ignore_merges: bool = False  # a word that is an entry is taken whole, even where no merge leads to it
    compose: bool = False  # text is brought to Unicode form NFC first
    add_bos: bool = False  # where the file does not say


PRE_TOKENIZERS = {
    "gpt-2": PreTokenizer(),
    "smollm": PreTokenizer(single_digits=True),
    "llama-bpe": PreTokenizer(_LLAMA_3, ignore_merges=True, add_bos=True),
    "qwen2": PreTokenizer(_QWEN_2, compose=True),
    "tekken": PreTokenizer(_TEKKEN, ignore_merges=True, add_bos=True),
}


def named(name: object) -> PreTokenizer:
    """The entry of that name. Raises CheckpointInvalid for one that is not listed."""
    found = PRE_TOKENIZERS.get(name) if isinstance(name, str) else None
    if found is None:
        raise CheckpointInvalid(
            f"tokenizer.ggml.pre: the pre-tokenizer {name!r} is not known.",
            remedy=f"Known are {', '.join(sorted(PRE_TOKENIZERS))}. Serve the release's own tokenizer.json, or tekken.json, instead.",
        )
    return found


def apply_pre_tokenizer(tokenizer: "Tokenizer", way: PreTokenizer) -> None:
    """Set the normalizer and the pre-tokenizer of a bare BPE tokenizer."""
    from tokenizers import Regex, normalizers, pre_tokenizers

    steps: list[Any] = []
    if way.single_digits:
        steps.append(pre_tokenizers.Digits(individual_digits=True))
    if way.pattern is not None:
        steps.append(pre_tokenizers.Split(Regex(way.pattern), behavior="isolated"))
    steps.append(pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=way.pattern is None))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(steps)
    if way.compose:
        tokenizer.normalizer = normalizers.NFC()
