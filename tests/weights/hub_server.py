"""A hub on this machine: it speaks what `pull` relies on of a Hugging Face hub's HTTP API, and misbehaves on demand."""

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Asked:
    """One request that came."""

    path: str
    range: str | None
    authorization: str | None


@dataclass
class Hub:
    """The state of the server: what it holds, what it does wrong, and what it was asked."""

    files: dict[str, bytes] = field(default_factory=dict)  # of the one repository, owner/tiny
    large: frozenset[str] = frozenset()  # kept elsewhere, as a hub keeps its large files
    commit: str = COMMIT
    asked: list[Asked] = field(default_factory=list)
    url: str = ""
    elsewhere: str = ""  # the server of large files
    # What it does wrong.
    cut: list[int] = field(default_factory=list)  # the next answers with a file break off after so many bytes
    statuses: list[int] = field(default_factory=list)  # the next answers with a file are only these
    corrupt: int = 0  # so many answers with a file carry one wrong byte
    pages: list[bytes] = field(default_factory=list)  # the next answers with a file are these instead
    no_length: bool = False
    no_ranges: bool = False
    wrong_ranges: bool = False
    refuse_file: str = ""  # the name of one that is not there after all
    refuse: tuple[int, str] | None = None  # status and X-Error-Code of every listing
    listing: Callable[[dict[str, Any]], Any] = lambda values: values  # what becomes of the list of files
    hold: threading.Event | None = None  # answers wait here before their second half

    def fetched(self) -> list[Asked]:
        """Requests that were for the bytes of a large file."""
        return [asked for asked in self.asked if asked.path.startswith("/blobs/")]


def entry(hub: Hub, name: str) -> dict[str, Any]:
    content = hub.files[name]
    git = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
    found: dict[str, Any] = {"rfilename": name, "size": len(content), "blobId": git}
    if name in hub.large:
        found["lfs"] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 134}
    return found


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def handle(self) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):  # whoever asked was killed, or had enough
            super().handle()

    def do_GET(self) -> None:
        hub, path = self.hub, urlsplit(self.path).path
        hub.asked.append(Asked(path, self.headers.get("Range"), self.headers.get("Authorization")))
        if path.startswith("/api/models/"):
            self._list(path)
            return
        name = unquote(path.split("/resolve/", 1)[-1].split("/", 1)[-1] if "/resolve/" in path else path.removeprefix("/blobs/"))
        if name not in hub.files or name == hub.refuse_file:
            self._answer(404, b"Entry not found", {"X-Error-Code": "EntryNotFound"})
        elif "/resolve/" in path and name in hub.large:
            self._answer(302, b"", {"Location": f"{hub.elsewhere}/blobs/{name}"})
        else:
            self._send(hub.files[name])

    def _list(self, path: str) -> None:
        hub = self.hub
        if hub.refuse:
            status, code = hub.refuse
            self._answer(status, b'{"error":"no"}', {"X-Error-Code": code})
        elif not path.startswith("/api/models/owner/tiny/revision/"):
            self._answer(401, b'{"error":"Repository not found"}', {"X-Error-Code": "RepoNotFound"})
        else:
            values = hub.listing({"id": "owner/tiny", "sha": hub.commit, "siblings": [entry(hub, name) for name in hub.files]})
            self._answer(200, values if isinstance(values, bytes) else json.dumps(values).encode(), {})

    def _send(self, content: bytes) -> None:
        hub = self.hub
        if hub.statuses:
            self._answer(hub.statuses.pop(0), b"", {})
            return
        if hub.pages:
            self._answer(200, hub.pages.pop(0), {"Content-Type": "text/html"})
            return
        asked, start = self.headers.get("Range"), 0
        if asked and not hub.no_ranges:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
        if hub.corrupt:
            hub.corrupt -= 1
            content = bytes([content[0] ^ 1]) + content[1:] if start == 0 else content[:-1] + bytes([content[-1] ^ 1])
        body, headers = content[start:], {"Content-Length": str(len(content) - start)}
        if start:
            headers["Content-Range"] = f"bytes {start - hub.wrong_ranges}-{len(content) - 1}/{len(content)}"
        if hub.no_length:
            del headers["Content-Length"]
            self.close_connection = True
        self.send_response(206 if start else 200)
        for key, value in headers.items():
            self.send_header(key, value)
        self.end_headers()
        if hub.cut:
            self.wfile.write(body[: hub.cut.pop(0)])
            self.close_connection = True
            return
        self.wfile.write(body[: len(body) // 2])
        self.wfile.flush()
        if hub.hold is not None:
            hub.hold.wait(60)
        self.wfile.write(body[len(body) // 2 :])

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for key, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving(hub: Hub) -> Iterator[Hub]:
    """Serve on two ports: one for the hub, one for where its large files are."""
    handler = type("Handler", (_Handler,), {"hub": hub})
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), handler) for _ in range(2)]
    threads = [threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}) for server in servers]
    hub.url, hub.elsewhere = (f"http://127.0.0.1:{server.server_address[1]}" for server in servers)
    for thread in threads:
        thread.start()
    try:
        yield hub
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()
        for thread in threads:
            thread.join()
