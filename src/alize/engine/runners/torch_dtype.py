"""Which number format computes fastest here. In: a device. Out: a dtype and the measurement that chose it.

CPUs differ by a factor of ten in both directions: with AVX-512 BF16 bfloat16 is twice as fast as float32, on AVX2 alone it is six times
slower. So it is measured, never assumed.
"""

import time

import torch

__all__ = ["choose_dtype"]

_NAMES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float64": torch.float64}


def choose_dtype(wanted: str, device: str = "cpu") -> tuple[torch.dtype, str]:
    """The dtype that `wanted` names, or for "auto" the fastest, and why."""
    if wanted != "auto":
        return _NAMES[wanted], "as set"
    if device != "cpu":
        return torch.bfloat16, "every GPU that PyTorch 2.13 supports has it"
    rates = {name: _rate(_NAMES[name]) for name in ("float32", "bfloat16")}
    best = max(rates, key=lambda name: rates[name])
    measured = ", ".join(f"{name} {rate:.0f}" for name, rate in rates.items())
    return _NAMES[best], f"fastest of {measured} GFLOP/s, geometric mean of 1 and 128 rows"


def _rate(dtype: torch.dtype) -> float:
    """GFLOP/s over a decode-like and a prefill-like product, 15 ms each."""
    rate = 1.0
    for rows in (1, 128):
        left, right = torch.ones(rows, 1024, dtype=dtype), torch.ones(2048, 1024, dtype=dtype)
        torch.nn.functional.linear(left, right)
        count, started = 0, time.perf_counter()
        while (elapsed := time.perf_counter() - started) < 0.015:
            torch.nn.functional.linear(left, right)
            count += 1
        rate *= 2 * left.numel() * len(right) * count / elapsed / 1e9
    return rate**0.5
