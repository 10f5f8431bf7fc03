"""Write docs/reference from the code. In: settings, errors, commands, metrics as they are declared. Out: one page each.

With --check nothing is written: status 1 where a page is not what the code says. `docs/reference/api.md` is written by hand.
"""

import difflib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_type_hints

from alize import errors, settings
from alize.reasons import REASONS

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"
NOTE = "<!-- Made from the code by `make docs`; changes here are overwritten. -->"


def settings_page() -> Iterator[str]:
    yield "# Settings\n"
    yield "A setting is given in `settings.toml` in the state folder, as a variable of the environment, or on the command line of the"
    yield "commands that have an option for it; the later wins. Lists are separated by commas. `alize settings` shows each value and its"
    yield "origin.\n"
    types = get_type_hints(settings.Settings)
    for f in settings.settings_fields():
        kind = {bool: "true or false", int: "whole number", float: "number", str: "text", Path: "path"}.get(types[f.name], "list")
        yield f"## `{f.name}`\n"
        yield f"{f.metadata['help']}\n"
        yield f"- environment: `{settings.environment_name(f.name)}`"
        yield f"- {kind}{_limits(f.name)}; by default {_literal(settings.default_of(f))}"
        if f.metadata["secret"]:
            yield "- secret: never shown or logged"
        yield ""


def _limits(name: str) -> str:
    if name in settings._CHOICES:
        return ": " + ", ".join(f"`{choice}`" for choice in settings._CHOICES[name])
    if name in settings._BOUNDS:
        low, high = settings._BOUNDS[name]
        return f" from {low:.15g} to {high:.15g}"  # the default precision writes a million as 1e+06
    return ""


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`" if value not in ("", ()) else "empty"


def errors_page() -> Iterator[str]:
    yield "# Errors\n"
    yield "Over the API every error is one JSON object; `message` says what was wrong, where, and what to do:\n"
    yield "```json"
    yield '{"object": "error", "message": "…", "type": "…", "param": null, "code": "…", "raw_status_code": 400}'
    yield "```\n"
    yield "A 422 also has the list `detail`, in the public API's form. *Retry* marks what may succeed later unchanged; a 429 and a 503 say"
    yield "when in `Retry-After`, where it is known.\n"
    local = [kind for kind in _kinds() if issubclass(kind, errors.LocalError)]
    sent = [kind for kind in _kinds() if kind not in local]
    yield "| error | status | type | code | retry | |"
    yield "|---|---|---|---|---|---|"
    for kind in sorted(sent, key=lambda kind: kind.status):
        code = f"`{kind.code}`" if kind.code else ""
        yield f"| {kind.__name__} | {kind.status} | `{kind.type}` | {code} | {'yes' if kind.retry else ''} | {_first_line(kind)} |"
    yield "\n## Reasons\n"
    yield "Where what an error says can be said without a language, it also has `reason` and `values`, which the page words in English,"
    yield "French and Japanese; so have the event that ends a run which failed, and, as `error_reason` and `error_values`, the answer that"
    yield "is kept. Without them `message` is all there is. A later version may have more of them.\n"
    yield "```json"
    yield '{"object": "error", "message": "…", …, "reason": "question_too_long", "values": {"tokens": 9042, "limit": 8192}}'
    yield "```\n"
    yield "Values whose names end in `bytes` and `seconds` are in these; `words` is what another program said, or empty, and `detail`"
    yield "English of the server.\n"
    yield "| reason | values |"
    yield "|---|---|"
    for name, values in sorted(REASONS.items()):
        yield f"| `{name}` | {', '.join(f'`{value}`' for value in values)} |"
    yield "\n## On this machine\n"
    yield "These are printed by commands and never sent.\n"
    yield "| error | code | exit status | |"
    yield "|---|---|---|---|"
    for kind in local:
        code = f"`{kind.code}`" if kind.code else ""
        yield f"| {kind.__name__} | {code} | {kind.exit_status} | {_first_line(kind) or _drawn(kind)} |"


def _kinds() -> list[type[errors.AlizeError]]:
    return [getattr(errors, name) for name in errors.__all__]


def _first_line(kind: type[errors.AlizeError]) -> str:
    return (kind.__doc__ or "").strip().split("\n")[0]


def _drawn(kind: type[errors.AlizeError]) -> str:
    """What the tree at the top of errors.py says of it."""
    line = next((line for line in (errors.__doc__ or "").splitlines() if f"─ {kind.__name__} " in line), "")
    return line.split(kind.__name__)[-1].strip()


def commands_page() -> Iterator[str]:
    import typer

    from alize.cli import report
    from alize.cli.app import build

    yield "# Commands\n"
    yield "Exit statuses, the same for every command:\n"
    yield "```"
    yield from (line.removeprefix("    ") for line in (report.__doc__ or "").splitlines() if line.startswith("    "))
    yield "```\n"
    yield "Standard output carries what was asked for, standard error everything else. `alize --install-completion` teaches the shell to"
    yield "complete commands and options.\n"
    yield from _command(typer.main.get_command(build()), "alize")


def _command(command: Any, path: str) -> Iterator[str]:
    for name, each in getattr(command, "commands", {}).items():
        if getattr(each, "commands", None):
            yield from _command(each, f"{path} {name}")
            continue
        arguments = [p for p in each.params if p.param_type_name == "argument"]
        yield f"## `{path} {name}`\n"
        yield f"{(each.help or '').strip()}\n"
        usage = " ".join([path, name, *(_argument(p) if p.required else f"[{_argument(p)}]" for p in arguments)])
        yield f"    {usage} [OPTIONS]\n"
        yield "| | | by default |"
        yield "|---|---|---|"
        for p in each.params:
            if p.name != "help":
                yield f"| {_spelled(p)} | {(getattr(p, 'help', None) or '').replace('|', chr(92) + '|')} | {_default(p)} |"
        yield ""


def _argument(p: Any) -> str:
    return (p.metavar or p.name.upper()).strip("[]")


def _spelled(p: Any) -> str:
    if p.param_type_name == "argument":
        return f"`{_argument(p)}`"
    names = ", ".join(f"`{name}`" for name in [*p.opts, *p.secondary_opts])
    return f"{names} (`{p.envvar}`)" if p.envvar else names


def _default(p: Any) -> str:
    if isinstance(p.show_default, str):
        return p.show_default
    if p.required:
        return "needed"
    return "" if p.default in (None, "", False) or p.show_default is False else f"`{p.default}`"


def metrics_page() -> Iterator[str]:
    from alize.telemetry import LABELS, METRICS

    yield "# Metrics\n"
    yield "`GET /metrics` answers in Prometheus' text format. The names are vLLM's with another prefix, where vLLM has the same. Counters"
    yield "that an engine keeps (`alize_num_…`, `alize_prefix_cache_…`, `alize_prefix_disk_…`, `alize_spec_decode_…`,"
    yield "`alize_prompt_tokens_total`,"
    yield "`alize_generation_tokens_total`, `alize_tenant_used_tokens_total`, `alize_tenant_preemptions_total`) begin again at 0 when it is"
    yield "restarted; the server's do not. `deploy/grafana/alize.json` is a dashboard of all of them"
    yield "([how to use it](../guides/operate.md#watching-it)).\n"
    yield "| metric | kind | labels | |"
    yield "|---|---|---|---|"
    for metric in METRICS:
        labels = ", ".join(f"`{label}`" for label in metric.labels)
        yield f"| `{metric.name}` | {metric.kind} | {labels} | {metric.help} |"
    yield "\n## Labels\n"
    yield "No label holds what a user wrote, and each has a bounded number of values, since every value costs memory as long as the server"
    yield "runs. A tenant has some 60 series for each model; only what is worth that is told by tenant."
    yield "An engine tells 1,000 tenants apart, the first to come since it was started: beyond that, what it says of the others"
    yield "(`alize_tenant_used_tokens_total`, `alize_tenant_preemptions_total` and the gauges) is `other`.\n"
    yield "| label | values |"
    yield "|---|---|"
    for label, values in LABELS.items():
        yield f"| `{label}` | {values} |"


PAGES: dict[str, Callable[[], Iterator[str]]] = {
    "settings.md": settings_page,
    "errors.md": errors_page,
    "commands.md": commands_page,
    "metrics.md": metrics_page,
}


def text_of(name: str) -> str:
    """A page as the code has it now."""
    lines = list(PAGES[name]())
    return "\n".join([lines[0], NOTE + "\n", *lines[1:]]).rstrip() + "\n"


def stale() -> list[str]:
    """Differences between the pages in docs/reference and the code, as lines of a diff; none when all are current."""
    found: list[str] = []
    for name in PAGES:
        path = FOLDER / name
        held = path.read_text("utf-8") if path.exists() else ""
        found += difflib.unified_diff(held.splitlines(), text_of(name).splitlines(), f"docs/reference/{name}", "the code", lineterm="", n=0)
    return found


def main() -> int:
    if "--check" in sys.argv[1:]:
        differences = stale()
        print("\n".join(differences[:40] or ["docs/reference is current."]))
        if differences:
            print("Run `make docs` and commit the result.", file=sys.stderr)
        return bool(differences)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in PAGES:
        (FOLDER / name).write_text(text_of(name), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
