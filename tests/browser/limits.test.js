// Messages that are too long, and messages that the server refuses: the page explains and goes on.

import { before, test } from "node:test";
import assert from "node:assert/strict";
import {
  account,
  api,
  composer,
  enters,
  history,
  isAccessible,
  newPage,
  picture,
  room,
  says,
  sees,
  send,
  signsIn,
  until,
} from "./support.js";

const MOST = 4_000;

let ann, bo, general;

before(async () => {
  ann = await account("ann", "admin");
  bo = await account("bo");
  general = await room(ann, "general");
  for (let n = 1; n <= 30; n += 1) await send(ann, general, `line ${n}`);
});

const note = (page) => page.locator("chat-composer .length");
const unsent = (page) => page.locator(".unsent li");
const contents = async (id = general) => (await history(bo, id)).map(({ content }) => content);
/** The newest message is wholly in sight. */
const showsNewest = (page, text) =>
  until(`${text} is in sight`, () =>
    page.evaluate((text) => {
      const list = document.querySelector(".scroller").getBoundingClientRect();
      const row = [...document.querySelectorAll("li.message")].at(-1);
      if (!row) return false;
      const { top, bottom } = row.getBoundingClientRect();
      return row.innerText.includes(text) && top >= list.top && bottom <= list.bottom + 1;
    }, text),
  );

test("the server says how long a message may be", async () => {
  assert.equal((await api("GET", "/auth/setup")).message_chars, MOST);
});

test("near the limit the remaining characters are counted, and a message that is too long is not sent", async () => {
  const page = await enters("bo", { at: `/#/rooms/${general}` });
  await sees(page, "line 30");
  const before = await contents();
  await composer(page).fill("x".repeat(MOST / 2));
  assert.equal((await note(page).innerText()).trim(), "");
  await composer(page).fill("x".repeat(MOST - 120));
  await note(page).getByText("120 characters left.").first().waitFor();
  await composer(page).press("y");
  await note(page).getByText("119 characters left.").first().waitFor();
  // A screen reader announces the note, and reads it with the field.
  await note(page).getByRole("status").getByText("119 characters left.").waitFor();
  const described = await composer(page).getAttribute("aria-describedby");
  assert.ok(
    described.split(" ").includes(await note(page).locator("span").first().getAttribute("id")),
  );

  const long = "x".repeat(MOST + 1);
  await composer(page).fill(long);
  await note(page)
    .getByText("1 character too many: a message may have 4,000 characters.")
    .first()
    .waitFor();
  assert.equal(await composer(page).getAttribute("aria-invalid"), "true");
  await composer(page).press("Enter");
  await note(page).getByRole("status").getByText("Not sent.").waitFor();
  await page.getByRole("button", { name: "Send", exact: true }).click();
  assert.equal(await composer(page).inputValue(), long, "the text is kept");
  assert.equal(await page.locator("li.message.pending").count(), 0);
  await isAccessible(page, "a text that is too long");
  await picture(page, "too-long");

  // Characters are counted, not the units of a string: each of these has two.
  await composer(page).fill("😀".repeat(MOST));
  await note(page).getByText("0 characters left.").first().waitFor();
  await composer(page).press("Enter");
  await until("it is sent", async () => (await contents()).length === before.length + 1);
  assert.equal((await contents()).at(-1), "😀".repeat(MOST));
  await page.context().close();
});

test("a text that is too long is split between paragraphs, lines or words", async () => {
  const page = await enters("bo", { at: `/#/rooms/${general}` });
  await sees(page, "line 30");
  const paragraphs = Array.from({ length: 6 }, (_, n) => `${n} ` + "word ".repeat(300).trim());
  await composer(page).fill(paragraphs.join("\n\n"));
  await page.getByRole("button", { name: "Split into 3 messages" }).click();
  assert.equal(await composer(page).inputValue(), "");
  await until("they are sent", async () => (await contents()).at(-1).startsWith("4 word"));
  assert.deepEqual((await contents()).slice(-3), [
    paragraphs.slice(0, 2).join("\n\n"),
    paragraphs.slice(2, 4).join("\n\n"),
    paragraphs.slice(4).join("\n\n"),
  ]);
  assert.ok(await composer(page).evaluate((it) => it === document.activeElement));
  await composer(page).fill("x".repeat(MOST * 21));
  await note(page).getByText("too many").first().waitFor();
  assert.equal(await page.getByRole("button", { name: /^Split/ }).count(), 0, "there are bounds");
  await composer(page).fill("");
  await page.context().close();
});

test("every part of a text is a message by itself", async () => {
  const page = await newPage();
  await page.goto("/");
  const found = await page.evaluate(async () => {
    const address = document.querySelector("link[href$='text/split.js']").href;
    const { split } = await import(address);
    const code = (lines, name = "") => "```" + name + "\n" + lines.join("\n") + "\n```";
    const texts = {
      words: "one two three four five six seven eight nine ten eleven twelve",
      lines: "first line here\nsecond line here\nthird line here\nfourth line here",
      paragraphs:
        "first one\nof two lines\n\nsecond one\n\n\n\nthird one, a little longer than most",
      emoji: "👩‍💻🇩🇪é😀".repeat(30),
      surrogates: "😀".repeat(100),
      code:
        "see:\n" + code(["  a = 1", "", "  b = 2"], "js") + "\nand on it goes for some more words",
      longCode: code(
        Array.from({ length: 30 }, (_, n) => `  line ${n}`),
        "rust",
      ),
      longLine: code(["x".repeat(200)]),
      open: "text\n```\n" + "never closed\n".repeat(10),
      blank: "a" + " ".repeat(100) + "b" + "\n".repeat(100) + "c",
    };
    const parts = {};
    for (const [name, text] of Object.entries(texts)) {
      parts[name] = { text, parts: {} };
      for (const most of [1, 5, 12, 40, 60]) parts[name].parts[most] = split(text, most);
    }
    return parts;
  });
  for (const [name, { text, parts }] of Object.entries(found)) {
    for (const [most, all] of Object.entries(parts)) {
      const what = `${name} by ${most}: ${JSON.stringify(all)}`;
      for (const part of all) {
        assert.ok([...part].length <= Number(most), what);
        assert.ok(part.trim() !== "", what);
        assert.ok(part.isWellFormed(), what);
        const fences = part.split("\n").filter((line) => line.startsWith("```")).length;
        if (most >= 40) assert.equal(fences % 2, 0, what);
      }
      // Only blanks are lost, and only fences are added.
      const bare = (it) => it.replaceAll(/^```\w*$/gm, "").replaceAll(/\s/g, "");
      if (most >= 40) assert.equal(bare(all.join("\n")).length, bare(text).length, what);
      else if (!text.includes("```"))
        assert.equal(all.join("").replaceAll(/\s/g, ""), text.replaceAll(/\s/g, ""), what);
    }
  }
  assert.deepEqual(found.words.parts[12], [
    "one two",
    "three four",
    "five six",
    "seven eight",
    "nine ten",
    "eleven",
    "twelve",
  ]);
  assert.deepEqual(found.lines.parts[40], [
    "first line here\nsecond line here",
    "third line here\nfourth line here",
  ]);
  assert.deepEqual(found.code.parts[40], [
    "see:\n```js\n  a = 1\n\n  b = 2\n```",
    "and on it goes for some more words",
  ]);
  assert.ok(found.longCode.parts[60].every((part) => /^```rust\n {2}line[^]*\n```$/.test(part)));
  await page.context().close();
});

test("the limit of the server holds for an edit too", async () => {
  const page = await newPage();
  await page.route("**/auth/setup", (route) =>
    route.fulfill({ json: { needs_admin: false, allowed_here: false, message_chars: 50 } }),
  );
  await signsIn(page, "bo", `/#/rooms/${general}`);
  await says(page, "short enough");
  await composer(page).press("ArrowUp");
  const editor = page.getByLabel("Edit the message");
  await editor.fill("y".repeat(51));
  const left = page.locator("form.editor .length");
  await left.getByText("1 character too many: a message may have 50 characters.").first().waitFor();
  await editor.press("Enter");
  await left.getByRole("status").getByText("Not sent.").waitFor();
  await page.getByRole("button", { name: "Save" }).click();
  assert.equal(await editor.inputValue(), "y".repeat(51));
  assert.equal((await contents()).at(-1), "short enough");
  await editor.press("Backspace");
  await left.getByText("0 characters left.").first().waitFor();
  await editor.press("Enter");
  await sees(page, "y".repeat(50));
  await composer(page).fill("z".repeat(51));
  await page.getByRole("button", { name: "Split into 2 messages" }).waitFor();
  await composer(page).fill("");
  await page.context().close();
});

test("a message that is refused for good does not block others, and can be edited or discarded", async () => {
  // The server refuses such a text as a draft too.
  const page = await newPage({ expects: /status of 422/ });
  // The page does not know the limit, so the server refuses the message.
  await page.route("**/auth/setup", (route) =>
    route.fulfill({ json: { needs_admin: false, allowed_here: false } }),
  );
  await signsIn(page, "bo", `/#/rooms/${general}`);
  await sees(page, "line 30");
  const long = `too long ${"x".repeat(MOST)}`;
  for (let n = 1; n <= 2; n += 1) {
    await composer(page).fill(`${n} ${long}`);
    await composer(page).press("Enter");
    await unsent(page)
      .nth(n - 1)
      .getByText("A message must have at most 4000 characters.")
      .waitFor();
  }
  assert.equal(await page.getByRole("button", { name: "Try again" }).count(), 0);
  await isAccessible(page, "messages that were not sent");
  await picture(page, "not-sent");
  await says(page, "the next one goes through");
  await showsNewest(page, "the next one goes through");
  await send(ann, general, "and so does another's");
  await sees(page, "and so does another's");
  await showsNewest(page, "and so does another's");

  await page.reload();
  await unsent(page).nth(1).waitFor();
  await showsNewest(page, "and so does another's");
  await unsent(page).first().getByRole("button", { name: "Edit" }).click();
  assert.equal(await composer(page).inputValue(), `1 ${long}`);
  assert.equal(await unsent(page).count(), 1);
  await unsent(page).first().getByRole("button", { name: "Discard" }).click();
  await unsent(page).first().waitFor({ state: "detached" });
  await composer(page).fill("");
  await page.reload();
  await sees(page, "and so does another's");
  assert.equal(await unsent(page).count(), 0);
  await page.context().close();
});

test("a message that failed with a server error can be sent again", async () => {
  const page = await newPage();
  let isRefused = false;
  await page.routeWebSocket(/\/ws$/, (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((text) => {
      const { type, ref, room_id } = JSON.parse(String(text));
      if (isRefused || type !== "send") return server.send(text);
      isRefused = true;
      const detail = "something went wrong in the server";
      socket.send(JSON.stringify({ type: "error", code: "internal", detail, ref, room_id }));
    });
  });
  await signsIn(page, "bo", `/#/rooms/${general}`);
  await sees(page, "line 30");
  await composer(page).fill("at the second attempt");
  await composer(page).press("Enter");
  await unsent(page).getByText("Something went wrong").waitFor();
  await unsent(page).getByRole("button", { name: "Try again" }).click();
  await sees(page, "at the second attempt");
  assert.equal(await unsent(page).count(), 0);
  await page.context().close();
});

test("a message to an archived room waits for its author, and can be sent when the room is open again", async () => {
  const id = await room(ann, "closing");
  await send(ann, id, "hello");
  const page = await newPage();
  let hold = false;
  const held = [];
  await page.routeWebSocket(/\/ws$/, (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((text) => {
      if (hold && JSON.parse(String(text)).type === "send") held.push(() => server.send(text));
      else server.send(text);
    });
  });
  await signsIn(page, "bo", `/#/rooms/${id}`);
  await sees(page, "hello");
  await says(page, "in time");
  hold = true;
  await composer(page).fill("too late");
  await composer(page).press("Enter");
  await until("it is on its way", () => held.length === 1);
  await api("PATCH", `/rooms/${id}`, { is_archived: true }, ann);
  await page.getByText("This room is archived").first().waitFor();
  hold = false;
  held[0]();
  await unsent(page).getByText("this room is archived", { exact: false }).waitFor();
  assert.deepEqual(await unsent(page).getByRole("button").allInnerTexts(), ["Discard"]);
  await api("PATCH", `/rooms/${id}`, { is_archived: false }, ann);
  await unsent(page).getByRole("button", { name: "Try again" }).click();
  await sees(page, "too late");
  await page.context().close();
});

test("a message far over every limit does not end the connection", async () => {
  const page = await enters("bo", { at: `/#/rooms/${general}` });
  await sees(page, "line 30");
  // An earlier page may have stored such a message, on a server with another limit.
  await page.evaluate((roomId) => {
    const { user } = JSON.parse(localStorage.getItem("chatapp.session"));
    const pending = {
      client_id: "far-too-long",
      room_id: roomId,
      content: "x".repeat(2_000_000),
      at: new Date().toISOString(),
      state: "sending",
    };
    localStorage.setItem(`chatapp.outbox.${user.id}.far-too-long`, JSON.stringify(pending));
  }, general);
  await page.reload();
  await unsent(page).getByText("at most 4000 characters").waitFor();
  await says(page, "the connection lives");
  await unsent(page).getByRole("button", { name: "Discard" }).click();
  await page.context().close();
});
