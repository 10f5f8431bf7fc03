"""What fewer bits cost. In: an original, and the same model rounded. Out: how much worse it predicts a text, and how often otherwise.

The text is cut into windows that are run one by one, each from nothing. At every place of a window a model gives a probability to every
token that could come next; p are the original's, q the rounded one's, x the token that does come:

    perplexity      exp of the mean of -ln q(x): among how many equally likely tokens the model hesitates; less is better
    agreement       the share of places where both find the same token likeliest
    KL              the mean of Σ p · ln(p / q): how much is lost by taking q for p, in nats; 0 where they are the same

The perplexity of a small text moves by a few percent with the text; KL and agreement compare the two at every token, and tell kinds apart
that perplexity cannot. One model is in memory at a time: the original's probabilities wait in a temporary file.
"""

import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from alize.errors import InvalidRequest
from alize.library import Model, load
from alize.wording import quantity

__all__ = ["Cost", "measured"]

Report = Callable[[int, int, str], None]
Floats = npt.NDArray[np.float32]
WINDOW = 512  # tokens; what a window's probabilities take follows from it: 100 MB for a vocabulary of 49,152


@dataclass(frozen=True, slots=True)
class Cost:
    """One model beside the original; the original beside itself has agreement 1 and KL 0."""

    model: str
    bytes: int  # of all its files
    perplexity: float
    agreement: float
    kl: float


def measured(
    original: Path,
    others: Sequence[Path],
    text: str,
    report: Report = lambda done, total, what: None,
    most: int = 0,
    home: Path | None = None,
) -> list[Cost]:
    """The original first. `most` limits the tokens; 0 is all of them.

    Raises InvalidRequest for a text that is too short, or too long for the disk, and for a model whose tokens are others.
    """
    with _loaded(original, home) as model:
        tokens = model.tokenizer.encode(text)[: most or None]
        if len(tokens) < 2:
            raise InvalidRequest("The text has fewer than two tokens: there is nothing to predict.", remedy="Give a longer one.")
        windows = list(_windows(model, tokens))
        vocabulary = len(model.logits(windows[0][:2])[0])
        places = sum(len(window) - 1 for window in windows)
        _check_room(places * vocabulary * 4)
        with tempfile.TemporaryFile() as file:
            kept: Floats = np.memmap(file, np.float32, "w+", shape=(places, vocabulary))
            costs = [_beside(model, original, windows, kept, True, report)]
            model.close()
            for path in others:
                with _loaded(path, home) as other:
                    if other.tokenizer.encode(text)[: most or None] != tokens:
                        raise InvalidRequest(f"{path} cuts the text into other tokens than {original}: it is another model.")
                    costs.append(_beside(other, path, windows, kept, False, report))
    return costs


def _check_room(needed: int) -> None:
    """Mapped memory that the disk has no place for ends the process that writes it."""
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if needed > free:
        raise InvalidRequest(
            f"The original's probabilities need {needed / 1e9:.2f} GB in {tempfile.gettempdir()}, and {free / 1e9:.2f} GB are free.",
            remedy="Give fewer tokens, or another place in TMPDIR.",
        )


@contextmanager
def _loaded(path: Path, home: Path | None) -> Generator[Model]:
    model = load(path, home=home, dtype="float32")
    try:
        yield model
    finally:
        model.close()


def _windows(model: Model, tokens: list[int]) -> Iterator[list[int]]:
    """Each with what a text begins with. A last one of a single token says nothing."""
    start = [] if model.tokenizer.bos_id is None else [model.tokenizer.bos_id]
    size = min(WINDOW, model.info.max_context) - len(start)
    for at in range(0, len(tokens), size):
        window = start + tokens[at : at + size]
        if len(window) > 1:
            yield window


def _beside(model: Model, path: Path, windows: Sequence[list[int]], kept: Floats, first: bool, report: Report) -> Cost:
    """The sums over all places. `kept` is written where the model is the original, and read otherwise."""
    at, surprise, same, lost = 0, 0.0, 0, 0.0
    for number, window in enumerate(windows):
        logs = _log_probabilities(model.logits(window)[:-1])
        if logs.shape[1] != kept.shape[1]:
            raise InvalidRequest(
                f"{path} knows {quantity(logs.shape[1], 'token')}, and the original {kept.shape[1]}: they cannot be compared."
            )
        where = slice(at, at + len(logs))
        if first:
            kept[where] = logs
        theirs: Floats = kept[where]
        surprise -= float(np.take_along_axis(logs, np.array(window[1:])[:, None], axis=1).sum(dtype=np.float64))
        same += int((logs.argmax(axis=1) == theirs.argmax(axis=1)).sum())
        lost += float((np.exp(theirs) * (theirs - logs)).sum(dtype=np.float64))
        at += len(logs)
        report(number + 1, len(windows), path.name)
    return Cost(path.name, _size(path), float(np.exp(surprise / at)), same / at, max(0.0, lost / at))


def _log_probabilities(logits: Floats) -> Floats:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True, dtype=np.float64)).astype(np.float32)


def _size(path: Path) -> int:
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) if path.is_dir() else path.stat().st_size
