// Accessibility: assistive technology, the keyboard alone, a phone, light and dark, right to left.

import { before, test } from "node:test";
import assert from "node:assert/strict";
import {
  account,
  api,
  composer,
  enters,
  isAccessible,
  newPage,
  picture,
  room,
  says,
  sees,
  send,
  until,
} from "./support.js";

let ann, bo, general;

before(async () => {
  ann = await account("ann", "admin");
  bo = await account("bo");
  general = await room(ann, "general", "Everything and nothing. Be kind.");
  await room(ann, "releases", "What went out, and when");
  for (const [who, text] of [
    [ann, "Good morning! The new release is out. :tada:"],
    [
      bo,
      "Two questions:\n1. does the **resume** work over a restart?\n2. is `client_id` kept *for ever*?",
    ],
    [
      ann,
      "@bo yes and yes:\n```rust\npub enum Event {\n    Message(Message),\n    MessageEdited { change: Change, content: String },\n}\n```\nSee https://example.com/docs.",
    ],
    [bo, "> is it kept for ever?\n\nThank you, @ann!"],
    [bo, "- ~~read the notes~~ done\n- tell [the others](https://example.com)"],
  ])
    await send(who, general, text);
});

for (const colorScheme of ["light", "dark"]) {
  test(`every page and dialog passes axe, ${colorScheme}`, async () => {
    const page = await enters("ann", { at: `/#/rooms/${general}`, colorScheme });
    await sees(page, "read the notes");
    await page.getByRole("button", { name: /here$/ }).click();
    await isAccessible(page, "a room");
    await picture(page, `room-${colorScheme}`);
    await page.locator("li.message").last().hover();
    await isAccessible(page, "actions");
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox").waitFor();
    await isAccessible(page, "switcher");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+/");
    await isAccessible(page, "keys");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Account and settings" }).click();
    await isAccessible(page, "account");
    await picture(page, `account-${colorScheme}`);
    await page.context().close();
  });
}

test("a chosen appearance is kept, and other tabs follow", async () => {
  const page = await enters("ann", { at: `/#/rooms/${general}`, colorScheme: "light" });
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await background();
  await page.getByRole("button", { name: "Account and settings" }).click();
  await page.getByRole("radio", { name: "Dark" }).check({ force: true });
  assert.notEqual(await background(), light);
  await page.reload();
  await sees(page, "read the notes");
  assert.notEqual(await background(), light);
  await page.context().close();
});

test("a phone shows the list or the room, and nothing is wider than it", async () => {
  const page = await enters("ann", {
    viewport: { width: 360, height: 700 },
    hasTouch: true,
    isMobile: true,
  });
  const entry = page.locator("chat-room-entry").filter({ hasText: "general" });
  await entry.waitFor();
  await picture(page, "phone-list");
  await entry.click();
  await sees(page, "read the notes");
  assert.ok(!(await entry.isVisible()), "the list makes place for the room");
  await picture(page, "phone-room");
  await isAccessible(page, "a phone");
  const beyond = await page.evaluate(() =>
    [...document.querySelectorAll("#app *")]
      .filter((it) => !it.closest("pre") && it.getBoundingClientRect().right > innerWidth + 1)
      .map((it) => it.outerHTML.slice(0, 80)),
  );
  assert.deepEqual(beyond, []);
  await says(page, "from the train");
  // A tap shows the actions on a message.
  await page.locator("li.message").last().tap();
  await page.getByRole("button", { name: "Edit" }).waitFor();
  const sizes = await page.locator("button:visible, a[href]:visible").evaluateAll((all) =>
    all
      .filter((it) => !it.closest(".prose") && !it.classList.contains("skip-link"))
      .map((it) => [it.outerHTML.slice(0, 80), it.getBoundingClientRect()])
      .filter(([, { width, height }]) => width < 24 || height < 24),
  );
  assert.deepEqual(sizes, [], "targets of 24 pixels");
  await page.getByRole("link", { name: "All rooms" }).click();
  await entry.waitFor();
  await page.context().close();
});

test("the keyboard alone is enough", async () => {
  const page = await enters("ann", { at: `/#/rooms/${general}` });
  await sees(page, "read the notes");
  await until("writing can begin", () =>
    composer(page).evaluate((it) => it === document.activeElement),
  );
  await page.keyboard.press("Shift+Tab");
  const focused = () => page.evaluate(() => document.activeElement.innerText ?? "");
  // Links and code within the message have the focus first, then the message itself.
  for (
    let n = 0;
    n < 5 && !(await page.evaluate(() => document.activeElement.matches("li.message")));
    n += 1
  ) {
    await page.keyboard.press("Shift+Tab");
  }
  assert.match(await focused(), /from the train|read the notes/);
  await page.keyboard.press("End");
  await page.keyboard.press("e");
  const editor = page.getByLabel("Edit the message");
  await editor.fill("from the bus");
  await page.keyboard.press("Enter");
  await sees(page, "from the bus");
  await page.locator(".skip-link").focus();
  assert.ok(
    await page.locator(".skip-link").evaluate((it) => getComputedStyle(it).clipPath === "none"),
  );
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  await page.context().close();
});

test("a screen reader announces new messages", async () => {
  const page = await enters("ann", { at: `/#/rooms/${general}` });
  await sees(page, "from the bus");
  await send(bo, general, "Hear, hear");
  await page.locator("#announcer").getByText("bo: Hear, hear").waitFor();
  assert.equal(await page.locator("#announcer").getAttribute("aria-live"), "polite");
  await page.context().close();
});

test("desktop notifications are shown if they are enabled and the room is not in sight", async () => {
  const page = await newPage({ permissions: ["notifications"] });
  await page.addInitScript(() => {
    window.notices = [];
    window.Notification = class {
      static permission = "granted";
      static requestPermission = async () => "granted";
      constructor(title, { body }) {
        window.notices.push(`${title}: ${body}`);
      }
    };
  });
  await page.goto(`/#/rooms/${general}`);
  await page.getByLabel("Username").fill("ann");
  await page.getByLabel("Password").fill("correct horse battery");
  await page.getByRole("button", { name: "Sign in" }).click();
  await sees(page, "Hear, hear");
  await page.getByRole("button", { name: "Account and settings" }).click();
  await page.getByRole("radio", { name: "Mentions" }).check({ force: true });
  await page.keyboard.press("Escape");
  await page.getByRole("link", { name: "releases" }).click();
  await page.getByRole("heading", { level: 1, name: "releases" }).waitFor();
  await send(bo, general, "nothing for you");
  await send(bo, general, "@ann this is for you");
  await until("a notice", () => page.evaluate(() => window.notices.length));
  assert.deepEqual(await page.evaluate(() => window.notices), [
    "bo in #general: @ann this is for you",
  ]);
  await page.context().close();
});

test("the page is mirrored for right-to-left languages", async () => {
  const page = await enters("ann", { at: `/#/rooms/${general}` });
  await sees(page, "this is for you");
  await page.evaluate(() => {
    document.documentElement.dir = "rtl";
  });
  const side = await page.locator("chat-sidebar").boundingBox();
  assert.ok(side.x > 600, "the list of rooms is at the right");
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  await picture(page, "right-to-left");
  await page.context().close();
});
