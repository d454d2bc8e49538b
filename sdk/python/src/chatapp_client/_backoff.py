"""Pauses before a new attempt."""

from __future__ import annotations

from random import uniform

LONGEST = 30.0
"""Seconds."""


def pause(attempt: int) -> float:
    """Seconds to wait before the given attempt: 1, 2, 3, …

    The pause grows, and it is random, so that the clients of a server that restarts do not come
    back all at once.
    """
    return uniform(0.5, 1) * min(LONGEST, 0.1 * 2.0 ** min(attempt, 20))
