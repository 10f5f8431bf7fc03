"""The rules of the house. In: the tree as it stands. Out: a failure that names the file and the rule it breaks."""

import ast
import inspect
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import get_type_hints

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted((ROOT / "src").rglob("*.py"))
SCRIPTS = sorted(path for folder in ("scripts", "benchmarks", "build_backend") for path in (ROOT / folder).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))

TORCH = ("src/alize/model/", "src/alize/engine/runners/torch", "src/alize/engine/build.py")
"""Where PyTorch may be imported. This list only shrinks."""

TRITON = {f"src/alize/engine/runners/torch_triton/{name}.py" for name in ("attention", "experts")}
"""The kernels. Whoever imports them does so where there is a GPU, within a function of runners/torch.py."""

HEAVY = {
    "torch",
    "triton",
    "transformers",
    "fastapi",
    "starlette",
    "sqlalchemy",
    "mistral_common",
    "huggingface_hub",
    "tokenizers",
    "numpy",
}
TENANTLESS = {
    "MemberRepository.bootstrap",  # makes the first one
    "AccountRepository.any",  # before there is one
    *("KeyRepository.by_digest", "AccountRepository.by_email", "AccountRepository.session_by_digest"),  # find whose it is
    *("AccountRepository.invitation_by_digest", "AccountRepository.attempts", "AccountRepository.failed", "AccountRepository.forgive"),
    *("RunRepository.ready", "RunRepository.stops", "RunRepository.running"),  # workers serve everybody
    *("RunRepository.prune", "ConversationRepository.purge", "AttachmentRepository.sweep"),  # and so does whoever clears away
}
"""Storage calls that take no workspace."""


UNPAGED = {"/v1/models", "/api/models"}
"""Lists that the public API gives whole, and the models of one server: as many as its settings name."""

ENDLESS = {"/api/changes"}
"""Streams that end with the page that listens."""


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_imports_point_one_way() -> None:
    done = subprocess.run([sys.executable, "-m", "importlinter.cli", "lint-imports"], cwd=ROOT, capture_output=True, text=True)
    done = done if "No module" not in done.stderr else subprocess.run(["lint-imports"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_pytorch_is_imported_only_where_it_may_be() -> None:
    for path in SOURCES:
        imported = {
            (alias.name if isinstance(node, ast.Import) else node.module or "").split(".")[0]
            for node in ast.walk(tree_of(path))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        assert "torch" not in imported or name_of(path).startswith(TORCH), f"{name_of(path)} imports PyTorch"
        assert "triton" not in imported or name_of(path) in TRITON, f"{name_of(path)} imports Triton"


def test_files_and_functions_stay_small() -> None:
    for path in [*SOURCES, *SCRIPTS, *TESTS]:
        assert len(path.read_text("utf-8").splitlines()) <= 500, f"{name_of(path)} has over 500 lines"
    for path in [*SOURCES, *SCRIPTS]:
        for function in functions(tree_of(path)):
            length = (function.end_lineno or 0) - function.lineno + 1
            assert length <= 60, f"{name_of(path)}: {function.name} has {length} lines, over 60"


def test_modules_say_what_comes_in_and_what_goes_out() -> None:
    for path in [*SOURCES, *SCRIPTS]:
        if not path.read_text("utf-8").strip():
            continue  # a folder's empty __init__.py
        opening = "\n".join((ast.get_docstring(tree_of(path)) or "").splitlines()[:3])
        assert re.search(r"\bIn: ", opening), f"{name_of(path)} does not open with what comes in"
        assert re.search(r"\bOut: ", opening), f"{name_of(path)} does not open with what goes out"


def test_names_say_what_a_thing_is() -> None:
    for path in SOURCES:
        assert path.stem not in ("utils", "util", "helpers", "common", "misc"), name_of(path)
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ClassDef):
                assert not re.search(r"Manager$|Helper|Utils|^Base[A-Z]", node.name), f"{name_of(path)}: {node.name}"


def test_user_input_never_meets_an_assert() -> None:
    """An assertion vanishes under `python -O`; what a person or client sends raises from errors.py."""
    for path in SOURCES:
        if name_of(path).startswith(("src/alize/api/routes", "src/alize/api/schemas", "src/alize/settings", "src/alize/prompt")):
            assert not [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Assert)], name_of(path)


def test_modules_list_their_public_names() -> None:
    for path in SOURCES:
        text = path.read_text("utf-8")
        if not tree_of(path).body[1:]:
            continue  # nothing, or only the docstring of a folder
        assert "migrations" in path.parts or re.search(r"^__all__\b", text, re.MULTILINE), f"{name_of(path)} has no __all__"


def test_every_storage_call_carries_a_workspace() -> None:
    from alize.storage import base

    for kind in vars(base).values():
        if not inspect.isclass(kind) or not kind.__name__.endswith("Repository"):
            continue
        for method in (name for name, value in vars(kind).items() if inspect.isfunction(value) and not name.startswith("_")):
            hints = get_type_hints(getattr(kind, method))
            records = [hint for hint in hints.values() if is_dataclass(hint) and "workspace" in {f.name for f in fields(hint)}]
            call = f"{kind.__name__}.{method}"
            assert "workspace" in hints or records or call in TENANTLESS, f"{call} takes no workspace"


def test_nothing_names_one_machine_or_a_registry() -> None:
    forbidden = re.compile(
        "|".join(
            ["/work" + "/", "/root" + "/", "/tmp" + "/", r"pypi\." + "org", "python" + "hosted", r"npmjs\." + "org", r"debian\." + "org"]
        )
    )
    for path in tracked():
        match = forbidden.search(path.read_text("utf-8", errors="replace"))
        assert match is None, f"{name_of(path)} names {match and match[0]}"


def tracked() -> list[Path]:
    """What belongs to the project: all that git knows or would add."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git clone")
    return [path for line in listed.stdout.splitlines() if (path := ROOT / line).is_file()]


LOADED = """
import sys
sys.argv = ["alize", *{arguments!r}]
from alize.cli import main
try:
    main()
finally:
    print(*sys.modules, file=sys.stderr)
"""


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["run", "--help"], ["settings"]])
def test_the_command_line_stays_light(arguments: list[str], tmp_path: Path) -> None:
    code = LOADED.format(arguments=arguments)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, "ALIZE_HOME": str(tmp_path)})
    assert done.returncode == 0, done.stderr
    assert not HEAVY.intersection(done.stderr.split())


def test_what_computes_nothing_loads_no_pytorch() -> None:
    for module in ("alize", "alize.settings", "alize.tokenize", "alize.storage", "alize.engine.local", "alize.weights.checkpoints"):
        done = subprocess.run(
            [sys.executable, "-c", f"import sys, {module}; sys.exit('torch' in sys.modules)"], capture_output=True, text=True
        )
        assert done.returncode == 0, f"{module}: {done.stderr or 'imports PyTorch'}"


def test_locks_hold_every_dependency_and_no_pytorch() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    wanted = {
        "requirements-compiler.lock": PROJECT["dependency-groups"]["compiler"],
        "requirements.lock": [*PROJECT["project"]["dependencies"], *extras["build"]],
        "requirements-dev.lock": [
            *PROJECT["project"]["dependencies"],
            *(one for extra in ("build", "dev", "otlp", "postgres") for one in extras[extra]),
        ],
    }
    for lock, requirements in wanted.items():
        locked = set(re.findall(r"^([a-z0-9.-]+)==", (ROOT / lock).read_text("utf-8"), re.MULTILINE))
        needed = {re.split(r"[\[<>=!~ ]", one)[0].lower().replace("_", "-") for one in requirements}
        assert needed <= locked, f"{lock} lacks {needed - locked}: make lock"
        assert "torch" not in locked


def test_every_target_says_what_it_does() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony
    assert set(phony[1].split()) == set(re.findall(r"^([a-z]+):.*## \S", makefile, re.MULTILINE))


def test_the_reference_says_what_the_code_says() -> None:
    from scripts import reference

    assert reference.stale() == [], "make docs"


def test_the_readme_draws_the_tree_as_it_is() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    block = readme.split("## The tree", 1)[1].split("```")[1]
    drawn: set[str] = set()
    folders: list[str] = []
    for line in block.strip().splitlines():
        name = line.split("  ")[0] if not line.startswith(" ") else line.strip().split("  ")[0]
        depth = (len(line) - len(line.lstrip())) // 2
        folders = [*folders[:depth], name]
        drawn.add("".join(folders))
    assert not [name for name in drawn if not (ROOT / name).exists()], "drawn but not there"
    there = {f"src/alize/{path.name}/" for path in (ROOT / "src" / "alize").iterdir() if path.is_dir() and any(path.glob("*.py"))}
    there |= {f"{name}/" for name in ("src/alize", "tests", "docs", "scripts")} | {"Makefile", "pyproject.toml", ".ci/run"}
    assert there <= drawn, f"not drawn: {there - drawn}"


async def test_every_list_endpoint_pages(tmp_path: Path) -> None:
    from tests.serving import opened

    async with opened(tmp_path) as desk:
        document = (await desk.client.get("/openapi.json")).json()
        for path, operations in document["paths"].items():
            if "get" not in operations or "{" in path or path in (*UNPAGED, *ENDLESS):
                continue
            response = await desk.client.get(path)
            if response.headers["content-type"] == "application/json" and response.json().get("object") == "list":
                parameters = {parameter["name"] for parameter in operations["get"].get("parameters", ())}
                assert {"limit", "after"} <= parameters, f"{path} does not page"


def test_the_page_is_written_against_what_the_server_says() -> None:
    from scripts import wire

    assert wire.is_current(), "make docs"
