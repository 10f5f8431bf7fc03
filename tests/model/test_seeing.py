"""Families that see against transformers: the same random weights see the same in images of any sizes, and say the same of them."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from safetensors.torch import load_file, save_file  # noqa: E402

from alize.errors import CheckpointInvalid  # noqa: E402
from alize.model.attend import PackedCausal  # noqa: E402
from alize.model.config import Vision  # noqa: E402
from alize.model.load import load_model  # noqa: E402
from alize.model.pieces import ROWS  # noqa: E402
from alize.model.seeing import SeeingTransformer  # noqa: E402
from alize.model.vision import VisionEncoder  # noqa: E402
from alize.weights.checkpoints import open_checkpoint  # noqa: E402
from tests.model.families import SEEING, exact, reference, saved  # noqa: E402
from tests.model.largest import LargestMade  # noqa: E402

IMG = 10
SIZES = [(1, 1), (3, 2), (1, 4), (2, 2)]  # rows and columns of tokens
TEXTS = [[*range(20, 27)], [33], [], [40, 41], [50, 51, 52]]  # before, between and behind the images


def load(folder: Path, kind: Any) -> SeeingTransformer:
    checkpoint = open_checkpoint(folder)
    model = load_model(checkpoint, kind)
    checkpoint.close()
    assert isinstance(model, SeeingTransformer)
    return model


def images(side: int, kind: Any) -> list[Any]:
    numbers = np.random.default_rng(0)
    return [torch.tensor(numbers.standard_normal((3, rows * side, columns * side)), dtype=kind) for rows, columns in SIZES]


def padded(pictures: list[Any]) -> dict[str, Any]:
    """As transformers takes images of different sizes."""
    sizes = torch.tensor([picture.shape[1:] for picture in pictures])
    pixels = pictures[0].new_zeros(len(pictures), 3, *sizes.max(0).values.tolist())
    for picture, into in zip(pictures, pixels, strict=True):
        into[:, : picture.shape[1], : picture.shape[2]] = picture
    return {"pixel_values": pixels, "image_sizes": sizes}


def spoken() -> list[int]:
    tokens = list(TEXTS[0])
    for (rows, columns), text in zip(SIZES, TEXTS[1:], strict=True):
        tokens += ([IMG] * columns + [12]) * rows + text
    return tokens


def ours_of(model: SeeingTransformer, pictures: list[Any]) -> Any:
    tokens = torch.tensor(spoken())
    embeds = torch.nonzero(tokens == IMG)[:, 0], model.see(pictures)
    return model.head(model(tokens, torch.arange(len(tokens)), PackedCausal(model.config, [len(tokens)]), embeds))


@pytest.mark.parametrize("family", SEEING)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-8), ("float32", 1e-4)])
def test_images_and_text_give_what_transformers_gives(family: str, dtype: str, tolerance: float, tmp_path: Path) -> None:
    theirs = reference(SEEING[family])
    kind = getattr(torch, dtype)
    ours = load(saved(theirs, tmp_path), kind)
    pictures = images(ours.vision_encoder.config.side, kind)
    with torch.no_grad():
        seen, logits = ours.see(pictures), ours_of(ours, pictures)
    with exact(theirs, kind):
        shown = padded(pictures)
        features = torch.cat(list(theirs.get_image_features(**shown).pooler_output))
        expected = theirs(torch.tensor([spoken()]), **shown).logits[0]
    assert features.std() > 0.1
    assert expected.std() > 0.5
    assert (seen - features).abs().max() < tolerance
    assert (logits - expected).abs().max() < tolerance


def test_an_image_is_seen_alone_whatever_lies_beside_it(tmp_path: Path) -> None:
    ours = load(saved(reference(SEEING["merged patches"]), tmp_path), torch.float64)
    pictures = images(ours.vision_encoder.config.side, torch.float64)
    with torch.no_grad():
        together, alone = ours.see(pictures), torch.cat([ours.see([picture]) for picture in pictures])
    assert (together - alone).abs().max() < 1e-12


def test_an_image_of_many_pieces_is_seen_as_transformers_sees_it(tmp_path: Path) -> None:
    family = SEEING["Pixtral"]
    theirs = reference(replace(family, eye={**family.eye, "image_size": 160}))
    ours = load(saved(theirs, tmp_path), torch.float64)
    side = ours.vision_encoder.config.side
    picture = torch.tensor(np.random.default_rng(0).standard_normal((3, 30 * side, 40 * side)))
    assert 2 * ROWS < 30 * 40
    with torch.no_grad():
        seen = ours.see([picture])
    with exact(theirs, torch.float64):
        features = torch.cat(list(theirs.get_image_features(**padded([picture])).pooler_output))
    assert features.std() > 0.1
    assert (seen - features).abs().max() < 1e-8


def test_a_large_image_takes_memory_by_its_patches_not_by_their_pairs() -> None:
    eye = Vision(dim=16, layers=1, heads=2, hidden=32, patch=2, image=128)
    encoder = VisionEncoder(eye)
    patches = 64 * 64
    with torch.no_grad(), LargestMade() as made:
        encoder([torch.zeros(3, 128, 128)])
    assert patches * eye.dim <= made.size < patches * patches


def test_the_names_that_transformers_gives_its_parts_today_are_read_as_well_as_those_it_writes(tmp_path: Path) -> None:
    theirs = reference(SEEING["Pixtral"])
    folder = saved(theirs, tmp_path)
    written, held = load_file(folder / "model.safetensors"), theirs.state_dict()
    assert not any(name.startswith("model.") for name in written)
    before = load(folder, torch.float32).state_dict()
    save_file({name: tensor.contiguous() for name, tensor in held.items()}, folder / "model.safetensors")
    after = load(folder, torch.float32).state_dict()
    assert set(before) == set(after)
    assert all(torch.equal(before[name], after[name]) for name in before)


# ── Mistral's own form ──

EYE = {
    "hidden_size": 16,
    "num_channels": 3,
    "image_size": 32,
    "max_image_size": 32,
    "patch_size": 4,
    "intermediate_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "rope_theta": 10000.0,
    "image_token_id": 10,
    "image_break_token_id": 12,
    "image_end_token_id": 13,
    "adapter_bias": False,
    "mm_projector_id": "patch_merge",
    "spatial_merge_size": 2,
    "add_pre_mm_projector_layer_norm": True,
}
PARAMS = {"dim": 32, "n_layers": 3, "n_heads": 4, "n_kv_heads": 2, "head_dim": 8, "hidden_dim": 48, "vocab_size": 97, "norm_eps": 1e-5}


def consolidated(source: Path, folder: Path, **params: Any) -> Path:
    """The weights of a folder as one of Mistral's own releases would hold them: names and the order of rows are already those."""
    checkpoint = open_checkpoint(source)
    folder.mkdir()
    held = {name: torch.tensor(checkpoint.array(name)) for name in checkpoint}
    save_file(held, folder / "consolidated.safetensors")
    checkpoint.close()
    (folder / "params.json").write_text(json.dumps({**PARAMS, **params}))
    return folder


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("release")
    family = SEEING["merged patches"]
    return saved(reference(replace(family, around={"tie_word_embeddings": False}), rms_norm_eps=1e-5), folder)


@pytest.mark.parametrize("params", [{"vision_encoder": EYE}, {"multimodal": {"vision_encoder_args": EYE}}])
def test_a_release_of_mistral_sees_what_the_same_weights_see_elsewhere(params: dict[str, Any], released: Path, tmp_path: Path) -> None:
    elsewhere = load(released, torch.float64)
    ours = load(consolidated(released, tmp_path / "own", **params), torch.float64)
    assert ours.config.vision == elsewhere.config.vision
    assert "vision_encoder.transformer.layers.0.attention.wq.weight" in ours.state_dict()
    pictures = images(8, torch.float64)
    with torch.no_grad():
        assert torch.equal(ours_of(ours, pictures), ours_of(elsewhere, pictures))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"hidden_size": 0}, "hidden_size|dim"),
        ({"hidden_size": "many"}, "hidden_size"),
        ({"num_attention_heads": 8}, "heads"),  # heads of 2: rows and columns cannot both turn one pair
        ({"num_attention_heads": 3}, "heads"),
        ({"patch_size": 64}, "pixels"),
        ({"max_image_size": 2**40}, "pixels"),
        ({"num_channels": 4}, "num_channels"),
        ({"hidden_act": "relu"}, "hidden_act"),
        ({"mm_projector_id": "resampler"}, "mm_projector_id"),
        ({"mm_projector_id": ""}, "spatial_merge_size"),
        ({"spatial_merge_size": 0}, "spatial_merge_size"),
        ({"rope_theta": 0.0}, "rope_theta"),
        ({"num_hidden_layers": 2**40}, "layers"),
        ({"num_hidden_layers": 1}, "vision_encoder.transformer.layers.1"),
        ({"intermediate_size": 25}, "vision_encoder.transformer.layers.0.feed_forward.w1"),
        ({"adapter_bias": True}, "vision_language_adapter.w_in.bias"),
        ({"add_pre_mm_projector_layer_norm": False}, "pre_mm_projector_norm"),
        ({"windows": [1]}, "windows"),
    ],
)
def test_a_mistaken_encoder_is_refused_by_what_is_wrong_in_it(change: dict[str, Any], named: str, released: Path, tmp_path: Path) -> None:
    folder = consolidated(released, tmp_path / "own", vision_encoder={**EYE, **change})
    with pytest.raises(CheckpointInvalid, match=named):
        load(folder, torch.float32)


def test_what_sees_is_refused_where_no_configuration_speaks_of_it(released: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointInvalid, match="no place for"):
        load(consolidated(released, tmp_path / "own"), torch.float32)


@pytest.mark.parametrize(
    ("place", "entry", "value"),
    [
        ("", "vision_feature_layer", -2),
        ("", "projector_hidden_act", "relu"),
        ("", "spatial_merge_size", 1.5),
        ("", "vision_config", None),
        ("", "text_config", []),
        ("vision_config", "model_type", "siglip_vision_model"),
        ("vision_config", "hidden_act", "quick_gelu"),
        ("vision_config", "num_channels", 1),
        ("vision_config", "rope_parameters", {"rope_type": "yarn", "factor": 4.0}),
        ("vision_config", "head_dim", 4),
        ("text_config", "model_type", "mistral3"),
    ],
)
def test_a_mistaken_config_json_is_refused_by_the_entry(place: str, entry: str, value: object, released: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(released, tmp_path / "copy")
    config = json.loads((folder / "config.json").read_text())
    (config[place] if place else config)[entry] = value
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckpointInvalid, match=rf"{entry}|{place or entry}"):
        load(folder, torch.float32)
