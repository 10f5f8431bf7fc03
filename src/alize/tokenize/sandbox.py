"""Where chat templates run. In: Jinja source that came with a model. Out: a compiled template that can neither escape nor run away.

A template is a stranger's program. Jinja's immutable sandbox keeps it from Python's internals and from changing what it is given; this
one also counts. Every turn of a loop, every call and every character made is charged to the budget of the rendering, and a template
that spends more is stopped: `range` in `range` in `range`, a string doubled forty times, `"%999999999d"`, a macro calling itself. What
holds much in little (`[x, x]` of `[x, x]` of …) is measured when it is made, by `weights.py`.
Time is that of the rendering thread alone, so that a busy machine stops no honest template.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Any, cast

from jinja2 import Environment, nodes, pass_context
from jinja2.ext import Extension, loopcontrols
from jinja2.nodes import EvalContext
from jinja2.parser import Parser
from jinja2.runtime import Context, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace

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
_LONG_TESTS = {  # those that read or compare the whole of what they are given
    "!=", "<", "<=", "==", ">", ">=", "eq", "equalto", "ge", "greaterthan", "gt", "in", "le", "lessthan", "lower", "lt", "ne", "upper",
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
        known = cast("dict[str, Callable[..., Any]]", cast("Any", self).filters)
        self.filters = {name: _charged(name, known[name]) for name in _FILTERS}
        self.filters |= {"_counted": _counted, "_joined": _joined, "_made": _made, "_timed": _timed}
        tests = cast("dict[str, Callable[..., bool]]", cast("Any", self).tests)
        self.tests = tests | {name: _timed_test(tests[name]) for name in _LONG_TESTS}
        known_globals: dict[str, Any] = cast("Any", self).globals
        for name in ("lipsum", "cycler", "joiner"):
            del known_globals[name]
        known_globals["dict"] = _make_dict
        known_globals["namespace"] = _Namespace

    def compile_template(self, source: str, cut: Cut) -> tuple[Any, nodes.Template]:
        """The compiled template, its literals cut; and its syntax tree as it was written. Raises jinja2.TemplateSyntaxError."""
        tree = self.parse(source)
        _instrument(tree, cut)
        return self.from_string(tree), self.parse(source)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if isinstance(obj, str) and attr in ("encode", "translate", "maketrans", "striptags"):
            return False
        return super().is_safe_attribute(obj, attr, value)

    def call(self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        spent = budget.get()
        spent.check_time()
        spent.weights.check(spent.weights.size(*args, *kwargs.values()))  # a macro holds them as one list
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
            spent.charge_format(left, right)
        elif operator == "*":
            spent.charge_product(left, right)
        elif operator == "**":
            spent.check_power(left, right)
        result = super().call_binop(context, operator, left, right)
        if operator == "+":
            spent.weights.added(result, left, right)
        return result


@pass_context
def _output(context: Context, value: Any) -> Any:
    """Charge what is printed; `None` is printed as Jinja does."""
    text = value if isinstance(value, str | Undefined) else str(value)
    budget.get().charge(len(text) if isinstance(text, str) else 0)
    return text


def _made(value: Any) -> Any:
    budget.get().charge_value(value)
    return value


def _timed(value: Any) -> Any:
    budget.get().check_time()
    return value


def _timed_test(test: Callable[..., bool]) -> Callable[..., bool]:
    @wraps(test)
    def timed(*args: Any) -> bool:
        budget.get().check_time()
        return test(*args)

    return timed


class _Namespace(Namespace):
    """Its attributes change, so that what they hold cannot be measured once for all: it does not show them."""

    def __repr__(self) -> str:
        return "<Namespace>"


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
    """Route loops, `~`, literal text, lists and comparisons through the functions above. Order of evaluation and results stay the same."""
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
    if isinstance(node, nodes.Expr) and (name := _watched(node)):
        return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)
    if not isinstance(node, nodes.Const) or not isinstance(node.value, str):
        return node
    parts = cut(node.value)
    if not any(variable for _, variable in parts):
        return node
    return _joining([nodes.Name(text, "load") if variable else nodes.Const(text) for text, variable in parts], node.lineno)


def _watched(node: nodes.Expr) -> str:
    """The filter that an expression's value goes through. Constants need none, nor does what is compared with one."""
    if isinstance(node, nodes.List | nodes.Dict) or (isinstance(node, nodes.Tuple) and node.ctx == "load"):
        return "" if all(isinstance(inner, nodes.Const) for inner in node.find_all(nodes.Expr)) else "_made"
    if isinstance(node, nodes.Getitem):
        return "_timed" if isinstance(node.arg, nodes.Slice) else ""
    if isinstance(node, nodes.Compare):
        sides = [node.expr, *(operand.expr for operand in node.ops)]
        searches = any(operand.op in ("in", "notin") for operand in node.ops)
        return "_timed" if searches or not any(isinstance(side, nodes.Const) for side in sides) else ""
    return ""


def _joining(parts: list[nodes.Expr], line: int) -> nodes.Filter:
    return nodes.Filter(nodes.List(parts, lineno=line), "_joined", [], [], None, None, lineno=line)


def _in_order(known: Signature, args: Sequence[Any], kwargs: dict[str, Any]) -> list[Any]:
    """The arguments of a filter as its signature has them, whichever were named. Those it does not know it refuses itself."""
    try:
        bound = known.bind(*args, **kwargs)
    except TypeError:
        return [*args, *kwargs.values()]
    bound.apply_defaults()
    ordered: list[Any] = []
    for name, value in bound.arguments.items():
        kind = known.parameters[name].kind
        ordered += value if kind is Parameter.VAR_POSITIONAL else value.values() if kind is Parameter.VAR_KEYWORD else [value]
    return ordered


def _make_dict(*args: Any, **kwargs: Any) -> dict[str, Any]:
    return dict(*args, **kwargs)  # the class itself would hand out its methods


def _charged(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The same filter, charged to the budget."""
    known = signature(function)

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
            spent.charge_text(name, _in_order(known, args, kwargs)[len(passed) :])
        result = function(*passed, *given, **kwargs)
        spent.charge_value(result)
        return result

    return charged
