"""The gallery of the page's parts. In: its sources. Out: the built gallery behind an address, under the page's own policy."""

import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alize.api.pages import _PAGE as PAGE_HEADERS  # what the page is really served with

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parent.parent.parent
SCENES = ROOT / "web" / "src" / "gallery" / "scenes"


def build(into: Path) -> Path:
    """The gallery, built as the page is. Raises with what vite said where that fails."""
    command = [sys.executable, str(ROOT / "scripts" / "npm.py"), "run", "--silent", "build"]
    options = ["--", "--config", "vite.gallery.config.ts", "--outDir", str(into), "--emptyOutDir", "--logLevel", "error"]
    done = subprocess.run([*command, *options], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"The gallery could not be built. Is web/node_modules there (make dev)?\n{done.stdout}{done.stderr}")
    return into


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Any address that is no file is the gallery's page, as every address of the house is the house's."""

    protocol_version = "HTTP/1.1"

    def translate_path(self, path: str) -> str:
        found = super().translate_path(path)
        return found if Path(found).is_file() else str(Path(self.directory) / "gallery.html")

    def end_headers(self) -> None:
        for name, value in PAGE_HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: what a test needs to know, the browser tells."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The folder behind an address, until the block ends."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def opened(page: "Page", address: str, width: int, height: int) -> None:
    """Opens a scene as somebody new would, and waits until its picture is whole."""
    page.context.clear_cookies()
    page.evaluate("location.protocol === 'about:' || localStorage.clear()")
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.goto(address)
    page.wait_for_selector("[data-whole]", state="attached")
