"""`alize convert`, `alize quantize`. In: a model, and the form it shall have. Out: the same model in that form, whole or not at all."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alize.cli.options import AsJson, Home

if TYPE_CHECKING:
    from alize.weights.catalog import Card

__all__ = ["convert"]


class Form(StrEnum):
    """Names that --to takes."""

    consolidated = "consolidated"
    huggingface = "huggingface"
    gguf = "gguf"


class Dtype(StrEnum):
    """Names that --dtype takes."""

    float32 = "float32"
    float16 = "float16"
    bfloat16 = "bfloat16"


Source = Annotated[str, typer.Argument(help="An id or alias (`alize models list`), or a path to weights.", metavar="MODEL")]
Target = Annotated[Path, typer.Option("--output", "-o", help="A folder, or a name ending in .gguf; nothing may be there.", metavar="PATH")]


def convert(
    model: Source,
    output: Target,
    to: Annotated[Form, typer.Option("--to", help="Mistral's own form, transformers', or llama.cpp's.")],
    dtype: Annotated[Dtype | None, typer.Option("--dtype", help="How to store what is not quantised.", show_default="as it is")] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Write a model in another form. No value changes where both forms hold it.

    The tokenizer, the chat template and the licence go along.
    """
    from alize.cli.progress import downloading
    from alize.cli.terminal import stderr
    from alize.convert.release import Order
    from alize.convert.release import convert as write

    card, path = _located(model, home)
    order = Order(to.value, dtype.value if dtype else None, licence=card.licence)
    with downloading(stderr(), "Reading …") as progress:
        write(path, output, order, *([progress] if progress else []))
    _say(output, to.value, as_json)


def _located(model: str, home: Path | None) -> "tuple[Card, Path]":
    from alize.settings import Settings
    from alize.weights.pull import located

    settings = Settings.load(home=home, model=model)
    return located(settings.model, settings.home, settings.aliases())


def _say(output: Path, form: str, as_json: bool) -> None:
    from alize.cli.terminal import print_json, size

    files = [output] if output.is_file() else [path for path in output.rglob("*") if path.is_file()]
    count = sum(path.stat().st_size for path in files)
    if as_json:
        print_json({"path": str(output), "form": form, "bytes": count})
    else:
        typer.echo(f"{output}  {size(count)}")
