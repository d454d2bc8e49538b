// Messages that the server sends later: scheduled in a room or a thread, and changed in the list of "Activity".

import { before, test } from "node:test";
import assert from "node:assert/strict";
import {
  account,
  api,
  composer,
  enters,
  hears,
  history,
  isAccessible,
  picture,
  room,
  sees,
  send,
  until,
} from "./support.js";

let ann, bo, general;

before(async () => {
  ann = await account("ann", "admin");
  bo = await account("bo");
  general = await room(ann, "general");
});

const listed = (token) => api("GET", "/users/me/scheduled", undefined, token);
const DAY_MS = 24 * 60 * 60 * 1000;
const at = (ms) => new Date(Date.now() + ms);
const schedule = (token, roomId, content, ms) =>
  api("POST", `/rooms/${roomId}/scheduled`, { content, send_at: at(ms).toISOString() }, token);
/** As a field for date and time takes it. The browser and this program have the same time zone. */
const field = (time) =>
  new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
const later = (place) => place.getByRole("button", { name: "Send later" });
const line = (place, text) => place.locator("chat-composer a").filter({ hasText: text });
const rows = (page) => page.locator("chat-scheduled li");
const focused = (page, text) =>
  until(`the focus is on ${text}`, () =>
    page.evaluate((text) => document.activeElement?.textContent === text, text),
  );

test("the keyboard alone schedules a message", async () => {
  const page = await enters("ann", { at: `/#/rooms/${general}` });
  await composer(page).waitFor();
  assert.equal(await later(page).isDisabled(), true);
  await composer(page).fill("Good morning :tada:");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByRole("menuitem", { name: "In 20 minutes" }).waitFor();
  await picture(page, "schedule-menu");
  await isAccessible(page, "the menu");
  await page.keyboard.press("Escape");
  await until("the focus is on the button", () =>
    later(page).evaluate((it) => it === document.activeElement),
  );
  await page.keyboard.press("Enter");
  await page.getByRole("menuitem", { name: "In 20 minutes" }).waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await line(page, "1 scheduled message").waitFor();
  await page.locator(".toast").getByText("The message will be sent: Tomorrow at").waitFor();
  assert.equal(await composer(page).inputValue(), "");
  assert.equal(await composer(page).evaluate((it) => it === document.activeElement), true);
  const [message] = await listed(ann);
  const tomorrow = at(DAY_MS);
  tomorrow.setHours(9, 0, 0, 0);
  assert.equal(message.content, "Good morning 🎉");
  assert.equal(new Date(message.send_at).getTime(), tomorrow.getTime());
  await picture(page, "scheduled-line");
  await isAccessible(page, "the line above the field");
  await api("DELETE", `/users/me/scheduled/${message.id}`, undefined, ann);
  await page.context().close();
});

test("a time to come is chosen, in a thread too, and the list changes it", async () => {
  const first = await send(ann, general, "Who is for lunch?");
  const page = await enters("ann", { at: `/#/rooms/${general}/threads/${first.id}` });
  const panel = page.locator("chat-thread");
  const dialog = page.getByRole("dialog");
  await panel.getByLabel("Reply in the thread").fill("Me");
  await later(panel).click();
  await page.getByRole("menuitem", { name: "Choose date and time…" }).click();
  await picture(page, "schedule-dialog");
  await isAccessible(page, "the dialog");
  await dialog.getByLabel("Date and time").fill("");
  await dialog.getByRole("button", { name: "Schedule" }).click();
  await dialog.getByText("Choose a date and a time.").waitFor();
  const chosen = field(at(3 * DAY_MS));
  await dialog.getByLabel("Date and time").fill(chosen);
  await dialog.getByRole("button", { name: "Schedule" }).click();
  await line(panel, "1 scheduled message").waitFor();
  assert.equal(await line(page.locator(".conversation"), "scheduled").count(), 0);
  const reply = panel.getByLabel("Reply in the thread");
  await until("the focus returns", () => reply.evaluate((it) => it === document.activeElement));
  const [message] = await listed(ann);
  assert.equal(message.thread_id, first.id);
  assert.equal(field(new Date(message.send_at)), chosen);

  await schedule(ann, general, "Sooner", DAY_MS);
  await line(panel, "1 scheduled message").click();
  await rows(page).nth(1).waitFor();
  assert.match(await rows(page).first().innerText(), /#general[^]*Tomorrow[^]*Sooner/);
  assert.match(await rows(page).last().innerText(), /#general[^]*in a thread[^]*Me/);
  await picture(page, "scheduled-list");
  await isAccessible(page, "the list");
  await page.getByRole("link", { name: "Scheduled (2)" }).waitFor();

  await rows(page).last().getByRole("button", { name: "Edit" }).click();
  await dialog.getByLabel("Message").fill(" ");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.getByText("A message cannot be empty.").waitFor();
  await dialog.getByLabel("Message").fill("Me too");
  await dialog.getByLabel("Date and time").fill(field(at(60_000 * 60)));
  await dialog.getByRole("button", { name: "Save" }).click();
  await rows(page).first().getByText("Me too").waitFor();
  await focused(page, "Edit");
  await rows(page).first().getByRole("button", { name: "Delete" }).press("Enter");
  await dialog.getByText("“Me too” will not be sent.").waitFor();
  await page.keyboard.press("Escape");
  await focused(page, "Delete");
  await page.keyboard.press("Enter");
  await dialog.getByRole("button", { name: "Delete" }).click();
  await until("one is left", async () => (await rows(page).count()) === 1);
  await focused(page, "Delete");
  assert.deepEqual(
    (await listed(ann)).map(({ content }) => content),
    ["Sooner"],
  );

  // It is sent at once, and not again.
  await rows(page).first().getByRole("button", { name: "Send now" }).click();
  await sees(page, "Sooner");
  await until("it is not scheduled any more", async () => (await listed(ann)).length === 0);
  assert.equal(
    (await history(ann, general)).filter(({ content }) => content === "Sooner").length,
    1,
  );
  await page.goto("/#/activity/scheduled");
  await page.getByText("Nothing is scheduled.").waitFor();
  await page.context().close();
});

test("an error keeps the text", async () => {
  const page = await enters("bo", { at: `/#/rooms/${general}`, expects: /status of 503/ });
  await composer(page).waitFor();
  await page.route("**/scheduled", (route) => {
    if (route.request().method() !== "POST") return route.continue();
    const detail = "the server is busy";
    return route.fulfill({ status: 503, json: { code: "busy", detail, status: 503 } });
  });
  await composer(page).fill("do not lose me");
  await later(page).click();
  await page.getByRole("menuitem", { name: "In an hour" }).click();
  await page.getByRole("alert").filter({ hasText: "The server is busy." }).waitFor();
  assert.equal(await composer(page).inputValue(), "do not lose me");
  await until("the focus returns", () =>
    composer(page).evaluate((it) => it === document.activeElement),
  );
  // What is typed next removes the error.
  await page.keyboard.type("!");
  await page.getByRole("alert").filter({ hasText: "busy" }).waitFor({ state: "detached" });
  await page.unroute("**/scheduled");

  // The API takes no quote with a message that is sent later.
  await sees(page, "Who is for lunch?");
  await page.locator("li.message").filter({ hasText: "lunch" }).hover();
  await page.getByRole("button", { name: "Quote", exact: true }).click();
  await later(page).click();
  await page.getByRole("alert").filter({ hasText: "Remove the quote first." }).waitFor();
  assert.equal(await page.getByRole("menuitem").count(), 0);
  assert.deepEqual(await listed(bo), []);
  await page.context().close();
});

test("a message that could not be sent is shown with what to do", async () => {
  const id = await room(ann, "closing");
  const page = await enters("ann", { at: `/#/rooms/${id}` });
  await hears(page, id);
  const { id: scheduled } = await schedule(ann, id, "Are you still here?", DAY_MS);
  await line(page, "1 scheduled message").waitFor();
  await api("PATCH", `/rooms/${id}`, { is_archived: true }, ann);
  const soon = { send_at: at(1_000).toISOString() };
  await api("PATCH", `/users/me/scheduled/${scheduled}`, soon, ann);
  await page.getByRole("link", { name: "Activity , 1 new entry" }).waitFor();
  await page.getByRole("link", { name: "Activity" }).click();
  const row = rows(page).filter({ hasText: "Are you still here?" });
  await row.getByText("Not sent. The room was archived.").waitFor();
  assert.equal(await row.getByRole("button", { name: "Send now" }).count(), 0);
  await picture(page, "scheduled-failed");
  await isAccessible(page, "a message that was not sent");
  await api("PATCH", `/rooms/${id}`, { is_archived: false }, ann);
  await row.getByRole("button", { name: "Send now" }).click();
  await sees(page, "Are you still here?");
  await until("it is not scheduled any more", async () => (await listed(ann)).length === 0);
  await page.context().close();
});
