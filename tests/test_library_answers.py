"""Answers of the library: begun or not, let go anywhere, interrupted, they leave nothing behind. On a model of 150 KB."""

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import alize
from alize.errors import InvalidRequest
from tests.tiny_model import write_tiny_gguf

pytest.importorskip("torch")


@pytest.fixture
def model(tmp_path: Path) -> Iterator[alize.Model]:
    loaded = alize.load(write_tiny_gguf(tmp_path / "tiny.gguf"), home=tmp_path, dtype="float32", cache_memory=0.01, threads=1)
    yield loaded
    loaded.close()


def idle(model: alize.Model) -> bool:
    model.core.check()
    return not model.core.busy and not model._inboxes


def before_each_step(model: alize.Model, monkeypatch: pytest.MonkeyPatch, do: Any) -> None:
    run = model.core.runner.run

    def wrapped(*args: Any, **more: Any) -> Any:
        do()
        return run(*args, **more)

    monkeypatch.setattr(model.core.runner, "run", wrapped)


def test_an_answer_that_is_never_begun_costs_nothing(model: alize.Model) -> None:
    model.stream("hello").close()
    del model.stream("hello").text
    gc.collect()
    assert idle(model)


def test_an_answer_let_go_halfway_is_taken_out_even_amid_a_step(model: alize.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = model.chat("hello", max_tokens=5, seed=1)
    left = model.stream("hello", max_tokens=100, seed=2)
    next(left)
    del left
    before_each_step(model, monkeypatch, gc.collect)
    assert model.chat("hello", max_tokens=5, seed=1) == alone
    assert idle(model)


def test_an_interrupted_answer_does_not_change_the_next(model: alize.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    question = "What is it that you would like to know today?"
    alone = model.chat(question, max_tokens=8, seed=1)
    model.core.scheduler.groups.clear()

    def interrupt() -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        before_each_step(model, patched, interrupt)
        with pytest.raises(KeyboardInterrupt):
            model.chat(question, max_tokens=8, seed=1)
    assert model.chat(question, max_tokens=8, seed=1) == alone
    assert idle(model)


def test_what_goes_on_after_a_text_is_told_so(model: alize.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sentencepiece drops the space at the start of a text, and must not where the text has begun."""
    told: list[bool] = []
    stream = model.tokenizer.stream
    monkeypatch.setattr(
        model.tokenizer, "stream", lambda stop, *, continuing: told.append(continuing) or stream(stop, continuing=continuing)
    )
    model.generate("1, 2,", max_tokens=1)
    model.chat([alize.Message("user", "hi"), alize.Message("assistant", "Well,", prefix=True)], max_tokens=1)
    model.chat("hi", max_tokens=1)
    assert told == [True, True, False]


@pytest.mark.parametrize("option", [{"max_tokens": 0}, {"heat": 1}, {"stop": [""]}, {"temperature": -1}])
def test_options_that_cannot_be_followed_are_refused_at_once(model: alize.Model, option: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest, match=next(iter(option))):
        model.stream("hello", **option)
    assert idle(model)
