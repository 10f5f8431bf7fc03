"""Hostile configurations. In: entries as a release has them. Out: the same with some of them replaced by what no release has."""

from typing import Any

from hypothesis import strategies as st

__all__ = ["hostile"]

VALUES: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from([None, True, False, 0, 1, -1, 2, 3, 7, 2**16, 2**31, 2**53, 2**63, 10**400, -(2**63)]),
    st.sampled_from([0.0, -0.0, 0.5, 1.5, -1e-9, 1e-320, 1e308, float("inf"), float("-inf"), float("nan")]),
    st.sampled_from(
        ["", "yarn", "1", "default", "\ud800", "\x1b[2J", "é" * 1000, [], {}, [[]], [None], [0], [1, 1, 1], [2**63], ["a"], {"": 0}]
    ),
    st.integers(-4, 600),
    st.floats(),
    st.lists(st.one_of(st.integers(-2, 40), st.none(), st.booleans(), st.text(max_size=3)), max_size=8),
)


@st.composite
def hostile(draw: st.DrawFn, entries: dict[str, Any], changes: int = 3) -> dict[str, Any]:
    """One to `changes` places, at any depth, are replaced, taken out, or put in twice under another name."""
    changed = _copied(entries)
    for _ in range(draw(st.integers(1, changes))):
        where = changed
        while True:
            key = draw(st.sampled_from(sorted(where))) if where else ""
            inner = where.get(key)
            if not isinstance(inner, dict) or not inner or draw(st.integers(0, 4)) == 0:
                break
            where = inner
        if draw(st.integers(0, 5)) == 0:
            where.pop(key, None)
        else:
            where[key] = _copied(draw(VALUES))
    return changed


def _copied(value: Any) -> Any:
    return {key: _copied(inner) for key, inner in value.items()} if isinstance(value, dict) else value
