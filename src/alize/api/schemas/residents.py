"""The models of this server, for administrators. In: nothing. Out: the shapes of their states, and of what changes them."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from alize.api.schemas.values import Natural, Reply, Schema

__all__ = ["AdapterPut", "ReloadRequest", "Resident", "ResidentList"]

Path = Annotated[str, Field(min_length=1, max_length=4096)]


class AdapterPut(Schema):
    path: Path = Field(description="A folder of the server, in `home` or one of the setting `weight_folders`.")


class ReloadRequest(Schema):
    path: Path | None = Field(None, description="Other weights: a path of the server, in `home` or one of the setting `weight_folders`.")
    model: Annotated[str, Field(min_length=1, max_length=1000)] | None = Field(
        None, description="Other weights: those of this model, which is here. Without either, the same are read again."
    )


class ResidentAdapter(Reply):
    name: str
    generation: Natural = Field(description="How often the name was given something new, since the weights were loaded.")
    rank: Natural
    bytes: Natural


class Resident(Reply):
    """A model of this server."""

    id: str
    object: Literal["resident"] = "resident"
    name: str
    default: bool = Field(description="Whether it is the one that is meant where none is named.")
    state: Literal["asleep", "loading", "awake", "draining", "failed"]
    since: AwareDatetime = Field(description="When the state began.")
    percent: Natural | None = Field(description="How much of it is loaded, while it is being loaded and that is known.")
    reloading: bool = Field(description="Whether other weights are being loaded for it.")
    pinned: bool
    bytes: Natural = Field(description="What it takes of the budget now: weights, cache, and what it computes with.")
    least_bytes: Natural | None = Field(description="The least that it can be loaded with; null where its files were not looked at yet.")
    running: Natural = Field(description="Requests that use it.")
    waiting: Natural = Field(description="Requests that wait for it.")
    generation: Natural = Field(description="How often its weights were loaded since the server began.")
    error: str | None = Field(description="Why it could not be loaded.")
    adapters: list[ResidentAdapter]


class ResidentList(Reply):
    object: Literal["list"] = "list"
    data: list[Resident]
    budget_bytes: Natural = Field(description="What all models together may take.")
    free_bytes: Natural = Field(description="What of it no model has.")
