"""wkv_b, which unpacks latents to keys and values, and its halves. In: the one or the other. Out: names, shapes and arrays of the other.

A release keeps it as one matrix, wkv_b [heads · (plain + value), rank]: of each head first what makes its keys, then its values.
llama.cpp's converter splits it to wk_b [heads, rank, plain], whose last axes have changed places, and wv_b [heads, value, rank].
"""

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["halves_of", "joined", "joined_shape", "split"]


def halves_of(name: str) -> tuple[str, ...]:
    """The names of the halves; () for what has none.

    >>> halves_of("layers.3.attention.wkv_b.weight")
    ('layers.3.attention.wk_b.weight', 'layers.3.attention.wv_b.weight')
    """
    if not name.endswith(".wkv_b.weight"):
        return ()
    return name.replace(".wkv_b.", ".wk_b."), name.replace(".wkv_b.", ".wv_b.")


def joined_shape(keys: tuple[int, ...], values: tuple[int, ...]) -> tuple[int, int] | None:
    """Of the two together; None where they do not fit.

    >>> joined_shape((2, 8, 3), (2, 5, 8))
    (16, 8)
    """
    if len(keys) != 3 or len(values) != 3 or keys[:2] != (values[0], values[2]):
        return None
    return keys[0] * (keys[2] + values[1]), keys[1]


def joined(k_NCP: npt.NDArray[Any], v_NVC: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The one matrix [N · (P + V), C]."""
    return np.concatenate([k_NCP.swapaxes(1, 2), v_NVC], axis=1).reshape(-1, v_NVC.shape[2])


def split(kv_RC: npt.NDArray[Any], heads: int, plain: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """What `joined` undoes, in memory of its own: [N, C, P] and [N, V, C]."""
    kv_NDC = kv_RC.reshape(heads, -1, kv_RC.shape[1])
    return np.ascontiguousarray(kv_NDC[:, :plain].swapaxes(1, 2)), np.ascontiguousarray(kv_NDC[:, plain:])
