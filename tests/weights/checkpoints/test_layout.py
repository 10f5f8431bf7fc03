"""Which files of a release are taken, and what is said where none can be."""

import doctest

import pytest

from alize.errors import CheckpointInvalid
from alize.weights.checkpoints import layout
from alize.weights.checkpoints.layout import layout_of

HUGGINGFACE = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "README.md", "LICENSE"]
CONSOLIDATED = ["params.json", "consolidated.safetensors", "tekken.json"]
SHARDS = [f"model-0000{n}-of-00003.safetensors" for n in (1, 2, 3)]


def test_a_release_in_both_forms_is_taken_in_mistrals_own() -> None:
    found = layout_of(HUGGINGFACE + CONSOLIDATED, "here")
    assert found.format == "consolidated"
    assert found.weights == ("consolidated.safetensors",)
    assert found.files == ("params.json", "LICENSE", "tekken.json", "tokenizer.json", "tokenizer_config.json", "consolidated.safetensors")


def test_half_a_release_in_mistrals_form_leaves_the_other() -> None:
    assert layout_of([*HUGGINGFACE, "consolidated.safetensors"], "here").format == "huggingface"


def test_shards_come_with_their_index_and_all_of_them() -> None:
    found = layout_of(["config.json", *reversed(SHARDS), layout.INDEX], "here")
    assert found.weights == tuple(SHARDS)
    assert found.configuration == ("config.json", layout.INDEX)
    with pytest.raises(CheckpointInvalid, match=r"here holds no model-00002-of-00003\.safetensors: it is one of 3 pieces"):
        layout_of(["config.json", SHARDS[0], SHARDS[2]], "here")
    with pytest.raises(CheckpointInvalid, match="consolidated-00002-of-00002"):
        layout_of(["params.json", "consolidated-00001-of-00002.safetensors"], "here")


def test_one_file_with_everything_makes_shards_superfluous() -> None:
    assert layout_of(["config.json", *SHARDS, "model.safetensors", layout.INDEX], "here").files == ("config.json", "model.safetensors")


def test_several_models_need_a_choice_and_a_choice_needs_to_be_there() -> None:
    names = ["m-Q4_0.gguf", "m-Q8_0.gguf", "big-00001-of-00002.gguf", "big-00002-of-00002.gguf"]
    with pytest.raises(CheckpointInvalid, match=r"several models: big-00001-of-00002\.gguf, m-Q4_0\.gguf, m-Q8_0\.gguf\."):
        layout_of(names, "here")
    assert layout_of(names, "here", "m-Q8_0.gguf").weights == ("m-Q8_0.gguf",)
    assert layout_of(names, "here", "big-00002-of-00002.gguf").weights == ("big-00001-of-00002.gguf", "big-00002-of-00002.gguf")
    with pytest.raises(CheckpointInvalid, match=r"here holds no m-Q2_K\.gguf"):
        layout_of(names, "here", "m-Q2_K.gguf")


def test_what_a_model_sees_or_hears_with_comes_along_and_is_no_model_to_choose() -> None:
    found = layout_of(["m-Q4_0.gguf", "mmproj-F16.gguf", "LICENSE"], "here")
    assert (found.weights, found.projector) == (("m-Q4_0.gguf",), "mmproj-F16.gguf")
    assert found.files == ("LICENSE", "mmproj-F16.gguf", "m-Q4_0.gguf")
    names = ["m-Q4_0.gguf", "m-Q8_0.gguf", "mmproj-F16.gguf", "q2/m-Q2_K.gguf"]
    assert layout_of(names, "here", "m-Q8_0.gguf").projector == "mmproj-F16.gguf"
    assert layout_of(names, "here", "q2/m-Q2_K.gguf").projector is None  # it lies elsewhere
    assert layout_of([*CONSOLIDATED, "mmproj-F16.gguf"], "here").projector is None  # that release has eyes of its own


def test_one_of_several_files_to_see_with_can_be_chosen_with_the_model() -> None:
    names = ["m-Q4_0.gguf", "mmproj-BF16.gguf", "mmproj-F16.gguf", "q2/m-Q2_K.gguf", "a+mmproj-b.gguf"]
    for file in (None, "m-Q4_0.gguf"):
        with pytest.raises(CheckpointInvalid, match=r"with: a\+mmproj-b\.gguf, mmproj-BF16\.gguf, mmproj-F16\.gguf\.") as refused:
            layout_of(names[:3] + names[4:], "here", file)
        assert "owner/name:m-Q4_0.gguf+" in (refused.value.remedy or "")
    found = layout_of(names, "here", "m-Q4_0.gguf+mmproj-F16.gguf")
    assert (found.weights, found.projector) == (("m-Q4_0.gguf",), "mmproj-F16.gguf")
    with pytest.raises(CheckpointInvalid, match=r"here holds no mmproj-F32\.gguf"):
        layout_of(names, "here", "m-Q4_0.gguf+mmproj-F32.gguf")
    with pytest.raises(CheckpointInvalid, match=r"here holds no n\.gguf"):
        layout_of(names, "here", "n.gguf+mmproj-F16.gguf")
    with pytest.raises(CheckpointInvalid, match="in different folders"):
        layout_of(names, "here", "q2/m-Q2_K.gguf+mmproj-F16.gguf")


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ([], "holds no model"),
        (["README.md"], "holds no model"),
        (["params.json", "consolidated.00.pth", "tokenizer.model"], r"consolidated\.00\.pth, a format that can run any code"),
        (["config.json", "pytorch_model.bin"], r"pytorch_model\.bin, a format that can run any code"),
        (["consolidated.safetensors"], "without a configuration"),
        (["model.safetensors"], "without a configuration"),
        (["m-00001-of-00000.gguf", "n.gguf"], "several models"),
        (["mmproj-F16.gguf"], r"holds mmproj-F16\.gguf, which is what a model sees or hears with, and no model"),
    ],
)
def test_what_cannot_be_run_is_refused_with_what_would_help(names: list[str], says: str) -> None:
    with pytest.raises(CheckpointInvalid, match=says) as refused:
        layout_of(names, "here")
    assert refused.value.remedy


def test_the_examples_hold() -> None:
    assert doctest.testmod(layout).failed == 0
