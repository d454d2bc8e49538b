// Messages are stored once and in order, whatever ends meanwhile.

import { before, test } from "node:test";
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { ApiError } from "../src/index.js";
import { fileStorage } from "../src/node.js";
import { Server, event, folder, isGapless, live, record, run, until } from "./support.js";

/** @type {Server} */
let server;
let ann, bo;

before(async () => {
  server = await Server.start();
  ann = await server.account("ann");
  bo = await server.account("bo");
});

const numbered = (count) => Array.from({ length: count }, (_, at) => `message ${at + 1}`);

test("a server that is killed again and again stores each message once and in order", async () => {
  const roomId = await server.room(ann, "killed");
  const sender = (await server.client(ann)).follow(roomId);
  const reader = (await server.client(bo)).follow(roomId);
  await Promise.all([live(sender), live(reader)]);
  const events = record(reader);
  const expected = numbered(300);
  let stored = 0;
  const sending = expected.map((text) => sender.send(text).then(() => (stored += 1)));
  for (const most of [40, 100, 101, 180, 260]) {
    await until(`${most} messages are stored`, () => stored >= most);
    await server.crash();
  }
  await Promise.all(sending);
  assert.deepEqual(await server.contents(ann, roomId), expected);
  await until("the reader has everything", () => events.at(-1)?.content === expected.at(-1));
  isGapless(events);
  const messages = events.filter(({ type }) => type === "message");
  assert.deepEqual(
    messages.map(({ content }) => content),
    expected,
  );
  assert.equal(sender.pending.length, 0);
});

test("a program that is killed again and again sends each message once and in order", async () => {
  const roomId = await server.room(ann, "programs");
  const kept = folder();
  const count = 200;
  const program = fileURLToPath(new URL("sender.js", import.meta.url));
  const start = () => run(program, [server.url, "bo", String(roomId), kept, String(count)]);
  for (const most of [1, 30, 31, 90, 150]) {
    const { child, lines, ended } = start();
    await until(`${most} messages are stored`, () => lines.includes(`stored ${most}`));
    child.kill("SIGKILL");
    await ended;
  }
  assert.equal(await start().ended, 0);
  assert.deepEqual(await server.contents(ann, roomId), numbered(count));
});

test("messages that were written without a connection are sent by the next client of the user", async () => {
  const roomId = await server.room(ann, "later");
  const kept = folder();
  const first = await server.client(ann, { storage: fileStorage(kept) });
  const room = first.follow(roomId);
  await live(room);
  await server.kill();
  await until("the connection is lost", () => !room.isLive);
  for (const text of numbered(50)) room.send(text);
  first.close();
  await server.start();
  const second = await server.client(ann, { storage: fileStorage(kept) });
  const again = second.follow(roomId);
  assert.equal(again.pending.length, 50);
  await until("everything is sent", () => again.pending.length === 0);
  assert.deepEqual(await server.contents(ann, roomId), numbered(50));
});

test("a refused message is reported, does not stop the next one, and can be sent again", async () => {
  const roomId = await server.room(ann, "refused");
  const room = (await server.client(ann)).follow(roomId);
  await live(room);
  const isRefused = (code) => (error) => error instanceof ApiError && error.code === code;
  const long = room.send("x".repeat(100_000));
  const next = room.send("short");
  await assert.rejects(long, isRefused("invalid_field"));
  await next;

  await server.call("PATCH", `/rooms/${roomId}`, { is_archived: true }, ann);
  const refused = event(room, "refused");
  await assert.rejects(room.send("too late"), isRefused("room_archived"));
  const { client_id } = await refused;
  await server.call("PATCH", `/rooms/${roomId}`, { is_archived: false }, ann);
  room.retry(client_id);
  room.discard(room.pending.find(({ content }) => content.startsWith("xx")).client_id);
  await until("it is stored", () => room.pending.length === 0);
  assert.deepEqual(await server.contents(ann, roomId), ["short", "too late"]);
});
