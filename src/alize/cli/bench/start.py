"""The sides of a benchmark, started. In: a model's file, peers. Out: a worker of each with each thing that it is given, all ready."""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from alize.cli.bench.formats import facts_of, in_format
from alize.cli.bench.peers import Peer, prepare
from alize.cli.bench.side import Side
from alize.cli.terminal import remark
from alize.engine.cores import cores
from alize.errors import InvalidRequest
from alize.settings import Settings

if TYPE_CHECKING:
    from rich.status import Status

__all__ = ["start"]

_LARGEST = 2**30
"""Bytes of a file that peers are given in other formats, too: all sides are in memory at once."""


def start(settings: Settings, path: Path, peers: Sequence[Peer], stack: ExitStack, status: "Status") -> list[Side]:
    """Ours first, then the peers with each thing that they are given, all ready."""
    for peer in peers:
        _check_format(peer, path)
    pythons = [(peer, prepare(peer, settings.home, settings.offline, lambda line: status.update(Text(line)))) for peer in peers]
    commands: dict[str, tuple[list[str], Path, str]] = {}
    other = path.stat().st_size <= _LARGEST
    if peers and not other:
        remark(f"{path.name} is large: peers are given it as it is, and in no other format.")
    for peer, python in pythons:
        for given in peer.given if other else peer.given[:1]:
            file = in_format(path, given.format, settings.home, status.update)
            name = " ".join([f"{peer.name}/{facts_of(file)['format']}", *given.options])
            script = Path(__file__).parent / peer.script
            command = [str(python), str(script), str(file), str(settings.threads or cores()), *given.options]
            commands.setdefault(name, (command, file, peer.version))  # the file itself may have one of the formats
    status.update("Loading the model on every side …")
    ours = [sys.executable, "-m", "alize.cli.bench.ours", str(path), str(settings.home)]
    sides = [stack.enter_context(Side("alize", ours, facts_of(path)))]
    for name, (command, file, version) in commands.items():
        sides.append(stack.enter_context(Side(name, command, facts_of(file), version)))
    for side in sides:
        side.greet()
    return sides


def _check_format(peer: Peer, path: Path) -> None:
    if path.suffix not in peer.formats:
        raise InvalidRequest(
            f"{peer.name} does not read {path.name}.", param="against", remedy=f"Name a model in {' or '.join(peer.formats)} with --model."
        )
