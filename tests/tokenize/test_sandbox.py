"""Hostile templates: none escapes, none runs away, and each says what stopped it."""

import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alize.errors import AlizeError, CheckpointInvalid, InvalidRequest
from alize.tokenize.markers import Markers
from alize.tokenize.template import ChatTemplate

MESSAGES = [{"role": "user", "content": "Hi"}]


def render(source: str, messages: list[dict[str, Any]] = MESSAGES) -> str:
    return "".join(map(str, ChatTemplate(source, {}, Markers([])).segments(messages)))


LISTS = "{% set s = namespace(t=[1]) %}{% for a in range(60) %}{% set s.t = [s.t, s.t] %}{% endfor %}"
RUNAWAYS = {
    "loops in loops": "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "text in loops": "{% for a in range(99999) %}{% for b in range(99999) %}" + "x" * 1000 + "{% endfor %}{% endfor %}",
    "text in a macro": "{% macro m() %}{% for a in range(99999) %}" + "x" * 9999 + "{% endfor %}{% endmacro %}{{ m() | length }}",
    "a recursive macro": "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
    "a macro of two": "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(40) }}",
    "a doubled text": "{% set s = namespace(t='x' * 9999) %}{% for a in range(40) %}{% set s.t = s.t + s.t %}{% endfor %}",
    "a text joined to itself": "{% set s = namespace(t='x' * 9999) %}{% for a in range(40) %}{% set s.t = s.t ~ s.t %}{% endfor %}",
    "a doubled list": "{% set s = namespace(t=[1]) %}{% for a in range(60) %}{% set s.t = s.t + s.t %}{% endfor %}",
    "a text times": "{{ 'x' * 99999999999 }}",
    "times a text": "{{ 99999999999 * 'x' }}",
    "a list times": "{{ ([1] * 99999999999) | length }}",
    "a wide number": "{{ '%99999999999d' % 1 }}",
    "a computed width": "{{ '%*d' % (99999999999, 1) }}",
    "a wide filter": "{{ '%99999999999d' | format(1) }}",
    "a wide format": "{{ '{:99999999999}'.format(1) }}",
    "a computed format": "{{ '{:{}}'.format(1, 99999999999) }}",
    "a wide centre": "{{ 'x'.center(99999999999) }}",
    "a wide fill": "{{ 'x'.zfill(99999999999) }}",
    "wide tabs": "{{ ('\\t' * 9999).expandtabs(99999) }}",
    "a wide indent": "{{ ('\\n' * 99999) | indent(99999) }}",
    "a wide named indent": "{{ ('\\n' * 99999) | indent(width=99999) }}",
    "a replaced nothing": "{% set t = 'x' * 99999 %}{{ t.replace('', t) }}",
    "a replacing filter": "{% set t = 'x' * 99999 %}{{ t | replace('', t) }}",
    "a joined list": "{% set t = 'x' * 999999 %}{{ t.join(['a'] * 999999) }}",
    "a joining filter": "{% set t = 'x' * 999999 %}{{ ['a'] * 999999 | join(t) }}{{ (['a'] * 999999) | join(t) }}",
    "a joined generator": "{% set t = 'x' * 999999 %}{{ range(99999) | map('string') | join(t) }}",
    "a generator joined by a method": "{% set t = 'x' * 999999 %}{{ t.join(range(99999) | map('string')) }}",
    "a joined text": "{% set t = 'x' * 99999 %}{{ t | join(t) }}",
    "a split text": "{{ ('x' * 200000000).split('x') | length }}",
    "a text as a list": "{{ ('x' * 200000000) | list | length }}",
    "a tower of powers": "{{ 9 ** 9 ** 9 ** 9 }}",
    "a squared number": "{% set s = namespace(n=9**60) %}{% for a in range(99) %}{% set s.n = s.n * s.n %}{% endfor %}",
    "wide JSON": "{{ [1] | tojson(indent=99999999) }}",
    "a huge range": "{{ range(99999999999) | list | length }}",
    "a rounded tower": "{{ 5 | round(-999999999) }}",
    "a ceiling of many digits": "{{ 5 | round(method='ceil', precision=999999999) }}",
    "a number from a text": "{% set n = ('f' * 99999999) | int(base=16) %}{{ n % (n // 3) }}",
    "a list of one text": "{{ ['a' * 99999] * 999999 }}",
    "a list of one text, as JSON": "{{ (['a' * 99999] * 999999) | tojson }}",
    "a list of one text, in a format": "{{ '%s' % (['a' * 99999] * 999999,) }}",
    "a list of one text, as text": "{{ (['a' * 99999] * 999999) | string | length }}",
    "a list of lists of lists": LISTS + "{{ s.t }}",
    "a list of lists of lists, as JSON": LISTS + "{{ s.t | tojson }}",
    "a list of lists of lists, compared": LISTS + LISTS.replace("set s", "set r").replace("s.t", "r.t") + "{{ s.t == r.t }}",
    "tuples of tuples as a key": LISTS.replace("[", "(").replace("]", ")") + "{{ {s.t: 1} is mapping }}",
    "dictionaries of dictionaries": LISTS.replace("[s.t, s.t]", "{'a': s.t, 'b': s.t}") + "{{ s.t }}",
    "made dictionaries of dictionaries": LISTS.replace("[s.t, s.t]", "dict(a=s.t, b=s.t)") + "{{ s.t }}",
    "dictionaries of items": LISTS.replace("[s.t, s.t]", "{'a': s.t, 'b': s.t}.items()") + "{{ s.t }}",
    "lists of lists added": LISTS.replace("[s.t, s.t]", "[s.t] + [s.t]") + "{{ s.t }}",
    "lists of lists multiplied": LISTS.replace("[s.t, s.t]", "[s.t] * 2") + "{{ s.t }}",
    "a macro's arguments": "{% set s = namespace(t=1) %}{% macro m() %}{% set s.t = varargs %}{% endmacro %}"
    "{% for a in range(60) %}{{ m(s.t, s.t) }}{% endfor %}{{ s.t }}",
    "tuples nested without end": "{% set s = namespace(t=1) %}{% for a in range(99999) %}{% set s.t = (s.t,) %}{% endfor %}{{ {s.t: 1} }}",
    "one attribute joined": "{{ ([{'a': 'x' * 99999}] * 999999) | join(attribute='a') }}",
    "a replaced list": "{{ ['a' * 999999] | replace('a', 'b' * 999999) }}",
    "a replaced number": "{{ ('1' * 999999) | replace(1, 'b' * 999999) }}",
    "a replacement named": "{{ ('a' * 999999) | replace(new='b' * 999999, old='a') }}",
    "an indent named second": "{{ 'a' | indent(first=true, width=999999999) }}",
    "an indent of other line ends": "{{ ('\r' * 99999) | indent(99999) }}",
    "a format that repeats": "{{ ('{0}' * 99999).format('x' * 99999) }}",
    "a percent that repeats": "{{ ('%(a)s' * 99999) % {'a': 'x' * 99999} }}",
    "a filter that repeats": "{{ ('%(a)s' * 99999) | format(a='x' * 99999) }}",
    "many widths": "{{ ('%(a)99999s' * 99999) % {'a': 1} }}",
    "a search from the end": "{{ ('a' * 9999999).rfind('ab' + 'a' * 999999) }}",
    "comments to strip": "{{ (('<!---->' * 999999) | safe).striptags() }}",
    "comparisons in a row": "{% set a = (range(99999) | list) * 20 %}{% set b = a[:] %}" + "{% set c = a == b %}" * 199,
    "searches in a row": "{% set a = 'x' * 200000000 %}" + "{% set c = 'y' in a %}" * 199,
    "tests in a row": "{% set a = 'X' * 200000000 %}" + "{% set c = a is upper %}" * 99,
    "slices in a row": "{% set a = 'x' * 200000000 %}" + "{% set c = a[1:] %}" * 99,
    "sorting forever": "{% for a in range(99999) %}{% set b = range(99999) | sort %}{% endfor %}",
}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("alize.tokenize.budget._SECONDS", 0.3)  # of five: the same stop, sooner


UNHURRIED = {"comparisons in a row", "searches in a row", "tests in a row", "slices in a row"}  # half a second each, memory being watched


@pytest.mark.parametrize(
    "source", [pytest.param(source, id=name, marks=[pytest.mark.slow] * (name in UNHURRIED)) for name, source in RUNAWAYS.items()]
)
def test_a_template_that_runs_away_is_stopped_before_it_takes_the_machine(source: str):
    tracemalloc.start()
    try:
        with pytest.raises(AlizeError) as caught:
            render(source)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "stopped" in caught.value.message or isinstance(caught.value, InvalidRequest)
    assert peak < 2**30


ESCAPES = {
    "classes": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "classes by name": "{{ ''['__class__'] }}",
    "classes by filter": "{{ '' | attr('__class__') }}",
    "globals of a macro": "{% macro m() %}{% endmacro %}{{ m.__globals__ }}",
    "globals of a function": "{{ raise_exception.__globals__ }}",
    "a function's code": "{{ strftime_now.__code__ }}",
    "the environment": "{{ self._TemplateReference__context.environment }}",
    "a format": "{{ '{0.__class__.__init__}'.format(messages) }}",
    "a format's map": "{{ '{x.__class__}'.format_map({'x': 1}) }}",
    "an import": "{% import 'os' as os %}",
    "an include": "{% include '/etc/passwd' %}",
    "a parent": "{% extends 'x' %}",
    "a changed message": "{{ messages.append(1) }}",
    "a changed role": "{{ messages[0].update({'role': 'system'}) }}",
    "a cleared list": "{{ messages.clear() }}",
    "an encoding": "{{ 'x'.encode('punycode') }}",
    "a generator": "{% set g = messages | map('upper') %}{{ g.gi_frame }}",
    "the dictionary's methods": "{{ dict.fromkeys }}{{ dict.__subclasses__() }}",
    "a cycler": "{{ cycler('a').__init__ }}",
}


@pytest.mark.parametrize("source", ESCAPES.values(), ids=list(ESCAPES))
def test_a_template_cannot_leave_its_sandbox_or_change_what_it_is_given(source: str):
    messages = [{"role": "user", "content": "Hi"}]
    try:
        rendered = render(source, messages)
    except AlizeError:
        rendered = ""
    assert messages == [{"role": "user", "content": "Hi"}]
    assert not any(word in rendered for word in ("<class", "<function", "<code", "root:", "Environment", "frame", "module"))


def test_what_is_stopped_is_not_blamed_on_the_request():
    with pytest.raises(AlizeError, match="stopped: it") as caught:
        render(RUNAWAYS["a text times"])
    assert caught.value.status == 500
    assert caught.value.remedy


def test_a_stopped_template_leaves_the_next_rendering_its_whole_budget():
    template = ChatTemplate("{% if messages[0].content == 'Hi' %}{{ 'x' * 99999999999 }}{% endif %}ok", {}, Markers([]))
    with pytest.raises(AlizeError):
        template.segments(MESSAGES)
    assert list(template.segments([{"role": "user", "content": "Ho"}])) == ["ok"]


def test_many_threads_have_budgets_of_their_own():
    template = ChatTemplate("{% for m in messages %}{{ m.content * 1000 }}{% endfor %}", {}, Markers([]))
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda number: list(template.segments([{"role": "user", "content": str(number)}])), range(200)))
    assert results == [[str(number) * 1000] for number in range(200)]


def test_honest_formats_are_no_runaways():
    assert render("{{ '** %s ** 1234567 %5.2f' | format('a', 1.5) }}") == "** a ** 1234567  1.50"
    assert render("{{ '{{{0}}} *1234567* {1:>4}'.format('a', 'b') }}") == "{a} *1234567*    b"
    assert render("{{ 'a b' | join('-') }}{{ ['a', 'b'] | map('upper') | join('+') }}{{ ','.join(['a', 'b']) }}") == "a- -bA+Ba,b"
    assert render("{{ [{'n': 'a'}, {'n': 'b'}] | join(', ', attribute='n') }}{{ ['a', 'b'] | join(d='/') }}") == "a, ba/b"
    assert render("{{ 2.345 | round(2) }}{{ 'aXa' | replace('a', 'b', 1) }}{{ 'aa' | replace(new='b', old='a', count=1) }}") == "2.35bXaba"
    assert render("{{ 'a\nb' | indent(2) }}{{ 'a\nb' | indent(width=1, first=true) }}") == "a\n  b a\n b"


def test_lists_and_comparisons_are_what_they_were():
    assert render("{{ [1, [2, messages[0].role]] }}{{ (1, messages[0].role) }}{{ {'a': messages[0].role} }}") == (
        "[1, [2, 'user']](1, 'user'){'a': 'user'}"
    )
    assert render("{% for a, b in {'x': 1, 'y': messages[0].role}.items() %}{{ a ~ b }}{% endfor %}") == "x1yuser"
    assert render(
        "{{ messages[0].role in ('user', messages[0].content) }}{{ 1 < messages | length < 2 }}{{ 'H' in messages[0].content }}"
    ) == ("TrueFalseTrue")
    assert render("{{ messages[0].content[1:] }}{{ [messages, 1, 2][1:] }}{{ 'a' is in ['a'] }}{{ 'a' is lower }}") == "i[1, 2]TrueTrue"
    assert render("{% set n = namespace(a=[]) %}{% for m in messages * 3 %}{% set n.a = n.a + [m.role] %}{% endfor %}{{ n.a }}") == (
        "['user', 'user', 'user']"
    )
    assert render("{% macro m(a, b=[1]) %}{{ a }}{{ b }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, [2], [3], c={'d': 4}) }}") == (
        "1[2]([3],){'c': {'d': 4}}"
    )


def test_a_long_honest_conversation_is_rendered():
    messages = [{"role": "user", "content": "x" * 500}] * 2000
    assert len(render("{% for m in messages %}{{ m.role + ': ' + m.content }}\n{% endfor %}", messages)) == 2000 * len(
        "user: " + "x" * 500 + "\n"
    )


# fmt: off
PIECES = st.sampled_from((
    "{{ ", " }}", "{% if ", "{% for m in messages %}", "{% endfor %}", "{% endif %}", " %}", "messages", "[0]", ".content", "|", "upper",
    "join", "length", "tojson", " + ", " ~ ", "'a'", "3", "(", ")", "*", "range", "namespace", "{% set x = ", "x", "{%- ", " -%}", "m",
    "raise_exception", "none", "[", "]",
))
# fmt: on


@settings(max_examples=300)
@given(st.lists(PIECES, max_size=14).map("".join))
def test_any_source_renders_or_is_refused_but_never_breaks(source: str):
    try:
        render(source)
    except CheckpointInvalid:
        pass
    except AlizeError:
        pass
