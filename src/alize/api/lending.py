"""Models on loan. In: a model that may sleep, and for whom. Out: the model, awake until the request has been answered.

Whoever asks an engine for something goes through here: chat, gaps, vectors, sounds, and the assistant. What is on loan is not put to
sleep, and its weights stay those that it was lent with. A request gives back what it was lent when its response has ended
(middleware/observe.py); whoever works beside requests does so itself (`lend`).

Nobody wakes a model with what it would refuse anyway: where it is not awake, the request is first checked against what is known of it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import HTTPConnection, Request

from alize.api.connection import while_connected
from alize.api.parts import Lent, Served, Sleeping
from alize.api.trace import trace_of
from alize.errors import EngineUnavailable, InvalidModel
from alize.reasons import because

__all__ = ["Check", "lend", "lent", "lent_to_socket"]

Check = Callable[[Served | Sleeping], Awaitable[None]]
"""Raises what is wrong with a request, as far as is known of a model without its engine: as it was last loaded, where it would be the same
again, else what its card says. What passes may still be refused by the model when it is awake."""


async def lent(model: Served | Sleeping, request: Request, check: Check) -> Served:
    """The model, for as long as the request is served. Its body has been read: a client that leaves while it waits is noticed.

    Raises what `check` does where the model is not awake, EngineUnavailable where it cannot be had, QueueFull where too many wait for one.
    """
    lender = _lender(model)
    if lender is None:
        assert isinstance(model, Served)
        return model
    loan = lender.lend_now()
    if loan is not None:
        return _kept(loan, model, request)
    await check(_known(model, lender))
    return await while_connected(request.receive, _waited(lender, model, request))


async def lent_to_socket(model: Served | Sleeping, connection: HTTPConnection, check: Check) -> Served:
    """The same for one whose messages are not to be touched: that it has left is seen when it is answered."""
    lender = _lender(model)
    if lender is None:
        assert isinstance(model, Served)
        return model
    loan = lender.lend_now()
    if loan is not None:
        return _kept(loan, model, connection)
    await check(_known(model, lender))
    return await _waited(lender, model, connection)


async def lend(model: Served | Sleeping, tenant: str, check: Check, *, wake: bool = True) -> Lent:
    """The model, until whoever asks for this tenant gives it back. Raises as `lent`, and without `wake` EngineUnavailable where it is not
    awake."""
    lender = _lender(model)
    if lender is None:
        assert isinstance(model, Served)
        return _Owned(model)
    loan = lender.lend_now()
    if loan is None and not wake:
        raise EngineUnavailable(f"The model {lender.card.id} is asleep.", reason=because("model_asleep", model=lender.card.id))
    if loan is None:
        await check(_known(model, lender))
        loan = await lender.lend(tenant)
    try:
        return _Adapted(loan, _same(loan.served, model))
    except BaseException:
        loan.release()
        raise


@dataclass(frozen=True, slots=True)
class _Owned:
    """A model that never sleeps."""

    served: Served

    def release(self) -> None:
        pass


@dataclass(frozen=True, slots=True)
class _Adapted:
    """A loan, as one of the models that adapters make of it."""

    loan: Lent
    served: Served

    def release(self) -> None:
        self.loan.release()


def _lender(model: Served | Sleeping) -> Sleeping | None:
    return model.lender if isinstance(model, Served) else model


def _known(model: Served | Sleeping, lender: Sleeping) -> Served | Sleeping:
    return model if lender.known else lender


async def _waited(lender: Sleeping, model: Served | Sleeping, connection: HTTPConnection) -> Served:
    """Kept in the same moment in which it is lent: nobody who leaves then takes it along."""
    principal = trace_of(connection.scope).principal
    return _kept(await lender.lend("" if principal is None else principal.tenant), model, connection)


def _kept(loan: Lent, model: Served | Sleeping, connection: HTTPConnection) -> Served:
    trace_of(connection.scope).loans.append(loan.release)
    return _same(loan.served, model)


def _same(served: Served, wanted: Served | Sleeping) -> Served:
    """What was wanted, as it is now: with its adapter. Raises InvalidModel where that was taken away meanwhile."""
    if not isinstance(wanted, Served) or wanted.adapter is None:
        return served
    for one in served.adapted():
        if one.adapter == wanted.adapter and one.lost is None:
            return one
    raise InvalidModel(
        f"The adapter {wanted.adapter} is not there any more.",
        param="model",
        remedy="GET /v1/models lists those that are served.",
        reason=because("adapter_unknown", adapter=wanted.adapter),
    )
