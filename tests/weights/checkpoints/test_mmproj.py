"""What a GGUF sees or hears with: joined where it is whole and of this model, said where it cannot be run, refused where it lies."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alize.errors import CheckpointInvalid
from alize.tokenize.vocabulary import Vocabulary
from alize.weights.checkpoints import open_checkpoint
from alize.weights.checkpoints.clip_config import MARKS
from tests.weights.checkpoints.tiny_gguf import ARRAY, FLOAT32, INT32, STRING, UINT32, Gguf
from tests.weights.checkpoints.tiny_mmproj import EAR, EAR_TENSORS, EYE, EYE_TENSORS, WIDTH, mmproj, write

WHOLE = mmproj(EYE, EYE_TENSORS).bytes()


@pytest.mark.parametrize("name", ["mmproj.gguf", "mmproj-model-f16.gguf", "tiny.mmproj-Q8_0.gguf", "MMPROJ-F16.gguf"])
@pytest.mark.parametrize("opened", ["", "model.gguf"])
def test_a_model_sees_with_the_file_beside_it(name: str, opened: str, tmp_path: Path) -> None:
    checkpoint = open_checkpoint(write(tmp_path, WHOLE, name) / opened)
    assert checkpoint.projector == tmp_path / name
    assert checkpoint.left_out is None
    assert checkpoint.params["vision_encoder"] == {
        "hidden_size": 8,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 12,
        "patch_size": 2,
        "image_size": 16,
        "rope_theta": 10000.0,
        "hidden_act": "silu",
        "adapter_bias": False,
        "mm_projector_id": "patch_merge",
        "spatial_merge_size": 2,
        "add_pre_mm_projector_layer_norm": True,
        "pre_mm_projector_norm_eps": 1e-5,
    }
    assert checkpoint.array("vision_encoder.patch_conv.weight").shape == (8, 3, 2, 2)
    assert checkpoint.array("tok_embeddings.weight").shape == (5, WIDTH)


def test_a_model_hears_with_the_file_beside_it(tmp_path: Path) -> None:
    checkpoint = open_checkpoint(write(tmp_path, mmproj(EAR, EAR_TENSORS)))
    ears = checkpoint.params["multimodal"]["whisper_model_args"]
    assert ears["downsample_args"] == {"downsample_factor": 4}
    assert (ears["encoder_args"]["max_source_positions"], ears["encoder_args"]["learned_positions"]) == (20, True)
    assert checkpoint.array("whisper_encoder.conv_layers.0.bias").shape == (8,)  # the file has a column


def test_what_both_files_make_is_a_model(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from alize.model.load import load_model

    eyes = load_model(open_checkpoint(write(tmp_path / "eyes", WHOLE)))
    ears = load_model(open_checkpoint(write(tmp_path / "ears", mmproj(EAR, EAR_TENSORS))))
    assert eyes.see([torch.zeros(3, 8, 4)]).shape == (2, WIDTH)
    assert ears.hear(torch.zeros(4, 40)).shape == (5, WIDTH)


def test_without_such_a_file_a_model_reads_text(tmp_path: Path) -> None:
    write(tmp_path, WHOLE)
    (tmp_path / "mmproj.gguf").unlink()
    checkpoint = open_checkpoint(tmp_path / "model.gguf")
    assert (checkpoint.projector, checkpoint.left_out, "vision_encoder" in checkpoint.params) == (None, None, False)


def test_two_such_files_need_a_choice(tmp_path: Path) -> None:
    write(tmp_path, WHOLE, "mmproj-F16.gguf")
    write(tmp_path, WHOLE, "mmproj-BF16.gguf")
    for path in (tmp_path, tmp_path / "model.gguf"):
        with pytest.raises(CheckpointInvalid, match=r"model\.gguf could see or hear with: mmproj-BF16\.gguf, mmproj-F16\.gguf\."):
            open_checkpoint(path)


def test_by_itself_it_is_no_model(tmp_path: Path) -> None:
    write(tmp_path, WHOLE)
    with pytest.raises(CheckpointInvalid, match="no model by itself"):
        open_checkpoint(tmp_path / "mmproj.gguf")
    (tmp_path / "model.gguf").unlink()
    with pytest.raises(CheckpointInvalid, match=r"holds mmproj\.gguf, which is what a model sees or hears with, and no model"):
        open_checkpoint(tmp_path)


@pytest.mark.parametrize("kind", ["gemma3", "qwen2.5vl_merger", "lightonocr", "a projector \x1b[2J of the future"])
def test_a_projector_that_cannot_be_run_leaves_a_model_that_reads_and_is_said(kind: str, tmp_path: Path) -> None:
    checkpoint = open_checkpoint(write(tmp_path, mmproj(EYE, EYE_TENSORS, {"clip.projector_type": (STRING, kind)})))
    assert checkpoint.left_out is not None
    assert checkpoint.left_out.startswith("mmproj.gguf has the projector '")
    assert checkpoint.left_out.endswith("which cannot be run: the model reads text alone.")
    assert checkpoint.left_out.isprintable()
    assert checkpoint.projector is None
    assert not any(name.startswith("vision") for name in checkpoint)


IMAGES, SOUNDS = ["[IMG]", "[IMG_BREAK]", "[IMG_END]"], ["[AUDIO]", "[BEGIN_AUDIO]"]


def words(marks: list[str], kind: int = 3) -> dict[str, tuple[int, Any]]:
    """The entries of a tokenizer of five tokens: `marks`, which are control tokens where they are of kind 3, and others."""
    texts = [*marks, *"abcde"][:5]
    kinds = [*[kind] * len(marks), *[1] * 5][:5]
    return {"tokenizer.ggml.tokens": (ARRAY, (STRING, texts)), "tokenizer.ggml.token_type": (ARRAY, (INT32, kinds))}


@pytest.mark.parametrize(
    ("projector", "marks", "kind", "lacks"),
    [
        (mmproj(EYE, EYE_TENSORS), [], 3, "[IMG]"),
        (mmproj(EYE, EYE_TENSORS), SOUNDS, 3, "[IMG]"),
        (mmproj(EYE, EYE_TENSORS), IMAGES[:2], 3, "[IMG_END]"),
        (mmproj(EYE, EYE_TENSORS), IMAGES, 1, "[IMG]"),  # words that a person may write
        (mmproj(EAR, EAR_TENSORS), IMAGES, 3, "[AUDIO]"),
        (mmproj(EAR, EAR_TENSORS), SOUNDS[:1], 3, "[BEGIN_AUDIO]"),
        (mmproj(EYE, EYE_TENSORS, {"clip.vision.projection_dim": (UINT32, 16)}), [], 3, "[IMG]"),  # of another width as well
    ],
)
def test_what_the_tokenizer_has_no_tokens_for_is_of_another_model_and_left_out_with_a_word(
    projector: Gguf, marks: list[str], kind: int, lacks: str, tmp_path: Path
) -> None:
    write(tmp_path, projector, changes=words(marks, kind))
    for opened in (tmp_path, tmp_path / "model.gguf"):
        checkpoint = open_checkpoint(opened)
        assert checkpoint.left_out == (
            f"mmproj.gguf is left out, since model.gguf has no control token {lacks} in its tokenizer: the model reads text alone."
        )
        assert checkpoint.projector is None
        assert not {"vision_encoder", "multimodal"} & checkpoint.params.keys()
        assert not any(name.startswith(("vision", "whisper")) for name in checkpoint)


@pytest.mark.parametrize(("projector", "marks"), [(mmproj(EYE, EYE_TENSORS), IMAGES), (mmproj(EAR, EAR_TENSORS), SOUNDS)])
def test_what_the_tokenizer_has_tokens_for_is_joined(projector: Gguf, marks: list[str], tmp_path: Path) -> None:
    checkpoint = open_checkpoint(write(tmp_path, projector, changes=words(marks)))
    assert (checkpoint.projector, checkpoint.left_out) == (tmp_path / "mmproj.gguf", None)


def test_the_tokens_that_are_asked_for_are_those_that_a_tokenizer_marks_images_and_sounds_with() -> None:
    for sense, marks in MARKS.items():
        for kept in (marks, *(marks[:place] + marks[place + 1 :] for place in range(len(marks)))):
            known = Vocabulary((), (), {mark: place for place, mark in enumerate(kept)})
            found = known.image_marks if sense == "vision" else known.audio_marks
            assert (found is not None) == (kept == marks)


LIES: dict[str, tuple[dict[str, tuple[int, Any] | None], str]] = {
    "of no projector": ({"clip.projector_type": None}, r"'clip\.projector_type' is None"),
    "of a projector that is a number": ({"clip.projector_type": (UINT32, 7)}, r"'clip\.projector_type' is 7"),
    "of two projectors": ({"clip.vision.projector_type": (UINT32, 7)}, r"'clip\.projector_type'"),
    "of another architecture": ({"general.architecture": (STRING, "llama")}, r"of the architecture 'llama', not clip"),
    "of no architecture": ({"general.architecture": None}, r"of the architecture None, not clip"),
    "an ear as well": ({"clip.has_audio_encoder": (7, True)}, r"'clip\.has_audio_encoder'"),
    "blind": ({"clip.has_vision_encoder": (7, False)}, r"'clip\.has_vision_encoder'"),
    "of another width": ({"clip.vision.projection_dim": (UINT32, 16)}, r"for embeddings of 16 numbers .* have 8"),
    "of no width": ({"clip.vision.projection_dim": None}, r"'clip\.vision\.projection_dim' is missing"),
    "a size that is a word": ({"clip.vision.patch_size": (STRING, "two")}, r"'clip\.vision\.patch_size' is 'two'"),
    "layers without end": ({"clip.vision.block_count": (UINT32, 2**31)}, r"'clip\.vision\.block_count'"),
    "more layers than tensors": ({"clip.vision.block_count": (UINT32, 9999)}, r"no tensor for 'vision_encoder\.transformer\.layers\.1\."),
    "fewer layers than tensors": ({"clip.vision.block_count": (UINT32, 0)}, r"holds 'v\.blk\.0\."),
    "of another hidden width": ({"clip.vision.feed_forward_length": (UINT32, 13)}, r"'v\.blk\.0\.ffn_gate\.weight' is of shape \[12, 8\]"),
    "of other patches": ({"clip.vision.patch_size": (UINT32, 4)}, r"'v\.patch_embd\.weight' is of shape \[8, 3, 2, 2\].* \[8, 3, 4, 4\]"),
    "of another merger": ({"clip.vision.spatial_merge_size": (UINT32, 3)}, r"'mm\.patch_merger\.weight' is of shape \[8, 32\].*\[8, 72\]"),
    "of no merger": ({"clip.vision.spatial_merge_size": None}, r"holds 'mm\.patch_merger\.weight'"),
    "both activations": ({"clip.use_gelu": (7, True)}, r"one of 'clip\.use_gelu' and 'clip\.use_silu'"),
    "no activation": ({"clip.use_silu": None}, r"one of 'clip\.use_gelu' and 'clip\.use_silu'"),
    "an activation that is a number": ({"clip.use_silu": (UINT32, 1)}, r"'clip\.use_silu' is 1, not true or false"),
    "other norms": ({"clip.vision.attention.layer_norm_epsilon": (FLOAT32, 1e-6)}, r"'clip\.vision\.attention\.layer_norm_epsilon'"),
    "other colours": ({"clip.vision.image_mean": (ARRAY, (FLOAT32, [0.5, 0.5, 0.5]))}, r"'clip\.vision\.image_mean' is \[0\.5"),
    "two colours": ({"clip.vision.image_std": (ARRAY, (FLOAT32, [0.5, 0.5]))}, r"'clip\.vision\.image_std'"),
    "colours that are words": ({"clip.vision.image_std": (ARRAY, (STRING, ["a", "b", "c"]))}, r"'clip\.vision\.image_std'"),
    "a list of widths": ({"clip.vision.embedding_length": (ARRAY, (INT32, [8, 9]))}, r"'clip\.vision\.embedding_length'"),
    "an entry of the future": ({"clip.vision.third_eye": (UINT32, 1)}, r"clip\.vision\.third_eye"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_file_that_lies_is_refused_by_its_name_and_the_entry(lie: str, tmp_path: Path) -> None:
    changes, says = LIES[lie]
    write(tmp_path, mmproj(EYE, EYE_TENSORS, changes))
    with pytest.raises(CheckpointInvalid, match=says) as refused:
        open_checkpoint(tmp_path)
    assert "mmproj.gguf" in refused.value.text


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"v.pre_ln.weight": None}, r"no tensor for 'vision_encoder\.ln_pre\.weight'"),
        ({"v.pre_ln.weight": (9,)}, r"'v\.pre_ln\.weight' is of shape \[9\]"),
        ({"v.pre_ln.weight": (2, 4)}, r"'v\.pre_ln\.weight' is of shape \[2, 4\]"),
        ({"v.blk.0.attn_q.weight": (8, 4)}, r"'v\.blk\.0\.attn_q\.weight' is of shape \[8, 4\]"),
        ({"mm.1.weight": (WIDTH, 9)}, r"'mm\.1\.weight' is of shape \[8, 9\]"),
        ({"mm.1.bias": (WIDTH,)}, r"no tensor for 'vision_language_adapter\.w_out\.bias'"),
        ({"v.blk.0.attn_q.bias": (8,)}, r"holds 'v\.blk\.0\.attn_q\.bias'"),
        ({"v.class_embd": (8,)}, r"holds 'v\.class_embd'"),
        ({"a.position_embd.weight": (4, 8)}, r"holds 'a\.position_embd\.weight'"),
        ({"blk.0.attn_q.weight": (8, 8)}, r"holds 'blk\.0\.attn_q\.weight'"),
        ({"v.blk.0.\x1b[2J.weight": (8, 8)}, r"holds 'v\.blk\.0\.\\x1b"),
        ({"v.blk.00.ln1.weight": (8,)}, r"'v\.blk\.00\.ln1\.weight' is there twice"),
    ],
)
def test_a_tensor_that_is_missing_wrong_or_unknown_is_named_with_its_file(
    change: dict[str, tuple[int, ...] | None], says: str, tmp_path: Path
) -> None:
    shapes = {name: shape for name, shape in {**EYE_TENSORS, **change}.items() if shape is not None}
    write(tmp_path, mmproj(EYE, shapes))
    with pytest.raises(CheckpointInvalid, match=says) as refused:
        open_checkpoint(tmp_path)
    assert "mmproj.gguf" in refused.value.text


@pytest.mark.parametrize(
    ("entries", "shapes", "says"),
    [
        ({"clip.audio.projector.stack_factor": (UINT32, 2)}, {}, r"'mm\.a\.mlp\.1\.weight' is of shape \[8, 32\].* \[8, 16\]"),
        ({"clip.audio.num_mel_bins": (UINT32, 128)}, {}, r"'a\.conv1d\.1\.weight'"),
        ({"clip.use_silu": (7, True)}, {}, r"'clip\.use_silu'"),
        ({"clip.has_vision_encoder": (7, True)}, {}, r"'clip\.has_vision_encoder'"),
        ({}, {"a.conv1d.1.bias": (4, 2)}, r"'a\.conv1d\.1\.bias' is of shape \[4, 2\]"),
        ({}, {"a.position_embd.weight": (20, 9)}, r"'a\.position_embd\.weight' is of shape \[20, 9\].*any"),
    ],
)
def test_an_ear_that_lies_is_refused_alike(entries: dict[str, Any], shapes: dict[str, Any], says: str, tmp_path: Path) -> None:
    write(tmp_path, mmproj(EAR, {**EAR_TENSORS, **shapes}, entries))
    with pytest.raises(CheckpointInvalid, match=says) as refused:
        open_checkpoint(tmp_path)
    assert "mmproj.gguf" in refused.value.text


def with_break(row: np.ndarray) -> bytes:
    """A projector that holds the embedding of what stands behind a row."""
    whole = mmproj(EYE, {**EYE_TENSORS, "v.token_embd.img_break": row.shape})
    at = whole.tensors[-1][3]
    return replace(whole, data=whole.data[:at] + row.astype("<f4").tobytes() + bytes(-row.nbytes // 2 % 32)).bytes()


def test_the_row_for_the_end_of_a_row_tells_another_model_of_the_same_width(tmp_path: Path) -> None:
    named = {"tokenizer.ggml.tokens": (ARRAY, (STRING, ["a", "b", "[IMG]", "[IMG_BREAK]", "[IMG_END]"]))}
    write(tmp_path, WHOLE)
    table = open_checkpoint(tmp_path).array("tok_embeddings.weight")
    write(tmp_path, with_break(table[3] * 1.01), changes=named)
    checkpoint = open_checkpoint(tmp_path)
    assert "v.token_embd.img_break" not in list(checkpoint)
    for other in (table[2], -table[3], np.full(WIDTH, np.nan), np.zeros(WIDTH)):
        write(tmp_path, with_break(other), changes=named)
        with pytest.raises(
            CheckpointInvalid, match=r"mmproj\.gguf: tensor 'v\.token_embd\.img_break' is not the embedding of \[IMG_BREAK\]"
        ):
            open_checkpoint(tmp_path)
    write(tmp_path, with_break(np.zeros(9)), changes=named)
    with pytest.raises(CheckpointInvalid, match=r"'v\.token_embd\.img_break' is of shape \[9\]"):
        open_checkpoint(tmp_path)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_file_that_is_cut_or_changed_anywhere_opens_or_is_refused(data: st.DataObject, tmp_path: Path) -> None:
    whole = bytearray(data.draw(st.sampled_from([WHOLE, mmproj(EAR, EAR_TENSORS).bytes()])))
    for _ in range(data.draw(st.integers(0, 3))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.just(len(whole)), st.integers(0, len(whole))))
    write(tmp_path, bytes(whole[:cut]))
    said = ""
    try:
        checkpoint = open_checkpoint(tmp_path)
        for name in checkpoint:
            checkpoint.array(name)
    except CheckpointInvalid as refused:
        said = refused.text
    assert not said or "mmproj.gguf" in said
    assert said.replace("\n", "").isprintable() or not said
    assert len(said) < 1500
