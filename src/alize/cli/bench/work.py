"""What is measured. In: names such as `prefill-512` and `decode-8`. Out: prompts and numbers of steps, the same for every side."""

import re
from dataclasses import dataclass

from alize.cli.bench.worker import PROMPT
from alize.errors import InvalidRequest

__all__ = ["DEFAULT", "Work", "parse_works"]

DEFAULT = "prefill-512,decode-1,decode-8"
_MOST_SEQUENCES, _LONGEST_PROMPT = 256, 1 << 20


@dataclass(frozen=True, slots=True)
class Work:
    """`prefill-N` reads one prompt of N tokens. `decode-N` lets N sequences, each with a prompt of 128 tokens, draw tokens together."""

    name: str
    sequences: int
    prompt: int  # tokens of each
    steps: int  # decode steps; 0 measures the reading

    @property
    def context(self) -> int:
        """Tokens that one sequence needs at most, with some for a side that draws several in one call."""
        return self.prompt + self.steps + 72

    def prompts(self, vocabulary: int, round: int) -> list[list[int]]:
        """Prompts of a round: random ids, so that no cache of an earlier round helps anyone, the same for all sides."""
        import random

        draw = random.Random(f"{self.name}/{round}")
        low = min(1000, vocabulary // 2)  # the first ids are control tokens
        return [[draw.randrange(low, vocabulary) for _ in range(self.prompt)] for _ in range(self.sequences)]


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
    match = re.fullmatch(r"(prefill|decode)-([1-9][0-9]{0,6})", name)
    if match is None:
        raise InvalidRequest(f"'{name}' is no work.", param="works", remedy="Write prefill-N (tokens) or decode-N (sequences).")
    number = int(match[2])
    if match[1] == "prefill" and number <= _LONGEST_PROMPT:
        return Work(name, 1, number, 0)
    if match[1] == "decode" and number <= _MOST_SEQUENCES:
        return Work(name, number, PROMPT, 64 if number == 1 else 32)
    raise InvalidRequest(f"'{name}' is more than can be measured.", param="works", remedy=f"At most decode-{_MOST_SEQUENCES}.")
