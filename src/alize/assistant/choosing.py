"""Who answers. In: the model of a conversation. Out: an answer by this server, or by its upstream where the model is one of its."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from alize.api.lending import lend
from alize.api.naming import writer_named
from alize.api.parts import House, Served, Sleeping
from alize.assistant.answering import Begun, LocalAnswerer
from alize.assistant.context import Fitted
from alize.assistant.elsewhere import UpstreamAnswerer
from alize.errors import EngineUnavailable
from alize.reasons import because
from alize.storage.base import MessageRecord, Owner
from alize.upstream import UpstreamModel

__all__ = ["ByModel"]


class ByModel:
    """An Answerer of every model of the house. A conversation that names none is answered by this server."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._here, self._elsewhere = LocalAnswerer(house), UpstreamAnswerer(house)

    def limit(self, model: str) -> int:
        found = self._named(model)
        if isinstance(found, UpstreamModel):
            return found.context
        return found.engine.info.max_context if isinstance(found, Served) else found.card.context

    async def fitted(self, model: str, path: Sequence[MessageRecord], settings: dict[str, Any], *, continuing: bool = False) -> Fitted:
        """What would be sent."""
        found = self._named(model)
        if isinstance(found, UpstreamModel):
            return self._elsewhere.fitted(found, path, settings, continuing=continuing)
        if not isinstance(found, Served):
            raise EngineUnavailable(
                f"The model {found.card.id} is asleep: what it would be sent is known once it was loaded, which asking it does.",
                reason=because("model_asleep", model=found.card.id),
            )
        return await self._here.fitted(found, path, settings, continuing=continuing)

    async def begin(
        self,
        owner: Owner,
        model: str,
        path: Sequence[MessageRecord],
        settings: dict[str, Any],
        *,
        continuing: bool = False,
        beside: Collection[str] = (),
        priority: int = 0,
    ) -> Begun:
        found = self._named(model)
        if isinstance(found, UpstreamModel):  # it has no priorities, and says nothing of its defaults
            return await self._elsewhere.begin(owner, found, path, settings, continuing=continuing)
        check = partial(self._here.check, path, continuing=continuing)
        # A title is no reason to put another model to sleep.
        loan = await lend(found, owner.tenant, check, wake=priority >= 0)
        try:
            begun = await self._here.begin(owner, loan.served, path, settings, continuing=continuing, beside=beside, priority=priority)
        except BaseException:
            loan.release()
            raise
        return replace(begun, release=loan.release)

    def _named(self, model: str) -> Served | Sleeping | UpstreamModel:
        parts = self._house.parts
        return writer_named(model or parts.default, parts, self._house.settings)
