"""The models of this server, as they are in memory. In: an administrator's wish. Out: their states; models loaded, put to sleep, changed.

What takes a while has begun when it is answered (202): GET /api/models says how far it is. What needs a file of the server takes one below
`home`, or below a folder of the setting `weight_folders`.
"""

import asyncio
import logging
from pathlib import Path
from typing import Any

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from alize.api.auth import Admin, Here
from alize.api.body import read
from alize.api.documentation import described
from alize.api.parts import House, Served
from alize.api.pool import Pool, Resident
from alize.api.pool.source import LocalSource
from alize.api.schemas.residents import AdapterPut, ReloadRequest, ResidentList
from alize.api.schemas.residents import Resident as Shown
from alize.errors import AlizeError, Conflict, InvalidRequest, LocalError, NotFound, OutOfMemory, PermissionDenied
from alize.governance.identity import Principal
from alize.reasons import Reason, because
from alize.settings import is_adapter_name
from alize.weights.adapters import open_adapter
from alize.weights.catalog import near_misses, resolved

__all__ = ["router"]

router = APIRouter(tags=["residents"])
_log = logging.getLogger("alize.api")
_ADAPTER_BYTES = 8  # of a number, at most: as the native core counts them


@router.get("/api/models", openapi_extra=described(ResidentList))
async def list_residents(principal: Admin, here: Here) -> Response:
    """List the models of this server: the state of each, and what it takes of the memory."""
    pool = here.parts.pool
    if pool is None:
        return _json({"object": "list", "data": [], "budget_bytes": 0, "free_bytes": 0})
    data = [_shown(one, here) for one in pool.residents.values()]
    return _json({"object": "list", "data": data, "budget_bytes": pool.budget, "free_bytes": max(0, pool.free)})


@router.post("/api/models/{model_id:path}/load", status_code=202, openapi_extra=described(Shown, status=202))
async def load_model(model_id: str, principal: Admin, here: Here) -> Response:
    """Load a model, though nobody asks it anything yet. Others are put to sleep for it where they have to be."""
    pool, resident = _found(model_id, here)
    if resident.shown != "awake":
        _told("load", resident, principal)
        pool.begin(resident)
        await asyncio.sleep(0)  # it has begun by then, and its state says so
    return _json(_shown(resident, here), 202)


@router.post("/api/models/{model_id:path}/sleep", status_code=202, openapi_extra=described(Shown, status=202))
async def sleep_model(model_id: str, principal: Admin, here: Here) -> Response:
    """Put a model to sleep once its running answers have ended. Whoever asks it then wakes it."""
    pool, resident = _found(model_id, here)
    pool.sleep(resident)
    _told("sleep", resident, principal)
    return _json(_shown(resident, here), 202)


@router.post("/api/models/{model_id:path}/pin", openapi_extra=described(Shown))
async def pin_model(model_id: str, principal: Admin, here: Here) -> Response:
    """Never put a model to sleep, from now until the server ends."""
    return await _pinned(model_id, principal, here, pinned=True)


@router.post("/api/models/{model_id:path}/unpin", openapi_extra=described(Shown))
async def unpin_model(model_id: str, principal: Admin, here: Here) -> Response:
    """Let a model be put to sleep where another one needs its memory."""
    return await _pinned(model_id, principal, here, pinned=False)


@router.post("/api/models/{model_id:path}/reload", openapi_extra=described(Shown, request=ReloadRequest))
async def reload_model(model_id: str, request: Request, principal: Admin, here: Here) -> Response:
    """Read a model's weights again, or give it others, until the server ends. Running answers end with the old ones, none is lost.

    It is answered when the new ones serve. Where they cannot be loaded the old ones stay, and the error says why."""
    wanted = await read(request, ReloadRequest, strict=here.settings.strict)
    pool, resident = _found(model_id, here)
    source = resident.source
    if not isinstance(source, LocalSource):
        raise Conflict(f"The weights of {resident.card.id} are none of this server's files.", reason=_refused("its weights are no files"))
    _told("reload", resident, principal, weights=wanted.path or wanted.model or "the same")
    try:
        await pool.reload(resident, await asyncio.to_thread(_other, wanted, source, here))
    except LocalError as error:
        raise _for_administrators(error) from error
    return _json(_shown(resident, here))


@router.put("/api/models/{model_id:path}/adapters/{name:path}", openapi_extra=described(Shown, request=AdapterPut))
async def put_adapter(model_id: str, name: str, request: Request, principal: Admin, here: Here) -> Response:
    """Give a model an adapter, which is a model of its own name from then on; answers that run keep what they began with."""
    wanted = await read(request, AdapterPut, strict=here.settings.strict)
    pool, resident = _found(model_id, here)
    _check_adapter_name(name, resident, here)
    path = await asyncio.to_thread(_allowed, wanted.path, here)
    _told("adapter", resident, principal, adapter=name)
    try:
        adapter = await asyncio.to_thread(open_adapter, path)
        await pool.set_adapter(resident, name, str(path), _ADAPTER_BYTES * adapter.numbers)
    except LocalError as error:
        raise _for_administrators(error) from error
    return _json(_shown(resident, here))


@router.delete("/api/models/{model_id:path}/adapters/{name:path}", openapi_extra=described(Shown))
async def delete_adapter(model_id: str, name: str, principal: Admin, here: Here) -> Response:
    """Take an adapter away; answers that it gives end with it. One that is not there is none. A model that sleeps sleeps on."""
    pool, resident = _found(model_id, here)
    _told("remove adapter", resident, principal, adapter=name)
    await pool.remove_adapter(resident, name)
    return _json(_shown(resident, here))


def _other(wanted: ReloadRequest, source: LocalSource, here: House) -> LocalSource:
    """Where the weights come from. Raises what `_allowed` and `located` raise."""
    if wanted.path is not None and wanted.model is not None:
        raise InvalidRequest("Either path or model.", param="path", remedy="Leave one of them out.")
    if wanted.path is not None:
        return source.of(str(_allowed(wanted.path, here)))
    if wanted.model is None:
        return source.of(source.name)
    name = resolved(wanted.model, here.settings.aliases())
    return source.of(str(_allowed(name, here)) if _leads_somewhere(name) else name)


def _leads_somewhere(name: str) -> bool:
    """Whether a name is a path at which something lies; what can be no path is a name."""
    try:
        return Path(name).expanduser().exists()
    except (OSError, ValueError, RuntimeError):
        return False


async def _pinned(model_id: str, principal: Principal, here: House, *, pinned: bool) -> Response:
    pool, resident = _found(model_id, here)
    pool.pin(resident, pinned=pinned)
    _told("pin" if pinned else "unpin", resident, principal)
    return _json(_shown(resident, here))


def _found(model_id: str, here: House) -> tuple[Pool, Resident]:
    """The model of this server that an id or alias means, and its pool. Raises NotFound."""
    pool, wanted = here.parts.pool, resolved(model_id, here.settings.aliases())
    residents = [] if pool is None else [*pool.residents.values()]
    for resident in residents:
        if wanted in (resident.card.id, *resident.card.aliases):
            return resident.pool, resident
    near = near_misses(model_id, [known for one in residents for known in (one.card.id, *one.card.aliases)])
    hint = f"Did you mean {' or '.join(near)}? " if near else ""
    raise NotFound(
        f"There is no model '{model_id[:200]}' on this server.",
        param="model_id",
        remedy=f"{hint}GET /api/models lists them; the setting `models` names further ones.",
        reason=because("model_unknown", model=model_id[:200]),
    )


def _check_adapter_name(name: str, resident: Resident, here: House) -> None:
    """Raises InvalidRequest for what is no name, Conflict for that of something else."""
    if not is_adapter_name(name):
        raise InvalidRequest("An adapter's name is of letters, digits and . _ : / -, at most 200 of them.", param="name")
    for model in here.parts.own:
        mine = isinstance(model, Served) and model.adapter is not None and model.root == resident.card.id
        if name in (model.card.id, *model.card.aliases) and not mine:
            raise Conflict(f"'{name}' is a name of another model here.", param="name", remedy="Give the adapter a name of its own.")
    if name in here.settings.aliases():
        raise Conflict(f"'{name}' is an alias of the settings.", param="name", remedy="Give the adapter a name of its own.")


def _allowed(path: str, here: House) -> Path:
    """Where a path leads, links followed. Raises PermissionDenied where that is outside, InvalidRequest where nothing is there."""
    folders = [Path(folder).expanduser() for folder in (str(here.settings.home), *here.settings.weight_folders)]
    try:
        given = Path(path).expanduser()
        if not given.is_absolute():
            raise InvalidRequest(f"{path[:200]} is no whole path.", param="path", remedy="Write it from the root on.")
        found = given.resolve()
        inside = any(found.is_relative_to(folder.resolve()) for folder in folders)
        there = inside and found.exists()
    except (OSError, ValueError, RuntimeError) as error:
        raise InvalidRequest(f"{path[:200]!r} is no path: {error}.", param="path") from None
    if not inside:
        raise PermissionDenied(
            f"{path} is in no folder from which weights may be loaded: {', '.join(map(str, folders))}.",
            param="path",
            remedy="Move it there, or name its folder in the setting `weight_folders`.",
        )
    if not there:
        raise InvalidRequest(f"There is no file or folder {path}.", param="path", remedy="Check the path.")
    return found


def _for_administrators(error: LocalError) -> AlizeError:
    """What is meant for whoever runs the server, said to whoever does."""
    kind = Conflict if isinstance(error, OutOfMemory) else InvalidRequest
    return kind(error.message, remedy=error.remedy, reason=_refused(error.text))


def _refused(detail: str) -> Reason:
    return because("model_refused", detail=detail)


def _told(what: str, resident: Resident, principal: Principal, **facts: str) -> None:
    about = {"change": what, "model": resident.card.id, "principal": principal.id}
    _log.info("an administrator changes a model", extra=about | facts)


def _shown(resident: Resident, here: House) -> dict[str, Any]:
    return {
        "id": resident.card.id,
        "object": "resident",
        "name": resident.card.name or resident.card.id,
        "default": resident.card.id == here.parts.default,
        "state": resident.shown,
        "since": resident.since,
        "percent": resident.percent,
        "reloading": resident.reloading,
        "pinned": resident.pinned,
        "bytes": resident.held,
        "least_bytes": resident.least or None,  # 0 of one that was begun before it was looked at
        "running": resident.running,
        "waiting": len(resident.waiting),
        "generation": resident.tally.loads,
        "error": resident.failure.text if resident.failure is not None and resident.state in ("failed", "asleep") else None,
        "adapters": [{"name": one.name, "generation": one.generation, "rank": one.rank, "bytes": one.bytes} for one in resident.adapters],
    }


def _json(body: dict[str, Any], status: int = 200) -> Response:
    return Response(msgspec.json.encode(body), status, media_type="application/json")
