"""A tokenizer in another form. In: where a checkpoint's tokenizer is. Out: the entries of a GGUF, or files for a folder.

    folder → folder     the files, as they are
    folder → GGUF       tekken.json and byte-level tokenizer.json (model gpt2), tokenizer.model (llama)
    GGUF → folder       tokenizer.json with what is beside it

The result must cut a text that is full of trouble into the same ids as the original does (`check_words`), or the conversion is refused.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alize.convert.bpe_entries import from_tekken, from_tokenizer_json
from alize.convert.tokenizer_json import tokenizer_files
from alize.errors import ConversionFailed
from alize.tokenize import load_tokenizer
from alize.weights.checkpoints import TokenizerFiles

__all__ = ["check_words", "entries_of", "files_of"]

PROBE = (
    "Alizé, l'été : 12345 + 67 = 12412; don't STOP! \t\n\n  def f(x):\n      return x**2  # ½ naïve\r\n"
    "日本語のテキスト。한국어 Ελληνικά русский עברית العربية हिन्दी 👩‍👩‍👧 🇫🇷 café\u0301 ﬁ ＡＢＣ    end\u00a0.\u3000"
)
_TEMPLATE = "tokenizer.chat_template"


def entries_of(tokenizer: TokenizerFiles) -> dict[str, Any]:
    """The `tokenizer.*` entries; none where there is no tokenizer. Raises ConversionFailed for a kind that a GGUF has no name for."""
    found = dict(tokenizer.gguf) or _entries(tokenizer.files)
    if found and tokenizer.chat_template is not None:
        found[_TEMPLATE] = tokenizer.chat_template
    return found


def _entries(files: Mapping[str, Path]) -> dict[str, Any]:
    if "tekken.json" in files:
        return from_tekken(files["tekken.json"])
    models = sorted(name for name in files if name.startswith("tokenizer.model"))
    if models:
        from alize.convert.sentencepiece_entries import from_sentencepiece

        return from_sentencepiece(files[models[-1]])
    if "tokenizer.json" in files:
        return from_tokenizer_json(files)
    return {}


def files_of(tokenizer: TokenizerFiles) -> dict[str, Path | str]:
    """Files by name: where they are, or their text."""
    if tokenizer.gguf:
        return dict(tokenizer_files(tokenizer.gguf, tokenizer.chat_template))
    return dict(tokenizer.files)


def check_words(old: TokenizerFiles, new: TokenizerFiles) -> None:
    """Raises ConversionFailed where the two cut the probe differently. A no-op where there is no tokenizer, or where it was copied."""
    if not (old.files or old.gguf) or (bool(old.gguf) == bool(new.gguf)):
        return
    before, after = load_tokenizer(old), load_tokenizer(new)
    texts = [PROBE, *PROBE.split(" ")]
    if any(before.encode(text) != after.encode(text) for text in texts):
        raise ConversionFailed(
            "The tokenizer in its new form cuts texts otherwise than the original does.",
            remedy="Serve the model in the form it was released in.",
        )
    if before.bos_id != after.bos_id or before.stop_ids != after.stop_ids:
        raise ConversionFailed(
            f"The tokenizer in its new form begins and ends texts with {after.bos_id} and {sorted(after.stop_ids)}, the original with "
            f"{before.bos_id} and {sorted(before.stop_ids)}."
        )
