// A long history: it opens at once and scrolls both ways, and only a part of it is in the document.

import { before, test } from "node:test";
import assert from "node:assert/strict";
import {
  account,
  api,
  enters,
  fillRoom,
  picture,
  room,
  says,
  sees,
  send,
  until,
} from "./support.js";

const MESSAGES = Number(process.env.CHATAPP_TEST_MESSAGES ?? 100_000);
/** The most rows in the list: 300 messages, their days, and the unread line. */
const MOST_ROWS = 340;

let ann, bo, long;

before(async () => {
  ann = await account("ann", "admin");
  bo = await account("bo");
  long = await room(ann, "long");
  await fillRoom(ann, long, MESSAGES);
});

/** The page of an earlier test may have been closed before it sent its read position. */
const hasReadAll = () => api("PUT", `/rooms/${long}/read`, { seq: MESSAGES }, bo);
const scroller = (page) => page.locator(".scroller");
const rows = (page) => page.locator("ol.messages > li").count();
/** The first row in sight, and how far from the top of the list it is. */
const place = (page) =>
  page.evaluate(() => {
    const list = document.querySelector(".scroller");
    const top = list.getBoundingClientRect().top;
    const row = [...list.querySelectorAll("li.message")].find(
      (it) => it.getBoundingClientRect().bottom > top,
    );
    return { seq: Number(row.dataset.seq), top: Math.round(row.getBoundingClientRect().top - top) };
  });

test("the newest messages are shown at once, and all older ones can be scrolled to", async () => {
  const page = await enters("bo", { at: `/#/rooms/${long}` });
  await sees(page, `message ${MESSAGES}`);
  let last = MESSAGES + 1;
  for (let n = 0; n < 12; n += 1) {
    last = await until("older messages", async () => {
      await scroller(page).evaluate((it) => it.scrollTo({ top: 0 }));
      const { seq } = await place(page);
      return seq < last ? seq : 0;
    });
    const count = await rows(page);
    assert.ok(count <= MOST_ROWS, `${count} rows`);
  }
  assert.ok(last < MESSAGES - 900, `got to ${last}`);
  await picture(page, "long-history");

  // Down again, to the end.
  for (;;) {
    const { seq } = await place(page);
    const isEnd = await until("newer messages", async () => {
      await scroller(page).evaluate((it) => it.scrollTo({ top: it.scrollHeight }));
      const newest = await page.getByText(`message ${MESSAGES}`, { exact: true }).count();
      return newest ? "the end" : (await place(page)).seq > seq && "more";
    });
    if (isEnd === "the end") break;
    assert.ok((await rows(page)) <= MOST_ROWS);
  }
  await page.context().close();
});

test("the place is kept when older messages are loaded above", async () => {
  await hasReadAll();
  const page = await enters("bo", { at: `/#/rooms/${long}` });
  await sees(page, `message ${MESSAGES}`);
  const first = await page.locator("li.message").first().getAttribute("data-seq");
  await scroller(page).hover();
  // The test scrolls once, before the first measurement. It causes no movement after that, however long a frame
  // takes.
  await page.evaluate(() => {
    const list = document.querySelector(".scroller");
    list.scrollTo({ top: 1_400 });
    window.jumps = [];
    let before;
    const look = () => {
      const rows = [...list.querySelectorAll("li.message")];
      const first = rows[0].dataset.seq;
      const kept = before && rows.find((row) => row.dataset.seq === before.seq);
      if (kept && before.first !== first)
        window.jumps.push(Math.abs(kept.getBoundingClientRect().top - before.top));
      const top = list.getBoundingClientRect().top;
      const seen = rows.find((row) => row.getBoundingClientRect().top > top + 100);
      before = seen && { seq: seen.dataset.seq, top: seen.getBoundingClientRect().top, first };
      requestAnimationFrame(look);
    };
    look();
  });
  await until(
    "older messages",
    async () => (await page.locator("li.message").first().getAttribute("data-seq")) !== first,
  );
  // The frames in which messages were loaded.
  const jumps = await until("a look at it", () =>
    page.evaluate(() => window.jumps.length > 0 && window.jumps),
  );
  assert.ok(
    jumps.every((jump) => jump <= 2),
    `it jumped by ${jumps}`,
  );
  await page.context().close();
});

test("a reader of older messages is not moved by new ones, and one key shows them", async () => {
  await hasReadAll();
  const page = await enters("bo", { at: `/#/rooms/${long}/${Math.round(MESSAGES / 2)}` });
  const pointed = page.locator("li.pointed-at");
  await pointed.filter({ hasText: `message ${Math.round(MESSAGES / 2)}` }).waitFor();
  assert.ok(
    await pointed.evaluate((it) => {
      const box = it.getBoundingClientRect();
      return box.top > 0 && box.bottom < innerHeight;
    }),
    "the message of the link is in sight",
  );
  const before = await place(page);
  await send(ann, long, "the newest of all");
  await page.getByRole("button", { name: "1 new message" }).waitFor();
  assert.deepEqual(await place(page), before);
  await page.getByRole("button", { name: "1 new message" }).click();
  await sees(page, "the newest of all");
  await page.getByRole("button", { name: "Jump to newest" }).waitFor({ state: "hidden" });
  await says(page, "I am back");
  await page.context().close();
});

test("a room with many unread messages opens at the first of them", async () => {
  await account("cleo").then((token) =>
    api("PUT", `/rooms/${long}/read`, { seq: MESSAGES - 500 }, token),
  );
  const page = await enters("cleo", { at: `/#/rooms/${long}` });
  await page.locator("chat-room-entry").filter({ hasText: "99+" }).waitFor();
  await page.locator("li.unread-line").waitFor();
  const next = await page.locator("li.unread-line + li.message").getAttribute("data-seq");
  assert.equal(Number(next), MESSAGES - 499);
  assert.ok(
    await page.locator("li.unread-line").evaluate((it) => {
      const { top } = it.getBoundingClientRect();
      return top > 60 && top < innerHeight / 2;
    }),
  );
  await page.keyboard.press("Escape");
  await sees(page, "I am back");
  await until(
    "all of it is read",
    async () => (await page.locator("chat-room-entry").filter({ hasText: "unread" }).count()) === 0,
  );
  await page.context().close();
});
