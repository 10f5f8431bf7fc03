"""The library: a model in this process, whole or streamed, from several threads at once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import alize
from alize.errors import InvalidMessageOrder, InvalidModel, InvalidRequest, Missing, PromptTooLong

pytest.importorskip("torch")
pytestmark = pytest.mark.slow

QUESTION = "What is the capital of France?"


@pytest.fixture(scope="module")
def model(smollm2: Path) -> Iterator[alize.Model]:
    loaded = alize.load(smollm2, cache_memory=0.5, dtype="float32", max_context=512)
    yield loaded
    loaded.close()


def test_it_knows_the_capital_of_france(model: alize.Model) -> None:
    assert "Paris" in model.chat(QUESTION, temperature=0)


def test_streamed_and_whole_are_the_same(model: alize.Model) -> None:
    answer = model.stream(QUESTION, temperature=0)
    assert "".join(answer) == answer.text == model.chat(QUESTION, temperature=0)
    assert answer.finish == "stop"
    assert answer.prompt_tokens == len(model.tokenizer.template([{"role": "user", "content": QUESTION}]))
    assert len(answer.tokens) > 3


def test_the_same_seed_gives_the_same_answer(model: alize.Model) -> None:
    first, second, other = (model.chat("Name a colour.", seed=seed, temperature=1.2, max_tokens=20) for seed in (4, 4, 5))
    assert first == second != other


def test_a_stop_string_ends_the_answer_and_is_left_out(model: alize.Model) -> None:
    answer = model.stream(QUESTION, temperature=0, stop=" Paris")
    assert "".join(answer) == "The capital of France is"
    assert answer.finish == "stop"


def test_an_answer_can_be_begun_for_it(model: alize.Model) -> None:
    turns = [alize.Message("user", QUESTION), alize.Message("assistant", "It is the city of", prefix=True)]
    assert "Paris" in model.chat(turns, temperature=0, max_tokens=8)


def test_text_is_continued_without_a_template(model: alize.Model) -> None:
    assert model.generate("1, 2, 3, 4,", temperature=0, max_tokens=8).startswith(" 5, 6")


def test_logits_are_those_the_answers_come_from(model: alize.Model) -> None:
    tokens = model.tokenizer.template([{"role": "user", "content": QUESTION}])
    logits = model.logits(tokens)
    assert logits.shape == (len(tokens), 49152)
    answer = model.stream(QUESTION, temperature=0)
    next(answer)
    answer.close()
    assert answer.tokens[0] == logits[-1].argmax()


def test_similar_texts_have_similar_embeddings(model: alize.Model) -> None:
    cat, kitten, ledger = model.embed(["The cat sleeps.", "The kitten sleeps.", "Quarterly revenue rose by nine percent."])
    assert np.linalg.norm(cat) == pytest.approx(1, abs=1e-5)
    assert cat @ kitten > cat @ ledger


def test_threads_share_a_model(model: alize.Model) -> None:
    questions = [f"Count from {n} to ten." for n in range(4)]
    alone = [model.chat(question, temperature=0, max_tokens=12) for question in questions]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda question: model.chat(question, temperature=0, max_tokens=12), questions))
    assert [len(text) > 0 for text in together] == [len(text) > 0 for text in alone]
    assert not model.core.busy
    model.core.check()


def test_leaving_early_frees_what_was_taken(model: alize.Model) -> None:
    answer = model.stream("Tell me a long story.", temperature=0)
    next(answer)
    answer.close()
    assert model.core.stats().blocks_used == 0


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


def test_an_unknown_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidModel, match="smolm"):
        alize.load("smolm-135m", home=tmp_path)


def test_offline_fetches_nothing(tmp_path: Path) -> None:
    with pytest.raises(Missing):
        alize.load(home=tmp_path, offline=True)
