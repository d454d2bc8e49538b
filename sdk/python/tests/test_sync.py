"""The client for programs without asyncio."""

from __future__ import annotations

import asyncio

import pytest
from server import DEADLINE, PASSWORD, Server

from chatapp_client import Client, Problem, SignedOut


def test_a_program_without_asyncio_chats(server: Server) -> None:
    ann, bo = asyncio.run(server.user("ann")), asyncio.run(server.user("bo"))
    room = asyncio.run(server.room(ann, bo))
    with Client(server.url) as client, Client(server.url) as other:
        assert client.login(ann, PASSWORD)["username"] == ann
        other.login(bo, PASSWORD)
        with other.connect() as connection:
            assert connection.join(room)["id"] == room
            sent = client.send(room, "hello", quote_of=None)
            assert client.enqueue(room, "again").result(DEADLINE)["seq"] == sent["seq"] + 1
            received: list[str] = []
            while len(received) < 2:
                frame = connection.receive(timeout=DEADLINE)
                if frame["type"] == "message":
                    received.append(frame["content"])
            assert received == ["hello", "again"]
            with pytest.raises(TimeoutError):
                while True:
                    connection.receive(timeout=0.2)
            assert [person["username"] for person in connection.people(room)] == [bo]
            assert connection.positions[room]["seq"] == sent["seq"] + 1
            assert connection.rooms == [room]

            server.restart()
            client.send(room, "after the restart")
            for frame in connection:
                if frame["type"] == "message":
                    assert frame["content"] == "after the restart"
                    break


def test_history_is_read_in_both_directions(server: Server) -> None:
    ann = asyncio.run(server.user("ann"))
    room = asyncio.run(server.room(ann))
    with Client(server.url) as client:
        client.login(ann, PASSWORD)
        texts = [f"number {number}" for number in range(450)]
        seqs = [
            future.result(DEADLINE)["seq"] for future in [client.enqueue(room, t) for t in texts]
        ]
        assert [message["content"] for message in client.messages(room)] == texts
        newest = client.messages(room, newest_first=True)
        assert [message["content"] for message in newest] == texts[::-1]
        part = client.messages(room, after=seqs[9], before=seqs[300])
        assert [message["content"] for message in part] == texts[10:300]
        part = client.messages(room, after=seqs[9], before=seqs[300], newest_first=True)
        assert [message["content"] for message in part] == texts[299:9:-1]
        log = [event["seq"] for event in client.events(room, after=seqs[5])]
        assert log == list(range(seqs[5] + 1, seqs[-1] + 1))

        page = client.api.list_messages(room, limit=2)
        assert [message["content"] for message in page["messages"]] == texts[-2:]
        page = client.api.list_messages(room, before=seqs[10], limit=2)
        assert [message["content"] for message in page["messages"]] == texts[8:10]
        page = client.api.list_messages(room, after=seqs[10], limit=2)
        assert [message["content"] for message in page["messages"]] == texts[11:13]


def test_calls_of_every_shape(server: Server) -> None:
    ann = asyncio.run(server.user("ann"))
    room = asyncio.run(server.room(ann))
    with Client(server.url) as client:
        client.login(ann, PASSWORD)
        message = client.send(room, "hello")
        # An emoji in the path, a query, a body with null, an answer without a body, and one of text.
        client.api.add_reaction(room, message["id"], "👍🏽")
        client.api.add_reaction(room, message["id"], ":tada:")
        reactions = client.api.get_message(room, message["id"])["reactions"]
        assert [reaction["emoji"] for reaction in reactions] == ["👍🏽", "🎉"]
        assert client.api.update_profile(title="Baker")["title"] == "Baker"
        assert "title" not in client.api.update_profile(title=None)
        assert client.api.list_followed_threads(unread=True) == []
        with pytest.raises(Problem) as error:
            client.api.get_room(room + 1_000_000)
        assert (error.value.status, error.value.code) == (404, "room_not_found")
        with pytest.raises(Problem):
            client.api.list_messages(room, limit=-1)
    with Client(server.url) as client:
        assert client.api.health()["status"] == "ok"
        assert client.api.metrics().endswith("# EOF\n")


def test_errors_reach_a_program_without_asyncio(server: Server) -> None:
    ann = asyncio.run(server.user("ann"))
    room = asyncio.run(server.room(ann))
    with Client(server.url) as client:
        client.login(ann, PASSWORD)
        with client.connect() as connection:
            connection.join(room)
            client.logout()
            with pytest.raises(SignedOut):
                for _ in connection:
                    pass
        with pytest.raises(SignedOut):
            client.send(room, "hello")
    with pytest.raises(RuntimeError, match="with `with`"):
        client.login(ann, PASSWORD)
    with pytest.raises(ValueError, match="http://"):
        Client("localhost:8000")
