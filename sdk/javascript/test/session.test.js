// The session: its token is renewed in time, and its end is reported once.

import { before, test } from "node:test";
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { ApiError, connect, signIn } from "../src/index.js";
import { PASSWORD, Server, WebSocket, event, live, run, until } from "./support.js";

/** The life of a token. */
const SECONDS = 6;

/** @type {Server} */
let server;
let ann, general;

before(async () => {
  server = await Server.start({ CHATAPP_AUTH__TOKEN_SECONDS: String(SECONDS) });
  ann = await server.account("ann");
  await server.account("bo");
  general = await server.room(ann, "general");
});

test("a token is renewed before it expires, and the connection stays", async () => {
  const session = await signIn(server.url, "bo", PASSWORD);
  const client = await server.client(session);
  const room = client.follow(general);
  await live(room);
  const states = [];
  client.on("state", ({ state }) => states.push(state));
  let last = session;
  // Twice as long as the first token lives.
  while (last.endsAt < session.endsAt + SECONDS * 1000) last = await event(client, "session");
  assert.notEqual(last.token, session.token);
  await room.send("still here");
  await assert.rejects(
    server.call("GET", "/auth/me", undefined, session),
    /token_expired/,
    "the first token has expired",
  );
  assert.deepEqual(states, [], "the connection was not lost");
  client.close();
});

test("a token is renewed without a connection too", async () => {
  class Silent {
    readyState = 0;
    close() {}
  }
  const session = await signIn(server.url, "bo", PASSWORD);
  const client = await server.client(session, { WebSocket: Silent });
  const renewed = await event(client, "session");
  assert.notEqual(renewed.token, session.token);
  client.close();
});

test("a plain token is renewed when the server says that it expires", async () => {
  const { token } = await signIn(server.url, "bo", PASSWORD);
  const client = await server.client(undefined, { token });
  const room = client.follow(general);
  await live(room);
  const renewed = await event(client, "session");
  assert.notEqual(renewed.token, token);
  assert.equal(renewed.user.username, "bo");
  await room.send("with the new one");
  client.close();
});

test("another tab may renew the token", async () => {
  const session = await signIn(server.url, "bo", PASSWORD);
  let asked = 0;
  const renew = async () => {
    asked += 1;
    return signIn(server.url, "bo", PASSWORD);
  };
  const client = await server.client(session, { renew });
  await event(client, "session");
  assert.equal(asked, 1);
  client.close();
});

for (const [what, end] of [
  [
    "an admin ends the sessions",
    async (session) => {
      const path = `/admin/users/${session.user.id}/sessions`;
      await server.call("DELETE", path, undefined, await fresh());
    },
  ],
  [
    "the password is changed elsewhere",
    async (session) => {
      const { username } = session.user;
      const other = await signIn(server.url, username, PASSWORD);
      const body = { current_password: PASSWORD, new_password: "another long password" };
      await server.call("POST", "/auth/password", body, other);
    },
  ],
]) {
  test(`${what}: the client learns it once, and does not connect again`, async () => {
    const username = what.includes("admin") ? "cy" : "di";
    const session = await server.account(username);
    const program = fileURLToPath(new URL("follower.js", import.meta.url));
    const { lines, ended } = run(program, [server.url, username, String(general)]);
    await until("the program follows the room", () => lines.includes("live: true"));
    const connections = lines.filter((line) => line === "state: connecting").length;
    await end(session);
    // Nothing keeps it running: no timer, no socket.
    assert.equal(await ended, 0);
    assert.equal(lines.filter((line) => line.startsWith("ended: ")).length, 1, lines.join("\n"));
    assert.equal(lines.filter((line) => line === "state: connecting").length, connections);
  });
}

test("a call with an ended session ends the client too", async () => {
  const session = await server.account("ed");
  const client = await server.client(session);
  const ended = event(client, "ended");
  await server.call("POST", "/auth/logout", undefined, session);
  await ended;
  await assert.rejects(
    client.request("GET /rooms/"),
    (error) => error instanceof ApiError && error.code === "session_revoked",
  );
  assert.equal(client.state, "ended");
});

test("a wrong token is refused at once", async () => {
  await assert.rejects(
    connect({ url: server.url, token: "no-token", WebSocket }),
    (error) => error instanceof ApiError && error.code === "token_invalid",
  );
  await assert.rejects(connect({ url: server.url }), TypeError);
});

test("a room of a closed client takes no message", async () => {
  const client = await server.client(await server.account("fay"));
  const room = client.follow(general);
  await live(room);
  const left = event(room, "left");
  client.close();
  assert.deepEqual(await left, { cause: "closed" });
  await assert.rejects(room.send("unheard"), /not followed/);
  assert.ok(!(await server.contents(await fresh(), general)).includes("unheard"));
});

const fresh = () => signIn(server.url, "ann", PASSWORD);
