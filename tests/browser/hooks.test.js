// Webhooks: made and deleted in the settings of a room, used by another program.

import { before, test } from "node:test";
import assert from "node:assert/strict";
import { account, api, enters, isAccessible, picture, room, sees } from "./support.js";

let ann, bo, general, url;

before(async () => {
  ann = await account("ann", "admin");
  bo = await account("bo");
  general = await room(ann, "general");
});

const post = (body) => fetch(url, { method: "POST", body: new URLSearchParams(body) });

test("an owner makes a webhook, and a program sends with its URL", async () => {
  const page = await enters("ann", { at: `/#/rooms/${general}` });
  await page.getByRole("button", { name: "Room settings" }).click();
  await page.getByRole("button", { name: "Webhooks" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Night build");
  await dialog.getByRole("button", { name: "Create webhook" }).click();
  url = await dialog.getByLabel("URL of the webhook").inputValue();
  assert.match(url, /^http.+\/hooks\/cb_.+/);
  await dialog.getByText("Not used yet").waitFor();
  await dialog.getByRole("button", { name: "Copy URL" }).waitFor();
  await picture(page, "hooks-dialog");
  await isAccessible(page, "the dialog of webhooks");
  await page.keyboard.press("Escape");
  const answer = await post({ text: "*green*: <https://ci.example/7|run 7>" });
  assert.equal(await answer.text(), "ok");
  await sees(page, "green: run 7");
  const message = page.locator("li.message").filter({ hasText: "green" });
  assert.equal(await message.locator("strong").textContent(), "green");
  await message.getByText("Night build").first().waitFor();
  await page.context().close();
});

test("a name that is not acceptable is explained beside the field", async () => {
  const page = await enters("ann", { at: `/#/rooms/${general}`, expects: /status of 422/ });
  await page.getByRole("button", { name: "Room settings" }).click();
  await page.getByRole("button", { name: "Webhooks" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("x".repeat(65));
  await dialog.getByRole("button", { name: "Create webhook" }).click();
  await dialog.getByText(/at most 64 characters/).waitFor();
  await page.context().close();
});

test("a moderator deletes it, and the URL is refused", async () => {
  const { id } = await api("GET", "/auth/me", undefined, bo);
  await api("POST", `/rooms/${general}/members`, { user_ids: [id] }, ann);
  await api("PATCH", `/rooms/${general}/members/${id}`, { role: "moderator" }, ann);
  const page = await enters("bo", { at: `/#/rooms/${general}` });
  await page.getByRole("button", { name: "Room menu" }).click();
  await page.getByRole("menuitem", { name: "Webhooks" }).click();
  await page.getByText(/Made by ann/).waitFor();
  await page.getByRole("button", { name: "Delete the webhook Night build" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByText("Webhook deleted").waitFor();
  assert.equal((await post({ text: "too late" })).status, 404);
  await sees(page, "green: run 7");
  await page.context().close();
});

test("what the server itself says is a quiet line without a person", async () => {
  const said = { content: "Order 42 was *sent*", metadata: { order_id: 42 } };
  await api("POST", `/admin/rooms/${general}/messages`, said, ann);
  const page = await enters("ann", { at: `/#/rooms/${general}` });
  await sees(page, "Order 42 was sent");
  const message = page.locator("li.message.of-server");
  assert.equal(await message.count(), 1);
  assert.equal(await message.locator(".author, .avatar").count(), 0);
  await message.focus();
  await page.keyboard.press("p");
  assert.equal(await page.getByRole("dialog").count(), 0);
  // A product's data is no news for people.
  await api("PATCH", `/rooms/${general}`, { metadata: { order_id: 42 } }, ann);
  await api("PATCH", `/rooms/${general}`, { description: "Orders" }, ann);
  const line = page.locator("li.member-line").filter({ hasText: "set the topic to “Orders”" });
  await line.waitFor();
  assert.doesNotMatch(await line.innerText(), /changed the room/);
  await isAccessible(page, "a message of the server");
  await page.context().close();
});
