// `<chatapp-room>` in a page of another origin, with a strict policy. tests/page/embed.rs kills and starts the server.

import { test } from "node:test";
import assert from "node:assert/strict";
import {
  events,
  FAILURES,
  field,
  isLive,
  says,
  sees,
  site,
  texts,
  visits,
} from "./embed-visitor.js";
import { api, history, isAccessible, picture, room, send, until } from "./support.js";

const CONTROL = process.env.CHATAPP_TEST_CONTROL;

test("two visitors of another site chat, and see who is typing", async () => {
  const [ann, bo] = [await visits("ann"), await visits("bo")];
  await field(ann).fill("hello **Bo**");
  await field(ann).press("Enter");
  await sees(bo, "hello Bo");
  assert.equal(await bo.locator(".prose strong").innerText(), "Bo");
  assert.equal(await bo.locator(".author").last().innerText(), "Ann Lee");
  await field(bo).pressSequentially("hi");
  await ann.getByText("Bo is typing…").waitFor();
  await field(bo).press("Shift+Enter");
  await field(bo).pressSequentially("Ann");
  await field(bo).press("Enter");
  await sees(ann, "hi\nAnn");
  await ann.getByRole("heading", { name: "Questions & answers" }).waitFor();
  const [message] = (await events(ann, "message")).filter(({ isOwn }) => !isOwn);
  assert.equal(message.message.content, "hi\nAnn");
  assert.deepEqual(
    (await events(bo, "state")).map(({ state }) => state),
    ["connecting", "live"],
  );
  await picture(bo, "embed");
  await isAccessible(bo, "the element");
});

test(
  "the element goes on after the server was killed, and misses nothing",
  { skip: !CONTROL },
  async () => {
    const [ann, bo] = [
      await visits("ann", { expects: FAILURES }),
      await visits("bo", { expects: FAILURES }),
    ];
    await says(ann, "before the crash");
    await sees(bo, "before the crash");
    await fetch(`http://${CONTROL}/kill`);
    await ann.getByText("Connection lost").waitFor();
    for (const text of ["while it was away", "and more"]) {
      await field(ann).fill(text);
      await field(ann).press("Enter");
    }
    await ann.locator(".unsent .message").filter({ hasText: "and more" }).waitFor();
    await picture(ann, "embed-lost");
    await fetch(`http://${CONTROL}/start`);
    await sees(bo, "and more");
    await until("nothing is unsent", async () => (await ann.locator(".unsent li").count()) === 0);
    const stored = (await history(site.admin, site.general)).map(({ content }) =>
      content.replaceAll("*", ""),
    );
    assert.deepEqual(await texts(ann), stored);
    assert.deepEqual(await texts(bo), stored);
  },
);

test("an unsent message survives a reload of the page", { skip: !CONTROL }, async () => {
  const ann = await visits("ann", { expects: FAILURES });
  await isLive(ann);
  await fetch(`http://${CONTROL}/kill`);
  await ann.getByText("Connection lost").waitFor();
  await field(ann).fill("written before the reload");
  await field(ann).press("Enter");
  await ann.locator(".unsent .message").waitFor();
  await fetch(`http://${CONTROL}/start`);
  await ann.reload();
  await sees(ann, "written before the reload");
});

test("a property changes a colour, and the page may choose the dark scheme", async () => {
  const colours = (page) =>
    page
      .locator(".room")
      .evaluate((node) => [
        getComputedStyle(node.querySelector(".composer button")).backgroundColor,
        getComputedStyle(node).backgroundColor,
      ]);
  const plain = await visits("ann");
  await isLive(plain);
  assert.deepEqual(await colours(plain), ["rgb(13, 107, 95)", "rgb(255, 255, 255)"]);
  const themed = await visits("ann", { query: "&class=themed" });
  await isLive(themed);
  assert.deepEqual(await colours(themed), ["rgb(200, 0, 100)", "rgb(26, 27, 29)"]);
  const dark = await visits("ann", { colorScheme: "dark", reducedMotion: "reduce" });
  await sees(dark, "hello Bo");
  assert.deepEqual(await colours(dark), ["rgb(98, 201, 183)", "rgb(26, 27, 29)"]);
  await isAccessible(dark, "dark colours");
  await picture(dark, "embed-dark");
});

test("the keyboard is enough", async () => {
  const ann = await visits("ann");
  await sees(ann, "hello Bo");
  const focused = () =>
    ann.evaluate(() => {
      const { activeElement } = document.querySelector("chatapp-room").shadowRoot;
      return activeElement?.getAttribute("role") ?? activeElement?.localName;
    });
  await ann.keyboard.press("Tab");
  assert.equal(await focused(), "log");
  await ann.keyboard.press("Tab");
  assert.equal(await focused(), "textarea");
  await ann.keyboard.type("by keys");
  await ann.keyboard.press("Tab");
  assert.equal(await focused(), "button");
  await ann.keyboard.press("Enter");
  await sees(ann, "by keys");
  assert.equal(await focused(), "textarea");
});

test("a refused message can be edited and discarded", async () => {
  const ann = await visits("ann");
  await isLive(ann);
  await until("the limit is known", () =>
    ann.evaluate(() =>
      performance.getEntriesByType("resource").some(({ name }) => name.endsWith("/auth/setup")),
    ),
  );
  const { message_chars } = await api("GET", "/auth/setup");
  await field(ann).fill("x".repeat(message_chars + 1));
  await field(ann).press("Enter");
  await ann.getByText("Not sent: ").waitFor();
  assert.equal((await events(ann, "error")).length, 1);
  await ann.getByRole("button", { name: "Edit" }).click();
  assert.equal((await field(ann).inputValue()).length, message_chars + 1);
  await field(ann).press("Enter");
  await ann.getByRole("button", { name: "Discard" }).click();
  await until("it is gone", async () => (await ann.locator(".unsent li").count()) === 0);
});

test("keys of an input method send nothing", async () => {
  const ann = await visits("ann");
  await isLive(ann);
  await field(ann).fill("にほ");
  for (const way of [{ isComposing: true }, { keyCode: 229 }])
    await field(ann).evaluate(
      (input, way) =>
        input.dispatchEvent(
          new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true, ...way }),
        ),
      way,
    );
  assert.equal(await field(ann).inputValue(), "にほ");
  await field(ann).press("Enter");
  await sees(ann, "にほ");
});

test("hostile text stays text", async () => {
  const hostile = await room(site.admin, "<img src=x onerror=alert(1)>");
  const marks = "[x](javascript:alert(1)) <script>alert(1)</script> <img src=x onerror=alert(1)>";
  await send(site.admin, hostile, marks);
  await send(
    site.admin,
    hostile,
    `${"**__~~".repeat(300)} ${"[".repeat(300)} @ann :tada: ${"w".repeat(900)}`,
  );
  const ann = await visits("ann", { roomId: hostile });
  await sees(ann, "🎉");
  assert.equal(await ann.locator("script, img", { hasText: "" }).count(), 2, "only the page's own");
  assert.equal(await ann.locator('a[href^="javascript"]').count(), 0);
  await ann.getByRole("heading", { name: "<img src=x onerror=alert(1)>" }).waitFor();
  assert.ok(await isNotWide(ann));
});

/** Nothing is wider than the page. */
const isNotWide = (page) =>
  page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    const log = document.querySelector("chatapp-room").shadowRoot.querySelector(".log");
    return scrollWidth <= clientWidth && log.scrollWidth <= log.clientWidth;
  });

test("older pages come when the reader scrolls up, and nothing moves", async () => {
  const long = await room(site.admin, "long");
  for (let number = 1; number <= 230; number += 1) await send(site.admin, long, `number ${number}`);
  const ann = await visits("ann", { roomId: long });
  await sees(ann, "number 230");
  const log = ann.getByRole("log");
  const { top } = await log.evaluate(async (box) => {
    // The list goes to its end once its size is known.
    for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
    box.scrollTop = 250;
    const row = box.querySelector(".message:nth-of-type(5)");
    window.kept = row;
    return { top: row.getBoundingClientRect().top };
  });
  await until("older ones are loaded", async () => (await texts(ann)).length === 200);
  const moved = (await ann.evaluate(() => window.kept.getBoundingClientRect().top)) - top;
  assert.ok(Math.abs(moved) < 2, `moved by ${moved}`);
  await send(site.admin, long, "new below");
  await sees(ann, "new below");
  await ann.getByRole("button", { name: "Newest messages" }).click();
  await until("it is at the end", () =>
    log.evaluate((box) => box.scrollHeight - box.clientHeight - box.scrollTop < 2),
  );
});

test("the element fits a phone", async () => {
  const ann = await visits("ann", { viewport: { width: 320, height: 560 }, hasTouch: true });
  await sees(ann, "hello Bo");
  assert.ok(await isNotWide(ann));
  const box = await ann.getByRole("button", { name: "Send" }).boundingBox();
  assert.ok(box.x + box.width <= 320 && box.height >= 24, JSON.stringify(box));
  await picture(ann, "embed-phone");
});
