"""What the client does after the server has closed a connection, for each close code."""

from __future__ import annotations

import enum
from random import uniform

from ._backoff import pause


class Then(enum.Enum):
    """What to do next."""

    RESUME = "reconnect and resume"
    SPREAD = "reconnect after a random delay and resume"
    SLOW_DOWN = "reconnect after a long delay and resume"
    RELOAD = "forget the positions in the rooms, and reconnect"
    RENEW = "get a new token, then reconnect and resume"
    STOP = "do not reconnect"


AFTER_CLOSE = {
    # The server uses it to answer a close of the client. Otherwise something between the two closed
    # the connection.
    1000: Then.RESUME,
    1001: Then.SPREAD,
    1002: Then.STOP,
    1003: Then.STOP,
    1007: Then.STOP,
    # The client sends no big frames: a message goes over HTTP.
    1009: Then.RESUME,
    1011: Then.RESUME,
    4401: Then.RENEW,
    4403: Then.STOP,
    4404: Then.STOP,
    4408: Then.RESUME,
    4409: Then.RELOAD,
    4429: Then.SLOW_DOWN,
}


def after_close(code: int | None) -> Then:
    """What to do after this close code; None if the connection was lost without one."""
    # A later version of the server may have more codes. To try again, with pauses, is safe.
    return Then.RESUME if code is None else AFTER_CLOSE.get(code, Then.RESUME)


def delay(then: Then, attempt: int) -> float:
    """Seconds to wait before the given attempt to connect: 1, 2, 3, …"""
    match then:
        case Then.SPREAD:
            return uniform(0, 2) + pause(attempt)
        case Then.SLOW_DOWN:
            return uniform(2, 5) + pause(attempt)
        case _:
            return pause(attempt)
