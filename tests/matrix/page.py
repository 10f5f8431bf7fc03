"""The published table. In: what was found of each pair. Out: docs/engine/matrix.md, and the marks that stand there."""

import re
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path

from tests.matrix.features import FEATURES
from tests.matrix.finding import Finding
from tests.matrix.notes import NOTES

__all__ = ["PAGE", "PAIRS", "marks", "written"]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "engine" / "matrix.md"
PAIRS = list(combinations(FEATURES, 2))
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")

Found = Callable[[tuple[str, ...]], Finding]

_OPENING = """# Which features go together

<!-- Made by `make matrix` from what tests/matrix finds; changes here are overwritten, and a page that says something else fails them. -->

Each cell is a test. It asks a whole server over its API, with a real engine and a small random model that has what the two need: once
greedily, once with a seed, while two other requests are answered beside. Both features must be seen to be in effect, and the answer must be
the one without them, to the token: with the same model, adapter, image and form, asked alone, whole and in one piece.

Models that see or keep a state are computed by PyTorch, here in float64. In float32 it rounds by what shares a step, so that where two
tokens are nearly as likely, another may be drawn. The others run on the native core, whose numbers do not depend on that.

| | |
|---|---|
| ✓ | both are in effect, and change nothing of the answer that they may not change |
| – | one of the two is off beside the other; that is said, and the answer is the one without it |
| ✗ | refused, with an error that says what cannot be combined |

Three, four and all that go together are asked for at once, too (tests/matrix/test_matrix.py).
"""


def written(found: Found) -> str:
    """The page. `found` is asked for every pair."""
    numbers: dict[str, int] = {}
    for pair in PAIRS:
        note = _note(pair, found(pair))
        if note:
            numbers.setdefault(note, len(numbers) + 1)
    parts = ["\n".join(_table(found, numbers)), "## Notes", "\n".join(f"{number}. {note}" for note, number in numbers.items())]
    return "\n".join([_OPENING, "\n\n".join([*parts, "## What was asked for", "\n".join(_declared())]), ""])


def marks() -> dict[frozenset[str], str]:
    """What the page says of each pair; nothing where there is no page."""
    lines = PAGE.read_text("utf-8").splitlines() if PAGE.exists() else []
    rows = [[cell.strip(" *") for cell in line.strip("|").split("|")] for line in lines if re.match(r"\| \*\*", line)]
    names = [name for name, *_ in rows]  # those of the page: one may have been declared since
    return {frozenset({name, other}): cell[0] for name, *cells in rows for other, cell in zip(names, cells, strict=True)}


def _note(pair: tuple[str, str], finding: Finding) -> str:
    if finding.mark == "✗":
        return f"Refused {finding.words}"
    note = NOTES.get(frozenset(pair))
    return note.text if note is not None else ""


def _table(found: Found, numbers: dict[str, int]) -> Iterator[str]:
    yield f"| | {' | '.join(FEATURES)} |"
    yield f"|---|{':-:|' * len(FEATURES)}"
    for name in FEATURES:
        cells = [_cell(name, other, found, numbers) for other in FEATURES]
        yield f"| **{name}** | {' | '.join(cells)} |"


def _cell(name: str, other: str, found: Found, numbers: dict[str, int]) -> str:
    if name == other:
        return found((name,)).mark
    pair = (name, other) if (name, other) in PAIRS else (other, name)
    note = _note(pair, found(pair))
    return found(pair).mark + (str(numbers[note]).translate(_RAISED) if note else "")


def _declared() -> Iterator[str]:
    yield "| feature | asked for by | shown by |"
    yield "|---|---|---|"
    for name, feature in FEATURES.items():
        yield f"| {name} | {feature.asked} | {feature.evidence} |"
