"""A draft model is loaded beside its model where it knows the same words and there is room for both; else it is refused, and why."""

import importlib
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

import alize
from alize.engine.base import Request
from alize.engine.build import EngineConfig, build_core
from alize.engine.core import Core
from alize.engine.draft_model import same_words
from alize.engine.local import LocalEngine
from alize.engine.schedule import Limits
from alize.errors import CheckpointInvalid, OutOfMemory, SettingInvalid
from alize.tokenize import tokenizer_at
from tests.engine.engines import drain
from tests.engine.native.files import write_gguf
from tests.tiny_model import write_tiny_gguf

BENCHMARKS = str(Path(__file__).resolve().parents[2] / "benchmarks")
Cut = Callable[..., Path]


@pytest.fixture(scope="module")
def cut(smollm2: Path, tmp_path_factory: pytest.TempPathFactory) -> Cut:
    """The first two layers of the real small model, with the words that are wished."""
    sys.path.insert(0, BENCHMARKS)
    try:
        fewer_layers = importlib.import_module("fewer_layers").fewer_layers
    finally:
        sys.path.remove(BENCHMARKS)
    folder = tmp_path_factory.mktemp("cut")

    def made(name: str, words: Callable[[list[str]], list[str]] = list) -> Path:
        path = folder / f"{name}.gguf"
        return path if path.exists() else fewer_layers(smollm2, path, 2, words)

    return made


def config(path: Path, draft: Path) -> EngineConfig:
    limits = Limits(max_context=1024)
    return EngineConfig(str(path), "large", cache_bytes=64 << 20, limits=limits, draft="small", draft_path=str(draft))


def asking(path: Path) -> list[Request]:
    words = tokenizer_at(path)
    questions = ("Write a story about a robot who learns to paint.", "List ten cities.")
    prompts = [words.template([{"role": "user", "content": question}]) for question in questions]
    return [Request(str(number), tuple(prompt), 40, stop_ids=words.stop_ids) for number, prompt in enumerate(prompts)]


def answered(core: Core, requests: list[Request]) -> dict[str, list[int]]:
    for request in requests:
        core.add(request)
    return drain(core)


@pytest.mark.slow
def test_the_real_model_answers_the_same_with_one_and_both_are_counted(smollm2: Path, cut: Cut) -> None:
    requests = asking(smollm2)
    given = config(smollm2, cut("plain"))
    with closing(build_core(replace(given, draft=""))) as plain:
        expected = answered(plain, requests)
        alone = plain.info
    with closing(build_core(given)) as core:
        assert answered(core, requests) == expected
        info = core.info
    assert alone.draft is None
    assert info.draft is not None
    assert info.draft.id == "small"
    assert 0 < info.draft.weights_bytes < info.weights_bytes == alone.weights_bytes
    assert info.cache_bytes + info.draft.cache_bytes <= 64 << 20
    assert info.draft.cache_bytes > 0


@pytest.mark.slow
async def test_a_reload_keeps_it_and_weights_of_other_words_are_refused(smollm2: Path, cut: Cut) -> None:
    request = asking(smollm2)[0]
    engine = await LocalEngine.start(config(smollm2, cut("plain")))
    try:
        before = [step.tokens async for step in engine.generate(request)]
        with pytest.raises(SettingInvalid, match="small cannot draft for large"):
            await engine.reload(str(cut("swapped", swapped)))
        await engine.reload()
        after = [step.tokens async for step in engine.generate(replace(request, id="again"))]
        assert sum(before, ()) == sum(after, ())
        assert engine.info.draft is not None
    finally:
        await engine.close()


def swapped(words: list[str]) -> list[str]:
    return [*words[:400], words[401], words[400], *words[402:]]


def test_other_words_are_refused_by_the_first_token_that_differs(smollm2: Path, cut: Cut) -> None:
    with pytest.raises(SettingInvalid, match=r"small cannot draft for large: .* Token 400 is '.*' in the model's and '.*' in the draft's"):
        build_core(config(smollm2, cut("swapped", swapped)))


def padded(words: list[str]) -> list[str]:
    return [*words, "[PAD1]", "[PAD2]"]


def test_rows_behind_the_last_word_are_no_difference(smollm2: Path, cut: Cut) -> None:
    padded_at = cut("padded", padded)
    with closing(build_core(config(smollm2, padded_at))) as core:
        assert core.info.draft is not None
    wide, plain = tokenizer_at(padded_at), tokenizer_at(smollm2)
    assert wide.vocab_size == plain.vocab_size + 2
    assert same_words(plain, wide) is same_words(wide, plain) is None


def one_more(words: list[str]) -> list[str]:
    return [*words, "anotherwholeword"]


def test_words_behind_the_last_one_are(smollm2: Path, cut: Cut) -> None:
    more, plain = tokenizer_at(cut("more", one_more)), tokenizer_at(smollm2)
    assert same_words(plain, more) == "Token 49152 is 'anotherwholeword' in the draft's, and the model's ends before it"
    assert same_words(more, plain) == "Token 49152 is 'anotherwholeword' in the model's, and the draft's ends before it"


def test_what_the_native_core_does_not_run_cannot_draft(smollm2: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingInvalid, match="only the native core runs a draft model, and its heads have a width of 8"):
        build_core(config(smollm2, write_tiny_gguf(tmp_path / "tiny.gguf")))


def test_nor_what_has_no_words(smollm2: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointInvalid, match="No tokenizer"):
        build_core(config(smollm2, write_gguf(tmp_path / "tiny.gguf", "Q8_0")))


def test_nor_is_anything_drafted_for_what_pytorch_computes(tmp_path: Path, smollm2: Path) -> None:
    with pytest.raises(SettingInvalid, match="cannot draft for large: PyTorch computes that, because its heads"):
        build_core(config(write_tiny_gguf(tmp_path / "tiny.gguf"), smollm2))


def test_without_speculation_none_is_loaded(smollm2: Path, tmp_path: Path) -> None:
    given = config(smollm2, tmp_path / "nothing.gguf")
    with closing(build_core(replace(given, limits=replace(given.limits, speculation=False)))) as core:
        assert core.info.draft is None


def test_where_one_of_both_has_no_room_it_is_said_which_and_what_to_do(smollm2: Path, cut: Cut) -> None:
    given = config(smollm2, cut("plain"))
    with pytest.raises(OutOfMemory, match="There is no room for the draft model small") as draft:
        build_core(replace(given, memory_bytes=64 << 20))
    assert "draft_model" in (draft.value.remedy or "")
    with pytest.raises(OutOfMemory, match=r"does not fit into memory: .* The draft model small has [\d.]+ MiB") as both:
        build_core(replace(given, memory_bytes=440 << 20))
    assert "draft_model" in (both.value.remedy or "")


@pytest.mark.slow
def test_the_library_takes_one_by_its_path(smollm2: Path, cut: Cut) -> None:
    plain = alize.load(smollm2, max_context=512)
    drafted = alize.load(smollm2, max_context=512, draft_model=str(cut("plain")))
    question = "Say three colours."
    assert drafted.info.draft is not None
    assert drafted.info.draft.id == cut("plain").stem
    assert drafted.chat(question, temperature=0.9, seed=4, max_tokens=30) == plain.chat(question, temperature=0.9, seed=4, max_tokens=30)
    for model in (plain, drafted):
        model.close()
