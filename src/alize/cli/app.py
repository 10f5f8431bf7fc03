"""Which subcommands there are. In: the functions of the modules beside this one. Out: one Typer application."""

import os
from collections.abc import Callable
from typing import Annotated, Any

import typer

from alize.cli import accounts, backup, bench, chat, convert, doctor, embed, evaluate, keys, merge, models, pull, run, settings, up
from alize.cli.report import reported

__all__ = ["build"]

_HELP = "Alizé: an open, self-hosted AI house. Models, an engine, a Mistral-compatible API and a command line."
_EPILOG = "Start with:  alize up   or   alize run 'What is the capital of France?'"
_OPTIONS: dict[str, Any] = {
    "pretty_exceptions_enable": False,  # `reported` says what went wrong, in a sentence
    "no_args_is_help": True,
    "context_settings": {"help_option_names": ["-h", "--help"]},
}

COMMANDS: tuple[Callable[..., None], ...] = (
    up.up,
    run.run,
    chat.chat,
    embed.embed,
    pull.pull,
    models.inspect,
    merge.merge,
    convert.convert,
    convert.quantize,
    bench.bench,
    doctor.doctor,
    settings.settings,
    backup.backup,
    backup.restore,
)
GROUPS = {
    "models": (models.HELP, models.COMMANDS),
    "eval": (evaluate.HELP, evaluate.COMMANDS),
    "keys": (keys.HELP, keys.COMMANDS),
    "accounts": (accounts.HELP, accounts.COMMANDS),
}


def build() -> typer.Typer:
    """The application, its commands in the order in which a newcomer meets them."""
    app = typer.Typer(help=_HELP, epilog=_EPILOG, callback=_before, **_OPTIONS)
    for function in COMMANDS:
        app.command()(reported(function))
    for name, (help, functions) in GROUPS.items():
        group = typer.Typer(help=help, **_OPTIONS)
        for command, function in functions.items():
            group.command(command)(reported(function))
        app.add_typer(group, name=name)
    return app


def _version(value: bool) -> None:
    if value:
        from importlib.metadata import version

        typer.echo(f"alize {version('alize')}")
        raise typer.Exit


def _before(
    debug: Annotated[bool, typer.Option("--debug", help="Show where in the program an error arose (or set ALIZE_DEBUG=1).")] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.", callback=_version, is_eager=True)] = False,
) -> None:
    if debug:
        os.environ["ALIZE_DEBUG"] = "1"
