"""What a model is sent of a conversation. In: its messages down to a question. Out: those that fit, as the template takes them.

    system prompt │ oldest turns … left out first │ newest turns │ the question, with its files before it │ (an answer to be continued)

The system prompt and the question are never left out: where they alone do not fit, the answer is an error that says both numbers.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from alize.api.attachments import AUDIO_TYPES, IMAGE_TYPES
from alize.errors import InvalidMedia, PromptTooLong, UnsupportedParameter
from alize.reasons import because
from alize.storage.base import MessageRecord

__all__ = ["Count", "Fitted", "check_attached", "fit", "images_of", "path_to", "said", "sounds_of"]

_ROOM = 512  # tokens kept for an answer whose length nobody has limited, but no more than a quarter of the context
_DENSE = 6  # characters to a token; few texts have more


@dataclass(frozen=True, slots=True)
class Fitted:
    """A prompt, and what of the conversation is in it."""

    prompt_tokens: int
    messages: list[dict[str, Any]]
    sent_from: str | None  # the first message sent; None where there was none before the question
    dropped: tuple[str, ...]  # ids of the messages left out, oldest first
    images: int = 0  # most of its pictures, and of its sounds, that are sent as such: those that came last
    sounds: int = 0
    thoughts: bool = False  # whether what was thought is sent


def path_to(messages: Sequence[MessageRecord], leaf: str) -> list[MessageRecord]:
    """The messages from the first one to `leaf`. Ends where a parent is missing, or a circle would begin."""
    by_id = {message.id: message for message in messages}
    path: list[MessageRecord] = []
    seen: set[str] = set()
    at = by_id.get(leaf)
    while at is not None and at.id not in seen:
        seen.add(at.id)
        path.append(at)
        at = by_id.get(at.parent) if at.parent else None
    return path[::-1]


def said(message: MessageRecord, images: int = 0, sounds: int = 0) -> str | list[dict[str, Any]]:
    """What a message says to a model: its files first, each under its name, the last `images` of its pictures as pictures, and the last
    `sounds` of its sounds as sounds.

    >>> from datetime import datetime
    >>> asked = MessageRecord("m", "w", "p", "c", None, "user", "Why?", datetime(2026, 1, 1), [{"name": "a.txt", "text": "1"}])
    >>> said(asked)
    'File a.txt:\\n1\\n\\nWhy?'
    """
    pictures, recorded = images_of(message), sounds_of(message)
    shown, heard = pictures[len(pictures) - images :] if images else [], recorded[len(recorded) - sounds :] if sounds else []
    texts = [f"File {file['name']}:\n{file['text']}" for file in message.attachments if file not in (*pictures, *recorded)]
    texts += [f"Image {picture['name']}: not shown." for picture in pictures[: len(pictures) - len(shown)]]
    texts += [f"Sound {sound['name']}: not heard." for sound in recorded[: len(recorded) - len(heard)]]
    words = "\n\n".join([*texts, *([message.content] if message.content or not (shown or heard) else [])])
    if not shown and not heard:
        return words
    return [
        *({"type": "image_url", "image_url": picture["text"]} for picture in shown),
        *({"type": "input_audio", "input_audio": sound["text"]} for sound in heard),
        *_texts(words),
    ]


def images_of(message: MessageRecord) -> list[dict[str, Any]]:
    """The pictures attached to a message."""
    return [file for file in message.attachments if file.get("type") in IMAGE_TYPES]


def sounds_of(message: MessageRecord) -> list[dict[str, Any]]:
    """The sounds attached to a message."""
    return [file for file in message.attachments if file.get("type") in AUDIO_TYPES]


def check_attached(question: MessageRecord, images: int, sounds: int | None, model: str) -> None:
    """Raise UnsupportedParameter for pictures or sounds where the model takes none, InvalidMedia where it is asked to take too many.

    `sounds`: how many of the question's it can hear at once; None where it cannot hear.
    """
    recorded = len(sounds_of(question))
    if recorded and sounds is None:
        raise UnsupportedParameter(
            f"The model {model} cannot hear.", param="attachments", remedy="Choose one that can.", reason=because("model_deaf", model=model)
        )
    if recorded > (sounds or 0):
        raise InvalidMedia(
            "The sounds that are attached are longer, all together, than can be heard at once.",
            param="attachments",
            remedy="Attach fewer or shorter ones, or have max_audio_seconds raised.",
            reason=because("sounds_too_long"),
        )
    count = len(images_of(question))
    if count and not images:
        raise UnsupportedParameter(
            f"The model {model} cannot see images.",
            param="attachments",
            remedy="Choose one that can.",
            reason=because("model_blind", model=model),
        )
    if count > images:
        raise InvalidMedia(
            f"{count} images are attached; {images} can be seen at once.",
            param="attachments",
            remedy="Attach fewer.",
            reason=because("images_too_many", images=count, most=images),
        )


def _texts(words: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": words}] if words else []


Count = Callable[[list[dict[str, Any]]], int]
"""How many tokens a model is given for messages. Raises what a template refuses."""


def fit(
    path: Sequence[MessageRecord],
    settings: dict[str, Any],
    count: Count,
    limit: int,
    *,
    continuing: bool = False,
    exact: bool = True,
    images: int = 0,
    sounds: int = 0,
    thinks: bool = False,
) -> Fitted:
    """Make the prompt, with the last `images` of its pictures, the last `sounds` of its sounds, and what was thought where it thinks.

    `path` ends with the question, or with the answer to continue.

    Raises what a template refuses, and PromptTooLong where the count is `exact`; by an estimate no question is refused.
    """
    last = 2 if continuing else 1  # messages that are never left out
    room = min(int(settings.get("max_tokens") or _ROOM), max(1, limit // 4))
    kept = [message for message in path[:-last] if message.content.strip() or message.attachments] + list(path[-last:])
    starts = [index for index, message in enumerate(kept[:-last]) if message.role == "user"] + [len(kept) - last]

    def prompt(start: int) -> tuple[int, list[dict[str, Any]]]:
        messages = _plain(kept[start:], settings.get("system"), continuing, (images, sounds), thinks=thinks)
        return count(messages), messages

    # A turn is a question with its answer. The fewest are left out. Counting takes as long as the text is long, and a thousand turns
    # are a hundred times what fits: unless all may fit, they are added from the end, twice as many each time, until some are too many.
    low, high = 0, len(starts) - 1
    step, found = 1 if sum(len(said(message)) for message in kept) > _DENSE * limit else high, None
    while low < high:
        middle = max(low, high - step) if step else (low + high) // 2
        tokens, messages = prompt(starts[middle])
        if tokens + room <= limit:
            high, found, step = middle, (tokens, messages), 2 * step
        else:
            low, step = middle + 1, 0
    tokens, messages = found or prompt(starts[high])
    if exact and tokens >= limit:
        raise PromptTooLong(
            f"The question contains {tokens} tokens with its files and the system prompt, too large for a context of {limit}.",
            param="content",
            remedy="Shorten it, or attach less.",
            reason=because("question_too_long", tokens=tokens, limit=limit),
        )
    start = starts[high]
    sent = {message.id for message in kept[start:]}
    dropped = tuple(message.id for message in path[:-last] if message.id not in sent) if start else ()
    return Fitted(tokens, messages, kept[start].id if start < len(kept) - last else None, dropped, images, sounds, thinks)


def _plain(
    messages: Sequence[MessageRecord], system: object, continuing: bool, most: tuple[int, int], *, thinks: bool
) -> list[dict[str, Any]]:
    images, sounds = most
    taken: dict[str, tuple[int, int]] = {}  # how many pictures and sounds of each message are: of those that came last
    for message in reversed(messages):
        seen, heard = taken[message.id] = min(len(images_of(message)), images), min(len(sounds_of(message)), sounds)
        images, sounds = images - seen, sounds - heard
    plain: list[dict[str, Any]] = [{"role": "system", "content": str(system)}] if system else []
    for message in messages:
        content = said(message, *taken[message.id])
        if thinks and message.thought:
            thought = {"type": "thinking", "thinking": _texts(message.thought), "closed": True}
            content = [thought, *(_texts(content) if isinstance(content, str) else content)]
        if plain and plain[-1]["role"] == message.role:  # an answer that came to nothing was left out: templates want turns
            plain[-1] = {**plain[-1], "content": _joined(plain[-1]["content"], content)}
        else:
            plain.append({"role": message.role, "content": content})
    if continuing:
        plain[-1]["prefix"] = True
    return plain


def _joined(first: str | list[dict[str, Any]], second: str | list[dict[str, Any]]) -> str | list[dict[str, Any]]:
    if isinstance(first, str) and isinstance(second, str):
        return f"{first}\n\n{second}"
    return [part for content in (first, second) for part in (_texts(content) if isinstance(content, str) else content)]
