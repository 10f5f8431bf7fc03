"""The engine's process. In: nothing. Out: a process that waits to be told what to load, and our end of the socket to it.

It needs no event loop and imports next to nothing: a server begins it before it loads itself.
"""

import os
import socket
import subprocess
import sys
from types import TracebackType

from alize.errors import EngineUnavailable
from alize.reasons import because

__all__ = ["EngineProcess"]


class EngineProcess:
    """Begun when it is made; `with EngineProcess() as process: …` leaves none behind. `LocalEngine` speaks to it."""

    def __init__(self) -> None:
        """Raises EngineUnavailable, leaving nothing open, where the system has no memory or file descriptors left."""
        try:
            self.socket, theirs = socket.socketpair()
            try:
                command = (sys.executable, "-m", "alize.engine.worker", str(theirs.fileno()))
                self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()], env=_environment())
            except BaseException:
                self.socket.close()
                raise
            finally:
                theirs.close()
        except OSError as error:
            raise EngineUnavailable(
                f"The engine's process cannot be started: {error.strerror}.", retry_after=2.0, reason=because("engine_unstartable")
            ) from error

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self.status is None

    @property
    def status(self) -> int | None:
        """That it has ended with, or the number of the signal that has ended it, negative; None as long as it runs."""
        return self._process.poll()

    def wait(self) -> None:
        """Until it has ended. Blocks; several threads may."""
        self._process.wait()

    def kill(self) -> None:
        """End it now. A no-op once it has ended."""
        self._process.kill()

    def __enter__(self) -> "EngineProcess":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.socket.close()
        self.kill()
        self.wait()


def _environment() -> dict[str, str]:
    """The server's, without its settings: the engine needs none of them, and keys and database passwords least of all."""
    return {name: value for name, value in os.environ.items() if not name.startswith("ALIZE_")} | {"PYTHONUNBUFFERED": "1"}
