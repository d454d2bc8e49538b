// Threads: the line under a first message, the panel with its composer, what is unread in it, and links to it.

import { before, test } from "node:test";
import assert from "node:assert/strict";
import {
  account,
  api,
  composer,
  enters,
  hears,
  isAccessible,
  network,
  newTab,
  picture,
  room,
  says,
  sees,
  send,
  until,
} from "./support.js";

let ann, bo, general;

const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
const panel = (page) => page.locator("chat-thread");
const row = (page, text) =>
  page.locator(".conversation li.message").filter({ hasText: text }).last();
const replies = (page) => panel(page).locator("li.message:not(.pending)");
const reply = (token, roomId, thread, content, also_to_room = false) =>
  api("POST", `/rooms/${roomId}/messages`, { content, thread_id: thread, also_to_room }, token);

/** Writes a reply in the open panel, and waits until it is there. */
async function writes(page, text) {
  const input = panel(page).getByLabel("Reply in the thread");
  await input.fill(text);
  await input.press("Enter");
  await replies(page).filter({ hasText: text }).last().waitFor();
}

before(async () => {
  ann = await account("ann", "admin");
  bo = await account("bo");
  await account("cy");
  general = await room(ann, "general");
});

test("two people talk in a thread, and the room shows it in short", async () => {
  await send(ann, general, "Where shall we have lunch?");
  const anns = await enters("ann", { at: `/#/rooms/${general}` });
  const bos = await enters("bo", { at: `/#/rooms/${general}` });
  await row(anns, "lunch").hover();
  await anns.getByRole("button", { name: "Reply in thread" }).click();
  await panel(anns).getByText("No replies yet").waitFor();
  assert.match(anns.url(), /#\/rooms\/\d+\/threads\/\d+$/);
  await writes(anns, "at the harbour");
  assert.equal(
    await anns.locator(".conversation li.message").count(),
    1,
    "the reply is in the room",
  );

  await row(bos, "lunch")
    .getByRole("link", { name: /1 reply/ })
    .click();
  await replies(bos).filter({ hasText: "at the harbour" }).waitFor();
  await writes(bos, "it is closed on mondays");
  await replies(anns).filter({ hasText: "closed on mondays" }).waitFor();
  await row(anns, "lunch")
    .getByRole("link", { name: /2 replies/ })
    .waitFor();
  assert.equal(await panel(anns).locator(".replies").innerText(), "2 replies");
  await picture(anns, "thread");
  await isAccessible(anns, "a thread");

  // Edits and deletions arrive in the panel.
  await panel(bos).getByLabel("Reply in the thread").press("ArrowUp");
  await panel(bos).getByLabel("Edit the message").fill("it is closed on tuesdays");
  await panel(bos).getByLabel("Edit the message").press("Enter");
  await replies(anns).filter({ hasText: "tuesdays" }).filter({ hasText: "(edited)" }).waitFor();
  await replies(bos).filter({ hasText: "tuesdays" }).hover();
  await panel(bos).getByRole("button", { name: "More actions" }).click();
  await bos.getByRole("menuitem", { name: "Delete" }).click();
  await bos.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await replies(anns).filter({ hasText: "This message was deleted." }).waitFor();
  await row(anns, "lunch")
    .getByRole("link", { name: /1 reply/ })
    .waitFor();

  await anns.context().close();
  await bos.context().close();
});

test("a reply can be sent to the room as well, and leads to its thread there", async () => {
  const first = await send(ann, general, "Who brings the cake?");
  const bos = await enters("bo", { at: `/#/rooms/${general}/threads/${first.id}` });
  await panel(bos).getByLabel("Also send to #general").check();
  await writes(bos, "I do");
  assert.equal(await panel(bos).getByLabel("Also send to #general").isChecked(), false);
  const anns = await enters("ann", { at: `/#/rooms/${general}` });
  const shown = row(anns, "I do");
  await shown.getByRole("link", { name: "replied to a thread" }).click();
  await replies(anns).filter({ hasText: "Who brings the cake?" }).waitFor();
  await panel(anns).locator(".pointed-at").filter({ hasText: "I do" }).waitFor();
  await anns.context().close();
  await bos.context().close();
});

test("Escape closes the panel, and the focus returns to the message", async () => {
  const first = await send(ann, general, "Close me");
  const page = await enters("bo", { at: `/#/rooms/${general}` });
  await row(page, "Close me").focus();
  await page.keyboard.press("t");
  await panel(page).getByText("No replies yet").waitFor();
  await until("the field has the focus", () =>
    page.evaluate(
      () => document.activeElement?.getAttribute("aria-label") === "Reply in the thread",
    ),
  );
  await page.keyboard.press("Escape");
  await panel(page).waitFor({ state: "detached" });
  assert.equal(
    await page.evaluate(() => document.activeElement?.getAttribute("data-seq")),
    String(first.seq),
  );
  // The members take the place of a thread.
  await page.keyboard.press("t");
  await panel(page).waitFor();
  await page.locator(".people-button").click();
  await page.locator("chat-people").waitFor();
  await panel(page).waitFor({ state: "detached" });
  await page.context().close();
});

test("drafts belong to their thread, and the address survives a reload", async () => {
  const first = await send(ann, general, "Drafts here");
  const page = await enters("bo", { at: `/#/rooms/${general}/threads/${first.id}` });
  const input = panel(page).getByLabel("Reply in the thread");
  await input.fill("half a thought");
  await page.locator(".conversation chat-composer textarea").fill("another one");
  await page.reload();
  await replies(page).filter({ hasText: "Drafts here" }).waitFor();
  assert.equal(await input.inputValue(), "half a thought");
  assert.equal(
    await page.locator(".conversation chat-composer textarea").inputValue(),
    "another one",
  );
  await input.fill("");
  await page.context().close();
});

test("a refused reply can be tried again or edited, in its thread", async () => {
  const first = await send(ann, general, "Closed for now");
  const page = await enters("bo", { at: `/#/rooms/${general}/threads/${first.id}` });
  await hears(page, general);
  // The server refuses the thread of a message that was deleted meanwhile.
  await page.locator(".conversation chat-composer textarea").waitFor();
  await panel(page).getByLabel("Reply in the thread").fill("too late");
  await api("DELETE", `/rooms/${general}/messages/${first.id}`, undefined, ann);
  await panel(page).getByText("This message was deleted.").first().waitFor();
  await panel(page).getByLabel("Reply in the thread").press("Enter");
  await page
    .getByText(/Not sent|too late/)
    .first()
    .waitFor();
  await page.context().close();
});

test("a reply that was written without a connection is sent later, in its thread", async () => {
  const first = await send(ann, general, "Is anybody there?");
  const net = await network();
  const expects = /WebSocket connection|ERR_|Failed to load resource/;
  const at = `/#/rooms/${general}/threads/${first.id}`;
  const page = await enters("bo", { at, server: net.url, expects });
  await hears(page, general);
  await panel(page).getByText("No replies yet").waitFor();
  net.cut();
  await panel(page).getByLabel("Reply in the thread").fill("yes, but slowly");
  await panel(page).getByLabel("Reply in the thread").press("Enter");
  await panel(page).locator("li.pending").filter({ hasText: "yes, but slowly" }).waitFor();
  assert.equal(await page.locator(".conversation li.pending").count(), 0);
  net.mend();
  await replies(page).filter({ hasText: "yes, but slowly" }).waitFor();
  await row(page, "Is anybody there?")
    .getByRole("link", { name: /1 reply/ })
    .waitFor();
  await page.context().close();
  net.close();
});

test("the address of a reply leads to its thread", async () => {
  const first = await send(ann, general, "The beginning");
  const answer = await reply(bo, general, first.id, "the middle");
  const page = await enters("bo", { at: `/#/rooms/${general}/threads/${answer.id}` });
  await replies(page).filter({ hasText: "The beginning" }).waitFor();
  await until("the address is that of the thread", async () =>
    page.url().endsWith(`/threads/${first.id}`),
  );
  await page.context().close();
});

test("a thread of many replies is a window, and opens at the first unread reply", async () => {
  const first = await send(bo, general, "A long story");
  for (let n = 1; n <= 400; n += 1) await reply(ann, general, first.id, `part ${n}`);
  const page = await enters("bo", { at: `/#/rooms/${general}` });
  await row(page, "A long story")
    .getByRole("link", { name: /400 replies/ })
    .click();
  await panel(page).locator(".unread-line").waitFor();
  await replies(page).filter({ hasText: "part 1" }).first().waitFor();
  const scroller = panel(page).locator(".scroller");
  await until("it has been read", async () => {
    await scroller.evaluate((it) => it.scrollBy(0, 2_000));
    const threads = await api("GET", "/users/me/threads?unread=true", undefined, bo);
    return threads.every(({ message }) => message.id !== first.id);
  });
  await replies(page).filter({ hasText: "part 400" }).waitFor();
  assert.ok((await replies(page).count()) <= 301, "the list is a window");
  // A reader further up keeps the place while others write.
  await scroller.evaluate((it) => it.scrollBy(0, -1_500));
  const place = () =>
    scroller.evaluate((it) => {
      const { top } = it.getBoundingClientRect();
      const all = [...it.querySelectorAll("li.message")];
      const first = all.find((row) => row.getBoundingClientRect().top >= top);
      return [first.dataset.seq, Math.round(first.getBoundingClientRect().top)];
    });
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => resolve())));
  const kept = await place();
  await reply(ann, general, first.id, "part 401");
  await panel(page).getByRole("button", { name: "1 new message" }).waitFor();
  assert.deepEqual(await place(), kept);
  // The head leads back to the first message.
  await panel(page).locator(".subject").click();
  await panel(page).locator(".pointed-at").filter({ hasText: "A long story" }).waitFor();
  await page.context().close();
});

test("a thread can be followed and unfollowed", async () => {
  const first = await send(ann, general, "Follow me");
  await reply(ann, general, first.id, "one");
  const page = await enters("cy", { at: `/#/rooms/${general}/threads/${first.id}` });
  await panel(page).getByRole("button", { name: "Follow", exact: true }).click();
  await panel(page).getByRole("button", { name: "Unfollow" }).click();
  await panel(page).getByRole("button", { name: "Follow", exact: true }).waitFor();
  // Who writes follows.
  await writes(page, "two");
  await panel(page).getByRole("button", { name: "Unfollow" }).waitFor();
  const tab = await newTab(page);
  await tab.goto(page.url());
  await panel(tab).getByRole("button", { name: "Unfollow" }).waitFor();
  await page.context().close();
});

test("on a phone the thread has the whole screen", async () => {
  const first = await send(ann, general, "On the phone");
  await reply(ann, general, first.id, "a reply with_a_very_long_word".repeat(12));
  const page = await enters("bo", { at: `/#/rooms/${general}`, ...PHONE });
  await row(page, "On the phone")
    .getByRole("link", { name: /1 reply/ })
    .tap();
  await replies(page).filter({ hasText: "a reply" }).waitFor();
  assert.equal(await composer(page).first().isVisible(), false, "the room is covered");
  assert.deepEqual(
    await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]),
    [390, 390],
  );
  await picture(page, "thread-phone");
  await isAccessible(page, "a thread on a phone");
  await panel(page).getByRole("link", { name: "Back to #general" }).tap();
  await panel(page).waitFor({ state: "detached" });
  await sees(page, "On the phone");
  await page.context().close();
});
