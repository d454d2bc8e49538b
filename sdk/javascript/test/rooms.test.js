// What a program learns of a room and can do in it, beside sending messages.

import { before, test } from "node:test";
import assert from "node:assert/strict";
import { Server, event, live, record, until } from "./support.js";

/** @type {Server} */
let server;
let ann, bo;

before(async () => {
  server = await Server.start();
  ann = await server.account("ann");
  bo = await server.account("bo");
});

/** Both people in a new room. */
async function both(name) {
  const roomId = await server.room(ann, name);
  const clients = [await server.client(ann), await server.client(bo)];
  const rooms = clients.map((client) => client.follow(roomId));
  await Promise.all(rooms.map(live));
  return { roomId, clients, rooms };
}

test("a program learns who is in the room and who is typing", async () => {
  const { clients, rooms } = await both("people");
  const [anns, bos] = rooms;
  const names = () => anns.people.list.map(({ username }) => username).sort();
  await until("both are here", () => names().length === 2);
  assert.deepEqual(names(), ["ann", "bo"]);
  bos.typing();
  await until("bo is typing", () => anns.people.typing.length === 1);
  assert.equal(anns.people.typing[0].username, "bo");
  assert.equal(bos.people.typing.length, 0);
  await bos.send("hello");
  await until("bo has stopped", () => anns.people.typing.length === 0);
  const cards = () => server.call("GET", `/users/${bo.user.id}`, undefined, ann);
  assert.equal((await cards()).presence, "online");
  clients[1].setAway(true);
  await until("bo is away", async () => (await cards()).presence === "away");
  clients[1].close();
  await until("bo has left", () => names().length === 1);
});

test("a read position reaches the user's other clients, and the server after an interruption", async () => {
  const { roomId, rooms } = await both("reading");
  const { seq } = await rooms[0].send("one");
  const other = (await server.client(bo)).follow(roomId);
  await live(other);
  const read = event(other, "read");
  rooms[1].markRead(seq);
  assert.equal((await read).seq, seq);
  assert.equal(other.readSeq, seq);

  const next = await rooms[0].send("two");
  await server.kill();
  await until("the connection is lost", () => !rooms[1].isLive);
  rooms[1].markRead(next.seq);
  await server.start();
  await until("the server has it", async () => {
    const room = await server.call("GET", `/rooms/${roomId}`, undefined, bo);
    return room.read_seq === next.seq;
  });
});

test("pages of the history are before, after and around a position", async () => {
  const { rooms } = await both("history");
  const [room] = rooms;
  await Promise.all(Array.from({ length: 30 }, (_, at) => room.send(`message ${at + 1}`)));
  const numbers = ({ messages }) => messages.map(({ content }) => Number(content.split(" ")[1]));
  const newest = await room.history({ limit: 5 });
  assert.deepEqual(numbers(newest), [26, 27, 28, 29, 30]);
  const { seq } = newest.messages[0];
  assert.deepEqual(numbers(await room.history({ before: seq, limit: 3 })), [23, 24, 25]);
  assert.deepEqual(numbers(await room.history({ after: seq, limit: 2 })), [27, 28]);
  assert.ok(numbers(await room.history({ around: seq, limit: 4 })).includes(26));
});

test("a window moves through the history and follows the log", async () => {
  const { rooms } = await both("window");
  const [room] = rooms;
  const sent = Array.from({ length: 450 }, (_, at) => room.send(`message ${at + 1}`));
  await Promise.all(sent);
  const window = rooms[1].window();
  let changes = 0;
  window.onChange = () => (changes += 1);
  await window.loadNewest();
  const first = () => window.list[0].content;
  const last = () => window.list.at(-1).content;
  assert.deepEqual([first(), last()], ["message 351", "message 450"]);
  while (window.hasOlder) await window.loadOlder();
  assert.equal(first(), "message 1");
  assert.ok(window.list.length <= 300 && window.hasNewer, "it is bounded");
  while (window.hasNewer) await window.loadNewer();
  const { seq } = await room.send("the newest");
  await until("it has arrived", () => last() === "the newest");
  const before = changes;
  const { id } = window.list.at(-1);
  await server.call("PATCH", `/rooms/${room.id}/messages/${id}`, { content: "changed" }, ann);
  await until("it is changed", () => last() === "changed");
  await server.call("DELETE", `/rooms/${room.id}/messages/${id}`, undefined, ann);
  await until("it is deleted", () => window.list.at(-1).deleted_at);
  assert.ok(changes > before);
  await window.loadAround(seq - 200);
  assert.ok(window.hasOlder && window.hasNewer);
  window.end();
});

test("reactions, threads and quotes", async () => {
  const { roomId, clients, rooms } = await both("threads");
  const events = record(rooms[1]);
  await rooms[0].send("a question");
  await until("it has arrived", () => events.length === 1);
  const [{ id }] = events;
  await rooms[1].react(id, "👍");
  await until("the reaction has arrived", () => events.length === 2);
  assert.equal(events[1].type, "reaction_added");
  await rooms[1].react(id, "👍", false);
  await rooms[1].send("an answer", { thread_id: id });
  await rooms[1].send("with a quote", { quote_of: id });
  const thread = await clients[0].request("GET /rooms/{room_id}/messages/{message_id}/thread", {
    path: { room_id: roomId, message_id: id },
    query: { limit: 10 },
  });
  assert.deepEqual(
    thread.messages.map(({ content }) => content),
    ["an answer"],
  );
  const window = rooms[0].window(id);
  await window.loadNewest();
  assert.deepEqual(
    window.list.map(({ content }) => content),
    ["a question", "an answer"],
  );
  await rooms[1].send("another answer", { thread_id: id });
  await until("it is in the thread", () => window.list.length === 3);
  await until("all have arrived", () => events.at(-1)?.content === "another answer");
  assert.equal(events.find(({ content }) => content === "with a quote").quote_of, id);
});

test("operations of the API have their paths and queries filled in", async () => {
  const client = await server.client(ann);
  const created = await client.request("POST /rooms/", { body: { name: "made" } });
  const room = await client.request("GET /rooms/{room_id}", { path: { room_id: created.id } });
  assert.equal(room.name, "made");
  const [found] = await client.request("GET /rooms/", { query: { query: "mad", limit: 1 } });
  assert.equal(found.id, created.id);
  assert.throws(() => client.request("GET /rooms/{room_id}", { path: {} }), /path.room_id/);
  await assert.rejects(
    client.request("GET /rooms/{room_id}", { path: { room_id: 999_999 } }),
    (error) => error.status === 404 && error.code === "room_not_found",
  );
});

test("a room that is not followed any more, is deleted or does not exist is left", async () => {
  const { roomId, clients, rooms } = await both("leaving");
  const left = rooms.map((room) => event(room, "left"));
  rooms[1].unfollow();
  assert.deepEqual(await left[1], { cause: "unfollowed" });
  const again = clients[1].follow(roomId);
  await live(again);
  await rooms[0].send("after it");
  const leftAgain = event(again, "left");
  await server.call("DELETE", `/rooms/${roomId}`, undefined, ann);
  assert.deepEqual(await Promise.all([left[0], leftAgain]), [
    { cause: "room_deleted" },
    { cause: "room_deleted" },
  ]);
  const missing = clients[0].follow(999_999);
  assert.deepEqual(await event(missing, "left"), { cause: "room_not_found" });
});
