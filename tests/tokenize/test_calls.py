"""In which form a model calls tools is read off its own template, and what is read from an answer is what its makers would write."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alize.errors import UnsupportedParameter
from alize.prompt.parts import Call, Part, joined
from alize.prompt.reading import AnswerReader
from alize.prompt.tools import offered
from alize.tokenize import Tokenizer, load_tokenizer
from alize.tokenize.base import CallMarks
from alize.tokenize.markers import Markers
from alize.tokenize.template import ChatTemplate
from alize.weights.checkpoints.base import TokenizerFiles

SPECIAL = [
    *("<s>", "</s>", "[INST]", "[/INST]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]", "[TOOL_RESULTS]", "[/TOOL_RESULTS]", "[TOOL_CALLS]"),
    *("[CALL_ID]", "[ARGS]", "[TOOL_CONTENT]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[MODEL_SETTINGS]", "[/MODEL_SETTINGS]"),
    *("<|im_start|>", "<|im_end|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|python_tag|>", "<unk>"),
]
END = "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
RESULTS = (
    "{%- elif m.role == 'tool' %}{% if loop.first or messages[loop.index0 - 1].role != 'tool' %}{{ '<|im_start|>user' }}{% endif %}"
    "{{ '\n<tool_response>\n' + m.content + '\n</tool_response>' }}"
    "{%- if loop.last or messages[loop.index0 + 1].role != 'tool' %}{{ '<|im_end|>\n' }}{% endif %}"
)
PLAIN = "{%- if m.role in ('user', 'system') %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}"

# Written for these tests, each with what is particular to a family's way of calling.
TEMPLATES = {
    "hermes": (
        "{% if tools %}{{ '<|im_start|>system\n# Tools\n<tools>' }}{% for t in tools %}{{ '\n' }}{{ t | tojson }}{% endfor %}"
        '{{ \'\n</tools>\n<tool_call>\n{"name": <function-name>, "arguments": <args-json-object>}\n</tool_call><|im_end|>\n\' }}{% endif %}'
        "{% for m in messages %}" + PLAIN + "{%- elif m.role == 'assistant' %}{{ '<|im_start|>assistant\n' + m.content }}"
        "{%- for c in m.tool_calls or [] %}{% if not loop.first or m.content %}{{ '\n' }}{% endif %}"
        '{{ \'<tool_call>\n{"name": "\' + c.function.name + \'", "arguments": \' }}{{ c.function.arguments | tojson }}'
        "{{ '}\n</tool_call>' }}{% endfor %}{{ '<|im_end|>\n' }}" + RESULTS + "{% endif %}{% endfor %}" + END
    ),
    "functions": (
        "{% if tools %}{{ '<|im_start|>system\n' }}{% for t in tools %}{{ '<function>' + t.function.name }}"
        "{% for name, p in t.function.parameters.properties | items %}{{ '\n' + name + ': ' + p.type }}{% endfor %}{{ '</function>' }}"
        "{% endfor %}{{ '<|im_end|>\n' }}{% endif %}"
        "{% for m in messages %}" + PLAIN + "{%- elif m.role == 'assistant' %}{{ '<|im_start|>assistant\n' + m.content }}"
        "{%- for c in m.tool_calls or [] %}{{ '\n<tool_call>\n<function=' + c.function.name + '>\n' }}"
        "{% for name, value in c.function.arguments | items %}{{ '<parameter=' + name + '>\n' }}"
        "{{ value if value is string else value | tojson }}{{ '\n</parameter>\n' }}{% endfor %}{{ '</function>\n</tool_call>' }}"
        "{% endfor %}{{ '<|im_end|>\n' }}" + RESULTS + "{% endif %}{% endfor %}" + END
    ),
    "llama": (
        "{{ '<s>' }}{% for m in messages %}{% if m.role == 'user' %}{{ '<|start_header_id|>user<|end_header_id|>\n\n' }}"
        '{% if loop.first and tools %}{{ \'Respond in the format {"name": function name, "parameters": dictionary}.\n\' }}'
        "{% for t in tools %}{{ t | tojson(indent=4) }}{{ '\n\n' }}{% endfor %}{% endif %}{{ m.content | trim + '<|eot_id|>' }}"
        "{% elif 'tool_calls' in m %}{% if m.tool_calls | length != 1 %}{{ raise_exception('only one call at once') }}{% endif %}"
        '{{ \'<|start_header_id|>assistant<|end_header_id|>\n\n{"name": "\' + m.tool_calls[0].function.name + \'", "parameters": \' }}'
        "{{ m.tool_calls[0].function.arguments | tojson }}{{ '}<|eot_id|>' }}"
        "{% elif m.role == 'tool' %}{{ '<|start_header_id|>ipython<|end_header_id|>\n\n' }}{{ m.content | tojson }}{{ '<|eot_id|>' }}"
        "{% else %}{{ '<|start_header_id|>' + m.role + '<|end_header_id|>\n\n' + m.content | trim + '<|eot_id|>' }}{% endif %}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
    ),
    "smollm3": (
        "{{ '<|im_start|>system\n' }}{% if xml_tools %}{{ '<tools>\n' }}{% for t in xml_tools[:] %}{{ (t | string) ~ '\n' }}{% endfor %}"
        '{{ \'</tools>\n\n<tool_call>\n{"name": <function-name>, "arguments": <args-json-object>}\n</tool_call>\' }}{% endif %}'
        "{{ '<|im_end|>\n' }}{% for m in messages %}" + PLAIN + "{%- elif m.role == 'assistant' %}{% generation %}"
        "{{ '<|im_start|>assistant\n<think>\n\n</think>\n' + m.content.lstrip('\n') + '<|im_end|>\n' }}{% endgeneration %}"
        "{%- elif m.role == 'tool' %}{{ '<|im_start|>user\n' + m.content + '<|im_end|>\n' }}{% endif %}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n<think>\n\n</think>\n' }}{% endif %}"
    ),
    "nemotron": (
        "{% if tools %}<AVAILABLE_TOOLS>{{ tools | tojson }}</AVAILABLE_TOOLS>{% endif %}{% for m in messages %}" + PLAIN + "{%- elif"
        " m.role == 'assistant' %}{{ '<|im_start|>assistant\n' + m.content }}{% if m.tool_calls %}<TOOLCALL>["
        '{%- for c in m.tool_calls %}{{ \'{"name": "\' + c.function.name + \'", "arguments": \' }}{{ c.function.arguments | tojson }}'
        "{{ '}' + (', ' if not loop.last else '') }}{% endfor %}]</TOOLCALL>{% endif %}{{ '<|im_end|>\n' }}" + RESULTS + "{% endif %}"
        "{% endfor %}" + END
    ),
}
FORMS = {
    "hermes": CallMarks("json", "<tool_call>", "</tool_call>"),
    "functions": CallMarks("functions", "<tool_call>", "</tool_call>"),
    "smollm3": CallMarks("json", "<tool_call>", "</tool_call>"),
    "nemotron": CallMarks("json", "<TOOLCALL>", "</TOOLCALL>", listed=True),
}
PARAMETERS: dict[str, Any] = {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}, "required": []}
TOOL = {"type": "function", "function": {"name": "weather", "description": "Wie <b>&</b> wird's?", "parameters": PARAMETERS}}
USER = {"role": "user", "content": "How warm?"}
ARGUMENTS = st.fixed_dictionaries(
    {"city": st.text("ab \n\"\\<>é{}[]'</tool_call>", max_size=20).map(str.strip), "days": st.integers(0, 10**9)}
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A byte-level release with the control tokens of several families."""
    from tokenizers import Tokenizer as Theirs
    from tokenizers import models, pre_tokenizers, trainers
    from tokenizers.decoders import ByteLevel

    made: Any = Theirs(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(
        ['{"name": "weather", "arguments": {'], trainers.BpeTrainer(vocab_size=400, special_tokens=SPECIAL, initial_alphabet=alphabet)
    )
    path = tmp_path_factory.mktemp("calling")
    made.save(str(path / "tokenizer.json"))
    (path / "tokenizer_config.json").write_text(json.dumps({"bos_token": "<s>", "eos_token": "</s>"}))
    return path


@pytest.fixture(scope="module")
def released_as(folder: Path) -> Callable[[str], Tokenizer]:
    files = {name: folder / name for name in ("tokenizer.json", "tokenizer_config.json")}
    return lambda source: load_tokenizer(TokenizerFiles(files=files, chat_template=source))


@pytest.fixture(scope="module")
def transformers(folder: Path) -> Any:
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"), bos_token="<s>", eos_token="</s>")


def mistral_s(version: str) -> str:
    """The template that mistral-common generates for transformers."""
    from mistral_common.integrations.chat_templates.chat_templates import generate_chat_template
    from mistral_common.tokens.tokenizers.base import TokenizerVersion

    efforts = ("none", "high") if version == "v15" else None
    return generate_chat_template(
        spm=version in ("v1", "v2", "v3", "v7"),
        tokenizer_version=TokenizerVersion(version),
        image_support=False,
        audio_support=False,
        thinking_support=False,
        default_system_prompt=None,
        plain_thinking_support=False,
        use_special_token_variables=True,
        model_settings_fields=None,
        reasoning_effort_values=efforts,
        reasoning_effort_default="none" if efforts else None,
    )


def called(*arguments: dict[str, Any], content: str = "", as_text: bool = True) -> dict[str, Any]:
    calls = [
        {
            "id": f"abcdefgh{number}",
            "type": "function",
            "function": {"name": "weather", "arguments": json.dumps(given, ensure_ascii=False) if as_text else given},
        }
        for number, given in enumerate(arguments)
    ]
    return {"role": "assistant", "content": content, "tool_calls": calls}


def results(count: int) -> list[dict[str, Any]]:
    return [{"role": "tool", "content": "22", "tool_call_id": f"abcdefgh{number}", "name": "weather"} for number in range(count)]


def answer_of(tokenizer: Tokenizer, message: dict[str, Any], tools: Sequence[dict[str, Any]] = (TOOL,)) -> list[int]:
    """The ids that the model would have drawn: what stands between its prompt and the end of its turn."""
    prompt, whole = tokenizer.template([USER], tools), tokenizer.template([USER, message, *results(len(message["tool_calls"]))], tools)
    assert whole[: len(prompt)] == prompt
    answer = whole[len(prompt) :]
    return answer[: next(place for place, id in enumerate(answer) if id in tokenizer.stop_ids)]


def read(tokenizer: Tokenizer, ids: Sequence[int]) -> list[Part | Call]:
    reader = AnswerReader(tokenizer, offer=offered(tokenizer.call_marks, [TOOL]))
    parts = [part for id in ids for part in reader.push(id)]
    found = joined([*parts, *reader.flush()])
    assert reader.called
    return found


def arguments_of(parts: Sequence[Part | Call]) -> list[Any]:
    assert all(part.name == "weather" for part in parts if isinstance(part, Call))
    return [json.loads(part.arguments) for part in parts if isinstance(part, Call)]


# ── what transformers renders ──


@pytest.mark.parametrize("family", [*TEMPLATES])
def test_a_template_shows_how_its_model_calls(released_as: Callable[[str], Tokenizer], family: str):
    tokenizer = released_as(TEMPLATES[family])
    python_tag = {"<|python_tag|>": SPECIAL.index("<|python_tag|>")}
    assert tokenizer.call_marks == FORMS.get(family, CallMarks("bare", "<|python_tag|>", ids=python_tag, key="parameters"))


@pytest.mark.parametrize("family", [*TEMPLATES])
@settings(max_examples=25)
@given(given=ARGUMENTS)
def test_prompts_with_tools_equal_those_of_transformers(
    released_as: Callable[[str], Tokenizer], transformers: Any, family: str, given: dict[str, Any]
):
    named = {"xml_tools" if family == "smollm3" else "tools": [TOOL]}

    def theirs(messages: list[dict[str, Any]]) -> list[int]:
        return transformers.apply_chat_template(
            messages, chat_template=TEMPLATES[family], add_generation_prompt=True, return_dict=False, **named
        )

    tokenizer = released_as(TEMPLATES[family])
    assert tokenizer.template([USER], [TOOL]) == theirs([USER])
    written = called(given, as_text=False)
    if family == "smollm3":  # its template leaves calls out: the model reads them as it wrote them
        written = {
            "role": "assistant",
            "content": f'<tool_call>\n{{"name": "weather", "arguments": {json.dumps(given, ensure_ascii=False)}}}\n</tool_call>',
        }
    assert tokenizer.template([USER, called(given), *results(1)], [TOOL]) == theirs([USER, written, *results(1)])


@pytest.mark.parametrize("family", [*TEMPLATES])
@settings(max_examples=40)
@given(given=st.lists(ARGUMENTS, min_size=1, max_size=3))
def test_calls_are_read_as_the_template_writes_them(released_as: Callable[[str], Tokenizer], family: str, given: list[dict[str, Any]]):
    tokenizer = released_as(TEMPLATES[family])
    given = given[:1] if family == "llama" else given
    if family == "functions":  # what closes a parameter cannot be said in one
        given = [{**one, "city": one["city"].replace("<", "")} for one in given]
    assert arguments_of(read(tokenizer, answer_of(tokenizer, called(*given)))) == given


SAYING = "{{ tools | tojson }}{% for m in messages %}{{ m.content }}{% for c in m.tool_calls or [] %}CALL{% endfor %}{% endfor %}"


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("{% for m in messages %}{{ m.content }}{% endfor %}", "no tools"),
        ("{{ tools | tojson }}{% for m in messages %}{{ m.content }}{% endfor %}", "no call is written, nor told"),
        (SAYING.replace("CALL", "call {{ c.function.name }}"), "unknown"),
        ("{{ tools | tojson }}{% for m in messages %}{{ m.content }}{{ raise_exception('no') if m.tool_calls }}{% endfor %}", "refused"),
        (SAYING.replace("CALL", "<tool_call>{{ c.function | tojson }}").replace("{{ m.content }}", ""), "no question"),
        (SAYING.replace("CALL", "<tool_call>{{ c.function | tojson }}"), "no end"),
    ],
)  # fmt: skip
def test_a_template_that_shows_no_form_that_is_read_has_none(source: str, why: str):
    assert ChatTemplate(source, {}, Markers([])).call_marks is None, why


def test_the_default_model_s_own_template_takes_no_tools(smol: Tokenizer):
    assert smol.call_marks is None
    with pytest.raises(UnsupportedParameter, match="no place for tools"):
        smol.template([USER], [TOOL])


@pytest.mark.parametrize("family", [*TEMPLATES])
@pytest.mark.parametrize("choice", ["any", "weather"])
def test_a_forced_call_is_what_the_template_writes_as_far_as_it_goes(released_as: Callable[[str], Tokenizer], family: str, choice: str):
    tokenizer = released_as(TEMPLATES[family])
    offer = offered(tokenizer.call_marks, [TOOL], choice)
    forced = tokenizer.template(offer.opened([USER]), offer.tools) + offer.behind(tokenizer.encode)
    written = tokenizer.template([USER, called({"city": "Pau"}), *results(1)], [TOOL])
    text, whole = (b"".join(tokenizer.token_bytes(id) or tokenizer.token_text(id).encode() for id in ids) for ids in (forced, written))
    whole = whole.replace(b"assistant\n\n<tool_call>", b"assistant\n<tool_call>")  # a line that one family's template leaves empty
    assert whole.startswith(text)
    rest = tokenizer.encode(whole[len(text) :].decode().split("<|")[0])
    reader = AnswerReader(tokenizer, offer=offer)
    parts = [part for id in rest if not reader.stopped for part in reader.push(id)]
    assert arguments_of(joined([*parts, *reader.flush()])) == [{"city": "Pau"}]


# ── Mistral's ──

VERSIONS = ["v2", "v3", "v7", "tekken v3", "tekken v11", "tekken v13", "tekken v15"]


@pytest.fixture(scope="module")
def mistral(released: Callable[[str], Path], later: Callable[[str], Path]) -> Callable[[str], tuple[Tokenizer, Any]]:
    """Our tokenizer of a version, and mistral-common's."""
    from mistral_common.tokens.tokenizers.mistral import MistralTokenizer

    made: dict[str, tuple[Tokenizer, Any]] = {}
    names = {"v2": "240216.model.v2", "v3": "240323.model.v3", "v7": "241114.model.v7"}

    def new(version: str) -> tuple[Tokenizer, Any]:
        if version not in made:
            if version in names:
                path, name = released(f"mistral_instruct_tokenizer_{names[version]}"), f"tokenizer.model.{version}"
            else:
                path, name = released("tekken_240911.json") if version == "tekken v3" else later(version.split()[1]), "tekken.json"
            made[version] = load_tokenizer(TokenizerFiles(files={name: path})), MistralTokenizer.from_file(path)
        return made[version]

    return new


def their_answer(theirs: Any, message: dict[str, Any]) -> list[int]:
    from mistral_common.protocol.instruct.request import ChatCompletionRequest

    def ids(messages: list[dict[str, Any]]) -> list[int]:
        return theirs.encode_chat_completion(ChatCompletionRequest(messages=messages, tools=[TOOL])).tokens

    prompt = ids([USER])
    whole = ids([USER, message, *results(len(message["tool_calls"]))])
    assert whole[: len(prompt)] == prompt
    return whole[len(prompt) : whole.index(2, len(prompt))]  # </s>


@pytest.mark.parametrize("version", VERSIONS)
@settings(max_examples=25, deadline=None)
@given(given=st.lists(ARGUMENTS, min_size=1, max_size=3))
def test_calls_of_each_version_are_read_as_mistral_common_encodes_and_decodes_them(
    mistral: Callable[[str], tuple[Tokenizer, Any]], version: str, given: list[dict[str, Any]]
):
    from mistral_common.experimental.tools import _decode_tool_calls, _split_content_and_tool_calls  # pyright: ignore[reportPrivateUsage]

    ours, theirs = mistral(version)
    given = given[:1] if version == "v2" else given  # its template takes one result
    ids = their_answer(theirs, called(*given))
    parts = read(ours, ids)
    assert arguments_of(parts) == given
    alphabet = theirs.instruct_tokenizer.tokenizer
    _, split = _split_content_and_tool_calls(ids, alphabet.get_special_token("[TOOL_CALLS]"))
    decoded = _decode_tool_calls(split, alphabet)
    assert [(call.function.name, json.loads(call.function.arguments)) for call in decoded] == [("weather", one) for one in given]
    if version == "tekken v11":
        assert [part.id for part in parts if isinstance(part, Call)] == [call.id for call in decoded]


@pytest.mark.parametrize("version", ["v7", "tekken v11", "tekken v13", "tekken v15"])
def test_text_before_a_call_stays_text(mistral: Callable[[str], tuple[Tokenizer, Any]], version: str):
    ours, theirs = mistral(version)
    text, call = read(ours, their_answer(theirs, called({"city": "Pau"}, content="Let me see [TOOL_CALLS].")))
    assert (text, arguments_of([call])) == (Part("Let me see [TOOL_CALLS]."), [{"city": "Pau"}])


@pytest.mark.parametrize("version", ["tekken v13", "tekken v15"])
def test_a_thought_before_a_call_goes_back_as_mistral_common_writes_it(mistral: Callable[[str], tuple[Tokenizer, Any]], version: str):
    ours, theirs = mistral(version)
    said = called({"city": "Pau"})
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}], "closed": True}
    ids = ours.template([USER, {**said, "content": [thinking]}, *results(1)], [TOOL])
    written = their_answer(theirs, {**said, "content": [{**thinking, "thinking": "Hm."}]})
    at = ids.index(written[0], len(ours.template([USER], [TOOL])))
    assert ids[at : at + len(written)] == written
    reader = AnswerReader(ours, marks=ours.thought_marks, offer=offered(ours.call_marks, [TOOL]))
    parts = joined([part for id in written for part in reader.push(id)] + reader.flush())
    assert parts[0] == Part("Hm.", thought=True, closed=True)
    assert arguments_of(parts) == [{"city": "Pau"}]


@pytest.mark.parametrize("version", ["v2", "v3", "tekken v3"])
def test_a_version_that_holds_a_text_or_calls_keeps_the_calls(mistral: Callable[[str], tuple[Tokenizer, Any]], version: str):
    """mistral-common, and its template for transformers, refuse both together."""
    ours, _ = mistral(version)
    both, alone = called({"city": "Pau"}, content="Let me see."), called({"city": "Pau"})
    assert ours.template([USER, both, *results(1)], [TOOL]) == ours.template([USER, alone, *results(1)], [TOOL])


def test_the_first_version_calls_no_tools(released: Callable[[str], Path]):
    assert load_tokenizer(TokenizerFiles(files={"tokenizer.model.v1": released("tokenizer.model.v1")})).call_marks is None


@pytest.mark.parametrize("version", ["v2", "v3", "v7", "v11", "v13", "v15"])
def test_the_template_that_mistral_publishes_for_transformers_shows_the_form_of_its_version(
    released_as: Callable[[str], Tokenizer], transformers: Any, version: str
):
    tokenizer = released_as(mistral_s(version))
    marks = tokenizer.call_marks
    assert marks is not None
    assert (marks.form, marks.opens, marks.listed) == ("json" if version in ("v2", "v3", "v7") else "named", "[TOOL_CALLS]", True)
    assert marks.ids["[TOOL_CALLS]"] == SPECIAL.index("[TOOL_CALLS]")
    given = {"city": "Pau", "days": 3}
    assert arguments_of(read(tokenizer, answer_of(tokenizer, called(given)))) == [given]
    theirs = transformers.apply_chat_template([USER], tools=[TOOL], chat_template=mistral_s(version), return_dict=False)
    assert tokenizer.template([USER], [TOOL]) == theirs
