"""`alize backup` and `alize restore`. In: a state folder, running or not; or an archive. Out: the other one."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alize.cli.options import AsJson, Home

if TYPE_CHECKING:
    from alize.storage.archive import Manifest

__all__ = ["backup", "restore"]


def backup(
    target: Annotated[Path | None, typer.Argument(help="The archive to write.", show_default="alize-DATE.tar.gz in this folder")] = None,
    models: Annotated[bool, typer.Option("--models", help="Take weights that could be pulled again, too.")] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Write all state into one archive, also while a server is at work on it."""
    from alize.cli.terminal import print_json, size
    from alize.settings import Settings
    from alize.storage.backup import backup

    settings = Settings.load(home=home)
    path = (target or Path(f"alize-{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}.tar.gz")).absolute()
    manifest = backup(settings.home, path, database_url=settings.database_url, models=models)
    written = path.stat().st_size
    if as_json:
        print_json({"archive": str(path), "bytes": written, "manifest": asdict(manifest)})
        return
    typer.echo(f"{path}  {size(written)}")
    _remark_left_out(manifest)


def restore(
    archive: Annotated[Path, typer.Argument(help="What `alize backup` wrote.")],
    force: Annotated[bool, typer.Option("--force", help="Replace the state there is; it is kept beside, in a folder of its own.")] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Bring a state folder back. Everything is verified before anything is changed."""
    from alize.cli.terminal import print_json, remark
    from alize.settings import Settings
    from alize.storage.backup import restore

    settings = Settings.load(home=home)
    done = restore(archive.absolute(), settings.home, force=force, database_url=settings.database_url)
    if as_json:
        print_json({"home": str(settings.home), "before": done.before and str(done.before), "manifest": asdict(done.manifest)})
        return
    typer.echo(f"{settings.home} is as it was on {done.manifest.created}.")
    if done.before is not None:
        remark(f"What was there before is in {done.before}.")
    _remark_left_out(done.manifest)


def _remark_left_out(manifest: "Manifest") -> None:
    """Say which weights have to be pulled again, and what was not taken."""
    from alize.cli.terminal import remark

    for model in manifest.models:
        remark(f"Not in the archive: {model['id']}. It comes back with: alize pull {model['id']}")
    for name in manifest.left_out:
        remark(f"Not in the archive: {name}, which is neither a file nor a folder.")
