"""`alize embed`. In: texts, as arguments or a line each. Out: a JSON line with the vector of each. The model runs in this very process."""

from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from alize.cli.options import Home

if TYPE_CHECKING:
    from alize.settings import Settings

__all__ = ["embed"]

_TOGETHER = 256  # lines that are read before their vectors are written


def embed(
    texts: Annotated[
        list[str] | None,
        typer.Argument(help="Texts to make vectors of. Without any, each line that is piped in is one.", show_default=False),
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="A model that embeds.", show_default="the setting `embedding_model`")
    ] = None,
    dimension: Annotated[int | None, typer.Option("--dimension", help="Only the first numbers of each vector.", min=1)] = None,
    dtype: Annotated[str, typer.Option("--dtype", help="float, int8, uint8, binary or ubinary.")] = "float",
    home: Home = None,
) -> None:
    """Make vectors of texts.

    cat questions.txt | alize embed > vectors.jsonl
    """
    import sys
    from typing import cast

    import msgspec

    from alize.cli.run import load
    from alize.cli.terminal import legible, write
    from alize.engine.vectors import OutputType, check_shape
    from alize.errors import InvalidRequest
    from alize.settings import Settings

    given = Settings.load(home=home, embedding_model=model)
    check_shape(dimension or 1, dtype, None)
    if not given.embedding_model:
        raise InvalidRequest(
            f"embedding_model{given.came('embedding_model')} is empty: there is no model to ask.", remedy="Name one with --model."
        )
    if not texts and (sys.stdin is None or sys.stdin.isatty()):
        raise InvalidRequest("There is nothing to embed.", remedy="Give texts, or pipe lines in: cat lines.txt | alize embed")
    lines = iter(map(legible, texts)) if texts else (_line(line, number) for number, line in enumerate(sys.stdin.buffer, 1))
    loaded = None
    while some := list(islice(lines, _TOGETHER)):
        if loaded is None:
            _check(given)
            loaded = load(given.embedding_model, given.home)
        for text, vector in zip(some, loaded.embed(some, dimension=dimension, dtype=cast(OutputType, dtype)), strict=True):
            write(msgspec.json.encode({"text": text, "embedding": vector.tolist()}).decode() + "\n")
    if loaded is None:
        raise InvalidRequest("There is nothing to embed.", remedy="Give texts, or pipe lines in: cat lines.txt | alize embed")


def _check(given: "Settings") -> None:
    """Raises UnsupportedParameter for a model that does not embed, before it is loaded. One that is not here yet may say so later."""
    from alize.errors import Missing
    from alize.weights.catalog import check_embeds, find
    from alize.weights.pull import located

    try:
        card, _ = located(given.embedding_model, given.home, given.aliases())
    except Missing:
        card = find(given.embedding_model, given.aliases())
    if card is not None:
        check_embeds(card, "Choose one that does with --model: `alize models list` shows those there are.")


def _line(line: bytes, number: int) -> str:
    from alize.errors import InvalidRequest

    try:
        text = line.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"Line {number} is not UTF-8: byte {error.start}.", remedy="Convert it first.") from error
    if not text.strip():
        raise InvalidRequest(f"Line {number} is empty: it means nothing.", remedy="Leave it out: grep .")
    return text
