"""The library: a model in this very process. In: a name or path. Out: text, streamed or whole, and logits.

    model = alize.load("smollm2-135m-instruct")
    for piece in model.stream("What is the capital of France?"):
        print(piece, end="")

No server, no second process, no network once the weights are here.
"""

import itertools
import os
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import fields, replace
from functools import partial
from numbers import Integral, Real
from pathlib import Path
from typing import Any, Literal, cast, overload

import numpy as np
import numpy.typing as npt

from alize.engine.base import FinishReason, ModelInfo, Request, SamplingParams, Step, check_fits, logit_biases, longest_answer
from alize.engine.build import EngineConfig, build_core, draft_of, named
from alize.engine.core import Core
from alize.engine.grammar import plain_grammar
from alize.engine.record import ReplayRecord, record_of
from alize.engine.replay import Replayed, replay
from alize.engine.vectors import OutputType, check_shape, shaped
from alize.errors import AlizeError, InvalidRequest, UnsupportedParameter
from alize.prompt.brought import Brought, brought, takes
from alize.prompt.marks import call_marks_of
from alize.prompt.matching import Start, matched, placed
from alize.prompt.parts import Call, Part
from alize.prompt.reading import AnswerReader
from alize.prompt.told import for_template
from alize.prompt.tools import Offer, begins_thought, offered
from alize.prompt.turns import Conversation, Message, Tool, ToolCall, plain_conversation, plain_offer
from alize.settings import Settings
from alize.tokenize import load_tokenizer
from alize.tokenize.base import ThoughtMarks, Tokenizer
from alize.tokenize.text import check_text
from alize.weights.catalog import Card, check_embeds
from alize.weights.checkpoints import open_checkpoint
from alize.weights.pull import obtained

__all__ = ["Answer", "Message", "Model", "Tool", "ToolCall", "load"]


class Answer(Iterator[str]):
    """Iterate for the text as it comes. The facts are complete when the iteration has ended; `close` ends it early."""

    def __init__(self, pieces: "Callable[[Answer], Iterator[str]]") -> None:
        self.text = ""
        self.thought = ""  # what a model that reasons wrote before the text, of which it is no part
        self.calls: list[ToolCall] = []  # of the tools that were offered
        self.finish: FinishReason | Literal["tool_calls"] | None = None
        self.prompt_tokens = 0
        self.cached_tokens = 0
        self.guessed_tokens = 0  # computed before it was known whether they follow
        self.accepted_tokens = 0  # of those, how many did
        self.tokens: list[int] = []
        self.asked: Request | None = None  # of the engine, once it is
        self.begun: ModelInfo | None = None  # the model, as it was with the first token
        self.ended: str | None = None  # how, in the engine's words; None: not yet, or from outside
        self._pieces = pieces(self)

    def __next__(self) -> str:
        piece = next(self._pieces)
        self.text += piece
        return piece

    @property
    def message(self) -> Message:
        """The turn that it is, as far as it has come."""
        return Message("assistant", self.text, tool_calls=tuple(self.calls))

    @property
    def replay(self) -> ReplayRecord | None:
        """What reproduces it, as far as it has come: `alize.engine.record`. None before the first token."""
        if self.asked is None or self.begun is None:
            return None
        return record_of(self.asked, self.begun, self.tokens, self.ended)

    def close(self) -> None:
        """Stop computing. A no-op after the end."""
        close = getattr(self._pieces, "close", None)
        if close is not None:
            close()


class Model:
    """A loaded model. Safe to use from several threads: one of them computes at a time."""

    def __init__(
        self,
        core: Core,
        tokenizer: Tokenizer,
        default_temperature: float = 0.7,
        default_max_tokens: int = 0,
        adapter: str | None = None,
        thought_marks: ThoughtMarks | None = None,
        audio_seconds: float = 1800.0,
        card: Card | None = None,
    ) -> None:
        """`default_max_tokens`: most tokens of an answer where a call gives no limit; 0 is what the context leaves. `adapter`: the name
        that the core has for the one that everything is computed with. `thought_marks`: what stands around its thoughts, where its
        tokenizer does not say. `audio_seconds`: the longest that all sounds of a conversation may be together. `card`: says whether it was
        made to embed (without one it is asked for vectors), and whether it is told of tools where its template has no place for them."""
        self.core, self.tokenizer, self._adapter, self._card = core, tokenizer, adapter, card
        self._marks = tokenizer.thought_marks or thought_marks
        self._call_marks = tokenizer.call_marks if card is None else call_marks_of(tokenizer, card)
        self._temperature, self._max_tokens, self._audio_seconds = default_temperature, default_max_tokens, audio_seconds
        self._ids = itertools.count()
        self._lock = threading.Lock()
        self._inboxes: dict[str, list[Step]] = {}  # steps of each running answer, whichever thread computed them
        self._refused: dict[str, AlizeError] = {}  # answers that do not begin
        self._closed = False
        self._left: deque[str] = deque()  # answers that ended or were let go, not yet taken out of the core

    @property
    def info(self) -> ModelInfo:
        return self.core.info

    def stream(
        self,
        conversation: Conversation,
        *,
        tools: Sequence[Tool | Mapping[str, Any]] | None = None,
        tool_choice: str | None = None,
        **sampling: Any,
    ) -> Answer:
        """Answer a conversation piece by piece. `sampling` are fields of SamplingParams, and `max_tokens`, `stop`, `grammar`, and
        `prediction`: a text that the answer is thought to be much like, which makes it faster and never another.

        `tools` may be called: see prompt/tools.py for what `tool_choice` does: "auto", "none", "any", or the name of one.
        None is as good as left out. Raises InvalidRequest for what is none of these or out of range, PromptTooLong where the
        conversation does not fit, InvalidMessageOrder where the template forbids it, InvalidMedia for an image or a sound that cannot be
        read, UnsupportedParameter for tools on a model that calls none.
        """
        reads = [*takes(self.tokenizer, self.info), *(["thoughts"] if self._marks is not None else [])]
        messages = plain_conversation(conversation, self.info.id, reads)
        continuing = bool(messages[-1].get("prefix"))
        offer = self._offer(tools or (), tool_choice or "auto", continuing=continuing)
        asked, shown = for_template(messages, offer, self._call_marks)
        template = partial(self.tokenizer.template, tools=shown)
        prompt = brought(asked, self.tokenizer, self.info, template, self._audio_seconds)
        start = Start.of(messages[-1]) if continuing else Start()
        if not continuing and self._marks is not None:
            begun = () if offer is None else offer.behind(self.tokenizer.encode)
            start = replace(start, opened=begins_thought(self._marks, prompt.tokens, self.tokenizer, begun, self.info.id))
        return self._answer(prompt, sampling, start, self._marks, offer)

    @overload
    def chat(self, conversation: Conversation, *, tools: None = None, **sampling: Any) -> str: ...

    @overload
    def chat(self, conversation: Conversation, *, tools: Sequence[Tool | Mapping[str, Any]], **sampling: Any) -> Message: ...

    def chat(
        self, conversation: Conversation, *, tools: Sequence[Tool | Mapping[str, Any]] | None = None, **sampling: Any
    ) -> str | Message:
        """Answer a conversation: with its text; where tools are given, with the message to go on from. See `stream`."""
        answer = self.stream(conversation, tools=tools, **sampling)
        text = _drained(answer)
        return text if tools is None else answer.message

    def generate(self, prompt: str, **sampling: Any) -> str:
        """Continue a text as it stands, without a chat template. See `stream`."""
        start = [] if self.tokenizer.bos_id is None else [self.tokenizer.bos_id]
        if sampling.get("grammar") is not None:
            raise UnsupportedParameter("A grammar is for an answer: a text that goes on has none.", param="grammar", remedy="Use chat.")
        return _drained(self._answer(Brought(start + self.tokenizer.encode(prompt)), sampling, Start(continuing=True)))

    def embed(self, texts: Sequence[str], *, dimension: int | None = None, dtype: OutputType = "float") -> npt.NDArray[Any]:
        """One vector of length 1 per text: [len(texts), numbers]. `dimension` and `dtype` make them smaller: see engine/vectors.py.

        Raises InvalidRequest for a text that is not in a list, or empty, UnsupportedParameter for a model that was not made to embed, and
        PromptTooLong.
        """
        if isinstance(texts, str):
            raise InvalidRequest("embed takes a list of texts, and this is one text.", param="texts", remedy="Write embed([text]).")
        for index, text in enumerate(texts):
            if not isinstance(text, str) or not text:  # pyright: ignore[reportUnnecessaryIsInstance]
                raise InvalidRequest(f"texts[{index}] is {text!r}, which is no text.", param="texts")
        if self._card is not None:
            check_embeds(self._card, 'Load one that does: alize.load("all-minilm-l6-v2").')
        check_shape(self.info.hidden_size, dtype, dimension)
        tokens = [self.tokenizer.enclosed(text) for text in texts]
        with self._computing():
            return shaped(self.core.embed(tokens, self._adapter), dtype, dimension)

    def logits(self, tokens: Sequence[int]) -> npt.NDArray[np.float32]:
        """Logits of the token after each one: [len(tokens), vocabulary]."""
        with self._computing():
            return self.core.logits(tokens, self._adapter)

    def replay(self, record: ReplayRecord, weights_sha256: str | None = None) -> Replayed:
        """Make a recorded answer again, beside whatever else is computed, and compare: see engine/replay.py. Changes nothing.

        `weights_sha256`: of the weights, where they were loaded from a path and nobody had said it.
        Raises UnsupportedParameter, InvalidRequest or PromptTooLong for a record that cannot be replayed with this model.
        """

        def steps(request: Request) -> Generator[Step]:
            return self._stepped(replace(request, id=f"local-{next(self._ids)}"))

        def score(tokens: Sequence[int], adapter: str | None) -> list[float]:
            with self._computing():
                return self.core.score(tokens, adapter)

        info = self.info if weights_sha256 is None else replace(self.info, weights_sha256=weights_sha256)
        return replay(record, info, steps, score, self._adapter)

    def close(self) -> None:
        """Free the weights and the cache. What is asked afterwards, or is still being answered, raises InvalidRequest."""
        with self._lock:
            self._closed = True
            self.core.close()

    @contextmanager
    def _computing(self) -> Generator[None]:
        """The core is this thread's until the block ends."""
        with self._lock:
            if self._closed:
                raise InvalidRequest("This model was closed.", remedy="Load it again with alize.load.")
            yield

    def _offer(self, tools: Sequence[Tool | Mapping[str, Any]], choice: str, *, continuing: bool) -> Offer | None:
        plain, strict = plain_offer(tools)
        if not isinstance(choice, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidRequest(
                f"tool_choice is {choice!r:.100}, not a text.", param="tool_choice", remedy="Write the name of the function alone."
            )
        if choice == "none" or (not plain and choice == "auto"):
            return None
        if not plain:
            raise InvalidRequest(f"tool_choice {choice!r:.100} forces a call, but there are no tools to call.", param="tool_choice")
        offer = offered(self._call_marks, plain, choice, model=self.info.id, strict=strict)
        if offer.begun and continuing:
            raise InvalidRequest("tool_choice forces a call, but the last message says how the answer begins.", param="tool_choice")
        return offer

    def _answer(
        self,
        prompt: Brought,
        given: dict[str, Any],
        start: Start,
        marks: ThoughtMarks | None = None,
        offer: Offer | None = None,
    ) -> Answer:
        tokens = [*prompt.tokens, *([] if offer is None else offer.behind(self.tokenizer.encode))]
        options = {name: value for name, value in given.items() if value is not None}
        form = plain_grammar(options.pop("grammar", None))
        grammar = placed(matched(form, offer, {}, continuing=bool(start.prefix)), offer, marks, start)
        predicted = self._predicted(options.pop("prediction", ""))
        stop = _stop_strings(options.pop("stop", ()))
        limit: object = options.pop("max_tokens", longest_answer(self._max_tokens, len(tokens), self.info))
        if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
            raise InvalidRequest(f"max_tokens is {limit!r}; it must be a whole number, at least 1.", param="max_tokens")
        params = _sampling({"temperature": self._temperature, **options})
        request = Request(
            f"local-{next(self._ids)}",
            tuple(tokens),
            limit,
            params,
            self.tokenizer.stop_ids,
            adapter=self._adapter,
            grammar=grammar,
            predicted=predicted[: self.info.max_context],
            images=prompt.images,
            sounds=prompt.sounds,
        )
        check_fits(request, self.info)
        reader = AnswerReader(self.tokenizer, stop, marks, opened=start.opened, continuing=start.continuing, offer=offer)
        reader.repeat(start.prefix)  # it was said before
        return Answer(lambda answer: self._pieces(request, reader, answer))

    def _predicted(self, text: object) -> tuple[int, ...]:
        if not isinstance(text, str):
            raise InvalidRequest(f"prediction is {text!r:.100}; it must be a text.", param="prediction")
        check_text(text, "prediction")
        return tuple(self.tokenizer.encode(text)) if text else ()

    def _pieces(self, request: Request, reader: AnswerReader, answer: Answer) -> Iterator[str]:
        answer.asked = request
        with closing(self._stepped(request)) as steps:
            for step in steps:
                answer.begun = answer.begun or self.info
                answer.prompt_tokens, answer.cached_tokens = step.prompt_tokens, step.cached_tokens
                parts, count = list[Part | Call](), 0
                for token in step.tokens:
                    parts += reader.push(token)
                    count += 1
                    if reader.stopped:
                        break
                step = step.cut(count, answer.accepted_tokens)  # what was drawn behind a stop string is nobody's
                answer.tokens += step.tokens
                answer.ended = step.finish
                answer.guessed_tokens, answer.accepted_tokens = step.guessed, step.accepted
                if step.error is not None:
                    raise AlizeError(step.error)
                answer.finish = "stop" if reader.stopped else step.finish
                parts += reader.flush() if answer.finish else []
                answer.finish = "stop" if reader.stopped else answer.finish
                answer.finish = "tool_calls" if answer.finish == "stop" and reader.called else answer.finish
                if text := _taken(answer, parts):
                    yield text
                if answer.finish:
                    break

    def _stepped(self, request: Request) -> Generator[Step]:
        """The steps of a request, to its end. Nothing is computed before somebody listens: an answer that is never begun costs nothing."""
        with self._computing():
            self.core.add(request)
            self._inboxes[request.id] = []
        try:
            finished = False
            while not finished:
                for step in self._steps(request.id):
                    finished = step.finish is not None
                    yield step
        finally:
            self._leave(request.id)

    def _leave(self, request_id: str) -> None:
        """Take an answer out of the core, now or after the step that runs.

        Never waits: the garbage collector may call this in the middle of a step, in the very thread that computes it.
        """
        self._left.append(request_id)
        while self._left and self._lock.acquire(blocking=False):  # again, where another came while the lock was being given back
            try:
                self._sweep()
            finally:
                self._lock.release()

    def _sweep(self) -> None:
        while self._left:
            left = self._left.popleft()
            self.core.abort(left)
            self._inboxes.pop(left, None)
            self._refused.pop(left, None)

    def _steps(self, request_id: str) -> list[Step]:
        """What one request gained; computes a step for all of them where there is nothing yet."""
        with self._computing():
            self._sweep()
            if not self._inboxes[request_id]:
                for step in self.core.step():
                    self._inboxes[step.request_id].append(step)
                self._refused |= dict(self.core.refused)
                self.core.refused.clear()
            if request_id in self._refused:
                raise self._refused.pop(request_id)
            steps, self._inboxes[request_id] = self._inboxes[request_id], []
            return steps


def load(
    model: str | Path = "smollm2-135m-instruct",
    *,
    adapter: str | Path | None = None,
    home: Path | None = None,
    progress: Callable[[int, int, str], None] | None = None,
    **settings: Any,
) -> Model:
    """Load a model by its name in the catalog or the path of its weights; a named one is pulled first where it is not here yet.

    `adapter` is the path of a low-rank adapter of the model, as PEFT or mistral-finetune writes it: everything is computed with it.
    `settings` are those of docs/reference/settings.md, such as `dtype="float32"` or `offline=True`. Computed prefixes are saved only where
    `prefix_disk` is given here: whoever asks a question in a script may not expect that anything of it lies on a disk.
    `progress` is called with bytes done, bytes in all and what is done, while the model is fetched and while it is loaded.
    Raises InvalidModel, DownloadFailed, CheckpointInvalid, Missing, OutOfMemory.
    """
    chosen = Settings.load(home=home, model=str(model), **settings)
    offline, endpoint = chosen.offline, chosen.hub_endpoint
    card, path = obtained(chosen.model, chosen.home, chosen.aliases(), offline=offline, endpoint=endpoint, progress=progress)
    config, name = EngineConfig.of(chosen, path, card.id, card.sha256, draft_of(chosen, progress)), None if adapter is None else "adapter"
    config = replace(
        config, adapters={} if name is None else {name: str(adapter)}, prefixes=config.prefixes if "prefix_disk" in settings else ""
    )
    with closing(open_checkpoint(path)) as checkpoint, ThreadPoolExecutor(1) as beside:
        words = beside.submit(load_tokenizer, checkpoint.tokenizer)
        core = build_core(config, _until_failed(named(progress, f"Loading {card.id}"), words), checkpoint, words.result)
        try:
            tokenizer = words.result()
            for lost in core.info.unavailable:
                core.set_adapter(lost.name, lost.path)  # raises why: here nothing else is asked for
        except BaseException:
            core.close()
            raise
    marks = ThoughtMarks(prompted=True) if "reasoning" in card.capabilities else None
    most = chosen.max_tokens(card.default_max_tokens)
    return Model(core, tokenizer, chosen.temperature(card.default_temperature), most, name, marks, chosen.max_audio_seconds, card)


def _until_failed(progress: Callable[[int, int], None] | None, beside: Future[Any]) -> Callable[[int, int], None]:
    """Progress that raises what went wrong beside the work: a damaged tokenizer is said before gigabytes of weights are loaded."""

    def told(done: int, total: int) -> None:
        if beside.done() and (error := beside.exception()) is not None:
            raise error
        if progress is not None:
            progress(done, total)

    return told


def _taken(answer: Answer, parts: Sequence[Part | Call]) -> str:
    """What the parts say; what they think and call is added to the answer."""
    said = [part for part in parts if isinstance(part, Part)]
    answer.thought += "".join(part.text for part in said if part.thought)
    for call in parts:
        if isinstance(call, Call) and call.begins:
            answer.calls.append(ToolCall(call.id, call.name, call.arguments))
        elif isinstance(call, Call):
            last = answer.calls[-1]
            answer.calls[-1] = replace(last, arguments=last.arguments + call.arguments)
    return "".join(part.text for part in said if not part.thought)


def _sampling(given: Mapping[str, Any]) -> SamplingParams:
    """Raises InvalidRequest for an option that is not known, no number, or out of range. Without a seed, one is drawn."""
    unknown = given.keys() - {option.name for option in fields(SamplingParams)}
    if unknown:
        raise InvalidRequest(f"Unknown sampling option: {', '.join(sorted(unknown))}.", remedy="See alize.SamplingParams.")
    options: dict[str, Any] = {"seed": int.from_bytes(os.urandom(4))}
    for name, value in given.items():
        if name == "logit_bias":
            if not isinstance(value, Mapping):
                raise InvalidRequest(f"logit_bias is {value!r}, not token ids with a number each.", param=name)
            options[name] = logit_biases(cast("Mapping[Any, Any]", value))
            continue
        whole = name in _WHOLE
        if isinstance(value, bool) or not isinstance(value, Integral if whole else Real):
            raise InvalidRequest(f"{name} is {value!r}, not a {'whole ' if whole else ''}number.", param=name)
        options[name] = int(cast("Any", value)) if whole else float(cast("Any", value))  # numpy's numbers are numbers
    return SamplingParams(**options)


_WHOLE = ("top_k", "seed", "logprobs")


def _stop_strings(given: object) -> list[str]:
    found: list[Any] = list(cast("Sequence[Any]", given)) if isinstance(given, list | tuple) else [given]
    for each in found:
        if not isinstance(each, str):
            raise InvalidRequest(f"stop holds {each!r}, not a text.", param="stop")
    return found


def _drained(answer: Answer) -> str:
    for _ in answer:
        pass
    return answer.text
