"""Which runner computes a model. In: what is wished, the model's files. Out: torch or native, and what speaks against the native core.

The native core is chosen wherever it can run the model as its file has it: it is several times as fast on a processor, and starts without
PyTorch. PyTorch computes what it cannot, what is wished in another number format, and everything where there is a GPU that it can use.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from alize.engine.runners.native import check_shapes, native_kernels, why_not
from alize.errors import Missing, SettingInvalid
from alize.model.config import ModelConfig
from alize.weights.checkpoints.base import Checkpoint

if TYPE_CHECKING:
    from alize.engine.build import EngineConfig

__all__ = ["DETERMINISTIC", "choose_runner", "uses_gpu"]

DETERMINISTIC = {
    "native": (True, "the native core adds in one order, whatever is computed beside it"),
    "torch": (False, "PyTorch's sums depend on how many rows a step has"),
}
"""Of each runner, by its name: whether an answer never depends on what else is computed, and why."""


def choose_runner(config: "EngineConfig", checkpoint: Checkpoint, params: ModelConfig) -> tuple[Literal["native", "torch"], str]:
    """Its name, and why it is not the native core, to be read after "because ".

    Raises CheckpointInvalid for files that are not what their configuration says, SettingInvalid where the native core, or a cache that
    it alone has, is wished for what it does not run, Missing where it is wished and was not built.
    """
    name, reason = _chosen(config, checkpoint, params)
    if name == "torch" and config.cache_dtype == "int8" and params.encoder is None:
        raise SettingInvalid(
            f"{config.model or config.path} cannot be served with keys and values in int8: PyTorch computes it, because {reason}, and "
            "keeps what it remembers in the numbers that it computes with.",
            param="cache_dtype",
            remedy="Set cache_dtype to auto: that is int8 for every model of the native core.",
        )
    return name, reason


def _chosen(config: "EngineConfig", checkpoint: Checkpoint, params: ModelConfig) -> tuple[Literal["native", "torch"], str]:
    if config.runner == "torch":
        return "torch", "the setting `runner` says so"
    wished = config.runner == "native"
    reason = next((each for each in (why_not(checkpoint, params), *([] if wished else [_wished_otherwise(config)])) if each), None)
    if reason is None:
        check_shapes(checkpoint, params)
        reason = None if wished and native_kernels() else _without_kernels()
    if reason is None:
        return "native", ""
    if wished:
        raise SettingInvalid(
            f"The native runner cannot run {config.model or config.path}: {reason}.", remedy="Set runner to torch, or to auto."
        )
    return "torch", reason


def _without_kernels() -> str | None:
    try:
        found = native_kernels()
    except Missing as error:
        return error.message.rstrip(".")
    if found is not None and found[1] == "portable" and find_spec("torch") is not None:
        return "it has no fast kernels for this processor"
    return None


def _wished_otherwise(config: "EngineConfig") -> str | None:
    if config.dtype != "auto":
        return f"the setting `dtype` wants {config.dtype}"
    if config.weights == "expanded":
        return "the setting `weights_in_memory` wants them expanded"
    return "there is a GPU" if uses_gpu(config) else None


def uses_gpu(config: "EngineConfig") -> bool:
    """Whether a GPU computes what the native core is not wished for."""
    return config.runner != "native" and (config.device == "cuda" or (config.device == "auto" and _gpu()))


def _gpu() -> bool:
    """Whether there is one that the installed PyTorch can use, without importing it for that: two seconds."""
    if not any(Path("/dev").glob("nvidia[0-9]*")):
        return False
    from importlib.metadata import PackageNotFoundError, version

    try:
        cpu_only = version("torch").endswith("+cpu")
    except PackageNotFoundError:
        return False
    return not cpu_only
