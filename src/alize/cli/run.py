"""`alize run`. In: a prompt, and whatever is piped in. Out: the model's answer, streamed. The model runs in this very process."""

import os
import stat
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alize.cli.options import AdapterPath, AsJson, Home, MaxTokens, ModelName, Seed, System, Temperature
from alize.errors import InvalidRequest, PayloadTooLarge

if TYPE_CHECKING:
    from alize.library import Answer, Model

__all__ = ["prompt_of", "run"]


def run(
    prompt: Annotated[str, typer.Argument(help="What to ask. Text that is piped in follows it.", show_default=False)] = "",
    model: ModelName = None,
    adapter: AdapterPath = None,
    system: System = "",
    temperature: Temperature = None,
    max_tokens: MaxTokens = None,
    seed: Seed = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Ask a model one question.

    cat report.txt | alize run "Summarise this in three sentences."
    """
    from alize.cli.terminal import legible, print_json
    from alize.settings import Settings

    given = Settings.load(home=home, model=model)
    text = prompt_of(prompt, given.max_body_bytes)
    messages: list[dict[str, Any]] = [{"role": "system", "content": legible(system)}] if system else []
    messages.append({"role": "user", "content": text})
    sampling: dict[str, Any] = {"temperature": temperature, "max_tokens": max_tokens, "seed": seed}
    started = time.perf_counter()
    loaded = load(given.model, given.home, adapter)
    answer = loaded.stream(messages, **{name: value for name, value in sampling.items() if value is not None})
    if not as_json:
        print_stream(answer)
        return
    for _ in answer:
        pass
    print_json(facts(loaded, answer, time.perf_counter() - started))


def load(model: str, home: Path, adapter: Path | None = None, **settings: Any) -> "Model":
    """The model, with a download's progress and the wait shown on standard error where a person looks at it."""
    from alize.cli.progress import downloading
    from alize.loading import undisturbed

    with undisturbed(), downloading("Loading the model …") as progress:
        from alize.library import load

        return load(model, adapter=adapter, home=home, progress=progress, **settings)


def print_stream(answer: "Answer") -> None:
    """The text as it comes. Leaving early (Ctrl-C, a closed pipe) stops the computing."""
    from alize.cli.terminal import write

    try:
        for piece in answer:
            write(piece)
        write("" if answer.text.endswith("\n") else "\n")
    finally:
        answer.close()


def facts(model: "Model", answer: "Answer", seconds: float) -> dict[str, Any]:
    """One answer as a JSON document."""
    return {
        "model": model.info.id,
        "content": answer.text,
        "finish_reason": answer.finish,
        "usage": {
            "prompt_tokens": answer.prompt_tokens,
            "completion_tokens": len(answer.tokens),
            "total_tokens": answer.prompt_tokens + len(answer.tokens),
        },
        "seconds": round(seconds, 3),
    }


def prompt_of(prompt: str, limit: int) -> str:
    """The prompt, a blank line, and what is piped in. Raises InvalidRequest for nothing at all and for what is not text."""
    from alize.cli.terminal import legible

    parts = [part for part in (prompt, _piped(limit)) if part.strip()]
    if not parts:
        raise InvalidRequest("There is nothing to ask.", remedy='Give a question: alize run "What is the capital of France?"')
    return legible("\n\n".join(parts))


def _piped(limit: int) -> str:
    """Text of a pipe or a file on standard input; a terminal, or nothing at all, gives "" at once."""
    if sys.stdin is None or sys.stdin.isatty() or not _has_content(sys.stdin.fileno()):
        return ""
    data = sys.stdin.buffer.read(limit + 1)
    if len(data) > limit:
        raise PayloadTooLarge(f"More than {limit} bytes are piped in.", remedy="Pipe less in, or raise the setting max_body_bytes.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidRequest(
            f"What is piped in is not UTF-8 text (byte {error.start} is {data[error.start]:#04x}).",
            remedy="Convert it first: iconv -f latin1 -t utf-8, or pdftotext for a PDF. "
            "Images and sounds are asked about on the page, over the API or in the library.",
        ) from error


def _has_content(descriptor: int) -> bool:
    """Whether to wait for input: /dev/null, and other devices of a job without a terminal, have none."""
    mode = os.fstat(descriptor).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode) or stat.S_ISSOCK(mode)
