"""What counts as text. In: a Python string. Out: nothing, or a refusal: strings may hold half of a surrogate pair, texts may not."""

from alize.errors import InvalidRequest

__all__ = ["check_text"]


def check_text(text: str, param: str | None = None) -> None:
    """Raise InvalidRequest where the string cannot be written as UTF-8, naming the place."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidRequest(
            f"The text is not valid Unicode: character {error.start} is half of a surrogate pair ({text[error.start]!a}).",
            param=param,
            remedy="Send text as UTF-8, or both halves of the pair.",
        ) from error
