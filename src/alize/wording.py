"""How a sentence says a number. In: a count and a noun. Out: both, the noun in the number that the count asks for."""

__all__ = ["quantity"]


def quantity(count: float, one: str, several: str | None = None) -> str:
    """So many of a thing, as a sentence says it.

    >>> quantity(1, "token"), quantity(0, "token"), quantity(2, "entry", "entries"), quantity(1.5, "second")
    ('1 token', '0 tokens', '2 entries', '1.5 seconds')
    """
    number = f"{count:g}" if isinstance(count, float) else str(count)
    return f"{number} {one}" if count == 1 else f"{number} {several or one + 's'}"
