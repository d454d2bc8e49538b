// A client that reads slowly misses nothing.

import { before, test } from "node:test";
import assert from "node:assert/strict";
import { Server, isGapless, live, network, record, until } from "./support.js";

const MESSAGES = 3_000;
const SENDERS = 20;

/** @type {Server} */
let server;
let ann, bo;

before(async () => {
  server = await Server.start({ CHATAPP_LIMITS__STALL_SECONDS: "1" });
  ann = await server.account("ann");
  bo = await server.account("bo");
});

test("after thousands of messages that it did not read, a client has all of them in order", async () => {
  const roomId = await server.room(ann, "busy");
  const between = await network(server);
  const reader = await server.client(bo, { url: between.url });
  const room = reader.follow(roomId);
  const events = record(room);
  await live(room);
  between.stopReading();
  // Far more than the buffers of the sockets hold.
  const padding = "x".repeat(3_500);
  let n = 0;
  const send = async () => {
    while (n < MESSAGES) {
      n += 1;
      await server.call("POST", `/rooms/${roomId}/messages`, { content: `${n} ${padding}` }, ann);
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, send));
  const metrics = await until("the server has given the connection up", async () => {
    const text = await (await fetch(`${server.url}/metrics`)).text();
    return /chatapp_\w*clos\w*\{[^}]*(4408|stalled)[^}]*\} [1-9]/.test(text) && text;
  });
  assert.ok(metrics);
  assert.ok(events.length < MESSAGES, `${events.length} messages fit into the buffers`);
  between.goOnReading();
  await until("everything has arrived", () => events.length >= MESSAGES);
  isGapless(events);
  const expected = await server.contents(ann, roomId);
  assert.deepEqual(
    events.map(({ content }) => content),
    expected,
  );
});

test("a program that is busy for long misses nothing", async () => {
  const roomId = await server.room(ann, "blocked");
  const room = (await server.client(bo)).follow(roomId);
  const events = record(room);
  await live(room);
  const sender = (await server.client(ann)).follow(roomId);
  await live(sender);
  // Each message is handled for some milliseconds, in which the program does nothing else.
  room.on("message", () => {
    const end = performance.now() + 5;
    while (performance.now() < end);
  });
  const sending = Array.from({ length: 300 }, (_, at) => sender.send(`message ${at}`));
  await Promise.all(sending);
  await until("everything has arrived", () => events.length === 300);
  isGapless(events);
});
