// What belongs to one person alone is the same on all of the person's devices: drafts, places in threads, and scheduled
// messages.

import { before, test } from "node:test";
import assert from "node:assert/strict";
import {
  account,
  api,
  composer,
  enters,
  hears,
  isAccessible,
  newTab,
  picture,
  room,
  says,
  sees,
  send,
  signsIn,
  until,
} from "./support.js";

let ann, bo, general, other;

before(async () => {
  ann = await account("ann", "admin");
  bo = await account("bo");
  general = await room(ann, "general");
  other = await room(ann, "other");
  for (const id of [general, other]) await api("PUT", `/rooms/${id}/members/me`, undefined, bo);
});

const drafts = async (token) =>
  (await api("GET", "/users/me/drafts", undefined, token)).map(({ content }) => content);
const reads = (page, text) =>
  until(`the field has “${text}”`, async () => (await composer(page).inputValue()) === text);
const keeps = (token, texts) =>
  until(`the server has ${texts}`, async () => String(await drafts(token)) === String(texts));
const entry = (page, name) => page.locator("chat-room-entry").filter({ hasText: name });
/** The calls of a page from now on, as "GET /users/me/drafts". */
function calls(page) {
  const seen = [];
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (!pathname.startsWith("/assets/")) seen.push(`${request.method()} ${pathname}`);
  });
  return seen;
}

test("a draft is on all devices, until it is sent", async () => {
  const laptop = await enters("bo", { at: `/#/rooms/${general}` });
  const phone = await enters("bo", { at: `/#/rooms/${general}` });
  const third = await enters("bo", { at: `/#/rooms/${other}` });
  for (const page of [laptop, phone]) await hears(page, general);
  await hears(third, other);
  const seen = calls(laptop);
  await composer(laptop).pressSequentially("half a ");
  await reads(phone, "half a ");
  // A room with a draft is marked where it is not open.
  await entry(third, ", draft").filter({ hasText: "general" }).waitFor();
  await picture(third, "draft-mark");
  await isAccessible(third, "a room with a draft");
  assert.equal(await entry(phone, ", draft").count(), 0);
  // The phone goes on with it.
  await composer(phone).focus();
  await phone.keyboard.press("End");
  await composer(phone).pressSequentially("thought");
  await reads(laptop, "half a thought");
  await composer(phone).press("Enter");
  await sees(laptop, "half a thought");
  await reads(laptop, "");
  await entry(third, "general").filter({ hasNotText: ", draft" }).waitFor();
  await keeps(bo, []);
  // What the laptop wrote itself was not read again: two changes came from the phone.
  const drafted = seen.filter((call) => call.includes("draft"));
  assert.equal(drafted.filter((call) => call.startsWith("PUT")).length, 1, drafted.join());
  assert.ok(drafted.filter((call) => call.startsWith("GET")).length <= 2, drafted.join());
  for (const page of [laptop, phone, third]) await page.context().close();
});

test("what was typed here stays, whatever was typed elsewhere", async () => {
  const page = await enters("bo", { at: `/#/rooms/${general}`, expects: /ERR_FAILED/ });
  await hears(page, general);
  const path = `/rooms/${general}/draft`;
  await api("PUT", path, { content: "from elsewhere" }, bo);
  await reads(page, "from elsewhere");
  // While the page cannot write its text, another one is written elsewhere.
  await page.route(`**${path}`, (route) => route.abort());
  await composer(page).fill("typed here");
  const read = page.waitForResponse("**/users/me/drafts");
  await api("PUT", path, { content: "typed there" }, bo);
  await read;
  await page.unroute(`**${path}`);
  await keeps(bo, ["typed here"]);
  assert.equal(await composer(page).inputValue(), "typed here");
  // The text of a message that is edited is not a draft.
  await composer(page).fill("");
  await keeps(bo, []);
  await says(page, "to be edited");
  await composer(page).press("ArrowUp");
  await page.locator("form.editor textarea").fill("edited");
  await page.locator("form.editor textarea").blur();
  await page.keyboard.press("Escape");
  assert.deepEqual(await drafts(bo), []);
  await page.context().close();
});

test("a draft outlives a closed page and a sign-out, and the browser forgets it", async () => {
  const page = await enters("bo", { at: `/#/rooms/${general}` });
  await hears(page, general);
  await composer(page).fill("written in a hurry");
  await page.goto("about:blank");
  await keeps(bo, ["written in a hurry"]);
  await page.goto(`/#/rooms/${general}`);
  await reads(page, "written in a hurry");
  await page.getByRole("button", { name: "Account and settings" }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Username").waitFor();
  const kept = await page.evaluate(() => Object.keys(localStorage).join());
  assert.doesNotMatch(kept, /draft/);
  await signsIn(page, "bo", `/#/rooms/${general}`);
  await reads(page, "written in a hurry");
  // Another tab has the same storage, and a field of its own.
  const tab = await newTab(page);
  await tab.goto(`/#/rooms/${general}`);
  await reads(tab, "written in a hurry");
  await composer(tab).fill("taken over");
  await composer(tab).blur();
  await reads(page, "taken over");
  await composer(page).fill("");
  await composer(page).blur();
  await reads(tab, "");
  await keeps(bo, []);
  await page.context().close();
});

test("a thread that is read or followed on one device is so on the other", async () => {
  const first = await send(ann, general, "A long story");
  const thread = `/rooms/${general}/messages/${first.id}/thread`;
  await api("PUT", `${thread}/follow`, undefined, bo);
  const reply = (content) =>
    api("POST", `/rooms/${general}/messages`, { content, thread_id: first.id }, ann);
  const laptop = await enters("bo", { at: `/#/rooms/${other}` });
  const phone = await enters("bo", { at: "/#/activity/threads" });
  for (const page of [laptop, phone]) await hears(page, general);
  await reply("and then");
  const marked = (page) => entry(page, "1 thread with new replies").filter({ hasText: "general" });
  for (const page of [laptop, phone]) await marked(page).waitFor();
  await phone.locator(".inbox-list a.unread").waitFor();
  // It is read in one page.
  await laptop.goto(`/#/rooms/${general}/threads/${first.id}`);
  await laptop.locator("chat-thread li.message").filter({ hasText: "and then" }).waitFor();
  await marked(phone).waitFor({ state: "detached" });
  await phone.locator(".inbox-list a:not(.unread)").filter({ hasText: "A long story" }).waitFor();
  // Elsewhere the reader does not follow it any more.
  await laptop.getByRole("button", { name: "Unfollow" }).waitFor();
  await api("DELETE", `${thread}/follow`, undefined, bo);
  await laptop.getByRole("button", { name: "Follow", exact: true }).waitFor();
  await phone.getByText("You follow no thread").waitFor();
  // What the page does itself makes it read nothing again.
  const seen = calls(laptop);
  await laptop.getByRole("button", { name: "Follow", exact: true }).click();
  await phone.locator(".inbox-list a").filter({ hasText: "A long story" }).waitFor();
  await laptop.getByRole("button", { name: "Unfollow" }).waitFor();
  assert.deepEqual(
    seen.filter((call) => call.endsWith("/thread")),
    [],
  );
  for (const page of [laptop, phone]) await page.context().close();
});

test("messages that are scheduled on one device are shown on the other", async () => {
  const laptop = await enters("bo", { at: `/#/rooms/${general}` });
  const phone = await enters("bo", { at: "/#/activity/scheduled" });
  for (const page of [laptop, phone]) await hears(page, general);
  const send_at = new Date(Date.now() + 3_600_000).toISOString();
  const message = { content: "later", send_at };
  const { id } = await api("POST", `/rooms/${general}/scheduled`, message, bo);
  await laptop.getByRole("link", { name: "1 scheduled message" }).waitFor();
  await phone.locator("chat-scheduled li").filter({ hasText: "later" }).waitFor();
  await api("PATCH", `/users/me/scheduled/${id}`, { content: "much later" }, bo);
  await phone.locator("chat-scheduled li").filter({ hasText: "much later" }).waitFor();
  await phone.getByRole("button", { name: "Delete" }).click();
  await phone.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await laptop.getByRole("link", { name: "1 scheduled message" }).waitFor({ state: "detached" });
  for (const page of [laptop, phone]) await page.context().close();
});
