// Shared by the tests: a real server that can be killed and started again, accounts, and a network that can be cut.
//
// CHATAPP_TEST_PROGRAM names the server's program. With CHATAPP_TEST_DATABASE_URL the server uses that database, which
// must be new and empty; without it, each server has an SQLite file of its own. tests/sdk.rs sets both.

import { after } from "node:test";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect as connectTo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, signIn } from "../src/index.js";
import { PASSWORD, WebSocket, packages } from "./environment.js";

export { PASSWORD, WebSocket, packages };

/** Long, so that a loaded machine does not fail a test. A test that passes does not wait for it. */
export const DEADLINE_MS = Number(process.env.CHATAPP_TEST_DEADLINE_MS ?? 60_000);

/** What is to be done when all tests of the file have ended. @type {(() => unknown)[]} */
const endings = [];
export const atEnd = (ending) => void endings.unshift(ending);
after(async () => {
  for (const ending of endings) await ending();
});

/** Without the limits for people, and with a quick check of passwords. */
const SETTINGS = {
  CHATAPP_AUTH__BCRYPT_COST: "4",
  CHATAPP_LIMITS__SENDS_PER_SECOND: "0",
  CHATAPP_LIMITS__JOINS_PER_SECOND: "0",
  CHATAPP_LIMITS__SOCKETS_PER_USER: "0",
};

/** A folder that is deleted after the tests. */
export function folder() {
  const made = mkdtempSync(join(tmpdir(), "chatapp-sdk-"));
  atEnd(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** A running server. */
export class Server {
  url = "";
  #bind = "127.0.0.1:0";
  #folder = folder();
  /** @type {import("node:child_process").ChildProcess} */
  #child;

  /** @param {Record<string, string>} [settings] environment variables */
  constructor(settings = {}) {
    this.settings = settings;
    atEnd(() => this.kill());
  }

  /** @param {Record<string, string>} [settings] */
  static async start(settings) {
    const server = new Server(settings);
    await server.start();
    return server;
  }

  /** Starts the server, on the same address as before. */
  async start() {
    const program = process.env.CHATAPP_TEST_PROGRAM;
    assert.ok(program, "CHATAPP_TEST_PROGRAM must name the server's program");
    const database = process.env.CHATAPP_TEST_DATABASE_URL ?? "sqlite://chatapp.db";
    const child = spawn(program, ["serve", "--bind", this.#bind, "--database", database], {
      cwd: this.#folder,
      env: { ...process.env, ...SETTINGS, ...this.settings },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    let said = "";
    const address = await new Promise((resolve, reject) => {
      const read = (/** @type {Buffer} */ data) => {
        said += data;
        const found = /listening on +http:\/\/(127\.0\.0\.1:\d+)/.exec(said);
        if (found) resolve(found[1]);
      };
      child.stdout.on("data", read);
      child.stderr.on("data", read);
      child.on("exit", () => reject(new Error(`the server has ended:\n${said}`)));
      child.on("error", reject);
    });
    this.#bind = address;
    this.url = `http://${address}`;
  }

  /** Ends the server at once, as a crash does. */
  async kill() {
    if (!this.#child || this.#child.exitCode !== null || this.#child.signalCode) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }

  /** Kills the server and starts it again. */
  async crash() {
    await this.kill();
    await this.start();
  }

  /** Makes an account and returns a session of it. The first one is an admin. */
  async account(username) {
    const body = { username, email: `${username}@example.com`, password: PASSWORD };
    const role = this.#hasAdmin ? undefined : "admin";
    await this.call("POST", "/auth/signup", { ...body, role });
    this.#hasAdmin = true;
    return signIn(this.url, username, PASSWORD);
  }
  #hasAdmin = false;

  /** Makes a room. */
  async room(session, name) {
    return (await this.call("POST", "/rooms/", { name }, session)).id;
  }

  /** Calls the API, past the SDK. */
  async call(method, path, body, session) {
    const answer = await fetch(this.url + path, {
      method,
      headers: {
        "Content-Type": "application/json",
        ...(session && { Authorization: `Bearer ${session.token}` }),
      },
      body: body && JSON.stringify(body),
    });
    const text = await answer.text();
    assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }

  /** The contents of every message of a room, as the API has them. */
  async contents(session, roomId) {
    const contents = [];
    for (let seq = 0; seq !== null;) {
      const path = `/rooms/${roomId}/messages?limit=200&after=${seq}`;
      const page = await this.call("GET", path, undefined, session);
      contents.push(...page.messages.map(({ content }) => content));
      seq = page.has_newer ? page.next_after : null;
    }
    return contents;
  }

  /** A client that is closed after the tests. */
  async client(session, options = {}) {
    const client = await connect({ url: this.url, session, WebSocket, ...options });
    atEnd(() => client.close());
    return client;
  }
}

/** Waits until a condition is met. It is checked whenever something may have happened. */
export async function until(what, isMet, signal = every(20)) {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const found = await isMet();
    if (found) return found;
    assert.ok(Date.now() < deadline, `not in time: ${what}`);
    await signal();
  }
}

const every = (ms) => () => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits for an event of a client or a room. */
export function event(emitter, kind, fits = () => true) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${String(kind)} in time`)), DEADLINE_MS);
    const end = emitter.on(kind, (value) => {
      if (!fits(value)) return;
      clearTimeout(timer);
      end();
      resolve(value);
    });
  });
}

/** Waits until a room has caught up. */
export const live = (room) => until("the room has caught up", () => room.isLive);

/** The events of a room's log from now on. */
export function record(room) {
  const events = [];
  room.on("event", (it) => events.push(it));
  return events;
}

/** Fails if an event is missing, doubled or out of order. */
export function isGapless(events) {
  const seqs = events.map(({ seq }) => seq);
  const first = seqs[0] ?? 0;
  assert.deepEqual(
    seqs,
    seqs.map((_, at) => first + at),
  );
}

/** A network between clients and a server. */
export async function network(server) {
  const target = new URL(server.url);
  /** @type {Set<import("node:net").Socket>} */
  const sockets = new Set();
  let isStopped = false;
  const listener = createServer((near) => {
    const far = connectTo(Number(target.port), target.hostname);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ]) {
      one.on("data", (data) => {
        if (!other.write(data)) one.pause();
      });
      other.on("drain", () => (isStopped && one === far ? undefined : one.resume()));
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
      sockets.add(one);
    }
    far.isFar = true;
    if (isStopped) far.pause();
  });
  await new Promise((resolve) => listener.listen(0, "127.0.0.1", () => resolve(undefined)));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  atEnd(() => {
    cut();
    listener.close();
  });
  return {
    url: `http://127.0.0.1:${listener.address().port}`,
    /** Connections break. New ones are possible. */
    cut,
    /** Nothing that the server sends is read any more. */
    stopReading() {
      isStopped = true;
      for (const socket of sockets) if (socket.isFar) socket.pause();
    },
    goOnReading() {
      isStopped = false;
      for (const socket of sockets) if (socket.isFar) socket.resume();
    },
  };
}

/** Runs a Node program, and collects the lines that it writes. */
export function run(file, args, options = {}) {
  const child = spawn(process.execPath, [file, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    ...options,
    // The variable is for processes of the test runner.
    env: { ...(options.env ?? process.env), NODE_TEST_CONTEXT: undefined },
  });
  const lines = [];
  let rest = "";
  child.stdout.on("data", (data) => {
    const parts = (rest + data).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts);
  });
  const ended = once(child, "close").then(([code]) => code);
  atEnd(() => child.kill("SIGKILL"));
  return { child, lines, ended };
}
