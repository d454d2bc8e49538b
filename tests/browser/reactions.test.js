// Reactions to messages: two users see each other's, choose emoji, and learn what was refused.

import { before, test } from "node:test";
import assert from "node:assert/strict";
import {
  account,
  api,
  composer,
  enters,
  hears,
  isAccessible,
  picture,
  room,
  says,
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
/** The reactions of a message, such as `["👍 2"]`. The own ones have a star. */
const shown = (row) =>
  row
    .locator(".reaction:not(.more)")
    .evaluateAll((all) =>
      all.map(
        (it) =>
          [...it.children].map((part) => part.textContent).join(" ") +
          (it.getAttribute("aria-pressed") === "true" ? "*" : ""),
      ),
    );
const shows = async (row, wanted) =>
  until(`it shows ${wanted}`, async () => String(await shown(row)) === wanted).catch(
    async (error) => {
      error.message += `, but ${await shown(row)}`;
      throw error;
    },
  );
const reactionsOf = async (token, message) =>
  (await api("GET", `/rooms/${general}/messages/${message.id}`, undefined, token)).reactions ?? [];
const put = (token, message, emoji, method = "PUT") =>
  api(
    method,
    `/rooms/${general}/messages/${message.id}/reactions/${encodeURIComponent(emoji)}`,
    undefined,
    token,
  );
const isFocused = (locator) => locator.evaluate((it) => it === document.activeElement);

test("two users react to a message, and each sees the other's reaction at once", async () => {
  const message = await send(ann, general, "Shall we go?");
  const one = await enters("ann", { at: `/#/rooms/${general}` });
  const two = await enters("bo", { at: `/#/rooms/${general}` });
  const [here, there] = [rowOf(one, "Shall we go?"), rowOf(two, "Shall we go?")];
  await hears(one, general);
  await hears(two, general);

  await here.hover();
  await here.getByRole("button", { name: "Add a reaction" }).click();
  const picker = one.getByRole("dialog", { name: "Choose an emoji" });
  await picker.getByLabel("Search emoji").fill("tada");
  await picker.getByRole("button", { name: "tada", exact: true }).click();
  await picker.waitFor({ state: "detached" });
  await shows(here, "🎉 1*");
  await shows(there, "🎉 1");
  assert.match(
    await there.locator(".reaction").first().getAttribute("aria-label"),
    /Ann? reacted with :tada:/i,
  );

  await there.locator(".reaction").first().click();
  await shows(there, "🎉 2*");
  await shows(here, "🎉 2*");
  await put(bo, message, "👀");
  await shows(here, "🎉 2*,👀 1");
  await here.locator(".reaction").first().hover();
  await one.locator(".tip").getByText("You and bo reacted with :tada:").waitFor();
  await picture(one, "reactions");
  await isAccessible(one, "reactions");
  await one.emulateMedia({ colorScheme: "dark" });
  await picture(one, "reactions-dark");
  await isAccessible(one, "reactions in the dark");

  await there.locator(".reaction").first().click();
  await shows(there, "🎉 1,👀 1*");
  await shows(here, "🎉 1*,👀 1");
  // A new page has the same, and what happens while it loads counts once.
  await Promise.all([one.reload(), put(bo, message, "🚀")]);
  await shows(here, "🎉 1*,👀 1,🚀 1");
  await put(bo, message, "🚀", "DELETE");
  await shows(here, "🎉 1*,👀 1");
  assert.equal((await reactionsOf(ann, message)).length, 2);
  await one.context().close();
  await two.context().close();
});

test("the keyboard reaches everything, and the focus returns", async () => {
  const message = await send(ann, general, "Only keys");
  await put(bo, message, "👍");
  const page = await enters("ann", { at: `/#/rooms/${general}` });
  const row = rowOf(page, "Only keys");
  await row.waitFor();
  await composer(page).press("ArrowUp");
  await page.keyboard.press("Escape");
  await row.focus();
  await page.keyboard.press("r");
  const picker = page.getByRole("dialog", { name: "Choose an emoji" });
  await picker.waitFor();
  await page.keyboard.press("Escape");
  await picker.waitFor({ state: "detached" });
  assert.ok(await isFocused(row), "the focus returns");

  // From the field to the emoji, beside it, and back to the search with a letter.
  await row.focus();
  await page.keyboard.press("r");
  await picker.getByRole("button", { name: "grinning", exact: true }).waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowRight");
  assert.ok(await isFocused(picker.locator(".emoji-grid button").nth(1)));
  await page.keyboard.press("ArrowDown");
  assert.ok(await isFocused(picker.getByRole("button", { name: "smiley", exact: true })));
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.type("rocket");
  await page.keyboard.press("Enter");
  await shows(row, "👍 1,🚀 1*");

  // The reactions are beside the row in the order of the Tab key.
  await row.focus();
  await page.keyboard.press("Tab");
  assert.ok(await isFocused(row.locator(".reaction").first()));
  await page.keyboard.press("Space");
  await shows(row, "👍 2*,🚀 1*");
  assert.ok(await isFocused(row.locator(".reaction").first()), "the button stays");
  await put(bo, message, "👍", "DELETE");
  await shows(row, "👍 1*,🚀 1*");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Space");
  await shows(row, "🚀 1*");
  assert.ok(await isFocused(row), "a button that goes leaves the focus to its message");
  await page.context().close();
});

test("a plus and an emoji in the composer is a reaction to the newest message", async () => {
  const page = await enters("bo", { at: `/#/rooms/${general}` });
  await says(page, "The newest");
  await send(ann, general, "The very newest");
  await sees(page, "The very newest");
  const row = rowOf(page, "The very newest");
  await composer(page).pressSequentially("+:thumbsup:");
  await composer(page).press("Enter");
  await shows(row, "👍 1*");
  assert.equal(await composer(page).inputValue(), "");
  await composer(page).fill("+🎉");
  await composer(page).press("Enter");
  await shows(row, "👍 1*,🎉 1*");
  // An empty composer still edits the last own message.
  await composer(page).press("ArrowUp");
  assert.equal(await page.getByLabel("Edit the message").inputValue(), "The newest");
  await page.keyboard.press("Escape");
  await composer(page).fill("+1 from me");
  await composer(page).press("Enter");
  await sees(page, "+1 from me");
  await page.context().close();
});

test("a reaction that the server refuses is taken back, and the page says why", async () => {
  const message = await send(ann, general, "Too many");
  const page = await enters("bo", { at: `/#/rooms/${general}`, expects: /net::ERR_FAILED/ });
  const row = rowOf(page, "Too many");
  await row.waitFor();
  await put(ann, message, "👍");
  await shows(row, "👍 1");
  await page.route("**/reactions/**", (route) => route.abort());
  await row.locator(".reaction").first().click();
  await page.getByText("Your reaction was not saved.").waitFor();
  await shows(row, "👍 1");
  await page.unroute("**/reactions/**");
  await row.locator(".reaction").first().click();
  await shows(row, "👍 2*");
  // The page shows it before the server has it.
  await until("the server has both", async () => {
    const [reaction] = await reactionsOf(bo, message);
    return reaction.count === 2;
  });
  await page.context().close();
});

test("on a phone the picker is a sheet, and a long press says who has reacted", async () => {
  const message = await send(ann, general, "From a phone");
  await put(ann, message, "👍");
  const page = await enters("bo", {
    at: `/#/rooms/${general}`,
    viewport: { width: 390, height: 800 },
    hasTouch: true,
    isMobile: true,
  });
  const row = rowOf(page, "From a phone");
  await shows(row, "👍 1");
  const button = row.locator(".reaction").first();
  await button.dispatchEvent("pointerdown", { pointerType: "touch" });
  await page.locator(".tip").getByText("ann reacted with :thumbsup:").waitFor();
  await picture(page, "reactions-phone");
  await button.dispatchEvent("pointerup", { pointerType: "touch" });
  await button.dispatchEvent("click");
  await shows(row, "👍 1");
  await button.dispatchEvent("pointerleave");

  await row.locator(".text").tap();
  await row.locator(".actions").getByRole("button", { name: "Add a reaction" }).tap();
  const picker = page.getByRole("dialog", { name: "Choose an emoji" });
  await picker.getByRole("button", { name: "grinning", exact: true }).waitFor();
  const box = await picker.boundingBox();
  assert.deepEqual([box.x, box.width, Math.round(box.y + box.height)], [0, 390, 800]);
  await picture(page, "picker-phone");
  await isAccessible(page, "the picker on a phone");
  // A skin tone is kept for the next time.
  await picker.getByRole("button", { name: "Skin tone: dark" }).tap();
  await picker.getByRole("button", { name: "People", exact: true }).tap();
  await picker.getByRole("button", { name: "wave", exact: true }).tap();
  await shows(row, "👍 1,👋🏿 1*");
  await page.context().close();
});

test("with the mouse one message after the other gets a reaction", async () => {
  for (const text of ["first of two", "second of two"]) await send(bo, general, text);
  const page = await enters("ann", { at: `/#/rooms/${general}` });
  await sees(page, "second of two");
  for (const text of ["first of two", "second of two", "first of two"]) {
    const row = rowOf(page, text);
    await row.hover();
    await row.locator(".actions").getByRole("button", { name: "Add a reaction" }).click();
    const picker = page.getByRole("dialog", { name: "Choose an emoji" });
    await picker.getByLabel("Search emoji").fill("tada");
    await picker.getByRole("button", { name: "tada", exact: true }).click();
    await picker.waitFor({ state: "detached" });
  }
  await page.context().close();
});
