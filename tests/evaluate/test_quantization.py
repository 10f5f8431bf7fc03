"""What fewer bits cost is what anybody would compute from the two models' logits."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

torch = pytest.importorskip("torch")
import alize  # noqa: E402
from alize.convert.fewer_bits import quantize  # noqa: E402
from alize.convert.release import Order, convert  # noqa: E402
from alize.errors import InvalidRequest  # noqa: E402
from alize.evaluate.quantization import WINDOW, measured  # noqa: E402
from alize.evaluate.texts import CALIBRATION, MEASURE, text_at  # noqa: E402
from tests.tiny_model import write_tiny_gguf  # noqa: E402


def test_the_figures_are_those_of_the_logits(tmp_path: Path) -> None:
    original = write_tiny_gguf(tmp_path / "tiny.gguf")
    rounded = tmp_path / "rounded.gguf"
    quantize(original, rounded, "q4_0")
    text = text_at(MEASURE)[:700]  # more than a window
    told: list[tuple[int, int, str]] = []
    first, second = measured(original, [rounded], text, lambda *each: told.append(each), home=tmp_path / "home")
    assert (first.agreement, first.kl, first.model, first.bytes) == (1.0, 0.0, "tiny.gguf", original.stat().st_size)
    assert told[-1] == (2, 2, "rounded.gguf")

    logs: list[list[np.ndarray]] = []
    for path in (original, rounded):
        model = alize.load(path, home=tmp_path / "home", dtype="float32")
        tokens = model.tokenizer.encode(text)
        start = [] if model.tokenizer.bos_id is None else [model.tokenizer.bos_id]
        size = min(WINDOW, model.info.max_context) - len(start)
        windows = [start + tokens[at : at + size] for at in range(0, len(tokens), size)]
        logs.append([torch.tensor(model.logits(window)).double().log_softmax(-1).numpy() for window in windows])
        model.close()
    targets = np.concatenate([window[1:] for window in windows])
    p, q = (np.concatenate([each[:-1] for each in found]) for found in logs)
    assert second.perplexity == pytest.approx(np.exp(-q[np.arange(len(q)), targets].mean()), rel=1e-4)
    assert first.perplexity == pytest.approx(np.exp(-p[np.arange(len(p)), targets].mean()), rel=1e-4)
    assert second.kl == pytest.approx((np.exp(p) * (p - q)).sum(1).mean(), rel=1e-3)
    assert second.agreement == pytest.approx((p.argmax(1) == q.argmax(1)).mean())
    assert second.kl > 0


def test_a_text_that_says_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="fewer than two tokens"):
        measured(write_tiny_gguf(tmp_path / "tiny.gguf"), [], "a", home=tmp_path / "home")


def test_what_is_no_text_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "picture").write_bytes(b"\xff\xd8\xff")
    for name in ("picture", "absent"):
        with pytest.raises(InvalidRequest, match=name):
            text_at(tmp_path / name)


def test_the_texts_that_come_along_are_not_the_same() -> None:
    assert len(text_at(MEASURE)) > 20_000
    assert len(text_at(CALIBRATION)) > 20_000
    assert text_at(MEASURE)[:100] != text_at(CALIBRATION)[:100]


def test_a_model_of_another_vocabulary_and_a_disk_too_small_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = write_tiny_gguf(tmp_path / "tiny.gguf")
    text = text_at(MEASURE)[:300]
    release = tmp_path / "padded"
    convert(original, release, Order("consolidated"))
    tensors = load_file(release / "consolidated.safetensors")
    tensors = {name: np.pad(each, ((0, 8), (0, 0))) if each.shape == (259, 32) else each for name, each in tensors.items()}
    save_file(tensors, release / "consolidated.safetensors")
    params = json.loads((release / "params.json").read_text())
    (release / "params.json").write_text(json.dumps({**params, "vocab_size": 267}))
    with pytest.raises(InvalidRequest, match="padded knows 267 tokens"):
        measured(original, [release], text, home=tmp_path / "home")
    full = shutil.disk_usage(tmp_path)._replace(free=0)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
    with pytest.raises(InvalidRequest, match=r"0\.00 GB are free"):
        measured(original, [], text, home=tmp_path / "home")
