"""Why an engine does not answer. In: where it stands. Out: the error of every request that wanted it, in one wording for every engine."""

from alize.errors import EngineCrashed, EngineUnavailable
from alize.reasons import because

__all__ = ["ended", "leaving", "loading", "restarting", "starting"]

_SOON = 2.0  # seconds


def starting(said: str = "The engine is being started.", after: float = _SOON) -> EngineUnavailable:
    return EngineUnavailable(said, retry_after=after, reason=because("engine_starting"))


def loading(percent: int) -> EngineUnavailable:
    said = f"The model is being loaded: {percent} %."
    return EngineUnavailable(said, retry_after=_SOON, reason=because("model_loading_at", percent=percent))


def restarting() -> EngineUnavailable:
    said = "The engine is not running; it is being restarted."
    return EngineUnavailable(said, retry_after=_SOON, reason=because("engine_restarting"))


def leaving() -> EngineUnavailable:
    return EngineUnavailable("The server is shutting down.", reason=because("shutting_down"))


def ended(said: str = "The engine ended while it worked on this request.", after: float | None = _SOON) -> EngineCrashed:
    return EngineCrashed(said, retry_after=after, reason=because("engine_ended"))
