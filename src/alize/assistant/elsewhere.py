"""Answers of the upstream. In: a conversation's path down to a question. Out: its text as it comes, where from, and what left for it.

What is said of a context is an estimate here, since the tokenizer is elsewhere: old turns are left out by it, a question never; too long a
one is the upstream's to refuse. Thoughts come as Mistral's chunks, or as the fields that others have for them.
"""

import secrets
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

from alize.api.parts import House
from alize.assistant.answering import Begun, Ending, Made
from alize.assistant.context import Fitted, check_attached, fit, sounds_of
from alize.errors import AlizeError, UpstreamFailed
from alize.prompt.parts import Part
from alize.reasons import because
from alize.storage.base import MessageRecord, Owner
from alize.upstream import UpstreamModel
from alize.upstream.answer import Taking, Tally, prompt_estimate, text_of, thought_of

__all__ = ["Unrepeated", "UpstreamAnswerer"]

_SENT = ("temperature", "top_p", "top_k", "min_p", "max_tokens", "presence_penalty", "frequency_penalty", "stop")
_FINISHES: dict[str, Ending] = {"length": "length", "model_length": "model_length"}
_WITHHELD = ("content_filter", "error")


class UpstreamAnswerer:
    """The models of the upstream."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def begin(
        self, owner: Owner, model: UpstreamModel, path: Sequence[MessageRecord], settings: dict[str, Any], *, continuing: bool = False
    ) -> Begun:
        """Prepare an answer; nothing is sent before its first piece is asked for."""
        question = path[-2 if continuing and len(path) > 1 else -1]
        check_attached(question, self._images(model), self._sounds(model, [question]), model.id)
        fitted = self.fitted(model, path, settings, continuing=continuing)
        body: dict[str, Any] = {"model": model.there, "messages": fitted.messages, "stream": True}
        body |= {name: settings[name] for name in _SENT if settings.get(name) is not None}
        if settings.get("seed") is not None:
            body["random_seed" if model.mistral else "seed"] = settings["seed"]
        prefix = str(fitted.messages[-1]["content"]) if continuing else ""
        if not model.mistral:
            body["stream_options"] = {"include_usage": True}
            fitted.messages[-1].pop("prefix", None)  # Mistral's word for it; others go on with an answer that comes last, or do not
        made = Made(prompt_tokens=fitted.prompt_tokens, left=list(model.left))
        return Begun(model.id, model.host, fitted, made, self._pieces(owner, model, body, made, Unrepeated(prefix)))

    def fitted(self, model: UpstreamModel, path: Sequence[MessageRecord], settings: dict[str, Any], *, continuing: bool = False) -> Fitted:
        """What would be sent."""
        images, sounds = self._images(model), self._sounds(model, path) or 0
        return fit(path, settings, prompt_estimate, model.context, continuing=continuing, exact=False, images=images, sounds=sounds)

    def _images(self, model: UpstreamModel) -> int:
        return self._house.settings.max_images if "vision" in model.capabilities else 0

    def _sounds(self, model: UpstreamModel, path: Sequence[MessageRecord]) -> int | None:
        """All of them, since what is too long is the upstream's to say; None where the model cannot hear."""
        return sum(len(sounds_of(message)) for message in path) if "audio" in model.capabilities else None

    async def _pieces(
        self, owner: Owner, model: UpstreamModel, body: dict[str, Any], made: Made, unrepeated: "Unrepeated"
    ) -> AsyncGenerator[Part, None]:
        upstream, limits = self._house.parts.upstream, self._house.limits
        assert upstream is not None, "there is a model of it"
        tally = Tally(made.prompt_tokens)
        taking, reserved = Taking(model.host, tally), tally.prompt
        limits.spend(owner.workspace, reserved)
        try:
            async with aclosing(upstream.stream(body, taking, secrets.token_hex(16))) as chunks:
                async for chunk in chunks:
                    made.completion_tokens = tally.completion
                    mine = [choice.get("delta") for choice in chunk["choices"] if choice.get("index", 0) == 0]
                    if thought := "".join(map(thought_of, mine)):
                        yield Part(thought, thought=True)
                    if text := unrepeated.push("".join(map(text_of, mine))):
                        yield Part(text)
            if text := unrepeated.end():
                yield Part(text)
            made.finish = _finish(taking)
        except AlizeError:
            if not taking.reasons:
                tally.prompt = 0  # what was refused costs nothing
            raise
        finally:
            made.prompt_tokens, made.cached_tokens, made.completion_tokens = tally.prompt, tally.cached, tally.completion
            limits.spend(owner.workspace, tally.prompt + tally.completion - reserved)
            self._house.metrics.of(model.id, owner.tenant).relayed(tally.prompt, tally.cached, tally.completion)


class Unrepeated:
    """Takes the text that an answer continues off its start, where the upstream repeats it, as Mistral's API does.

    >>> answer = Unrepeated("Par")
    >>> [answer.push("P"), answer.push("aris"), answer.push("!"), answer.end()]
    ['', 'is', '!', '']
    >>> other = Unrepeated("Par")
    >>> [other.push("Pa"), other.push("ge"), other.end()]
    ['', 'Page', '']
    """

    def __init__(self, prefix: str) -> None:
        self._prefix, self._held = prefix, ""

    def push(self, text: str) -> str:
        """What can be shown now."""
        if not self._prefix:
            return text
        self._held += text
        if self._prefix.startswith(self._held) and self._held != self._prefix:
            return ""
        shown, self._held, self._prefix = self._held.removeprefix(self._prefix), "", ""
        return shown

    def end(self) -> str:
        """What was held back: it was no repetition."""
        shown, self._held = self._held, ""
        return shown


def _finish(taking: Taking) -> Ending:
    reason = taking.reasons.get(0) or "stop"
    if reason in _WITHHELD:
        raise UpstreamFailed(
            f"{taking.host} ended its answer early ({reason}).",
            remedy="Ask again, or another model.",
            reason=because("upstream_withholds", host=taking.host),
        )
    return _FINISHES.get(reason, "stop")
