"""One request on its way through the engine. In: a Request. Out: what the scheduler must know of it, and its progress."""

from dataclasses import dataclass, field, replace

from alize.engine.base import FinishReason, Request, Times
from alize.engine.blocks import Link, chain
from alize.engine.groups import Tables
from alize.engine.guessing import Guesser
from alize.engine.guide import Guide
from alize.engine.media import Medium, salted
from alize.engine.runners.base import BLOCK
from alize.engine.sounds import Coming

__all__ = ["Sequence"]


@dataclass(slots=True, eq=False)
class Sequence:
    """A request, the tokens drawn for it so far, and where its keys and values are.

    tokens = prompt + drawn. `computed` of them are in the cache; the rest are to be run. A decoding sequence has
    computed = len(tokens) - 1: the last token was drawn but not yet run.
    """

    request: Request
    arrival: int  # order of arrival; kept when preempted
    adapter: str | None = None  # the runner's key of it
    coming: Coming | None = None  # its sound, where that is still coming
    guide: Guide | None = None  # where its answer has got to in a grammar
    guesser: Guesser | None = None  # what it may go on with
    came: float = 0.0  # by the core's clock, in seconds, as are the next two
    begun: float | None = None  # when something of it was first computed
    first: float | None = None  # when its first token was drawn
    tokens: list[int] = field(init=False)
    media: tuple[Medium, ...] = field(init=False)
    prompt_length: int = field(init=False)
    plain: bool = field(init=False)  # nothing but text: whatever is pending can be run
    tables: Tables = field(default_factory=Tables)
    computed: int = 0
    end: int = 0  # how many tokens it has at most; 0 where that is known only as it goes on
    cached: int = 0  # prompt tokens taken from the prefix cache when first admitted
    admitted: bool = False
    charged: int = 0  # prompt tokens its tenant was charged for: what is computed again after a preemption is free
    held_up: bool = False  # by what has to be encoded before its next tokens can be run
    waited: int = 0  # steps spent waiting, for ageing
    lifted: bool = False  # it counts as of a higher priority by those steps, until its end
    preempted: int = 0  # how often it gave way
    links: list[Link] = field(default_factory=list[Link])  # of the full blocks of `tokens`, as far as somebody asked
    labelled: int = 0  # how many of them are findable
    guessed: int = 0  # guesses that were computed
    accepted: int = 0  # and those that were right
    finish: FinishReason | None = None

    def __post_init__(self) -> None:
        self.tokens = list(self.request.tokens)
        self.media = (self.coming,) if self.coming is not None else self._salted()
        self.prompt_length, self.plain = len(self.request.tokens), not self.media

    def _salted(self) -> tuple[Medium, ...]:
        salt, given = self.request.salt, (*self.request.images, *self.request.sounds)
        return tuple(replace(medium, key=salted(medium.key, salt)) for medium in given) if salt else given

    @property
    def drawn(self) -> tuple[int, ...]:
        return tuple(self.tokens[self.prompt_length :])

    @property
    def generated(self) -> int:
        """len(drawn), without the copy: it is asked for in every step."""
        return len(self.tokens) - self.prompt_length

    @property
    def pending(self) -> int:
        """Tokens to run before the next one can be drawn."""
        return len(self.tokens) - self.computed

    @property
    def ready(self) -> int:
        """How many of these can be run: those whose sound is there."""
        return self.pending if self.coming is None else max(0, min(self.pending, self.coming.length - self.computed))

    @property
    def limit(self) -> int:
        """How many tokens may be drawn in all: of a stream one for each of its sound, once it is known how long that is."""
        if self.coming is None or not self.coming.whole:
            return self.request.max_tokens
        return min(self.request.max_tokens, self.coming.length - self.prompt_length + 1)

    @property
    def decoding(self) -> bool:
        length = len(self.tokens)
        return length - self.computed == 1 and length > self.prompt_length

    @property
    def root(self) -> bytes:
        """Where this request's chain of hashes begins: prefixes are shared only within one salt and one adapter."""
        return f"{self.request.salt}\0{self.adapter or ''}".encode()

    def times(self, now: float) -> Times:
        """What has not begun, or drawn nothing, has waited for it until now."""
        begun = now if self.begun is None else self.begun
        first = now if self.first is None else self.first
        return Times(begun - self.came, max(0.0, first - begun), self.preempted)

    def link(self, length: int) -> None:
        """Extend `links` to the full blocks among the first `length` tokens."""
        if length // BLOCK > len(self.links):
            self.links += chain(self.tokens, self.root, self.links, self.media, length)

    def remaining(self, max_context: int) -> int:
        """How many more tokens may be drawn."""
        return min(self.limit - self.generated, max_context - len(self.tokens))
