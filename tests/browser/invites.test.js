// Invite links: made in one browser, used in another one.

import { before, test } from "node:test";
import assert from "node:assert/strict";
import {
  PASSWORD,
  account,
  api,
  enters,
  isAccessible,
  newPage,
  picture,
  room,
  sees,
  send,
} from "./support.js";

let ann, secret, link;

before(async () => {
  ann = await account("ann", "admin");
  await account("bo");
  await room(ann, "general");
  secret = (await api("POST", "/rooms/", { name: "surprise", kind: "private" }, ann)).id;
  await send(ann, secret, "the cake is in the cellar");
});

test("a member makes a link, and another user joins with it", async () => {
  const page = await enters("ann", { at: `/#/rooms/${secret}` });
  await page.getByRole("button", { name: "Room menu" }).click();
  await page.getByRole("menuitem", { name: "Invite link" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("radio", { name: "10 times" }).check({ force: true });
  await dialog.getByRole("button", { name: "Create link" }).click();
  link = await dialog.getByLabel("Invite link").inputValue();
  assert.match(link, /\/#\/invite\/.+/);
  await dialog.getByText("Used 0 of 10 times").waitFor();
  await picture(page, "invite-dialog");
  await isAccessible(page, "the dialog of invites");
  await page.context().close();

  // Without a room of their own, people see the public rooms. The one that is open stays in the list.
  const bo = await enters("bo");
  await bo.getByRole("heading", { level: 1, name: "general" }).waitFor();
  await bo.goto(link);
  await bo.getByRole("heading", { name: "Join surprise" }).waitFor();
  await picture(bo, "invite-accept");
  await isAccessible(bo, "an invite");
  await bo.getByRole("button", { name: "Join the room" }).click();
  await sees(bo, "the cake is in the cellar");
  await bo.locator("chat-room-entry").filter({ hasText: "general" }).waitFor();
  // The link leads a member to the room.
  await bo.goto(link);
  await bo.getByRole("heading", { name: "You are a member of surprise" }).waitFor();
  await bo.getByRole("button", { name: "Open the room" }).click();
  await sees(bo, "the cake is in the cellar");
  await bo.context().close();
});

test("somebody without an account signs up with the link, and is in the room", async () => {
  const page = await newPage();
  await page.goto(link);
  await page.getByText("ann invites you to the room surprise").waitFor();
  await picture(page, "invite-sign-up");
  await isAccessible(page, "signing up with an invite");
  await page.getByLabel("Username").fill("cleo");
  await page.getByLabel("Email").fill("cleo@example.com");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign up" }).click();
  await page.locator("chat-room-entry").filter({ hasText: "surprise" }).click();
  await sees(page, "the cake is in the cellar");
  await page.getByRole("button", { name: "Room menu" }).click();
  await page.getByRole("menuitem", { name: "Star", exact: true }).click();
  await page.getByText("Browse rooms to find more.").waitFor();
  await page.context().close();
});

test("somebody who is signed out signs in and then accepts", async () => {
  await account("dan");
  const page = await newPage({ viewport: { width: 360, height: 740 } });
  await page.goto(link);
  await page.getByText("ann invites you to the room surprise").waitFor();
  await picture(page, "invite-phone");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByLabel("Username").fill("dan");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("button", { name: "Join the room" }).click();
  await sees(page, "the cake is in the cellar");
  await page.context().close();
});

test("a link that was revoked says so", async () => {
  const page = await enters("ann", { at: `/#/rooms/${secret}`, expects: /status of 404/ });
  await page.getByRole("button", { name: "Room menu" }).click();
  await page.getByRole("menuitem", { name: "Invite link" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("dialog").getByText("Used 3 of 10 times").waitFor({ state: "detached" });
  await page.keyboard.press("Escape");
  await page.goto(link);
  await page.getByRole("heading", { name: "This invite does not work" }).waitFor();
  await picture(page, "invite-revoked");
  await page.context().close();
});

test("an admin invites people to the server", async () => {
  const page = await enters("ann", { at: "/#/admin/invites" });
  await page.getByRole("button", { name: "Create link" }).click();
  await page.getByLabel("Invite link").waitFor();
  await picture(page, "admin-invites");
  await page.context().close();
});
