// Previews of links, with a linked site on this machine that the server may fetch.

import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { createServer } from "node:http";
import {
  SERVER,
  account,
  api,
  enters,
  isAccessible,
  picture,
  room,
  sees,
  send,
  until,
} from "./support.js";

const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

let ann, site, url;
/** The paths that were asked for. */
const hits = [];
/** Answers that wait, by path. */
const gates = new Map();

before(async () => {
  ann = await account("ann", "admin");
  site = createServer(async ({ url: path }, answer) => {
    hits.push(path);
    if (path === "/tea.png") return answer.setHeader("Content-Type", "image/png").end(PNG);
    if (path.startsWith("/gated")) await new Promise((open) => gates.set(path, open));
    const image = path.startsWith("/tea") ? "<meta property=og:image content=/tea.png>" : "";
    answer.setHeader("Content-Type", "text/html; charset=utf-8");
    answer.end(
      `<title>Page ${path} <script>alert(1)</script></title>${image}
       <meta property="og:description" content="${"How to make it. ".repeat(20)}">
       <meta property="og:site_name" content="The kitchen">`,
    );
  });
  await new Promise((done) => site.listen(0, "127.0.0.1", done));
  url = `http://127.0.0.1:${site.address().port}`;
});
after(() => site.close());

const rowOf = (page, text) => page.locator("li.message").filter({ hasText: text });

async function fill(id, count, name) {
  for (let number = 1; number <= count; number += 1) await send(ann, id, `${name} ${number}`);
}

/** The page in which all messages have been read, so that it shows the newest. */
async function entersAtEnd(id, options) {
  const { head_seq } = await api("GET", `/rooms/${id}`, undefined, ann);
  await api("PUT", `/rooms/${id}/read`, { seq: head_seq }, ann);
  return enters("ann", { at: `/#/rooms/${id}`, ...options });
}

/** The place of a row on the screen, and its height. */
const box = (page, text) => rowOf(page, text).boundingBox();

test("a link has a card with what its page says, and the page asks no other server", async () => {
  const id = await room(ann, "cards");
  await send(ann, id, `See ${url}/tea, and \`${url}/code\` and ||${url}/spoiler||.`);
  const asked = [];
  const page = await enters("ann");
  page.on("request", (request) => asked.push(request.url()));
  await page.goto(`/#/rooms/${id}`);
  const card = rowOf(page, "See ").locator(".preview");
  const title = card.getByRole("link");
  await title.waitFor();
  assert.equal(await card.count(), 1);
  assert.equal(await title.innerText(), "Page /tea <script>alert(1)</script>");
  assert.equal(await title.getAttribute("href"), `${url}/tea`);
  assert.equal(await title.getAttribute("rel"), "noopener noreferrer");
  assert.equal(
    await card.locator(".preview-site").innerText(),
    `${new URL(url).host} · The kitchen`,
  );
  assert.match(await card.locator(".preview-text").innerText(), /^How to make it\./);
  const size = await card.boundingBox();
  await until("the image is shown", () =>
    card.locator("img").evaluate((image) => image.complete && image.naturalWidth === 1),
  );
  assert.deepEqual(await card.boundingBox(), size, "the image has moved something");
  assert.ok(!hits.includes("/code"));
  for (const address of asked) {
    assert.ok(address.startsWith(SERVER) || address.startsWith("blob:"), address);
  }
  await isAccessible(page, "a card");
  await picture(page, "preview");
  await page.setViewportSize({ width: 320, height: 640 });
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  assert.equal(overflow, 0);
  await picture(page, "preview-narrow");
});

test("a card follows an edit, and goes with the message", async () => {
  const id = await room(ann, "edits");
  const message = await send(ann, id, `one ${url}/one`);
  const page = await entersAtEnd(id);
  await rowOf(page, "one").locator(".preview").getByText("Page /one").waitFor();
  const path = `/rooms/${id}/messages/${message.id}`;
  await api("PATCH", path, { content: `two ${url}/two` }, ann);
  await rowOf(page, "two").locator(".preview").getByText("Page /two").waitFor();
  assert.equal(await page.locator(".preview").count(), 1);
  await api("DELETE", path, undefined, ann);
  await page.getByText("This message was deleted.").waitFor();
  assert.equal(await page.locator(".preview").count(), 0);
});

test("a page is fetched when its message comes near, and not before", async () => {
  const id = await room(ann, "lazy");
  await send(ann, id, `first ${url}/far`);
  await fill(id, 40, "line");
  await send(ann, id, `last ${url}/near`);
  const page = await entersAtEnd(id);
  await rowOf(page, "last").locator(".preview").waitFor();
  assert.ok(!hits.includes("/far"));
  await rowOf(page, "first").scrollIntoViewIfNeeded();
  await rowOf(page, "first").locator(".preview").waitFor();
  assert.ok(hits.includes("/far"));
});

for (const viewport of [
  { width: 1280, height: 800 },
  { width: 360, height: 640 },
]) {
  test(`a reader keeps the place when cards appear, ${viewport.width} wide`, async () => {
    const id = await room(ann, `place ${viewport.width}`);
    const path = `/gated/${viewport.width}`;
    await fill(id, 30, "before");
    await send(ann, id, `linked ${url}${path}`);
    await fill(id, 30, "after");
    const page = await entersAtEnd(id, { viewport });
    await sees(page, "after 30");
    // The upper part of the row is above the edge of the list.
    await page.locator(".scroller").evaluate((scroller) => {
      const row = [...scroller.querySelectorAll("li.message")].find((it) =>
        it.textContent?.includes("linked"),
      );
      const { top } = row.getBoundingClientRect();
      scroller.scrollTop += top - scroller.getBoundingClientRect().top + 8;
    });
    await until("the page is asked for", () => gates.has(path));
    const before = await box(page, "linked");
    gates.get(path)();
    await rowOf(page, "linked").locator(".preview").waitFor();
    const grown = await box(page, "linked");
    assert.ok(grown.height > before.height + 40, "the card has no height");
    assert.ok(Math.abs(grown.y - before.y) <= 2, `${before.y} became ${grown.y}`);
  });
}

test("a reader at the end stays there when a card appears", async () => {
  const id = await room(ann, "end");
  await fill(id, 30, "line");
  const page = await entersAtEnd(id);
  await sees(page, "line 30");
  await send(ann, id, `linked ${url}/gated/end`);
  await until("the page is asked for", () => gates.has("/gated/end"));
  gates.get("/gated/end")();
  await rowOf(page, "linked").locator(".preview").waitFor();
  const left = await page
    .locator(".scroller")
    .evaluate((it) => it.scrollHeight - it.clientHeight - it.scrollTop);
  assert.ok(left <= 2, `${left} px from the end`);
});
