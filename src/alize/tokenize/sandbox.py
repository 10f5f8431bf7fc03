"""Where chat templates run. In: Jinja source that came with a model. Out: a compiled template that can neither escape nor run away.

A template is a stranger's program. Jinja's immutable sandbox keeps it from Python's internals and from changing what it is given; this
one also counts. Every turn of a loop, every call and every character made is charged to the budget of the rendering, and a template
that spends more is stopped: `range` in `range` in `range`, a string doubled forty times, `"%999999999d"`, a macro calling itself.
Time is that of the rendering thread alone, so that a busy machine stops no honest template.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import wraps
from typing import Any, cast

from jinja2 import Environment, nodes, pass_context
from jinja2.ext import Extension, loopcontrols
from jinja2.nodes import EvalContext
from jinja2.parser import Parser
from jinja2.runtime import Context, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from alize.tokenize.budget import budget

__all__ = ["Cut", "TemplateSandbox"]

Cut = Callable[[str], Sequence[tuple[str, bool]]]
"""Cuts a literal text into parts: text itself (False), or the name of a variable to print there (True)."""

# fmt: off
_FILTERS = {  # those of Jinja whose work grows no faster than what they are given; `tojson` is added by the renderer
    "abs", "attr", "capitalize", "count", "d", "default", "dictsort", "e", "escape", "first", "float", "forceescape",
    "format", "groupby", "indent", "int", "items", "join", "last", "length", "list", "lower", "map", "max", "min", "reject",
    "rejectattr", "replace", "reverse", "round", "safe", "select", "selectattr", "sort", "string", "title", "trim",
    "truncate", "unique", "upper", "wordcount",
}
# fmt: on


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

    def compile_template(self, source: str, cut: Cut) -> tuple[Any, nodes.Template]:
        """The compiled template, its literals cut; and its syntax tree as it was written. Raises jinja2.TemplateSyntaxError."""
        tree = self.parse(source)
        _instrument(tree, cut)
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
            if method.__name__ == "join":
                args = tuple(map(_listed, args))
            spent.charge_text(method.__name__, [owner, *args, *kwargs.values()])
        result = super().call(__context, __obj, *args, **kwargs)
        spent.charge_value(result)
        return result

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        spent = budget.get()
        if operator == "+":
            spent.charge_value(left, right)
        elif operator == "%" and isinstance(left, str):
            spent.check_format(left)
            spent.charge_value(left, right)
        elif operator == "*":
            spent.charge_product(left, right)
        elif operator == "**":
            spent.check_power(left, right)
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


def _listed(values: Any) -> Any:
    """What will be joined, so that it can be measured first."""
    if isinstance(values, Iterable) and not isinstance(values, str | list | tuple):
        return list(_counted(cast("Iterable[Any]", values)))
    return cast("Any", values)


def _instrument(tree: nodes.Template, cut: Cut) -> None:
    """Route loops, `~` and literal text through the functions above. Order of evaluation and results stay the same."""
    for loop in list(tree.find_all(nodes.For)):
        loop.iter = nodes.Filter(loop.iter, "_counted", [], [], None, None, lineno=loop.lineno)
    for output in list(tree.find_all(nodes.Output)):
        output.nodes = [nodes.Const(n.data, lineno=n.lineno) if isinstance(n, nodes.TemplateData) else n for n in output.nodes]
    _replace(tree, cut)


def _replace(node: nodes.Node, cut: Cut) -> None:
    for field, value in node.iter_fields():
        if isinstance(value, nodes.Node):
            setattr(node, field, _replaced(value, cut))
        elif isinstance(value, list):
            entries = cast("list[Any]", value)
            entries[:] = [_replaced(entry, cut) if isinstance(entry, nodes.Node) else entry for entry in entries]


def _replaced(node: nodes.Node, cut: Cut) -> nodes.Node:
    _replace(node, cut)
    if isinstance(node, nodes.Concat):
        return _joining(node.nodes, node.lineno)
    if not isinstance(node, nodes.Const) or not isinstance(node.value, str):
        return node
    parts = cut(node.value)
    if not any(variable for _, variable in parts):
        return node
    return _joining([nodes.Name(text, "load") if variable else nodes.Const(text) for text, variable in parts], node.lineno)


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
        passed = [value for value in args if isinstance(value, Context | EvalContext | Environment)]
        given = list(args[len(passed) :])
        if name == "join" and given:  # the filter takes the list first, the method takes the separator first
            given[0] = _listed(given[0])
            spent.charge_text(name, [kwargs.get("d", given[1] if len(given) > 1 else ""), given[0]])
        elif given:
            spent.charge_text(name, [*given, *kwargs.values()])
        result = function(*passed, *given, **kwargs)
        spent.charge_value(result)
        return result

    return charged
