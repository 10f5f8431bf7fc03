"""What was thought goes back into a prompt as its makers write it: ids are mistral-common's, text is the template's."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from alize.errors import InvalidRequest, UnsupportedParameter
from alize.prompt.modes import THINKING_PROMPT
from alize.tokenize import Tokenizer, load_tokenizer
from alize.tokenize.base import ThoughtMarks
from alize.tokenize.markers import Marker, Markers
from alize.tokenize.template import ChatTemplate
from alize.weights.checkpoints.base import TokenizerFiles

USER = {"role": "user", "content": "4 + 4?"}


def thought(text: str, *, closed: bool = True) -> dict[str, Any]:
    return {"type": "thinking", "thinking": [{"type": "text", "text": text}], "closed": closed}


def answered(text: str = "8") -> dict[str, Any]:
    return {"role": "assistant", "content": [thought("So [THINK]\n8."), {"type": "text", "text": text}]}


def load(path: Path) -> Tokenizer:
    return load_tokenizer(TokenizerFiles(files={"tekken.json": path}))


def their_ids(path: Path, messages: list[dict[str, Any]], **more: Any) -> list[int]:
    from mistral_common.protocol.instruct.request import ChatCompletionRequest
    from mistral_common.tokens.tokenizers.mistral import MistralTokenizer

    def plain(content: Any) -> Any:
        if isinstance(content, str):
            return content
        return [part if part["type"] == "text" else {**part, "thinking": part["thinking"][0]["text"]} for part in content]

    request = ChatCompletionRequest(messages=[{**one, "content": plain(one["content"])} for one in messages], **more)
    return MistralTokenizer.from_file(path).encode_chat_completion(request).tokens


def test_thoughts_of_a_conversation_equal_mistral_common_s(later: Callable[[str], Path]):
    path = later("v13")
    ours = load(path)
    messages = [{"role": "system", "content": THINKING_PROMPT}, USER, answered(), USER]
    ids = ours.template(messages)
    assert ids == their_ids(path, messages)
    marks = ours.thought_marks
    assert marks is not None
    assert (marks.opens, marks.efforts, marks.prompted) == ("[THINK]", False, True)
    assert marks.ids is not None
    assert [ids.count(id) for id in marks.ids] == [2, 2]  # of the system prompt and of the answer; in its words it is text


def test_a_thought_is_left_open_to_be_continued(later: Callable[[str], Path]):
    path = later("v13")
    ours = load(path)
    begun = {"role": "assistant", "content": [thought("So", closed=False)], "prefix": True}
    ids = ours.template([USER, begun])
    assert ours.thought_marks is not None
    assert ours.thought_marks.ids is not None
    assert ids == their_ids(path, [USER, begun])
    assert ours.thought_marks.ids[1] not in ids


def test_a_version_without_the_tokens_has_no_marks_and_writes_thoughts_as_the_first_magistral_does(later: Callable[[str], Path]):
    ours = load(later("v11"))
    assert ours.thought_marks is None
    written = {"role": "assistant", "content": "<think>\nSo [THINK]\n8.\n</think>\n8"}
    assert ours.template([USER, answered(), USER]) == ours.template([USER, written, USER])


@pytest.mark.parametrize("effort", [None, "none", "high"])
def test_how_much_to_think_equals_mistral_common_s(later: Callable[[str], Path], effort: str | None):
    path = later("v15")
    ours = load(path)
    assert ours.thought_marks is not None
    assert ours.thought_marks.efforts
    assert ours.template([USER], effort=effort) == their_ids(path, [USER], reasoning_effort=effort)


def test_an_effort_that_the_release_does_not_know_is_refused(later: Callable[[str], Path]):
    with pytest.raises(InvalidRequest, match="reasoning_effort"):
        load(later("v15")).template([USER], effort="xhigh")


def said(source: str, messages: list[dict[str, Any]], effort: str | None = None) -> str:
    template = ChatTemplate(source, {}, Markers([Marker("<|im_start|>", 0), Marker("<|im_end|>", 1)]))
    return "".join(part if isinstance(part, str) else "|" for part in template.segments(messages, effort=effort))


TURNS = "{% for m in messages %}{{ '<|im_start|>' }}CONTENT{% endfor %}"
BESIDE = TURNS.replace("CONTENT", "{% if m.reasoning_content %}<think>{{ m.reasoning_content }}</think>{% endif %}{{ m.content }}")
WITHIN = TURNS.replace(
    "CONTENT",
    "{% if m.content is string %}{{ m.content }}{% else %}{% for p in m.content %}"
    "{% if p.type == 'thinking' %}({{ p.thinking }}{{ ')' if p.closed }}{% else %}{{ p.text }}{% endif %}{% endfor %}{% endif %}",
)
NEITHER = TURNS.replace("CONTENT", "{{ m.content }}")


@pytest.mark.parametrize(
    ("source", "expected"),
    [(BESIDE, "|4 + 4?|<think>So [THINK]\n8.</think>8"), (WITHIN, "|4 + 4?|(So [THINK]\n8.)8"), (NEITHER, "|4 + 4?|8")],
)
def test_a_template_gets_thoughts_where_it_has_a_place_for_them(source: str, expected: str):
    assert said(source, [USER, answered()]) == expected


def test_an_open_thought_of_a_template_is_continued():
    begun = {"role": "assistant", "content": [thought("So", closed=False)], "prefix": True}
    assert said(WITHIN, [USER, begun]) == "|4 + 4?|(So"


def test_a_template_without_a_place_refuses_thoughts_of_a_system_prompt():
    with pytest.raises(UnsupportedParameter, match="system"):
        said(BESIDE, [{"role": "system", "content": THINKING_PROMPT}, USER])


def test_a_template_is_told_whether_to_think():
    source = "{% if enable_thinking is defined and not enable_thinking %}<think></think>{% endif %}{{ messages[0].content }}"
    template = ChatTemplate(source, {}, Markers([]))
    assert template.thought_marks(None) == ThoughtMarks(efforts=True)
    assert [said(source, [USER], effort) for effort in (None, "none", "low")] == ["4 + 4?", "<think></think>4 + 4?", "4 + 4?"]
    assert ChatTemplate(NEITHER, {}, Markers([])).thought_marks(None) is None
