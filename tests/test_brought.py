"""Models that people bring, from their folder to an answer: what transformers makes of the same files, token for token."""

from pathlib import Path
from typing import Any

import pytest

import alize

torch = pytest.importorskip("torch")
from tests.model.families import FAMILIES, reference  # noqa: E402
from tests.tokenize.test_brought import CONTROL, learned  # noqa: E402

TEMPLATES = {  # with what is particular to each: Qwen's turns, Gemma's names of roles
    "Qwen2": (
        "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    ),
    "Gemma": (
        "{{ bos_token }}{% for m in messages %}<start_of_turn>{{ 'model' if m['role'] == 'assistant' else m['role'] }}\n"
        "{{ m['content'] | trim }}<end_of_turn>\n{% endfor %}{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
    ),
}
FAMILY = {"Qwen2": "normed queries and keys", "Gemma": "norms on both sides, two rotations"}
CONVERSATION = [
    {"role": "user", "content": " What is  the capital of France? "},
    {"role": "assistant", "content": "Paris."},
    {"role": "user", "content": "And of 漢字?"},
]


@pytest.mark.parametrize("kind", CONTROL)
def test_an_answer_is_that_of_transformers(kind: str, tmp_path: Path) -> None:
    import transformers

    vocab, merges = learned(kind)
    tokenizer: Any = getattr(transformers, f"{kind}Tokenizer")(vocab=vocab, merges=merges, extra_special_tokens=CONTROL[kind][-2:])
    tokenizer.chat_template = TEMPLATES[kind]
    theirs = reference(FAMILIES[FAMILY[kind]], vocab_size=len(tokenizer))
    theirs.generation_config.eos_token_id = theirs.generation_config.pad_token_id = None
    theirs.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    prompt = tokenizer.apply_chat_template(CONVERSATION, add_generation_prompt=True, return_tensors="pt", return_dict=False)
    with torch.no_grad():
        written = theirs.generate(prompt, max_new_tokens=40, do_sample=False)
    expected = written[0, prompt.shape[1] :].tolist()
    model = alize.load(tmp_path, home=tmp_path, dtype="float32", cache_memory=0.05, threads=1)
    try:
        answer = model.stream(CONVERSATION, temperature=0, max_tokens=40)
        text = "".join(answer)
    finally:
        model.close()
    assert answer.prompt_tokens == prompt.shape[1]
    written_here = [token for token in answer.tokens if token not in tokenizer.all_special_ids]
    assert answer.tokens == expected[: len(answer.tokens)]
    assert answer.finish == "length" or expected[len(answer.tokens) - 1] in tokenizer.all_special_ids  # an end of the release's
    if "\ufffd" not in text:  # of bytes that are no character, the library throws away their neighbours
        assert text == tokenizer.decode(written_here)
