"""One step. In: what the scheduler chooses (schedule.py). Out: what the core runs, and books when it is done."""

from dataclasses import dataclass, field

from alize.engine.guide import Mask
from alize.engine.media import Medium
from alize.engine.pace import Allowance
from alize.engine.sequence import Sequence

__all__ = ["Plan"]


@dataclass(slots=True)
class Plan:
    """The order of `tokens` is the order of the batch's rows."""

    left: Allowance  # what more may be read
    tokens: dict[Sequence, int] = field(default_factory=dict[Sequence, int])
    decodes: int = 0  # how many of them, the first, decode
    steps: int = 1
    guesses: dict[Sequence, tuple[int, ...]] = field(default_factory=dict[Sequence, tuple[int, ...]])  # to compute with its token
    masks: dict[Sequence, list[Mask]] = field(default_factory=dict[Sequence, list[Mask]])  # of those with a grammar, behind each guess
    encode: list[Medium] = field(default_factory=list[Medium])  # what holds sequences up, in their order
    encoding: set[Sequence] = field(default_factory=set[Sequence])  # for whom some of that is done now
    encode_tokens: int = 0  # how many the allowance was lessened by for that
    begun: list[Sequence] = field(default_factory=list[Sequence])  # those that were never planned before
    seconds: float = 0.0  # that it took

    @property
    def empty(self) -> bool:
        return not self.tokens and not self.encode_tokens

    @property
    def rows(self) -> int:
        """That are drawn of, where nothing is read."""
        return self.decodes + sum(map(len, self.guesses.values()))

    @property
    def read(self) -> int:
        """Tokens of prompts, those included that something to be encoded takes the place of."""
        return sum(self.tokens.values()) - self.decodes + self.encode_tokens
