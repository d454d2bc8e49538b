// Rooms that the page has not joined: they are created and deleted, and messages arrive in them.

import { before, test } from "node:test";
import assert from "node:assert/strict";
import { account, api, enters, fillRoom, room, sees, send, until } from "./support.js";

let ann, general;

const entry = (page, name) => page.locator("chat-room-entry").filter({ hasText: name });

before(async () => {
  ann = await account("ann", "admin");
  await account("bo");
  general = await room(ann, "general");
});

test("a new room, and a mention in it, are shown at once", async () => {
  const page = await enters("bo", { at: `/#/rooms/${general}` });
  await page.getByPlaceholder("Message #general").waitFor();
  let lists = 0;
  page.on("request", (request) => {
    if (/\/rooms\/?$/.test(new URL(request.url()).pathname)) lists += 1;
  });
  const plans = await room(ann, "plans");
  await entry(page, "plans").waitFor();
  await send(ann, plans, "come here, @bo");
  await entry(page, "plans").filter({ hasText: "1 unread, you were mentioned" }).waitFor();
  assert.match(await page.title(), /^\(1\)/);
  await api("PATCH", `/rooms/${plans}`, { name: "our plans" }, ann);
  await entry(page, "our plans").waitFor();
  await api("PATCH", `/rooms/${plans}`, { is_archived: true }, ann);
  await page.locator("details.archived").filter({ hasText: "our plans" }).waitFor();
  await api("DELETE", `/rooms/${plans}`, undefined, ann);
  await entry(page, "our plans").waitFor({ state: "detached" });
  assert.equal(lists, 0, "the list was read again");
  await page.context().close();
});

test("more rooms than the page may join are all followed", async () => {
  const rooms = [];
  for (const n of [1, 2, 3, 4, 5, 6]) rooms.push(await room(ann, `many ${n}`));
  const page = await enters("bo", { at: `/#/rooms/${rooms[0]}` });
  await page.getByPlaceholder("Message #many 1").waitFor();
  for (const id of rooms) await send(ann, id, "hello");
  await sees(page, "hello");
  // A room that was never read has no count.
  for (const n of [2, 3, 4, 5, 6])
    await entry(page, `many ${n}`).filter({ hasText: "1 unread" }).waitFor();

  // A room that is opened is joined in place of another.
  for (const n of [6, 5, 4, 3, 2, 1]) {
    await entry(page, `many ${n}`).click();
    await page.getByPlaceholder(`Message #many ${n}`).waitFor();
    await sees(page, "hello");
    await entry(page, `many ${n}`).filter({ hasNotText: "unread" }).waitFor();
    await send(ann, rooms[n - 1], `live in ${n}`);
    await sees(page, `live in ${n}`);
    await entry(page, `many ${n}`).filter({ hasNotText: "unread" }).waitFor();
  }
  // The page is notified of messages in the rooms that it has left.
  for (const n of [2, 3, 4, 5, 6]) await send(ann, rooms[n - 1], "@bo again");
  for (const n of [2, 3, 4, 5, 6])
    await entry(page, `many ${n}`).filter({ hasText: "1 unread, you were mentioned" }).waitFor();
  await entry(page, "many 6").click();
  await sees(page, "again");
  await entry(page, "many 6").filter({ hasNotText: "unread" }).waitFor();
  await page.reload();
  for (const n of [2, 3, 4, 5])
    await entry(page, `many ${n}`).filter({ hasText: "1 unread, you were mentioned" }).waitFor();
  await page.context().close();
});

for (const count of [3, 40]) {
  test(`a room that was left shows the ${count} messages that arrived meanwhile, from the first of them`, async () => {
    const rooms = [];
    for (const n of [1, 2, 3, 4]) rooms.push(await room(ann, `left ${count} ${n}`));
    const page = await enters("bo", { at: `/#/rooms/${rooms[0]}` });
    await page.getByPlaceholder(`Message #left ${count} 1`).waitFor();
    for (let n = 1; n <= 30; n += 1) await send(ann, rooms[0], `line ${n}`);
    await entry(page, `left ${count} 1`).filter({ hasNotText: "unread" }).waitFor();
    await sees(page, "line 30");
    for (const n of [2, 3, 4]) {
      await entry(page, `left ${count} ${n}`).click();
      await page.getByPlaceholder(`Message #left ${count} ${n}`).waitFor();
      // The room is joined in place of another.
      await send(ann, rooms[n - 1], "hello");
      await sees(page, "hello");
    }
    for (let n = 1; n <= count; n += 1) await send(ann, rooms[0], `new ${n}`);
    await entry(page, `left ${count} 1`)
      .filter({ hasText: `${count} unread` })
      .waitFor();
    await entry(page, `left ${count} 1`).click();
    await sees(page, `new ${count}`);
    const isInSight = (text) =>
      page
        .locator("li.message")
        .filter({ has: page.getByText(text, { exact: true }) })
        .evaluate((row) => {
          const list = row.closest(".scroller").getBoundingClientRect();
          const { top, bottom } = row.getBoundingClientRect();
          return top >= list.top && bottom <= list.bottom;
        });
    await until("the first of them is in sight", () => isInSight("new 1"));
    assert.ok(await page.locator("li.unread-line").isVisible());
    if (count > 3) {
      assert.ok(!(await isInSight(`new ${count}`)));
      await page.keyboard.press("Escape");
    }
    await until("the last of them is in sight", () => isInSight(`new ${count}`));
    await entry(page, `left ${count} 1`).filter({ hasNotText: "unread" }).waitFor();
    await page.context().close();
  });
}

test("unread messages are counted by the server", async () => {
  const bo = (
    await api("POST", "/auth/login", { username: "bo", password: "correct horse battery" })
  ).access_token;
  const busy = await room(ann, "busy");
  await send(ann, busy, "first");
  await api("PUT", `/rooms/${busy}/read`, { seq: 1 }, bo);
  await fillRoom(ann, busy, 130);
  const page = await enters("bo", { at: `/#/rooms/${general}` });
  const pages = [];
  page.on("request", (request) => {
    if (request.url().includes(`/rooms/${busy}/messages`)) pages.push(request.url());
  });
  await page.reload();
  await entry(page, "busy").filter({ hasText: "130 unread" }).waitFor();
  assert.deepEqual(pages, [], "messages were read only to count them");
  // Another page reads a part of the messages: the server counts the rest.
  await api("PUT", `/rooms/${busy}/read`, { seq: 101 }, bo);
  await entry(page, "busy")
    .filter({ hasText: "30 unread" })
    .filter({ hasNotText: "130" })
    .waitFor();
  const [last] = (await api("GET", `/rooms/${busy}/messages?limit=1`, undefined, ann)).messages;
  await api("DELETE", `/rooms/${busy}/messages/${last.id}`, undefined, ann);
  await entry(page, "busy").filter({ hasText: "29 unread" }).waitFor();
  await until("nothing is unread", async () => {
    await api("PUT", `/rooms/${busy}/read`, { seq: 10_000 }, bo);
    return (await entry(page, "busy").filter({ hasText: "unread" }).count()) === 0;
  });
  await page.context().close();
});

test("a mention in a room that is not joined is shown on the desktop", async () => {
  const page = await enters("bo", { at: `/#/rooms/${general}` });
  await page.getByPlaceholder("Message #general").waitFor();
  await page.evaluate(() => {
    localStorage.setItem("chatapp.notify", "mentions");
    window.shown = [];
    window.Notification = class {
      static permission = "granted";
      constructor(title, { body }) {
        window.shown.push(`${title}: ${body}`);
      }
    };
  });
  const distant = await room(ann, "distant");
  await entry(page, "distant").waitFor();
  await send(ann, distant, "nobody in particular");
  await entry(page, "distant").filter({ hasText: "1 unread" }).waitFor();
  await send(ann, distant, "but now @bo");
  await entry(page, "distant").filter({ hasText: "2 unread, you were mentioned" }).waitFor();
  assert.deepEqual(await page.evaluate(() => window.shown), [
    "ann in #distant: You were mentioned.",
  ]);
  await page.context().close();
});
