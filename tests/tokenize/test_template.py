"""Chat templates: ids equal those of `transformers` for harmless words, and hostile words stay words."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alize.errors import CheckpointInvalid, InvalidMessageOrder, InvalidRequest, UnsupportedParameter
from alize.tokenize import Tokenizer, load_tokenizer
from alize.tokenize.markers import Marker, Markers
from alize.tokenize.template import ChatTemplate
from alize.weights.checkpoints.base import TokenizerFiles

# Written for these tests, each in the manner of a family.
TEMPLATES = {
    "chatml": (
        "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
    ),
    "trimming": (
        "{{ bos_token }}\n"
        "{%- for message in messages %}\n"
        "    {%- if message.role not in ['user', 'assistant', 'system'] %}\n"
        "        {{- raise_exception('Unknown role ' ~ message.role) }}\n"
        "    {%- endif %}\n"
        "    {%- set turn = '<|' ~ message.role ~ '|>\n' ~ message.content | trim ~ '<|end|>\n' %}\n"
        "    {{- turn }}\n"
        "{%- endfor %}\n"
        "{%- if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}"
    ),
    "alternating": (
        "{%- if messages[0]['role'] == 'system' -%}\n"
        "  {%- set system = messages[0]['content'] -%}\n"
        "  {%- set rest = messages[1:] -%}\n"
        "{%- else -%}\n"
        "  {%- set system = '' -%}\n"
        "  {%- set rest = messages -%}\n"
        "{%- endif -%}\n"
        "{{- bos_token -}}\n"
        "{%- for message in rest -%}\n"
        "  {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}\n"
        "    {{- raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') -}}\n"
        "  {%- endif -%}\n"
        "  {%- if message['role'] == 'user' -%}\n"
        "    {%- if loop.last and system -%}{{- '[INST] ' + system + '\n\n' + message['content'] + '[/INST]' -}}\n"
        "    {%- else -%}{{- '[INST] ' + message['content'] + '[/INST]' -}}{%- endif -%}\n"
        "  {%- else -%}{{- ' ' + message['content'] + eos_token -}}{%- endif -%}\n"
        "{%- endfor -%}"
    ),
    "thinking": (
        "{%- macro turn(role, text) %}<|im_start|>{{ role }}\n{{ text }}<|im_end|>\n{% endmacro %}"
        "{%- set state = namespace(first=true) %}"
        "{%- for message in messages %}"
        "{%- set text = message.content.split('</think>')[-1].lstrip('\n') if '</think>' in message.content else message.content %}"
        "{%- if state.first and message.role != 'system' %}{{ turn('system', 'Think.') }}{% endif %}{% set state.first = false %}"
        "{{- turn(message.role, text) }}"
        "{%- endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n<think>\n' }}{% endif %}"
    ),
    "tools": (
        "{% if tools %}{{ '<|im_start|>system\n' }}{% for tool in tools %}{{ tool | tojson }}\n{% endfor %}{{ '<|im_end|>\n' }}{% endif %}"
        "{% for message in messages %}{{ '<|im_start|>' + message.role + '\n' }}"
        "{% if message.role == 'tool' %}{{ '<tool_response>' + message.content + '</tool_response>' }}"
        "{% elif message.tool_calls %}{{ message.content }}{% for call in message.tool_calls %}"
        "<tool_call>{{ call.function.name }} {{ call.function.arguments | tojson(indent=2) }}{% endfor %}"
        "{% else %}{{ message.content }}{% endif %}{{ '<|im_end|>\n' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
    ),
}
TOOL = {
    "type": "function",
    "function": {"name": "weather", "description": "Wie ist das Wetter? <b>&", "parameters": {"type": "object", "properties": {}}},
}
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0")) | st.text("ab \n<|>[]/é'1_</think>", max_size=30)
HARMLESS = WORDS.filter(lambda text: not any(marker in text for marker in ("<|", "|>", "[INST]", "[/INST]", "<s>", "</s>", "<tool_call>")))
TURNS = st.lists(st.tuples(HARMLESS, HARMLESS), min_size=1, max_size=3)


def release(folder: Path, template: str) -> Tokenizer:
    files = {name: folder / name for name in ("tokenizer.json", "tokenizer_config.json")}
    return load_tokenizer(TokenizerFiles(files=files, chat_template=template))


@pytest.fixture(scope="module")
def ours(made_folder: Path) -> dict[str, Tokenizer]:
    return {name: release(made_folder, source) for name, source in TEMPLATES.items()}


@pytest.fixture(scope="module")
def transformers(made_folder: Path) -> Any:
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast(tokenizer_file=str(made_folder / "tokenizer.json"), bos_token="<s>", eos_token="</s>")


def conversation(turns: list[tuple[str, str]], system: str | None) -> list[dict[str, str]]:
    messages = [
        message
        for question, answer in turns
        for message in ({"role": "user", "content": question}, {"role": "assistant", "content": answer})
    ]
    return [*([] if system is None else [{"role": "system", "content": system}]), *messages[:-1]]


@pytest.mark.parametrize("family", ["chatml", "trimming", "alternating", "thinking"])
@settings(max_examples=80)
@given(turns=TURNS, system=st.none() | HARMLESS)
def test_ids_of_harmless_words_equal_those_of_transformers(
    ours: dict[str, Tokenizer], transformers: Any, family: str, turns: list[tuple[str, str]], system: str | None
):
    messages = conversation(turns, system)
    theirs = transformers.apply_chat_template(messages, chat_template=TEMPLATES[family], add_generation_prompt=True, return_dict=False)
    assert ours[family].template(messages) == theirs


@settings(max_examples=60)
@given(question=HARMLESS, key=HARMLESS, value=HARMLESS, result=HARMLESS)
def test_tools_calls_and_results_equal_those_of_transformers(
    ours: dict[str, Tokenizer], transformers: Any, question: str, key: str, value: str, result: str
):
    arguments = {key: [value, 1, None]}

    def messages(arguments: Any) -> list[dict[str, Any]]:
        call = {"id": "abcdefghi", "type": "function", "function": {"name": "weather", "arguments": arguments}}
        return [
            {"role": "user", "content": question},
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "content": result, "tool_call_id": "abcdefghi"},
        ]

    theirs = transformers.apply_chat_template(
        messages(arguments), tools=[TOOL], chat_template=TEMPLATES["tools"], add_generation_prompt=True, return_dict=False
    )
    assert ours["tools"].template(messages(json.dumps(arguments)), [TOOL]) == theirs


@settings(max_examples=60)
@given(question=HARMLESS, prefix=HARMLESS.filter(lambda text: text and text.strip() == text and "</think>" not in text))
@pytest.mark.parametrize("family", ["chatml", "trimming", "alternating"])
def test_a_prefix_is_left_open_as_transformers_leaves_it(
    ours: dict[str, Tokenizer], transformers: Any, family: str, question: str, prefix: str
):
    messages = [{"role": "user", "content": question}, {"role": "assistant", "content": prefix}]
    theirs = transformers.apply_chat_template(messages, chat_template=TEMPLATES[family], continue_final_message=True, return_dict=False)
    assert ours[family].template([messages[0], {**messages[1], "prefix": True}]) == theirs


MARKERS = ["<s>", "</s>", "[INST]", "[/INST]", "<|im_start|>", "<|im_end|>", "<|user|>", "<|end|>"]
HOSTILE = st.lists(
    st.sampled_from([*MARKERS, "<|", "|>", "<", ">", "im_end", "end", "user", "[", "]", "INST", "/", " ", "\n", "x"]), max_size=6
)


@pytest.mark.parametrize("family", list(TEMPLATES))
@settings(max_examples=80)
@given(hostile=HOSTILE.map("".join))
def test_the_control_tokens_of_a_conversation_do_not_depend_on_its_words(ours: dict[str, Tokenizer], family: str, hostile: str):
    tokenizer = ours[family]

    def control(words: str) -> list[int]:
        messages = conversation([(words, words), (words, words)], words)
        return [id for id in tokenizer.template(messages) if not tokenizer.token_bytes(id)]

    assert control(hostile) == control("harmless")


@settings(max_examples=60)
@given(hostile=HOSTILE.map("".join))
def test_neither_tools_nor_their_results_reach_a_control_token(ours: dict[str, Tokenizer], hostile: str):
    tokenizer = ours["tools"]

    def control(words: str) -> list[int]:
        call = {"id": "abcdefghi", "type": "function", "function": {"name": words, "arguments": json.dumps({words: words})}}
        tool = {"type": "function", "function": {"name": words, "description": words, "parameters": {words: [words]}}}
        messages = [{"role": "user", "content": "x"}, {"role": "assistant", "content": words, "tool_calls": [call]}]
        ids = tokenizer.template([*messages, {"role": "tool", "content": words, "tool_call_id": "abcdefghi"}], [tool])
        return [id for id in ids if not tokenizer.token_bytes(id)]

    assert control(hostile) == control("harmless")


def test_hostile_words_are_read_letter_by_letter(ours: dict[str, Tokenizer]):
    chatml = ours["chatml"]
    assert chatml.decode(chatml.template([{"role": "user", "content": "a<|im_end|>b"}])) == "user\na<|im_end|>b\nassistant\n"


def test_a_template_that_lowers_or_joins_words_makes_no_marker_of_them(made_folder: Path):
    source = "<|im_start|>{{ messages[0].content | lower }}{{ messages[0].content | replace('x', '') }}<|im_{{ messages[0].content }}"
    made = release(made_folder, source)
    ids = made.template([{"role": "user", "content": "end|> <x|im_end|> <|IM_end|>"}])
    assert made.token_text(ids[0]) == "<|im_start|>"
    assert made.decode(ids) == "end|> <x|im_end|> <|im_end|>end|> <|im_end|> <|IM_end|><|im_end|> <x|im_end|> <|IM_end|>"


def test_words_are_refused_where_a_template_that_assembles_markers_would_make_one_of_them(made_folder: Path):
    made = release(made_folder, "{{ '<|' + messages[0].role + '|>' }}{{ messages[0].content | replace('x', '') }}")
    assert made.decode(made.template([{"role": "user", "content": "<|end|>"}])) == "<|end|>"
    with pytest.raises(InvalidRequest, match="would make control tokens"):
        made.template([{"role": "user", "content": "<|xend|>"}])


def test_a_word_that_a_template_puts_between_the_ends_of_a_marker_is_text(made_folder: Path):
    made = release(made_folder, "{{ '<|' + messages[0].content + '|>' }}")
    assert list(made.template([{"role": "user", "content": "end"}])) == list(made.encode("<|end|>"))


def test_json_in_ascii_spells_foreign_letters_and_keeps_markers_text(made_folder: Path):
    made = release(made_folder, "{{ messages[0].content | tojson(ensure_ascii=True) }}")
    text = 'é👍<|im_end|>\\ufdd0"'
    ids = made.template([{"role": "user", "content": text}])
    assert made.decode(ids) == json.dumps(text)


def render(source: str, messages: list[dict[str, Any]] | None = None, tools: list[dict[str, Any]] | None = None, **options: Any) -> str:
    template = ChatTemplate(source, {"bos_token": "<s>"}, Markers([]), **options)
    return "".join(map(str, template.segments([{"role": "user", "content": "Hi"}] if messages is None else messages, tools or [])))


def test_a_template_knows_the_conventions():
    assert (
        render("{{ bos_token }}{% for m in messages %}{% if m.content == 'x' %}{% continue %}{% endif %}{{ m.role }}{% endfor %}")
        == "<s>user"
    )
    assert render("  {% if true %}\nA\n  {% endif %}\nB") == "A\nB", "blocks are trimmed"
    assert render("{{ {'a': 'é<'} | tojson }}") == '{"a": "é<"}', "no HTML escapes"
    assert render("{% generation %}{{ messages[0].content }}{% endgeneration %}") == "Hi"
    assert render("{{ strftime_now('%d %b %Y') }}", clock=lambda: datetime(2024, 7, 4)) == "04 Jul 2024"
    assert render("{{ documents is none }}{{ tools is none }}{{ nothing is defined }}") == "TrueTrueFalse"
    assert render("{{ dict(a=1)['a'] }}{{ namespace(b=2).b }}{{ range(3) | list }}") == "12[0, 1, 2]"
    assert render("{% for m in messages %}{{ loop.length }}{{ loop.last }}{{ loop.nextitem is defined }}{% endfor %}") == "1TrueFalse"
    assert render("{{ 'a' ~ 1 ~ none ~ [2] }}") == "a1None[2]"
    assert render("{{ '%s-%02d' | format('a', 3) }}{{ '{}!'.format('b') }}{{ ['c', 'd'] | join(', ') }}") == "a-03b!c, d"


def test_what_a_template_refuses_is_a_matter_of_order(ours: dict[str, Tokenizer]):
    message = {"role": "user", "content": "Hi"}
    with pytest.raises(InvalidMessageOrder, match="roles must alternate"):
        ours["alternating"].template([message, message])


def test_tools_a_template_never_mentions_are_refused(ours: dict[str, Tokenizer]):
    with pytest.raises(UnsupportedParameter, match="no place for tools") as caught:
        ours["chatml"].template([{"role": "user", "content": "Hi"}], [TOOL])
    assert caught.value.param == "tools"
    call = {"id": "abcdefghi", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    with pytest.raises(UnsupportedParameter, match="no place for tool calls") as caught:
        ours["chatml"].template([{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "", "tool_calls": [call]}])
    assert caught.value.param == "messages.1.tool_calls"
    with pytest.raises(UnsupportedParameter, match="no place for tool results"):
        ours["chatml"].template([{"role": "tool", "content": "Hi", "tool_call_id": "abcdefghi"}])


def test_arguments_that_are_no_object_reach_the_template_as_they_are():
    source = "{{ messages[0].tool_calls[0].function.arguments }}"
    for arguments in ("not JSON", "[1]", "3", '{"a": '):
        call = {"id": "abcdefghi", "type": "function", "function": {"name": "f", "arguments": arguments}}
        assert render(source, [{"role": "assistant", "content": "", "tool_calls": [call]}]) == arguments


def test_a_prefix_that_the_template_leaves_out_cannot_be_continued():
    with pytest.raises(UnsupportedParameter, match="cannot be continued"):
        render("{{ messages[0].role }}", [{"role": "assistant", "content": "x", "prefix": True}])


def test_messages_a_template_cannot_render_are_the_request_s_fault_and_say_why():
    with pytest.raises(InvalidRequest, match=r"cannot render these messages: .*has no element 1"):
        render("{{ messages[1].content }}")
    with pytest.raises(InvalidRequest, match="cannot render"):
        render("{{ messages[0].content + 1 }}")


def test_a_call_without_a_function_is_refused():
    for calls in ([{}], [{"function": {}}], ["x"], [None], 3):
        with pytest.raises(InvalidRequest, match=r"messages\.0\.tool_calls holds a call without"):
            render("{{ messages[0].tool_calls }}", [{"role": "assistant", "content": "", "tool_calls": calls}])


@pytest.mark.parametrize("depth", [101, 600, 5000])
def test_what_is_nested_too_deep_is_refused(depth: int):
    source = "{{ messages[0].tool_calls | tojson }}{{ tools | tojson }}"
    arguments = '{"a":' * depth + "1" + "}" * depth
    call = {"id": "abcdefghi", "type": "function", "function": {"name": "f", "arguments": arguments}}
    messages = [{"role": "assistant", "content": "", "tool_calls": [call]}]
    if depth < 1000:
        with pytest.raises(InvalidRequest, match="messages is nested more than 100 levels"):
            render(source, messages)
    else:
        assert json.dumps(arguments) in render(source, messages), "what cannot even be read stays the text it is"
    tool: Any = 1
    for _ in range(depth):
        tool = {"a": tool}
    with pytest.raises(InvalidRequest, match="tools is nested more than 100 levels"):
        render(source, None, [tool])


def test_what_is_no_text_is_refused_before_it_is_rendered():
    with pytest.raises(InvalidRequest, match="half of a surrogate pair") as caught:
        render("x", [{"role": "user", "content": "\ud800"}])
    assert caught.value.param == "messages"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{% if %}", "line 1"),
        ("a\n{{ x", "line 2"),
        ("{{ 'a' | urlize }}", "No filter named 'urlize'"),
        ("{% include 'x' %}{{", "line 1"),
        ("{{ " + "(" * 3000 + ")" * 3000 + " }}", "cannot be compiled"),
        ("{% for a in b %}" * 30 + "{% endfor %}" * 30, "cannot be compiled"),
        ("x" * (2**20 + 1), "1048577 characters"),
    ],
    ids=["half a block", "open at the end", "unknown filter", "open include", "deeply nested", "loops in loops", "huge"],
)
def test_a_source_that_is_no_template_is_refused_when_loaded(source: str, message: str):
    with pytest.raises(CheckpointInvalid) as caught:
        ChatTemplate(source, {}, Markers([]))
    assert message in caught.value.message


def test_a_marker_swallowing_space_does_so_beside_a_person_s_words():
    template = ChatTemplate("{{ messages[0].content }}<m>{{ messages[0].content }}", {}, Markers([Marker("<m>", 9, strip_left=True)]))
    segments = list(template.segments([{"role": "user", "content": " a "}]))
    assert segments == [" a", 9, " a "]
