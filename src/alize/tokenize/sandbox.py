"""Where chat templates run. In: Jinja source that came with a model. Out: a compiled template that can neither escape nor run away.

A template is a stranger's program. Jinja's immutable sandbox keeps it from Python's internals and from changing what it is given; this
one also counts. Every turn of a loop, every call and every character made is charged to the budget of the rendering, and a template
that spends more is stopped: `range` in `range` in `range`, a string doubled forty times, `"%999999999d"`, a macro calling itself.
Time is that of the rendering thread alone, so that a busy machine stops no honest template.
"""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextvars import ContextVar
from functools import wraps
from typing import Any, cast

from jinja2 import Environment, nodes, pass_context
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension, loopcontrols
from jinja2.nodes import EvalContext
from jinja2.parser import Parser
from jinja2.runtime import Context, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

__all__ = ["Budget", "TemplateOverrun", "TemplateSandbox", "budget"]

_CHARACTERS = 2**28  # ≈ 270 million made by one rendering, and 64 more for each character it is given
_SECONDS = 5.0
_WIDEST = 100_000  # padding, indents and the like
_LARGEST_BITS = 4096
_PADDING = {"center": "", "ljust": "", "rjust": "", "zfill": "", "expandtabs": "\t", "indent": "\n"}  # … at each of these
# fmt: off
_FILTERS = {
    "abs", "attr", "capitalize", "count", "d", "default", "dictsort", "e", "escape", "first", "float", "forceescape",
    "format", "groupby", "indent", "int", "items", "join", "last", "length", "list", "lower", "map", "max", "min", "reject",
    "rejectattr", "replace", "reverse", "round", "safe", "select", "selectattr", "sort", "string", "striptags", "sum",
    "title", "trim", "truncate", "unique", "upper", "wordcount",
}
# fmt: on
_WIDE_FORMAT = re.compile(r"\d{6,}|\*|\{[^{}]*\{")  # a width of six digits, or one that is computed


class TemplateOverrun(SecurityError):
    """A template spent more time or memory than any honest one needs."""


class Budget:
    """What one rendering may still spend."""

    def __init__(self, given: int, marks: str = "") -> None:
        """`given`: how many characters the messages hold. `marks`: characters that stand for something else and stay as they are."""
        self.marks = marks
        self._characters = _CHARACTERS + 64 * given
        self._until = time.thread_time() + _SECONDS
        self._ticks = 0

    def turn(self) -> None:
        """Charge one turn of a loop; the clock is read at every 64th, since reading it takes longer than most turns."""
        self._ticks += 1
        if not self._ticks % 64:
            self.check_time()

    def check_time(self) -> None:
        """Stop a template whose time is up."""
        if time.thread_time() > self._until:
            raise TemplateOverrun(f"it computed for more than {_SECONDS:.0f} seconds")

    def charge(self, characters: int) -> None:
        """Charge what is about to be made."""
        self._characters -= characters
        if self._characters < 0:
            raise TemplateOverrun(f"it made more than {_CHARACTERS} characters")

    def charge_result(self, value: object) -> None:
        """Charge what a call has made, where it has a length."""
        if isinstance(value, str | list | tuple):
            self.charge(_size(value))


budget: ContextVar[Budget] = ContextVar("budget")
"""The budget of the rendering under way. Without one nothing is computed: constants are not folded while compiling either."""


class _Generation(Extension):
    """`{% generation %}` marks what an assistant wrote, for training; here its inside is rendered as it stands."""

    tags = {"generation"}  # noqa: RUF012  (as the library declares it)

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        return nodes.Scope(parser.parse_statements(("name:endgeneration",), drop_needle=True), lineno=line)


class TemplateSandbox(ImmutableSandboxedEnvironment):
    """Jinja with the conventions of chat templates: trimmed blocks, `break` and `continue`, no loader, few filters."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self) -> None:
        super().__init__(
            trim_blocks=True,
            lstrip_blocks=True,
            optimized=False,
            finalize=_output,
            extensions=[loopcontrols, _Generation],
        )
        known = cast("dict[str, Callable[..., Any]]", self.filters)
        self.filters = {name: _charged(name, known[name]) for name in _FILTERS}
        self.filters["_counted"] = _counted
        self.filters["_joined"] = _joined
        known_globals: dict[str, Any] = cast("Any", self).globals
        for name in ("lipsum", "cycler", "joiner"):
            del known_globals[name]
        known_globals["dict"] = _make_dict

    def compile_template(self, source: str, names: "Cut") -> tuple[Any, nodes.Template]:
        """The compiled template, and its syntax tree as it was written. Raises jinja2.TemplateSyntaxError.

        `names` cuts a literal text into parts, each text itself (False) or the name of a variable to print there (True).
        """
        tree = self.parse(source)
        _instrument(tree, names)
        return self.from_string(tree), self.parse(source)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if isinstance(obj, str) and attr in ("encode", "translate", "maketrans"):
            return False
        return super().is_safe_attribute(obj, attr, value)

    def call(self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        spent = budget.get()
        spent.check_time()
        method = getattr(__obj, "__wrapped__", __obj)  # the sandbox wraps str.format
        owner = getattr(method, "__self__", None)
        if isinstance(owner, str):
            _charge_text(spent, method.__name__, [owner, *args, *kwargs.values()])
        result = super().call(__context, __obj, *args, **kwargs)
        spent.charge_result(result)
        return result

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        spent = budget.get()
        if operator == "+":
            spent.charge(_size(left) + _size(right))
        elif operator == "%" and isinstance(left, str):
            _check_format(left)
            spent.charge(len(left) + _size(right))
        elif operator == "*":
            _charge_product(spent, left, right)
        elif operator == "**" and (not isinstance(right, int | float) or abs(right) > 64 or _bits(left) > 64):
            raise TemplateOverrun("it raised a number to a huge power")
        return super().call_binop(context, operator, left, right)


@pass_context
def _output(context: Context, value: Any) -> Any:
    """Charge what is printed; `None` is printed as Jinja does."""
    text = value if isinstance(value, str | Undefined) else str(value)
    budget.get().charge(len(text) if isinstance(text, str) else 0)
    return text


def _counted(values: Iterable[Any]) -> Iterator[Any]:
    spent = budget.get()
    for value in values:
        spent.turn()
        yield value


def _joined(values: list[Any]) -> str:
    texts = [str(value) for value in values]
    budget.get().charge(sum(map(len, texts)))
    return "".join(texts)


Cut = Callable[[str], Sequence[tuple[str, bool]]]


def _instrument(tree: nodes.Template, names: Cut) -> None:
    """Route loops, `~` and literal text through the functions above. Order of evaluation and results stay the same."""
    for loop in list(tree.find_all(nodes.For)):
        loop.iter = nodes.Filter(loop.iter, "_counted", [], [], None, None, lineno=loop.lineno)
    for output in list(tree.find_all(nodes.Output)):
        output.nodes = [nodes.Const(n.data, lineno=n.lineno) if isinstance(n, nodes.TemplateData) else n for n in output.nodes]
    _replace(tree, names)


def _replace(node: nodes.Node, names: Cut) -> None:
    for field, value in node.iter_fields():
        if isinstance(value, nodes.Node):
            setattr(node, field, _replaced(value, names))
        elif isinstance(value, list):
            entries = cast("list[Any]", value)
            entries[:] = [_replaced(entry, names) if isinstance(entry, nodes.Node) else entry for entry in entries]


def _replaced(node: nodes.Node, names: Cut) -> nodes.Node:
    _replace(node, names)
    if isinstance(node, nodes.Concat):
        return _joining(node.nodes, node.lineno)
    if not isinstance(node, nodes.Const) or not isinstance(node.value, str):
        return node
    parts = names(node.value)
    if not any(named for _, named in parts):
        return node
    return _joining([nodes.Name(text, "load") if named else nodes.Const(text) for text, named in parts], node.lineno)


def _joining(parts: list[nodes.Expr], line: int) -> nodes.Filter:
    return nodes.Filter(nodes.List(parts, lineno=line), "_joined", [], [], None, None, lineno=line)


def _make_dict(*args: Any, **kwargs: Any) -> dict[str, Any]:
    return dict(*args, **kwargs)  # the class itself would hand out its methods


def _charged(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The same filter, charged to the budget."""

    @wraps(function)
    def charged(*args: Any, **kwargs: Any) -> Any:
        spent = budget.get()
        spent.check_time()
        given = [value for value in (*args, *kwargs.values()) if not isinstance(value, Context | EvalContext | Environment)]
        if name == "join":  # the filter takes the list first, the method takes the separator first
            given = [given[1] if len(given) > 1 else "", *given[:1]]
        _charge_text(spent, name, given)
        result = function(*args, **kwargs)
        spent.charge_result(result)
        return result

    return charged


def _charge_text(spent: Budget, name: str, given: list[Any]) -> None:
    """Charge, before it runs, what makes a text larger than what it is given. `given` begins with the text itself."""
    text = str(given[0]) if given else ""
    if name in _PADDING:
        width = next((value if isinstance(value, int) else len(value) for value in given[1:] if isinstance(value, int | str)), 8)
        if width > _WIDEST:
            raise TemplateOverrun(f"it asked {name} for a width beyond {_WIDEST}")
        spent.charge((1 + text.count(_PADDING[name])) * width if _PADDING[name] else width)
    elif name == "replace":
        texts = [value for value in given if isinstance(value, str)]
        if len(texts) > 2:
            spent.charge(len(text) + (text.count(texts[1]) if texts[1] else len(text) + 1) * len(texts[2]))
    elif name in ("format", "format_map"):
        _check_format(text)
    elif name == "join" and len(given) > 1 and isinstance(given[1], list | tuple):
        entries = cast("list[Any]", given[1])
        spent.charge(sum(map(_size, entries)) + len(entries) * len(text))


def _charge_product(spent: Budget, left: Any, right: Any) -> None:
    for value, times in ((left, right), (right, left)):
        if isinstance(value, str | list | tuple) and isinstance(times, int):
            spent.charge(_size(cast("Any", value)) * max(times, 0))
    if _bits(left) + _bits(right) > _LARGEST_BITS:
        raise TemplateOverrun("it multiplied huge numbers")


def _check_format(text: str) -> None:
    if _WIDE_FORMAT.search(text):
        raise TemplateOverrun("it formats with a huge or a computed width")


def _bits(value: Any) -> int:
    return value.bit_length() if isinstance(value, int) else 0


def _size(value: Any) -> int:
    """In characters; an entry of a list takes as much as eight."""
    if isinstance(value, list | tuple):
        return 8 * len(cast("list[Any]", value))
    return len(value) if isinstance(value, str) else 20
