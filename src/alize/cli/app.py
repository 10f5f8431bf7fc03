"""Which subcommands there are. In: the functions of the modules beside this one. Out: one Typer application."""

import os
from collections.abc import Mapping
from importlib import import_module
from typing import Annotated, Any

import typer

from alize.cli.report import reported

__all__ = ["build"]

_HELP = "Alizé: an open, self-hosted AI house. Models, an engine, a Mistral-compatible API and a command line."
_EPILOG = "Start with:  alize up   or   alize run 'What is the capital of France?'"
_OPTIONS: dict[str, Any] = {
    "pretty_exceptions_enable": False,  # `reported` says what went wrong, in a sentence
    "no_args_is_help": True,
    "context_settings": {"help_option_names": ["-h", "--help"]},
}

COMMANDS = {
    "up": "up",
    "run": "run",
    "chat": "chat",
    "embed": "embed",
    "replay": "replay",
    "pull": "pull",
    "inspect": "models",
    "merge": "merge",
    "convert": "convert",
    "quantize": "convert",
    "bench": "bench",
    "doctor": "doctor",
    "settings": "settings",
    "backup": "backup",
    "restore": "backup",
}
"""Each is the function of its name in a module beside this one."""
GROUPS = {"models": "models", "eval": "evaluate", "keys": "keys", "accounts": "accounts"}
"""Each is a module that has HELP and COMMANDS."""


def build(only: str = "") -> typer.Typer:
    """The application, its commands in the order in which a newcomer meets them.

    `only` is the one that will be called, where that is known: the others and their options take as long to make as Python takes to start.
    """
    app = typer.Typer(help=_HELP, epilog=_EPILOG, callback=_before, **_OPTIONS)
    for name, module in _chosen(COMMANDS, only).items():
        app.command()(reported(getattr(import_module(f"alize.cli.{module}"), name)))
    for name, module in _chosen(GROUPS, only).items():
        of = import_module(f"alize.cli.{module}")
        group = typer.Typer(help=of.HELP, **_OPTIONS)
        for command, function in of.COMMANDS.items():
            group.command(command)(reported(function))
        app.add_typer(group, name=name)
    return app


def _chosen(every: Mapping[str, str], only: str) -> Mapping[str, str]:
    if only in COMMANDS or only in GROUPS:
        return {only: every[only]} if only in every else {}
    return every


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
