"""Calls told from text while they come. In: text, in whatever pieces, and control tokens. Out: parts of text, and pieces of calls.

A call counts from the moment when its name and the beginning of its arguments have been read. What goes wrong before that was no call,
and comes back as text with its marks, nothing lost. What goes wrong later stays in the arguments, which are passed on as the model writes
them and may then be no JSON; what follows them and belongs to no call is text again. White space around calls belongs to them.

A mark that is a control token counts as the token alone; what is only spelled like it is text. Within the reader a token is a lone
surrogate, which no text can have.

>>> reader = CallReader(CallMarks("json", "<tool_call>", "</tool_call>"), ids=lambda: "aaaaaaaaa")
>>> for piece in ('On it.\\n<tool_', 'call>\\n{"name": "f", "argu', 'ments": {"a": ', '1}}\\n</tool_call>'):
...     print(reader.push(piece))
[Part(text='On it.', thought=False, closed=False)]
[]
[Call(number=0, id='aaaaaaaaa', name='f', arguments='{"a": ', begins=True)]
[Call(number=0, id='aaaaaaaaa', name='f', arguments='1}', begins=False)]
"""

from collections.abc import Callable, Mapping
from typing import Any

from alize.prompt.cursor import Cursor, EndedError, MalformedError, Reading
from alize.prompt.forms import Calls, DoneError, Forms, new_id
from alize.prompt.parts import Call, Part
from alize.tokenize.base import CallMarks

__all__ = ["CallReader"]

_MOST_SPACE = 64  # characters of white space that are held back, since a call may follow
_FIRST_SIGN = 0xD800


class CallReader:
    """Of one answer."""

    def __init__(
        self,
        marks: CallMarks,
        tools: Mapping[str, Any] | None = None,
        *,
        single: bool = False,
        continuing: bool = False,
        ids: Callable[[], str] = new_id,
    ) -> None:
        """`tools`: the schema of each that was offered, by its name. A bare call counts only where it names one of them; None is any.
        `single`: the answer is over with its first call. `continuing`: it goes on from a text, so a bare call cannot begin it."""
        self._tokens = {id: chr(_FIRST_SIGN + place) for place, id in enumerate(marks.ids.values())}
        self._spelled = {ord(self._tokens[id]): mark for mark, id in marks.ids.items()}
        signs = {mark: self._tokens[id] for mark, id in marks.ids.items()}
        self._opens = signs.get(marks.opens, marks.opens)
        self._cursor = Cursor()
        self._calls = Calls(self._cursor, single=single, ids=ids)
        self._forms = Forms(self._cursor, self._calls, marks, signs, tools)
        self._in_text = True
        self.done = False  # nothing more is to be read
        self._reading = self._run(bare=marks.form == "bare" and not continuing)
        next(self._reading)

    @property
    def whole(self) -> bool:
        """Whether there are calls, and each has the end of its arguments."""
        return self._calls.count > 0 and not self._calls.open

    def push(self, text: str) -> list[Part | Call]:
        """What is certain with this text."""
        if text and not self.done:
            self._cursor.add(text)
            self._go_on()
        return self._given()

    def control(self, id: int) -> list[Part | Call]:
        """A control token was drawn. Others than the marks say nothing here."""
        return self.push(self._tokens.get(id, ""))

    def settle(self) -> list[Part | Call]:
        """Something else than text follows: what was held back of it became no mark."""
        if self._in_text and not self.done:
            self._cursor.at = len(self._cursor.held)
            self._release()
        return self._given()

    def flush(self) -> list[Part | Call]:
        """The answer is over."""
        self._cursor.over = True
        if not self.done:
            self._go_on()
        return self._given()

    def _go_on(self) -> None:
        self.done = next(self._reading, self) is self

    def _given(self) -> list[Part | Call]:
        parts, self._calls.parts = self._calls.parts, []
        return parts

    def _run(self, bare: bool) -> Reading:
        yield
        try:
            if bare:
                yield from self._tried(self._forms.bare())
            while True:
                yield from self._text()
                yield from self._tried(self._forms.read())
        except EndedError:
            self._end()
        except DoneError:
            pass

    def _tried(self, calls: Reading) -> Reading:
        """Calls, or text where there are none."""
        self._in_text = False
        try:
            yield from calls
        except MalformedError:
            self._release()
        self._in_text = True

    def _end(self) -> None:
        cursor = self._cursor
        rest = cursor.held[cursor.kept :]
        if not self._calls.tail or (self._in_text and rest.strip()):
            cursor.at = len(cursor.held)
            self._release()

    def _release(self) -> None:
        """Give out as text what was read and not given out."""
        cursor = self._cursor
        if text := cursor.held[cursor.kept : cursor.at].translate(self._spelled):
            self._calls.parts.append(Part(text))
            self._calls.tail = False
        cursor.kept = cursor.at

    def _text(self) -> Reading:
        """Text, up to behind the next mark that opens calls."""
        cursor, opens = self._cursor, self._opens
        while True:
            found = cursor.held.find(opens, cursor.at) if opens else -1
            sure = found if found >= 0 else self._sure()
            words = cursor.held[cursor.kept : sure].rstrip()
            if words or sure - cursor.kept > _MOST_SPACE:
                cursor.at = cursor.kept + len(words) if words else sure
                self._release()
            cursor.at = sure
            if found >= 0:
                cursor.at = found + len(opens)
                self._calls.tail = False
                return
            yield from cursor.more()

    def _sure(self) -> int:
        """Where what may become a mark begins."""
        held, opens = self._cursor.held, self._opens
        end = len(held)
        for size in range(min(len(opens) - 1, end - self._cursor.kept), 0, -1):
            if opens.startswith(held[end - size :]):
                return end - size
        return end
