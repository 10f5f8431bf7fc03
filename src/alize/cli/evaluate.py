"""`alize eval`. In: models, and a text. Out: what a model is worth, in numbers that can be made again."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from alize.cli.options import AsJson, Home

__all__ = ["COMMANDS", "HELP"]

HELP = "Measure a model."


def quantization(
    original: Annotated[str, typer.Argument(help="What to compare with: an id or alias, or a path to weights.", metavar="ORIGINAL")],
    others: Annotated[list[str], typer.Argument(help="The same model in fewer bits, each by its path or id.", metavar="QUANTISED…")],
    text: Annotated[
        Path | None,
        typer.Option(
            "--text",
            help="A text in UTF-8.",
            metavar="FILE",
            show_default="two chapters of Alice's Adventures in Wonderland, which come along",
        ),
    ] = None,
    tokens: Annotated[int, typer.Option("--tokens", min=2, help="Use no more of the text than this.", show_default="all of it")] = 1 << 30,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Compare models in fewer bits with the original on a text: perplexity, how often both find the same token likeliest, KL, size."""
    from dataclasses import asdict

    from alize.cli.progress import downloading
    from alize.cli.terminal import print_json, print_table, size
    from alize.evaluate.quantization import measured
    from alize.evaluate.texts import MEASURE, text_at
    from alize.settings import Settings
    from alize.weights.pull import located

    def path_of(name: str) -> Path:
        settings = Settings.load(home=home, model=name)
        return located(settings.model, settings.home, settings.aliases())[1]

    paths = [path_of(name) for name in (original, *others)]
    with downloading("Loading …") as progress:
        costs = measured(paths[0], paths[1:], text_at(text or MEASURE), *([progress] if progress else []), most=tokens, home=home)
    if as_json:
        print_json([asdict(cost) for cost in costs])
        return
    rows = [(cost.model, size(cost.bytes), f"{cost.perplexity:.3f}", f"{100 * cost.agreement:.1f} %", f"{cost.kl:.5f}") for cost in costs]
    print_table(("model", "size", "perplexity", "same token likeliest", "KL (nats)"), rows)


COMMANDS: dict[str, Callable[..., None]] = {"quantization": quantization}
