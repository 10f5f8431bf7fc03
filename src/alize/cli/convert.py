"""`alize convert`, `alize quantize`. In: a model, and the form it shall have. Out: the same model in that form, whole or not at all."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alize.cli.options import AsJson, Home

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alize.weights.catalog import Card

__all__ = ["convert", "quantize"]


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
    from alize.cli.terminal import remark
    from alize.convert.release import Order
    from alize.convert.release import convert as write

    card, path = _located(model, home)
    order = Order(to.value, dtype.value if dtype else None, licence=card.licence)
    with downloading("Reading …") as progress:
        write(path, output, order, *([progress] if progress else []))
    for lack in _remarks(path, output):
        remark(lack)
    _say(output, to.value, as_json)


def _located(model: str, home: Path | None) -> "tuple[Card, Path]":
    from alize.settings import Settings
    from alize.weights.pull import located

    settings = Settings.load(home=home, model=model)
    return located(settings.model, settings.home, settings.aliases())


_WORDLESS = "There is no tokenizer beside these weights, and none in the result: it cannot be served, nor asked, until one is put there."


def _remarks(model: Path, output: Path) -> "Iterator[str]":
    """What the result lacks, and where that is."""
    from contextlib import closing

    from alize.weights.checkpoints import open_checkpoint

    with closing(open_checkpoint(model, alone=True)) as checkpoint:
        if not (checkpoint.tokenizer.files or checkpoint.tokenizer.gguf):
            yield _WORDLESS
        if output.suffix == checkpoint.path.suffix == ".gguf" and not _projectors(output.parent):
            for path in _projectors(checkpoint.path.parent):
                yield f"The result reads text alone until {path} lies beside it, too: what the model sees or hears with stays as it is."


def _projectors(folder: Path) -> list[Path]:
    from alize.weights.checkpoints.layout import is_projector

    return sorted(path for path in folder.iterdir() if is_projector(path.name))


def _say(output: Path, form: str, as_json: bool) -> None:
    from alize.cli.terminal import print_json, size
    from alize.convert.projector import projector_beside

    files = [output] if output.is_file() else [path for path in output.rglob("*") if path.is_file()]
    count = sum(path.stat().st_size for path in files)
    beside = projector_beside(output) if output.is_file() and projector_beside(output).is_file() else None
    if as_json:
        print_json({"path": str(output), "form": form, "bytes": count, "projector": str(beside) if beside else None})
    else:
        typer.echo(f"{output}  {size(count)}")
        if beside is not None:
            typer.echo(f"{beside}  {size(beside.stat().st_size)}, what it sees or hears with")


class Bits(StrEnum):
    """Names that `quantize --to` takes."""

    int8 = "int8"
    int4_g32 = "int4-g32"
    int4_g64 = "int4-g64"
    int4_g128 = "int4-g128"
    fp8 = "fp8"
    q8_0 = "q8_0"
    q4_0 = "q4_0"
    q4_k_m = "q4_k_m"


def quantize(
    model: Source,
    output: Target,
    to: Annotated[
        Bits,
        typer.Option("--to", help="A folder: int8 and int4-…, whole numbers with a scale a row or group; fp8. A GGUF: q8_0, q4_0, q4_k_m."),
    ],
    calibrate: Annotated[
        str,
        typer.Option(
            "--calibrate",
            help="Look at what the model computes on a text before rounding: the path of one, or `bundled`. Takes memory for the model.",
            metavar="TEXT",
            show_default="round each matrix by itself",
        ),
    ] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Write a model in fewer bits. `alize eval quantization` says what it costs."""
    from alize.cli.progress import downloading
    from alize.cli.terminal import remark
    from alize.convert.fewer_bits import quantize as write

    card, path = _located(model, home)
    with downloading("Reading …") as progress:
        balance = None
        if calibrate:
            from alize.convert.calibrated import balanced
            from alize.evaluate.texts import CALIBRATION, text_at
            from alize.tokenize import tokenizer_at

            tokenizer = tokenizer_at(path)
            text = text_at(CALIBRATION if calibrate == "bundled" else Path(calibrate))
            balance = balanced(tokenizer.encode(text), *([progress] if progress else []))
        left = write(path, output, to.value, card.licence, balance, *([progress] if progress else []))
    if left:
        count = "1 matrix stays" if len(left) == 1 else f"{len(left)} matrices stay"
        remark(f"{count} in 16 bits, such as {left[0]}: rows that do not hold whole groups, or that choose experts.")
    for lack in _remarks(path, output):
        remark(lack)
    _say(output, to.value, as_json)
