// The place of a reader stays in sight when a height changes: the end for a reader at the end, otherwise the
// first message in sight. On a wide page and on a phone.

import { before, test } from "node:test";
import assert from "node:assert/strict";
import {
  account,
  api,
  composer,
  enters,
  fillRoom,
  history,
  network,
  newPage,
  room,
  says,
  sees,
  send,
  signsIn,
  until,
} from "./support.js";

/** The messages of a browser about connections that break. */
const BROKEN = /WebSocket connection|ERR_|Failed to load resource/;
const SIZES = {
  "a wide page": { viewport: { width: 1280, height: 800 } },
  "a phone": { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
};

let ann, bo, other;

before(async () => {
  ann = await account("ann", "admin");
  bo = await account("bo");
  other = await room(ann, "elsewhere");
});

/** Makes a room with thirty short messages of bo. */
async function lines(name, count = 30) {
  const id = await room(ann, name);
  for (let n = 1; n <= count; n += 1) await send(bo, id, `line ${n}`);
  return id;
}

const seqs = (page) =>
  page.locator("li.message").evaluateAll((all) => all.map((it) => Number(it.dataset.seq)));
const scroller = (page) => page.locator(".scroller");
/** Waits two frames, after which the page has reacted to a change of its layout. */
const settled = (page) =>
  page.evaluate(
    () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
  );
/** The distance of the end of the list from the visible part, and of the last message from the composer. */
const gaps = (page) =>
  scroller(page).evaluate((it) => {
    const last = [...it.querySelectorAll("li.message")].at(-1);
    return {
      scroll: Math.round(it.scrollHeight - it.clientHeight - it.scrollTop),
      hidden: Math.max(
        0,
        Math.round(last.getBoundingClientRect().bottom - it.getBoundingClientRect().bottom),
      ),
    };
  });
async function isAtEnd(page, what) {
  await settled(page);
  const { scroll, hidden } = await gaps(page);
  assert.ok(scroll <= 1 && hidden === 0, `${what}: ${scroll} to the end, ${hidden} hidden`);
}
/** The first message that is wholly in sight, and its position on the screen. */
const place = (page) =>
  scroller(page).evaluate((it) => {
    const { top } = it.getBoundingClientRect();
    const row = [...it.querySelectorAll("li.message")].find(
      (row) => row.getBoundingClientRect().top >= top,
    );
    return { text: row.querySelector(".prose").innerText, top: row.getBoundingClientRect().top };
  });
/** The position of a message on the screen. */
const topOf = (page, text) =>
  page
    .locator("li.message")
    .filter({ has: page.getByText(text, { exact: true }) })
    .evaluate((it) => it.getBoundingClientRect().top);
async function isAt(page, { text, top }, what) {
  await settled(page);
  const now = await topOf(page, text);
  assert.ok(Math.abs(now - top) <= 2, `${what}: ${text} went from ${top} to ${now}`);
}
/** Scrolls as a reader does, and waits until the page has handled it. */
async function scrollsUp(page, share = 0.5) {
  await scroller(page).evaluate((it, share) => {
    it.scrollTop = (it.scrollHeight - it.clientHeight) * share;
  }, share);
  await settled(page);
  return place(page);
}

for (const [where, options] of Object.entries(SIZES)) {
  for (const count of [1, 5, 15]) {
    test(`on ${where}, a room that is opened again shows ${count} new messages and marks them as read`, async () => {
      const id = await room(ann, `back-${count}-${options.viewport.width}`);
      const page = await enters("ann", { at: `/#/rooms/${id}`, ...options });
      for (let n = 1; n <= 30; n += 1) await says(page, `line ${n}`);
      await isAtEnd(page, "before");
      await page.goto(`/#/rooms/${other}`);
      await page.getByPlaceholder("Message #elsewhere").waitFor();
      for (let n = 1; n <= count; n += 1) await send(bo, id, `new ${n}`);
      const entry = page.locator("chat-room-entry").filter({
        hasText: `back-${count}-${options.viewport.width}`,
      });
      await until("it is counted", async () =>
        (await entry.textContent()).includes(`${count} unread`),
      );
      if (options.isMobile) await page.getByRole("link", { name: "All rooms" }).click();
      await entry.click();
      await sees(page, `new ${count}`);
      await isAtEnd(page, "after");
      assert.ok(await page.locator("li.unread-line").isVisible());
      const { seq } = (await history(ann, id)).at(-1);
      await until(
        "it is read",
        async () => (await api("GET", `/rooms/${id}`, undefined, ann)).read_seq === seq,
      );
      await until("nothing is unread", async () => !/unread/.test(await entry.textContent()));
      await page.context().close();
    });
  }

  test(`on ${where}, a reader at the end stays there when a height changes`, async () => {
    const net = await network();
    const id = await lines(`end-${options.viewport.width}`);
    const page = await enters("ann", {
      at: `/#/rooms/${id}`,
      server: net.url,
      expects: BROKEN,
      ...options,
    });
    await sees(page, "line 30");
    await isAtEnd(page, "at first");
    await composer(page).fill("1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12");
    await isAtEnd(page, "a composer of twelve lines");
    await composer(page).fill("");
    await isAtEnd(page, "a composer of one line");
    const { width, height } = options.viewport;
    for (const size of [
      { width, height: height - 320 },
      { width, height },
      { width: height, height: width },
      { width: 320, height },
      { width, height },
    ]) {
      await page.setViewportSize(size);
      await isAtEnd(page, JSON.stringify(size));
    }
    for (const index of [3, -1]) {
      await page
        .locator("li.message")
        .nth(index)
        .evaluate((row) => row.style.setProperty("padding-block-end", "150px"));
      await isAtEnd(page, "a row that became higher");
    }
    await page.evaluate(() => document.documentElement.style.setProperty("font-size", "20px"));
    await isAtEnd(page, "another font");
    net.cut();
    await page.locator(".connection.shown").waitFor();
    await isAtEnd(page, "a line about the connection");
    await send(bo, id, "while away");
    net.mend();
    await sees(page, "while away");
    await page.locator(".connection.shown").waitFor({ state: "hidden" });
    await isAtEnd(page, "connected again");
    await until(
      "it is read",
      async () => (await api("GET", `/rooms/${id}`, undefined, ann)).read_seq === 31,
    );
    await page.context().close();
    net.close();
  });

  test(`on ${where}, a reader further up keeps the place when a height changes`, async () => {
    const net = await network();
    const id = await lines(`place-${options.viewport.width}`, 60);
    const page = await enters("ann", {
      at: `/#/rooms/${id}`,
      server: net.url,
      expects: BROKEN,
      ...options,
    });
    await sees(page, "line 60");
    const kept = await scrollsUp(page);
    await composer(page).fill("1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12");
    await isAt(page, kept, "a composer of twelve lines");
    await composer(page).fill("");
    await isAt(page, kept, "a composer of one line");
    const { width, height } = options.viewport;
    for (const size of [
      { width, height: height - 320 },
      { width, height },
      { width: height, height: width },
      { width, height },
    ]) {
      await page.setViewportSize(size);
      await isAt(page, kept, JSON.stringify(size));
    }
    for (const index of [2, -1]) {
      await page
        .locator("li.message")
        .nth(index)
        .evaluate((row) => row.style.setProperty("padding-block-end", "150px"));
      await isAt(page, kept, "a row that became higher");
    }
    await send(bo, id, "one more");
    await sees(page, "one more");
    await isAt(page, kept, "a new message");
    net.cut();
    await page.locator(".connection.shown").waitFor();
    await isAt(page, kept, "a line about the connection");
    net.mend();
    await page.locator(".connection.shown").waitFor({ state: "hidden" });
    await isAt(page, kept, "connected again");
    await page.context().close();
    net.close();
  });
}

test("a field that the page itself sizes does not move the list", async () => {
  const id = await lines("sized", 60);
  const page = await enters("ann", { at: `/#/rooms/${other}` });
  await page.evaluate(() => {
    const supports = CSS.supports.bind(CSS);
    CSS.supports = (...asked) => asked[0] !== "field-sizing" && supports(...asked);
  });
  await page.goto(`/#/rooms/${id}`);
  await sees(page, "line 60");
  await composer(page).evaluate((it) => it.style.setProperty("field-sizing", "fixed"));
  const { height } = await composer(page).boundingBox();
  for (let n = 1; n <= 8; n += 1) {
    await composer(page).press("Shift+Enter");
    await isAtEnd(page, `line ${n} of a draft`);
    await composer(page).press("a");
    await isAtEnd(page, `a letter in line ${n} of a draft`);
  }
  assert.ok((await composer(page).boundingBox()).height > 4 * height, "the field grew");
  const kept = await scrollsUp(page);
  await composer(page).press("b");
  await isAt(page, kept, "a letter");
  await page.context().close();
});

test("a keyboard over the page leaves the composer and the end in sight", async () => {
  const id = await lines("keyboard");
  const page = await enters("ann", { at: `/#/rooms/${id}`, ...SIZES["a phone"] });
  await sees(page, "line 30");
  /** As in Safari: the visible part becomes smaller, and the page keeps its height. */
  const keyboard = (height) =>
    page.evaluate((height) => {
      Object.defineProperty(visualViewport, "height", { configurable: true, value: height });
      visualViewport.dispatchEvent(new Event("resize"));
    }, height);
  await keyboard(500);
  await isAtEnd(page, "with a keyboard");
  const { y, height } = await composer(page).boundingBox();
  assert.ok(y + height <= 500, `the composer ends at ${y + height}`);
  await keyboard(844);
  await isAtEnd(page, "without it");
  assert.ok((await composer(page).boundingBox()).y > 500);
  await page.context().close();
});

test("a reader at the end stays there however many messages arrive", async () => {
  const id = await lines("busy", 3);
  const page = await enters("ann", { at: `/#/rooms/${id}` });
  await sees(page, "line 3");
  await fillRoom(bo, id, 700);
  await sees(page, "message 700");
  await isAtEnd(page, "after 700 messages");
  assert.ok((await page.locator("ol.messages > li").count()) <= 340);
  await until(
    "it is read",
    async () => (await api("GET", `/rooms/${id}`, undefined, ann)).read_seq === 703,
  );
  await page.context().close();
});

test("messages that arrive while older ones are loaded leave no gap", async () => {
  const id = await lines("gaps", 3);
  await fillRoom(bo, id, 300);
  // The window is so high that older messages are loaded at once.
  const page = await newPage({ viewport: { width: 1280, height: 2_400 } });
  let release;
  const held = new Promise((resolve) => (release = resolve));
  let isAsked = false;
  await page.route(/before=/, async (route) => {
    isAsked = true;
    await held;
    await route.continue();
  });
  await signsIn(page, "ann", `/#/rooms/${id}`);
  await sees(page, "message 300");
  await until("older messages are asked for", () => isAsked);
  await fillRoom(bo, id, 250);
  await until("all have come", async () => (await seqs(page)).at(-1) === 553);
  release();
  await until("all are there", async () => (await seqs(page)).length >= 300);
  const all = await seqs(page);
  assert.deepEqual(
    all,
    all.map((_, at) => all[0] + at),
  );
  await page.context().close();
});

test("a room in which a link led far up opens with its newest message the next time", async () => {
  const id = await room(ann, "long");
  await fillRoom(bo, id, 150);
  await send(bo, id, "the newest");
  await api("PUT", `/rooms/${id}/read`, { seq: 1_000 }, ann);
  const page = await enters("ann", { at: `/#/rooms/${other}` });
  await page.goto(`/#/rooms/${id}/5`);
  await page.locator("li.message[data-seq='5']").waitFor();
  await page.getByRole("link", { name: "elsewhere" }).click();
  await page.getByRole("heading", { name: "elsewhere" }).waitFor();
  await page.getByRole("link", { name: "long" }).click();
  await sees(page, "the newest");
  await isAtEnd(page, "opened again");
  await page.context().close();
});
