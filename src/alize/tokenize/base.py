"""The Tokenizer seam. In: text and messages. Out: token ids, and bytes again.

The engine knows only ids; everything that knows a model's alphabet and its chat template is behind this Protocol.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

__all__ = ["AudioMarks", "CallMarks", "ImageMarks", "Piece", "TextStream", "ThoughtMarks", "Tokenizer"]


@dataclass(frozen=True, slots=True)
class AudioMarks:
    """The tokens of a sound, and how many samples, 16,000 a second, stand behind each.

    >>> AudioMarks(24, begin=25).tokens(3)
    [25, 24, 24, 24]
    """

    sound: int  # [AUDIO]; of a stream, [STREAMING_PAD]
    begin: int = 0  # [BEGIN_AUDIO], before the first; a stream has none
    samples: int = 1280
    piece: int = 480_000  # samples that a sound is filled up to a multiple of
    before: int = 0  # tokens of silence before a stream …
    behind: int = 0  # … and behind it
    delay: int = 0  # tokens that the text of a stream is behind its sound; 0 where there is no stream

    def tokens(self, count: int) -> list[int]:
        """The tokens of a sound of so many."""
        return [self.begin, *[self.sound] * count]


@dataclass(frozen=True, slots=True)
class ImageMarks:
    """The control tokens of an image: a row of them for each row of its squares.

    >>> ImageMarks(10, 12, 13).tokens(rows=2, columns=3)
    [10, 10, 10, 12, 10, 10, 10, 13]
    """

    square: int  # [IMG]
    row: int  # [IMG_BREAK], behind each row but the last
    end: int  # [IMG_END], behind the last
    side: int = 0  # pixels a side of a square, where the tokenizer's file says; 0 where it does not
    most: int = 0  # pixels of the longest side of an image

    def tokens(self, rows: int, columns: int) -> list[int]:
        """The tokens of an image of so many squares."""
        return [*([*[self.square] * columns, self.row] * rows)[:-1], self.end]


@dataclass(frozen=True, slots=True)
class ThoughtMarks:
    """What stands around the thoughts of a model that reasons before it answers."""

    opens: str = "<think>"
    closes: str = "</think>"
    ids: tuple[int, int] | None = None  # of control tokens; None where both are written as text
    efforts: bool = False  # its template takes how much it is to think
    prompted: bool = False  # it was trained to think where a system prompt of its makers says so


@dataclass(frozen=True, slots=True)
class CallMarks:
    """How a model writes that it calls tools. A mark that is a control token counts as the token alone, any other as text.

    form       an answer
    json       [TOOL_CALLS][{"name": "f", "arguments": {…}}, …]      <tool_call>{"name": "f", "arguments": {…}}</tool_call>
    named      [TOOL_CALLS]f[ARGS]{…}[TOOL_CALLS]g[ARGS]{…}          with [CALL_ID] and an id before [ARGS] in one version
    functions  <tool_call><function=f><parameter=a>1</parameter></function></tool_call>
    bare       {"name": "f", "parameters": {…}}                      from its first character on, or behind a mark
    """

    form: Literal["json", "named", "functions", "bare"]
    opens: str = ""  # "": nothing but the form tells a call
    closes: str = ""
    ids: Mapping[str, int] = field(default_factory=dict[str, int])  # of those marks that are control tokens
    listed: bool = False  # json: in a list, also a single one
    key: str = "arguments"  # what the arguments are called in JSON
    told: bool = False  # its template has no place for tools or calls: the conversation says both in words (prompt/told.py)


@dataclass(frozen=True, slots=True)
class Piece:
    """Text released by a stream. `stopped` names the stop string that ended it, if one did."""

    text: str = ""
    stopped: str | None = None


class TextStream(Protocol):
    """Turns ids into text as they come. Never emits half a character; holds back what may become a stop string."""

    def push(self, ids: Sequence[int]) -> Piece:
        """Add ids and return the text that is now certain. After `stopped` is set, further ids are ignored and give ""."""
        ...

    def flush(self) -> Piece:
        """Return what was held back; bytes that never became a character turn into U+FFFD. Later pushes give ""."""
        ...


class Tokenizer(Protocol):
    """One model's alphabet and template."""

    vocab_size: int
    bos_id: int | None  # what a plain text must begin with; None where the model was trained without
    stop_ids: frozenset[int]  # drawing one of these ends an answer
    image_marks: ImageMarks | None  # None where the vocabulary has none
    audio_marks: AudioMarks | None
    thought_marks: ThoughtMarks | None  # None where neither the vocabulary nor the template has any
    call_marks: CallMarks | None  # None where the template has no place for tools, or writes calls in no form that is read

    def encode(self, text: str) -> list[int]:
        """Ids of plain text: markers of the template inside it (`<|im_start|>`, `[INST]`) are text, never control tokens."""
        ...

    def enclosed(self, text: str) -> list[int]:
        """Ids of a whole text that is to be embedded: with the control tokens that the release puts around one, `[CLS] … [SEP]`."""
        ...

    def decode(self, ids: Sequence[int]) -> str:
        """Text of ids, control tokens left out, broken UTF-8 as U+FFFD."""
        ...

    def token_bytes(self, token: int) -> bytes:
        """The bytes one id adds to a text; b"" for control tokens. Raises IndexError outside the vocabulary."""
        ...

    def token_text(self, token: int) -> str:
        """How to show one id to a person: control tokens by name."""
        ...

    def stream(self, stop: Sequence[str] = (), *, continuing: bool = False) -> TextStream:
        """A fresh stream. The earliest match of any stop string ends it, and the string itself is not returned.

        `continuing`: the ids follow text already shown (an answer after a prefix). Sentencepiece drops a space at the start of a text,
        and must keep it there. Raises InvalidRequest for an empty stop string.
        """
        ...

    def template(
        self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]] = (), effort: str | None = None
    ) -> list[int]:
        """Ids of a conversation, ready for the model to continue.

        Messages are `{"role", "content": str, …}`; a last assistant message with `"prefix": True` is left open, to be continued.
        Control tokens come from the template alone: text that looks like one stays text.
        Contents, where present, are str, or a list of `{"type": "text", "text": str}`, `{"type": "image", "rows", "columns"}` and
        `{"type": "audio", "tokens"}`; of an image or a sound, all its marks are returned. Of a model with `thought_marks`, also
        `{"type": "thinking", "thinking": [one text], "closed"}`, what it thought; a template without a place for thoughts leaves them
        out. The arguments of tool calls are JSON as str.
        `effort`: how much it is to think, one of the public API's words; None is the template's own choice.
        Raises InvalidMessageOrder where the template forbids the sequence of roles, UnsupportedParameter for tools it cannot say.
        """
        ...

    def transcription(self, tokens: int, language: str | None = None) -> list[int]:
        """Ids that the model continues with what is said in a sound of so many tokens; of a stream, those before the first word.

        `language`: two letters. Raises UnsupportedParameter where it has no markers, or none for a language.
        """
        ...

    def infill(self, before: str, after: str) -> list[int]:
        """Ids that the model continues with what belongs between two texts. Raises UnsupportedParameter where it has no markers."""
        ...
