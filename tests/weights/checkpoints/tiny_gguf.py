"""Tiny GGUF files, written byte by byte so that each can lie in its own way."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

UINT8, INT8, UINT16, INT16, UINT32, INT32, FLOAT32, BOOL, STRING, ARRAY, UINT64, INT64, FLOAT64 = range(13)
CODES = {UINT8: "B", INT8: "b", UINT16: "H", INT16: "h", UINT32: "I", INT32: "i", FLOAT32: "f", BOOL: "B", UINT64: "Q", INT64: "q"}
CODES[FLOAT64] = "d"


def text(value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return struct.pack("<Q", len(data)) + data


def value(kind: int, content: Any) -> bytes:
    """The bytes of a value. An array's content is (kind of its items, items)."""
    if kind == STRING:
        return text(content)
    if kind == ARRAY:
        inner, items = content
        return struct.pack("<IQ", inner, len(items)) + b"".join(value(inner, item) for item in items)
    return struct.pack("<" + CODES[kind], content)


def entry(key: str, kind: int, content: Any) -> bytes:
    return text(key) + struct.pack("<I", kind) + value(kind, content)


@dataclass
class Gguf:
    """One file: change a field to make it lie."""

    magic: bytes = b"GGUF"
    version: int = 3
    entries: list[bytes] = field(default_factory=list)
    tensors: list[tuple[str, tuple[int, ...], int, int]] = field(default_factory=list)  # name, dimensions as stored, kind, offset
    data: bytes = b""
    claims: tuple[int, int] | None = None  # tensors, entries
    alignment: int = 32

    def bytes(self) -> bytes:
        tensors, entries = self.claims or (len(self.tensors), len(self.entries))
        head = self.magic + struct.pack("<IQQ", self.version, tensors, entries) + b"".join(self.entries)
        for name, dimensions, kind, offset in self.tensors:
            head += text(name) + struct.pack(f"<I{len(dimensions)}QIQ", len(dimensions), *dimensions, kind, offset)
        return head + b"\0" * (-len(head) % self.alignment) + self.data


LLAMA: Mapping[str, tuple[int, Any]] = {
    "general.architecture": (STRING, "llama"),
    "llama.block_count": (UINT32, 1),
    "llama.context_length": (UINT32, 64),
    "llama.embedding_length": (UINT32, 8),
    "llama.feed_forward_length": (UINT32, 16),
    "llama.attention.head_count": (UINT32, 2),
    "llama.attention.head_count_kv": (UINT32, 1),
    "llama.attention.layer_norm_rms_epsilon": (FLOAT32, 1e-5),
    "llama.rope.freq_base": (FLOAT32, 10000.0),
}


def llama(changes: Mapping[str, tuple[int, Any] | None] | None = None, **fields: Any) -> Gguf:
    """A llama of one layer with only its embedding table, 5 tokens of 8 values. `changes` replaces or (None) removes entries."""
    entries = {**LLAMA, **(changes or {})}
    table = struct.pack("<40f", *range(40))
    given = {"tensors": [("token_embd.weight", (8, 5), 0, 0)], "data": table} | fields
    return Gguf(entries=[entry(key, *pair) for key, pair in entries.items() if pair is not None], **given)
