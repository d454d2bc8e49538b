// Two users in rooms: each sees the actions of the other.

import { before, test } from "node:test";
import assert from "node:assert/strict";
import {
  account,
  api,
  composer,
  enters,
  history,
  picture,
  room,
  says,
  sees,
  send,
  until,
} from "./support.js";

let ann, bo, general, other;

before(async () => {
  ann = await account("ann", "admin");
  bo = await account("bo");
  general = await room(ann, "general", "Everything and nothing");
  other = await room(ann, "other");
});

test("two users chat, and see each other join, type and leave", async () => {
  const one = await enters("ann", { at: `/#/rooms/${general}` });
  await says(one, "Is anybody there?");
  const two = await enters("bo", { at: `/#/rooms/${general}` });
  await sees(two, "Is anybody there?");
  await one.getByRole("button", { name: "2 people here" }).click();
  await one.locator("chat-people li").filter({ hasText: "bo" }).waitFor();
  await one.keyboard.press("Escape");
  await one.locator("chat-people").waitFor({ state: "detached" });
  await one.keyboard.press("Enter");
  await one.locator("chat-people li").filter({ hasText: "bo" }).waitFor();

  await composer(two).pressSequentially("Yes");
  await one.getByText("bo is typing…").waitFor();
  await composer(two).press("Shift+Enter");
  await composer(two).pressSequentially("**me**");
  await composer(two).press("Enter");
  await sees(one, "Yes");
  assert.equal(await one.locator("li.message strong").last().innerText(), "me");
  await one.getByText("bo is typing…").waitFor({ state: "hidden" });
  assert.equal((await history(ann, general)).at(-1).content, "Yes\n**me**");

  // Consecutive messages of one user are shown under one name.
  await says(two, "and I stay");
  const last = one.locator("li.message").last();
  await last.filter({ hasText: "and I stay" }).waitFor();
  assert.match(await last.getAttribute("class"), /grouped/);

  await two.context().close();
  await one.getByRole("button", { name: "1 person here" }).waitFor();
  await one.context().close();
});

test("a message is edited with the arrow key and deleted, for both users", async () => {
  const one = await enters("ann", { at: `/#/rooms/${general}` });
  const two = await enters("bo", { at: `/#/rooms/${general}` });
  await says(two, "Good mrning");
  await sees(one, "Good mrning");
  await composer(two).press("ArrowUp");
  const editor = two.getByLabel("Edit the message");
  assert.equal(await editor.inputValue(), "Good mrning");
  await editor.fill("Good morning");
  await editor.press("Enter");
  await sees(one, "Good morning");
  await one.getByText("(edited)").waitFor();
  assert.equal((await history(bo, general)).at(-1).content, "Good morning");
  assert.ok(await composer(two).evaluate((it) => it === document.activeElement), "writing goes on");

  const row = two.locator("li.message").filter({ hasText: "Good morning" });
  await row.hover();
  await row.getByRole("button", { name: "More actions" }).click();
  await row.getByRole("menuitem", { name: "Delete" }).click();
  await two.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await one.getByText("This message was deleted.").waitFor();
  await two.getByText("This message was deleted.").waitFor();
  // An admin may delete the messages of other users, but not edit them.
  const theirs = two.locator("li.message").filter({ hasText: "Is anybody there?" });
  await theirs.hover();
  assert.equal(await theirs.getByRole("button", { name: "Edit" }).count(), 0);
  await theirs.getByRole("button", { name: "More actions" }).click();
  await theirs.getByRole("menuitem", { name: "Copy link" }).waitFor();
  assert.equal(await theirs.getByRole("menuitem", { name: "Delete" }).count(), 0);
  await one.context().close();
  await two.context().close();
});

test("unread messages are counted, shown in the title, and read when they are in sight", async () => {
  await send(ann, other, "first");
  const page = await enters("bo", { at: `/#/rooms/${other}` });
  await sees(page, "first");
  const seq = (await history(bo, other)).at(-1).seq;
  await until(
    "the room is read on the server",
    async () => (await api("GET", `/rooms/${other}`, undefined, bo)).read_seq === seq,
  );

  await page.goto(`/#/rooms/${general}`);
  await page.getByRole("heading", { level: 1, name: "general" }).waitFor();
  for (const text of ["one", "two", "three, @bo"]) await send(ann, other, text);
  const entry = page.locator("chat-room-entry").filter({ hasText: "other" });
  await entry.filter({ hasText: "3 unread, you were mentioned" }).waitFor();
  assert.match(await page.title(), /^\(3\) #general/);
  assert.match(await page.locator("link[rel=icon]").getAttribute("href"), /icon-unread/);

  // A new page shows the same count.
  await page.reload();
  await entry.filter({ hasText: "3 unread, you were mentioned" }).waitFor();
  await entry.click();
  await page.locator("li.unread-line").waitFor();
  const rows = await page.locator("ol.messages > li").allInnerTexts();
  const line = rows.findIndex((text) => text.trim() === "New");
  assert.match(rows[line + 1], /one/, rows.join("|"));
  assert.match(await page.locator("li.calls-me").innerText(), /three/);
  await entry.filter({ hasNotText: "unread" }).waitFor();
  await until("the title is calm", async () => /^#other/.test(await page.title()));
  await picture(page, "unread-line");
  await page.context().close();
});

test("a message that is read in one page is read in the other", async () => {
  const one = await enters("bo", { at: `/#/rooms/${general}` });
  const two = await enters("bo", { at: `/#/rooms/${general}` });
  await send(ann, other, "for both");
  for (const page of [one, two])
    await page.locator("chat-room-entry").filter({ hasText: "1 unread" }).waitFor();
  await one.locator("chat-room-entry").filter({ hasText: "other" }).click();
  await two
    .locator("chat-room-entry")
    .filter({ hasText: "other" })
    .filter({ hasNotText: "unread" })
    .waitFor();
  await one.context().close();
  await two.context().close();
});

test("a draft is kept for each room, also after a reload", async () => {
  const page = await enters("bo", { at: `/#/rooms/${general}` });
  await composer(page).fill("half a thou");
  await page.locator("chat-room-entry").filter({ hasText: "other" }).click();
  await page.getByPlaceholder("Message #other").waitFor();
  assert.equal(await composer(page).inputValue(), "");
  await page.goto(`/#/rooms/${general}`);
  await page.reload();
  await page.getByPlaceholder("Message #general").waitFor();
  assert.equal(await composer(page).inputValue(), "half a thou");
  await page.context().close();
});

test("keys open other rooms, and suggest people and emoji", async () => {
  const page = await enters("bo", { at: `/#/rooms/${general}` });
  await sees(page, "Is anybody there?");
  await page.getByRole("button", { name: "Browse rooms" }).focus();
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Room" }).fill("oth");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "other" }).waitFor();
  assert.equal(await page.getByRole("dialog").count(), 0, "the key has pressed a button too");
  await page.keyboard.press("Alt+ArrowUp");
  await page.getByRole("heading", { level: 1, name: "general" }).waitFor();
  await sees(page, "Is anybody there?");
  await composer(page).fill("");
  await composer(page).pressSequentially("hi @an");
  await page.getByRole("option", { name: "ann" }).waitFor();
  await composer(page).press("Tab");
  await composer(page).pressSequentially(":roc");
  await page.getByRole("option", { name: ":rocket:" }).waitFor();
  await composer(page).press("Enter");
  assert.equal(await composer(page).inputValue(), "hi @ann 🚀 ");
  // A part of a name is completed; after the whole name the same key sends.
  await composer(page).fill("");
  await composer(page).pressSequentially("hello @an");
  await page.getByRole("option", { name: "ann" }).waitFor();
  await composer(page).press("Enter");
  assert.equal(await composer(page).inputValue(), "hello @ann ");
  await composer(page).fill("");
  await composer(page).pressSequentially("hello team @ANN");
  await page.getByRole("option", { name: "ann" }).waitFor();
  await composer(page).press("Enter");
  await sees(page, "hello team @ANN");
  await composer(page).pressSequentially("tea is ready @roo");
  await page.getByRole("option", { name: "@room all members" }).waitFor();
  await composer(page).press("Tab");
  assert.equal(await composer(page).inputValue(), "tea is ready @room ");
  await page.context().close();
});

test("a link opens a room that was just created, and reports a room that does not exist", async () => {
  const page = await enters("bo", { at: `/#/rooms/${general}` });
  await sees(page, "Is anybody there?");
  const id = await room(ann, "fresh");
  await page.goto(`/#/rooms/${id}`);
  await page.getByRole("heading", { level: 1, name: "fresh" }).waitFor();
  await page.goto("/#/rooms/4711");
  await page.getByRole("heading", { name: "Room not found" }).waitFor();
  await page.context().close();
});

test("a room is changed, archived and deleted at once for its readers", async () => {
  const id = await room(ann, "passing");
  await send(ann, id, "hello");
  const page = await enters("bo", { at: `/#/rooms/${id}` });
  await sees(page, "hello");
  await api("PATCH", `/rooms/${id}`, { name: "renamed", description: "A new topic" }, ann);
  await page.getByRole("heading", { level: 1, name: "renamed" }).waitFor();
  await page.locator(".topic").filter({ hasText: "A new topic" }).waitFor();
  await page
    .locator("li.member-line")
    .filter({ hasText: "ann renamed the room to renamed and set the topic to “A new topic”." })
    .waitFor();
  await api("PATCH", `/rooms/${id}`, { is_archived: true }, ann);
  await page.getByText("This room is archived").waitFor();
  assert.equal(await composer(page).count(), 0);
  await api("DELETE", `/rooms/${id}`, undefined, ann);
  await page.getByRole("heading", { name: "Room not found" }).waitFor();
  await page.context().close();
});
