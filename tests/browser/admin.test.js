// The pages of admins: rooms, people, figures, audit.

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

let ann, bo, cleo, general;

before(async () => {
  ann = await account("ann", "admin");
  [bo, cleo] = [await account("bo"), await account("cleo")];
  await api("PATCH", "/users/me", { display_name: "Дагмар Ёж" }, await account("dag"));
  general = await room(ann, "general");
  await send(ann, general, "hello");
});

test("a room is created, renamed, given a topic, archived, opened again and deleted", async () => {
  const page = await enters("ann", { at: "/#/admin/rooms", expects: /status of 409/ });
  await page.getByRole("main").getByRole("button", { name: "Create a room" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("general");
  await dialog.getByRole("button", { name: "Create room" }).click();
  await dialog.getByText("Another public room has this name.").waitFor();
  await dialog.getByLabel("Name").fill("plans");
  await dialog.getByLabel("Topic").fill("What comes next");
  await dialog.getByRole("button", { name: "Create room" }).click();
  await page.getByRole("heading", { level: 1, name: "plans" }).waitFor();

  await page.getByRole("button", { name: "Room settings" }).click();
  await dialog.getByLabel("Name").fill("dreams");
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { level: 1, name: "dreams" }).waitFor();
  await page.getByRole("button", { name: "Room settings" }).click();
  await isAccessible(page, "room settings");
  await dialog.getByRole("button", { name: "Archive room" }).click();
  await dialog.getByRole("button", { name: "Archive", exact: true }).click();
  await page.getByText("This room is archived").waitFor();
  await page.getByRole("button", { name: "Room settings" }).click();
  await dialog.getByRole("button", { name: "Reopen room" }).click();
  await page.getByPlaceholder("Message #dreams").waitFor();

  // The button beside the list of rooms creates a room too.
  await page.getByRole("navigation").getByRole("button", { name: "Create a room" }).click();
  await dialog.getByLabel("Topic").waitFor();
  await page.keyboard.press("Escape");

  await page.goto("/#/admin/rooms");
  await page.getByRole("button", { name: "Settings of dreams" }).click();
  await picture(page, "admin-room");
  await dialog.getByRole("button", { name: "Delete room" }).click();
  await dialog.getByRole("button", { name: "Delete permanently" }).click();
  await page.getByRole("row", { name: "dreams" }).waitFor({ state: "detached" });
  assert.deepEqual(
    (await api("GET", "/rooms/", undefined, ann)).map(({ name }) => name),
    ["general"],
  );
  await page.context().close();
});

test("an admin appoints the owner of a private room, deletes it, and sees nothing else of it", async () => {
  const secret = { name: "secret", kind: "private", description: "hush" };
  const { id } = await api("POST", "/rooms/", secret, bo);
  const page = await enters("ann", { at: "/#/admin/rooms" });
  const rooms = page.getByRole("region", { name: "Private rooms" });
  const row = rooms.getByRole("row", { name: "secret" });
  await row.getByText("1", { exact: true }).waitFor();
  assert.equal(await page.getByText("hush").count(), 0);
  await isAccessible(page, "private rooms");
  await picture(page, "admin-private-rooms");
  await row.getByRole("button", { name: "Manage secret" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Appoint an owner" }).click();
  await dialog.getByLabel("The new owner").fill("cleo");
  await dialog.getByRole("button", { name: /cleo/ }).first().click();
  await dialog.getByRole("button", { name: "Appoint", exact: true }).click();
  await row.getByText("2", { exact: true }).waitFor();
  assert.equal((await api("GET", `/rooms/${id}`, undefined, cleo)).membership.role, "owner");
  await row.getByRole("button", { name: "Manage secret" }).click();
  await dialog.getByRole("button", { name: "Delete room" }).click();
  await dialog.getByRole("button", { name: "Delete permanently" }).click();
  await row.waitFor({ state: "detached" });
  await page.context().close();
});

test("people are found, made admins, deactivated and deleted", async () => {
  const page = await enters("ann", { at: "/#/admin/users", expects: /status of 4(09|01)/ });
  const dialog = page.getByRole("dialog");
  await page.getByRole("row", { name: "dag" }).waitFor();
  await picture(page, "admin-people");
  await isAccessible(page, "people");
  await page.getByRole("searchbox", { name: "Search people" }).fill("дагмар ё");
  await page.getByText("1 account").waitFor();
  await page.getByRole("row", { name: "Дагмар Ёж" }).waitFor();
  await page.getByRole("searchbox").fill("CLEO@");
  await page.getByRole("row", { name: "dag" }).waitFor({ state: "detached" });
  await page.getByText("1 account").waitFor();
  await page.getByRole("button", { name: "Manage cleo" }).click();
  await dialog.getByText("Sign out everywhere").waitFor();
  await isAccessible(page, "an account");
  await dialog.getByRole("button", { name: "Make admin" }).click();
  await page.getByRole("row", { name: "cleo" }).getByText("admin", { exact: true }).waitFor();

  await page.getByRole("searchbox").fill("");
  await page.getByRole("button", { name: "Manage bo" }).click();
  await dialog.getByRole("button", { name: /Deactivate/ }).click();
  await page.getByRole("row", { name: "bo" }).getByText("inactive").waitFor();

  await page.getByRole("button", { name: "Manage dag" }).click();
  await dialog.getByRole("button", { name: "Delete account" }).click();
  await dialog.getByRole("button", { name: "Delete account" }).click();
  await page.getByRole("row", { name: "dag" }).waitFor({ state: "detached" });

  // The last admin cannot be demoted.
  await page.getByRole("button", { name: "Manage cleo" }).click();
  await dialog.getByRole("button", { name: "Remove admin role" }).click();
  await page.getByRole("row", { name: "cleo" }).getByText("user", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Manage ann" }).click();
  await dialog.getByRole("button", { name: "Remove admin role" }).click();
  await dialog.getByRole("alert").filter({ hasText: /admin/ }).waitFor();
  await page.context().close();
});

test("a link for a new password works once", async () => {
  const admin = await enters("ann", { at: "/#/admin/users" });
  await admin.getByRole("button", { name: "Manage cleo" }).click();
  await admin.getByRole("button", { name: "Create a password reset link" }).click();
  const link = await admin.getByLabel("Password reset link").inputValue();
  await admin.context().close();

  const page = await newPage({ expects: /status of 401/ });
  await page.goto(link);
  await page.getByLabel("New password").fill("another good password");
  await isAccessible(page, "a new password");
  await page.getByRole("button", { name: "Set password" }).click();
  await page.getByText("Your new password is set.").waitFor();
  await page.getByLabel("Username").fill("cleo");
  await page.getByLabel("Password").fill("another good password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator("chat-shell").waitFor();
  await page.goto("/");
  await page.goto(link);
  await page.getByLabel("New password").fill("yet another password");
  await page.getByRole("button", { name: "Set password" }).click();
  await page
    .locator(".form-error")
    .filter({ hasText: /link|token|used|expired/i })
    .waitFor();
  await page.context().close();
});

test("a link that is opened while the page loads its rooms is followed", async () => {
  const page = await enters("ann");
  // The browser changes the address first, and sends the event about it a little later.
  await page.addInitScript(() => {
    const hold = (event) => event.isTrusted && event.stopImmediatePropagation();
    addEventListener("hashchange", hold, { capture: true });
  });
  let release = () => {};
  const held = new Promise((resolve) => (release = resolve));
  await page.route("**/rooms/**", (request) => held.then(() => request.continue()));
  await page.goto("/");
  await page.getByText("Loading rooms…").waitFor();
  await page.evaluate(() => (location.hash = "#reset=a-token"));
  release();
  await page.locator("chat-room-entry").first().waitFor();
  await page.evaluate(() => dispatchEvent(new HashChangeEvent("hashchange")));
  await page.getByLabel("New password").waitFor();
  await page.context().close();
});

test("a user changes the own password", async () => {
  const page = await enters("ann", { at: `/#/rooms/${general}`, expects: /status of 403/ });
  await sees(page, "hello");
  await page.getByRole("button", { name: "Account and settings" }).click();
  await page.getByText("Change password").first().click();
  await page.getByLabel("Current password").fill("not this one");
  await page.getByLabel("New password").fill("a brand new password");
  await page.getByRole("button", { name: "Change password" }).click();
  await page.getByText("The current password is wrong.").waitFor();
  await page.getByLabel("Current password").fill(PASSWORD);
  await page.getByRole("button", { name: "Change password" }).click();
  await page.getByText("Password changed").waitFor();
  ann = (await api("POST", "/auth/login", { username: "ann", password: "a brand new password" }))
    .access_token;
  await api(
    "POST",
    "/auth/password",
    { current_password: "a brand new password", new_password: PASSWORD },
    ann,
  );
  await page.context().close();
});

test("the figures and the audit log are shown", async () => {
  const page = await enters("ann", { at: "/#/admin/figures" });
  await page.getByRole("heading", { name: "The server is healthy" }).waitFor();
  // A chart needs two points.
  await page.getByRole("img", { name: /^Messages sent since you opened this page/ }).waitFor();
  const names = await page.locator(".figures dt").allInnerTexts();
  assert.equal(new Set(names).size, names.length, `every figure has a name of its own: ${names}`);
  await page.locator(".figures div").filter({ hasText: "Processor" }).getByText("%").waitFor();
  await page.getByText(/Running since/).waitFor();
  // SQLite has a single server.
  assert.equal(await page.getByRole("region", { name: "Servers" }).count(), 0);
  await picture(page, "admin-figures");
  await isAccessible(page, "figures");
  await page.getByRole("link", { name: "Audit log" }).click();
  await page.getByRole("row").filter({ hasText: "delete" }).first().waitFor();
  await picture(page, "admin-audit");
  await isAccessible(page, "audit");
  await page.context().close();
});

test("a user who is not an admin does not see the pages of admins", async () => {
  await account("eve");
  const page = await enters("eve", { at: "/#/admin/users" });
  await page.getByText("Only admins can see this page.").waitFor();
  assert.equal(await page.getByRole("link", { name: "Administration" }).count(), 0);
  await page.context().close();
});
