"""Mistral's own tokenizers. In: `tekken.json` or `tokenizer.model.v*`. Out: a Tokenizer that agrees with mistral-common to the id.

Encoding and the chat template are mistral-common's, which is the specification; decoding and streaming are ours, over each entry's
bytes. From the second version on, markers such as `[INST]` are control tokens that no text can reach; in the first they are plain text,
and a person who writes one cannot be told from the template. That is the release's own doing.
"""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from mistral_common import exceptions as theirs
from mistral_common.protocol.fim.request import FIMRequest
from mistral_common.protocol.instruct.messages import ChatMessage
from mistral_common.protocol.instruct.request import ChatCompletionRequest
from mistral_common.protocol.instruct.tool_calls import Tool
from mistral_common.protocol.instruct.validator import ValidationMode
from mistral_common.protocol.transcription.request import TranscriptionRequest
from mistral_common.tokens.tokenizers import mistral as release
from mistral_common.tokens.tokenizers.base import SpecialTokenPolicy, TokenizerVersion
from mistral_common.tokens.tokenizers.image import ImageEncoding
from mistral_common.tokens.tokenizers.tekken import Tekkenizer
from pydantic import ValidationError

from alize.errors import CheckpointInvalid, InvalidMessageOrder, InvalidRequest, InvalidToolCall, Missing, UnsupportedParameter
from alize.reasons import because
from alize.tokenize.alphabet import BYTE_PIECE, SPACE_MARK, sentencepiece_bytes
from alize.tokenize.audio import audio_marks, counted
from alize.tokenize.base import CallMarks, ImageMarks, ThoughtMarks
from alize.tokenize.decoder import VocabularyDecoder
from alize.tokenize.text import check_text, parts_of, texts_in, thought_of
from alize.tokenize.vocabulary import Vocabulary

if TYPE_CHECKING:
    from mistral_common.tokens.tokenizers.base import Tokenizer as Alphabet

__all__ = ["MistralTokenizer", "load_mistral"]

MAX_BYTES = 2**25  # twice the largest file of a release so far

_release: Any = release.MistralTokenizer  # its type parameters say nothing here
_ChatRequest: Any = ChatCompletionRequest[ChatMessage]
_DAMAGED = (OSError, ValueError, LookupError, TypeError, AttributeError, AssertionError, RuntimeError)  # what a bad file makes it raise
_NO_PICTURE: Any = np.zeros((3, 0, 0), np.float32)
_UNKNOWN = " \u2047 "  # what sentencepiece writes for an unknown piece


def load_mistral(path: Path) -> "MistralTokenizer":
    """The tokenizer in one of Mistral's files. Raises CheckpointInvalid where it is damaged or of an unknown version."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueError(f"it is larger than {MAX_BYTES} bytes")
        return MistralTokenizer(_release.from_file(path, mode=ValidationMode.serving))
    except ImportError as error:
        raise Missing(f"{path.name} needs sentencepiece.", remedy="Install it: pip install 'mistral-common[sentencepiece]'.") from error
    except (*_DAMAGED, theirs.MistralCommonException) as error:
        reason = getattr(error, "message", None) or str(error) or type(error).__name__
        raise CheckpointInvalid(f"{path.name} cannot be read: {reason[:300]}", remedy="Fetch the file again.") from error


class MistralTokenizer(VocabularyDecoder):
    """One of Mistral's releases. Immutable; one instance serves all threads."""

    def __init__(self, tokenizer: Any) -> None:
        """`tokenizer` is a MistralTokenizer of mistral-common, in its serving mode."""
        self._release = tokenizer
        self._alphabet: Alphabet = tokenizer.instruct_tokenizer.tokenizer
        super().__init__(_vocabulary(self._alphabet))
        self.image_marks = _image_marks(tokenizer.instruct_tokenizer)
        self.audio_marks = audio_marks(tokenizer.instruct_tokenizer)
        self.thought_marks = _thought_marks(tokenizer.instruct_tokenizer)
        self.call_marks = _call_marks(tokenizer.version, self._vocabulary.control)

    def encode(self, text: str) -> list[int]:
        """Ids of plain text, without `bos_id`. Raises InvalidRequest for half a surrogate pair, which is no character."""
        check_text(text)
        return self._alphabet.encode(text, bos=False, eos=False)

    def template(
        self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]] = (), effort: str | None = None
    ) -> list[int]:
        """Ids of a conversation, as mistral-common encodes it for serving; see `Tokenizer.template`.

        Raises InvalidMessageOrder, InvalidToolCall and InvalidRequest for what its validator refuses, UnsupportedParameter for what
        this version of the tokenizer has no place for.
        """
        for _ in (*texts_in(messages, "messages"), *texts_in(tools, "tools")):
            pass  # each is checked on the way
        if tools and self._release.version == TokenizerVersion.v1:
            raise UnsupportedParameter("The first version of Mistral's tokenizer has no place for tools.", param="tools")
        with _errors():
            request = _ChatRequest.model_validate(
                {
                    "model": "served",  # asked for when serving, and not encoded
                    "messages": [_their_message(self._held(message), self.thought_marks) for message in messages],
                    "tools": [Tool.from_openai(dict(tool)) for tool in tools] or None,
                    "reasoning_effort": effort,
                }
            )
            return list(self._release.encode_chat_completion(request).tokens)

    def _held(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        """What an answer of this version can hold: before the seventh a text or calls, of which calls are what the results answer."""
        both = message.get("tool_calls") and message.get("content")
        return {**message, "content": ""} if both and self._release.version < TokenizerVersion.v7 else message

    def transcription(self, tokens: int, language: str | None = None) -> list[int]:
        """See `Tokenizer.transcription`."""
        marks = self.audio_marks
        if marks is None:
            return super().transcription(tokens, language)
        if marks.delay:
            if language is not None:
                raise UnsupportedParameter("This model finds the language by itself.", param="language", remedy="Leave it out.")
            return [*self._release.instruct_tokenizer.start(), *[marks.sound] * (marks.before + marks.delay)]
        with _errors():
            request = TranscriptionRequest.model_validate({"model": "served", "audio": counted(tokens), "language": language})
            return list(self._release.encode_transcription(request).tokens)

    def infill(self, before: str, after: str) -> list[int]:
        """See `Tokenizer.infill`. The second and third versions know it."""
        for text in (before, after):
            check_text(text)
        try:
            return list(self._release.encode_fim(FIMRequest(prompt=before, suffix=after)).tokens)
        except theirs.MistralCommonException as error:
            raise UnsupportedParameter(
                "This model's tokenizer has no markers of a gap: it cannot fill one.", param="model", remedy="Choose a Codestral."
            ) from error


def _their_message(message: Mapping[str, Any], marks: ThoughtMarks | None) -> dict[str, Any]:
    theirs = {key: value for key, value in message.items() if value is not None}
    parts = parts_of(message)
    if parts and marks is None and any(part["type"] == "thinking" for part in parts):
        theirs["content"] = "".join(part["text"] if part["type"] == "text" else _written_out(part) for part in parts)
    elif parts:
        theirs["content"] = [_their_part(part) for part in parts]
    return theirs


def _their_part(part: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of what is not text, what `_Marked` and `Heard` read again. Pictures and sounds themselves are none of the template's business."""
    if part["type"] == "text":
        return part
    if part["type"] == "thinking":
        return {"type": "thinking", "thinking": thought_of(part), "closed": part["closed"]}
    if part["type"] == "audio":
        return {"type": "input_audio", "input_audio": counted(part["tokens"])}
    return {"type": "image_url", "image_url": f"{part['rows']}x{part['columns']}"}


def _written_out(thought: Mapping[str, Any]) -> str:
    """As the first Magistral writes it, whose tokenizer has no tokens for it."""
    marks = ThoughtMarks()
    return f"{marks.opens}\n{thought_of(thought)}" + (f"\n{marks.closes}\n" if thought["closed"] else "")


class _Marked:
    """Takes the place of mistral-common's image encoder, which would resize the picture as well, with OpenCV."""

    def __init__(self, marks: ImageMarks) -> None:
        self._marks = marks

    def __call__(self, chunk: Any) -> ImageEncoding:
        rows, columns = map(int, chunk.get_url().split("x"))
        return ImageEncoding(tokens=self._marks.tokens(rows, columns), image=_NO_PICTURE)


def _image_marks(instruct: Any) -> ImageMarks | None:
    """Of a release that takes images. From then on it marks them by their size alone."""
    encoder: Any = instruct.image_encoder
    if encoder is None:
        return None
    ids, size = encoder.special_ids, encoder.image_config
    side = size.image_patch_size * size.spatial_merge_size
    marks = ImageMarks(ids.img, ids.img_break, ids.img_end, side, size.max_image_size)
    instruct.image_encoder = _Marked(marks)
    return marks


def _thought_marks(instruct: Any) -> ThoughtMarks | None:
    """From the thirteenth version on some releases have tokens for them; from the fifteenth on a request says how much to think."""
    ids: tuple[int | None, int | None] = (getattr(instruct, "BEGIN_THINK", None), getattr(instruct, "END_THINK", None))
    if ids[0] is None or ids[1] is None:
        return None
    settings: Any = getattr(instruct.tokenizer, "model_settings_builder", None)
    efforts = settings is not None and settings.reasoning_effort is not None
    return ThoughtMarks("[THINK]", "[/THINK]", (ids[0], ids[1]), efforts=efforts, prompted=not efforts)


def _call_marks(version: Any, control: Mapping[str, int]) -> CallMarks | None:
    """A list of JSON up to the seventh version, then the name and the arguments of each call between tokens of their own."""
    ids = {mark: control[mark] for mark in ("[TOOL_CALLS]", "[CALL_ID]", "[ARGS]") if mark in control}
    if version == TokenizerVersion.v1 or "[TOOL_CALLS]" not in ids:
        return None
    return CallMarks("named" if "[ARGS]" in ids and version >= TokenizerVersion.v11 else "json", "[TOOL_CALLS]", ids=ids, listed=True)


@contextmanager
def _errors() -> Generator[None]:
    """Their errors as ours."""
    try:
        yield
    except theirs.InvalidMessageStructureException as error:
        raise InvalidMessageOrder(f"{error.message}.", param="messages", reason=because("template_refuses", words=error.message)) from error
    except (theirs.InvalidFunctionCallException, theirs.InvalidToolMessageException) as error:
        raise InvalidToolCall(error.message, param="messages") from error
    except theirs.UnsupportedTokenizerFeatureException as error:
        raise UnsupportedParameter(
            f"{error.message}.", param="messages", reason=because("template_refuses", words=error.message)
        ) from error
    except (theirs.InvalidToolException, theirs.InvalidToolSchemaException) as error:
        raise InvalidRequest(error.message, param="tools", reason=because("template_refuses", words=error.message)) from error
    except theirs.MistralCommonException as error:
        raise InvalidRequest(error.message, param="messages", reason=because("template_refuses", words=error.message)) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidRequest(
            f"{where or 'messages'}: {first['msg']}", param=where or "messages", reason=because("template_refuses", words=first["msg"])
        ) from error
    except (ValueError, TypeError, AssertionError, RecursionError, OverflowError) as error:  # the last two of patterns in schemas
        raise InvalidRequest(
            f"The model's chat template refuses these messages: {error}",
            param="messages",
            reason=because("template_refuses", words=str(error)),
        ) from error


def _vocabulary(alphabet: "Alphabet") -> Vocabulary:
    special = alphabet.special_ids
    texts = tuple(alphabet.id_to_piece(id) for id in range(alphabet.n_words))
    if isinstance(alphabet, Tekkenizer):
        ignore = SpecialTokenPolicy.IGNORE
        pieces = tuple(alphabet.id_to_byte_piece(id, ignore) for id in range(alphabet.n_words))
        leading = frozenset[int]()
    else:
        pieces = tuple(_sentencepiece(text, id in special, id == alphabet.unk_id) for id, text in enumerate(texts))
        leading = frozenset(id for id, text in enumerate(texts) if text.startswith(SPACE_MARK) and id not in special)
    return Vocabulary(
        pieces=pieces,
        texts=texts,
        control={texts[id]: id for id in special},
        special={"bos_token": texts[alphabet.bos_id], "eos_token": texts[alphabet.eos_id]},
        bos_id=alphabet.bos_id,
        stop_ids=frozenset({alphabet.eos_id}),
        leading_space=leading,
    )


def _sentencepiece(text: str, special: bool, unknown: bool) -> bytes:
    if special:
        return b""
    return _UNKNOWN.encode() if unknown else sentencepiece_bytes(text, BYTE_PIECE.fullmatch(text) is not None)
