"""A Pixtral of random weights, as a release holds it. In: a folder. Out: transformers' model, and its files."""

import shutil
from pathlib import Path
from typing import Any

from tests.model.families import PIXTRAL, Family, reference, saved

SIDE, MOST = 16, 1024
TINY = Family(
    "Llava",
    {"sliding_window": None, "vocab_size": 131072, "max_position_embeddings": 4096},
    "ForConditionalGeneration",
    "mistral",
    eye={"patch_size": SIDE, "image_size": MOST, "hidden_act": "silu"},
    around=PIXTRAL,
)


def write_tiny_pixtral(folder: Path) -> Any:
    """transformers' model; the folder then holds the same weights and the tokenizer of Pixtral that mistral-common carries."""
    import mistral_common

    model = reference(TINY)
    shutil.copy(Path(mistral_common.__file__).parent / "data" / "tekken_240911.json", saved(model, folder) / "tekken.json")
    return model
