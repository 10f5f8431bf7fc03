"""A GGUF and what it sees or hears with, made by llama.cpp's own converter: the same weights as the folder they were made from."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from alize.convert.release import Order, convert  # noqa: E402
from alize.errors import CheckpointInvalid  # noqa: E402
from alize.model.attend import PackedCausal  # noqa: E402
from alize.model.load import load_model  # noqa: E402
from alize.weights.checkpoints import open_checkpoint  # noqa: E402
from alize.weights.checkpoints.gguf_file import read_gguf  # noqa: E402
from tests.model.converter import as_gguf  # noqa: E402
from tests.model.families import HEARING, SEEING, Family, reference, saved  # noqa: E402
from tests.model.test_seeing import EYE, consolidated, images, ours_of  # noqa: E402
from tests.pixtral import BREAK, for_converter  # noqa: E402

pytestmark = pytest.mark.slow
LAYERS = {"num_hidden_layers": 3}  # with fewer the converter's table of names does not reach the second product of the projector
LATENT = SEEING["merged patches, latent attention"]
SAID = {**LATENT.shape, "n_group": 1, "topk_group": 1, "rope_parameters": {**LATENT.shape["rope_parameters"], "llama_4_scaling_beta": 0.0}}
"""The converter writes neither groups of experts nor the temperature."""
SENSING = {
    **{name: replace(family, eye={**family.eye, **LAYERS}) for name, family in SEEING.items() if "indexer" not in name},
    "merged patches, latent attention": replace(LATENT, shape=SAID, eye={**LATENT.eye, **LAYERS}),
    "Voxtral": replace(HEARING["Voxtral"], ear={**HEARING["Voxtral"].ear, **LAYERS}),
}
SEEN = [name for name in SENSING if name != "Voxtral"]


def half_as_wide(model: Any) -> Any:
    """The converter keeps convolutions of sound in 16 bits, whatever it is asked: here they lose nothing by it."""
    for conv in (model.model.audio_tower.conv1, model.model.audio_tower.conv2):
        conv.weight.data = conv.weight.data.half().float()
    return model


Made = Callable[..., tuple[Path, Path]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Writes a family once: the folder of transformers, and that of both GGUFs."""
    folders: dict[tuple[str, str], tuple[Path, Path]] = {}

    def make(family: str, kind: str = "f32") -> tuple[Path, Path]:
        if (family, kind) not in folders:
            root = tmp_path_factory.mktemp("projector")
            described: Family = SENSING[family]
            model = reference(described)
            theirs = for_converter(saved(half_as_wide(model) if described.ear else model, root / "theirs"))
            target = root / "gguf"
            target.mkdir()
            as_gguf(theirs, target / "model.gguf")
            as_gguf(theirs, target / f"mmproj-model-{kind}.gguf", kind, ("--mmproj",))
            folders[family, kind] = theirs, target
        return folders[family, kind]

    return make


def load(path: Path) -> Any:
    checkpoint = open_checkpoint(path)
    try:
        return load_model(checkpoint, torch.float64)
    finally:
        checkpoint.close()


@pytest.mark.parametrize("family", SEEN)
@pytest.mark.parametrize("opened", ["", "model.gguf"])
def test_images_and_text_give_what_the_folder_gives_that_both_files_were_made_from(family: str, opened: str, made: Made) -> None:
    folder, target = made(family)
    theirs, ours = load(folder), load(target / opened)
    assert ours.config == theirs.config
    pictures = images(ours.config.vision.side, torch.float64)
    with torch.no_grad():
        assert torch.equal(ours.see(pictures), theirs.see(pictures))
        assert torch.equal(ours_of(ours, pictures), ours_of(theirs, pictures))


def test_sounds_and_text_give_what_the_folder_gives_that_both_files_were_made_from(made: Made) -> None:
    folder, target = made("Voxtral")
    theirs, ours = load(folder), load(target)
    assert ours.config == theirs.config
    mel = torch.tensor(np.random.default_rng(0).standard_normal((8, 80)))
    tokens = torch.arange(30)
    said = []
    with torch.no_grad():
        for model in (ours, theirs):
            heard = model.hear(mel)
            embeds = torch.arange(4, 4 + len(heard)), heard
            said.append(model.head(model(tokens, tokens, PackedCausal(model.config, [30]), embeds)))
    assert torch.equal(said[0], said[1])


@pytest.mark.parametrize("kind", ["f16", "bf16", "q8_0"])
def test_a_projector_of_fewer_bits_is_decoded_to_what_they_say(kind: str, made: Made, tmp_path: Path) -> None:
    """The widths of the other tests are no whole blocks: this eye's are."""
    described = replace(SENSING["merged patches"], eye={"hidden_act": "silu", "hidden_size": 64, "intermediate_size": 96, **LAYERS})
    theirs = for_converter(saved(reference(described), tmp_path / "theirs"))
    target = tmp_path / "gguf"
    target.mkdir()
    as_gguf(theirs, target / "model.gguf")
    path = as_gguf(theirs, target / f"mmproj-{kind}.gguf", kind, ("--mmproj",))
    import gguf

    stored = {tensor.name: tensor for tensor in gguf.GGUFReader(path).tensors}
    ours = load(target).state_dict()
    for name, name_there in (
        ("vision_encoder.transformer.layers.1.attention.wq.weight", "v.blk.1.attn_q.weight"),
        ("vision_encoder.transformer.layers.2.feed_forward.w2.weight", "v.blk.2.ffn_down.weight"),
        ("patch_merger.merging_layer.weight", "mm.patch_merger.weight"),
        ("vision_language_adapter.w_in.weight", "mm.1.weight"),
    ):
        tensor = stored[name_there]
        expected = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        assert np.array_equal(ours[name].numpy(), expected.astype(np.float64).reshape(ours[name].shape)), name
    assert {tensor.tensor_type.name for tensor in stored.values()} >= {kind.upper(), "F32"}


def test_what_sees_may_stay_in_its_file(made: Made) -> None:
    """Decoded as it is used, it gives what it gives decoded at once."""
    _, target = made("merged patches", "f16")
    checkpoint = open_checkpoint(target)
    expanded, stored = (load_model(checkpoint, torch.float32, stored=stored) for stored in (False, True))
    pictures = images(8, torch.float32)
    with torch.no_grad():
        assert (expanded.see(pictures) - stored.see(pictures)).abs().max() < 1e-4


def test_a_file_made_from_mistrals_own_release_says_the_same_and_has_its_own_row_for_the_end_of_a_row(made: Made, tmp_path: Path) -> None:
    folder, target = made("merged patches, YaRN")
    eye = {**EYE, **LAYERS, "image_break_token_id": BREAK}
    release = consolidated(folder, tmp_path / "release", vision_encoder=eye, norm_eps=1e-5)
    (release / "config.json").write_text("{}")  # looked for, and of no use here
    mine = tmp_path / "gguf"
    mine.mkdir()
    shutil.copy(target / "model.gguf", mine)
    path = as_gguf(release, mine / "mmproj.gguf", more=("--mmproj", "--mistral-format"))
    import gguf

    names = {tensor.name for tensor in gguf.GGUFReader(path).tensors}
    assert "v.token_embd.img_break" in names
    ours, theirs = load(mine), load(release)
    pictures = images(8, torch.float64)
    with torch.no_grad():
        assert torch.equal(ours.see(pictures), theirs.see(pictures))


def test_the_file_of_another_model_is_refused_with_both_sizes(made: Made, tmp_path: Path) -> None:
    wide = replace(SENSING["Pixtral"], shape={"sliding_window": None, "hidden_size": 64})
    theirs = for_converter(saved(reference(wide), tmp_path / "theirs"))
    mine = tmp_path / "gguf"
    mine.mkdir()
    as_gguf(theirs, mine / "model.gguf")
    shutil.copy(made("Pixtral")[1] / "mmproj-model-f32.gguf", mine)
    with pytest.raises(
        CheckpointInvalid, match=r"mmproj-model-f32\.gguf is made for embeddings of 32 numbers .* and the model's have 64"
    ) as refused:
        open_checkpoint(mine)
    assert "move one of the two into another folder" in str(refused.value.remedy)


@pytest.mark.parametrize("family", [*SEEN, "Voxtral"])
def test_what_is_written_here_is_what_llama_cpp_s_converter_writes(family: str, made: Made, tmp_path: Path) -> None:
    made_from, target = made(family)
    folder = shutil.copytree(made_from, tmp_path / "theirs", ignore=shutil.ignore_patterns("tokenizer*"))  # of no words
    convert(folder, tmp_path / "out" / "model.gguf", Order("gguf"))
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"model.gguf", "mmproj-model.gguf"}
    ours, theirs = (read_gguf(path) for path in (tmp_path / "out" / "mmproj-model.gguf", target / "mmproj-model-f32.gguf"))
    assert ours.tensors.keys() == theirs.tensors.keys()
    for name, tensor in theirs.tensors.items():
        kinds = {tensor.kind, "F32"} if name.startswith("a.conv1d.") else {tensor.kind}  # theirs keeps those in 16 bits
        assert ours.tensors[name].kind in kinds
        assert ours.tensors[name].shape == tensor.shape, name
        if ours.tensors[name].kind == tensor.kind:
            assert np.array_equal(ours.tensors[name].data, tensor.data), name
    said = {key: value for key, value in theirs.metadata.items() if key.startswith("clip.")}
    assert {key: ours.metadata.get(key) for key in said} == said
    before, after = load(folder).state_dict(), load(tmp_path / "out").state_dict()  # of latents, the file splits what unpacks them
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
