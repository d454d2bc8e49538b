// Direct messages and the people who write them: starting a conversation with the mouse and with the keyboard,
// cards, the own profile, blocking.

import { before, test } from "node:test";
import assert from "node:assert/strict";
import {
  account,
  api,
  enters,
  isAccessible,
  picture,
  room,
  says,
  sees,
  send,
  until,
} from "./support.js";

let ann, general;
/** @type {Record<string, { id: number, token: string }>} */
const people = {};

before(async () => {
  ann = await account("ann", "admin");
  for (const name of ["bo", "cleo", "dan"]) await account(name);
  for (const name of ["ann", "bo", "cleo", "dan"]) {
    const login = await api("POST", "/auth/login", {
      username: name,
      password: "correct horse battery",
    });
    people[name] = { id: login.user.id, token: login.access_token };
  }
  general = await room(ann, "general", "Everything and nothing");
});

const directEntry = (page, name) =>
  page
    .getByRole("list", { name: "Direct messages" })
    .locator("chat-room-entry")
    .filter({ hasText: name });

test("a conversation is started with the mouse, and appears for the other person", async () => {
  const one = await enters("ann", { at: `/#/rooms/${general}` });
  const two = await enters("bo", { at: `/#/rooms/${general}` });
  await two.getByPlaceholder("Message #general").waitFor();
  await one.getByRole("button", { name: "New direct message" }).click();
  const dialog = one.getByRole("dialog");
  assert.ok(await dialog.getByRole("button", { name: "Start" }).isDisabled());
  await dialog.getByRole("searchbox", { name: "People" }).fill("b");
  await dialog.getByRole("button", { name: "bo" }).first().click();
  await dialog.getByRole("list", { name: "Chosen people" }).getByText("bo").waitFor();
  await picture(one, "direct-picker");
  await isAccessible(one, "choosing people");
  await dialog.getByRole("button", { name: "Start" }).click();
  await one.getByRole("heading", { level: 1, name: "bo" }).waitFor();
  await one.getByPlaceholder("Message bo").waitFor();
  await says(one, "just between us");
  await directEntry(two, "ann").filter({ hasText: "unread" }).waitFor();
  await directEntry(two, "ann").click();
  await sees(two, "just between us");
  await picture(two, "direct-room");
  await one.context().close();
  await two.context().close();
});

test("a conversation of three is started with the keyboard alone", async () => {
  const page = await enters("ann", { at: `/#/rooms/${general}` });
  await page.getByPlaceholder("Message #general").waitFor();
  await page.getByRole("button", { name: "New direct message" }).focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog");
  const search = dialog.getByRole("searchbox", { name: "People" });
  await until("the field has the focus", () =>
    search.evaluate((it) => it === document.activeElement),
  );
  for (const name of ["cleo", "dan"]) {
    await page.keyboard.type(name);
    const found = dialog.getByRole("list", { name: "People", exact: true }).getByRole("button");
    await until("one person is found", async () => (await found.count()) === 1);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await dialog.getByRole("list", { name: "Chosen people" }).getByText(name).waitFor();
  }
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "cleo, dan" }).waitFor();
  await says(page, "the three of us");
  // Escape closes a dialog, and the focus returns to its button.
  await page.getByRole("button", { name: "New direct message" }).focus();
  await page.keyboard.press("Enter");
  await dialog.waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  assert.ok(
    await page
      .getByRole("button", { name: "New direct message" })
      .evaluate((it) => it === document.activeElement),
  );
  await page.context().close();
});

test("a direct room is hidden until the next message", async () => {
  const page = await enters("ann", { at: `/#/rooms/${general}` });
  await directEntry(page, "bo").click();
  await page.getByRole("heading", { level: 1, name: "bo" }).waitFor();
  await page.getByRole("button", { name: "Room menu" }).click();
  await page.getByRole("menuitem", { name: "Hide until the next message" }).click();
  await directEntry(page, "bo").waitFor({ state: "detached" });
  const rooms = await api("GET", "/rooms/", undefined, people.bo.token);
  const direct = rooms.find(({ kind, people: who }) => kind === "direct" && who.length === 2);
  await send(people.bo.token, direct.id, "are you there?");
  await directEntry(page, "bo").waitFor();

  // The account of the other person is deleted. The page learns it with the list of rooms.
  const eve = await account("eve");
  const { id: eveId } = await api("GET", "/auth/me", undefined, eve);
  const last = await api("POST", "/direct-rooms/", { user_ids: [people.ann.id] }, eve);
  await send(eve, last.id, "farewell");
  await directEntry(page, "eve").click();
  await sees(page, "farewell");
  await api("DELETE", `/admin/users/${eveId}`, undefined, ann);
  await page.reload();
  await page.getByRole("heading", { level: 1, name: "Deleted account" }).waitFor();
  await directEntry(page, "Deleted account").waitFor();
  await page.getByText("The other account was deleted.").waitFor();
  await picture(page, "direct-deleted");
  await page.locator("li.message .author").last().click();
  await page.getByRole("dialog").getByText("This account was deleted.").waitFor();
  await page.context().close();
});

test("a click on a name opens the card; the own card is edited, and others see the new name", async () => {
  await send(people.bo.token, general, "hello @cleo");
  const page = await enters("ann", { at: `/#/rooms/${general}` });
  await sees(page, "hello");
  // A client of bo says that bo is away.
  await page.evaluate((token) => {
    const socket = new WebSocket(`ws://${location.host}/ws`, ["chatapp.v1", `bearer.${token}`]);
    socket.onopen = () => socket.send(JSON.stringify({ type: "presence", state: "away" }));
    Object.assign(window, { socket });
  }, people.bo.token);
  const { id: boId } = people.bo;
  const isAway = async () =>
    (await api("GET", `/users/${boId}`, undefined, ann)).presence === "away";
  await until("bo is away", isAway);
  await page.locator("li.message .author").filter({ hasText: "bo" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("@bo").waitFor();
  await dialog.getByText("Away").waitFor();
  await directEntry(page, "bo").filter({ hasText: "away" }).waitFor();
  await page.evaluate(() => window.socket.close());
  await dialog.getByRole("button", { name: "Message" }).waitFor();
  await picture(page, "profile-card");
  await isAccessible(page, "a card");
  await page.keyboard.press("Escape");
  await page.locator(".mention").filter({ hasText: "@cleo" }).first().click();
  await dialog.getByText("@cleo").waitFor();
  await page.keyboard.press("Escape");

  const bo = await enters("bo", { at: `/#/rooms/${general}` });
  await bo.getByRole("button", { name: "Account and settings" }).click();
  await bo.getByRole("dialog").getByRole("button", { name: "Profile" }).click();
  await bo.getByRole("button", { name: "Edit profile" }).click();
  await bo.getByLabel("Name (optional)").fill("Bo Berg");
  await bo.getByLabel("Title (optional)").fill("Baker");
  await bo.getByLabel("Status (optional)").fill("On holiday");
  await bo.getByLabel("Status emoji (optional)").fill("🌴");
  await picture(bo, "edit-profile");
  await isAccessible(bo, "editing the profile");
  await bo.getByRole("button", { name: "Save" }).click();
  await bo.locator(".me").filter({ hasText: "Bo Berg" }).waitFor();
  await says(bo, "under my new name");
  await sees(page, "under my new name");
  const author = page.locator("li.message .author").filter({ hasText: "Bo Berg" }).last();
  assert.equal(await author.getAttribute("title"), "@bo");
  // Earlier messages and the list have the new name too, and its letter.
  assert.equal(
    await page.locator("li.message .author").getByText("bo", { exact: true }).count(),
    0,
  );
  await directEntry(page, "Bo Berg").filter({ hasText: "online" }).waitFor();
  await author.click();
  await dialog.getByText("Baker").waitFor();
  await dialog.getByText("🌴 On holiday").waitFor();
  await picture(page, "profile-card-full");
  await bo.context().close();
  await directEntry(page, "Bo Berg").filter({ hasText: "offline" }).waitFor();
  await page.context().close();
});

test("messages of a blocked person are behind a click", async () => {
  await send(people.dan.token, general, "something unwanted");
  const page = await enters("cleo", { at: `/#/rooms/${general}` });
  await sees(page, "something unwanted");
  await page.locator("li.message .author").filter({ hasText: "dan" }).last().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Block" }).click();
  await dialog.getByRole("button", { name: "Unblock" }).waitFor();
  await page.keyboard.press("Escape");
  const summary = page.getByText("Message of a person whom you have blocked");
  await summary.first().waitFor();
  assert.ok(!(await page.getByText("something unwanted").first().isVisible()));
  await summary.first().click();
  await page.getByText("something unwanted").first().waitFor();
  await page.context().close();
});

test("on a phone, a conversation is started and left", async () => {
  const viewport = { width: 360, height: 740 };
  const page = await enters("dan", { viewport });
  await page.getByRole("button", { name: "New direct message" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("searchbox", { name: "People" }).fill("ann");
  await dialog.getByRole("button", { name: "ann" }).first().click();
  await picture(page, "direct-phone-picker");
  await dialog.getByRole("button", { name: "Start" }).click();
  await page.getByPlaceholder("Message ann").waitFor();
  await picture(page, "direct-phone");
  await page.getByRole("link", { name: "All rooms" }).click();
  await directEntry(page, "ann").filter({ hasNotText: "cleo" }).waitFor();
  await picture(page, "direct-phone-list");
  await page.context().close();
});
