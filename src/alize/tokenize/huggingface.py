"""A tokenizer from `tokenizer.json` and the files beside it. In: paths. Out: a BpeTokenizer, or a ReadingTokenizer.

The pipeline (normaliser, cutting, merges) runs as the file says, in the library the file was written by. Two things are taken out of it
first: control tokens, which then only the chat template can write, and the post-processor, whose work the template does.
Anything that this could change the meaning of is refused by name.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from alize.errors import CheckpointInvalid
from alize.tokenize.bpe import BpeTokenizer, TextEncoders
from alize.tokenize.huggingface_json import AddedTokenEntry, Pipeline, read_object, read_pipeline
from alize.tokenize.markers import Marker, Markers
from alize.tokenize.reading import ReadingTokenizer, load_reading, reads_only
from alize.tokenize.vocabulary import Vocabulary, stop_ids

__all__ = ["load_huggingface"]

_NAMED = ("bos_token", "eos_token", "unk_token", "pad_token", "sep_token", "cls_token", "mask_token")


def load_huggingface(files: Mapping[str, Path], chat_template: str | None = None) -> BpeTokenizer | ReadingTokenizer:
    """The tokenizer these files describe; `tokenizer.json` must be among them. `chat_template` overrides the one in the files.

    Reads `tokenizer_config.json`, `generation_config.json` and `chat_template.jinja` where present.
    Raises CheckpointInvalid for a kind of tokenizer that is not known, and for damaged files.
    """
    document = read_object(files["tokenizer.json"])
    if reads_only(document):
        return load_reading(document)
    pipeline = read_pipeline(document)
    config = read_object(files["tokenizer_config.json"]) if "tokenizer_config.json" in files else {}
    generation = read_object(files["generation_config.json"]) if "generation_config.json" in files else {}
    special = _special(config)
    control = {token.text: token.id for token in pipeline.control}
    vocabulary = Vocabulary(
        pieces=pipeline.pieces,
        texts=pipeline.texts,
        control=control,
        special=special,
        bos_id=_bos_id(pipeline, config, special),
        stop_ids=stop_ids(control, _ends(pipeline, generation, special)),
        leading_space=pipeline.leading_space,
        after=_after(pipeline, config, special),
    )
    markers = Markers(_marker(token) for token in pipeline.control)
    chat = _chat(files, config, chat_template)
    if chat is None:
        return BpeTokenizer(TextEncoders(pipeline.encoder, pipeline.later), vocabulary, None)
    from alize.tokenize.template import ChatTemplate

    template = ChatTemplate(chat["default"], special, markers, tool_source=chat.get("tool_use"))
    return BpeTokenizer(TextEncoders(pipeline.encoder, pipeline.later), vocabulary, template)


def _marker(token: AddedTokenEntry) -> Marker:
    return Marker(token.text, token.id, strip_left=token.strip_left, strip_right=token.strip_right)


def _special(config: Mapping[str, Any]) -> dict[str, str]:
    """`bos_token` and its like, by name; each is a string, or an object whose `content` is one."""
    found: dict[str, str] = {}
    for name in _NAMED:
        value: Any = config.get(name)
        text: Any = cast("dict[str, Any]", value).get("content") if isinstance(value, dict) else value
        if text is not None and not isinstance(text, str):
            raise CheckpointInvalid(f"tokenizer_config.json: {name} is {text!r}, not a string.")
        if text is not None:
            found[name] = text
    return found


def _bos_id(pipeline: Pipeline, config: Mapping[str, Any], special: Mapping[str, str]) -> int | None:
    """What the release puts before a plain text: `add_bos_token` where it is given, else what the post-processor does."""
    wanted = config.get("add_bos_token")
    if wanted is None:
        return pipeline.first_id
    if not wanted:
        return None
    if "bos_token" not in special or special["bos_token"] not in pipeline.ids:
        raise CheckpointInvalid("tokenizer_config.json: add_bos_token is set, but bos_token is no entry of the vocabulary.")
    return pipeline.ids[special["bos_token"]]


def _after(pipeline: Pipeline, config: Mapping[str, Any], special: Mapping[str, str]) -> tuple[int, ...]:
    """What the release puts behind a whole text: `add_eos_token` where it is given, else what the post-processor does."""
    wanted = config.get("add_eos_token")
    if wanted is None:
        return pipeline.after
    if not wanted:
        return ()
    if "eos_token" not in special or special["eos_token"] not in pipeline.ids:
        raise CheckpointInvalid("tokenizer_config.json: add_eos_token is set, but eos_token is no entry of the vocabulary.")
    return (pipeline.ids[special["eos_token"]],)


def _ends(pipeline: Pipeline, generation: Mapping[str, Any], special: Mapping[str, str]) -> list[int]:
    """Ids the release names as ends: `eos_token`, and `eos_token_id` of generation_config.json (one or several)."""
    given: Any = generation.get("eos_token_id")
    ends = cast("list[Any]", given) if isinstance(given, list) else [] if given is None else [given]
    for id in ends:
        if not isinstance(id, int) or not 0 <= id < len(pipeline.texts):
            raise CheckpointInvalid(f"generation_config.json: eos_token_id {id!r} is outside the vocabulary of {len(pipeline.texts)}.")
    eos = special.get("eos_token")
    return [*ends, *([pipeline.ids[eos]] if eos is not None and eos in pipeline.ids else [])]


def _chat(files: Mapping[str, Path], config: Mapping[str, Any], source: str | None) -> dict[str, str] | None:
    """The templates by name, from the first of: the argument, chat_template.jinja, tokenizer_config.json (one, or several).

    An argument that is the default of several brings the others with it.
    """
    if source is None and "chat_template.jinja" in files:
        source = _text(files["chat_template.jinja"])
    given: Any = config.get("chat_template")
    if given is None or isinstance(given, str):
        source = given if source is None else source
        return None if source is None else {"default": source}
    several = _several(given)
    if source is not None and several.get("default") != source:
        return {"default": source}
    if "default" not in several:
        raise CheckpointInvalid(f"tokenizer_config.json: none of the chat templates ({', '.join(several)}) is the default one.")
    return several


def _several(given: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for entry in cast("list[Any]", given) if isinstance(given, list) else [given]:
        name: Any = cast("dict[str, Any]", entry).get("name") if isinstance(entry, dict) else None
        text: Any = cast("dict[str, Any]", entry).get("template") if isinstance(entry, dict) else None
        if not isinstance(name, str) or not isinstance(text, str):
            raise CheckpointInvalid("tokenizer_config.json: chat_template is neither a text nor a list of named texts.")
        found[name] = text
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CheckpointInvalid(f"{path.name} cannot be read: {error}.") from error
