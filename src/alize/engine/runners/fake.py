"""FakeRunner: a model of a few lines, for tests and demonstrations. In: a packed batch. Out: tokens that prove the cache was right.

Its cache holds the token ids themselves, and for those that show a part of an image or a sound a number made of it. The next token is
a checksum of the whole sequence as read back through the block tables, so a block that was shared wrongly, freed early or never written
changes every token after it. A state is that checksum itself, moved on by each token: one that was moved twice, left behind or mixed up
never comes right again. With an adapter, tokens are kept as other numbers. To encode an image or a sound takes as many pieces as it has
tokens, and all is forgotten that need not be kept. No weights, no PyTorch, microseconds.
"""

import zlib
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

import numpy as np

from alize.engine.images import Sight
from alize.engine.media import Medium
from alize.engine.runners.base import BLOCK, Batch, CacheGroup, Output, RowSampling, RunnerInfo
from alize.engine.runners.gained import Gained
from alize.engine.sample import sample_row
from alize.engine.sounds import Hearing
from alize.weights.adapters import Adapter

__all__ = ["FakeRunner"]

_BLOCK_BYTES = 1 << 10


class FakeRunner:
    """See `Runner` for what each method promises."""

    def __init__(
        self,
        vocab: int = 64,
        max_context: int = 512,
        window: int | None = None,
        max_steps: int = 64,
        states: bool = False,
        full: bool = True,
        sight: Sight | None = None,
        hearing: Hearing | None = None,
    ) -> None:
        """Which layers it has: those that see everything; with a window, some that forget what lies behind it; some that keep a state."""
        groups = [CacheGroup("full", "full", (0,), _BLOCK_BYTES)] if full else []
        if window is not None:
            groups.append(CacheGroup("sliding", "sliding", (1,), _BLOCK_BYTES, window))
        if states:
            groups.append(CacheGroup("recurrent", "recurrent", (2,), 1 << 14))
        self._info = RunnerInfo(
            name="fake",
            dtype="int64",
            dtype_reason="token ids",
            vocab_size=vocab,
            hidden_size=1,
            max_context=max_context,
            groups=tuple(groups),
            weights_bytes=0,
            batch_invariant=True,
            max_steps=1 if hearing is not None and hearing.streams else max_steps,
            adapter_bytes=1,
            sight=sight,
            hearing=hearing,
            cache_dtype="int64",
            layout="" if states else "token ids",
        )
        self._caches: dict[str, np.ndarray] = {}
        self._states: list[tuple[int, int]] = []  # of each slot, how many tokens it has moved past and their checksum
        self._passed: dict[tuple[int, int], int] = {}  # in this call: slot, tokens → checksum
        self.adapters: set[str] = set()  # the keys of those in memory
        self.calls = 0  # how often `run` was called
        self.tokens = 0  # how many tokens it was given
        self.perceived: set[bytes] = set()  # the keys of what is encoded
        self.half: tuple[bytes, int] | None = None  # what is being encoded, and how many pieces of it are
        self.pieces: list[int] = []  # how many each call of `encode` computed

    @property
    def info(self) -> RunnerInfo:
        return self._info

    def allocate(self, blocks: Mapping[str, int]) -> None:
        self._caches = {name: np.full(count * BLOCK, -1, np.int64) for name, count in blocks.items() if name != "recurrent"}
        self._states = [(0, 0)] * blocks.get("recurrent", 0)

    def run(self, batch: Batch, sampling: Sequence[RowSampling], max_steps: int = 1) -> Output:
        self.calls += 1
        self.tokens += len(batch.tokens)
        self._passed = {}
        starts = np.cumsum(batch.lengths) - batch.lengths
        assert all(self.encoded(piece.medium) for piece in batch.shown if len(piece.rows()[0])), "a batch shows what is not encoded"
        self._write(batch, np.repeat(np.arange(len(batch.lengths)), batch.lengths), batch.positions, _seen(batch))
        if batch.want != "tokens":
            logits = [self._logits(batch, row, int(p) + 1) for row, s, n in self._rows(batch, starts) for p in batch.positions[s : s + n]]
            values = np.stack(logits)
            return Output(((),) * len(batch.lengths), values=values if batch.want == "logits" else values.sum(1, keepdims=True))
        gained = Gained(len(batch.lengths))
        rows: list[int] = np.flatnonzero(batch.sample).tolist()
        for row in rows:
            if (due := sampling[row].due) is not None:
                due()
        for row in rows:
            context, going = int(batch.contexts[row]), [row]
            while going:
                rule = sampling[row].after(gained.tokens[row])
                gained.add(going, [sample_row(self._logits(batch, row, context), rule, context)])
                going = gained.going(going, sampling) if len(gained.tokens[row]) < max_steps else []
                if going:
                    self._write(batch, np.array([row]), np.array([context]), np.array([gained.tokens[row][-1]]))
                    context += 1
        return gained.output()

    def encoded(self, medium: Medium) -> bool:
        return medium.key in self.perceived

    def encode(self, media: Sequence[Medium], budget: int) -> None:
        half, computed = self.half, 0
        self.half = half = half if half is not None and half[0] in {medium.key for medium in media} else None
        for medium in sorted(media, key=lambda medium: half is None or medium.key != half[0]):
            while medium.key not in self.perceived and computed < max(1, budget):
                done = 1 + (self.half[1] if self.half is not None else 0)
                computed += 1
                self.half = (medium.key, done) if done < medium.length else None
                self.perceived |= {medium.key} if self.half is None else set()
        self.pieces.append(computed)

    def keep(self, keys: AbstractSet[bytes]) -> None:
        self.perceived &= keys
        self.half = self.half if self.half is not None and self.half[0] in keys else None

    def load_adapter(self, key: str, adapter: Adapter) -> None:
        self.adapters.add(key)

    def drop_adapter(self, key: str) -> None:
        self.adapters.discard(key)

    def read_block(self, group: str, block: int) -> bytes:
        return self._caches[group][block * BLOCK : (block + 1) * BLOCK].tobytes().ljust(_BLOCK_BYTES, b"\0")

    def write_block(self, group: str, block: int, data: bytes) -> None:
        assert len(data) == _BLOCK_BYTES, "these bytes are no block's"
        self._caches[group][block * BLOCK : (block + 1) * BLOCK] = np.frombuffer(data, np.int64, BLOCK)

    def close(self) -> None:
        self._caches = {}

    def _rows(self, batch: Batch, starts: np.ndarray) -> list[tuple[int, int, int]]:
        return [(row, int(start), int(length)) for row, (start, length) in enumerate(zip(starts, batch.lengths, strict=True))]

    def _write(self, batch: Batch, rows: np.ndarray, positions: np.ndarray, tokens: np.ndarray) -> None:
        if batch.adapters:
            assert self.adapters.issuperset(filter(None, batch.adapters)), "a batch names an adapter that is gone"
            tokens = tokens + np.asarray([zlib.crc32((key or "").encode()) % 1_000_003 for key in batch.adapters])[rows]
        for name, cache in self._caches.items():
            blocks = batch.tables[name][rows, positions // BLOCK]
            assert (blocks >= 0).all(), "a position was given no block"
            cache[blocks * BLOCK + positions % BLOCK] = tokens
        if self._states:
            for row, position, token in zip(rows.tolist(), positions.tolist(), tokens.tolist(), strict=True):
                self._move(int(batch.tables["recurrent"][row, 0]), position, token)

    def _move(self, slot: int, position: int, token: int) -> None:
        """Past one token."""
        assert slot >= 0, "a sequence was given no slot"
        passed, checksum = self._states[slot] if position else (0, 0)
        assert passed == position, f"a state that has moved past {passed} tokens was given the one at {position}"
        self._states[slot] = passed + 1, _checksum(checksum, token)
        self._passed[slot, passed + 1] = self._states[slot][1]

    def _logits(self, batch: Batch, row: int, context: int) -> np.ndarray:
        """Peaks at a checksum of what every group still sees of positions 0 … context-1."""
        checksum = 0
        for group in self._info.groups:
            if group.kind == "recurrent":
                checksum = _checksum(checksum, self._passed[int(batch.tables[group.name][row, 0]), context])
                continue
            positions = np.arange(0 if group.window is None else max(0, context - group.window), context)
            blocks = batch.tables[group.name][row, positions // BLOCK]
            assert (blocks >= 0).all(), "a block was given back that is still seen"
            for token in self._caches[group.name][blocks * BLOCK + positions % BLOCK].tolist():
                checksum = _checksum(checksum, token)
        logits = np.zeros(self._info.vocab_size, np.float32)
        logits[checksum % self._info.vocab_size] = 4.0
        return logits


def _checksum(so_far: int, token: int) -> int:
    return (so_far * 31 + token + 7) % 1_000_003


def _seen(batch: Batch) -> np.ndarray:
    """The tokens, and for each that shows a part of an image or a sound a number that no other part of any has, nearly."""
    values = batch.tokens.astype(np.int64)
    for piece in batch.shown:
        at, rows = piece.rows()
        values[at] = (int.from_bytes(piece.medium.key[:6], "little") + rows * 7919) % 1_000_003
    return values
