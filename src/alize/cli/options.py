"""Options that several commands share. In: nothing. Out: annotated types, so that an option reads and behaves the same everywhere."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["AdapterPath", "Adapters", "AsJson", "Home", "MaxTokens", "ModelName", "Seed", "System", "Temperature"]


def _folder(text: str) -> Path:
    if not text:  # `--home "$UNSET"` would make a state folder of wherever one happens to be
        raise typer.BadParameter("it is empty; `--home .` is this folder.")
    return Path(text)


def _number(value: float | None) -> float | None:
    if value != value:  # no limit refuses what is not a number
        raise typer.BadParameter("it is not a number.")
    return value


Home = Annotated[
    Path | None,
    typer.Option(
        "--home", parser=_folder, help="Folder that holds every byte of state.", show_default="ALIZE_HOME, else ~/.alize", metavar="DIR"
    ),
]
ModelName = Annotated[
    str | None,
    typer.Option("--model", "-m", help="A model's id or alias, or a path to weights.", show_default="the setting `model`", metavar="NAME"),
]
Adapters = Annotated[
    list[str] | None,
    typer.Option(
        "--adapter",
        help="Serve an adapter of the model, too, as a model of that name; may be given several times.",
        show_default="the setting `adapters`",
        metavar="NAME=PATH",
    ),
]
AdapterPath = Annotated[
    Path | None,
    typer.Option("--adapter", help="Ask the model as an adapter changes it.", show_default=False, metavar="PATH"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text for people.")]
System = Annotated[str, typer.Option("--system", "-s", help="How the model shall behave.", show_default=False)]
Temperature = Annotated[
    float | None,
    typer.Option(
        "--temperature",
        "-t",
        min=0,
        max=1.5,
        callback=_number,
        help="0 always takes the likeliest token.",
        show_default="`default_temperature`, or the model's own",
    ),
]
MaxTokens = Annotated[
    int | None,
    typer.Option("--max-tokens", "-n", min=1, help="Longest answer, in tokens.", show_default="`default_max_tokens`, or the model's own"),
]
Seed = Annotated[
    int | None, typer.Option("--seed", min=0, max=2**63 - 1, help="The same seed gives the same answer.", show_default="drawn anew")
]
