// Messages through a bad network: none is lost, none is doubled, and the page shows the state of each.

import { before, test } from "node:test";
import assert from "node:assert/strict";
import {
  account,
  api,
  composer,
  enters,
  fillRoom,
  hears,
  history,
  network,
  newPage,
  newTab,
  picture,
  room,
  says,
  sees,
  send,
  signsIn,
  SERVER,
  texts,
  until,
} from "./support.js";

/** The messages of a browser about connections that break. */
const BROKEN = /WebSocket connection|ERR_|Failed to load resource/;

let ann, bo, general;

before(async () => {
  ann = await account("ann", "admin");
  bo = await account("bo");
  general = await room(ann, "general");
});

const own = (token, text) =>
  history(token, general).then((all) => all.filter(({ content }) => content === text));
const banner = (page) => page.locator(".connection.shown");

test("after a lost connection every message is there once, in order, from both sides", async () => {
  const net = await network();
  const page = await enters("bo", { server: net.url, at: `/#/rooms/${general}`, expects: BROKEN });
  await says(page, "before");
  net.cut();
  await banner(page).filter({ hasText: "Connection lost" }).waitFor();
  await picture(page, "connection-lost");
  for (const text of ["typed 1", "typed 2", "typed 3"]) {
    await composer(page).fill(text);
    await composer(page).press("Enter");
  }
  assert.equal(await page.locator("li.message.pending").count(), 3);
  for (let n = 1; n <= 150; n += 1) await send(ann, general, `missed ${n}`);
  net.mend();
  // The page reconnects by itself; the button only saves time.
  const now = page.getByRole("button", { name: "Try now" });
  if (await now.isVisible()) await now.click({ timeout: 1_000 }).catch(() => {});
  await sees(page, "typed 3");
  await banner(page).waitFor({ state: "hidden" });
  const stored = (await history(bo, general)).map(({ content }) => content);
  assert.equal(stored.length, 154);
  assert.deepEqual(stored.slice(-3), ["typed 1", "typed 2", "typed 3"]);
  await until(
    "the list is the log",
    async () => JSON.stringify((await texts(page)).slice(-154)) === JSON.stringify(stored),
  );
  await until(
    "it is read",
    async () => (await api("GET", `/rooms/${general}`, undefined, bo)).read_seq === stored.length,
  );
  await page.context().close();
  net.close();
});

test("after a long absence a room starts anew rather than catching up", async () => {
  const far = await room(ann, "far");
  const net = await network();
  const page = await enters("bo", { server: net.url, at: `/#/rooms/${far}`, expects: BROKEN });
  await says(page, "before");
  net.cut();
  await banner(page).waitFor();
  await fillRoom(ann, far, 2_500);
  net.mend();
  await sees(page, "message 2500");
  assert.equal(await page.getByText("before", { exact: true }).count(), 0);
  await page.context().close();
  net.close();
});

for (const code of ["epoch_changed", "history_pruned"]) {
  test(`a position in the log that is no longer valid (${code}) is given up`, async () => {
    const page = await newPage();
    let isRefused = false;
    await page.routeWebSocket(/\/ws$/, (socket) => {
      const server = socket.connectToServer();
      socket.onMessage((text) => {
        const { type, ref, room_id } = JSON.parse(String(text));
        if (isRefused || type !== "subscribe" || room_id !== general) return server.send(text);
        isRefused = true;
        socket.send(JSON.stringify({ type: "error", code, detail: "as a test", ref, room_id }));
      });
    });
    await signsIn(page, "bo", `/#/rooms/${general}`);
    await until("it is refused", () => isRefused);
    await sees(page, "typed 3");
    await send(ann, general, `after ${code}`);
    await sees(page, `after ${code}`);
    await page.context().close();
  });
}

test("an event of a type that the page does not know is skipped, and the room resumes after it", async () => {
  const page = await newPage({ expects: BROKEN });
  let socket;
  const positions = [];
  let unknown = 0;
  await page.routeWebSocket(/\/ws$/, (opened) => {
    socket = opened;
    const server = opened.connectToServer();
    opened.onMessage((text) => {
      const { type, room_id, since } = JSON.parse(String(text));
      if (type === "subscribe" && room_id === general) positions.push(since);
      server.send(text);
    });
    server.onMessage((text) => {
      const frame = JSON.parse(String(text));
      if (frame.type !== "message_edited") return opened.send(text);
      unknown = frame.seq;
      opened.send(JSON.stringify({ ...frame, type: "message_pinned" }));
    });
  });
  await signsIn(page, "bo", `/#/rooms/${general}`);
  const { id } = await send(ann, general, "before the unknown event");
  await sees(page, "before the unknown event");
  let loads = 0;
  page.on("request", (request) => {
    if (request.url().includes("/messages?")) loads += 1;
  });
  await api("PATCH", `/rooms/${general}/messages/${id}`, { content: "edited" }, ann);
  await until("the event arrives", () => unknown > 0);
  socket.close({ code: 1011 });
  await until("the room is joined again", () => positions.length === 2);
  assert.equal(positions[1], unknown);
  await send(ann, general, "after the unknown event");
  await sees(page, "after the unknown event");
  assert.equal(loads, 0, "the messages are not loaded again");
  await page.context().close();
});

test("a changed room is shown by the event of its log alone", async () => {
  const renamed = await room(ann, "before-the-change");
  const page = await newPage();
  await page.routeWebSocket(/\/ws$/, (socket) => {
    const server = socket.connectToServer();
    server.onMessage((text) => {
      if (JSON.parse(String(text)).type !== "room_updated") socket.send(text);
    });
  });
  await signsIn(page, "bo", `/#/rooms/${renamed}`);
  await says(page, "hello");
  await api("PATCH", `/rooms/${renamed}`, { name: "after-the-change" }, ann);
  await page.getByRole("heading", { name: "after-the-change" }).waitFor();
  await page.context().close();
});

test("a message whose ack was lost is settled by the log", async () => {
  const net = await network();
  const page = await enters("bo", { server: net.url, at: `/#/rooms/${general}`, expects: BROKEN });
  await sees(page, "typed 3");
  await hears(page, general);
  // The server receives the message, but its answer does not arrive.
  net.mute();
  await composer(page).fill("only once");
  await composer(page).press("Enter");
  await until("the server has it", async () => (await own(ann, "only once")).length === 1);
  assert.equal(await page.locator("li.message.pending").count(), 1);
  net.cut();
  net.mend();
  await page.locator("li.message.pending").waitFor({ state: "detached" });
  await sees(page, "only once");
  assert.equal((await own(ann, "only once")).length, 1);
  assert.equal((await texts(page)).filter((text) => text === "only once").length, 1);
  await page.context().close();
  net.close();
});

test("a message that was not acknowledged when the page was closed is sent once when it opens again", async () => {
  const net = await network();
  const page = await enters("bo", { server: net.url, at: `/#/rooms/${general}`, expects: BROKEN });
  await sees(page, "only once");
  await hears(page, general);
  net.mute();
  await composer(page).fill("stored in a tunnel");
  await composer(page).press("Enter");
  await until("the server has it", async () => (await own(ann, "stored in a tunnel")).length === 1);
  net.cut();
  await composer(page).fill("written in a tunnel");
  await composer(page).press("Enter");
  await until(
    "both are kept",
    async () => (await page.locator("li.message.pending").count()) === 2,
  );
  const tab = await newTab(page);
  const sent = [];
  tab.on("websocket", (socket) =>
    socket.on("framesent", ({ payload }) => sent.push(String(payload))),
  );
  await page.close();
  net.mend();
  await tab.goto(`/#/rooms/${general}`);
  await sees(tab, "written in a tunnel");
  await until(
    "nothing is on its way",
    async () => (await tab.locator("li.message.pending").count()) === 0,
  );
  assert.equal(
    sent.filter((frame) => frame.includes("stored in a tunnel")).length,
    1,
    "it was sent again",
  );
  for (const text of ["stored in a tunnel", "written in a tunnel"]) {
    assert.equal((await own(bo, text)).length, 1, text);
    assert.equal((await texts(tab)).filter((shown) => shown === text).length, 1, text);
  }
  await tab.context().close();
  net.close();
});

test("a connection that falls silent is noticed when the page is looked at again", async () => {
  const net = await network();
  const page = await enters("bo", { server: net.url, at: `/#/rooms/${general}`, expects: BROKEN });
  await sees(page, "written in a tunnel");
  await hears(page, general);
  net.swallow();
  await send(ann, general, "unheard");
  await page.evaluate(() => dispatchEvent(new Event("online")));
  await until("the old connection is given up", () => banner(page).count());
  net.cut();
  net.mend();
  await sees(page, "unheard");
  await page.context().close();
  net.close();
});

const waiting = (page) => page.locator("li.message.pending chat-waiting");
/** The time from a key until the page shows a text, in milliseconds of the page's clock. */
const wordsAfterEnter = (page, selector) =>
  page.evaluate(
    (selector) =>
      new Promise((resolve) => {
        const begin = performance.now();
        const input = document.querySelector("chat-composer textarea");
        input.dispatchEvent(
          new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }),
        );
        const look = () => {
          const took = performance.now() - begin;
          if (document.querySelector(selector)?.textContent || took > 10_000) resolve(took);
          else requestAnimationFrame(look);
        };
        look();
      }),
    selector,
  );

test("a message without a quick answer is marked, while the connection seems to work", async () => {
  const net = await network();
  const page = await enters("bo", { server: net.url, at: `/#/rooms/${general}`, expects: BROKEN });
  await sees(page, "unheard");
  await hears(page, general);
  net.swallow();
  await composer(page).fill("into a tunnel");
  const took = await wordsAfterEnter(page, "chat-waiting");
  assert.ok(took < 2_000, `it took ${took} ms`);
  await waiting(page).getByText("no answer from the server yet").waitFor();
  assert.equal(await banner(page).count(), 0);
  // The page pings the server, and gives up a connection that does not answer.
  await banner(page).waitFor();
  await waiting(page).getByText("no connection yet").waitFor();
  net.cut();
  net.mend();
  await sees(page, "into a tunnel");
  assert.equal((await own(ann, "into a tunnel")).length, 1);
  await page.context().close();
  net.close();
});

test("the page says at once that it is offline, and sends when the network is back", async () => {
  const net = await network();
  const page = await enters("bo", { server: net.url, at: `/#/rooms/${general}`, expects: BROKEN });
  await sees(page, "into a tunnel");
  await hears(page, general);
  await page.evaluate(() => {
    addEventListener("offline", () => {
      const begin = performance.now();
      const look = () => {
        if (document.querySelector(".connection.shown")) window.took = performance.now() - begin;
        else requestAnimationFrame(look);
      };
      look();
    });
  });
  net.swallow();
  await page.context().setOffline(true);
  await banner(page).filter({ hasText: "This device is offline." }).waitFor();
  const took = await page.evaluate(() => window.took);
  assert.ok(took < 2_000, `it took ${took} ms`);
  await composer(page).fill("without a network");
  await composer(page).press("Enter");
  await waiting(page).getByText("no connection yet").waitFor();
  await picture(page, "offline");
  net.cut();
  net.mend();
  await page.context().setOffline(false);
  await sees(page, "without a network");
  await banner(page).waitFor({ state: "hidden" });
  assert.equal((await own(ann, "without a network")).length, 1);
  await page.context().close();
  net.close();
});

test("a server that is reachable without a network stays connected", async () => {
  const page = await newPage();
  const sockets = [];
  let pongs = 0;
  page.on("websocket", (socket) => {
    sockets.push(socket);
    socket.on("framereceived", ({ payload }) => {
      if (JSON.parse(String(payload)).type === "pong") pongs += 1;
    });
  });
  await signsIn(page, "bo", `/#/rooms/${general}`);
  await sees(page, "without a network");
  await hears(page, general);
  await page.evaluate(() => dispatchEvent(new Event("offline")));
  await until("the server has answered", () => pongs > 0);
  await says(page, "on the machine itself");
  assert.equal(sockets.length, 1);
  assert.equal(await banner(page).count(), 0);
  await page.context().close();
});

test("the page follows the advice of the protocol's document for each close code", async () => {
  const document = await (await fetch(`${SERVER}/asyncapi.json`)).json();
  const page = await enters("bo", { at: `/#/rooms/${general}` });
  const table = await page.evaluate(async () => {
    const address = document.querySelector("link[href$='src/connection.js']").href;
    return (await import(address)).AFTER_CLOSE;
  });
  for (const { code, advice } of document["x-close-codes"]) {
    const action = table[code];
    assert.ok(action, `${code} is not in the page's table`);
    assert.equal(
      ["never", "sign-in"].includes(action),
      /do not reconnect|nothing|sign in again/.test(advice),
      `${code}: ${advice}`,
    );
  }
  await page.context().close();
});

test("a token is renewed, and the connection continues with it", async () => {
  const page = await enters("bo", { at: `/#/rooms/${general}` });
  await sees(page, "on the machine itself");
  const token = () =>
    page.evaluate(() => JSON.parse(localStorage.getItem("chatapp.session")).token);
  const first = await token();
  // Tokens that are made in the same second are equal.
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  await page.evaluate(async () => {
    const address = document.querySelector("link[href$='core/login.js']").href;
    await (await import(address)).renewToken();
  });
  assert.notEqual(await token(), first);
  await says(page, "still here");
  await page.context().close();
});
