"""Whose page is measured. In: state folders. Out: servers that run, and how a person gets to the text box and to a conversation there."""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
from page_house import CHAT, EMAIL, MESSAGES, PASSWORD
from page_text import LAST, answer, question
from playwright.sync_api import BrowserContext

HERE = Path(__file__).parent
MB = 1 << 20
PEER = "open-webui==0.12.4"


@dataclass(frozen=True)
class Up:
    """A server that was started."""

    url: str
    seconds: float  # until it answered
    process: psutil.Process


@dataclass(frozen=True)
class Side:
    """A page, and what is where in it."""

    name: str
    url: str
    box: str  # CSS of the text box
    answer: str  # CSS of the blocks of the last answer: the children of one element
    link: str  # CSS of the conversation's link in the list
    scroller: str  # CSS of what scrolls in a conversation
    enter: Callable[[BrowserContext], None]  # signs in


@contextmanager
def running(command: list[str], folder: Path, environment: dict[str, str], **more: Any) -> Iterator[subprocess.Popen[str]]:
    """A server, its output in `log` of the folder, killed with all it started when the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=os.environ | environment, stdin=subprocess.PIPE, stderr=log, text=True, **{"stdout": log, **more}
        )
        try:
            yield process
        finally:
            family = [process, *psutil.Process(process.pid).children(recursive=True)] if process.poll() is None else [process]
            for one in family:
                with contextlib.suppress(psutil.NoSuchProcess):
                    one.terminate()
            process.wait(30)


def until_answered(process: subprocess.Popen[str], url: str, folder: Path, limit: float = 300.0) -> float:
    """Seconds until GET of it is a 200. Raises RuntimeError with the log's end where the server ends first, or does not come up."""
    begun = time.perf_counter()
    with httpx.Client(timeout=5, headers={"Accept": "text/html"}) as client:
        while process.poll() is None and time.perf_counter() - begun < limit:
            with contextlib.suppress(httpx.TransportError):
                if client.get(url).status_code == 200:
                    return time.perf_counter() - begun
            time.sleep(0.01)
    raise RuntimeError(f"{url} does not answer: {(folder / 'log').read_text()[-600:]}")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


# ── Alizé ──


def alize_up(folder: Path, models: Path) -> dict[str, float]:
    """`alize up` with the default model: seconds until it answers and the model is loaded, and its memory once a page was read."""
    home, port = folder / "home", free_port()
    home.mkdir(parents=True)
    (home / "models").symlink_to(models)
    command = [str(Path(sys.executable).with_name("alize")), "up", "--home", str(home), "--port", str(port), "--offline"]
    with running(command, folder, {}) as process:
        url = f"http://127.0.0.1:{port}"
        seconds = until_answered(process, f"{url}/health/ready", folder)
        with httpx.Client(base_url=url, headers={"Accept": "text/html"}) as client:
            page = client.get("/").text
            for path in re.findall(r'(?:src|href)="(/[^"]+)"', page):
                client.get(path).raise_for_status()
        memory = psutil.Process(process.pid).memory_info().rss
        return {"server up, s": round(seconds, 2), "server memory, MB": round(memory / MB)}


@contextmanager
def alize(folder: Path) -> Iterator[tuple[Side, str]]:
    """The page over a FakeEngine (page_house.py), and a key for programs that want to talk to that."""
    with running([sys.executable, str(HERE / "page_house.py"), str(folder / "home")], folder, {}, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        said = process.stdout.readline().split()
        if len(said) != 2:
            raise RuntimeError(f"The server did not start: {(folder / 'log').read_text()[-600:]}")
        url, key = f"http://127.0.0.1:{said[0]}", said[1]

        def enter(context: BrowserContext) -> None:
            page = context.new_page()
            page.goto(f"{url}/sign-in")
            body = json.dumps({"email": EMAIL, "password": PASSWORD})
            headers = {"Content-Type": "application/json"}
            status = page.evaluate(
                "async (init) => (await fetch('/api/session', init)).status", {"method": "POST", "headers": headers, "body": body}
            )
            if status != 200:
                raise RuntimeError(f"Signing in failed with status {status}.")
            page.close()

        link = f'a[href$="/c/{CHAT}"]'
        yield Side("alize", url, "#composer", "article:last-of-type .md", link, ".overflow-y-auto:has(article)", enter), key


# ── Open WebUI ──


def prepare_peer(home: Path, say: Callable[[str], None]) -> Path:
    """The command of Open WebUI, installed now into an environment of its own if it is not there. Raises RuntimeError with pip's words."""
    folder = home / "peers" / "open-webui"
    program = folder / "bin" / "open-webui"
    if program.exists():
        return program
    say(f"Installing {PEER} in {folder}: some minutes and up to 7 GB, this once.")
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        [str(folder / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check", "--quiet", PEER],
    ):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{PEER} could not be installed: {(done.stderr.strip().splitlines() or ['pip said nothing'])[-1]}")
    return program


@contextmanager
def open_webui(program: Path, folder: Path, backend: str, key: str) -> Iterator[tuple[Side, Up]]:
    """Its page, answering from the same FakeEngine, with the same conversation in it. What is optional in it is switched off."""
    port = free_port()
    environment = {
        "DATA_DIR": str(folder / "data"),
        "WEBUI_SECRET_KEY": "benchmark",
        "OPENAI_API_BASE_URL": f"{backend}/v1",
        "OPENAI_API_KEY": key,
        "ENABLE_OLLAMA_API": "false",
        "OFFLINE_MODE": "true",
        "HF_HUB_OFFLINE": "1",
        "RAG_EMBEDDING_ENGINE": "openai",  # else it loads an embedding model at start
        "DEFAULT_MODEL_METADATA": json.dumps({"capabilities": {"builtin_tools": False}}),  # the FakeEngine calls none
        "ENABLE_TITLE_GENERATION": "false",
        "ENABLE_TAGS_GENERATION": "false",
        "ENABLE_FOLLOW_UP_GENERATION": "false",
        "ENABLE_VERSION_UPDATE_CHECK": "false",
        "ANONYMIZED_TELEMETRY": "false",
    }
    with ExitStack() as stack:
        command = [str(program), "serve", "--host", "127.0.0.1", "--port", str(port)]
        process = stack.enter_context(running(command, folder, environment))
        url = f"http://127.0.0.1:{port}"
        seconds = until_answered(process, f"{url}/health", folder)
        with httpx.Client(base_url=url, timeout=60) as client:
            person = {"name": "Ada", "email": EMAIL, "password": PASSWORD, "profile_image_url": "/user.png"}
            token = client.post("/api/v1/auths/signup", json=person).raise_for_status().json()["token"]
            client.headers["Authorization"] = f"Bearer {token}"
            client.post("/api/v1/users/user/settings/update", json={"ui": {"showChangelog": False, "version": "0.12.4"}}).raise_for_status()
            chat = client.post("/api/v1/chats/new", json={"chat": thousand()}).raise_for_status().json()["id"]

        def enter(context: BrowserContext) -> None:
            context.add_init_script(
                f"localStorage.token = {json.dumps(token)}; localStorage.sidebar = 'true';"
            )  # its list, open as ours is

        side = Side("open-webui", url, "#chat-input", ".markdown-prose", f'a[href$="/c/{chat}"]', "#messages-container", enter)
        yield side, Up(url, seconds, psutil.Process(process.pid))


def thousand() -> dict[str, Any]:
    """The conversation of page_house.py in Open WebUI's form."""
    messages: list[dict[str, Any]] = []
    for number in range(MESSAGES):
        role, text = ("user", question(number)) if number % 2 == 0 else ("assistant", answer(number // 2))
        text += f"\n\n{LAST}" if number == MESSAGES - 1 else ""
        ids = {"id": f"m{number}", "parentId": f"m{number - 1}" if number else None}
        children = [f"m{number + 1}"] if number < MESSAGES - 1 else []
        more = {"models": ["fake"]} if role == "user" else {"model": "fake", "modelName": "fake", "modelIdx": 0, "done": True}
        messages.append({**ids, "childrenIds": children, "role": role, "content": text, "timestamp": 1_700_000_000 + number, **more})
    history = {"messages": {one["id"]: one for one in messages}, "currentId": messages[-1]["id"]}
    return {"title": "A thousand messages", "models": ["fake"], "messages": messages, "history": history, "timestamp": 1_700_000_000_000}


@contextmanager
def state_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="alize-page-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)
