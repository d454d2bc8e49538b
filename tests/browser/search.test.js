// The search: how it is opened and left, what it finds, and where a result leads.

import { before, test } from "node:test";
import assert from "node:assert/strict";
import {
  account,
  api,
  composer,
  enters,
  isAccessible,
  picture,
  room,
  send,
  until,
} from "./support.js";

let ann, general, tea;

const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
const field = (page) => page.getByRole("searchbox", { name: "Search messages" });
const results = (page) =>
  page.getByRole("list", { name: "Found messages", exact: true }).getByRole("link");
const status = (page) => page.locator("chat-search [role='status']");
const wordsOf = (page) => results(page).locator(".excerpt").allInnerTexts();

/** Waits until every message that was sent is in the index. */
const isIndexed = () =>
  until("all is in the index", async () => {
    const path = `/search?q=${encodeURIComponent("from:me")}`;
    return (await api("GET", path, undefined, ann)).is_complete;
  });

before(async () => {
  ann = await account("ann", "admin");
  const bo = await account("bo");
  general = await room(ann, "general");
  tea = await room(ann, "tea time");
  for (let n = 1; n <= 45; n += 1) await send(ann, tea, `biscuit number ${n}.`);
  // The faces before the word are two units of UTF-16 each, and one character for the server.
  const first = await send(ann, general, "😀😀 the Samovar is <b>hot</b>");
  await send(bo, general, "samovar? which samovar?");
  const reply = { content: "the old samovar", thread_id: first.id };
  await api("POST", `/rooms/${general}/messages`, reply, bo);
  for (let n = 1; n <= 30; n += 1) await send(bo, general, `later ${n}`);
  await isIndexed();
});

test("words are found and marked, and a result leads to its message", async () => {
  const page = await enters("ann", { at: `/#/rooms/${tea}` });
  await composer(page).waitFor();
  await page.keyboard.press("Control+Shift+F");
  await field(page).waitFor();
  assert.ok(await field(page).evaluate((input) => input === document.activeElement));
  await page.keyboard.type("samovar");
  await status(page).filter({ hasText: "3 messages found" }).waitFor();
  assert.deepEqual(await wordsOf(page), [
    "the old samovar",
    "samovar? which samovar?",
    "😀😀 the Samovar is <b>hot</b>",
  ]);
  assert.deepEqual(await results(page).last().locator("mark").allInnerTexts(), ["Samovar"]);
  assert.equal(await results(page).nth(1).locator("mark").count(), 2);
  const shown = results(page).last();
  await shown.filter({ hasText: "ann" }).filter({ hasText: "#general" }).waitFor();
  assert.match(await page.title(), /^\(\d+\) Search · chatapp$/);
  await picture(page, "search");
  await isAccessible(page, "the search");

  await shown.click();
  await page.locator("li.pointed-at").filter({ hasText: "Samovar is" }).waitFor();
  // The results are there again, and a reply opens its thread.
  await page.goBack();
  assert.equal(await field(page).inputValue(), "samovar");
  await results(page).filter({ hasText: "in a thread" }).click();
  await page.locator("chat-thread li.pointed-at").filter({ hasText: "old samovar" }).waitFor();
  await page.context().close();
});

test("Escape leads back to where the reader was", async () => {
  const page = await enters("ann", { at: `/#/rooms/${tea}` });
  await composer(page).waitFor();
  await page.getByRole("link", { name: "Search messages" }).click();
  await field(page).fill("samovar");
  await results(page).first().waitFor();
  await page.keyboard.press("Escape");
  await composer(page).waitFor();
  assert.equal(new URL(page.url()).hash, `#/rooms/${tea}`);
  await page.context().close();
});

test("a mistake in a query is said under the field", async () => {
  const page = await enters("ann", {
    at: "/#/search?q=samovar",
    expects: /status of 422/,
  });
  await results(page).nth(2).waitFor();
  await field(page).fill("samovar after:yesterday");
  const alert = page.locator("#search-error");
  await alert.filter({ hasText: /^After: needs a day like 2026-01-31/ }).waitFor();
  assert.equal(await field(page).getAttribute("aria-invalid"), "true");
  assert.equal(await results(page).count(), 0);
  await isAccessible(page, "a mistake in a query");
  await field(page).fill("nothingofthekind");
  await status(page).filter({ hasText: "No message was found." }).waitFor();
  assert.equal(await alert.isVisible(), false);
  await field(page).fill("");
  await status(page).filter({ hasText: /^$/ }).waitFor({ state: "hidden" });
  await page.context().close();
});

test("a search in one room is opened from its menu, and read page by page", async () => {
  const page = await enters("ann", { at: `/#/rooms/${tea}` });
  await page.getByRole("button", { name: "Room menu" }).click();
  await page.getByRole("menuitem", { name: "Search in this room" }).click();
  await field(page).waitFor();
  assert.equal(await field(page).inputValue(), 'in:"#tea time" ');
  await page.keyboard.type("biscuit");
  await results(page).locator("mark").first().waitFor();
  await status(page).filter({ hasText: "The first 20 messages" }).waitFor();
  const more = page.getByRole("button", { name: "Show more" });
  await more.click();
  await status(page).filter({ hasText: "The first 40 messages" }).waitFor();
  await more.click();
  await status(page).filter({ hasText: "45 messages found" }).waitFor();
  assert.equal(await more.isVisible(), false);
  assert.equal((await wordsOf(page)).at(-1), "biscuit number 1.");
  await page.context().close();
});

test("the switcher searches messages for its text, the newest or the best first", async () => {
  const page = await enters("ann", { at: `/#/rooms/${tea}` });
  await composer(page).waitFor();
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Room" }).fill("samovar");
  await page.getByRole("option", { name: "Search messages for “samovar”" }).waitFor();
  await page.keyboard.press("Enter");
  await results(page).nth(2).waitFor();
  // Below the rooms with such a name.
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Room" }).fill("tea");
  await page.keyboard.press("ArrowUp");
  await page.locator("[aria-selected=true]").filter({ hasText: "Search messages" }).waitFor();
  await page.keyboard.press("Escape");
  assert.equal(await field(page).inputValue(), "samovar");
  const answer = page.waitForResponse((one) => one.url().includes("order=best"));
  await page.getByRole("radio", { name: "Best first" }).check();
  const { found } = await (await answer).json();
  await until("the order is that of the answer", async () => {
    const expected = found.map(({ snippet }) => snippet.text);
    return JSON.stringify(await wordsOf(page)) === JSON.stringify(expected);
  });
  assert.match(page.url(), /order=best/);
  await page.context().close();
});

test("the page says that the newest messages may be missing", async () => {
  const page = await enters("ann");
  let isComplete = false;
  await page.route("**/search?*", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ json: { ...(await answer.json()), is_complete: isComplete } });
  });
  await page.getByRole("link", { name: "Search messages" }).click();
  await field(page).fill("samovar");
  const note = page.getByText("The newest messages are still being read in");
  await note.waitFor();
  isComplete = true;
  await page.getByRole("button", { name: "Search again" }).click();
  await note.waitFor({ state: "hidden" });
  await page.context().close();
});

test("on a phone the search has the whole screen, also in the dark", async () => {
  const word = "a_very_long_word_".repeat(20);
  await send(ann, general, `xylophone ${word}`);
  await isIndexed();
  const page = await enters("ann", { at: "/#/", colorScheme: "dark", ...PHONE });
  await page.getByRole("link", { name: "Search messages" }).tap();
  await field(page).fill("xylophone");
  await results(page).filter({ hasText: "a_very_long" }).waitFor();
  assert.deepEqual(
    await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]),
    [390, 390],
  );
  await picture(page, "search-phone-dark");
  await isAccessible(page, "the search on a phone");
  await results(page).first().tap();
  await page.locator("li.pointed-at").filter({ hasText: "xylophone" }).waitFor();
  await page.context().close();
});

test("what a message hides is hidden in results and in Activity too", async () => {
  const bo = await account("hider");
  await send(bo, general, "@ann the butler: ||the gardener did it||, of course");
  await isIndexed();
  const page = await enters("ann", { at: `/#/rooms/${tea}` });
  await page.keyboard.press("Control+Shift+F");
  await field(page).fill("butler");
  await status(page).filter({ hasText: "1 message found" }).waitFor();
  assert.deepEqual(await wordsOf(page), [
    `@ann the butler: ${"▒".repeat("||the gardener did it||".length)}, of course`,
  ]);
  await page.goto("/#/activity");
  await page.getByText("the butler: ▒▒▒, of course").waitFor();
  await page.context().close();
});
