// Bots: made by an admin, with API tokens that programs use.

import { before, test } from "node:test";
import assert from "node:assert/strict";
import { account, api, enters, isAccessible, picture, room, sees } from "./support.js";

let ann, general, token;

before(async () => {
  ann = await account("ann", "admin");
  await account("bo");
  general = await room(ann, "general");
});

test("an admin makes a bot, whose messages are marked", async () => {
  const page = await enters("ann", { at: "/#/admin/bots" });
  await page.getByText("There are no bots yet.").waitFor();
  await page.getByRole("button", { name: "Create a bot" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Username").fill("deploys");
  await dialog.getByLabel("Shown name").fill("Deploys");
  await picture(page, "bots-dialog");
  await isAccessible(page, "the dialog that creates a bot");
  await dialog.getByRole("button", { name: "Create bot" }).click();
  token = await dialog.getByRole("textbox", { name: "API token" }).inputValue();
  assert.match(token, /^cb_.{43}$/);
  await page.keyboard.press("Escape");
  await page.getByText("1 API token", { exact: true }).waitFor();
  await isAccessible(page, "the bots");

  await api("POST", `/rooms/${general}/messages`, { content: "Version 7 is live" }, token);
  await page.goto(`/#/rooms/${general}`);
  await sees(page, "Version 7 is live");
  const message = page.locator("li.message").filter({ hasText: "Version 7" });
  await message.getByText("bot", { exact: true }).waitFor();
  await message.getByRole("button", { name: "Deploys" }).click();
  await page.getByRole("dialog").getByText("Bot", { exact: true }).waitFor();
  await page.context().close();
});

test("an admin makes another token, and revokes the first one", async () => {
  const page = await enters("ann", { at: "/#/admin/bots" });
  const dialog = page.getByRole("dialog");
  await page.getByRole("button", { name: "API tokens of deploys" }).click();
  await dialog.getByText("first token").waitFor();
  await dialog.getByLabel("What it is for").fill("laptop");
  await dialog.getByLabel("Send messages and reactions").uncheck();
  await isAccessible(page, "the API tokens of a bot");
  await dialog.getByRole("button", { name: "Make token" }).click();
  const second = await dialog.getByRole("textbox", { name: "API token" }).inputValue();
  await page.keyboard.press("Escape");

  await page.getByRole("button", { name: "API tokens of deploys" }).click();
  await dialog.getByText(/^read · not used yet/).waitFor();
  await picture(page, "bot-tokens");
  await dialog.getByRole("button", { name: "Revoke first token" }).click();
  await page.getByRole("button", { name: "Revoke", exact: true }).click();
  await page.getByText("API token revoked").waitFor();
  await assert.rejects(api("GET", "/auth/me", undefined, token), /session_revoked/);
  await api("GET", "/auth/me", undefined, second);
  await page.context().close();
});

test("an admin makes a webhook of a bot, sees what was delivered and sends it again", async () => {
  const page = await enters("ann", { at: "/#/admin/bots" });
  const dialog = page.getByRole("dialog");
  const webhooks = () => page.getByRole("button", { name: "Webhooks of deploys" }).click();
  await webhooks();
  // Nothing listens there.
  await dialog.getByLabel("URL").fill("http://127.0.0.1:9/chat-events");
  await isAccessible(page, "the webhooks of a bot");
  await dialog.getByRole("button", { name: "Make webhook" }).click();
  const secret = await dialog.getByRole("textbox", { name: "Secret" }).inputValue();
  assert.match(secret, /^whsec_.{44}$/);
  await picture(page, "webhook-secret");
  await page.keyboard.press("Escape");

  await api("POST", `/rooms/${general}/messages`, { content: "Anybody there?" }, ann);
  await webhooks();
  await dialog.getByText("message, reply").waitFor();
  await dialog.getByRole("button", { name: /^Deliveries/ }).click();
  const deliveries = page.getByRole("dialog", { name: "Deliveries" });
  const failed = deliveries.getByText("failed", { exact: true });
  // The attempt is in the list as soon as it is stored.
  while (!(await failed.count())) {
    await deliveries.getByRole("button", { name: "Load again" }).click();
  }
  await picture(page, "webhook-deliveries");
  await isAccessible(page, "the deliveries of a webhook");
  await deliveries
    .getByRole("button", { name: /^Send again from here/ })
    .first()
    .click();
  await page.getByText("It is sent in a moment").waitFor();
  await page.keyboard.press("Escape");
  await dialog.getByRole("button", { name: /^Pause/ }).click();
  await dialog.getByText(/paused/).waitFor();
  await picture(page, "webhooks");
  await dialog.getByRole("button", { name: /^Delete/ }).click();
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByText("Webhook deleted").waitFor();
  await page.context().close();
});
