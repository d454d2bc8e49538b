// Who is in a room: private rooms, the member panel, joining and leaving, and the lines about it.

import { before, test } from "node:test";
import assert from "node:assert/strict";
import { account, api, enters, isAccessible, picture, room, says, sees, send } from "./support.js";

let ann, bo, cleo, general, secret;
const ids = {};

before(async () => {
  ann = await account("ann", "admin");
  bo = await account("bo");
  cleo = await account("cleo");
  for (const [name, token] of Object.entries({ ann, bo, cleo }))
    ids[name] = (await api("GET", "/auth/me", undefined, token)).id;
  general = await room(ann, "general", "Everything and nothing");
  await room(ann, "random", "Cats");
});

const entry = (page, list, name) =>
  page.getByRole("list", { name: list }).locator("chat-room-entry").filter({ hasText: name });
const member = (page, name) =>
  page.getByRole("list", { name: "Members" }).getByRole("listitem").filter({ hasText: name });
const chooses = async (page, name, action) => {
  await page.getByRole("button", { name: `Actions for ${name}` }).click();
  await page.getByRole("menuitem", { name: action }).click();
};

test("everybody makes private rooms, and only the people who are added see them", async () => {
  const one = await enters("bo", { at: `/#/rooms/${general}` });
  const two = await enters("cleo", { at: `/#/rooms/${general}` });
  await one.getByRole("button", { name: "Create a room" }).click();
  const dialog = one.getByRole("dialog");
  await dialog.getByText("Only admins can create public rooms here.").waitFor();
  await dialog.getByLabel("Name").fill("surprise");
  await picture(one, "new-room");
  await dialog.getByRole("button", { name: "Create room" }).click();
  await one.getByRole("heading", { level: 1, name: "surprise" }).waitFor();
  await entry(one, "Rooms", "surprise").waitFor();
  secret = Number(/rooms\/(\d+)/.exec(one.url())[1]);
  await says(one, "the cake is in the cellar");

  // Others see nothing, neither in the list nor by the link.
  assert.equal(await entry(two, "Rooms", "surprise").count(), 0);
  const stranger = await enters("ann", {
    at: `/#/rooms/${secret}`,
    expects: /status of 404/,
  });
  await stranger.getByRole("heading", { name: "Room not found" }).waitFor();
  await stranger.context().close();

  await one.getByRole("button", { name: /here$/ }).click();
  await one.getByRole("button", { name: "Add people" }).click();
  await dialog.getByRole("searchbox", { name: "People" }).fill("cleo");
  await dialog.getByRole("button", { name: "cleo" }).first().click();
  await dialog.getByRole("button", { name: "Add", exact: true }).press("Enter");
  await member(one, "cleo").waitFor();
  await dialog.waitFor({ state: "detached" });
  const opener = one.getByRole("button", { name: "Add people" });
  assert.ok(await opener.evaluate((it) => it === document.activeElement), "the focus is lost");
  await one.locator("li.member-line").filter({ hasText: "bo added cleo." }).waitFor();
  await entry(two, "Rooms", "surprise").click();
  await sees(two, "the cake is in the cellar");
  await picture(one, "private-room");
  await isAccessible(one, "the member panel");
  await one.context().close();
  await two.context().close();
});

test("an owner makes a moderator, mutes, removes and bans from the panel", async () => {
  const one = await enters("bo", { at: `/#/rooms/${secret}` });
  // After the removal the page asks for the room once more.
  const two = await enters("cleo", { at: `/#/rooms/${secret}`, expects: /status of 404/ });
  await sees(two, "the cake");
  await one.getByRole("button", { name: /here$/ }).click();
  await member(one, "cleo").waitFor();

  await one.getByRole("button", { name: "Actions for cleo" }).focus();
  await one.keyboard.press("Enter");
  await one.getByRole("menu").waitFor();
  await picture(one, "member-menu");
  await one.keyboard.press("ArrowDown");
  await one.keyboard.press("ArrowDown");
  await one.keyboard.press("Enter");
  await member(one, "cleo").getByText("moderator").waitFor();
  await one.locator("li.member-line").filter({ hasText: "cleo is now a moderator" }).waitFor();
  await chooses(one, "cleo", "Make an ordinary member");
  await member(one, "cleo").getByText("moderator").waitFor({ state: "detached" });

  await chooses(one, "cleo", "Mute for 10 minutes");
  await two.getByText(/^A moderator has muted you here until/).waitFor();
  await picture(two, "muted");
  await chooses(one, "cleo", "Unmute");
  await two.getByPlaceholder("Message surprise").waitFor();

  await chooses(one, "cleo", "Remove from the room");
  await one.getByText("With an invite link that still works they can come back").waitFor();
  await one.getByLabel("Reason (optional)").fill("spoilers");
  await one.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await two.getByText("A moderator removed you from this room.").waitFor();
  await picture(two, "removed");
  assert.equal(await entry(two, "Rooms", "surprise").count(), 0);
  await member(one, "cleo").waitFor({ state: "detached" });

  // One short line, which shows every event with who did it and why, also when another one arrives.
  const line = one.locator("li.member-line").last();
  const fold = line.getByRole("button");
  await fold.filter({ hasText: /^cleo joined and was removed$/ }).waitFor();
  assert.ok(!(await line.getByText("spoilers").isVisible()));
  await fold.press("Enter");
  await line.getByText("cleo was removed by bo (spoilers).").waitFor();
  assert.equal(await fold.getAttribute("aria-expanded"), "true");
  await api("POST", `/rooms/${secret}/members`, { user_ids: [ids.cleo] }, bo);
  await fold.filter({ hasText: /^cleo joined$/ }).waitFor();
  const told = (await line.getByRole("listitem").allInnerTexts()).map((it) =>
    it.replace(/^[\d:]+ /, "").replace(/until [\d:]+/, "until then"),
  );
  assert.deepEqual(told, [
    "bo added cleo.",
    "bo made cleo a moderator.",
    "bo made cleo an ordinary member.",
    "cleo was muted by bo until then.",
    "bo let cleo write again.",
    "cleo was removed by bo (spoilers).",
    "bo added cleo.",
  ]);
  await picture(one, "folded-open");
  await one.context().close();
  await two.context().close();
});

test("a ban in a public room is made, listed and lifted", async () => {
  await api("PUT", `/rooms/${general}/members/me`, undefined, cleo);
  const one = await enters("ann", { at: `/#/rooms/${general}` });
  const two = await enters("cleo", { at: `/#/rooms/${general}`, expects: /status of 403/ });
  await two.getByPlaceholder("Message #general").waitFor();
  await one.getByRole("button", { name: /here$/ }).click();
  await chooses(one, "cleo", "Ban");
  await one.getByLabel("Reason (optional)").fill("advertising");
  await one.getByRole("radio", { name: "1 day" }).check({ force: true });
  await picture(one, "ban");
  await one.getByRole("dialog").getByRole("button", { name: "Ban" }).click();
  await two.getByText("A moderator banned you from this room.").waitFor();
  await one.getByRole("button", { name: "Bans" }).click();
  await one.getByRole("dialog").getByText("advertising").waitFor();
  await picture(one, "bans");
  await one.getByRole("button", { name: "Lift the ban of cleo" }).click();
  await one.getByRole("dialog").getByText("Nobody is banned.").waitFor();
  await one.context().close();
  await two.context().close();
});

test("a public room is read, joined and left; the list has the rooms of the reader", async () => {
  const page = await enters("bo");
  await page.getByRole("button", { name: "Browse rooms" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("2 public rooms").waitFor();
  await picture(page, "browse");
  await isAccessible(page, "browsing rooms");
  await dialog.getByRole("searchbox").fill("rand");
  await dialog.getByText("1 public room", { exact: true }).waitFor();
  await dialog.getByRole("link", { name: "#random" }).click();
  await page.getByText("You are reading #random.").waitFor();
  await picture(page, "join-banner");
  await page.getByRole("button", { name: "Join", exact: true }).click();
  await page.getByText("You are reading #random.").waitFor({ state: "detached" });
  await page.locator("li.member-line").filter({ hasText: "bo joined." }).waitFor();
  await entry(page, "Rooms", "random").waitFor();

  await page.getByRole("button", { name: "Room menu" }).click();
  await page.getByRole("menuitem", { name: "Star", exact: true }).click();
  await entry(page, "Starred", "random").waitFor();
  await picture(page, "starred");
  await page.getByRole("button", { name: "Room menu" }).click();
  await page.getByRole("menuitem", { name: "Leave" }).click();
  await dialog.getByRole("button", { name: "Leave" }).click();
  await entry(page, "Starred", "random").waitFor({ state: "detached" });
  await page.context().close();
});

test("the first message to a public room joins it", async () => {
  const page = await enters("bo", { at: `/#/rooms/${general}` });
  await page.getByText("You are reading #general.").waitFor();
  await says(page, "hello, I am new");
  await page.getByText("You are reading #general.").waitFor({ state: "detached" });
  await page.context().close();
});

test("people who join are told in one line, also after a reload", async () => {
  const id = await room(ann, "party");
  await send(ann, id, "who comes?");
  for (const name of ["d1", "d2", "d3", "d4"]) {
    const token = await account(name);
    await api("PUT", `/rooms/${id}/members/me`, undefined, token);
    if (name !== "d4") continue;
    const { id: userId } = await api("GET", "/auth/me", undefined, token);
    const member = `/rooms/${id}/members/${userId}`;
    const muted_until = new Date(Date.now() + 3_600_000).toISOString();
    await api("PATCH", member, { muted_until }, ann);
    await api("PATCH", member, { role: "moderator" }, ann);
  }
  const page = await enters("ann", { at: `/#/rooms/${id}` });
  await sees(page, "who comes?");
  const line = page.locator("li.member-line");
  const news = "4 people joined, d4 is now a moderator, d4 was muted";
  await line.getByRole("button", { name: news }).click();
  assert.equal(await line.count(), 1);
  await line.getByText("d4 joined.").waitFor();
  await picture(page, "folded");

  await page.getByRole("button", { name: /here$/ }).click();
  await member(page, "d4").getByText("moderator, muted").waitFor();
  const order = page.locator(".members .name");
  assert.deepEqual(await order.allInnerTexts(), ["ann", "d4", "d1", "d2", "d3"]);
  const isWhole = await order.evaluateAll((all) =>
    all.every((it) => it.scrollWidth <= it.clientWidth),
  );
  assert.ok(isWhole, "a name is cut");
  await picture(page, "member-order");
  await page.context().close();
});

test("an owner changes the rules, and is told who will see a room that becomes public", async () => {
  const page = await enters("bo", { at: `/#/rooms/${secret}` });
  await page.getByRole("button", { name: "Room settings" }).click();
  const dialog = page.getByRole("dialog");
  await dialog
    .getByRole("group", { name: "Who may write" })
    .getByRole("radio", { name: "Moderators" })
    .check({ force: true });
  // The history is taken from members too, and the page says so before.
  const two = await enters("cleo", { at: `/#/rooms/${secret}` });
  await sees(two, "the cake is in the cellar");
  await dialog.getByRole("radio", { name: "Since they joined" }).check({ force: true });
  await dialog.getByText("also those who are members now").waitFor();
  await picture(page, "room-settings");
  await isAccessible(page, "room settings");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.waitFor({ state: "detached" });
  await two.getByText("You see surprise from the time when you joined").waitFor();
  assert.equal(await two.getByText("the cake is in the cellar").count(), 0);
  await page.getByText("This is the beginning of surprise").waitFor();
  await api("PATCH", `/rooms/${secret}`, { history: "all" }, bo);
  await sees(two, "the cake is in the cellar");
  await two.context().close();
  await page.getByRole("button", { name: "Room settings" }).click();
  await dialog.getByRole("button", { name: "Make the room public" }).click();
  await dialog.getByText("Everyone on this server will be able to find and join").waitFor();
  await picture(page, "room-kind");
  await dialog.getByRole("button", { name: "Make public" }).click();
  await page.getByPlaceholder("Message #surprise").waitFor();
  assert.equal((await api("GET", `/rooms/${secret}`, undefined, cleo)).posting, "moderators");
  await api("PUT", `/rooms/${secret}/owner`, { user_id: ids.cleo }, bo);
  await page.getByRole("button", { name: "changes of the room and its members" }).last().click();
  await page.getByText("bo made cleo the owner.").waitFor();
  await page.context().close();
});

test("on a phone, the members fill the window", async () => {
  const page = await enters("bo", {
    at: `/#/rooms/${secret}`,
    viewport: { width: 360, height: 740 },
  });
  await page.getByRole("button", { name: /here$/ }).click();
  await member(page, "bo").waitFor();
  const box = await page.locator("chat-people").boundingBox();
  assert.equal(box.width, 360);
  await picture(page, "members-phone");
  await page.keyboard.press("Escape");
  await page.locator("chat-people").waitFor({ state: "detached" });
  await picture(page, "room-phone");
  await page.context().close();
});
