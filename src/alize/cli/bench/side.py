"""One side of a benchmark, seen from outside. In: a command that starts a worker. Out: answers to works; its last words if it ends."""

import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any

from alize.errors import LocalError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["Measured", "Side"]

_EXPANDED = ("float32", "bfloat16")
_LAST_WORDS = 2000  # bytes of standard error quoted when a worker ends


@dataclass(frozen=True, slots=True)
class Measured:
    """One run of one work."""

    rate: float  # tokens a second
    peak: int  # bytes in memory at most meanwhile
    alone: float | None = None  # of a mixed work: see worker.Timing
    p99: float | None = None


class Side:
    """A worker process (`worker.py` says what it answers). `with Side(…)` ends it, however the block ends."""

    def __init__(self, name: str, command: Sequence[str], weights: dict[str, Any] | None = None, version: str = "") -> None:
        """Start it; `greet` waits until it is ready. Several may load at once, but none does while another measures.

        `name` is that of an engine, behind a slash what it is given. `weights`: facts about the file that it computes with. `version`:
        the engine's.
        """
        self.name, self.engine, self.version = name, name.partition("/")[0], version
        self.weights: dict[str, Any] = weights or {}
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  it lives as long as the worker
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, text=True, encoding="utf-8"
        )
        self.facts: dict[str, Any] = {}

    def greet(self) -> None:
        """Wait for the model to be loaded. Raises LocalError with what the worker said where it cannot be."""
        self.facts = self._hear()
        if self.facts.get("dtype") in _EXPANDED:  # it computes with something else than the file
            bits = 8 * self.facts["weights"] / self.weights["parameters"]
            self.weights |= {"format": self.facts["dtype"], "head": self.facts["dtype"], "bits": round(bits, 2), "read": None}

    def measure(self, prompts: list[list[int]], steps: int, arriving: list[int] | None = None) -> Measured:
        """Raises LocalError where the worker ends."""
        answer = self._ask({"prompts": prompts, "steps": steps, "arriving": arriving or []})
        return Measured(answer["tokens"] / answer["seconds"], answer["peak"], answer["alone"], answer["p99"])

    def memory(self) -> dict[str, int]:
        """Bytes resident now and at most."""
        return self._ask({"memory": True})

    def score(self, tokens: list[int]) -> "npt.NDArray[np.float32]":
        """See worker.py: [tokens, vocabulary], or [tokens - 1] from an engine that gives no logits. Raises LocalError where it ends."""
        import numpy

        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "scores.npy")
            self._ask({"score": tokens, "into": file})
            return numpy.load(file)

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None  # Popen was asked for a pipe
        with suppress(BrokenPipeError):  # it has ended: the next line says why
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
        return self._hear()

    def _hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            status = self._process.wait()
            raise LocalError(f"{self.name} ended with status {status}: {self._last_words()}")
        return json.loads(line)

    def _last_words(self) -> str:
        end = self._errors.seek(0, 2)
        self._errors.seek(max(0, end - _LAST_WORDS))
        lines = [line for line in self._errors.read().decode("utf-8", "replace").splitlines() if line.strip()]
        return lines[-1] if lines else "it said nothing"

    def __enter__(self) -> "Side":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._process.kill()  # it owns nothing that a kill could spoil
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._errors):
            if pipe is not None:
                with suppress(BrokenPipeError):  # a question that a dead worker never read is still in the buffer
                    pipe.close()
