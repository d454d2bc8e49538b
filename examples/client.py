#!/usr/bin/env python3
"""Chat from a terminal: joins a room, prints its messages, and sends each line that is typed.

    pip install websockets
    CHAT_PASSWORD=… python3 client.py --username ann --room 1

It survives a restart of the server. After the reconnect it gets the messages that it has missed,
because it names the last event that it has seen (`since`). Messages that were not acknowledged are
sent again with the same `client_id`, so that the server stores each once.

It uses the protocol of the socket directly, as a client in another language would. For a program in
Python, the package in sdk/python does all of this.
"""

import argparse
import asyncio
import getpass
import json
import os
import random
import sys
import urllib.error
import urllib.request
import uuid

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus


class Refused(Exception):
    """The server refuses, and would refuse a new attempt too."""


class Room:
    """One room, with a new connection whenever the old one is lost."""

    def __init__(self, url, room_id, token):
        self.address = f"{url.replace('http', 'ws', 1)}/ws/{room_id}?token={token}"
        self.since = None  # the seq of the last event seen
        self.epoch = None  # the history that this seq belongs to
        self.unanswered = {}  # client_id -> content, in the order of sending
        self.socket = None  # set while connected

    async def send(self, content):
        """Sends now, or as soon as the client is connected again."""
        client_id = str(uuid.uuid4())
        self.unanswered[client_id] = content
        if self.socket:
            await self._transmit(client_id)

    async def run(self):
        """Stays connected until the server refuses for good."""
        attempt = 0
        while True:
            try:
                async with connect(self._resume_address()) as socket:
                    attempt = 0
                    await self._converse(socket)
            except ConnectionClosed as closed:
                code = closed.rcvd.code if closed.rcvd else None
                if code in (4401, 4403, 4404):
                    raise Refused(f"closed with {code}: {closed.rcvd.reason}") from None
                if code == 4409:  # the history was replaced: start at its head
                    self.since = self.epoch = None
            except InvalidStatus as refused:
                status = refused.response.status_code
                if status < 500 and status != 429:
                    raise Refused(f"the server does not let us in: {status}") from None
            except (OSError, InvalidHandshake):
                pass  # the server is away
            finally:
                self.socket = None
            attempt += 1
            # A random pause, so that the clients of a restarted server do not reconnect all at once.
            pause = random.uniform(0.5, 1) * min(30, 0.1 * 2**attempt)
            print(f"* disconnected, trying again in {pause:.1f} s", flush=True)
            await asyncio.sleep(pause)

    def _resume_address(self):
        if self.since is None:
            return f"{self.address}&history=20"
        return f"{self.address}&since={self.since}&epoch={self.epoch}"

    async def _converse(self, socket):
        async for text in socket:
            frame = json.loads(text)
            # Every event of the room's log has a position, also an event of a type that this client ignores.
            if "seq" in frame and "timestamp" in frame:
                self.since = frame["seq"]
            match frame["type"]:
                case "message":
                    print(f"{frame['username']}: {frame['content']}", flush=True)
                case "message_edited":
                    print(f"* {frame['username']} meant: {frame['content']}", flush=True)
                case "message_deleted":
                    print(f"* {frame['username']} deleted message {frame['message_id']}", flush=True)
                case "synced":
                    self.epoch = frame["epoch"]
                    if self.since is None:
                        self.since = frame["head_seq"]
                    print("* connected", flush=True)
                    self.socket = socket
                    for client_id in list(self.unanswered):
                        await self._transmit(client_id)
                case "ack":
                    self.unanswered.pop(frame["ref"], None)
                case "error":
                    self.unanswered.pop(frame.get("ref"), None)
                    print(f"* refused: {frame['detail']}", flush=True)
                case "user_joined":
                    print(f"* {frame['username']} is here", flush=True)
                case "user_left":
                    print(f"* {frame['username']} has left", flush=True)

    async def _transmit(self, client_id):
        frame = {
            "content": self.unanswered[client_id],
            "client_id": client_id,
            "ref": client_id,
        }
        try:
            await self.socket.send(json.dumps(frame))
        except ConnectionClosed:
            pass  # it stays in `unanswered`, and is sent on the next connection


def sign_in(url, username, password):
    """Returns an access token."""
    request = urllib.request.Request(
        f"{url}/auth/login",
        data=json.dumps({"username": username, "password": password}).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)["access_token"]
    except urllib.error.HTTPError as error:
        raise Refused(json.load(error)["detail"]) from None
    except urllib.error.URLError as error:
        raise Refused(f"cannot reach {url}: {error.reason}") from None


async def chat(arguments):
    password = os.environ.get("CHAT_PASSWORD") or getpass.getpass()
    room = Room(
        arguments.url, arguments.room, sign_in(arguments.url, arguments.username, password)
    )
    connection = asyncio.create_task(room.run())
    typing = asyncio.create_task(send_lines(room))
    # Typing ends with Ctrl-D; the connection ends only with an error.
    done, _ = await asyncio.wait({connection, typing}, return_when=asyncio.FIRST_COMPLETED)
    connection.cancel()
    done.pop().result()


async def send_lines(room):
    while line := await asyncio.to_thread(sys.stdin.readline):
        if line.strip():
            await room.send(line.rstrip("\n"))
    while room.unanswered:
        await asyncio.sleep(0.05)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", default="http://localhost:8000")
    parser.add_argument("--room", type=int, required=True, help="the room's id")
    parser.add_argument("--username", required=True)
    try:
        asyncio.run(chat(parser.parse_args()))
    except Refused as error:
        # os._exit, because the thread that waits for a line would keep the process alive.
        print(f"client: {error}", file=sys.stderr, flush=True)
        os._exit(1)
    except KeyboardInterrupt:
        os._exit(130)


if __name__ == "__main__":
    main()
