"""The Runner seam. In: a packed batch of token ids and how to sample each row. Out: drawn tokens.

A runner owns the weights and the cache memory; it knows nothing of requests, queues, text or prefixes. The scheduler hands
out cache blocks by number; the runner reads and writes the memory behind them.
"""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from alize.engine.base import SamplingParams, TokenLogprob
from alize.engine.images import Sight
from alize.engine.media import Medium, Shown
from alize.engine.pooling import Pooling
from alize.engine.sounds import Hearing
from alize.weights.adapters import Adapter

__all__ = ["BLOCK", "Batch", "CacheGroup", "Output", "RowSampling", "Runner", "RunnerInfo"]

BLOCK = 16
"""Tokens per cache block. Prefix hashes are chained over blocks of this size, so it never changes."""

Ints = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class CacheGroup:
    """Layers that share one block table, because they keep and forget the same positions.

    Recurrent layers keep a state in place of positions. A block of theirs is a slot: all that is kept of one sequence, however long.
    """

    name: str
    kind: Literal["full", "sliding", "recurrent"]
    layers: tuple[int, ...]
    bytes_per_block: int  # all layers of the group together
    window: int | None = None  # sliding: how many positions back a query can see, itself included


@dataclass(frozen=True, slots=True)
class RunnerInfo:
    name: str  # "torch-cpu", "torch-cuda", "native"
    dtype: str
    dtype_reason: str
    vocab_size: int
    hidden_size: int
    max_context: int
    groups: tuple[CacheGroup, ...]
    weights_bytes: int
    batch_invariant: bool  # True where a row's result never depends on what shares the batch
    max_steps: int = 1  # most decode steps one call may run
    adapter_bytes: int = 0  # that each number of an adapter takes; 0: it has no adapters
    sight: Sight | None = None  # None: it takes no images
    writes: bool = True  # False: an encoder, whose texts have to be in one call whole, and which keeps nothing of them
    pooling: Pooling = "mean"  # which rows of a text become its vector
    hearing: Hearing | None = None  # None: it takes no sounds
    cache_dtype: str = ""  # of keys and values, or of states
    layout: str = ""  # what the bytes of a block depend on beside the weights and the tokens before; empty: they cannot be read or written

    def cache_bytes(self, blocks: Mapping[str, int]) -> int:
        """What pools of so many blocks take, by the groups' names."""
        return sum(group.bytes_per_block * blocks[group.name] for group in self.groups)


@dataclass(frozen=True, slots=True)
class RowSampling:
    """Sampling of one sequence in a batch."""

    params: SamplingParams
    history: tuple[int, ...] = ()  # tokens generated so far, for penalties
    prompt: tuple[int, ...] = ()  # those before them, where the penalty is for these, too
    stop_ids: frozenset[int] = frozenset()
    forbid_stop: int = 0  # for this many more tokens no stop token may be drawn
    limit: int = 1  # draw at most this many tokens in this call
    mask: npt.NDArray[np.uint32] | None = None  # grammar: bit `id % 32` of word `id // 32` set = allowed; single-step only
    due: Callable[[], None] | None = None  # writes masks of this call's rules, its own among them; a no-op when called again

    def after(self, drawn: Sequence[int]) -> "RowSampling":
        """The rule for the token that follows those drawn in this call."""
        if not drawn:
            return self
        counts = self.params.penalizes
        return replace(self, history=(*self.history, *drawn) if counts else (), forbid_stop=max(0, self.forbid_stop - len(drawn)))


@dataclass(frozen=True, slots=True)
class Batch:
    """Sequences packed end to end, without padding.

    Two sequences, the first a decode at position 20, the second the last 3 tokens of a 19-token prompt (blocks of 16):

        tokens    [ 91 | 7 8 9 ]        T = 4
        positions [ 20 | 16 17 18 ]
        lengths   [ 1, 3 ]              query tokens per sequence, R = 2
        contexts  [ 21, 19 ]            tokens in the cache after this call's first step
        tables    {"full": [[4, 2], [4, 9]]}      block numbers; both share block 4, a cached prefix; -1 = given back
                  {"recurrent": [[3], [0]]}       one slot a sequence, never shared; -1 = nothing is kept of this row
        sample    [ True, True ]        False for a prompt that is not finished by this call

    With max_steps > 1 every sequence has length 1 and its table already covers the positions to come.
    """

    tokens: Ints  # [T]
    positions: Ints  # [T]
    lengths: Ints  # [R]
    contexts: Ints  # [R]
    tables: Mapping[str, Ints]  # group name → [R, most blocks of any sequence]
    sample: npt.NDArray[np.bool_]  # [R]
    adapters: tuple[str | None, ...] = ()  # key per sequence, None = the model alone; empty = all of them
    shown: tuple[Shown, ...] = ()  # the images and sounds that some of the tokens show a part of
    want: Literal["tokens", "logits", "hidden"] = "tokens"


@dataclass(frozen=True, slots=True)
class Output:
    """What a call drew, in the order of the batch's sequences."""

    tokens: tuple[tuple[int, ...], ...]  # [R][≤ max_steps]; () where sample is False; ends early after a stop token
    logprobs: tuple[tuple[TokenLogprob, ...], ...] = ()  # parallel to tokens, where any row asked
    failures: tuple[tuple[int, str], ...] = ()  # (row, why it gave no further token)
    values: npt.NDArray[np.float32] | None = None  # want "logits": [T, V]; want "hidden": [T, D], after the last norm


class Runner(Protocol):
    """Computes one model on one machine."""

    @property
    def info(self) -> RunnerInfo: ...

    def allocate(self, blocks: Mapping[str, int]) -> None:
        """Make room for this many blocks in each group, forgetting what was cached. Raises MemoryError, changing nothing."""
        ...

    def run(self, batch: Batch, sampling: Sequence[RowSampling], max_steps: int = 1) -> Output:
        """Write the batch's keys and values into its blocks and draw the next token of each sequence marked `sample`.

        The whole batch is written before any of it is read: a sequence may share blocks that another one fills in the same call.
        With max_steps > 1, go on decoding inside the call; a row ends early at a stop token or its own limit.
        What the batch shows of images and sounds has been encoded.
        A batch may be one that was given before, with other numbers in the same arrays: keep none of these. Rules in a tuple do not change.
        Touches only blocks named in the tables. A slot is moved past each token once, and no further than its row has got; a row at
        position 0 begins with an empty one, whatever it held. Where this raises, slots it was given may have moved: do not go on from them.
        What is `due` of any rule is done while the batch is computed, by any thread and several at once, before a token is drawn; a runner
        that cannot do both at a time does it first.
        """
        ...

    def encoded(self, medium: Medium) -> bool:
        """Whether an image or a sound is encoded, so that a batch may show it."""
        ...

    def encode(self, media: Sequence[Medium], budget: int) -> None:
        """Go on encoding these, for about as long as `budget` tokens of a prompt take, but by one piece at least.

        One is encoded after the other, the one that has begun first: no more than one is half done, and that is all that is held.
        One that has begun and is not among these is given up. What an encoder gives depends on nothing but the medium: not on the budgets,
        and not on what was computed in between. Where this raises, what was encoded stays, and what was half done begins again.
        """
        ...

    def keep(self, keys: AbstractSet[bytes]) -> None:
        """Give up encoding what has none of these keys, and forget of what is encoded without one as much as the runner sees fit."""
        ...

    def load_adapter(self, key: str, adapter: Adapter) -> None:
        """Take an adapter into memory, for batches that name its key. Raises CheckpointInvalid, changing nothing, where it does not fit."""
        ...

    def drop_adapter(self, key: str) -> None:
        """Free its memory; no batch names it any more. A no-op for one that is not here."""
        ...

    def read_block(self, group: str, block: int) -> bytes:
        """What is kept in a block, `bytes_per_block` of it: a copy.

        This and `write_block` only where `info.layout` says something, and between two calls of `run`.
        """
        ...

    def write_block(self, group: str, block: int, data: bytes) -> None:
        """Make a block what it was when `read_block` gave these bytes, to this runner or another one with the same weights and `layout`."""
        ...

    def close(self) -> None:
        """Free weights and cache. A no-op when closed."""
        ...
