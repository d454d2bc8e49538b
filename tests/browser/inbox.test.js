// "Activity": mentions and followed threads of all rooms, counted at the side, and the notices about them.

import { before, test } from "node:test";
import assert from "node:assert/strict";
import {
  account,
  api,
  enters,
  hears,
  isAccessible,
  newPage,
  picture,
  room,
  send,
  signsIn,
  until,
} from "./support.js";

let ann, bo, general, plans;

const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
const link = (page) => page.locator(".activity-link");
const list = (page, name) => page.getByRole("list", { name, exact: true });
const entry = (page, name) => page.locator("chat-room-entry").filter({ hasText: name });
const reply = (token, roomId, thread_id, content) =>
  api("POST", `/rooms/${roomId}/messages`, { content, thread_id }, token);
const panel = (page) => page.locator("chat-thread");

before(async () => {
  ann = await account("ann", "admin");
  bo = await account("bo");
  await account("cy");
  general = await room(ann, "general");
  plans = await room(ann, "plans");
  for (const id of [general, plans]) await api("PUT", `/rooms/${id}/members/me`, undefined, bo);
});

test("mentions and new replies in two rooms are counted, listed and read", async () => {
  const page = await enters("bo", { at: `/#/rooms/${general}` });
  await hears(page, general);
  await send(ann, plans, "come here, @bo");
  await link(page).filter({ hasText: "1 new entry" }).waitFor();
  await link(page).click();
  await list(page, "Mentions").getByRole("link").filter({ hasText: "come here" }).waitFor();
  assert.equal(await page.title(), "(1) Activity · chatapp");

  // What arrives while the list is open is shown.
  const first = await send(bo, general, "Who has the key?");
  await reply(ann, general, first.id, "not me, @bo");
  await list(page, "Mentions").getByRole("link").filter({ hasText: "not me" }).waitFor();
  await entry(page, "general").filter({ hasText: "you were mentioned" }).waitFor();
  await entry(page, "general").filter({ hasText: "1 thread with new replies" }).waitFor();
  await page.getByRole("link", { name: /^Threads/ }).click();
  const thread = list(page, "Threads").getByRole("link").filter({ hasText: "Who has the key?" });
  await thread.filter({ hasText: "1 new" }).filter({ hasText: "1 reply" }).waitFor();
  await reply(ann, general, first.id, "nor is it here");
  await thread.filter({ hasText: "2 new" }).waitFor();
  await picture(page, "inbox-threads");
  await isAccessible(page, "the threads in Activity");

  // The thread opens, its replies are read, and what was unread is not any more.
  await thread.click();
  await panel(page).locator(".unread-line").waitFor();
  await entry(page, "general").filter({ hasNotText: "thread with" }).waitFor();
  await link(page).filter({ hasText: "1 new entry" }).waitFor();
  await link(page).click();
  await list(page, "Mentions").locator("a.unread").filter({ hasText: "come here" }).click();
  await page.locator(".pointed-at").filter({ hasText: "come here" }).waitFor();
  await link(page).filter({ hasNotText: "new" }).waitFor();
  await link(page).click();
  await list(page, "Mentions").getByRole("link").filter({ hasText: "come here" }).waitFor();
  assert.equal(await list(page, "Mentions").locator("a.unread").count(), 0);
  await picture(page, "inbox-mentions");
  await page.context().close();
});

test("a long list is read page by page", async () => {
  for (let n = 1; n <= 45; n += 1) await send(ann, plans, `@cy number ${n}.`);
  const page = await enters("cy", { at: "/#/activity" });
  const entries = list(page, "Mentions").getByRole("link");
  await entries.filter({ hasText: "number 45." }).waitFor();
  assert.equal(await entries.count(), 30);
  await page.getByRole("button", { name: "Show more" }).click();
  await entries.filter({ hasText: "number 1." }).waitFor();
  assert.equal(await entries.count(), 45);
  assert.equal(await page.getByRole("button", { name: "Show more" }).isVisible(), false);
  // A new one comes on top, and the others stay.
  await send(ann, plans, "@cy one more");
  await entries.filter({ hasText: "one more" }).waitFor();
  assert.equal(await entries.count(), 46);
  await page.getByRole("link", { name: /^Threads/ }).click();
  await page.getByText("You follow no thread").waitFor();
  await page.context().close();
});

test("on a phone Activity has the whole screen, also in the dark", async () => {
  const first = await send(ann, general, "a_very_long_word_".repeat(20));
  await reply(bo, general, first.id, "@ann here");
  const page = await enters("ann", { at: "/#/", colorScheme: "dark", ...PHONE });
  await link(page).tap();
  await list(page, "Mentions").getByRole("link").filter({ hasText: "here" }).waitFor();
  await page.getByRole("link", { name: /^Threads/ }).tap();
  await list(page, "Threads").getByRole("link").filter({ hasText: "a_very_long" }).waitFor();
  assert.deepEqual(
    await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]),
    [390, 390],
  );
  await picture(page, "inbox-phone-dark");
  await isAccessible(page, "Activity on a phone");
  await list(page, "Threads").getByRole("link").filter({ hasText: "a_very_long" }).tap();
  await panel(page).getByText("@ann here").waitFor();
  await picture(page, "thread-phone-dark");
  await page.context().close();
});

test("the title and the notices follow what the reader chose for a room", async () => {
  const page = await newPage({ permissions: ["notifications"] });
  await page.addInitScript(() => {
    window.shown = [];
    window.Notification = class {
      static permission = "granted";
      static requestPermission = async () => "granted";
      constructor(title, { body }) {
        window.shown.push(`${title}: ${body}`);
      }
    };
    localStorage.setItem("chatapp.notify", "all");
    document.hasFocus = () => false;
  });
  await signsIn(page, "bo", `/#/rooms/${plans}`);
  await hears(page, general);
  const shown = () => page.evaluate(() => window.shown);
  const seq = (await api("GET", `/rooms/${general}`, undefined, bo)).head_seq;
  await api("PUT", `/rooms/${general}/read`, { seq }, bo);
  await api("PUT", `/rooms/${plans}/read`, { seq: 1_000 }, bo);
  const choose = async (notify) => {
    // The page is told that the membership has changed, and reads the room again.
    const known = page.waitForResponse(async (answer) => {
      if (!answer.url().endsWith(`/rooms/${general}`)) return false;
      return (await answer.json()).membership?.notify === notify;
    });
    await api("PATCH", `/rooms/${general}/members/me`, { notify }, bo);
    await known;
  };
  await until("nothing is unread", async () => !(await page.title()).startsWith("("));
  await choose("mentions");
  await send(ann, general, "an ordinary one");
  await send(ann, general, "for @bo");
  await until("the mention is shown", async () => (await shown()).length > 0);
  assert.deepEqual(await shown(), ["ann in #general: for @bo"]);
  await until("only the mention counts", async () => /^\(1\)/.test(await page.title()));
  await choose("none");
  await until("the room counts for nothing", async () => !(await page.title()).startsWith("("));
  await send(ann, general, "again for @bo");
  await entry(page, "general").filter({ hasText: "3 unread" }).waitFor();
  assert.equal((await shown()).length, 1);
  await choose("all");
  await until("everything counts", async () => /^\(3\)/.test(await page.title()));
  // A reply in a followed thread, though it mentions nobody.
  const first = await send(bo, general, "my question");
  await reply(ann, general, first.id, "my answer");
  await until("the reply is shown", async () =>
    (await shown()).some((text) => text.includes("thread that you follow")),
  );
  await page.context().close();
});
