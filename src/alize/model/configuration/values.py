"""Values of a configuration. In: an object of JSON and a key. Out: a number of the right type and size, an object, or a number a layer."""

from collections.abc import Mapping
from typing import Any, cast

from alize.errors import CheckpointInvalid
from alize.weights.checkpoints.base import MOST_LAYERS
from alize.wording import quantity

__all__ = ["each_layer", "integer", "layers_of", "part_of", "positive"]

_SMALLEST, _LARGEST = 1e-30, 1e30
"""What goes into a model's arithmetic: float32 holds little more."""


def part_of(params: Mapping[str, Any], key: str) -> Mapping[str, Any] | None:
    """An object within the configuration; None where there is none. Raises CheckpointInvalid for anything else."""
    value = params.get(key)
    if value is not None and not isinstance(value, dict):
        raise CheckpointInvalid(f"The model's configuration has no object for '{key}' (found {value!r}).")
    return cast("Mapping[str, Any] | None", value)


def each_layer(params: Mapping[str, Any], key: str, length: int) -> tuple[int, ...]:
    """One small number for each layer; () where there is none. Raises CheckpointInvalid."""
    value = params.get(key)
    if value is None:
        return ()
    numbers = cast("list[Any]", value) if isinstance(value, list) else []
    if len(numbers) < length or not all(isinstance(number, int) and 0 <= number < 2**20 for number in numbers):
        raise CheckpointInvalid(f"The model's configuration has no whole number for each of {quantity(length, 'layer')} in '{key}'.")
    return tuple(int(number) for number in numbers[:length])


def positive(params: Mapping[str, Any], key: str, default: float | None = None) -> float:
    """A number above 0 that float32 holds. Raises CheckpointInvalid, also where there is none and no default."""
    value = params.get(key)
    if value is None and default is not None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not _SMALLEST <= value <= _LARGEST:
        raise CheckpointInvalid(f"The model's configuration has no positive number for '{key}' (found {value!r}).")
    return float(value)


def integer(params: Mapping[str, Any], key: str, default: int | None = None) -> int:
    """A whole number from 0 to what 64 bits hold. Raises CheckpointInvalid, also where there is none and no default."""
    value = params.get(key)
    value = default if value is None else value
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
        raise CheckpointInvalid(f"The model's configuration has no whole number for '{key}' (found {value!r}).")
    return value


def layers_of(params: Mapping[str, Any]) -> int:
    """How many layers, none of which is beyond what names of tensors can count. Raises CheckpointInvalid."""
    layers = integer(params, "n_layers")
    if layers > MOST_LAYERS:
        raise CheckpointInvalid(f"The model's configuration has {quantity(layers, 'layer')}; {MOST_LAYERS} can have names.")
    return layers
