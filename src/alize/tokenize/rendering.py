"""One compiled chat template. In: Jinja source, then the variables of a conversation. Out: text, and errors of the house.

Reading the source also tells what the template has a place for, so that tools it never mentions are refused instead of dropped.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from jinja2 import TemplateError, TemplateSyntaxError, meta, nodes
from jinja2.exceptions import SecurityError

from alize.errors import AlizeError, CheckpointInvalid, InvalidMessageOrder, InvalidRequest, UnsupportedParameter
from alize.reasons import because
from alize.tokenize.budget import Budget, TemplateOverrun, budget
from alize.tokenize.markers import Markers
from alize.tokenize.sandbox import TemplateSandbox

__all__ = ["Rendering", "refuse"]

_LONGEST_SOURCE = 2**20
_MEND = (
    "Beside safetensors, or a GGUF that holds none, lay one that can be read, as chat_template.jinja. "
    "A GGUF's own comes first: take another file of the model."
)
_NON_ASCII = re.compile(r"[^\x00-\x7f]")


class _Refused(TemplateError):
    """The template called `raise_exception`."""


def refuse(message: object = "") -> NoReturn:
    """What templates know as `raise_exception`."""
    raise _Refused(str(message))


class Rendering:
    """A template ready to render. Immutable; one instance serves all threads."""

    def __init__(self, source: str, markers: Markers) -> None:
        """Raises CheckpointInvalid where the source is not a template, naming the line."""
        if len(source) > _LONGEST_SOURCE:
            raise CheckpointInvalid(f"The chat template has {len(source)} characters, more than {_LONGEST_SOURCE}.")
        self.source = source
        self.markers: dict[str, str] = {}  # the markers written in the source → the variables that print what stands for them
        self._parts = markers.literal_parts
        sandbox = TemplateSandbox()
        sandbox.filters["tojson"] = _to_json
        try:
            self._template, tree = sandbox.compile_template(source, self._cut)
            self._variables = meta.find_undeclared_variables(tree)
            self.tools = "xml_tools" if "xml_tools" in self._variables and "tools" not in self._variables else "tools"  # SmolLM3's name
        except TemplateSyntaxError as error:
            raise CheckpointInvalid(f"The chat template cannot be read: line {error.lineno}: {error.message}.", remedy=_MEND) from error
        except (TemplateError, SyntaxError, RecursionError) as error:
            raise CheckpointInvalid(f"The chat template cannot be compiled: {error}.", remedy=_MEND) from error
        self._words = {node.value for node in tree.find_all(nodes.Const) if isinstance(node.value, str)}
        self._words |= {node.attr for node in tree.find_all(nodes.Getattr)}

    def mentions(self, word: str) -> bool:
        """Whether the template speaks of a key or a type."""
        return word in self._words

    @property
    def takes_effort(self) -> bool:
        """Whether a request can say how much the model is to think."""
        return not self._variables.isdisjoint({"enable_thinking", "reasoning_effort"})

    def _cut(self, text: str) -> list[tuple[str, bool]]:
        """Each marker in a literal becomes a variable, so that its stand-in can be chosen for each request."""
        parts = [(part, bool(odd % 2)) for odd, part in enumerate(self._parts(text)) if part]
        return [(self.markers.setdefault(part, f"_marker_{len(self.markers)}") if marker else part, marker) for part, marker in parts]

    def check(self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]]) -> None:
        """Raise UnsupportedParameter for tools, calls or results that the template has no place for."""
        if tools and self.tools not in self._variables:
            raise UnsupportedParameter("This model's chat template has no place for tools.", param="tools")
        for index, message in enumerate(messages):
            for found, word, what, field in (
                (bool(message.get("tool_calls")), "tool_calls", "tool calls", ".tool_calls"),
                (message.get("role") == "tool", "tool", "tool results", ".role"),
            ):
                if found and word not in self._words:
                    raise UnsupportedParameter(f"This model's chat template has no place for {what}.", param=f"messages.{index}{field}")

    def render(self, variables: Mapping[str, Any], marks: str) -> str:
        """The rendered text. `marks` are kept as they are by `tojson`; the more `messages` and `tools` hold, the more may be made of them.

        Raises InvalidMessageOrder where the template refuses, InvalidRequest where these messages make it fail, and a plain
        AlizeError where it overruns its budget: that is the model's fault, not the request's.
        """
        token = budget.set(Budget(marks))
        try:
            budget.get().allow(variables["messages"], variables[self.tools])
            return self._template.render(variables)
        except _Refused as error:
            raise InvalidMessageOrder(
                f"The model's chat template refuses these messages: {error}",
                param="messages",
                reason=because("template_refuses", words=str(error)),
            ) from error
        except (SecurityError, RecursionError, MemoryError) as error:
            reason = error if isinstance(error, TemplateOverrun) else f"it tried what the sandbox forbids ({error or type(error).__name__})"
            raise AlizeError(
                f"The model's chat template was stopped: {reason}.",
                remedy="Serve the model with the template of its release.",
                reason=because("template_stopped", detail=str(reason)),
            ) from error
        except (TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise InvalidRequest(
                f"The model's chat template cannot render these messages: {error}",
                param="messages",
                reason=because("template_refuses", words=str(error)),
            ) from error
        finally:
            budget.reset(token)


def _to_json(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """JSON as chat templates expect it: no HTML escapes, other alphabets as they are unless asked."""
    if indent is not None and not 0 <= indent <= 100:
        raise TemplateOverrun("it asked tojson for a width beyond 100")
    spent = budget.get()
    characters, levels = spent.weights.of(value)
    spent.charge(characters // 8 * levels * (indent or 0))  # each entry stands on a line of its own
    text = json.dumps(value, ensure_ascii=False, indent=indent, separators=separators, sort_keys=sort_keys)
    spent.charge(len(text))
    if not ensure_ascii:
        return text
    return _NON_ASCII.sub(lambda found: found[0] if found[0] in spent.marks else json.dumps(found[0])[1:-1], text)
