"""What an answer is made of. In: its parts as they come: text, thoughts, calls of tools. Out: the same parts, each put together.

>>> joined([Part("It"), Part(" is"), Call(0, "aaaaaaaaa", "f", '{"a"', begins=True), Call(0, "aaaaaaaaa", "f", ": 1}")])
[Part(text='It is', thought=False, closed=False), Call(number=0, id='aaaaaaaaa', name='f', arguments='{"a": 1}', begins=True)]
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

__all__ = ["Call", "Part", "joined"]


@dataclass(frozen=True, slots=True)
class Part:
    """More of an answer. `closed`: a thought ends with it."""

    text: str
    thought: bool = False
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """More of a call. Its first piece `begins` it; number, id and name are in each."""

    number: int  # 0 is the answer's first call
    id: str  # nine letters and digits
    name: str
    arguments: str = ""  # JSON, as the model wrote it
    begins: bool = False


def joined(parts: Iterable[Part | Call]) -> list[Part | Call]:
    """Each part with all that continues it; nothing empty."""
    runs: list[list[Part | Call]] = []
    for part in parts:
        if runs and _continues(runs[-1], part):
            runs[-1].append(part)
        elif isinstance(part, Call) or part.text or part.closed:
            runs.append([part])
    return [run[0] if len(run) == 1 else _whole(run) for run in runs]


def _continues(run: list[Part | Call], part: Part | Call) -> bool:
    last = run[-1]
    if isinstance(last, Call) or isinstance(part, Call):
        return isinstance(last, Call) and isinstance(part, Call) and last.number == part.number
    return last.thought == part.thought and not last.closed


def _whole(run: list[Part | Call]) -> Part | Call:
    first, last = run[0], run[-1]
    if isinstance(first, Call):
        return replace(first, arguments="".join(part.arguments for part in run if isinstance(part, Call)))
    text = "".join(part.text for part in run if isinstance(part, Part))
    return replace(first, text=text, closed=isinstance(last, Part) and last.closed)
