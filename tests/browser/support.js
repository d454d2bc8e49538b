// Shared by the tests of the page: a browser, signed-in users, calls of the API, and a network that can be cut.
// The server is a real one; tests/page.rs starts it and passes its address.

import { after, afterEach } from "node:test";
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { connect, createServer } from "node:net";
import { existsSync, mkdirSync } from "node:fs";
import { chromium } from "playwright-core";

export const SERVER = process.env.CHATAPP_TEST_URL ?? "http://localhost:8000";
export const PASSWORD = "correct horse battery";
/** The folder for screenshots, if it is given. */
const PICTURES = process.env.CHATAPP_TEST_PICTURES;
/** Long, so that a loaded machine does not fail a test. A test that passes does not wait for it. */
export const DEADLINE_MS = Number(process.env.CHATAPP_TEST_DEADLINE_MS ?? 30_000);

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** @type {import("playwright-core").Browser} */
let browser;
/** The errors of all pages since the last test. */
let faults = [];
/** The rooms for which each page has received `synced`. */
const synced = new WeakMap();

/** The path of the installed browser. */
/** The shell has the same engine as the browser without its windows, and needs a third less of a processor. */
function chromiumPath() {
  const folders = (process.env.PATH ?? "").split(":");
  const names = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"];
  const found = names
    .flatMap((name) => folders.map((folder) => `${folder}/${name}`))
    .find(existsSync);
  assert.ok(found, "there is no Chromium: scripts/test installs it");
  return found;
}

async function theBrowser() {
  browser ??= await chromium.launch({
    executablePath: chromiumPath(),
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--disable-dev-shm-usage",
    ],
  });
  return browser;
}

after(async () => {
  await browser?.close();
});
afterEach(() => {
  const found = faults;
  faults = [];
  assert.deepEqual(found, [], "the page has errors");
});

/** A page with a browser profile of its own. Its errors and warnings fail the test, except those that match `expects`. */
export async function newPage({ expects = /^$/, server = SERVER, ...options } = {}) {
  const context = await (
    await theBrowser()
  ).newContext({
    viewport: { width: 1280, height: 800 },
    baseURL: server,
    locale: "en-GB",
    ...options,
  });
  context.setDefaultTimeout(DEADLINE_MS);
  const page = await context.newPage();
  watch(page, expects);
  return page;
}

/** Another tab of the same profile. */
export async function newTab(page) {
  const tab = await page.context().newPage();
  watch(tab, /^$/);
  return tab;
}

function watch(page, expects) {
  const note = (text) => expects.test(text) || faults.push(text);
  page.on("pageerror", (error) => note(`uncaught: ${error.stack ?? error}`));
  page.on("console", (message) => {
    if (!["error", "warning"].includes(message.type())) return;
    note(`${message.type()}: ${message.text()} (${message.location().url})`);
  });
  synced.set(page, new Set());
  page.on("websocket", (socket) =>
    socket.on("framereceived", ({ payload }) => {
      const frame = JSON.parse(String(payload));
      if (frame.type === "synced") synced.get(page).add(frame.room_id);
    }),
  );
  page.addInitScript(() =>
    addEventListener("securitypolicyviolation", (event) =>
      console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`),
    ),
  );
}

/** Calls the API. */
export async function api(method, path, body, token) {
  const answer = await fetch(SERVER + path, {
    method,
    headers: {
      "Content-Type": "application/json",
      ...(token && { Authorization: `Bearer ${token}` }),
    },
    body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : null;
}

/** Makes an account and returns a token for it. */
export async function account(username, role) {
  const email = `${username}@example.com`;
  await api("POST", "/auth/signup", { username, email, password: PASSWORD, role });
  return (await api("POST", "/auth/login", { username, password: PASSWORD })).access_token;
}

export async function room(token, name, description = null) {
  return (await api("POST", "/rooms/", { name, description }, token)).id;
}

export const send = (token, roomId, content) =>
  api("POST", `/rooms/${roomId}/messages`, { content }, token);

/** Sends many messages over one socket, without waiting for each ack. The browser opens the socket: Node has none. */
export async function fillRoom(token, roomId, count) {
  const page = await newPage();
  await page.goto("/");
  await page.evaluate(
    ([token, roomId, count]) =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(`ws://${location.host}/ws/${roomId}`, [
          "chatapp.v1",
          `bearer.${token}`,
        ]);
        let sent = 0;
        let acked = 0;
        const more = () => {
          while (sent < count && sent - acked < 200) {
            sent += 1;
            const lines = sent % 7 === 0 ? "\nwith a second line\nand a third one" : "";
            socket.send(
              JSON.stringify({ type: "send", room_id: roomId, content: `message ${sent}${lines}` }),
            );
          }
        };
        socket.onerror = reject;
        socket.onmessage = ({ data }) => {
          if (data.includes('"type":"synced"')) more();
          if (!data.includes('"type":"ack"')) return;
          acked += 1;
          if (acked === count) resolve(undefined);
          else more();
        };
      }),
    [token, roomId, count],
  );
  await page.context().close();
}

/** Every message of a room, as the API has it. */
export async function history(token, roomId) {
  const messages = [];
  for (let after = 0; after !== null;) {
    const page = await api(
      "GET",
      `/rooms/${roomId}/messages?limit=200&after=${after}`,
      undefined,
      token,
    );
    messages.push(...page.messages);
    after = page.has_newer ? page.next_after : null;
  }
  return messages;
}

/** A page in which the user is signed in. */
export async function enters(username, { at = "/", ...options } = {}) {
  const page = await newPage(options);
  await signsIn(page, username, at);
  return page;
}

export async function signsIn(page, username, at) {
  await page.goto(at);
  await page.getByLabel("Username").fill(username);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator("chat-shell").waitFor();
}

export const composer = (page) => page.locator("chat-composer textarea");

/** Writes a message in the composer, and waits until it is in the list. */
export async function says(page, text) {
  await composer(page).fill(text);
  await composer(page).press("Enter");
  await page.locator("li.message:not(.pending)").filter({ hasText: text }).last().waitFor();
}

/** Waits for a message in the list. */
export const sees = (page, text) =>
  page.locator("li.message:not(.pending)").filter({ hasText: text }).last().waitFor();

/** Calls `ask` until it returns something true. */
export async function until(what, ask) {
  const end = Date.now() + DEADLINE_MS;
  for (;;) {
    const found = await ask();
    if (found) return found;
    assert.ok(Date.now() < end, `not within the deadline: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Waits until the page receives the events of the room. A message in its list may have been loaded before that. */
export const hears = (page, roomId) => until("it is live", () => synced.get(page).has(roomId));

/** The texts of the messages in the list, in order. */
export const texts = (page) => page.locator("li.message .prose").allInnerTexts();

/** Fails if axe finds a violation of WCAG 2.2 A and AA or of its best practices. */
export async function isAccessible(page, what) {
  // Through the debugger: the page's policy forbids scripts from elsewhere.
  await page.evaluate(await (await import("node:fs/promises")).readFile(AXE, "utf8"));
  // During a transition a colour may not have enough contrast.
  await page.evaluate(() =>
    Promise.allSettled(
      document
        .getAnimations()
        .filter((animation) => animation.effect.getComputedTiming().endTime !== Infinity)
        .map((animation) => animation.finished),
    ),
  );
  const { violations } = await page.evaluate(() =>
    window.axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }),
  );
  const found = violations.map(
    ({ id, nodes }) =>
      `${id}: ${nodes
        .map(({ html, failureSummary }) => `${html.slice(0, 200)} ${failureSummary}`)
        .join("; ")}`,
  );
  assert.deepEqual(found, [], what);
}

export async function picture(page, name) {
  if (!PICTURES) return;
  mkdirSync(PICTURES, { recursive: true });
  await page.screenshot({ path: `${PICTURES}/${name}.png` });
}

/** A network between the browser and the server that can be cut without notice to either. */
export async function network() {
  const target = new URL(SERVER);
  let sockets = new Set();
  let isCut = false;
  let isMute = false;
  const server = createServer((near) => {
    if (isCut) return near.destroy();
    const far = connect(Number(target.port), target.hostname);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ]) {
      // A test that fails does not close the socket. Node must end even then.
      one.unref();
      one.on("data", (data) => isCut || (isMute && one === far) || other.write(data));
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
      sockets.add(one);
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    /** Connections break, and new ones fail. */
    cut() {
      isCut = true;
      for (const socket of sockets) socket.destroy();
      sockets = new Set();
    },
    /** The server still receives, but nothing that it sends arrives. */
    mute() {
      isMute = true;
    },
    /** Nothing arrives any more, and no connection is closed. */
    swallow() {
      isCut = true;
    },
    mend() {
      isCut = isMute = false;
    },
    close() {
      this.cut();
      server.close();
    },
  };
}
