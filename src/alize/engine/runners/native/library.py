"""The C++ core as Python sees it. In: nothing. Out: its functions, and the structures they take, field for field those of csrc/.

A plain C interface, so that one build serves every version of Python and needs no headers of it; a call lets other threads of Python run.
"""

import ctypes
import hashlib
import mmap
import sys
from contextlib import suppress
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_double, c_float, c_int32, c_int64, c_size_t, c_uint64, c_void_p
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from alize.errors import Missing

__all__ = [
    "FORMATS",
    "SIXTEEN",
    "AdapterC",
    "Arena",
    "BesideC",
    "CacheC",
    "DrawC",
    "DrawnC",
    "FeedForwardC",
    "LayerC",
    "LowRankC",
    "MatrixC",
    "ModelC",
    "Packer",
    "RouterC",
    "RowsC",
    "StepC",
    "built",
    "compiled_by",
    "library",
    "mapped",
    "native_kernels",
]

FORMATS = {"Q4_1": 0, "Q4_0": 1, "Q8_0": 2, "Q4_K": 3, "Q5_K": 4, "Q6_K": 5, "Q5_0": 6, "Q5_1": 7, "F16": 8, "BF16": 9}
"""Kinds of tensors that kernels take, exactly as their file has them, by their number in csrc/formats.h."""

SIXTEEN = ("BF16", "F16")
"""Of these, the kinds of floats, by which rows are multiplied without being rounded."""

_FILE = "libalize.so"


class MatrixC(Structure):
    _fields_ = [
        ("format", c_int32),
        ("rows", c_int32),
        ("columns", c_int32),
        ("values", c_void_p),
        ("scales", c_void_p),
        ("minimums", c_void_p),
        ("factors", c_void_p),
    ]


class PackingC(Structure):
    _fields_ = [("matrix", POINTER(MatrixC)), ("blocks", c_void_p), ("rows", c_void_p)]


class RoomC(Structure):
    """Bytes of values, numbers of scales and of minimums, bytes of factors."""

    _fields_ = [("values", c_size_t), ("scales", c_size_t), ("minimums", c_size_t), ("factors", c_size_t)]


class RowsC(Structure):
    _fields_ = [
        ("integers", c_void_p),
        ("scales", c_void_p),
        ("sums", c_void_p),
        ("halves", c_void_p),
        ("marks", c_void_p),
        ("apart", c_void_p),
        ("numbers", c_void_p),
        ("stride", c_int32),
        ("blocks", c_int32),
        ("groups", c_int32),
        ("marks_stride", c_int32),
        ("numbers_stride", c_int32),
    ]


class FeedForwardC(Structure):
    """Of a layer, or of one of its experts."""

    _fields_ = [("gate_up", MatrixC), ("up", MatrixC), ("down", MatrixC)]


class LayerC(Structure):
    _fields_ = [
        ("attention_norm", c_void_p),
        ("mlp_norm", c_void_p),
        ("qkv", MatrixC * 3),
        ("query_norm", c_void_p),
        ("key_norm", c_void_p),
        ("out", MatrixC),
        ("mlp", FeedForwardC),
        ("router", c_void_p),
        ("experts", c_void_p),
        ("cosines", c_void_p),
        ("sines", c_void_p),
        ("table", c_int32),
        ("window", c_int32),
    ]


class ModelC(Structure):
    _fields_ = [
        ("dim", c_int32),
        ("heads", c_int32),
        ("kv_heads", c_int32),
        ("head", c_int32),
        ("mlp", c_int32),
        ("vocab", c_int32),
        ("layers", c_int32),
        ("experts", c_int32),
        ("active", c_int32),
        ("expert_mlp", c_int32),
        ("epsilon", c_float),
        ("query_scale", c_float),
        ("share_scale", c_float),
        ("embedding", MatrixC),
        ("vocabulary", MatrixC),
        ("norm", c_void_p),
        ("layer", POINTER(LayerC)),
    ]


class LowRankC(Structure):
    _fields_ = [("a", c_void_p), ("b", c_void_p), ("first", c_void_p), ("rank", c_int32), ("width", c_int32)]


class AdapterC(Structure):
    """Of one layer."""

    _fields_ = [("qkv", LowRankC), ("out", LowRankC), ("gate_up", LowRankC), ("down", LowRankC)]


class CacheC(Structure):
    _fields_ = [("keys", c_void_p), ("values", c_void_p), ("stride", c_size_t), ("kept", c_int32)]


class RouterC(Structure):
    """A layer's, as its kernel takes it by itself: for tests."""

    _fields_ = [("weights", c_void_p), ("experts", c_int32), ("active", c_int32), ("columns", c_int32), ("scale", c_float)]


class DrawC(Structure):
    _fields_ = [
        ("seed", c_uint64),
        ("position", c_int64),
        ("temperature", c_double),
        ("min_p", c_double),
        ("top_p", c_double),
        ("presence", c_double),
        ("frequency", c_double),
        ("repetition", c_double),
        ("prompt", c_void_p),
        ("said", c_void_p),
        ("biased", c_void_p),
        ("bias", c_void_p),
        ("forbidden", c_void_p),
        ("mask", c_void_p),
        ("prompt_count", c_int32),
        ("said_count", c_int32),
        ("biases", c_int32),
        ("forbidden_count", c_int32),
        ("words", c_int32),
        ("top_k", c_int32),
        ("logprobs", c_int32),
    ]


class DrawnC(Structure):
    _fields_ = [("token", c_void_p), ("logprob", c_void_p), ("top", c_void_p), ("top_logprob", c_void_p), ("most", c_int32)]


BesideC = CFUNCTYPE(None, c_int32)
"""What a step calls with the number of a task. It lets nothing be raised."""


class StepC(Structure):
    _fields_ = [
        ("tokens", c_int32),
        ("sequences", c_int32),
        ("token", c_void_p),
        ("position", c_void_p),
        ("length", c_void_p),
        ("table", c_void_p),
        ("width", c_void_p),
        ("row", c_void_p),
        ("rows", c_int32),
        ("adapter", c_void_p),
        ("widest_rank", c_int32),
        ("hidden", c_void_p),
        ("logits", c_void_p),
        ("draw", c_char_p),
        ("drawn", c_void_p),
        ("beside", BesideC),
        ("besides", c_int32),
    ]


_STRUCTURES = (MatrixC, RowsC, LowRankC, AdapterC, FeedForwardC, LayerC, ModelC, CacheC, DrawC, DrawnC, StepC, RouterC, PackingC)
"""In the order of alize_sizes."""

_FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "alize_sizes": (POINTER(c_int32), []),
    "alize_compiler": (c_char_p, []),
    "alize_kernels": (c_void_p, [c_char_p]),
    "alize_kernels_name": (c_char_p, [c_void_p]),
    "alize_room": (None, [c_int32, c_int64, c_int64, POINTER(RoomC)]),
    "alize_pack": (c_int32, [POINTER(PackingC), c_int32, c_int32]),
    "alize_unpack_row": (None, [POINTER(MatrixC), c_int32, c_void_p]),
    "alize_turns": (None, [c_void_p, c_int32, c_int32, c_float, c_void_p, c_void_p]),
    "alize_open": (c_void_p, [POINTER(ModelC), c_void_p, c_int32]),
    "alize_give_cache": (c_int32, [c_void_p, POINTER(CacheC), c_int32]),
    "alize_run": (c_int32, [c_void_p, POINTER(StepC)]),
    "alize_close": (None, [c_void_p]),
    "alize_quantise": (None, [c_void_p, c_void_p, c_int32, *[c_void_p] * 6]),
    "alize_product": (
        None,
        [c_void_p, POINTER(MatrixC), c_int32, c_int32, POINTER(RowsC), c_int32, c_int32, c_void_p, c_size_t],
    ),
    "alize_route": (None, [c_void_p, POINTER(RouterC), *[c_void_p] * 4]),
    "alize_draw": (c_int32, [c_void_p, c_void_p, c_int32, c_int32, c_char_p, c_void_p]),
}


@cache
def library() -> ctypes.CDLL:
    """Raises Missing where the core was not built."""
    try:
        loaded = ctypes.CDLL(str(_file()))
    except OSError as error:
        raise Missing(
            f"The native core is not there: {error}.",
            remedy="Install a C++ compiler and install Alizé again, or go on with PyTorch.",
        ) from error
    try:
        for name, (returns, takes) in _FUNCTIONS.items():
            function = getattr(loaded, name)
            function.restype, function.argtypes = returns, takes
        alike = loaded.alize_sizes()[: len(_STRUCTURES)] == [ctypes.sizeof(each) for each in _STRUCTURES]
    except AttributeError:
        alike = False
    if not alike:
        raise Missing("The native core was built from other sources than these.", remedy="Install Alizé again: it is built then.")
    return loaded


@cache
def built() -> str:
    """Which build this is: two that differ in a byte may compute with other bits. Raises Missing."""
    library()
    return hashlib.blake2b(_file().read_bytes(), digest_size=16).hexdigest()


def _file() -> Path:
    """An installation that reads its modules from a clone has what is built beside the installed ones: a package may lie in two folders."""
    folders = [Path(folder) for folder in sys.modules["alize.engine.runners.native"].__path__]
    return next((folder / _FILE for folder in folders if (folder / _FILE).is_file()), folders[0] / _FILE)


def compiled_by() -> str:
    """The compiler that built the core. Raises Missing."""
    return library().alize_compiler().decode()


def native_kernels(wish: str = "") -> tuple[int, str] | None:
    """(handle, name) of the fastest kernels that run here, or of those named. None where these do not. Raises Missing."""
    handle = library().alize_kernels(wish.encode() or None)
    return None if handle is None else (handle, library().alize_kernels_name(handle).decode())


class Arena:
    """Memory in few large pieces, which the system is asked to give by pages of 2 MB: reading 100 MB of weights in each step takes 25,000
    small ones, more than a processor remembers the places of.

    A page that nobody has written takes no memory. Arrays keep their piece alive.
    """

    def __init__(self) -> None:
        self._piece = np.empty(0, np.uint8)

    def take(self, count: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """An array that begins with a page. Raises MemoryError."""
        size = np.dtype(dtype).itemsize * count
        whole = -(-size // _PAGE) * _PAGE
        if whole > len(self._piece):
            self._piece = mapped(max(whole, _PIECE))
        taken, self._piece = self._piece[:size], self._piece[whole:]
        return taken.view(dtype)


_PAGE, _LARGE, _PIECE = 4096, 2 * 2**20, 32 * 2**20


def mapped(size: int) -> npt.NDArray[np.uint8]:
    """So many bytes, zeros, that begin where a large page can, and take no memory until they are written. Raises MemoryError.

    `np.zeros` writes them all where it is given memory that was freed before.
    """
    try:
        memory = mmap.mmap(-1, size + _LARGE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except OSError as error:
        raise MemoryError(f"no {size} bytes of memory") from error
    if hasattr(mmap, "MADV_HUGEPAGE"):
        with suppress(OSError):  # a system without large pages
            memory.madvise(mmap.MADV_HUGEPAGE)
    octets = np.frombuffer(memory, np.uint8)
    start = -octets.ctypes.data % _LARGE
    return octets[start : start + size]


class Packer:
    """Lays matrices out as kernels read them: where at once, with what in them by `flush`, all together and by all threads."""

    def __init__(self, arena: Arena, threads: int) -> None:
        self._arena, self._threads = arena, threads
        self._waiting: list[tuple[MatrixC, npt.NDArray[np.uint8], npt.NDArray[np.int32]]] = []
        self.waiting_bytes = 0

    def add(
        self, kind: str, blocks: npt.NDArray[np.uint8], rows: npt.NDArray[np.int32], columns: int
    ) -> tuple[MatrixC, list[npt.NDArray[Any]]]:
        """A matrix of `rows` of a tensor, -1 for one of zeros; and the arrays that it points into. Raises MemoryError."""
        room = RoomC()
        library().alize_room(FORMATS[kind], len(rows), columns, ctypes.byref(room))
        sizes: list[tuple[int, npt.DTypeLike]] = [
            (room.values, np.uint8),
            (room.scales, np.uint16),
            (room.minimums, np.uint16),
            (room.factors, np.uint8),
        ]
        arrays = [self._arena.take(count, dtype) for count, dtype in sizes]
        matrix = MatrixC(FORMATS[kind], len(rows), columns, *(each.ctypes.data if len(each) else None for each in arrays))
        self._waiting.append((matrix, np.ascontiguousarray(blocks), np.ascontiguousarray(rows)))
        self.waiting_bytes += blocks.nbytes
        return matrix, arrays

    def flush(self) -> None:
        """Pack what was added. Raises MemoryError."""
        waiting, self._waiting, self.waiting_bytes = self._waiting, [], 0
        packings = [PackingC(ctypes.pointer(matrix), blocks.ctypes.data, rows.ctypes.data) for matrix, blocks, rows in waiting]
        if library().alize_pack((PackingC * len(packings))(*packings), len(packings), self._threads):
            raise MemoryError("no memory to pack weights")
