// The look of the page: emoji, the length of lines, blocks of code, empty rooms, the list of shortcuts.

import { before, test } from "node:test";
import assert from "node:assert/strict";
import {
  account,
  composer,
  enters,
  isAccessible,
  picture,
  room,
  says,
  sees,
  send,
  SERVER,
  newPage,
  signsIn,
} from "./support.js";

let ann, general, empty;

before(async () => {
  ann = await account("ann", "admin");
  await account("bo");
  general = await room(ann, "general");
  empty = await room(ann, "empty");
  await send(ann, general, "Lorem ipsum dolor sit amet, ".repeat(20));
  await send(ann, general, "```\nlet answer = 42;\nlet question;\n```");
  await send(ann, general, "😀");
  await send(ann, general, "0123456789 #* 👍 done ✅ ❤️");
});

test("an emoji has colours, and a digit is text", async () => {
  const page = await enters("ann", { at: `/#/rooms/${general}`, colorScheme: "light" });
  await sees(page, "0123456789");
  await picture(page, "emoji");
  /** How many pixels of a text in the page's fonts are clearly coloured. */
  const colourful = (text) =>
    page.evaluate(async (text) => {
      await document.fonts.load(`40px ${getComputedStyle(document.body).fontFamily}`, text);
      const canvas = new OffscreenCanvas(60, 60);
      const context = canvas.getContext("2d");
      context.font = `40px ${getComputedStyle(document.body).fontFamily}`;
      context.fillText(text, 4, 46);
      const { data } = context.getImageData(0, 0, 60, 60);
      let count = 0;
      for (let at = 0; at < data.length; at += 4) {
        const [r, g, b, alpha] = data.slice(at, at + 4);
        if (alpha > 100 && Math.max(r, g, b) - Math.min(r, g, b) > 40) count += 1;
      }
      return count;
    }, text);
  for (const emoji of ["😀", "👍", "✅", "🎉", "🦀"])
    assert.ok((await colourful(emoji)) > 100, `${emoji} is in colour`);
  for (const digit of ["7", "#", "*"]) assert.equal(await colourful(digit), 0, digit);
  await page.context().close();
});

test("lines of text are limited to a legible length", async () => {
  const page = await enters("ann", { at: `/#/rooms/${general}` });
  await sees(page, "Lorem");
  const { width, measure } = await page
    .locator("li.message p")
    .filter({ hasText: "Lorem" })
    .evaluate((it) => {
      const probe = document.createElement("span");
      probe.textContent = "0".repeat(72);
      it.append(probe);
      const range = document.createRange();
      range.selectNodeContents(probe);
      const found = { width: it.clientWidth, measure: range.getBoundingClientRect().width };
      probe.remove();
      return found;
    });
  assert.ok(width <= measure * 1.02, `${width} pixels are more than 72 digits: ${measure}`);
  await page.context().close();
});

test("a block of code is copied with the pointer and the keyboard, with and without a clipboard", async () => {
  const page = await enters("ann", {
    at: `/#/rooms/${general}`,
    permissions: ["clipboard-read", "clipboard-write"],
  });
  await sees(page, "let answer");
  const copy = page.getByRole("button", { name: "Copy code" });
  await page.locator(".code-block").hover();
  await copy.click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  assert.equal(
    await page.evaluate(() => navigator.clipboard.readText()),
    "let answer = 42;\nlet question;",
  );
  await copy.waitFor();
  await page.evaluate(() => navigator.clipboard.writeText(""));
  await page.locator(".code-block pre").focus();
  await page.keyboard.press("Tab");
  assert.ok(await copy.evaluate((it) => it === document.activeElement && it.checkVisibility()));
  await isAccessible(page, "a block of code");
  // Without https there is no clipboard.
  await page.evaluate(() =>
    Object.defineProperty(navigator.clipboard, "writeText", { value: () => Promise.reject() }),
  );
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Copied" }).waitFor();
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^let answer = 42;/);
  await page.context().close();
});

test("an empty room shows hints until a message arrives", async () => {
  const page = await newPage({ permissions: ["clipboard-read", "clipboard-write"] });
  // As on a server on which people sign up with an invite: the link of a room lets nobody in.
  await page.route("**/auth/setup", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), signup: "invite" } });
  });
  await signsIn(page, "ann", `/#/rooms/${empty}`);
  const invitation = page.locator(".invitation");
  await invitation.getByText("Write the first message").waitFor();
  await isAccessible(page, "an empty room");
  await picture(page, "empty-room");
  await invitation.getByRole("button", { name: "Invite link" }).click();
  await page.getByRole("dialog").getByText("Everybody who opens the link can join").waitFor();
  await page.keyboard.press("Escape");
  await invitation.getByRole("button", { name: "Copy link" }).click();
  await invitation.getByRole("button", { name: "Copied" }).waitFor();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(link, `${SERVER}/#/rooms/${empty}`);
  await says(page, "hello");
  await invitation.waitFor({ state: "detached" });
  await page.context().close();
});

test("a question mark opens the list of shortcuts, except in a field", async () => {
  const page = await enters("ann", { at: `/#/rooms/${general}` });
  await sees(page, "Lorem");
  await composer(page).pressSequentially("why?");
  assert.equal(await composer(page).inputValue(), "why?");
  assert.equal(await page.getByRole("dialog").count(), 0);
  await composer(page).fill("");
  await page.getByRole("button", { name: /here$/ }).focus();
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
  await page.context().close();
});

test("a user who may not create public rooms learns who may", async () => {
  const page = await enters("bo", { at: `/#/rooms/${general}` });
  await page.getByRole("button", { name: "Create a room" }).click();
  await page.getByText("Only admins can create public rooms here.").waitFor();
  assert.equal(await page.getByRole("dialog").getByRole("radio").count(), 0);
  await page.context().close();
});
