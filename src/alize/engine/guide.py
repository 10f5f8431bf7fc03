"""Answers that match a grammar. In: a schema, an expression or a grammar, and what each token adds to a text. Out: which tokens may follow.

llguidance (MIT) walks the grammar and the vocabulary together: an Earley parser over a lexer of derivatives, as "Guidance" describes it.
A `Guide` is where one answer has got to. What it allows next is computed while the model computes what is likely (`due`), unless somebody
wants to know before: who looks ahead.
"""

import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from alize.engine.grammar import Grammar, Thought, check_lark, check_length, refused, rule_of
from alize.engine.thinking import Mask, Place, ThoughtMasks
from alize.errors import InvalidRequest

if TYPE_CHECKING:
    from llguidance import LLMatcher, LLParserLimits

    from alize.tokenize import Tokenizer

__all__ = ["Compiler", "Guide", "Mask", "Words", "due", "words_of"]


@dataclass(frozen=True, slots=True)
class Words:
    """A vocabulary as a grammar reads it."""

    pieces: Sequence[bytes]  # by id: what each token adds to a text; b"" where it adds nothing
    control: Sequence[int]  # tokens that no text has
    ends: tuple[int, ...]  # tokens that end an answer
    encode: Callable[[str], list[int]]


def words_of(tokenizer: "Tokenizer") -> Words:
    """The vocabulary of a model."""
    pieces = [tokenizer.token_bytes(id) for id in range(tokenizer.vocab_size)]
    control = [id for id, piece in enumerate(pieces) if not piece]
    return Words(pieces, control, tuple(sorted(tokenizer.stop_ids)), tokenizer.encode)


class _Tokenizer:
    """What llguidance asks of one."""

    bos_token_id = None

    def __init__(self, words: Words, size: int) -> None:
        # Control tokens have numbers for names here: a grammar cannot ask for one by its own, and so write what no text has.
        control = {id: b"|%d|" % id for id in (*words.control, *words.ends, *range(len(words.pieces), size)) if id < size}
        self.tokens = [control.get(id, piece) for id, piece in enumerate(words.pieces[:size])] + [
            control[id] for id in range(len(words.pieces), size)
        ]
        self.special_token_ids = sorted(control)
        self.eos_token_id = next(id for id in words.ends if id < size)
        self._encode = words.encode

    def __call__(self, text: str | bytes) -> list[int]:
        """Nobody asks (`_FREELY`); and what begins a text may be written otherwise than what goes on with one."""
        return self._encode(text if isinstance(text, str) else text.decode("utf-8", "replace"))


class Guide:
    """One answer on its way through a grammar."""

    def __init__(
        self, matcher: "LLMatcher", words: Mask, pieces: Sequence[bytes], family: object, place: Place | None = None, *, due: bool = True
    ) -> None:
        """`pieces`: see `Words`. `family`: the same for those that share what was computed of a grammar, and so compute one by one.
        `place`: where it is in what may be thought before."""
        self._matcher, self._pieces, self.family, self._place = matcher, pieces, family, place
        self._first = None if place is None else matcher.deep_copy()
        self.words = words  # where `mask` is; as it was before, while that is due
        self.due = due

    @property
    def matcher(self) -> "LLMatcher":
        return self._matcher

    @property
    def mask(self) -> Mask:
        """What may be drawn next: bit `id % 32` of word `id // 32`."""
        self.fill()
        return self.words

    @property
    def asleep(self) -> bool:
        """What it allows now does not depend on the grammar."""
        return self._place is not None and self._place.phase == "thought"

    @property
    def foresees(self) -> bool:
        """Whether it says of tokens to come which may be drawn: not where what is drawn next decides whose they are."""
        return self._awake or self.asleep

    @property
    def _awake(self) -> bool:
        return self._place is None or self._place.phase == "form"

    def copy(self) -> "Guide":
        """Another one at the same place: a microsecond, since they share what was computed of the grammar."""
        copied = Guide(self._matcher.deep_copy(), self.mask.copy(), self._pieces, self.family, due=False)
        copied._first, copied._place = self._first, None if self._place is None else replace(self._place)
        return copied

    def take(self, tokens: Sequence[int]) -> None:
        """Move past what was drawn. `failure` then says whether that was possible."""
        self.due = True
        if self._place is None or self._awake:
            self._matcher.consume_tokens(list(tokens))
            return
        for token in tokens:
            match self._place.move(token):
                case "form":
                    self._matcher.consume_tokens([token])
                case "either":
                    self._place.lost |= not self._matcher.try_consume_tokens([token])
                case "thought" if self._first is not None and self._place.seen:  # what began as the form was a mark
                    self._matcher, self._place.seen = self._first.deep_copy(), b""
                case "thought":
                    pass

    def fill(self) -> None:
        """Compute the mask, where that is due: 10 to 150 microseconds, while other threads go on. `failure` says whether it could be."""
        if self.due and not self.asleep and not self._matcher.is_error():
            self._matcher.unsafe_compute_mask_ptr(self.words.ctypes.data, self.words.nbytes)
        if self.due and self._place is not None and not self._awake:  # more may be thought, and less would be read as the answer
            self.words[:] = self._place.mask(self.words)
        self.due = False

    def ahead(self, most: int) -> tuple[tuple[int, ...], list[Mask]]:
        """What must follow, and what may be drawn behind each. Changes nothing.

        Where everything that may be drawn spells the beginning of one text, as a key or what closes a list, that is the longest of them.
        """
        return self._walk(lambda place, mask: _forced(mask, self._pieces) if place < most else None)

    def along(self, tokens: Sequence[int]) -> tuple[tuple[int, ...], list[Mask]]:
        """As many of these as may follow, and what may be drawn behind each; in a thought, no further than that. Changes nothing."""
        if self.asleep and self._place is not None:
            return self._through(tokens, replace(self._place))
        return self._walk(lambda place, mask: tokens[place] if place < len(tokens) and _allows(mask, tokens[place]) else None)

    def _walk(self, follows: Callable[[int, Mask], int | None]) -> tuple[tuple[int, ...], list[Mask]]:
        """`follows`: the token at a place behind here, of what may be drawn there; None ends it. Before the form nothing must follow."""
        if not self._awake:
            return (), []
        token, found, masks = follows(0, self.mask), list[int](), list[Mask]()
        if token is None:
            return (), []
        matcher = self._matcher.deep_copy()
        while token is not None and matcher.try_consume_tokens([token]) and not matcher.is_stopped():
            mask = np.zeros_like(self.mask)
            matcher.unsafe_compute_mask_ptr(mask.ctypes.data, mask.nbytes)
            if matcher.is_error():
                break
            found.append(token)
            masks.append(mask)
            token = follows(len(found), mask)
        return tuple(found), masks

    def _through(self, tokens: Sequence[int], place: Place) -> tuple[tuple[int, ...], list[Mask]]:
        found, masks, mask = list[int](), list[Mask](), self.mask
        for token in tokens:
            if not _allows(mask, token):
                break
            place.move(token)
            if place.phase != "thought":
                break
            mask = place.mask(mask)
            found.append(token)
            masks.append(mask)
        return tuple(found), masks

    @property
    def failure(self) -> str | None:
        """Why it cannot go on."""
        return _said(self._matcher) if self._matcher.is_error() else None


def _allows(mask: Mask, token: int) -> bool:
    return bool(mask[token // 32] >> np.uint32(token % 32) & 1)


_CHAIN = 16  # tokens that may be the beginnings of one text: more are not looked at


def _forced(mask: Mask, pieces: Sequence[bytes]) -> int | None:
    """The longest token that may be drawn, where all others are beginnings of it."""
    words = np.flatnonzero(mask)
    if len(words) > _CHAIN:
        return None
    ids = [32 * int(word) + bit for word in words for bit in range(32) if int(mask[word]) >> bit & 1]
    if len(ids) > _CHAIN or any(id >= len(pieces) or not pieces[id] for id in ids):
        return None
    ids.sort(key=lambda id: len(pieces[id]))
    chain = all(pieces[longer].startswith(pieces[shorter]) for shorter, longer in pairwise(ids))
    return ids[-1] if ids and chain else None


_SCHEMA = re.compile(r"^(at \d+\(\d+\): )?failed to compile JSON schema: ")
_EXPRESSION = re.compile(r"regex parse error:\n +(?P<text>.*)\n(?:.*\n)*error: (?P<why>.*)")


def _said(matcher: "LLMatcher") -> str:
    """What went wrong, in one line: llguidance shows where, in texts that nobody but this server wrote."""
    error = _SCHEMA.sub("", matcher.get_error())
    if expression := _EXPRESSION.search(error):
        return f"{expression['text']} is no regular expression ({expression['why']})"
    return error.partition("\n")[0]


_PIECE, _BREATH = 512, 1e-5
"""Characters of a text that are taken at once, a millisecond, and seconds between: nothing else runs meanwhile, not even what writes
answers, since llguidance keeps Python's lock."""

_VARIANTS = 8  # of thoughts, whose masks are kept: a model has two or three


class Compiler:
    """Grammars of one vocabulary. `compile_plain` and `begin` may run in a thread: they let others go on meanwhile."""

    def __init__(self, words: Words, size: int) -> None:
        """`size`: logits of a row."""
        from llguidance import LLTokenizer, TokenizerWrapper

        self._size, self._words, self._pieces = size, -(-size // 32), words.pieces
        self._ends = [id for id in words.ends if id < size]  # a tokenizer may know more ids than the model draws
        self._tokenizer = LLTokenizer(TokenizerWrapper(_Tokenizer(words, size)), n_vocab=size, eos_token=self._ends)
        self._masks: dict[Thought, ThoughtMasks] = {}

    def compile(self, grammar: Grammar) -> Guide:
        """The beginning of an answer. Raises InvalidRequest for what is no grammar, is too large, or asks for what cannot be held to."""
        return self.begin(self.compile_plain(grammar.plain), grammar)

    def compile_plain(self, grammar: Grammar) -> Guide:
        """Of one that begins where the answer does."""
        from llguidance import LLMatcher

        check_length(grammar)
        matcher = LLMatcher(self._tokenizer, _source(grammar), log_level=0, limits=_limits())
        guide = Guide(matcher, np.zeros(self._words, np.uint32), self._pieces, object())
        guide.fill()
        if guide.failure is None:
            return guide
        if grammar.otherwise:
            return self.compile_plain(replace(grammar, text=grammar.otherwise, otherwise=""))
        if grammar.form is not None:
            self.compile_plain(grammar.form)  # raises where that is to blame
            raise refused(replace(grammar, param="tools"), guide.failure)
        raise refused(grammar, guide.failure)

    def begin(self, guide: Guide, grammar: Grammar) -> Guide:
        """From the beginning of a form to that of an answer: behind the text that it goes on from, and before what may be thought.

        Raises InvalidRequest for a text that begins nothing of this form, and a form that is not read behind a thought.
        """
        text, place = grammar.prefix, None
        if grammar.thought is not None:
            masks = self._thoughts(grammar.thought)
            if grammar.thought.ids is None and not (guide.mask & ~masks.led).any():
                raise refused(grammar, "it begins with a line break, which the model's thoughts end with")
            place = Place.of(masks, grammar.thought)
            text = place.begin(text)
        matcher = guide.matcher.deep_copy()
        begun = Guide(matcher, guide.mask.copy(), self._pieces, guide.family, place, due=bool(text) or place is not None)
        if text:
            self._go_on(matcher, text)
        begun.fill()
        if begun.failure is not None or not begun.mask.any():
            raise _unbegun(text, len(text), begun.failure)
        return begun

    def at_once(self, grammar: Grammar) -> bool:
        """Whether `begin` takes no time that anybody would notice."""
        return len(grammar.prefix) <= _PIECE and (grammar.thought is None or _plain(grammar.thought) in self._masks)

    def _go_on(self, matcher: "LLMatcher", text: str) -> None:
        """Take a text, whatever tokens its bytes are cut into. Raises InvalidRequest for one that begins no match."""
        for begin in range(0, len(text), _PIECE):
            if begin:
                time.sleep(_BREATH)
            piece = text[begin : begin + _PIECE]
            tokens = self._tokenizer.greedy_tokenize(piece)
            taken = matcher.try_consume_tokens(tokens)
            if taken < len(tokens) or matcher.is_error():
                fits = self._tokenizer.decode_bytes(tokens[:taken]).decode("utf-8", "ignore")
                raise _unbegun(text, begin + len(fits), _said(matcher) if matcher.is_error() else None)
            if self._tokenizer.decode_bytes(tokens) != piece.encode():
                raise _unbegun(text, begin, "the model's vocabulary cannot write it")

    def _thoughts(self, thought: Thought) -> ThoughtMasks:
        key = _plain(thought)
        masks = self._masks.get(key)
        if masks is None:
            for other in list(self._masks)[: 1 - _VARIANTS]:
                self._masks.pop(other, None)
            masks = self._masks[key] = ThoughtMasks(key, self._pieces, self._ends, self._size)
        return masks


_FEW = 4  # masks that are computed at once: for another core to get at what one is computed from takes as long as to compute it
_ENOUGH = 16
"""Masks that one thread computes while others go on with the step. Eight of as many families took two threads more than twice as long as
one (500 µs in sum, and 176): each has the interpreter for a moment, and what it works on comes from the other core."""


def due(guides: Iterable[Guide]) -> list[tuple[Guide, Callable[[], None]]]:
    """What is to be done before the next tokens of these are drawn, each by any thread, at the same time as the others: the first guide of
    some families, and what computes the masks of all of these. None where they are few: those are computed here."""
    late = [guide for guide in guides if guide.due]
    if len(late) < _FEW:
        _fill(late)
        return []
    families = dict[int, list[Guide]]()
    for guide in late:
        families.setdefault(id(guide.family), []).append(guide)
    tasks = list[list[Guide]]()
    for family in sorted(families.values(), key=len, reverse=True):
        if not tasks or len(tasks[-1]) + len(family) > _ENOUGH:
            tasks.append([])
        tasks[-1] += family
    return [(task[0], partial(_fill, task)) for task in tasks]


def _fill(guides: Sequence[Guide]) -> None:
    for guide in guides:
        guide.fill()


@cache
def _limits() -> "LLParserLimits":
    """What one grammar may cost, so that none holds up the others: about a second of compiling, 15 ms of a step and 30 MB."""
    from llguidance import LLParserLimits

    return LLParserLimits(
        max_items_in_row=2000,
        initial_lexer_fuel=1_000_000,
        step_lexer_fuel=200_000,
        step_max_items=50_000,
        max_lexer_states=20_000,
        max_grammar_size=500_000,
        precompute_large_lexemes=True,
        verbose_errors=False,
    )


_FREELY = '%llguidance {"no_forcing": true}\n'
"""Tokens are not cut anew where only one text may follow: that takes longer the longer it is, and other tokenizers cut other pieces."""


def _source(grammar: Grammar) -> str:
    """As llguidance reads it. Raises InvalidRequest for what is no JSON, and for options and tokens that a request cannot have."""
    from llguidance import LLMatcher

    match grammar.kind:
        case "regex" | "json":
            lark = f"start: {rule_of(grammar)}"
        case "lark":
            check_lark(grammar)
            lark = grammar.text
        case "own":
            lark = grammar.text
    return LLMatcher.grammar_from_lark(_FREELY + lark)


def _plain(thought: Thought) -> Thought:
    """What its masks depend on."""
    return replace(thought, begun=False, asked=False)


_SHOWN = 40  # characters of a text


def _unbegun(text: str, fits: int, why: str | None) -> InvalidRequest:
    """Of a text that begins no match, as far as it fits."""
    where = f"behind {text[max(0, fits - _SHOWN) : fits]!r} it has {text[fits : fits + _SHOWN]!r}" if fits else f"it is {text[:_SHOWN]!r}"
    return InvalidRequest(
        f"The text that the answer goes on from begins nothing of the form that is wanted: {why or where}.",
        param="messages",
        remedy="Let it begin as the form does, or leave one of the two out.",
    )
