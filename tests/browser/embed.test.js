// `<chatapp-room>` in pages of another origin, with a strict policy. tests/page/embed.rs kills and starts the server.

import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { startPages, tokenFor } from "./embed-page.js";
import {
  account,
  api,
  history,
  isAccessible,
  newPage,
  picture,
  room,
  send,
  SERVER,
  until,
} from "./support.js";

const PORTS = (process.env.CHATAPP_TEST_PORTS ?? "8931 8932").split(" ").map(Number);
const { CHATAPP_TEST_PRODUCT_SECRET: SECRET } = process.env;
const CONTROL = process.env.CHATAPP_TEST_CONTROL;
/** What browsers log of refused tokens, and of a server that is not there. */
const FAILURES = /Failed to load resource|WebSocket connection|ERR_CONNECTION_REFUSED/;

let admin, pages, general, people;

before(async () => {
  admin = await account("admin", "admin");
  pages = await startPages(PORTS[0], admin);
  general = await room(admin, "Questions & answers");
  people = {};
  for (const [name, display_name] of [
    ["ann", "Ann Lee"],
    ["bo", "Bo"],
    ["eve", "Eve"],
  ]) {
    const body = { username: name, display_name };
    people[name] = (await api("POST", "/admin/users", body, admin)).id;
  }
});

/** A visitor's page with the element. */
async function visits(name, { query = "", expects = /^$/, roomId = general, ...options } = {}) {
  const page = await newPage({ server: pages.url, expects, ...options });
  await page.goto(`/?room=${roomId}&provider=${people[name]}${query}`);
  return page;
}

/** The same with a token in the markup, which the page does not renew. */
async function visitsWithToken(token, { expects = FAILURES, roomId = general } = {}) {
  const page = await newPage({ server: pages.url, expects });
  await page.goto(`/?room=${roomId}&token=${token}`);
  return page;
}

const field = (page) => page.getByRole("textbox");
const isLive = (page) => page.locator('.state[data-state="live"]').waitFor();
const sees = (page, text) =>
  page.locator(".rows:not(.unsent) .message").filter({ hasText: text }).last().waitFor();
const problem = (page, text) => page.getByRole("alert").filter({ hasText: text }).waitFor();
const texts = (page) => page.locator(".rows:not(.unsent) .prose").allInnerTexts();
const events = (page, name) =>
  page.evaluate((name) => window.events.filter((event) => event.name === name), name);

async function says(page, text) {
  await field(page).fill(text);
  await field(page).press("Enter");
  await sees(page, text);
}

test("two visitors of another site chat, and see who is typing", async () => {
  const [ann, bo] = [await visits("ann"), await visits("bo")];
  await field(ann).fill("hello **Bo**");
  await field(ann).press("Enter");
  await sees(bo, "hello Bo");
  assert.equal(await bo.locator(".prose strong").innerText(), "Bo");
  assert.equal(await bo.locator(".author").last().innerText(), "Ann Lee");
  await field(bo).pressSequentially("hi");
  await ann.getByText("Bo is typing…").waitFor();
  await field(bo).press("Shift+Enter");
  await field(bo).pressSequentially("Ann");
  await field(bo).press("Enter");
  await sees(ann, "hi\nAnn");
  await ann.getByRole("heading", { name: "Questions & answers" }).waitFor();
  const [message] = (await events(ann, "message")).filter(({ isOwn }) => !isOwn);
  assert.equal(message.message.content, "hi\nAnn");
  assert.deepEqual(
    (await events(bo, "state")).map(({ state }) => state),
    ["connecting", "live"],
  );
  await picture(bo, "embed");
  await isAccessible(bo, "the element");
});

test(
  "the element goes on after the server was killed, and misses nothing",
  { skip: !CONTROL },
  async () => {
    const [ann, bo] = [
      await visits("ann", { expects: FAILURES }),
      await visits("bo", { expects: FAILURES }),
    ];
    await says(ann, "before the crash");
    await sees(bo, "before the crash");
    await fetch(`http://${CONTROL}/kill`);
    await ann.getByText("Connection lost").waitFor();
    for (const text of ["while it was away", "and more"]) {
      await field(ann).fill(text);
      await field(ann).press("Enter");
    }
    await ann.locator(".unsent .message").filter({ hasText: "and more" }).waitFor();
    await picture(ann, "embed-lost");
    await fetch(`http://${CONTROL}/start`);
    await sees(bo, "and more");
    await until("nothing is unsent", async () => (await ann.locator(".unsent li").count()) === 0);
    const stored = (await history(admin, general)).map(({ content }) =>
      content.replaceAll("*", ""),
    );
    assert.deepEqual(await texts(ann), stored);
    assert.deepEqual(await texts(bo), stored);
  },
);

test("an unsent message survives a reload of the page", { skip: !CONTROL }, async () => {
  const ann = await visits("ann", { expects: FAILURES });
  await isLive(ann);
  await fetch(`http://${CONTROL}/kill`);
  await ann.getByText("Connection lost").waitFor();
  await field(ann).fill("written before the reload");
  await field(ann).press("Enter");
  await ann.locator(".unsent .message").waitFor();
  await fetch(`http://${CONTROL}/start`);
  await ann.reload();
  await sees(ann, "written before the reload");
});

test("the page is asked for a new token before one expires, and when one was revoked", async () => {
  pages.seconds = 60;
  pages.count = 0;
  const eve = await visits("eve", {
    expects: /Failed to load resource|WebSocket|tokenProvider failed/,
  });
  await isLive(eve);
  pages.seconds = 600;
  await until("the token was renewed", () => pages.count >= 2);
  await says(eve, "with the second token");
  const before = pages.count;
  await api("DELETE", `/admin/users/${people.eve}/sessions`, undefined, admin);
  await until("there is another token", () => pages.count > before);
  await says(eve, "with the third token");
  // What is written while there is no session is sent with the next one.
  pages.isDown = true;
  await api("DELETE", `/admin/users/${people.eve}/sessions`, undefined, admin);
  await problem(eve, "could not be signed in");
  await field(eve).fill("written without a token");
  await field(eve).press("Enter");
  await eve.locator(".unsent .message").filter({ hasText: "without a token" }).waitFor();
  pages.isDown = false;
  await sees(eve, "written without a token");
  assert.equal(await eve.getByRole("alert").count(), 0);
  const codes = (await events(eve, "error")).map(({ code }) => code);
  assert.deepEqual([...new Set(codes)], ["token_unavailable"]);
});

test("a token of the page that is revoked or wrong shows a sentence", async () => {
  const ann = await visitsWithToken(await tokenFor(people.ann, 600, admin));
  await isLive(ann);
  await api("DELETE", `/admin/users/${people.ann}/sessions`, undefined, admin);
  await problem(ann, "Your access to this chat has ended");
  assert.deepEqual(
    (await events(ann, "error")).map(({ code }) => code),
    ["token_ended"],
  );
  await picture(ann, "embed-ended");
  await isAccessible(ann, "an ended session");
  // The page gives it another one.
  const token = await tokenFor(people.ann, 600, admin);
  await ann.locator("chatapp-room").evaluate((element, token) => (element.token = token), token);
  await says(ann, "with a token of the property");

  await problem(await visitsWithToken("none"), "does not accept your access");
});

test(
  "a token that ends and that the page does not renew shows a sentence",
  { timeout: 120_000 },
  async () => {
    const ann = await visitsWithToken(await tokenFor(people.ann, 60, admin));
    await isLive(ann);
    let calls = 0;
    ann.on("request", (request) => (calls += request.url().includes("/auth/refresh") ? 1 : 0));
    ann.setDefaultTimeout(100_000);
    await problem(ann, "Your access to this chat has ended");
    assert.ok(calls < 10, `${calls} vain renewals`);
  },
);

test("a token that the product has signed is taken too", { skip: !SECRET }, async () => {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const exp = Math.floor(Date.now() / 1000) + 600;
  const claims = { iss: "https://shop.example", aud: "chat", sub: "7", name: "Gül €", exp };
  const unsigned = `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}`;
  const signature = createHmac("sha256", SECRET).update(unsigned).digest("base64url");
  const page = await visitsWithToken(`${unsigned}.${signature}`, { expects: /^$/ });
  await says(page, "from the product");
  const last = (await history(admin, general)).at(-1);
  assert.deepEqual([last.content, last.display_name], ["from the product", "Gül €"]);
});

test("what the page or the operator must mend is said", async () => {
  const expects = /.*/;
  await problem(await visits("ann", { roomId: 999, expects }), "does not exist");
  await problem(await visits("ann", { roomId: "x", expects }), 'room="1"');
  pages.isDown = true;
  await problem(await visits("ann", { expects }), "could not be signed in");
  pages.isDown = false;
  const nobody = await newPage({ server: pages.url });
  await nobody.goto(`/?room=${general}`);
  await problem(nobody, "the page has given it no token");

  // localhost is another origin than 127.0.0.1, and the settings do not name it.
  const foreign = await newPage({ expects });
  await foreign.goto(`${pages.url.replace("127.0.0.1", "localhost")}/?room=${general}&token=x`);
  await problem(foreign, "must name this origin in http.allowed_origins");

  const { policy } = pages;
  pages.policy = policy.replace(/connect-src[^;]*/, "connect-src 'self'");
  await problem(await visits("ann", { expects }), "connect-src must name");
  pages.policy = policy;
});

test("a property changes a colour, and the page may choose the dark scheme", async () => {
  const colours = (page) =>
    page
      .locator(".room")
      .evaluate((node) => [
        getComputedStyle(node.querySelector(".composer button")).backgroundColor,
        getComputedStyle(node).backgroundColor,
      ]);
  const plain = await visits("ann");
  await isLive(plain);
  assert.deepEqual(await colours(plain), ["rgb(13, 107, 95)", "rgb(255, 255, 255)"]);
  const themed = await visits("ann", { query: "&class=themed" });
  await isLive(themed);
  assert.deepEqual(await colours(themed), ["rgb(200, 0, 100)", "rgb(26, 27, 29)"]);
  const dark = await visits("ann", { colorScheme: "dark", reducedMotion: "reduce" });
  await sees(dark, "hello Bo");
  assert.deepEqual(await colours(dark), ["rgb(98, 201, 183)", "rgb(26, 27, 29)"]);
  await isAccessible(dark, "dark colours");
  await picture(dark, "embed-dark");
});

test("the keyboard is enough", async () => {
  const ann = await visits("ann");
  await sees(ann, "hello Bo");
  const focused = () =>
    ann.evaluate(() => {
      const { activeElement } = document.querySelector("chatapp-room").shadowRoot;
      return activeElement?.getAttribute("role") ?? activeElement?.localName;
    });
  await ann.keyboard.press("Tab");
  assert.equal(await focused(), "log");
  await ann.keyboard.press("Tab");
  assert.equal(await focused(), "textarea");
  await ann.keyboard.type("by keys");
  await ann.keyboard.press("Tab");
  assert.equal(await focused(), "button");
  await ann.keyboard.press("Enter");
  await sees(ann, "by keys");
  assert.equal(await focused(), "textarea");
});

test("a refused message can be edited and discarded", async () => {
  const ann = await visits("ann");
  await isLive(ann);
  await until("the limit is known", () =>
    ann.evaluate(() =>
      performance.getEntriesByType("resource").some(({ name }) => name.endsWith("/auth/setup")),
    ),
  );
  const { message_chars } = await api("GET", "/auth/setup");
  await field(ann).fill("x".repeat(message_chars + 1));
  await field(ann).press("Enter");
  await ann.getByText("Not sent: ").waitFor();
  assert.equal((await events(ann, "error")).length, 1);
  await ann.getByRole("button", { name: "Edit" }).click();
  assert.equal((await field(ann).inputValue()).length, message_chars + 1);
  await field(ann).press("Enter");
  await ann.getByRole("button", { name: "Discard" }).click();
  await until("it is gone", async () => (await ann.locator(".unsent li").count()) === 0);
});

test("keys of an input method send nothing", async () => {
  const ann = await visits("ann");
  await isLive(ann);
  await field(ann).fill("にほ");
  for (const way of [{ isComposing: true }, { keyCode: 229 }])
    await field(ann).evaluate(
      (input, way) =>
        input.dispatchEvent(
          new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true, ...way }),
        ),
      way,
    );
  assert.equal(await field(ann).inputValue(), "にほ");
  await field(ann).press("Enter");
  await sees(ann, "にほ");
});

test("hostile text stays text", async () => {
  const hostile = await room(admin, "<img src=x onerror=alert(1)>");
  const marks = "[x](javascript:alert(1)) <script>alert(1)</script> <img src=x onerror=alert(1)>";
  await send(admin, hostile, marks);
  await send(
    admin,
    hostile,
    `${"**__~~".repeat(300)} ${"[".repeat(300)} @ann :tada: ${"w".repeat(900)}`,
  );
  const ann = await visits("ann", { roomId: hostile });
  await sees(ann, "🎉");
  assert.equal(await ann.locator("script, img", { hasText: "" }).count(), 2, "only the page's own");
  assert.equal(await ann.locator('a[href^="javascript"]').count(), 0);
  await ann.getByRole("heading", { name: "<img src=x onerror=alert(1)>" }).waitFor();
  assert.ok(await isNotWide(ann));
});

/** Nothing is wider than the page. */
const isNotWide = (page) =>
  page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    const log = document.querySelector("chatapp-room").shadowRoot.querySelector(".log");
    return scrollWidth <= clientWidth && log.scrollWidth <= log.clientWidth;
  });

test("older pages come when the reader scrolls up, and nothing moves", async () => {
  const long = await room(admin, "long");
  for (let number = 1; number <= 230; number += 1) await send(admin, long, `number ${number}`);
  const ann = await visits("ann", { roomId: long });
  await sees(ann, "number 230");
  const log = ann.getByRole("log");
  const { top } = await log.evaluate(async (box) => {
    // The list goes to its end once its size is known.
    for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
    box.scrollTop = 250;
    const row = box.querySelector(".message:nth-of-type(5)");
    window.kept = row;
    return { top: row.getBoundingClientRect().top };
  });
  await until("older ones are loaded", async () => (await texts(ann)).length === 200);
  const moved = (await ann.evaluate(() => window.kept.getBoundingClientRect().top)) - top;
  assert.ok(Math.abs(moved) < 2, `moved by ${moved}`);
  await send(admin, long, "new below");
  await sees(ann, "new below");
  await ann.getByRole("button", { name: "Newest messages" }).click();
  await until("it is at the end", () =>
    log.evaluate((box) => box.scrollHeight - box.clientHeight - box.scrollTop < 2),
  );
});

test("the element fits a phone", async () => {
  const ann = await visits("ann", { viewport: { width: 320, height: 560 }, hasTouch: true });
  await sees(ann, "hello Bo");
  assert.ok(await isNotWide(ann));
  const box = await ann.getByRole("button", { name: "Send" }).boundingBox();
  assert.ok(box.x + box.width <= 320 && box.height >= 24, JSON.stringify(box));
  await picture(ann, "embed-phone");
});

test("the example shop lets its own visitors chat", async () => {
  const bot = {
    username: "shop",
    role: "admin",
    token: { name: "shop", scopes: ["rooms", "admin"] },
  };
  const { token } = (await api("POST", "/bots", bot, admin)).token;
  const folder = mkdtempSync(`${tmpdir()}/shop-`);
  const shop = spawn("node", [new URL("../../examples/shop/server.js", import.meta.url).pathname], {
    cwd: folder,
    env: {
      ...process.env,
      CHAT_URL: SERVER,
      CHAT_ADMIN_TOKEN: token,
      SHOP_PORT: String(PORTS[1]),
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  after(() => {
    shop.kill();
    rmSync(folder, { recursive: true });
  });
  await new Promise((resolve) => shop.stdout.once("data", resolve));
  const visitors = [];
  for (const name of ["Cleo <b>", "Dan"]) {
    const page = await newPage({ server: `http://127.0.0.1:${PORTS[1]}` });
    await page.goto("/");
    await page.getByLabel("Your name").fill(name);
    await page.getByRole("button", { name: "Sign in" }).click();
    await isLive(page);
    visitors.push(page);
  }
  const [cleo, dan] = visitors;
  await says(cleo, "Is the tea organic?");
  await sees(dan, "Is the tea organic?");
  assert.equal(await dan.locator(".author").last().innerText(), "Cleo <b>");
  await says(dan, "Yes, it says so on the bag.");
  await sees(cleo, "Yes, it says so");
  await cleo.reload();
  await sees(cleo, "Yes, it says so");
  await isAccessible(cleo, "the shop");
  await picture(cleo, "embed-shop");
  await cleo.setViewportSize({ width: 375, height: 667 });
  await picture(cleo, "embed-shop-phone");
});
