"""`alize merge`. In: a model's safetensors and an adapter of it. Out: a model of its own, in a folder."""

from pathlib import Path
from typing import Annotated

import typer

from alize.cli.options import AsJson, Home

__all__ = ["merge"]


def merge(
    base: Annotated[str, typer.Argument(help="A model's id or alias, or a path to weights: as safetensors.", show_default=False)],
    adapter: Annotated[Path, typer.Argument(help="A folder of PEFT's, or a lora.safetensors of mistral-finetune.", show_default=False)],
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to make.", show_default=False, metavar="DIR")],
    scale: Annotated[
        float | None,
        typer.Option("--scale", help="Of a lora.safetensors, where no params.json beside it says it.", show_default="2"),
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Add an adapter to a model's weights for good.

    The folder holds the model in the layout that it had, Hugging Face's or Mistral's own, and in the same number format.
    """
    from alize.cli.progress import downloading
    from alize.cli.terminal import print_json
    from alize.model.merge import merge as write
    from alize.settings import Settings
    from alize.weights.adapters import open_adapter
    from alize.weights.pull import located
    from alize.wording import quantity

    settings = Settings.load(home=home, model=base)
    card, path = located(settings.model, settings.home, settings.aliases())
    opened = open_adapter(adapter, scale)
    with downloading() as progress:
        write(path, opened, output, lambda done, total: progress(done, total, output.name) if progress else None)
    if as_json:
        print_json({"base": card.id, "adapter": str(adapter), "sha256": opened.sha256, "path": str(output), "layers": len(opened.layers)})
    else:
        typer.echo(f"{output}  {card.id} with {quantity(len(opened.layers), 'layer')} of {adapter} in it")
