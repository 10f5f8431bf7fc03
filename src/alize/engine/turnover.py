"""How fast requests end. In: when each of the last ones did. Out: in how many seconds there will be room for one more.

Seconds are those that the engine was at work: a night without requests does not make it slow. One that is refused is told to come back
when so many have ended as stood before it:

    64 requests ended lately, within 16 s of work; 30 wait    →    31 * 16 / 64 = 7.75 s

An engine that has ended nothing yet counts as if one had ended by now. The answer is never below LEAST, however fast it goes, and never
above MOST: nobody knows what is in ten minutes.
"""

from collections import deque

__all__ = ["LEAST", "MOST", "Turnover", "bounded"]

LATELY = 64  # requests
LEAST, MOST = 1.0, 300.0  # seconds


def bounded(seconds: float) -> float:
    """As somebody is told who is to come back: not so soon that all who are refused come at once, and never later than in five minutes.

    >>> bounded(0.2), bounded(7.5), bounded(10**9)
    (1.0, 7.5, 300.0)
    """
    return min(MOST, max(LEAST, seconds))


class Turnover:
    """Of one engine, or of anything that takes requests in turn."""

    def __init__(self) -> None:
        self._ends = deque([0.0], maxlen=LATELY + 1)  # in seconds of work; the first is where counting began

    def ended(self, worked: float) -> None:
        """One more has ended, after so many seconds of work in all."""
        self._ends.append(worked)

    def wait(self, ahead: int, worked: float) -> float:
        """Seconds until `ahead` more have ended, as fast as lately.

        >>> turnover = Turnover()
        >>> for second in range(1, 11):
        ...     turnover.ended(second / 2)
        >>> turnover.wait(20, 5.0), turnover.wait(1, 5.0), turnover.wait(10**9, 5.0)
        (10.0, 1.0, 300.0)
        """
        each = (worked - self._ends[0]) / max(1, len(self._ends) - 1)
        return bounded(ahead * each)
