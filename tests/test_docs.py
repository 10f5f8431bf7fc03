"""The documentation is true. In: the READMEs and docs/. Out: a failure where an example does not run or a command does not exist.

A fenced block that begins with ```python runs as it stands; ```python model also gets the real small model, ```python client a server
whose key is in the variable ALIZE_API_KEY, ```python tools one whose model calls the tool `weather`, ```python sight one whose model sees,
and a picture; ```python form one that runs the real small model (tests/contract/test_forms.py).
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer

from alize.cli.app import build
from alize.engine.base import Sight
from alize.engine.fake import FakeEngine, saying
from alize.tokenize.bytes import ByteTokenizer
from alize.weights.catalog import cards, find
from alize.weights.sources import HubSource, PackageSource, parse_source
from tests.calling import ARGUMENTS, agent, engine_of
from tests.calling import TOKENIZER as CALLING
from tests.pictures import plain
from tests.serving import CARD, in_background

ROOT = Path(__file__).resolve().parent.parent
PAGES = [*sorted(ROOT.glob("README*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(kind: str) -> list[Any]:
    found: list[Any] = []
    for page in PAGES:
        codes = re.findall(rf"^```{kind}\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
        found += [pytest.param(code, id=f"{page.relative_to(ROOT)}-{number}") for number, code in enumerate(codes, 1)]
    return found


def run(code: str, folder: Path | None = None, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:__main__", "-c", code],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_examples_run(tmp_path: Path) -> None:
    for example in blocks("python"):
        run(example.values[0], ALIZE_HOME=str(tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("code", blocks("python model"))
def test_examples_with_the_model_run(code: str, smollm2: Path) -> None:
    home = smollm2.parent.parent.parent
    assert "Paris" in run(code, ALIZE_HOME=str(home), ALIZE_OFFLINE="true")


@pytest.mark.parametrize("code", blocks("python client"))
def test_clients_are_called_as_the_examples_say(code: str, tmp_path: Path) -> None:
    card = find("alize-small-latest", {})
    assert card
    with in_background(tmp_path, card=card) as background:
        code = code.replace("http://127.0.0.1:8600", background.url)
        assert run(code, ALIZE_API_KEY=background.desk.key).strip() == "Hello"


@pytest.mark.parametrize("code", blocks("python tools"))
def test_tools_are_called_as_the_examples_say(code: str, tmp_path: Path) -> None:
    card = find("alize-small-latest", {})
    assert card
    with in_background(tmp_path, card=card, engine=engine_of(agent), tokenizer=CALLING) as background:
        code = code.replace("http://127.0.0.1:8600", background.url)
        assert run(code, ALIZE_API_KEY=background.desk.key).strip() in ("It is 22 °C in Aix-en-Provence é", ARGUMENTS)


@pytest.mark.parametrize("code", blocks("python sight"))
def test_pictures_are_asked_about_as_the_examples_say(code: str, tmp_path: Path) -> None:
    tokenizer = ByteTokenizer(images=True)
    engine = FakeEngine(saying("A receipt.", tokenizer), vocab_size=267, sight=Sight(side=4, most=40))
    card = replace(CARD, id="pixtral", capabilities=CARD.capabilities | {"vision"})
    (tmp_path / "receipt.png").write_bytes(plain())
    with in_background(tmp_path, card=card, engine=engine, tokenizer=tokenizer) as background:
        code = code.replace("http://127.0.0.1:8600", background.url)
        assert run(code, tmp_path, ALIZE_API_KEY=background.desk.key).strip() == "A receipt."


def spans() -> Iterator[tuple[str, str]]:
    """Every place where a command is written: a line of a shell block, or a span of code."""
    for page in PAGES:
        if page.name == "commands.md":
            continue  # made from the commands themselves
        text = page.read_text("utf-8")
        name = str(page.relative_to(ROOT))
        for block in re.findall(r"^```(?:sh)?\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
            yield from ((name, line.split(" #")[0].strip()) for line in block.splitlines())
        outside = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
        yield from ((name, span) for span in re.findall(r"`([^`]+)`", outside))


def test_every_command_that_is_written_down_exists() -> None:
    commands: Any = typer.main.get_command(build())
    looked_at = 0
    for page, span in spans():
        match = re.search(r"(?:^|[ /])alize((?: +[a-z-]+)+)", span)
        words = match[1].split() if match else []
        if not words or words[0].startswith("-"):
            continue
        assert words[0] in commands.commands, f"{page}: {span}"
        command = commands.commands[words[0]]
        if hasattr(command, "commands"):
            assert len(words) == 1 or words[1] in command.commands, f"{page}: {span}"
            command = command.commands[words[1]] if len(words) > 1 else command
        known = {option for parameter in command.params for option in parameter.opts}
        after = span[span.index("alize") :]
        unknown = {option for option in re.findall(r"(?<= )--[a-z-]+", after) if option not in known}
        assert not unknown, f"{page}: {span}: {unknown}"
        looked_at += 1
    assert looked_at > 10


def test_each_family_is_run_by_a_command_that_parses_and_names_what_there_is() -> None:
    """What it names is a card of the catalog, a repository, or one of four placeholders."""
    section = (ROOT / "docs" / "models" / "README.md").read_text("utf-8").split("## How to run each")[1].split("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")][1:]
    named: set[str] = set()
    for family, *cells in rows:
        commands = re.findall(r"`(alize [^`]+)`", " ".join(cells))
        assert commands, f"{family} has no command"
        for command in commands:
            named.add(_model_of(command))
    placeholders = {"owner/name", "models/embedder", "models/folder", "models/file.gguf"}
    for name in named - placeholders:
        if "/" not in name:
            assert name in {card.id for card in cards()}, f"the catalog has no {name}"
        assert isinstance(parse_source(_source_of(name)), HubSource | PackageSource), name
    verified = (ROOT / "docs" / "models" / "README.md").read_text("utf-8").split("## What is verified")[1]
    known = " ".join(family for family, *_ in rows)
    for family in ("Mathstral", "Mixtral", "Codestral Mamba", "Pixtral", "Voxtral Realtime", "Ministral 3", "Mistral Large 4", "Gemma 3"):
        assert family in verified
        assert family in known, f"{family} is verified, and nothing says how to run it"


def _source_of(name: str) -> str:
    card = find(name, {})
    return card.source if card else name


def _model_of(command: str) -> str:
    """The model of a command as the parser understands it, without running it. Fails where the parser refuses."""
    program: Any = typer.main.get_command(build())
    _, subcommand, *arguments = shlex.split(command)
    context = program.commands[subcommand].make_context(subcommand, arguments)
    return context.params["model"]


def anchors(page: Path) -> set[str]:
    """Of its headings, as they are made from their text: in small letters, without marks, with hyphens for spaces."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading) for heading in re.findall(r"^#+ +(.*?) *$", text, re.MULTILINE)]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_links_lead_somewhere() -> None:
    for page in PAGES:
        for target, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([^)]*))?\)", page.read_text("utf-8")):
            where = page.parent / target if target else page
            if "://" not in target and (target or anchor):
                assert where.exists(), f"{page.relative_to(ROOT)} links to {target}"
                assert not anchor or anchor in anchors(where), f"{page.relative_to(ROOT)} links to {target}#{anchor}"
