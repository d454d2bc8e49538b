// Finding one's place in a room: the unread line and the button that leads to it, marking as unread, and a date.

import { before, test } from "node:test";
import assert from "node:assert/strict";
import {
  account,
  api,
  enters,
  fillRoom,
  hears,
  history,
  newTab,
  picture,
  room,
  sees,
  send,
  until,
} from "./support.js";

let ann, bo, other;

const row = (page, text) =>
  page.locator("li.message").filter({ has: page.getByText(text, { exact: true }) });
const entry = (page, name) => page.locator("chat-room-entry").filter({ hasText: name });
const toUnread = (page) => page.getByRole("button", { name: "Jump to first unread" });
const isInSight = (page, selector) =>
  page.locator(selector).evaluate((it) => {
    const at = it.getBoundingClientRect();
    const { top, bottom } = it.closest(".scroller").getBoundingClientRect();
    return at.bottom > top && at.top < bottom;
  });

/** A room in which bo has read the first of many messages. */
async function partlyRead(name, count, read) {
  const id = await room(ann, name);
  await api("PUT", `/rooms/${id}/members/me`, undefined, bo);
  await fillRoom(ann, id, count);
  const messages = await history(ann, id);
  await api("PUT", `/rooms/${id}/read`, { seq: messages[read - 1].seq }, bo);
  return { id, messages };
}

before(async () => {
  ann = await account("ann", "admin");
  bo = await account("bo");
  other = await room(ann, "elsewhere");
  await api("PUT", `/rooms/${other}/members/me`, undefined, bo);
});

test("a room opens at the first unread message, however many follow", async () => {
  const { id } = await partlyRead("far", 400, 20);
  const page = await enters("bo", { at: `/#/rooms/${other}` });
  await entry(page, "far").filter({ hasText: "380 unread" }).click();
  await until("the line is in sight", () => isInSight(page, "li.unread-line").catch(() => false));
  const after = await page
    .locator("li.unread-line + li.message .prose")
    .evaluate((it) => it.firstChild.textContent);
  assert.equal(after.split("\n")[0], "message 21");
  assert.equal(await toUnread(page).isVisible(), false);
  assert.ok(id);
  await page.context().close();
});

test("from a link into the room, a button leads to the first unread message", async () => {
  const { id, messages } = await partlyRead("linked", 300, 30);
  const page = await enters("bo", { at: `/#/rooms/${id}/${messages[250].seq}` });
  await toUnread(page).waitFor();
  await picture(page, "to-unread");
  await toUnread(page).click();
  await until("the line is in sight", () => isInSight(page, "li.unread-line").catch(() => false));
  await toUnread(page).waitFor({ state: "hidden" });
  await page.context().close();
});

test("reactions and replies in threads do not make a room unread", async () => {
  const id = await room(ann, "calm");
  await api("PUT", `/rooms/${id}/members/me`, undefined, bo);
  const first = await send(ann, id, "hello");
  await api("PUT", `/rooms/${id}/read`, { seq: first.seq }, bo);
  await api("POST", `/rooms/${id}/messages`, { content: "in it", thread_id: first.id }, ann);
  await api(
    "PUT",
    `/rooms/${id}/messages/${first.id}/reactions/${encodeURIComponent("👍")}`,
    undefined,
    ann,
  );
  const page = await enters("bo", { at: `/#/rooms/${other}` });
  await entry(page, "calm").filter({ hasNotText: "unread" }).click();
  await sees(page, "hello");
  assert.equal(await page.locator("li.unread-line").count(), 0);
  await page.context().close();
});

test("a date leads to the first message of that day", async () => {
  const id = await room(ann, "diary");
  await fillRoom(ann, id, 900);
  const messages = await history(ann, id);
  const page = await enters("bo", { at: `/#/rooms/${other}` });
  // As if one message had been written every hour.
  const start = Date.now() - 900 * 3_600_000;
  let asked = 0;
  await page.route(`**/rooms/${id}/messages?*`, async (route) => {
    if (route.request().url().includes("limit=200")) asked += 1;
    const answer = await route.fetch();
    const body = await answer.json();
    for (const message of body.messages)
      message.timestamp = new Date(start + message.seq * 3_600_000).toISOString();
    await route.fulfill({ response: answer, json: body });
  });
  await page.route(`**/rooms/${id}`, async (route) => {
    const answer = await route.fetch();
    const body = await answer.json();
    await route.fulfill({ response: answer, json: { ...body, created_at: new Date(0) } });
  });
  await page.goto(`/#/rooms/${id}`);
  await sees(page, "message 900");
  const day = new Date(start + 400 * 3_600_000);
  const date = await page.evaluate(
    (time) => new Date(time).toLocaleDateString("sv-SE"),
    day.getTime(),
  );
  const wanted = messages.find(
    ({ seq }) => start + seq * 3_600_000 >= new Date(`${date}T00:00`).getTime(),
  );
  await page.getByRole("button", { name: "Room menu" }).click();
  await page.getByRole("menuitem", { name: "Jump to a date" }).click();
  await page.getByLabel("Day").fill(date);
  await picture(page, "jump-to-date");
  await page.getByRole("button", { name: "Jump", exact: true }).click();
  await page.locator(`li.message.pointed-at[data-seq="${wanted.seq}"]`).waitFor();
  assert.ok(asked <= 5, `${asked} calls for 900 messages`);
  await page.getByRole("button", { name: "Room menu" }).click();
  await page.getByRole("menuitem", { name: "Jump to a date" }).click();
  await page.getByLabel("Day").fill("2999-01-01");
  await page.getByRole("button", { name: "Jump", exact: true }).click();
  await page.getByText("Nothing was written on that day or after it.").waitFor();
  await page.context().close();
});

test("messages can be marked as unread, and stay so until the room is opened again", async () => {
  const id = await room(ann, "later");
  await api("PUT", `/rooms/${id}/members/me`, undefined, bo);
  for (const n of [1, 2, 3, 4]) await send(ann, id, `line ${n}`);
  const page = await enters("bo", { at: `/#/rooms/${id}` });
  const tab = await newTab(page);
  await tab.goto(`/#/rooms/${other}`);
  await hears(tab, id);
  await hears(page, id);
  await entry(page, "later").filter({ hasNotText: "unread" }).waitFor();
  await page.bringToFront();
  await row(page, "line 3").hover();
  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: "Mark as unread from here" }).click();
  await page.locator("li.unread-line + li.message").filter({ hasText: "line 3" }).waitFor();
  await entry(page, "later").filter({ hasText: "2 unread" }).waitFor();
  await entry(tab, "later").filter({ hasText: "2 unread" }).waitFor();
  // It is in sight, and still unread.
  await page.locator(".scroller").first().hover();
  await page.mouse.wheel(0, -50);
  await send(ann, id, "line 5");
  await entry(page, "later").filter({ hasText: "3 unread" }).waitFor();
  await entry(page, "elsewhere").click();
  await entry(page, "later").click();
  await page.locator("li.unread-line + li.message").filter({ hasText: "line 3" }).waitFor();
  await entry(page, "later").filter({ hasNotText: "unread" }).waitFor();
  await page.context().close();
});
