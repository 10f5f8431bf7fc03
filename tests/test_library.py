"""The library: a model in this process, whole or streamed, from several threads at once.

Answers that are begun or not, let go anywhere, interrupted, leave nothing behind: tried on a model of 150 KB. What an answer says is
tried on a real one.
"""

import gc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import alize
from alize.errors import (
    CheckpointInvalid,
    InvalidMedia,
    InvalidMessageOrder,
    InvalidModel,
    InvalidRequest,
    Missing,
    PromptTooLong,
    UnsupportedParameter,
)
from alize.library import Answer
from tests.adapters import write_release
from tests.embedding import encoder, released
from tests.pictures import noise, written
from tests.tiny_model import write_tiny_gguf

pytest.importorskip("torch")
from tests.pixtral import write_tiny_pixtral

QUESTION = "What is the capital of France?"


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[alize.Model]:
    loaded = alize.load(write_tiny_gguf(tmp_path / "tiny.gguf"), home=tmp_path, dtype="float32", cache_memory=0.01, threads=1)
    yield loaded
    loaded.close()


@pytest.fixture(scope="module")
def model(smollm2: Path) -> Iterator[alize.Model]:
    loaded = alize.load(smollm2, cache_memory=0.5, dtype="float32", max_context=512)
    yield loaded
    loaded.close()


def idle(tiny: alize.Model) -> bool:
    tiny.core.check()
    return not tiny.core.busy and not tiny._inboxes


def before_each_step(tiny: alize.Model, monkeypatch: pytest.MonkeyPatch, do: Any) -> None:
    run = tiny.core.runner.run

    def wrapped(*args: Any, **more: Any) -> Any:
        do()
        return run(*args, **more)

    monkeypatch.setattr(tiny.core.runner, "run", wrapped)


def test_an_answer_that_is_never_begun_costs_nothing(tiny: alize.Model) -> None:
    tiny.stream("hello").close()
    del tiny.stream("hello").text
    gc.collect()
    assert idle(tiny)


def test_an_answer_has_a_record_from_its_first_token_on_that_grows_with_it(tiny: alize.Model) -> None:
    answer = tiny.stream("hello", max_tokens=5, seed=1)
    assert answer.replay is None
    for _ in answer:
        assert answer.replay is not None
        assert list(answer.replay.answer) == answer.tokens
    assert answer.replay is not None
    assert (answer.replay.finish, len(answer.replay.answer)) == ("length", 5)
    assert tiny.replay(answer.replay).identical
    assert idle(tiny)


def test_an_answer_let_go_halfway_is_taken_out_even_amid_a_step(tiny: alize.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = tiny.chat("hello", max_tokens=5, seed=1)
    left = tiny.stream("hello", max_tokens=100, seed=2)
    next(left)
    del left
    before_each_step(tiny, monkeypatch, gc.collect)
    assert tiny.chat("hello", max_tokens=5, seed=1) == alone
    assert idle(tiny)


def test_an_interrupted_answer_does_not_change_the_next(tiny: alize.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    question = "What is it that you would like to know today?"
    alone = tiny.chat(question, max_tokens=8, seed=1)
    tiny.core.scheduler.groups.clear()

    def interrupt() -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        before_each_step(tiny, patched, interrupt)
        with pytest.raises(KeyboardInterrupt):
            tiny.chat(question, max_tokens=8, seed=1)
    assert tiny.chat(question, max_tokens=8, seed=1) == alone
    assert idle(tiny)


def test_what_goes_on_after_a_text_is_told_so(tiny: alize.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sentencepiece drops the space at the start of a text, and must not where the text has begun."""
    told: list[bool] = []
    stream = tiny.tokenizer.stream
    monkeypatch.setattr(
        tiny.tokenizer, "stream", lambda stop, *, continuing: told.append(continuing) or stream(stop, continuing=continuing)
    )
    tiny.generate("1, 2,", max_tokens=1)
    tiny.chat([alize.Message("user", "hi"), alize.Message("assistant", "Well,", prefix=True)], max_tokens=1)
    tiny.chat("hi", max_tokens=1)
    assert told == [True, True, False]


def test_an_adapter_changes_all_that_is_computed(tmp_path: Path) -> None:
    path = write_tiny_gguf(tmp_path / "tiny.gguf")
    adapter = write_release(tmp_path / "lora.safetensors", {"layers.0.attention.wv": (32, 32), "layers.1.feed_forward.w2": (32, 64)})
    given: dict[str, Any] = {"home": tmp_path, "dtype": "float32", "cache_memory": 0.01, "threads": 1}
    with closing(alize.load(path, **given)) as plain, closing(alize.load(path, adapter=adapter, **given)) as adapted:
        assert not np.allclose(plain.logits([1, 2, 3]), adapted.logits([1, 2, 3]))
        assert not np.allclose(plain.core.embed([[1, 2, 3]]), adapted.core.embed([[1, 2, 3]], "adapter"))
        one, other = (model.chat("hello", max_tokens=20, temperature=0) for model in (plain, adapted))
        assert one != other
    with pytest.raises(CheckpointInvalid, match="nowhere"):
        alize.load(path, adapter=tmp_path / "nowhere", **given)


def test_threads_share_a_model_and_each_gets_the_answer_it_would_get_alone(tmp_path: Path) -> None:
    tiny = alize.load(write_tiny_gguf(tmp_path / "tiny.gguf"), home=tmp_path, dtype="float64", cache_memory=0.01, threads=1)
    questions = [f"Count from {n} to ten." for n in range(6)]
    alone = [tiny.chat(question, seed=3, temperature=1, max_tokens=24) for question in questions]
    assert len(set(alone)) == len(alone)
    assert together(tiny, [tiny.stream(question, seed=3, temperature=1, max_tokens=24) for question in questions]) == alone
    assert idle(tiny)
    tiny.close()


def together(model: alize.Model, answers: list[Answer]) -> list[str]:
    """Begin all, so that they share each step from here on; then let as many threads read to the end at once."""
    for answer in answers:
        next(answer)
    with ThreadPoolExecutor(len(answers)) as pool:
        for _ in pool.map(list, answers):
            pass
    return [answer.text for answer in answers]


WRONG: list[dict[str, Any]] = [
    *({"max_tokens": value} for value in (0, -1, 2.5, "5", True)),
    *({"stop": value} for value in ("", [""], [1], 1)),
    *({"temperature": value} for value in (-1, "0", float("nan"), [0], True)),
    *({"seed": value} for value in (-1, 2**64, 1.5, "1")),
    {"top_k": 0.5},
    {"heat": 1},
]


@pytest.mark.parametrize("option", WRONG, ids=str)
def test_options_that_cannot_be_followed_are_refused_at_once(tiny: alize.Model, option: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest, match=next(iter(option))):
        tiny.stream("hello", **option)
    assert idle(tiny)


def test_none_is_as_good_as_left_out_and_numpy_s_numbers_are_numbers(tiny: alize.Model) -> None:
    assert tiny.chat("hello", max_tokens=3, seed=1, stop=None, temperature=None, top_k=None) == tiny.chat("hello", max_tokens=3, seed=1)
    assert tiny.chat("hello", max_tokens=3, seed=np.int64(1), temperature=np.float32(1)) == tiny.chat(
        "hello", max_tokens=3, seed=1, temperature=1
    )
    draws = {tiny.chat("hello", max_tokens=30, seed=None) for _ in range(4)}  # bytes: many of them make the same signs of broken text
    assert len(draws) == 4


@pytest.mark.parametrize("conversation", [None, 5, {"role": "user", "content": "hello"}])
def test_what_is_no_conversation_is_refused(tiny: alize.Model, conversation: Any) -> None:
    with pytest.raises(InvalidRequest, match="conversation"):
        tiny.chat(conversation)


def test_one_text_is_no_list_of_texts_to_embed(tiny: alize.Model) -> None:
    with pytest.raises(InvalidRequest, match="list of texts"):
        tiny.embed("hello")


def test_a_model_that_chats_is_asked_for_no_vectors_as_by_the_api_and_the_command(tiny: alize.Model) -> None:
    for texts in (["hello"], []):
        with pytest.raises(UnsupportedParameter, match="does not embed") as refused:
            tiny.embed(texts)
        assert "all-minilm-l6-v2" in str(refused.value.remedy)


def test_a_closed_model_says_so_also_to_an_answer_under_way(tiny: alize.Model) -> None:
    begun, not_begun = tiny.stream("hello", max_tokens=50), tiny.stream("hello")
    next(begun)
    tiny.close()
    for use in (
        lambda: list(begun),
        lambda: list(not_begun),
        lambda: tiny.chat("hello"),
        lambda: tiny.logits([1]),
    ):
        with pytest.raises(InvalidRequest, match="closed"):
            use()
    tiny.close()


def test_an_unknown_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidModel, match="smolm"):
        alize.load("smolm-135m", home=tmp_path)


def test_offline_fetches_nothing(tmp_path: Path) -> None:
    with pytest.raises(Missing):
        alize.load(home=tmp_path, offline=True)


def test_an_alias_of_the_settings_is_understood_also_where_its_model_is_not_here_yet(tmp_path: Path) -> None:
    with pytest.raises(Missing, match="smollm2-135m-instruct"):
        alize.load("small", home=tmp_path, offline=True, model_aliases=("small=smollm2-135m-instruct",))


def test_what_a_call_leaves_open_is_as_the_settings_say(tmp_path: Path) -> None:
    file = write_tiny_gguf(tmp_path / "tiny.gguf")
    with closing(alize.load(file, home=tmp_path, cache_memory=0.01, threads=1, default_max_tokens=3, default_temperature=0)) as tiny:
        answer = tiny.stream("hello")
        assert "".join(answer) == tiny.chat("hello", max_tokens=3, temperature=0)
        assert (len(answer.tokens), answer.finish) == (3, "length")
        assert len(tiny.generate("hello", max_tokens=9, temperature=0)) > len(tiny.generate("hello"))


def test_an_answer_without_a_limit_ends_with_the_context_and_says_so(tmp_path: Path) -> None:
    """As over the API: `length` would mean that somebody had set one."""
    with closing(alize.load(write_tiny_gguf(tmp_path / "tiny.gguf"), home=tmp_path, cache_memory=0.01, threads=1, max_context=64)) as tiny:
        answer = tiny.stream("hello", temperature=0)
        "".join(answer)
        assert answer.finish == "model_length"
        assert answer.prompt_tokens + len(answer.tokens) == 64


@pytest.mark.slow
def test_it_knows_the_capital_of_france(model: alize.Model) -> None:
    assert "Paris" in model.chat(QUESTION, temperature=0)


@pytest.mark.slow
def test_streamed_and_whole_are_the_same(model: alize.Model) -> None:
    answer = model.stream(QUESTION, temperature=0)
    assert "".join(answer) == answer.text == model.chat(QUESTION, temperature=0)
    assert answer.finish == "stop"
    assert answer.prompt_tokens == len(model.tokenizer.template([{"role": "user", "content": QUESTION}]))
    assert len(answer.tokens) > 3


@pytest.mark.slow
def test_the_same_seed_gives_the_same_answer(model: alize.Model) -> None:
    first, second, other = (model.chat("Name a colour.", seed=seed, temperature=1.2, max_tokens=20) for seed in (4, 4, 5))
    assert first == second != other


@pytest.mark.slow
def test_a_stop_string_ends_the_answer_and_is_left_out(model: alize.Model) -> None:
    answer = model.stream(QUESTION, temperature=0, stop=" Paris")
    assert "".join(answer) == "The capital of France is"
    assert answer.finish == "stop"


@pytest.mark.slow
def test_what_was_guessed_behind_a_stop_string_is_no_part_of_the_answer(smollm2: Path) -> None:
    found: list[list[int]] = []
    for speculation in (False, True):
        with closing(alize.load(smollm2, cache_memory=0.1, max_context=512, speculation=speculation)) as model:
            said = model.chat("Tell me about the wind.", temperature=0, max_tokens=60)
            answer = model.stream("Tell me about the wind.", temperature=0, max_tokens=60, prediction=said, stop=said[72:80])
            assert "".join(answer) == said[:72]
            assert (answer.guessed_tokens > 0) == speculation
            assert answer.accepted_tokens <= len(answer.tokens)
            assert answer.replay is not None
            assert answer.replay.answer == tuple(answer.tokens)
            found.append(answer.tokens)
    assert found[0] == found[1]


@pytest.mark.slow
def test_an_answer_can_be_begun_for_it(model: alize.Model) -> None:
    turns = [alize.Message("user", QUESTION), alize.Message("assistant", "It is the city of", prefix=True)]
    assert "Paris" in model.chat(turns, temperature=0, max_tokens=8)


@pytest.mark.slow
def test_text_is_continued_without_a_template(model: alize.Model) -> None:
    assert model.generate("1, 2, 3, 4,", temperature=0, max_tokens=8).startswith(" 5, 6")


@pytest.mark.slow
def test_logits_are_those_the_answers_come_from(model: alize.Model) -> None:
    tokens = model.tokenizer.template([{"role": "user", "content": QUESTION}])
    logits = model.logits(tokens)
    assert logits.shape == (len(tokens), 49152)
    answer = model.stream(QUESTION, temperature=0)
    next(answer)
    answer.close()
    assert answer.tokens[0] == logits[-1].argmax()


@pytest.mark.slow
def test_threads_share_a_real_model(model: alize.Model) -> None:
    questions = [f"Count from {n} to ten." for n in range(4)]
    alone = [model.chat(question, temperature=0, max_tokens=12) for question in questions]
    assert together(model, [model.stream(question, temperature=0, max_tokens=12) for question in questions]) == alone
    assert not model.core.busy
    model.core.check()


@pytest.mark.slow
def test_leaving_early_frees_what_was_taken(model: alize.Model) -> None:
    answer = model.stream("Tell me a long story.", temperature=0)
    next(answer)
    answer.close()
    assert model.core.stats().blocks_used == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("conversation", "options", "error"),
    [
        ("word " * 600, {}, PromptTooLong),
        ([], {}, InvalidRequest),
        ([{"role": "assistant", "content": "Hello."}], {}, InvalidMessageOrder),
        (QUESTION, {"heat": 1}, InvalidRequest),
    ],
)
def test_what_cannot_be_answered_is_refused(model: alize.Model, conversation: object, options: dict[str, object], error: type) -> None:
    with pytest.raises(error):
        model.chat(conversation, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def seeing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[alize.Model]:
    folder = tmp_path_factory.mktemp("seeing")
    write_tiny_pixtral(folder)
    loaded = alize.load(folder, home=folder, dtype="float32", cache_memory=0.05, max_context=512, threads=1)
    yield loaded
    loaded.close()


def asked(image: str) -> list[Any]:
    return [alize.Message("user", [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": image}])]


def test_a_model_that_sees_is_shown_files_and_what_is_written_out(seeing: alize.Model, tmp_path: Path) -> None:
    one, other = noise(60, 40, 1), noise(60, 40, 2)
    (tmp_path / "one.png").write_bytes(one)
    said: list[list[int]] = []
    for image in (str(tmp_path / "one.png"), written(one), written(other)):
        answer = seeing.stream(asked(image), temperature=0, max_tokens=8)
        assert "".join(answer) == answer.text
        assert answer.prompt_tokens == len(seeing.tokenizer.template([{"role": "user", "content": SHOWN}]))
        said.append(answer.tokens)
    assert said[0] == said[1] != said[2]


SHOWN = [{"type": "text", "text": "What is this?"}, {"type": "image", "rows": 3, "columns": 4}]


@pytest.mark.parametrize(
    ("image", "says"),
    [
        ("https://pictures.example/a.png", "nothing is fetched"),
        ("nowhere.png", "cannot be read"),
        ("a\0b", "cannot be read"),
        ("~nobody-has-this-name/a.png", "cannot be read"),
        (".", "cannot be read"),
        (__file__, "no image"),
        ("data:image/png;base64,AA==", "no image"),
    ],
)
def test_an_image_that_cannot_be_had_is_refused_by_its_place(seeing: alize.Model, image: str, says: str) -> None:
    with pytest.raises(InvalidMedia, match=says) as refused:
        seeing.chat(asked(image))
    assert refused.value.param == "messages.0.content.1"


def test_a_model_that_reads_says_so_of_images(tiny: alize.Model) -> None:
    with pytest.raises(UnsupportedParameter, match="reads text, not images"):
        tiny.chat(asked("a.png"))


def test_an_encoder_is_loaded_like_any_other_and_asked_for_vectors_alone(tmp_path: Path) -> None:
    reader = alize.load(released(encoder(), tmp_path / "m"), home=tmp_path, threads=1)
    vectors = reader.embed(["the cat sat", "dogs"])
    assert vectors.shape == (2, 32)
    assert reader.embed([]).shape == (0, 32)
    assert reader.embed(["the cat sat"], dimension=16, dtype="binary").shape == (1, 2)
    assert np.abs(reader.embed(["dogs", "the cat sat"]) - vectors[::-1]).max() < 1e-6
    for ask in (lambda: reader.chat("Hi"), lambda: reader.generate("Hi"), lambda: reader.logits([1])):
        with pytest.raises(InvalidRequest):
            ask()
    for texts in (["a", ""], ["a", 3]):
        with pytest.raises(InvalidRequest, match=r"texts\[1\]"):
            reader.embed(texts)  # pyright: ignore[reportArgumentType]
    with pytest.raises(PromptTooLong):
        reader.embed(["the " * 70])
    with pytest.raises(InvalidRequest):
        reader.embed(["a"], dimension=33)
    reader.close()
    with pytest.raises(InvalidRequest, match="closed"):
        reader.embed(["a"])


def test_prefixes_are_saved_only_where_that_is_asked_for(smollm2: Path, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "smollm2-135m-instruct").symlink_to(smollm2.parent, target_is_directory=True)
    given: dict[str, Any] = {"home": tmp_path, "offline": True, "runner": "native", "threads": 1, "cache_memory": 0.1}
    text = "The lighthouse stood at the end of the pier, white and red. " * 10

    def cached(**more: float) -> int:
        with closing(alize.load(**given, **more)) as model:
            answer = model.stream(text, max_tokens=2)
            assert "".join(answer)
            return answer.cached_tokens

    assert [cached(), cached()] == [0, 0]
    assert not (tmp_path / "prefixes").exists()
    assert cached(prefix_disk=0.1) == 0
    assert cached(prefix_disk=0.1) > 100
    assert cached() == 0
