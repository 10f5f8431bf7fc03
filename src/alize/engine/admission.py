"""What an engine takes. In: a request, and those that it has. Out: nothing, or a refusal that says what to do."""

import math
from collections.abc import Callable, Mapping
from itertools import accumulate

from alize.engine.base import ModelInfo, Request, check_fits, check_writes
from alize.engine.places import no_room
from alize.engine.schedule import Limits
from alize.engine.sequence import Sequence
from alize.engine.shares import Shares
from alize.errors import Conflict, InvalidRequest, QueueFull, UnsupportedParameter
from alize.reasons import because

__all__ = ["refuse"]


Wait = Callable[[int], float]
"""In how many seconds so many requests more will have ended."""


def refuse(request: Request, info: ModelInfo, held: Mapping[str, Sequence], before: Shares, limits: Limits, wait: Wait) -> None:
    """`held`: requests that have not ended, by their ids, in order of arrival. `before`: the places of those that take any from this one:
    work that nobody watches takes none of work that somebody does.

    Raises PromptTooLong, InvalidRequest, UnsupportedParameter, Conflict (the id is in use) or QueueFull.
    """
    check_writes(info)
    check_fits(request, info)
    if request.max_tokens < 1:
        raise InvalidRequest("max_tokens must be at least 1.", param="max_tokens")
    _refuse_grammar(request, info)
    if request.id in held:
        raise Conflict(f"A request with the id '{request.id}' is running.")
    _refuse_media(request, info, held, limits, wait)
    if not before.room(request.tenant, limits.max_running + limits.max_waiting):  # one that has only not begun yet does not wait
        # Until those that wait now have all begun; of these, where others take turns with its tenant, its tenant's.
        raise no_room(before.total, wait(before.ends(request.tenant, limits.max_running)))


def _refuse_grammar(request: Request, info: ModelInfo) -> None:
    if request.grammar is None:
        return
    if not info.grammars:
        raise UnsupportedParameter("This engine has no grammars.", param=request.grammar.param, remedy="Leave it out.")
    if not request.stop_ids:
        raise UnsupportedParameter("An answer that matches a grammar ends with it: it cannot go on as ignore_eos says.", param="ignore_eos")
    if request.min_tokens:
        raise UnsupportedParameter("An answer that matches a grammar is as long as that says: leave min_tokens out.", param="min_tokens")


def _refuse_media(request: Request, info: ModelInfo, held: Mapping[str, Sequence], limits: Limits, wait: Wait) -> None:
    own, most = _media_bytes(request, info), limits.media_bytes
    if own > most:
        raise InvalidRequest(
            f"The images and sounds take {own} bytes; {most} are held at most.",
            remedy="Send fewer.",
            reason=because("media_too_large", bytes=own, most_bytes=most),
        )
    each = [_media_bytes(sequence.request, info) for sequence in held.values()]
    all_held = own + sum(each)
    if own and all_held > most:
        left = accumulate(each, lambda rest, bytes: rest - bytes, initial=all_held)
        seconds = wait(next(ended for ended, rest in enumerate(left) if rest <= most))  # until the first so many have ended
        raise QueueFull(
            f"The images and sounds of all requests take {all_held} bytes.",
            remedy=f"Try again in {math.ceil(seconds)} s.",
            retry_after=seconds,
            reason=because("media_busy", bytes=all_held),
        )


def _media_bytes(request: Request, info: ModelInfo) -> int:
    """With what the runner keeps of a sound that is still coming."""
    hearing, bytes = info.hearing, sum(medium.held for medium in request.media)
    kept = [hearing.kept + hearing.kept_each * sound.most for sound in request.sounds if sound.most and hearing is not None]
    return bytes + sum(kept)
