"""Compile every kernel for GPUs that need not be here. In: nothing; TRITON_INTERPRET must not be set. Out: a line a kernel, JSON.

Run in a process of its own: within the tests' process the kernels are interpreted.
"""

import json
from typing import Any

import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from alize.engine.runners.torch_triton import attention, experts

AMPERE, HOPPER = 80, 90
PRODUCT = {"ROWS": experts.ROWS, "OUTPUTS": experts.OUTPUTS, "INPUTS": experts.INPUTS}


def attending(kind: str, groups: int, width: int, window: int) -> tuple[Any, dict[str, str], dict[str, int]]:
    named = dict.fromkeys(("q_TNH", "keys", "values", "seen_TNV"), f"*{kind}") | {"table": "*i32", "tiles": "*i32", "scale": "fp32"}
    tile = attention.width_of_a_tile(width)
    heads = 1 << (groups - 1).bit_length()
    constants = {"G": groups, "H": width, "V": width, "WINDOW": window, "HEADS": heads, "H_TILE": tile, "V_TILE": tile}
    return attention._attend, named, {**constants, "POSITIONS": attention.positions_of_a_tile(groups), "KEYS": attention.KEYS, "BLOCK": 16}


def mixing(kernel: Any, kind: str) -> tuple[Any, dict[str, str], dict[str, int]]:
    named = dict.fromkeys(("x_TD", "hidden_SF"), f"*{kind}") | {"shares_S": "*fp32", "seen_SD": "*fp32"}
    return kernel, named | dict.fromkeys(("order", "tiles", "gates", "ups", "downs"), "*i64"), PRODUCT


KERNELS = {
    "attention of Mistral 7B": attending("bf16", 4, 128, 4096),
    "attention of Gemma 3": attending("bf16", 2, 256, 0),
    "attention in 32 bits": attending("fp32", 3, 128, 0),
    "experts, up": mixing(experts._rise, "bf16"),
    "experts, down": mixing(experts._fall, "bf16"),
    "experts in 32 bits": mixing(experts._rise, "fp32"),
}


def main() -> None:
    for what, (kernel, named, constants) in KERNELS.items():
        rest = {name: "i32" for name in kernel.arg_names if name not in named and name not in constants}
        signature = {name: (named | rest).get(name, "constexpr") for name in kernel.arg_names}
        # What a launch finds out by itself: addresses and strides are multiples of 16.
        aligned = {(index,): [["tt.divisibility", 16]] for index, name in enumerate(kernel.arg_names) if signature[name][0] in "*i"}
        for capability in (AMPERE, HOPPER):
            source = ASTSource(fn=kernel, signature=signature, constexprs=constants, attrs=aligned)
            made = triton.compile(source, target=GPUTarget("cuda", capability, 32))
            text = made.asm["ptx"]
            print(json.dumps({"kernel": what, "for": capability, "shared": made.metadata.shared, "mma": "mma" in text, "bytes": len(text)}))


if __name__ == "__main__":
    main()
