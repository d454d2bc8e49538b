// Rooms resume where they were, without a gap and without a double.

import { before, test } from "node:test";
import assert from "node:assert/strict";
import { AFTER_CLOSE } from "../src/index.js";
import { Server, WebSocket, event, isGapless, live, network, record, until } from "./support.js";

/** @type {Server} */
let server;
let ann, bo;

before(async () => {
  server = await Server.start();
  ann = await server.account("ann");
  bo = await server.account("bo");
});

const texts = (events) => events.map(({ content }) => content).filter(Boolean);
const says = (roomId, content) =>
  server.call("POST", `/rooms/${roomId}/messages`, { content }, ann);

test("events that were missed arrive after a cut, each once", async () => {
  const roomId = await server.room(ann, "cut");
  const between = await network(server);
  const client = await server.client(bo, { url: between.url });
  const room = client.follow(roomId);
  const events = record(room);
  await live(room);
  const expected = [];
  for (let round = 1; round <= 5; round += 1) {
    const lost = event(room, "live", (isLive) => !isLive);
    between.cut();
    await lost;
    for (let n = 1; n <= 3; n += 1) {
      expected.push(`round ${round}, message ${n}`);
      await says(roomId, expected.at(-1));
    }
    await until("the missed messages have arrived", () => texts(events).length === expected.length);
  }
  assert.deepEqual(texts(events), expected);
  isGapless(events);
});

test("a room goes on after the server was killed", async () => {
  const roomId = await server.room(ann, "killed");
  const room = (await server.client(bo)).follow(roomId);
  const events = record(room);
  await live(room);
  for (let n = 1; n <= 4; n += 1) {
    await says(roomId, `message ${n}`);
    await server.crash();
  }
  await until("all have arrived", () => texts(events).length === 4);
  isGapless(events);
});

test("a program goes on from a position that it has kept", async () => {
  const roomId = await server.room(ann, "kept");
  const first = await server.client(bo);
  const room = first.follow(roomId);
  await live(room);
  const seen = record(room);
  await says(roomId, "one");
  await until("it has arrived", () => seen.length === 1);
  const position = JSON.parse(JSON.stringify(room.position));
  first.close();
  await says(roomId, "two");
  await says(roomId, "three");
  const again = (await server.client(bo)).follow(roomId, position);
  const events = record(again);
  await until("both have arrived", () => events.length === 2);
  assert.deepEqual(texts(events), ["two", "three"]);
});

test("a position of another database is void: the room begins anew, and the program learns it", async () => {
  const roomId = await server.room(ann, "void");
  await says(roomId, "one");
  for (const isConnected of [false, true]) {
    const client = await server.client(bo);
    if (isConnected) await event(client, "frame", ({ type }) => type === "watching");
    const room = client.follow(roomId, { since: 1, epoch: "0123456789abcdef0123456789abcdef" });
    const events = record(room);
    await event(room, "restart");
    await live(room);
    const text = `after it, ${isConnected}`;
    await says(roomId, text);
    await until("it has arrived", () => events.length > 0);
    assert.deepEqual(texts(events), [text]);
    assert.notEqual(room.position.epoch, "0123456789abcdef0123456789abcdef");
    client.close();
  }
});

test("an event that arrives twice is taken once", async () => {
  class Twice extends WebSocket {
    set onmessage(listener) {
      super.onmessage = (event) => {
        listener(event);
        listener(event);
      };
    }
  }
  const roomId = await server.room(ann, "twice");
  const room = (await server.client(bo, { WebSocket: Twice })).follow(roomId);
  const events = record(room);
  await live(room);
  for (const text of ["one", "two"]) await room.send(text);
  await until("both have arrived", () => events.length >= 2);
  assert.deepEqual(texts(events), ["one", "two"]);
});

test("the advice of the protocol's document for each close code is followed", async () => {
  const document = await server.call("GET", "/asyncapi.json");
  for (const { code, advice } of document["x-close-codes"]) {
    const action = AFTER_CLOSE[code];
    assert.ok(action, `${code} is not in the table`);
    assert.equal(
      ["never", "sign-in"].includes(action),
      /do not reconnect|nothing|sign in again/.test(advice),
      `${code}: ${advice}`,
    );
  }
});

for (const handshake of ["header", "subprotocol", "ticket"]) {
  test(`a socket opens with a ${handshake}, also after a crash`, async () => {
    const roomId = await server.room(ann, `by-${handshake}`);
    const room = (await server.client(bo, { handshake })).follow(roomId);
    const events = record(room);
    await live(room);
    await server.crash();
    await says(roomId, "hello");
    await until("it has arrived", () => events.length > 0);
    isGapless(events);
  });
}
