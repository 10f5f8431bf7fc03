"""`alize settings`. In: the settings file, the environment. Out: each value and where it came from."""

from alize.cli.options import AsJson, Home

__all__ = ["settings"]


def settings(home: Home = None, as_json: AsJson = False) -> None:
    """Show every setting, its value and where it came from."""
    from alize.cli.terminal import print_json, print_table
    from alize.settings import Settings, environment_name, settings_fields

    loaded = Settings.load(home=home)
    rows: list[tuple[str, object, str, str]] = []
    for f in settings_fields():
        value = getattr(loaded, f.name)
        if f.metadata["secret"] and value:
            value = "…"
        rows.append((f.name, value, loaded.origins.get(f.name, "default"), environment_name(f.name)))
    if as_json:
        print_json({name: {"value": value, "origin": origin, "environment": variable} for name, value, origin, variable in rows})
        return
    print_table(("setting", "value", "from", "environment"), [(name, _shown(value), *rest) for name, value, *rest in rows])


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(str(part) for part in value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return str(value)
