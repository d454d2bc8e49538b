// A server with a closed sign-up, rooms created by everyone, and a name, a logo and a colour. The settings are
// in tests/page.rs.

import { before, test } from "node:test";
import assert from "node:assert/strict";
import {
  account,
  api,
  enters,
  isAccessible,
  newPage,
  PASSWORD,
  picture,
  room,
  sees,
  send,
} from "./support.js";

const NAME = "Tea & <Cake>";

let ann, general;

before(async () => {
  ann = await account("ann", "admin");
  const bo = { username: "bo", email: "bo@example.com", password: PASSWORD };
  await api("POST", "/auth/signup", bo, ann);
  general = await room(ann, "general", "Everything and nothing");
  await send(ann, general, "Good morning, @bo! See https://example.com");
});

test("the page has the server's name and logo from its first moment", async () => {
  const page = await newPage();
  // The index, before any script has run.
  const index = await (await page.request.get("/")).text();
  assert.match(index, /<title>Tea &amp; &lt;Cake&gt;<\/title>/);
  assert.doesNotMatch(index, /chatapp/);
  await page.goto("/");
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  assert.equal(await page.title(), NAME);
  await page.getByText(NAME, { exact: true }).waitFor();
  const logo = page.locator(".brand img");
  assert.match(await logo.getAttribute("src"), /\/logo\.svg$/);
  assert.ok(await logo.evaluate((it) => it.complete && it.naturalWidth > 0), "it is drawn");
  await page.context().close();
});

test("a closed sign-up is explained and has no form", async () => {
  const page = await newPage();
  await page.goto("/");
  await page.getByText("An admin of this server can create your account.").waitFor();
  assert.equal(await page.getByRole("button", { name: "Create an account" }).count(), 0);
  await isAccessible(page, "signing in");
  await picture(page, "closed");
  await page.context().close();
});

test("an admin creates an account in the page", async () => {
  const page = await enters("ann", { at: "/#/admin/users" });
  await page.getByRole("button", { name: "Create an account" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Username").fill("cleo");
  await dialog.getByLabel("Email").fill("cleo@example.com");
  await dialog.getByLabel("Password").fill(PASSWORD);
  await isAccessible(page, "creating an account");
  await dialog.getByRole("button", { name: "Create account" }).click();
  await page.getByRole("row", { name: "cleo" }).waitFor();
  const other = await enters("cleo", { at: `/#/rooms/${general}` });
  await sees(other, "Good morning");
  await other.context().close();
  await page.context().close();
});

test("a user who is not an admin creates a room if everyone may", async () => {
  const page = await enters("bo", { at: `/#/rooms/${general}` });
  await sees(page, "Good morning");
  await page.getByRole("button", { name: "Create a room" }).click();
  assert.ok(!(await page.getByText("Only admins can create public rooms here.").isVisible()));
  await page.getByRole("dialog").getByLabel("Name").fill("tea");
  await page.getByRole("dialog").getByRole("button", { name: "Create room" }).click();
  await page.getByRole("heading", { level: 1, name: "tea" }).waitFor();
  assert.match(await page.title(), /^#tea · Tea & <Cake>$/);
  // A message in another room: the icon is the logo with a dot.
  await send(ann, general, "and @bo again");
  await page.locator("chat-room-entry").filter({ hasText: "1 unread" }).waitFor();
  const href = await page.locator("link[rel=icon]").getAttribute("href");
  assert.match(href, /icon-unread\.svg$/);
  const icon = await page.request.get(href);
  assert.match(await icon.text(), /data:image\/svg\+xml;base64,/);
  await page.context().close();
});

for (const colorScheme of ["light", "dark"]) {
  test(`text stays legible with any colour, ${colorScheme}`, async () => {
    const page = await enters("bo", { at: `/#/rooms/${general}`, colorScheme });
    await sees(page, "Good morning");
    const accent = await page.evaluate(() =>
      getComputedStyle(document.documentElement).getPropertyValue("--accent"),
    );
    assert.doesNotMatch(accent, /0d6b5f/, "the settings' colour is in force");
    await isAccessible(page, "a room");
    await picture(page, `branded-${colorScheme}`);
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox").waitFor();
    await isAccessible(page, "the switcher");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Account and settings" }).click();
    await isAccessible(page, "the account");
    await page.context().close();
  });
}
