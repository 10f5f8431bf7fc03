"""What is measured. In: names such as `prefill-512` and `decode-8`. Out: prompts and numbers of steps, the same for every side."""

import re
from dataclasses import dataclass

from alize.cli.bench.worker import PROMPT
from alize.errors import InvalidRequest

__all__ = ["DEFAULT", "Work", "parse_works"]

DEFAULT = "prefill-512,decode-1,decode-8"
_MOST_SEQUENCES, _LONGEST_PROMPT = 256, 1 << 20
_STEPS = 127
"""Of decoding: the first of 128 tokens comes out of the prompt."""
_ARRIVING = 2000  # tokens of the prompt that comes to a mixed work
_WRITTEN = "Write prefill-N (tokens), decode-N (sequences), decode-N@M (of M tokens each) or mixed-N (a long prompt comes to N)."


@dataclass(frozen=True, slots=True)
class Work:
    """`prefill-N` reads one prompt of N tokens. `decode-N` lets N sequences, each with a prompt of 128 tokens, draw 128 tokens together;
    `decode-N@M` has prompts of M tokens. `mixed-N` is `decode-N` to which a prompt of 2,000 tokens arrives.
    """

    name: str
    sequences: int
    prompt: int  # tokens of each
    steps: int  # decode steps; 0 measures the reading
    arriving: int = 0  # tokens of a prompt that comes while they decode

    @property
    def context(self) -> int:
        """Tokens that one sequence needs at most, with some for a side that draws several in one call."""
        alone = self.steps // 2 if self.arriving else 0
        return max(self.prompt + alone + self.steps, self.arriving) + 72

    def prompts(self, vocabulary: int, round: int) -> list[list[int]]:
        """Prompts of a round: random ids, so that no cache of an earlier round helps anyone, the same for all sides.

        The last is the one that arrives, of a work that has one.
        """
        import random

        draw = random.Random(f"{self.name}/{round}")
        low = min(1000, vocabulary // 2)  # the first ids are control tokens
        lengths = [self.prompt] * self.sequences + [self.arriving] * (self.arriving > 0)
        return [[draw.randrange(low, vocabulary) for _ in range(length)] for length in lengths]


def parse_works(text: str) -> list[Work]:
    """Raises InvalidRequest naming the part that is no work.

    >>> [work.sequences for work in parse_works("decode-1, decode-8")]
    [1, 8]
    """
    works = [_parse(part.strip()) for part in text.split(",") if part.strip()]
    if not works:
        raise InvalidRequest("No work is named.", param="works", remedy=f"Name some: --works {DEFAULT}")
    return works


def _parse(name: str) -> Work:
    match = re.fullmatch(r"(prefill|decode|mixed)-([1-9][0-9]{0,6})(?:@([1-9][0-9]{0,6}))?", name)
    if match is None or (match[3] and match[1] != "decode"):
        raise InvalidRequest(f"'{name}' is no work.", param="works", remedy=_WRITTEN)
    kind, number, prompt = match[1], int(match[2]), int(match[3] or PROMPT)
    if kind == "prefill" and number <= _LONGEST_PROMPT:
        return Work(name, 1, number, 0)
    if kind == "decode" and number <= _MOST_SEQUENCES and prompt <= _LONGEST_PROMPT:
        return Work(name, number, prompt, _STEPS)
    if kind == "mixed" and number <= _MOST_SEQUENCES:
        return Work(name, number, PROMPT, _STEPS, _ARRIVING)
    raise InvalidRequest(f"'{name}' is more than can be measured.", param="works", remedy=f"At most {_MOST_SEQUENCES} sequences.")
