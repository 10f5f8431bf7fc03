"""Ways of answering that only some models have. In: `prompt_mode` and `reasoning_effort`. Out: nothing, or a refusal by name."""

from alize.errors import UnsupportedParameter

__all__ = ["refuse_reasoning"]


def refuse_reasoning(prompt_mode: str | None, reasoning_effort: str | None, *, model: str) -> None:
    """Raise UnsupportedParameter where a request asks `model`, which does not reason, to reason. An effort of "none" asks for nothing."""
    for name, value, plain in (("prompt_mode", prompt_mode, None), ("reasoning_effort", reasoning_effort, "none")):
        if value is not None and value != plain:
            raise UnsupportedParameter(
                f"{name} {value!r} is not supported: the model {model} does not reason before it answers.",
                param=name,
                remedy=f"Leave {name} out.",
            )
