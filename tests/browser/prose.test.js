// Messages in the list: all kinds of text, spoilers, tasks, tables and mentions.

import { before, test } from "node:test";
import assert from "node:assert/strict";
import {
  account,
  enters,
  hears,
  isAccessible,
  picture,
  room,
  sees,
  send,
  until,
} from "./support.js";

let ann;

before(async () => {
  ann = await account("ann", "admin");
  await account("bo");
});

const EVERYTHING = [
  "# Release 2.0\nWhat is *new*, and what to **do** before.\n## Steps\n1. Stop the server\n   - wait for ~~ten~~ five seconds\n   - then:\n     1. copy the file\n     2. check it\n2. Start it again\n### Details\n> A quote\n> > of a quote\n> - with a list\n\n---\nThat is all.",
  "| Name | Size | Where |\n|:--|--:|:-:|\n| `main.js` | 12 KB | here |\n| **a longer name** that goes on and on | 1,204 KB | there |\n| :tada: | 3 | @bo |",
  "- [x] write it\n- [ ] read it, with a longer text that does not fit into one line of a narrow window, so that it is broken\n  - [ ] twice\n- not a task",
  "The answer is ||forty-two, **or so**|| and nobody knows why, says @bo in `@bo`.",
  '```rust\n// A comment\nfn main() -> Result<(), Error> {\n    let name = "world"; /* all */\n    println!("hello {name}", 0x2a);\n    Ok(())\n}\n```',
  '```html\n<!-- note -->\n<a class="x" href="/">text</a>\n```\n```diff\n@@ -1 +1 @@\n-old\n+new\n```',
  '```json\n{ "name": "x", "size": 12.5, "ok": true, "none": null }\n```\n~~~sql\nselect count(*) from t where a = \'b\' -- all\n~~~',
  "~~~\nno language\n~~~",
  "/me waves at @room",
];

/** The room with all kinds of text. */
let showcase;
const showcaseOpened = async (username, options) => {
  showcase ??= (async () => {
    const id = await room(ann, "showcase");
    for (const text of EVERYTHING) await send(ann, id, text);
    return id;
  })();
  const page = await enters(username, { ...options, at: `/#/rooms/${await showcase}` });
  await page.getByText("waves at").waitFor();
  await page.locator(".code-keyword").first().waitFor();
  return page;
};

for (const [name, options] of Object.entries({
  light: { colorScheme: "light", viewport: { width: 1280, height: 1900 } },
  dark: { colorScheme: "dark", viewport: { width: 1280, height: 1900 } },
  phone: { colorScheme: "light", viewport: { width: 360, height: 2400 } },
})) {
  test(`all kinds of text are accessible and fit: ${name}`, async () => {
    const page = await showcaseOpened("bo", options);
    await picture(page, `prose-${name}`);
    await isAccessible(page, name);
    const wide = await page.evaluate(() =>
      [...document.querySelectorAll(".scroller, .prose, .prose > *, .message")]
        .filter((it) => !it.matches(".table-box") && it.scrollWidth > it.clientWidth + 1)
        .map((it) => `${it.localName}.${it.className}`),
    );
    assert.deepEqual(wide, []);
    await page.context().close();
  });
}

test("a spoiler is uncovered with the keyboard and the pointer, and nothing moves", async () => {
  const page = await showcaseOpened("bo");
  const button = page.getByRole("button", { name: "Spoiler" });
  const text = page.getByText("forty-two");
  assert.equal(await button.getAttribute("aria-expanded"), "false");
  assert.equal(await text.isVisible(), false);
  // The list scrolls to what has the focus.
  await button.focus();
  const before = await text.boundingBox();
  await button.press("Enter");
  assert.ok(await text.isVisible());
  assert.equal(await button.getAttribute("aria-expanded"), "true");
  assert.deepEqual(await text.boundingBox(), before);
  await button.press("Space");
  assert.equal(await text.isVisible(), false);
  await page.locator(".spoiler-text").click();
  assert.ok(await text.isVisible());
  await isAccessible(page, "an uncovered spoiler");
  await page.context().close();
});

test("a task has a box that nobody can change, with its text as the label", async () => {
  const page = await showcaseOpened("bo");
  const done = page.getByRole("checkbox", { name: "write it" });
  assert.ok((await done.isChecked()) && (await done.isDisabled()));
  assert.equal(await page.getByRole("checkbox", { name: "twice" }).isChecked(), false);
  await page.context().close();
});

test("a wide table scrolls in its place with the keyboard, and the page does not", async () => {
  const columns = 40;
  const line = (cell) => `|${`${cell}|`.repeat(columns)}`;
  const id = await room(ann, "wide");
  await send(ann, id, [line("heading"), line("-"), line("cell")].join("\n"));
  const page = await enters("bo", { at: `/#/rooms/${id}`, viewport: { width: 320, height: 640 } });
  const table = page.getByRole("region", { name: "Table" });
  await table.focus();
  await page.keyboard.press("ArrowRight");
  await until("it is scrolled", () => table.evaluate((it) => it.scrollLeft > 0));
  assert.ok(await table.evaluate((it) => it.getBoundingClientRect().right <= innerWidth));
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  await page.context().close();
});
test("a name in code is no mention, and @room and @here mention the reader", async () => {
  const id = await room(ann, "mentions");
  for (const text of [
    "code `@bo`",
    "block\n```\n@room\n```",
    "hello @bo",
    "hello @here",
    "@room now",
  ])
    await send(ann, id, text);
  const page = await enters("bo", { at: `/#/rooms/${id}` });
  await sees(page, "@room now");
  const calling = await page.locator("li.calls-me .prose").allInnerTexts();
  assert.deepEqual(calling, ["hello @bo", "hello @here", "@room now"]);
  assert.equal(await page.locator(".mention-me[role]").count(), 1);
  await page.context().close();
});

test("a message of marks only is shown as it is", async () => {
  const id = await room(ann, "marks");
  for (const text of ["---", "> ", "```\n```"]) await send(ann, id, text.trim());
  const page = await enters("bo", { at: `/#/rooms/${id}` });
  await sees(page, "---");
  assert.deepEqual(await page.locator("li.message .prose").allInnerTexts(), [
    "---",
    ">",
    "```\n```",
  ]);
  await page.context().close();
});

test("a spoiler is neither read aloud nor shown in a notification", async () => {
  const id = await room(ann, "quiet");
  const page = await enters("bo", { at: `/#/rooms/${id}` });
  await page.getByText("Write the first message").waitFor();
  await hears(page, id);
  await send(ann, id, "It was ||the ||butler||, a||b.");
  await send(ann, id, "/me hides ||well||");
  const announcer = page.locator("#announcer");
  await announcer.getByText("hides").waitFor({ state: "attached" });
  assert.deepEqual(await announcer.locator("p").allTextContents(), [
    "ann: It was (spoiler), a||b.",
    "ann hides (spoiler)",
  ]);
  await page.context().close();
});
