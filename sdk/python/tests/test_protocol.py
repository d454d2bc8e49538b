"""The protocol without a socket, and what is decided after a close."""

from __future__ import annotations

from typing import Any

import pytest

from chatapp_client import frames
from chatapp_client._advice import AFTER_CLOSE, Then, after_close, delay
from chatapp_client._backoff import LONGEST, pause
from chatapp_client._protocol import Protocol

CHANGE = {"id": 1, "user_id": 1, "username": "ann", "timestamp": "2025-01-31T10:30:00.000Z"}


def event(seq: int, kind: str = "message", room_id: int = 1) -> Any:
    return {"type": kind, "room_id": room_id, "seq": seq, **CHANGE}


def joined() -> Protocol:
    protocol = Protocol()
    protocol.join(1, {"seq": 5, "epoch": "e"}, 0)
    return protocol


def shown(protocol: Protocol, *arrived: Any) -> list[Any]:
    return [frame for one in arrived for frame in protocol.receive(one).shown]


def test_every_close_code_of_the_document_has_advice_here() -> None:
    assert set(AFTER_CLOSE) == set(frames.CLOSE_CODES)
    for code, documented in frames.CLOSE_CODES.items():
        stops = "do not reconnect" in documented.advice
        assert (after_close(code) is Then.STOP) == stops, documented
    assert after_close(4999) is Then.RESUME
    assert after_close(None) is Then.RESUME


def test_pauses_grow_are_random_and_have_a_limit() -> None:
    assert len({pause(3) for _ in range(10)}) > 1
    assert max(pause(1) for _ in range(100)) <= 0.2
    assert min(pause(30) for _ in range(100)) >= LONGEST / 2
    assert max(pause(10**6) for _ in range(100)) <= LONGEST
    assert min(delay(Then.SLOW_DOWN, 1) for _ in range(100)) >= 2
    assert max(delay(Then.SPREAD, 1) for _ in range(100)) > 1


def test_a_new_connection_continues_after_the_newest_received_event() -> None:
    protocol = joined()
    assert [one["seq"] for one in shown(protocol, event(6), event(6), event(5), event(7))] == [6, 7]
    # An event of a kind that this version does not know has a position too.
    assert len(shown(protocol, event(8, "poll_started"))) == 1
    assert protocol.opened()[-1] == {
        "type": "subscribe",
        "room_id": 1,
        "ref": "join 1",
        "since": 8,
        "epoch": "e",
    }


def test_positions_follow_what_the_program_has_handled() -> None:
    protocol = Protocol()
    protocol.join(1, {"seq": 5, "epoch": None}, 0)
    synced = {"type": "synced", "room_id": 1, "head_seq": 7, "epoch": "e"}
    frames = shown(protocol, event(6), event(7), synced, event(8))
    assert protocol.positions() == {1: {"seq": 5, "epoch": None}}
    for frame in frames[:3]:
        protocol.handled(frame)
    assert protocol.positions() == {1: {"seq": 7, "epoch": "e"}}


@pytest.mark.parametrize("code", ["epoch_changed", "history_pruned"])
def test_a_position_that_cannot_be_resumed_is_reset_once(code: str) -> None:
    protocol = joined()
    error: Any = {"type": "error", "code": code, "detail": "…", "ref": "join 1"}
    reaction = protocol.receive(error)
    assert [frame["type"] for frame in reaction.shown] == ["client.reset"]
    assert reaction.join_again == 1
    assert protocol.subscribe(1) == {
        "type": "subscribe",
        "room_id": 1,
        "ref": "join 1",
        "history": 0,
    }
    protocol.handled(reaction.shown[0])
    assert protocol.positions() == {}


def test_a_temporary_error_delays_a_join_and_another_one_ends_it() -> None:
    protocol = joined()
    error: Any = {"type": "error", "code": "busy", "detail": "…", "ref": "join 1", "retry_after": 2}
    reaction = protocol.receive(error)
    assert (reaction.shown, reaction.join_again, reaction.join_in) == ([], 1, 2)
    error = {"type": "error", "code": "room_not_found", "detail": "…", "ref": "join 1"}
    assert shown(protocol, error)[0]["type"] == "client.room_lost"
    assert protocol.rooms == {}


def test_a_room_that_was_left_shows_nothing_more() -> None:
    protocol = joined()
    shown(protocol, {"type": "room_left", "room_id": 1, "cause": "removed"})
    assert shown(protocol, event(6)) == []


def test_an_answer_to_the_client_is_not_shown_and_an_unexpected_error_is() -> None:
    protocol = joined()
    assert shown(protocol, {"type": "pong"}, {"type": "auth.refreshed"}) == []
    error = {"type": "error", "code": "not_subscribed", "detail": "…", "room_id": 9}
    assert shown(protocol, error) == [error]
    # A frame of a later version.
    assert shown(protocol, {"type": "weather", "room_id": 1}) == [{"type": "weather", "room_id": 1}]


def test_a_token_that_expires_soon_is_to_be_replaced() -> None:
    expiring: Any = {"type": "auth.expiring", "expires_at": "2025-01-31T10:30:00.000Z"}
    reaction = joined().receive(expiring)
    assert (reaction.shown, reaction.renew_token) == ([], True)


def test_a_replaced_history_resets_every_room() -> None:
    protocol = joined()
    protocol.join(2, None, 50)
    resets: list[Any] = protocol.reload("epoch_changed", "…")
    assert [frame["room_id"] for frame in resets] == [1, 2]
    assert all("since" not in frame for frame in protocol.opened())
