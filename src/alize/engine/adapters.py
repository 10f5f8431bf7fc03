"""Which adapter a name means. In: names and paths, requests that begin and end. Out: keys, under which a runner has adapters in memory.

A key is the SHA-256 of what the adapter holds. Giving a name another file makes a new generation of it, in between two steps: requests that
came before keep the key, and thereby the weights, that they came with; the old weights go when the last of them has ended. Cached prefixes
are found by key, so none is shared across adapters or generations, and none is lost where two names mean the same.

    set("law", folder)    generation 1   key a   held by the name
    request 1 comes                      key a   held by the name and the request
    set("law", folder)    generation 2   key b   a held by request 1 alone
    request 1 ends                               a is dropped
"""

from collections import Counter
from pathlib import Path

from alize.engine.base import AdapterInfo, Unavailable
from alize.engine.fit import Room, allocating, gib
from alize.engine.runners.base import Runner
from alize.engine.schedule import Limits
from alize.errors import AlizeError, CheckpointInvalid, InvalidRequest, OutOfMemory, UnsupportedParameter
from alize.reasons import because
from alize.weights.adapters import Adapter, open_adapter
from alize.wording import quantity

__all__ = ["Adapters"]


class Adapters:
    """Of one engine. Not thread-safe: the engine's loop owns it."""

    def __init__(self, runner: Runner, limits: Limits, room: Room | None = None) -> None:
        """`room` is what is left beside the weights and the cache; None asks nobody."""
        self._runner, self._limits, self._room = runner, limits, room
        self._named: dict[str, AdapterInfo] = {}
        self._unavailable: dict[str, Unavailable] = {}
        self._generations: Counter[str] = Counter()
        self._holders: Counter[str] = Counter()  # key → names and sequences
        self._bytes: dict[str, int] = {}  # of each key in memory

    @property
    def infos(self) -> tuple[AdapterInfo, ...]:
        return tuple(self._named.values())

    @property
    def unavailable(self) -> tuple[Unavailable, ...]:
        """Those that `try_set` could not set, until they are set or removed."""
        return tuple(self._unavailable.values())

    @property
    def memory(self) -> int:
        """Bytes of all that are in memory, those that only running requests still hold among them."""
        return sum(self._bytes.values())

    def set(self, name: str, path: str) -> None:
        """Have a name mean the adapter at a path from now on. Nothing changes where it does already.

        Raises UnsupportedParameter where the runner has no adapters, CheckpointInvalid for one that cannot be read or is of another model,
        InvalidRequest and OutOfMemory where there would be too many; then the name means what it meant.
        """
        size = self._runner.info.adapter_bytes
        if not size:
            raise UnsupportedParameter(f"This engine has no adapters; '{name}' cannot be set.", param="model")
        adapter, before = open_adapter(Path(path)), self._named.get(name)
        if before is not None and before.sha256 == adapter.sha256:
            return
        self._refuse(name, adapter, adapter.numbers * size)
        if adapter.sha256 not in self._bytes:
            with allocating(str(adapter.path), "Remove another adapter, or set cache_memory to fewer GiB."):
                self._runner.load_adapter(adapter.sha256, adapter)
            self._bytes[adapter.sha256] = adapter.numbers * size
        self._generations[name] += 1
        self._holders[adapter.sha256] += 1
        self._named[name] = AdapterInfo(name, self._generations[name], adapter.sha256, adapter.rank, adapter.numbers * size, adapter.base)
        self._unavailable.pop(name, None)
        if before is not None:
            self.release(before.sha256)

    def try_set(self, name: str, path: str) -> None:
        """`set`, where one that fails is noted and the others are served without it. Raises nothing that is said of an adapter."""
        try:
            self.set(name, path)
        except AlizeError as error:
            self._unavailable[name] = Unavailable(name, path, error.text)

    def remove(self, name: str) -> None:
        """Have a name mean nothing. A no-op where it does not mean anything."""
        self._unavailable.pop(name, None)
        before = self._named.pop(name, None)
        if before is not None:
            self.release(before.sha256)

    def hold(self, name: str | None) -> str | None:
        """The key of a name, in memory until `release`. Raises UnsupportedParameter for a name that means nothing."""
        if name is None:
            return None
        if name not in self._named:
            known = ", ".join(sorted(self._named)) or "none"
            raise UnsupportedParameter(
                f"This engine has no adapter '{name[:200]}'.",
                param="model",
                remedy=f"Choose one of those it has: {known[:500]}.",
                reason=because("adapter_unknown", adapter=name[:200]),
            )
        key = self._named[name].sha256
        self._holders[key] += 1
        return key

    def release(self, key: str | None) -> None:
        """Let go of what `hold` gave."""
        if key is None:
            return
        self._holders[key] -= 1
        if not self._holders[key]:
            del self._holders[key], self._bytes[key]
            self._runner.drop_adapter(key)

    def check(self, sequences: Counter[str]) -> None:
        """Raise AssertionError where the books do not balance. `sequences`: how many hold each key."""
        names = Counter(info.sha256 for info in self._named.values())
        assert names + sequences == self._holders, "adapters are held by nobody, or not by somebody"

    def _refuse(self, name: str, adapter: Adapter, size: int) -> None:
        limits = self._limits
        if name not in self._named and len(self._named) >= limits.adapters:
            raise InvalidRequest(
                f"This server holds {quantity(len(self._named), 'adapter')}, as many as it may.",
                remedy="Remove one, or raise the setting max_adapters.",
            )
        if adapter.rank > limits.adapter_rank:
            raise CheckpointInvalid(
                f"{adapter.path} is of rank {adapter.rank}, and {limits.adapter_rank} is the highest that is taken.",
                remedy="Raise the setting max_adapter_rank, or merge it: alize merge.",
            )
        if adapter.sha256 in self._bytes:
            return
        before = self._named.get(name)
        freed = self._bytes[before.sha256] if before is not None and self._holders[before.sha256] == 1 else 0
        if self.memory - freed + size > limits.adapter_bytes:
            raise OutOfMemory(
                f"{adapter.path} takes {size} bytes, and the adapters here {self.memory - freed} of the {limits.adapter_bytes} they may.",
                remedy="Remove one, or raise the setting adapter_memory.",
            )
        left = self._room.left(self.memory) if self._room is not None else size  # what is replaced goes only when this is here
        if size > left:
            raise OutOfMemory(
                f"{adapter.path} does not fit into memory: it takes {gib(size)}, and {gib(left)} are free beside weights and cache.",
                remedy="Remove another adapter, set cache_memory to fewer GiB, or raise the setting memory where it is set.",
            )
