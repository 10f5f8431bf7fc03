"""A request's messages: what passes is plain and ordered, what does not is refused at its place, by the public API's rules."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alize.errors import AlizeError, InvalidMessageOrder, InvalidRequest, InvalidToolCall, UnsupportedParameter
from alize.prompt import SAFE_PROMPT, plain_messages

Message = dict[str, Any]


def system(content: Any = "Be brief.") -> Message:
    return {"role": "system", "content": content}


def user(content: Any = "Hi") -> Message:
    return {"role": "user", "content": content}


def assistant(content: Any = "Hello", **further: Any) -> Message:
    return {"role": "assistant", "content": content, **further}


def call(id: str = "abcdefghi", name: str = "weather", arguments: Any = '{"city": "Paris"}') -> Message:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}, "index": 0}


def calling(*calls: Message, content: Any = None) -> Message:
    return {"role": "assistant", "content": content, "tool_calls": list(calls or (call(),)), "prefix": False}


def result(id: str = "abcdefghi", content: Any = "22 °C", **further: Any) -> Message:
    return {"role": "tool", "content": content, "tool_call_id": id, **further}


TWO_CALLS = calling(call("aaaaaaaaa"), call("bbbbbbbbb"))


def test_plain_text_passes_as_it_is():
    assert plain_messages([system(), user("a"), assistant("b"), user("c")]) == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": "c"},
    ]


def test_the_request_is_left_as_it_was():
    messages = [user([{"type": "text", "text": "a"}]), calling(), result(name="weather")]
    before = json.dumps(messages)
    plain_messages(messages, safe_prompt=True)
    assert json.dumps(messages) == before


def test_a_tool_s_turn_keeps_what_a_template_needs():
    plain = plain_messages([user(), calling(content="Let me see."), result(name="weather"), user("Thanks")])
    assert plain[1] == {
        "role": "assistant",
        "content": "Let me see.",
        "tool_calls": [{"id": "abcdefghi", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Paris"}'}}],
    }
    assert plain[2] == {"role": "tool", "content": "22 °C", "tool_call_id": "abcdefghi", "name": "weather"}


def test_arguments_given_as_an_object_become_json():
    plain = plain_messages([user(), calling(call(arguments={"città": ["é", 1, None]})), result()])
    assert plain[1]["tool_calls"][0]["function"]["arguments"] == '{"città": ["é", 1, null]}'


def test_results_may_come_in_any_order_and_be_empty():
    calls = [call("aaaaaaaaa"), call("bbbbbbbbb")]
    plain = plain_messages([user(), calling(*calls), result("bbbbbbbbb", content=None), result("aaaaaaaaa")])
    assert [message.get("tool_call_id") for message in plain[2:]] == ["bbbbbbbbb", "aaaaaaaaa"]
    assert plain[2]["content"] == ""


def test_a_prefix_at_the_end_is_kept_and_prefix_false_is_nothing():
    assert plain_messages([user(), assistant("The answer", prefix=True)])[-1] == {
        "role": "assistant",
        "content": "The answer",
        "prefix": True,
    }
    assert "prefix" not in plain_messages([user(), assistant(prefix=False), user()])[1]


def test_neighbours_of_one_role_are_accepted_and_passed_on():
    assert [message["content"] for message in plain_messages([user("a"), user("b"), assistant("c"), assistant("d"), user("e")])] == list(
        "abcde"
    )


def test_a_conversation_may_begin_with_the_assistant():
    assert plain_messages([assistant("How can I help?"), user()])[0]["role"] == "assistant"


@pytest.mark.parametrize(
    ("messages", "param", "says"),
    [
        ([assistant()], "messages.0", "expected last role user or tool"),
        ([user(), assistant()], "messages.1", "expected last role user or tool"),
        ([system()], "messages.0", "but got system"),
        ([user(), system()], "messages.1", "but got system"),
        ([user(), assistant(), system(), user()], "messages.2", "unexpected role 'system' after role 'assistant'"),
        ([user(), calling(), result(), system(), user()], "messages.3", "unexpected role 'system' after role 'tool'"),
        ([result()], "messages.0", "unexpected role 'tool' at the start"),
        ([user(), result()], "messages.1", "unexpected role 'tool' after role 'user'"),
        ([user(), assistant(), result()], "messages.2", "more tool responses than tool calls"),
        ([user(), calling(), user()], "messages.2", "not the same number of function calls and responses"),
        ([user(), calling(), assistant(), user()], "messages.2", "without a result (abcdefghi)"),
        ([user(), calling()], "messages.1", "expected last role user or tool"),
        ([user(), {**calling(), "prefix": True}], "messages.1", "cannot be continued"),
        ([user(), TWO_CALLS, result("aaaaaaaaa")], "messages.2", "lack results for bbbbbbbbb"),
        ([user(), TWO_CALLS, result("aaaaaaaaa"), user()], "messages.3", "without a result (bbbbbbbbb)"),
        ([user(), calling(), result(), result()], "messages.3", "more tool responses than tool calls"),
        ([user(), assistant(prefix=True), user()], "messages.1.prefix", "must be the last one"),
    ],
)  # fmt: skip
def test_a_wrong_order_is_refused_with_the_public_code(messages: list[Message], param: str, says: str):
    with pytest.raises(InvalidMessageOrder) as caught:
        plain_messages(messages)
    assert says in caught.value.message
    assert (caught.value.status, caught.value.code, caught.value.param) == (400, "3230", param)


@pytest.mark.parametrize(
    ("messages", "param"),
    [
        ([user(), calling(call("short")), result()], "messages.1.tool_calls.0.id"),
        ([user(), calling(call("abcdefgh-")), result()], "messages.1.tool_calls.0.id"),
        ([user(), calling(call("abcdefghi\n")), result()], "messages.1.tool_calls.0.id"),
        ([user(), calling(call("abcdefghé")), result()], "messages.1.tool_calls.0.id"),
        ([user(), calling(call("null")), result()], "messages.1.tool_calls.0.id"),
        ([user(), calling({"function": {"name": "f", "arguments": "{}"}}), result()], "messages.1.tool_calls.0.id"),
        ([user(), calling(call(), call()), result()], "messages.1.tool_calls"),
        ([user(), calling(call(name="a b")), result()], "messages.1.tool_calls.0.function.name"),
        ([user(), calling(call(name="a" * 65)), result()], "messages.1.tool_calls.0.function.name"),
        ([user(), calling(call(arguments=[1])), result()], "messages.1.tool_calls.0.function.arguments"),
        ([user(), calling(call(arguments={"x": float("nan")})), result()], "messages.1.tool_calls.0.function.arguments"),
        ([user(), calling({"id": "abcdefghi"}), result()], "messages.1.tool_calls.0.function.name"),
        ([user(), {**calling(), "tool_calls": "abc"}, result()], "messages.1.tool_calls"),
        ([user(), {**calling(), "tool_calls": ["abc"]}, result()], "messages.1.tool_calls.0"),
        ([user(), calling(), result("short")], "messages.2.tool_call_id"),
        ([user(), calling(), {"role": "tool", "content": "x"}], "messages.2.tool_call_id"),
        ([user(), calling(), result("zzzzzzzzz")], "messages.2.tool_call_id"),
    ],
)
def test_a_bad_tool_call_is_refused_with_the_public_code(messages: list[Message], param: str):
    with pytest.raises(InvalidToolCall) as caught:
        plain_messages(messages)
    assert (caught.value.status, caught.value.code, caught.value.param) == (400, "3280", param)


@pytest.mark.parametrize("nothing", [assistant(None), assistant(""), assistant([]), assistant(None, tool_calls=[]), {"role": "assistant"}])
def test_an_assistant_who_says_nothing_is_refused(nothing: Message):
    with pytest.raises(InvalidRequest, match="must have either content or tool_calls") as caught:
        plain_messages([user(), nothing, user()])
    assert caught.value.param == "messages.1"


def test_no_messages_are_refused():
    with pytest.raises(InvalidRequest, match="at least one message"):
        plain_messages([])


@pytest.mark.parametrize("message", [{}, {"role": None}, {"role": "function", "content": "x"}, {"role": ["user"]}, "user", None])
def test_a_stranger_is_refused(message: Any):
    with pytest.raises(InvalidRequest, match=r"messages\.1\.role"):
        plain_messages([user(), message])


def test_a_message_that_names_many_calls_stays_short():
    calls = [call(f"{number:09d}") for number in range(5000)]
    with pytest.raises(InvalidMessageOrder) as caught:
        plain_messages([user(), calling(*calls), user()])
    assert len(caught.value.message) < 300


def test_safe_prompt_comes_first_whether_or_not_there_is_a_system_message():
    assert plain_messages([user()], safe_prompt=True) == [{"role": "system", "content": SAFE_PROMPT}, {"role": "user", "content": "Hi"}]
    joined = plain_messages([system(), user()], safe_prompt=True)
    assert joined[0] == {"role": "system", "content": f"{SAFE_PROMPT}\n\nBe brief."}
    assert len(joined) == 2
    assert plain_messages([system(""), user()], safe_prompt=True)[0]["content"] == SAFE_PROMPT


def test_chunks_of_text_are_joined_by_a_blank_line():
    chunks = [{"type": "text", "text": "a"}, {"type": "text", "text": ""}, {"text": "b"}]
    assert plain_messages([user(chunks)])[0]["content"] == "a\n\nb"
    assert plain_messages([system(chunks), user(None)]) == [{"role": "system", "content": "a\n\nb"}, {"role": "user", "content": ""}]


def test_a_sentence_around_a_reference_stays_one_sentence():
    chunks = [{"type": "text", "text": "Paris "}, {"type": "reference", "reference_ids": [1]}, {"type": "text", "text": "is old."}]
    assert plain_messages([user(), assistant(chunks), user()])[1]["content"] == "Paris is old."


def test_earlier_reasoning_is_left_out():
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}
    assert plain_messages([user(), assistant([thinking, {"type": "text", "text": "Yes"}]), user()])[1]["content"] == "Yes"
    with pytest.raises(InvalidRequest, match="beside reasoning"):
        plain_messages([user(), assistant([thinking]), user()])
    with pytest.raises(UnsupportedParameter, match="a user message cannot hold reasoning"):
        plain_messages([user([thinking])])


def test_a_model_that_thinks_reads_no_thoughts_where_it_says_what_it_reads() -> None:
    image = [{"role": "user", "content": [{"type": "image_url", "image_url": "https://host/a.png"}]}]
    with pytest.raises(UnsupportedParameter, match="reads text and audio, not images"):
        plain_messages(image, reads=["audio", "thoughts"])


@pytest.mark.parametrize("kind", ["image_url", "document_url", "file", "input_audio", "resource", "resource_link", "hologram", 3, None])
@pytest.mark.parametrize("place", [0, 1])
def test_what_is_no_text_is_refused_at_its_place(kind: Any, place: int):
    chunks: list[Any] = [{"type": "text", "text": "see"}]
    chunks.insert(place, {"type": kind, "image_url": "https://example.org/a.png"})
    with pytest.raises(UnsupportedParameter, match="this model reads text, not") as caught:
        plain_messages([user(), assistant(), user(chunks)])
    assert caught.value.param == f"messages.2.content.{place}"


@pytest.mark.parametrize("content", [3, {"type": "text"}, b"x", [3], [None], [{"type": "text"}], [{"type": "text", "text": 3}]])
def test_what_is_no_content_is_refused(content: Any):
    with pytest.raises(InvalidRequest) as caught:
        plain_messages([user(content)])
    assert (caught.value.param or "").startswith("messages.0.content")


@st.composite
def conversations(draw: st.DrawFn) -> list[Message]:
    """Sequences of turns, many of them wrong; results mostly answer the calls before them."""
    messages: list[Message] = []
    owed: list[str] = []
    for number in range(draw(st.integers(1, 7))):
        role = draw(st.sampled_from(["system", "user", "user", "assistant", "calling", "tool", "tool"]))
        if role == "calling":
            owed = [f"call{number}{letter}xxx"[:9] for letter in "ab"[: draw(st.integers(1, 2))]]
            messages.append(calling(*map(call, owed), content=draw(st.sampled_from([None, "x"]))))
        elif role == "tool":
            messages.append(result(owed.pop() if owed and draw(st.integers(0, 4)) else "zzzzzzzzz"))
        else:
            messages.append({"role": role, "content": draw(st.sampled_from(["x", "y"]))})
    if messages[-1]["role"] == "assistant" and not messages[-1].get("tool_calls"):
        messages[-1]["prefix"] = draw(st.booleans())
    return messages


@pytest.fixture(scope="module")
def reference() -> Callable[[list[Message]], bool]:
    """Whether mistral-common serves these messages with its latest kind of rules."""
    from mistral_common.exceptions import MistralCommonException
    from mistral_common.protocol.instruct.request import ChatCompletionRequest
    from mistral_common.protocol.instruct.validator import ValidationMode, get_validator
    from mistral_common.tokens.tokenizers.base import TokenizerVersion

    validator = get_validator(TokenizerVersion.v11, mode=ValidationMode.serving)

    def accepts(messages: list[Message]) -> bool:
        plain = json.loads(json.dumps(messages))
        for message in plain:
            for one in message.get("tool_calls", ()):
                del one["index"]
        try:
            validator.validate_request(ChatCompletionRequest(model="any", messages=plain))
        except MistralCommonException:
            return False
        return True

    return accepts


def differs_on_purpose(messages: list[Message]) -> bool:
    """Where mistral-common parts from the public service, or overlooks tool calls: a last system message, the first message of all."""
    alone = [message["role"] for message in messages] == ["assistant"]
    return messages[-1]["role"] == "system" or messages[0]["role"] == "tool" or bool(messages[0].get("tool_calls")) or alone


@settings(max_examples=500)
@given(messages=conversations())
def test_the_order_accepted_is_mistral_common_s(reference: Callable[[list[Message]], bool], messages: list[Message]):
    try:
        plain_messages(messages)
        accepted = True
    except AlizeError:
        accepted = False
    assert accepted == reference(messages) or differs_on_purpose(messages)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "text", "id", "function", "name"]), inner, max_size=3)
    ),
    max_leaves=6,
)
KEYS = st.sampled_from(["role", "content", "tool_calls", "tool_call_id", "prefix", "name"])
ROLES = st.sampled_from(["system", "user", "assistant", "tool"])


@given(st.lists(st.builds(lambda role, rest: {**rest, "role": role}, ROLES, st.dictionaries(KEYS, ANYTHING, max_size=4)), max_size=4))
def test_any_messages_are_plain_or_refused_but_nothing_breaks(messages: list[Message]):
    try:
        plain = plain_messages(messages, safe_prompt=True)
    except AlizeError:
        return
    assert all(isinstance(message["content"], str) for message in plain)
