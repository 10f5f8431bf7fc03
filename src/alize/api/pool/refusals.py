"""Why somebody is not given a model. In: the model, and what is in its way. Out: the error, with the numbers and what to do."""

import math
from collections.abc import Sequence

from alize.api.pool.resident import Resident
from alize.engine.fit import gib
from alize.errors import Conflict, EngineUnavailable, OutOfMemory, QueueFull
from alize.reasons import because
from alize.wording import quantity

__all__ = [
    "cannot_load",
    "changing",
    "closing",
    "never_fits",
    "no_room_for_adapter",
    "no_room_to_exchange",
    "pinned_down",
    "still_in_the_way",
    "still_used",
    "too_many",
    "will_not_fit",
]

_SOON = 5.0  # seconds


def closing() -> EngineUnavailable:
    return EngineUnavailable("The server is shutting down.", reason=because("shutting_down"))


def cannot_load(resident: Resident, seconds: float) -> EngineUnavailable:
    """Without the reason, which may name paths: it is in the log, and administrators are shown it."""
    return EngineUnavailable(
        f"The model {resident.card.id} cannot be loaded. The server's log says why.",
        retry_after=seconds,
        reason=because("model_failed", model=resident.card.id),
    )


def too_many(model: str, waiting: int, seconds: float | None) -> QueueFull:
    """`waiting`: requests for any model. `seconds`: until there is room again; None: nobody knows."""
    # Before the first load of all there is nothing to judge by: often enough to have the model soon, and rarely enough to disturb nobody.
    after = _SOON if seconds is None else seconds
    return QueueFull(
        f"{quantity(waiting, 'request')} {'waits' if waiting == 1 else 'wait'} for models to be loaded already.",
        param="model",
        remedy=f"Try again in {math.ceil(after)} s, or ask for a model that is awake instead of {model}.",
        retry_after=after,
        reason=because("queue_full", requests=waiting),
    )


def never_fits(resident: Resident, least: int, budget: int, pinned: Sequence[Resident]) -> EngineUnavailable:
    """It would not fit if every model slept that may."""
    said = f"The model {resident.card.id} does not fit into memory: it needs {gib(least)} of a budget of {gib(budget)}"
    names = [one.card.id for one in pinned]
    held = sum(one.held for one in pinned)
    if least <= budget and names:
        said += f", of which {', '.join(names)} {'has' if len(names) == 1 else 'have'} {gib(held)} and never sleep{'s' * (len(names) == 1)}"
        remedy = f"An administrator can unpin {names[0]}, or raise the setting `memory`."
    else:
        remedy = "Choose a smaller one, or have the setting `memory` raised."
    return EngineUnavailable(
        f"{said}.",
        param="model",
        remedy=remedy,
        reason=because("model_too_large", model=resident.card.id, bytes=least, most_bytes=max(0, budget - held)),
    )


def still_in_the_way(resident: Resident, others: Sequence[Resident], seconds: float) -> EngineUnavailable:
    """It was waited for as long as may be."""
    if resident.state == "loading":
        percent = resident.percent
        why = "it is still being loaded" if percent is None else f"{percent} % of it are loaded"
        remedy = "Try again shortly; `model_wait_seconds` says how long a request may wait."
    else:
        busy = [f"{one.card.id} ({one.running} running)" for one in others if one.running] or [one.card.id for one in others]
        why = f"the memory is taken by {', '.join(busy)}" if busy else "others came first"
        remedy = "Try again shortly, have the setting `memory` raised, or ask for a model that is awake."
    return EngineUnavailable(
        f"The model {resident.card.id} was not there within {seconds:g} seconds: {why}.",
        param="model",
        remedy=remedy,
        retry_after=_SOON,
        reason=because("model_not_there", model=resident.card.id, detail=why),
    )


def will_not_fit(model: str, least: int, budget: int) -> OutOfMemory:
    return OutOfMemory(
        f"The model {model} needs {gib(least)} at least, and the budget of all models is {gib(budget)}.",
        remedy="Choose a smaller file, such as a 4-bit GGUF of it, or raise the setting `memory`.",
    )


def no_room_to_exchange(model: str, least: int, left: int) -> OutOfMemory:
    return OutOfMemory(
        f"The weights need {gib(least)} at least, and {gib(max(0, left))} are left for {model} beside the other models.",
        remedy="Put another model to sleep first, or raise the setting `memory`.",
    )


def still_used(resident: Resident, seconds: float) -> Conflict:
    said = f"The weights of {resident.card.id} were still used after {seconds:g} seconds, and there is no memory for others beside them."
    return Conflict(
        said,
        remedy="Try again when fewer ask it, put another model to sleep first, or raise the setting `memory`.",
        reason=because("model_refused", detail=said),
    )


def no_room_for_adapter(name: str, size: int, left: int) -> OutOfMemory:
    return OutOfMemory(
        f"The adapter {name} takes {gib(size)}, and {gib(max(0, left))} of the budget are left.",
        remedy="Put another model to sleep first, or raise the setting `memory`.",
    )


def pinned_down(model: str) -> Conflict:
    return Conflict(
        f"The model {model} is pinned: it is never put to sleep.", remedy="Unpin it first.", reason=because("model_pinned", model=model)
    )


def changing(model: str) -> Conflict:
    return Conflict(
        f"The model {model} is being loaded, put to sleep, or given other weights.",
        remedy="Try again when that is done.",
        reason=because("model_changing", model=model),
    )
