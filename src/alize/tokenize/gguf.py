"""A tokenizer from the metadata inside a GGUF. In: the `tokenizer.*` entries. Out: a BpeTokenizer.

Everything is checked before use: a list of the wrong length, a merge of unknown entries or an id out of range is a damaged file, and
says so by the name of the entry.
"""

from collections.abc import Mapping, Sequence
from itertools import compress, count, repeat
from typing import TYPE_CHECKING, Any, cast

from alize.errors import CheckpointInvalid
from alize.tokenize.alphabet import byte_level_bytes, byte_level_characters
from alize.tokenize.bpe import BpeTokenizer, TextEncoders
from alize.tokenize.markers import Marker, Markers
from alize.tokenize.pretokenize import apply_pre_tokenizer, named
from alize.tokenize.vocabulary import Spelled, Vocabulary, stop_ids

if TYPE_CHECKING:
    import tokenizers

    from alize.tokenize.template import ChatTemplate

__all__ = ["Entries", "load_gguf"]

# Kinds of entries, as `tokenizer.ggml.token_type` numbers them.
NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = range(1, 7)
_SPECIAL = {
    "bos_token": "tokenizer.ggml.bos_token_id",
    "eos_token": "tokenizer.ggml.eos_token_id",
    "unk_token": "tokenizer.ggml.unknown_token_id",
    "pad_token": "tokenizer.ggml.padding_token_id",
}
_ENDS = ("tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id")


class Entries:
    """The vocabulary as the file has it, checked: texts and kinds by id."""

    def __init__(self, metadata: Mapping[str, Any]) -> None:
        self.metadata = metadata
        self.texts = cast("list[str]", self.list_of("tokenizer.ggml.tokens", str))
        self.kinds = cast("list[int]", self.list_of("tokenizer.ggml.token_type", int))
        if not self.texts or len(self.kinds) != len(self.texts):
            raise CheckpointInvalid(
                f"tokenizer.ggml.token_type has {len(self.kinds)} entries for the {len(self.texts)} of tokenizer.ggml.tokens.",
                remedy="The file is damaged or unfinished: fetch or convert it again.",
            )
        if not set(self.kinds) <= set(range(256)):
            raise CheckpointInvalid("tokenizer.ggml.token_type has kinds that no file has.", remedy="The file is damaged: fetch it again.")
        self._octets = bytes(self.kinds)
        self.control = self.ids_of(CONTROL)

    def list_of(self, key: str, kind: type) -> list[Any]:
        """The list at `key`. Raises CheckpointInvalid where it is missing or holds anything else."""
        value: Any = self.metadata.get(key)
        if not isinstance(value, list) or not set(map(type, cast("list[Any]", value))) <= {kind}:
            raise CheckpointInvalid(
                f"{key} is {'missing' if value is None else f'not a list of {kind.__name__}'}.",
                remedy="The file carries no complete tokenizer: convert it again, or serve the release's own files.",
            )
        return cast("list[Any]", value)

    def ids_of(self, *kinds: int) -> dict[str, int]:
        """Text → id of the entries of these kinds. Raises CheckpointInvalid where two share a text."""
        wanted = self._octets.translate(bytes(number in kinds for number in range(256)))  # a byte for each, 0 or 1
        found = dict(zip(compress(self.texts, wanted), compress(count(), wanted), strict=True))
        if len(found) != sum(wanted):
            raise CheckpointInvalid(
                "tokenizer.ggml.tokens holds the same text twice.",
                remedy="The file is damaged: fetch or convert it again.",
            )
        return found

    def id_at(self, key: str) -> int | None:
        """The id at `key`, None where the file has none. Raises CheckpointInvalid outside the vocabulary."""
        value = self.metadata.get(key)
        if value is None:
            return None
        if not isinstance(value, int) or not 0 <= value < len(self.texts):
            raise CheckpointInvalid(f"{key} is {value!r}, outside the vocabulary of {len(self.texts)}.")
        return value

    def flag(self, key: str, default: bool) -> bool:
        """The boolean at `key`."""
        value = self.metadata.get(key, default)
        if not isinstance(value, bool):
            raise CheckpointInvalid(f"{key} is {value!r}, not a boolean.")
        return value

    def vocabulary(self, pieces: Sequence[bytes], *, add_bos: bool, leading_space: frozenset[int] = frozenset()) -> Vocabulary:
        """The Vocabulary over these pieces, with the ids the file names."""
        named_ends = [id for key in _ENDS if (id := self.id_at(key)) is not None]
        return Vocabulary(
            pieces=pieces,
            texts=tuple(self.texts),
            control=self.control,
            special={name: self.texts[id] for name, key in _SPECIAL.items() if (id := self.id_at(key)) is not None},
            bos_id=self.id_at("tokenizer.ggml.bos_token_id") if self.flag("tokenizer.ggml.add_bos_token", add_bos) else None,
            stop_ids=stop_ids(self.control, named_ends),
            leading_space=leading_space,
        )


def load_gguf(metadata: Mapping[str, Any], chat_template: str | None = None) -> BpeTokenizer:
    """The tokenizer a GGUF describes. `chat_template` overrides the one in the metadata.

    Raises CheckpointInvalid for a kind of tokenizer or a pre-tokenizer that is not known, and for damaged metadata.
    """
    model = metadata.get("tokenizer.ggml.model")
    if model == "gpt2":
        encoder, vocabulary = _byte_level(metadata)
    elif model == "llama":
        from alize.tokenize.sentencepiece import read_sentencepiece

        encoder, vocabulary = read_sentencepiece(Entries(metadata))
    else:
        raise CheckpointInvalid(
            f"tokenizer.ggml.model: the tokenizer {model!r} is not known.",
            remedy="Known are gpt2 and llama. Serve the release's own tokenizer.json, or tekken.json, instead.",
        )
    markers = Markers(Marker(text, id) for text, id in vocabulary.control.items())
    return BpeTokenizer(TextEncoders(encoder, encoder), vocabulary, _chat(metadata, chat_template, vocabulary, markers))


def _byte_level(metadata: Mapping[str, Any]) -> "tuple[tokenizers.Tokenizer, Vocabulary]":
    from tokenizers import AddedToken, Tokenizer, models

    way = named(metadata.get("tokenizer.ggml.pre"))
    entries = Entries(metadata)
    if entries.flag("tokenizer.ggml.add_space_prefix", False):
        raise CheckpointInvalid("tokenizer.ggml.add_space_prefix is set, which no known byte-level tokenizer does.")
    ranks = entries.ids_of(NORMAL, USER_DEFINED)
    lines = cast("list[str]", entries.list_of("tokenizer.ggml.merges", str))
    _check_alphabet(ranks)
    try:  # the library looks each of them up: 50,000 calls of our own would be half of what a model's start waits for its tokenizer
        model = models.BPE(vocab=ranks, merges=_pairs(lines), ignore_merges=way.ignore_merges)
    except Exception as error:
        damaged = _damaged(lines, ranks)
        if damaged is None:
            raise
        raise CheckpointInvalid(
            f"tokenizer.ggml.merges: {damaged!r} does not join two entries of the vocabulary into a third.",
            remedy="The file is damaged: fetch or convert it again.",
        ) from error
    encoder = Tokenizer(model)
    apply_pre_tokenizer(encoder, way)
    # Taken whole wherever they stand, before any merging: not control tokens, but words of the alphabet, as the release says.
    encoder.add_tokens([AddedToken(text, normalized=False) for text in entries.ids_of(USER_DEFINED)])  # pyright: ignore[reportUnknownMemberType]
    kinds = entries.kinds

    def said(id: int, text: str) -> bytes:
        return byte_level_bytes(text) if kinds[id] == NORMAL else text.encode() if kinds[id] == USER_DEFINED else b""

    return encoder, entries.vocabulary(Spelled(entries.texts, said), add_bos=way.add_bos)


def _pairs(lines: list[str]) -> list[tuple[str, str]]:
    """What each merge joins, all of them cut at once. Raises ValueError where one is not two words."""
    if not lines:
        return []
    if not set(map(str.count, lines, repeat(" "))) <= {1}:
        raise ValueError("a merge is not two words")
    words = " ".join(lines).split(" ")
    return list(zip(words[::2], words[1::2], strict=True))


def _damaged(lines: list[str], ranks: Mapping[str, int]) -> str | None:
    """The first merge that does not join two entries into a third."""
    for line in lines:
        left, space, right = line.partition(" ")
        if not space or left not in ranks or right not in ranks or left + right not in ranks:
            return line
    return None


def _check_alphabet(ranks: Mapping[str, int]) -> None:
    """Printable ASCII needs entries. Bytes a release never met (SmolLM2: 0x04, 0xF1, …) vanish from a text, as they do there."""
    characters = byte_level_characters()
    missing = [byte for byte in range(0x20, 0x7F) if characters[byte] not in ranks]
    if missing:
        raise CheckpointInvalid(
            f"tokenizer.ggml.tokens has no entry for {chr(missing[0])!r} ({len(missing)} characters of ASCII are missing).",
            remedy="The file is damaged: fetch or convert it again.",
        )


def _chat(metadata: Mapping[str, Any], source: str | None, vocabulary: Vocabulary, markers: Markers) -> "ChatTemplate | None":
    source = _source(metadata, "tokenizer.chat_template") if source is None else source
    if source is None:
        return None
    from alize.tokenize.template import ChatTemplate

    return ChatTemplate(source, vocabulary.special, markers, tool_source=_source(metadata, "tokenizer.chat_template.tool_use"))


def _source(metadata: Mapping[str, Any], key: str) -> str | None:
    value = metadata.get(key)
    if value is not None and not isinstance(value, str):
        raise CheckpointInvalid(f"{key} is not a text.", remedy="The file is damaged: fetch or convert it again.")
    return value
