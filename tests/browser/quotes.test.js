// Quotes, pins and forwarded messages, as two users see them.

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
  isAccessible,
  picture,
  room,
  sees,
  send,
  until,
} from "./support.js";

let ann, bo, general;

before(async () => {
  ann = await account("ann", "admin");
  bo = await account("bo");
  general = await room(ann, "general");
});

const rowOf = (page, text) => page.locator("li.message").filter({ hasText: text });
const quoteIn = (row) => row.locator(".text .quoted");
const patch = (token, message, content) =>
  api("PATCH", `/rooms/${general}/messages/${message.id}`, { content }, token);
const remove = (token, message) =>
  api("DELETE", `/rooms/${general}/messages/${message.id}`, undefined, token);

/** The page in which the user sees the newest messages, because all messages have been read. */
async function entersAtEnd(username, token, options = {}) {
  const { head_seq } = await api("GET", `/rooms/${general}`, undefined, token);
  await api("PUT", `/rooms/${general}/read`, { seq: head_seq }, token);
  return enters(username, { at: `/#/rooms/${general}`, ...options });
}

async function acts(row, name) {
  await row.hover();
  await row.getByRole("button", { name: "More actions" }).click();
  await row.getByRole("menuitem", { name, exact: true }).click();
}

test("a quote shows the message as it stands now, for both users, and leads to it", async () => {
  const message = await send(bo, general, "When do we **meet**?");
  const one = await entersAtEnd("ann", ann);
  const two = await entersAtEnd("bo", bo);
  await hears(two, general);
  const row = rowOf(one, "When do we meet?");
  await row.hover();
  await row.getByRole("button", { name: "Quote" }).click();
  const strip = one.getByRole("group", { name: "Quote" });
  await strip.getByText("When do we meet?").waitFor();
  await one.keyboard.press("Escape");
  await strip.waitFor({ state: "hidden" });
  // With the keyboard; and the quote is kept with the unsent text.
  await row.focus();
  await one.keyboard.press("q");
  await strip.waitFor();
  await one.keyboard.type("At noon");
  await picture(one, "quote-strip");
  await one.reload();
  await strip.getByText("When do we meet?").waitFor();
  await composer(one).press("Enter");
  await strip.waitFor({ state: "hidden" });
  for (const page of [one, two]) {
    await quoteIn(rowOf(page, "At noon")).getByText("When do we meet?").waitFor();
    assert.match(await quoteIn(rowOf(page, "At noon")).innerText(), /bo When/);
  }
  assert.equal((await history(ann, general)).at(-1).quote_of, message.id);
  await isAccessible(one, "a quote");
  await picture(one, "quote");
  await one.emulateMedia({ colorScheme: "dark" });
  await isAccessible(one, "a quote in the dark");
  await picture(one, "quote-dark");

  await patch(bo, message, "Where do we meet?");
  for (const page of [one, two])
    await quoteIn(rowOf(page, "At noon")).getByText("Where do we meet?").waitFor();
  await quoteIn(rowOf(two, "At noon")).getByRole("link").click();
  await two.locator("li.message.pointed-at").filter({ hasText: "Where do we meet?" }).waitFor();
  await remove(bo, message);
  for (const page of [one, two])
    await quoteIn(rowOf(page, "At noon")).getByText("message deleted").waitFor();
  await one.context().close();
  await two.context().close();
});

test("a quoted message that is not loaded is fetched, and follows edits and deletions", async () => {
  const message = await send(bo, general, "Long ago");
  await fillRoom(bo, general, 130);
  const quoting = { content: "Remember this?", quote_of: message.id };
  await api("POST", `/rooms/${general}/messages`, quoting, ann);
  const page = await entersAtEnd("ann", ann);
  await hears(page, general);
  const quote = quoteIn(rowOf(page, "Remember this?"));
  await quote.getByText("Long ago").waitFor();
  await patch(bo, message, "Not so long ago");
  await quote.getByText("Not so long ago").waitFor();
  await quote.getByRole("link").click();
  await page.locator("li.message.pointed-at").filter({ hasText: "Not so long ago" }).waitFor();
  await page.getByRole("button", { name: "Jump to newest" }).click();
  await quote.getByText("Not so long ago").waitFor();
  await remove(bo, message);
  await quote.getByText("message deleted").waitFor();
  await page.context().close();
});

test("a message is pinned for everybody, found in the list of pins, and unpinned", async () => {
  const message = await send(bo, general, "The address is 1 Main Street");
  await fillRoom(bo, general, 130);
  const later = await send(bo, general, "Bring cake");
  const one = await entersAtEnd("ann", ann);
  const two = await entersAtEnd("bo", bo);
  await hears(one, general);
  await hears(two, general);
  await acts(rowOf(one, "Bring cake"), "Pin");
  for (const page of [one, two])
    await rowOf(page, "Bring cake").locator(".pin-mark").getByText("Pinned").waitFor();
  await two.getByRole("button", { name: "Pinned messages" }).click();
  const pins = two.getByRole("dialog", { name: "Pinned messages" });
  await pins.getByText("Bring cake").waitFor();
  // The open list follows what others pin.
  await api("PUT", `/rooms/${general}/pins/${message.id}`, undefined, ann);
  await pins.getByText("The address is 1 Main Street").waitFor();
  await picture(two, "pins");
  await isAccessible(two, "pins");
  await pins.getByRole("link", { name: /The address/ }).click();
  await pins.waitFor({ state: "detached" });
  await two.locator("li.message.pointed-at").filter({ hasText: "The address" }).waitFor();

  await two.getByRole("button", { name: "Pinned messages" }).click();
  const entry = pins.locator("li").filter({ hasText: "Bring cake" });
  await entry.getByRole("button", { name: "Unpin" }).click();
  await entry.waitFor({ state: "detached" });
  await rowOf(one, "Bring cake").locator(".pin-mark").waitFor({ state: "hidden" });
  await remove(bo, message);
  await pins.getByText("No message is pinned here.").waitFor();
  assert.deepEqual(await api("GET", `/rooms/${general}/pins`, undefined, bo), []);
  assert.ok(later.seq > message.seq);
  await one.context().close();
  await two.context().close();
});

test("a message is forwarded to a room in which the reader may write", async () => {
  const other = await room(ann, "other");
  await room(ann, "only listening");
  const closed = await room(ann, "announcements");
  await api("PATCH", `/rooms/${closed}`, { posting: "moderators" }, ann);
  await send(bo, general, "Worth reading");
  const page = await entersAtEnd("bo", bo);
  await rowOf(page, "Worth reading").waitFor();
  await acts(rowOf(page, "Worth reading"), "Forward…");
  const dialog = page.getByRole("dialog", { name: "Forward the message to" });
  await dialog.getByRole("option", { name: /other/ }).waitFor();
  assert.equal(await dialog.getByRole("option", { name: /announcements/ }).count(), 0);
  await dialog.getByRole("combobox", { name: "Room" }).fill("other");
  await page.keyboard.press("Enter");
  await page.getByText("Forwarded to #other").waitFor();
  await page.goto(`/#/rooms/${other}`);
  await sees(page, "Worth reading");
  await rowOf(page, "Worth reading").getByText("Forwarded from bo").waitFor();
  await isAccessible(page, "a forwarded message");
  await picture(page, "forwarded");
  await page.context().close();
});

test("the link of a message is copied, and leads to the message", async () => {
  const message = await send(bo, general, "Look here");
  await fillRoom(bo, general, 130);
  const page = await enters("ann", {
    at: `/#/rooms/${general}/${message.seq}`,
    permissions: ["clipboard-read", "clipboard-write"],
  });
  const row = page.locator("li.message.pointed-at").filter({ hasText: "Look here" });
  await row.waitFor();
  await acts(row, "Copy link");
  await page.getByText("Link copied").waitFor();
  assert.equal(
    new URL(await page.evaluate(() => navigator.clipboard.readText())).hash,
    `#/rooms/${general}/${message.seq}`,
  );
  await page.context().close();
});

test("on a phone nothing is beside the window: quotes, pins and the actions", async () => {
  const long = "extraordinarilylongword".repeat(12);
  const message = await send(bo, general, `${long}\n${long}`);
  const quoting = { content: "See above", quote_of: message.id };
  await api("POST", `/rooms/${general}/messages`, quoting, ann);
  await api("PUT", `/rooms/${general}/pins/${message.id}`, undefined, bo);
  const page = await entersAtEnd("ann", ann, {
    viewport: { width: 390, height: 800 },
    hasTouch: true,
    isMobile: true,
  });
  const beyond = () =>
    page.evaluate(() =>
      [...document.querySelectorAll("#app *, dialog *")]
        .filter((it) => it.getBoundingClientRect().right > innerWidth + 1)
        .map((it) => it.outerHTML.slice(0, 80)),
    );
  const row = rowOf(page, "See above");
  await quoteIn(row).getByText("extraordinarily").waitFor();
  await row.getByText("See above").tap();
  await row.getByRole("button", { name: "Quote" }).tap();
  await page.getByRole("group", { name: "Quote" }).getByText("See above").waitFor();
  assert.deepEqual(await beyond(), []);
  await picture(page, "quotes-phone");
  await isAccessible(page, "quotes on a phone");
  await page.getByRole("button", { name: "Do not quote" }).tap();
  await page.getByRole("button", { name: "Pinned messages" }).tap();
  await page.getByRole("dialog").getByText("extraordinarily").waitFor();
  assert.deepEqual(await beyond(), []);
  await picture(page, "pins-phone");
  await isAccessible(page, "pins on a phone");
  await until("the list of pins is in the window", async () => {
    const box = await page.getByRole("dialog").boundingBox();
    return box.x >= 0 && box.x + box.width <= 390;
  });
  await page.context().close();
});
