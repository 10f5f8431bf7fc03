"""The native runner: a C++ core for CPUs, without PyTorch. In: a checkpoint. Out: a Runner, or the reason why there is none for it.

csrc/README.md walks one token through it.
"""

from alize.engine.runners.native.covers import why_not
from alize.engine.runners.native.library import native_kernels
from alize.engine.runners.native.runner import NativeRunner
from alize.engine.runners.native.shapes import check_shapes

__all__ = ["NativeRunner", "check_shapes", "native_kernels", "why_not"]
