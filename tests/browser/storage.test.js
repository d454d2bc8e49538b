// A browser that stores nothing: the page works while it is open, and says what will be lost.

import { before, test } from "node:test";
import assert from "node:assert/strict";
import { account, api, composer, newPage, room, says, sees, send, signsIn } from "./support.js";

let ann, general, other;

before(async () => {
  ann = await account("ann", "admin");
  const bo = await account("bo");
  general = await room(ann, "general");
  other = await room(ann, "other");
  await api("PUT", `/rooms/${other}/members/me`, undefined, bo);
  await send(ann, general, "hello");
});

const BROWSERS = {
  "storage that throws when it is touched": () => {
    Object.defineProperty(window, "localStorage", {
      get() {
        throw new DOMException("Access is denied for this document.", "SecurityError");
      },
    });
    LockManager.prototype.request = () =>
      Promise.reject(new DOMException("Access to the Locks API is denied.", "SecurityError"));
  },
  "storage that takes no value": () => {
    Storage.prototype.setItem = () => {
      throw new DOMException("The quota has been exceeded.", "QuotaExceededError");
    };
  },
};

for (const [name, breakStorage] of Object.entries(BROWSERS)) {
  test(`the page works with ${name}`, async () => {
    const page = await newPage();
    await page.addInitScript(breakStorage);
    await signsIn(page, "bo", `/#/rooms/${general}`);
    await sees(page, "hello");
    const note = page.locator(".unkept.shown");
    await note.getByText("does not store what the page keeps").waitFor();
    await note.getByRole("button", { name: "OK" }).click();
    await note.waitFor({ state: "detached" });
    await says(page, `with ${name}`);

    // While the page is open, it keeps the values in memory.
    await composer(page).fill("half a thou");
    await page.locator("chat-room-entry").filter({ hasText: "other" }).click();
    await page.getByPlaceholder("Message #other").waitFor();
    await page.locator("chat-room-entry").filter({ hasText: "general" }).click();
    await page.getByPlaceholder("Message #general").waitFor();
    assert.equal(await composer(page).inputValue(), "half a thou");
    assert.equal(await note.count(), 0, "it is said once");
    await page.getByRole("button", { name: /here$/ }).click();
    await page.getByRole("button", { name: "Account and settings" }).click();
    await page.getByRole("radio", { name: "Dark" }).check({ force: true });
    assert.equal(await page.locator("html").getAttribute("data-theme"), "dark");
    await page.getByRole("radio", { name: "Light" }).check({ force: true });
    assert.equal(await page.locator("html").getAttribute("data-theme"), "light");
    await page.keyboard.press("Escape");

    // Tokens that are made in the same second are equal.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await page.evaluate(async () => {
      const address = document.querySelector("link[href$='core/login.js']").href;
      const { renewToken } = await import(address);
      const { session } = await import(new URL("session.js", address).href);
      const before = session.peek().token;
      await renewToken();
      if (session.peek().token === before) throw new Error("the token is the same");
    });
    await says(page, `with ${name}, renewed`);

    await page.getByRole("button", { name: "Account and settings" }).click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("button", { name: "Sign in" }).waitFor();
    await page.reload();
    await page.getByRole("button", { name: "Sign in" }).waitFor();
    await page.context().close();
  });
}

test("the line is not shown if the browser stores everything", async () => {
  const page = await newPage();
  await signsIn(page, "bo", `/#/rooms/${other}`);
  await says(page, "stored");
  assert.equal(await page.locator(".unkept.shown").count(), 0);
  await page.context().close();
});
