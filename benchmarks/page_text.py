"""What is said in the benchmark of the page. In: a number. Out: questions, and answers of the kinds that models give.

Every answer of a conversation is another one: nothing that a page keeps of one helps it with the next.
"""

__all__ = ["LAST", "answer", "question", "streamed"]

LAST = "The thousandth message ends here."

_PLAIN = (
    "Heat moves from what is warm to what is cold, and the difference is what drives it. In step {n} the wall holds **{n} °C** on one "
    "side and less on the other, so a part of it leaves; the thicker the wall, the slower that goes.\n\n"
    "Three things decide how much is lost:\n\n- the area, in square metres\n- the difference, in kelvin\n- the material: *wood* keeps "
    "ten times what *stone* does\n"
)
_CODE = (
    "A short program says it best:\n\n```python\ndef loss_{n}(area: float, difference: float, resistance: float) -> float:\n"
    '    """Watts through a wall."""\n    if resistance <= 0:\n        raise ValueError("A wall resists.")\n'
    "    return area * difference / resistance\n\n\nfor hour in range({n}):\n    print(hour, loss_{n}(12.5, 20 - hour / 4, 2.8))\n```\n\n"
    "Call `loss_{n}` once an hour, and add up what it gives.\n"
)
_MATHS = (
    "The law behind it is Fourier's, $q = -k \\nabla T$, and over a whole wall\n\n"
    "$$Q_{{{n}}} = \\int_0^t \\frac{{A \\, (T_1 - T_2)}}{{R}} \\, d\\tau$$\n\nwhere $R = \\frac{{d}}{{k}}$ is what the wall resists with.\n"
)
_TABLE = (
    "| material | k in W/(m K) | at {n} cm |\n|---|---:|---:|\n| stone | 2.3 | 0.{n} |\n| brick | 0.8 | 1.{n} |\n| wood | 0.13 | 3.{n} |\n"
    "| cork | 0.04 | 9.{n} |\n\nCork keeps most, and costs most.\n"
)
_KINDS = (_PLAIN, _CODE, _PLAIN, _MATHS, _PLAIN, _TABLE)


def question(number: int) -> str:
    return f"Question {number}: what does a wall of {number} cm lose, and how would I work it out for my own house?"


def answer(number: int) -> str:
    return _KINDS[number % len(_KINDS)].format(n=number)


def streamed(characters: int) -> str:
    """An answer of at least so many characters, with code and maths in every part of it."""
    parts: list[str] = []
    number = 0
    while sum(map(len, parts)) < characters:
        number += 1
        parts.append(f"## Part {number}\n\n" + "\n".join(kind.format(n=number) for kind in (_PLAIN, _CODE, _MATHS, _TABLE)))
    return "\n".join(parts)
