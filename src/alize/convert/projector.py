"""What a model sees or hears with, as llama.cpp keeps it: a GGUF beside the decoder's. In: its tensors and configuration. Out: that file.

mmproj.py reads it; llama.cpp's own converter writes the same entries and bytes.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy.typing as npt

from alize.convert.check import NAMES
from alize.convert.pieces import Piece, cast
from alize.convert.write import Report, check_free, write_gguf_file
from alize.errors import ConversionFailed
from alize.model.config import Hearing, ModelConfig, Vision
from alize.model.params import read_params
from alize.weights.checkpoints.clip_names import to_clip
from alize.weights.checkpoints.gguf import open_gguf
from alize.weights.checkpoints.layout import projector_of
from alize.weights.checkpoints.mmproj import PROJECTOR, joined_with
from alize.weights.checkpoints.vision_config import MEAN, SPREAD
from alize.weights.checkpoints.writing import NewTensor, new_tensor

__all__ = ["check_beside", "check_projected", "projector_beside", "write_projector"]

EPS = 1e-5
_REMEDY = "Serve it in the form it was released in."


def projector_beside(target: Path) -> Path:
    """Where it goes: beside the decoder's file.

    >>> projector_beside(Path("m/pixtral.gguf")).name
    'mmproj-pixtral.gguf'
    """
    return target.with_name(f"mmproj-{target.name}")


def check_beside(target: Path) -> None:
    """Raises ConversionFailed where the folder holds such a file already: two of them would have to be chosen between."""
    check_free(projector_beside(target))
    other = projector_of(os.listdir(target.parent), target.name, str(target.parent)) if target.parent.is_dir() else None
    if other is not None:
        raise ConversionFailed(f"{target.parent} holds {other}, which another model sees or hears with.", remedy="Choose another folder.")


def check_projected(config: ModelConfig) -> None:
    """Raises ConversionFailed for eyes and ears that such a file has no words for."""
    seen, heard = config.vision, config.hearing
    unsaid = (
        ("ears of a stream", heard is not None and heard.stream is not None),
        ("ears whose rows have computed positions", heard is not None and not heard.learned),
        ("a projector that norms otherwise than its decoder", seen is not None and seen.norm_eps not in (None, config.norm_eps)),
    )
    if (kind := next((name for name, has in unsaid if has), None)) is not None:
        raise ConversionFailed(f"A model with {kind} cannot be written in {NAMES['gguf']}.", remedy=_REMEDY)


def write_projector(found: Mapping[str, Piece], config: ModelConfig, target: Path, name: str, dtype: str | None, report: Report) -> None:
    """Beside the decoder's file `target`, which is there. `dtype` is a kind for matrices; None: as they are.

    Raises ConversionFailed where the disk is full.
    """
    tensors = [_tensor(piece, dtype) for piece in found.values()]
    entries: dict[str, Any] = {"general.architecture": PROJECTOR, "general.type": "mmproj", "general.name": name}
    entries |= _eye(config.vision, config.dim) if config.vision is not None else {}
    entries |= _ear(config.hearing, config.dim) if config.hearing is not None else {}

    def check(path: Path) -> None:
        again = joined_with(open_gguf(target, alone=True), path)
        try:
            if read_params(again.params) != config:
                raise ConversionFailed(f"What {target.name} sees or hears with was changed on the way. This is a fault of the program.")
        finally:
            again.close()

    write_gguf_file(projector_beside(target), entries, tensors, report, check)


def _tensor(piece: Piece, dtype: str | None) -> NewTensor:
    """Vectors, convolutions and tables of positions in kinds that llama.cpp computes with: it has no convolution in BF16."""
    name = to_clip(piece.name)
    assert name is not None, piece.name
    column = name.startswith("a.conv1d.") and name.endswith(".bias")
    kind = dtype or piece.kind
    computes = ("F32", "F16", "BF16") if len(piece.shape) == 2 else ("F32", "F16")
    if kind not in computes or len(piece.shape) < 2 or name.startswith("a.position_embd"):
        kind = "F32"
    stored = cast(piece, kind)

    def parts() -> Iterator[npt.NDArray[Any]]:
        yield stored.stored()

    return new_tensor(name, kind, (*piece.shape, 1) if column else piece.shape, parts)


def _eye(eye: Vision, width: int) -> dict[str, Any]:
    sizes = {
        "projection_dim": width,
        "image_size": eye.image,
        "patch_size": eye.patch,
        "embedding_length": eye.dim,
        "feed_forward_length": eye.hidden,
        "block_count": eye.layers,
        "attention.head_count": eye.heads,
        "attention.layer_norm_epsilon": EPS,
        "image_mean": list(MEAN),
        "image_std": list(SPREAD),
        **({"spatial_merge_size": eye.merge} if eye.merge else {}),
    }
    turned = {} if eye.rope_theta == 10000.0 else {"clip.rope.freq_base": float(eye.rope_theta)}
    named = {f"clip.vision.{key}": value for key, value in sizes.items()}
    return {"clip.has_vision_encoder": True, "clip.projector_type": "pixtral", f"clip.use_{eye.activation}": True, **named, **turned}


def _ear(ear: Hearing, width: int) -> dict[str, Any]:
    sizes = {
        "projection_dim": width,
        "embedding_length": ear.dim,
        "feed_forward_length": ear.hidden,
        "block_count": ear.layers,
        "attention.head_count": ear.heads,
        "attention.layer_norm_epsilon": EPS,
        "num_mel_bins": ear.mels,
        "projector.stack_factor": ear.stack,
    }
    return {"clip.has_audio_encoder": True, "clip.projector_type": "voxtral"} | {f"clip.audio.{key}": size for key, size in sizes.items()}
