// No page of the app scrolls sideways, however narrow the window and however long the words.

import { before, test } from "node:test";
import assert from "node:assert/strict";
import { account, api, enters, newPage, picture, room, sees, send } from "./support.js";

const WORD = "Donaudampfschifffahrtsgesellschaftskapitän".repeat(3);
const SIZES = [
  { width: 320, height: 640 },
  { width: 390, height: 844 },
  { width: 768, height: 1024 },
];

let ann, general, empty, thread;

before(async () => {
  ann = await account("ann", "admin");
  const long = await account("a-name-that-is-as-long-as-can-be".slice(0, 32));
  general = await room(ann, "general", WORD);
  empty = await room(ann, WORD.slice(0, 64), WORD);
  for (const text of [
    WORD,
    `https://example.com/${WORD}?q=${WORD}`,
    `[${WORD}](https://e.com)`,
    `> ${WORD}\n- ${WORD}`,
    `\`${WORD}\``,
    `\`\`\`\n${WORD} ${WORD}\n\`\`\``,
  ])
    await send(ann, general, text);
  thread = (await send(ann, general, `First ${WORD}`)).id;
  const reply = { content: `@ann ${WORD}`, thread_id: thread };
  await api("POST", `/rooms/${general}/messages`, reply, long);
  const later = { content: WORD, send_at: new Date(Date.now() + 86_400_000).toISOString() };
  await api("POST", `/rooms/${general}/scheduled`, later, ann);
});

/** The elements that are wider than their place, except those that scroll sideways by design. */
const overflowing = (page) =>
  page.evaluate(() =>
    [document.documentElement, document.body, ...document.querySelectorAll("body *")]
      .filter((it) => {
        const style = getComputedStyle(it);
        const isScroller = ["auto", "scroll"].includes(style.overflowX);
        const isBox = it === document.documentElement || it === document.body || isScroller;
        return isBox && !it.matches("pre, .table-box, textarea") && it.scrollWidth > it.clientWidth;
      })
      .map((it) => `${it.localName}.${it.className}: ${it.scrollWidth} > ${it.clientWidth}`),
  );

for (const viewport of SIZES) {
  test(`every page and dialog fits into ${viewport.width} pixels`, async () => {
    const name = `narrow-${viewport.width}`;
    const check = async (page, what) => {
      await picture(page, `${name}-${what.replaceAll(" ", "-")}`);
      assert.deepEqual(await overflowing(page), [], what);
    };
    const door = await newPage({ viewport, expects: /status of 4/ });
    await door.goto("/");
    await door.getByRole("heading", { name: "Sign in" }).waitFor();
    await check(door, "signing in");
    await door.getByRole("button", { name: "Create an account" }).click();
    await door.getByLabel("Username").fill(WORD);
    await door.getByRole("button", { name: "Sign up" }).click();
    await door.locator(".field-error").filter({ hasText: /\w/ }).first().waitFor();
    await check(door, "signing up");
    await door.goto("/#reset=abc");
    await door.getByLabel("New password").waitFor();
    await check(door, "a new password");
    await door.context().close();

    const page = await enters("ann", { viewport, at: `/#/rooms/${general}` });
    const dialog = page.getByRole("dialog");
    await sees(page, "Donau");
    await check(page, "a room");
    await page.getByRole("button", { name: /here$/ }).click();
    await check(page, "people");
    await page.getByRole("button", { name: /here$/ }).press("Escape");
    await page.locator("chat-people").getByRole("button", { name: "Close" }).click();
    await page.goto(`/#/rooms/${general}/threads/${thread}`);
    await page.locator("chat-thread li.message").filter({ hasText: "@ann" }).waitFor();
    await check(page, "a thread");
    await page.goto("/#/activity");
    await page.locator(".inbox-list a").filter({ hasText: "@ann" }).waitFor();
    await check(page, "mentions");
    await page.goto("/#/activity/threads");
    await page.locator(".inbox-list a").filter({ hasText: "First" }).waitFor();
    await check(page, "threads");
    await page.goto("/#/activity/scheduled");
    await page.locator("chat-scheduled li").waitFor();
    await check(page, "scheduled messages");
    await page.getByRole("button", { name: "Edit" }).click();
    await dialog.getByLabel("Date and time").waitFor();
    await check(page, "a scheduled message");
    await page.keyboard.press("Escape");
    await page.goto(`/#/rooms/${general}`);
    await page.getByRole("button", { name: "Room settings" }).click();
    await dialog.getByLabel("Name").waitFor();
    await check(page, "room settings");
    await dialog.getByRole("button", { name: "Delete room" }).click();
    await dialog.getByRole("button", { name: "Cancel" }).waitFor();
    await check(page, "a question");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox").waitFor();
    await check(page, "the switcher");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+/");
    await dialog.getByText("Keyboard shortcuts").waitFor();
    await check(page, "keys");
    await page.keyboard.press("Escape");
    await page.goto(`/#/rooms/${empty}`);
    await page.getByText("Nobody has written here yet.").waitFor();
    await check(page, "an empty room");
    await page.goto("/#/rooms/4711");
    await page.getByRole("heading", { name: "Room not found" }).waitFor();
    await check(page, "no room");
    await page.goto("/#/");
    await page.locator("chat-room-entry").first().waitFor();
    await check(page, "rooms");
    if (await page.getByRole("button", { name: "Account and settings" }).isVisible()) {
      await page.getByRole("button", { name: "Account and settings" }).click();
      await page.getByText("Change password").first().click();
      await check(page, "account");
      await page.keyboard.press("Escape");
    }
    await page.goto("/#/admin/rooms");
    await page.getByRole("button", { name: "Settings of general" }).waitFor();
    await check(page, "admin rooms");
    await page.goto("/#/admin/users");
    await page.getByRole("button", { name: "Manage ann" }).waitFor();
    await check(page, "admin users");
    await page.getByRole("button", { name: "Manage ann" }).click();
    await dialog.getByText("Sign out everywhere").waitFor();
    await dialog.getByRole("button", { name: "Create a password reset link" }).click();
    await dialog.getByLabel("Password reset link").waitFor();
    await check(page, "admin user");
    await page.keyboard.press("Escape");
    await page.goto("/#/admin/figures");
    await page.getByRole("img", { name: /^Messages sent/ }).waitFor();
    await check(page, "admin server");
    await page.goto("/#/admin/audit");
    await page.getByText("room create").first().waitFor();
    await check(page, "admin audit");
    await page.context().close();
  });
}

test("the form of the first admin has its button in sight, also after an error", async () => {
  assert.ok(await api("GET", "/auth/setup"), "the server answers");
  for (const viewport of [
    { width: 1280, height: 800 },
    { width: 390, height: 844 },
  ]) {
    const page = await newPage({ viewport, expects: /status of 422/ });
    // This server has an admin; the test tells the page that it has none.
    await page.route("**/auth/setup", async (route) => {
      const answer = await route.fetch();
      const setup = { ...(await answer.json()), needs_admin: true, allowed_here: true };
      await route.fulfill({ json: setup });
    });
    // The page shows the rules of a sign-up.
    await page.route("**/auth/signup", (route) => {
      const { role, ...account } = route.request().postDataJSON();
      return route.continue({ postData: JSON.stringify(account) });
    });
    await page.goto("/");
    await page.getByRole("heading", { name: "Welcome to chatapp" }).waitFor();
    const button = page.getByRole("button", { name: "Start the chat" });
    const inSight = () =>
      button.evaluate((it) => {
        const { top, bottom } = it.getBoundingClientRect();
        return top >= 0 && bottom <= innerHeight;
      });
    assert.ok(await inSight(), `${viewport.width}: at first`);
    await page.getByLabel("Username").fill("a");
    await page.getByLabel("Email").fill("dag@example.com");
    await page.getByLabel("Password").fill("a good password");
    await button.click();
    await page.locator(".field-error").filter({ hasText: "2 to 32" }).waitFor();
    await picture(page, `first-run-refused-${viewport.width}`);
    assert.ok(await inSight(), `${viewport.width}: after a refusal`);
    await page.context().close();
  }
});
