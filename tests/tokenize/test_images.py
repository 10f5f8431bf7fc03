"""Images in a conversation: their marks stand where mistral-common, or the template of the release, puts them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alize.errors import InvalidRequest, UnsupportedParameter
from alize.tokenize import Tokenizer, load_tokenizer
from alize.weights.checkpoints.base import TokenizerFiles
from tests.pictures import plain, written

FILES = {
    "tekken": ("tekken_240911.json", "tekken.json"),
    "v7m1": ("mistral_instruct_tokenizer_241114.model.v7m1", "tokenizer.model.v7m1"),
}
SIZES = {"wide": (3, 5), "tall": (4, 1), "one": (1, 1)}  # rows and columns
SAID: dict[str, list[list[str]]] = {  # user messages, with answers between them
    "image first": [["wide", "What is this?"]],
    "image last": [["What is this?", "wide"]],
    "between texts": [["Compare", "wide", "with", "tall", "please"]],
    "alone": [["one"]],
    "two alone": [["one", "wide"]],
    "in two turns": [["Look", "wide"], ["And here", "tall", "one"]],
    "then text": [["wide", "Look"], ["Thanks"]],
}


def conversation(said: list[list[str]], image: Callable[[str], dict[str, Any]], system: str | None) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = [{"role": "system", "content": system}] if system else []
    for turn, parts in enumerate(said):
        if turn:
            messages.append({"role": "assistant", "content": "I see."})
        content = [image(part) if part in SIZES else {"type": "text", "text": part} for part in parts]
        messages.append({"role": "user", "content": content})
    return messages


def ours(name: str) -> dict[str, Any]:
    return {"type": "image", "rows": SIZES[name][0], "columns": SIZES[name][1]}


def theirs(name: str) -> dict[str, Any]:
    """A picture whose size takes so many squares of 16 pixels."""
    rows, columns = SIZES[name]
    return {"type": "image_url", "image_url": written(plain(columns * 16 - 3, rows * 16))}


@pytest.mark.parametrize("system", [None, "You see."])
@pytest.mark.parametrize("said", list(SAID))
@pytest.mark.parametrize("version", list(FILES))
def test_ids_equal_mistral_common_s(
    version: str, said: str, system: str | None, released: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from mistral_common.protocol.instruct.request import ChatCompletionRequest
    from mistral_common.tokens.tokenizers import image
    from mistral_common.tokens.tokenizers.mistral import MistralTokenizer

    monkeypatch.setattr(image, "transform_image", lambda image, size: np.zeros((3, 1, 1)))  # it needs OpenCV, and decides no token
    file, shown = FILES[version]
    tokenizer = load_tokenizer(TokenizerFiles(files={shown: released(file)}))
    request = ChatCompletionRequest(messages=conversation(SAID[said], theirs, system))
    expected = MistralTokenizer.from_file(released(file)).encode_chat_completion(request).tokens
    assert tokenizer.template(conversation(SAID[said], ours, system)) == expected


def test_marks_are_those_of_the_release(released: Callable[[str], Path]) -> None:
    tokenizer = load_tokenizer(TokenizerFiles(files={"tekken.json": released("tekken_240911.json")}))
    marks = tokenizer.image_marks
    assert marks is not None
    assert [tokenizer.token_text(id) for id in (marks.square, marks.row, marks.end)] == ["[IMG]", "[IMG_BREAK]", "[IMG_END]"]
    assert (marks.side, marks.most) == (16, 1024)
    assert load_tokenizer(TokenizerFiles(files={"tokenizer.model.v1": released("tokenizer.model.v1")})).image_marks is None


TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}{% if m['role'] == 'user' %}[INST]{% if m['content'] is string %}{{ m['content'] }}{% else %}"
    "{% for part in m['content'] %}{% if part['type'] == 'text' %}{{ part['text'] }}{% elif part['type'] == 'image' %}[IMG]{% endif %}"
    "{% endfor %}{% endif %}[/INST]{% else %}{{ m['content'] }}{{ eos_token }}{% endif %}{% endfor %}"
)


@pytest.fixture(scope="module")
def seeing(made_metadata: dict[str, Any]) -> Callable[[str], Tokenizer]:
    """A tokenizer of a GGUF whose vocabulary has the marks of images, with a template."""
    control = ["<s>", "</s>", "[INST]", "[/INST]", "[IMG]", "[IMG_BREAK]", "[IMG_END]"]
    tokens = [*made_metadata["tokenizer.ggml.tokens"][:-3], *control]
    kinds = [1] * (len(tokens) - len(control)) + [3] * len(control)
    changed = {
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": kinds,
        "tokenizer.ggml.bos_token_id": tokens.index("<s>"),
        "tokenizer.ggml.eos_token_id": tokens.index("</s>"),
    }
    return lambda template: load_tokenizer(TokenizerFiles(gguf={**made_metadata, **changed, "tokenizer.chat_template": template}))


@pytest.mark.parametrize("said", list(SAID))
def test_a_template_s_one_mark_becomes_all_those_of_the_image(said: str, seeing: Callable[[str], Tokenizer]) -> None:
    tokenizer = seeing(TEMPLATE)
    marks = tokenizer.image_marks
    assert marks is not None
    assert (marks.side, marks.most) == (0, 0)
    ids = tokenizer.template(conversation(SAID[said], ours, None))
    shown = "".join(tokenizer.token_text(id) for id in ids)
    expected = "<s>"
    for turn, parts in enumerate(SAID[said]):
        expected += "I see.</s>" if turn else ""
        drawn = {name: ("[IMG]" * columns + "[IMG_BREAK]") * rows for name, (rows, columns) in SIZES.items()}
        texts = [drawn[part].removesuffix("[IMG_BREAK]") + "[IMG_END]" if part in drawn else part for part in parts]
        expected += f"[INST]{''.join(texts)}[/INST]"
    assert shown == expected


def test_a_person_s_mark_is_text(seeing: Callable[[str], Tokenizer], released: Callable[[str], Path]) -> None:
    for tokenizer in (seeing(TEMPLATE), load_tokenizer(TokenizerFiles(files={"tekken.json": released("tekken_240911.json")}))):
        marks = tokenizer.image_marks
        assert marks is not None
        content = [{"type": "text", "text": "[IMG][IMG_END]"}, ours("one"), {"type": "text", "text": "[IMG"}, {"type": "text", "text": "]"}]
        ids = tokenizer.template([{"role": "user", "content": content}])
        assert ids.count(marks.square) == ids.count(marks.end) == 1


def test_a_template_that_leaves_images_out_is_refused(seeing: Callable[[str], Tokenizer], released: Callable[[str], Path]) -> None:
    blind = seeing(TEMPLATE.replace("[IMG]", ""))
    with pytest.raises(UnsupportedParameter, match="images"):
        blind.template(conversation(SAID["alone"], ours, None))
    old = load_tokenizer(TokenizerFiles(files={"tokenizer.model.v1": released("tokenizer.model.v1")}))
    with pytest.raises(InvalidRequest):
        old.template(conversation(SAID["alone"], ours, None))
