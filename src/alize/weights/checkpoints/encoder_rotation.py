"""How what sees or hears turns positions. In: the entries of its part of a config.json. Out: the base of the angles."""

from typing import Any, cast

from alize.errors import CheckpointInvalid
from alize.weights.checkpoints.fields import Fields, shown

__all__ = ["theta_of"]


def theta_of(encoder: Fields, name: str, *kinds: str) -> float:
    """The base, which may stand in an object `rope_parameters`. `name` is the encoder's, `kinds` the rotations that are run.

    Raises CheckpointInvalid for any other, and for an entry of the object that is not known.
    """
    theta = encoder.number("rope_theta", 10000.0)
    rope = encoder.get("rope_parameters")
    if rope is None:
        return theta
    if not isinstance(rope, dict):
        raise CheckpointInvalid(f"{encoder.path}: 'rope_parameters' of '{name}' is {shown(rope)}, not an object.")
    entries = {f"rope_parameters.{key}": value for key, value in cast("dict[str, Any]", rope).items()}
    named = Fields(encoder.path, entries, "rope_parameters.")
    named.expect("rope_type", *kinds)
    theta = named.number("rope_theta", theta)
    named.refuse_rest()
    return theta
